"""The command line in this process, as a shell sees it."""

import re
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

from pipeline import cli

CONTROL = re.compile("[\x00-\x09\x0b-\x1f\x7f\u202e]")  # what a terminal would obey


@dataclass(frozen=True)
class Done:
    """What a command said and how it ended."""

    code: int
    out: str
    err: str


class Friction:
    """Runs `friction ARGUMENTS`; `config` is named before each command."""

    def __init__(self, patch: pytest.MonkeyPatch, capture: pytest.CaptureFixture[str]) -> None:
        self._patch, self._capture = patch, capture
        self.config: Path | None = None

    def __call__(self, *arguments: object) -> Done:
        named = ["--config", str(self.config)] if self.config else []
        self._patch.setattr(sys, "argv", ["friction", *named, *map(str, arguments)])
        self._capture.readouterr()
        code = 0
        try:
            cli.main()
        except SystemExit as ended:
            code = ended.code if isinstance(ended.code, int) else 0 if ended.code is None else 1
        said = self._capture.readouterr()
        assert "Traceback" not in said.err
        return Done(code, said.out, said.err)
