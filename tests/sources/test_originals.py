"""A CSV file is cut into the same rows by its bytes as by Python's reader, whatever stands between quotes."""

from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pipeline.sources import originals
from pipeline.sources.files import open_file

CELLS = st.sampled_from(["1", "", "a b", '"x"', '"x,y"', '"x\ny"', '"x""y"', '"\n"', "ğ", '"x\r\ny"'])
ROWS = st.lists(st.lists(CELLS, min_size=2, max_size=2).map(",".join), max_size=12)


@pytest.mark.parametrize("chunk", [1, 7, 1 << 24])
@settings(
    max_examples=120, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(ROWS, st.sampled_from(["\n", "\r\n"]), st.booleans(), st.sets(st.integers(1, 12)))
def test_bytes_and_reader_cut_alike(monkeypatch, tmp_path: Path, chunk, rows, end, is_ended, wanted):
    path = tmp_path / "a.csv"
    path.write_bytes((end.join(["p,q", *rows]) + (end if is_ended else "")).encode())
    file = open_file(path, "a.csv", None)
    monkeypatch.setattr(originals, "CHUNK", chunk)
    by_bytes = originals._by_bytes(file, True, wanted, set())
    by_reader = originals._by_reader(file, True, ",", wanted, set())
    assert by_bytes is not None
    assert (by_bytes.rows, by_bytes.found) == (by_reader.rows, by_reader.found)


def test_lone_carriage_returns_and_open_quotes_are_left_to_the_reader(tmp_path):
    for content in ("p,q\r1,2\r3,4\r", 'p,q\n1,"2\n3,4\n'):
        path = tmp_path / "a.csv"
        path.write_bytes(content.encode())
        assert originals._by_bytes(open_file(path, "a.csv", None), True, {1}, set()) is None
