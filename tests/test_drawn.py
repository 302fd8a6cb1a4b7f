"""The drawn tables that other tests are made of."""

from datetime import UTC, date, datetime

import polars as pl
import pytest

from tests.drawn import INSTANT, table


def test_a_drawn_table_has_its_rows_in_order_and_its_blanks_as_nulls():
    drawn = table(
        """
        person | clicks | share | is_new | on         | at                         | tags | sizes
        -------+--------+-------+--------+------------+----------------------------+------+------
        angry  | 4      | 0.5   | true   | 2026-01-01 | 2026-01-01 10:00:00.000001 | a, b | 1, 2
        # one that did nothing
               |        |       |        |            |                            |      |
        ''     | -1     | 2     | false  | 2026-01-02 | 2026-01-01T10:00:00+03:00  | []   | []
        """,
        clicks=pl.Int64,
        share=pl.Float64,
        is_new=pl.Boolean,
        on=pl.Date,
        at=pl.Datetime,
        tags=pl.List(pl.String),
        sizes=pl.List(pl.Int64),
    )
    assert drawn.rows() == [
        ("angry", 4, 0.5, True, date(2026, 1, 1), datetime(2026, 1, 1, 10, 0, 0, 1, UTC), ["a", "b"], [1, 2]),
        (None, None, None, None, None, None, None, None),
        ("", -1, 2.0, False, date(2026, 1, 2), datetime(2026, 1, 1, 7, tzinfo=UTC), [], []),
    ]
    assert drawn.schema["at"] == INSTANT
    assert drawn.schema["sizes"] == pl.List(pl.Int64)


def test_a_table_without_rows_keeps_its_types():
    drawn = table("at | n\n---+---", at=pl.Datetime, n=pl.UInt32)
    assert dict(drawn.schema) == {"at": INSTANT, "n": pl.UInt32}
    assert drawn.is_empty()


def test_a_table_of_one_column_needs_no_bar():
    assert table("name\n----\na\nb").rows() == [("a",), ("b",)]


def test_an_enum_keeps_its_words():
    assert table("kind\n---\nb", kind=pl.Enum(["a", "b"])).schema["kind"] == pl.Enum(["a", "b"])


@pytest.mark.parametrize(
    ("text", "dtypes", "message"),
    [
        ("a | b\n1", {}, "1 cells for 2 columns in: 1"),
        ("a | b\n1 | 2 | 3", {}, "3 cells for 2 columns"),
        ("a | a\n1 | 2", {}, "drawn twice"),
        ("a\n1", {"b": pl.Int64}, r"no such column is drawn: \['b'\]"),
        ("a\nx", {"a": pl.Int64}, "in: x"),
        ("a\nyes", {"a": pl.Boolean}, "'yes' is neither true nor false in: yes"),
        ("a\n2026-13-01", {"a": pl.Datetime}, "in: 2026-13-01"),
        ("\n  \n", {}, "needs a header"),
    ],
)
def test_a_table_that_is_drawn_wrong_says_where(text: str, dtypes: dict[str, type[pl.DataType]], message: str):
    with pytest.raises(ValueError, match=message):
        table(text, **dtypes)
