"""Slack's rules for data_visualization: https://docs.slack.dev/reference/block-kit/blocks/data-visualization-block."""

from collections.abc import Iterator
from typing import Any

from sandbox.slack.block_rules import Problem, many, required, text_size
from sandbox.slack.values import Json

_LABEL = 20
_TITLE = 50
_PLOTS = ("bar", "line", "area")


def check(block: Json, path: str) -> Iterator[Problem]:
    yield from required(block, path, "title", "chart")
    if "title" in block:
        yield from text_size(block["title"], f"{path}/title", _TITLE)
    chart = block.get("chart")
    if not isinstance(chart, dict):
        return
    here = f"{path}/chart"
    if chart.get("type") == "pie":
        yield from required(chart, here, "segments")
        yield from many(chart, "segments", here, least=1, most=12)
        for index, segment in enumerate(chart.get("segments") or ()):
            yield from _point(segment, f"{here}/segments/{index}")
            if segment.get("value", 1) <= 0:
                yield f"must be more than 0 [json-pointer:{here}/segments/{index}/value]"
    elif chart.get("type") in _PLOTS:
        yield from _plot(chart, here)
    else:
        yield f"must be one of: pie, {', '.join(_PLOTS)} [json-pointer:{here}/type]"


def _plot(chart: Json, path: str) -> Iterator[Problem]:
    """Every series has one number for every category, and no other."""
    yield from required(chart, path, "series", "axis_config")
    yield from many(chart, "series", path, least=1, most=12)
    axes = chart.get("axis_config") or {}
    yield from required(axes, f"{path}/axis_config", "categories")
    yield from many(axes, "categories", f"{path}/axis_config", least=1, most=20)
    categories = axes.get("categories") or []
    for index, category in enumerate(categories):
        yield from text_size(category, f"{path}/axis_config/categories/{index}", _LABEL)
    for index, series in enumerate(chart.get("series") or ()):
        here = f"{path}/series/{index}"
        yield from required(series, here, "name", "data")
        yield from text_size(series.get("name"), f"{here}/name", _LABEL)
        data = series.get("data") or []
        for place, point in enumerate(data):
            yield from _point(point, f"{here}/data/{place}")
        if sorted(str(point.get("label")) for point in data) != sorted(map(str, categories)):
            yield f"must have one value for each category [json-pointer:{here}/data]"


def _point(point: Any, path: str) -> Iterator[Problem]:
    yield from text_size(point.get("label"), f"{path}/label", _LABEL)
    if isinstance(point.get("value"), bool) or not isinstance(point.get("value"), int | float):
        yield f"must be a number [json-pointer:{path}/value]"
