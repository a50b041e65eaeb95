"""The RAID log for the people who look at it, and entering and changing what stands in it."""

from dataclasses import asdict, dataclass, replace
from datetime import datetime
from typing import Any

from sqlmodel import Session

from interlock.domain import names
from interlock.domain import raid as rules
from interlock.domain import raid_draft as drafts
from interlock.domain.actor import SOMEBODY, Actor, Person, Standing
from interlock.domain.audit import AuditEvent
from interlock.domain.authority import Refused
from interlock.domain.permission import Permission
from interlock.domain.policy import Policy
from interlock.domain.raid import Deed, Entry, Kind, Log, Told
from interlock.domain.raid_draft import Findings, RaidDraft, RaidForm
from interlock.domain.release import ReleaseName, Unclear, choose
from interlock.domain.time_zone import hours_of
from interlock.store import audit, person, raid, release, ticket_read
from interlock.store.engine import Store
from interlock.usecases import authority, raid_notice
from interlock.usecases.record import record_refusal


@dataclass(frozen=True, slots=True, kw_only=True)
class Saved:
    """The entry as it stands now. `again`: it stood so already, and nothing was changed."""

    entry: Entry
    again: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Invalid:
    """A sentence for each field that is wrong."""

    problems: dict[str, str]


def listing(
    store: Store, policy: Policy, actor: Actor, typed: str, channel_id: str, now: datetime
) -> Log | Unclear | Refused:
    """`/raid [release]`: without a name the channel's release, else the only one under way."""
    with store.read() as session:
        allowed = authority.to_view(session, policy, Permission.RAID_VIEW, actor)
        if isinstance(allowed, Refused):
            return allowed
        meant = choose(typed, channel_id, release.all_names(session))
        return meant if isinstance(meant, Unclear) else log_of(session, policy, allowed.person, meant, now)


def of_release(store: Store, policy: Policy, actor: Actor, release_id: int, now: datetime) -> Log | Refused:
    """As `listing`, for the release that a button names."""
    with store.read() as session:
        allowed = authority.to_view(session, policy, Permission.RAID_VIEW, actor)
        if isinstance(allowed, Refused):
            return allowed
        return log_of(session, policy, allowed.person, _name(session, release_id), now)


def show(store: Store, policy: Policy, actor: Actor, typed: str) -> Told | Refused:
    """`/raid show R-12`, with its history."""
    with store.read() as session:
        allowed = authority.to_view(session, policy, Permission.RAID_VIEW, actor)
        if isinstance(allowed, Refused):
            return allowed
        found = named(session, typed)
        return found if isinstance(found, Refused) else _told(session, found)


def show_one(store: Store, policy: Policy, actor: Actor, entry_id: int) -> Told | Refused:
    """As `show`, for the entry that a button names."""
    with store.read() as session:
        allowed = authority.to_view(session, policy, Permission.RAID_VIEW, actor)
        if isinstance(allowed, Refused):
            return allowed
        found = raid.load(session, entry_id)
        return _told(session, found) if found else unknown(f"number {entry_id}")


def form(
    store: Store, policy: Policy, actor: Actor, what: Kind, typed: str, channel_id: str, now: datetime
) -> RaidForm | Unclear | Refused:
    """What `/raid risk [release]` opens, unless it would be in vain."""
    with store.read() as session:
        allowed = authority.to_decide(session, policy, Permission.RAID_EDIT, actor, now)
        if isinstance(allowed, Refused):
            return allowed
        known = release.all_names(session)
        under_way = tuple(each for each in known if not each.ended)
        meant = choose(typed, channel_id, known)
        if isinstance(meant, Unclear) and (typed or not under_way):
            return meant
        chosen = None if isinstance(meant, Unclear) or meant.ended else meant.id
        if not isinstance(meant, Unclear) and meant.ended:
            return rules.ended(meant.name)
        today = hours_of(policy, allowed.person).today(now)
        draft = RaidDraft(
            kind=what,
            release_id=chosen,
            title="",
            owner=actor.slack_id,
            review_on=drafts.usual_review(today, policy.raid.review_after_days),
        )
        return RaidForm(releases=under_way, draft=draft)


def edit_form(store: Store, policy: Policy, actor: Actor, typed: str, now: datetime) -> RaidForm | Refused:
    """What `/raid edit R-12` opens: the entry as it stands, as a draft."""
    with store.read() as session:
        allowed = authority.to_decide(session, policy, Permission.RAID_EDIT, actor, now)
        if isinstance(allowed, Refused):
            return allowed
        found = named(session, typed)
        if isinstance(found, Refused):
            return found
        refused = rules.not_open(found)
        if refused:
            return refused
        under_way = tuple(each for each in release.all_names(session) if not each.ended)
        return RaidForm(releases=under_way, draft=drafts.draft_of(found), before=found)


def add(
    store: Store, policy: Policy, actor: Actor, draft: RaidDraft, request_id: str, now: datetime
) -> Saved | Invalid | Refused:
    """Enter it. The same request again enters nothing, and finds what it entered."""
    with store.write() as session:
        allowed = authority.to_decide(session, policy, Permission.RAID_EDIT, actor, now)
        if isinstance(allowed, Refused):
            return refused(session, actor, allowed, {}, now)
        draft = drafts.tidied(draft)
        found, ticket_id = _findings(session, draft, None)
        # Looked for under the release's lock: the same request in the same moment waits there, and then finds it.
        request = f"{actor.slack_id}:{request_id}"
        made = raid.of_request(session, request)
        if made:
            return Saved(entry=made, again=True)
        today = hours_of(policy, allowed.person).today(now)
        wrong = drafts.problems(draft, found, today)
        if wrong:
            return Invalid(problems=wrong)
        entry = raid.add(session, draft, ticket_id, actor.slack_id, request, now)
        keep(session, None, entry, Deed.CREATED, actor, allowed, "", now)
        raid_notice.tell(session, None, entry, actor.slack_id, now)
        return Saved(entry=entry)


def edit(
    store: Store, policy: Policy, actor: Actor, entry_id: int, draft: RaidDraft, version: int, now: datetime
) -> Saved | Invalid | Refused:
    """Change it to the draft. `version` is the one that its editor saw: of two who change it at once, the second is
    told what the first did.
    """
    with store.write() as session:
        allowed = authority.to_decide(session, policy, Permission.RAID_EDIT, actor, now)
        if isinstance(allowed, Refused):
            return refused(session, actor, allowed, {"entry": entry_id}, now)
        entry = raid.load(session, entry_id, lock=True)
        if entry is None:
            return unknown(f"number {entry_id}")
        draft = drafts.tidied(replace(draft, kind=entry.kind))
        if drafts.draft_of(entry) == draft and entry.open:
            return Saved(entry=entry, again=True)
        turned_down = rules.not_open(entry) or changed_since(session, entry, version)
        if turned_down:
            return turned_down
        found, ticket_id = _findings(session, draft, entry)
        today = hours_of(policy, allowed.person).today(now)
        wrong = drafts.problems(draft, found, today, entry)
        if draft.approver == actor.slack_id and (entry.approver is None or entry.approver.slack_id != actor.slack_id):
            wrong["approver"] = "Somebody else has to name you as the approver."
        if wrong:
            return Invalid(problems=wrong)
        after = raid.change(session, entry, draft, ticket_id)
        keep(session, entry, after, Deed.CHANGED, actor, allowed, "", now)
        raid_notice.tell(session, entry, after, actor.slack_id, now)
        return Saved(entry=after)


def log_of(session: Session, policy: Policy, reader: Person, one: ReleaseName, now: datetime) -> Log:
    today = hours_of(policy, reader).today(now)
    return Log(release=one, entries=raid.of_release(session, one.id), rules=policy.raid, today=today)


def named(session: Session, typed: str) -> Entry | Refused:
    """The entry whose key was typed: its letter and its number."""
    read = rules.read_key(typed)
    if read is None:
        shown = names.tidy(typed)[: names.LONGEST]
        return Refused(
            reason="unknown_entry",
            sentence=f"“{shown}” names no entry. Type its letter and number, such as R-12; /raid list shows them.",
        )
    kind, number = read
    found = raid.load(session, number)
    if found is None:
        return unknown(f"{kind.letter}-{number}")
    if found.kind is not kind:
        return Refused(
            reason="unknown_entry",
            sentence=f"There is no {kind.letter}-{number}: {found.key} is {_article(found.kind)} {found.kind.value}.",
        )
    return found


def unknown(what: str) -> Refused:
    return Refused(reason="unknown_entry", sentence=f"There is no entry {what}. /raid list shows those there are.")


def changed_since(session: Session, entry: Entry, version: int | None) -> Refused | None:
    """Whether somebody changed it after it was shown to whoever changes it now."""
    if version is None or version == entry.version:
        return None
    last = raid.history(session, entry.id)[-1]
    return Refused(
        reason="changed_meanwhile",
        sentence=f"{entry.key} was {last.deed.value} by {last.by.name} meanwhile, so nothing was saved. Look at it "
        f"with /raid show {entry.key}, and do it again.",
    )


def keep(
    session: Session,
    before: Entry | None,
    after: Entry,
    deed: Deed,
    actor: Actor,
    who: Standing,
    note: str,
    now: datetime,
) -> None:
    """The entry's own history, and the record of decisions: a release that it leaves has that in its own, or there
    nobody could tell it from one that was taken out."""
    raid.remember(session, before, after, deed, actor.slack_id, note, now)
    old, new = rules.difference(before, after) if before else ({}, rules.facts(after))
    said = {"note": note} if note else {}
    facts = {"release": after.release.name, "entry": after.key, "before": old, "after": new, **said}
    event = AuditEvent(
        kind=f"raid.{deed.value}",
        actor=actor,
        facts=facts,
        people={"actor": asdict(who.person)},
        release_id=after.release.id,
    )
    audit.append(session, event, now)
    if before and before.release.id != after.release.id:
        left = {"release": before.release.name, "entry": after.key, "to": after.release.name}
        audit.append(session, replace(event, kind="raid.moved", facts=left, release_id=before.release.id), now)


def refused(session: Session, actor: Actor, why: Refused, facts: dict[str, Any], now: datetime) -> Refused:
    """Records the refusal, and gives it back."""
    record_refusal(session, "raid.refused", actor, None, facts, why, now)
    return why


def _findings(session: Session, draft: RaidDraft, before: Entry | None) -> tuple[Findings, str | None]:
    """What the mirror knows of it, and its ticket's id. The release cannot end meanwhile. A restricted ticket is not
    told of, but one that the entry has already stays.
    """
    one: ReleaseName | None = None
    known = {each.id for each in release.all_names(session)}
    if draft.release_id in known:
        locked = release.load(session, draft.release_id, lock=True)
        one = ReleaseName(id=locked.id, name=locked.name, channel_id=locked.channel_id, ended=locked.ended)
    ids = [draft.owner, draft.approver, *draft.contributors, *draft.informed]
    people = person.people(session, filter(None, ids))
    if before and before.ticket and draft.ticket == drafts.draft_of(before).ticket:
        return Findings(release=one, people=people, ticket_known=True), before.ticket.id
    ticket = ticket_read.by_key(session, draft.ticket) if draft.ticket else None
    may = ticket is not None and not ticket.restricted
    return Findings(release=one, people=people, ticket_known=may), ticket.id if ticket and may else None


def _told(session: Session, entry: Entry) -> Told:
    history = raid.history(session, entry.id)
    ids = {value for each in history for facts in (each.before, each.after) for value in _people_in(facts)}
    people = person.people(session, ids)
    names_ = {id_: people[id_].name if id_ in people else SOMEBODY for id_ in ids}
    return Told(entry=entry, history=history, people=names_)


def _people_in(facts: dict[str, Any]) -> list[str]:
    lists = [*facts.get("contributors", ()), *facts.get("informed", ())]
    return [*filter(None, (facts.get("owner"), facts.get("approver"))), *lists]


def _name(session: Session, release_id: int) -> ReleaseName:
    one = release.load(session, release_id)
    return ReleaseName(id=one.id, name=one.name, channel_id=one.channel_id, ended=one.ended)


def _article(kind: Kind) -> str:
    return "an" if kind.value[0] in "ai" else "a"
