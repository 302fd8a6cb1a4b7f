"""Sources that change: what is new is kept, what is gone is named, what is broken stops its source or the night."""

import gzip
import json
from collections.abc import Callable, Sequence
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from pipeline import answers, ingestion, steps
from pipeline.errors import ContractError, FrictionError, InputError, SettingsError, StorageError
from pipeline.journeys.journey import BUILT_IN
from pipeline.settings import Settings, Source, Storage, load
from pipeline.sources import places
from pipeline.warehouse.connection import reading
from tests.steps import world as w

FIRST, SECOND, THIRD = w.DAYS[:3]
ALL_THREE = ["events", "journeys", "friction"]


def project(folder: Path, *, without: tuple[str, ...] = ()) -> Settings:
    """The world with a journey whose nights go on without those contracts; nothing is run yet."""
    text = f"goes_on_without = {json.dumps(without)}\n" + (BUILT_IN / "ecommerce.toml").read_text(encoding="utf-8")
    folder.mkdir(exist_ok=True)
    (folder / "journey.toml").write_text(text, encoding="utf-8")
    return w.write(folder, more='journey = "journey.toml"\n')


def night(settings: Settings, days: Sequence[date], *, hour: int = 3) -> None:
    """A night without the contracts' expectations and without reports, begun after its last day."""
    started = datetime.combine(days[-1] + timedelta(days=1), time(hour), UTC)
    steps.prepare(settings, days, started.isoformat(), started)
    for step in (steps.ingest, steps.flag, steps.score, steps.publish):
        step(settings, days)


def file_of(settings: Settings, contract: str, day: date, ending: str = "ndjson") -> Path:
    return settings.folder / "landing" / contract / day.isoformat() / f"part-0.{ending}"


def edited(path: Path, change: Callable[[dict[str, Any]], dict[str, Any]]) -> str:
    """Write the changed rows of a file of JSON lines; gives its text as it was."""
    before = path.read_text(encoding="utf-8")
    rows = [change(json.loads(line)) for line in before.splitlines()]
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return before


def without(*names: str) -> Callable[[dict[str, Any]], dict[str, Any]]:
    return lambda row: {name: value for name, value in row.items() if name not in names}


def in_format(settings: Settings, contract: str, ending: str, days: list[date] = w.DAYS) -> Settings:
    """The same world with one contract's files in another format, each with all columns."""
    paths = [file_of(settings, contract, day) for day in days]
    everything = pl.concat([pl.read_ndjson(path, infer_schema_length=None) for path in paths], how="diagonal_relaxed")
    for path in paths:
        rows = pl.read_ndjson(path, schema=everything.schema)
        other = path.with_suffix(f".{ending}")
        rows.write_csv(other) if ending == "csv" else rows.write_parquet(other)
    config = settings.folder / "friction.toml"
    changed = config.read_text().replace(f"{contract}/{{day}}/*.ndjson", f"{contract}/{{day}}/*.{ending}")
    config.write_text(changed)
    return load(config)


def asked(settings: Settings, query: str) -> list[tuple[Any, ...]]:
    with reading(settings.warehouse) as con:
        return con.execute(query).fetchall()


def told(settings: Settings, day: date) -> list[str]:
    with reading(settings.warehouse) as con:
        return answers.came_in(con, settings, day)


def status(settings: Settings) -> dict[str, Any]:
    with reading(settings.warehouse) as con:
        return answers.status(con)


DRIFT = "select day, source, column_name, change, meaning from marts.source_drift order by day, column_name"
FAILURES = "select source, file, day, error from ops.source_failures order by failed_at, run_id, source"


# --- a new column ----------------------------------------------------------------------------------------------------


def test_a_new_column_of_csv_is_kept_in_attributes_and_told_once(tmp_path):
    settings = in_format(project(tmp_path), "clickstream", "csv")
    for day in (SECOND, THIRD):
        path = file_of(settings, "clickstream", day, "csv")
        pl.read_csv(path, infer_schema=False).with_columns(utm_term=pl.lit("boots")).write_csv(path)
    night(settings, [FIRST])
    assert told(settings, FIRST) == [], "the first file has nothing to be compared with"
    night(settings, [SECOND])
    assert status(settings)["new_columns"] == [
        {"source": "clickstream", "column_name": "utm_term", "file": "landing/clickstream/2026-01-11/part-0.csv"}
    ]
    night(settings, [THIRD])
    kept = (
        "select distinct day, attributes->>'utm_term' from events.clickstream where attributes is not null order by 1"
    )
    assert asked(settings, kept) == [(SECOND, "boots"), (THIRD, "boots")]
    assert asked(settings, DRIFT) == [(SECOND, "clickstream", "utm_term", "appeared", "kept in attributes")]
    assert told(settings, SECOND) == ["New columns: clickstream: utm_term – kept in attributes"]
    assert (told(settings, FIRST), told(settings, THIRD)) == ([], [])
    assert status(settings)["new_columns"] == []


def test_a_key_that_only_row_20_000_has_is_new_and_kept(tmp_path):
    settings = project(tmp_path)
    with file_of(settings, "clickstream", SECOND).open("a") as file:
        for number in range(20_000):
            event = {"event_id": f"n{number}", "occurred_at": f"{SECOND}T10:00:00Z", "event_name": "page_view"}
            last = {"utm_term": "boots"} if number == 19_999 else {}
            file.write(json.dumps(event | {"anonymous_id": f"n{number // 4}"} | last) + "\n")
    night(settings, [FIRST])
    night(settings, [SECOND])
    kept = "select event_id, attributes->>'utm_term' from events.clickstream where attributes is not null"
    assert asked(settings, kept) == [("n19999", "boots")]
    assert told(settings, SECOND) == ["New columns: clickstream: utm_term – kept in attributes"]


def test_a_column_that_vanishes_and_comes_back_is_told_by_file(tmp_path):
    settings = in_format(project(tmp_path), "order_error", "csv")
    path = file_of(settings, "order_error", SECOND, "csv")
    pl.read_csv(path, infer_schema=False).drop("carrier").write_csv(path)
    night(settings, [FIRST, SECOND, THIRD])
    assert asked(settings, DRIFT) == [
        (SECOND, "order_error", "carrier", "vanished", "signals that need it are not measurable"),
        (THIRD, "order_error", "carrier", "came back", "signals that need it can be measured"),
    ]
    assert told(settings, SECOND) == ["Columns gone: order_error: carrier"], "no signal needs it"
    assert told(settings, THIRD) == []


# --- an optional column that is gone ---------------------------------------------------------------------------------


def test_without_an_optional_column_the_signals_that_need_it_are_named(tmp_path):
    settings = project(tmp_path)
    edited(file_of(settings, "clickstream", SECOND), without("element", "form_id"))
    night(settings, [FIRST])
    night(settings, [SECOND])
    blind = """
        select signal from ops.signals group by signal
        having bool_or(is_measurable and day = '2026-01-10') and bool_or(not is_measurable and day = '2026-01-11')
        order by signal
        """
    assert asked(settings, blind) == [("form_abandonment",), ("form_error_repeat",), ("form_refill",), ("rage_click",)]
    gone = "Abandoned forms, Repeated form errors, Form fields refilled, Rage clicks"
    line = f"Columns gone: clickstream: element, form_id – not measurable any more: {gone}"
    assert told(settings, SECOND) == [line]
    assert [(each["column_name"], each["not_measurable"]) for each in status(settings)["vanished_columns"]] == [
        ("element", ["rage_click"]),
        ("form_id", ["form_abandonment", "form_error_repeat", "form_refill"]),
    ]
    with reading(settings.warehouse) as con:
        ten = answers.summary(con, settings, SECOND)
    assert "What came in: gone element, form_id" in ten
    (page,) = steps.report(settings, [SECOND])
    assert f"not measurable any more: {gone}" in page.read_text(encoding="utf-8")
    markdown = page.with_name("summary.md").read_text(encoding="utf-8")
    assert "- Columns gone: `clickstream` `element`, `form_id` – not measurable any more: Abandoned" in markdown


def test_a_signal_that_has_another_column_to_go_by_is_not_called_blind(tmp_path):
    settings = project(tmp_path)
    edited(file_of(settings, "clickstream", FIRST), lambda row: row | {"x": 10, "y": 20})
    edited(file_of(settings, "clickstream", SECOND), lambda row: row | {"y": 20})
    night(settings, [FIRST, SECOND])
    assert asked(settings, "select is_measurable from ops.signals where signal = 'rage_click'") == [(True,), (True,)]
    assert told(settings, SECOND) == ["Columns gone: clickstream: x"]


def test_a_value_that_comes_and_goes_is_no_news(tmp_path):
    settings = project(tmp_path)
    edited(file_of(settings, "clickstream", SECOND), lambda row: row | {"referrer": "https://example.com/"})
    night(settings, [FIRST, SECOND, THIRD])
    assert [change for _, _, _, change, _ in asked(settings, DRIFT)] == ["appeared", "vanished"]
    assert [told(settings, day) for day in (FIRST, SECOND, THIRD)] == [[], [], []]


def test_all_files_of_a_day_are_one_delivery(tmp_path):
    settings = project(tmp_path)
    path = file_of(settings, "clickstream", SECOND)
    rows = path.read_text(encoding="utf-8").splitlines(keepends=True)
    path.write_text("".join(row for row in rows if "#pay" not in row), encoding="utf-8")
    path.with_name("part-1.ndjson").write_text("".join(row for row in rows if "#pay" in row), encoding="utf-8")
    night(settings, [FIRST, SECOND])
    assert ("element", "vanished") in [(column, change) for _, _, column, change, _ in asked(settings, DRIFT)]
    assert told(settings, SECOND) == [], "the other file of the day has it"


# --- what stops a source ---------------------------------------------------------------------------------------------


def lacks_a_required_column(settings: Settings) -> tuple[Path, bytes]:
    path = file_of(settings, "wait_time", SECOND)
    return path, edited(path, without("wait_type")).encode()


def has_changed_a_type(settings: Settings) -> tuple[Path, bytes]:
    path = file_of(settings, "wait_time", SECOND, "parquet")
    before = path.read_bytes()
    pl.read_parquet(path).with_columns(started_at=pl.lit([1, 2], pl.List(pl.Int64))).write_parquet(path)
    return path, before


def is_damaged(settings: Settings) -> tuple[Path, bytes]:
    path = file_of(settings, "wait_time", SECOND, "parquet")
    before = path.read_bytes()
    path.write_bytes(before[: len(before) // 2])
    return path, before


BROKEN = {
    "a required column is gone": (
        "ndjson", lacks_a_required_column, ContractError,
        "required columns of wait_time are missing: wait_type. Found:",
    ),
    "a type has changed": (
        "parquet", has_changed_a_type, ContractError,
        "started_at is BIGINT[] in the file, a time in the contract",
    ),
    "a file is damaged": ("parquet", is_damaged, InputError, "cannot be read"),
}  # fmt: skip
each_break = pytest.mark.parametrize(("ending", "breaks", "kind", "words"), BROKEN.values(), ids=BROKEN)


def prepared(folder: Path, ending: str, *, without: tuple[str, ...] = ()) -> Settings:
    settings = project(folder, without=without)
    return settings if ending == "ndjson" else in_format(settings, "wait_time", ending)


@each_break
def test_what_is_wrong_with_a_source_stops_the_night_and_changes_nothing(tmp_path, ending, breaks, kind, words):
    settings = prepared(tmp_path, ending)
    night(settings, [FIRST])
    before, version = w.fingerprints(settings, [*ALL_THREE, "ops"]), settings.warehouse.resolve()
    path, _ = breaks(settings)
    with pytest.raises(kind) as raised:
        night(settings, [SECOND])
    assert words in str(raised.value)
    assert f"landing/wait_time/{SECOND}/{path.name}" in str(raised.value)
    assert raised.value.exit_code == {ContractError: 10, InputError: 3}[kind]
    assert settings.warehouse.resolve() == version
    assert w.fingerprints(settings, [*ALL_THREE, "ops"]) == before


@each_break
def test_where_the_journey_allows_it_only_the_source_stops_and_the_next_night_makes_up_for_it(
    tmp_path, ending, breaks, kind, words
):
    straight = prepared(tmp_path / "straight", ending)
    night(straight, [FIRST, SECOND, THIRD])
    settings = prepared(tmp_path / "broken", ending, without=("wait_time",))
    night(settings, [FIRST])
    path, whole = breaks(settings)
    night(settings, [SECOND])

    ((source, file, day, error),) = asked(settings, FAILURES)
    assert (source, file, day) == ("wait_time", f"landing/wait_time/{SECOND}/{path.name}", SECOND)
    assert words in error
    assert asked(settings, "select contract from ops.loads where day = '2026-01-11' order by all") == [
        ("clickstream",), ("order_error",), ("orders",)
    ]  # fmt: skip
    (line,) = told(settings, SECOND)
    assert line.startswith(f"Source stopped: wait_time: {file} – ")
    assert words in line
    assert [(each["source"], each["file"]) for each in status(settings)["stopped_sources"]] == [("wait_time", file)]

    path.write_bytes(whole)
    night(settings, [THIRD])
    assert w.tell(w.fingerprints(settings), w.fingerprints(straight)) == []
    assert told(settings, SECOND) == [], "it has come in since"
    assert status(settings)["stopped_sources"] == []


def test_a_file_that_is_still_broken_keeps_no_later_file_away(tmp_path):
    settings = project(tmp_path, without=("wait_time",))
    night(settings, [FIRST])
    lacks_a_required_column(settings)
    night(settings, [SECOND])
    night(settings, [THIRD])
    assert asked(settings, "select day from ops.loads where source = 'wait_time' order by all") == [(FIRST,), (THIRD,)]
    assert [day for _, _, day, _ in asked(settings, FAILURES)] == [SECOND, SECOND]


def test_the_days_that_a_backfill_left_out_are_made_up_for_too(tmp_path):
    settings = project(tmp_path, without=("wait_time",))
    path, whole = lacks_a_required_column(settings)
    night(settings, [FIRST, SECOND, THIRD])
    loaded = "select day from ops.loads where source = 'wait_time' order by all"
    assert asked(settings, loaded) == [(FIRST,)]
    assert [len(told(settings, day)) for day in (FIRST, SECOND, THIRD)] == [0, 1, 1]
    path.write_bytes(whole)
    night(settings, [w.DAYS[3]])
    assert asked(settings, loaded) == [(day,) for day in w.DAYS[:4]]


MAPPING = """\
name: calls
description: Waits of a call centre.
contracts:
  wait_time:
    columns: {{wait_id: wait_id, customer_id: customer_id, wait_type: {kind}, channel: channel, started_at: started_at,
      ended_at: ended_at, outcome: outcome, queue: queue, reason: reason, contact_id: contact_id}}
"""


def mapped(folder: Path, ending: str, kind: str, without: tuple[str, ...]) -> Settings:
    """The world whose waits are read through a mapping; `kind` is its SQL of the type of a wait."""
    settings = in_format(project(folder, without=without), "wait_time", ending)
    (settings.folder / "calls.yaml").write_text(MAPPING.format(kind=kind), encoding="utf-8")
    config = settings.folder / "friction.toml"
    path = f'path     = "landing/wait_time/{{day}}/*.{ending}"\n'
    assert path in config.read_text()
    config.write_text(config.read_text().replace(path, f'{path}adapter  = "calls.yaml"\n'))
    return load(config)


@pytest.mark.parametrize("ending", ["csv", "parquet"])
@pytest.mark.parametrize("kind", ["wait_type", "rows.wait_type"])
def test_a_column_that_a_mapping_reads_and_that_vanished_stops_the_source(tmp_path, ending, kind):
    settings = mapped(tmp_path, ending, kind, ("wait_time",))
    path = file_of(settings, "wait_time", SECOND, ending)
    whole, rows = path.read_bytes(), pl.read_csv(path) if ending == "csv" else pl.read_parquet(path)
    changed = rows.rename({"wait_type": "kind_of_wait"})
    changed.write_csv(path) if ending == "csv" else changed.write_parquet(path)
    night(settings, [FIRST, SECOND])
    (line,) = told(settings, SECOND)
    file = f"landing/wait_time/{SECOND}/part-0.{ending}"
    assert line.startswith(f"Source stopped: wait_time: {file} – has no column 'wait_type', which its mapping 'calls' ")
    assert "kind_of_wait" in line, "what the file has instead"
    path.write_bytes(whole)
    night(settings, [THIRD])
    assert asked(settings, "select day from ops.loads where source = 'wait_time' order by all") == [
        (FIRST,), (SECOND,), (THIRD,)
    ]  # fmt: skip


def test_a_column_that_vanished_under_a_mapping_is_a_break_of_the_contract_for_the_night(tmp_path):
    settings = mapped(tmp_path, "csv", "wait_typ", ())
    with pytest.raises(ContractError, match="has no column 'wait_typ', which its mapping 'calls' reads"):
        night(settings, [FIRST])


@pytest.mark.parametrize(
    ("kind", "change", "words"),
    [
        ("lower(wait_type)", pl.lit(7), "wait_type is INTEGER in the file, VARCHAR expected"),
        ("lower(wait_type)", pl.lit(["queue"], pl.List(pl.String)), "wait_type is VARCHAR[] in the file, VARCHAR exp"),
        ("wait_type", pl.lit(["queue"], pl.List(pl.String)), "wait_type has changed its type: VARCHAR[] in the file"),
        (
            "if(wait_type::timestamptz is null, wait_type, 'queue')",
            pl.lit(7),
            "wait_type is INTEGER in the file, TIMESTAMPTZ expected",
        ),
    ],
    ids=["a number where a text was", "a list in an expression", "a list as it is", "a number that is cast to a time"],
)
@pytest.mark.parametrize("goes_on", [True, False])
def test_a_column_whose_type_changed_under_a_mapping_is_the_drift_of_its_source(tmp_path, kind, change, words, goes_on):
    settings = mapped(tmp_path, "parquet", "wait_type", ("wait_time",) if goes_on else ())
    night(settings, [FIRST])
    (settings.folder / "calls.yaml").write_text(MAPPING.format(kind=json.dumps(kind)), encoding="utf-8")
    path = file_of(settings, "wait_time", SECOND, "parquet")
    pl.read_parquet(path).with_columns(wait_type=change).write_parquet(path)
    if not goes_on:
        with pytest.raises(ContractError) as raised:
            night(settings, [SECOND])
        assert words in str(raised.value)
        return
    night(settings, [SECOND])
    ((source, _, _, error),) = asked(settings, FAILURES)
    assert source == "wait_time"
    assert words in error
    assert asked(settings, "select count(*) from ops.loads where day = '2026-01-11'") == [(3,)], "the others ran"


@pytest.mark.parametrize("ending", ["csv", "parquet"])
def test_what_is_no_sql_in_a_mapping_is_a_mistake_that_no_night_goes_on_without(tmp_path, ending):
    settings = mapped(tmp_path, ending, "lowerr(wait_type)", ("wait_time",))
    with pytest.raises(SettingsError, match="its mapping 'calls' cannot be applied"):
        night(settings, [FIRST])


@pytest.mark.parametrize("kind", [InputError, StorageError])
def test_a_storage_that_cannot_be_listed_stops_its_source_and_is_asked_again(tmp_path, monkeypatch, kind):
    settings, find = project(tmp_path, without=("wait_time",)), places.find
    is_silent = [True]

    def finding(folder: Path, source: Source, day: date, options: Storage) -> list[places.Place]:
        if source.name == "wait_time" and day == SECOND and is_silent[0]:
            raise kind("s3://waits/: cannot be reached")
        return find(folder, source, day, options)

    monkeypatch.setattr(places, "find", finding)
    night(settings, [FIRST])
    night(settings, [SECOND])
    assert asked(settings, "select source, file, day, error from ops.source_failures") == [
        ("wait_time", f"landing/wait_time/{SECOND}/*.ndjson", SECOND, "s3://waits/: cannot be reached")
    ]
    assert len(told(settings, SECOND)) == 1
    is_silent[0] = False
    night(settings, [THIRD])
    assert asked(settings, "select day from ops.loads where source = 'wait_time' order by all") == [
        (FIRST,), (SECOND,), (THIRD,)
    ]  # fmt: skip


def test_a_storage_that_cannot_be_listed_stops_the_night_of_a_source_that_it_needs(tmp_path, monkeypatch):
    settings = project(tmp_path, without=("orders",))

    def finding(*_: Any) -> list[places.Place]:
        raise StorageError("s3://waits/: cannot be reached")

    monkeypatch.setattr(places, "find", finding)
    with pytest.raises(StorageError, match="cannot be reached"):
        night(settings, [FIRST])


def test_a_damaged_gz_stops_its_source_and_a_run_of_the_same_day_mends_it(tmp_path):
    settings = project(tmp_path, without=("orders",))
    config = settings.folder / "friction.toml"
    config.write_text(config.read_text().replace("orders/{day}/*.ndjson", "orders/{day}/*.ndjson*"))
    settings = load(config)
    path = file_of(settings, "orders", SECOND)
    whole = gzip.compress(path.read_bytes(), mtime=0)
    path.unlink()
    packed = path.with_suffix(".ndjson.gz")
    packed.write_bytes(whole[: len(whole) // 2])
    night(settings, [FIRST])
    night(settings, [SECOND])
    assert len(told(settings, SECOND)) == 1
    packed.write_bytes(whole)
    night(settings, [SECOND], hour=4)
    assert told(settings, SECOND) == []
    assert asked(settings, "select count(*) from ops.loads where source = 'orders'") == [(2,)]


def test_a_night_in_which_every_source_stops_is_an_error(tmp_path):
    settings = project(tmp_path, without=tuple(w.TIMES))
    night(settings, [FIRST])
    before = w.fingerprints(settings, [*ALL_THREE, "ops"])
    for contract in w.TIMES:
        file_of(settings, contract, SECOND).write_text('{"a": 1}\n')
    with pytest.raises(FrictionError, match="every source has stopped at its first file, nothing was loaded") as raised:
        night(settings, [SECOND])
    assert raised.value.exit_code == 10
    assert all(f"landing/{contract}/{SECOND}" in str(raised.value) for contract in w.TIMES)
    assert w.fingerprints(settings, [*ALL_THREE, "ops"]) == before


@pytest.mark.parametrize(("limit", "is_refused"), [(None, True), (0.1, True), (0.34, False), (1, False), (0, True)])
def test_a_source_may_have_a_limit_of_its_own(tmp_path, limit, is_refused):
    """A third of the waits of the day are bad."""
    settings = project(tmp_path)
    path = file_of(settings, "wait_time", FIRST)
    good = [json.loads(line) for line in path.read_text().splitlines()]
    bad = [row | {"wait_type": "nonsense"} if number == 0 else row for number, row in enumerate(good)]
    assert len(bad) == 3
    path.write_text("".join(json.dumps(row) + "\n" for row in bad))
    config = settings.folder / "friction.toml"
    given = "" if limit is None else f"\nquarantine_limit_share = {limit}"
    name = 'contract = "wait_time"'
    config.write_text(config.read_text().replace(name, name + given))
    settings = load(config)
    if is_refused:
        with pytest.raises(ContractError, match=rf"over its limit of {100 * (0.01 if limit is None else limit):.2f}%"):
            night(settings, [FIRST])
    else:
        night(settings, [FIRST])
        assert asked(settings, "select rows_quarantined from ops.loads where source = 'wait_time'") == [(1,)]


@pytest.mark.parametrize("limit", ["-0.01", "1.01", "nan", '"much"'])
def test_a_limit_that_is_no_share_is_a_mistake_in_the_settings(tmp_path, limit):
    config = w.write(tmp_path).folder / "friction.toml"
    config.write_text(config.read_text() + f"quarantine_limit_share = {limit}\n")
    with pytest.raises(SettingsError, match=r"sources\.3\.quarantine_limit_share"):
        load(config)


def test_a_journey_that_goes_on_without_an_unknown_input_is_an_error(tmp_path):
    settings = project(tmp_path, without=("wait_tme",))
    with pytest.raises(
        SettingsError, match=r"goes_on_without: there is no input 'wait_tme'\. Did you mean 'wait_time'"
    ):
        night(settings, [FIRST])


# --- a step that is tried again --------------------------------------------------------------------------------------


def test_an_ingest_that_died_half_way_knows_all_changed_days_when_it_is_tried_again(tmp_path, monkeypatch):
    def late(contract: str, row: dict[str, Any]) -> date:
        """Waits of the first day arrive with those of the second."""
        day = w.local_day(contract, row)
        return SECOND if contract == "wait_time" and day == FIRST else day

    straight = project(tmp_path / "straight")
    night(straight, [FIRST, SECOND])
    (tmp_path / "tried").mkdir()
    settings = w.write(tmp_path / "tried", file_of=late)
    night(settings, [FIRST])

    once, dies = ingestion.load, [3]

    def dying(*given: Any) -> int:
        dies[0] -= 1
        if dies[0] == 0:
            raise OSError("the disk is gone")
        return once(*given)

    monkeypatch.setattr(ingestion, "load", dying)
    steps.prepare(settings, [SECOND], "a-run", w.STARTED)
    with pytest.raises(OSError, match="the disk is gone"):
        steps.ingest(settings, [SECOND])
    for step in (steps.ingest, steps.flag, steps.score, steps.publish):
        step(settings, [SECOND])
    assert (
        w.tell(w.fingerprints(settings, ["journeys", "friction"]), w.fingerprints(straight, ["journeys", "friction"]))
        == []
    )


def test_a_source_that_stopped_twice_in_one_run_is_noted_once_and_not_at_all_where_it_was_mended(tmp_path):
    settings = project(tmp_path, without=("wait_time",))
    night(settings, [FIRST])
    path, whole = lacks_a_required_column(settings)
    steps.prepare(settings, [SECOND], "a-run", w.STARTED)
    steps.ingest(settings, [SECOND])
    steps.ingest(settings, [SECOND])
    for step in (steps.flag, steps.score, steps.publish):
        step(settings, [SECOND])
    assert len(asked(settings, FAILURES)) == 1

    steps.prepare(settings, [THIRD], "another-run", w.STARTED + timedelta(days=1))
    steps.ingest(settings, [THIRD])
    path.write_bytes(whole)
    steps.ingest(settings, [THIRD])
    for step in (steps.flag, steps.score, steps.publish):
        step(settings, [THIRD])
    assert len(asked(settings, FAILURES)) == 1
