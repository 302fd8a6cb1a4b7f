from collections import defaultdict
from datetime import UTC, datetime, timedelta
from itertools import groupby, pairwise

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.journeys.chains import chained
from tests.detectors.plainly import SLOWLY
from tests.drawn import INSTANT, table

MINUTE = timedelta(minutes=1)
GAP, CAP = 2 * MINUTE, 10 * MINUTE  # small, so that long chains are short to draw
BEGIN = datetime(2026, 1, 1, tzinfo=UTC)  # a whole multiple of CAP since 1970


def chains(rows):
    return chained(rows, "who", "at", "id", GAP, CAP)


def pieces(rows):
    """The pieces as (ids, closed_at), in order of `who`: who comes first in a frame is not said."""
    found = chains(rows).group_by("piece", maintain_order=True).agg(pl.col("id"), pl.col("closed_at", "who").first())
    found = found.sort("who", maintain_order=True).drop("who")
    return [(tuple(ids), closed) for _, ids, closed in found.iter_rows()]


def test_a_gap_ends_a_chain_and_less_than_it_does_not():
    rows = table(
        """
        who  | id | at
        near | a1 | 2026-01-01 10:00:00
        near | a2 | 2026-01-01 10:01:59.999999
        far  | b1 | 2026-01-01 10:00:00
        far  | b2 | 2026-01-01 10:02:00
        """,
        at=INSTANT,
    )
    at = datetime(2026, 1, 1, 10, tzinfo=UTC)
    assert pieces(rows) == [
        (("b1",), at + GAP),
        (("b2",), at + 2 * GAP),
        (("a1", "a2"), at + GAP + GAP - timedelta(microseconds=1)),
    ]


@pytest.mark.parametrize(("minutes", "parts"), [(10, [(0, 10)]), (11, [(0, 4), (5, 11)])])
def test_a_chain_longer_than_the_cap_is_cut_at_whole_multiples_of_it(minutes, parts):
    first = BEGIN + 5 * MINUTE
    rows = pl.DataFrame(
        {
            "who": "a",
            "id": [f"{n:02}" for n in range(minutes + 1)],
            "at": [first + n * MINUTE for n in range(minutes + 1)],
        }
    )
    found = pieces(rows)
    assert [(int(ids[0]), int(ids[-1])) for ids, _ in found] == parts
    # the cut is known when the chain has lasted longer than the cap, not before
    closes = [first + 11 * MINUTE, first + (minutes + 2) * MINUTE][2 - len(parts) :]
    assert [closed for _, closed in found] == closes


def test_rows_at_one_instant_stand_in_the_order_of_their_ids():
    rows = pl.DataFrame({"who": "a", "id": ["c", "a", "b"], "at": [BEGIN] * 3})
    assert pieces(rows) == [(("a", "b", "c"), BEGIN + GAP)]


def test_two_that_share_a_hash_are_kept_apart(monkeypatch):
    at = [BEGIN + timedelta(seconds=seconds) for seconds in range(4)]
    rows = pl.DataFrame({"who": list("abab"), "id": list("1234"), "at": at})
    expected = [(("1", "3"), at[2] + GAP), (("2", "4"), at[3] + GAP)]
    assert pieces(rows) == expected
    for kind in (pl.Expr, pl.Series):
        monkeypatch.setattr(kind, "hash", lambda self, *_: self.str.len_bytes())
    assert pieces(rows) == expected


# mostly long chains: a pause ends one in eleven times
rows_drawn = st.lists(
    st.tuples(st.sampled_from("aaaaab"), st.sampled_from([1, 0.5, 1, 1.5, 1.5, 119 / 60, 119 / 60, 1, 0, 0.5, 2])),
    min_size=10,
    max_size=40,
)


def frame(drawn, begin):
    seen: dict[str, datetime] = defaultdict(lambda: BEGIN + begin * MINUTE)
    rows = []
    for number, (who, pause) in enumerate(drawn):
        seen[who] += pause * MINUTE
        rows.append((who, f"{who}{99 - number}", seen[who]))
    return pl.DataFrame(rows, schema={"who": pl.String, "id": pl.String, "at": INSTANT}, orient="row")


@SLOWLY
@given(rows_drawn, st.integers(0, 9))
def test_pieces_are_what_a_slow_reading_finds(drawn, begin):
    rows = frame(drawn, begin)
    expected = []
    for who in sorted(set(rows["who"])):
        own = sorted((row for row in rows.iter_rows() if row[0] == who), key=lambda row: (row[2], row[1]))
        found = [[own[0]]]
        for row in own[1:]:
            if row[2] - found[-1][-1][2] >= GAP:
                found.append([])
            found[-1].append(row)
        for chain in found:
            if chain[-1][2] - chain[0][2] <= CAP:
                expected.append((tuple(row[1] for row in chain), chain[-1][2] + GAP))
                continue
            cut = [list(part) for _, part in groupby(chain, key=lambda row: (row[2] - BEGIN) // CAP)]
            known = next(row[2] for row in chain if row[2] - chain[0][2] > CAP)
            for part, following in pairwise([*cut, []]):
                closed = max(following[0][2], known) if following else part[-1][2] + GAP
                expected.append((tuple(row[1] for row in part), closed))
    assert pieces(rows) == expected
    found = chains(rows)
    assert found.group_by("chain").agg(pl.col("who").n_unique())["who"].to_list() == [1] * found["chain"].n_unique()
    assert found.group_by("piece").agg((pl.col("at").max() - pl.col("at").min()).alias("long"))["long"].le(CAP).all()


@settings(SLOWLY, max_examples=300)
@given(rows_drawn, st.integers(0, 9), st.integers(8, 40), st.sampled_from([0, 0, 1, 5]))
def test_who_reads_a_cap_and_two_gaps_before_an_instant_knows_all_that_is_open_then(drawn, begin, instant, later):
    then, end = BEGIN + instant * MINUTE, BEGIN + (instant + later) * MINUTE
    known = frame(drawn, begin).filter(pl.col("at") < end)
    is_open = pl.col("closed_at") >= then
    every = [piece for piece in pieces(known) if piece[1] >= then]
    window = [piece for piece in pieces(known.filter(pl.col("at") >= then - CAP - 2 * GAP)) if piece[1] >= then]
    assert window == every
    assert chains(known).filter(is_open).height == sum(len(ids) for ids, _ in every)


def test_less_than_that_would_not_be_enough():
    rows = pl.DataFrame(
        {"who": "a", "id": [f"{n:02}" for n in range(14)], "at": [BEGIN + n * MINUTE for n in range(14)]}
    )
    then = BEGIN + 13 * MINUTE
    short = rows.filter(pl.col("at") >= then - CAP + GAP)
    assert [piece for piece in pieces(short) if piece[1] >= then] != [
        piece for piece in pieces(rows) if piece[1] >= then
    ]


@SLOWLY
@given(rows_drawn, st.integers(0, 9), st.integers(0, 60))
def test_what_was_known_to_be_over_stays_as_it_was(drawn, begin, instant):
    then = BEGIN + instant * MINUTE
    rows = frame(drawn, begin)
    at_the_time = [piece for piece in pieces(rows.filter(pl.col("at") < then)) if piece[1] < then]
    assert [piece for piece in pieces(rows) if piece[1] < then] == at_the_time
