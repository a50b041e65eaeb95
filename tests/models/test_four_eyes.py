"""Whatever people do, in whatever order, no requirement is met by fewer people than policy asks."""

from dataclasses import replace
from datetime import datetime, timedelta
from typing import ClassVar

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule
from sqlmodel import col, delete, select

from interlock.domain.policy import RequirementRule
from interlock.domain.signing import Accepted
from interlock.domain.signoff import Decision, Progress
from interlock.store import audit, signoff_record
from interlock.store import release as release_store
from interlock.store import signoff as signoff_store
from interlock.store.delegation import DelegationRow
from interlock.store.engine import Store
from interlock.store.person import GroupMemberRow, PersonRow
from interlock.store.signoff import SignoffRow
from interlock.usecases import ask, condition, delegation, revalidation, scope
from interlock.usecases.signoff import NOTHING, With
from interlock.usecases.signoff_revoke import revoke
from tests.builders import NOW, POLICY, actor, ticket
from tests.models.conftest import Databases, Run
from tests.signoffs import asked, drawn, fresh, say

BOTH = ("qa-approvers", "release-managers")
QA = RequirementRule(key="qa", name="QA", groups=BOTH, quorum=2, delegation=True, valid_days=2)
RISK = replace(QA, key="risk", name="Risk", quorum=2, mandatory_group="qa-approvers", valid_days=None)
EVERYBODY = replace(QA, key="all", name="Everybody", groups=("qa-approvers",), quorum="all")
PEOPLE = ("TOM", "INES", "NOOR", "MARIA", "RAVI", "RITA", "NOMAIL")
WHO = st.sampled_from(PEOPLE)


class FourEyes(RuleBasedStateMachine):
    databases: ClassVar[Databases]
    one_each: ClassVar[bool]

    @initialize()
    def begin(self) -> None:
        self.store: Store = self.databases.fresh()
        self.now: datetime = NOW
        self.revision = asked(self.store, QA, RISK, EVERYBODY, one_each=self.one_each)
        self.tickets = 0

    @rule(who=WHO, which=st.integers(0, 3), decision=st.sampled_from([Decision.APPROVED] * 4 + [Decision.REJECTED]))
    def speak(self, who: str, which: int, decision: Decision) -> None:
        shown = ask.shown_for(self.revision, which) if which else self.revision
        verdict = say(self.store, who, shown, decision, NOTHING, self.now)
        assert who != "RITA" or not isinstance(verdict, Accepted), "whoever asked signs nothing"

    @rule(who=WHO)
    def approve_with_a_condition(self, who: str) -> None:
        say(self.store, who, self.revision, more=With(conditions=("Rollback tested",)), now=self.now)

    @rule(who=WHO, number=st.integers(1, 3))
    def tick(self, who: str, number: int) -> None:
        condition.tick(self.store, POLICY, actor(who), number, self.now)

    @rule(who=WHO)
    def take_back(self, who: str) -> None:
        revoke(self.store, POLICY, actor(who), self.revision, self.now)

    @rule(who=WHO, to=st.sampled_from([*PEOPLE, None]), hours=st.integers(1, 72))
    def leave(self, who: str, to: str | None, hours: int) -> None:
        until = self.now + timedelta(hours=hours)
        delegation.away(self.store, POLICY, actor(who), until, to and f"U0{to}", self.now)

    @rule(who=WHO)
    def come_back(self, who: str) -> None:
        delegation.back(self.store, POLICY, actor(who), self.now)

    @rule(who=WHO, group=st.sampled_from(BOTH))
    def group_changes(self, who: str, group: str) -> None:
        pair = (col(GroupMemberRow.group_id) == f"S0{group}", col(GroupMemberRow.slack_id) == f"U0{who}")
        with self.store.write() as session:
            if session.exec(select(GroupMemberRow).where(*pair)).first():
                session.execute(delete(GroupMemberRow).where(*pair))
            else:
                session.add(GroupMemberRow(group_id=f"S0{group}", slack_id=f"U0{who}"))

    @rule(who=WHO)
    def account_ends_or_begins(self, who: str) -> None:
        with self.store.write() as session:
            row = session.get_one(PersonRow, f"U0{who}")
            row.active = not row.active

    @precondition(lambda self: self.tickets < 3)
    @rule()
    def scope_grows(self) -> None:
        self.tickets += 1
        with self.store.write() as session:
            ticket(session, f"DATA-{10 + self.tickets}")
            scope.refresh(session, None, self.now)
        revalidation.revalidate(self.store, self.now)
        self.revision = drawn(self.store, self.now)

    @rule(hours=st.integers(1, 30))
    def time_passes(self, hours: int) -> None:
        self.now = fresh(self.store, self.now + timedelta(hours=hours))
        revalidation.expire(self.store, self.now)

    @invariant()
    def nobody_is_two(self) -> None:
        with self.store.read() as session:
            one = release_store.load(session, 1)
            requirements = signoff_store.requirements(session, one, now=self.now)
            rows = [row for row in session.exec(select(SignoffRow)) if not (row.revoked_at or row.void_at)]
            away = list(session.exec(select(DelegationRow)))
        filled: dict[str, set[int]] = {}
        for row in rows:
            assert "U0RITA" not in {row.slack_id, row.principal}, "nobody signs at their own request"
            if row.principal != row.slack_id:
                named = [each for each in away if (each.slack_id, each.stand_in) == (row.principal, row.slack_id)]
                assert any(each.starts <= row.at < (each.ended_at or each.until) for each in named)
            for who in {row.slack_id, row.principal or ""}:
                filled.setdefault(who, set()).add(row.requirement_id)
        if self.one_each:
            assert all(len(each) == 1 for each in filled.values()), "one person, two requirements"
        for requirement in requirements:
            mine = [row for row in rows if row.requirement_id == requirement.id and row.decision == "approved"]
            assert len({row.slack_id for row in mine}) == len({row.principal for row in mine}) == len(mine)
            if requirement.progress in {Progress.MET, Progress.CONDITIONAL}:
                least = len(requirement.eligible) if requirement.rule.quorum == "all" else 2
                assert len(requirement.approvals) >= max(least, 1)
            if requirement.progress is Progress.MET:
                assert not any(given.open_conditions for given in requirement.approvals)

    @invariant()
    def the_record_agrees(self) -> None:
        with self.store.read() as session:
            assert audit.verify(session)[1] is None
            assert signoff_record.first_difference(session) is None


def test_four_eyes(run: Run) -> None:
    run(type("OneEach", (FourEyes,), {"one_each": True}), 6, 25)


def test_four_eyes_where_one_may_fill_two(run: Run) -> None:
    run(type("Several", (FourEyes,), {"one_each": False}), 4, 25)
