"""The warehouse in memory that the tests of a file's content have, too."""

from tests.sources.conftest import con, shared

__all__ = ["con", "shared"]
