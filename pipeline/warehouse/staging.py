"""SQL that gives a file's rows their types and says which rules each of them breaks."""

from dataclasses import dataclass

from pipeline.contracts.contract import Column, Contract
from pipeline.errors import InputError, SettingsError, hint
from pipeline.quoting import quoted, text
from pipeline.settings import Dialect
from pipeline.sources.files import SourceFile
from pipeline.sources.mapping import Mapping, Rows
from pipeline.sources.reading import ORDINAL, RAW, Table
from pipeline.warehouse.typing import as_it_is, refuse_changed_type, typed, unless_empty

REST = quoted("what the contract does not know")
LOCAL_ROWS = 36028797018960000  # where DuckDB begins to number rows that a transaction has not committed yet
_IS_OURS = quoted("is a row of the contract")


@dataclass(frozen=True)
class Staging:
    """How the rows of one file are read.

    `select` makes the temporary table `staged`: of each row `is_ours` (it is of this contract), `is_good`,
    `broken_rules`, `key_hash`, the event's time, for JSON `original`, and `place` where the order of the rows does not
    tell it. It holds all `brought` columns, unless `values` reads them of the file: Parquet is read twice faster than
    it is kept.
    """

    select: str
    values: str | None
    brought: tuple[str, ...]
    unknown: tuple[str, ...]
    has_place: bool
    has_original: bool
    has_rest: bool

    @property
    def place(self) -> str:
        """SQL of the place of a row of `staged` among the rows of the file, from 1."""
        return "place" if self.has_place else f"rowid % {LOCAL_ROWS} + 1"

    @property
    def id(self) -> str:
        """SQL of what tells the rows of `staged` apart."""
        return "place" if self.values else "rowid"

    @property
    def rows(self) -> str:
        """A relation with the brought columns and `id`; where they are kept in `staged`, with `is_good`, too."""
        if self.values:
            return self.values
        merged = f"try_cast({with_rest('rest', quoted('attributes'))} as json) as attributes"
        columns = [merged if self.has_rest and name == "attributes" else quoted(name) for name in self.brought]
        return f"(select rowid as id, is_good, {', '.join(columns)} from staged)"


def stage(contract: Contract, file: SourceFile, table: Table, mapping: Mapping | None, dialect: Dialect) -> Staging:
    """How to read a file into the contract's input columns; `table` reads it as it was prepared.

    Raises ContractError where a column of Parquet cannot be of the contract's type, SettingsError where the mapping
    gives a column that the contract does not have.
    """
    names = [column.name for column in contract.inputs]
    unknown = () if mapping or table.is_json else tuple(name for name in table.columns if name not in names)
    about = mapping.contracts[contract.name] if mapping else _as_they_are(contract, table, unknown, dialect)
    for name in about.columns:
        if name not in names and name != REST:
            raise SettingsError(
                f"mapping {mapping.name if mapping else ''}: {contract.name} has no column {name!r}.{hint(name, names)}"
            )
    makes_rows = mapping is not None and about.relation != "rows"
    if mapping is not None and not makes_rows:
        _refuse_changed_types(contract, table, about, dialect)
    is_read_twice = table.file.format == "parquet" and not makes_rows
    has_place = makes_rows or is_read_twice
    expressions = about.expressions()
    brought = tuple(name for name in names if name in expressions)
    carried = ([RAW] if table.is_json else []) + ([REST] if REST in expressions else [])
    carried += [ORDINAL] if has_place else []

    steps = {name: f"from {found}" for name, found in _beside(file, mapping).items()}
    steps["rows"] = _rows(table, mapping, numbered=has_place)
    # a line of which it is not known whose it is stays, to be counted
    is_ours = f"coalesce({about.where or 'true'}, true)" + (f" and {RAW} is not null" if table.is_json else "")
    mapped = [f"({sql}) as {name if name == REST else quoted(name)}" for name, sql in expressions.items()]
    passed = [name for name in carried if name != REST]
    steps["mapped"] = f"select {', '.join([*mapped, f'{is_ours} as {_IS_OURS}', *passed])} from {about.relation}"
    types = [
        f"{typed(column, dialect) if column.name in brought else f'null::{column.type}'} as {quoted(column.name)}"
        for column in contract.inputs
    ]
    given = [f"({quoted(name)} is not null) as {_given(name)}" for name in brought]
    steps["typed"] = f"select {', '.join([*types, *given, _IS_OURS, *carried])} from mapped"
    columns = list(map(quoted, brought))
    values = _with(steps, f"select {ORDINAL} as id, {', '.join(columns)} from typed") if is_read_twice else None

    rules = _rules(contract, brought)
    is_good = f"coalesce({' and '.join(f'({holds})' for holds in rules.values())}, false)"
    steps["judged"] = f"select *, {is_good} as is_good from typed"
    found = ", ".join(f"case when ({holds}) then null else {text(name)} end" for name, holds in rules.items())
    is_bad = f"{_IS_OURS} and not is_good"
    broken = f"list_filter([{found}], lambda x: x is not null)"
    if table.is_json:
        is_row = "is not null" if mapping else "= 'OBJECT'"
        broken = f"case when json_type(try_cast({RAW} as json)) {is_row} then {broken} else ['row.no_object'] end"
    told = [
        f"{_IS_OURS} as is_ours",
        f"{_IS_OURS} and is_good as is_good",
        f"case when {is_bad} then {broken} end as broken_rules",
        f"hash({quoted(contract.key[0])}) as key_hash",
        *([f"case when {is_bad} then {RAW} end as original"] if table.is_json else []),
        *([f"{REST} as rest"] if REST in expressions else []),
        *([f"{ORDINAL} as place"] if has_place else []),
    ]
    kept = ([quoted(contract.event_time)] if contract.event_time else []) if is_read_twice else columns
    listed = ", ".join(kept + told)
    select = _with(steps, f"select {listed} from judged")
    return Staging(
        select, f"({values})" if values else None, brought, unknown, has_place, table.is_json, REST in expressions
    )


def _refuse_changed_types(contract: Contract, table: Table, about: Rows, dialect: Dialect) -> None:
    """Columns of Parquet that a mapping takes as they are have to be of types that can become the contract's."""
    if table.file.format != "parquet":
        return
    by_name = {name.lower(): kind for name, kind in table.columns.items()}
    for column in contract.inputs:
        sql = about.columns.get(column.name, "").removeprefix("rows.").strip('"').lower()
        if sql in by_name and column.name not in about.words:
            refuse_changed_type(table.file.shown, column, by_name[sql], dialect)


def _with(steps: dict[str, str], select: str) -> str:
    return "with " + ", ".join(f"{quoted(name)} as ({sql})" for name, sql in steps.items()) + f" {select}"


def _rules(contract: Contract, brought: tuple[str, ...]) -> dict[str, str]:
    """Name → SQL that must be true; null breaks it."""
    rules = {rule.name: rule.holds for rule in contract.rules() if rule.severity == "error"}
    for column in contract.inputs:
        if column.name not in brought:
            continue
        if column.is_required:
            rules[f"{column.name}.required"] = _given(column.name) + _and_not_blank(column)
        if column.type != "VARCHAR":
            rules[f"{column.name}.type"] = f"not {_given(column.name)} or {quoted(column.name)} is not null"
    return rules


def _and_not_blank(column: Column) -> str:
    """White space is no id and no name; all of it comes before the first visible sign of ASCII."""
    name = quoted(column.name)
    return f" and ({name} >= '!' or regexp_matches({name}, '[^\\s]'))" if column.type == "VARCHAR" else ""


def _given(name: str) -> str:
    return quoted(f"given {name}")


def _rows(table: Table, mapping: Mapping | None, *, numbered: bool) -> str:
    relation = table.numbered if numbered else table.relation
    if not table.is_json or mapping is None:
        return f"from {relation}"
    return f"select *, try_cast({RAW} as json) as json from {relation}"


def _as_they_are(contract: Contract, table: Table, unknown: tuple[str, ...], dialect: Dialect) -> Rows:
    """The file's columns under their own names; what the contract does not know goes to `attributes`."""
    names = [column.name for column in contract.inputs]
    if table.is_json:
        return _keys_as_they_are(contract, table)
    columns = {
        column.name: as_it_is(column, table.columns[column.name])
        for column in contract.inputs
        if column.name in table.columns
    }
    if table.file.format == "parquet":
        for column in contract.inputs:
            if column.name in table.columns:
                refuse_changed_type(table.file.shown, column, table.columns[column.name], dialect)
                if column.type == "JSON" and table.columns[column.name].startswith(("STRUCT", "MAP")):
                    columns[column.name] = f"to_json({columns[column.name]})"
    if unknown and "attributes" in names:
        packed = ", ".join(f"{quoted(name)} := {unless_empty(quoted(name), table.columns[name])}" for name in unknown)
        rest = f"nullif(json_merge_patch('{{}}', to_json(struct_pack({packed})))::varchar, '{{}}')"
        columns["attributes"] = with_rest(rest, columns.get("attributes"))
    return Rows(columns=columns)


def _keys_as_they_are(contract: Contract, table: Table) -> Rows:
    """Keys of JSON objects; a row has keys of its own, so each is asked whether it has others than are read.

    Asked is a hash of its keys: rows of one program have a few different sets of them. What a row has besides goes to
    the column REST.
    """
    names = [column.name for column in contract.inputs]
    keys = [column.name for column in contract.inputs if column.name in table.keys or column.is_required]
    shape = "{" + ", ".join(f'"{name}": "VARCHAR"' for name in keys) + "}"
    columns = {name: f"nullif({quoted(name)}, '')" for name in keys}
    read = "{" + ", ".join(f'"{name}": null' for name in keys) + "}"
    # `try` is slow where it fails, looking first is slow where all is well: it is worth it where the file is not
    raw = f"(case when json_type(try_cast({RAW} as json)) = 'OBJECT' then {RAW} end)" if table.has_others else RAW
    has_others = f"hash(try(json_keys({raw}))) not in ({', '.join(map(str, table.usual_keys)) or 'null'})"
    has_others = f"coalesce({has_others}, true)"
    others = f"json_merge_patch('{{}}', json_merge_patch({raw}, {text(read)}))"  # twice: the outer takes nulls away
    columns[REST] = f"case when {has_others} then nullif(try({others})::varchar, '{{}}') end"
    if "attributes" in names:
        columns.setdefault("attributes", "null::varchar")
    values = f"unnest(try(from_json({raw}, {text(shape)})))"
    return Rows.model_validate({"columns": columns, "from": f"(select {values}, {RAW} from rows)"})


def with_rest(rest: str, given: str | None) -> str:
    """Attributes with what the contract has no column for; what is given under `attributes` itself comes first."""
    if given is None:
        return rest
    parsed = f"try_cast({given} as json)"
    both = f"json_merge_patch({rest}, {given})::varchar"
    beside = f"json_merge_patch({rest}, json_object('attributes', {parsed}))::varchar"  # a list, a number: still kept
    return (
        f"case when ({rest}) is null or (({given}) is not null and {parsed} is null) then {given} "
        f"when ({given}) is null then {rest} when json_type({parsed}) = 'OBJECT' then {both} else {beside} end"
    )


def _beside(file: SourceFile, mapping: Mapping | None) -> dict[str, str]:
    found = {}
    for name, other in (mapping.beside if mapping else {}).items():
        path = file.path.parent / other
        if not path.is_file():
            raise InputError(f"{file.shown}: its mapping joins {other}, which is not beside it.")
        found[name] = f"read_csv({text(path)}, all_varchar = true, header = true)"
    return found
