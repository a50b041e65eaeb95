"""Replaying refusals: somebody whom a sign-off was refused, and who might have given it under another policy."""

from datetime import timedelta
from typing import Final

from interlock.domain.permission import Permission
from interlock.domain.policy import RequirementRule
from interlock.domain.replay import Declined, Given
from interlock.domain.replay_person import entitled, entitled_anew, named, permitted
from interlock.domain.replay_world import EXCLUSIONS, GATES, Both, Kept, World, same
from interlock.domain.signing import Accepted, SignatureWanted
from interlock.domain.signoff import Decision

GROUPS: Final = "who was in which user group then is not recorded"
ERASED: Final = "somebody who was erased decided"
AGES: Final = "how old the mirrors were at that moment is not recorded"
UNLIKE: Final = "the record alone does not tell why it was decided as it was"
SCOPE: Final = "which changes of the scope were seen when is not recorded closely enough"
EVERYBODY: Final = "who had to sign, or was of the mandatory group, then is not recorded"
UNSURE: Final = "they hang on sign-offs that could not be judged"
MEANT: Final = "for which requirement a refused click was meant is not recorded"

CONFLICTS: Final = {
    "own_request": "exclude_requester",
    "own_release": "exclude_release_manager",
    "account_not_verified": "exclude_assignees",
    "assigned": "exclude_assignees",
}
WHO: Final = frozenset({*CONFLICTS, "not_eligible"})
SAID: Final = frozenset({"one_requirement_each", "decided_otherwise", "principal_signed", "signed_for_you"})
"""Refusals that hang on what was signed before."""
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


class Refusals:
    """Judges them one by one, in both worlds as they are by then."""

    def __init__(self, both: Both) -> None:
        self.both, self.record = both, both.record
        self.was, self.would = both.was, both.would

    def judge(self, word: Declined) -> None:
        was, would = self.was.rules.policy, self.would.rules.policy
        if word.why in AGED:
            if getattr(would.limits, AGED[word.why]) > getattr(was.limits, AGED[word.why]):
                self.both.doubt(word.at, AGES)
        elif word.why == "not_permitted":
            if permitted(word.person, was, would, Permission.SIGNOFF_DECIDE, had=False) is not False:
                self.both.doubt(word.at, GROUPS if word.person else ERASED)
        elif word.why in SAID and not (self._same_for(word) and self.both.same_before(word.at)):
            self.both.doubt(word.at, MEANT)
        elif word.why in WHO and not self._same_for(word):
            self._refused(word)

    def _same_for(self, word: Declined) -> bool:
        """Whether the rules say nothing else of this person than they did."""
        who, was, would = word.person, self.was.rules, self.would.rules
        if self.both.same_gates() or who is None:
            return self.both.same_gates()
        both = [(was.requirement(each.key), each) for each in would.template.requirements]
        return (
            was.template.one_person_one_requirement == would.template.one_person_one_requirement
            and len(was.template.requirements) == len(both)
            and all(
                old is not None
                and same(old, new, EXCLUSIONS)
                and set(old.groups) == set(new.groups)
                and named(who, old.people) == named(who, new.people)
                for old, new in both
            )
        )

    def _refused(self, word: Declined) -> None:
        """For somebody whom a requirement turned down for who they are."""
        accepted = self._accepted(word, self.would) if word.person else []
        sure = [rule for rule, able in accepted if able]
        limit = self.would.rules.policy.limits.mirror_max_age_minutes
        if word.person is None:
            self.both.doubt(word.at, ERASED)
        elif accepted and not sure:
            meant = word.why in CONFLICTS or any(named(word.person, each.people) for each, _ in accepted)
            self.both.doubt(word.at, MEANT if meant else GROUPS)
        elif sure and any(able for _, able in self._accepted(word, self.was)):
            self.both.doubt(word.at, UNLIKE)
        elif sure and word.decision is Decision.APPROVED and not self.record.was_fresh(word.at, limit):
            self.both.doubt(word.at, AGES)
        elif sure:
            given = _as_given(word, sure[0], -1 - len(self.would.kept))
            horizon = self.record.settled_at() or self.both.window.until
            days = sure[0].valid_days if word.decision is Decision.APPROVED else None
            known, overtaken = self.would.overtaken(given, sure[0], horizon)
            ends = [each for each in (overtaken, word.at + timedelta(days=days) if days else None) if each]
            self.both.otherwise(given, f"refused ({WHY.get(word.why, word.why)})", "accepted", "")
            self.would.kept.append(Kept(given=given, until=min(ends, default=None), sure=known))

    def _accepted(self, word: Declined, world: World) -> list[tuple[RequirementRule, bool]]:
        """The requirements for which it would be accepted there, with whether that its signer may is sure."""
        found = []
        for rule in world.rules.template.requirements:
            old = self.was.rules.requirement(rule.key)
            unchanged = world is self.would and old is not None and same(old, rule, GATES)
            able = False if unchanged else self._able(word, rule)
            if able is False:  # whichever the click was for, it was none of what this rule would have taken
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
            able = entitled_anew(word.person, self.was.rules.requirement(rule.key), rule)
            return able if able is False or len(before) == 1 else None
        flag = CONFLICTS.get(word.why)
        held_back = [each for each in before if flag and getattr(each, flag)]
        if len(held_back) == 1 and held_back[0].key == rule.key:
            return entitled(word.person, held_back[0], rule)
        return entitled_anew(word.person, None, rule)


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
