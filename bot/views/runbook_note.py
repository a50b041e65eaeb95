"""What people are told of a runbook's steps: answers, pings, and the forms that ask why."""

from datetime import datetime
from typing import Any

from bot.views.blocks import (
    Message,
    actions,
    button,
    clock,
    context,
    line,
    message,
    moment,
    section,
    sentence,
)
from bot.views.forms import input_text, modal
from bot.views.runbook import ABORT, BEGIN, FAIL, REASON, SAID, SKIP, TICK, minutes, spent, to_deploying
from interlock.domain.release import Release
from interlock.domain.runbook import LONGEST_NOTE, Already, Deed, LateStep, Run, Step, StepState
from interlock.domain.stage import words
from interlock.domain.words import count


def begun(release: Release, run: Run, *, new: bool) -> Message:
    where = f"<#{release.channel_id}>"
    if new:
        text = f"Run {run.number} of {line(release.name)}'s runbook has begun. Its card is on its way to {where}."
        move = to_deploying(release)
        if move is None:
            return sentence(text)
        text += f" {line(release.name)} is still at {words(release.stage)}."
        return message(text, section(text), actions(move))
    return sentence(f"{line(release.name)}'s runbook runs already, since {moment(run.started_at)}: look in {where}.")


def marked(release: Release, step: Step, deed: Deed, *, finished: bool) -> Message:
    took = f" after {minutes(step.took)}" if deed is Deed.DONE and step.took is not None else ""
    text = f"Recorded: step {step.number} of {line(release.name)} ({line(step.rule.name)}) {SAID[deed]}{took}."
    if deed is Deed.STARTED:
        text += f" Before you tick it: {line(step.rule.check, 200)}"
    if deed is Deed.FAILED:
        text += " What comes after it waits until it is ticked, or a release manager skips it."
    if finished:
        text += " That was the last one."
    return sentence(text)


def already(release: Release, verdict: Already) -> Message:
    step, mark = verdict.step, verdict.mark
    return sentence(
        f"Step {step.number} of {line(release.name)} ({line(step.rule.name)}) {SAID[mark.deed]} already: "
        f"{line(mark.person.name)}, {moment(mark.at)}. Nothing was changed."
    )


def aborted(release: Release, run: Run, *, new: bool) -> Message:
    if new:
        return sentence(
            f"Run {run.number} of {line(release.name)}'s runbook is aborted. "
            f"/release runbook start {line(release.name)} begins the next one."
        )
    return sentence(f"Run {run.number} of {line(release.name)}'s runbook was aborted already.")


def fail_modal(step: Step) -> dict[str, Any]:
    return _ask(FAIL, "A step failed", f"What went wrong in step {step.number}?", "Say it failed", {"step": step.id})


def skip_modal(step: Step) -> dict[str, Any]:
    return _ask(SKIP, "Skip a step", f"Why is step {step.number} skipped?", "Skip it", {"step": step.id})


def abort_modal(release: Release, run: Run) -> dict[str, Any]:
    left = sum(1 for step in run.steps if not step.settled)
    asked = f"Why is run {run.number} of {release.name} aborted? {count(left, 'step')} will stay undone."
    return _ask(ABORT, "Abort the runbook", asked, "Abort it", {"run": run.id})


def late(told: LateStep, now: datetime) -> Message:
    """To whoever owns it, and later to the release manager; at night too."""
    step, name = told.line.step, line(told.release.name)
    since = told.line.since or now
    running = told.line.state is StepState.RUNNING
    what = f"Step {step.number} of {len(told.run.steps)}, *{line(step.rule.name)}* ({name}),"
    if running:
        text = f"{what} takes longer than planned: {spent(now - since, step)}."
    else:
        text = f"{what} could have begun {minutes(now - since)} ago, and nobody has started it."
    begin = button(f"Start step {step.number}", BEGIN, ("runbook_step", step.id), style="primary")
    tick = button(f"Tick step {step.number}", TICK, ("runbook_step", step.id), style="primary")
    mine = [tick, button("It failed…", FAIL, ("runbook_step", step.id))] if running else [begin]
    stops = "It stops when it is ticked, or said to have failed." if running else "It stops when somebody starts it."
    if told.manager:
        why = "You get this because you run this deployment, and its owner was told before."
    elif running:
        why = "You get this, whatever the hour, because you started it and the deployment is running."
    else:
        why = "You get this, whatever the hour, because it is yours and the deployment is running."
    after = f" Next: {line(told.next[0])}, {clock(told.next[1])}." if told.next else ""
    fallback = f"Step {step.number} of {name} is late: {line(step.rule.name)}."
    return message(
        fallback,
        section(f"{text}\n*Check* {line(step.rule.check, 200)}"),
        actions(*([] if told.manager else mine)),
        context(f"{why} {stops}{after} The card stands in <#{told.release.channel_id}>."),
    )


def failed(release: Release, run: Run, step: Step) -> Message:
    """To whoever runs the deployment: somebody has to decide."""
    mark = step.mark(Deed.FAILED)
    assert mark is not None
    name = line(release.name)
    return message(
        f"Step {step.number} of {name} failed: {line(step.rule.name)}.",
        section(
            f"Step {step.number} of {len(run.steps)}, *{line(step.rule.name)}* ({name}), failed, "
            f"says {line(mark.person.name)}:\n> {line(mark.note, LONGEST_NOTE)}"
        ),
        actions(button("Skip it…", SKIP, ("runbook_step", step.id)), button("Abort…", ABORT, ("runbook_run", run.id))),
        context(
            "You get this because you run this deployment. What comes after the step waits until it is ticked or "
            f"skipped, or the run is aborted. The card stands in <#{release.channel_id}>."
        ),
    )


def _ask(action: str, title: str, label: str, submit: str, private: dict[str, Any]) -> dict[str, Any]:
    reason = input_text(
        REASON, label, multiline=True, at_most=LONGEST_NOTE, hint="Shown on the card and kept in the record."
    )
    return modal(action, title, [reason], submit=submit, private=private)
