"""SQL that makes a contract's types of what files hold: of text as it was written, of Parquet's values as they are."""

from pipeline.contracts.contract import Column
from pipeline.errors import ContractError
from pipeline.quoting import quoted, text
from pipeline.settings import Dialect

# 1.234,56 and 1234,56 where the comma is the decimal sign; with another grouping it is no number of that kind
_NUMBERS = {",": r"[+-]?(\d{1,3}(\.\d{3})+|\d+)(,\d+)?", ".": r"[+-]?(\d{1,3}(,\d{3})+|\d+)(\.\d+)?"}
# An offset that no place has (beyond 15:59, or of more than 59 minutes): DuckDB shifts the time by it all the same.
_NO_OFFSET = r":[0-9]{1,2}(\.[0-9]+)? *[+-]((1[6-9]|[2-9][0-9])(:?[0-9]{2})?|[0-9]{1,2}:?[6-9][0-9])$"
_EXACT = 1 << 53  # whole numbers up to here are exact as floating numbers
_EPOCHS = {"epoch_s": 1_000_000, "epoch_ms": 1_000, "epoch_us": 1}  # → microseconds
_NUMERIC = ("TINYINT", "SMALLINT", "INTEGER", "BIGINT", "HUGEINT", "UTINYINT", "USMALLINT", "UINTEGER", "UBIGINT",
            "UHUGEINT", "FLOAT", "DOUBLE", "DECIMAL")  # fmt: skip
# What a column of Parquet may be, besides text, to become one of the contract: anything else is a changed type.
_BECOMES: dict[str, tuple[str, ...]] = {
    "VARCHAR": (*_NUMERIC, "BOOLEAN", "UUID", "DATE", "TIMESTAMP", "ENUM"),
    "TIMESTAMPTZ": ("TIMESTAMP", "DATE"),
    "DATE": ("TIMESTAMP", "DATE"),
    "BIGINT": _NUMERIC,
    "DOUBLE": _NUMERIC,
    "BOOLEAN": (*_NUMERIC, "BOOLEAN"),
    "JSON": ("STRUCT", "MAP"),
}


def refuse_changed_type(shown: str, column: Column, found: str, dialect: Dialect) -> None:
    """Raise ContractError where a column of Parquet is of a type that cannot become the contract's."""
    if found == "VARCHAR" or found.startswith("JSON") or found == '"NULL"':
        return
    is_list = found.endswith("]")
    may = _BECOMES.get(column.type, ())
    if not is_list and found.startswith(may):
        return
    if is_list and column.type == "VARCHAR[]":
        return
    if column.type == "TIMESTAMPTZ" and found.startswith(_NUMERIC):
        if any(name in _EPOCHS for name in dialect.times):
            return
        raise ContractError(
            f"{shown}: {column.name} is {found} in the file, a time in the contract. If it counts from 1970, say in "
            'what: times = ["epoch_ms"] of the source (or epoch_s, epoch_us).'
        )
    raise ContractError(
        f"{shown}: {column.name} has changed its type: {found} in the file, {column.type} in the contract. "
        "Correct the export, or write a mapping file that makes one of the other (adapter = PATH)."
    )


def unless_empty(name: str, found: str) -> str:
    """Empty text is no value: CSV cannot tell the two apart, so the other formats must not either."""
    return f"nullif({name}, '')" if found == "VARCHAR" else name


def as_it_is(column: Column, found: str) -> str:
    """A value of a file's column of that type, before it is typed; null where it is none.

    NaN is no text. What is finer than a microsecond is cut, as it is in text; a number is a boolean where it is 0 or 1.
    """
    name = quoted(column.name)
    if found == "TIMESTAMPTZ_NS":
        return f"make_timestamptz(epoch_ns({name}) // 1000)"
    if found == "TIMESTAMP_NS":
        return f"make_timestamp(epoch_ns({name}) // 1000)"
    if column.type == "BOOLEAN" and found.startswith(_NUMERIC):
        return f"case when {name} = 0 then 'false' when {name} = 1 then 'true' else 'no ' || {name}::varchar end"
    if column.type == "VARCHAR" and found in {"FLOAT", "DOUBLE"}:
        return f"case when not isnan({name}) then {name} end"
    return unless_empty(name, found)


def typed(column: Column, dialect: Dialect) -> str:
    """The column of that name with the contract's type; null where its value cannot be one."""
    name = quoted(column.name)
    if column.type == "VARCHAR":
        return f"{name}::varchar"
    if column.type == "TIMESTAMPTZ":
        return _time(name, dialect)
    if column.type in {"DOUBLE", "BIGINT"}:
        value = _number(name, dialect)
        return _whole(value) if column.type == "BIGINT" else f"try_cast({value} as {column.type})"
    return f"try_cast({name} as {column.type})"


def _whole(value: str) -> str:
    """2.5 is no whole number; DuckDB would make it 3 of text and 2 of a number."""
    cast = f"try_cast({value} as bigint)"
    is_exact = f"{cast} between {-_EXACT} and {_EXACT} or typeof({value}) in ('FLOAT', 'DOUBLE')"
    return (
        f"case when {is_exact} then case when try_cast({value} as double) = {cast} then {cast} end "
        f"when try_cast({value} as decimal(38, 10)) = {cast} then {cast} end"
    )


def _number(name: str, dialect: Dialect) -> str:
    """What is cast to a number: 1_000 is none, though DuckDB takes it for one."""
    if dialect.decimal is None:
        return f"case when typeof({name}) <> 'VARCHAR' or not contains({name}::varchar, '_') then {name} end"
    other = "." if dialect.decimal == "," else ","
    plain = f"replace(replace(trim({name}::varchar), {text(other)}, ''), {text(dialect.decimal)}, '.')"
    is_one = f"regexp_full_match(trim({name}::varchar), {text(_NUMBERS[dialect.decimal])})"
    return f"case when typeof({name}) <> 'VARCHAR' then {name}::varchar when {is_one} then {plain} end"


def _time(name: str, dialect: Dialect) -> str:
    """Declared formats come first; ISO 8601 is always understood. A time without a zone is in the session's.

    In the hour that clocks leave out it is as much later, in the hour that comes twice it is the second.
    """
    ways = []
    for each in dialect.times:
        if each in _EPOCHS:
            number = f"try_cast({name} as double) * {_EPOCHS[each]}"
            ways.append(f"try(make_timestamptz(cast(round({number}) as bigint)))")
        else:
            ways.append(f"try(try_strptime({name}::varchar, {text(each)})::timestamptz)")
    as_text = f"{name}::varchar"
    # most rows end in what two comparisons tell to be an offset; only the others are looked at closely
    is_usual = f"typeof({name}) <> 'VARCHAR' or ends_with({as_text}, 'Z') or ends_with({as_text}, '+00')"
    iso = (
        f"case when {is_usual} or not regexp_matches({as_text}, {text(_NO_OFFSET)}) "
        f"then try_cast({name} as timestamptz) end"
    )
    return f"coalesce({', '.join([*ways, iso])})" if ways else iso
