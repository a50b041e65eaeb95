"""The sign-off card, the answers to its clicks, and what the people concerned are told."""

from collections.abc import Callable, Iterable
from datetime import datetime
from typing import Any

from bot.views.blocks import (
    Block,
    Message,
    actions,
    button,
    confirm,
    context,
    day,
    escape,
    line,
    mark,
    mention,
    message,
    moment,
    refusal,
    section,
    sentence,
)
from bot.views.forms import input_text, modal
from interlock.domain.actor import Person
from interlock.domain.authority import Refused
from interlock.domain.fingerprint import MaterialChange
from interlock.domain.release import Release
from interlock.domain.signoff import (
    Accepted,
    AlreadySigned,
    Decision,
    Progress,
    Requirement,
    SignoffCard,
    Stale,
    VoidedSignoff,
)
from interlock.domain.visibility import RESTRICTED
from interlock.domain.words import ago, count, join

APPROVE, REJECT, REVOKE, REQUEST = "signoff.approve", "signoff.reject", "signoff.revoke", "signoff.request"
REASON = "reason"
REASON_LETTERS = 1000
SHOWN = 5
WORDS = {Progress.OPEN: "Open", Progress.MET: "Given", Progress.REJECTED: "Rejected"}
DONE = {Decision.APPROVED: "approved", Decision.REJECTED: "rejected"}

Linker = Callable[[str], str]
"""From a ticket's key to its mrkdwn link."""


def card(picture: SignoffCard, now: datetime) -> Message:
    """The live card in the release's channel: what is asked, of whom, the scope in numbers, and the buttons."""
    release, name = picture.release, line(picture.release.name)
    state = _state(picture)
    if release.ended:
        return _ended(picture)
    asked = f"Asked for by {line(picture.requested_by.name)}" if picture.requested_by else "Asked for"
    return message(
        f"Sign-offs for {name}: {state}. Scope: {_scope(picture)}.",
        section(f"*Sign-offs for {name}* · {state} · target {day(release.target)}"),
        section(f"*Scope* {_scope(picture)}"),
        section("\n".join(_progress(requirement) for requirement in picture.requirements)),
        _buttons(picture),
        context(
            f"{asked}{f' {moment(picture.requested_at)}' if picture.requested_at else ''}. "
            f"{_excluded(picture.requirements)} {_fresh(picture, now)}"
        ),
    )


def _ended(picture: SignoffCard) -> Message:
    """What stays of the card: what was given when the release ended."""
    release, name = picture.release, line(picture.release.name)
    ended = f" {day(release.closed_at)}" if release.closed_at else ""
    state = f"{release.stage.value.capitalize()}{ended}"
    given = [f"*{line(each.name)}* · {_given(each)}" for each in picture.requirements]
    return message(
        f"Sign-offs for {name}: {state}.",
        section(f"*Sign-offs for {name}* · {state} · {picture.met} of {len(picture.requirements)} given"),
        section("\n".join(given)),
        context("Nothing more is decided on it."),
    )


def _given(requirement: Requirement) -> str:
    names = [line(each.person.name) for each in requirement.approvals]
    return f"{WORDS[requirement.progress]}{f': {join(names)}' if names else ''}"


def overview(picture: SignoffCard, now: datetime) -> Message:
    """`/release signoffs`: the same facts for one reader; where nobody asked yet, the button that asks."""
    name, requirements = line(picture.release.name), picture.requirements
    if picture.release.ended:
        return _ended(picture)
    if not requirements:
        return sentence(f"{name} needs no sign-offs: its template names none.")
    state = _state(picture)
    asked = picture.requested_at is not None
    return message(
        f"{name}: {state}.",
        section(f"*{name}* · {state}" if asked else f"*{name}* · sign-offs not asked for yet"),
        section("\n".join(_progress(requirement) for requirement in requirements)),
        None if asked or picture.release.ended else _request_button(picture.release, len(requirements)),
        context(_fresh(picture, now)),
    )


def requested(release: Release, *, new: bool) -> Message:
    where = f"<#{release.channel_id}>"
    if new:
        return sentence(f"The sign-off card for {line(release.name)} is on its way to {where}.")
    return sentence(f"{line(release.name)} has its sign-off card already: look in {where}.")


def decided(
    release: Release, verdict: Accepted | AlreadySigned | Stale, hidden: Iterable[str], linker: Linker
) -> Message:
    """The answer that only the clicker sees."""
    name, text = line(release.name), ""
    match verdict:
        case Accepted(requirement=requirement, decision=decision):
            text = f"Recorded: you {DONE[decision]} {name} for {line(requirement.name)}. Revoke takes it back."
            if decision is Decision.APPROVED and requirement.left_behind:
                names = join([line(each.person.name) for each in requirement.left_behind])
                text += f" The rejection by {names}, who left, no longer counts."
        case AlreadySigned(requirement=requirement, signoff=signoff):
            text = f"You {DONE[signoff.decision]} {name} for {line(requirement.name)} {moment(signoff.at)} already."
        case Stale(changes=changes):
            told = _changes(changes, hidden, linker)
            text = (
                f"Not recorded: the scope of {name} changed since this card was drawn. {told} "
                "The card is drawn anew; look again, then click."
            )
            return refusal(text)
    return sentence(text)


def refused(why: Refused) -> Message:
    return refusal(escape(why.sentence))


def revoked(release: Release, requirements: tuple[Requirement, ...]) -> Message:
    names = join([line(requirement.name) for requirement in requirements])
    if not names:
        return sentence(f"You have signed nothing on {line(release.name)}, so there is nothing to revoke.")
    return sentence(f"Revoked: your word on {line(release.name)} for {names} no longer counts.")


def reject_modal(revision_id: str) -> dict[str, Any]:
    reason = input_text(
        REASON,
        "Why not?",
        multiline=True,
        at_most=REASON_LETTERS,
        hint="Shown in the release's channel and kept in the record.",
    )
    return modal(REJECT, "Reject the release", [reason], submit="Reject", private={"revision": revision_id})


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


def voided(note: VoidedSignoff, linker: Linker) -> Message:
    """The signer is shown the difference; approving again is one click on the card."""
    name, requirement = line(note.release.name), line(note.requirement)
    before, now = count(note.tickets, "ticket"), count(note.tickets_now, "ticket")
    again = button(f"Approve {now}", APPROVE, ("revision", note.revision_id), style="primary")
    return message(
        f"Your approval of {name} no longer counts: its scope changed.",
        section(
            f"Your approval of *{name}* for {requirement} no longer counts. You approved {before}. "
            f"Since then: {_changes(note.changes, note.hidden, linker)}"
        ),
        actions(again),
        context(f"You get this because you signed. To look first, see the card in <#{note.release.channel_id}>."),
    )


def _buttons(picture: SignoffCard) -> Block | None:
    if picture.revision_id is None:
        return None
    payload = ("revision", picture.revision_id)
    name = picture.release.name
    ask = confirm("Revoke your sign-off?", f"What you signed on {name} will no longer count.", "Revoke")
    approve = button(f"Approve {count(picture.tickets, 'ticket')}", APPROVE, payload, style="primary")
    return actions(
        approve if picture.tickets else None,  # nobody can have looked at nothing
        button("Reject…", REJECT, payload),
        button("Revoke mine", REVOKE, payload, confirm=ask),
    )


def _request_button(release: Release, requirements: int) -> Block | None:
    text = f"Ask for {count(requirements, 'sign-off')}"
    return actions(button(text, REQUEST, ("release", release.id), style="primary"))


def _scope(picture: SignoffCard) -> str:
    hidden = f" · {count(picture.restricted, 'restricted ticket')} among them" if picture.restricted else ""
    return f"{picture.done} of {count(picture.tickets, 'ticket')} done{hidden}"


def _state(picture: SignoffCard) -> str:
    """`🔴 Red · 4 of 5 given, 1 rejected`"""
    given = f"{picture.met} of {len(picture.requirements)} given"
    rejected = sum(1 for requirement in picture.requirements if requirement.progress is Progress.REJECTED)
    if rejected:
        return f"{mark('red')} · {given}, {rejected} rejected"
    return f"{mark('green' if picture.met == len(picture.requirements) else 'amber')} · {given}"


def _progress(requirement: Requirement) -> str:
    name, quorum = line(requirement.name), requirement.rule.quorum
    given = [f"{line(one.person.name)}, {moment(one.at)}" for one in requirement.approvals]
    against = [f"{line(one.person.name)}: {line(one.reason or '')}" for one in requirement.rejections]
    counted = "" if against else f" ({len(requirement.approvals)} of {quorum})"
    head = f"*{name}* · {WORDS[requirement.progress]}{counted}"
    if against:
        return f"{head}: {'; '.join(against)}{_left_behind(requirement)}"
    if requirement.progress is Progress.MET:
        return f"{head}: {join(given)}"
    signed = {one.person.slack_id for one in requirement.signoffs}
    left = [line(person.name) for person in requirement.eligible if person.slack_id not in signed]
    return f"{head}{f': {join(given)}' if given else ''} · waiting for {_any_of(left, quorum - len(given))}"


def _left_behind(requirement: Requirement) -> str:
    if not requirement.left_behind or requirement.rejections != requirement.left_behind:
        return ""
    names = join([line(each.person.name) for each in requirement.left_behind])
    return f" · {names} left; approving it anew lifts that"


def _excluded(requirements: tuple[Requirement, ...]) -> str:
    """Policy's exclusions, in words."""
    strict = [line(requirement.name) for requirement in requirements if requirement.rule.exclude_assignees]
    if not strict:
        return "Whoever asked for these can't sign."
    return (
        "Whoever asked for these can't sign. "
        f"For {join(strict)}, whoever is or was assigned to a ticket in scope can't either."
    )


def _any_of(names: list[str], wanted: int) -> str:
    if not names:
        return "nobody: no eligible person is left"
    if len(names) < wanted:
        return f"{wanted}, but only {join(names)} can"
    shown = names[:SHOWN] + ([f"{len(names) - SHOWN} more"] if len(names) > SHOWN else [])
    return join(shown, "or") if wanted == 1 else f"{wanted} of {join(shown)}"


def _changes(changes: tuple[MaterialChange, ...], hidden: Iterable[str], linker: Linker) -> str:
    """`2 added (DATA-9 and a restricted ticket), 1 removed (ML-3).`"""
    secret, told = set(hidden), []
    for what in dict.fromkeys(change.what for change in changes):
        tickets = [change.ticket for change in changes if change.what == what]
        shown = [RESTRICTED if ticket.id in secret else linker(ticket.key) for ticket in tickets[:SHOWN]]
        more = [f"{len(tickets) - SHOWN} more"] if len(tickets) > SHOWN else []
        told.append(f"{len(tickets)} {what} ({join(shown + more)})")
    return ", ".join(told) + "."


def _fresh(picture: SignoffCard, now: datetime) -> str:
    return f"Jira as of {ago(picture.mirror_as_of, now)}." if picture.mirror_as_of else "Jira was never read yet."
