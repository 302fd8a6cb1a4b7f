"""Numbers, shares, money and times as a reader of the language expects them. A missing or infinite number is a dash."""

import math
from dataclasses import dataclass
from datetime import date, datetime
from functools import cached_property
from zoneinfo import ZoneInfo

from babel import Locale
from babel.dates import format_date, format_datetime, format_time
from babel.numbers import format_currency, format_decimal, format_percent, get_currency_precision, get_currency_symbol
from babel.units import format_unit

MISSING = "–"
STEPS = (("day", 86_400), ("hour", 3_600), ("minute", 60), ("second", 1))


@dataclass(frozen=True)
class Formats:
    """Formats for one language and time zone."""

    language: str
    timezone: str

    @cached_property
    def locale(self) -> Locale:
        """The locale: English as internationally written (15 January), not as in the United States."""
        return Locale.parse("en_GB" if self.language == "en" else self.language)

    def count(self, number: float | None) -> str:
        """A whole number."""
        return MISSING if _is_missing(number) else format_decimal(round(number or 0), "#,##0", locale=self.locale)

    def visits(self, number: float | None) -> str:
        """An estimated number of visits: with a decimal below ten, where it matters."""
        if number is None or _is_missing(number):
            return MISSING
        pattern = "#,##0.0" if 0 < round(abs(number), 1) < 10 else "#,##0"
        return format_decimal(_no_minus_zero(number, 1), pattern, locale=self.locale)

    def score(self, number: float | None) -> str:
        """A score or a health: one decimal, two where one would hide that there is something."""
        if number is None or _is_missing(number):
            return MISSING
        digits = 2 if 0 < abs(number) < 0.1 else 1
        return format_decimal(_no_minus_zero(number, digits), f"#,##0.{'0' * digits}", locale=self.locale)

    def fraction(self, number: float | None) -> str:
        """A figure around 0 to 1 that is no share of anything: three decimals."""
        if number is None or _is_missing(number):
            return MISSING
        return format_decimal(_no_minus_zero(number, 3), "0.000", locale=self.locale)

    def share(self, number: float | None) -> str:
        """A share of 1 as a percentage."""
        if number is None or _is_missing(number):
            return MISSING
        digits = 2 if 0 < abs(number) < 0.001 else 1
        symbol = "%{}" if self.locale.percent_formats[None].pattern.startswith("%") else "{}%"
        return format_percent(number, symbol.format(f"#,##0.{'0' * digits}"), locale=self.locale)

    def points(self, number: float | None) -> str:
        """A difference of shares in percentage points, with its sign and without a unit."""
        if number is None or _is_missing(number):
            return MISSING
        shown = _no_minus_zero(number * 100, 1)
        return format_decimal(shown, "+#,##0.0;-#,##0.0" if shown else "0.0", locale=self.locale)

    def money(self, amount: float | None, currency: str) -> str:
        """An amount: whole from a hundred on, as estimates pretend to no cents."""
        if amount is None or _is_missing(amount):
            return MISSING
        digits = get_currency_precision(currency) if 0 < abs(amount) < 100 else 0
        pattern = self.locale.currency_formats["standard"].pattern
        pattern = pattern.replace(".00", f".{'0' * digits}" if digits else "")
        if get_currency_symbol(currency, locale=self.locale) == currency:  # a bare code needs a space
            pattern = pattern.replace("¤", "¤\u00a0")
        shown = _no_minus_zero(amount, digits)
        return format_currency(shown, currency, pattern, locale=self.locale, currency_digits=False)

    def day(self, day: date) -> str:
        """A day with its weekday."""
        return format_date(day, "full", locale=self.locale)

    def short_day(self, day: date) -> str:
        """A day."""
        return format_date(day, "long", locale=self.locale)

    def moment(self, moment: datetime) -> str:
        """Day and time of an instant in the time zone."""
        return format_datetime(moment, "d MMM, HH:mm", tzinfo=ZoneInfo(self.timezone), locale=self.locale)

    def clock(self, moment: datetime) -> str:
        """Time of day of an instant in the time zone, to the second."""
        return format_time(moment, "HH:mm:ss", tzinfo=ZoneInfo(self.timezone), locale=self.locale)

    def date_in_zone(self, moment: datetime) -> date:
        """The day of an instant in the time zone."""
        return moment.astimezone(ZoneInfo(self.timezone)).date()

    def duration(self, seconds: float) -> str:
        """A duration in its two largest units."""
        rest = round(seconds)
        parts: list[str] = []
        for unit, length in STEPS:
            number, rest = divmod(rest, length)
            if number or (unit == "second" and not parts):
                parts.append(format_unit(number, f"duration-{unit}", "short", locale=self.locale))
        return " ".join(parts[:2])


def _is_missing(number: float | None) -> bool:
    return number is None or not math.isfinite(number)


def _no_minus_zero(number: float, digits: int) -> float:
    return round(number, digits) + 0.0
