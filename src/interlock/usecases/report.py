"""Figures that programs push, and the tokens by which they may (see `usecases.secret`)."""

import math
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from sqlmodel import Session

from interlock.domain import names
from interlock.domain.actor import Actor, Authentication, Person
from interlock.domain.audit import AuditEvent
from interlock.domain.authority import Refused
from interlock.domain.criterion import is_web_address, within
from interlock.domain.permission import Permission
from interlock.domain.policy import Policy
from interlock.domain.release import Release
from interlock.domain.reporter import LABEL
from interlock.domain.secret import Issued
from interlock.domain.token import PREFIX, hash_of
from interlock.domain.words import join
from interlock.store import audit, criterion, release, reporter
from interlock.store.engine import Store
from interlock.usecases import authority, revalidation, secret, stage
from interlock.usecases.record import record, record_refusal, record_refusal_once

KIND: Final = "reporter"
REFUSED: Final = "criterion.report_refused"
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
        label = names.tidy(text)
        if isinstance(allowed, Refused):
            return record_refusal(session, "reporter.ask_refused", actor, None, _about(label), allowed, now)
        if not LABEL.fullmatch(label):
            return Refused(
                reason="no_label",
                sentence="Name the program in lower-case letters, digits, - and _: /release reporter ci-coverage",
            )
        whose = {"label": label, "slack_id": actor.slack_id}
        if secret.send(session, KIND, whose, actor, request_id, now):
            reporter.ask(session, label, actor.slack_id, request_id, now)
            _record(session, "reporter.requested", actor, allowed.person, {"reporter": label}, now)
        return _good_for(policy)


def issue(
    store: Store, policy: Policy, label: str, slack_id: str, request_id: str, now: datetime
) -> Issued | Refused | None:
    """A new token, for whoever asked, in place of the label's last; None where the request is no longer its newest."""
    with store.write() as session:
        owner = Actor(slack_id=slack_id, authentication=Authentication.SYSTEM)
        allowed = authority.to_view(session, policy, Permission.REPORT_TOKEN, owner)
        if isinstance(allowed, Refused):
            return record_refusal(session, "reporter.issue_refused", owner, None, _about(label), allowed, now)
        last = reporter.load(session, label)
        if last is None or last.request != request_id:
            return None
        made, hash_ = secret.make(now + _good_for(policy), PREFIX)
        reporter.issue(session, label, slack_id, hash_, made.expires_at)
        facts = {"reporter": label, "expires_at": made.expires_at.isoformat()}
        _record(session, "reporter.issued", owner, allowed.person, facts, now)
        return made


def end(store: Store, policy: Policy, actor: Actor, text: str, now: datetime) -> bool | Refused:
    """`/release reporter end LABEL`: its token works no more; whether there was one."""
    with store.write() as session:
        allowed = authority.to_decide(session, policy, Permission.REPORT_TOKEN, actor, now)
        label = names.tidy(text)
        if isinstance(allowed, Refused):
            return record_refusal(session, "reporter.end_refused", actor, None, _about(label), allowed, now)
        if reporter.load(session, label) is None:
            return False
        reporter.drop(session, label)
        _record(session, "reporter.ended", actor, allowed.person, {"reporter": label}, now)
        return True


def push(
    store: Store, policy: Policy, token: str, name: str, report: str, value: float, link: str, now: datetime
) -> Pushed | Refused:
    """Take a figure for every criterion of the release that asks for this report. Its owner answers for it: a token
    whose owner has left, or may not have one any more, pushes nothing. That, and that the release has ended, is
    recorded once a day: a program may push every minute.
    """
    hash_ = hash_of(token)
    with store.write() as session:
        one = reporter.find(session, hash_) if hash_ else None
        if one is None or not one.is_live(now):
            return UNKNOWN
        owner = Actor(slack_id=one.owner, authentication=Authentication.TOKEN)
        allowed = authority.to_view(session, policy, Permission.REPORT_TOKEN, owner)
        named = release.by_name(session, name)
        told = {"reporter": one.label}
        if isinstance(allowed, Refused):
            return record_refusal_once(session, REFUSED, owner, named, told, allowed, now)
        if named is None:
            return Refused(reason="no_release", sentence=f"There is no release {name}.")
        found = release.load(session, named.id, lock=True)
        if found.ended:
            over = Refused(reason="release_ended", sentence=f"{found.name} has ended, so it takes no figures.")
            return record_refusal_once(session, REFUSED, owner, found, told, over, now)
        wanted = [rule for rule in found.policy.criteria if rule.report == report]
        if not wanted:
            known = sorted({rule.report for rule in found.policy.criteria if rule.report})
            asks = f" It asks for {join(known)}." if known else " It asks for none."
            return Refused(reason="no_report", sentence=f"{found.name} asks for no report {report}.{asks}")
        if not math.isfinite(value):
            return Refused(reason="no_figure", sentence="The value has to be a finite number.")
        if link and not is_web_address(link):
            return Refused(reason="no_link", sentence="The link has to begin with https:// or http://.")
        for each in wanted:
            criterion.report(session, found.id, each.name, value, one.label, link or None, now)
        taken = [each.name for each in wanted]
        facts = {"reporter": one.label, "report": report, "value": value, "link": link, "criteria": taken}
        record(session, "criterion.reported", owner, allowed.person, found, facts, now)
        red = [each for each in wanted if not within(each, value)]
        if red:
            stage.fall_back(session, found, "a figure is out of its bounds", now, red)
    revalidation.revalidate_one(store, found.id, now)
    return Pushed(release=found, criteria=tuple(taken))


def _about(label: str) -> dict[str, str]:
    """What was typed in a label's place may be anything, and stays out of the record."""
    return {"reporter": label} if LABEL.fullmatch(label) else {}


def _good_for(policy: Policy) -> timedelta:
    return timedelta(days=policy.limits.report_token_days)


def _record(session: Session, kind: str, actor: Actor, who: Person, facts: dict[str, Any], now: datetime) -> None:
    audit.append(session, AuditEvent(kind=kind, actor=actor, facts=facts, people={"actor": asdict(who)}), now)
