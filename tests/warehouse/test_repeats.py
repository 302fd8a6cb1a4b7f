"""The same row again, or a newer version of it: in one file, across files, in any order."""

from itertools import permutations
from pathlib import Path

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from tests.warehouse.loads import balance, kept, put, quarantined, take, undone

HEADER = "event_id,occurred_at,event_name,customer_id,received_at,value\n"


def row(name: str, received: str = "", value: str = "1") -> str:
    at = f"2026-01-15T{received}Z" if received else ""
    return f"{name},2026-01-15T10:00:00Z,click,c1,{at},{value}\n"


def values(con) -> list[tuple[str, float]]:
    rows = con.execute("select event_id, value from events.clickstream order by all").fetchall()
    return [(name, value) for name, value in rows]


def load_all(con, folder: Path, *contents: str) -> None:
    for number, content in enumerate(contents):
        take(con, put(folder, f"{number}-{abs(hash(content))}.csv", HEADER + content))
        balance(con)


def test_an_exact_repeat_in_one_file_is_a_duplicate(con, tmp_path):
    loaded = take(con, put(tmp_path, "a.csv", HEADER + row("e1") * 3 + row("e2")))
    assert (loaded.rows_read, loaded.rows_kept, loaded.rows_duplicate, loaded.rows_quarantined) == (4, 2, 2, 0)
    balance(con)


def test_an_exact_repeat_in_another_file_is_a_duplicate_of_the_second(con, tmp_path):
    load_all(con, tmp_path, row("e1"), row("e1") + row("e2"))
    assert values(con) == [("e1", 1.0), ("e2", 1.0)]
    assert con.execute("select rows_duplicate from ops.loads order by file").fetchall() == [(0,), (1,)]


@pytest.mark.parametrize("order", list(permutations(range(3))), ids=str)
@pytest.mark.parametrize("spread", ["in one file", "in three files"])
def test_of_several_versions_the_one_received_last_stays(con, tmp_path, order, spread):
    versions = [row("e1", "10:00:01", "1"), row("e1", "10:00:03", "3"), row("e1", "10:00:02", "2")]
    told = [versions[place] for place in order]
    load_all(con, tmp_path, *(["".join(told)] if spread == "in one file" else told))
    assert values(con) == [("e1", 3.0)]
    assert [rules for _, rules, _ in quarantined(con)] == [["event_id.superseded"]] * 2


@pytest.mark.parametrize("order", list(permutations(range(2))), ids=str)
def test_a_version_without_a_time_of_receipt_is_the_older_one(con, tmp_path, order):
    versions = [row("e1", "", "1"), row("e1", "09:00:00", "2")]
    load_all(con, tmp_path, *(versions[place] for place in order))
    assert values(con) == [("e1", 2.0)]


@pytest.mark.parametrize("order", list(permutations(range(3))), ids=str)
def test_versions_received_at_once_leave_the_same_one_in_any_order(con, tmp_path, order):
    versions = [row("e1", "10:00:01", value) for value in "123"]
    load_all(con, tmp_path, *(versions[place] for place in order))
    first = values(con)
    assert len(first) == 1
    con.execute("delete from events.clickstream")
    con.execute("delete from ops.loads")
    con.execute("delete from ops.quarantine")
    load_all(con, tmp_path, "".join(versions))
    assert values(con) == first


def test_a_superseded_row_keeps_its_text_and_names_its_file(con, tmp_path):
    take(con, put(tmp_path, "old.csv", HEADER + row("e1", "10:00:01", "1")))
    take(con, put(tmp_path, "new.csv", HEADER + row("e1", "10:00:02", "2")))
    found = con.execute("select file, original ->> 'value', broken_rules from ops.quarantine").fetchall()
    assert found == [("old.csv", "1.0", ["event_id.superseded"])]
    balance(con)


ZONES = ("UTC", "Europe/Istanbul", "Pacific/Chatham")


@pytest.mark.parametrize("order", list(permutations(range(3))), ids=str)
def test_versions_received_at_once_leave_the_same_one_in_whatever_zones_their_sources_are(con, tmp_path, order):
    versions = [row("e1", "10:00:01", value) for value in "123"]
    take(con, put(tmp_path, "all.csv", HEADER + "".join(versions)))
    first = values(con)
    for table in ("events.clickstream", "ops.loads", "ops.quarantine"):
        con.execute(f"delete from {table}")
    for place in order:
        con.execute(f"set timezone = '{ZONES[place]}'")  # as a night sets it to that of the source
        take(con, put(tmp_path, f"{place}.csv", HEADER + versions[place]))
        con.execute("set timezone = 'UTC'")
    assert values(con) == first


def test_superseded_rows_do_not_count_against_the_limit(con, tmp_path):
    text = HEADER + "".join(row("e1", f"10:00:{second:02}", str(second)) for second in range(50))
    assert take(con, put(tmp_path, "a.csv", text), limit=None).rows_quarantined == 49


def test_a_changed_version_tells_both_days(con, tmp_path):
    take(con, put(tmp_path, "a.csv", HEADER + row("e1", "10:00:01")))
    moved = row("e1", "10:00:02").replace("2026-01-15T10:00:00Z", "2026-01-16T10:00:00Z")
    loaded = take(con, put(tmp_path, "b.csv", HEADER + moved))
    assert sorted(str(day) for day in loaded.days) == ["2026-01-15", "2026-01-16"]


rows = st.builds(
    row,
    st.sampled_from(["e1", "e2", "e3"]),
    st.sampled_from(["", "10:00:01", "10:00:02"]),
    st.sampled_from(["1", "2", "x"]),
)


@settings(
    max_examples=25, deadline=None, derandomize=True, phases=[Phase.explicit, Phase.generate],
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)  # fmt: skip
@given(st.lists(rows, max_size=8), st.randoms(use_true_random=False), st.integers(1, 3))
def test_any_split_and_order_of_rows_leaves_the_same_events(shared, tmp_path, told, random, parts):
    found = []
    for shuffled in (False, True):
        mine = random.sample(told, len(told)) if shuffled else told
        split = [mine[part::parts] for part in range(parts)] if shuffled else [mine]
        with undone(shared):
            load_all(shared, tmp_path, *("".join(each) for each in split))
            found.append(kept(shared))
    assert found[0] == found[1]
