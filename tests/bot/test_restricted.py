"""A ticket with a security level is named nowhere, and one of a project that a channel may not see not in that channel:
every command is typed, every kind of message drawn, and all that was said is searched.
"""

import io
import json
from collections.abc import Iterator
from dataclasses import asdict, replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlmodel import select

from bot import terminal
from bot.app import TABLES
from bot.drawing import Drawn, DrawnFile, DrawnHome
from bot.payload import Payload
from bot.requests import Click, Command, Submission
from bot.sender import DRAWERS
from bot.services import Services
from bot.views.blocks import Message
from interlock.domain.policy import Ladder, LadderStep, Policy, Team, TeamMatch
from interlock.domain.raid import Deed, Kind
from interlock.domain.raid_draft import RaidDraft
from interlock.store import raid
from interlock.store.engine import Store
from interlock.store.outbox import OutboxRow, message_of
from interlock.store.ticket import AccountRow, TicketChangeRow, TicketLinkRow, TicketRow
from interlock.usecases import card, digest, escalation, raid_reminder, readiness, revalidation, scope, signoff
from interlock.usecases.announcement import SHARED, share
from sandbox.slack.blocks import message_blocks
from tests.bot.conftest import Slack
from tests.builders import CHANNEL, NOW, TEMPLATE, actor, people, release, ticket
from tests.builders import POLICY as PLAIN

SECRET = ("Falcon", "DATA-666")
FOREIGN = ("Heron", "PAY-13")
"""Shown to members in answers of their own, but not in the release's channel."""

EXPECTED = {
    "blocker.list",
    "blocker.ping",
    "blocker.settled",
    "digest",
    "home",
    "raid.export",
    "raid.map",
    "raid.reviews",
    "readiness",
    "release.status",
    "signoff.card",
    "signoff.rejected",
    "signoff.void",
}
"""What has to have been drawn for the search to mean anything."""

NO_TICKET = {
    "release.created": "a release's name and dates",
    "release.closed": "a release's name, and why",
    "release.moved": "the same",
    "release.held": "the same",
    "release.resumed": "the same",
    "release.cancelled": "the same",
    "raid.named": "an entry's title, and who named you",
    "reporter": "a program's token",
    "calendar.picture": "releases, freezes and what is in the way, as the command says them",
    "waiver.card": "a gate's name, and why it may pass",
    "waiver.refresh": "the same",
    "signoff.for_you": "a release's name and a requirement's",
    "signoff.reminder": "the same",
    "signoff.chase": "the same",
    "signoff.unanswered": "the same",
    "signoff.shortfall": "the same",
    "signoff.within_reach": "the same",
    "delegation.told": "the same",
    "delegation.over": "the same",
    "signoff.revoked": "a sign-off's name, and whose it was",
    "signoff.refresh": "the card once more, in place of the one that was posted",
    "policy_change.card": "what differs between two templates, and why",
    "policy_change.refresh": "the same",
    "policy_change.told": "the same",
    "break_glass.card": "which sign-offs are missing, and how many tickets are in scope",
    "break_glass.refresh": "the same",
    "break_glass.news": "the same",
    "break_glass.passed_over": "the same",
    "gonogo.card": "who voted what, and how many tickets are in scope",
    "gonogo.refresh": "the same",
    "gonogo.chase": "the same",
    "gonogo.result": "the same",
    "gonogo.record": "the same",
    "gonogo.void": "the same, and how many tickets changed",
    "gonogo.pin": "nothing",
    "booking.reminder": "an environment and who has it",
    "booking.granted": "the same",
    "booking.lapsed": "the same",
    "booking.overtaken": "the same",
    "booking.ended": "the same",
    "booking.environment": "an environment's state",
    "booking.retired": "the same",
    "runbook.card": "no ticket is in a runbook: its steps are policy's, its notes what people typed for all to read",
    "runbook.refresh": "the same",
    "runbook.late": "the same",
    "runbook.failed": "the same",
    "leaver.blocker": "one ticket: drawn with a restricted one in test_leaver.py",
    "leaver.booking": "an environment and who has it",
    "link.note": "somebody's own account",
    "outage": "a message's kind and the release that it was about",
    "relay.parked": "a message's kind and where it was to go",
    "evidence": "a signed file: searched as bytes in tests/bot/test_evidence.py",
    "token": "a token",
    "feed": "a link",
    "decision.reminder": "the card of what is decided, which is listed here itself",
    "exception.card": "a release's name, a freeze's, and why",
    "exception.refresh": "the same",
    "exception.told": "the same",
    "vendor.refused": "whose token was refused, and what waits for it",
    "audit.anchor": "the record's newest number and its hash",
    "words": "what the command would have said, which is drawn by the command's own view",
}
"""The kinds of message that are not drawn here, and what they tell instead."""

PRESSED_ELSEWHERE = {
    "policy_change.new": "no ticket is in a policy",
    "policy_change.approve": "the same",
    "policy_change.reject": "the same",
    "policy_change.withdraw": "the same",
    "break_glass.confirm": "what of the scope changed: tests/bot/test_break_glass.py has a restricted one",
    "break_glass.take_back": "a release's name",
    "break_glass.review": "a release's name and its sign-offs'",
    "gonogo.go": "no ticket is in an answer to a vote",
    "gonogo.no_go": "the same",
    "gonogo.abstain": "the same",
    "gonogo.confirm": "conditions that do not hold, by the view of release.ahead",
    "booking.new": "no ticket is in a booking",
    "booking.return": "the same",
    "booking.end": "the same",
    "booking.extend": "the same",
    "environment.all": "the same",
    "link.choose": "somebody's own account",
    "link.check": "the same",
    "parked.send": "a message's kind and where it was to go",
    "parked.drop": "the same",
    "signoff.conditions": "opens a form that asks, or refuses as Approve does",
    "condition.done": "what somebody typed that has to be done: nobody ticks a ticket off",
    "calendar.picture": "that it is on its way",
    "stage.move": "what `release.ahead` says, which is drawn here",
    "stage.back": "a release's name and two stages",
    "waiver.grant": "a gate's name",
    "waiver.refuse": "the same",
    "waiver.withdraw": "the same",
    "runbook.show": "no ticket is in a runbook",
    "runbook.start": "the same",
    "runbook.begin": "the same",
    "runbook.tick": "the same",
    "runbook.fail": "the same",
    "runbook.skip": "the same",
    "runbook.abort": "the same",
    "runbook.all": "the same",
    "calendar.weeks": "what /release calendar says, which is typed here",
    "collision.acknowledge": "components and environments: test_collision.py has a restricted one",
    "exception.new": "a form about a release's name and a freeze's",
    "exception.approve": "the same",
    "exception.refuse": "the same",
    "release.preview": "a form's own fields are its state: how many tickets a release would have",
    "words.show": "what the command says, by the command's own view",
}
SENT_ELSEWHERE = {
    "policy_change.new": "no ticket is in a policy",
    "policy_change.approve": "the same",
    "policy_change.reject": "the same",
    "break_glass.review": "a release's name",
    "gonogo.no_go": "no ticket is in an answer to a vote",
    "release.new": "a release's name and dates",
    "release.close": "the same",
    "release.cancel": "the same",
    "stage.back": "a release's name and two stages",
    "exception.new": "a release's name, a freeze's, and why",
    "exception.refuse": "the same",
    "link.check": "somebody's own account",
    "runbook.fail": "no ticket is in a runbook",
    "runbook.skip": "the same",
    "runbook.abort": "the same",
    "booking.new": "no ticket is in a booking",
    "booking.end": "the same",
    "environment.retire": "the same",
}

LADDER = Ladder(
    name="Usual",
    steps=(
        LadderStep(after_business_hours=0, to="owner"),
        LadderStep(after_business_hours=1, to="team_lead"),
        LadderStep(after_business_hours=2, to="release_manager"),
        LadderStep(after_business_hours=3, to="release_channel"),
    ),
)


@pytest.fixture
def policy() -> Policy:
    data = Team(name="Data Engineering", lead="ana@practice.example", match=TeamMatch(projects=("DATA",)))
    return replace(PLAIN, ladders={"usual": LADDER}, teams=PLAIN.teams | {"data": data})


def build(store: Store) -> int:
    """Of 2026.12's five tickets DATA-666 is restricted and stands in the way of two; PAY-13, in the way of one, is
    another channel's."""
    hidden: dict[str, Any] = {
        "security_level": "10000",
        "flagged": True,
        "assignee_id": "acc-ravi",
        "summary": "Falcon slips",
    }
    with store.write() as session:
        people(session)
        session.add(AccountRow(id="acc-ravi", name="Ravi in Jira"))
        ticket(session, "DATA-666", **hidden)
        ticket(session, "PAY-13", flagged=True, summary="Heron is late")
        for key in ("DATA-666", "PAY-13"):
            at = NOW - timedelta(days=4)
            session.add(TicketChangeRow(ticket_id=f"id-{key}", id="1", at=at, field="flagged", after="Impediment"))
        number = release(session, tickets=["DATA-1", "DATA-2", "ML-2"], template=replace(TEMPLATE, ladder="usual"))
        for waiting, on in (("DATA-1", "DATA-666"), ("ML-2", "DATA-666"), ("DATA-2", "PAY-13")):
            session.add(
                TicketLinkRow(
                    ticket_id=f"id-{waiting}",
                    other_id=f"id-{on}",
                    phrase="is blocked by",
                    relation="blocked_by",
                    other_key=on,
                    other_category="new",
                )
            )
        risk = RaidDraft(
            kind=Kind.RISK,
            release_id=number,
            title="It slips",
            owner="U0RAVI",
            probability=3,
            impact=4,
            review_on=NOW.date(),
        )
        for place, key in enumerate(("DATA-666", "PAY-13")):
            one = raid.add(session, risk, f"id-{key}", "U0RITA", str(place), NOW)
            raid.remember(session, None, one, Deed.CREATED, "U0RITA", "", NOW)
        return number


@pytest.fixture
def world(services: Services) -> int:
    return build(services.store)


def typed(services: Services) -> Iterator[tuple[str, object]]:
    for name, spec in TABLES.commands.items():
        for verb, entry in spec.verbs.items():
            for args in ("", "2026.12", "data", "DATA-666", "DATA-666 tomorrow Vendor", "DATA-666 +3d", "DATA-1 +9d"):
                asked = Command(
                    actor=actor("RAVI"),
                    name=name,
                    verb=verb,
                    args=args,
                    channel_id=CHANNEL,
                    channel_name="",
                    trigger_id=f"{name}{verb}{args}",
                    now=NOW,
                )
                yield f"{name} {verb} {args}", entry.handler(asked, services)


PRESSED = (
    ("release.status", "release", ""),
    ("release.signoffs", "release", ""),
    ("release.blockers", "release", ""),
    ("release.readiness", "release", ""),
    ("release.ahead", "release", ""),
    ("release.share", "release", ""),
    ("release.forecast", "release", ""),
    ("release.whatif", "release_day", "1_2026-12-18"),
    ("release.whatif_all", "ticket_day", "id-DATA-1_2026-12-18"),
    ("signoff.request", "release", ""),
    ("condition.list", "release", ""),
    ("blocker.take", "ticket", "id-DATA-666"),
    ("blocker.snooze", "ticket", "id-DATA-666"),
    ("blocker.share", "release", ""),
    ("blocker.all", "release", ""),
    ("raid.show", "entry", "1"),
    ("raid.all", "release", ""),
    ("raid.map", "release", ""),
    ("raid.new", "release", ""),
    ("raid.review", "entry", "1"),
    ("raid.edit", "entry", "1"),
    ("raid.close", "entry", "1"),
)
SIGNED = ("signoff.approve", "signoff.reject", "signoff.revoke")
SENT = ("blocker.take", "blocker.snooze", "raid.save", "raid.reviewed", "raid.closed")


def clicked(services: Services, number: int) -> Iterator[tuple[str, object]]:
    for action_id, kind, ident in PRESSED:
        payload = Payload(kind=kind, id=ident or str(number))
        pressed = Click(
            actor=actor("RAVI"), action_id=action_id, now=NOW, trigger_id=action_id, payload=payload, channel_id=CHANNEL
        )
        yield action_id, TABLES.clicks[action_id](pressed, services)
    for callback_id in SENT:
        later = (NOW + timedelta(days=2)).date().isoformat()
        values = {"until": later, "why": "Vendor's turn", "review": later, "outcome": "It shipped."}
        values |= {"release": str(number), "title": "It slips", "owner": "U0RAVI", "ticket": "A RESTRICTED TICKET"}
        values |= {"probability": "5", "impact": "5"}
        sent = Submission(
            actor=actor("RAVI"),
            callback_id=callback_id,
            values=values,
            private={"ticket": "id-DATA-666", "entry": 1, "version": 1 + (callback_id == "raid.reviewed")},
            view_id="V1",
            request_id=callback_id,
            now=NOW,
        )
        yield callback_id, TABLES.submissions[callback_id](sent, services)


def drawn(services: Services) -> Iterator[tuple[str, str, object]]:
    with services.store.read() as session:
        waiting = [message_of(row) for row in session.exec(select(OutboxRow).order_by("id"))]
    for message in waiting:
        if message.kind == "signoff.refresh":
            continue  # the card once more, which is not posted here
        yield message.kind, message.channel, DRAWERS[message.kind](services, message)


def words(said: object) -> str:
    """All that is said, shown or not, but for the tracker's ids, which name nothing."""
    if isinstance(said, Drawn):
        said = said.message
    if isinstance(said, DrawnHome):
        said = said.view
    if isinstance(said, DrawnFile):
        said = replace(said, content=said.content if said.name.endswith((".csv", ".json")) else b"a picture")
    told = json.dumps(asdict(said)) + terminal.words(said, {}) if isinstance(said, Message) else repr(said)
    return told.replace("id-DATA-", "").replace("id-PAY-", "")


def signed_and_overtaken(services: Services, number: int) -> Iterator[tuple[str, object]]:
    """Tom may not sign, Ines's approval goes void, Noor clicks the card of before."""
    store, policy, now = services.store, services.policy, NOW
    asked = signoff.request(store, policy, actor("RITA"), number, now)
    assert isinstance(asked, signoff.Requested)
    old = card.draw(store, asked.card.id, now)
    assert old is not None
    revision = str(old.revision_id)
    with store.write() as session:
        session.get_one(TicketRow, "id-DATA-666").assignee_id = "acc-tom"

    def press(who: str, action_id: str = "signoff.approve") -> object:
        pressed = Click(
            actor=actor(who),
            action_id=action_id,
            now=now,
            trigger_id=f"{action_id} {who}",
            payload=Payload(kind="revision", id=revision),
        )
        return TABLES.clicks[action_id](pressed, services)

    yield "assigned", press("TOM")
    hanging = Submission(
        actor=actor("INES"),
        callback_id="signoff.approve",
        values={"conditions": "DATA-666"},
        private={"revision": revision, "conditions": True},
        view_id="V1",
        request_id="approved",
        now=now,
    )
    yield "approved with a condition", TABLES.submissions["signoff.approve"](hanging, services)
    listed = Click(
        actor=actor("RAVI"),
        action_id="condition.list",
        now=now,
        trigger_id="conditions",
        payload=Payload(kind="release", id=str(number)),
    )
    conditions = TABLES.clicks["condition.list"](listed, services)
    assert "1 condition open" in words(conditions)
    yield "conditions", conditions
    cards = [each for each in drawn(services) if each[0] == "signoff.card"]
    assert "1 condition open" in words(cards[0][2])
    yield f"to {cards[0][1]}: signoff.card with a condition", cards[0][2]
    yield "asked why", press("MARIA", "signoff.reject")
    why = Submission(
        actor=actor("MARIA"),
        callback_id="signoff.reject",
        values={"reason": "Lineage is missing"},
        private={"revision": revision},
        view_id="V1",
        request_id="rejected",
        now=now,
    )
    yield "rejected", TABLES.submissions["signoff.reject"](why, services)
    with store.write() as session:
        session.get_one(TicketRow, "id-DATA-666").assignee_id = "acc-ravi"
        ticket(session, "DATA-6660", security_level="10000", summary="Falcon II")
        session.get_one(TicketRow, "id-DATA-666").deleted_at = now
        scope.refresh(session, None, now)
        session.get_one(TicketRow, "id-DATA-666").deleted_at = None
    assert revalidation.revalidate(store, now) == 1
    yield "stale", press("NOOR")
    yield "revoked", press("INES", "signoff.revoke")
    with store.write() as session:
        scope.refresh(session, None, now)


def test_every_output_is_searched_or_says_why_not() -> None:
    """A message, button or form that is added is drawn here, or its reason is written down."""
    assert DRAWERS.keys() == EXPECTED | NO_TICKET.keys()
    assert TABLES.clicks.keys() == {name for name, _, _ in PRESSED} | set(SIGNED) | PRESSED_ELSEWHERE.keys()
    assert TABLES.submissions.keys() == {*SENT, "signoff.approve", "signoff.reject"} | SENT_ELSEWHERE.keys()


def everything(services: Services, number: int) -> Iterator[tuple[str, object]]:
    """All that is said: each name begins with `to CHANNEL: kind` where it is a message."""
    store, policy = services.store, services.policy
    for hours in (0, 2, 4, 6, 8, 24):  # each rung of the ladder
        escalation.run(store, policy, NOW + timedelta(hours=hours))
    yield from signed_and_overtaken(services, number)
    for kind in SHARED:
        share(store, policy, actor("RAVI"), kind, number, CHANNEL, "r1", NOW)
    digest.run(store, policy, CHANNEL, "slot", NOW)
    readiness.run(store, policy, datetime(2026, 12, 14, 9, tzinfo=UTC))
    raid_reminder.run(store, policy, NOW)
    for place, (kind, channel, told) in enumerate(list(drawn(services))):
        yield f"to {channel}: {kind} {place}", told
    with store.write() as session:
        for row in session.exec(select(OutboxRow)):  # so that what becomes of a blocker changes its pings
            row.state, row.message_channel, row.message_ts = "sent", row.channel, "1.1"
    yield from typed(services)
    yield from clicked(services, number)
    for place, (kind, channel, told) in enumerate(list(drawn(services))):
        yield f"to {channel}: {kind} {place}, later", told


def test_no_command_click_or_message_names_it(
    services: Services, world: int, slack: Slack, logged: io.StringIO
) -> None:
    said = dict(everything(services, world))
    texts = {name: words(told) for name, told in said.items()}
    texts |= {f"form {number}": words(call) for number, call in enumerate(slack.calls)}
    assert [method for method, _ in slack.calls].count("views.open") > 2
    for name, text in texts.items():
        typed_there = "DATA-666" in name
        assert not [each for each in SECRET if each in text and not (typed_there and each == "DATA-666")], name
        if name.startswith(f"to {CHANNEL}"):
            assert not [each for each in FOREIGN if each in text], name
    assert "Falcon" not in logged.getvalue()
    shown = " ".join(texts.values())
    assert "estricted ticket" in shown  # it counts
    assert "PAY-13" in shown  # to members, in answers that only they see
    for told in said.values():
        shown_blocks = (
            told.message.blocks if isinstance(told, Drawn) else told.blocks if isinstance(told, Message) else ()
        )
        message_blocks(list(shown_blocks), str)  # raises for what Slack would refuse
    kinds = {name.split()[2] for name, told in said.items() if isinstance(told, Drawn | DrawnFile | DrawnHome)}
    assert kinds >= EXPECTED
