"""Every bad file is an error for the user or counted rows; nothing else comes of it, and nothing is left."""

from dataclasses import replace

import pytest

from tests.hostile.bad import bad, named, rows
from tests.hostile.corpus import CORPUS, FILES
from tests.hostile.held import held_load
from tests.sources.rows import HEADER, event


@pytest.mark.parametrize("file", named(FILES))
def test_a_bad_file_is_an_error_or_counted_rows(keeper, folder, file):
    held_load(keeper.load(file, file.put(folder)), file)


@pytest.mark.parametrize("as_nobody", [False, True])
def test_a_good_file_is_read_by_anybody(keeper, folder, as_nobody):
    good = replace(bad("good", "a.csv", HEADER + event("e1"), rows(1, 1, 0)), as_nobody=as_nobody)
    held_load(keeper.load(good, good.put(folder)), good)


def test_each_file_has_a_name_of_its_own():
    assert len(CORPUS) == len(FILES)
