"""Sign-offs as a machine, beside a model of them: people decide and take back, scopes, groups and people change, cards
grow old, and what the store holds is what the rules say.
"""

from collections import Counter
from dataclasses import replace
from datetime import timedelta
from typing import ClassVar

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule
from sqlmodel import col, delete, select

from interlock.domain.authority import Refused
from interlock.domain.policy import RequirementRule
from interlock.domain.signing import Accepted, AlreadySigned, Stale
from interlock.domain.signoff import Decision
from interlock.store import audit
from interlock.store.engine import Store
from interlock.store.mirror import MirrorRow
from interlock.store.person import GroupMemberRow, PersonRow
from interlock.store.signoff import RequirementRow, SignoffRow
from interlock.store.ticket import TicketRow
from interlock.store.upsert import upsert
from interlock.usecases import card, revalidation, scope
from interlock.usecases.release import close
from interlock.usecases.signoff import Requested, decide, request
from interlock.usecases.signoff_revoke import Revoked, revoke
from tests.builders import NOW, POLICY, QA, TEMPLATE, actor, people, release, ticket
from tests.models.conftest import Databases, Run

GOVERNANCE = RequirementRule(
    key="governance", name="Data Governance", people=("maria@practice.example", "noor@practice.example")
)
RULES = {"qa": QA, "governance": GOVERNANCE}
NAMED = {"MARIA", "NOOR"}
PEOPLE = ("TOM", "INES", "NOOR", "MARIA", "RAVI", "NOMAIL")
PRIORITIES = ("Highest", "High", "Medium", "Low")
TICKETS = ("DATA-1", "DATA-2", "ML-3")

Seen = dict[str, tuple[bool, int]]
"""The tickets in scope: whether done, and how grave (smaller is graver)."""


class Signoffs(RuleBasedStateMachine):
    databases: ClassVar[Databases]

    @initialize()
    def begin(self) -> None:
        self.store: Store = self.databases.fresh()
        self.now = NOW
        with self.store.write() as session:
            people(session)
            template = replace(TEMPLATE, requirements=(QA, GOVERNANCE), one_person_one_requirement=True)
            self.release = release(session, tickets=TICKETS, template=template)
        asked = request(self.store, POLICY, actor("RITA"), self.release, self.now)
        assert isinstance(asked, Requested)
        self.card = asked.card.id
        self.closed = False
        self.scope: Seen = {}
        with self.store.read() as session:
            for row in session.exec(select(TicketRow)):
                self.scope[row.key] = row.category == "done", gravity(row.priority)
        self.gone: set[str] = set()
        self.groups = {"TOM", "INES", "NOOR", "NOMAIL"}
        self.active = set(PEOPLE)
        self.assigned: set[str] = set()
        self.live: dict[tuple[str, str], tuple[Decision, Seen]] = {}
        self.cards: list[tuple[str, Seen]] = []
        self.known: dict[int, tuple[object, object]] = {}
        self.draw()

    # --- what happens -------------------------------------------------------------------------------------------------

    @rule()
    def draw(self) -> None:
        picture = card.draw(self.store, self.card, self.now)
        assert picture is not None
        assert (picture.revision_id is None) == self.closed
        if picture.revision_id is not None:
            self.cards.append((picture.revision_id, dict(self.scope)))

    @rule(
        who=st.sampled_from(PEOPLE),
        which=st.integers(0, 2),
        decision=st.sampled_from([Decision.APPROVED, Decision.APPROVED, Decision.REJECTED]),
    )
    def decide(self, who: str, which: int, decision: Decision) -> None:
        """By one of the newest three drawings."""
        revision, seen = self.cards[-1 - which % len(self.cards)]
        reason = "No lineage" if decision is Decision.REJECTED else None
        expected, requirement = self.expect(who, seen, decision)
        done = decide(self.store, POLICY, actor(who), revision, decision, reason, self.now)
        verdict = done if isinstance(done, Refused) else done.verdict
        match verdict:
            case Accepted():
                assert (expected, requirement) == ("accepted", verdict.requirement.key)
                self.live[verdict.requirement.key, who] = decision, seen
            case AlreadySigned():
                assert expected == "already"
            case Stale():
                assert expected == "stale"
            case Refused():
                assert expected == "refused", verdict

    @rule(who=st.sampled_from(PEOPLE))
    def revoke(self, who: str) -> None:
        mine = [key for key in self.live if key[1] == who]
        may = who in self.active and not self.closed
        done = revoke(self.store, POLICY, actor(who), self.cards[-1][0], self.now)
        assert isinstance(done, Revoked) == may, done
        if isinstance(done, Revoked):
            assert {each.key for each in done.requirements} == {requirement for requirement, _ in mine}
            for key in mine:
                del self.live[key]

    @rule(number=st.integers(4, 8))
    def ticket_comes(self, number: int) -> None:
        key = f"DATA-{number}"
        if key in self.scope or key in self.gone or self.closed:
            return
        with self.store.write() as session:
            ticket(session, key)
            scope.refresh(session, None, self.now)
        self.scope[key] = False, gravity(None)

    @precondition(lambda self: not self.closed and len(self.scope) > 1)
    @rule(data=st.data())
    def ticket_goes(self, data: st.DataObject) -> None:
        key = data.draw(st.sampled_from(sorted(self.scope.keys() - {"DATA-1"})))
        with self.store.write() as session:
            session.get_one(TicketRow, f"id-{key}").deleted_at = self.now
            scope.refresh(session, None, self.now)
        del self.scope[key]
        self.gone.add(key)

    @precondition(lambda self: not self.closed)
    @rule(data=st.data(), done=st.booleans(), priority=st.sampled_from([None, *PRIORITIES]))
    def ticket_changes(self, *, data: st.DataObject, done: bool, priority: str | None) -> None:
        key = data.draw(st.sampled_from(sorted(self.scope)))
        with self.store.write() as session:
            row = session.get_one(TicketRow, f"id-{key}")
            row.category, row.priority = "done" if done else "new", priority
        self.scope[key] = done, gravity(priority)

    @rule()
    def scopes_are_looked_at(self) -> None:
        """What changed that matters voids the approvals that it touches, and no other."""
        overtaken = [] if self.closed else [key for key, given in self.live.items() if is_void(given, self.scope)]
        assert revalidation.revalidate(self.store, self.now) == len(overtaken)
        for key in overtaken:
            del self.live[key]

    @rule(who=st.sampled_from(["TOM", "INES", "NOOR", "RAVI"]))
    def group_changes(self, who: str) -> None:
        group, member = "S0qa-approvers", f"U0{who}"
        with self.store.write() as session:
            if who in self.groups:
                mine = (col(GroupMemberRow.slack_id) == member, col(GroupMemberRow.group_id) == group)
                session.execute(delete(GroupMemberRow).where(*mine))
            else:
                session.add(GroupMemberRow(group_id=group, slack_id=member))
        self.groups ^= {who}

    @rule(who=st.sampled_from(PEOPLE))
    def somebody_leaves_or_comes_back(self, who: str) -> None:
        with self.store.write() as session:
            session.get_one(PersonRow, f"U0{who}").active = who not in self.active
        self.active ^= {who}

    @precondition(lambda self: not self.assigned and not self.closed)
    @rule(who=st.sampled_from(["TOM", "INES", "MARIA"]))
    def somebody_is_assigned(self, who: str) -> None:
        with self.store.write() as session:
            session.get_one(TicketRow, "id-DATA-1").assignee_id = f"acc-{who.lower()}"
        self.assigned = {who}

    @rule(minutes=st.integers(1, 60))
    def time_passes(self, minutes: int) -> None:
        self.now += timedelta(minutes=minutes)
        with self.store.write() as session:
            fresh = [{"name": name, "as_of": self.now} for name in ("groups", "people", "tickets")]
            upsert(session, MirrorRow, fresh, ["name"])

    @precondition(lambda self: len(self.known) > 3)
    @rule()
    def release_is_closed(self) -> None:
        close(self.store, POLICY, actor("RITA"), self.release, "Shipped", self.now)
        self.closed = True

    # --- the model ----------------------------------------------------------------------------------------------------

    def expect(self, who: str, seen: Seen, decision: Decision) -> tuple[str, str | None]:
        mine = [key for key in RULES if who in (self.groups if key == "qa" else NAMED)]
        if self.closed or who not in self.active or not mine:
            return "refused", None
        if any((key, who) in self.live and self.live[key, who][0] is decision for key in mine):
            return "already", None
        if who in self.assigned or who == "NOMAIL":
            return "refused", None
        if any((key, who) in self.live for key in RULES):
            return "refused", None
        if decision is Decision.APPROVED and is_material(seen, self.scope):
            return "stale", None
        return "accepted", next((key for key in mine if not self.is_met(key)), mine[0])

    def is_met(self, requirement: str) -> bool:
        words = {who: decision for (key, who), (decision, _) in self.live.items() if key == requirement}
        counted = [who for who, decision in words.items() if decision is Decision.APPROVED and who in self.active]
        return Decision.REJECTED not in words.values() and len(counted) >= int(RULES[requirement].quorum)

    # --- what must hold -----------------------------------------------------------------------------------------------

    @invariant()
    def the_store_is_the_model(self) -> None:
        with self.store.read() as session:
            keys = {row.id: row.key for row in session.exec(select(RequirementRow))}
            rows = list(session.exec(select(SignoffRow)))
        live = {
            (keys[row.requirement_id], row.slack_id.removeprefix("U0")): row.decision
            for row in rows
            if not (row.revoked_at or row.void_at)
        }
        assert live == {key: decision.value for key, (decision, _) in self.live.items()}
        assert all(times == 1 for times in Counter(who for _, who in live).values()), "one person, two requirements"
        for row in rows:
            word = (
                row.slack_id,
                row.requirement_id,
                row.revision_id,
                row.decision,
                row.reason,
                row.fingerprint,
                row.at,
            )
            ended = (row.revoked_at, row.void_at)
            before = self.known.get(row.id or 0, (word, ended))
            assert before[0] == word, "a decision was edited"
            assert before[1] in {ended, (None, None)}, "one that had ended came back"
            self.known[row.id or 0] = word, ended

    @invariant()
    def the_card_says_what_is_met(self) -> None:
        picture = card.draw(self.store, self.card, self.now)
        assert picture is not None
        assert {each.key: each.progress.value == "met" for each in picture.requirements} == {
            key: self.is_met(key) for key in RULES
        }

    @invariant()
    def the_chain_holds(self) -> None:
        with self.store.read() as session:
            assert audit.verify(session)[1] is None


def gravity(priority: str | None) -> int:
    return PRIORITIES.index(priority) if priority in PRIORITIES else len(PRIORITIES)


def is_void(given: tuple[Decision, Seen], current: Seen) -> bool:
    decision, seen = given
    return decision is Decision.APPROVED and is_material(seen, current)


def is_material(seen: Seen, current: Seen) -> bool:
    if seen.keys() != current.keys():
        return True
    pairs = [(*seen[key], *current[key]) for key in seen]
    return any((was_done and not done) or (not done and grave < was) for was_done, was, done, grave in pairs)


def test_the_signoffs(run: Run) -> None:
    run(Signoffs, 8, 25)
