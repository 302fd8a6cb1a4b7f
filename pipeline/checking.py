"""Hold one file to a contract without touching any warehouse."""

import dataclasses
from dataclasses import dataclass
from pathlib import Path

import duckdb

from pipeline.contracts.contract import load as load_contract
from pipeline.errors import SettingsError
from pipeline.quoting import text
from pipeline.settings import Dialect, Storage, known_zone
from pipeline.sources import mapping, places
from pipeline.warehouse import loading, quarantine, tables

SAMPLES = 5  # rows per verdict; more do not teach more


@dataclass(frozen=True)
class Verdict:
    """What became of a file's rows: read = kept + quarantined + superseded + duplicate.

    A superseded row broke no rule: the file holds a newer version of it. `broken_rules`: rule → rows; `samples`: (line,
    rules, original text).
    """

    file: str
    contract: str
    rows_read: int
    rows_kept: int
    rows_quarantined: int
    rows_superseded: int
    rows_duplicate: int
    limit_share: float
    is_within_limit: bool
    missing_columns: list[str]
    unknown_columns: list[str]
    broken_rules: dict[str, int]
    samples: list[tuple[int | None, list[str], str]]
    advice: list[str]


def check(
    file: Path | str,
    contract_name: str,
    adapter: str,
    timezone: str,
    folder: Path,
    options: Storage | None = None,
    dialect: Dialect | None = None,
    limit: float | None = None,
) -> Verdict:
    """The verdict on a file, a path or an address in object storage, read as a night would read it.

    Raises InputError where it cannot be read, ContractError where there is no such contract or the file lacks a
    required column. `timezone` is of times that name none; `folder` is where a mapping file of the user is sought.
    `limit`: the share of rows that may break rules where it is not the contract's, as a source may say.
    """
    try:
        known_zone(timezone)
    except ValueError as error:
        raise SettingsError(f"--timezone: {error}") from error
    contract = load_contract(contract_name)
    mapped = mapping.load(adapter, folder)
    if mapped is not None and contract.name not in mapped.contracts:
        raise SettingsError(f"adapter {adapter} gives no {contract.name}; it gives {', '.join(mapped.contracts)}.")
    place = places.at(str(file), options or Storage())
    with places.at_hand(place) as found, duckdb.connect() as con:
        places.fetch_beside(place, found, mapped)
        con.execute("set timezone = 'UTC'")
        tables.create_for_load(con, contract)
        con.execute(f"set timezone = {text(timezone)}")
        told = dataclasses.replace(contract, quarantine_limit_share=1.0)
        loaded = loading.load(con, "check", told, found, mapped, "UTC", dialect)
        rules, samples, superseded = quarantine.found(con, SAMPLES)
    bad = loaded.rows_quarantined - superseded
    limit = contract.quarantine_limit_share if limit is None else limit
    return Verdict(
        file=place.shown,
        contract=contract.name,
        rows_read=loaded.rows_read,
        rows_kept=loaded.rows_kept,
        rows_quarantined=bad,
        rows_superseded=superseded,
        rows_duplicate=loaded.rows_duplicate,
        limit_share=limit,
        is_within_limit=bad <= limit * loaded.rows_read,
        missing_columns=loaded.missing_columns,
        unknown_columns=loaded.unknown_columns,
        broken_rules=dict(rules),
        samples=samples,
        advice=quarantine.advice(contract, [rule for rule, _ in rules]),
    )
