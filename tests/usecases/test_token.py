"""Tokens for the command line on a real store: one each, for their owner alone, and never in clear."""

import json
from dataclasses import replace
from datetime import timedelta
from threading import Barrier, Thread
from typing import Any

import pytest
from sqlalchemy import select as select_columns
from sqlalchemy.exc import IntegrityError
from sqlmodel import SQLModel, select

from interlock.domain.actor import Authentication
from interlock.domain.authority import Refused
from interlock.domain.permission import Permission
from interlock.domain.policy import Limits
from interlock.domain.secret import Issued
from interlock.domain.token import Bearer, hash_of
from interlock.store.audit import AuditRow, verify
from interlock.store.engine import Store
from interlock.store.outbox import OutboxRow
from interlock.store.person import PersonRow
from interlock.store.token import AccessTokenRow
from interlock.usecases import token
from tests.builders import NOW, POLICY, actor, people

TOM = actor("TOM")


@pytest.fixture
def world(store: Store) -> Store:
    with store.write() as session:
        people(session)
    return store


def given(store: Store, who: str = "TOM", request: str = "t1") -> str:
    """Somebody's token, as if they had read it in Slack."""
    assert not isinstance(token.ask(store, POLICY, actor(who), request, NOW), Refused)
    return issued(store, who, request)


def issued(store: Store, who: str = "TOM", request: str = "t1") -> str:
    found = token.issue(store, POLICY, f"U0{who}", request, NOW)
    assert isinstance(found, Issued)
    return found.text


def why(result: object) -> str:
    assert isinstance(result, Refused)
    return result.reason


def works(store: Store, text: str, hours: int = 0) -> bool:
    return isinstance(token.authenticate(store, POLICY, text, NOW + timedelta(hours=hours)), Bearer)


def recorded(store: Store) -> list[tuple[str, str, dict[str, Any]]]:
    with store.read() as session:
        assert verify(session)[1] is None
        rows = session.exec(select(AuditRow).order_by(AuditRow.seq)).all()  # type: ignore[arg-type]  # a column
        bodies = [json.loads(row.body) for row in rows]
        return [(body["kind"], body["authentication"], body["facts"]) for body in bodies]


def everything(store: Store) -> str:
    """Every cell of the database."""
    with store.engine.connect() as connection:
        rows = [connection.execute(select_columns(table)).all() for table in SQLModel.metadata.sorted_tables]
    return repr(rows)


def test_a_token_speaks_for_its_owner_and_says_how_they_were_known(world: Store) -> None:
    bearer = token.authenticate(world, POLICY, given(world), NOW)
    assert isinstance(bearer, Bearer)
    assert bearer.actor == replace(TOM, authentication=Authentication.TOKEN)
    assert bearer.person.name == "Tom Arkwright"
    assert bearer.expires_at == NOW + timedelta(hours=12)


def test_the_direct_message_goes_to_whoever_asked_and_to_them_alone(world: Store) -> None:
    assert token.ask(world, POLICY, TOM, "t1", NOW) == timedelta(hours=12)
    assert token.ask(world, POLICY, TOM, "t1", NOW) == timedelta(hours=12)
    with world.read() as session:
        row = session.exec(select(OutboxRow)).one()
        assert (row.kind, row.channel, row.ids) == ("token", "@U0TOM", {"slack_id": "U0TOM", "request": "t1"})
        assert row.not_after == NOW + timedelta(hours=1)


def test_the_record_tells_of_each_token_and_shows_none(world: Store) -> None:
    first, second = given(world), given(world, request="t2")
    token.revoke(world, POLICY, TOM, NOW)
    until = {"expires_at": (NOW + timedelta(hours=12)).isoformat()}
    whose = {"person": "U0TOM"}
    assert recorded(world) == [
        ("token.requested", "slack", whose),
        ("token.issued", "system", whose | until),
        ("token.requested", "slack", whose),
        ("token.revoked", "system", whose | {"why": "replaced"}),
        ("token.issued", "system", whose | until),
        ("token.revoked", "slack", whose | {"why": "asked"}),
    ]
    kept = everything(world)
    assert "U0TOM" in kept
    assert first not in kept
    assert second not in kept


def test_only_its_hash_is_stored_and_no_repr_shows_it(world: Store) -> None:
    token.ask(world, POLICY, TOM, "t1", NOW)
    made = token.issue(world, POLICY, "U0TOM", "t1", NOW)
    assert isinstance(made, Issued)
    assert made.text not in repr(made)
    assert made.text not in everything(world)
    with world.read() as session:
        assert session.get_one(AccessTokenRow, "U0TOM").hash == hash_of(made.text)


def test_a_message_drawn_again_carries_a_new_token_and_the_one_before_is_dead(world: Store) -> None:
    lost, found = given(world), issued(world)
    assert lost != found
    assert (works(world, lost), works(world, found)) == (False, True)


def test_a_new_token_replaces_the_old_one_once_it_is_there(world: Store) -> None:
    old = given(world)
    token.ask(world, POLICY, TOM, "t2", NOW)
    assert works(world, old), "nobody is locked out while Slack is slow"
    new = issued(world, request="t2")
    assert (works(world, old), works(world, new)) == (False, True)


def test_an_older_request_that_is_sent_at_last_issues_nothing(world: Store) -> None:
    token.ask(world, POLICY, TOM, "t1", NOW)
    new = given(world, request="t2")
    assert token.issue(world, POLICY, "U0TOM", "t1", NOW) is None
    assert works(world, new)


def test_revoking_ends_the_token_and_what_is_still_on_its_way(world: Store) -> None:
    text = given(world)
    assert token.revoke(world, POLICY, TOM, NOW) is True
    assert why(token.authenticate(world, POLICY, text, NOW)) == "unknown_token"
    token.ask(world, POLICY, TOM, "t2", NOW)
    assert token.revoke(world, POLICY, TOM, NOW) is False
    assert token.issue(world, POLICY, "U0TOM", "t2", NOW) is None
    assert token.revoke(world, POLICY, TOM, NOW) is False


def test_a_token_ends_by_itself_when_policy_says(world: Store) -> None:
    text = given(world)
    assert works(world, text, hours=11)
    expired = token.authenticate(world, POLICY, text, NOW + timedelta(hours=12))
    assert why(expired) == "expired_token"
    assert isinstance(expired, Refused)
    assert expired.sentence.startswith("This token expired Mon 23 Nov 21:00 UTC. Type /link token")
    short = replace(POLICY, limits=Limits(token_hours=1))
    assert token.ask(world, short, TOM, "t2", NOW) == timedelta(hours=1)


@pytest.mark.parametrize(
    "forged",
    [
        "",
        "interlock_",
        "interlock_" + "A" * 43,
        "interlock_" + "A" * 42 + "é",
        "x" * 100_000,
        "\x00",
        "Bearer interlock_",
    ],
)
def test_what_was_never_issued_does_not_work(world: Store, forged: str) -> None:
    given(world)
    assert why(token.authenticate(world, POLICY, forged, NOW)) == "unknown_token"


def test_neither_the_hash_nor_its_case_opens_the_door(world: Store) -> None:
    text = given(world)
    assert not works(world, hash_of(text) or "")
    assert not works(world, text.swapcase())


@pytest.mark.parametrize(
    ("who", "reason"),
    [("GUEST", "guest"), ("VENDOR", "external"), ("LEFT", "deactivated"), ("NOBODY", "unknown_person")],
)
def test_only_active_members_get_one(world: Store, who: str, reason: str) -> None:
    assert why(token.ask(world, POLICY, actor(who), "t1", NOW)) == reason
    assert why(token.issue(world, POLICY, f"U0{who}", "t1", NOW)) == reason
    facts = {"person": f"U0{who}", "why": reason}
    assert recorded(world) == [("token.ask_refused", "slack", facts), ("token.issue_refused", "system", facts)]


@pytest.mark.parametrize(
    ("change", "reason"),
    [({"active": False}, "deactivated"), ({"kind": "guest"}, "guest"), ({"kind": "external"}, "external")],
)
def test_whoever_leaves_or_becomes_a_guest_is_refused_at_once(
    world: Store, change: dict[str, Any], reason: str
) -> None:
    text = given(world)
    token.ask(world, POLICY, TOM, "t2", NOW)
    with world.write() as session:
        session.get_one(PersonRow, "U0TOM").sqlmodel_update(change)
    assert why(token.authenticate(world, POLICY, text, NOW)) == reason
    assert why(token.issue(world, POLICY, "U0TOM", "t2", NOW)) == reason


def test_policy_can_close_the_door(world: Store) -> None:
    text = given(world)
    closed = replace(POLICY, permissions=POLICY.permissions | {Permission.TOKEN_SELF: ()})
    assert why(token.authenticate(world, closed, text, NOW)) == "not_permitted"
    assert why(token.ask(world, closed, TOM, "t2", NOW)) == "not_permitted"
    assert why(token.revoke(world, closed, TOM, NOW)) == "not_permitted"
    assert [kind for kind, *_ in recorded(world)[-2:]] == ["token.ask_refused", "token.revoke_refused"]


def test_nobody_is_given_one_while_it_is_not_known_who_may_what(world: Store) -> None:
    later = NOW + timedelta(minutes=16)
    assert why(token.ask(world, POLICY, TOM, "t1", later)) == "groups_unavailable"


def test_a_hash_is_one_persons(world: Store) -> None:
    given(world)
    given(world, "MARIA")
    with pytest.raises(IntegrityError), world.write() as session:
        session.get_one(AccessTokenRow, "U0MARIA").hash = session.get_one(AccessTokenRow, "U0TOM").hash


def test_two_relays_that_draw_at_once_leave_one_token_that_works(world: Store) -> None:
    token.ask(world, POLICY, TOM, "t1", NOW)
    barrier, made = Barrier(2), list[str]()

    def draw() -> None:
        barrier.wait()
        made.append(issued(world))

    threads = [Thread(target=draw) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(works(world, text) for text in made) == [False, True]
    assert [kind for kind, _, _ in recorded(world)].count("token.issued") == 2
