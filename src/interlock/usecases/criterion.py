"""Ticking a release's checklist, with what shows that it is done."""

from dataclasses import dataclass
from datetime import datetime

from sqlmodel import Session

from interlock.domain import names
from interlock.domain.actor import Actor, Person
from interlock.domain.authority import Refused
from interlock.domain.criterion import LONGEST_LINK, is_web_address
from interlock.domain.permission import Permission
from interlock.domain.policy import CriterionRule, Policy
from interlock.domain.release import Release, Unclear
from interlock.domain.words import join
from interlock.store import criterion, release
from interlock.store.engine import Store
from interlock.usecases import authority, revalidation, stage
from interlock.usecases.record import record, record_refusal
from interlock.usecases.release import read_release


@dataclass(frozen=True, slots=True, kw_only=True)
class Ticked:
    """`ticked` False: the box was emptied again. `replaced`: whose link stood there until now, if it was another."""

    release: Release
    name: str
    ticked: bool
    replaced: str | None = None


def tick(
    store: Store, policy: Policy, actor: Actor, text: str, channel_id: str, now: datetime, *, ticked: bool
) -> Ticked | Unclear | Refused:
    """`/release tick RELEASE ITEM LINK` and `/release untick RELEASE ITEM`. What is said last counts."""
    with store.write() as session:
        allowed = authority.to_decide(session, policy, Permission.CRITERION_TICK, actor, now)
        if isinstance(allowed, Refused):
            record_refusal(session, "criterion.refused", actor, None, {}, allowed, now)
            return allowed
        meant, rest = read_release(session, text, channel_id)
        if isinstance(meant, Unclear):
            return meant
        one = release.load(session, meant.id, lock=True)
        done = _tick(session, actor, allowed.person, one, rest, now, ticked=ticked)
        if isinstance(done, Refused):
            record_refusal(session, "criterion.refused", actor, one, {}, done, now)
            return done
    # What somebody approved on other evidence is looked at again, where policy calls that material.
    revalidation.revalidate_one(store, one.id, now)
    return done


def _tick(
    session: Session, actor: Actor, who: Person, one: Release, text: str, now: datetime, *, ticked: bool
) -> Ticked | Refused:
    if one.ended:
        return Refused(reason="release_ended", sentence=f"{one.name} has ended, so its checklist stays as it is.")
    item, link = _taken_apart(text)
    rule = _named(one, item)
    if isinstance(rule, Refused):
        return rule
    refused = _link_problem(rule, link) if ticked else None
    if refused:
        return refused
    before = criterion.newest(session, one.id).get(rule.name) if ticked else None
    criterion.tick(session, one.id, rule.name, actor.slack_id, now, ticked=ticked, link=link or None)
    kind = "criterion.ticked" if ticked else "criterion.unticked"
    record(session, kind, actor, who, one, {"criterion": rule.name, "link": link}, now)
    if not ticked:
        stage.fall_back(session, one, "an item is no longer ticked", now, [rule])
    replaced = before.by if before and before.link and before.link != (link or None) else None
    return Ticked(release=one, name=rule.name, ticked=ticked, replaced=replaced)


def _taken_apart(text: str) -> tuple[str, str]:
    """The item, and the link behind it; "" for none."""
    words = text.split()
    if words and "://" in words[-1]:
        return " ".join(words[:-1]), words[-1].strip("<>").partition("|")[0]
    return " ".join(words), ""


def _named(one: Release, typed: str) -> CriterionRule | Refused:
    items = {rule.name: rule for rule in one.policy.criteria if rule.kind == "checklist"}
    found = names.find(typed, list(items))
    if isinstance(found, names.Found):
        return items[found.name]
    if not items:
        return Refused(reason="no_checklist", sentence=f"{one.name} has no checklist.")
    # Where it is the channel's, the release's own name is read as an item's: they typed none.
    typed = "" if names.fold(typed) == names.fold(one.name) else names.tidy(typed)[: names.LONGEST]
    what = f"{one.name} has no item “{typed}”." if typed else "Which item is meant?"
    there = join([f"“{name}”" for name in items], "or")
    return Refused(reason="unknown_item", sentence=f"{what} After the release, type an item of its checklist: {there}.")


def _link_problem(rule: CriterionRule, link: str) -> Refused | None:
    if not link and rule.link_needed:
        return Refused(
            reason="link_missing",
            sentence=f"“{rule.name}” is ticked with a link to what shows that it is done: type it after the name.",
        )
    if link and not is_web_address(link):
        return Refused(
            reason="no_link",
            sentence="That is no link that can be kept: begin it with https:// or http://, in "
            f"{LONGEST_LINK} characters at most.",
        )
    return None
