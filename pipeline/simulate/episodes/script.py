"""What a script is: the steps of an episode with their drawn strengths, and the flags that must come of it.

An episode is one thing that happens to one customer. Its steps are rows of the three inputs, one after the other: each
so long after the end of the one before. Texts may hold `{names}`, which stand for places of the journey or for what an
episode draws.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

Span = tuple[float, float]  # from, to; seconds, drawn so that each tenfold is as likely as the next
When = Literal["always", "lost", "kept"]
Cell = str | float | None

MINUTE, HOUR, DAY = 60.0, 3600.0, 86400.0
ALL = "*"  # every row of the script


@dataclass(frozen=True)
class Step:
    """Rows of one kind: an event, a wait or an order error."""

    table: Literal["clickstream", "wait_time", "order_error"]
    what: str  # name of the event, type of the wait, type of the error
    columns: Mapping[str, Cell]
    after: Span  # since the end of the step before
    times: tuple[int, int] = (1, 1)  # how many rows, both ends included
    every: Span = (2.0, 20.0)  # between these
    place: str = ""  # role of the page, where there is one
    label: str = ""
    when: When = "always"
    lasts: Span | None = None  # waits: None goes on beyond the end of the simulated time
    promised: Span | None = None  # waits: after their start
    per: str = ""  # waits: `lasts` is in multiples of this target of the journey, as queue/phone
    is_aside: bool = False  # waits: what comes next is counted from its start
    opens: bool = False  # begins another session
    by: Literal["customer", "partner"] = "customer"


@dataclass(frozen=True)
class Planted:
    """A flag that must come of an episode.

    `known`: label of the row with which it is known, the `nth` of them (from 0; −1: the last), at its `moment`, and
    `plus` seconds later. `evidence`: labels of the rows that it names, of each kind as many as there are; with
    `ends_only` the first and the last of them. `stage`: role of its stage, where that is not the one of the known row.
    """

    signal: str
    locus_type: str
    locus: str
    known: str
    evidence: tuple[str, ...] = ()  # by default, those that `known` names
    nth: int = 0
    moment: Literal["at", "until", "promised"] = "at"
    plus: float = 0.0
    plus_targets: float = 0.0  # of the target that the known step is measured by
    of: str = ""  # label of a row of the visit that the flag stands on; by default the known one
    visit: Literal["", "lost", "kept", "open"] = ""  # what becomes of that visit, where it is not the script's matter
    ends_only: bool = False
    when: When = "always"
    arises: bool = False  # follows by definition, and is not what the script is about
    needs_stages: tuple[tuple[str, str], ...] = ()  # pairs of roles whose stages must differ
    only_stage: str = ""  # arises only where the flag's stage has this name


@dataclass(frozen=True)
class Script:
    """One kind of episode.

    `share`: how often it is met beside the others of its kind and part. `kill_share`: of those that would have
    completed the visit, so many are lost because of it; `nature`: so many complete it by nature. `draws`: texts by
    name; an episode takes the same place in each.
    """

    name: str
    part: Literal["visits", "contacts", "orders"]
    kind: Literal["planted", "near_miss", "noise"]
    how: str
    steps: tuple[Step, ...]
    plants: tuple[Planted, ...] = ()
    share: float = 1.0
    kill_share: float = 0.0
    nature: float = 0.8
    draws: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    known: Literal["usual", "always", "never"] = "usual"  # whether the customer is named in clicks
    needs: tuple[str, ...] = ()  # roles that the journey must have, beside those of the steps
    journeys: tuple[str, ...] = ()  # only in these
    warm_up: int = 0  # days before it is first played: what is compared with what is usual needs to know that

    @property
    def planted(self) -> Planted | None:
        """What it is about, if it is about friction."""
        return next((plant for plant in self.plants if not plant.arises), None)


def event(
    what: str,
    place: str = "",
    after: Span = (3.0, 40.0),
    *,
    times: tuple[int, int] = (1, 1),
    every: Span = (2.0, 20.0),
    label: str = "",
    when: When = "always",
    opens: bool = False,
    by: Literal["customer", "partner"] = "customer",
    **columns: Cell,
) -> Step:
    """Rows of the clickstream."""
    return Step("clickstream", what, columns, after, times, every, place, label, when, opens=opens, by=by)


def view(place: str, after: Span = (6.0, 40.0), *, label: str = "") -> Step:
    """A page that is looked at for a while."""
    return event("page_view", place, after, label=label)


def wait(
    what: str,
    channel: str,
    lasts: Span | None,
    after: Span = (1.0, 2.0),
    *,
    label: str = "",
    when: When = "always",
    promised: Span | None = None,
    per: str = "",
    is_aside: bool = False,
    outcome: str = "served",
    **columns: Cell,
) -> Step:
    """A wait; one that lasts beyond the simulated time is `open`."""
    told = {"channel": channel, "outcome": outcome, **columns}
    return Step(
        "wait_time",
        what,
        told,
        after,
        label=label,
        when=when,
        lasts=lasts,
        promised=promised,
        per=per,
        is_aside=is_aside,
    )


def error(
    what: str,
    after: Span,
    *,
    times: tuple[int, int] = (1, 1),
    every: Span = (HOUR, DAY),
    label: str = "",
    when: When = "always",
    **columns: Cell,
) -> Step:
    """Order errors."""
    return Step("order_error", what, columns, after, times, every, label=label, when=when)
