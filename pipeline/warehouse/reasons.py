"""What stands in the quarantine: how much, of which files, why, and what to do about it."""

from dataclasses import dataclass
from datetime import date

import duckdb

from pipeline.contracts.contract import Contract
from pipeline.contracts.contract import load as load_contract
from pipeline.warehouse.quarantine import IS_SUPERSEDED

NO_ROW = "row."  # begins the names of rules that the reader of a file has, and not a contract

# What to do, by the kind of a rule: the part of its name after the column.
ADVICE = {
    "required": "correct the export, or say in the mapping where the value stands",
    "type": 'declare how the source writes it (decimal = ",", times = ["%d.%m.%Y"]), or say so in the mapping',
    "known": "translate the source's words in the mapping (words:)",
    "finite": "correct the export: NaN and infinity are no numbers",
    "minimum": "correct the export, or the unit in the mapping",
    "maximum": "correct the export, or the unit in the mapping",
    "length": "correct the export, or the column in the mapping",
    "pattern": "correct the export, or say in the mapping how to write it",
}
OF_READER = {
    "row.invalid_encoding": 'declare the code page (encoding = "windows-1254") and run the day again with the file',
    "row.no_object": "correct the line, which is no JSON object, and run the day again with the file",
    "row.too_few_columns": "correct the row in the file and run the day again",
    "row.too_many_columns": "correct the row in the file and run the day again",
}


@dataclass(frozen=True)
class Which:
    """Which rows are asked for. `file` is a path or a pattern; `day` is that of the file."""

    source: str | None = None
    file: str | None = None
    rule: str | None = None
    day: date | None = None


@dataclass(frozen=True)
class Reason:
    """A rule that rows have broken: how many, what it asks for, and what to do."""

    rule: str
    contract: str
    rows: int
    meaning: str
    advice: str


@dataclass(frozen=True)
class Count:
    """Rows of one file that broke one rule."""

    source: str
    file: str
    day: date | None
    rule: str
    rows: int


@dataclass(frozen=True)
class Sample:
    """One row: where it stands, the rules that it broke, its text."""

    source: str
    file: str
    line: int | None
    broken_rules: list[str]
    original: str


@dataclass(frozen=True)
class Quarantined:
    """The rows that were asked for: `broken` ones, of which there are reasons, counts and samples; the commonest first.

    `superseded` rows broke no rule: a newer version of the same row was kept.
    """

    broken: int
    superseded: int
    reasons: list[Reason]
    counts: list[Count]
    samples: list[Sample]


def look(con: duckdb.DuckDBPyConnection, which: Which, samples: int) -> Quarantined:
    """What stands in the quarantine of what was asked for, with the first few rows of each of the commonest rules."""
    con.execute(
        f"""
        create or replace temp table asked as
        select q.*, loads.day, {IS_SUPERSEDED} as is_superseded
        from ops.quarantine as q left join ops.loads as loads on q.load_id = loads.load_id
        where ($source is null or q.source = $source) and ($file is null or q.file = $file or q.file glob $file)
          and ($rule is null or list_contains(broken_rules, $rule)) and ($day is null or loads.day = $day)
        """,
        {"source": which.source, "file": which.file, "rule": which.rule, "day": which.day},
    )
    broken, superseded = con.execute(
        "select count(*) filter (not is_superseded), count(*) filter (is_superseded) from asked"
    ).fetchall()[0]
    rules = "select *, unnest(broken_rules) as rule from asked where not is_superseded"
    reasons = con.execute(
        f"select rule, contract, count(*) as rows from ({rules}) group by all order by rows desc, rule, contract"
    ).fetchall()
    counts = con.execute(
        f"select source, file, day, rule, count(*) as rows from ({rules}) group by all "
        "order by rows desc, source, file, rule"
    ).fetchall()
    # of each first rule in turn, so that one common mistake does not hide the others
    found = con.execute(
        """
        select source, file, line, broken_rules, original from asked where not is_superseded
        order by row_number() over (partition by broken_rules[1] order by source, file, line, original),
            count(*) over (partition by broken_rules[1]) desc, source, file, line, original
        limit $samples
        """,
        {"samples": samples},
    ).fetchall()
    return Quarantined(
        broken=broken,
        superseded=superseded,
        reasons=[Reason(rule, name, rows, *explained(rule, load_contract(name))) for rule, name, rows in reasons],
        counts=[Count(*row) for row in counts],
        samples=[Sample(*row) for row in found],
    )


def explained(rule: str, contract: Contract) -> tuple[str, str]:
    """What a rule asks for, and what to do where it is broken."""
    column, _, kind = rule.rpartition(".")
    if rule.startswith(NO_ROW):
        words = kind.replace("_", " ")
        return f"the reader could make no row of it: {words}", OF_READER.get(rule, OF_READER["row.too_many_columns"])
    known = {each.name: each.description for each in contract.rules()}
    types = {each.name: each.type for each in contract.inputs}
    if kind == "type" and column in types:
        return f"{column} can be read as {types[column]}", ADVICE["type"]
    meaning = known.get(rule, "a rule of an earlier version of the contract")
    return meaning, ADVICE.get(kind, "correct the export, or what the mapping makes of it")
