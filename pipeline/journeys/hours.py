"""Business hours: how much of a span of time lies within them, and when so much of it is over."""

from datetime import time
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import polars as pl
from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

SECOND, DAY = 1_000_000, 86_400_000_000  # microseconds
MONDAY = 3  # 1970-01-01 was a Thursday: days since the Monday before it


class Hours(BaseModel):
    """The same hours on some days of each week, in one time zone; holidays are not known."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    days: tuple[int, ...] = Field(min_length=1)  # 1 is Monday
    opens: time = Field(alias="from")
    closes: time = Field(alias="to")
    timezone: str = "UTC"

    @field_validator("days")
    @classmethod
    def _are_days(cls, days: tuple[int, ...]) -> tuple[int, ...]:
        if not set(days) <= set(range(1, 8)):
            raise ValueError("days are numbers from 1 (Monday) to 7")
        return tuple(sorted(set(days)))

    @field_validator("timezone")
    @classmethod
    def _is_known(cls, name: str) -> str:
        try:
            return ZoneInfo(name).key
        except (ZoneInfoNotFoundError, ValueError, OSError) as error:
            raise ValueError(f"unknown time zone {name!r}") from error

    @model_validator(mode="after")
    def _is_a_span(self) -> "Hours":
        if self._first >= self._last:
            raise ValueError("'from' must be before 'to'")
        return self

    def between(self, start: pl.Expr, end: pl.Expr) -> pl.Expr:
        """Seconds within the business hours from one instant to another."""
        return (self._worked(end) - self._worked(start)) / SECOND

    def after(self, start: pl.Expr, seconds: pl.Expr) -> pl.Expr:
        """The first instant at which so many seconds of business hours have passed since `start`."""
        worked = self._worked(start) + (seconds * SECOND).round().cast(pl.Int64)
        length = self._last - self._first
        days = (worked - 1) // length  # whole days before the one on which it comes true
        week, number = days // len(self.days), days % len(self.days)
        weekday = number.replace_strict(dict(enumerate(day - 1 for day in self.days)), return_dtype=pl.Int64)
        local = (week * 7 - MONDAY + weekday) * DAY + self._first + worked - days * length
        in_zone = local.cast(pl.Datetime("us")).dt.replace_time_zone(
            self.timezone, ambiguous="earliest", non_existent="null"
        )
        return pl.when(seconds > 0).then(in_zone.dt.convert_time_zone("UTC")).otherwise(start)

    def _worked(self, instant: pl.Expr) -> pl.Expr:
        """Microseconds of business hours from the first Monday that counts until the instant."""
        local = instant.dt.convert_time_zone(self.timezone).dt.replace_time_zone(None).dt.epoch("us")
        days = local // DAY + MONDAY
        before = {day: sum(each <= day for each in self.days) for day in range(7)}  # 0 is Monday
        is_open = {day: int(day + 1 in self.days) for day in range(7)}
        length = self._last - self._first
        today = (local % DAY - self._first).clip(0, length)
        open_days = days // 7 * len(self.days) + (days % 7).replace_strict(before, return_dtype=pl.Int64)
        return open_days * length + today * (days % 7).replace_strict(is_open, return_dtype=pl.Int64)

    @property
    def _first(self) -> int:
        return _microseconds(self.opens)

    @property
    def _last(self) -> int:
        return _microseconds(self.closes)


def _microseconds(moment: time) -> int:
    return ((moment.hour * 60 + moment.minute) * 60 + moment.second) * SECOND + moment.microsecond
