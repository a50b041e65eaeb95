"""Whatever people do, in whatever order: no policy of a live release is changed by one person, and no release stays in
go with a sign-off missing that its policy asks for.
"""

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from typing import ClassVar

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule
from sqlmodel import col, delete, select

from interlock.domain.policy import Template
from interlock.domain.policy_change import Outcome
from interlock.domain.release import Stage
from interlock.domain.signoff import Decision
from interlock.domain.stage import unmet
from interlock.store import audit, signoff_record
from interlock.store import release as release_store
from interlock.store import signoff as signoff_store
from interlock.store.engine import Store
from interlock.store.person import GroupMemberRow, PersonRow
from interlock.store.policy_change import PolicyChangeRow, WordRow
from interlock.usecases import delegation, policy_change, policy_change_end, revalidation, signoff, stage
from interlock.usecases.policy_change import Proposed
from tests.builders import GOVERNANCE, NOW, POLICY, QA, TEMPLATE, actor
from tests.models.conftest import Databases, Run
from tests.policy_changes import begun, drawn, loaded, say, under
from tests.signoffs import drawn as card_drawn
from tests.signoffs import fresh
from tests.signoffs import say as sign

ONE = replace(QA, quorum=1, exclude_requester=False, delegation=True)
PAIR = replace(QA, delegation=True, valid_days=2)
TEMPLATES: Sequence[Template] = (
    TEMPLATE,
    replace(TEMPLATE, requirements=(ONE,)),
    replace(TEMPLATE, requirements=(PAIR, GOVERNANCE)),
    replace(TEMPLATE, requirements=(ONE, replace(ONE, key="two", name="Two")), one_person_one_requirement=False),
    replace(TEMPLATE, requirements=()),
)
PEOPLE = ("TOM", "INES", "MARIA", "RITA", "ANA")
WHO = st.sampled_from(PEOPLE)
SOME = st.lists(WHO, min_size=1, max_size=len(PEOPLE), unique=True)
EVERYBODY = replace(POLICY, permissions=dict.fromkeys(POLICY.permissions, ("everyone",)))


class PolicyChanges(RuleBasedStateMachine):
    databases: ClassVar[Databases]

    @initialize(old=st.sampled_from(TEMPLATES))
    def begin(self, old: Template) -> None:
        self.store: Store = self.databases.fresh()
        begun(self.store, old, Stage.READY)
        self.now = NOW
        self.sign_and_go(list(PEOPLE))

    def _newest(self) -> int:
        with self.store.read() as session:
            return len(session.exec(select(PolicyChangeRow.id)).all())

    @rule(
        who=WHO,
        new=st.sampled_from(TEMPLATES),
        people=SOME,
        last=st.sampled_from([Decision.APPROVED] * 6 + [Decision.REJECTED]),
    )
    def propose_and_speak(self, who: str, new: Template, people: list[str], last: Decision) -> None:
        """Of what is open already, where something is."""
        policy = replace(EVERYBODY, templates=under(new).templates)
        policy_change.propose(self.store, policy, actor(who), 1, "Because", self.now)
        if number := self._newest():
            seen = drawn(self.store, number, self.now)
            for each in people[:-1]:
                say(self.store, each, now=self.now, seen=seen, policy=EVERYBODY)
            say(self.store, people[-1], last, now=self.now, seen=seen, policy=EVERYBODY)

    @rule(who=WHO)
    def withdraw(self, who: str) -> None:
        if number := self._newest():
            policy_change_end.withdraw(self.store, EVERYBODY, actor(who), number, "", self.now)

    @rule(people=SOME)
    def sign_and_go(self, people: list[str]) -> None:
        done = signoff.request(self.store, POLICY, actor("RITA"), 1, self.now)
        if isinstance(done, signoff.Requested):
            for who in people:
                sign(self.store, who, card_drawn(self.store, self.now), now=self.now)
        for after in (Stage.READY, Stage.GO):
            stage.move(self.store, EVERYBODY, actor("RITA"), 1, after, "", self.now)

    @rule(who=WHO, to=WHO)
    def leave(self, who: str, to: str) -> None:
        delegation.away(self.store, EVERYBODY, actor(who), self.now + timedelta(days=1), f"U0{to}", self.now)

    @rule(who=WHO)
    def group_changes(self, who: str) -> None:
        pair = (col(GroupMemberRow.group_id) == "S0qa-approvers", col(GroupMemberRow.slack_id) == f"U0{who}")
        with self.store.write() as session:
            if session.exec(select(GroupMemberRow).where(*pair)).first():
                session.execute(delete(GroupMemberRow).where(*pair))
            else:
                session.add(GroupMemberRow(group_id="S0qa-approvers", slack_id=f"U0{who}"))
        stage.recheck(self.store, self.now)

    @rule(who=WHO)
    def account_ends_or_begins(self, who: str) -> None:
        with self.store.write() as session:
            row = session.get_one(PersonRow, f"U0{who}")
            row.active = not row.active
        stage.recheck(self.store, self.now)

    @rule(hours=st.integers(1, 60))
    def time_passes(self, hours: int) -> None:
        self.now = fresh(self.store, self.now + timedelta(hours=hours))
        policy_change_end.expire(self.store, self.now)
        revalidation.expire(self.store, self.now)

    @invariant()
    def nobody_changes_it_alone(self) -> None:
        with self.store.read() as session:
            rows = session.exec(select(PolicyChangeRow).order_by(col(PolicyChangeRow.id))).all()
            words = session.exec(select(WordRow)).all()
            version = release_store.load(session, 1).policy_version
        applied = [row for row in rows if row.outcome == Outcome.APPLIED]
        assert version == (applied[-1].new_version if applied else "v1")
        for row in applied:
            said = [each for each in words if (each.change_id, each.decision) == (row.id, "approved")]
            assert {each.slack_id for each in said} - {row.proposed_by}, "a second pair of eyes at least"
            assert row.proposed_by not in {who for each in said for who in (each.slack_id, each.principal)}
            for wanted in loaded(self.store, row.id or 0).old.requirements:
                assert wanted.quorum != "all"
                assert row.ended_at
                oldest = row.ended_at - timedelta(days=wanted.valid_days or 999)
                mine = {each.slack_id for each in said if each.requirement == wanted.key and each.at > oldest}
                assert len(mine) >= wanted.quorum

    @invariant()
    def no_go_lacks_what_its_policy_asks(self) -> None:
        with self.store.read() as session:
            one = release_store.load(session, 1)
            lacking = unmet(signoff_store.requirements(session, one, now=self.now), Stage.GO)
        assert one.stage is not Stage.GO or not lacking

    @invariant()
    def the_record_agrees(self) -> None:
        with self.store.read() as session:
            assert audit.verify(session)[1] is None
            assert signoff_record.first_difference(session) is None


def test_policy_changes(run: Run) -> None:
    run(PolicyChanges, 12, 12)


def test_the_walk_reaches_what_it_is_about(sqlite_store: Store) -> None:
    """A change that is carried out, under the very policy of the walk."""
    begun(sqlite_store, TEMPLATES[1], Stage.READY)
    policy = replace(EVERYBODY, templates=under(TEMPLATES[4]).templates)
    assert isinstance(policy_change.propose(sqlite_store, policy, actor("ANA"), 1, "Because", NOW), Proposed)
    assert say(sqlite_store, "TOM", policy=EVERYBODY).outcome is Outcome.APPLIED
