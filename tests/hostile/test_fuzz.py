"""Good files with damaged bytes, by every reader: an error for the user or rows that balance, and never a crash.

`make hostile` tries longer, FRICTION_FUZZ_ROUNDS=1000 longer still; FRICTION_FUZZ_SEED=7 tries others. A failure names
its seed.
"""

import os
from collections.abc import Callable

import pytest

from tests.hostile.bad import bad, named, rows, told
from tests.hostile.fuzz import READERS, Reader
from tests.hostile.held import held_load

ROUNDS = int(os.environ.get("FRICTION_FUZZ_ROUNDS", "12"))
FIRST = int(os.environ.get("FRICTION_FUZZ_SEED", "0"))
GOOD = rows(3, 3, 0)
PACKED = [reader for reader in READERS if reader.unpack is not None]


@pytest.mark.parametrize("reader", named(READERS))
def test_the_file_is_read_before_it_is_damaged(keeper, folder, reader):
    file = bad(reader.name, reader.name, reader.good, GOOD, adapter=reader.adapter)
    held_load(keeper.load(file, file.put(folder)), file)


@pytest.mark.parametrize("reader", named(READERS))
def test_a_damaged_file_is_an_error_or_counted_rows(keeper, folder, reader):
    wrong = []
    for seed in range(FIRST, FIRST + ROUNDS):
        file = bad(reader.name, reader.name, reader.damaged(seed), told(), adapter=reader.adapter)
        try:
            held_load(keeper.load(file, file.put(folder)), file)
        except AssertionError as error:
            wrong.append((seed, str(error)[:300]))
    assert wrong == [], f"{len(wrong)} of {ROUNDS} files: {wrong[:3]}"


@pytest.mark.parametrize("reader", named(PACKED))
def test_what_cannot_be_unpacked_whole_is_never_read(keeper, folder, reader):
    wrong, refusals = [], 0
    for seed in range(FIRST + 1, FIRST + 2 * ROUNDS, 2):
        damaged = reader.damaged(seed)
        if unpacks(reader, damaged):
            continue
        refusals += 1
        file = bad(reader.name, reader.name, damaged, told(), adapter=reader.adapter)
        answer = keeper.load(file, file.put(folder))
        if answer.error is None:
            wrong.append((seed, answer.counts))
    assert refusals > ROUNDS // 3, "hardly any file was damaged"
    assert wrong == [], f"{len(wrong)} of {refusals} files were read that do not unpack: {wrong[:3]}"


def unpacks(reader: Reader, packed: bytes) -> bool:
    """Whether the reference unpacker takes it, to its last byte and with its checksum."""
    unpack: Callable[[bytes], bytes] | None = reader.unpack
    assert unpack is not None
    try:
        unpack(packed)
    except Exception:  # noqa: BLE001 - zlib.error, EOFError, BadGzipFile, OSError, struct.error …
        return False
    return True
