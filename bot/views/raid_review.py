"""What whoever has RAID entries to look at again is asked."""

from datetime import date

from bot.views.blocks import Block, Message, actions, button, context, day, line, message, section
from bot.views.raid import REVIEW, SHOW, SHOWN, score
from interlock.domain.raid import Entry, Kind
from interlock.domain.raid_review import Named, Reviews
from interlock.domain.words import count, join


def reviews(asked: Reviews) -> Message:
    """To whoever has something to look at again."""
    total = len(asked.own) + len(asked.orphans)
    due = [*asked.own, *asked.orphans]
    shown = due[:SHOWN]
    own = [_ask(each, asked.today) for each in shown if each in asked.own]
    orphans = [_ask(each, asked.today) for each in shown if each in asked.orphans]
    more = total - len(shown)
    names = join(sorted({line(each.release.name) for each in due}))
    return message(
        f"{count(total, 'review')} {'is' if total == 1 else 'are'} due: {join([each.key for each in shown])}.",
        section(f"*{count(total, 'review')} due* · {names}"),
        *own,
        section("*Their owners have left*: give each a new one, or review it.") if orphans else None,
        *orphans,
        context(f"and {more} more: `/raid list` shows them") if more > 0 else None,
        context(_why(asked)),
    )


def named(told: Named) -> Message:
    """To whom somebody else made its owner or approver."""
    one, by = told.entry, line(told.by)
    if told.part == "approver":
        part = "approver"
        then = f"You alone record what is decided, by {day(one.review_on)}: `/raid close {one.key}` and what."
    else:
        part = "driver" if one.kind is Kind.DECISION else "owner"
        then = f"From {day(one.review_on)} on you are asked for a review, until it is reviewed or closed."
    return message(
        f"{by} named you the {part} of {one.key}.",
        section(f"*{one.key}* {line(one.title)} ({line(one.release.name)}): {by} named you its {part}."),
        actions(button(f"Show {one.key}", SHOW, ("entry", one.id))),
        context(f"You get this once, as its {part}. {then}"),
    )


def _why(asked: Reviews) -> str:
    reasons = ["you own them"] if asked.own else []
    reasons += ["you manage releases and their owners have left"] if asked.orphans else []
    return (
        f"You get this because {join(reasons)}. It stops when each is reviewed or closed, or its release ends. "
        f"Next: {day(asked.next)}."
    )


def _ask(each: Entry, today: date) -> Block:
    late = f"due since {day(each.review_on)}" if each.review_on < today else "due today"
    scored = f" · {score(each)}" if each.score is not None else ""
    text = f"*{each.key}* {line(each.title)}{scored} · {late}"
    return section(text, button("Reviewed…", REVIEW, ("entry", each.id)))
