"""What approvals hang on, and ticking it off."""

from bot.views.blocks import Block, Message, button, context, line, message, section, sentence
from bot.views.signoff import condition_name
from interlock.domain.condition import Conditions, Ticked
from interlock.domain.signoff import Condition
from interlock.domain.visibility import MEMBER
from interlock.domain.words import count

DONE = "condition.done"
SHOWN = 20
"""A section each, and a message holds 50."""


def listing(found: Conditions) -> Message:
    """`/release conditions`: each with a button where somebody ticks it off."""
    name = line(found.release.name)
    lines: list[Block | None] = []
    for each in found.hanging:
        by = f"{line(each.requirement.name)}, {line(each.signoff.person.name)}"
        lines += [_line(condition, by) for condition in each.signoff.conditions]
    open_ = sum(len(each.signoff.open_conditions) for each in found.hanging)
    if not lines:
        return sentence(f"No approval of {name} hangs on a condition.")
    text = f"{name}: {count(open_, 'condition')} open of {len(lines)}."
    more = context(f"And {len(lines) - SHOWN} more.") if len(lines) > SHOWN else None
    return message(text, section(f"*{name}* · {count(open_, 'condition')} open of {len(lines)}"), *lines[:SHOWN], more)


def _line(condition: Condition, by: str) -> Block:
    state = "Met" if condition.done else "Open"
    ticks = not condition.done and condition.ticket_id is None
    return section(
        f"{state} · {condition_name(condition, MEMBER)} ({by})",
        button("Done", DONE, ("condition", condition.id)) if ticks else None,
    )


def ticked(done: Ticked) -> Message:
    what, name = line(done.condition.text), line(done.release.name)
    if not done.new:
        return sentence(f"{what} was ticked off already.")
    left = f"{count(done.left, 'condition')} of {name} still open" if done.left else f"no condition of {name} is open"
    return sentence(f"Recorded: {what} is done, and {left}.")
