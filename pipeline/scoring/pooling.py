"""What a place with few visits is believed to cost: drawn towards the same signal's other places (empirical Bayes).

The effects of a signal's places lie around a mean of the signal's, and that mean around the documented prior. How much
places differ is estimated from them (R. DerSimonian, N. Laird, Controlled Clinical Trials 1986, 7: 177–188) together
with a belief that weighs as much as a few of them; the rest is the usual algebra of normal distributions (C. N. Morris,
JASA 1983, 78: 47–55). All visits of the trailing nights count, of all places of the signal in the stage.
"""

import polars as pl

from pipeline.scoring.rates import Z

ENOUGH = 30  # visits on either side; Contentsquare asks for as many sessions
SPREAD = 0.10  # standard deviation of the effects of one signal's places around their mean: a belief (ours)
BELIEF = 4  # places: that belief weighs as much as so many of them
RAREST = 0.02  # share: no outcome is taken to be rarer when the error of a few visits is told

OF = ["stage", "signal"]


def believed(points: pl.DataFrame, pooled: pl.DataFrame) -> pl.DataFrame:
    """The effect of each point: its own where it has data enough, else drawn towards what is known of its kind.

    `points`: one row per point as `mantel_haenszel` gives it, with `stage`, `signal`, `prior_effect`, `prior_error`.
    `pooled`: the same over all places of a stage and signal. With at least ENOUGH visits on either side of strata that
    compare, the effect is measured. With fewer it is own_weight × own_effect + (1 − own_weight) × signal_effect, which
    is the mean of the signal's places, itself drawn towards the documented prior. Adds `own_effect`, `own_weight`,
    `signal_effect`, `effect`, `effect_low`, `effect_high` and `effect_basis` (pooled where the signal's places have
    enough visits together, else prior).
    """
    shares = pooled.select(
        *OF,
        is_known=_is_enough().fill_null(value=False),
        affected_share=(pl.col("lost_share_expected") + pl.col("difference")).clip(RAREST, 1 - RAREST),
        unaffected_share=pl.col("lost_share_expected").clip(RAREST, 1 - RAREST),
    )
    rows = points.join(shares, on=OF, how="left", maintain_order="left")
    # a place's own shares are those of a few visits, and tell of no variance where all were lost, or none
    widest = pl.lit(0.25)
    affected, unaffected = (
        pl.when("is_known").then(pl.col(side) * (1 - pl.col(side))).otherwise(widest)
        for side in ("affected_share", "unaffected_share")
    )
    error2 = affected / pl.col("affected_compared") + unaffected / pl.col("unaffected_compared")
    rows = rows.with_columns(own_effect="difference", error2=pl.when(pl.col("difference").is_not_null()).then(error2))
    rows = rows.join(_signals(rows), on=OF, how="left", maintain_order="left")
    is_measured = _is_enough().fill_null(value=False)
    weight = (pl.col("spread2") / (pl.col("spread2") + pl.col("error2"))).fill_null(0.0)
    drawn = weight * pl.col("own_effect").fill_null(0.0) + (1 - weight) * pl.col("signal_effect")
    # the place may lie so far from the mean, and the mean is not known for certain either
    error = ((1 - weight) * pl.col("spread2") + (1 - weight) ** 2 * pl.col("mean_error2")).sqrt()
    return rows.with_columns(
        own_weight=pl.when(is_measured).then(1.0).otherwise(weight),
        effect=pl.when(is_measured).then("difference").otherwise(drawn),
        effect_low=pl.when(is_measured).then("difference_low").otherwise((drawn - Z * error).clip(-1, 1)),
        effect_high=pl.when(is_measured).then("difference_high").otherwise((drawn + Z * error).clip(-1, 1)),
        effect_basis=pl.when(is_measured)
        .then(pl.lit("measured"))
        .when("is_known")
        .then(pl.lit("pooled"))
        .otherwise(pl.lit("prior")),
    ).drop("is_known", "affected_share", "unaffected_share", "error2", "spread2", "mean_error2")


def _signals(places: pl.DataFrame) -> pl.DataFrame:
    """The mean effect of each stage and signal, how uncertain it is, and how much its places differ (variances)."""
    own, error2 = pl.col("own_effect"), pl.col("error2")
    by = places.group_by(OF, maintain_order=True)
    moments = by.agg(
        places=own.count(),
        w=(1 / error2).sum(),
        ww=(1 / error2**2).sum(),
        wd=(own / error2).sum(),
        wdd=(own**2 / error2).sum(),
    )
    others = pl.col("places").cast(pl.Float64) - 1
    scatter = pl.col("wdd") - pl.col("wd") ** 2 / pl.col("w")
    found = ((scatter - others) / (pl.col("w") - pl.col("ww") / pl.col("w"))).clip(lower_bound=0)
    spread2 = pl.when(others > 0).then((others * found + BELIEF * SPREAD**2) / (others + BELIEF)).otherwise(SPREAD**2)
    known = places.join(moments.select(*OF, spread2=spread2), on=OF, how="left", maintain_order="left")
    precision = 1 / (error2 + pl.col("spread2"))
    prior = 1 / pl.col("prior_error").first() ** 2
    total = precision.sum() + prior
    return known.group_by(OF, maintain_order=True).agg(
        spread2=pl.col("spread2").first(),
        signal_effect=((precision * own).sum() + prior * pl.col("prior_effect").first()) / total,
        mean_error2=1 / total,
    )


def _is_enough() -> pl.Expr:
    # visits in strata that hold one side only compare nothing, however many they are
    return (pl.col("affected_compared") >= ENOUGH) & (pl.col("unaffected_compared") >= ENOUGH)
