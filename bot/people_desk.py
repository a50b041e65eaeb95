"""`interlock person erase` and `interlock token revoke`: what is done for a person by whoever has the machine."""

import getpass
import socket
from collections.abc import Collection, Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass

from bot.wiring import now, open_store, settings_from
from interlock.domain.erasure import NAME, Prospect
from interlock.domain.errors import InterlockError
from interlock.domain.words import count, join
from interlock.store.compaction import compact
from interlock.usecases import erasure, token


class PersonError(InterlockError):
    """Nothing is done for this person."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    lines: tuple[str, ...]
    fine: bool = True


def before_erasing(
    env: Mapping[str, str], slack_id: str, reason: str | None, accounts: Collection[str] = ()
) -> tuple[str, ...]:
    """What goes and what stays. Raises PersonError where the person may not be erased."""
    with closing(open_store(settings_from(env))) as store:
        found = erasure.prospect(store, slack_id, accounts)
    if found is None:
        raise PersonError(f"Interlock knows nobody with the id {slack_id}: give the member ID in their Slack profile.")
    if found.active and not (reason and reason.strip()):
        raise PersonError(
            f"{found.name} is active in Slack. Deactivate them there first, or say why not: --still-here REASON"
        )
    if found.refused:
        raise PersonError(
            f"{join(list(found.refused))} can't be {found.name}'s: no account in the tracker has that id, or it is "
            "verifiably somebody else's."
        )
    goes = (
        f"Goes: name, address, handle and time zone; user groups; token; {_accounts(found)}what they typed as a "
        f"booking's purpose; their data in {count(found.records, 'recorded event')}; their traces in messages."
    )
    return (
        f"{slack_id} is {found.name}{f', {found.email}' if found.email else ''}.",
        goes,
        *_what_counts_no_more(found),
        f"Stays: {_what_stays(found)}",
        *_what_may_be_theirs(found),
        "Not reached: Slack, Jira and the texts of its tickets, the policy's files, logs, backups.",
        f'They appear as "{NAME}", and no sync brings them back. It cannot be undone.',
    )


def erase(env: Mapping[str, str], slack_id: str, reason: str | None, accounts: Collection[str] = ()) -> Report:
    """Raises PersonError where somebody else did meanwhile."""
    with closing(open_store(settings_from(env))) as store:
        done = erasure.erase(store, slack_id, _administrator(), now(), reason=reason, accounts=accounts)
        if done is None:
            raise PersonError(f"{slack_id} is erased already.")
        thorough = compact(store)
        told = (
            f"Erased: {count(done.records, 'recorded event')} and {count(done.messages, 'message')} name them no more. "
            f"It is recorded as event {done.event}. See: interlock audit verify"
        )
        left = (
            "Old copies may still lie in the database's file, since others are at work on it. Stop Interlock, and run: "
            f"sqlite3 {store.url.database} VACUUM"
        )
    return Report(lines=(told,) if thorough else (told, left), fine=thorough)


def revoke(env: Mapping[str, str], slack_id: str) -> str:
    """Raises PersonError where there is none."""
    with closing(open_store(settings_from(env))) as store:
        if not token.end(store, slack_id, _administrator(), now()):
            raise PersonError(f"{slack_id} has no token.")
    return f"The token of {slack_id} works no more, nor does any on its way."


def _administrator() -> dict[str, str]:
    return {"login": getpass.getuser(), "machine": socket.gethostname()}


def _accounts(found: Prospect) -> str:
    if not found.accounts:
        return ""
    return f"name and address of the tracker's {join(list(found.accounts))}; "


def _what_stays(found: Prospect) -> str:
    bare = [count(number, noun) for noun, number in found.stays.items()]
    named = f"their bare id in {join(bare)}" if bare else "nothing names them"
    return f"{named}. What was decided stays in the record, with the reasons that were typed for it."


def _what_counts_no_more(found: Prospect) -> Iterator[str]:
    if found.loses:
        one = len(found.loses) == 1
        yield (
            f"Counts no more: their {'approval' if one else 'approvals'} of {join(list(found.loses))}, since approvals "
            "of whoever has left do not. Somebody else has to approve there."
        )


def _what_may_be_theirs(found: Prospect) -> Iterator[str]:
    for account, changes in found.namesakes.items():
        yield (
            f"Stays too: the tracker's account {account}, which bears the same name and is not known to be theirs, and "
            f"its name in {count(changes, 'change')} of tickets. If it is theirs: --account {account}"
        )
