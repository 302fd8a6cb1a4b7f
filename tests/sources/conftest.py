"""A warehouse in memory for the tests of a file; what a test loads is undone after it."""

import pytest

from tests.warehouse.loads import new_warehouse, undone


@pytest.fixture(scope="module")
def shared():
    with new_warehouse() as made:
        yield made


@pytest.fixture
def con(shared):
    with undone(shared):
        yield shared
