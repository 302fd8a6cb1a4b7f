"""The DAG keeps the house's policy, knows its day, and runs."""

import logging
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from zoneinfo import ZoneInfo

import duckdb
import pendulum
import pytest

from pipeline import settings
from tests.dags.night import DAY

pytestmark = [
    pytest.mark.airflow,
    pytest.mark.filterwarnings("default"),  # Airflow's own and its dependencies'
]

ROOT = Path(__file__).resolve().parents[2]
TASKS = ["prepare", "ingest", "check", "flag", "score", "publish", "report"]

LoadDag = Callable[[], Any]


def test_it_keeps_the_policy(load_dag: LoadDag):
    dag = load_dag()
    assert dag.catchup is False
    assert dag.max_active_runs == 1
    assert dag.owner == "friction"
    assert {"friction", "nightly"} <= set(dag.tags)
    assert dag.tasks, "a policy over no tasks proves nothing"
    for task in dag.tasks:
        assert task.retries == 2, task.task_id
        assert task.execution_timeout == timedelta(hours=2), task.task_id
        assert task.owner == "friction", task.task_id


def test_its_tasks_run_one_after_the_other(load_dag: LoadDag):
    dag = load_dag()
    follows = dict(zip(TASKS, [*TASKS[1:], None], strict=True))
    assert {task.task_id: next(iter(task.downstream_task_ids), None) for task in dag.tasks} == follows
    assert all(len(task.downstream_task_ids) <= 1 for task in dag.tasks)


def test_its_documentation_names_every_task_and_variable(load_dag: LoadDag):
    doc = load_dag().doc_md
    for word in [*TASKS, "FRICTION_CONFIG", "FRICTION_POOL", "airflow backfill create", "friction run --day"]:
        assert word in doc


def test_the_pool_comes_from_the_environment(load_dag: LoadDag, monkeypatch: pytest.MonkeyPatch):
    assert {task.pool for task in load_dag().tasks} == {"default_pool"}
    monkeypatch.setenv("FRICTION_POOL", "duckdb_writer")
    assert {task.pool for task in load_dag().tasks} == {"duckdb_writer"}


def test_only_what_another_attempt_can_mend_is_tried_again(load_dag: LoadDag):
    from airflow.sdk import RetryAction

    from pipeline.errors import ContractError, InputError, SettingsError, StorageError, WarehouseError

    policy = load_dag().get_task("ingest").retry_policy
    for error, action in {
        SettingsError: RetryAction.FAIL,
        InputError: RetryAction.FAIL,
        StorageError: RetryAction.RETRY,
        ContractError: RetryAction.FAIL,
        WarehouseError: RetryAction.RETRY,
        OSError: RetryAction.DEFAULT,
    }.items():
        assert policy.evaluate(error("x"), 1, 3).action == action, error


def test_parsing_it_loads_none_of_the_heavy_libraries(airflow: None, config: Path):
    code = "import dags.friction_nightly, sys; sys.stdout.write(' '.join(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    loaded = set(done.stdout.split())
    assert "pipeline.settings" in loaded, "was the DAG file imported at all?"
    assert loaded.isdisjoint({"polars", "duckdb", "pyarrow", "scipy", "numpy", "great_expectations", "pipeline.steps"})


# --- which day a run is about ---------------------------------------------------------------------------------------

NIGHT = datetime(2026, 1, 16, 1, tzinfo=UTC)  # 04:00 in Istanbul


@pytest.mark.parametrize(
    ("context", "day"),
    [
        pytest.param({"partition_key": "2026-01-09"}, date(2026, 1, 9), id="a scheduled run has a partition key"),
        pytest.param({"params": {"day": "2026-01-10"}}, date(2026, 1, 10), id="a manual run names its day"),
        pytest.param(
            {"partition_key": "2026-01-09", "params": {"day": "2026-01-10"}},
            date(2026, 1, 9),
            id="the key outranks the parameter",
        ),
        pytest.param(
            {"data_interval_end": datetime(2026, 1, 12, 22, tzinfo=UTC)},
            date(2026, 1, 12),
            id="the day before a logical date",
        ),
        pytest.param({}, date(2026, 1, 15), id="the day before it may run, in the project's time zone"),
    ],
)
def test_a_run_knows_its_day(airflow: None, config: Path, monkeypatch, context: dict[str, Any], day: date):
    from dags import friction_nightly

    monkeypatch.setattr(friction_nightly, "ZONE", "Europe/Istanbul")
    bare = {"params": {"day": None}, "dag_run": SimpleNamespace(run_after=NIGHT)}
    assert friction_nightly.business_day(bare | context) == day


@pytest.mark.parametrize(
    "zone", ["UTC", "Europe/Istanbul", "Europe/Berlin", "Europe/Athens", "America/New_York", "Pacific/Chatham"]
)
def test_the_schedule_runs_every_day_once_and_only_after_it_has_ended(load_dag: LoadDag, config: Path, zone: str):
    from airflow.serialization.encoders import coerce_to_core_timetable
    from airflow.timetables.base import TimeRestriction

    config.write_text(config.read_text().replace("Europe/Istanbul", zone))
    timetable = coerce_to_core_timetable(load_dag().timetable)
    new_year = datetime(2026, 1, 2, tzinfo=ZoneInfo(zone)).astimezone(UTC)
    always = TimeRestriction(earliest=pendulum.instance(new_year), latest=None, catchup=True)
    run = None
    for n in range(365):
        run = timetable.next_dagrun_info_v2(last_dagrun_info=run, restriction=always)
        starts = datetime.fromtimestamp(run.run_after.timestamp(), ZoneInfo(zone))
        assert date.fromisoformat(run.partition_key) == date(2026, 1, 1) + timedelta(days=n)
        assert starts.date() == date(2026, 1, 2) + timedelta(days=n)
        assert starts.time() == time(4)


def test_a_backfill_ends_before_its_last_date_as_documented(load_dag: LoadDag, config: Path):
    from airflow.serialization.encoders import coerce_to_core_timetable

    dag = load_dag()
    [(first, last)] = re.findall(r"--from-date (\S+) --to-date (\S+)", dag.doc_md)
    runs = coerce_to_core_timetable(dag.timetable).iter_partition_dagrun_infos(
        earliest=pendulum.parse(first), latest=pendulum.parse(last)
    )
    assert [run.partition_key for run in runs] == [f"2026-01-{day:02}" for day in range(1, 32)]


# --- a whole night --------------------------------------------------------------------------------------------------


def run_night(dag: Any, logical_date: datetime) -> Any:
    """Run the DAG in this process; attempts follow each other without waiting."""
    for task in dag.tasks:
        task.retry_delay = timedelta(0)
    return dag.test(logical_date=logical_date, run_conf={"day": DAY})


def tables(config: Path) -> dict[str, list[tuple[Any, ...]]]:
    """Every table of the published database except the runs' own book-keeping, in a total order."""
    with duckdb.connect(str(settings.load(config).warehouse), read_only=True) as con:
        names = con.execute(
            "select schema_name || '.' || table_name from duckdb_tables() where schema_name <> 'ops' order by 1"
        ).fetchall()
        return {name: con.execute(f"select * from {name} order by all").fetchall() for (name,) in names}


def test_a_night_leaves_flags_scores_and_reports_and_twice_leaves_the_same(load_dag: LoadDag, config: Path):
    first = run_night(load_dag(), NIGHT)
    assert first.state == "success"
    once = tables(config)
    day = date.fromisoformat(DAY)
    for name in ["friction.flags", "friction.points", "friction.stage_scores", "friction.person_scores"]:
        assert once[name], name
        assert any(day in row for row in once[name]), name
    assert any(settings.load(config).reports.rglob("*.html")), "no report"

    second = run_night(load_dag(), NIGHT + timedelta(hours=6))
    assert second.state == "success"
    assert second.run_id != first.run_id
    assert tables(config) == once


def test_a_night_on_bad_input_fails_at_the_first_attempt_and_publishes_nothing(load_dag: LoadDag, config: Path):
    waits = config.parent / "landing" / "wait_time" / DAY / "part-1.ndjson"
    waits.write_text(waits.read_text().replace("queue", "limbo"))
    run = run_night(load_dag(), NIGHT + timedelta(hours=12))
    assert run.state == "failed"
    attempts = {each.task_id: (each.state, each.try_number) for each in run.get_task_instances()}
    assert attempts["prepare"] == ("success", 1)
    assert attempts["ingest"] == ("failed", 1)
    assert attempts["publish"][0] == "upstream_failed"
    assert not settings.load(config).warehouse.exists()


@pytest.fixture
def warned() -> Iterator[list[str]]:
    """What `pipeline` warns of in tasks.

    Not by caplog, whose handler is on the root logger: Airflow's `dictConfig` puts its own one in the place of all that
    are there. What is heard on the way from the logger up to the root is what that handler writes to the task's log.
    """
    told: list[str] = []
    logger, handler = logging.getLogger("pipeline"), logging.Handler(logging.WARNING)
    handler.emit = lambda record: told.append(record.getMessage())  # type: ignore[method-assign]
    before = logger.level
    logger.addHandler(handler)
    logger.setLevel(logging.WARNING)  # the tests' Airflow asks for errors only
    yield told
    logger.setLevel(before)
    logger.removeHandler(handler)


def test_a_source_that_the_journey_can_do_without_fails_no_task_and_is_named_in_the_log(
    load_dag: LoadDag, config: Path, warned: list[str]
):
    from pipeline.journeys.journey import BUILT_IN

    journey = 'goes_on_without = ["wait_time"]\n' + (BUILT_IN / "ecommerce.toml").read_text(encoding="utf-8")
    (config.parent / "journey.toml").write_text(journey, encoding="utf-8")
    config.write_text(config.read_text().replace("[project]\n", '[project]\njourney = "journey.toml"\n'))
    waits = config.parent / "landing" / "wait_time" / DAY / "part-1.ndjson"
    waits.write_text(waits.read_text().replace("queue", "limbo"))
    run = run_night(load_dag(), NIGHT + timedelta(hours=18))
    assert run.state == "success"
    sentence = "source waits has stopped, the night goes on without the rest of it: landing/wait_time/"
    assert [message for message in warned if message.startswith(sentence)], warned
    loggers = [logging.getLogger(name) for name in ("pipeline.ingestion", "pipeline")]
    assert [each.propagate for each in loggers] == [True, True], "so Airflow's own handler, on the root, has it too"
    with duckdb.connect(str(settings.load(config).warehouse), read_only=True) as con:
        assert con.execute("select source from ops.source_failures").fetchall() == [("waits",)]


def test_a_settings_file_with_a_mistake_is_an_import_error_that_names_it(airflow: None, config: Path):
    from airflow.dag_processing.dagbag import DagBag

    config.write_text(config.read_text() + "\n[surprise]\n")
    bag = DagBag(dag_folder=str(ROOT / "dags"))
    assert not bag.dags
    assert "surprise" in str(bag.import_errors)
