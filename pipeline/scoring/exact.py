"""Wider intervals where hardly anybody was lost, or hardly anybody was not: there no large-sample formula holds.

Exact limits of the share lost on either side (C. J. Clopper, E. S. Pearson, Biometrika 1934, 26: 404–413), combined to
limits of the difference by adding squares (G. Y. Zou, A. Donner, Statistics in Medicine 2008, 27: 1693–1702).
"""

import numpy as np
import polars as pl
from numpy.typing import NDArray
from scipy.special import betaincinv

Floats = NDArray[np.float64]
FEW = 5  # visits lost, or kept, on either side: from there on the other interval covers what it says
TAIL = 0.025


def widened(found: pl.DataFrame) -> pl.DataFrame:
    """`found`, as `mantel_haenszel` gives it, with intervals that hold the exact ones too where counts are small."""
    n1, n0 = (found[f"{side}_compared"].to_numpy() for side in ("affected", "unaffected"))
    share0, difference = (found[name].fill_null(0.0).to_numpy() for name in ("lost_share_expected", "difference"))
    share1 = np.clip(share0 + difference, 0, 1)
    fewest = np.minimum.reduce([share1 * n1, (1 - share1) * n1, share0 * n0, (1 - share0) * n0])
    (low1, high1), (low0, high0) = _limits(share1, n1), _limits(share0, n0)
    low = difference - np.hypot(share1 - low1, high0 - share0)
    high = difference + np.hypot(high1 - share1, share0 - low0)
    is_small = pl.lit(pl.Series(fewest < FEW - 1e-9)) & pl.col("difference").is_not_null()
    return found.with_columns(
        pl.when(is_small)
        .then(pl.min_horizontal("difference_low", pl.lit(pl.Series(low)).clip(-1, 1)))
        .otherwise("difference_low")
        .alias("difference_low"),
        pl.when(is_small)
        .then(pl.max_horizontal("difference_high", pl.lit(pl.Series(high)).clip(-1, 1)))
        .otherwise("difference_high")
        .alias("difference_high"),
    )


def _limits(share: Floats, n: Floats) -> tuple[Floats, Floats]:
    """Clopper and Pearson's limits of a share of n visits (adjusted shares need not be of whole visits)."""
    n = np.maximum(n, 1e-9)
    lost, kept = share * n, (1 - share) * n
    low = np.where(lost > 1e-9, betaincinv(np.maximum(lost, 1e-9), kept + 1, TAIL), 0.0)
    high = np.where(kept > 1e-9, betaincinv(lost + 1, np.maximum(kept, 1e-9), 1 - TAIL), 1.0)
    # of less than a whole visit the two meet on the wrong side of the share
    return np.minimum(low, share), np.maximum(high, share)
