"""Every use case names one permission and refuses whom it was not given to; a use case that is added is found here.

A use case is a public function of `interlock.usecases` that takes a store and an actor.
"""

import importlib
import inspect
import pkgutil
from collections.abc import Callable
from dataclasses import replace
from datetime import date, timedelta
from types import ModuleType
from typing import Any

import pytest
from sqlalchemy import func
from sqlmodel import SQLModel, select

from interlock import usecases
from interlock.domain.actor import Actor
from interlock.domain.authority import Refused
from interlock.domain.booking_draft import BookingDraft
from interlock.domain.draft import Draft, TypedDraft
from interlock.domain.freeze_exception import Reasons
from interlock.domain.gonogo import Choice, Outcome
from interlock.domain.permission import Permission
from interlock.domain.policy import EVERYONE, Policy
from interlock.domain.raid import Kind
from interlock.domain.raid_draft import RaidDraft, Review, TypedEntry
from interlock.domain.release import Stage
from interlock.domain.runbook import Deed
from interlock.domain.signoff import Decision
from interlock.domain.waiver import WaiverState
from interlock.store.engine import Store
from interlock.store.outbox import OutboxRow
from interlock.store.person import PersonRow
from interlock.store.ticket import VersionRow
from interlock.usecases import card, runbook, signoff
from interlock.usecases.announcement import SHARED
from interlock.usecases.words import Asked
from tests.bookings import POLICY, booked, draft, world
from tests.builders import BY_VERSION, CHANNEL, NOW, WITH_RUNBOOK, actor, release
from tests.raids import a_risk, entered

UseCase = Callable[..., Any]

NEEDS_NONE = {
    "whereabouts.zone": "tells which clock to read a person's words by, and nothing else",
    "whereabouts.today": "the same",
}
STRANGERS = {
    "NOBODY": "unknown_person",
    "GUEST": "guest",
    "VENDOR": "external",
    "LEFT": "deactivated",
    "BOT": "bot",
}
RECORDS = {"audit_event", "audit_head", "audit_person"}
"""What a refusal may write to, and nothing else."""


def found() -> dict[str, UseCase]:
    modules = [
        importlib.import_module(f"{usecases.__name__}.{each.name}") for each in pkgutil.iter_modules(usecases.__path__)
    ]
    return {name: each for module in modules for name, each in public(module).items()}


def public(module: ModuleType) -> dict[str, UseCase]:
    own = inspect.getmembers(module, lambda each: inspect.isfunction(each) and each.__module__ == module.__name__)
    short = module.__name__.rpartition(".")[2]
    return {
        f"{short}.{name}": each
        for name, each in own
        if not name.startswith("_") and {"store", "actor"} <= inspect.signature(each).parameters.keys()
    }


USE_CASES = {name: each for name, each in found().items() if name not in NEEDS_NONE}


@pytest.fixture
def store(sqlite_store: Store) -> Store:
    """A release whose sign-offs Rita asked for, whose runbook runs, a booking of hers, a risk of Ravi's, and one person
    of each kind; a bot too.
    """
    world(sqlite_store)
    with sqlite_store.write() as session:
        session.add(PersonRow(slack_id="U0BOT", name="Helper", kind="bot", seen_at=NOW))
        session.add(VersionRow(id="v1", project_id="p-DATA", name="2026.12"))
        release_id = release(session, template=WITH_RUNBOOK, tickets=("DATA-1",), stage="go")
    assert isinstance(signoff.request(sqlite_store, POLICY, actor("RITA"), release_id, NOW), signoff.Requested)
    assert isinstance(runbook.start(sqlite_store, POLICY, actor("RITA"), release_id, NOW), runbook.Begun)
    booked(sqlite_store, "RITA", draft(0, 2))
    entered(sqlite_store, "RITA", a_risk(release_id, owner="RAVI"), policy=POLICY)
    return sqlite_store


def revision(store: Store) -> str:
    picture = card.draw(store, 1, NOW)
    assert picture is not None
    return str(picture.revision_id)


def drafted(annotation: object) -> Draft | BookingDraft | RaidDraft:
    if annotation is BookingDraft:
        return draft(3, 5)
    if annotation is RaidDraft:
        return a_risk(1)
    return Draft(name="2027.03", template="quarterly", target=date(2027, 3, 18), channel_id=CHANNEL, rule=BY_VERSION)


def arguments(use_case: UseCase, store: Store, policy: Policy, who: Actor) -> dict[str, Any]:
    """Something fitting for each parameter that has no default. A new name is given its value here."""
    values: dict[str, Any] = {
        "store": store,
        "policy": policy,
        "actor": who,
        "now": NOW,
        "typed": "",
        "text": "",
        "word": "degraded",
        "reason": "Because",
        "channel_id": CHANNEL,
        "release_id": 1,
        "booking_id": 1,
        "waiver_id": 1,
        "weeks": 8,
        "gonogo_id": 1,
        "break_glass_id": 1,
        "choice": Choice.GO,
        "shown": Outcome.GO,
        "after": Stage.IN_PROGRESS,
        "state": WaiverState.GRANTED,
        "on": True,
        "ticked": True,
        "message_id": 1,
        "ticket_id": "id-DATA-1",
        "condition_id": 1,
        "stand_in": "@noor",
        "key": "DATA-1",
        "job": "sync",
        "subject": "",
        "words": TypedDraft(template="quarterly", name="2027.03", target="2027-03-18"),
        "team": "data",
        "slack_id": "U0NOOR",
        "request_id": "request-1",
        "event_id": "event-1",
        "event": 1,
        "revision_id": revision(store),
        "decision": Decision.APPROVED,
        "step_id": 1,
        "run_id": 1,
        "deed": Deed.STARTED,
        "note": "Because",
        "kind": next(iter(SHARED)),
        "until": NOW + timedelta(days=1),
        "seen_end": NOW,
        "day": NOW.date() + timedelta(days=25),
        "entry_id": 1,
        "what": Kind.RISK,
        "form": "map",
        "version": 1,
        "looked": Review(),
        "outcome": "It shipped on time.",
        "line": TypedEntry(title="It slips", probability=3, impact=4),
        "exception_id": 1,
        "change_id": 1,
        "other_id": 2,
        "reasons": Reasons(why="The regulator's date", risk_in="A failed batch", risk_out="A fine"),
        "asked": Asked(topic="status", about="", channel_id=CHANNEL, thread_ts=None, alone=False),
    }
    wanted = {
        name: each
        for name, each in inspect.signature(use_case).parameters.items()
        if each.default is inspect.Parameter.empty
    }
    return {name: drafted(each.annotation) if name == "draft" else values[name] for name, each in wanted.items()}


def rows(store: Store) -> dict[str, int]:
    with store.read() as session:
        return {
            table.name: session.execute(select(func.count()).select_from(table)).scalar_one()
            for table in SQLModel.metadata.sorted_tables
            if table.name not in RECORDS
        }


def refusal(store: Store, name: str, said: object) -> str | None:
    """The reason of a refusal, in whichever way the use case says it; None where there is none."""
    if isinstance(said, Refused):
        return said.reason
    if name == "words.answer":
        with store.write() as session:
            told = session.exec(select(OutboxRow).where(OutboxRow.kind == "words")).one()
            session.delete(told)
        return "told" if "refused" in told.ids else None
    return "nothing" if said == () else None


def test_the_use_cases_are_found() -> None:
    assert {
        "signoff.decide",
        "signoff_revoke.revoke",
        "release.create",
        "booking.book",
        "blocker.take",
    } <= USE_CASES.keys()
    assert found().keys() >= NEEDS_NONE.keys()


@pytest.mark.parametrize("name", USE_CASES)
def test_strangers_guests_externals_bots_and_those_who_left_are_refused(store: Store, name: str) -> None:
    everything = replace(POLICY, permissions=dict.fromkeys(Permission, (EVERYONE,)))
    given = arguments(USE_CASES[name], store, everything, actor("RITA"))
    for who, why in STRANGERS.items():
        before = rows(store)
        reason = refusal(store, name, USE_CASES[name](**given | {"actor": actor(who)}))
        assert reason in {why, "told", "nothing"}
        if reason != "told":
            assert rows(store) == before


@pytest.mark.parametrize("name", USE_CASES)
def test_what_configuration_gives_to_nobody_is_denied_to_everybody(store: Store, name: str) -> None:
    given = arguments(USE_CASES[name], store, replace(POLICY, permissions={}), actor("RITA"))
    before = rows(store)
    reason = refusal(store, name, USE_CASES[name](**given))
    assert reason in {"not_permitted", "told", "nothing"}
    if reason != "told":
        assert rows(store) == before


@pytest.mark.parametrize("name", USE_CASES)
def test_each_use_case_names_one_permission(store: Store, name: str) -> None:
    """One alone lets a member past the door, whatever is found behind it."""
    given = arguments(USE_CASES[name], store, POLICY, actor("RITA"))
    opens = []
    for permission in Permission:
        only = replace(POLICY, permissions={permission: (EVERYONE,)})
        said = USE_CASES[name](**given | {"policy": only})
        if refusal(store, name, said) not in {"not_permitted", "told", "nothing"}:
            opens.append(permission)
    assert len(opens) == 1
