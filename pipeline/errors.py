"""Errors that a user sees: each says where, what was found and what to do, and has its own exit code."""

from collections.abc import Iterable
from difflib import get_close_matches


class FrictionError(Exception):
    """Something that the user can put right; shown without a traceback."""

    exit_code = 1


class SettingsError(FrictionError):
    """`friction.toml`, a journey file or a mapping file says something that cannot be."""

    exit_code = 2


class InputError(FrictionError):
    """An input file is missing, unreadable or not of the format that its name promises."""

    exit_code = 3


class StorageError(InputError):
    """Object storage does not answer, or what lies there is changing: another attempt may succeed."""


class WarehouseError(FrictionError):
    """The warehouse is missing, locked, newer than this version or refuses a query."""

    exit_code = 4


class NotFoundError(FrictionError):
    """A day, point, flag or signal that was asked for does not exist."""

    exit_code = 5


class SomeDaysError(FrictionError):
    """Some days of a backfill failed; the others are computed and published."""

    exit_code = 6


class ContractError(FrictionError):
    """Input breaks its data contract beyond the contract's limit, or a contract file is not a contract."""

    exit_code = 10


def hint(found: str, known: Iterable[str]) -> str:
    """`Did you mean 'x'? Known: …` for a name that is not among the known ones."""
    names = sorted(known)
    close = get_close_matches(found, names, n=1)
    guess = f" Did you mean {close[0]!r}?" if close else ""
    return f"{guess} Known: {', '.join(names) or 'none'}."
