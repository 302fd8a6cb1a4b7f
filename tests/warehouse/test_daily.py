"""The day of an event is the day that Python's calendar gives it, in any zone and around every clock change."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import duckdb
import pytest

from pipeline.warehouse.daily import day_of

ZONES = [
    "UTC", "Europe/Istanbul", "Europe/Berlin", "America/New_York", "Asia/Kathmandu", "Pacific/Apia",
    "Australia/Lord_Howe", "Africa/Casablanca", "America/St_Johns",
]  # fmt: skip
SPANS = [
    pytest.param(datetime(2015, 3, 1, tzinfo=UTC), datetime(2017, 4, 1, tzinfo=UTC), id="Istanbul stays in summer"),
    pytest.param(datetime(2011, 12, 20, tzinfo=UTC), datetime(2012, 1, 5, tzinfo=UTC), id="Apia skips a day"),
    pytest.param(datetime(2026, 1, 1, tzinfo=UTC), datetime(2026, 12, 31, tzinfo=UTC), id="a year"),
    pytest.param(datetime(1961, 1, 1, tzinfo=UTC), datetime(1970, 2, 1, tzinfo=UTC), id="before 1970"),
]


@pytest.mark.parametrize("zone", ZONES)
@pytest.mark.parametrize(("first", "last"), SPANS)
def test_sql_and_python_agree_about_the_day(zone: str, first: datetime, last: datetime):
    step = (last - first) / 4000
    instants = [first + step * n + timedelta(microseconds=n % 7) for n in range(4000)] + [last]
    with duckdb.connect() as con:
        con.execute("set timezone = 'UTC'")
        con.execute("create table t as select unnest($1::timestamptz[]) as instant", [instants])
        sql = day_of("instant", zone, min(instants), max(instants))
        found = con.execute(f"select instant, {sql} from t").fetchall()
    expected = {at: at.astimezone(ZoneInfo(zone)).date() for at in instants}
    assert {at.astimezone(UTC): day for at, day in found} == expected


def test_days_beyond_the_calendar_are_left_to_duckdb():
    assert "timezone('UTC'" in day_of("at", "UTC", None, None)
    assert "timezone('UTC'" in day_of("at", "UTC", datetime(1990, 1, 1, tzinfo=UTC), datetime(9999, 1, 1, tzinfo=UTC))
