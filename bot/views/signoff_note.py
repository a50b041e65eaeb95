"""What people are told of sign-offs in messages of their own: why they get it, and when it stops."""

from bot.views.blocks import (
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
)
from bot.views.signoff import APPROVE, REASON_LETTERS, SHOWN, deciding
from bot.views.signoff_answer import DONE, Linker, changes
from interlock.domain.actor import Person
from interlock.domain.fingerprint import POLICY_CHANGED
from interlock.domain.release import Release
from interlock.domain.signoff import Requirement, Signoff, VoidedSignoff
from interlock.domain.signoff_reminder import Chase, Reminder, Shortfall, Unanswered
from interlock.domain.words import count, join


def rejection(release: Release, requirement: Requirement, person: Person, reason: str, requested_by: str) -> Message:
    """Told in the channel, since somebody has to do something about it."""
    name, who = line(release.name), line(person.name)
    why = f"> {line(reason, REASON_LETTERS)}"
    return message(
        f"{who} rejected {name} for {line(requirement.name)}.",
        section(f"*{name}* was rejected by {who} for *{line(requirement.name)}*:\n{why}"),
        context(
            f"{mention(requested_by)}, you asked for these sign-offs. It counts until {who} presses Revoke on the card."
        ),
    )


def revocation(release: Release, requirement: Requirement, person: Person, requested_by: str) -> Message:
    """Told in the channel: a deployment does not stop by itself."""
    name, who, what = line(release.name), line(person.name), line(requirement.name)
    return message(
        f"{who} revoked their approval of {name} for {what}, while it is being deployed.",
        section(f"*{name}* is being deployed, and {who} revoked their approval for *{what}*."),
        context(
            f"{mention(requested_by)}, you asked for these sign-offs. It is not released before {what} is signed. "
            f"`/release advance {name}` takes it back."
        ),
    )


def voided(note: VoidedSignoff, linker: Linker) -> Message:
    """The signer is shown the difference; approving again is one click."""
    name, requirement = line(note.release.name), line(note.requirement)
    before, now = count(note.tickets, "ticket"), count(note.tickets_now, "ticket")
    again = button(f"Approve {now}", APPROVE, ("revision", note.revision_id), style="primary")
    stays = f" Your {count(note.conditions, 'open condition')} would stay." if note.conditions else ""
    difference = f" Since then: {changes(note.changes, note.hidden, linker)}" if note.changes else ""
    if note.valid_days:
        why = f"It is older than the {count(note.valid_days, 'day')} that policy lets it hold."
        headline = f"Your approval of {name} no longer counts: it is too old."
    else:
        what = "scope" if any(each.ticket for each in note.changes) else "evidence"
        what = "policy" if any(each.what == POLICY_CHANGED for each in note.changes) else what
        why, headline = "", f"Your approval of {name} no longer counts: its {what} changed."
    said = " ".join(each for each in (why, f"You approved {before}.") if each)
    return message(
        headline,
        section(f"Your approval of *{name}* for {requirement} no longer counts. {said}{difference}{stays}"),
        actions(again),
        context(f"You get this because you signed. To look first, see the card in <#{note.release.channel_id}>."),
    )


def in_your_place(release: Release, requirement: Requirement, given: Signoff) -> Message:
    """Told to whoever is away: it is their word."""
    name, who = line(release.name), line(given.person.name)
    text = f"{who} {DONE[given.decision]} {name} for {line(requirement.name)} in your place."
    return message(
        text,
        section(f"{who} {DONE[given.decision]} *{name}* for {line(requirement.name)} in your place."),
        context(
            "You get this because they sign while you are away. Revoke on the card takes it back, and `/release back` "
            "ends their standing in."
        ),
    )


def reminder(told: Reminder) -> Message:
    """What is wanted, by when, why, and when it stops."""
    name, names = line(told.release.name), join([line(each.name) for each in told.requirements])
    place = f" in {line(told.principal.name)}'s place" if told.principal else ""
    when = _in_days(told.days_to_go)
    headline = f"{name} waits for your sign-off for {names}{place}: needed {when}."
    payload = ("revision", told.revision_id)
    due = (
        f" Policy wants an answer by {moment(told.due)}; after that it is recorded that none came; that denies nothing."
        if told.due
        else ""
    )
    next_ = f" Next: {moment(told.following)}." if told.following else ""
    manager = " In the last days the release manager hears of it too."
    reason = f"{line(told.principal.name)} is away and you sign meanwhile" if told.principal else "you may sign it"
    return message(
        headline,
        section(f"*{name}* waits for your sign-off for {names}{place}, needed {when} ({day(told.needed)}).{due}"),
        actions(*deciding(told.tickets, payload)),
        context(
            f"You get this because {reason}. It stops when you approve or reject, or others' approvals are enough."
            f"{next_}{manager} The card is in <#{told.release.channel_id}>."
        ),
    )


def chase(told: Chase) -> Message:
    name, when = line(told.release.name), _in_days(told.days_to_go)
    lines = [
        f"*{line(requirement.name)}* · {join([line(each.name) for each in people[:SHOWN]] + _more(len(people)))}"
        for requirement, people in told.waiting[:SHOWN]
    ]
    missing = count(len(told.waiting), "sign-off")
    return message(
        f"{name} still lacks {missing}, needed {when}.",
        section("\n".join([f"*{name}* still lacks {missing}, needed {when} ({day(told.needed)}):", *lines])),
        context(
            "You get this because you manage the release, and reminding them did not help. It stops when they answer; "
            f"until then it comes once a day. The card is in <#{told.release.channel_id}>."
        ),
    )


def unanswered(told: Unanswered) -> Message:
    name, who = line(told.release.name), line(told.person.name)
    return message(
        f"{who} has not answered for {line(told.requirement.name)} of {name} in time.",
        section(
            f"{who} has not answered for *{line(told.requirement.name)}* of *{name}* by {moment(told.due)}. "
            "That is recorded, and denies nothing: they may sign still."
        ),
        context("You get this because you manage the release. It comes once."),
    )


def shortfall(told: Shortfall) -> Message:
    name, requirement = line(told.release.name), line(told.requirement.name)
    rule = told.requirement.rule
    wanted = "everybody who may" if rule.quorum == "all" else count(rule.quorum, "person", "people")
    able = [line(each.name) for each in told.requirement.left]
    left = f"only {join(able[:SHOWN] + _more(len(able)))} can" if able else "nobody is left who can"
    groups = join([f"@{line(each)}" for each in rule.groups], "or")
    unlinked = join([line(each.name) for each in told.requirement.unverified])
    mend = f"Put somebody into {groups}" if groups else "Name more people in the policy"
    link = f", or let {unlinked} type /link" if unlinked else ""
    group = f", one of them of @{line(rule.mandatory_group)}" if rule.mandatory_group else ""
    return message(
        f"{name} can't get its sign-off for {requirement}: {left} give it.",
        section(f"*{name}* can't get its sign-off for *{requirement}*: it takes {wanted}{group}, and {left} give it."),
        context(
            f"You get this because you manage the release. {mend}{link}. It comes once; you hear when it can be given "
            "again."
        ),
    )


def within_reach(told: Shortfall) -> Message:
    name, requirement = line(told.release.name), line(told.requirement.name)
    return message(
        f"{name} can get its sign-off for {requirement} again.",
        section(f"*{name}* can get its sign-off for *{requirement}* again: there are people enough."),
        context("You get this because you were told that there were not."),
    )


def _more(number: int) -> list[str]:
    return [f"{number - SHOWN} more"] if number > SHOWN else []


def _in_days(days: int) -> str:
    if days > 0:
        return f"in {count(days, 'business day')}"
    return "today" if days == 0 else f"since {count(-days, 'business day')}"
