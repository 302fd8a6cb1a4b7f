"""Signals: one file each, found by its name."""

import dataclasses
import importlib
import pkgutil
from collections.abc import Mapping
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


def configured(overrides: Mapping[str, Mapping[str, Any]]) -> dict[str, Signal]:
    """All signals with the parameters of `friction.toml`: `[signals.rage_click]` min_clicks = 3.

    Spans of time are given in seconds. Raises SettingsError for an unknown signal or parameter, or a value of another
    type than the default.
    """
    signals = dict(all_signals())
    for name, given in overrides.items():
        if name not in signals:
            raise SettingsError(f"signals: there is no signal {name!r}.{hint(name, signals)}")
        signals[name] = dataclasses.replace(signals[name], parameters=_parameters(signals[name], given))
    return signals


def _parameters(signal: Signal, given: Mapping[str, Any]) -> Any:
    fields = {field.name: getattr(signal.parameters, field.name) for field in dataclasses.fields(signal.parameters)}
    changes: dict[str, object] = {}
    for key, value in given.items():
        where = f"signals.{signal.name}.{key}"
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
    return dataclasses.replace(signal.parameters, **changes)


def _shown(value: object) -> object:
    return value.total_seconds() if isinstance(value, timedelta) else value


def page(signal: Signal) -> dict[str, Any]:
    """All that is to say about a signal: for `friction signals NAME`."""
    module = importlib.import_module(f"{__name__}.{signal.name}")
    told = {
        "name": signal.name,
        "title": signal.title,
        "kind": signal.kind,
        "stage": signal.stage,
        "place": signal.locus_type,
        "exposed": "visits that touched the place" if signal.exposure == "locus" else "all visits of the stage",
        "needs": " or ".join(
            ", ".join(f"{name}.{column}" for name, columns in each.items() for column in columns)
            for each in signal.needs
        ),
        "look-back": str(signal.look_back),
        "prior effect": f"{signal.prior_effect:g} ± {signal.prior_error:g}" if signal.kind == "obstacle" else "none",
        "source": signal.source,
        "version": signal.stamp,
        "definition": str(module.__doc__),
    }
    return told | {
        f"parameter {field.name}": str(_shown(getattr(signal.parameters, field.name)))
        for field in dataclasses.fields(signal.parameters)
    }
