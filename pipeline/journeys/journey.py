"""The journey file: a business's stages in its own words, and what completes each of them by when."""

import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from pipeline.contracts.contract import load_all
from pipeline.errors import SettingsError, hint
from pipeline.journeys import owners as owning
from pipeline.journeys.hours import Hours

BUILT_IN = Path(__file__).parent / "files"


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Stage(_Part):
    """One step of the journey. `made_of` tells what a visit is: part of a session, a contact, an order …"""

    name: str = Field(pattern=r"[a-z][a-z0-9_]*")
    label: dict[str, str] = {}
    made_of: Literal["session", "contact", "order", "next_order"]
    events: tuple[str, ...] = ()  # session: names of events that belong to the stage wherever they happen
    pages: tuple[str, ...] = ()  # session: paths (with * for anything) that belong to it
    completed_by: tuple[str, ...] = ()  # session: events that complete it
    starts_again_by: tuple[str, ...] = ()  # session: events that begin a new attempt after a completed one
    wait_types: tuple[str, ...] = ()  # contact
    short_abandon_seconds: float = 5.0  # contact: who leaves sooner did not wait
    quiet_days: int = Field(default=7, ge=0, le=60)  # contact, order: without a complaint for so long: completed
    decided_days: int = Field(default=60, ge=1, le=90)  # order, next_order: decided so long after it at the latest
    lost_by_errors: tuple[str, ...] = ()  # order: types of order errors that mean that the order was lost
    is_moment_of_truth: bool = False
    owner: str | None = None  # of its points, where no rule in the journey's `owners` fits

    @property
    def takes_days(self) -> int:
        """Days that it takes at most until a visit is decided; 0 for parts of sessions."""
        return {"session": 0, "contact": self.quiet_days}.get(self.made_of, self.decided_days)


class Journey(_Part):
    """The stages in order, and the targets of waits in seconds by wait type and channel.

    Targets of first replies and of resolutions count within the `business_hours`, where there are any.
    `goes_on_without` names contracts whose sources may fail: what is wrong with a file of theirs stops that source and
    is reported, and the night goes on without the rest of it. `owners` are rules which team a point goes to; the first
    that fits decides, and the stage's `owner` is the last.
    """

    name: str
    description: str = ""
    stages: tuple[Stage, ...] = Field(min_length=1)
    targets: dict[str, dict[str, float]] = {}
    business_hours: Hours | None = None
    goes_on_without: tuple[str, ...] = ()
    owners: tuple[owning.Rule, ...] = ()

    @property
    def of_sessions(self) -> tuple[Stage, ...]:
        """Stages whose visits are parts of sessions, in order."""
        return tuple(stage for stage in self.stages if stage.made_of == "session")

    def made_of(self, kind: str) -> Stage | None:
        """The stage whose visits are contacts, orders or next orders, if the journey has one."""
        return next((stage for stage in self.stages if stage.made_of == kind), None)


def load(name: str, folder: Path, families: Mapping[str, str] | None = None) -> Journey:
    """The built-in journey of that name, or the journey in the file of that path, relative to `folder`.

    `families`: the family of each signal; with it, the names of signals in the rules of owners are looked at, too.
    Raises SettingsError where there is none or it says something that cannot be.
    """
    built_in = {path.stem: path for path in sorted(BUILT_IN.glob("*.toml"))}
    path = built_in.get(name, folder / name)
    if not path.is_file():
        raise SettingsError(f"project.journey: there is no journey {name!r}, nor a file {path}.{hint(name, built_in)}")
    try:
        text = path.read_text(encoding="utf-8")
        journey = Journey.model_validate(tomllib.loads(text))
    except ValidationError as error:
        found = error.errors()[0]
        where = ".".join(str(part) for part in found["loc"])
        part = owning.Rule if found["loc"][0] == "owners" else Stage
        known = hint(str(found["loc"][-1]), part.model_fields) if found["type"] == "extra_forbidden" else ""
        raise SettingsError(f"{_at(path, text, found['loc'])}: {where}: {found['msg']}.{known}") from error
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise SettingsError(f"{path}: {error}") from error
    for kind in ("contact", "order", "next_order"):
        names = [stage.name for stage in journey.stages if stage.made_of == kind]
        if len(names) > 1:
            raise SettingsError(f"{path}: only one stage can be made of {kind}, found {', '.join(names)}.")
    inputs = [each for each, contract in load_all().items() if contract.table.startswith("events.")]
    for each in journey.goes_on_without:
        if each not in inputs:
            raise SettingsError(f"{path}: goes_on_without: there is no input {each!r}.{hint(each, inputs)}")
    names = [stage.name for stage in journey.stages]
    if len(set(names)) < len(names):
        raise SettingsError(f"{path}: two stages have the same name. Stages: {', '.join(names)}.")
    possible = {"stages": names} | ({} if families is None else _named(families))
    if found_wrong := owning.wrong(journey.owners, possible):
        number, field, told = found_wrong
        raise SettingsError(f"{_at(path, text, ('owners', number, field))}: owners.{number}.{field}: {told}")
    return journey


def _named(families: Mapping[str, str]) -> dict[str, list[str]]:
    return {"signals": sorted(families), "families": sorted(set(families.values()))}


def _at(path: Path, text: str, where: tuple[int | str, ...]) -> str:
    """The file, and the line in it where that is a rule of owners."""
    if len(where) < 2 or where[0] != "owners":
        return str(path)
    at = owning.line(text, int(where[1]), str(where[2]) if len(where) > 2 else "")
    return f"{path}, line {at}" if at else str(path)
