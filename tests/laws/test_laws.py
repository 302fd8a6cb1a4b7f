"""What holds for every signal in the registry, and for the journeys that they stand on, from their first minute."""

from collections import Counter
from dataclasses import fields, replace
from datetime import timedelta
from functools import partial

import polars as pl
from hypothesis import given, settings
from hypothesis import strategies as st
from polars.testing import assert_frame_equal

from pipeline.contracts.contract import load as load_contract
from pipeline.detectors import all_signals
from pipeline.night import Found
from tests.detectors import nights
from tests.detectors.nights import World, day_of, nothing, world
from tests.detectors.plainly import SLOWLY
from tests.laws.worlds import PERSONS, USUAL, worlds

DAYS = st.sampled_from([2, 1, 2, 1, 3])
KEYS = {
    "sessions": ["person_id", "session_id"],
    "stage_visits": ["person_id", "visit_id"],
    "cases": ["person_id", "case_id"],
    "flags": ["person_id", "flag_id"],
}
night = partial(nights.night, usual=USUAL)
HOLDS = settings(SLOWLY, max_examples=30)


def same(one: Found, other: Found) -> None:
    """Both found the same rows; which order they stand in is up to the table that they are written to."""
    for name, key in KEYS.items():
        left, right = getattr(one, name), getattr(other, name)
        assert_frame_equal(left.sort(key), right.select(left.columns).sort(key))


def keeps_its_contract(found: Found) -> None:
    for name in KEYS:
        contract, rows = load_contract(name), getattr(found, name)
        assert dict(rows.schema) == dict(contract.schema()), name
        for column in contract.columns:
            cells = rows[column.name]
            assert not (column.is_required and cells.null_count()), f"{name}.{column.name}"
            assert not column.allowed or set(cells.drop_nulls()) <= set(column.allowed), f"{name}.{column.name}"
            assert column.minimum is None or cells.drop_nulls().ge(column.minimum).all(), f"{name}.{column.name}"
            assert column.maximum is None or cells.drop_nulls().le(column.maximum).all(), f"{name}.{column.name}"
        assert rows.select(contract.key).is_duplicated().sum() == 0, name


@HOLDS
@given(worlds(), DAYS)
def test_what_is_found_keeps_its_contract_and_the_worlds_hold_every_signal(rows, number):
    found = night(rows, day_of(number))
    keeps_its_contract(found)
    assert all_signals()
    # what is found of all people together takes more of them than a world has
    assert set(found.flags["signal"]) == {name for name, signal in all_signals().items() if not signal.of_all}


def test_no_events_no_flags():
    found = night(world())
    keeps_its_contract(found)
    for name in KEYS:
        assert getattr(found, name).is_empty()


@HOLDS
@given(worlds(), DAYS)
def test_what_a_night_finds_lies_in_its_day_and_stands_on_a_visit_of_it(rows, number):
    day = day_of(number)
    found = night(rows, day)
    for name in KEYS:
        told = getattr(found, name)
        instants = [column for column in told.columns if column.endswith("_at") and column != "due_at"]
        assert told.select(pl.col(instants).max()).select(pl.max_horizontal(instants) < day.end).to_series().all(), name
        assert told["day"].eq(day.date).all()
    assert found.flags["flagged_at"].ge(day.start).all()
    late = found.flags.filter(pl.col("started_at") > pl.min_horizontal("flagged_at", "ended_at"))
    assert late["flag_id"].to_list() == []
    active = found.stage_visits.filter(pl.col("is_active") | pl.col("is_decided"))
    assert found.flags.join(active, on=["visit_id", "stage", "person_id"], how="anti")["flag_id"].to_list() == []


@HOLDS
@given(worlds(), DAYS, st.randoms(use_true_random=False))
def test_the_order_of_rows_is_irrelevant(rows, number, random):
    def shuffled(frame):
        places = list(range(frame.height))
        random.shuffle(places)
        return frame[places]

    mixed = World(*(shuffled(getattr(rows, each.name)) for each in fields(rows)))
    same(night(rows, day_of(number)), night(mixed, day_of(number)))


@HOLDS
@given(worlds(kiosk=False), DAYS)
def test_one_person_never_changes_what_is_found_of_another(rows, number):
    apart = [night(rows.only({person}, {f"{person}-phone"}), day_of(number)) for person in PERSONS]
    union = Found(**{each.name: pl.concat([getattr(one, each.name) for one in apart]) for each in fields(Found)})
    same(night(rows, day_of(number)), union)


@HOLDS
@given(worlds(), DAYS)
def test_who_reads_more_finds_the_same(rows, number):
    same(night(rows, day_of(number)), night(rows, day_of(number), reach=timedelta(days=20)))


@HOLDS
@given(worlds(), DAYS)
def test_what_happens_after_the_day_changes_nothing(rows, number):
    day = day_of(number)
    same(night(as_extracted(rows, day.end), day), night(rows, day))


def as_extracted(rows, end):
    """The world's rows as they were at an instant: no later row, no later end."""

    def earlier(frame, begins, ends, told=None):
        later = [pl.when(pl.col(name) < end).then(name).alias(name) for name in ends]
        is_open = pl.col(ends[0]).is_null() | (pl.col(ends[0]) >= end) if ends else pl.lit(value=False)
        unknown = [pl.when(is_open).then(value).otherwise(name).alias(name) for name, value in (told or {}).items()]
        return frame.filter(pl.col(begins) < end).with_columns(*later, *unknown)

    return World(
        clickstream=earlier(rows.clickstream, "occurred_at", []),
        wait_time=earlier(
            rows.wait_time,
            "started_at",
            ["ended_at"],
            {"outcome": pl.lit("open"), "handled_seconds": pl.lit(None, pl.Float64)},
        ),
        order_error=earlier(rows.order_error, "occurred_at", ["resolved_at"]),
        orders=earlier(rows.orders, "placed_at", ["delivered_at", "cancelled_at"]),
    )


@settings(SLOWLY, max_examples=20)
@given(worlds(kiosk=False))
def test_over_the_months_each_flag_is_written_once_and_each_visit_decided_once(rows):
    nights = [night(rows, day_of(number)) for number in [*range(1, 12), 16, 17, 18]]
    written = Counter(flag for found in nights for flag in found.flags["flag_id"])
    decided = Counter(visit for found in nights for visit in found.stage_visits.filter("is_decided")["visit_id"])
    over = Counter(session for found in nights for session in found.sessions["session_id"])
    for counted in (written, decided, over):
        assert [name for name, times in counted.items() if times > 1] == []
    # and every session was over, and every visit of it was decided
    of_sessions = [found.stage_visits.drop_nulls("session_id") for found in nights]
    assert {visit for found in of_sessions for visit in found.filter(person_id="c:ann")["visit_id"]} <= set(decided) | {
        visit for found in of_sessions for visit in found.filter(outcome="open")["visit_id"]
    }


@HOLDS
@given(worlds(), DAYS)
def test_columns_that_are_not_required_may_be_empty(rows, number):
    def bare(name):
        contract, frame = load_contract(name), getattr(rows, name)
        kept = {column.name for column in contract.columns if column.is_required} | {"customer_id", "anonymous_id"}
        kept |= {"ended_at"}  # an open wait has none, any other has one
        empty = nothing(name)
        blank = [pl.lit(None, dtype).alias(column) for column, dtype in empty.schema.items() if column not in kept]
        return frame.with_columns(blank)

    keeps_its_contract(night(World(*(bare(each.name) for each in fields(rows))), day_of(number)))


def test_more_friction_is_never_less_severe():
    compared = Counter[str]()

    @HOLDS
    @given(worlds(), DAYS)
    def law(rows, number):
        day = day_of(number)
        flags = night(rows, day).flags
        worse = replace(rows, clickstream=with_one_more(rows.clickstream, flags), wait_time=longer(rows.wait_time, day))
        both = flags.join(night(worse, day).flags, on="flag_id", suffix="_worse")
        # an answer that takes longer makes the next contact come sooner after it, or not at all
        both = both.filter(pl.col("signal") != "repeat_contact")
        less = both.filter(pl.col("severity_worse") < pl.col("severity") - 1e-9)
        assert less.select("flag_id", "severity", "severity_worse").rows() == []
        compared.update(both["signal"])

    law()
    assert set(compared) == {name for name, each in all_signals().items() if not each.of_all} - {"repeat_contact"}


def with_one_more(clicks, flags):
    """One more event like the last evidence of each flag, at the same moment."""
    # what ends a visit, or a pause in it, is not more of the same: it is another step
    is_step = pl.col("signal").is_in(["checkout_abandonment", "hesitation"])
    last = flags.filter(pl.col("session_id").is_not_null() & ~is_step).select(event_id=pl.col("evidence").list.last())
    again = clicks.join(last.unique(), on="event_id", how="semi")
    return pl.concat([clicks, again.with_columns(pl.col("event_id") + "-again")])


def longer(waits, day):
    """Each wait of the day that had ended lasts half as long again, as far as the day goes."""
    waited = (pl.col("ended_at") - pl.col("started_at")).dt.total_microseconds()
    until = pl.col("ended_at") + pl.duration(microseconds=waited // 2)
    return waits.with_columns(ended_at=pl.when(until < day.end).then(until).otherwise("ended_at"))
