"""Business hours: how much of a wait lies within them."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.errors import SettingsError
from pipeline.journeys import journey
from pipeline.journeys.hours import Hours
from tests.detectors.plainly import SLOWLY

MONDAY = datetime(2026, 1, 5, tzinfo=UTC)
OFFICE = Hours.model_validate({"days": [1, 2, 3, 4, 5], "from": "09:00", "to": "18:00"})


def worked(hours, start, end):
    return pl.select(hours.between(pl.lit(start), pl.lit(end))).item()


def after(hours, start, seconds):
    return pl.select(hours.after(pl.lit(start), pl.lit(float(seconds)))).item()


@pytest.mark.parametrize(
    ("start", "end", "hours"),
    [
        # in hours since Monday, midnight
        (9, 18, 9),
        (0, 24, 9),
        (8, 9, 0),
        (18, 33, 0),
        (17, 34, 2),
        (10, 10.5, 0.5),
        # over the weekend: from Friday, five in the afternoon, to Monday, ten
        (4 * 24 + 17, 7 * 24 + 10, 2),
        (5 * 24, 7 * 24, 0),
        (0, 14 * 24, 90),
    ],
)
def test_only_time_within_the_hours_counts(start, end, hours):
    found = worked(OFFICE, MONDAY + timedelta(hours=start), MONDAY + timedelta(hours=end))
    assert found == hours * 3600


@pytest.mark.parametrize(
    ("start", "hours", "moment"),
    [
        (9, 9, 18),
        (0, 1, 10),
        (17, 2, 24 + 10),
        (17, 1, 18),
        (18, 1, 24 + 10),
        (4 * 24 + 17, 2, 7 * 24 + 10),
        (5 * 24, 0.5, 7 * 24 + 9.5),
        (0, 45, 4 * 24 + 18),
        (0, 90.5, 14 * 24 + 9.5),
        (20, 0, 20),
    ],
)
def test_so_much_of_them_is_over_at_the_first_moment_that_it_is(start, hours, moment):
    assert after(OFFICE, MONDAY + timedelta(hours=start), hours * 3600) == MONDAY + timedelta(hours=moment)


def test_they_are_those_of_a_time_zone_also_when_clocks_change():
    berlin = Hours.model_validate({"days": [1, 5], "from": "09:00", "to": "18:00", "timezone": "Europe/Berlin"})
    # summer time begins on Sunday, the 29th of March 2026
    friday, monday = datetime(2026, 3, 27, 16, tzinfo=UTC), datetime(2026, 3, 30, 8, tzinfo=UTC)
    assert worked(berlin, friday, monday) == 2 * 3600
    assert after(berlin, friday, 2 * 3600) == monday


ZONES = ["UTC", "Europe/Istanbul", "America/New_York"]


@SLOWLY
@given(
    st.sets(st.integers(1, 7), min_size=1),
    st.tuples(st.integers(0, 23), st.integers(0, 23)).filter(lambda both: both[0] < both[1]),
    st.sampled_from(ZONES),
    st.integers(0, 10 * 24 * 4),
    st.integers(1, 9 * 24 * 4),
)
def test_it_counts_what_a_slow_count_of_quarters_of_an_hour_counts(days, span, zone, begin, lasts):
    hours = Hours.model_validate(
        {"days": sorted(days), "from": f"{span[0]:02}:00", "to": f"{span[1]:02}:00", "timezone": zone}
    )
    quarter = timedelta(minutes=15)
    start = MONDAY + begin * quarter
    count, last = 0, None
    for number in range(lasts):
        local = (start + number * quarter).astimezone(ZoneInfo(zone))
        if local.isoweekday() in days and span[0] <= local.hour < span[1]:
            count, last = count + 1, start + (number + 1) * quarter
    assert worked(hours, start, start + lasts * quarter) == count * 900
    if last:
        assert after(hours, start, count * 900) == last


@pytest.mark.parametrize(
    ("told", "why"),
    [
        ('days = [0, 1], from = "09:00", to = "18:00"', "from 1"),
        ('days = [], from = "09:00", to = "18:00"', "at least 1 item"),
        ('days = [1], from = "18:00", to = "09:00"', "before 'to'"),
        ('days = [1], from = "09:00", to = "18:00", timezone = "Mars"', "unknown time zone 'Mars'"),
        ('days = [1], from = "nine", to = "18:00"', "business_hours.from"),
        ('days = [1], from = "09:00"', "business_hours.to"),
    ],
)
def test_hours_that_cannot_be_are_refused(told, why, tmp_path):
    text = f'name = "x"\nbusiness_hours = {{ {told} }}\n[[stages]]\nname = "a"\nmade_of = "session"\n'
    (tmp_path / "x.toml").write_text(text, encoding="utf-8")
    with pytest.raises(SettingsError, match=why):
        journey.load("x.toml", tmp_path)


def test_a_journey_may_name_them(tmp_path):
    told = '{ days = [5, 1, 1], from = "09:00", to = 18:00:00 }'
    text = f'name = "x"\nbusiness_hours = {told}\n[[stages]]\nname = "a"\nmade_of = "session"\n'
    (tmp_path / "x.toml").write_text(text, encoding="utf-8")
    found = journey.load("x.toml", tmp_path).business_hours
    assert found == Hours.model_validate({"days": [1, 5], "from": "09:00", "to": "18:00", "timezone": "UTC"})
