"""How strong something unknown would have to be to explain an effect away: the E-value.

It is the risk ratio that an unmeasured cause would need both with being affected and with being lost, beyond all
strata, to turn the effect into nothing (T. J. VanderWeele, P. Ding, Annals of Internal Medicine 2017, 167: 268–274).
The nearer to 1, the more easily the effect is somebody else's.
"""

import polars as pl


def e_value(risk_ratio: pl.Expr) -> pl.Expr:
    """RR + sqrt(RR × (RR − 1)), of the inverse where the ratio is below 1; null where there is no finite ratio."""
    ratio = pl.when(risk_ratio >= 1).then(risk_ratio).otherwise(1 / risk_ratio)
    value = ratio + (ratio * (ratio - 1)).sqrt()
    return pl.when(ratio.is_finite()).then(value)


def e_values(expected: pl.Expr, effect: pl.Expr, low: pl.Expr, high: pl.Expr) -> tuple[pl.Expr, pl.Expr]:
    """E-values of an effect, and of the end of its interval that is nearer to nothing (1 where it holds nothing).

    `expected`: share that would have been lost without; the ratio of risks is (expected + effect) / expected.
    """
    of_effect = e_value((expected + effect).clip(0, 1) / expected)
    nearer = pl.when(low > 0).then(low).when(high < 0).then(high)
    of_interval = pl.when((low <= 0) & (high >= 0)).then(1.0)
    return of_effect, pl.coalesce(of_interval, e_value((expected + nearer).clip(0, 1) / expected))
