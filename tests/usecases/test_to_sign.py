"""Sign-offs shown where the card cannot be seen: what is shown is a revision, and the card in Slack keeps up."""

import pytest
from sqlmodel import func, select

from interlock.domain.authority import Refused
from interlock.domain.outbox import Sent
from interlock.domain.release import Unclear
from interlock.domain.signing import Accepted
from interlock.domain.signoff import Decision, SignoffCard
from interlock.store import outbox_relay
from interlock.store.card import CardRevisionRow
from interlock.store.engine import Store
from interlock.store.outbox import OutboxRow, message_of
from interlock.usecases import card, scope, signoff, signoff_view
from tests.builders import CHANNEL, NOW, POLICY, actor, people, release, ticket


@pytest.fixture
def world(store: Store) -> Store:
    with store.write() as session:
        people(session)
        release(session, tickets=["DATA-1", "DATA-2"])
    return store


def shown(store: Store, who: str = "TOM") -> SignoffCard:
    found = signoff_view.to_sign(store, POLICY, actor(who), "2026.12", "", NOW)
    assert isinstance(found, SignoffCard)
    return found


def posted(store: Store) -> str:
    """The card stands in Slack; the revision that it carries."""
    asked = signoff.request(store, POLICY, actor("RITA"), 1, NOW)
    assert isinstance(asked, signoff.Requested)
    drawn = card.draw(store, asked.card.id, NOW)
    assert drawn is not None
    assert drawn.revision_id is not None
    with store.write() as session:
        message = message_of(session.exec(select(OutboxRow)).one())
        outbox_relay.settle_sent(session, message, Sent(channel=CHANNEL, ts="1.1"), NOW)
    return drawn.revision_id


def refreshes(store: Store) -> int:
    with store.read() as session:
        return session.exec(select(func.count()).where(OutboxRow.kind == "signoff.refresh")).one()


def test_before_anybody_asked_there_is_nothing_to_sign_by(world: Store) -> None:
    assert shown(world).revision_id is None


def test_it_is_the_cards_own_revision_while_nothing_changed(world: Store) -> None:
    revision = posted(world)
    assert shown(world).revision_id == revision
    assert shown(world).revision_id == revision
    assert refreshes(world) == 0
    with world.read() as session:
        assert session.exec(select(func.count()).select_from(CardRevisionRow)).one() == 1


def test_a_scope_that_changed_is_another_revision_and_the_card_follows(world: Store) -> None:
    before = posted(world)
    with world.write() as session:
        ticket(session, "DATA-3")
        scope.refresh(session, None, NOW)
    found = shown(world)
    assert found.revision_id not in {None, before}
    assert found.tickets == 3
    assert refreshes(world) == 1
    given = signoff.decide(world, POLICY, actor("TOM"), found.revision_id or "", Decision.APPROVED, None, NOW)
    assert isinstance(given, signoff.Decided)
    assert isinstance(given.verdict, Accepted)


def test_looking_needs_the_same_permission_and_a_name_that_is_known(world: Store) -> None:
    assert isinstance(signoff_view.to_sign(world, POLICY, actor("GUEST"), "2026.12", "", NOW), Refused)
    assert isinstance(signoff_view.to_sign_of(world, POLICY, actor("GUEST"), 1, NOW), Refused)
    assert isinstance(signoff_view.to_sign(world, POLICY, actor("TOM"), "1999.01", "", NOW), Unclear)
    assert isinstance(signoff_view.to_sign_of(world, POLICY, actor("TOM"), 1, NOW), SignoffCard)
