import re

import duckdb
import polars as pl
import pytest

from pipeline.contracts.contract import load_all
from pipeline.reports.report import EXAMPLES
from pipeline.resources import root
from pipeline.warehouse import headers
from tests.reports.days import DAY, WORLD, full, report

QUERIES = sorted((root() / "sql" / "reports").glob("*.sql"))


def steps(**world):
    return report(**(WORLD | world)).examples


@pytest.mark.parametrize("path", QUERIES, ids=lambda path: path.stem)
def test_the_header_of_each_query_names_exactly_what_it_reads_and_takes(path):
    text = path.read_text(encoding="utf-8")
    bare = re.sub(r"--[^\n]*", "", text)
    header = headers.read(text)
    read = duckdb.get_table_names(re.sub(r"\$\w+", "null", bare), qualified=True)
    assert set(header.reads) == {name.partition(" AS ")[0] for name in read}
    assert set(header.params) == set(re.findall(r"\$(\w+)", bare))
    assert header.grain


def test_only_the_day_is_read():
    found = full()
    assert found.points["point_id"].to_list() == ["pay", "zip", "gone", "bare", "few"]
    assert set(found.points["day"]) == {DAY}
    assert found.flags["flag_id"].to_list() == ["f-1"]
    assert found.loads["load_id"].to_list() == ["l-1"]


def test_points_and_flags_keep_the_columns_of_their_contracts():
    found = full()
    assert found.points.columns == list(load_all()["points"].names)
    assert found.flags.columns == list(load_all()["flags"].names)


def test_the_history_holds_earlier_days_of_the_days_points():
    found = full().history.filter(pl.col("point_id") == "pay")
    assert [row[-1] for row in found.iter_rows()] == [0.04, 0.12]


def test_a_decided_visit_comes_before_an_open_one_although_that_is_more_severe():
    examples = full().examples.unique(["example"], keep="first", maintain_order=True)
    assert examples["flag_id"].to_list() == ["f-1", "f-0"]
    assert examples["visit_outcome"].to_list() == ["lost", "open"]


def test_a_visit_is_told_step_by_step_around_its_marked_evidence():
    first = full().examples.filter(pl.col("example") == 1)
    told = list(first.select("event_id", "kind", "what", "is_evidence").iter_rows())
    assert told == [
        ("e-1", "clickstream", "begin_checkout", False),
        ("e-3", "clickstream", "click", True),
        ("e-4", "clickstream", "click", True),
        ("e-5", "clickstream", "payment_error", False),
        ("w-1", "wait_time", "queue", False),
    ], "not e-6 of another customer on the same phone, not e-7 half an hour later, not the wait that is also called e-3"


def test_a_wait_that_is_still_going_on_at_the_days_end_has_no_end_yet():
    wait = """
        wait_id | customer_id | wait_type | channel | started_at               | ended_at                 | outcome
        w-1     | ada         | queue     | phone   | 2026-01-15T10:05:00.000Z | 2026-01-16T00:00:00.000Z | served
        w-2     | ada         | queue     | phone   | 2026-01-15T10:06:00.000Z | 2026-01-15T23:59:59.000Z | served
        """
    told = steps(wait_time=wait).filter(pl.col("kind") == "wait_time")
    assert list(told.select("event_id", "outcome", "seconds").iter_rows()) == [
        ("w-1", "open", None),
        ("w-2", "served", 50_039.0),
    ]


def test_what_happened_after_the_day_is_not_shown():
    flag = WORLD["flags"].replace("10:00:05", "23:59:58").replace("10:00:06", "23:59:59")
    clicks = (
        WORLD["clickstream"].replace("10:00:05", "23:59:58").replace("10:00:06", "23:59:59")
        + "    e-8 | 2026-01-16T00:00:01.000Z | purchase | ada | phone | / | | |\n"
    )
    told = steps(flags=flag, clickstream=clicks).filter(pl.col("example") == 1)
    assert told["event_id"].to_list() == ["e-3", "e-4"]


def test_a_long_visit_is_cut_to_the_steps_nearest_to_the_evidence():
    many = "".join(
        f"    x-{second:02} | 2026-01-15T10:01:{second:02}.000Z | scroll | ada | phone | / | | |\n"
        for second in range(30)
    )
    told = steps(clickstream=WORLD["clickstream"] + many).filter(pl.col("example") == 1)
    assert told.height == 12
    assert set(told["events"]) == {35}
    assert told["event_id"].to_list()[:4] == ["e-1", "e-3", "e-4", "e-5"]
    assert told["event_id"].to_list()[-1] == "x-07"


def test_at_most_three_visits_of_a_point_are_shown_and_a_visit_once():
    flags = WORLD["flags"] + "".join(
        f"    2026-01-15 | g-{n} | rage_click | checkout | element | #pay | c:ada | ada | v-{n // 2} "
        f"| 2026-01-15T10:00:05.000Z | 2026-01-15T10:00:06.000Z | 0.{n} | e-3\n"
        for n in range(1, 9)
    )
    told = steps(flags=flags)
    assert told["example"].n_unique() == 3
    assert told["visit_id"].n_unique() == 3


def test_a_flag_whose_events_are_gone_gives_no_example():
    assert steps(clickstream="event_id | occurred_at\nother | 2026-01-15T10:00:00.000Z", wait_time="wait_id").is_empty()


def test_a_file_without_a_day_counts_where_its_rows_lie():
    loads = """
        load_id | file  | day | rows_read | rows_kept | rows_quarantined | rows_duplicate
        here    | a.csv |     | 3         | 3         | 0                | 0
        other   | b.csv |     | 3         | 3         | 0                | 0
        nothing | c.csv |     | 2         | 0         | 2                | 0
        """
    clicks = """
        event_id | occurred_at              | load_id
        e-1      | 2026-01-15T10:00:00.000Z | here
        e-2      | 2026-01-14T10:00:00.000Z | other
        """
    assert set(report(loads=loads, clickstream=clicks).loads["load_id"]) == {"here", "nothing"}


def test_broken_rules_are_those_of_the_days_files_the_commonest_first():
    assert list(full().broken_rules.iter_rows()) == [
        ("clickstream", "occurred_at.type", 2),
        ("clickstream", "plausible_time", 1),
    ]


def test_only_the_last_check_of_an_expectation_counts():
    assert full().expectations.select("expectation", "found").rows() == [
        ("channel.enum", "1.43% of rows"),
        ("freshness", "120 hours"),
    ]


def test_an_empty_warehouse_gives_an_empty_report():
    found = report()
    assert found.points.is_empty()
    assert dict(found.examples.schema) == dict(EXAMPLES)
    assert found.kinds["rows"].to_list() == [0, 0, 0]


def test_what_is_set_aside_is_no_step_of_an_example_and_no_event_of_the_day():
    def crowded(text, key):
        """The rows, and each once more as a bot's under another id."""
        head, *rows = [line.strip() for line in text.strip().splitlines()]
        rows = [row for row in rows if set(row) - set("-+ ")]
        again = [f"again-{row} | bot" for row in rows]
        assert head.startswith(key)
        return "\n".join([f"{head} | set_aside", *(f"{row} |" for row in rows), *again])

    errors = """
        error_id | customer_id | order_id | occurred_at              | error_type
        x-1      | ada         | o-1      | 2026-01-15T10:07:00.000Z | damaged
        """
    quiet = WORLD | {"order_error": errors}
    keys = {"clickstream": "event_id", "wait_time": "wait_id", "order_error": "error_id"}
    before, after = report(**quiet), report(**quiet | {name: crowded(quiet[name], key) for name, key in keys.items()})
    assert set(before.examples["kind"]) == set(keys)
    assert before.examples.height > 3
    assert after.examples.equals(before.examples)
    assert after.kinds.equals(before.kinds)


def test_files_say_how_many_of_their_rows_are_set_aside_on_any_day():
    traffic = """
        day        | contract    | load_id | rows | rows_set_aside | test | internal | bot | impossible_rate
        2026-01-15 | clickstream | l-1     | 9    | 5              | 1    | 0        | 4   | 0
        2026-01-16 | clickstream | l-1     | 9    | 3              | 1    | 2        | 0   | 0
        """
    loads = report(**WORLD | {"traffic": traffic}).loads
    assert loads.select("load_id", "test", "internal", "bot", "impossible_rate").rows() == [("l-1", 2, 2, 4, 0)]
    assert full().loads.select("test", "internal", "bot", "impossible_rate").rows() == [(0, 0, 0, 0)]
