"""Who has been forgotten stays so: their rows are left out of every file that is loaded later, however often.

The list of them names nobody. It holds hashes that are made with a key of its own, and it is kept beside the warehouse
and not in it: so it outlives every version, and whoever may read the tables cannot try out ids against it.
"""

import json
import os
import re
import secrets
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from hashlib import sha256
from pathlib import Path

import duckdb

from pipeline.contracts.contract import Contract
from pipeline.contracts.people import CUSTOMER, DEVICE, People
from pipeline.errors import WarehouseError
from pipeline.quoting import quoted
from pipeline.warehouse.staging import Staging

_SIGN = re.compile(r"[0-9A-Za-z_-]")


@dataclass(frozen=True)
class Blocked:
    """Hashes of who was forgotten: customers, devices of nobody else, keys of rows by contract, words in texts.

    `lengths`: of the words, so that a text can be searched for what is known by its hash only.
    """

    key: str
    customers: frozenset[str] = frozenset()
    devices: frozenset[str] = frozenset()
    rows: dict[str, frozenset[str]] = field(default_factory=dict)
    words: frozenset[str] = frozenset()
    lengths: frozenset[int] = frozenset()

    def hashed(self, values: Iterable[str]) -> frozenset[str]:
        """The values as the list knows them; DuckDB makes the same of them in `leave_out`."""
        return frozenset(sha256(f"{self.key}{value}".encode()).hexdigest() for value in values)

    def knows(self, customer: str) -> bool:
        """Whether a customer has been forgotten."""
        return self.hashed([customer]) <= self.customers

    def and_(self, people: People) -> "Blocked":
        """The list with these people, too."""
        rows = dict(self.rows)
        for name, keys in people.rows.items():
            rows[name] = rows.get(name, frozenset()) | self.hashed(keys)
        return replace(
            self,
            customers=self.customers | self.hashed(people.customers),
            devices=self.devices | self.hashed(people.devices),
            rows=rows,
            words=self.words | self.hashed(people.spellings),
            lengths=self.lengths | {len(word) for word in people.spellings},
        )

    def is_named_in(self, text: str) -> bool:
        """Whether a word of the list stands by itself in a text, as `people.pattern` finds one that is not hashed."""
        inside = [bool(_SIGN.match(sign)) for sign in text]
        begins = [place for place in range(len(text)) if place == 0 or not inside[place - 1]]
        found = {
            text[begin : begin + length]
            for begin in begins
            for length in self.lengths
            if begin + length == len(text) or (begin + length < len(text) and not inside[begin + length])
        }
        return not self.words.isdisjoint(self.hashed(found))


def list_file(published: Path) -> Path:
    """Where the list is. It is to be kept with the warehouse and its copies, and shown to nobody."""
    return published.with_name(f"{published.stem}-forgotten.json")


def read(published: Path) -> Blocked | None:
    """The list; None where nobody has been forgotten. Raises WarehouseError where it cannot be understood."""
    path = list_file(published)
    try:
        told = json.loads(path.read_text(encoding="utf-8"))
        return Blocked(
            told["key"],
            frozenset(told["customers"]),
            frozenset(told["devices"]),
            {name: frozenset(keys) for name, keys in told["rows"].items()},
            frozenset(told["words"]),
            frozenset(told["lengths"]),
        )
    except FileNotFoundError:
        return None
    except (json.JSONDecodeError, UnicodeDecodeError, KeyError, TypeError, AttributeError) as error:
        raise WarehouseError(
            f"{path} is not the list of forgotten customers that friction has written ({error!r}). Put it back from a "
            "copy: without it their rows would be loaded again."
        ) from error


def add(published: Path, people: People) -> Blocked:
    """Put people on the list, which is written whole or not at all, and can be read by its owner only."""
    blocked = (read(published) or Blocked(secrets.token_hex(32))).and_(people)
    path = list_file(published)
    path.parent.mkdir(parents=True, exist_ok=True)
    told = {
        "key": blocked.key,
        "customers": sorted(blocked.customers),
        "devices": sorted(blocked.devices),
        "rows": {name: sorted(keys) for name, keys in sorted(blocked.rows.items())},
        "words": sorted(blocked.words),
        "lengths": sorted(blocked.lengths),
    }
    fresh = path.with_name(f"{path.name}.new")
    fresh.unlink(missing_ok=True)
    with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as out:
        json.dump(told, out, indent=1)
        out.flush()
        os.fsync(out.fileno())
    fresh.replace(path)
    return blocked


def of_run(con: duckdb.DuckDBPyConnection, published: Path) -> Blocked | None:
    """The list, as a load needs it. Raises WarehouseError where people were forgotten and it is not there."""
    blocked = read(published)
    if blocked is None and con.execute("select count(*) from ops.forgotten").fetchall() != [(0,)]:
        raise WarehouseError(
            f"{list_file(published)} is missing, the list of the customers who were forgotten (see ops.forgotten). Put "
            "it back from a copy: without it their rows would be loaded again."
        )
    return blocked


def leave_out(con: duckdb.DuckDBPyConnection, contract: Contract, staging: Staging, blocked: Blocked) -> int:
    """Make rows of `staged` that are of forgotten people none of the file's; gives their number.

    They are not counted either: neither as read nor as kept, quarantined or repeated.
    """
    key = contract.key[0]
    lists = {CUSTOMER: blocked.customers, DEVICE: blocked.devices}
    lists[key] = lists.get(key, frozenset()) | blocked.rows.get(contract.name, frozenset())
    has = [name for name in lists if name in staging.brought]
    told, wanted = list[str](), dict[str, list[str]]()
    for column in (name for name in has if lists[name]):
        wanted[f"hashes_{len(told)}"] = sorted(lists[column])
        alone = f" and {CUSTOMER} is null" if column == DEVICE and CUSTOMER in has else ""
        told.append(
            f"({quoted(column)} in (select value from (select distinct {quoted(column)} as value from named) "
            f"where sha256($key || value) in (select unnest($hashes_{len(told)}::varchar[]))){alone})"
        )
    if not told:
        return 0
    # kept, because Parquet would be read once for each of the lists
    con.execute(f"create or replace temp table named as select id, {', '.join(map(quoted, has))} from {staging.rows}")
    con.execute(
        f"create or replace temp table left_out as select id from named where {' or '.join(told)}",
        {"key": blocked.key} | wanted,
    )
    con.execute("drop table named")
    is_theirs = f"is_ours and {staging.id} in (select id from left_out)"
    found = con.execute(f"select count(*) from staged where {is_theirs}").fetchall()[0][0]
    con.execute(f"update staged set is_ours = false, is_good = false where {is_theirs}")
    return int(found)


def leave_out_refused(con: duckdb.DuckDBPyConnection, blocked: Blocked) -> int:
    """Delete rows of `refused` whose text names a forgotten person; gives their number."""
    found = con.execute("select rowid, original from refused").fetchall()
    gone = [row for row, original in found if blocked.is_named_in(original)]
    con.execute("delete from refused where rowid in (select unnest($gone::bigint[]))", {"gone": gone})
    return len(gone)
