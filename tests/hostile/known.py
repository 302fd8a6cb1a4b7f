"""What fails today, and why. A file that is mended is taken out: a test that passes in spite of this list fails."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import pytest

from tests.hostile.bad import BadFile
from tests.hostile.fuzz import Reader


@dataclass(frozen=True)
class Known:
    """Why it fails; `is_slow`: it is not tried, because it would take longer than all others together."""

    why: str
    is_slow: bool = False


def parametrized(files: Iterable[BadFile], known: Mapping[str, Known]) -> list[object]:
    """The files as parameters of a test, with their names; those that are known to fail have to."""
    return [pytest.param(each, id=each.name, marks=_marks(known.get(each.name))) for each in files]


def named(readers: Iterable[Reader], known: Mapping[str, Known]) -> list[object]:
    """The same for the readers that a fuzzer tries."""
    return [pytest.param(each, id=each.name, marks=_marks(known.get(each.name))) for each in readers]


def _marks(found: Known | None) -> list[pytest.MarkDecorator]:
    if found is None:
        return []
    return [pytest.mark.xfail(strict=True, reason=found.why, run=not found.is_slow)]


# Reasons. What the reader of DuckDB does wrongly could only be seen by a second look at every row, the good ones, too.
EACH_ROW = Known("DuckDB casts it or no rule of the contract forbids it; a check would cost every good row")
DUCKDB_TEXT = Known("DuckDB takes surrogates in UTF-8 for text; a check would cost every good row")
DUCKDB_JSON = Known("DuckDB takes the first of two keys, and writes numbers anew where a text is wanted")
QUOTES = Known("after a quote that is never closed DuckDB gives up the rest of the file, as one row without a line")
REPLACED = Known("of a row that a newer version replaces it is no longer known where it stood")
MEMORY = Known("bad rows are put aside with their whole text, all at once")
SHEETS = Known("the reader of workbooks renames a second column of a name, and takes what it can of broken XML")
TYPES = Known("a column of a type that cannot be the contract's stops the source; the corpus wants its rows put aside")
DUCKDB_FLOATS = Known("DuckDB compares such decimals as floating numbers; a check would cost every good row")
LONG = Known("it is no bomb by the limit of 1 GiB, and its one line takes more time or memory than a file may")
DURATION = Known("DuckDB reads a duration as a whole number of its units")
SLOW = Known("DuckDB raises an error for each line that is no JSON: a million take more than a minute", is_slow=True)

_ALWAYS = {
    **dict.fromkeys(
        (
            "time: an offset that is not",
            "time: an offset of 60 minutes",
            "a wait until 9999",
            "handling for 10^300 seconds",
            "number: an underscore",
            "number: half an integer beyond the floats",
        ),
        EACH_ROW,
    ),
    "raw surrogates in a line": DUCKDB_TEXT,
    "a workbook with a column twice": SHEETS,
    "a sheet that is no XML": SHEETS,
    "parquet: a time of day as time": TYPES,
    "parquet: a duration as time": TYPES,
    "parquet: decimals beyond the floats as count": DUCKDB_FLOATS,
}
LOADS: dict[str, Known] = {
    **_ALWAYS,
    "id of white space": EACH_ROW,
    "surrogates in UTF-8": DUCKDB_TEXT,
    **dict.fromkeys(
        (
            "json with a key twice in its only row",
            "json with a number as version",
            "json with a number with an exponent as id",
            "an array with a key twice",
        ),
        DUCKDB_JSON,
    ),
    "a quote that is never closed": QUOTES,
    "a file of quotes": QUOTES,
    "one id three times with other content": REPLACED,
    "csv with 20 bad lines of 15 MB": MEMORY,
    "parquet: a duration as number": DURATION,
    "zst bomb: one line of 600 MB": LONG,
    "ndjson with 1,000,000 bad rows": SLOW,
}
CHECKS: dict[str, Known] = {**_ALWAYS}
NIGHTS: dict[str, Known] = {}
WORDS: dict[str, Known] = dict.fromkeys(("a workbook with a column twice", "a sheet that is no XML"), SHEETS)
READS: dict[str, Known] = {}
FUZZ: dict[str, Known] = {}
PACKED: dict[str, Known] = {}
