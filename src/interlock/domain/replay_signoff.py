"""Replaying sign-offs: each that was given or refused, judged anew in both worlds."""

from collections import Counter
from datetime import datetime, timedelta
from typing import Final

from interlock.domain.authority import Refused
from interlock.domain.fingerprint import MaterialChange
from interlock.domain.permission import Permission
from interlock.domain.policy import RequirementRule
from interlock.domain.replay import Declined, Difference, Given, Record, Rules, Window
from interlock.domain.replay_person import entitled, entitled_anew, permitted
from interlock.domain.replay_world import GATES, SEATS, Kept, World, same, values
from interlock.domain.signing import Accepted, AlreadySigned, SignatureWanted, Stale, Verdict
from interlock.domain.signoff import Decision
from interlock.domain.visibility import RESTRICTED
from interlock.domain.words import join

GROUPS: Final = "who was in which user group then is not recorded"
ERASED: Final = "somebody who was erased decided"
AGES: Final = "how old the mirrors were at that moment is not recorded"
UNLIKE: Final = "the record alone does not tell why it was decided as it was"
SCOPE: Final = "which changes of the scope were seen when is not recorded closely enough"
EVERYBODY: Final = "who had to sign, or was of the mandatory group, then is not recorded"

CONFLICTS: Final = {
    "own_request": "exclude_requester",
    "own_release": "exclude_release_manager",
    "account_not_verified": "exclude_assignees",
    "assigned": "exclude_assignees",
}
WHO: Final = frozenset({*CONFLICTS, "not_eligible", "one_requirement_each"})
AGED: Final = {
    "mirror_stale": "mirror_max_age_minutes",
    "groups_unavailable": "groups_max_age_minutes",
    "people_unavailable": "people_max_age_minutes",
}
WHY: Final = {
    "not_permitted": "policy gives the permission to sign to others",
    "not_eligible": "policy asks others for it",
    "own_request": "they had asked for these sign-offs",
    "own_release": "they had planned the release",
    "account_not_verified": "assignees may not sign, and their tracker account was not verified",
    "one_requirement_each": "they had signed another requirement, and one person fills only one",
    "decided_otherwise": "what they had said before would have stood until they revoked it",
    "principal_signed": "the word of whom they stood in for would have stood still",
    "signed_for_you": "what was signed in their name would have stood still",
}
LIFE: Final = ("material", "teams")


class Signoffs:
    """Both worlds of a release, played from the beginning; what differs in the window, and what cannot be told."""

    def __init__(self, record: Record, was: Rules, would: Rules, window: Window) -> None:
        self.record = record
        self.was, self.would = World(record, was), World(record, would)
        self.window = window
        self.differences: list[Difference] = []
        self.unjudged: Counter[str] = Counter()
        words: list[Given | Declined] = [*record.given, *record.declined]
        words.sort(key=lambda each: each.at)
        for word in words:
            if isinstance(word, Given):
                self._given(word)
            else:
                self._declined(word)

    def alike(self, key: str, moment: datetime) -> bool:
        """Whether the same stands of a requirement in both worlds, by the same rule: what held, holds."""
        was, would = self.was.rules.requirement(key), self.would.rules.requirement(key)
        if was is None or would is None or not same(was, would, SEATS):
            return False
        both = [{(each.given.id, each.sure) for each in world.live(key, moment)} for world in (self.was, self.would)]
        return both[0] == both[1] and all(sure for _, sure in both[1])

    def _given(self, word: Given) -> None:
        was, would = self.was.rules.requirement(word.requirement), self.would.rules.requirement(word.requirement)
        reproduced = was is not None and isinstance(self.was.verdict(word, was, able=True), Accepted | AlreadySigned)
        self.was.kept.append(Kept(given=word, until=word.gone_at))
        if was is None or would is None:
            return  # what is asked no more is said of the requirement
        if self._untouched(word, was, would):
            self._keep(word, was, would)
            return
        verdict, doubt = self._anew(word, was, would) if reproduced else (None, UNLIKE)
        if doubt:
            self._doubt(word.at, doubt if word.person else ERASED)
            self._keep(word, was, would, sure=False)
            return
        if isinstance(verdict, Refused):
            self._otherwise(word, "accepted", "refused", self._why(verdict, word))
            return
        if isinstance(verdict, Stale):
            subjects = join([self._subject(each) for each in verdict.changes[:3]])
            self._otherwise(
                word, "accepted", "sent back", f"the scope had changed since the card was drawn: {subjects}"
            )
            return
        if isinstance(verdict, SignatureWanted):
            why = "they would have had to type the release's name and a meaning; taken as typed from here on"
            self._otherwise(word, "accepted at a click", "asked for a signature", why)
        if not isinstance(verdict, AlreadySigned):
            self._keep(word, was, would)

    def _untouched(self, word: Given, was: RequirementRule, would: RequirementRule) -> bool:
        """Whether nothing that it was judged by differs."""
        rules = self.was.rules, self.would.rules
        alone = rules[0].template.one_person_one_requirement == rules[1].template.one_person_one_requirement
        earlier = [
            [each for each in world.kept if each.given.at <= word.at and each.given.id != word.id]
            for world in (self.was, self.would)
        ]
        ages = all(
            getattr(rules[1].policy.limits, each) >= getattr(rules[0].policy.limits, each) for each in AGED.values()
        )
        had = permitted(word.person, rules[0].policy, rules[1].policy, Permission.SIGNOFF_DECIDE, had=True)
        return (
            same(was, would, (*GATES, "step_up"))
            and self._same_material(was, would)
            and alone
            and ages
            and had is True
            and earlier[0] == earlier[1]
        )

    def _anew(self, word: Given, was: RequirementRule, would: RequirementRule) -> tuple[Verdict | None, str | None]:
        """What it comes to under the new rule; or why that cannot be told."""
        policies = self.was.rules.policy, self.would.rules.policy
        had = permitted(word.person, *policies, Permission.SIGNOFF_DECIDE, had=True)
        if had is False:
            return Refused(reason="not_permitted", sentence=""), None
        if any(getattr(policies[1].limits, each) < getattr(policies[0].limits, each) for each in AGED.values()):
            return None, AGES
        if word.person is None:
            return None, ERASED
        able = entitled(word.principal or word.person, was, would)
        if word.principal and not would.delegation:
            able = False if same(was, would, ("groups", "people")) else None
        if had is None or able is None:
            # What is refused even if they were of the group, is refused.
            firm = self.would.verdict(word, would, able=True)
            return (firm, None) if isinstance(firm, Refused) and able is not False else (None, GROUPS)
        if able is False:
            return Refused(reason="not_eligible", sentence=""), None
        changes = () if self._same_material(was, would) else self.would.changes(word)
        if changes is None:
            return None, SCOPE
        return self.would.verdict(word, would, able=True, changes=changes), None

    def _declined(self, word: Declined) -> None:
        was, would = self.was.rules.policy, self.would.rules.policy
        if word.why in AGED:
            if getattr(would.limits, AGED[word.why]) > getattr(was.limits, AGED[word.why]):
                self._doubt(word.at, AGES)
        elif word.why == "not_permitted":
            if permitted(word.person, was, would, Permission.SIGNOFF_DECIDE, had=False) is not False:
                self._doubt(word.at, GROUPS if word.person else ERASED)
        elif word.why in WHO and not self._same_gates():
            self._refused(word)

    def _refused(self, word: Declined) -> None:
        """For somebody whom a requirement turned down for who they are."""
        accepted = self._accepted(word, self.would) if word.person else []
        sure = [rule for rule, able in accepted if able]
        limit = self.would.rules.policy.limits.mirror_max_age_minutes
        if word.person is None:
            self._doubt(word.at, ERASED)
        elif accepted and not sure:
            self._doubt(word.at, GROUPS)
        elif sure and any(able for _, able in self._accepted(word, self.was)):
            self._doubt(word.at, UNLIKE)
        elif sure and word.decision is Decision.APPROVED and not self.record.was_fresh(word.at, limit):
            self._doubt(word.at, AGES)
        elif sure:
            given = _as_given(word, sure[0], -1 - len(self.would.kept))
            horizon = self.record.release.closed_at or self.window.until
            days = sure[0].valid_days if word.decision is Decision.APPROVED else None
            known, overtaken = self.would.overtaken(given, sure[0], horizon)
            ends = [each for each in (overtaken, word.at + timedelta(days=days) if days else None) if each]
            self._otherwise(given, f"refused ({WHY.get(word.why, word.why)})", "accepted", "")
            self.would.kept.append(Kept(given=given, until=min(ends, default=None), sure=known))

    def _accepted(self, word: Declined, world: World) -> list[tuple[RequirementRule, bool]]:
        """The requirements for which it would be accepted there, with whether that its signer may is sure."""
        found = []
        for rule in world.rules.template.requirements:
            able = self._able(word, rule)
            if able is False:
                continue
            changes = world.changes(word)
            verdict = world.verdict(word, rule, able=True, changes=changes or ())
            if isinstance(verdict, Accepted | SignatureWanted):
                found.append((rule, able is True and (changes is not None or word.decision is Decision.REJECTED)))
        return found

    def _able(self, word: Declined, rule: RequirementRule) -> bool | None:
        """Whether somebody who was refused is one of those whom a rule names, as far as the refusal tells."""
        assert word.person is not None
        before = self.was.rules.template.requirements
        if word.why == "not_eligible":
            return entitled_anew(word.person, before[0] if len(before) == 1 else None, rule)
        flag = CONFLICTS.get(word.why)
        held_back = [each for each in before if flag and getattr(each, flag)]
        if len(held_back) == 1 and held_back[0].key == rule.key:
            return entitled(word.person, held_back[0], rule)
        return entitled_anew(word.person, None, rule)

    def _same_gates(self) -> bool:
        both = [
            (rules.template.one_person_one_requirement, [(each.key, *values(each, GATES)) for each in needed])
            for rules in (self.was.rules, self.would.rules)
            for needed in [rules.template.requirements]
        ]
        return both[0] == both[1]

    def _keep(self, word: Given, was: RequirementRule, would: RequirementRule, *, sure: bool = True) -> None:
        """As long as the new rule lets it stand."""
        until, known = self._until(word, was, would)
        self.would.kept.append(Kept(given=word, until=until, sure=sure and known))
        moment = min([each for each in (until, word.gone_at) if each], default=word.at)
        if not known:
            self._doubt(moment, SCOPE)
        elif until != word.gone_at:
            stood = (
                "counted on" if word.gone_at is None else f"counted until {_moment(word.gone_at)} UTC ({word.gone_by})"
            )
            stands = "counted on" if until is None else f"counted until {_moment(until)} UTC only"
            if until and word.gone_at and until > word.gone_at:
                stands = f"counted until {_moment(until)} UTC"
            self._otherwise(word, stood, stands, "", at=moment)

    def _until(self, word: Given, was: RequirementRule, would: RequirementRule) -> tuple[datetime | None, bool]:
        """When it would have counted no more, and whether that is known."""
        if self._same_material(was, would) and was.valid_days == would.valid_days:
            return word.gone_at, True
        horizon = self.record.release.closed_at or self.window.until
        ends = [word.gone_at] if word.gone_by in {"revoked", "giver_left"} else []
        if would.valid_days is not None and word.decision is Decision.APPROVED:
            expires = word.at + timedelta(days=would.valid_days)
            ends += [word.gone_at if word.gone_by == "expired" and was.valid_days == would.valid_days else expires]
        if self._same_material(was, would):
            ends += [word.gone_at] if word.gone_by == "changed" else []
        else:
            known, before = self.was.overtaken(word, was, horizon)
            sure, after = self.would.overtaken(word, would, horizon)
            by_change = word.gone_at if word.gone_by == "changed" else None
            agrees = before is not None and before <= by_change if by_change else _not_before(before, word.gone_at)
            if not (known and sure and agrees):
                return word.gone_at, False
            # What was recorded came when the mirror saw the change, a little later.
            ends.append(by_change if by_change and before == after else after)
        found = [each for each in ends if each is not None and each <= horizon]
        return min(found, default=None), True

    def _same_material(self, was: RequirementRule, would: RequirementRule) -> bool:
        ranks = self.was.rules.template.priorities == self.would.rules.template.priorities
        return ranks and same(was, would, LIFE)

    def _why(self, refused: Refused, word: Given) -> str:
        account = word.person.verified_account if word.person else None
        if refused.reason == "assigned" and account:
            ticket = self.record.assigned(account, word.at)
            return f"they were assigned to {ticket}, which was in scope"
        return WHY.get(refused.reason, refused.reason.replace("_", " "))

    def _otherwise(self, word: Given, was: str, would: str, why: str, *, at: datetime | None = None) -> None:
        moment = at or word.at
        if not self.window.holds(moment):
            return
        what = {Decision.APPROVED: "approval", Decision.REJECTED: "rejection"}[word.decision]
        rule = self.would.rules.requirement(word.requirement)
        who = word.person.name if word.person else "somebody who was erased"
        told = f"{who}'s {what} for {rule.name if rule else word.requirement}"
        self.differences.append(Difference(kind="signoff", at=moment, what=told, was=was, would=would, why=why))

    def _doubt(self, moment: datetime, why: str) -> None:
        if self.window.holds(moment):
            self.unjudged[f"sign-offs: {why}"] += 1

    def _subject(self, change: MaterialChange) -> str:
        trail = self.record.trails.get(change.ticket.id) if change.ticket else None
        if change.ticket and (trail is None or trail.restricted):
            return f"{RESTRICTED} {change.what}"
        return f"{change.subject} {change.what}"


def _not_before(moment: datetime | None, end: datetime | None) -> bool:
    """Whether nothing came before the end."""
    return moment is None or (end is not None and moment >= end)


def _as_given(word: Declined, rule: RequirementRule, number: int) -> Given:
    """As it would be stored."""
    return Given(
        id=number,
        requirement=rule.key,
        slack_id=word.person.slack_id if word.person else "",
        person=word.person,
        principal=None,
        decision=word.decision,
        reason=None,
        fingerprint=word.fingerprint or "",
        at=word.at,
    )


def _moment(at: datetime) -> str:
    return f"{at:%Y-%m-%d %H:%M}"
