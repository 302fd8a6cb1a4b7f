"""Who a row is of: what names a person in which column, told by the columns' names, which mean one thing everywhere.

A table whose columns are not all known here is a table whose rows nobody could forget: a test walks all contracts.
"""

import json
import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from urllib.parse import quote

from pipeline.contracts.contract import Contract, load_all

CUSTOMER, DEVICE, PERSON, VISIT = "customer_id", "anonymous_id", "person_id", "visit_id"

# Ids of what belongs to one person: they go with the row that names the person.
OF_ONE = frozenset({
    "case_id", "cart_id", "contact_id", "error_id", "event_id", "evidence", "feedback_id", "flag_id", "id", "order_id",
    "session_id", "visit_id", "visits", "wait_id",
})  # fmt: skip

# What people or their machines have written, or what quotes it: it may say who they are, in the rows of others too.
# A column that names places comes from the pages and elements of the clickstream.
WORDS = frozenset({
    "attributes", "comment", "detail", "element", "element_text", "entry_page", "error", "exit_page", "found",
    "ip_address", "loci", "locus", "original", "page_path", "page_url", "place", "query", "referrer", "user_agent",
    "value",
})  # fmt: skip

# Words of the business, of its shops and of the pipeline: the same for many people.
OF_NOBODY = frozenset({
    "agent_id", "app_version", "broken_rules", "browser", "carrier", "channel", "channels", "column_types", "columns",
    "contract", "country", "coupon", "currency", "customers", "delimiter", "device", "dimension", "effect_basis",
    "error_class", "error_code", "error_type", "etag", "event_name", "expectation", "field_id", "file", "form_id",
    "format", "item_id", "kind", "load_id", "locus_type", "measure", "metric", "missing_columns", "outcome", "owner",
    "parameters", "payment_method", "point_id", "product_id", "program", "queue", "reason", "region", "resolution",
    "run_id", "segment", "set_aside", "settings", "severity", "sha256", "signal", "signal_version", "source", "stage",
    "stages", "status", "step", "table_name", "team", "tier", "trend", "unknown_columns", "wait_type", "warehouse",
    "why", "worst_signal", "worst_stage",
})  # fmt: skip

TEXTS = frozenset({"VARCHAR", "JSON", "VARCHAR[]"})


@dataclass(frozen=True)
class People:
    """Who is to be forgotten.

    `customers`: their ids. `devices`: anonymous ids that were seen with no other customer; `shared`: those that others
    have used, too. `rows`: keys, by contract, of rows that are theirs and name neither, such as what they did on a
    shared device before they signed in.
    """

    customers: frozenset[str]
    devices: frozenset[str] = frozenset()
    shared: frozenset[str] = frozenset()
    rows: dict[str, frozenset[str]] = field(default_factory=dict)

    @property
    def persons(self) -> frozenset[str]:
        """Their person_ids."""
        return frozenset({f"c:{each}" for each in self.customers} | {f"a:{each}" for each in self.devices})

    @property
    def spellings(self) -> frozenset[str]:
        """Every way in which a text names them; a device called 1 is named by no text."""
        told = self.customers | {each for each in self.devices if is_distinctive(each)}
        return frozenset(word for each in told for word in spellings(each))

    def __or__(self, other: "People") -> "People":
        """Both of them; a device that one knows to be shared is."""
        names = self.rows.keys() | other.rows.keys()
        none: frozenset[str] = frozenset()
        rows = {name: self.rows.get(name, none) | other.rows.get(name, none) for name in names}
        shared = self.shared | other.shared
        return People(self.customers | other.customers, (self.devices | other.devices) - shared, shared, rows)


def unknown(contract: Contract) -> list[str]:
    """Columns of text of which nobody has said whether they name a person."""
    known = OF_ONE | WORDS | OF_NOBODY | {CUSTOMER, DEVICE, PERSON}
    return [column.name for column in contract.columns if column.type in TEXTS and column.name not in known]


def condition(columns: Iterable[str], keys: tuple[str, str] | None = None) -> str | None:
    """SQL of the rows of a table that are of the people in `forgotten_people` (kind, value); None: it has no such rows.

    `keys`: the table's contract and key where rows may be listed by their key. A device's row is theirs where it names
    no customer; what bears a visit only is theirs where the visit is.
    """
    has = set(columns)
    told = []
    if CUSTOMER in has:
        told.append(_listed(CUSTOMER, CUSTOMER))
    if DEVICE in has:
        nobody_else = f" and {CUSTOMER} is null" if CUSTOMER in has else ""
        told.append(f"({_listed(DEVICE, DEVICE)}{nobody_else})")
    if PERSON in has:
        told.append(_listed(PERSON, PERSON))
    if VISIT in has and not has & {CUSTOMER, DEVICE, PERSON}:
        told.append(_listed(VISIT, VISIT))
    if keys:
        told.append(_listed(keys[1], f"row of {keys[0]}"))
    return " or ".join(told) or None


def _listed(column: str, kind: str) -> str:
    return f"coalesce({column} in (select value from forgotten_people where kind = '{kind}'), false)"


def inputs() -> dict[str, Contract]:
    """The inputs by the name of their table."""
    return {each.table: each for each in load_all().values() if each.table.startswith("events.")}


def spellings(word: str) -> frozenset[str]:
    """How an id is written in text: as it is, in a URL, in JSON, in a quoted value of CSV."""
    in_json = {json.dumps(word, ensure_ascii=is_ascii)[1:-1] for is_ascii in (True, False)}
    return frozenset({word, quote(word, safe=""), quote(word), word.replace('"', '""')} | in_json)


def pattern(words: Iterable[str], joined_by: str = "-") -> str:
    """A regular expression, for Python and DuckDB, of texts in which one of the words stands by itself.

    Letters, digits, the underscore and the signs of `joined_by` go on with a word: c1 is named in a:c1 and in
    ?customer=c1&, neither in c12 nor in c1-b, which may be another customer.
    """
    listed = "|".join(re.escape(word) for word in sorted(words))
    signs = f"0-9A-Za-z_{joined_by}"
    return f"(^|[^{signs}])({listed})($|[^{signs}])"


def is_distinctive(word: str) -> bool:
    """Whether an id that stands in a text can hardly mean something else there.

    A number or a short word may be anything: the 42 in a page's path is no customer. An address, or six characters with
    letters and digits among them, are taken for the customer.
    """
    has_both = any(sign.isdigit() for sign in word) and any(sign.isalpha() for sign in word)
    return len(word) >= 6 and ("@" in word or has_both)
