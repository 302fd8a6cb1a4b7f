"""Small pictures as inline SVG, in the page's own colours (see report.css); each says in words what it shows."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from markupsafe import Markup

BAR = (96, 12)
SPARK = (96, 26)
FUNNEL = (1080, 250)


@dataclass(frozen=True)
class Column:
    """A stage as a column of the journey; `friction` of `lost` visits are explained by friction."""

    label: str
    note: str
    is_marked: bool
    entered: float
    completed: float
    lost: float
    friction: float


def interval_bar(
    low: float | None, value: float | None, high: float | None, scale: tuple[float, float], alt: str
) -> Markup:
    """A dot with its interval on a line from `scale[0]` to `scale[1]`; empty where there is no value."""
    if value is None or not math.isfinite(value):
        return Markup()
    width, height = BAR
    first, last = scale

    def x(number: float | None) -> float:
        at = value if number is None or not math.isfinite(number) else number
        share = (at - first) / (last - first) if last > first else 0.0
        return round(3 + (width - 6) * min(1.0, max(0.0, share)), 1)

    middle = height / 2
    zero = (
        Markup('<line class="zero" x1="{0}" x2="{0}" y1="0" y2="{1}"/>').format(x(0), height) if first < 0 else Markup()
    )
    return Markup(
        '<svg class="bar" role="img" aria-label="{alt}" viewBox="0 0 {width} {height}" '
        'width="{width}" height="{height}">'
        '<line class="track" x1="0" x2="{width}" y1="{middle}" y2="{middle}"/>{zero}'
        '<line class="span" x1="{low}" x2="{high}" y1="{middle}" y2="{middle}"/>'
        '<circle class="dot" cx="{value}" cy="{middle}" r="3"/></svg>'
    ).format(alt=alt, width=width, height=height, middle=middle, zero=zero, low=x(low), high=x(high), value=x(value))


def sparkline(rates: Sequence[float | None], usual: float | None, alt: str) -> Markup:
    """A line of daily rates, broken where a day has none; a dashed line at the usual rate, a dot at the last day."""
    width, height = SPARK
    known = [rate for rate in rates if rate is not None]
    top = max([*known, usual or 0.0]) or 1.0

    def y(rate: float) -> float:
        return round(height - 4 - (height - 8) * rate / top, 1)

    def x(place: int) -> float:
        return round(4 + (width - 8) * place / max(1, len(rates) - 1), 1)

    lines: list[list[str]] = [[]]
    for place, rate in enumerate(rates):
        if rate is None:
            lines.append([])
        else:
            lines[-1].append(f"{x(place)},{y(rate)}")
    drawn = Markup().join(Markup('<polyline points="{}"/>').format(" ".join(line)) for line in lines if len(line) > 1)
    drawn += Markup().join(
        Markup('<circle class="lone" cx="{}" cy="{}" r="1"/>').format(*line[0].split(","))
        for line in lines
        if len(line) == 1
    )
    if usual is not None:
        drawn = Markup('<line class="usual" x1="0" x2="{}" y1="{}" y2="{}"/>').format(width, y(usual), y(usual)) + drawn
    if rates and rates[-1] is not None:
        drawn += Markup('<circle class="dot" cx="{}" cy="{}" r="2.5"/>').format(x(len(rates) - 1), y(rates[-1]))
    return Markup(
        '<svg class="spark" role="img" aria-label="{}" viewBox="0 0 {} {}" width="{}" height="{}">{}</svg>'
    ).format(alt, width, height, width, height, drawn)


def funnel(columns: Sequence[Column], alt: str) -> Markup:
    """The journey: a column per stage as high as the square root of its visits, joined from completed to entered."""
    width, height = FUNNEL
    floor, ceiling = height - 58, 10
    top = math.sqrt(max([column.entered for column in columns], default=0)) or 1.0
    slot = width / max(1, len(columns))
    thick = slot * 0.5
    shapes = []
    for place, column in enumerate(columns):
        left = place * slot + (slot - thick) / 2
        tall = (floor - ceiling) * math.sqrt(column.entered) / top
        parts = _parts(column, tall)
        if place + 1 < len(columns):
            following = (floor - ceiling) * math.sqrt(columns[place + 1].entered) / top
            corners = [
                (left + thick, floor - parts[0][1]),
                (left + slot, floor - following),
                (left + slot, floor),
                (left + thick, floor),
            ]
            shapes.append(
                Markup('<polygon class="flow" points="{}"/>').format(" ".join(f"{x:.1f},{y:.1f}" for x, y in corners))
            )
        at = float(floor)
        for name, part in parts:
            at -= part
            shapes.append(_rect(name, left, at, thick, part))
        middle = left + thick / 2
        mark = "★ " if column.is_marked else ""
        shapes.append(
            Markup(
                '<line class="floor" x1="{:.1f}" x2="{:.1f}" y1="{}" y2="{}"/>'
                '<text class="name" x="{:.1f}" y="{}">{}</text><text class="note" x="{:.1f}" y="{}">{}</text>'
            ).format(
                left,
                left + thick,
                floor,
                floor,
                middle,
                floor + 22,
                mark + column.label,
                middle,
                floor + 42,
                column.note,
            )
        )
    return Markup(
        '<svg class="funnel" role="img" aria-label="{}" viewBox="0 0 {} {}">'
        '<defs><pattern id="stripes" width="6" height="6" patternUnits="userSpaceOnUse" patternTransform="rotate(45)">'
        '<rect class="stripe-back" width="6" height="6"/><rect class="stripe" width="2" height="6"/></pattern></defs>'
        "{}</svg>"
    ).format(alt, width, height, Markup().join(shapes))


def _parts(column: Column, tall: float) -> list[tuple[str, float]]:
    if not column.entered:
        return [("completed", 0.0)]
    friction = min(max(column.friction, 0.0), column.lost)
    counts = (("completed", column.completed), ("lost", column.lost - friction), ("friction", friction))
    return [(name, tall * count / column.entered) for name, count in counts]


def _rect(name: str, x: float, y: float, width: float, height: float) -> Markup:
    return Markup('<rect class="{}" x="{:.1f}" y="{:.1f}" width="{:.1f}" height="{:.1f}"/>').format(
        name, x, y, width, height
    )
