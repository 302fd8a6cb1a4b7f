from collections.abc import Sequence
from datetime import date, timedelta
from fractions import Fraction
from math import comb, prod
from random import Random

import numpy as np
import polars as pl
import pytest
from scipy.stats import binom, false_discovery_control, norm, t
from statsmodels.stats.multitest import multipletests

from pipeline.scoring.trend import SIGNIFICANT, benjamini_hochberg, trends

WINDOW = 28
TODAY = date(2026, 1, 28)
Day = tuple[int, int]  # exposed, affected


def judged(
    today: dict[str, Day], before: dict[str, list[Day]], step: int = 1
) -> dict[str, tuple[float | None, float | None, str]]:
    """Baseline rate, q-value and trend of each point; all days are of one weekday. `step` -1: rows the other way."""
    rows = [
        (point, TODAY - timedelta(weeks=ago), *day)
        for point, days in before.items()
        for ago, day in enumerate(reversed(days), 1)
    ]
    found = trends(
        pl.DataFrame(
            [(point, "cart", *day) for point, day in today.items()],
            schema={"point_id": pl.String, "stage": pl.String, "exposed_today": pl.Int64, "affected_today": pl.Int64},
            orient="row",
        )[::step],
        pl.DataFrame(
            rows,
            schema={"point_id": pl.String, "day": pl.Date, "exposed": pl.Int64, "affected": pl.Int64},
            orient="row",
        )[::step],
        TODAY,
    )
    return {row[0]: row[1:] for row in found.select("point_id", "baseline_rate", "q_value", "trend").rows()}


def tail(day: Day, before: list[Day]) -> float:
    """The p-value of a point alone, by exact sums: beta-binomial of the trailing days' moments, Student's tails."""
    days = [(n, x) for n, x in before if n]
    total, affected = sum(n for n, _ in days), sum(x for _, x in days)
    mean = Fraction(2 * affected + 1, 2 * total + 2)
    rate, pq, others = Fraction(affected, total), mean * (1 - mean), len(days) - 1
    scatter = sum(n * (Fraction(x, n) - rate) ** 2 for n, x in days)
    room = pq * (total - Fraction(sum(n * n for n, _ in days), total) - others)
    excess = min(max((scatter - others * pq) / room, Fraction(0)), Fraction(1, 2)) if room else Fraction(0)
    strength = 1 / min(excess + Fraction(1, total + 1), Fraction(1, 2)) - 1
    # a float's worth of digits keeps the products short
    a, b = (Fraction(float(part * strength)) for part in (mean, 1 - mean))
    n, k = day

    def mass(x: int) -> float:
        up, down = prod(a + i for i in range(x)), prod(b + i for i in range(n - x))
        return float(comb(n, x) * up * down / prod(a + b + i for i in range(n)))

    side = min(sum(map(mass, range(k + 1))), sum(map(mass, range(k, n + 1))), 0.5)
    inflation = 1 + (n - 1) * float(excess)
    if inflation == 1:
        return min(2 * side, 1.0)
    return float(2 * t.sf(norm.isf(side), max(others, 1) * inflation / (inflation - 1)))


@pytest.mark.parametrize(
    ("day", "before"),
    [
        ((20, 6), [(20, 2)] * 5),
        ((20, 0), [(20, 2)] * 5),
        ((12, 4), [(10, 0)] * 8),
        ((12, 0), [(10, 0)] * 8),
        ((15, 9), [(10, 1), (12, 6), (8, 0), (15, 2), (9, 5)]),
        ((15, 0), [(10, 1), (12, 6), (8, 0), (15, 2), (9, 5)]),
        ((7, 7), [(30, 3)]),
        ((9, 5), [(10, 10), (10, 0), (0, 0), (10, 0)]),
        ((1, 1), [(5, 1), (1, 0)]),
    ],
)
def test_a_p_value_is_the_exact_sum_of_the_beta_binomial(day, before):
    assert judged({"p": day}, {"p": before})["p"][1] == pytest.approx(tail(day, before), rel=1e-6, abs=1e-12)


def test_every_count_of_a_day_has_the_p_value_of_the_exact_sum():
    before = [(14, 3), (10, 0), (12, 5), (9, 2)]
    for affected in range(17):
        found = judged({"p": (16, affected)}, {"p": before})["p"][1]
        assert found == pytest.approx(tail((16, affected), before), rel=1e-6, abs=1e-12)


def test_q_values_are_those_of_statsmodels_and_scipy():
    random = Random(5)
    for size in (1, 2, 7, 200):
        p_values = np.array([random.choice([random.random(), 0.001 * random.random(), 0.5]) for _ in range(size)])
        found = benjamini_hochberg(p_values)
        assert found == pytest.approx(multipletests(p_values, method="fdr_bh")[1], abs=1e-12)
        assert found == pytest.approx(false_discovery_control(p_values), abs=1e-12)
    assert benjamini_hochberg(np.array([])).size == 0


def test_points_of_a_night_are_judged_together():
    days = [(500, 25)] * WINDOW
    steady = {f"steady{n:02d}": (500, 25) for n in range(60)}
    alone = judged({"up": (500, 41)}, {"up": days})["up"]
    among = judged({"up": (500, 41)} | steady, {"up": days} | dict.fromkeys(steady, days))["up"]
    assert alone[1] is not None
    assert alone[1] <= SIGNIFICANT
    assert alone[2] == "worsening"
    assert among[1] == pytest.approx(61 * alone[1])
    assert among[2] == "steady"


@pytest.mark.parametrize(
    ("today", "before", "trend"),
    [
        ((500, 25), [(500, 0)] * WINDOW, "new"),
        ((500, 90), [(500, 25)] * WINDOW, "worsening"),
        ((500, 26), [(500, 25)] * WINDOW, "steady"),
        ((500, 5), [(500, 50)] * WINDOW, "improving"),
        ((500, 0), [(500, 50)] * WINDOW, "resolved"),
        ((500, 0), [(500, 0)] * WINDOW, "steady"),
        ((0, 0), [(500, 50)] * WINDOW, None),
        ((500, 50), [], None),
        ((500, 50), [(0, 0)] * WINDOW, None),
    ],
)
def test_what_changed_overnight_has_a_word(today, before, trend):
    baseline, q_value, found = judged({"p": today}, {"p": before})["p"]
    exposed = sum(n for n, _ in before)
    assert baseline == (sum(x for _, x in before) / exposed if exposed else None)
    assert found == trend
    assert (q_value is None) == (trend is None)


def test_the_order_of_rows_is_irrelevant():
    random = Random(3)
    before = {f"p{n}": [(50, random.randint(0, 20)) for _ in range(WINDOW)] for n in range(9)}
    today = {point: (50, random.randint(0, 50)) for point in before}
    turned = judged(today, before, step=-1)
    straight = judged(today, before)
    assert list(turned) == list(straight)
    assert turned == straight


def test_what_days_like_these_show_now_and_then_is_no_news():
    calm, wild = [(500, 25)] * WINDOW, [(500, 5), (500, 45)] * (WINDOW // 2)
    assert judged({"p": (500, 50)}, {"p": calm})["p"][2] == "worsening"
    assert judged({"p": (500, 50)}, {"p": wild})["p"][2] == "steady"


def test_a_point_counts_as_no_steadier_than_the_middle_one_of_the_night():
    calm, wild = [(500, 25)] * WINDOW, [(500, 5), (500, 45)] * (WINDOW // 2)
    today = {"a": (500, 70), "b": (500, 25), "c": (500, 25)}
    assert judged(today, {"a": calm, "b": calm, "c": wild})["a"][2] == "worsening"
    assert judged(today, {"a": calm, "b": wild, "c": wild})["a"][2] == "steady"


def nights(
    rates: np.ndarray, exposed: int, spread: float, count: int, planted: bool = False, week: Sequence[float] = (1,) * 7
) -> tuple[float, float]:
    """Shares of nights on which a point that has not changed, and on which the first point, is new or worsening.

    `spread`: by how much a point's daily rates differ, as a share of its rate. `planted`: the first point's rate is
    doubled on the night itself, with 500 exposed. `week`: factors of the rates by weekday.
    """
    size = len(rates)
    rng = np.random.default_rng([exposed, int(1000 * spread), count, size, int(1000 * rates[0])])
    ids = np.array([f"p{n:03d}" for n in range(size)])
    daily = np.broadcast_to(rates, (WINDOW + count, size))
    if spread:
        strength = (1 - rates) / rates / spread**2 - 1
        daily = rng.beta(rates * strength, (1 - rates) * strength, (WINDOW + count, size))
    daily = daily * np.array([week[day % 7] for day in range(WINDOW + count)])[:, None]
    visits = rng.poisson(exposed, (WINDOW + count, size))
    flagged = rng.binomial(visits, daily)
    unchanged = first = 0
    for night in range(WINDOW, WINDOW + count):
        n, x = visits[night].copy(), flagged[night].copy()
        if planted:
            n[0], x[0] = 500, rng.binomial(500, 2 * daily[night, 0])
        before = slice(night - WINDOW, night)
        days = [TODAY + timedelta(days=each) for each in range(night - WINDOW, night)]
        found = trends(
            pl.DataFrame({"point_id": ids, "stage": "cart", "exposed_today": n, "affected_today": x}),
            pl.DataFrame(
                {
                    "point_id": np.tile(ids, WINDOW),
                    "day": [each for each in days for _ in range(size)],
                    "exposed": visits[before].ravel(),
                    "affected": flagged[before].ravel(),
                }
            ),
            TODAY + timedelta(days=night),
        )
        is_up = found["trend"].is_in(["new", "worsening"])
        unchanged += is_up[int(planted) :].any()
        first += is_up[0]
    return unchanged / count, first / count


NIGHTS, POINTS = 200, 50
# 5 %, and two standard errors of a share of 200 nights
ALLOWED = 0.05 + 2 * (0.05 * 0.95 / NIGHTS) ** 0.5


@pytest.mark.parametrize("spread", [0.0, 0.2, 0.45])
@pytest.mark.parametrize(("rate", "exposed"), [(0.01, 500), (0.05, 50), (0.05, 500), (0.2, 50), (0.2, 500)])
def test_where_nothing_changed_hardly_a_night_has_news(rate, exposed, spread, figure):
    news, _ = nights(np.full(POINTS, rate), exposed, spread, NIGHTS)
    what = f"nights with false news, {POINTS} points, rate {rate:.0%}, {exposed} exposed, days differ by {spread:.0%}"
    figure(what, f"{100 * news:.1f} %", "<= 5 % (± 3)")
    assert news <= ALLOWED


def test_where_points_differ_in_size_of_rate_hardly_a_night_has_news(figure):
    news, _ = nights(np.geomspace(0.005, 0.3, POINTS), 300, 0.3, NIGHTS)
    figure(
        "nights with false news, 50 points, rates 0.5-30 %, days differ by 30%", f"{100 * news:.1f} %", "<= 5 % (± 3)"
    )
    assert news <= ALLOWED


@pytest.mark.parametrize(("rate", "asked"), [(0.05, 0.7), (0.1, 0.9), (0.2, 0.9)])
def test_a_rate_that_doubles_is_found_the_first_night(rate, asked, figure):
    _, found = nights(np.full(POINTS, rate), 500, 0.0, NIGHTS, planted=True)
    # what a test that knows the rate could find among 50 points
    needed = binom.isf(SIGNIFICANT / POINTS / 2, 500, rate) + 1
    bound = binom.sf(needed - 1, 500, 2 * rate)
    what = f"doubled rate of {rate:.0%}, 500 exposed, found the first night (at best {100 * bound:.0f} %)"
    figure(what, f"{100 * found:.1f} %", f">= {asked:.0%}")
    assert found >= asked


def test_q_values_are_those_of_the_published_example():
    """Fifteen tests of a trial, four of them rejected: Y. Benjamini, Y. Hochberg, JRSS B 1995, 57: 289–300, § 4."""
    rejected = [0.0001, 0.0004, 0.0019, 0.0095]
    others = [0.0201, 0.0278, 0.0298, 0.0344, 0.0459, 0.3240, 0.4262, 0.5719, 0.6528, 0.7590, 1.0]
    p_values = np.array(rejected + others)
    assert (benjamini_hochberg(p_values) <= 0.05).sum() == 4
    assert benjamini_hochberg(p_values)[3] == pytest.approx(0.0095 * 15 / 4)


WEEK = (1, 1, 1, 1, 1, 1.6, 1.6)


def test_a_weekend_that_is_always_worse_is_no_news(figure):
    news, _ = nights(np.full(POINTS, 0.05), 500, 0.0, NIGHTS, week=WEEK)
    figure("nights with false news, 50 points, 60 % more on weekends", f"{100 * news:.1f} %", "<= 5 % (± 3)")
    assert news <= ALLOWED


def test_weekends_that_are_always_worse_do_not_hide_what_doubles(figure):
    _, found = nights(np.full(POINTS, 0.1), 500, 0.0, NIGHTS, planted=True, week=WEEK)
    figure(
        "doubled rate of 10%, 500 exposed, 60 % more on weekends, found the first night",
        f"{100 * found:.1f} %",
        ">= 90%",
    )
    assert found >= 0.9


def test_a_day_is_held_against_its_own_weekday():
    days = [TODAY - timedelta(days=ago) for ago in range(28, 0, -1)]
    rates = [90 if (day - TODAY).days % 7 == 0 else 25 for day in days]
    trailing = pl.DataFrame({"point_id": "p", "day": days, "exposed": 500, "affected": rates})

    def told(affected: int) -> dict[str, object]:
        today = pl.DataFrame({"point_id": "p", "stage": "cart", "exposed_today": 500, "affected_today": affected})
        return trends(today, trailing, TODAY).row(0, named=True)

    assert told(90)["rate_expected"] == pytest.approx(0.18)
    assert told(90)["trend"] == "steady"
    assert told(25)["trend"] == "improving"
    assert told(160)["trend"] == "worsening"
    assert told(90)["baseline_rate"] == pytest.approx(sum(rates) / 14_000)


def test_what_rises_slowly_is_forming_until_a_night_shows_it():
    days = [TODAY - timedelta(days=ago) for ago in range(28, 0, -1)]
    rates = [50] * 14 + [61] * 14
    trailing = pl.DataFrame({"point_id": "p", "day": days, "exposed": 500, "affected": rates})

    def told(affected: int) -> tuple[object, ...]:
        today = pl.DataFrame({"point_id": "p", "stage": "cart", "exposed_today": 500, "affected_today": affected})
        return trends(today, trailing, TODAY).select("trend", "is_forming").row(0)

    assert told(62) == ("steady", True)
    assert told(190) == ("worsening", False)
