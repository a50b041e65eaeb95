"""Stages: where a release can go, what that takes, and that it went there."""

from dataclasses import replace
from typing import Any, Final

from bot.views.blocks import Message, actions, button, confirm, context, cut, day, line, message, refusal, section
from bot.views.break_glass import flagged
from bot.views.forms import input_text, modal, notice
from bot.views.readiness import READINESS
from bot.views.release import STATUS, title
from interlock.domain.break_glass import Flag
from interlock.domain.names import LONGEST
from interlock.domain.release import LONGEST_REASON, Release, Stage
from interlock.domain.runbook import Progress
from interlock.domain.stage import Ahead, Condition, Moved, words

MOVE: Final = "stage.move"
BACK: Final = "stage.back"
CANCEL: Final = "release.cancel"
REASON: Final = "reason"
SHOWN: Final = 6
FOR_GOOD: Final = frozenset({Stage.RELEASED})


def ahead(found: Ahead) -> Message:
    """What the next stage takes, with the button that moves there, and the one that takes it back."""
    one = found.release
    if found.after is None:
        told = f"*{title(one)}* is {words(one.stage)}."
        end = "" if one.ended else f" Nothing follows but its end: `/release close {line(one.name, LONGEST)}` and why."
        return message(f"{line(one.name)} is {words(one.stage)}.", section(told + end), actions(_back(found)))
    missing = found.missing
    head = f"*{title(one)}* is {words(one.stage)} · next: {words(found.after)}"
    if one.held:
        head += f"\n*On hold* since {day(one.held.at)}: {line(one.held.reason, 150)}"
    lines = [f"*Missing* {_condition(each)}" for each in missing[:SHOWN]]
    if len(missing) > SHOWN:
        lines.append(f"And {len(missing) - SHOWN} more: see what stands in the way.")
    if not missing:
        lines = ["Nothing is missing: all its conditions hold."]
    lines += [f"*Not signed, let pass* {_condition(each)}" for each in found.let_pass[:SHOWN]]
    ready = not missing and not one.held
    payload = ("stage", f"{one.id}.{found.after.value}")
    sure = (
        confirm(f"Move {one.name} to {words(found.after)}?", "This can't be taken back.", "Move it")
        if found.after in FOR_GOOD
        else None
    )
    drawn = message(
        f"{line(one.name)} is {words(one.stage)}; missing for {words(found.after)}: {len(missing) or 'nothing'}.",
        section("\n".join([head, *lines])),
        actions(
            button(f"Move to {words(found.after)}", MOVE, payload, confirm=sure, style="primary") if ready else None,
            _back(found),
            button("What stands in the way", READINESS, ("release", one.id)) if missing else None,
        ),
    )
    return replace(drawn, refused=found.refused)


def moved(done: Moved) -> Message:
    told = "is" if done.again else "is now"
    text = f"{line(done.release.name, LONGEST)} {told} {words(done.after)}."
    told_there = None if done.again else context(f"It is told in <#{done.release.channel_id}>.")
    return message(text, section(text), told_there)


def on_hold(one: Release, *, again: bool = False) -> Message:
    already = " already" if again else ""
    told = f"is on hold{already}: nothing moves it forward until /release resume" if one.held else "goes on"
    if again and one.held is None:
        told = "is not on hold, so nothing was changed"
    return message(f"{line(one.name)} {told}.", section(f"{line(one.name, LONGEST)} {told}."))


def back_form(one: Release, after: Stage) -> dict[str, Any]:
    return modal(
        BACK,
        "Take it back",
        [
            section(f"Take *{line(one.name, LONGEST)}* from {words(one.stage)} back to {words(after)}?"),
            input_text(REASON, "Why", multiline=True, at_most=LONGEST_REASON),
        ],
        submit="Take it back",
        private={"stage": f"{one.id}.{after.value}"},
    )


def cancel_form(release_id: int, name: str, reason: str) -> dict[str, Any]:
    ask = f"Cancel *{line(name, LONGEST)}*? This can't be undone: it will not be released, and stays as it is."
    return modal(
        CANCEL,
        "Cancel release",
        [
            section(ask),
            input_text(
                REASON, "Why", initial=cut(reason, LONGEST_REASON) or None, multiline=True, at_most=LONGEST_REASON
            ),
        ],
        submit="Cancel release",
        private={"release": release_id},
    )


def would_cancel(name: str) -> Message:
    """Where no form can ask."""
    return refusal(
        f"Cancel {line(name, LONGEST)}? This can't be undone. Type it again with the reason and `--yes` after it."
    )


def done(done: Moved, heading: str) -> dict[str, Any]:
    return notice(heading, f"{line(done.release.name, LONGEST)} is {words(done.after)}.")


def news(
    one: Release,
    before: str,
    after: str,
    by: str,
    why: str,
    runbook: Progress | None = None,
    broken: tuple[Flag, ...] = (),
) -> Message:
    """The announcement of a move in the release's channel. `runbook`: that of what is released now; `broken`: what of
    it went by broken glass.
    """
    head = f"*{title(one)}* is {after} · was {before}"
    told = f"By {line(by)}{': ' + line(why, 300) if why else ''}"
    if runbook and runbook.skipped:
        told += f"\n*Runbook* {runbook.words}"
    return message(
        f"{title(one)} is {after}, was {before}.",
        section("\n".join([head, told, *flagged(broken)])),
        actions(button("Status", STATUS, ("release", one.id)), button("Readiness", READINESS, ("release", one.id))),
    )


def ended(one: Release, by: str, why: str) -> Message:
    return message(
        f"{title(one)} is cancelled.", section(f"*{title(one)}* is cancelled by {line(by)}: {line(why, 300)}")
    )


def held(one: Release, by: str, why: str, *, on: bool) -> Message:
    told = "is on hold" if on else "goes on"
    return message(
        f"{title(one)} {told}.",
        section(f"*{title(one)}* {told}, says {line(by)}{': ' + line(why, 300) if why else ''}"),
        actions(button("Status", STATUS, ("release", one.id))),
    )


def _back(found: Ahead) -> dict[str, Any] | None:
    if found.back is None:
        return None
    return button(f"Back to {words(found.back)}", BACK, ("stage", f"{found.release.id}.{found.back.value}"))


def _condition(each: Condition) -> str:
    return f"{line(each.name)}: {line(each.why, 150)}"
