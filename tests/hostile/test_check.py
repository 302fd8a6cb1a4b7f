"""`friction check` on every bad file: a verdict or an error in words, and an exit code for it."""

import pytest

from tests.hostile import known
from tests.hostile.corpus import FILES
from tests.hostile.held import held_check, held_words

pytestmark = pytest.mark.hostile

LIGHT = [file for file in FILES if not file.is_heavy]


@pytest.mark.parametrize("file", known.parametrized(LIGHT, known.CHECKS))
def test_check_says_what_it_found_and_ends_with_its_code(keeper, folder, file):
    held_check(keeper.check(file, file.put(folder)), file)


@pytest.mark.parametrize("file", known.parametrized([file for file in LIGHT if file.expected.is_refused], known.WORDS))
def test_an_error_says_what_to_do(keeper, folder, file):
    answer = keeper.check(file, file.put(folder))
    assert answer.code, "it was read"
    held_words(answer.err)
