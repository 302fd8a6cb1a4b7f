"""Days in paths."""

import re
from datetime import date

import pytest

from pipeline.calendar import dated, is_daily

DAY = date(2026, 1, 5)


@pytest.mark.parametrize(
    ("path", "filled", "daily"),
    [
        ("a/{day}/*.csv", "a/2026-01-05/*.csv", True),
        ("a/{day:%Y/%m/%d}/b-{day}.csv", "a/2026/01/05/b-2026-01-05.csv", True),
        ("{day:%y%j}", "26005", True),
        ("y={day:%Y}/m={day:%-m}/d={day:%-d}", "y=2026/m=1/d=5", True),
        ("{day:%Y-%m}/*.csv", "2026-01/*.csv", False),
        ("{day:%Y}.csv", "2026.csv", False),
        ("a/{date}/%Y/*.csv", "a/{date}/%Y/*.csv", False),
        ("a/*.csv", "a/*.csv", False),
    ],
)
def test_each_place_of_a_day_is_filled_in_its_form(path, filled, daily):
    assert dated(path, DAY) == filled
    assert is_daily(path) == daily


@pytest.mark.parametrize(
    ("path", "words"),
    [
        ("{day:%B}", "'%B' in {day:%B} is no form of a day. Known: %Y, %y, %m, %d, %j, %-m, %-d"),
        ("{day:%Y-%m-%d %H}", "'%H' in {day:%Y-%m-%d %H} is no form of a day"),
        ("{day:%}", "'%' in {day:%} is no form"),
        ("{day:}", "'' in {day:} is no form"),
        ("{day:YYYY}", "'YYYY' in {day:YYYY} is no form"),
        ("{day", "'{day' has a {day that is not closed"),
        ("{days}", "is no {day}. Write {day} or {day:%Y/%m/%d}"),
        ("{day:%Y-{day}", "has a {day that is not closed"),
        ("{day:%d}.csv", "'{day:%d}.csv' means several days at once. Name the year and the month as well"),
        ("{day:%m/%d}/*.csv", "means several days at once"),
        ("{day:%Y}/{day:%d}/*.csv", "means several days at once"),
        ("{day:%j}/*.csv", "means several days at once"),
    ],
)
def test_a_form_that_is_none_is_an_error_that_shows_the_known_ones(path, words):
    with pytest.raises(ValueError, match=re.escape(words)):
        dated(path, DAY)
