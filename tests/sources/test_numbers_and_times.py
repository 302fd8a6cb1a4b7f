"""Numbers and times as sources write them: what is declared is read so, and never guessed into another value."""

from datetime import UTC, datetime

import pytest

from pipeline.settings import Dialect
from tests.warehouse.loads import balance, put, quarantined, take


def loaded(con, tmp_path, rows, dialect=None, zone="UTC", name="a.csv"):
    con.execute(f"set timezone = '{zone}'")
    try:
        take(con, put(tmp_path, name, "event_id;occurred_at;event_name;customer_id;value\n" + rows), dialect=dialect)
    finally:
        con.execute("set timezone = 'UTC'")
    balance(con)
    return dict(con.execute("select event_id, (occurred_at, value) from events.clickstream").fetchall())


@pytest.mark.parametrize(
    ("written", "decimal", "value"),
    [
        pytest.param("1234.56", None, 1234.56, id="usual"),
        pytest.param("1.234,56", ",", 1234.56, id="Turkish"),
        pytest.param("1234,56", ",", 1234.56, id="Turkish without groups"),
        pytest.param("1.234.567", ",", 1234567.0, id="groups only"),
        pytest.param("12,5", ",", 12.5, id="comma only"),
        pytest.param(" 12,5 ", ",", 12.5, id="with spaces"),
        pytest.param("1,234.56", ".", 1234.56, id="English groups"),
        pytest.param("1.234,56", None, None, id="not declared"),
        pytest.param("1,234.56", ",", None, id="English where Turkish is declared"),
        pytest.param("1234.5", ",", None, id="a point that groups nothing"),
        pytest.param("12.34", ",", None, id="a group of two"),
        pytest.param("1.234,56 TL", ",", None, id="with a unit"),
        pytest.param("NaN", None, None, id="not a number"),
        pytest.param("1e400", None, None, id="more than a number can be"),
    ],
)
def test_a_number_is_read_as_declared_or_quarantined(con, tmp_path, written, decimal, value):
    dialect = Dialect(decimal=decimal)
    found = loaded(con, tmp_path, f"e1;2026-01-15T10:00:00Z;click;c1;{written}\n", dialect)
    if value is None:
        assert found == {}
        assert quarantined(con)[0][1][0].startswith("value.")
    else:
        assert found["e1"][1] == value


@pytest.mark.parametrize(
    ("written", "times", "zone", "instant"),
    [
        pytest.param("2025-12-31T23:59:00Z", (), "Europe/Istanbul", "2025-12-31 23:59:00", id="with a zone"),
        pytest.param("2025-12-31 23:59", (), "Europe/Istanbul", "2025-12-31 20:59:00", id="without a zone"),
        pytest.param("31.12.2025 23:59", ("%d.%m.%Y %H:%M",), "Europe/Istanbul", "2025-12-31 20:59:00", id="Turkish"),
        pytest.param("31.12.2025 23:59", (), "Europe/Istanbul", None, id="Turkish, not declared"),
        pytest.param("12/31/2025 11:59 PM", ("%m/%d/%Y %I:%M %p",), "UTC", "2025-12-31 23:59:00", id="American"),
        pytest.param("31.12.2025 23:59 +0200", ("%d.%m.%Y %H:%M %z",), "UTC", "2025-12-31 21:59:00", id="offset"),
        pytest.param("1767225540", ("epoch_s",), "Europe/Istanbul", "2025-12-31 23:59:00", id="seconds"),
        pytest.param("1767225540.5", ("epoch_s",), "UTC", "2025-12-31 23:59:00.500000", id="parts of seconds"),
        pytest.param("1767225540123", ("epoch_ms",), "UTC", "2025-12-31 23:59:00.123000", id="milliseconds"),
        pytest.param("1767225540123456", ("epoch_us",), "UTC", "2025-12-31 23:59:00.123456", id="microseconds"),
        pytest.param("1767225540123", ("epoch_s",), "UTC", None, id="milliseconds that are called seconds"),
        pytest.param("1767225540", (), "UTC", None, id="seconds, not declared"),
        pytest.param("2025-12-31T23:59:00Z", ("epoch_ms",), "UTC", "2025-12-31 23:59:00", id="ISO is always read"),
        # clocks go forward: 02:30 is not there, and is read an hour later; back: it is there twice, the second counts
        pytest.param("2025-03-30 02:30", (), "Europe/Berlin", "2025-03-30 01:30:00", id="the hour that is left out"),
        pytest.param("2025-10-26 02:30", (), "Europe/Berlin", "2025-10-26 01:30:00", id="the hour that comes twice"),
        pytest.param("2016-03-27 03:30", (), "Europe/Istanbul", "2016-03-27 01:30:00", id="Istanbul's last change"),
        pytest.param("2015-11-08 03:30", (), "Europe/Istanbul", "2015-11-08 01:30:00", id="Istanbul's last winter"),
        pytest.param("2016-10-30 03:30", (), "Europe/Istanbul", "2016-10-30 00:30:00", id="a change that was not made"),
        pytest.param("2026-01-15 12:00", (), "Europe/Istanbul", "2026-01-15 09:00:00", id="summer time for good"),
        pytest.param("infinity", (), "UTC", None, id="for ever"),
    ],
)
def test_a_time_is_read_as_declared_or_quarantined(con, tmp_path, written, times, zone, instant):
    found = loaded(con, tmp_path, f"e1;{written};click;c1;1\n", Dialect(times=times), zone)
    if instant is None:
        assert found == {}
    else:
        assert found["e1"][0].astimezone(UTC) == datetime.fromisoformat(instant).replace(tzinfo=UTC)


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_the_delimiter_is_the_one_under_which_the_header_is_the_contract_s(con, tmp_path, delimiter):
    names = "event_id;occurred_at;event_name;customer_id;value\n".replace(";", delimiter)
    row = "e1;2026-01-15T10:00:00Z;a b;c1;1\n".replace(";", delimiter)
    assert take(con, put(tmp_path, "a.csv", names + row)).rows_kept == 1


def test_an_infinite_time_of_any_column_breaks_a_rule(con, tmp_path):
    rows = "wait_id,customer_id,wait_type,channel,started_at,ended_at,outcome,promised_at\n"
    rows += "w1,c1,queue,phone,2026-01-15T10:00:00Z,2026-01-15T10:01:00Z,served,infinity\n"
    take(con, put(tmp_path, "w.csv", rows), "wait_time")
    assert quarantined(con)[0][1] == ["promised_at.finite"]
