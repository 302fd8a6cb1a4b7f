"""Signals: one file each, found by its name."""

import dataclasses
import importlib
import pkgutil
from collections.abc import Collection, Mapping
from datetime import timedelta
from functools import cache
from typing import Any

from pipeline.detectors._signal import Signal
from pipeline.errors import SettingsError, hint


@cache
def all_signals() -> dict[str, Signal]:
    """Signals by name with their default parameters, in order of file name."""
    names = sorted(module.name for module in pkgutil.iter_modules(__path__) if not module.name.startswith("_"))
    return {name: importlib.import_module(f"{__name__}.{name}").SIGNAL for name in names}


def families() -> dict[str, str]:
    """The family of each signal: the input that it is found in, or `across`."""
    return {name: signal.family for name, signal in all_signals().items()}


def configured(overrides: Mapping[str, Mapping[str, Any]], stages: Collection[str] = ()) -> dict[str, Signal]:
    """All signals with the parameters of `friction.toml`: `[signals.rage_click]` min_clicks = 3.

    `[signals.rage_click.stages.payment]` holds parameters for flags of that stage of the journey, whose names are
    `stages`. Spans of time are given in seconds. Raises SettingsError for an unknown signal, stage or parameter, or a
    value of another type than the default.
    """
    signals = dict(all_signals())
    for name, given in overrides.items():
        where = f"signals.{name}"
        if name not in signals:
            raise SettingsError(f"signals: there is no signal {name!r}.{hint(name, signals)}")
        own = {key: value for key, value in given.items() if key != "stages"}
        parameters = _parameters(signals[name].parameters, own, where)
        by_stage = {
            stage: _parameters(parameters, theirs, f"{where}.stages.{stage}")
            for stage, theirs in _by_stage(given.get("stages", {}), stages, where).items()
        }
        signals[name] = dataclasses.replace(signals[name], parameters=parameters, by_stage=by_stage)
    return signals


def _by_stage(given: Any, stages: Collection[str], where: str) -> dict[str, Any]:
    if not isinstance(given, dict) or not all(isinstance(each, dict) for each in given.values()):
        raise SettingsError(f"{where}.stages: expected a table per stage, like [{where}.stages.payment].")
    for stage in given:
        if stage not in stages:
            raise SettingsError(f"{where}.stages: the journey has no stage {stage!r}.{hint(stage, stages)}")
    return given


def _parameters(defaults: Any, given: Mapping[str, Any], signal: str) -> Any:
    fields = {field.name: getattr(defaults, field.name) for field in dataclasses.fields(defaults)}
    changes: dict[str, object] = {}
    for key, value in given.items():
        where = f"{signal}.{key}"
        if key not in fields:
            raise SettingsError(f"{where}: unknown parameter.{hint(key, fields)}")
        default = fields[key]
        if isinstance(default, timedelta) and isinstance(value, int | float) and not isinstance(value, bool):
            changes[key] = timedelta(seconds=value)
        elif isinstance(default, float) and isinstance(value, int) and not isinstance(value, bool):
            changes[key] = float(value)
        elif isinstance(default, tuple) and isinstance(value, list):
            changes[key] = tuple(value)
        elif type(value) is type(default):
            changes[key] = value
        else:
            kind = "seconds" if isinstance(default, timedelta) else type(default).__name__
            raise SettingsError(f"{where}: expected {kind} like {_shown(default)}, found {value!r}.")
    return dataclasses.replace(defaults, **changes)


def _shown(value: object) -> object:
    return value.total_seconds() if isinstance(value, timedelta) else value
