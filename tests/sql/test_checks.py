"""Each check finds what it looks for, and only that; and the runner of `pipeline.warehouse.checks`."""

import dataclasses
import shutil
from datetime import date
from pathlib import Path

import duckdb
import polars as pl
import pytest

from pipeline.contracts.contract import load_all
from pipeline.errors import WarehouseError
from pipeline.quoting import quoted
from pipeline.warehouse import checks
from tests.sql.worlds import PARAMETERS, files, query, warehouse

# By check: a world in which some rows are right and some are wrong; what the check shows of the wrong ones.
CASES: dict[str, tuple[dict[str, str], str, list[object]]] = {
    "loads_balance": (
        {
            "loads": """
            load_id | rows_read | rows_kept | rows_quarantined | rows_duplicate
            --------+-----------+-----------+------------------+---------------
            right   | 10        | 7         | 1                | 2
            lost    | 10        | 7         | 0                | 2
            hidden  | 10        | 7         | 2                | 1
            """,
            "quarantine": "load_id | line\n---+---\nright | 3\nhidden | 4",
        },
        "load_id",
        ["hidden", "lost"],
    ),
    "stage_score_over_lost": (
        {
            "stage_scores": """
            day        | stage     | entered | completed | lost | score | health
            -----------+-----------+---------+-----------+------+-------+-------
            2026-01-15 | all       | 200     | 190       | 10   | 5.0   | 95.0
            2026-01-15 | above     | 200     | 190       | 10   | 5.001 | 94.999
            2026-01-15 | below     | 200     | 190       | 10   | -0.1  | 100.1
            2026-01-15 | health    | 200     | 190       | 10   | 5.0   | 96.0
            2026-01-15 | undecided | 200     | 180       | 10   | 5.0   | 95.0
            2026-01-15 | nobody    | 0       | 0         | 0    | 0.0   | 100.0
            2026-01-15 | nothing   | 0       | 0         | 0    | 1.0   | 99.0
            2026-01-14 | yesterday | 200     | 190       | 10   | 9.0   | 91.0
            """
        },
        "stage",
        ["above", "below", "health", "nothing", "undecided"],
    ),
    "point_scores_sum": (
        {
            "points": """
            day        | stage    | signal | score
            -----------+----------+--------+------
            2026-01-15 | right    | a      | 1.25
            2026-01-15 | right    | b      | 2.5
            2026-01-15 | wrong    | a      | 1.25
            2026-01-15 | wrong    | b      | 2.5
            2026-01-15 | no_stage | a      | 1.0
            2026-01-15 | idle     | a      | 0.0
            """,
            "stage_scores": """
            day        | stage     | score
            -----------+-----------+------
            2026-01-15 | right     | 3.75
            2026-01-15 | wrong     | 3.70
            2026-01-15 | no_points | 1.0
            2026-01-15 | quiet     | 0.0
            2026-01-14 | right     | 9.0
            """,
        },
        "stage",
        ["no_points", "no_stage", "wrong"],
    ),
    "point_figures_disagree": (
        {
            "points": """
            day        | locus    | kind     | exposed | affected | rate | rate_low | rate_high | effect | effect_low | effect_high | lost_visits | lost_visits_low | lost_visits_high | revenue_at_risk | revenue_at_risk_low | revenue_at_risk_high | rank
            -----------+----------+----------+---------+----------+------+----------+-----------+--------+------------+-------------+-------------+-----------------+------------------+-----------------+---------------------+----------------------+-----
            2026-01-15 | right    | obstacle | 40      | 10       | 0.25 | 0.1      | 0.4       | 0.1    | -0.1       | 0.3         | 1.0         | 0.0             | 4.0              | 10.0            | 0.0                 | 40.0                 | 1
            2026-01-15 | bare     | obstacle | 0       | 3        |      |          |           |        |            |             | 0.0         | 0.0             | 0.0              |                 |                     |                      |
            2026-01-15 | affected | obstacle | 40      | 41       | 1.025| 0.9      | 1.1       |        |            |             | 1.0         | 0.0             | 4.0              |                 |                     |                      |
            2026-01-15 | rate     | obstacle | 40      | 10       | 0.26 | 0.1      | 0.4       |        |            |             | 1.0         | 0.0             | 4.0              |                 |                     |                      |
            2026-01-15 | wilson   | obstacle | 40      | 10       | 0.25 | 0.3      | 0.4       |        |            |             | 1.0         | 0.0             | 4.0              |                 |                     |                      |
            2026-01-15 | effect   | obstacle | 40      | 10       | 0.25 | 0.1      | 0.4       | 0.4    | -0.1       | 0.3         | 1.0         | 0.0             | 4.0              |                 |                     |                      |
            2026-01-15 | visits   | obstacle | 40      | 10       | 0.25 | 0.1      | 0.4       |        |            |             | 5.0         | 0.0             | 4.0              |                 |                     |                      |
            2026-01-15 | money    | obstacle | 40      | 10       | 0.25 | 0.1      | 0.4       |        |            |             | 1.0         | 0.0             | 4.0              | 50.0            | 0.0                 | 40.0                 |
            2026-01-15 | few      | obstacle | 29      | 0        | 0.0  | 0.0      | 0.4       |        |            |             | 1.0         | 0.0             | 4.0              |                 |                     |                      | 2
            2026-01-15 | outcome  | outcome  | 40      | 10       | 0.25 | 0.1      | 0.4       |        |            |             | 0.0         | 0.0             | 0.0              |                 |                     |                      | 3
            """  # noqa: E501
        },
        "contradictions",
        [
            "affected > exposed",
            "rate is not affected / exposed",
            "rate outside its interval",
            "effect outside its interval",
            "lost_visits outside its interval",
            "revenue_at_risk outside its interval",
            "ranked with fewer than 30 exposed",
            "an outcome has a rank",
        ],
    ),
    "outcomes_claim_loss": (
        {
            "points": """
            day        | locus | kind     | lost_visits | lost_visits_high | revenue_at_risk | score
            -----------+-------+----------+-------------+------------------+-----------------+------
            2026-01-15 | right | outcome  | 0           | 0                | 0               | 0
            2026-01-15 | blank | outcome  | 0           | 0                |                 | 0
            2026-01-15 | claim | outcome  | 1           | 1                |                 | 0
            2026-01-15 | upper | outcome  | 0           | 1                |                 | 0
            2026-01-15 | money | outcome  | 0           | 0                | 5               | 0
            2026-01-15 | score | outcome  | 0           | 0                |                 | 1
            2026-01-15 | other | obstacle | 1           | 2                | 5               | 1
            """
        },
        "locus",
        ["claim", "upper", "money", "score"],
    ),
    "flags_without_visit": (
        {
            "stage_visits": """
            day        | visit_id | stage    | person_id
            -----------+----------+----------+----------
            2026-01-14 | v-1      | checkout | a
            2026-01-15 | v-2      | checkout | a
            2026-01-16 | v-3      | checkout | a
            """,
            "flags": """
            day        | flag_id | visit_id | stage    | person_id
            -----------+---------+----------+----------+----------
            2026-01-15 | earlier | v-1      | checkout | a
            2026-01-15 | same    | v-2      | checkout | a
            2026-01-15 | later   | v-3      | checkout | a
            2026-01-15 | nowhere | v-4      | checkout | a
            2026-01-15 | stage   | v-1      | payment  | a
            2026-01-15 | person  | v-1      | checkout | b
            2026-01-14 | old     | v-4      | checkout | a
            """,
        },
        "flag_id",
        ["later", "nowhere", "person", "stage"],
    ),
    "flag_out_of_bounds": (
        {
            "flags": """
            day        | flag_id | severity | evidence | started_at          | ended_at            | flagged_at
            -----------+---------+----------+----------+---------------------+---------------------+--------------------
            2026-01-15 | none    | 0.0      | e        | 2026-01-15 10:00:00 | 2026-01-15 10:00:00 | 2026-01-15 10:00:00
            2026-01-15 | all     | 1.0      | e, f     | 2026-01-15 10:00:00 | 2026-01-15 10:00:01 | 2026-01-15 10:00:02
            2026-01-15 | goes on | 0.5      | e, f     | 2026-01-15 10:00:00 | 2026-01-15 10:00:02 | 2026-01-15 10:00:01
            2026-01-15 | above   | 1.001    | e        | 2026-01-15 10:00:00 | 2026-01-15 10:00:00 | 2026-01-15 10:00:00
            2026-01-15 | below   | -0.001   | e        | 2026-01-15 10:00:00 | 2026-01-15 10:00:00 | 2026-01-15 10:00:00
            2026-01-15 | nan     | nan      | e        | 2026-01-15 10:00:00 | 2026-01-15 10:00:00 | 2026-01-15 10:00:00
            2026-01-15 | proof   | 0.5      | []       | 2026-01-15 10:00:00 | 2026-01-15 10:00:00 | 2026-01-15 10:00:00
            2026-01-15 | ends    | 0.5      | e        | 2026-01-15 10:00:01 | 2026-01-15 10:00:00 | 2026-01-15 10:00:02
            2026-01-15 | early   | 0.5      | e        | 2026-01-15 10:00:00 | 2026-01-15 10:00:02 | 2026-01-15 09:59:59
            """
        },
        "flag_id",
        ["above", "below", "early", "ends", "nan", "proof"],
    ),
    "visit_decided_twice": (
        {
            "stage_visits": """
            day        | visit_id | is_decided | outcome   | decided_at
            -----------+----------+------------+-----------+--------------------
            2026-01-14 | once     | false      | open      |
            2026-01-15 | once     | true       | lost      | 2026-01-15 10:00:00
            2026-01-14 | twice    | true       | lost      | 2026-01-14 10:00:00
            2026-01-15 | twice    | true       | completed | 2026-01-15 10:00:00
            2026-01-15 | open     | true       | open      | 2026-01-15 10:00:00
            2026-01-15 | never    | true       | lost      |
            2026-01-13 | before   | true       | lost      | 2026-01-13 10:00:00
            2026-01-14 | before   | true       | lost      | 2026-01-14 10:00:00
            """
        },
        "visit_id",
        ["never", "open", "twice"],
    ),
    "session_too_long": (
        {
            "sessions": """
            day        | session_id | started_at          | ended_at                   | closed_at           | events
            -----------+------------+---------------------+----------------------------+---------------------+-------
            2026-01-15 | a day      | 2026-01-14 10:00:00 | 2026-01-15 10:00:00        | 2026-01-15 10:30:00 | 9
            2026-01-15 | longer     | 2026-01-14 10:00:00 | 2026-01-15 10:00:00.000001 | 2026-01-15 10:30:01 | 9
            2026-01-15 | backwards  | 2026-01-15 10:00:01 | 2026-01-15 10:00:00        | 2026-01-15 10:30:00 | 9
            2026-01-15 | unclosed   | 2026-01-15 10:00:00 | 2026-01-15 10:10:00        | 2026-01-15 10:00:00 | 9
            2026-01-15 | nothing    | 2026-01-15 10:00:00 | 2026-01-15 10:10:00        | 2026-01-15 10:40:00 | 0
            """
        },
        "session_id",
        ["backwards", "longer", "nothing", "unclosed"],
    ),
    "money_over_lost": (
        {
            "points": """
            day        | stage    | locus | revenue_at_risk | currency | window_days
            -----------+----------+-------+-----------------+----------+------------
            2026-01-15 | right    | a     | 60.0            | TRY      | 2
            2026-01-15 | right    | b     | 40.01           | TRY      | 2
            2026-01-15 | above    | a     | 60.0            | TRY      | 2
            2026-01-15 | above    | b     | 40.02           | TRY      | 2
            2026-01-15 | unlost   | a     | 1.0             | TRY      | 2
            2026-01-15 | median   | a     | 20.0            | TRY      | 2
            2026-01-15 | unvalued | a     |                 |          | 2
            2026-01-15 | foreign  | a     | 350.0           | TRY      | 2
            """,
            "stage_visits": """
            day        | visit_id | stage   | outcome   | is_decided | is_exposure | value | currency
            -----------+----------+---------+-----------+------------+-------------+-------+---------
            2026-01-14 | r-1      | right   | lost      | true       | true        | 100   | TRY
            2026-01-14 | a-1      | above   | lost      | true       | true        | 100   |
            2026-01-13 | before   | above   | lost      | true       | true        | 100   |
            2026-01-16 | after    | above   | lost      | true       | true        | 100   |
            2026-01-15 | m-1      | median  | lost      | true       | true        |       |
            2026-01-15 | m-2      | median  | completed | true       | true        | 20    |
            2026-01-15 | won      | above   | completed | true       | true        | 100   |
            2026-01-15 | open     | above   | open      | false      | true        | 100   |
            2026-01-15 | error    | above   | lost      | true       | false       | 100   |
            2026-01-15 | f-1      | foreign | lost      | true       | true        | 10    | EUR
            """,
        },
        "stage",
        ["above", "unlost"],
    ),
    "traffic_miscounted": (
        {
            "clickstream": """
            load_id | day        | set_aside
            --------+------------+----------
            right   | 2026-01-15 | bot
            right   | 2026-01-15 |
            wrong   | 2026-01-15 | bot
            unnoted | 2026-01-15 |
            older   | 2026-01-14 | bot
            """,
            "orders": "load_id | day | set_aside\n---+---+---\nright | 2026-01-15 | test",
            "traffic": """
            day        | contract    | load_id | rows | rows_set_aside | test | internal | bot | impossible_rate
            -----------+-------------+---------+------+----------------+------+----------+-----+----------------
            2026-01-15 | clickstream | right   | 2    | 1              | 0    | 0        | 1   | 0
            2026-01-15 | clickstream | wrong   | 1    | 1              | 1    | 0        | 0   | 0
            2026-01-15 | wait_time   | gone    | 3    | 0              | 0    | 0        | 0   | 0
            2026-01-15 | orders      | right   | 1    | 1              | 1    | 0        | 0   | 0
            """,
        },
        "load_id",
        ["unnoted", "wrong", "wrong", "gone"],
    ),
    "day_of_event": (
        {
            "clickstream": """
            event_id | day        | occurred_at
            ---------+------------+-----------------------
            right    | 2026-01-15 | 2026-01-14 21:00:00
            last     | 2026-01-15 | 2026-01-15 20:59:59.999
            utc      | 2026-01-15 | 2026-01-15 21:00:00
            early    | 2026-01-15 | 2026-01-14 20:59:59.999
            """,
            "wait_time": "wait_id | day | started_at\n---+---+---\nw | 2026-01-15 | 2026-01-16",
            "order_error": "error_id | day | occurred_at\n---+---+---\nx | 2026-01-15 | 2026-01-16",
            "orders": "order_id | day | placed_at\n---+---+---\no | 2026-01-15 | 2026-01-16",
            "feedback": "feedback_id | day | given_at\n---+---+---\nf | 2026-01-15 | 2026-01-16",
            "flags": "flag_id | day | flagged_at\n---+---+---\ng | 2026-01-15 | 2026-01-16",
            "sessions": "session_id | day | closed_at\n---+---+---\ns | 2026-01-15 | 2026-01-16",
        },
        "id",
        ["early", "utc", "f", "x", "o", "w", "g", "s"],
    ),
}


def test_every_check_has_a_case():
    assert {path.stem for path in files("checks")} == set(CASES) | {"duplicate_keys"}


@pytest.mark.parametrize("name", CASES)
def test_the_check_returns_exactly_the_offending_rows(name: str):
    world, column, offending = CASES[name]
    found = query(warehouse(**world), f"checks/{name}", timezone="Europe/Istanbul")
    assert found[column].to_list() == offending


@pytest.mark.parametrize("name", sorted(name for name, contract in load_all().items() if contract.key))
def test_a_key_that_stands_twice_is_found_in_each_table(name: str):
    contract = load_all()[name]
    column = next(column for column in contract.columns if column.is_key and column.type == "VARCHAR")
    con = warehouse(**{name: f"{column.name}\n---\nonce\ntwice\ntwice\n"})
    if "day" in contract.names:
        con.execute(f"update {contract.table} set day = $day", {"day": PARAMETERS["day"]})
    for other in contract.key:  # the rest of the key is the same in all rows
        if other not in {column.name, "day"}:
            con.execute(
                f"update {contract.table} set {quoted(other)} = (select min({quoted(other)}) from {contract.table})"
            )
    found = query(con, "checks/duplicate_keys")
    assert found.select("table_name", "rows").rows() == [(contract.table, 2)]
    assert "twice" in found["key"][0]


def test_a_key_of_the_day_that_stands_on_another_day_too_is_a_duplicate():
    con = warehouse(
        clickstream="event_id | occurred_at\n---+---\nsame | 2026-01-02\nsame | 2026-01-15\nother | 2026-01-02"
    )
    assert query(con, "checks/duplicate_keys")["key"].to_list() == ["same"]


GIVEN = {"day": date(2026, 1, 15), "timezone": "UTC", "something else": 1}


def test_running_all_checks_on_a_sound_warehouse_finds_nothing():
    results = checks.run(warehouse(), GIVEN)
    assert [result.name for result in results] == [path.stem for path in files("checks")]
    assert {result.severity for result in results} == {"fail", "warn"}
    assert all(result.holds and result.rows == 0 and result.sample == () for result in results)


def test_a_result_counts_all_offending_rows_and_shows_the_first_five():
    loads = "load_id | rows_read\n---+---\n" + "\n".join(f"l-{number:05} | 1" for number in range(20_003))
    results = {result.name: result for result in checks.run(warehouse(loads=loads), GIVEN)}
    broken = results["loads_balance"]
    assert (broken.severity, broken.rows, broken.holds) == ("fail", 20_003, False)
    assert [row["load_id"] for row in broken.sample] == ["l-00000", "l-00001", "l-00002", "l-00003", "l-00004"]
    assert broken.summary.startswith("Loads whose rows do not add up")
    assert [result.name for result in results.values() if not result.holds] == ["loads_balance"]


def test_a_result_cannot_be_changed():
    result = checks.run(warehouse(), GIVEN)[0]
    with pytest.raises(dataclasses.FrozenInstanceError):
        result.rows = 1  # type: ignore[misc]


def test_running_checks_changes_nothing_and_leaves_no_result_open():
    con = warehouse(loads="load_id | rows_read\n---+---\nl | 1")
    before = con.sql("select * from ops.loads").pl()
    checks.run(con, GIVEN)
    assert con.sql("select * from ops.loads").pl().equals(before)


def test_a_parameter_without_value_is_named():
    with pytest.raises(WarehouseError, match=r"day_of_event: no value for \$timezone"):
        checks.run(warehouse(), {"day": date(2026, 1, 15)})


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("-- Rows: one row per x\nselect 1", "first line must be `-- fail` or `-- warn`"),
        ("-- fail\n-- Rows: one row per x\nselect * from nowhere", "check broken cannot be run"),
    ],
)
def test_a_check_that_is_none_is_an_error_and_not_a_pass(
    text: str, message: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    con = warehouse()
    (tmp_path / "sql" / "checks").mkdir(parents=True)
    shutil.copy(files("checks")[0], tmp_path / "sql" / "checks" / "a_good_one.sql")
    (tmp_path / "sql" / "checks" / "broken.sql").write_text(text, encoding="utf-8")
    monkeypatch.setattr(checks, "root", lambda: tmp_path)
    with pytest.raises(WarehouseError, match=message):
        checks.run(con, GIVEN)


def test_the_sample_is_by_column_name():
    con = warehouse(
        stage_scores="day | stage | entered | completed | lost | score\n---+---\n2026-01-15 | s | 1 | 1 | 1 | 0"
    )
    found = next(result for result in checks.run(con, GIVEN) if result.name == "stage_score_over_lost")
    assert found.sample[0]["stage"] == "s"
    assert list(found.sample[0]) == query(con, "checks/stage_score_over_lost").columns


def test_checks_run_through_a_read_only_connection(tmp_path: Path):
    path = tmp_path / "w.duckdb"
    con = warehouse()
    con.execute(f"attach '{path}' as file")
    con.execute("copy from database memory to file")
    con.close()
    with duckdb.connect(str(path), read_only=True) as readonly:
        assert all(result.holds for result in checks.run(readonly, GIVEN))
        assert isinstance(readonly.sql("select * from marts.dictionary").pl(), pl.DataFrame)
