"""A release with a rich history: signed, refused, void, conditional, revoked, fallen back, blocked, deployed."""

from dataclasses import replace
from datetime import date, datetime, timedelta
from random import Random
from typing import Any, Final

from sqlmodel import Session

from interlock.domain import milestone
from interlock.domain import stage as stages
from interlock.domain.policy import (
    CriterionRule,
    EnvironmentRule,
    Ladder,
    LadderStep,
    MilestoneRule,
    Policy,
    RequirementRule,
    Template,
)
from interlock.domain.release import Stage
from interlock.domain.replay import Replay
from interlock.domain.signing import Accepted
from interlock.domain.signoff import Decision
from interlock.domain.stage import Ahead, Moved
from interlock.store import criterion as criteria
from interlock.store import release as releases
from interlock.store import signoff as signoffs
from interlock.store.engine import Store
from interlock.store.release import MilestoneRow
from interlock.store.ticket import AccountRow, StatusRow, TicketChangeRow, TicketRow
from interlock.store.upsert import upsert
from interlock.usecases import (
    blocker,
    card,
    condition,
    criterion,
    escalation,
    replay,
    revalidation,
    scope,
    signoff,
    signoff_revoke,
    stage,
)
from interlock.usecases.signoff import NOTHING, Decided, Requested, With
from tests.builders import CHANNEL, NOW, POLICY, TEMPLATE, actor, people, release, ticket
from tests.signoffs import fresh
from tests.usecases.test_escalation import link

QA: Final = RequirementRule(key="qa", name="QA", groups=("qa-approvers",), quorum=2, exclude_assignees=False)
OPS: Final = RequirementRule(
    key="ops", name="Operations", groups=("release-managers",), people=("ana@practice.example",), before_stage="ready"
)
DATA: Final = RequirementRule(key="data", name="Data Governance", people=("maria@practice.example",))
DONE: Final = CriterionRule(kind="scope_complete", name="Half is done", at_least=50)
CARD: Final = CriterionRule(kind="checklist", name="Model card", before="ready")
TESTED: Final = CriterionRule(kind="report", name="Coverage", report="coverage", minimum=80, stale_after_hours=400)
CUT: Final = CriterionRule(kind="milestone_reached", name="Cut is over", milestone="Cut", before="frozen")
RULES: Final = replace(
    TEMPLATE,
    requirements=(QA, OPS, DATA),
    criteria=(DONE, CARD, TESTED, CUT),
    milestones=(MilestoneRule(name="Cut", business_days_before=30),),
    ladder="usual",
)
LADDER: Final = Ladder(
    name="Usual",
    steps=(
        LadderStep(after_business_hours=2, to="owner"),
        LadderStep(after_business_hours=8, to="team_lead"),
        LadderStep(after_business_hours=16, to="release_channel"),
    ),
)
SOONER: Final = Ladder(name="Usual", steps=(LadderStep(after_business_hours=1, to="owner"), *LADDER.steps[1:]))
IN_FORCE: Final = replace(
    POLICY,
    templates={"quarterly": RULES},
    ladders={"usual": LADDER},
    environments={"prod": EnvironmentRule(name="Production", tier="production")},
)
END: Final = NOW + timedelta(days=9)


def at(hours: float) -> datetime:
    return NOW + timedelta(hours=hours)


def under(**changes: Any) -> Policy:
    """The policy in force with another template: `qa=…` for a requirement's keys, `template=…` for the template's."""
    if "templates" in changes:
        return replace(IN_FORCE, **changes)
    rules = {rule.key: replace(rule, **changes.pop(rule.key, {})) for rule in RULES.requirements}
    template = replace(RULES, **{"requirements": tuple(rules.values()), **changes.pop("template", {})})
    return replace(IN_FORCE, templates={"quarterly": template}, **changes)


def replayed(store: Store, would: Policy, days: int = 90) -> Replay:
    return replay.replay(store, IN_FORCE, would, days, END)


def told(found: Replay) -> list[tuple[str, str, str, str]]:
    """Each difference: its kind, about what, how it was, how it would have been."""
    return [(each.kind, each.what, each.was, each.would) for one in found.releases for each in one.differences]


def planned(store: Store, template: Template = RULES) -> int:
    with store.write() as session:
        people(session)
        rows = [{"id": "1", "name": "To Do", "category": "new"}, {"id": "3", "name": "Done", "category": "done"}]
        session.add(AccountRow(id="acc-ravi", name="Ravi in Jira"))
        ticket(session, "DATA-214", versions=(), assignee_id="acc-ravi")
        number = release(session, tickets=("DATA-1", "ML-3"), template=template)
        upsert(session, StatusRow, rows, ["id"])
        link(session, "DATA-1", "DATA-214")
        for each in milestone.plan(template, date(2026, 12, 17), POLICY.calendars["gb"]):
            session.add(MilestoneRow(release_id=number, position=0, name=each.name, due=each.due))
        assignee(session, "ML-3", "acc-tom", None, at(-30))
    return number


def assignee(session: Session, key: str, before: str | None, after: str | None, when: datetime) -> None:
    _changed(session, key, "assignee", before, after, when)


def finish(store: Store, key: str, when: datetime) -> None:
    """The ticket gets done, and its history tells of it."""
    with store.write() as session:
        row = session.get_one(TicketRow, f"id-{key}")
        row.status_id, row.status, row.category = "3", "Done", "done"
        _changed(session, key, "status", "1", "3", when)


def _changed(session: Session, key: str, field: str, before: str | None, after: str | None, when: datetime) -> None:
    id_ = f"{key}:{field}:{when.isoformat()}"
    session.add(TicketChangeRow(ticket_id=f"id-{key}", id=id_, at=when, field=field, before=before, after=after))
    session.flush()


def sign(
    store: Store,
    who: str,
    hours: float,
    decision: Decision = Decision.APPROVED,
    *,
    policy: Policy = IN_FORCE,
    more: With = NOTHING,
) -> Decided:
    """A click on what the card shows at that moment."""
    now = fresh(store, at(hours))
    picture = card.draw(store, 1, now)
    assert picture is not None
    reason = "Untested" if decision is Decision.REJECTED else None
    done = signoff.decide(store, policy, actor(who), str(picture.revision_id), decision, reason, now, more)
    assert isinstance(done, Decided), done
    return done


def approve(store: Store, who: str, hours: float, more: With = NOTHING) -> None:
    done = sign(store, who, hours, more=more)
    assert isinstance(done.verdict, Accepted), done


def revoke(store: Store, who: str, hours: float) -> None:
    now = fresh(store, at(hours))
    picture = card.draw(store, 1, now)
    assert picture is not None
    signoff_revoke.revoke(store, IN_FORCE, actor(who), str(picture.revision_id), now)


def move(store: Store, after: Stage, hours: float, *, refused: bool = False) -> None:
    done = stage.move(store, IN_FORCE, actor("RITA"), 1, after, "", fresh(store, at(hours)))
    assert isinstance(done, Ahead if refused else Moved), done.missing if isinstance(done, Ahead) else done


def ladder(store: Store, *hours: float) -> None:
    for each in hours:
        escalation.run(store, IN_FORCE, at(each))


def history(store: Store) -> None:
    """From Monday to Wednesday of the next week; in business hours, and each at its own moment."""
    planned(store)
    assert isinstance(signoff.request(store, IN_FORCE, actor("RITA"), 1, fresh(store, at(0.5))), Requested)
    ladder(store, 1, 3, 3.25)
    sign(store, "RAVI", 1.1)
    sign(store, "RITA", 1.2)
    approve(store, "TOM", 2)
    approve(store, "NOOR", 3.5)
    approve(store, "MARIA", 4, With(conditions=("Lineage is documented",)))
    approve(store, "ANA", 4.5)
    move(store, Stage.FROZEN, 5)
    move(store, Stage.READY, 6, refused=True)
    now = fresh(store, at(6.5))
    criterion.tick(store, IN_FORCE, actor("ANA"), "2026.12 Model card https://c.example/1", CHANNEL, now, ticked=True)
    move(store, Stage.READY, 7)
    move(store, Stage.GO, 7.5, refused=True)
    _second_day(store)
    _third_day(store)


def _second_day(store: Store) -> None:
    ladder(store, 24.5)
    with store.write() as session:
        criteria.report(session, 1, "Coverage", 85.0, "ci", None, at(25))
        hanging = signoffs.open_conditions(session, 1)
    condition.tick(store, IN_FORCE, actor("MARIA"), hanging[0].id, fresh(store, at(25.5)))
    blocker.take(store, IN_FORCE, actor("RAVI"), "id-DATA-214", at(48 + 2), fresh(store, at(26)))
    with store.write() as session:
        ticket(session, "DATA-2")
        scope.refresh(session, None, at(27))
    assert revalidation.revalidate(store, fresh(store, at(27.1))) == 4
    for number, who in enumerate(("TOM", "INES", "MARIA", "ANA")):
        approve(store, who, 28 + number / 10)
    finish(store, "ML-3", at(29))
    finish(store, "DATA-2", at(29.5))
    move(store, Stage.GO, 30)
    revoke(store, "TOM", 31)


def _third_day(store: Store) -> None:
    ladder(store, 49, 50.1, 56)
    approve(store, "TOM", 51)
    move(store, Stage.GO, 52)
    move(store, Stage.DEPLOYING, 53)
    finish(store, "DATA-214", at(74))
    ladder(store, 74.1)
    finish(store, "DATA-1", at(75))


def at_random(store: Store, chance: Random, acts: int) -> None:
    """People do what comes to their minds, at growing times; what is refused is a part of it."""
    planned(store)
    signoff.request(store, IN_FORCE, actor("RITA"), 1, fresh(store, at(0.5)))
    for number in range(1, acts + 1):
        hours = float(number)
        match chance.choice(("sign", "sign", "sign", "sign", "revoke", "scope", "tick", "move", "move", "figure")):
            case "sign":
                who = chance.choice(("TOM", "INES", "NOOR", "MARIA", "ANA", "RITA", "RAVI"))
                decision = chance.choice((Decision.APPROVED, Decision.APPROVED, Decision.REJECTED))
                more = With(conditions=("ML-3",)) if chance.random() < 0.2 else NOTHING
                sign(store, who, hours, decision, more=more if decision is Decision.APPROVED else NOTHING)
            case "revoke":
                revoke(store, chance.choice(("TOM", "INES", "MARIA", "ANA")), hours)
            case "scope":
                with store.write() as session:
                    ticket(session, f"DATA-{number + 10}")
                    scope.refresh(session, None, at(hours))
                revalidation.revalidate(store, at(hours))
            case "tick":
                told, now = "2026.12 Model card https://c.example/1", fresh(store, at(hours))
                criterion.tick(store, IN_FORCE, actor("ANA"), told, CHANNEL, now, ticked=chance.random() < 0.8)
            case "figure":
                with store.write() as session:
                    criteria.report(session, 1, "Coverage", float(chance.randint(70, 100)), "ci", None, at(hours))
            case _:
                _move_somewhere(store, chance, hours)
    finish(store, "ML-3", at(acts + 1))


def _move_somewhere(store: Store, chance: Random, hours: float) -> None:
    now = fresh(store, at(hours))
    with store.read() as session:
        one = releases.load(session, 1)
    after = stages.preceding(one) if chance.random() < 0.2 else stages.following(one)
    if after is not None:
        stage.move(store, IN_FORCE, actor("RITA"), 1, after, "We have to", now)
