"""Rates and their intervals."""

import polars as pl

Z = 1.959963984540054  # normal quantile of a two-sided 95 % interval


def wilson(affected: pl.Expr, exposed: pl.Expr) -> tuple[pl.Expr, pl.Expr]:
    """Wilson's score interval of a share, 95 % (E. B. Wilson, JASA 1927); null where nothing was exposed."""
    n = pl.when(exposed > 0).then(exposed)
    share = affected / n
    middle = (share + Z**2 / (2 * n)) / (1 + Z**2 / n)
    half = Z / (1 + Z**2 / n) * (share * (1 - share) / n + Z**2 / (4 * n**2)).sqrt()
    return (middle - half).clip(0, 1), (middle + half).clip(0, 1)
