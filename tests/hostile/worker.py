"""A process that tries files, so that one that crashes, hangs or eats memory does not end the tests.

It is told what to do in a line of JSON on standard input, and answers in a line of JSON on standard output.
"""

import contextlib
import io
import json
import os
import resource
import sys
import tempfile
import time
import traceback
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import duckdb

from pipeline import cli
from pipeline.contracts.contract import load as load_contract
from pipeline.errors import FrictionError
from pipeline.quoting import quoted, text
from pipeline.sources import mapping
from tests.warehouse import loads

MOST_MEMORY = 8 << 30  # bytes of address space; what would take more is refused it, and does not end the machine
LARGEST_FILE = 2 << 30  # bytes
NOBODY = 65534
SHOWN = 3000  # rows, and characters of a text, that an answer holds
Answer = dict[str, Any]


def load(con: duckdb.DuckDBPyConnection, asked: Answer) -> Answer:
    """Take the file into an empty warehouse, and undo that."""
    path, contract = Path(asked["path"]), load_contract(asked["contract"])
    con.execute(f"set timezone = {text(asked['zone'])}")  # of times in the file that name none
    with loads.undone(con):
        try:
            mapped = mapping.load(asked["adapter"], path.parent)
            loaded = loads.take(con, path, contract.name, mapping=mapped)
        except FrictionError as error:
            return {"error": str(error)[: SHOWN * 10], "code": error.exit_code}
        con.execute("set timezone = 'UTC'")
        law = ""
        try:
            loads.balance(con)
        except AssertionError as error:
            law = str(error)
        put_aside = con.execute(
            "select line, list_sort(broken_rules), left(original, 200) from ops.quarantine order by all limit $most",
            {"most": SHOWN},
        ).fetchall()
        values = {
            name: con.execute(
                f"select distinct left({quoted(name)}::varchar, 11000) from {contract.table} order by all limit 100"
            ).fetchall()
            for name in asked["columns"]
        }
    return {
        "counts": [loaded.rows_read, loaded.rows_kept, loaded.rows_quarantined, loaded.rows_duplicate],
        "law": law,
        "quarantined": put_aside,
        "values": {name: [value for (value,) in found] for name, found in values.items()},
    }


def command(_con: duckdb.DuckDBPyConnection, asked: Answer) -> Answer:
    """Run `friction ARGUMENTS` as a shell would."""
    out, err, code = io.StringIO(), io.StringIO(), 0
    sys.argv = ["friction", *asked["arguments"]]
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        try:
            cli.main()
        except SystemExit as ended:
            code = ended.code if isinstance(ended.code, int) else 0 if ended.code is None else 1
    return {"code": code, "out": out.getvalue()[: SHOWN * 10], "err": err.getvalue()[: SHOWN * 10]}


@contextlib.contextmanager
def nobody(*, is_wanted: bool) -> Iterator[None]:
    """Without the rights of the superuser, who may read everything."""
    if not is_wanted or os.geteuid() != 0:
        yield
        return
    os.seteuid(NOBODY)
    try:
        yield
    finally:
        os.seteuid(0)


def memory(what: str) -> int:
    """MiB that the process has (VmRSS), or has had at most since it was last forgotten (VmHWM)."""
    for each in Path("/proc/self/status").read_text(encoding="utf-8").splitlines():
        if each.startswith(what):
            return int(each.split()[1]) // 1024
    return 0


def answer(con: duckdb.DuckDBPyConnection, asked: Answer) -> Answer:
    """What came of a request, with its time in seconds, its peak of memory in MiB and the files that it left."""
    with tempfile.TemporaryDirectory() as own:
        os.environ["TMPDIR"], tempfile.tempdir = own, None
        os.chdir(own)
        before = listed(asked["folder"])
        con.execute("set timezone = 'UTC'")
        Path("/proc/self/clear_refs").write_text("5", encoding="utf-8")  # forget the peak so far
        start, used = time.monotonic(), time.process_time()
        try:
            with nobody(is_wanted=asked["as_nobody"]):
                found = (load if asked["do"] == "load" else command)(con, asked)
        except BaseException:  # noqa: BLE001 - whatever it is: that it gets here is what is found
            found = {"crash": traceback.format_exc()[-SHOWN:]}
        # on a busy machine the clock runs on, with several threads the processor's time does
        seconds = min(time.monotonic() - start, time.process_time() - used)
        found |= {"seconds": seconds, "peak": memory("VmHWM"), "left": memory("VmRSS")}
        os.chdir("/")
        del os.environ["TMPDIR"]
        tempfile.tempdir = None
        return found | {"stray": sorted((listed(asked["folder"]) - before) | listed(own))}


def listed(folder: str) -> set[str]:
    """All files and folders below a folder."""
    return {str(each.relative_to(folder)) for each in Path(folder).rglob("*")}


def main() -> None:
    """Answer requests until there are no more."""
    os.umask(0o022)
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_DATA, (MOST_MEMORY, MOST_MEMORY))
    resource.setrlimit(resource.RLIMIT_FSIZE, (LARGEST_FILE, LARGEST_FILE))
    with os.fdopen(os.dup(1), "w", encoding="utf-8") as answers, loads.new_warehouse() as con:
        os.dup2(2, 1)  # whatever else is written to standard output is no answer
        answers.write("ready\n")
        answers.flush()
        for request in sys.stdin:
            answers.write(json.dumps(answer(con, json.loads(request)), default=str) + "\n")
            answers.flush()


if __name__ == "__main__":
    main()
