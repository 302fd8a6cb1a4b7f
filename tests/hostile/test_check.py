"""`friction check` on every bad file: a verdict or an error in words, and an exit code for it."""

from dataclasses import replace

import pytest

from tests.hostile.bad import BadFile, named
from tests.hostile.corpus import FILES
from tests.hostile.held import held_check, held_words


def told_of(file: BadFile) -> BadFile:
    """Files that are refused are tried always, for the words; what a load makes of the others is tried as a load."""
    return file if file.expected.is_refused else replace(file, is_heavy=True)


@pytest.mark.parametrize("file", named(told_of(file) for file in FILES if not file.is_heavy))
def test_check_says_what_it_found_or_what_to_do_and_ends_with_its_code(keeper, folder, file):
    answer = keeper.check(file, file.put(folder))
    held_check(answer, file)
    if file.expected.is_refused:
        assert answer.code, "it was read"
        held_words(answer.err)
