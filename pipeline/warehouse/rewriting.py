"""The quarantined rows of a load as a file again, written as the file was that they came from."""

import csv
import io
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import duckdb
import polars as pl

from pipeline.errors import InputError
from pipeline.quoting import quoted, text
from pipeline.sources.mapping import Mapping
from pipeline.warehouse.quarantine import IS_NO_ROW, IS_SUPERSEDED, Writing

# Of a row that the reader could not make out, the bytes may be lost (they are shown as well as they can be), and
# quotes that nobody closed would swallow the rows after it.
CAN_BE_READ = f"not {IS_SUPERSEDED} and not {IS_NO_ROW}"


@dataclass(frozen=True)
class Load:
    """A load whose quarantine is to be read again, as `ops.loads` has noted it."""

    load_id: str
    source: str
    contract: str
    file: str
    day: date | None
    sha256: str
    writing: Writing


@dataclass(frozen=True)
class Original:
    """A row of the file, and how many rows that were made of it stand in the quarantine."""

    line: int | None
    text: str
    times: int


def find(con: duckdb.DuckDBPyConnection, source: str | None = None, file: str | None = None) -> list[Load]:
    """The loads with quarantined rows that can be read again, in a fixed order: all, or of a source, or of files.

    `file` is a path as in `ops.loads`, or a pattern of such paths.
    """
    found = con.execute(
        f"""
        select load_id, source, contract, file, day, sha256, format, columns, column_types, delimiter from ops.loads
        where load_id in (select load_id from ops.quarantine where {CAN_BE_READ})
          and ($source is null or source = $source) and ($file is null or file = $file or file glob $file)
        order by source, file
        """,
        {"source": source, "file": file},
    ).fetchall()
    return [
        Load(load_id, name, contract, path, day, sha256, Writing(*how))
        for load_id, name, contract, path, day, sha256, *how in found
    ]


def of(con: duckdb.DuckDBPyConnection, load: Load) -> list[Original]:
    """The originals of a load, in the order of its file."""
    found = con.execute(
        f"select line, original, count(*) from ops.quarantine where load_id = $id and {CAN_BE_READ} "
        "group by all order by line, original",
        {"id": load.load_id},
    ).fetchall()
    return [Original(*row) for row in found]


@contextmanager
def written(
    con: duckdb.DuckDBPyConnection, load: Load, originals: list[Original], mapping: Mapping | None
) -> Iterator[tuple[Path, list[int]]]:
    """A file of the originals, and of text the bytes at which they begin."""
    with tempfile.TemporaryDirectory(prefix="friction-") as folder:
        path = Path(folder) / "quarantined"
        if load.writing.format == "parquet":
            _as_parquet(con, load, originals, path)
            yield path, []
            return
        has_header = load.writing.format == "csv" and not (mapping and mapping.fields)
        begins, at = [], 0
        with path.open("wb") as out:
            if has_header:
                at += out.write(_header(load.writing))
            for each in originals:
                begins.append(at)
                row = each.text
                if load.writing.format == "ndjson":  # an element of an array may have stood on several lines
                    row = row.replace("\r", " ").replace("\n", " ")
                at += out.write(f"{row}\n".encode())
        yield path, begins


def _header(writing: Writing) -> bytes:
    line = io.StringIO(newline="")
    csv.writer(line, delimiter=writing.delimiter or ",", lineterminator="\n").writerow(writing.columns)
    return line.getvalue().encode()


def _as_parquet(con: duckdb.DuckDBPyConnection, load: Load, originals: list[Original], path: Path) -> None:
    """The columns of the file with their types, from the JSON objects that they were kept as."""
    columns = zip(load.writing.columns, load.writing.column_types, strict=True)
    whole = ", ".join(f"{quoted(name)} {kind}" for name, kind in columns)
    con.register("incoming", pl.DataFrame({"original": [each.text for each in originals]}).to_arrow())
    try:
        con.execute(
            f"copy (select unnest(original::json::struct({whole})) from incoming) to {text(path)} (format parquet)"
        )
    except duckdb.Error as error:
        raise InputError(f"{load.file}: its quarantined rows cannot be read again: {error}") from error
    finally:
        con.unregister("incoming")
