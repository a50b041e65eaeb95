"""Whatever people do, in whatever order: nobody breaks glass alone, and no go outlives it."""

from dataclasses import replace
from datetime import datetime, timedelta
from typing import ClassVar

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule
from sqlmodel import select

from interlock.domain.fingerprint import fingerprint
from interlock.domain.policy import EVERYONE, Role
from interlock.domain.release import Stage
from interlock.domain.signoff import GIVEN, Decision, Progress
from interlock.domain.stage import Moved
from interlock.store import audit
from interlock.store import release as releases
from interlock.store import signoff as signoffs
from interlock.store.break_glass import BreakGlassRow
from interlock.store.engine import Store
from interlock.store.person import PersonRow
from interlock.usecases import break_glass, break_glass_end, revalidation, scope, signoff_revoke, stage
from tests.builders import CHANNEL, NOW, actor, ticket
from tests.glasses import GLASS, ready, shown
from tests.models.conftest import Databases, Run
from tests.signoffs import drawn, fresh, say

PEOPLE = ("RITA", "ANA", "TOM", "MARIA")
WHO = st.sampled_from(PEOPLE)
MOST = 3
NOTED = st.sampled_from([True, True, False])
EVERYBODY = Role(people=tuple(f"{name.lower()}@practice.example" for name in PEOPLE))
POLICY = replace(
    GLASS,
    roles={"all": EVERYBODY},
    permissions={each: ("all",) if each.value.startswith("break_glass") else (EVERYONE,) for each in GLASS.permissions},
)
"""Everybody may ask, confirm and review: nothing but the rules tells two people apart."""


class TwoPeople(RuleBasedStateMachine):
    databases: ClassVar[Databases]

    @initialize()
    def begin(self) -> None:
        self.store: Store = self.databases.fresh()
        self.now: datetime = NOW
        ready(self.store)
        self.tickets = 0
        self.noted = True
        self.revisions: list[str] = [drawn(self.store)]

    @rule(who=WHO, what=st.sampled_from(["", "", "qa", "governance"]))
    def ask(self, who: str, what: str) -> None:
        text = f"2026.12 {what} because it burns"
        break_glass.ask(self.store, POLICY, actor(who), text, CHANNEL, self.now)

    @rule(who=WHO, by=WHO, then=st.sampled_from(["go", "time", "leave", "scope", "reject"]))
    def break_it(self, who: str, by: str, then: str) -> None:
        """All of it at once, and one thing more that nobody has noted yet: left to chance alone it hardly happens."""
        self.ask(who, "")
        self.look(by)
        self.confirm(by, older=False)
        if then == "go":
            self.move(Stage.GO)
        elif then == "time":
            self.time_passes(1440, noted=False)
        elif then == "leave":
            self.account_ends_or_begins(by, noted=False)
        elif then == "scope" and self.tickets < MOST:
            self.scope_grows(noted=False)
        elif then == "reject":
            self.speak("MARIA", Decision.REJECTED)

    @rule(who=WHO)
    def look(self, who: str) -> None:
        found = break_glass.look(self.store, POLICY, actor(who), "2026.12", CHANNEL, self.now)
        revision = getattr(found, "revision_id", None)
        if revision:
            self.revisions.append(revision)

    @rule(who=WHO, older=st.sampled_from([False, False, True]))
    def confirm(self, who: str, older: bool) -> None:  # noqa: FBT001 hypothesis gives it by name
        break_glass.confirm(self.store, POLICY, actor(who), self.revisions[0 if older else -1], self.now)

    @rule(who=WHO, number=st.integers(1, 4))
    def take_back(self, who: str, number: int) -> None:
        break_glass_end.take_back(self.store, POLICY, actor(who), number, "", self.now)

    @rule(who=WHO, number=st.integers(1, 4))
    def review(self, who: str, number: int) -> None:
        break_glass_end.review(self.store, POLICY, actor(who), number, "Looked at", self.now)

    @rule(who=WHO, decision=st.sampled_from([*[Decision.APPROVED] * 3, Decision.REJECTED]))
    def speak(self, who: str, decision: Decision) -> None:
        say(self.store, who, drawn(self.store, self.now), decision, now=self.now)

    @rule(who=WHO)
    def revoke(self, who: str) -> None:
        signoff_revoke.revoke(self.store, POLICY, actor(who), drawn(self.store, self.now), self.now)

    @rule(to=st.sampled_from([Stage.GO, Stage.GO, Stage.READY]))
    def move(self, to: Stage) -> None:
        stage.move(self.store, POLICY, actor("RITA"), 1, to, "because", self.now)

    @rule(who=WHO, noted=NOTED)
    def account_ends_or_begins(self, who: str, noted: bool) -> None:  # noqa: FBT001 as above
        with self.store.write() as session:
            row = session.get_one(PersonRow, f"U0{who}")
            row.active = not row.active
        self.see_to_it(noted=noted)

    @precondition(lambda self: self.tickets < MOST)
    @rule(noted=NOTED)
    def scope_grows(self, noted: bool) -> None:  # noqa: FBT001 as above
        self.tickets += 1
        with self.store.write() as session:
            ticket(session, f"DATA-{10 + self.tickets}")
            scope.refresh(session, None, self.now)
        self.see_to_it(noted=noted)

    @rule(minutes=st.sampled_from([5, 59, 60, 300, 1440]), noted=NOTED)
    def time_passes(self, minutes: int, noted: bool) -> None:  # noqa: FBT001 as above
        self.now = fresh(self.store, self.now + timedelta(minutes=minutes))
        self.see_to_it(noted=noted)

    def see_to_it(self, *, noted: bool) -> None:
        """As the jobs do, sooner or later."""
        self.noted = noted
        if noted:
            revalidation.revalidate(self.store, self.now)
            stage.recheck(self.store, self.now)

    @invariant()
    def nobody_is_two(self) -> None:
        with self.store.read() as session:
            one = releases.load(session, 1)
            requirements = signoffs.requirements(session, one, now=self.now)
            rows = list(session.exec(select(BreakGlassRow)))
            active = {row.slack_id for row in session.exec(select(PersonRow)) if row.active}
            scope_now = fingerprint(signoffs.seen_scope(session, 1)[0])
            assert audit.verify(session)[1] is None
        for row in rows:
            assert row.confirmed_by != row.asked_by
            assert row.reviewed_by is None or row.reviewed_by not in {row.asked_by, row.confirmed_by}
        assert sum(1 for row in rows if row.outcome is None) <= 1, "one at a time"
        for each in requirements:
            if each.progress is Progress.EMERGENCY:
                (row,) = [row for row in rows if row.outcome is None]
                assert {row.asked_by, row.confirmed_by} <= active
                assert row.until
                assert self.now < row.until
                assert row.fingerprint == scope_now, "no ticket here changes without being material"
                assert each.key in (row.covers or ())
                assert not each.rejections
        if one.stage is Stage.GO and self.noted:
            assert all(each.progress in GIVEN for each in requirements), "a go that nothing carries"


def test_one_person_never_breaks_glass(run: Run) -> None:
    run(TwoPeople, 16, 20)


def test_the_model_gets_as_far_as_a_go(sqlite_store: Store) -> None:
    """Else its invariants would be about nothing."""
    ready(sqlite_store)
    break_glass.ask(sqlite_store, POLICY, actor("MARIA"), "2026.12 because it burns", CHANNEL, NOW)
    break_glass.confirm(sqlite_store, POLICY, actor("ANA"), shown(sqlite_store), NOW)
    assert isinstance(stage.move(sqlite_store, POLICY, actor("RITA"), 1, Stage.GO, "", NOW), Moved)
