"""A large result, read once and given back in parts: what a night works through bucket by bucket."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import duckdb
import numpy as np
import polars as pl
import pyarrow as pa

if TYPE_CHECKING:
    from pyarrow import ipc
else:
    import pyarrow.ipc as ipc

ROWS = 250_000  # that are parted at once: a few ten MB
LEAST = 2_000  # rows of a part at once, where there are many parts: shorter ones cost more than they hold


@contextmanager
def parted(rows: duckdb.DuckDBPyRelation, part: str, parts: int, path: Path) -> Iterator[Callable[[int], pl.DataFrame]]:
    """The rows of a query, part by part; `part` is the column with the number of each row's part, from 0 on.

    They are kept in the file `path`, which is gone at the end. It holds no more than one piece of the result at once
    in memory: each piece is put in order of its parts and written as one batch per part, also where that is empty, so
    that the batches of a part are every `parts`-th of the file.
    """
    reader = rows.to_arrow_reader(max(ROWS, LEAST * parts))
    schema = reader.schema.remove(reader.schema.get_field_index(part))
    try:
        with ipc.new_file(str(path), schema) as written:
            for piece in reader:
                numbers = piece.column(part).to_numpy()
                ordered = piece.drop_columns([part]).take(pa.array(np.argsort(numbers, kind="stable")))
                begin = 0
                for length in np.bincount(numbers, minlength=parts).tolist():
                    written.write_batch(ordered.slice(begin, length))
                    begin += length
        # not mapped into memory: a mapped file counts as memory of the process, as much of it as was read
        with pa.OSFile(str(path)) as source:
            batches = ipc.open_file(source)

            def of(number: int) -> pl.DataFrame:
                its = [batches.get_batch(at) for at in range(number, batches.num_record_batches, parts)]
                return pl.DataFrame(pa.Table.from_batches(its, schema))

            yield of
    finally:
        path.unlink(missing_ok=True)
