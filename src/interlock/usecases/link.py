"""`/link`: claiming a tracker account, proving the claim, and the links that an admin confirms or a person gives up."""

import secrets
from collections.abc import Mapping, Sequence
from dataclasses import asdict, replace
from datetime import datetime
from typing import Any

from sqlmodel import Session

from interlock.domain import link as rules
from interlock.domain import names
from interlock.domain.actor import SYSTEM, Actor, Authentication, Owner, Person
from interlock.domain.audit import AuditEvent
from interlock.domain.authority import Refused
from interlock.domain.link import (
    AlreadyLinked,
    Comment,
    Confirmed,
    LinkNote,
    LinkRequest,
    LinkState,
    Outcome,
    Proved,
    Several,
    Unknown,
)
from interlock.domain.outbox import Outgoing, Urgency
from interlock.domain.permission import Permission
from interlock.domain.policy import Policy
from interlock.domain.ticket import Account
from interlock.store import audit, directory, link, outbox, person, ticket_write
from interlock.store.engine import Store
from interlock.usecases import authority, home
from interlock.usecases.record import record_refusal

NO_REQUEST = Refused(
    reason="no_request",
    sentence="There is no open claim of yours to check: type /link and the name of your account in the tracker.",
)


def state(store: Store, policy: Policy, actor: Actor, now: datetime) -> LinkState | Refused:
    """`/link`: how the actor is linked, and what they claim."""
    with store.read() as session:
        allowed = authority.to_view(session, policy, Permission.LINK_SELF, actor)
        if isinstance(allowed, Refused):
            return allowed
        account, claimed = allowed.person.verified_account, link.request(session, actor.slack_id)
        return LinkState(
            person=allowed.person,
            account=_owner(session, account) if account else None,
            request=claimed if claimed and claimed.expires_at > now else None,
        )


def claim(
    store: Store, policy: Policy, actor: Actor, typed: str, now: datetime, *, as_typed: bool = False
) -> LinkRequest | AlreadyLinked | Several | Unknown | Refused:
    """`/link ACCOUNT`: a code that proves it, once the account comments it. Asking again gives the same code.

    An account that the mirror has not seen is claimed by its name, at once where no other comes close, else when the
    person insists with `as_typed`.
    """
    with store.write() as session:
        allowed = authority.to_decide(session, policy, Permission.LINK_SELF, actor, now)
        if isinstance(allowed, Refused):
            return _denied(session, actor, {"wanted": "claim"}, allowed, now)
        found = rules.find(typed, _known(session, allowed.person))
        if not as_typed and (isinstance(found, Several) or (isinstance(found, Unknown) and found.near)):
            return found
        account = found if isinstance(found, Account) and not as_typed else None
        holder = link.holder(session, account.id) if account else None
        if account and holder and holder.slack_id == actor.slack_id:
            return AlreadyLinked(account=_owner(session, account.id))
        refused = rules.refuse_claiming(allowed.person, account.id if account else None, holder)
        if refused:
            _record_refusal(session, actor, allowed.person, account, refused, now)
            return refused
        named = account.name if account else names.tidy(typed)[: rules.LONGEST_NAME]
        wanted = LinkRequest(
            slack_id=actor.slack_id,
            account_id=account.id if account else None,
            named=named,
            code=_new_code(),
            opened_at=now,
            expires_at=now + rules.GOOD_FOR,
        )
        standing = link.request(session, actor.slack_id, lock=True)
        if standing and standing.expires_at > now and _same(standing, wanted):
            return standing
        link.save_request(session, wanted)
        _record(session, "link.requested", actor, allowed.person, {"account": wanted.account_id}, now)
        return wanted


def check(store: Store, policy: Policy, actor: Actor, typed: str, now: datetime) -> LinkRequest | Refused:
    """The actor has commented, on the ticket whose key or address they typed: have that looked for, soon."""
    with store.write() as session:
        allowed = authority.to_decide(session, policy, Permission.LINK_SELF, actor, now)
        if isinstance(allowed, Refused):
            return _denied(session, actor, {"wanted": "check"}, allowed, now)
        claimed = link.request(session, actor.slack_id, lock=True)
        if claimed is None or claimed.expires_at <= now:
            return NO_REQUEST
        key = rules.ticket_key(typed)
        if key is None:
            return Refused(reason="no_key", sentence="That is no ticket's key. A key looks like DATA-214.")
        looking = replace(claimed, ticket_key=key)
        link.save_request(session, looking)
        return looking


def waiting(store: Store, now: datetime) -> list[LinkRequest]:
    """The claims to look into now. Those that ran out unnoticed are forgotten."""
    with store.write() as session:
        link.drop_expired(session, now)
        return link.waiting(session)


def settle(
    store: Store, policy: Policy, request: LinkRequest, comments: Sequence[Comment], now: datetime
) -> Outcome | None:
    """What the ticket's comments make of a claim, which its person is told; None where it is no longer what was looked
    into, or cannot be decided now."""
    actor = Actor(slack_id=request.slack_id, authentication=Authentication.SYSTEM)
    with store.write() as session:
        directory.one_at_a_time(session)
        if link.request(session, request.slack_id, lock=True) != request:
            return None
        allowed = authority.to_decide(session, policy, Permission.LINK_SELF, actor, now)
        if isinstance(allowed, Refused):
            if allowed.reason not in {"groups_unavailable", "people_unavailable"}:
                _denied(session, actor, {"wanted": "claim", "account": request.account_id}, allowed, now)
                link.drop_request(session, request.slack_id)
            return None
        verdict = rules.judge(request, comments)
        if isinstance(verdict, Proved):
            outcome = _prove(session, allowed.person, request, verdict.account, now)
        elif request.expires_at <= now:
            link.drop_request(session, request.slack_id)
            outcome = "expired"
        else:
            link.save_request(session, replace(request, ticket_key=None))
            outcome = "another" if verdict.by_another else "missing"
        account_id = verdict.account.id if isinstance(verdict, Proved) else request.account_id
        _tell(
            session, request.slack_id, outcome, now, named=request.named, account=account_id, ticket=request.ticket_key
        )
        return outcome


def confirm(
    store: Store, policy: Policy, actor: Actor, slack_id: str, typed: str, now: datetime
) -> Confirmed | AlreadyLinked | Several | Unknown | Refused:
    """`/link confirm @person ACCOUNT`: an admin's word in place of a proof, for anybody but themselves."""
    with store.write() as session:
        directory.one_at_a_time(session)
        allowed = authority.to_decide(session, policy, Permission.LINK_CONFIRM, actor, now)
        if isinstance(allowed, Refused):
            return _denied(session, actor, {"wanted": "confirm", "person": slack_id}, allowed, now)
        found = rules.find(typed, link.accounts(session))
        if not isinstance(found, Account):
            return found
        who, holder = link.person(session, slack_id), link.holder(session, found.id)
        refused = rules.refuse_confirming(allowed.person, who, holder)
        if refused:
            _record_refusal(session, actor, allowed.person, found, refused, now, person=slack_id)
            return refused
        assert who is not None
        account = _owner(session, found.id)
        if holder and holder.slack_id == slack_id:
            return AlreadyLinked(account=account)
        link.give(session, slack_id, found.id, "admin", now)
        facts = {
            "person": slack_id,
            "account": found.id,
            "before": who.verified_account,
            "taken_from": holder.slack_id if holder else None,
        }
        people = {"actor": asdict(allowed.person), "subject": asdict(who)}
        audit.append(session, AuditEvent(kind="link.confirmed", actor=actor, facts=facts, people=people), now)
        _tell(session, slack_id, "confirmed", now, named=found.name, account=found.id, by=actor.slack_id)
        home.refresh(session, slack_id, now)
        return Confirmed(person=who, account=account)


def remove(store: Store, policy: Policy, actor: Actor, now: datetime) -> Owner | Refused:
    """`/link remove`: the actor gives their account up; returns which. It helps nobody around a rule: where assignees
    may not sign off, whoever has no verified account may not either, and another account takes an admin's word."""
    with store.write() as session:
        directory.one_at_a_time(session)
        allowed = authority.to_decide(session, policy, Permission.LINK_SELF, actor, now)
        if isinstance(allowed, Refused):
            return _denied(session, actor, {"wanted": "remove"}, allowed, now)
        account = allowed.person.verified_account
        refused = rules.refuse_removing(allowed.person)
        if refused:
            told = {"wanted": "remove", "account": account}
            return _denied(session, actor, told, refused, now) if account else refused
        assert account is not None
        owner = _owner(session, account)
        link.take_back(session, actor.slack_id)
        _record(session, "link.removed", actor, allowed.person, {"account": account}, now)
        home.refresh(session, actor.slack_id, now)
        return owner


def note(store: Store, ids: Mapping[str, Any]) -> LinkNote | None:
    """What a message says when it is sent; None where it is no longer so."""
    slack_id, outcome, account = str(ids["slack_id"]), ids["outcome"], ids.get("account")
    with store.read() as session:
        who, claimed = link.person(session, slack_id), link.request(session, slack_id)
        linked = who.verified_account if who else None
        if outcome in {"verified", "confirmed"} and linked != account:
            return None
        if outcome in {"missing", "another"} and (claimed is None or claimed.named != ids["named"]):
            return None
        admin = link.person(session, ids["by"]) if ids.get("by") else None
        return LinkNote(
            outcome=outcome,
            name=_owner(session, account).name if account else str(ids["named"]),
            ticket_key=ids.get("ticket"),
            by=admin.name if admin else None,
            request=claimed,
        )


def _prove(session: Session, who: Person, request: LinkRequest, account: Account, now: datetime) -> Outcome:
    ticket_write.write_names(session, accounts=[account])  # whoever has no ticket is new to the mirror
    facts = {"person": who.slack_id, "account": account.id, "ticket": request.ticket_key}
    refused = rules.refuse_claiming(who, account.id, link.holder(session, account.id))
    if refused:
        link.drop_request(session, who.slack_id)
        _record(session, "link.refused", SYSTEM, who, facts | {"why": refused.reason}, now)
        return "taken"
    link.give(session, who.slack_id, account.id, "comment", now)
    _record(session, "link.verified", SYSTEM, who, facts, now)
    home.refresh(session, who.slack_id, now)
    return "verified"


def _known(session: Session, who: Person) -> list[Account]:
    """What the mirror has seen; and the person's own account, which it may not have seen."""
    seen = list(link.accounts(session))
    own = who.account_id
    return seen if own is None or own in {each.id for each in seen} else [*seen, Account(id=own, name=own)]


def _same(standing: LinkRequest, wanted: LinkRequest) -> bool:
    return (standing.account_id, names.fold(standing.named)) == (wanted.account_id, names.fold(wanted.named))


def _new_code() -> str:
    letters = (secrets.choice(rules.CODE_LETTERS) for _ in range(rules.CODE_LENGTH))
    return f"{rules.CODE_PREFIX}{''.join(letters)}"


def _owner(session: Session, account_id: str) -> Owner:
    """An account that configuration names need not be in the mirror."""
    known = person.accounts(session, [account_id])
    return known.get(account_id) or Owner(account_id=account_id, name=account_id)


def _tell(session: Session, slack_id: str, outcome: Outcome, now: datetime, **ids: str | None) -> None:
    message = Outgoing(
        key=f"link:{slack_id}:{outcome}:{now.isoformat()}",
        kind="link.note",
        ids={"slack_id": slack_id, "outcome": outcome} | ids,
        channel=f"@{slack_id}",
        urgency=Urgency.URGENT,
        not_after=now + rules.GOOD_FOR,
    )
    outbox.enqueue(session, message, now)


def _record(session: Session, kind: str, actor: Actor, who: Person, facts: dict[str, Any], now: datetime) -> None:
    event = AuditEvent(kind=kind, actor=actor, facts={"person": who.slack_id} | facts, people={"subject": asdict(who)})
    audit.append(session, event, now)


def _record_refusal(
    session: Session, actor: Actor, who: Person, account: Account | None, refused: Refused, now: datetime, **facts: str
) -> None:
    told = {"account": account.id if account else None, "why": refused.reason} | facts
    _record(session, "link.refused", actor, who, told, now)


def _denied(session: Session, actor: Actor, facts: dict[str, Any], refused: Refused, now: datetime) -> Refused:
    """Whoever may not at all, or not that."""
    return record_refusal(session, "link.refused", actor, None, {"person": actor.slack_id} | facts, refused, now)
