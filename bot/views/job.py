"""What whoever asked for a job is told of it."""

from collections.abc import Sequence

from bot.views.blocks import Message, escape, refusal, sentence
from interlock.domain.authority import Refused
from interlock.domain.slot import MANUAL
from interlock.domain.words import count
from interlock.jobs.job import Run

WHERE = "interlock job list"


def which() -> Message:
    return refusal(f"Say which job: {WHERE}, on Interlock's machine, shows them.")


def refused(why: Refused) -> Message:
    return refusal(escape(why.sentence))


def begun(name: str) -> Message:
    return sentence(f"{escape(name)} is begun, and goes on. How it ended, {WHERE} will show on Interlock's machine.")


def ended(name: str, runs: Sequence[Run]) -> Message:
    """Why a job failed is told on its machine alone: it may quote what broke it, a restricted ticket's title say."""
    if not runs:
        return refusal(
            f"Nothing was run: {escape(name)}, or a job that it must not run beside, is under way, or it has no "
            f"subject now. {WHERE}, on Interlock's machine, shows which."
        )
    failed = [run for run in runs if run.outcome == "failed"]
    if failed:
        which = escape(", ".join(_name(run) for run in failed))
        return refusal(f"{which} failed. Why, {WHERE} shows on Interlock's machine; its log has more.")
    return sentence("\n".join(_line(run) for run in runs))


def _line(run: Run) -> str:
    posts = len(run.report.posts) if run.report else 0
    follow = f" {count(posts, 'message')} in the outbox." if posts else ""
    return escape(f"{_name(run)}: {run.detail or run.outcome or 'done'}{follow}")


def _name(run: Run) -> str:
    return run.slot.job.removeprefix(MANUAL)
