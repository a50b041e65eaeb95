"""What is answered to whoever asks for sign-offs or gives one."""

from collections.abc import Callable, Iterable

from bot.views.blocks import Message, actions, button, escape, line, message, moment, refusal, section, sentence
from bot.views.signoff import APPROVE, SHOWN
from interlock.domain.authority import Refused
from interlock.domain.fingerprint import MaterialChange
from interlock.domain.release import Release
from interlock.domain.signing import Accepted, AlreadySigned, SignatureWanted, Stale
from interlock.domain.signoff import Decision, Requirement
from interlock.domain.visibility import RESTRICTED
from interlock.domain.words import count, join

DONE = {Decision.APPROVED: "approved", Decision.REJECTED: "rejected"}

Linker = Callable[[str], str]
"""From a ticket's key to its mrkdwn link."""
Further = tuple[tuple[Requirement, str], ...]
"""Requirements that the same person may fill too, each with what the button carries that does."""


def requested(release: Release, *, new: bool) -> Message:
    where = f"<#{release.channel_id}>"
    if new:
        return sentence(f"The sign-off card for {line(release.name)} is on its way to {where}.")
    return sentence(f"{line(release.name)} has its sign-off card already: look in {where}.")


def decided(
    release: Release,
    verdict: Accepted | AlreadySigned | Stale | SignatureWanted,
    hidden: Iterable[str],
    linker: Linker,
    further: Further = (),
    conditions: int = 0,
) -> Message:
    """The answer that only the clicker sees."""
    name, text = line(release.name), ""
    match verdict:
        case Stale(changes=changed):
            told = changes(changed, hidden, linker)
            return refusal(
                f"Not recorded: the scope of {name} changed since this card was drawn. {told} "
                "The card is drawn anew; look again, then click."
            )
        case SignatureWanted(requirement=requirement):
            return refusal(
                f"Not recorded yet: {line(requirement.name)} asks that you type the release's name and what your "
                "signature means. On the command line: --release NAME --meaning TEXT."
            )
        case AlreadySigned(requirement=requirement, signoff=signoff):
            text = f"You {DONE[signoff.decision]} {name} for {line(requirement.name)} {moment(signoff.at)} already."
        case Accepted():
            text = _accepted(name, verdict, conditions)
    buttons = [button(f"Approve for {each.name}", APPROVE, ("revision", shown)) for each, shown in further]
    return message(text, section(text), actions(*buttons) if buttons else None)


def _accepted(name: str, verdict: Accepted, conditions: int) -> str:
    requirement, decision = verdict.requirement, verdict.decision
    place = f" in {line(verdict.principal.name)}'s place" if verdict.principal else ""
    text = f"Recorded: you {DONE[decision]} {name} for {line(requirement.name)}{place}."
    if conditions:
        text += f" It hangs on {count(conditions, 'condition')}: until they are met, nothing goes."
    text += " Revoke takes it back."
    if decision is Decision.APPROVED and requirement.left_behind:
        names = join([line(each.person.name) for each in requirement.left_behind])
        text += f" The rejection by {names}, who left, no longer counts."
    return text


def refused(why: Refused) -> Message:
    return refusal(escape(why.sentence))


def revoked(release: Release, requirements: tuple[Requirement, ...]) -> Message:
    names = join([line(requirement.name) for requirement in requirements])
    if not names:
        return sentence(f"You have signed nothing on {line(release.name)}, so there is nothing to revoke.")
    return sentence(f"Revoked: your word on {line(release.name)} for {names} no longer counts.")


def changes(changed: tuple[MaterialChange, ...], hidden: Iterable[str], linker: Linker) -> str:
    """`2 added (DATA-9 and a restricted ticket), 1 removed (ML-3), criterion turned red (Coverage).`"""
    secret, told = set(hidden), []
    for what in dict.fromkeys(change.what for change in changed):
        alike = [change for change in changed if change.what == what]
        shown = [_subject(change, secret, linker) for change in alike[:SHOWN]]
        more = [f"{len(alike) - SHOWN} more"] if len(alike) > SHOWN else []
        number = f"{len(alike)} " if alike[0].ticket else ""
        told.append(f"{number}{what} ({join(shown + more)})")
    return ", ".join(told) + "."


def _subject(change: MaterialChange, secret: set[str], linker: Linker) -> str:
    if change.ticket is None:
        return line(change.about)
    return RESTRICTED if change.ticket.id in secret else linker(change.ticket.key)
