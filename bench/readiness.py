"""`/release readiness` of a release with thirty gates, over the SQL that computes every figure shown."""

from dataclasses import replace
from datetime import datetime, time, timedelta
from typing import Final

from bench.measure import Row, alternate, compare
from bench.practice import Practice
from bench.status import BySql
from bench.world import MANAGER, READER, Planned, bot, policy
from interlock.domain.calendar import ONE_DAY
from interlock.domain.forecast import REACH
from interlock.domain.milestone import calendar_of
from interlock.domain.policy import CriterionRule
from interlock.domain.readiness import LONGEST_GAP, PastReadiness
from interlock.domain.template import essence
from interlock.store import criterion, readiness, release
from interlock.store.engine import Store
from interlock.store.release import ReleaseRow

GOAL: Final = 5.0
TIMES: Final = 60
WEEK: Final = timedelta(days=7)
GATES: Final = (
    CriterionRule(kind="scope_complete", name="Everything is done"),
    CriterionRule(kind="scope_complete", name="Data is done", team="data"),
    CriterionRule(kind="scope_complete", name="Points are done", measure="points"),
    CriterionRule(kind="no_open_blocker", name="Nothing is blocked"),
    CriterionRule(kind="no_open_blocker", name="Nothing grave is blocked", priority="High"),
    CriterionRule(kind="dependencies_delivered", name="Others have delivered"),
    CriterionRule(kind="signoffs_given", name="Everybody has signed"),
    CriterionRule(kind="milestone_reached", name="Acceptance is over", milestone="Acceptance ends"),
    CriterionRule(kind="environment_booked", name="Staging is booked", environment="staging"),
    CriterionRule(kind="environment_ready", name="Staging is ready", environment="staging"),
    *(CriterionRule(kind="checklist", name=f"Item {number}") for number in range(10)),
    *(CriterionRule(kind="report", name=f"Figure {number}", report=f"f{number}", minimum=1) for number in range(10)),
)


def measure(name: str, store: Store, practice: Practice, planned: Planned) -> Row:
    """The bot's answer over the SQL. The release keeps its gates."""
    _prepare(store, planned)
    sql = BySql(store, planned, ("status.sql", "readiness.sql"), _more(store, planned))
    with bot(store, practice, planned.at) as asked:
        ours, theirs = alternate([asked.readiness, sql.figures], TIMES)
    sql.close()
    return compare(f"/release readiness with {len(GATES)} gates over its SQL, {name}", GOAL, ours, theirs)


def _prepare(store: Store, planned: Planned) -> None:
    with store.write() as session:
        one = release.load(session, planned.release_id, lock=True)
        session.get_one(ReleaseRow, one.id).policy = essence(replace(one.policy, criteria=GATES))
        for rule in GATES:
            if rule.kind == "checklist":
                criterion.tick(
                    session, one.id, rule.name, READER, planned.at, ticked=True, link="https://wiki.example/1"
                )
            if rule.kind == "report":
                criterion.report(session, one.id, rule.name, 1.0, MANAGER, None, planned.at)
        for days in range(1, 9):
            day = planned.at.date() - timedelta(days=days)
            readiness.record(session, one.id, PastReadiness(day=day, light="amber", passed=days, total=len(GATES)))


def _more(store: Store, planned: Planned) -> dict[str, object]:
    with store.read() as session:
        one = release.load(session, planned.release_id)
    calendar = calendar_of(policy(), one.policy)
    return {
        "now": planned.at,
        "environments": ["staging"],
        "begins": datetime.combine(one.target, time(), calendar.zone),
        "ends": datetime.combine(one.target + ONE_DAY, time(), calendar.zone),
        "reach": planned.at - REACH,
        "past": calendar.today(planned.at) - WEEK - LONGEST_GAP,
    }
