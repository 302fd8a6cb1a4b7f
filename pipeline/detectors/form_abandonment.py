"""Form abandonment (outcome): a form was started and never submitted successfully before the session's end.

Started means `form_start`, `form_focus` or `form_change`. An error alone is no start: who sends errors only, sends no
submissions either, and every form would seem abandoned. A `form_submit` whose outcome is an error is no success. The
place is the form and the field that was touched last. Known 30 minutes after the session's last event.
"""

from dataclasses import dataclass
from datetime import timedelta

import polars as pl

from pipeline.detectors._signal import Inputs, Signal


@dataclass(frozen=True)
class Parameters:
    """What shows that somebody works on a form."""

    started_by: tuple[str, ...] = ("form_start", "form_focus", "form_change")  # events; Zuko: any interaction


def detect(inputs: Inputs, parameters: Parameters) -> pl.LazyFrame:
    """One row per session and form that was left; on the visit of the last event of the form."""
    is_work = pl.col("event_name").is_in(list(parameters.started_by))
    is_failed = (pl.col("outcome") == "error").fill_null(value=False)
    there = ["stage", "visit_id", "currency", "channel", "device", "closed_at"]
    of_forms = inputs.named(*parameters.started_by, "form_submit").drop_nulls("form_id")
    # most forms are submitted: they are left out at once
    submitted = of_forms.filter((pl.col("event_name") == "form_submit") & ~is_failed).select("session", "form_id")
    return (
        of_forms.join(submitted, on=["session", "form_id"], how="anti", maintain_order="left")
        .group_by("session", "form_id", maintain_order=True)
        .agg(
            pl.col("person_id", "customer_id", "session_id").first(),
            pl.col(there).filter(is_work).last(),
            started_at=pl.col("occurred_at").filter(is_work).first(),
            ended_at=pl.col("occurred_at").filter(is_work).last(),
            value_at_stake=pl.col("value").max(),
            field=pl.col("field_id").filter(is_work).drop_nulls().last(),
            first_id=pl.col("event_id").filter(is_work).first(),
            last_id=pl.col("event_id").filter(is_work).last(),
            fields=pl.col("field_id").filter(is_work).drop_nulls().n_unique(),
        )
        .drop_nulls("first_id")
        .with_columns(
            locus_type=pl.when(pl.col("field").is_null()).then(pl.lit("form")).otherwise(pl.lit("form_field")),
            locus=pl.concat_str("form_id", "field", separator="/", ignore_nulls=True),
            flagged_at="closed_at",
            severity=pl.lit(1.0),
            evidence=pl.concat_list("first_id", "last_id").list.unique(maintain_order=True),
            detail=pl.struct("fields").struct.json_encode(),
        )
    )


SIGNAL = Signal(
    name="form_abandonment",
    title="A form that was started and not submitted",
    kind="outcome",
    stage="any",
    locus_type="form_field",
    exposure="stage",
    needs=({"events": ("form_id",)},),
    look_back=timedelta(0),
    source="friction_signals §1.6; form and field abandonment as Zuko defines them",
    prior_effect=0.0,
    parameters=Parameters(),
    detect=detect,
)
