"""The sign-offs of a release as they stood under its own policy, or would have stood under another."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Final

from interlock.domain import signing
from interlock.domain.actor import Person, Standing
from interlock.domain.criterion import evidence_changes
from interlock.domain.fingerprint import MaterialChange, material_changes
from interlock.domain.policy import RequirementRule
from interlock.domain.release import Stage
from interlock.domain.replay import Declined, Difference, Given, Record, Rules, Window
from interlock.domain.signing import Ask, Signature, Verdict
from interlock.domain.signoff import Condition, Decision, Progress, Requirement, Signoff
from interlock.domain.status import Stay

EXCLUSIONS: Final = ("exclude_requester", "exclude_release_manager", "exclude_assignees", "delegation")
GATES: Final = ("groups", "people", *EXCLUSIONS)
"""The keys of a requirement that say who may sign."""
SEATS: Final = (*GATES, "quorum", "mandatory_group")
"""And those that say how many of them have to."""
LIFE: Final = ("material", "teams")
"""And those that say what voids what they said."""
EVIDENCE: Final = frozenset({"criterion_turned_red", "evidence_changed"})
"""Of what voids it, what gates say."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """A sign-off that counts until `until`. `sure` is False where the record does not tell whether it would."""

    given: Given
    until: datetime | None
    sure: bool = True


class World:
    """The sign-offs of a release as they stood, or would have stood, under one set of rules."""

    def __init__(self, record: Record, rules: Rules) -> None:
        self.record = record
        self.rules = rules
        self.kept: list[Kept] = []
        self._stays: defaultdict[str, list[Stay]] = defaultdict(list)
        for each in record.stays:
            self._stays[each.ticket_id].append(each)

    def live(self, key: str, moment: datetime) -> list[Kept]:
        return [
            each
            for each in self.kept
            if each.given.requirement == key and each.given.at <= moment and (each.until is None or moment < each.until)
        ]

    def requirement(
        self, rule: RequirementRule, moment: datetime, able: Sequence[Person] = (), *, doubtful: bool = True
    ) -> Requirement:
        """With what stands of it then; without what is not sure, where not `doubtful`."""
        number = 1 + [each.key for each in self.rules.template.requirements].index(rule.key)
        found = [each for each in self.live(rule.key, moment) if each.sure or doubtful]
        return Requirement(
            id=number,
            key=rule.key,
            name=rule.name,
            rule=rule,
            signoffs=tuple(self._signoff(each.given, number, moment) for each in found),
            eligible=tuple(able),
        )

    def progress(self, rule: RequirementRule, moment: datetime) -> Progress | None:
        """How far it was then; None where the record does not tell."""
        both = {_progress(self.requirement(rule, moment, doubtful=doubtful)) for doubtful in (True, False)}
        return both.pop() if len(both) == 1 else None

    def verdict(
        self,
        word: Given | Declined,
        rule: RequirementRule,
        *,
        able: bool,
        changes: tuple[MaterialChange, ...] = (),
    ) -> Verdict:
        """What a click for this requirement comes to; `able` is whether its signer is one of those who may."""
        person = word.person or _somebody(word.slack_id if isinstance(word, Given) else "")
        principal = word.principal if isinstance(word, Given) else None
        template = self.rules.template
        release = replace(self.record.release, policy=template, stage=Stage.IN_PROGRESS, closed_at=None)
        needed = tuple(
            self.requirement(each, word.at, (principal,) if principal and able and each is rule else ())
            for each in template.requirements
        )
        account = person.verified_account
        meaning = word.meaning if isinstance(word, Given) else None
        ask = Ask(
            release=release,
            requirements=needed,
            requested_by=self.record.requested_by or "",
            standing=Standing(
                person=person,
                groups=frozenset(rule.groups if able and principal is None else ()),
                groups_as_of=None,
                people_as_of=None,
            ),
            assigned=self.record.assigned(account, word.at) if account and rule.exclude_assignees else None,
            changes=changes,
            mirror_as_of=word.at,
            stands_for=(principal,) if principal and able else (),
            wanted=next(each.id for each in needed if each.key == rule.key),
            signature=Signature(release=release.name, meaning=meaning) if meaning else None,
        )
        return signing.decide(ask, word.decision, self.rules.policy, word.at)

    def _signoff(self, given: Given, number: int, moment: datetime) -> Signoff:
        conditions = tuple(
            Condition(id=0, signoff_id=given.id, text="", ticket_id=ticket, done=self._met(met_at, ticket, moment))
            for met_at, ticket in given.conditions
        )
        return Signoff(
            id=given.id,
            requirement_id=number,
            person=given.person or _somebody(given.slack_id),
            decision=given.decision,
            reason=given.reason,
            fingerprint=given.fingerprint,
            at=given.at,
            principal=given.principal,
            conditions=conditions,
        )

    def _met(self, met_at: datetime | None, ticket: str | None, moment: datetime) -> bool:
        if ticket is None:
            return met_at is not None and met_at <= moment
        trail = self.record.trails.get(ticket)
        return trail is not None and trail.at("done", moment) is True

    def changes(self, word: Given | Declined) -> tuple[MaterialChange, ...] | None:
        """The material changes between what its signer was shown and the scope then; None where that is not known."""
        shown = self.record.snapshots.get(word.fingerprint or "")
        current = self.record.seen(word.at)
        if shown is None or current is None:
            return None
        return material_changes(shown, current, self.rules.template.priorities)

    def overtaken(self, given: Given, rule: RequirementRule, until: datetime) -> tuple[bool, datetime | None]:
        """Whether it is known, and when the first change came that voids an approval by this rule; None for none."""
        if given.decision is not Decision.APPROVED:
            return True, None
        shown = self.record.snapshots.get(given.fingerprint)
        if shown is None:
            return False, None
        needed = self.requirement(rule, given.at)
        told = self._evidence(given, needed, until)
        before = {ticket.id: (ticket,) for ticket in shown}
        for moment, id_ in self.record.changes(given.at, until):
            trail = self.record.trails.get(id_)
            then = trail.seen(moment) if trail else None
            if then is None:
                return False, None
            now = (then,) if self._inside(id_, moment) else ()
            changes = material_changes(before.get(id_, ()), now, self.rules.template.priorities)
            if any(needed.touched_by(each, self._team(each)) for each in changes):
                return True, min([moment, *told])
        return True, min(told, default=None)

    def _evidence(self, given: Given, needed: Requirement, until: datetime) -> list[datetime]:
        """When evidence became another than its signer saw, in a way that voids it."""
        record, rules = self.record, self.rules.template.criteria
        before = record.told(given.at)
        moments = sorted({each.at for told in record.evidence.values() for each in told if given.at < each.at <= until})
        return [
            moment
            for moment in moments
            if any(needed.touched_by(each, None) for each in evidence_changes(rules, before, record.told(moment)))
        ]

    def _inside(self, ticket_id: str, moment: datetime) -> bool:
        """Whether the ticket was in scope then."""
        return any(
            each.added_at <= moment and (each.removed_at is None or moment < each.removed_at)
            for each in self._stays[ticket_id]
        )

    def _team(self, change: MaterialChange) -> str | None:
        trail = self.record.trails.get(change.ticket.id) if change.ticket else None
        return trail.team if trail else None


class Both:
    """Both worlds of a release; what differs in the window, and what cannot be told."""

    def __init__(self, record: Record, was: Rules, would: Rules, window: Window) -> None:
        self.record = record
        self.was, self.would = World(record, was), World(record, would)
        self.window = window
        self.differences: list[Difference] = []
        self.unjudged: Counter[str] = Counter()

    def alike(self, key: str, moment: datetime) -> bool:
        """Whether the same stands of a requirement in both worlds, by the same rule: what held, holds."""
        was, would = self.was.rules.requirement(key), self.would.rules.requirement(key)
        if was is None or would is None or not same(was, would, SEATS):
            return False
        both = [{(each.given.id, each.sure) for each in world.live(key, moment)} for world in (self.was, self.would)]
        return both[0] == both[1] and all(sure for _, sure in both[1])

    def same_before(self, moment: datetime, *, without: int = 0) -> bool:
        """Whether the same had been signed by then in both worlds, and stood as long."""
        both = [
            [each for each in world.kept if each.given.at <= moment and each.given.id != without]
            for world in (self.was, self.would)
        ]
        return both[0] == both[1]

    def same_gates(self) -> bool:
        both = [
            (rules.template.one_person_one_requirement, [(each.key, *values(each, GATES)) for each in needed])
            for rules in (self.was.rules, self.would.rules)
            for needed in [rules.template.requirements]
        ]
        return both[0] == both[1]

    def same_material(self, was: RequirementRule, would: RequirementRule) -> bool:
        both = self.was.rules.template, self.would.rules.template
        shown = EVIDENCE.isdisjoint(would.material) or both[0].criteria == both[1].criteria
        return shown and both[0].priorities == both[1].priorities and same(was, would, LIFE)

    def lowered(self, moment: datetime) -> bool:
        """Whether the new policy takes younger mirrors alone, and nothing proves that they were as young then."""
        was, would = self.was.rules.policy.limits, self.would.rules.policy.limits
        if any(
            getattr(would, each) < getattr(was, each) for each in ("groups_max_age_minutes", "people_max_age_minutes")
        ):
            return True
        minutes = would.mirror_max_age_minutes
        return minutes < was.mirror_max_age_minutes and not self.record.was_fresh(moment, minutes)

    def otherwise(self, word: Given, was: str, would: str, why: str, *, at: datetime | None = None) -> None:
        moment = at or word.at
        if not self.window.holds(moment):
            return
        what = {Decision.APPROVED: "approval", Decision.REJECTED: "rejection"}[word.decision]
        rule = self.would.rules.requirement(word.requirement)
        who = word.person.name if word.person else "somebody who was erased"
        told = f"{who}'s {what} for {rule.name if rule else word.requirement}"
        self.differences.append(Difference(kind="signoff", at=moment, what=told, was=was, would=would, why=why))

    def doubt(self, moment: datetime, why: str) -> None:
        if self.window.holds(moment):
            self.unjudged[f"sign-offs: {why}"] += 1


def same(one: RequirementRule, other: RequirementRule, keys: Iterable[str]) -> bool:
    return values(one, keys) == values(other, keys)


def values(rule: RequirementRule, keys: Iterable[str]) -> list[Any]:
    """In an order of their own, where the order says nothing."""
    found = [getattr(rule, key) for key in keys]
    return [sorted(each) if isinstance(each, tuple) else each for each in found]


def _progress(found: Requirement) -> Progress | None:
    """None where it hangs on who had to sign then, or was of the mandatory group."""
    rule = found.rule
    if found.rejections:
        return Progress.REJECTED
    if rule.quorum == "all":
        return None if found.count else Progress.OPEN
    plain = replace(found, rule=replace(rule, mandatory_group=None)).progress
    return None if rule.mandatory_group and plain is not Progress.OPEN else plain


def _somebody(slack_id: str) -> Person:
    return Person(slack_id=slack_id, name="somebody who was erased")
