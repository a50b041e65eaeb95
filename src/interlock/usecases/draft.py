"""What somebody means to plan, before it is a release: who may, what they may mean, what it would come to."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime
from zoneinfo import ZoneInfo

from sqlmodel import Session

from interlock.domain import draft as rules
from interlock.domain import names, when
from interlock.domain.actor import Actor
from interlock.domain.authority import Refused
from interlock.domain.draft import Draft, Findings, Preview, TypedDraft
from interlock.domain.permission import Permission
from interlock.domain.policy import Policy
from interlock.domain.release import ScopeRule
from interlock.domain.time_zone import person_time_zone
from interlock.domain.version import VersionChoice, choices
from interlock.store import channel, release, scope, version
from interlock.store.engine import Store
from interlock.usecases import authority
from interlock.usecases.record import record_refusal


def may_create(store: Store, policy: Policy, actor: Actor, now: datetime) -> Refused | None:
    """Why the actor may not plan a release, before a form is opened to them in vain."""
    with store.read() as session:
        allowed = authority.to_decide(session, policy, Permission.RELEASE_CREATE, actor, now)
        if isinstance(allowed, Refused):
            return allowed
        if not policy.templates:
            return Refused(
                reason="no_templates",
                sentence="No release can be planned yet: configuration has no template. Add one in templates/.",
            )
        return None


def versions(store: Store, policy: Policy, actor: Actor, typed: str) -> tuple[VersionChoice, ...]:
    """The fix versions that somebody who types this may mean; none for somebody who may not look."""
    with store.read() as session:
        if isinstance(authority.to_view(session, policy, Permission.RELEASE_VIEW, actor), Refused):
            return ()
        return choices(typed, version.every(session), version.projects(session), version.ticket_counts(session))


def from_words(
    store: Store, policy: Policy, actor: Actor, words: TypedDraft, channel_id: str, now: datetime
) -> Draft | Refused:
    """What somebody means who typed it in that channel. What is not known stays in the draft, to be told of."""
    with store.write() as session:  # a refusal is recorded, as where a form is sent
        allowed = authority.to_decide(session, policy, Permission.RELEASE_CREATE, actor, now)
        if isinstance(allowed, Refused):
            return record_refusal(session, "release.refused", actor, None, {}, allowed, now)
        every = version.every(session)
        meant = {
            name: [each.id for each in every if names.fold(each.name) == names.fold(name)] for name in words.versions
        }
        there = channel.by_name(session, words.channel) if words.channel else None
        zone = ZoneInfo(person_time_zone(policy, allowed.person.email, allowed.person.time_zone, None))
        template = names.find(words.template, list(policy.templates))
        return Draft(
            name=words.name,
            template=template.name if isinstance(template, names.Found) else "",
            target=when.day(words.target, now.astimezone(zone).date()),
            channel_id=there.id if there else words.channel or channel_id or None,
            rule=ScopeRule(
                version_ids=tuple(each for name, ids in meant.items() for each in ids or [name]),
                labels=words.labels,
                epics=words.epics,
            ),
            words=words,
        )


def preview(store: Store, policy: Policy, actor: Actor, draft: Draft, now: datetime) -> Preview | Refused:
    """What a half-filled form would come to."""
    with store.read() as session:
        allowed = authority.to_view(session, policy, Permission.RELEASE_CREATE, actor)
        if isinstance(allowed, Refused):
            return allowed
        whole = resolved(session, draft)
        return rules.examine(whole, findings(session, whole), policy, now)


def resolved(session: Session, draft: Draft) -> Draft:
    """With every namesake's id in its rule, and nothing in it that a database could not store. An id that is unknown
    stays, to be found missing.
    """
    rule = draft.rule
    ids = dict.fromkeys(_storable(rule.version_ids))
    for version_id in _storable(draft.namesakes_of):
        ids |= dict.fromkeys(version.same_name(session, version_id) or [version_id])
    whole = ScopeRule(version_ids=tuple(ids), labels=_storable(rule.labels), epics=_storable(rule.epics))
    return replace(draft, rule=whole, namesakes_of=())


def _storable(texts: Iterable[str]) -> tuple[str, ...]:
    return tuple(filter(None, map(names.tidy, texts)))


def findings(session: Session, draft: Draft) -> Findings:
    rule = draft.rule
    taken = release.by_name(session, draft.name)
    ids = scope.traits(session, rule)
    missing = [each for each in rule.version_ids if each not in version.known(session, rule.version_ids)]
    missing += [each for each in rule.epics if each not in version.known_epics(session, rule.epics)]
    return Findings(
        taken_by=taken.name if taken else None,
        channel=channel.load(session, draft.channel_id) if draft.channel_id else None,
        missing=tuple(missing),
        tickets=len(ids),
        teams=scope.teams(session, rule),
    )
