"""A file that changes: what it alone brought goes, what another file brought, too, or an older version of it, stays."""

from pathlib import Path

from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from pipeline.warehouse.unloading import unload
from tests.warehouse.loads import balance, kept, put, quarantined, take, undone

HEADER = "event_id,occurred_at,event_name,customer_id,received_at,value,attributes\n"
ATTRIBUTES = '"{""b"": 1.50,  ""a"": null}"'  # as no JSON library would write it


def row(name: str, received: str = "", value: str = "1", *, day: int = 15) -> str:
    at = f"2026-01-{day:02}T{received}Z" if received else ""
    return f"{name},2026-01-{day:02}T10:00:00.123456Z,click,c1,{at},{value},{ATTRIBUTES}\n"


def bring(con, folder: Path, name: str, content: str) -> frozenset:
    """Load a file as a night does: what it held before is taken back first. Gives the days that this changes."""
    days = unload(con, "web", name, "UTC")
    days |= take(con, put(folder, name, HEADER + content)).days
    balance(con)
    return days


def counts(con) -> dict[str, tuple[int, int, int, int]]:
    rows = con.execute("select file, rows_read, rows_kept, rows_quarantined, rows_duplicate from ops.loads").fetchall()
    return {file: tuple(found) for file, *found in rows}


def values(con) -> list[tuple[str, float, str]]:
    """Id, value and file of every event."""
    found = con.execute(
        "select event_id, value, file from events.clickstream join ops.loads using (load_id) order by all"
    ).fetchall()
    return [(name, value, file) for name, value, file in found]


def test_what_a_file_alone_brought_in_is_taken_back_whole(con, tmp_path):
    bring(con, tmp_path, "a.csv", row("e1") + "e2,never,click,c1,,,\n")
    bring(con, tmp_path, "b.csv", row("e3"))
    assert [str(day) for day in unload(con, "web", "a.csv", "UTC")] == ["2026-01-15"]
    assert values(con) == [("e3", 1.0, "b.csv")]
    assert quarantined(con) == []
    balance(con)
    assert unload(con, "web", "a.csv", "UTC") == frozenset()
    assert unload(con, "another", "b.csv", "UTC") == frozenset()


def test_a_row_that_two_files_brought_stays_when_the_first_of_them_drops_it(con, tmp_path):
    bring(con, tmp_path, "a.csv", row("e1") + row("e2"))
    bring(con, tmp_path, "b.csv", row("e1") + row("e3"))
    assert counts(con) == {"a.csv": (2, 2, 0, 0), "b.csv": (2, 1, 0, 1)}
    bring(con, tmp_path, "a.csv", row("e2"))
    assert values(con) == [("e1", 1.0, "b.csv"), ("e2", 1.0, "a.csv"), ("e3", 1.0, "b.csv")]
    assert counts(con) == {"a.csv": (1, 1, 0, 0), "b.csv": (2, 2, 0, 0)}


def test_a_row_that_both_still_have_is_kept_once(con, tmp_path):
    bring(con, tmp_path, "a.csv", row("e1"))
    bring(con, tmp_path, "b.csv", row("e1"))
    bring(con, tmp_path, "a.csv", row("e1") + row("e2"))
    assert values(con) == [("e1", 1.0, "b.csv"), ("e2", 1.0, "a.csv")]
    assert counts(con) == {"a.csv": (2, 1, 0, 1), "b.csv": (1, 1, 0, 0)}


def test_the_one_that_is_handed_a_row_may_hold_it_several_times_and_hand_it_on(con, tmp_path):
    for name, content in (("a.csv", row("e1")), ("b.csv", row("e1") * 3), ("c.csv", row("e1"))):
        bring(con, tmp_path, name, content)
    unload(con, "web", "a.csv", "UTC")
    balance(con)
    assert counts(con) == {"b.csv": (3, 1, 0, 2), "c.csv": (1, 0, 0, 1)}
    unload(con, "web", "b.csv", "UTC")
    balance(con)
    assert values(con) == [("e1", 1.0, "c.csv")]
    unload(con, "web", "c.csv", "UTC")
    assert values(con) == []
    assert con.execute("select * from ops.repeats").fetchall() == []


def test_an_older_version_stands_again_to_the_letter_when_the_newer_one_is_dropped(con, tmp_path):
    bring(con, tmp_path, "old.csv", row("e1", "10:00:01", "1"))
    before = kept(con)
    bring(con, tmp_path, "new.csv", row("e1", "10:00:02", "2") + row("e2", day=18))
    assert counts(con)["old.csv"] == (1, 0, 1, 0)
    days = bring(con, tmp_path, "new.csv", row("e3", day=18))
    assert [str(day) for day in sorted(days)] == ["2026-01-15", "2026-01-18"]
    assert kept(con)[:1] == before
    assert counts(con) == {"old.csv": (1, 1, 0, 0), "new.csv": (1, 1, 0, 0)}


def test_of_two_older_versions_the_newer_stands_again(con, tmp_path):
    bring(con, tmp_path, "a.csv", row("e1", "10:00:01", "1") + row("e1", "10:00:02", "2"))
    bring(con, tmp_path, "b.csv", row("e1", "10:00:03", "3"))
    unload(con, "web", "b.csv", "UTC")
    balance(con)
    assert values(con) == [("e1", 2.0, "a.csv")]


def test_an_older_version_that_two_files_brought_outlives_the_first_of_them(con, tmp_path):
    bring(con, tmp_path, "a.csv", row("e1", "10:00:01", "1"))
    bring(con, tmp_path, "b.csv", row("e1", "10:00:01", "1"))
    bring(con, tmp_path, "c.csv", row("e1", "10:00:02", "2"))
    unload(con, "web", "a.csv", "UTC")
    balance(con)
    assert counts(con)["b.csv"] == (1, 0, 1, 0), "it is a duplicate of nothing now, but replaced by c"
    unload(con, "web", "c.csv", "UTC")
    balance(con)
    assert values(con) == [("e1", 1.0, "b.csv")]


def test_rows_of_an_input_without_a_time_are_handed_on_too(con, tmp_path):
    for name in ("a.csv", "b.csv"):
        take(con, put(tmp_path, name, "customer_id,segment\nc1,loyal\n"), "customers")
    assert unload(con, "web", "a.csv", "UTC") == frozenset()
    balance(con)
    assert con.execute("select customer_id, segment from events.customers").fetchall() == [("c1", "loyal")]


def test_a_row_of_another_contract_with_the_same_id_is_nobody_s_heir(con, tmp_path):
    bring(con, tmp_path, "a.csv", row("x1"))
    bring(con, tmp_path, "b.csv", row("x1"))
    header = "customer_id,segment\n"
    take(con, put(tmp_path, "c.csv", header + "x1,new\n"), "customers")
    unload(con, "web", "c.csv", "UTC")
    balance(con)
    assert con.execute("select count(*) from events.customers").fetchall() == [(0,)]
    assert counts(con)["b.csv"] == (1, 0, 0, 1)


rows = st.builds(
    row,
    st.sampled_from(["e1", "e2"]),
    st.sampled_from(["", "10:00:01", "10:00:02"]),
    st.sampled_from(["1", "2", "x"]),
)
deliveries = st.lists(
    st.tuples(st.sampled_from(["a.csv", "b.csv", "c.csv"]), st.lists(rows, max_size=4)), min_size=2, max_size=7
)


@settings(
    max_examples=15, deadline=None, derandomize=True, phases=[Phase.explicit, Phase.generate],
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)  # fmt: skip
@given(deliveries)
def test_however_often_files_changed_their_last_contents_are_what_counts(shared, tmp_path, told):
    last = {name: "".join(content) for name, content in told}
    with undone(shared):
        for name, content in last.items():
            bring(shared, tmp_path, name, content)
        at_once = kept(shared)
    with undone(shared):
        for name, content in told:
            bring(shared, tmp_path, name, "".join(content))
        assert kept(shared) == at_once
        read = {name: content.count("\n") for name, content in last.items()}
        assert {name: found[0] for name, found in counts(shared).items()} == read
