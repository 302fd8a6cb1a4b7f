"""How much more often an affected visit is lost than an unaffected one: adjusted, with an interval.

The Mantel–Haenszel risk difference over strata of visits that are alike, with Sato's variance (T. Sato, Biometrics
1989, 45: 1323–1324), which holds for few large strata and for many sparse ones. That variance is a line in the
difference, so the interval holds the differences that the data do not reject, each with its own variance (B.
Klingenberg, Statistics in Medicine 2014, 33: 2968–2983): with few losses, or one side much larger, the plain
difference ± 1.96 standard errors is far too narrow.
"""

import polars as pl

from pipeline.scoring.rates import Z

COUNTS = ["affected", "affected_lost", "unaffected", "unaffected_lost"]


def mantel_haenszel(strata: pl.DataFrame, by: list[str]) -> pl.DataFrame:
    """The adjusted risk difference of each group of strata.

    `strata`: one row per `by` and stratum, with `affected`, `affected_lost`, `unaffected`, `unaffected_lost` (visits)
    and, where there are such, `unaffected_later`: those of the unaffected who were affected after all, later on. They
    belong to the comparison – to leave them out would be to choose by what happened afterwards – but they have been
    harmed too, so the difference between the sides shows the effect less this share of it, and is divided accordingly
    (J. M. Robins, Communications in Statistics 1994, 23: 2379–2412: the additive structural mean model).

    Gives one row per `by`: `difference` (null where no stratum holds both affected and unaffected visits), `variance`,
    the 95 % interval `difference_low` to `difference_high`, `lost_share_expected` (how many of the affected would have
    been lost without), `affected_compared` and `unaffected_compared` (visits in strata that hold both), and the sums of
    the four counts.
    """
    n1, a, n0, b = (pl.col(name).cast(pl.Float64) for name in COUNTS)
    later = pl.col("unaffected_later") if "unaffected_later" in strata.columns else pl.lit(0.0)
    n = n1 + n0
    terms = {
        "weight": n1 * n0 / n,
        "unharmed": n1 * (n0 - later) / n,
        "excess": (a * n0 - b * n1) / n,
        "lost": a * n0 / n,
        "p": (n1**2 * b - n0**2 * a + n1 * n0 * (n0 - n1) / 2) / n**2,
        "q": (a * (n0 - b) + b * (n1 - a)) / (2 * n),
        "affected_compared": n1,
        "unaffected_compared": n0 - later,
    }
    # strata with visits on one side only have no weight: they compare nothing
    compares = (n1 > 0) & (n0 - later > 0)
    sums = strata.with_columns(pl.when(compares).then(term).otherwise(0.0).alias(name) for name, term in terms.items())
    weight = pl.when(pl.col("weight") > 0).then("weight")
    apart = pl.col("excess") / weight
    harmed, p, q = pl.col("unharmed") / weight, pl.col("p") / weight**2, pl.col("q") / weight**2
    middle = apart + Z**2 * p / 2
    half = (middle**2 - apart**2 + Z**2 * q).clip(lower_bound=0).sqrt()
    difference = apart / harmed
    return (
        sums.group_by(by, maintain_order=True)
        .agg(pl.col(*COUNTS, *terms).sum())
        .with_columns(
            difference=difference.clip(-1, 1),
            variance=(apart * p + q).clip(lower_bound=0) / harmed**2,
            difference_low=((middle - half) / harmed).clip(-1, 1),
            difference_high=((middle + half) / harmed).clip(-1, 1),
            lost_share_expected=(pl.col("lost") / weight - difference).clip(0, 1),
        )
        .drop("weight", "unharmed", "excess", "lost", "p", "q")
    )
