"""### Friction, every night

Reads the events of one business day, flags where customers struggled, scores it and writes the day's reports:
**prepare → ingest → check → flag → score → publish → report**. Readers see nothing of a run until `publish`
has swapped the finished database in, and the previous one stays beside it.

**When it runs.** At 04:00 in the project's time zone, for the day before. The day of a run is its partition key; of
a manual run its parameter `day`, else the last whole day before the run.

**When it fails.** Nothing was published: analysts still read yesterday's tables. Open the log of the first red task.
Its last line says where, what was found and what to do. (An import error of this DAG is an error in the settings file.)

| task | what a failure means | what to do |
|---|---|---|
| `prepare` | no settings file, or a mistake in it | set `FRICTION_CONFIG`; mend what the error names |
| `ingest` | a file is unreadable, or breaks its contract beyond the limit | `friction check FILE --contract NAME` |
| `ingest` | object storage refuses, or does not answer | what the error names: bucket, region, credentials |
| `check` | the loaded day breaks an expectation of its contract | `friction status`, then as for `ingest` |
| `flag`, `score` | an error of ours | report it with the log |
| `publish` | the disk is full, or the folder cannot be written | free it, clear the whole run |
| `report` | tables are published, only the files are missing | clear the task |

A source whose contract the journey file lists in `goes_on_without` may stop without failing `ingest`: the task is
green, its log has a warning that begins with "source NAME has stopped", and the report and `friction status` say so.
Mend the file and run the day again.

Running a day again is always safe: the same events give the same tables. **Clear the whole run** when in doubt.
What another attempt cannot mend (bad input, bad settings) fails at once; everything else is tried three times.

**By hand.** `airflow dags trigger friction_nightly --conf '{"day": "2026-01-15"}'`; all of January with
`airflow backfill create --dag-id friction_nightly --from-date 2026-01-01 --to-date 2026-02-01 --max-active-runs 1`
(`--to-date` is the first day that is not run; name no day that is not over).
Without Airflow: `friction run --day 2026-01-15`, which calls the same functions.

**Set up**, as environment variables of scheduler, DAG processor and workers:

| variable | default | meaning |
|---|---|---|
| `FRICTION_CONFIG` | `friction.toml` in the working directory | the settings file; give the absolute path |
| `FRICTION_POOL` | `default_pool` | the pool of all tasks |
| `AWS_PROFILE`, `AWS_ACCESS_KEY_ID` … | the machine's role | credentials for `s3://` paths; workers only |

Where other DAGs write to the same database, share a pool with one slot: `airflow pools set duckdb_writer 1 writer`.
All tasks of a run need the same disk.
"""

import os
from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any, cast
from zoneinfo import ZoneInfo

from airflow.sdk import (
    CronPartitionTimetable,
    ExceptionRetryPolicy,
    Param,
    RetryAction,
    RetryRule,
    dag,
    get_current_context,
    task,
)

from pipeline import settings

CONFIG = Path(os.environ.get("FRICTION_CONFIG", "friction.toml"))
# The schedule needs the zone while parsing. Without a file the DAG still shows, and `prepare` says what is missing.
ZONE = settings.load(CONFIG).project.timezone if CONFIG.is_file() else "UTC"

DEFAULTS = {
    "owner": "friction",
    "pool": os.environ.get("FRICTION_POOL", "default_pool"),
    "retries": 2,
    "retry_delay": timedelta(minutes=5),
    "execution_timeout": timedelta(hours=2),  # a night takes minutes; a hung one must not block the next
    "retry_policy": ExceptionRetryPolicy(
        rules=[
            RetryRule("pipeline.errors.WarehouseError", RetryAction.RETRY, reason="another process may hold the file"),
            RetryRule("pipeline.errors.StorageError", RetryAction.RETRY, reason="object storage may answer again"),
            RetryRule("pipeline.errors.FrictionError", RetryAction.FAIL, reason="another attempt reads the same"),
        ]
    ),
}


def business_day(context: Mapping[str, Any]) -> date:
    """The day that a run is about: its partition key, else its parameter, else the last whole day before it.

    "Before it" is before the end of its data interval, where it has one (a run with a logical date), or else before
    the moment from which it may run.
    """
    if given := context.get("partition_key") or context["params"].get("day"):
        return date.fromisoformat(given)
    moment = context.get("data_interval_end") or context["dag_run"].run_after
    return cast("datetime", moment).astimezone(ZoneInfo(ZONE)).date() - timedelta(days=1)


def night() -> tuple[settings.Settings, list[date]]:
    """The settings, and the days of the run that the calling task belongs to: one."""
    return settings.load(CONFIG), [business_day(cast("Mapping[str, Any]", get_current_context()))]


@dag(
    # Not at 02:00: clocks that are put forward skip it in most zones, and Airflow then loses that partition. No zone
    # skips 04:00.
    schedule=CronPartitionTimetable("0 4 * * *", timezone=ZONE, run_offset=-1, key_format="%Y-%m-%d"),
    start_date=datetime(2020, 1, 1, tzinfo=UTC),  # long ago, so that a backfill may go back; nothing is caught up
    catchup=False,
    max_active_runs=1,  # the database has one writer
    default_args=DEFAULTS,
    params={"day": Param(None, type=["null", "string"], format="date", description="Day to run, e.g. 2026-01-15")},
    tags=["friction", "nightly"],
    doc_md=__doc__,
)
def friction_nightly() -> None:
    """One line of work per task; tasks hand on counts and paths, never frames."""

    @task
    def prepare() -> str:
        from pipeline import steps

        run = cast("Any", get_current_context()["dag_run"])
        return str(steps.prepare(*night(), run_id=run.run_id, started_at=run.start_date))

    @task
    def ingest() -> int:
        from pipeline import steps

        return steps.ingest(*night())

    @task
    def check() -> int:
        from pipeline import steps

        return steps.check(*night())

    @task
    def flag() -> int:
        from pipeline import steps

        return steps.flag(*night())

    @task
    def score() -> int:
        from pipeline import steps

        return steps.score(*night())

    @task
    def publish() -> str:
        from pipeline import steps

        return steps.publish(*night())

    @task
    def report() -> list[str]:
        from pipeline import steps

        return [str(path) for path in steps.report(*night())]

    prepare() >> ingest() >> check() >> flag() >> score() >> publish() >> report()


friction_nightly()
