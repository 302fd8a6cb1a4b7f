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
ENOUGH = 30  # visits on either side; Contentsquare asks for as many sessions
SPREAD = 0.10  # standard deviation of the effects of one signal's places around their mean: a belief (ours)


def mantel_haenszel(strata: pl.DataFrame, by: list[str]) -> pl.DataFrame:
    """The adjusted risk difference of each group of strata.

    `strata`: one row per `by` and stratum, with `affected`, `affected_lost`, `unaffected`, `unaffected_lost` (visits).
    Gives one row per `by`: `difference` (null where no stratum holds both affected and unaffected visits), `variance`,
    the 95 % interval `difference_low` to `difference_high`, `affected_compared` and `unaffected_compared` (visits in
    strata that hold both), and the sums of the four counts.
    """
    n1, a, n0, b = (pl.col(name).cast(pl.Float64) for name in COUNTS)
    n = n1 + n0
    terms = {
        "weight": n1 * n0 / n,
        "excess": (a * n0 - b * n1) / n,
        "p": (n1**2 * b - n0**2 * a + n1 * n0 * (n0 - n1) / 2) / n**2,
        "q": (a * (n0 - b) + b * (n1 - a)) / (2 * n),
        "affected_compared": n1,
        "unaffected_compared": n0,
    }
    # strata with visits on one side only have no weight: they compare nothing
    compares = (n1 > 0) & (n0 > 0)
    sums = strata.with_columns(pl.when(compares).then(term).otherwise(0.0).alias(name) for name, term in terms.items())
    weight = pl.when(pl.col("weight") > 0).then("weight")
    difference, p, q = pl.col("difference"), pl.col("p") / weight**2, pl.col("q") / weight**2
    middle = difference + Z**2 * p / 2
    half = (middle**2 - difference**2 + Z**2 * q).clip(lower_bound=0).sqrt()
    return (
        sums.group_by(by, maintain_order=True)
        .agg(pl.col(*COUNTS, *terms).sum())
        .with_columns(difference=pl.col("excess") / weight)
        .with_columns(
            variance=(difference * p + q).clip(lower_bound=0),
            difference_low=(middle - half).clip(-1, 1),
            difference_high=(middle + half).clip(-1, 1),
        )
        .drop("weight", "excess", "p", "q")
    )


def believed(points: pl.DataFrame, pooled: pl.DataFrame) -> pl.DataFrame:
    """The effect of each point: its own where it has data enough, else drawn towards what is known of its kind.

    `points`: one row per point as `mantel_haenszel` gives it, with `stage`, `signal`, `prior_effect`, `prior_error`.
    `pooled`: the same over all places of a stage and signal. With at least ENOUGH visits on either side of strata that
    compare, the effect is measured. With fewer it is the precision-weighted mean of the place's own difference and the
    signal's (pooled over its other places too, give or take SPREAD), or of the documented prior. Adds `effect`,
    `effect_low`, `effect_high` and `effect_basis`.
    """
    of_signal = pooled.select(
        "stage",
        "signal",
        pooled_effect=pl.when(_is_enough()).then("difference"),
        pooled_variance=pl.col("variance") + SPREAD**2,
    )
    rows = points.join(of_signal, on=["stage", "signal"], how="left", maintain_order="left")
    is_pooled = pl.col("pooled_effect").is_not_null()
    middle = pl.coalesce("pooled_effect", "prior_effect")
    spread = pl.when(is_pooled).then("pooled_variance").otherwise(pl.col("prior_error") ** 2)
    # the widest that two shares can vary: with few visits, an estimated variance can be 0 by chance
    compared = 0.25 / pl.col("affected_compared") + 0.25 / pl.col("unaffected_compared")
    own = pl.when(pl.col("difference").is_not_null()).then(compared)
    weight = (spread / (spread + own)).fill_null(0.0)  # of the place's own difference
    drawn = weight * pl.col("difference").fill_null(0.0) + (1 - weight) * middle
    is_measured = _is_enough()
    effect = pl.when(is_measured).then("difference").otherwise(drawn)
    error = (spread * (1 - weight)).sqrt()
    return rows.with_columns(
        effect=effect,
        effect_low=pl.when(is_measured).then("difference_low").otherwise((drawn - Z * error).clip(-1, 1)),
        effect_high=pl.when(is_measured).then("difference_high").otherwise((drawn + Z * error).clip(-1, 1)),
        effect_basis=pl.when(is_measured)
        .then(pl.lit("measured"))
        .when(is_pooled)
        .then(pl.lit("pooled"))
        .otherwise(pl.lit("prior")),
    ).drop("pooled_effect", "pooled_variance")


def _is_enough() -> pl.Expr:
    # visits in strata that hold one side only compare nothing, however many they are
    return (pl.col("affected_compared") >= ENOUGH) & (pl.col("unaffected_compared") >= ENOUGH)
