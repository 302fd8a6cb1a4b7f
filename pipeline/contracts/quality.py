"""The `quality` and `slaProperties` of an ODCS file as rules that can be checked; what cannot be is refused."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from open_data_contract_standard.model import (
    DataQuality,
    OpenDataContractStandard,
    SchemaObject,
    ServiceLevelAgreementProperty,
)

from pipeline.contracts.model import Column, Limit, Rule, TableRule
from pipeline.errors import ContractError, hint
from pipeline.quoting import quoted, text

OPERATORS = (
    "mustBe",
    "mustNotBe",
    "mustBeGreaterThan",
    "mustBeGreaterOrEqualTo",
    "mustBeLessThan",
    "mustBeLessOrEqualTo",
    "mustBeBetween",
    "mustNotBeBetween",
)
SEVERITIES = ("error", "warning")
HOURS = {"h": 1, "hr": 1, "hour": 1, "hours": 1, "d": 24, "day": 24, "days": 24}
# Agreements between people: a table cannot keep or break them.
AGREED_ONLY = frozenset({
    "availability", "endOfLife", "endOfSupport", "errorRate", "frequency", "generalAvailability", "latency",
    "retention", "throughput", "timeOfAvailability", "timeToDetect", "timeToNotify", "timeToRepair",
})  # fmt: skip


@dataclass(frozen=True)
class Rules:
    """All that a contract demands besides its columns' own rules."""

    of_rows: tuple[Rule, ...]
    of_shares: tuple[Rule, ...]
    of_table: tuple[TableRule, ...]
    notes: tuple[str, ...]


def rules(
    odcs: OpenDataContractStandard, table: SchemaObject, columns: Sequence[Column], event_time: str | None
) -> Rules:
    """The rules of a file, uniqueness of the key included. Raises ContractError for the first that cannot be."""
    found: list[Rule | TableRule] = []
    key = tuple(column.name for column in columns if column.is_key)
    if key:
        found.append(_unique(key))
    found += [
        _unique((each.name,)) for each in table.properties or [] if each.unique and each.name and not each.primaryKey
    ]
    for _, stated, of in stated_rules(table):
        if stated.type != "text":
            found.append(rule(stated, of))
    found += [each for sla in odcs.slaProperties or [] if (each := freshness(sla, table, event_time))]
    names = [each.name for each in found] + [each.name for column in columns for each in column.rules()]
    for name in names:
        if names.count(name) > 1:
            raise ContractError(f"{names.count(name)} rules are called {name!r}. Give each its own name.")
    of_rows = [each for each in found if isinstance(each, Rule)]
    return Rules(
        of_rows=tuple(each for each in of_rows if not _has_limit(each)),
        of_shares=tuple(each for each in of_rows if _has_limit(each)),
        of_table=tuple(each for each in found if isinstance(each, TableRule)),
        notes=tuple(stated.description or "" for _, stated, _ in stated_rules(table) if stated.type == "text"),
    )


def stated_rules(table: SchemaObject) -> list[tuple[str, DataQuality, str | None]]:
    """Where each rule stands, the rule, and the column that it is about, if it is about one."""
    found: list[tuple[str, DataQuality, str | None]] = [
        (f"quality[{place}]", each, None) for place, each in enumerate(table.quality or [])
    ]
    for column in table.properties or []:
        found += [
            (f"column {column.name!r}, quality[{place}]", each, column.name)
            for place, each in enumerate(column.quality or [])
        ]
    return found


def rule(stated: DataQuality, column: str | None) -> Rule | TableRule:
    """A rule as the standard states it, of a table or of a column. Raises ContractError where it cannot be checked."""
    kind = stated.type or ("library" if stated.metric else None)
    name = stated.name or ".".join(filter(None, [column, stated.metric]))
    if not name:
        raise ContractError("a rule has no name: its name is how results speak of it.")
    severity = stated.severity or "error"
    if severity not in SEVERITIES:
        raise ContractError(f"rule {name}: severity {severity!r}.{hint(severity, SEVERITIES)}")
    if stated.rule:
        raise ContractError(f"rule {name}: `rule` is of an older standard. Write metric: {stated.rule}.")
    about: dict[str, Any] = {"name": name, "description": stated.description or "", "severity": severity}
    if kind == "custom" and stated.engine == "row":
        return _of_row(stated, about)
    if kind == "sql" and stated.query:
        query = stated.query.replace("${column}", quoted(column)) if column else stated.query
        return TableRule(figure="query", limit=_limit(name, stated), unit=stated.unit or "", query=query, **about)
    if kind == "library" and stated.metric in {"rowCount", "duplicateValues"}:
        return _of_table(stated, column, about)
    if kind == "library" and stated.metric in {"nullValues", "missingValues", "invalidValues"} and column:
        return _of_share(stated, column, about)
    what = {"library": f"metric {stated.metric}", "custom": f"engine {stated.engine}"}.get(kind or "", f"type {kind}")
    raise ContractError(
        f"rule {name}: {what} cannot be checked{'' if column else ' of a table'}. Known: type library with metric "
        "rowCount, duplicateValues and, of a column, nullValues, missingValues, invalidValues; type sql with a query; "
        "type custom with engine row; type text."
    )


def freshness(sla: ServiceLevelAgreementProperty, table: SchemaObject, event_time: str | None) -> TableRule | None:
    """How old the newest event may be at the end of a day; None for agreements that no table can keep or break."""
    if sla.property in AGREED_ONLY:
        return None
    if sla.property != "freshness":
        raise ContractError(f"slaProperties: {sla.property!r}.{hint(str(sla.property), {'freshness', *AGREED_ONLY})}")
    elements = {event_time, f"{table.name}.{event_time}"}
    if event_time is None or (sla.element or event_time) not in elements:
        raise ContractError(
            f"slaProperties: freshness of {sla.element}; only that of the event time can be checked, which is "
            f"{event_time or 'not given'} (customProperties: eventTime)."
        )
    if sla.unit not in HOURS or not isinstance(sla.value, int | float) or isinstance(sla.value, bool):
        raise ContractError(f"slaProperties: freshness of {sla.value!r} {sla.unit}; give hours (unit h) or days (d).")
    custom = {each.property: each.value for each in sla.customProperties or []}
    severity = str(custom.get("severity", "error"))
    if severity not in SEVERITIES:
        raise ContractError(f"slaProperties: freshness, severity {severity!r}.{hint(severity, SEVERITIES)}")
    return TableRule(
        name="freshness",
        figure="age_hours",
        limit=Limit("mustBeLessOrEqualTo", (float(sla.value * HOURS[sla.unit]),)),
        description=sla.description or "",
        severity=severity,
        unit="hours",
    )


def _has_limit(found: Rule) -> bool:
    return found.limit_share > 0 or found.is_strict


def _unique(columns: tuple[str, ...]) -> TableRule:
    return TableRule(
        name=f"{'+'.join(columns)}.unique",
        figure="duplicates",
        limit=Limit("mustBe", (0.0,)),
        description=f"{' and '.join(columns)} stand{'s' * (len(columns) == 1)} once",
        unit="repeated rows",
        columns=columns,
    )


def _limit(name: str, stated: DataQuality) -> Limit:
    given = [operator for operator in OPERATORS if getattr(stated, operator) is not None]
    if len(given) != 1:
        raise ContractError(
            f"rule {name}: give one limit, found {', '.join(given) or 'none'}. Known: {', '.join(OPERATORS)}."
        )
    value = getattr(stated, given[0])
    values = value if isinstance(value, list) else [value]
    if not all(isinstance(each, int | float) and not isinstance(each, bool) for each in values):
        raise ContractError(f"rule {name}: {given[0]} {value!r} is no number.")
    return Limit(given[0], tuple(float(each) for each in values))


def _of_row(stated: DataQuality, about: dict[str, Any]) -> Rule:
    custom = {each.property: each.value for each in stated.customProperties or []}
    share = custom.get("limitShare", 0.0)
    if not isinstance(share, int | float) or not 0 <= share < 1:
        raise ContractError(f"rule {about['name']}: limitShare {share!r} is no share between 0 and 1.")
    if not isinstance(stated.implementation, str):
        raise ContractError(f"rule {about['name']}: implementation is an SQL expression that is true of a good row.")
    return Rule(holds=stated.implementation, limit_share=float(share), **about)


def _of_table(stated: DataQuality, column: str | None, about: dict[str, Any]) -> TableRule:
    limit, arguments, unit = _limit(about["name"], stated), dict(stated.arguments or {}), stated.unit or "rows"
    if stated.metric == "rowCount":
        if unit == "percent" and arguments == {"of": "usual_day"}:
            return TableRule(figure="usual_rows", limit=limit, unit=unit, **about)
        if unit == "rows" and not arguments:
            return TableRule(figure="rows", limit=limit, unit=unit, **about)
        raise ContractError(
            f"rule {about['name']}: rowCount counts rows, or with unit percent and arguments {{of: usual_day}} "
            f"compares a day with a usual one; found unit {unit}, arguments {arguments}."
        )
    columns = (column,) if column else tuple(arguments.get("properties") or ())
    if not columns or unit not in {"rows", "percent"}:
        raise ContractError(
            f"rule {about['name']}: duplicateValues needs a column, or arguments {{properties: [...]}}, "
            "and unit rows or percent."
        )
    return TableRule(figure="duplicates", limit=limit, unit=unit, columns=columns, **about)


def _of_share(stated: DataQuality, column: str, about: dict[str, Any]) -> Rule:
    limit, arguments, name = _limit(about["name"], stated), dict(stated.arguments or {}), quoted(column)
    share = limit.values[0] / 100 if stated.unit == "percent" else limit.values[0]
    is_zero = limit.operator in {"mustBe", "mustBeLessOrEqualTo"} and share == 0
    is_share = (
        limit.operator in {"mustBeLessThan", "mustBeLessOrEqualTo"} and stated.unit == "percent" and 0 < share < 1
    )
    if not is_zero and not is_share:
        raise ContractError(
            f"rule {about['name']}: {stated.metric} {limit} {stated.unit or 'rows'} cannot be checked. Give mustBe: 0, "
            "or unit: percent with mustBeLessThan or mustBeLessOrEqualTo; or count in a query of your own (type sql)."
        )
    holds = f"{name} is not null"
    if stated.metric == "missingValues":
        holds += _not_in(name, arguments)
    elif stated.metric == "invalidValues":
        holds = f"{name} is null or ({_valid(about['name'], name, arguments)})"
    return Rule(holds=holds, limit_share=share, is_strict=limit.operator == "mustBeLessThan", **about)


def _not_in(name: str, arguments: dict[str, Any]) -> str:
    words = [each for each in arguments.get("missingValues", []) if each is not None]
    return f" and {name}::varchar not in ({', '.join(text(word) for word in words)})" if words else ""


def _valid(rule_name: str, name: str, arguments: dict[str, Any]) -> str:
    parts = []
    if words := arguments.get("validValues"):
        parts.append(f"{name}::varchar in ({', '.join(text(word) for word in words)})")
    if pattern := arguments.get("pattern"):
        parts.append(f"regexp_full_match({name}::varchar, {text(pattern)})")
    if not parts or set(arguments) - {"validValues", "pattern"}:
        raise ContractError(f"rule {rule_name}: invalidValues needs arguments validValues or pattern, and no others.")
    return " and ".join(parts)
