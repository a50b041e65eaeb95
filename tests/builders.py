"""A small world for tests of the store and the use cases: one policy, some people, tickets and releases."""

from collections.abc import Iterable, Sequence
from dataclasses import asdict, replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

from sqlmodel import Session

from interlock.domain import outbox
from interlock.domain.actor import Actor, Authentication
from interlock.domain.calendar import WorkCalendar
from interlock.domain.permission import Permission
from interlock.domain.policy import (
    EVERYONE,
    ChannelRule,
    Policy,
    RequirementRule,
    Role,
    StepRule,
    Team,
    TeamMatch,
    Template,
    Tickets,
)
from interlock.domain.release import ScopeRule, Stage
from interlock.store import signoff
from interlock.store.mirror import MirrorRow
from interlock.store.person import ChannelRow, GroupMemberRow, GroupRow, PersonRow
from interlock.store.release import ReleaseRow, stored_scope_rule
from interlock.store.ticket import StatusRow, TicketRow, TicketVersionRow
from interlock.store.upsert import upsert
from interlock.usecases import scope

NOW = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
QA = RequirementRule(key="qa", name="QA", groups=("qa-approvers",), quorum=2)
GOVERNANCE = RequirementRule(key="governance", name="Data Governance", people=("maria@practice.example",))
TEMPLATE = Template(name="Quarterly platform", requirements=(QA, GOVERNANCE))
STEPS = (
    StepRule(key="backup", name="Back up", owner="qa-approvers", expected_minutes=10, check="It is listed"),
    StepRule(
        key="pipelines",
        name="Deploy pipelines",
        owner="ravi@practice.example",
        expected_minutes=20,
        check="Counts agree",
        parallel="deploy",
    ),
    StepRule(
        key="models",
        name="Deploy models",
        owner="qa-approvers",
        expected_minutes=30,
        check="Scores agree",
        parallel="deploy",
    ),
    StepRule(key="all-clear", name="All-clear", owner="release_manager", expected_minutes=5, check="No alert is open"),
)
"""Of a runbook: one group's, Ravi's, the group's again, and the release managers'."""
WITH_RUNBOOK = replace(TEMPLATE, runbook=STEPS)

MANAGERS, MEMBERS = ("release_manager",), (EVERYONE,)
FOR_MANAGERS = {
    Permission.RELEASE_CREATE,
    Permission.RELEASE_CLOSE,
    Permission.RELEASE_ADVANCE,
    Permission.RELEASE_GO,
    Permission.RELEASE_CANCEL,
    Permission.REPORT_TOKEN,
    Permission.WAIVER_ASK,
    Permission.POLICY_CHANGE,
    Permission.SIGNOFF_REQUEST,
    Permission.RUNBOOK_RUN,
    Permission.DIGEST_RUN,
    Permission.JOB_RUN,
    Permission.LINK_CONFIRM,
}
POLICY = Policy(
    time_zone="Europe/London",
    calendar="gb",
    calendars={"gb": WorkCalendar(time_zone="Europe/London")},
    tickets=Tickets(projects=("DATA", "ML", "PAY")),
    teams={
        "data": Team(name="Data Engineering", match=TeamMatch(projects=("DATA",))),
        "ml": Team(name="ML Platform", match=TeamMatch(projects=("ML",))),
    },
    roles={"release_manager": Role(groups=("release-managers",))},
    permissions={one: MANAGERS if one in FOR_MANAGERS else MEMBERS for one in Permission},
    channels={"rel-data-platform": ChannelRule(projects=("DATA", "ML"))},
    templates={"quarterly": TEMPLATE},
)
CHANNEL = "C0RELDATAPLATFORM"
BY_VERSION = ScopeRule(version_ids=("v1",))

PEOPLE: dict[str, dict[str, Any]] = {
    "ANA": {"name": "Ana Whitlock"},
    "RAVI": {"name": "Ravi Menon-Hale"},
    "MARIA": {"name": "Maria Voss"},
    "TOM": {"name": "Tom Arkwright"},
    "INES": {"name": "Ines Calder"},
    "NOOR": {"name": "Noor Salter"},
    "RITA": {"name": "Rita Sandoval-Kerr"},
    "GUEST": {"name": "Gil Tarrant", "kind": "guest"},
    "VENDOR": {"name": "Vera Lindqvist", "kind": "external"},
    "LEFT": {"name": "Lars Eklund-Moor", "active": False},
    "NOMAIL": {"name": "Nia Brook", "email": None, "account_id": None, "linked_by": None},
}
GROUPS = {"qa-approvers": ("TOM", "INES", "NOOR", "LEFT", "NOMAIL"), "release-managers": ("RITA",)}


def actor(name: str) -> Actor:
    return Actor(slack_id=f"U0{name}", authentication=Authentication.SLACK)


def people(session: Session, *, groups_as_of: datetime = NOW, mirror_as_of: datetime | None = NOW) -> None:
    """The people and groups above, every mirror fresh, and the release channel."""
    for key, given in PEOPLE.items():
        first = key.lower()
        defaults = {"email": f"{first}@practice.example", "account_id": f"acc-{first}", "linked_by": "email"}
        session.add(PersonRow(slack_id=f"U0{key}", handle=first, seen_at=NOW, **(defaults | given)))
    for handle, members in GROUPS.items():
        session.add(GroupRow(id=f"S0{handle}", handle=handle, name=handle))
        session.flush()
        session.add_all(GroupMemberRow(group_id=f"S0{handle}", slack_id=f"U0{member}") for member in members)
    session.add(ChannelRow(id=CHANNEL, name="rel-data-platform", member=True))
    fresh = [{"name": "groups", "as_of": groups_as_of}, {"name": "people", "as_of": max(NOW, groups_as_of)}]
    upsert(session, MirrorRow, [*fresh, {"name": "tickets", "as_of": mirror_as_of}], ["name"])
    session.flush()


def ticket(session: Session, key: str, *, versions: Sequence[str] = ("v1",), **more: Any) -> str:
    """A ticket, in scope of `release` unless `versions` says otherwise; returns its id. Membership is not refreshed."""
    values: dict[str, Any] = {
        "id": f"id-{key}",
        "key": key,
        "project_id": f"p-{key.partition('-')[0]}",
        "project_key": key.partition("-")[0],
        "team_key": key.partition("-")[0].lower(),
        "summary": f"Summary of {key}",
        "type": "Story",
        "status_id": "1",
        "status": "To Do",
        "category": "new",
        "created": NOW - timedelta(days=40),
        "updated": NOW - timedelta(days=1),
        "seen_at": NOW,
    }
    row = TicketRow(**(values | more))
    session.add(row)
    session.flush()
    upsert(session, StatusRow, [{"id": row.status_id, "name": row.status, "category": row.category}], ["id"])
    session.add_all(TicketVersionRow(ticket_id=f"id-{key}", version_id=version) for version in versions)
    session.flush()
    return f"id-{key}"


def release(
    session: Session,
    *,
    name: str = "2026.12",
    template: Template = TEMPLATE,
    tickets: Iterable[str] = (),
    rule: ScopeRule = BY_VERSION,
    **more: Any,
) -> int:
    """A release with its requirements; the tickets named are made first, and the scope is computed."""
    for key in tickets:
        ticket(session, key)
    values: dict[str, Any] = {
        "template": "quarterly",
        "policy_version": "v1",
        "stage": Stage.PLANNED.value,
        "target": date(2026, 12, 17),
        "channel_id": CHANNEL,
        "created_by": "U0RITA",
        "created_at": NOW - timedelta(days=10),
        "scope_opened_at": NOW - timedelta(days=10),
    }
    row = ReleaseRow(
        name=name,
        folded=name.casefold(),
        policy=asdict(template),
        scope_rule=stored_scope_rule(rule),
        **(values | more),
    )
    session.add(row)
    session.flush()
    assert row.id is not None
    signoff.add_requirements(session, row.id, template.requirements)
    scope.refresh(session, None, NOW - timedelta(days=5))
    return row.id


def message(kind: str, *, channel: str = CHANNEL, **ids: Any) -> outbox.Message:
    """A message as the relay hands it to the sender."""
    return outbox.Message(
        id=1,
        key="k",
        kind=kind,
        ids=ids,
        channel=channel,
        thread_ts=None,
        urgency=outbox.Urgency.PROMPT,
        token="token",
        coalesce=None,
        created_at=NOW,
        not_after=NOW + timedelta(hours=1),
        attempts=1,
        attempted_at=NOW,
    )
