import polars as pl
from polars.testing import assert_frame_equal

from pipeline.journeys.pages import KEPT, pages
from tests.drawn import table

EVENTS = """
    session | event_id | event_name     | page_path | occurred_at
    --------+----------+----------------+-----------+--------------------
    1       | e1       | session_start  |           | 2026-01-01 10:00:00
    1       | e2       | page_view      | /a        | 2026-01-01 10:00:01
    1       | e3       | click          | /a        | 2026-01-01 10:00:02
    1       | e4       | click          |           | 2026-01-01 10:00:03
    1       | e5       | page_view      | /a        | 2026-01-01 10:00:04
    1       | e6       | view_item      | /p/1      | 2026-01-01 10:00:05
    1       | e7       | web_vital      | /p/1      | 2026-01-01 10:00:06
    1       | e8       | click          |           | 2026-01-01 10:00:07
    2       | e9       | click          |           | 2026-01-01 11:00:00
    4       | f1       | view_item_list | /p/1      | 2026-01-01 12:00:00
    4       | f2       | page_view      | /p/1      | 2026-01-01 12:00:01
    4       | f3       | search         | /p/1      | 2026-01-01 12:00:02
"""


def events() -> pl.DataFrame:
    drawn = table(
        EVENTS,
        session=pl.UInt32,
        event_id=pl.String,
        event_name=pl.String,
        page_path=pl.String,
        occurred_at=pl.Datetime("us", "UTC"),
    )
    return drawn.with_columns(pl.lit(None, pl.String).alias(name) for name in KEPT if name not in drawn.columns)


def test_a_page_is_entered_where_its_path_changes_or_it_is_loaded_again():
    found = pages(events()).select(
        "event_id", "page_path", "acts", "items", "lists", left=pl.col("left_at").dt.second()
    )
    assert found.rows() == [
        ("e2", "/a", 2, 0, 0, 4),
        ("e5", "/a", 0, 0, 0, 5),
        ("e6", "/p/1", 1, 1, 0, None),
        ("f1", "/p/1", 0, 0, 1, 1),
        ("f2", "/p/1", 1, 0, 1, None),
    ]


def test_no_events_are_no_pages():
    assert pages(events().clear()).is_empty()
    assert_frame_equal(pages(events().with_columns(page_path=pl.lit(None, pl.String))), pages(events().clear()))
