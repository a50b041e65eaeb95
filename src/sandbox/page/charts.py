"""data_visualization as plain geometry for an SVG: honest axes from zero, no smoothing, no decoration.

https://docs.slack.dev/reference/block-kit/blocks/data-visualization-block
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

Json = Mapping[str, Any]

WIDTH, HEIGHT = 520, 240
LEFT, RIGHT, TOP, BOTTOM = 44, 8, 10, 30
TICKS = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class Bar:
    x: float
    y: float
    width: float
    height: float
    series: int
    title: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Path:
    d: str
    series: int
    title: str
    dots: tuple[tuple[float, float, str], ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Chart:
    """What to draw, in a box of WIDTH by HEIGHT. `numbers` is the same data as rows, its header first."""

    kind: str
    title: str
    legend: tuple[str, ...]
    numbers: tuple[tuple[str, ...], ...]
    bars: tuple[Bar, ...] = ()
    paths: tuple[Path, ...] = ()
    ticks: tuple[tuple[float, str], ...] = ()
    categories: tuple[tuple[float, str], ...] = ()
    x_label: str = ""
    y_label: str = ""
    zero: float = HEIGHT - BOTTOM


def number(value: object) -> float:
    return float(value) if isinstance(value, int | float) and math.isfinite(value) else 0.0


def written(value: float) -> str:
    return f"{value:,.0f}" if value == int(value) else f"{value:,.2f}".rstrip("0")


def chart(block: Json) -> Chart | None:
    """The block as geometry, or None for a kind of chart that the page cannot draw."""
    body = block.get("chart") or {}
    kind = body.get("type")
    title = str(block.get("title", ""))
    if kind == "pie":
        return _pie(title, body.get("segments") or ())
    if kind in {"bar", "line", "area"}:
        return _plot(title, kind, body)
    return None


def _pie(title: str, segments: Sequence[Json]) -> Chart:
    names = tuple(str(segment.get("label", "")) for segment in segments)
    values = [max(number(segment.get("value")), 0.0) for segment in segments]
    total = sum(values) or 1.0
    paths, turned = [], 0.0
    for place, (name, each) in enumerate(zip(names, values, strict=True)):
        share = each / total
        # A full circle has the same start and end, which an arc cannot say.
        paths.append(
            Path(d=_slice(turned, min(share, 0.9999)), series=place, title=f"{name}: {written(each)} ({share:.0%})")
        )
        turned += share
    legend = tuple(f"{name} {each / total:.0%}" for name, each in zip(names, values, strict=True))
    rows = tuple((name, written(each)) for name, each in zip(names, values, strict=True))
    return Chart(kind="pie", title=title, legend=legend, numbers=(("", "Value"), *rows), paths=tuple(paths))


def _slice(start: float, share: float, radius: float = 100, middle: float = 110) -> str:
    ends = []
    for turn in (start, start + share):
        angle = 2 * math.pi * turn - math.pi / 2
        ends.append((middle + radius * math.cos(angle), middle + radius * math.sin(angle)))
    (x0, y0), (x1, y1) = ends
    return f"M{middle} {middle}L{x0:.1f} {y0:.1f}A{radius} {radius} 0 {int(share > 0.5)} 1 {x1:.1f} {y1:.1f}Z"


def nice_step(span: float) -> float:
    """A round distance between ticks: 1, 2 or 5 times a power of ten."""
    rough = span / TICKS or 1.0
    power = 10.0 ** math.floor(math.log10(rough))
    return next(step * power for step in (1, 2, 5, 10) if rough <= step * power)


def _plot(title: str, kind: str, body: Json) -> Chart:
    axes = body.get("axis_config") or {}
    categories = tuple(str(each) for each in axes.get("categories") or ())
    series = [
        (str(each.get("name", "")), {str(p.get("label")): number(p.get("value")) for p in each.get("data") or ()})
        for each in body.get("series") or ()
    ]
    values = [value for _, data in series for value in data.values()] or [0.0]
    step = nice_step(max(*values, 0.0) - min(*values, 0.0))
    low, high = math.floor(min(*values, 0.0) / step) * step, math.ceil(max(*values, 0.0) / step) * step
    high = high if high > low else low + step
    across, down = WIDTH - LEFT - RIGHT, HEIGHT - TOP - BOTTOM

    def y_of(value: float) -> float:
        return TOP + down * (high - value) / (high - low)

    slot = across / max(len(categories), 1)
    middles = tuple(LEFT + slot * (place + 0.5) for place in range(len(categories)))
    bars, paths = [], []
    for place, (name, data) in enumerate(series):
        points = [(x, data.get(category, 0.0), category) for x, category in zip(middles, categories, strict=True)]
        if kind == "bar":
            width = slot * 0.7 / len(series)
            bars += [
                Bar(
                    x=x - slot * 0.35 + width * place,
                    y=min(y_of(value), y_of(0)),
                    width=max(width - 2, 1),
                    height=abs(y_of(value) - y_of(0)),
                    series=place,
                    title=f"{name}, {category}: {written(value)}",
                )
                for x, value, category in points
            ]
        elif points:
            d = "M" + "L".join(f"{x:.1f} {y_of(value):.1f}" for x, value, _ in points)
            if kind == "area":
                d += f"L{points[-1][0]:.1f} {y_of(0):.1f}L{points[0][0]:.1f} {y_of(0):.1f}Z"
            dots = tuple((x, y_of(value), f"{name}, {category}: {written(value)}") for x, value, category in points)
            paths.append(Path(d=d, series=place, title=name, dots=dots))
    steps = round((high - low) / step)
    rows = tuple(
        (category, *(written(data[category]) if category in data else "–" for _, data in series))
        for category in categories
    )
    return Chart(
        kind=kind,
        title=title,
        legend=tuple(name for name, _ in series),
        numbers=(("", *(name for name, _ in series)), *rows),
        bars=tuple(bars),
        paths=tuple(paths),
        ticks=tuple((y_of(low + step * tick), written(low + step * tick)) for tick in range(steps + 1)),
        categories=tuple(zip(middles, categories, strict=True)),
        x_label=str(axes.get("x_label") or ""),
        y_label=str(axes.get("y_label") or ""),
        zero=y_of(0),
    )
