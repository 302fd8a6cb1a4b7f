"""Which team a friction point goes to: the rules of a journey file, of which the first that fits decides.

A rule fits where all that it names does; the stage's own `owner` is the last and simplest of them.
"""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

import polars as pl
from pydantic import BaseModel, ConfigDict, Field

from pipeline.errors import hint

if TYPE_CHECKING:
    from pipeline.journeys.journey import Journey


class Rule(BaseModel):
    """Points of one of the `stages`, `signals`, `families` and `places` go to `owner`; what is not named fits any.

    `places` are type:name with * for any text: `carrier:*`, `page:/checkout/pay*`.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    owner: str = Field(min_length=1)
    stages: tuple[str, ...] = ()
    signals: tuple[str, ...] = ()
    families: tuple[str, ...] = ()
    places: tuple[str, ...] = ()

    @property
    def names_nothing(self) -> bool:
        """Whether every point would be its owner's."""
        return not (self.stages or self.signals or self.families or self.places)


def rules(journey: "Journey") -> tuple[Rule, ...]:
    """All rules of a journey in their order, those of the stages last."""
    of_stages = (Rule(owner=stage.owner, stages=(stage.name,)) for stage in journey.stages if stage.owner)
    return (*journey.owners, *of_stages)


def owner(given: Sequence[Rule], families: Mapping[str, str]) -> pl.Expr:
    """The owner of a row with stage, signal, locus_type and locus; null where no rule fits. `families`: by signal."""
    place = pl.concat_str("locus_type", "locus", separator=":")
    family = pl.col("signal").replace_strict(dict(families), default=None, return_dtype=pl.String)

    def one_of(column: pl.Expr, names: Sequence[str]) -> Iterator[pl.Expr]:
        if names:
            yield column.is_in(list(names)).fill_null(value=False)

    def fits(rule: Rule) -> pl.Expr:
        asked = [
            *one_of(pl.col("stage"), rule.stages),
            *one_of(pl.col("signal"), rule.signals),
            *one_of(family, rule.families),
        ]
        if rule.places:
            asked.append(pl.any_horizontal(place.str.contains(_regular(each)) for each in rule.places))
        return pl.all_horizontal(asked) if asked else pl.lit(value=True)

    found = [pl.when(fits(rule)).then(pl.lit(rule.owner)) for rule in given]
    return pl.coalesce(*found, pl.lit(None, pl.String))


def _regular(pattern: str) -> str:
    return f"(?s)^{'.*'.join(map(pl.escape_regex, pattern.split('*')))}$"


def wrong(given: Sequence[Rule], known: Mapping[str, Iterable[str]]) -> tuple[int, str, str] | None:
    """The first thing in the rules that cannot be: number of the rule from 0, field, what is wrong; None: nothing.

    `known`: the names of the stages, of the `signals` and of the `families`, as far as they can be told here.
    """
    kinds = {"stages": "stage", "signals": "signal", "families": "family of signals"}
    for number, rule in enumerate(given):
        if rule.names_nothing:
            told = "it names no stages, signals, families or places, so every point would be its owner's"
            return number, "owner", f"{told}. Name some, or give the stages owners"
        for field, names in known.items():
            for name in getattr(rule, field):
                if name not in names:
                    return number, field, f"there is no {kinds[field]} {name!r}.{hint(name, names)}"
        for place in rule.places:
            if not re.fullmatch(r"[a-z_*]+:.+", place):
                told = "Write its type and its name, as carrier:north or page:/pay*"
                return number, "places", f"{place!r} is no place. {told}"
    return None


def line(text: str, number: int, field: str) -> int | None:
    """The line of a journey file on which a field of the rule of that number stands, else that of the rule."""
    lines = text.splitlines()
    starts = [place for place, each in enumerate(lines) if re.match(r"\s*\[\[\s*owners\s*\]\]", each)]
    if number >= len(starts):
        return None
    end = next(
        (place for place in range(starts[number] + 1, len(lines)) if lines[place].lstrip().startswith("[")), None
    )
    of_rule = range(starts[number] + 1, len(lines) if end is None else end)
    return 1 + next(
        (place for place in of_rule if re.match(rf"\s*{re.escape(field)}\s*=", lines[place])), starts[number]
    )
