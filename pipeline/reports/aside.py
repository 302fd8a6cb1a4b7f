"""How many of the kept rows are set aside, and for which reasons: bots, tests, one's own people, impossible rates."""

import polars as pl

from pipeline.reports.formats import Formats
from pipeline.reports.words import Words
from pipeline.warehouse.aside import REASONS


def rows(loads: pl.DataFrame) -> int:
    """Rows of the files that are set aside; they are kept rows."""
    return sum(int(loads[reason].sum()) for reason in REASONS)


def told(loads: pl.DataFrame, words: Words, formats: Formats) -> str:
    """`30 bot, 7 test`: the reasons that occur, the commonest first."""
    counts = [(reason, int(loads[reason].sum())) for reason in REASONS]
    return ", ".join(
        f"{formats.count(number)} {words.label('set_aside', reason)}"
        for reason, number in sorted(counts, key=lambda each: -each[1])
        if number
    )
