"""A day of a table is replaced whole or not at all."""

from datetime import date

import duckdb
import polars as pl
import pytest

from pipeline.warehouse.days import fingerprint, replace_day, transaction
from tests.sql.worlds import rows, warehouse

DAY, NEXT = date(2026, 1, 15), date(2026, 1, 16)
TWO = """
    day        | stage    | entered | completed | lost
    2026-01-15 | cart     | 10      | 5         | 5
    2026-01-15 | checkout | 20      | 5         | 15
"""


def scores(text: str) -> pl.DataFrame:
    frame = rows("stage_scores", text)
    return frame.with_columns(
        pl.lit(None).alias(name) for name in _columns("stage_scores") if name not in frame.columns
    )


def _columns(name: str) -> tuple[str, ...]:
    from pipeline.contracts.contract import load

    return load(name).names


def stages(con) -> list[tuple[date, str, int]]:
    rows = con.execute("select day, stage, entered from friction.stage_scores order by all").fetchall()
    return [(day, stage, entered) for day, stage, entered in rows]


@pytest.fixture
def con():
    made = warehouse(stage_scores=TWO.replace("2026-01-15", "2026-01-16"))
    with made:
        yield made


def test_a_day_is_replaced_and_the_other_days_stay(con):
    replace_day(con, "stage_scores", DAY, scores(TWO))
    assert replace_day(con, "stage_scores", DAY, scores(TWO.replace("10 ", "11 ")).head(1)) == 1
    assert stages(con) == [(DAY, "cart", 11), (NEXT, "cart", 10), (NEXT, "checkout", 20)]


def test_an_empty_day_empties_the_day(con):
    assert replace_day(con, "stage_scores", NEXT, scores(TWO).head(0)) == 0
    assert stages(con) == []


def test_a_day_that_fails_half_way_is_the_old_day(con):
    before = stages(con)
    broken = scores(TWO.replace("2026-01-15", "2026-01-16")).with_columns(
        stage=pl.Series(["new", None])  # the contract requires it: the second row cannot be inserted
    )
    with pytest.raises(duckdb.ConstraintException):
        replace_day(con, "stage_scores", NEXT, broken)
    assert stages(con) == before
    replace_day(con, "stage_scores", DAY, scores(TWO))  # and the connection is as good as before


def test_rows_of_another_day_are_refused(con):
    before = stages(con)
    with pytest.raises(ValueError, match=r"friction\.stage_scores: rows of another day than 2026-01-16"):
        replace_day(con, "stage_scores", NEXT, scores(TWO))
    without = scores(TWO).with_columns(day=pl.lit(None, pl.Date))
    with pytest.raises(ValueError, match="another day"):
        replace_day(con, "stage_scores", NEXT, without)
    assert stages(con) == before


@pytest.mark.parametrize(
    ("change", "words"),
    [
        pytest.param(
            pl.col("entered").cast(pl.Float64) + 0.5, "entered is Float64, its contract says Int64", id="rounded"
        ),
        pytest.param(pl.lit(7).alias("stage"), "stage is Int32", id="a number"),
    ],
)
def test_a_column_of_another_type_than_its_contract_s_is_refused(con, change, words):
    before = stages(con)
    with pytest.raises(ValueError, match=words):
        replace_day(con, "stage_scores", DAY, scores(TWO).with_columns(change))
    with pytest.raises(ValueError, match=r"friction\.stage_scores: lost is None, its contract says Int64"):
        replace_day(con, "stage_scores", DAY, scores(TWO).drop("lost"))
    assert stages(con) == before


def test_an_interrupted_transaction_is_undone(con):
    before = stages(con)

    def interrupted() -> None:
        con.execute("delete from friction.stage_scores")
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt), transaction(con):
        interrupted()
    assert stages(con) == before


# --- fingerprint -----------------------------------------------------------------------------------------------------


@pytest.fixture
def table():
    with duckdb.connect() as con:
        con.execute("create table t (a varchar, n double, l varchar[], load_id varchar)")
        con.execute("insert into t values ('x', 1, ['a', 'b'], 'l1'), (null, 2, [], 'l1')")
        yield con


@pytest.mark.parametrize(
    ("change", "is_seen"),
    [
        pytest.param(
            "create or replace table t as from t order by n desc", False, id="the order of rows is irrelevant"
        ),
        pytest.param("update t set load_id = 'l2'", False, id="whence a row came is irrelevant"),
        pytest.param("update t set n = 2.0000000000000004 where n = 2", True, id="the last bit is not"),
        pytest.param("update t set a = '' where a is null", True, id="null is not the empty string"),
        pytest.param("update t set a = 'NULL' where a is null", True, id="null is not its name"),
        pytest.param("update t set l = ['a, b'] where n = 1", True, id="one text is not two"),
        pytest.param("insert into t from t limit 1", True, id="a row twice is not a row"),
        pytest.param("delete from t where n = 2", True, id="a row less is seen"),
    ],
)
def test_a_fingerprint_sees_content_and_nothing_else(table, change, is_seen):
    before = fingerprint(table, "t")
    table.execute(change)
    assert (fingerprint(table, "t") != before) == is_seen
