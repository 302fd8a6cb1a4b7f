"""Who is compared with whom: a flagged visit with those that had come as far as it had when it was first flagged.

A visit that lasts has more occasions to be flagged, and one that is lost stops having them: compared as a whole, the
flagged ones would look as if they held out longer (immortal time). So a visit is compared at the moment of its first
flag with the visits that were still under way as long after they were entered and not flagged until then, whatever
became of them later. What happened afterwards – a visit cut short by its loss, one that went on – never decides who is
alike (Z. Zhou et al., American Journal of Epidemiology 2005, 162: 1016–1023; a later flag on a visit of comparison is
allowed for by `effects.mantel_haenszel`).

How far a visit had come is told in half doublings of a second since it was entered. Each visit of comparison is spread
over those moments as the flagged visits are, so that it counts once at most and the others' number stays what it was.
"""

import polars as pl

# fine enough for an error of a third of a point where visits are lost as fast as they are flagged; the last is a day
LEVELS = [2 ** (half / 2) for half in range(34)]
KEY = ["point_id", "stratum"]
COUNTS = ["still", "still_lost", "affected", "affected_lost"]


def level(seconds: pl.Expr) -> pl.Expr:
    """Half doublings of a second: 0 below one second, 2 below two, 4 below four … as many as LEVELS at a day."""
    return pl.sum_horizontal((seconds >= least).cast(pl.UInt8) for least in LEVELS)


def compared(reached: pl.DataFrame, flagged: pl.DataFrame) -> pl.DataFrame:
    """The flagged visits of each point by stratum and progress, each with the visits of comparison.

    `reached`: one row per point, stratum and level that visits came to, with exposed, exposed_lost, affected and
    affected_lost. `flagged`: one row per point, stratum and level at which visits were first flagged, with affected and
    affected_lost. Gives one row per point, stratum and level of a first flag: affected, affected_lost (visits),
    unaffected, unaffected_lost, unaffected_later (visits' worth: of the unaffected, those flagged later on).
    """
    none = pl.lit(0, pl.Int64)
    rows = pl.concat(
        [
            reached.select(
                *KEY,
                level="reach",
                still=pl.col("exposed") - pl.col("affected"),
                still_lost=pl.col("exposed_lost") - pl.col("affected_lost"),
                affected=none,
                affected_lost=none,
            ),
            flagged.select(*KEY, "level", "affected", "affected_lost", still=none, still_lost=none).select(
                *KEY, "level", *COUNTS
            ),
        ]
    )
    rows = rows.group_by(*KEY, "level").agg(pl.col(COUNTS).sum()).sort(*KEY, "level", descending=[False, False, True])
    further = [(pl.col(name).cum_sum().over(KEY) - pl.col(name)).alias(f"further_{name}") for name in COUNTS]
    # of those who left between two moments, half are taken to have been there when the flag came (as life tables do)
    there = pl.when(pl.col("level") == 0).then(1.0).otherwise(0.5)
    share = pl.col("affected") / pl.col("affected").sum().over(KEY)
    return (
        rows.with_columns(*further, share=share)
        .filter(pl.col("affected") > 0)
        .select(
            *KEY,
            "level",
            "affected",
            "affected_lost",
            unaffected=pl.col("share")
            * (pl.col("further_still") + there * pl.col("still") + pl.col("further_affected")),
            unaffected_lost=pl.col("share")
            * (pl.col("further_still_lost") + there * pl.col("still_lost") + pl.col("further_affected_lost")),
            unaffected_later=pl.col("share") * pl.col("further_affected"),
        )
        .sort(*KEY, "level")
    )
