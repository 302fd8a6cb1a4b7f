"""Rows of the forgotten are left out of every file, in any format, and the list of them names nobody."""

import re
import stat
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.contracts import people
from pipeline.contracts.contract import load as load_contract
from pipeline.contracts.people import People
from pipeline.errors import WarehouseError
from pipeline.sources.files import open_file
from pipeline.warehouse import blocking, loading
from pipeline.warehouse.blocking import Blocked
from tests.warehouse import loads

ROWS: list[dict[str, Any]] = [
    {"event_id": "hers", "customer_id": "K-100231", "anonymous_id": "phone-1", "value": "1"},
    {"event_id": "unnamed", "customer_id": None, "anonymous_id": "phone-1", "value": "1"},
    {"event_id": "his, on her phone", "customer_id": "K-2", "anonymous_id": "phone-1", "value": "1"},
    {"event_id": "on a shared one", "customer_id": None, "anonymous_id": "shared", "value": "1"},
    {"event_id": "another on it", "customer_id": None, "anonymous_id": "shared", "value": "1"},
    {"event_id": "hers, bad", "customer_id": "K-100231", "anonymous_id": None, "value": "many"},
    {"event_id": "his, bad", "customer_id": "K-2", "anonymous_id": None, "value": "many"},
    {"event_id": "his, bad, of K-100231", "customer_id": "K-2", "anonymous_id": None, "value": "many"},
]
STAYS = {"his, on her phone", "another on it"}
EVENTS: list[dict[str, Any]] = [{**row, "occurred_at": "2026-01-15T10:00:00Z", "event_name": "click"} for row in ROWS]
ASKED = People(
    frozenset({"K-100231"}), devices=frozenset({"phone-1"}), rows={"clickstream": frozenset({"on a shared one"})}
)


def content(form: str) -> bytes:
    if form == "csv":
        return loads.as_csv(EVENTS, list(EVENTS[0]))
    if form == "ndjson":
        return loads.as_ndjson(EVENTS)
    return loads.as_parquet(EVENTS, dict.fromkeys(EVENTS[0], pl.String))


@pytest.mark.parametrize("form", ["csv", "ndjson", "parquet"])
def test_their_rows_are_none_of_the_file_s_whether_good_or_bad(con, tmp_path, form):
    import dataclasses

    path = loads.put(tmp_path, f"events.{form}", content(form))
    lenient = dataclasses.replace(load_contract("clickstream"), quarantine_limit_share=1.0)
    blocked = blocking.add(tmp_path / "w.duckdb", ASKED)
    file = open_file(path, path.name, None)
    with loading.read(con, "web", lenient, file, None, None, blocked) as staged:
        done = loading.add(con, staged, "UTC")
    assert {event for (event,) in con.execute("select event_id from events.clickstream").fetchall()} == STAYS
    assert (done.rows_read, done.rows_kept, done.rows_quarantined, done.rows_duplicate) == (3, 2, 1, 0)
    ((original,),) = con.execute("select original from ops.quarantine").fetchall()
    assert "his, bad" in original
    assert "K-100231" not in original


def test_the_list_can_be_read_by_its_owner_only_names_nobody_and_is_read_as_it_was_written(tmp_path):
    published = tmp_path / "friction.duckdb"
    assert blocking.read(published) is None
    written = blocking.add(published, ASKED)
    path = blocking.list_file(published)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert blocking.read(published) == written
    assert not re.search("K-100231|phone-1|shared", path.read_text())
    more = blocking.add(published, People(frozenset({"K-3"})))
    assert more.key == written.key
    assert [more.knows(each) for each in ("K-100231", "K-3", "K-2")] == [True, True, False]
    assert not [each for each in tmp_path.iterdir() if each != path]


@pytest.mark.parametrize("text", ["", "{}", "[]", '{"key": 1', '{"key": "k", "customers": 3}'])
def test_a_list_that_cannot_be_understood_is_an_error_and_not_an_empty_list(tmp_path: Path, text: str):
    published = tmp_path / "friction.duckdb"
    blocking.list_file(published).write_text(text)
    with pytest.raises(WarehouseError, match="is not the list of forgotten customers"):
        blocking.read(published)


@given(text=st.text("K-1é2 @_", max_size=12), word=st.text("K-1é2@", min_size=1, max_size=4))
def test_what_is_known_by_its_hash_is_found_in_a_text_as_a_pattern_finds_it(text: str, word: str):
    blocked = Blocked("key").and_(People(frozenset({word})))
    pattern = people.pattern(people.spellings(word))
    assert blocked.is_named_in(text) is bool(re.search(pattern, text))
