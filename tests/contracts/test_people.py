"""What names a person is known of every column of every table, and how a text names one."""

import re

import duckdb
import pytest

from pipeline.contracts import people
from pipeline.contracts.contract import load, load_all
from pipeline.contracts.people import People


@pytest.mark.parametrize("name", load_all())
def test_of_every_column_somebody_has_said_whether_it_names_a_person(name: str):
    assert people.unknown(load(name)) == [], "say in contracts/people.py whose it is, so that it can be forgotten"


def test_a_column_is_of_one_kind_and_each_kind_is_used():
    kinds = [people.OF_ONE, people.WORDS, people.OF_NOBODY, {people.CUSTOMER, people.DEVICE, people.PERSON}]
    listed = [name for kind in kinds for name in kind]
    assert len(listed) == len(set(listed))
    used = {column.name for contract in load_all().values() for column in contract.columns}
    assert set(listed) <= used


@pytest.mark.parametrize("name", load_all())
def test_a_table_that_names_a_person_has_rows_of_theirs(name: str):
    contract = load(name)
    names = {people.CUSTOMER, people.DEVICE, people.PERSON, people.VISIT} & set(contract.names)
    assert (people.condition(contract.names) is not None) is bool(names)


TEXTS = {
    "K-1": True, "k-1": False, "K-12": False, "aK-1": False, "_K-1": False, "K-1-b": False, "b-K-1": False,
    "c:K-1": True, "?customer=K-1&x": True, '{"id":"K-1"}': True, "K-1,K-2": True, "mr K-1.": True, "": False,
    "éK-1é": True,
}  # fmt: skip


@pytest.mark.parametrize(("text", "is_named"), TEXTS.items())
def test_a_text_names_a_person_where_the_id_stands_by_itself(text: str, is_named: bool):
    pattern = people.pattern(["K-1"])
    assert bool(re.search(pattern, text)) is is_named
    found = duckdb.execute("select regexp_matches($text, $pattern)", {"text": text, "pattern": pattern}).fetchall()
    assert found == [(is_named,)]


def test_an_id_is_found_as_urls_json_and_csv_write_it():
    found = people.spellings('ü @"x')
    assert {'ü @"x', "%C3%BC%20%40%22x", '\\u00fc @\\"x', 'ü @\\"x', 'ü @""x'} <= found


@pytest.mark.parametrize(
    ("word", "is_distinctive"),
    [("K-1002", True), ("a@b.eu", True), ("100231", False), ("summer", False), ("K-1", False), ("mobile1", True)],
)
def test_an_id_that_may_be_anything_is_not_taken_for_the_customer(word: str, is_distinctive: bool):
    assert people.is_distinctive(word) is is_distinctive


def test_a_device_of_one_version_that_another_knows_to_be_shared_is_shared():
    alone = People(frozenset({"K-1"}), devices=frozenset({"d1", "d2"}))
    other = People(frozenset({"K-1"}), shared=frozenset({"d1"}), rows={"clickstream": frozenset({"e1"})})
    both = alone | other
    assert both.devices == {"d2"}
    assert both.shared == {"d1"}
    assert both.persons == {"c:K-1", "a:d2"}
    assert both.rows == {"clickstream": {"e1"}}
