"""Values that cannot be, or that do harm where they are shown: each in a file with good rows around it."""

from tests.hostile.bad import BadFile, Expected, bad, only, rows, told
from tests.sources.rows import TIME

EVENTS = ("event_id", "occurred_at", "event_name", "customer_id", "value", "result_count", "element")
WAITS = ("wait_id", "customer_id", "wait_type", "channel", "started_at", "ended_at", "outcome", "promised_at",
         "handled_seconds", "received_at")  # fmt: skip


def events(**values: str) -> str:
    """Three events as CSV, of which the second has values of its own."""
    good = {"occurred_at": TIME, "event_name": "click", "customer_id": "c1"}
    return _csv(EVENTS, {"event_id": "e1"} | good, {"event_id": "e2"} | good | values, {"event_id": "e3"} | good)


def waits(**values: str) -> str:
    """Two waits as CSV, of which the second has values of its own."""
    good = {"customer_id": "c1", "wait_type": "queue", "channel": "phone", "started_at": TIME,
            "ended_at": "2026-01-15T10:01:00Z", "outcome": "served"}  # fmt: skip
    return _csv(WAITS, {"wait_id": "w1"} | good, {"wait_id": "w2"} | good | values)


def _csv(names: tuple[str, ...], *each: dict[str, str]) -> str:
    quoted = [['"' + row.get(name, "").replace('"', '""') + '"' for name in names] for row in each]
    return "\n".join(",".join(cells) for cells in [list(names), *quoted]) + "\n"


ASIDE = rows(3, 2, 1, lines=(3,))  # the second of three events


def at(name: str, time: str, expected: Expected = ASIDE, zone: str = "UTC") -> BadFile:
    return bad(f"time: {name}", "a.csv", events(occurred_at=time), expected, zone=zone)


def becomes(*times: str) -> Expected:
    """Kept as one of these instants, or put aside."""
    return told(reads=(3,), values=only(occurred_at=("2026-01-15 10:00:00+00", *times)))


TIMES = [
    at("the epoch", "1970-01-01T00:00:00Z"),
    at("2200", "2200-01-01T00:00:00Z"),
    at("9999", "9999-12-31T23:59:59Z"),
    at("10000", "10000-01-01T00:00:00Z"),
    at("before Christ", "-0044-03-15T12:00:00Z"),
    at("infinity", "infinity"),
    at("a word", "now"),
    at("a day that is not", "2026-02-30T10:00:00Z"),
    at("a month that is not", "2026-13-01T10:00:00Z"),
    at("a day of two digits' year", "26-01-15 10:00"),
    at("an offset that is not", "2026-01-15T10:00:00+25:00"),
    at("an offset of 60 minutes", "2026-01-15T10:00:00+01:60"),
    at("other digits", "２０２６-01-15T10:00:00Z"),
    at("epoch seconds that nobody declared", "1768471200", becomes()),
    at("month and day in doubt", "01/02/2026 10:00", becomes()),
    at("a leap second", "2016-12-31T23:59:60Z", becomes("2017-01-01 00:00:00+00", "2016-12-31 23:59:59+00")),
    at("a second 61", "2026-01-15T10:00:61Z"),
    at("24:00", "2026-01-15T24:00:00Z", becomes("2026-01-16 00:00:00+00")),
    at("25:00", "2026-01-15T25:00:00Z"),
    at("nanoseconds up to midnight", "2026-01-15T23:59:59.999999999Z", becomes("2026-01-15 23:59:59.999999+00")),
    at("in the hour that spring leaves out", "2026-03-29 02:30:00",
       becomes("2026-03-29 01:30:00+00", "2026-03-29 00:30:00+00"), "Europe/Berlin"),
    at("in the hour that autumn has twice", "2026-10-25 02:30:00",
       becomes("2026-10-25 00:30:00+00", "2026-10-25 01:30:00+00"), "Europe/Berlin"),
    at("in the last hour before Istanbul stayed", "2016-10-30 03:30:00", becomes("2016-10-30 00:30:00+00"),
       "Europe/Istanbul"),
    at("a date without an hour", "2026-01-15", becomes("2026-01-15 00:00:00+00")),
]  # fmt: skip
WAITING = [
    bad("a wait that ends before it starts", "a.csv", waits(ended_at="2026-01-15T09:59:59Z"),
        rows(2, 1, 1, lines=(3,), rules=("ends_after_start",)), "wait_time"),
    bad("a wait that never ends", "a.csv", waits(ended_at="infinity"), rows(2, 1, 1, lines=(3,)), "wait_time"),
    bad("a wait until 9999", "a.csv", waits(ended_at="9999-12-31T00:00:00Z"), rows(2, 1, 1, lines=(3,)), "wait_time"),
    bad("a wait that is open and has an end", "a.csv", waits(outcome="open"), rows(2, 1, 1, lines=(3,)), "wait_time"),
    bad("a wait that is served and has none", "a.csv", waits(ended_at=""), rows(2, 1, 1, lines=(3,)), "wait_time"),
    bad("a promise for ever", "a.csv", waits(promised_at="infinity"), rows(2, 1, 1, lines=(3,)), "wait_time"),
    bad("a version received at infinity", "a.csv", waits(received_at="infinity"), rows(2, 1, 1, lines=(3,)),
        "wait_time"),
    bad("negative handling", "a.csv", waits(handled_seconds="-1"), rows(2, 1, 1, lines=(3,)), "wait_time"),
    bad("handling for 10^300 seconds", "a.csv", waits(handled_seconds="1e300"), rows(2, 1, 1, lines=(3,)), "wait_time"),
    bad("a wait of an unknown kind", "a.csv", waits(wait_type="Queue "), rows(2, 1, 1, lines=(3,)), "wait_time"),
]  # fmt: skip


def number(name: str, value: str, expected: Expected = ASIDE) -> BadFile:
    return bad(f"number: {name}", "a.csv", events(value=value), expected)


NUMBERS = [
    number("10^300", "1e300"),
    number("1e400", "1e400"),
    number("NaN", "NaN"),
    number("minus infinity", "-inf"),
    number("negative", "-0.01"),
    number("1.234,56 that nobody declared", "1.234,56"),
    number("1,234.56 that nobody declared", "1,234.56"),
    number("hexadecimal", "0x1F"),
    number("an underscore", "1_000"),
    number("two points", "1.234.567"),
    number("Arabic digits", "١٢٣"),
    number("a currency", "12 TRY"),
    number("10,000 digits", "1" * 10_000),
    number("too small for a float", "1e-400", told(reads=(3,), values=only(value=("0.0", None)))),
    bad("number: half an integer", "a.csv", events(result_count="2.5"), ASIDE),
    bad("number: beyond 64 bits", "a.csv", events(result_count="9223372036854775808"), ASIDE),
    bad("number: half an integer beyond the floats", "a.csv", events(result_count="9007199254740993.5"), ASIDE),
]


def harm(name: str, value: str) -> BadFile:
    """A text that does harm where it is not treated as one: it is kept to the letter."""
    right = only(element=(value, None), event_name=("click", value))
    return bad(f"text: {name}", "a.csv", events(element=value, event_name=value), rows(3, 3, 0, values=right))


TEXTS = [
    harm("SQL", "'; drop table events.clickstream; --"),
    harm("SQL with quotes of both kinds", "\"'); delete from ops.loads; --\\"),
    harm("a formula", "=cmd|' /C calc'!A0"),
    harm("a formula with a plus", "+HYPERLINK(\"http://shop.example\",\"x\")"),
    harm("terminal escapes", "\x1b[2J\x1b]0;title\x07\x9b31m"),
    harm("writing from right to left", "\u202egnp.exe\u2066\u200f"),
    harm("markup", "<script>alert(1)</script>[red]{{7*7}}${7*7}%s"),
    harm("letters that combine", "Z̵̛̠͔" * 40),
    harm("no break and no width", "a\u00a0b\u200bc\ufeff"),
    harm("Turkish casing", "İIıiŞş"),
    harm("letters beyond 16 bits", "🤷🏽‍♀️👩‍👩‍👧‍👦𝒳"),
    harm("words for nothing", "NULL"),
    harm("a path", "../../../../etc/passwd"),
    bad("id of 10,000 characters", "a.csv", events(event_id="e" * 10_000), rows(
        3, 2, 1, lines=(3,), rules=("event_id.length",))),
    bad("id of white space", "a.csv", events(event_id="   "), told(reads=(3,), values=only(event_id=("e1", "e3")))),
    bad("id that is SQL", "a.csv", events(event_id="'; drop table ops.loads; --"), rows(3, 3, 0)),
    bad("one id three times with other content", "a.csv", events(event_id="e1", element="x").replace("e3", "e1"),
        rows(3, 1, 1, 1)),
    bad("the same row 10,000 times", "a.csv", "event_id,occurred_at,event_name,customer_id\n"
        + f"e1,{TIME},click,c1\n" * 10_000, rows(10_000, 1, 0, 9_999)),
]  # fmt: skip

FILES: list[BadFile] = [*TIMES, *WAITING, *NUMBERS, *TEXTS]
