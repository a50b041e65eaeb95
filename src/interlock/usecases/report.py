"""Figures that programs push, and the tokens by which they may.

A token is made when its direct message is drawn, as a person's is, and for the same reasons: see `usecases.token`.
"""

import math
import secrets
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from sqlmodel import Session

from interlock.domain import names
from interlock.domain.actor import Actor, Authentication, Person
from interlock.domain.audit import AuditEvent
from interlock.domain.authority import Refused
from interlock.domain.criterion import is_web_address
from interlock.domain.outbox import Outgoing, Urgency
from interlock.domain.permission import Permission
from interlock.domain.policy import Policy
from interlock.domain.release import Release
from interlock.domain.reporter import LABEL, Reporter
from interlock.domain.token import BYTES, PREFIX, Issued, hash_of
from interlock.domain.words import join
from interlock.store import audit, criterion, outbox, release, reporter
from interlock.store.engine import Store
from interlock.usecases import authority
from interlock.usecases.record import record

KIND: Final = "reporter"
GOOD_FOR: Final = timedelta(hours=1)
UNKNOWN = Refused(
    reason="unknown_token", sentence="This token pushes no figures: it was replaced, ended or never made for that."
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Pushed:
    """A figure that was taken, and by which criteria."""

    release: Release
    criteria: tuple[str, ...]


def ask(store: Store, policy: Policy, actor: Actor, text: str, request_id: str, now: datetime) -> timedelta | Refused:
    """`/release reporter LABEL`: sends the actor a token for a program; returns how long it will be good for."""
    with store.write() as session:
        allowed = authority.to_decide(session, policy, Permission.REPORT_TOKEN, actor, now)
        if isinstance(allowed, Refused):
            return allowed
        label = names.tidy(text)
        if not LABEL.fullmatch(label):
            return Refused(
                reason="no_label",
                sentence="Name the program in lower-case letters, digits, - and _: /release reporter ci-coverage",
            )
        good_for = timedelta(days=policy.limits.report_token_days)
        message = Outgoing(
            key=f"reporter:{label}:{request_id}",
            kind=KIND,
            ids={"label": label, "request": request_id},
            channel=f"@{actor.slack_id}",
            urgency=Urgency.URGENT,
            not_after=now + GOOD_FOR,
        )
        if outbox.enqueue(session, message, now):
            one = Reporter(label=label, owner=actor.slack_id, request=request_id, expires_at=now + good_for)
            reporter.ask(session, one, now)
            facts = {"reporter": label, "expires_at": one.expires_at.isoformat()}
            _record(session, "reporter.requested", actor, allowed.person, facts, now)
        return good_for


def issue(store: Store, policy: Policy, label: str, request_id: str, now: datetime) -> Issued | Refused | None:
    """A new token in place of the label's last one; None where the request is no longer its newest."""
    with store.write() as session:
        one = reporter.load(session, label)
        if one is None or one.request != request_id:
            return None
        owner = Actor(slack_id=one.owner, authentication=Authentication.SYSTEM)
        allowed = authority.to_view(session, policy, Permission.REPORT_TOKEN, owner)
        if isinstance(allowed, Refused):
            return allowed
        text = f"{PREFIX}{secrets.token_urlsafe(BYTES)}"
        hash_ = hash_of(text)
        assert hash_ is not None, "what is made here has a token's shape"
        reporter.issue(session, label, hash_)
        _record(session, "reporter.issued", owner, allowed.person, {"reporter": label}, now)
        return Issued(text=text, expires_at=one.expires_at)


def end(store: Store, policy: Policy, actor: Actor, text: str, now: datetime) -> bool | Refused:
    """`/release reporter end LABEL`: its token works no more; whether there was one."""
    with store.write() as session:
        allowed = authority.to_decide(session, policy, Permission.REPORT_TOKEN, actor, now)
        if isinstance(allowed, Refused):
            return allowed
        label = names.tidy(text)
        if reporter.load(session, label) is None:
            return False
        reporter.drop(session, label)
        _record(session, "reporter.ended", actor, allowed.person, {"reporter": label}, now)
        return True


def push(
    store: Store, policy: Policy, token: str, name: str, report: str, value: float, link: str, now: datetime
) -> Pushed | Refused:
    """Take a figure for every criterion of the release that asks for this report. Its owner answers for it: a token
    whose owner has left, or may not have one any more, pushes nothing.
    """
    hash_ = hash_of(token)
    with store.write() as session:
        one = reporter.find(session, hash_) if hash_ else None
        if one is None or not one.is_live(now):
            return UNKNOWN
        owner = Actor(slack_id=one.owner, authentication=Authentication.TOKEN)
        allowed = authority.to_view(session, policy, Permission.REPORT_TOKEN, owner)
        if isinstance(allowed, Refused):
            return allowed
        found = release.by_name(session, name)
        if found is None:
            return Refused(reason="no_release", sentence=f"There is no release {name}.")
        if found.ended:
            return Refused(reason="release_ended", sentence=f"{found.name} has ended, so it takes no figures.")
        wanted = [rule.name for rule in found.policy.criteria if rule.report == report]
        if not wanted:
            known = sorted({rule.report for rule in found.policy.criteria if rule.report})
            told = f" It asks for {join(known)}." if known else " It asks for none."
            return Refused(reason="no_report", sentence=f"{found.name} asks for no report {report}.{told}")
        if not math.isfinite(value):
            return Refused(reason="no_figure", sentence="The value has to be a finite number.")
        if link and not is_web_address(link):
            return Refused(reason="no_link", sentence="The link has to begin with https://.")
        found = release.load(session, found.id, lock=True)
        for each in wanted:
            criterion.report(session, found.id, each, value, one.label, link or None, now)
        facts = {"reporter": one.label, "report": report, "value": value, "link": link, "criteria": wanted}
        record(session, "criterion.reported", owner, allowed.person, found, facts, now)
        return Pushed(release=found, criteria=tuple(wanted))


def _record(session: Session, kind: str, actor: Actor, who: Person, facts: dict[str, Any], now: datetime) -> None:
    audit.append(session, AuditEvent(kind=kind, actor=actor, facts=facts, people={"actor": asdict(who)}), now)
