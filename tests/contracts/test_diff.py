"""What changed between two versions of a contract, whom it breaks, and which version says so."""

from typing import Any

import pytest

from pipeline.contracts.contract import load, load_all
from pipeline.contracts.diff import Difference, diff
from tests.contracts.files import described, read

BREAKING, COMPATIBLE, DOCUMENTATION = "breaking", "compatible", "documentation"
NOBODY: tuple[str, ...] = ()
READERS, PRODUCERS, BOTH = ("readers",), ("producers",), ("readers", "producers")


def between(tmp_path: Any, old: dict[str, Any], new: dict[str, Any]) -> Difference:
    """The difference of two contracts, each told as columns, and what else stands in the file or the table."""
    made = []
    for name, told in (("old", old), ("new", new)):
        more = {"columns": [described("a"), described("z")]} | told
        made.append(read(tmp_path, *more.pop("columns"), name=f"{name}.yaml", **more))
    return diff(*made)


def columns(*found: dict[str, Any]) -> dict[str, Any]:
    return {"columns": list(found)}


def a(kind: str = "VARCHAR", **more: Any) -> dict[str, Any]:
    """Column a, beside one that stays."""
    return columns(described("a", kind, **more), described("z"))


def options(kind: str = "DOUBLE", **more: Any) -> dict[str, Any]:
    return a(kind, logicalTypeOptions=more)


def words(*allowed: str) -> dict[str, Any]:
    return a(enum=[{"value": word} for word in allowed])


def unit(**more: Any) -> dict[str, Any]:
    return {"customProperties": [{"property": name, "value": value} for name, value in more.items()]}


def row(implementation: str = "a > 'b'", **more: Any) -> dict[str, Any]:
    stated = {"name": "r", "description": "d", "type": "custom", "engine": "row", "implementation": implementation}
    return {"quality": [stated | more]}


def share(percent: float, operator: str = "mustBeLessOrEqualTo") -> dict[str, Any]:
    stated = {"name": "r", "description": "d", "metric": "nullValues", "unit": "percent", operator: percent}
    return a(quality=[stated])


def rows(**limit: Any) -> dict[str, Any]:
    return {"quality": [{"name": "r", "description": "d", "metric": "rowCount"} | limit]}


TWO = {"columns": [described("a"), described("z")]}


@pytest.mark.parametrize(
    ("old", "new", "where", "what", "kind", "breaks"),
    [
        pytest.param(TWO, columns(described("z")), "column a", "is removed", BREAKING, READERS, id="column removed"),
        pytest.param(columns(described("z")), TWO, "column a", "is added", COMPATIBLE, NOBODY, id="column added"),
        pytest.param(
            columns(described("z")), a(required=True), "column a", "is added and required", BREAKING, PRODUCERS,
            id="required column added",
        ),
        pytest.param(
            columns(described("z")),
            a(required=True, **unit(unit="none", derived=True)),
            "column a",
            "is added",
            COMPATIBLE,
            NOBODY,
            id="derived column added",
        ),
        pytest.param(
            a("DOUBLE"), a("BIGINT"), "column a", "DOUBLE is now BIGINT", BREAKING, BOTH, id="type narrowed"
        ),
        pytest.param(
            a("BIGINT"), a("DOUBLE"), "column a", "BIGINT is now DOUBLE", BREAKING, READERS, id="type widened"
        ),
        pytest.param(
            a(), a(required=True), "column a", "was optional and is now required", BREAKING, PRODUCERS, id="required"
        ),
        pytest.param(
            a(required=True), a(), "column a", "was required and may now be empty", BREAKING, READERS, id="optional"
        ),
        pytest.param(
            a(), a(**unit(unit="seconds")), "column a", "is now in seconds, no longer in none", BREAKING, BOTH,
            id="unit",
        ),
        pytest.param(
            a(), a(**unit(unit="none", derived=True)), "column a", "is now derived, no longer taken from files",
            BREAKING, PRODUCERS, id="derived",
        ),
        pytest.param(
            a(**unit(unit="none", derived=True)), a(), "column a", "is now taken from files", COMPATIBLE, NOBODY,
            id="no longer derived",
        ),
        pytest.param(
            words("x", "y"), words("x"), "column a", "may no longer be y", BREAKING, PRODUCERS, id="word removed"
        ),
        pytest.param(
            words("x"), words("x", "y"), "column a",
            "may now be y: a reader who lists all words misses the new", COMPATIBLE, NOBODY, id="word added",
        ),
        pytest.param(a(), words("x"), "column a", "may only be one of x", BREAKING, PRODUCERS, id="words listed"),
        pytest.param(words("x"), a(), "column a", "may now be any word", COMPATIBLE, NOBODY, id="words unlisted"),
        pytest.param(
            options(minimum=0), options(minimum=1), "column a", "minimum 0 is now 1", BREAKING, PRODUCERS,
            id="minimum raised",
        ),
        pytest.param(
            options(minimum=1), options(minimum=0), "column a", "minimum 1 is now 0", COMPATIBLE, NOBODY,
            id="minimum lowered",
        ),
        pytest.param(
            options(), options(maximum=9), "column a", "maximum none is now 9", BREAKING, PRODUCERS, id="maximum given"
        ),
        pytest.param(
            options(maximum=9), options(), "column a", "maximum 9 is now none", COMPATIBLE, NOBODY, id="maximum gone"
        ),
        pytest.param(
            options(exclusiveMaximum=9), options(exclusiveMaximum=8), "column a", "exclusive maximum 9 is now 8",
            BREAKING, PRODUCERS, id="exclusive maximum lowered",
        ),
        pytest.param(
            options("DATE", minimum="2020-01-01"), options("DATE", minimum="2021-01-01"), "column a",
            "minimum 2020-01-01 is now 2021-01-01", BREAKING, PRODUCERS, id="first day later",
        ),
        pytest.param(
            options("VARCHAR", maxLength=9), options("VARCHAR", maxLength=8), "column a", "maximum length 9 is now 8",
            BREAKING, PRODUCERS, id="shorter",
        ),
        pytest.param(
            options("VARCHAR", minLength=2), options("VARCHAR", minLength=1), "column a", "minimum length 2 is now 1",
            COMPATIBLE, NOBODY, id="may be shorter",
        ),
        pytest.param(
            a(), options("VARCHAR", pattern="x+"), "column a", "must match x+", BREAKING, PRODUCERS, id="pattern given"
        ),
        pytest.param(
            options("VARCHAR", pattern="x+"), options("VARCHAR", pattern="y+"), "column a",
            "must match y+, no longer x+", BREAKING, PRODUCERS, id="pattern changed",
        ),
        pytest.param(
            options("VARCHAR", pattern="x+"), a(), "column a", "need no longer match x+", COMPATIBLE, NOBODY,
            id="pattern gone",
        ),
        pytest.param(
            a(), a(description="what it is"), "column a", "is described anew", DOCUMENTATION, NOBODY, id="described"
        ),
        pytest.param(a(), a(examples=["y"]), "column a", "is described anew", DOCUMENTATION, NOBODY, id="example"),
        pytest.param(
            a(primaryKey=True), columns(described("a"), described("z", primaryKey=True)), "key",
            "the key (a) is now (z)", BREAKING, BOTH, id="key",
        ),
        pytest.param(
            TWO, unit(eventTime="a"), "event time", "rows get their day from a, no longer from nothing", BREAKING, BOTH,
            id="event time",
        ),
        pytest.param(
            unit(quarantineLimitShare=0.02), unit(quarantineLimitShare=0.01), "limit",
            "a file may hold 1.00% bad rows instead of 2.00%", BREAKING, PRODUCERS, id="fewer bad rows",
        ),
        pytest.param(
            unit(quarantineLimitShare=0.01), unit(quarantineLimitShare=0.02), "limit",
            "a file may hold 2.00% bad rows instead of 1.00%", COMPATIBLE, NOBODY, id="more bad rows",
        ),
        pytest.param(
            TWO, {"physicalName": "events.y"}, "table", "events.x is now events.y", BREAKING, READERS, id="table"
        ),
        pytest.param(
            TWO, {"description": "Other rows."}, "table", "is described anew", DOCUMENTATION, NOBODY, id="table's words"
        ),
        pytest.param(
            TWO, {"dataGranularityDescription": "one row per y"}, "grain",
            "the grain is worded anew; if a row is something else now, say so in the version", DOCUMENTATION, NOBODY,
            id="grain",
        ),
        pytest.param(TWO, row(), "rule r", "is new", BREAKING, PRODUCERS, id="rule added"),
        pytest.param(TWO, row(severity="warning"), "rule r", "is new", COMPATIBLE, NOBODY, id="warning added"),
        pytest.param(row(), TWO, "rule r", "is gone", COMPATIBLE, NOBODY, id="rule gone"),
        pytest.param(row(), row("a > 'c'"), "rule r", "is now a > 'c'", BREAKING, PRODUCERS, id="rule changed"),
        pytest.param(
            row(), row(severity="warning"), "rule r", "only warns now", COMPATIBLE, NOBODY, id="rule only warns"
        ),
        pytest.param(
            row(severity="warning"), row(), "rule r", "is now an error", BREAKING, PRODUCERS, id="warning is an error"
        ),
        pytest.param(row(), row(description="e"), "rule r", "is described anew", DOCUMENTATION, NOBODY, id="reworded"),
        pytest.param(
            share(5), share(4), "rule r", "4.00% of the rows may break it instead of 5.00%", BREAKING, PRODUCERS,
            id="smaller share",
        ),
        pytest.param(
            share(5), share(6), "rule r", "6.00% of the rows may break it instead of 5.00%", COMPATIBLE, NOBODY,
            id="larger share",
        ),
        pytest.param(
            share(5), share(5, "mustBeLessThan"), "rule r", "5.00% of the rows may break it instead of 5.00%", BREAKING,
            PRODUCERS, id="the share itself is too much",
        ),
        pytest.param(
            rows(mustBeGreaterThan=0), rows(mustBeGreaterThan=9), "rule r", "its figure must be > 9 instead of > 0",
            BREAKING, PRODUCERS, id="more rows",
        ),
        pytest.param(
            rows(mustBeGreaterThan=9), rows(mustBeGreaterThan=0), "rule r", "its figure must be > 0 instead of > 9",
            COMPATIBLE, NOBODY, id="fewer rows",
        ),
        pytest.param(
            rows(mustBeLessThan=9), rows(mustBeLessThan=10), "rule r", "its figure must be < 10 instead of < 9",
            COMPATIBLE, NOBODY, id="looser from above",
        ),
        pytest.param(
            rows(mustBe=9), rows(mustBeLessThan=10), "rule r", "its figure must be < 10 instead of 9", BREAKING,
            PRODUCERS, id="another operator",
        ),
        pytest.param(
            rows(mustBe=1), row(), "rule r", "is a rule of another kind", BREAKING, PRODUCERS, id="another kind of rule"
        ),
        pytest.param(
            rows(mustBe=1), {"quality": [{"name": "r", "type": "sql", "query": "select 1", "mustBe": 1}]}, "rule r",
            "measures something else", BREAKING, PRODUCERS, id="another figure",
        ),
    ],
)  # fmt: skip
def test_a_change_is_told_with_whom_it_breaks(tmp_path, old, new, where, what, kind, breaks):
    (change,) = between(tmp_path, old, new).changes
    assert (change.where, change.what, change.kind, change.breaks) == (where, what, kind, breaks)


def test_a_column_that_is_gone_may_have_been_renamed(tmp_path):
    found = between(
        tmp_path, columns(described("order"), described("z")), columns(described("order_id"), described("z"))
    )
    assert [(each.where, each.what) for each in found.changes] == [
        ("column order", "is removed; was it renamed order_id?"),
        ("column order_id", "is added"),
    ]
    unlike = between(tmp_path, columns(described("order")), columns(described("order_id", "DATE")))
    assert unlike.changes[0].what == "is removed"


def test_several_changes_stand_the_worst_first(tmp_path):
    old = columns(described("a"), described("b"), described("c"))
    new = columns(described("a", description="e"), described("c"), described("d", "DATE"))
    assert [(each.where, each.kind) for each in between(tmp_path, old, new).changes] == [
        ("column b", BREAKING),
        ("column d", COMPATIBLE),
        ("column a", DOCUMENTATION),
    ]


def versions(old: str, new: str) -> tuple[dict[str, Any], dict[str, Any]]:
    return {"top": {"version": old}}, {"top": {"version": new}}


@pytest.mark.parametrize(
    ("change", "old", "new", "needed", "is_raised"),
    [
        ({"physicalName": "events.y"}, "1.2.3", "1.3.0", "2.0.0", False),
        ({"physicalName": "events.y"}, "1.2.3", "2.0.0", "2.0.0", True),
        ({"physicalName": "events.y"}, "1.2.3", "3.1.0", "2.0.0", True),
        ({"physicalName": "events.y"}, "0.2.3", "0.3.0", "0.3.0", True),
        ({"physicalName": "events.y"}, "0.2.3", "0.2.4", "0.3.0", False),
        (row(severity="warning"), "1.2.3", "1.2.4", "1.3.0", False),
        (row(severity="warning"), "1.9.3", "1.10.0", "1.10.0", True),
        ({"description": "e"}, "1.2.3", "1.2.3", "1.2.4", False),
        ({"description": "e"}, "1.2.3", "1.2.4", "1.2.4", True),
        ({}, "1.2.3", "1.2.3", "1.2.3", True),
        ({}, "1.2.3", "1.2.2", "1.2.3", False),
    ],
)
def test_the_version_says_how_much_has_changed(tmp_path, change, old, new, needed, is_raised):
    before, after = versions(old, new)
    found = between(tmp_path, before, after | change)
    assert (found.old_version, found.new_version, found.needed, found.is_raised) == (old, new, needed, is_raised)
    assert found.kind == (found.changes[0].kind if change else None)


@pytest.mark.parametrize("name", load_all())
def test_a_contract_does_not_differ_from_itself(name):
    assert diff(load(name), load(name)).changes == ()
