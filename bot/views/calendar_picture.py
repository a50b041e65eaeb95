"""The release calendar as a picture: a line for each freeze and each release, over the weeks to come."""

import io
import threading
from datetime import date, datetime, time, timedelta
from typing import TYPE_CHECKING, Final
from zoneinfo import ZoneInfo

from interlock.domain.calendar_view import WEEK, CalendarView
from interlock.domain.words import day

if TYPE_CHECKING:  # half a second to import, and only a picture needs it
    from matplotlib.axes import Axes

WIDE: Final = 10.0
LINE: Final = 0.42
"""Inches: of the whole, and of each line."""
DOTS: Final = 120
MOST: Final = 24
"""Lines; what is due later is left to the text."""
LONGEST: Final = 28

_drawing = threading.Lock()
"""matplotlib keeps its fonts in one place that threads may not share."""


def finding(picture: CalendarView) -> str:
    """What the picture shows, in a sentence."""
    dues = [each for week in picture.weeks for each in week.targets]
    told = [f"{each.release} on {day(each.day)}" for each in dues[:3]]
    more = [f"{len(dues) - 3} more"] if len(dues) > 3 else []  # noqa: PLR2004 as above
    targets = f"Due: {', '.join([*told, *more])}" if dues else "Nothing is due"
    ways = [f"{each.release}: {each.obstacle.about}" for each in picture.in_the_way[:3]]
    return f"{targets}. " + (f"In the way: {', '.join(ways)}." if ways else "Nothing is in the way.")


def draw(picture: CalendarView) -> bytes:
    """As PNG."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg  # noqa: PLC0415 half a second, for pictures alone
    from matplotlib.figure import Figure  # noqa: PLC0415 as above

    lines = _lines(picture)
    with _drawing:
        figure = Figure(figsize=(WIDE, 1.9 + LINE * max(len(lines), 1)), dpi=DOTS, layout="constrained")
        FigureCanvasAgg(figure)
        _plot(figure.subplots(), picture, lines)
        out = io.BytesIO()
        figure.savefig(out, format="png", metadata={"Title": "Release calendar", "Software": None})
        return out.getvalue()


def _lines(picture: CalendarView) -> list[str]:
    """The names, freezes first, then releases by their next day."""
    freezes = {each.name: None for week in picture.weeks for each in week.freezes}
    dues = sorted(
        ((each.day, each.release) for week in picture.weeks for each in (*week.targets, *week.milestones)),
    )
    releases = dict.fromkeys(release for _, release in dues)
    return [*(f"freeze {name}" for name in freezes), *(f"release {name}" for name in releases)][:MOST]


def _plot(axes: "Axes", picture: CalendarView, lines: list[str]) -> None:
    """Hatched bars are freezes, diamonds targets, dots milestones, rings collisions: it reads without colour."""
    places = {name: -number for number, name in enumerate(lines)}
    first, last = picture.weeks[0].monday, picture.weeks[-1].monday + WEEK
    for window in {each for week in picture.weeks for each in week.freezes}:
        place = places.get(f"freeze {window.name}")
        if place is not None:
            begins, ends = _number(max(window.starts, _moment(first))), _number(min(window.ends, _moment(last)))
            axes.barh(
                place, ends - begins, left=begins, height=0.6, facecolor="0.88", edgecolor="0.2", hatch="///", zorder=2
            )
    for kind, dues, marker, size in (
        ("target", [each for week in picture.weeks for each in week.targets], "D", 90),
        ("milestone", [each for week in picture.weeks for each in week.milestones], "o", 36),
    ):
        shown = [each for each in dues if f"release {each.release}" in places]
        axes.scatter(
            [_noon(each.day) for each in shown],
            [places[f"release {each.release}"] for each in shown],
            marker=marker,
            s=size,
            facecolor="0.1" if kind == "target" else "white",
            edgecolor="0.1",
            zorder=4,
        )
    for pair in (each for week in picture.weeks for each in week.collisions):
        both = [f"release {name}" for name in (pair.collision.name, pair.collision.other)]
        rows = [places[each] for each in both if each in places]
        noon = [_noon(pair.collision.target)] * len(rows)
        axes.scatter(noon, rows, marker="o", s=330, facecolor="none", edgecolor="0.1", linewidth=1.6, zorder=5)
    _frame(axes, picture, lines, first, last)


def _frame(axes: "Axes", picture: CalendarView, lines: list[str], first: date, last: date) -> None:
    from matplotlib.lines import Line2D  # noqa: PLC0415 as above
    from matplotlib.patches import Patch  # noqa: PLC0415 as above

    mondays = [each.monday for each in picture.weeks]
    axes.set_xlim(_number(_moment(first)), _number(_moment(last)))
    axes.set_ylim(-max(len(lines), 1) + 0.4, 0.6)
    axes.set_xticks([_number(_moment(each)) for each in mondays], [f"{each.day} {each:%b}" for each in mondays])
    # Names are plain text here: matplotlib would read dollars as formulas.
    labels = [line.partition(" ")[2] for line in lines]
    axes.set_yticks([-number for number in range(len(lines))], [_short(each) for each in labels])
    for label in axes.get_yticklabels():
        label.set_parse_math(False)
    axes.axvline(_noon(picture.today), color="0.1", linestyle=":", linewidth=1.2, zorder=3)
    axes.grid(axis="x", color="0.85", linewidth=0.8)
    axes.set_axisbelow(True)
    axes.set_xlabel("Week of, with today dotted")
    axes.set_ylabel("Freezes, then releases")
    axes.set_title(f"Release calendar, {day(first)} to {day(last - timedelta(days=1))}", fontsize=12)
    keys = [
        Patch(facecolor="0.88", edgecolor="0.2", hatch="///", label="freeze"),
        Line2D([], [], linestyle="", marker="D", markersize=9, color="0.1", label="target"),
        Line2D([], [], linestyle="", marker="o", markersize=6, markerfacecolor="white", color="0.1", label="milestone"),
        Line2D([], [], linestyle="", marker="o", markersize=15, markerfacecolor="none", color="0.1", label="collision"),
    ]
    axes.legend(handles=keys, loc="upper center", bbox_to_anchor=(0.5, -0.22), ncols=4, frameon=False)


def _moment(when: date) -> datetime:
    return datetime.combine(when, time(), ZoneInfo("UTC"))


def _number(moment: datetime) -> float:
    return moment.timestamp() / 86400


def _noon(when: date) -> float:
    return _number(_moment(when)) + 0.5


def _short(name: str) -> str:
    return name if len(name) <= LONGEST else name[: LONGEST - 1] + "…"
