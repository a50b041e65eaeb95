"""The runbook: its live card, its plan, and what people are told of its steps."""

from datetime import datetime, timedelta
from typing import Any, Final

from bot.views.blocks import (
    MARKS,
    Block,
    Light,
    Message,
    actions,
    button,
    clock,
    context,
    escape,
    line,
    message,
    moment,
    refusal,
    section,
    sentence,
)
from bot.views.forms import modal
from bot.views.stage import MOVE
from interlock.domain.authority import Refused
from interlock.domain.release import Release, Stage
from interlock.domain.runbook import (
    BEHIND_FROM,
    LEAST_RUNS,
    LONGEST_NOTE,
    MINUTE,
    Board,
    Deed,
    Line,
    Outcome,
    Picture,
    Run,
    Step,
    StepState,
)
from interlock.domain.runbook_rules import length
from interlock.domain.stage import deploys, following, words
from interlock.domain.words import count, join

SHOW, RUN, ALL, ABORT = "runbook.show", "runbook.start", "runbook.all", "runbook.abort"
BEGIN, TICK, FAIL, SKIP = "runbook.begin", "runbook.tick", "runbook.fail", "runbook.skip"
REASON: Final = "reason"
OPEN_SHOWN: Final = 10
"""Steps that somebody can do something about: each takes two of the 50 blocks that a message may have."""
NEXT_SHOWN: Final = 5
PLAN_SHOWN: Final = 25
PAGE: Final = 8
"""Steps to a block of the whole list: 8 of 300 characters fit its 3,000."""
NOTE: Final = 120
SAID: Final = {
    Deed.STARTED: "was started",
    Deed.FAILED: "failed",
    Deed.DONE: "is done",
    Deed.SKIPPED: "is skipped",
}


def refused(why: Refused) -> Message:
    return refusal(escape(why.sentence))


def show(picture: Picture, now: datetime) -> Message:
    """`/release runbook`: the plan before anybody began, then what the card shows."""
    return card(picture, now) if picture.run else _plan(picture)


def card(picture: Picture, now: datetime) -> Message:
    """The live card in the release's channel: how far it is, what runs and may begin, and what comes then."""
    run, board, name = picture.run, picture.board, line(picture.release.name)
    assert run is not None
    assert board is not None
    head = f"*Runbook of {name}* · {_state(picture, board)}{_where(picture, board)}"
    open_ = board.of(StepState.FAILED, StepState.RUNNING, StepState.FREE)
    if not picture.is_live:
        return message(
            f"Runbook of {name}: {_state(picture, board)}{_where(picture, board)}.",
            section(head),
            section(_over(picture, run, board)),
            section(behind) if (behind := _left_behind(picture, run)) else None,
            actions(to_deploying(picture.release) if behind else None, _all(picture), _again(picture, run)),
            context(_begun(run)),
        )
    blocks: list[Block | None] = []
    for each in open_[:OPEN_SHOWN]:
        blocks += [section(_open(each, picture, now)), _buttons(each)]
    hidden = len(open_) - OPEN_SHOWN
    return message(
        f"Runbook of {name}: {_state(picture, board)}{_where(picture, board)}.",
        section("\n".join(filter(None, (head, _left_behind(picture, run), _ends(board))))),
        *blocks,
        context(f"and {hidden} more that can be worked on: see all steps") if hidden > 0 else None,
        _next(board),
        section(f"*Skipped* {skipped}") if (skipped := _skipped(board)) else None,
        actions(
            to_deploying(picture.release),
            _all(picture),
            button("Abort…", ABORT, ("runbook_run", run.id), style="danger"),
        ),
        context(f"{_begun(run)} {_basis(picture.plan)}"),
    )


def to_deploying(release: Release) -> Block | None:
    """For what runs while its release stands before deploying still: the step that is next."""
    if following(release) is not Stage.DEPLOYING:
        return None
    return button("Move to deploying", MOVE, ("stage", f"{release.id}.{Stage.DEPLOYING.value}"), style="primary")


def _left_behind(picture: Picture, run: Run) -> str:
    """One line, for as long as the run is further than its release."""
    one = picture.release
    if following(one) is not Stage.DEPLOYING or (run.end and run.end.outcome is Outcome.ABORTED):
        return ""
    return f"{line(one.name)} is still at {words(one.stage)}: it has to be moved to deploying."


def _plan(picture: Picture) -> Message:
    name, steps = line(picture.release.name), picture.plan
    if not steps:
        return sentence(f"{name} has no runbook: its template, {line(picture.release.policy.name)}, names no steps.")
    total = minutes(length(steps))
    shown = [_planned(step, picture) for step in steps[:PLAN_SHOWN]]
    hidden = len(steps) - PLAN_SHOWN
    ended = picture.release.ended
    state = f"{MARKS['unknown'][0]} {'Never started' if ended else 'Not started'}"
    may = not ended and deploys(picture.release)
    begin = button("Start the runbook", RUN, ("release", picture.release.id), style="primary") if may else None
    waits = "" if may or ended else "It starts once the release has its go. "
    return message(
        f"Runbook of {name}: {state}, {count(len(steps), 'step')}, about {total}.",
        section(f"*Runbook of {name}* · {state} · {count(len(steps), 'step')}, about {total}"),
        *(section("\n".join(shown[at : at + PAGE])) for at in range(0, len(shown), PAGE)),
        context(f"and {hidden} more") if hidden > 0 else None,
        actions(begin, _all(picture) if hidden > 0 else None),
        context(f"{waits}{_basis(steps)}"),
    )


def all_steps(picture: Picture, now: datetime) -> dict[str, Any]:
    """Every step, in a form that only informs."""
    if picture.board is None:
        lines = [_planned(step, picture) for step in picture.plan]
    else:
        lines = [_listed(each, picture, now) for each in picture.board.lines]
    pages = [section("\n".join(lines[at : at + PAGE])) for at in range(0, len(lines), PAGE)]
    return modal("notice", "Runbook", [*pages, context(_basis(picture.plan))], close="Close")


def _state(picture: Picture, board: Board) -> str:
    """`🟡 Late`"""
    light, word = _light(picture, board)
    return f"{MARKS[light][0]} {word}"


def _light(picture: Picture, board: Board) -> tuple[Light, str]:
    end = picture.run.end if picture.run else None
    if end:
        return ("green", "Done") if end.outcome is Outcome.DONE else ("unknown", "Aborted")
    if picture.release.ended:
        return "unknown", "Frozen"
    if board.of(StepState.FAILED):
        return "red", "Stopped"
    slow = board.behind is not None and board.behind >= BEHIND_FROM
    return ("amber", "Late") if board.late or slow else ("green", "Running")


def _where(picture: Picture, board: Board) -> str:
    """` · step 3 of 12 · 14 min behind`"""
    total = len(board.lines)
    if not picture.is_live:
        return f" · {board.settled} of {count(total, 'step')} done or skipped"
    first = next(each.step.number for each in board.lines if each.state not in {StepState.DONE, StepState.SKIPPED})
    off, behind = "", board.behind
    if behind is not None and abs(behind) >= BEHIND_FROM:
        off = f" · {minutes(abs(behind))} {'behind' if behind > timedelta() else 'ahead'}"
    return f" · step {first} of {total}{off}"


def _ends(board: Board) -> str:
    if board.expected_end is None:
        stuck = join([str(each.step.number) for each in board.of(StepState.FAILED)])
        return f"*Expected end* not known while step {stuck} stands failed · planned {moment(board.planned_end)}"
    return f"*Expected end* {moment(board.expected_end)} · planned {moment(board.planned_end)}"


def _over(picture: Picture, run: Run, board: Board) -> str:
    """What stays of the card."""
    if run.end is None:
        return f"{line(picture.release.name)} is {picture.release.stage.value}: nothing more is done here."
    who = line(run.end.person.name)
    took = minutes(run.end.at - run.started_at)
    if run.end.outcome is Outcome.ABORTED:
        return f"Aborted by {who} {moment(run.end.at)}, after {took}: {line(run.end.reason, LONGEST_NOTE)}"
    skipped = _skipped(board)
    left_out = f" Skipped: {skipped}." if skipped else ""
    planned = minutes(board.planned_end - run.started_at)
    return f"All steps are done or skipped since {moment(run.end.at)}: {took}, expected {planned}.{left_out}"


def _skipped(board: Board) -> str:
    """`2 (nothing changed there) and 4 (…)`"""
    skipped = [f"{each.step.number} ({line(_note(each, Deed.SKIPPED), NOTE)})" for each in board.of(StepState.SKIPPED)]
    return f"{join(skipped[:NEXT_SHOWN])}{_more(len(skipped) - NEXT_SHOWN)}"


def _open(each: Line, picture: Picture, now: datetime) -> str:
    """A step that somebody can do something about, and what to check."""
    step = each.step
    owner = line(picture.owners[step.rule.owner])
    head = f"*{step.number} {line(step.rule.name)}* · {_standing(each, owner, now)}"
    if each.state is StepState.FAILED:
        return f"{head}\n> {line(_note(each, Deed.FAILED), LONGEST_NOTE)}"
    return f"{head}\n*Check* {line(step.rule.check, 200)}"


def _standing(each: Line, owner: str, now: datetime) -> str:
    """`🟡 Late · Omar Haddad, 34 min of 20 (usually 25)`"""
    step, since = each.step, each.since or now
    late = f"{MARKS['amber'][0]} Late · "
    if each.state is StepState.FAILED:
        return f"{MARKS['red'][0]} Failed {clock(since)} · {owner}"
    if each.state is StepState.FREE:
        ready = f"{late}ready" if each.late else f"{MARKS['unknown'][0]} Ready"
        return f"{ready} since {clock(since)} · {owner}, {figure(step)}"
    begun = step.mark(Deed.STARTED)
    who = line(begun.person.name) if begun else owner
    mark = late if each.late else f"{MARKS['green'][0]} Running · "
    return f"{mark}{who} since {clock(since)}, {spent(now - since, step)}"


def _listed(each: Line, picture: Picture, now: datetime) -> str:
    """One line of the whole list."""
    step, owner = each.step, line(picture.owners[each.step.rule.owner])
    head = f"*{step.number} {line(step.rule.name)}*"
    settled = step.settled
    if settled is None and (each.state is StepState.WAITING or not picture.is_live):
        return f"{head} · {'waits' if picture.is_live else 'not done'} · {owner}, {figure(step)}{_together(step)}"
    if settled is None:
        return f"{head} · {_standing(each, owner, now)}"
    took = f" in {minutes(step.took)}" if step.took is not None else ""
    note = f": {line(settled.note, NOTE)}" if settled.note else ""
    done = f"{settled.deed.value.capitalize()} {clock(settled.at)}{took} ({figure(step)})"
    return f"{head} · {done} · {line(settled.person.name)}{note}"


def _planned(step: Step, picture: Picture) -> str:
    owner = line(picture.owners[step.rule.owner])
    return f"*{step.number} {line(step.rule.name)}* · {figure(step)} · {owner}{_together(step)}"


def _together(step: Step) -> str:
    return f" · together ({line(step.rule.parallel)})" if step.rule.parallel else ""


def _next(board: Board) -> Block | None:
    waiting = board.of(StepState.WAITING)
    if not waiting:
        return None
    shown = [f"{each.step.number} {line(each.step.rule.name)}" for each in waiting[:NEXT_SHOWN]]
    return section(f"*Then* {' · '.join(shown)}{_more(len(waiting) - NEXT_SHOWN)}")


def _buttons(each: Line) -> Block | None:
    step = each.step
    payload = ("runbook_step", step.id)
    skip = button("Skip…", SKIP, payload)
    if each.state is StepState.FREE:
        return actions(button(f"Start step {step.number}", BEGIN, payload, style="primary"), skip)
    if each.state is StepState.FAILED:
        return actions(button(f"Tick step {step.number}: mended", TICK, payload), skip)
    fail = button("It failed…", FAIL, payload)
    return actions(button(f"Tick step {step.number}", TICK, payload, style="primary"), fail, skip)


def _all(picture: Picture) -> Block:
    return button(f"See all {count(len(picture.plan), 'step')}", ALL, ("release", picture.release.id))


def _again(picture: Picture, run: Run) -> Block | None:
    if picture.release.ended or run.end is None or run.end.outcome is not Outcome.ABORTED:
        return None
    return button(f"Start run {run.number + 1}", RUN, ("release", picture.release.id))


def _begun(run: Run) -> str:
    return f"Run {run.number}, begun by {line(run.started_by.name)} {moment(run.started_at)}."


def _basis(steps: tuple[Step, ...]) -> str:
    """Where the figures come from, in words."""
    if any(step.usual_minutes for step in steps):
        return (
            "“Usually” is the median of earlier releases of this template; the expected end goes by it, and by the "
            "plan where there is none. A step is late after whichever is more."
        )
    return (
        f"Figures are the plan's: from {LEAST_RUNS} earlier releases of this template on, what a step usually takes "
        "stands beside them."
    )


def figure(step: Step) -> str:
    """`20 min`, `20 min, usually 25`"""
    usual = f", usually {minutes(timedelta(minutes=step.usual_minutes))}" if step.usual_minutes else ""
    return f"{minutes(timedelta(minutes=step.rule.expected_minutes))}{usual}"


def spent(so_far: timedelta, step: Step) -> str:
    """`34 of 20 min, usually 25 min`"""
    taken, plan = minutes(so_far), figure(step)
    in_hours = " h" in f"{taken}{plan.partition(',')[0]}"
    return f"{taken if in_hours else taken.removesuffix(' min')} of {plan}"


def minutes(span: timedelta) -> str:
    """`95 min`, `2 h 5 min`: at a deployment minutes count."""
    minutes = max(0, round(span / MINUTE))
    hours, rest = divmod(minutes, 60)
    if minutes < 120:  # noqa: PLR2004 two hours
        return f"{minutes} min"
    return f"{hours} h {rest} min" if rest else f"{hours} h"


def _note(each: Line, deed: Deed) -> str:
    mark = each.step.mark(deed)
    return mark.note if mark else ""


def _more(hidden: int) -> str:
    return f" and {hidden} more" if hidden > 0 else ""
