"""What changed between two versions of a contract, and whom it breaks.

Readers rely on what a table holds, producers on what it takes. So whatever lets more rows in may surprise readers, and
whatever lets fewer in refuses rows that producers send today.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

from pipeline.contracts.model import Bound, Column, Contract, Limit, Rule, TableRule

Kind = Literal["breaking", "compatible", "documentation"]
BUMPS: dict[Kind, int] = {"breaking": 0, "compatible": 1, "documentation": 2}  # place in the version's three numbers
PARTS = ("major", "minor", "patch")
VERSION = re.compile(r"(\d+)\.(\d+)\.(\d+)")
WIDER = {("BIGINT", "DOUBLE"), ("VARCHAR", "JSON"), ("DATE", "TIMESTAMPTZ")}


@dataclass(frozen=True)
class Change:
    """One change. `breaks`: readers, producers, both or nobody."""

    where: str
    what: str
    kind: Kind
    breaks: tuple[str, ...] = ()


@dataclass(frozen=True)
class Difference:
    """All changes, the worst first. `needed`: the least version that says so; `is_raised`: the new one does."""

    old_version: str
    new_version: str
    needed: str
    is_raised: bool
    changes: tuple[Change, ...]

    @property
    def kind(self) -> Kind | None:
        """The worst kind of all changes; None where there are none."""
        return self.changes[0].kind if self.changes else None


def diff(old: Contract, new: Contract) -> Difference:
    """What is different in the new version of a contract."""
    found = [*_table(old, new), *_columns(old, new), *_rules(old, new)]
    changes = sorted(found, key=lambda each: BUMPS[each.kind])
    needed = _needed(old.version, changes[0].kind) if changes else old.version
    return Difference(old.version, new.version, needed, _numbers(new.version) >= _numbers(needed), tuple(changes))


def _breaking(where: str, what: str, *whom: str) -> Change:
    return Change(where, what, "breaking", whom)


def _compatible(where: str, what: str) -> Change:
    return Change(where, what, "compatible")


def _documentation(where: str, what: str) -> Change:
    return Change(where, what, "documentation")


def _numbers(version: str) -> tuple[int, ...]:
    found = VERSION.match(version)
    return tuple(int(number) for number in found.groups()) if found else (0, 0, 0)


def _needed(version: str, kind: Kind) -> str:
    """The version with the number raised that says how much has changed; before 1.0.0 nothing is promised yet."""
    numbers = list(_numbers(version))
    place = max(BUMPS[kind], 1) if numbers[0] == 0 else BUMPS[kind]
    raised = [*numbers[:place], numbers[place] + 1, *[0] * (2 - place)]
    return ".".join(map(str, raised))


def _table(old: Contract, new: Contract) -> Iterator[Change]:
    if old.table != new.table:
        yield _breaking("table", f"{old.table} is now {new.table}", "readers")
    if old.key != new.key:
        words = f"the key ({', '.join(old.key)}) is now ({', '.join(new.key)})"
        yield _breaking("key", words, "readers", "producers")
    if old.event_time != new.event_time:
        words = f"rows get their day from {new.event_time or 'nothing'}, no longer from {old.event_time or 'nothing'}"
        yield _breaking("event time", words, "readers", "producers")
    if old.quarantine_limit_share != new.quarantine_limit_share:
        words = f"a file may hold {new.quarantine_limit_share:.2%} bad rows instead of {old.quarantine_limit_share:.2%}"
        is_tighter = new.quarantine_limit_share < old.quarantine_limit_share
        yield _breaking("limit", words, "producers") if is_tighter else _compatible("limit", words)
    if old.grain != new.grain:
        words = "the grain is worded anew; if a row is something else now, say so in the version"
        yield _documentation("grain", words)
    if old.description != new.description or old.notes != new.notes:
        yield _documentation("table", "is described anew")


def _columns(old: Contract, new: Contract) -> Iterator[Change]:
    before = {column.name: column for column in old.columns}
    after = {column.name: column for column in new.columns}
    added = [column for column in new.columns if column.name not in before]
    for column in old.columns:
        where = f"column {column.name}"
        if column.name not in after:
            like = [each.name for each in added if _is_like(column, each)]
            words = f"is removed; was it renamed {like[0]}?" if len(like) == 1 else "is removed"
            yield _breaking(where, words, "readers")
        else:
            yield from _column(where, column, after[column.name])
    for column in added:
        where = f"column {column.name}"
        if column.is_required and not column.is_derived:
            yield _breaking(where, "is added and required", "producers")
        else:
            yield _compatible(where, "is added")


def _is_like(old: Column, new: Column) -> bool:
    return (old.type, old.unit) == (new.type, new.unit) and (
        old.description == new.description or old.name in new.name or new.name in old.name
    )


def _column(where: str, old: Column, new: Column) -> Iterator[Change]:
    if old.type != new.type:
        widened = (old.type, new.type) in WIDER or new.type == "VARCHAR"
        whom = ["readers"] if widened else ["readers", "producers"]
        yield _breaking(where, f"{old.type} is now {new.type}", *whom)
    if old.unit != new.unit:
        yield _breaking(where, f"is now in {new.unit}, no longer in {old.unit}", "readers", "producers")
    if old.is_derived != new.is_derived:
        words = "is now derived, no longer taken from files" if new.is_derived else "is now taken from files"
        yield _breaking(where, words, "producers") if new.is_derived else _compatible(where, words)
    if new.is_required and not old.is_required:
        yield _breaking(where, "was optional and is now required", "producers")
    if old.is_required and not new.is_required:
        yield _breaking(where, "was required and may now be empty", "readers")
    yield from _words(where, old.allowed, new.allowed)
    yield from _pattern(where, old.pattern, new.pattern)
    for name, before, after, up in (
        ("minimum", old.minimum, new.minimum, True),
        ("exclusive minimum", old.above, new.above, True),
        ("minimum length", old.min_length, new.min_length, True),
        ("maximum", old.maximum, new.maximum, False),
        ("exclusive maximum", old.below, new.below, False),
        ("maximum length", old.max_length, new.max_length, False),
    ):
        yield from _bound(where, name, before, after, upwards_is_tighter=up)
    if (old.description, old.example) != (new.description, new.example):
        yield _documentation(where, "is described anew")


def _words(where: str, old: Sequence[str], new: Sequence[str]) -> Iterator[Change]:
    gone, come = [word for word in old if word not in new], [word for word in new if word not in old]
    if old and not new:
        yield _compatible(where, "may now be any word")
    elif new and not old:
        yield _breaking(where, f"may only be one of {', '.join(new)}", "producers")
    else:
        if gone:
            yield _breaking(where, f"may no longer be {', '.join(gone)}", "producers")
        if come:
            yield _compatible(where, f"may now be {', '.join(come)}: a reader who lists all words misses the new")


def _pattern(where: str, old: str | None, new: str | None) -> Iterator[Change]:
    if old == new:
        return
    if new is None:
        yield _compatible(where, f"need no longer match {old}")
    else:
        yield _breaking(where, f"must match {new}" + (f", no longer {old}" if old else ""), "producers")


def _bound(
    where: str, name: str, old: Bound | None, new: Bound | None, *, upwards_is_tighter: bool
) -> Iterator[Change]:
    if old == new:
        return
    shown = [
        "none" if bound is None else f"{bound:g}" if isinstance(bound, int | float) else bound for bound in (old, new)
    ]
    words = f"{name} {shown[0]} is now {shown[1]}"
    if old is None or new is None:
        is_tighter = old is None
    else:  # of one column, so of one type; a changed type is told of by itself
        is_tighter = (
            str(new) > str(old) if isinstance(new, str) or isinstance(old, str) else new > old
        ) == upwards_is_tighter
    yield _breaking(where, words, "producers") if is_tighter else _compatible(where, words)


def _rules(old: Contract, new: Contract) -> Iterator[Change]:
    before, after = _by_name(old), _by_name(new)
    for name in dict.fromkeys([*before, *after]):
        where, was, now = f"rule {name}", before.get(name), after.get(name)
        if now is None:
            yield _compatible(where, "is gone")
        elif was is None:
            yield _stated(where, "is new", now)
        elif was.severity != now.severity:
            yield _stated(where, f"is now an {now.severity}" if now.severity == "error" else "only warns now", now)
        elif (change := _judged(was, now)) is not None:
            words, is_tighter = change
            yield _stated(where, words, now) if is_tighter else _compatible(where, words)
        elif was.description != now.description:
            yield _documentation(where, "is described anew")


def _by_name(contract: Contract) -> dict[str, Rule | TableRule]:
    # uniqueness of the key is told of as the key
    key = f"{'+'.join(contract.key)}.unique"
    every: tuple[Rule | TableRule, ...] = (*contract.custom_rules, *contract.share_rules, *contract.table_rules)
    return {each.name: each for each in every if each.name != key}


def _stated(where: str, words: str, now: Rule | TableRule) -> Change:
    """A rule that refuses more than before; one that only warns refuses nothing."""
    return _breaking(where, words, "producers") if now.severity == "error" else _compatible(where, words)


def _judged(was: Rule | TableRule, now: Rule | TableRule) -> tuple[str, bool] | None:
    """What is different in how a rule judges, and whether it judges harder; None: nothing is."""
    if isinstance(was, Rule) and isinstance(now, Rule):
        if was.holds != now.holds:
            return f"is now {now.holds}", True
        if (was.limit_share, was.is_strict) != (now.limit_share, now.is_strict):
            words = f"{now.limit_share:.2%} of the rows may break it instead of {was.limit_share:.2%}"
            return words, (now.limit_share, not now.is_strict) < (was.limit_share, not was.is_strict)
        return None
    if isinstance(was, TableRule) and isinstance(now, TableRule):
        if (was.figure, was.query, was.columns, was.unit) != (now.figure, now.query, now.columns, now.unit):
            return "measures something else", True
        if was.limit != now.limit:
            return f"its figure must be {now.limit} instead of {was.limit}", not _is_looser(was.limit, now.limit)
        return None
    return "is a rule of another kind", True


def _is_looser(was: Limit, now: Limit) -> bool:
    if was.operator != now.operator:
        return False
    if "Greater" in was.operator:
        return now.values < was.values
    return "Less" in was.operator and now.values > was.values
