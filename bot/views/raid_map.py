"""The heat map of a release's open risks: probability against impact, as a picture and as text."""

import io
import threading
from collections import defaultdict
from typing import TYPE_CHECKING, Final

from bot.views.blocks import Message, context, escape, line, message, section
from interlock.domain.raid import SCALE, Entry, Log, finding
from interlock.domain.words import day

if TYPE_CHECKING:  # half a second to import, and only a picture needs it
    from matplotlib.axes import Axes

PROBABILITIES: Final = ("rare", "unlikely", "possible", "likely", "almost\ncertain")
IMPACTS: Final = ("negligible", "minor", "serious", "major", "severe")
IN_A_CELL: Final = 3
INCHES: Final = (8.0, 6.2)
DOTS: Final = 120

_drawing = threading.Lock()
"""matplotlib keeps its fonts in one place that threads may not share."""

Cells = dict[tuple[int, int], list[Entry]]
"""By probability and impact."""


def picture(log: Log) -> bytes:
    """As PNG."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg  # noqa: PLC0415 half a second, for pictures alone
    from matplotlib.figure import Figure  # noqa: PLC0415 as above

    with _drawing:
        figure = Figure(figsize=INCHES, dpi=DOTS, layout="constrained")
        FigureCanvasAgg(figure)
        _grid(figure.subplots(), log)
        out = io.BytesIO()
        figure.savefig(out, format="png", metadata={"Title": f"Open risks of {log.release.name}", "Software": None})
        return out.getvalue()


def text(log: Log) -> Message:
    """The same where no picture can be shown."""
    cells = _cells(log)
    rows = [
        f"p{probability} " + " ".join(f"{len(cells[probability, impact]) or '.':>3}" for impact in SCALE)
        for probability in reversed(SCALE)
    ]
    foot = "   " + " ".join(f"{f'i{impact}':>3}" for impact in SCALE)
    return message(
        escape(finding(log)),
        section(f"*Open risks of {line(log.release.name)}*, {day(log.today)}"),
        *(section(row) for row in [*rows, foot]),
        context(escape(finding(log))),
    )


def _cells(log: Log) -> Cells:
    cells: Cells = defaultdict(list)
    for each in log.open:
        if each.probability is not None and each.impact is not None:
            cells[each.probability, each.impact].append(each)
    return cells


def _grid(axes: "Axes", log: Log) -> None:
    """Darker is worse, and what is high has a thick frame and its score in bold: it reads without colour."""
    from matplotlib.patches import Rectangle  # noqa: PLC0415 as above

    cells, high = _cells(log), log.rules.high_score
    for probability in SCALE:
        for impact in SCALE:
            score = probability * impact
            corner = (impact - 0.5, probability - 0.5)
            axes.add_patch(Rectangle(corner, 1, 1, facecolor=_shade(score), edgecolor="white", linewidth=1))
            if score >= high:
                inner = (corner[0] + 0.04, corner[1] + 0.04)
                axes.add_patch(Rectangle(inner, 0.92, 0.92, fill=False, edgecolor="black", linewidth=2))
            weight = "bold" if score >= high else "normal"
            axes.text(impact + 0.4, probability - 0.4, str(score), ha="right", va="bottom", fontsize=8, weight=weight)
            named = _named(cells[probability, impact])
            axes.text(impact, probability + 0.05, named, ha="center", va="center", fontsize=10, weight="bold")
    axes.set_xlim(0.5, 5.5)
    axes.set_ylim(0.5, 5.5)
    axes.set_xticks(list(SCALE), [f"{number}\n{word}" for number, word in zip(SCALE, IMPACTS, strict=True)])
    axes.set_yticks(list(SCALE), [f"{number} {word}" for number, word in zip(SCALE, PROBABILITIES, strict=True)])
    axes.set_xlabel("Impact")
    axes.set_ylabel("Probability")
    # Names are plain text here: matplotlib would read dollars as formulas.
    title = f"Open risks of {log.release.name}, {day(log.today)}\nframed: high, {high} or more"
    axes.set_title(title, fontsize=12, parse_math=False)
    axes.tick_params(length=0)
    for spine in axes.spines.values():
        spine.set_visible(False)


def _shade(score: int) -> tuple[float, float, float]:
    """From nearly white to a red that still bears black letters; its brightness falls as the score grows."""
    depth = (score - 1) / 24
    return 0.98 - 0.06 * depth, 0.95 - 0.47 * depth, 0.90 - 0.52 * depth


def _named(entries: list[Entry]) -> str:
    shown = [each.key for each in entries[:IN_A_CELL]]
    more = len(entries) - IN_A_CELL
    return "\n".join([*shown, f"+{more}"] if more > 0 else shown)
