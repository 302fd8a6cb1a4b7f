"""SQL that gives a file's rows their types and says which rules each of them breaks."""

from dataclasses import dataclass

from pipeline.contracts.contract import Contract
from pipeline.errors import InputError, SettingsError, hint
from pipeline.quoting import quoted, text
from pipeline.sources.files import SourceFile
from pipeline.sources.mapping import Mapping, Rows
from pipeline.sources.reading import relation

ORDINAL = quoted("ordinal of the row")


@dataclass(frozen=True)
class Staging:
    """How the rows of one file are read. `rules`: name → SQL that must be true (null breaks it)."""

    contract: Contract
    relation: str
    beside: dict[str, str]
    mapped: dict[str, str]
    origin: str
    where: str
    rules: dict[str, str]

    def rows(self) -> str:
        """A SELECT of the contract's input columns and `is_good`."""
        names = ", ".join(quoted(name) for name in self.mapped)
        return f"{self._typed(numbered=False)} select {names}, {self._is_good} as is_good from typed"

    def broken(self) -> str:
        """A SELECT of the rows that break a rule: ordinal in the file, and names of the rules."""
        found = ", ".join(f"case when ({holds}) then null else {text(name)} end" for name, holds in self.rules.items())
        return (
            f"{self._typed(numbered=True)} select {ORDINAL}, list_filter([{found}], lambda x: x is not null) "
            f"from typed where not {self._is_good} order by all"
        )

    def originals(self) -> str:
        """A SELECT of ordinal and original row as JSON: for formats that have no text."""
        return f"select row_number() over () as {ORDINAL}, to_json(r)::varchar as original from {self.relation} as r"

    @property
    def _is_good(self) -> str:
        return f"coalesce({' and '.join(f'({holds})' for holds in self.rules.values())}, false)"

    def _typed(self, *, numbered: bool) -> str:
        tables = {name: f"from {found}" for name, found in self.beside.items()}
        # numbering the rows makes reading half as fast, so it is only done where a row broke a rule
        tables["rows"] = (
            f"select *, row_number() over () as {ORDINAL} from {self.relation}"
            if numbered
            else (f"from {self.relation}")
        )
        number = [f"rows.{ORDINAL}"] if numbered else []
        mapped = [f"({sql}) as {quoted(name)}" for name, sql in self.mapped.items()]
        tables["mapped"] = f"select {', '.join(mapped + number)} from {self.origin} where {self.where}"
        typed = [_typed(column.name, column.type) for column in self.contract.inputs]
        given = [f"({quoted(name)} is not null) as {_given(name)}" for name in self.mapped]
        tables["typed"] = f"select {', '.join(typed + given + [ORDINAL] * numbered)} from mapped"
        return "with " + ", ".join(f"{quoted(name)} as ({sql})" for name, sql in tables.items())


def stage(contract: Contract, file: SourceFile, columns: list[str], mapping: Mapping | None) -> Staging:
    """How to read a file whose columns are `columns` into the contract's input columns."""
    names = [column.name for column in contract.inputs]
    about = mapping.contracts[contract.name] if mapping else Rows(columns=_as_they_are(file, columns, names))
    for name in about.columns:
        if name not in names:
            raise SettingsError(
                f"mapping {mapping.name if mapping else ''}: {contract.name} has no column {name!r}.{hint(name, names)}"
            )
    expressions = about.expressions()
    rules = {rule.name: rule.holds for rule in contract.rules() if rule.severity == "error"}
    for column in contract.inputs:
        if column.is_required:
            rules[f"{column.name}.required"] = _given(column.name)
        if column.type != "VARCHAR":
            rules[f"{column.name}.type"] = f"not {_given(column.name)} or {quoted(column.name)} is not null"
    return Staging(
        contract=contract,
        relation=relation(file, names if file.format == "ndjson" else columns, mapping),
        beside=_beside(file, mapping),
        mapped={name: expressions.get(name, "null::varchar") for name in names},
        origin=about.relation,
        where=f"coalesce({about.where or 'true'}, true)",  # a line of which it is not known is not left out
        rules=rules,
    )


def _given(name: str) -> str:
    return quoted(f"given {name}")


def _typed(name: str, kind: str) -> str:
    cast = f"{quoted(name)}::varchar" if kind == "VARCHAR" else f"try_cast({quoted(name)} as {kind})"
    if kind == "BIGINT":  # 2.5 is no integer; DuckDB would make it 3 of text and 2 of a number
        cast = f"case when try_cast({quoted(name)} as double) = {cast} then {cast} end"
    return f"{cast} as {quoted(name)}"


def _as_they_are(file: SourceFile, columns: list[str], names: list[str]) -> dict[str, str]:
    there = names if file.format == "ndjson" else [name for name in names if name in set(columns)]
    return {name: _unless_empty(quoted(name), is_text=file.format != "parquet") for name in there}


def _unless_empty(name: str, *, is_text: bool) -> str:
    """Empty text is no value: CSV cannot tell the two apart, so the other formats must not either."""
    return (
        f"nullif({name}, '')"
        if is_text
        else f"case when typeof({name}) <> 'VARCHAR' or {name}::varchar <> '' then {name} end"
    )


def _beside(file: SourceFile, mapping: Mapping | None) -> dict[str, str]:
    found = {}
    for name, other in (mapping.beside if mapping else {}).items():
        path = file.path.parent / other
        if not path.is_file():
            raise InputError(f"{file.shown}: its mapping joins {other}, which is not beside it.")
        found[name] = f"read_csv({text(path)}, all_varchar = true, header = true)"
    return found
