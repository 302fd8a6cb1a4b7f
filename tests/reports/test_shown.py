import pytest

from pipeline.reports.shown import columns, cut, plain, shown


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("a\n b\t\tc ", "a b c"),
        ("\u202eevil", "\ufffdevil"),
        ("x\x00\x1b[31m", "x\ufffd\ufffd[31m"),
        ("zero\u200bwidth", "zero\ufffdwidth"),
        ("şğıİ 你好", "şğıİ 你好"),
    ],
)
def test_text_from_data_becomes_one_visible_line(text, line):
    assert plain(text) == line


@pytest.mark.parametrize(("length", "is_cut"), [(80, False), (81, True)])
def test_text_beyond_eighty_characters_is_cut_and_its_title_tells_more(length, is_cut):
    found = shown("x" * length)
    assert len(found.text) == 80
    assert (found.title == "x" * length) is is_cut
    assert found.text.endswith("…") is is_cut


def test_even_a_title_ends():
    assert len(shown("x" * 10_000).title or "") == 1_000


def test_wide_characters_take_two_columns():
    assert columns("你好") == 4
    assert cut("你好你好", 6) == "你好…"
