"""Linking a person to their tracker account: which one is meant, who may have it, and what proves that it is theirs.

The proof is a comment that only the account's holder can write: nothing but a code that was told to the person alone.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final, Literal

from interlock.domain import names
from interlock.domain.actor import Owner, Person
from interlock.domain.authority import Refused
from interlock.domain.ticket import Account

GOOD_FOR: Final = timedelta(hours=24)
SKEW: Final = timedelta(minutes=5)
"""By how much the tracker's clock may be behind ours."""
CODE_PREFIX: Final = "interlock-"
CODE_LETTERS: Final = "bcdfghjkmnpqrstvwxz23456789"
"""None that reads as another, and no vowels: a code spells no word. Letters and digits alone, which no tracker's editor
takes for markup."""
CODE_LENGTH: Final = 16
MOST_NAMED: Final = 10
LONGEST_NAME: Final = 120
"""Of what somebody types as their account's name."""

_KEY: Final = re.compile(r"[A-Z][A-Z0-9_]{0,254}-[0-9]{1,18}", re.ASCII)
_DRESS: Final = re.compile(r"\{(?:color|code|noformat)(?::[^{}]*)?\}")
"""What Jira's editor puts around a pasted code. Not `{quote}`: who quotes the code does not give it."""

LinkedBy = Literal["config", "email", "comment", "admin"]
Outcome = Literal["verified", "missing", "another", "taken", "expired", "confirmed"]


@dataclass(frozen=True, slots=True, kw_only=True)
class LinkRequest:
    """A person's claim to an account, open until that account comments `code` and nothing else, or `expires_at`.

    `account_id` is None where the mirror has no such account (it has those of assignees and reporters): then whoever
    wrote the comment has to bear the name `named`. `ticket_key` is where to look for the comment, None while nobody
    asked to look.
    """

    slack_id: str
    account_id: str | None
    named: str
    code: str
    opened_at: datetime
    expires_at: datetime
    ticket_key: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Comment:
    """A comment on a ticket as far as it can prove anything. `names` are all that its author goes by; `edited_by` is
    the id of the account that wrote or changed it last."""

    author: Account
    names: frozenset[str]
    edited_by: str | None
    created: datetime
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class LinkState:
    """How somebody is linked. `account` is verified; `request` is open."""

    person: Person
    account: Owner | None
    request: LinkRequest | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Several:
    """More than one account may be meant; `exact` says that each bears the very name."""

    accounts: tuple[Account, ...]
    exact: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Unknown:
    """No account bears the name, or begins so; `near` come close."""

    typed: str
    near: tuple[Account, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class AlreadyLinked:
    account: Owner


@dataclass(frozen=True, slots=True, kw_only=True)
class Confirmed:
    """An admin's word that the account is the person's."""

    person: Person
    account: Owner


@dataclass(frozen=True, slots=True, kw_only=True)
class Proved:
    account: Account


@dataclass(frozen=True, slots=True, kw_only=True)
class Unproved:
    """`by_another`: the code stands there, but in a comment that is not the account's own."""

    by_another: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class LinkNote:
    """What a person is told of their link. `name` is the account's; `by` the admin's, where one confirmed it."""

    outcome: Outcome
    name: str
    ticket_key: str | None = None
    by: str | None = None
    request: LinkRequest | None = None


def find(typed: str, accounts: Iterable[Account]) -> Account | Several | Unknown:
    """Which account somebody means by an id, an e-mail address, or a name or the beginning of one."""
    wanted = names.fold(typed[:LONGEST_NAME])
    known = [account for account in accounts if account.active]
    for of in (_ids, _names):
        exact = [account for account in known if wanted in of(account)]
        if exact:
            return exact[0] if len(exact) == 1 else _several(exact, exact=True)
    begun = [account for account in known if wanted and names.fold(account.name).startswith(wanted)]
    if begun:
        return begun[0] if len(begun) == 1 else _several(begun, exact=False)
    near = names.find(wanted, [account.name for account in known])
    close = set(near.near) if isinstance(near, names.NotFound) else set()
    return Unknown(typed=names.tidy(typed)[:LONGEST_NAME], near=tuple(each for each in known if each.name in close))


def ticket_key(typed: str) -> str | None:
    """The ticket's key in what somebody typed or pasted, a ticket's address too; None where there is none."""
    last = names.tidy(typed).upper().rstrip("/").rpartition("/")[2].partition("?")[0]
    return last if _KEY.fullmatch(last) else None


def refuse_claiming(person: Person, account_id: str | None, holder: Person | None) -> Refused | None:
    """Why a person may not claim the account by themselves. Nobody changes accounts alone: whoever could would sign for
    the work that their other account did."""
    if person.account_id is not None and person.account_id != account_id:
        return Refused(
            reason="has_another",
            sentence="You can't change to another account by yourself: you are or were linked to one, and whoever "
            "changes accounts could sign off their own work. An admin can, with /link confirm.",
        )
    return refuse_taking(person, holder)


def refuse_taking(person: Person, holder: Person | None) -> Refused | None:
    """One account belongs to one person. `holder` is whoever it is verified to belong to."""
    if holder is None or holder.slack_id == person.slack_id:
        return None
    helps = "they have to give it up first, with /link remove" if holder.active else "an admin can, with /link confirm"
    return Refused(
        reason="taken",
        sentence=f"That account can't be linked: it belongs to {holder.name}. If that is wrong, {helps}.",
    )


def refuse_confirming(admin: Person, person: Person | None, holder: Person | None) -> Refused | None:
    """Why an admin may not confirm that the account is the person's. Whoever left holds nothing any more."""
    if person is None or not person.active or person.kind != "member":
        return Refused(
            reason="no_member",
            sentence="Only active full members can be linked. Name the person with @, as Slack completes it.",
        )
    if person.slack_id == admin.slack_id:
        return Refused(
            reason="own",
            sentence="You can't confirm your own account. Prove it: type /link and its name. Or ask another admin.",
        )
    return refuse_taking(person, holder if holder and holder.active else None)


def refuse_removing(person: Person) -> Refused | None:
    """Why a link can't be taken back by its person."""
    if person.verified_account is None:
        return Refused(reason="not_linked", sentence="You are not linked to any tracker account.")
    if person.linked_by in {"email", "config"}:
        how = "your e-mail address" if person.linked_by == "email" else "configuration"
        return Refused(
            reason="not_own",
            sentence=f"You are linked by {how}, so it would only come back. If the account isn't yours, an admin can "
            "link you to the right one.",
        )
    return None


def judge(request: LinkRequest, comments: Sequence[Comment]) -> Proved | Unproved:
    """Whether one of the comments proves the claim. The earliest counts: from then on everybody can read the code."""
    said = sorted((each for each in comments if _gives(each, request)), key=lambda each: each.created)
    for each in said:
        if _is_meant(request, each):
            return Proved(account=each.author)
    return Unproved(by_another=bool(said))


def _gives(comment: Comment, request: LinkRequest) -> bool:
    """Nothing but the code, written after it was told, and touched by nobody but its author: one that merely quotes it
    proves nothing, and who may edit others' comments could write it into theirs."""
    given = "".join(filter(str.isalnum, _DRESS.sub("", comment.text))).casefold()
    return (
        given == request.code.replace("-", "")
        and comment.created >= request.opened_at - SKEW
        and comment.edited_by == comment.author.id
    )


def _is_meant(request: LinkRequest, comment: Comment) -> bool:
    if request.account_id is not None:
        return comment.author.id == request.account_id
    return names.fold(request.named) in {names.fold(name) for name in comment.names}


def _several(accounts: Sequence[Account], *, exact: bool) -> Several:
    return Several(accounts=tuple(accounts[:MOST_NAMED]), exact=exact)


def _ids(account: Account) -> set[str]:
    return {names.fold(account.id), names.fold(account.email or account.id)}


def _names(account: Account) -> set[str]:
    return {names.fold(account.name)}
