"""Blockers as messages: the list that somebody asked for, and the ping that somebody is sent."""

from collections.abc import Callable, Iterable
from datetime import date, datetime
from typing import Any, Final

from bot.views.blocks import (
    Block,
    Message,
    actions,
    button,
    context,
    day,
    line,
    mention,
    message,
    moment,
    section,
    ticket_link,
)
from bot.views.forms import input_date, input_text, modal
from interlock.domain.blocker import BlockerList, Node, Ping, Reason, RootLine
from interlock.domain.home import OwnBlocker
from interlock.domain.policy import Policy
from interlock.domain.settled_ping import SettledPing
from interlock.domain.visibility import RESTRICTED, Audience, may_show
from interlock.domain.words import ago, count, duration

TAKE: Final = "blocker.take"
SNOOZE: Final = "blocker.snooze"
SHARE: Final = "blocker.share"
UNTIL: Final = "until"
WHY: Final = "why"
ALL: Final = "blocker.all"
SHOWN: Final = 5
MOST: Final = 45
"""What one message holds, with its first and last lines."""
REASON_LETTERS: Final = 300

TicketUrl = Callable[[str], str]
ENDS: Final = "It stops when the ticket moves or somebody presses On it."


def listing(
    found: BlockerList,
    audience: Audience,
    policy: Policy,
    url: TicketUrl,
    now: datetime,
    *,
    shared_by: str | None = None,
    whole: bool = False,
) -> Message:
    """The roots, those that free most first: each with what it holds, whose it is, and who has it in hand. The first
    few, or as many as a message holds.
    """
    about = _about(found, policy)
    fresh = f"Jira as of {ago(found.mirror_as_of, now)}" if found.mirror_as_of else "Jira was never read yet"
    note = context(f"{fresh} · shared by {line(shared_by)}" if shared_by else fresh)
    if not found.roots:
        return message(f"Nothing blocks {about}.", section(f"*{about}* · nothing is blocked"), note)
    waiting = count(found.blocked, "ticket")
    total = f"{waiting} can't move, behind {count(len(found.roots), 'root')}"
    shown = MOST if whole else SHOWN
    rest = len(found.roots) - shown
    private = not shared_by
    return message(
        f"{about}: {total}.",
        section(f"*{about}* · {total}"),
        *(_root(each, audience, policy, url, now, private=private) for each in found.roots[:shown]),
        context(f"and {rest} more") if rest > 0 else None,
        actions(_more(found) if rest > 0 and not whole else None, _share(found)) if private else None,
        note,
    )


def ping(note: Ping, audience: Audience, url: TicketUrl, *, in_person: bool) -> Message:
    """What is in the way, why this person hears of it, and what comes next."""
    node, root = note.line.root.node, note.line.root
    name = _name(node, audience, url)
    stuck = _stuck(note)
    held = count(len(root.holds), "ticket")
    teams = f" in {count(note.line.teams, 'team')}" if note.line.teams > 1 else ""
    holds = f"holds {held}{teams}" if root.holds else ""
    what = " and ".join(part for part in (stuck, holds) if part) or "can't move"
    plain_name = RESTRICTED.capitalize() if not _may_name(node, audience) else node.key
    return message(
        f"{plain_name} {what} ({line(note.release.name)}).",
        section(f"{name} {what} ({line(note.release.name)})."),
        actions(*_buttons(node)),
        context(f"{_why(note, in_person=in_person)} {ENDS} {_next(note)}".rstrip()),
    )


def settled(note: SettledPing, audience: Audience, url: TicketUrl) -> Message:
    """A ping that was sent, once it has nothing to ask any more."""
    ticket = note.ticket
    named = may_show(audience, ticket, note.team)
    name = f"*{ticket_link(ticket.key, ticket.summary, url(ticket.key))}*" if named else RESTRICTED.capitalize()
    who = line(note.by.name) if note.by else "Somebody"
    if note.taken_until:
        state = f"{who} is on it until {day(note.taken_until)}. Nobody is pinged before."
    elif note.snoozed_until:
        state = f"{who} asked for silence until {day(note.snoozed_until)}."
    else:
        state = "out of the way."
    return message(f"{ticket.key if named else RESTRICTED.capitalize()}: {state}", section(f"{name} · {state}"))


def own(each: OwnBlocker, audience: Audience, url: TicketUrl, now: datetime) -> Block:
    """A root of one's own, on the Home tab."""
    held = count(len(each.line.root.holds), "ticket")
    facts = [line(each.release.name), f"holds {held}" if each.line.root.holds else "can't move"]
    node = each.line.root.node
    accessory = button("On it…", TAKE, ("ticket", node.id)) if _may_name(node, audience) else None
    return section(f"{_name(node, audience, url)}\n{' · '.join([*facts, *_in_hand(each.line, now)])}", accessory)


def take_form(ticket_id: str, key: str, today: date) -> dict[str, Any]:
    until = input_date(UNTIL, "Out of the way by", initial=today.isoformat(), hint="Nobody is pinged until then.")
    return modal(TAKE, f"On it: {key}", [until], submit="On it", private={"ticket": ticket_id})


def snooze_form(ticket_id: str, key: str, today: date) -> dict[str, Any]:
    blocks = [
        input_date(UNTIL, "Silent until", initial=today.isoformat()),
        input_text(WHY, "Why may it wait?", at_most=REASON_LETTERS, hint="Kept in the record."),
    ]
    return modal(SNOOZE, f"Snooze {key}", blocks, submit="Snooze", private={"ticket": ticket_id})


def taken(key: str, until: datetime) -> str:
    return f"You have {key} in hand until {day(until)}. Nobody is pinged about it before."


def snoozed(key: str, until: datetime) -> str:
    return f"{key} is silent until {day(until)}."


def _about(found: BlockerList, policy: Policy) -> str:
    if found.release:
        return line(found.release.name)
    team = policy.teams.get(found.team or "")
    return line(team.name) if team else "All teams"


def _more(found: BlockerList) -> Block:
    which = ("release", found.release.id) if found.release else ("team", found.team or "")
    return button(f"Show all {len(found.roots)}", ALL, which)


def _share(found: BlockerList) -> Block | None:
    return button("Share in channel", SHARE, ("release", found.release.id)) if found.release else None


def _root(each: RootLine, audience: Audience, policy: Policy, url: TicketUrl, now: datetime, *, private: bool) -> Block:
    node, root = each.root.node, each.root
    facts: list[str] = []
    if root.holds:
        freed = f"frees {len(root.frees)}" if root.frees else "frees none by itself"
        facts.append(f"holds {len(root.holds)}, {freed}")
    if root.circular:
        facts.append("waits in a circle")
    facts.append(f"for {duration(now - each.since)}" if each.since else "since unknown")
    if _may_name(node, audience):
        facts += _whose(each, policy)
    facts += _in_hand(each, now)
    accessory = button("On it…", TAKE, ("ticket", node.id)) if private and _may_name(node, audience) else None
    return section(f"{_name(node, audience, url)}\n{' · '.join(facts)}", accessory)


def _in_hand(each: RootLine, now: datetime) -> list[str]:
    if each.taken_by and each.taken_until and each.taken_until > now:
        return [f"{line(each.taken_by.name)} is on it until {day(each.taken_until)}"]
    if each.snoozed_until and each.snoozed_until > now:
        return [f"snoozed until {day(each.snoozed_until)}"]
    return []


def _whose(each: RootLine, policy: Policy) -> list[str]:
    team = policy.teams.get(each.root.node.team or "")
    owner = line(each.owner.name) if each.owner else "nobody's"
    return [f"{line(team.name)}, {owner}" if team else owner]


def _name(node: Node, audience: Audience, url: TicketUrl) -> str:
    if not _may_name(node, audience):
        return RESTRICTED.capitalize()
    return f"*{ticket_link(node.key, node.summary, url(node.key))}*"


def _may_name(node: Node, audience: Audience) -> bool:
    return node.mirrored and may_show(audience, node, node.team)


def _stuck(note: Ping) -> str:
    """`has been blocked for 2 business days`: for a root that is itself flagged or in a blocked status."""
    if not set(note.own_reasons).intersection({Reason.FLAGGED, Reason.STATUS}):
        return ""
    if note.business_days is None:
        return "is blocked, since unknown,"
    days = count(note.business_days, "business day")
    return f"has been blocked for {days}" if note.business_days else "is blocked since today"


def _why(note: Ping, *, in_person: bool) -> str:
    owner = note.line.owner
    if not in_person:
        who = owner.person if owner else None
        if who and who.active and who.kind == "member":
            return f"{mention(who.slack_id)} owns it."
        return f"{line(owner.name)} owns it and can't be told here." if owner else "Nobody owns it."
    match note.to:
        case "team_lead":
            return "You get this because you lead its team."
        case "release_manager":
            return f"You get this because you manage {line(note.release.name)}."
    return "You get this because you own it."


def _next(note: Ping) -> str:
    if note.following is None:
        return ""
    whom = line(note.following_name) if note.following_name else f"<#{note.release.channel_id}>"
    return f"Next: {whom}, {moment(note.following.at)}."


def _buttons(node: Node) -> Iterable[Block]:
    return (
        button("On it…", TAKE, ("ticket", node.id), style="primary"),
        button("Snooze…", SNOOZE, ("ticket", node.id)),
    )
