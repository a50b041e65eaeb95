"""Replaying sign-offs: each that was given or refused, judged anew in both worlds."""

from dataclasses import replace
from datetime import datetime, timedelta

from interlock.domain.authority import Refused
from interlock.domain.fingerprint import MaterialChange
from interlock.domain.permission import Permission
from interlock.domain.policy import RequirementRule
from interlock.domain.replay import Declined, Given, Record, Rules, Window, minute
from interlock.domain.replay_person import entitled, permitted
from interlock.domain.replay_refusal import AGES, ERASED, EVERYBODY, GROUPS, SCOPE, UNLIKE, UNSURE, WHY, Refusals
from interlock.domain.replay_world import GATES, Both, Kept, same
from interlock.domain.signing import Accepted, AlreadySigned, SignatureWanted, Stale, Verdict
from interlock.domain.signoff import Decision
from interlock.domain.visibility import RESTRICTED
from interlock.domain.words import join


class Signoffs(Both):
    """Both worlds of a release, played from the beginning; what differs in the window, and what cannot be told."""

    def __init__(self, record: Record, was: Rules, would: Rules, window: Window) -> None:
        super().__init__(record, was, would, window)
        refusals = Refusals(self)
        words: list[Given | Declined] = [*record.given, *record.declined]
        words.sort(key=lambda each: each.at)
        for word in words:
            if isinstance(word, Given):
                self._given(word)
            else:
                refusals.judge(word)
        self._lives()

    def obscure(self, key: str) -> str:
        """Why it cannot be told how far a requirement was."""
        return EVERYBODY if all(each.sure for each in self.would.kept if each.given.requirement == key) else UNSURE

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
            self.doubt(word.at, doubt if word.person else ERASED)
            self._keep(word, was, would, sure=False)
            return
        if isinstance(verdict, Refused):
            self.otherwise(word, "accepted", "refused", self._why(verdict, word))
            return
        if isinstance(verdict, Stale):
            subjects = join([self._subject(each) for each in verdict.changes[:3]])
            self.otherwise(word, "accepted", "sent back", f"the scope had changed since the card was drawn: {subjects}")
            return
        if isinstance(verdict, SignatureWanted):
            why = "they would have had to type the release's name and a meaning; taken as typed from here on"
            self.otherwise(word, "accepted at a click", "asked for a signature", why)
        if isinstance(verdict, AlreadySigned):
            self._again(word)
        else:
            self._keep(word, was, would)

    def _untouched(self, word: Given, was: RequirementRule, would: RequirementRule) -> bool:
        """Whether nothing that it was judged by differs."""
        rules = self.was.rules, self.would.rules
        alone = rules[0].template.one_person_one_requirement == rules[1].template.one_person_one_requirement
        had = permitted(word.person, rules[0].policy, rules[1].policy, Permission.SIGNOFF_DECIDE, had=True)
        return (
            same(was, would, (*GATES, "step_up"))
            and self.same_material(was, would)
            and alone
            and not self.lowered(word.at)
            and had is True
            and self.same_before(word.at, without=word.id)
        )

    def _anew(self, word: Given, was: RequirementRule, would: RequirementRule) -> tuple[Verdict | None, str | None]:
        """What it comes to under the new rule; or why that cannot be told."""
        policies = self.was.rules.policy, self.would.rules.policy
        had = permitted(word.person, *policies, Permission.SIGNOFF_DECIDE, had=True)
        if had is False:
            return Refused(reason="not_permitted", sentence=""), None
        if self.lowered(word.at):
            return None, AGES
        if word.person is None:
            return None, ERASED
        able = entitled(word.principal or word.person, was, would)
        if word.principal and not would.delegation:
            able = False if same(was, would, ("groups", "people")) else None
        if able is False:
            return Refused(reason="not_eligible", sentence=""), None
        if had is None or able is None:
            # What is refused even to one of the group, is refused.
            firm = self.would.verdict(word, would, able=True)
            return (firm, None) if isinstance(firm, Refused) else (None, GROUPS)
        changes = () if self.same_material(was, would) else self.would.changes(word)
        if changes is None:
            return None, SCOPE
        return self.would.verdict(word, would, able=True, changes=changes), None

    def _keep(self, word: Given, was: RequirementRule, would: RequirementRule, *, sure: bool = True) -> None:
        """As long as the new rule lets it stand."""
        until, known = self._until(word, was, would)
        self.would.kept.append(Kept(given=word, until=until, sure=sure and known))
        if not known:
            self.doubt(word.gone_at or word.at, SCOPE)

    def _again(self, word: Given) -> None:
        """Affirmed anew what stood still: whoever took that back, would have taken back what stood."""
        if word.gone_by not in {"revoked", "giver_left"} or word.gone_at is None:
            return
        ends = word.gone_at
        self.would.kept = [
            replace(each, until=min(each.until or ends, ends))
            if each.given.requirement == word.requirement and each.given.slack_id == word.slack_id
            else each
            for each in self.would.kept
        ]

    def _lives(self) -> None:
        """What would have counted for longer, or not as long."""
        for kept in self.would.kept:
            word, until = kept.given, kept.until
            if until == word.gone_at or word.id < 0 or not kept.sure:
                continue
            stood = f"counted until {minute(word.gone_at)} ({word.gone_by})" if word.gone_at else "counted on"
            stands = f"counted until {minute(until)}" if until else "counted on"
            moment = min(each for each in (until, word.gone_at) if each)
            self.otherwise(word, stood, stands, "", at=moment)

    def _until(self, word: Given, was: RequirementRule, would: RequirementRule) -> tuple[datetime | None, bool]:
        """When it would have counted no more, and whether that is known."""
        if self.same_material(was, would) and was.valid_days == would.valid_days:
            return word.gone_at, True
        horizon = self.record.settled_at() or self.window.until
        ends = [word.gone_at] if word.gone_by in {"revoked", "giver_left"} else []
        if would.valid_days is not None and word.decision is Decision.APPROVED:
            expires = word.at + timedelta(days=would.valid_days)
            ends += [word.gone_at if word.gone_by == "expired" and was.valid_days == would.valid_days else expires]
        if self.same_material(was, would):
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

    def _why(self, refused: Refused, word: Given) -> str:
        account = word.person.verified_account if word.person else None
        if refused.reason == "assigned" and account:
            ticket = self.record.assigned(account, word.at)
            return f"they were assigned to {ticket}, which was in scope"
        return WHY.get(refused.reason, refused.reason.replace("_", " "))

    def _subject(self, change: MaterialChange) -> str:
        trail = self.record.trails.get(change.ticket.id) if change.ticket else None
        if change.ticket and (trail is None or trail.restricted):
            return f"{RESTRICTED} {change.what}"
        return f"{change.subject} {change.what}"


def _not_before(moment: datetime | None, end: datetime | None) -> bool:
    """Whether nothing came before the end."""
    return moment is None or (end is not None and moment >= end)
