"""Keeps a worker process, and starts another where it has died, hangs or holds on to memory."""

import json
import os
import select
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.hostile.bad import BadFile

ROOT = Path(__file__).resolve().parents[2]
STARTING = 120  # seconds
BUSY = 2  # a worker's seconds may take so many times as long: other programs run too
TIRED = 600  # MiB that a worker may still hold when it has answered
Rows = list[tuple[int | None, list[str], str]]


@dataclass(frozen=True)
class Answer:
    """What came of trying a file. `end`: how the worker ended, if it did; `crash`: a traceback."""

    end: str = ""
    crash: str = ""
    error: str | None = None
    code: int = 0
    out: str = ""
    err: str = ""
    counts: tuple[int, int, int, int] | None = None
    law: str = ""
    quarantined: Rows = field(default_factory=list)
    values: dict[str, list[str | None]] = field(default_factory=dict)
    stray: list[str] = field(default_factory=list)
    seconds: float = 0.0
    peak: int = 0
    left: int = 0


class Keeper:
    """Asks a worker; one that dies is an answer, and the next one asked is another."""

    def __init__(self, tired: int = TIRED) -> None:
        self._tired = tired
        self._worker: subprocess.Popen[bytes] | None = None

    def load(self, file: BadFile, path: Path) -> Answer:
        """One load of the file."""
        asked = {"do": "load", "path": str(path), "columns": list(file.expected.values)}
        asked |= {"contract": file.contract, "adapter": file.adapter, "zone": file.zone}
        return self._ask(asked, path.parent, file.seconds, as_nobody=file.as_nobody)

    def check(self, file: BadFile, path: Path) -> Answer:
        """`friction check` of the file."""
        named = ["--contract", file.contract, "--adapter", file.adapter, "--timezone", file.zone]
        asked = {"do": "command", "arguments": ["check", str(path), *named]}
        return self._ask(asked, path.parent, file.seconds, as_nobody=file.as_nobody)

    def command(self, folder: Path, *arguments: object, seconds: int = 60) -> Answer:
        """`friction ARGUMENTS`; files that it leaves in the folder are noted."""
        return self._ask({"do": "command", "arguments": [str(each) for each in arguments]}, folder, seconds)

    def end(self) -> None:
        """No more questions."""
        if self._worker is not None:
            self._worker.kill()
            self._worker.communicate()
            self._worker = None

    def _ask(self, asked: dict[str, Any], folder: Path, seconds: int, *, as_nobody: bool = False) -> Answer:
        if self._worker is None:
            self._worker = _started()
        stdin, stdout = self._worker.stdin, self._worker.stdout
        assert stdin is not None
        assert stdout is not None
        stdin.write(json.dumps(asked | {"folder": str(folder), "as_nobody": as_nobody}).encode() + b"\n")
        stdin.flush()
        if not select.select([stdout], [], [], seconds * BUSY)[0]:
            self.end()
            return Answer(end=f"no answer after {seconds * BUSY} seconds")
        told = stdout.readline()
        if not told:
            ended = self._worker.wait()
            self.end()
            return Answer(end=f"the process ended with {ended}")
        found = json.loads(told)
        answer = Answer(**found | {"counts": tuple(found["counts"]) if "counts" in found else None})
        if answer.crash or answer.left > self._tired:
            self.end()
        return answer


def _started() -> "subprocess.Popen[bytes]":
    worker = subprocess.Popen(
        [sys.executable, "-X", "faulthandler", "-m", "tests.hostile.worker"],
        cwd=ROOT, env=os.environ | {"PYTHONPATH": str(ROOT)}, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
    )  # fmt: skip
    assert worker.stdout is not None
    if not select.select([worker.stdout], [], [], STARTING)[0] or worker.stdout.readline() != b"ready\n":
        worker.kill()
        raise RuntimeError("the worker does not start: python -m tests.hostile.worker")
    return worker
