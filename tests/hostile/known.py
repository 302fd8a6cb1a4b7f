"""What fails today, and why. A file that is mended is taken out: a test that passes in spite of this list fails."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import pytest

from tests.hostile.bad import BadFile
from tests.hostile.fuzz import Reader


@dataclass(frozen=True)
class Known:
    """Why it fails; `is_slow`: it is not tried, because it would take longer than all others together."""

    why: str
    is_slow: bool = False


def parametrized(files: Iterable[BadFile], known: Mapping[str, Known]) -> list[object]:
    """The files as parameters of a test, with their names; those that are known to fail have to."""
    return [pytest.param(each, id=each.name, marks=_marks(known.get(each.name))) for each in files]


def named(readers: Iterable[Reader], known: Mapping[str, Known]) -> list[object]:
    """The same for the readers that a fuzzer tries."""
    return [pytest.param(each, id=each.name, marks=_marks(known.get(each.name))) for each in readers]


def _marks(found: Known | None) -> list[pytest.MarkDecorator]:
    if found is None:
        return []
    return [pytest.mark.xfail(strict=True, reason=found.why, run=not found.is_slow)]


LOADS: dict[str, Known] = {}
CHECKS: dict[str, Known] = {}
NIGHTS: dict[str, Known] = {}
WORDS: dict[str, Known] = {}
READS: dict[str, Known] = {}
FUZZ: dict[str, Known] = {}
PACKED: dict[str, Known] = {}
