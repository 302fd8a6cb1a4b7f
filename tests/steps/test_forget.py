"""Who is forgotten has never been there: in no table, version, quarantine or report, and in no later night."""

import shutil
import uuid
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest

from pipeline import erasing, steps
from pipeline.erasing import Forgotten
from pipeline.errors import NotFoundError, WarehouseError
from pipeline.settings import Settings, load
from pipeline.warehouse import blocking, compacting, versions
from pipeline.warehouse.connection import looking, reading
from tests.steps import world as w

# Told from one another in any text, as the ids of a real shop are.
NAMES = {f"c{number}": f"K-10023{number}" for number in range(6)} | {
    f"a{number}": f"gerät-77{number}12" for number in range(6)
}
ANNA, HER_PHONE = NAMES["c1"], NAMES["a1"]
LATE, HIS_PHONE = NAMES["c5"], NAMES["a5"]  # anonymous until late in every second visit
DAYS = w.DAYS[:4]
# What a run says of itself; all the rest is the same however often and in whatever order it was done.
OF_RUNS = {"ops.runs", "ops.computed", "ops.forgotten", "ops.contract_results", "ops.layout"}
EVERYTHING = ["events", "journeys", "friction", "ops"]


def write(folder: Path, rows: w.World, **how: Any) -> Settings:
    """The world as files; a small one may hold a bad row."""
    config = w.write(folder, rows, **how).folder / "friction.toml"
    lenient = config.read_text(encoding="utf-8").replace("[[sources]]", "[[sources]]\nquarantine_limit_share = 1.0")
    config.write_text(lenient, encoding="utf-8")
    return load(config)


def named(rows: w.World) -> w.World:
    """The world with such ids."""
    return {
        name: [{key: NAMES.get(value, value) if isinstance(value, str) else value for key, value in row.items()}
               for row in some]
        for name, some in rows.items()
    }  # fmt: skip


def world() -> w.World:
    return named(w.world(DAYS))


def night(settings: Settings, days: Iterable[Any] = DAYS) -> None:
    w.run(settings, days)


def forget(settings: Settings, *customers: str, mentions: bool = True) -> Forgotten:
    run = f"forget-{uuid.uuid4().hex}"
    return erasing.forget(settings, customers, run, w.STARTED, mentions=mentions)


def tables(settings: Settings) -> dict[str, str]:
    return {name: sha for name, sha in w.fingerprints(settings, EVERYTHING).items() if name not in OF_RUNS}


def again(settings: Settings, folder: Path, days: Iterable[Any] = DAYS) -> Settings:
    """The same input files into a new warehouse, beside which only the list of the forgotten stands."""
    for name in ("landing", "friction.toml"):
        source = settings.folder / name
        (shutil.copytree if source.is_dir() else shutil.copy)(source, folder / name)
    fresh = load(folder / "friction.toml")
    fresh.warehouse.parent.mkdir(parents=True)
    shutil.copy(blocking.list_file(settings.warehouse), blocking.list_file(fresh.warehouse))
    night(fresh, days)
    return fresh


def without(rows: w.World, customer: str, *devices: str) -> w.World:
    """The world in which somebody has never been, told from the rows alone."""
    return {
        name: [
            row for row in some
            if row.get("customer_id") != customer
            and not ("customer_id" not in row and row.get("anonymous_id") in devices)
        ]
        for name, some in rows.items()
    }  # fmt: skip


def ask(settings: Settings, query: str, **parameters: object) -> list[tuple[Any, ...]]:
    with reading(settings.warehouse) as con:
        return con.execute(query, parameters).fetchall()


def raw(settings: Settings, *words: str) -> list[str]:
    """Files of the warehouse and the reports in whose bytes a word stands."""
    folders = (settings.warehouse.parent, settings.reports)
    files = [path for folder in folders for path in sorted(folder.rglob("*")) if path.is_file()]
    assert files
    return [path.name for path in files if any(word.encode() in path.read_bytes() for word in words)]


# --- gone ------------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def published(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A world with a bad row of hers and one of his, two versions and two reports. Not to be run."""
    rows = world()
    folder = tmp_path_factory.mktemp("published")
    bad = {"event_id": "bad", "occurred_at": "yesterday", "event_name": "click"}
    rows["clickstream"] += [bad | {"event_id": f"bad-{who}", "customer_id": who} for who in (ANNA, LATE)]
    settings = write(folder, rows, file_of=lambda name, row: DAYS[0] if "bad" in str(row) else w.local_day(name, row))
    night(settings, DAYS[:2])
    night(settings)
    steps.report(settings, [DAYS[0], DAYS[-1]])
    return folder


@pytest.fixture
def settings(published: Path, tmp_path: Path) -> Settings:
    """A copy of it."""
    return load(shutil.copytree(published, tmp_path / "copy", symlinks=True) / "friction.toml")


@pytest.mark.parametrize(
    ("customer", "devices"),
    [pytest.param(ANNA, [HER_PHONE], id="known"), pytest.param(LATE, [HIS_PHONE], id="anonymous until late")],
)
def test_the_tables_are_those_of_a_world_without_the_person_and_of_the_same_files_loaded_again(
    tmp_path, customer, devices
):
    for name in ("all", "none", "again"):
        (tmp_path / name).mkdir()
    settings = write(tmp_path / "all", world())
    night(settings)
    done = forget(settings, customer)
    assert done.is_proven
    assert done.rows > 50

    never = write(tmp_path / "none", without(world(), customer, *devices))
    night(never)
    differ = w.tell(tables(settings), tables(never))
    assert set(differ) <= {"ops.loads"}  # whose hashes are those of other files

    afresh = again(settings, tmp_path / "again")
    assert w.tell(tables(settings), tables(afresh)) == []
    night(settings)
    assert w.tell(tables(settings), tables(afresh)) == []


def test_no_byte_of_any_file_names_her_any_more_and_of_others_all_is_still_there(settings):
    assert len(raw(settings, ANNA)) >= 2 + 2  # versions, and files of reports
    others = ask(settings, "select count(*) from events.clickstream where customer_id <> $her", her=ANNA)
    done = forget(settings, ANNA)
    assert done.is_proven
    assert raw(settings, ANNA, HER_PHONE) == []
    assert ask(settings, "select count(*) from events.clickstream where customer_id is not null") == others
    assert raw(settings, LATE)
    assert [path.name for path in settings.warehouse.parent.glob("*working*")] == []


def test_the_quarantine_loses_her_row_and_the_loads_still_add_up(settings):
    assert ask(settings, "select count(*) from ops.quarantine") == [(2,)]
    forget(settings, ANNA)
    assert [LATE in row for (row,) in ask(settings, "select original from ops.quarantine")] == [True]
    assert ask(settings, "select rows_read - rows_kept - rows_quarantined - rows_duplicate from ops.loads "
                         "group by all") == [(0,)]  # fmt: skip
    assert ask(settings, "select sum(rows_quarantined) from ops.loads") == [(1,)]


def test_her_row_stays_out_of_the_quarantine_when_its_file_is_loaded_again(settings, tmp_path):
    forget(settings, ANNA)
    (tmp_path / "again").mkdir()
    afresh = again(settings, tmp_path / "again")
    assert w.tell(tables(settings), tables(afresh)) == []
    assert ask(afresh, "select count(*) from ops.quarantine") == [(1,)]


def test_every_version_that_is_kept_is_rewritten_and_as_old_as_it_was(settings):
    before = {path.name: path.stat().st_mtime for path in versions.kept(settings.warehouse)}
    done = forget(settings, ANNA)
    paths = versions.kept(settings.warehouse)
    assert [path.name for path in paths[:-1]] == list(before)
    assert {path.name: path.stat().st_mtime for path in paths[:-1]} == before
    assert len(done.versions) == 3
    for path in paths:
        with looking(path) as con:
            assert con.execute(
                "select count(*) from events.clickstream where customer_id = $id", {"id": ANNA}
            ).fetchall() == [(0,)]
            assert con.execute("select count(*) from events.clickstream").fetchall() != [(0,)]
            told = con.execute(
                "select is_recomputed, list_distinct(flatten(list(customers))) from ops.forgotten group by all"
            ).fetchall()
            assert [is_recomputed for is_recomputed, _ in told] == [path == paths[-1]]
            assert ANNA not in str(told)


def test_whoever_goes_back_to_an_older_version_is_told_that_its_days_are_owed_something(settings):
    from pipeline import computed
    from pipeline.warehouse import kept

    forget(settings, ANNA)
    kept.roll_back(settings.warehouse)
    with reading(settings.warehouse) as con:
        assert computed.too_late(con) == list(DAYS)
    night(settings)
    with reading(settings.warehouse) as con:
        assert computed.too_late(con) == []
    rolled = tables(settings)
    kept.roll_back(settings.warehouse, "3")
    assert w.tell(tables(settings), rolled) == []


def test_a_night_after_it_computes_no_day_again(settings):
    done = forget(settings, ANNA)
    assert done.computed_again == list(DAYS)
    assert ask(settings, "select distinct reason from ops.computed c join ops.runs r using (run_id) "
                         "where run_id like 'forget-%' order by all") == [("forgotten",)]  # fmt: skip
    night(settings)
    (last,) = ask(settings, "select run_id from ops.runs order by started_at, rowid desc limit 1")[0]
    assert ask(settings, "select count(*) from ops.computed where run_id = $run and reason <> 'asked'", run=last) == [
        (0,)
    ]


# --- whose it is -----------------------------------------------------------------------------------------------------


def test_of_two_who_share_a_device_only_the_one_is_forgotten(tmp_path):
    phone, bert = "shared-phone-1", "K-200002"
    times = {
        "before anybody": ("08:00", None), "anna signs in": ("08:05", ANNA), "anna later, unnamed": ("11:00", None),
        "unnamed, then bert": ("14:00", None), "bert signs in": ("14:05", bert), "bert later, unnamed": ("18:00", None),
    }  # fmt: skip
    rows = [
        {"event_id": name, "occurred_at": f"{DAYS[0]}T{at}:00Z", "event_name": "page_view", "anonymous_id": phone}
        | ({"customer_id": who} if who else {})
        for name, (at, who) in times.items()
    ]
    settings = write(tmp_path, {"clickstream": rows, **{name: [] for name in w.TIMES if name != "clickstream"}})
    only_clicks(settings)
    settings = load(settings.folder / "friction.toml")
    night(settings, DAYS[:1])
    done = forget(settings, ANNA)
    assert done.is_proven
    left = {event for (event,) in ask(settings, "select event_id from events.clickstream")}
    assert left == {"unnamed, then bert", "bert signs in", "bert later, unnamed"}
    (tmp_path / "again").mkdir()
    afresh = again(settings, tmp_path / "again", DAYS[:1])
    assert w.tell(tables(settings), tables(afresh)) == []


def only_clicks(settings: Settings) -> None:
    (settings.folder / "friction.toml").write_text(
        w.PROJECT + w.SOURCE.format(contract="clickstream"), encoding="utf-8"
    )


@pytest.mark.parametrize(("mentions", "left"), [(True, 0), (False, 1)])
def test_rows_of_others_that_name_her_go_only_where_that_is_asked_for(tmp_path, mentions, left):
    rows = world()
    named_in = next(row for row in rows["clickstream"] if row.get("customer_id") == NAMES["c0"])
    named_in["page_url"] = f"https://shop.example/referred?by={ANNA}&x=1"
    settings = write(
        tmp_path, {name: [r for r in some if w.local_day(name, r) == DAYS[0]] for name, some in rows.items()}
    )
    night(settings, DAYS[:1])
    done = forget(settings, ANNA, mentions=mentions)
    there = ask(settings, "select count(*) from events.clickstream where event_id = $id", id=named_in["event_id"])
    assert there == [(left,)]
    assert done.is_proven is mentions
    traces = {(trace.table, trace.column, trace.rows) for version in done.versions for trace in version.left}
    assert traces == (set() if mentions else {("events.clickstream", "page_url", 1)})


# --- what goes wrong -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("fails_at", [1, 2, 3])
def test_who_is_cut_off_half_way_forgets_again_and_finds_the_rest(settings, monkeypatch, fails_at):
    calls, compact = [], compacting.compact

    def cut_off(path: Path) -> None:
        calls.append(path)
        if len(calls) == fails_at:
            raise KeyboardInterrupt
        compact(path)

    monkeypatch.setattr(compacting, "compact", cut_off)
    with pytest.raises(KeyboardInterrupt):
        forget(settings, ANNA)
    for path in versions.kept(settings.warehouse):  # each is whole
        with looking(path) as con:
            assert con.execute("select count(*) from events.clickstream").fetchall() != [(0,)]
    assert raw(settings, ANNA) != []
    done = forget(settings, ANNA)
    assert done.is_proven
    assert raw(settings, ANNA) == []


def test_who_is_forgotten_can_be_forgotten_again_and_nothing_changes(settings):
    forget(settings, ANNA)
    before = {path.name: path.read_bytes() for path in versions.kept(settings.warehouse)}
    done = forget(settings, ANNA)
    assert (done.rows, done.is_proven) == (0, True)
    assert {path.name: path.read_bytes() for path in versions.kept(settings.warehouse)} == before


def test_nobody_of_that_name_is_an_error_and_changes_nothing(settings):
    before = {path.name: path.read_bytes() for path in versions.kept(settings.warehouse)}
    with pytest.raises(NotFoundError, match="there is no customer 'K-999999'"):
        forget(settings, ANNA, "K-999999")
    assert {path.name: path.read_bytes() for path in versions.kept(settings.warehouse)} == before
    assert blocking.read(settings.warehouse) is None


def test_a_night_without_the_list_of_the_forgotten_stops_and_brings_nobody_back(settings):
    forget(settings, ANNA)
    blocking.list_file(settings.warehouse).unlink()
    path = next((settings.folder / "landing" / "clickstream" / DAYS[0].isoformat()).iterdir())
    path.write_text(path.read_text() + "\n")  # has changed, so it is read again
    with pytest.raises(WarehouseError, match=r"friction-forgotten\.json is missing"):
        night(settings)
    assert ask(settings, "select count(*) from events.clickstream where customer_id = $her", her=ANNA) == [(0,)]


def test_another_run_is_told_and_nothing_changes(settings):
    import subprocess
    import sys

    code = (
        "import sys, pathlib, pipeline.warehouse.versions as v\n"
        "with v.exclusive(pathlib.Path(sys.argv[1])):\n    print('held', flush=True)\n    sys.stdin.read()"
    )
    with subprocess.Popen(
        [sys.executable, "-c", code, str(settings.warehouse)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == "held\n"
        with pytest.raises(WarehouseError, match="another run is writing"):
            forget(settings, ANNA)
        holder.communicate("")
    assert blocking.read(settings.warehouse) is None
