"""Claims to tracker accounts on a real store: proved, confirmed, given up; each account one person's."""

import json
from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from threading import Barrier, Thread
from typing import Any

import pytest
from sqlalchemy.exc import IntegrityError
from sqlmodel import Session, select

from interlock.domain.actor import Owner
from interlock.domain.authority import Refused
from interlock.domain.directory import AccountLink
from interlock.domain.link import AlreadyLinked, Comment, Confirmed, LinkRequest, LinkState, Several, Unknown
from interlock.domain.permission import Permission
from interlock.domain.ticket import Account
from interlock.store import directory
from interlock.store.audit import AuditRow, verify
from interlock.store.engine import Store
from interlock.store.outbox import OutboxRow
from interlock.store.person import PersonRow
from interlock.store.ticket import AccountRow
from interlock.usecases import link
from tests.builders import NOW, POLICY, actor, people

NIA = actor("NOMAIL")
LATER = NOW + timedelta(minutes=3)


@pytest.fixture
def world(store: Store) -> Store:
    """Everybody but Nia is linked by e-mail; the tracker knows two accounts named Nia Brook and nobody's Spare Seat."""
    with store.write() as session:
        people(session)
        names = {"acc-nia": "Nia Brook", "acc-nia2": "Nia Brook", "acc-spare": "Spare Seat", "acc-tom": "Tom Arkwright"}
        session.add_all(AccountRow(id=id_, name=name) for id_, name in names.items())
    return store


def claim(store: Store, who: str = "NOMAIL", account: str = "acc-nia", **more: bool) -> LinkRequest:
    claimed = link.claim(store, POLICY, actor(who), account, NOW, **more)
    assert isinstance(claimed, LinkRequest)
    return claimed


def checking(store: Store, who: str = "NOMAIL", key: str = "DATA-1") -> LinkRequest:
    found = link.check(store, POLICY, actor(who), key, NOW)
    assert isinstance(found, LinkRequest)
    return found


def comment(request: LinkRequest, by: str = "acc-nia", name: str = "Nia Brook") -> Comment:
    author = Account(id=by, name=name)
    return Comment(author=author, names=frozenset({by, name}), edited_by=by, created=LATER, text=request.code)


def settle(store: Store, request: LinkRequest, comments: Sequence[Comment]) -> str | None:
    return link.settle(store, POLICY, request, comments, LATER)


def linked(store: Store, who: str = "NOMAIL") -> tuple[str | None, str | None]:
    with store.read() as session:
        row = session.get_one(PersonRow, f"U0{who}")
        return row.account_id, row.linked_by


def recorded(store: Store) -> list[tuple[str, dict[str, Any]]]:
    with store.read() as session:
        assert verify(session)[1] is None
        rows = session.exec(select(AuditRow).order_by(AuditRow.seq)).all()  # type: ignore[arg-type]  # a column
        return [(row.kind, json.loads(row.body)["facts"]) for row in rows]


def told(store: Store) -> list[tuple[str, str]]:
    """To whom which outcome is sent."""
    with store.read() as session:
        rows = session.exec(select(OutboxRow).where(OutboxRow.kind == "link.note")).all()
        return [(row.channel, row.ids["outcome"]) for row in rows]


def reason(found: object) -> str | None:
    return found.reason if isinstance(found, Refused) else None


def test_the_accounts_own_comment_links_and_is_recorded_and_told(world: Store) -> None:
    claim(world)
    request = checking(world, key="https://jira.practice.example/browse/data-1")
    assert [each.ticket_key for each in link.waiting(world, NOW)] == ["DATA-1"]
    assert settle(world, request, [comment(request)]) == "verified"
    assert linked(world) == ("acc-nia", "comment")
    assert link.waiting(world, LATER) == []
    assert told(world) == [("@U0NOMAIL", "verified")]
    assert recorded(world) == [
        ("link.requested", {"person": "U0NOMAIL", "account": "acc-nia"}),
        ("link.verified", {"person": "U0NOMAIL", "account": "acc-nia", "ticket": "DATA-1"}),
    ]
    state = link.state(world, POLICY, NIA, LATER)
    assert isinstance(state, LinkState)
    assert state.account is not None
    assert (state.account.name, state.request) == ("Nia Brook", None)


@pytest.mark.parametrize(
    ("by", "name", "outcome"), [("acc-tom", "Tom Arkwright", "another"), ("acc-nia2", "Nia Brook", "another")]
)
def test_another_accounts_comment_links_nobody_and_the_claim_stays_open(
    world: Store, by: str, name: str, outcome: str
) -> None:
    claim(world)
    request = checking(world)
    assert settle(world, request, [comment(request, by, name)]) == outcome
    assert linked(world) == (None, None)
    assert told(world) == [("@U0NOMAIL", "another")]
    assert link.waiting(world, LATER) == []
    request = checking(world)
    assert settle(world, request, [comment(request)]) == "verified"


def test_no_comment_is_told_and_may_be_looked_for_again(world: Store) -> None:
    claim(world)
    request = checking(world)
    assert settle(world, request, []) == "missing"
    assert settle(world, request, [comment(request)]) is None, "that look is over"
    note = link.note(world, {"slack_id": "U0NOMAIL", "outcome": "missing", "named": "Nia Brook", "ticket": "DATA-1"})
    assert note is not None
    assert note.request == replace(request, ticket_key=None)


def test_a_claim_that_ran_out_is_told_so_only_if_somebody_waits_for_it(world: Store) -> None:
    claim(world)
    request = checking(world)
    late = request.expires_at + timedelta(minutes=1)
    with world.write() as session:
        directory.fresh(session, "groups", late)
        directory.fresh(session, "people", late)
    assert link.check(world, POLICY, NIA, "DATA-1", late) == link.NO_REQUEST
    assert [each.slack_id for each in link.waiting(world, late)] == ["U0NOMAIL"]
    assert link.settle(world, POLICY, request, (), late) == "expired"
    assert told(world) == [("@U0NOMAIL", "expired")]
    claim(world)
    assert link.waiting(world, late) == []
    assert link.check(world, POLICY, NIA, "DATA-1", NOW) == link.NO_REQUEST


def test_asking_again_gives_the_same_code_and_another_account_another(world: Store) -> None:
    first = claim(world)
    assert claim(world) == first
    assert claim(world, account="acc-nia2").code != first.code
    assert len({claim(world, account=name).code for name in ("acc-nia", "acc-spare", "acc-nia2")}) == 3


@pytest.mark.parametrize(
    ("typed", "found"),
    [
        ("Nia Brook", Several),
        ("nia", Several),
        ("Nia Brok", Unknown),
        ("spare", LinkRequest),
        ("Quentin Xu", LinkRequest),
        ("\u202e;--<!channel>%", LinkRequest),
        ("x" * 10_000, LinkRequest),
    ],
)
def test_what_is_typed_names_one_account_or_is_asked_about(world: Store, typed: str, found: type) -> None:
    assert isinstance(link.claim(world, POLICY, NIA, typed, NOW), found)


def test_an_account_that_was_never_seen_is_claimed_by_its_name_and_known_from_then_on(world: Store) -> None:
    request = claim(world, account="Nia Brok", as_typed=True)
    assert request.account_id is None
    request = checking(world)
    assert settle(world, request, [comment(request, "acc-new", "nia brok")]) == "verified"
    assert linked(world) == ("acc-new", "comment")
    with world.read() as session:
        assert session.get_one(AccountRow, "acc-new").name == "nia brok"


def test_an_account_of_somebody_else_is_refused_by_name_and_recorded(world: Store) -> None:
    refused = link.claim(world, POLICY, NIA, "acc-tom", NOW)
    assert reason(refused) == "taken"
    assert recorded(world) == [("link.refused", {"person": "U0NOMAIL", "account": "acc-tom", "why": "taken"})]


def test_an_account_that_somebody_got_meanwhile_is_theirs(world: Store) -> None:
    claim(world)
    request = checking(world)
    with world.write() as session:
        tom = session.get_one(PersonRow, "U0TOM")
        tom.account_id = "acc-nia"
    assert settle(world, request, [comment(request)]) == "taken"
    assert (linked(world), linked(world, "TOM")) == ((None, None), ("acc-nia", "email"))
    assert recorded(world)[-1][0] == "link.refused"


@pytest.mark.parametrize("account", ["acc-spare", "Somebody New"])
def test_nobody_who_is_linked_changes_accounts_alone(world: Store, account: str) -> None:
    assert reason(link.claim(world, POLICY, actor("INES"), account, NOW)) == "has_another"


def test_giving_an_account_up_does_not_open_the_way_to_another(world: Store) -> None:
    claim(world)
    request = checking(world)
    settle(world, request, [comment(request)])
    removed = link.remove(world, POLICY, NIA, LATER)
    assert isinstance(removed, Owner)
    assert removed.name == "Nia Brook"
    assert linked(world) == ("acc-nia", None)
    assert recorded(world)[-1] == ("link.removed", {"person": "U0NOMAIL", "account": "acc-nia"})
    assert reason(link.remove(world, POLICY, NIA, LATER)) == "not_linked"
    with world.write() as session:
        directory.save_links(session, {}, LATER)
    assert reason(link.claim(world, POLICY, NIA, "acc-spare", LATER)) == "has_another"
    assert isinstance(link.claim(world, POLICY, NIA, "acc-nia", LATER), LinkRequest)


def test_a_link_by_email_cannot_be_given_up(world: Store) -> None:
    assert reason(link.remove(world, POLICY, actor("INES"), NOW)) == "not_own"
    refused = {"person": "U0INES", "wanted": "remove", "account": "acc-ines", "why": "not_own"}
    assert recorded(world) == [("link.refused", refused)]


def test_an_admin_confirms_and_everybody_concerned_knows(world: Store) -> None:
    done = link.confirm(world, POLICY, actor("RITA"), "U0NOMAIL", "acc-nia", NOW)
    assert isinstance(done, Confirmed)
    assert (done.person.name, done.account.name) == ("Nia Brook", "Nia Brook")
    assert linked(world) == ("acc-nia", "admin")
    assert told(world) == [("@U0NOMAIL", "confirmed")]
    facts = {"person": "U0NOMAIL", "account": "acc-nia", "before": None, "taken_from": None}
    assert recorded(world) == [("link.confirmed", facts)]
    again = link.confirm(world, POLICY, actor("RITA"), "U0NOMAIL", "acc-nia", NOW)
    assert isinstance(again, AlreadyLinked)
    assert len(recorded(world)) == 1


@pytest.mark.parametrize(
    ("admin", "person", "account", "why"),
    [
        ("RITA", "RITA", "acc-spare", "own"),
        ("RITA", "NOMAIL", "acc-tom", "taken"),
        ("RITA", "GUEST", "acc-spare", "no_member"),
        ("RITA", "NOBODY", "acc-spare", "no_member"),
        ("ANA", "NOMAIL", "acc-nia", "not_permitted"),
        ("GUEST", "NOMAIL", "acc-nia", "guest"),
    ],
)
def test_who_may_not_confirm_what(world: Store, admin: str, person: str, account: str, why: str) -> None:
    assert reason(link.confirm(world, POLICY, actor(admin), f"U0{person}", account, NOW)) == why
    assert told(world) == []


def test_an_admin_gives_a_leavers_account_to_whoever_came_back(world: Store) -> None:
    with world.write() as session:
        session.add(AccountRow(id="acc-left", name="Lars Eklund-Moor"))
    assert reason(link.claim(world, POLICY, NIA, "acc-left", NOW)) == "taken"
    assert isinstance(link.confirm(world, POLICY, actor("RITA"), "U0NOMAIL", "acc-left", NOW), Confirmed)
    assert (linked(world), linked(world, "LEFT")) == (("acc-left", "admin"), (None, None))
    assert recorded(world)[-1][1]["taken_from"] == "U0LEFT"


def test_an_admin_names_one_account(world: Store) -> None:
    confirm = [link.confirm(world, POLICY, actor("RITA"), "U0NOMAIL", typed, NOW) for typed in ("nia", "Quentin")]
    assert [type(each) for each in confirm] == [Several, Unknown]


@pytest.mark.parametrize("who", ["GUEST", "VENDOR", "LEFT", "NOBODY"])
def test_only_members_link_themselves(world: Store, who: str) -> None:
    assert isinstance(link.state(world, POLICY, actor(who), NOW), Refused)
    assert isinstance(link.claim(world, POLICY, actor(who), "acc-nia", NOW), Refused)
    assert isinstance(link.check(world, POLICY, actor(who), "DATA-1", NOW), Refused)
    assert isinstance(link.remove(world, POLICY, actor(who), NOW), Refused)


def test_what_policy_does_not_give_is_denied(world: Store) -> None:
    nobody = replace(POLICY, permissions=POLICY.permissions | {Permission.LINK_SELF: ()})
    assert reason(link.claim(world, nobody, NIA, "acc-nia", NOW)) == "not_permitted"


def test_a_claim_waits_while_groups_are_unknown_and_ends_with_its_person(world: Store) -> None:
    claim(world)
    request = checking(world)
    much_later = NOW + timedelta(hours=2)
    assert link.settle(world, POLICY, request, [comment(request)], much_later) is None
    assert link.waiting(world, much_later) == [request]
    with world.write() as session:
        session.get_one(PersonRow, "U0NOMAIL").active = False
    assert link.settle(world, POLICY, request, [comment(request)], NOW) is None
    assert link.waiting(world, NOW) == []
    assert linked(world) == (None, None)
    refused = {"person": "U0NOMAIL", "wanted": "claim", "account": "acc-nia", "why": "deactivated"}
    assert recorded(world)[1:] == [("link.refused", refused)]


@pytest.mark.parametrize("key", ["", "../../myself", "DATA", "nonsense"])
def test_only_a_tickets_key_is_looked_at(world: Store, key: str) -> None:
    claim(world)
    assert reason(link.check(world, POLICY, NIA, key, NOW)) == "no_key"


def test_what_no_longer_holds_is_not_told(world: Store) -> None:
    ids = {"slack_id": "U0NOMAIL", "outcome": "verified", "named": "Nia Brook", "account": "acc-nia"}
    assert link.note(world, ids) is None
    assert link.note(world, ids | {"outcome": "missing"}) is None
    with world.write() as session:
        nia = session.get_one(PersonRow, "U0NOMAIL")
        nia.account_id, nia.linked_by = "acc-nia", "comment"
    note = link.note(world, ids)
    assert note is not None
    assert note.name == "Nia Brook"


def test_two_admins_at_once_give_one_account_to_one_person(world: Store) -> None:
    barrier, results = Barrier(2), dict[str, object]()

    def confirm(person: str) -> None:
        barrier.wait(10)
        results[person] = link.confirm(world, POLICY, actor("RITA"), person, "acc-spare", NOW)

    with world.write() as session:
        for slack_id in ("U0ANA", "U0TOM"):
            session.get_one(PersonRow, slack_id).linked_by = None
    threads = [Thread(target=confirm, args=(person,)) for person in ("U0ANA", "U0TOM")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert sorted(type(each).__name__ for each in results.values()) == ["Confirmed", "Refused"]
    assert sorted([linked(world, "ANA")[0] == "acc-spare", linked(world, "TOM")[0] == "acc-spare"]) == [False, True]


def test_the_database_lets_no_account_be_two_peoples(world: Store) -> None:
    with pytest.raises(IntegrityError), world.write() as session:
        _assign(session, "U0ANA", "acc-tom", "comment")
    with world.write() as session:
        _assign(session, "U0ANA", "acc-tom", None)


def test_accounts_may_pass_from_one_person_to_another_at_once(world: Store) -> None:
    links = {
        "U0ANA": AccountLink(account_id="acc-tom", by="email"),
        "U0TOM": AccountLink(account_id="acc-ana", by="email"),
    }
    with world.write() as session:
        directory.save_links(session, links, NOW)
    assert (linked(world, "ANA"), linked(world, "TOM")) == (("acc-tom", "email"), ("acc-ana", "email"))
    assert linked(world, "INES") == ("acc-ines", None)


def _assign(session: Session, slack_id: str, account: str, by: str | None) -> None:
    row = session.get_one(PersonRow, slack_id)
    row.account_id, row.linked_by = account, by
    session.flush()
