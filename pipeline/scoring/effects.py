"""How much more often an affected visit is lost than an unaffected one: adjusted, with an interval.

The Mantel–Haenszel risk difference over strata of visits that are alike, with Sato's variance (T. Sato, Biometrics
1989, 45: 1323–1324), which holds for few large strata and for many sparse ones.
"""

import polars as pl

from pipeline.scoring.rates import Z

COUNTS = ["affected", "affected_lost", "unaffected", "unaffected_lost"]
ENOUGH = 30  # visits on either side; Contentsquare asks for as many sessions
SPREAD = 0.05  # standard deviation of the effects of one signal's places around their mean: a belief (ours)


def mantel_haenszel(strata: pl.DataFrame, by: list[str]) -> pl.DataFrame:
    """The adjusted risk difference of each group of strata.

    `strata`: one row per `by` and stratum, with `affected`, `affected_lost`, `unaffected`, `unaffected_lost` (visits).
    Gives one row per `by`: `difference` (null where no stratum holds both affected and unaffected visits), `variance`,
    and the sums of the four counts.
    """
    n1, a, n0, b = (pl.col(name).cast(pl.Float64) for name in COUNTS)
    n = n1 + n0
    terms = {
        "weight": n1 * n0 / n,
        "excess": (a * n0 - b * n1) / n,
        "p": (n1**2 * b - n0**2 * a + n1 * n0 * (n0 - n1) / 2) / n**2,
        "q": (a * (n0 - b) + b * (n1 - a)) / (2 * n),
    }
    # strata with visits on one side only have no weight: they compare nothing
    compares = (n1 > 0) & (n0 > 0)
    sums = strata.with_columns(pl.when(compares).then(term).otherwise(0.0).alias(name) for name, term in terms.items())
    return (
        sums.group_by(by, maintain_order=True)
        .agg(pl.col(*COUNTS, *terms).sum())
        .with_columns(difference=pl.when(pl.col("weight") > 0).then(pl.col("excess") / pl.col("weight")))
        .with_columns(
            variance=((pl.col("difference") * pl.col("p") + pl.col("q")) / pl.col("weight") ** 2).clip(lower_bound=0)
        )
        .drop(list(terms))
    )


def believed(points: pl.DataFrame, pooled: pl.DataFrame) -> pl.DataFrame:
    """The effect of each point: its own where it has data enough, else drawn towards what is known of its kind.

    `points`: one row per point as `mantel_haenszel` gives it, with `stage`, `signal`, `prior_effect`, `prior_error`.
    `pooled`: the same over all places of a stage and signal. With at least ENOUGH visits on either side the effect is
    measured. With fewer it is the precision-weighted mean of the place's own difference and the signal's (pooled over
    its other places too, give or take SPREAD), or of the documented prior. Adds `effect`, `effect_low`, `effect_high`
    and `effect_basis`.
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
    own = pl.when(pl.col("difference").is_not_null()).then(0.25 / pl.col("affected") + 0.25 / pl.col("unaffected"))
    weight = (spread / (spread + own)).fill_null(0.0)  # of the place's own difference
    drawn = weight * pl.col("difference").fill_null(0.0) + (1 - weight) * middle
    is_measured = _is_enough()
    effect = pl.when(is_measured).then("difference").otherwise(drawn)
    error = pl.when(is_measured).then(pl.col("variance").sqrt()).otherwise((spread * (1 - weight)).sqrt())
    return rows.with_columns(
        effect=effect,
        effect_low=(effect - Z * error).clip(-1, 1),
        effect_high=(effect + Z * error).clip(-1, 1),
        effect_basis=pl.when(is_measured)
        .then(pl.lit("measured"))
        .when(is_pooled)
        .then(pl.lit("pooled"))
        .otherwise(pl.lit("prior")),
    ).drop("pooled_effect", "pooled_variance")


def _is_enough() -> pl.Expr:
    enough = (pl.col("affected") >= ENOUGH) & (pl.col("unaffected") >= ENOUGH)
    return enough & pl.col("difference").is_not_null()
