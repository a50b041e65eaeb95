"""Slack, or Interlock itself, is away for an hour: nothing is hammered, and what was missed is told once."""

from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import update
from sqlmodel import Session, col, select

from interlock.domain.outage import Cause, Outage, Recovery
from interlock.domain.outbox import DeliveryError, Message, Outgoing, Sent, Urgency
from interlock.domain.pacing import UNLIMITED
from interlock.domain.policy import ChannelRule, Digest, Policy
from interlock.domain.slot import Missed
from interlock.jobs.haste import Ticks, ticks
from interlock.jobs.relay import Relay
from interlock.store import outbox_relay, slot
from interlock.store.engine import Store
from interlock.store.outage import OutageRow
from interlock.store.outbox import OutboxRow, enqueue
from interlock.store.outbox_relay import Outlook
from interlock.store.person import ChannelRow
from interlock.usecases import outage
from tests import builders
from tests.builders import CHANNEL, NOW, people, release

DOWN = DeliveryError("Slack can't be reached (timed out).", unknown_outcome=True, answered=False)
REFUSING = DeliveryError("Slack can't be reached (refused).", answered=False)
POST = Outgoing(key="p", kind="digest", ids={}, channel=CHANNEL, not_after=NOW + timedelta(hours=3))
POLICY: Policy = replace(
    builders.POLICY, channels={"rel-data-platform": ChannelRule(projects=("DATA", "ML"), digest=Digest())}
)


class Slack:
    """A Sender whose Slack can be switched off: `off` is what each call then comes to."""

    def __init__(self) -> None:
        self.off: DeliveryError | None = None
        self.unreadable: DeliveryError | None = None
        self.tried: list[str] = []
        self.stands: list[str] = []

    def send(self, message: Message) -> Sent:
        self.tried.append(message.key)
        if self.off is not None:
            raise self.off
        self.stands.append(message.key)
        return Sent(channel=message.channel, ts=f"{len(self.stands)}.0")

    def find(self, message: Message) -> Sent | None:
        error = self.unreadable or self.off
        if error is not None:
            raise error
        return Sent(channel=message.channel, ts="1.0") if message.key in self.stands else None


class Office:
    """A relay whose clock a test moves."""

    def __init__(self, store: Store) -> None:
        self.store = store
        self.now = NOW
        self.slack = Slack()
        self.relay = self.hire("r")
        with store.write() as session:
            people(session)
            session.add(ChannelRow(id="C0GENERAL", name="general", member=True))
            session.add(ChannelRow(id="C0SHARED", name="shared", member=True, shared=True))
            self.release = release(session)
        self.relay.run_once()

    def hire(self, owner: str, ticks: Ticks = ticks) -> Relay:
        def on_recovered(session: Session, ended: Outage) -> int:
            return outage.tell(session, POLICY, ended, self.now)

        return Relay(
            self.store,
            self.slack,
            clock=lambda: self.now,
            owner=owner,
            rates=UNLIMITED,
            on_recovered=on_recovered,
            ticks=ticks,
        )

    def add(self, *posts: Outgoing) -> None:
        with self.store.write() as session:
            for post in posts:
                assert enqueue(session, post, self.now)

    def run(self, *relays: Relay, minutes: float = 0, step: float = 30) -> None:
        """Let so much time pass, with a look every `step` seconds."""
        end = self.now + timedelta(minutes=minutes)
        while True:
            for relay in relays or (self.relay,):
                while relay.run_once():
                    pass
            if self.now >= end:
                return
            self.now = min(self.now + timedelta(seconds=step), end)

    def rows(self) -> dict[str, OutboxRow]:
        with self.store.read() as session:
            return {row.key: row for row in session.exec(select(OutboxRow).order_by(col(OutboxRow.id)))}

    def outages(self) -> list[OutageRow]:
        with self.store.read() as session:
            return list(session.exec(select(OutageRow).order_by(col(OutageRow.id))))

    def told(self) -> dict[str, Recovery]:
        """What each notice says now, by where it goes."""
        found = [row for row in self.rows().values() if row.kind == "outage"]
        said = {
            row.channel: outage.recovery(self.store, POLICY, row.ids["outage"], row.channel, self.now) for row in found
        }
        return {channel: each for channel, each in said.items() if each is not None}


@pytest.fixture
def office(store: Store) -> Office:
    return Office(store)


@pytest.fixture
def local(sqlite_store: Store) -> Office:
    """For what the engine has no part in."""
    return Office(sqlite_store)


def posts(number: int, **more: object) -> list[Outgoing]:
    return [replace(POST, key=f"p{each}", **more) for each in range(number)]  # type: ignore[arg-type]  # given by name


@pytest.mark.parametrize("error", [DOWN, REFUSING], ids=["lost", "refused"])
def test_after_an_hour_without_slack_what_is_due_goes_by_urgency_and_the_rest_is_dropped(
    office: Office, error: DeliveryError
) -> None:
    office.slack.off = error
    office.add(*posts(4))
    office.run(minutes=20)
    office.add(
        replace(POST, key="stale", not_after=office.now + timedelta(minutes=30), ids={"release_id": office.release}),
        replace(POST, key="elsewhere", channel="C0GENERAL"),
        replace(POST, key="urgent", urgency=Urgency.URGENT, channel="C0GENERAL"),
    )
    office.run(minutes=41)
    assert office.slack.stands == []
    office.slack.off = None
    office.run(minutes=2)
    rows = office.rows()
    assert {key: row.state for key, row in rows.items() if row.kind == "digest"} == {
        **{f"p{each}": "sent" for each in range(4)},
        "stale": "dropped",
        "elsewhere": "sent",
        "urgent": "sent",
    }
    assert (rows["stale"].reason or "").startswith("Not sent in time.")
    # Whichever message found Slack back went first; then the urgent one, the words of what was missed, and the rest.
    first, *others = office.slack.stands
    general, release_channel = "outage:1:C0GENERAL", f"outage:1:{CHANNEL}"
    for in_order in (["urgent", general, "elsewhere"], [release_channel, "p0", "p1", "p2", "p3"]):
        assert [key for key in others if key in in_order] == [key for key in in_order if key != first]
    if error is REFUSING:  # what may have been posted is looked for before
        early = [each for each in ("urgent", general, release_channel) if each != first]
        assert others[: len(early)] == early
    said = office.told()
    assert {channel: (each.late, [gone.kind for gone in each.not_sent]) for channel, each in said.items()} == {
        CHANNEL: (4, ["digest"]),
        "C0GENERAL": (2, []),
    }
    assert said[CHANNEL].not_sent[0].release == "2026.12"
    assert (said[CHANNEL].began_at, said[CHANNEL].cause) == (NOW, Cause.SLACK)
    assert timedelta(minutes=61) <= said[CHANNEL].ended_at - NOW <= timedelta(minutes=62)


def test_while_slack_is_down_it_is_felt_for_and_not_hammered(office: Office) -> None:
    office.slack.off = REFUSING
    others = [office.hire("second"), office.hire("third")]
    office.add(*(replace(POST, key=f"p{each}", channel=f"C{each}") for each in range(50)))
    office.run(office.relay, *others, minutes=10)
    assert len(office.slack.tried) <= 3 * 8 + 10 * 60 // 30 + 5
    office.slack.off = None
    office.run(office.relay, *others, minutes=1)
    assert sorted(set(office.slack.stands)) == sorted(office.slack.stands)
    assert {row.state for row in office.rows().values()} == {"sent"}


def test_a_clock_that_was_put_back_keeps_nobody_from_feeling_for_slack(office: Office) -> None:
    office.slack.off = REFUSING
    office.add(
        *(replace(POST, key=f"p{each}", channel=f"C{each}", not_after=NOW + timedelta(days=1)) for each in range(5))
    )
    office.now += timedelta(hours=1)  # by a clock that is wrong
    office.run(minutes=1)
    office.slack.off = None
    office.now = NOW
    office.run(minutes=3)
    assert {row.state for row in office.rows().values() if row.kind == "digest"} == {"sent"}


def test_one_message_that_cannot_be_sent_is_no_outage(local: Office) -> None:
    """It fails again and again, and each time another shows that Slack is there."""

    class Choosy(Slack):
        def send(self, message: Message) -> Sent:
            self.off = REFUSING if message.key == "poison" else None
            return super().send(message)

    local.slack = Choosy()
    local.relay = local.hire("choosy")
    local.add(replace(POST, key="poison", urgency=Urgency.URGENT))
    local.run(minutes=4)
    for each in range(30):
        local.add(replace(POST, key=f"p{each}", channel="C0GENERAL"))
        local.run(minutes=2)
        assert f"p{each}" in local.slack.stands
    assert local.told().keys() <= {CHANNEL}


def test_a_short_outage_and_one_in_which_nothing_was_due_are_no_news(office: Office) -> None:
    office.slack.off = REFUSING
    office.add(*posts(3))
    office.run(minutes=3)
    office.slack.off = None
    office.run(minutes=2)
    assert (len(office.slack.stands), office.told()) == (3, {})
    office.slack.off = REFUSING
    office.add(replace(POST, key="card", coalesce="card:7"))
    office.run(minutes=20)
    office.slack.off = None
    office.run(minutes=2)
    assert [bool(each.told_at) for each in office.outages()] == [True, True]
    assert [row for row in office.rows().values() if row.kind == "outage"] == []


def test_nobody_is_asked_to_look_for_what_slack_could_not_be_asked_about(office: Office) -> None:
    """Its answer was lost when Slack went down; two hours later it is looked for, and posted once."""
    office.slack.off = DOWN
    office.add(replace(POST, not_after=NOW + timedelta(hours=5)), replace(POST, key="other", channel="C0GENERAL"))
    office.run(minutes=120, step=120)
    assert {row.state for row in office.rows().values()} <= {"pending", "sending"}
    office.slack.off, office.slack.unreadable = None, DOWN
    office.run(minutes=3)
    office.slack.unreadable = None
    office.run(minutes=3)
    assert {row.state for row in office.rows().values()} == {"sent"}
    assert sorted(key for key in office.slack.stands if key in {"p", "other"}) == ["other", "p"]


def test_three_replicas_tell_of_it_once_and_so_does_one_that_dies_in_between(office: Office) -> None:
    others = [office.hire("second"), office.hire("third")]
    office.slack.off = REFUSING
    office.add(*posts(5))
    office.run(office.relay, *others, minutes=30)
    office.slack.off = None
    office.now += timedelta(minutes=1)
    assert office.relay.run_once() == 1  # it finds that Slack is back, and dies before it tells
    office.run(*others, minutes=2)
    notices = [key for key in office.slack.stands if key.startswith("outage:")]
    assert notices == [f"outage:1:{CHANNEL}"]
    office.run(office.relay, *others, minutes=60, step=600)
    assert [key for key in office.slack.stands if key.startswith("outage:")] == notices


def test_people_hear_of_what_does_not_come_and_a_shared_channel_of_nothing(local: Office) -> None:
    local.slack.off = REFUSING
    soon = local.now + timedelta(minutes=10)
    local.add(
        replace(POST, key="late", channel="@U0TOM"),
        replace(POST, key="gone", channel="@U0INES", kind="booking.reminder", not_after=soon),
        replace(POST, key="shared", channel="C0SHARED", not_after=soon),
    )
    local.run(minutes=30)
    local.slack.off = None
    local.run(minutes=2)
    assert {who: [each.kind for each in said.not_sent] for who, said in local.told().items()} == {
        "@U0INES": ["booking.reminder"]
    }


def test_when_interlock_was_away_its_posts_and_the_digests_never_made_are_told(office: Office) -> None:
    office.add(
        replace(POST, key="old", not_after=NOW + timedelta(minutes=30)),
        replace(POST, key="later", not_before=NOW + timedelta(minutes=40)),
    )
    office.now += timedelta(hours=1)
    digest = Missed(first=NOW + timedelta(minutes=15), last=NOW + timedelta(minutes=15), count=1)
    office.relay.run_once()
    with office.store.write() as session:  # what the scheduler does when it starts
        slot.record_missed(session, f"daily-digest:{CHANNEL}", digest, office.now)
    office.run(office.relay, office.hire("second"), minutes=2)
    [said] = office.told().values()
    assert (said.cause, said.began_at, said.ended_at, said.late) == (
        Cause.INTERLOCK,
        NOW,
        NOW + timedelta(hours=1),
        1,
    )
    assert [(each.kind, each.due_at, each.release) for each in said.not_sent] == [
        ("digest", NOW, None),
        ("digest", NOW + timedelta(minutes=15), "2026.12"),
    ]
    assert office.slack.stands == ["later", f"outage:1:{CHANNEL}"]


def test_a_night_off_in_which_nothing_was_due_is_no_news(local: Office) -> None:
    local.now += timedelta(hours=12)
    local.run(minutes=5)
    assert local.slack.stands == []
    assert [each.cause for each in local.outages()] == ["interlock"]


def test_failures_that_lie_apart_are_no_outage(local: Office) -> None:
    """Each message fails once and is dropped; nothing is sent for hours."""
    local.slack.off = REFUSING
    for each in range(4):
        local.add(replace(POST, key=f"p{each}", not_after=local.now + timedelta(seconds=1)))
        local.run()
        local.now += timedelta(hours=2)
    assert [row for row in local.outages() if row.cause == "slack" and (row.failures > 1 or row.ended_at)] == []


def test_no_end_is_claimed_that_nobody_saw(local: Office) -> None:
    """The last message was dropped an hour before the next was due: when Slack came back is not known."""
    local.slack.off = REFUSING
    local.add(*(replace(each, not_after=NOW + timedelta(minutes=10)) for each in posts(3)))
    local.run(minutes=80, step=60)
    local.slack.off = None
    local.add(replace(POST, key="next"))
    local.run(minutes=2)
    [said] = local.told().values()
    assert said.ended_at <= NOW + timedelta(minutes=10)
    assert (said.late, len(said.not_sent)) == (0, 3)


def test_a_message_that_stands_in_slack_already_is_no_proof_and_holds_up_nobody(local: Office) -> None:
    """Posted, its answer lost: it is found by reading, while another waits to show that Slack takes messages."""
    local.slack.off = DOWN
    local.add(*posts(4, urgency=Urgency.PROMPT))
    local.run(minutes=2)
    local.slack.stands += [f"p{each}" for each in range(4)]
    local.add(replace(POST, key="next"))
    local.slack.off = None
    local.now += timedelta(minutes=5)
    local.run()
    assert {row.state for row in local.rows().values()} == {"sent"}
    assert local.slack.tried.count("next") == 1


def test_a_relay_that_was_held_up_before_it_asked_keeps_nobody_from_asking(office: Office) -> None:
    """Slack is down, and the one message that feels for it is not sent after all: the next may go at once."""
    went_by = iter((0.0, 60.0))
    sleeper = office.hire("sleeper", lambda: next(went_by))
    office.slack.off = REFUSING
    office.add(*posts(4))
    office.run(minutes=5)
    office.slack.off = None
    office.now += timedelta(minutes=1)
    assert sleeper.run_once() == 1
    assert office.slack.stands == []
    office.run()
    assert sorted(key for key in office.slack.stands if key.startswith("p")) == [f"p{each}" for each in range(4)]


def test_what_may_still_be_under_way_keeps_nobody_from_asking_either(office: Office) -> None:
    """Its relay died so recently that it cannot be looked for yet; another message feels for Slack meanwhile."""
    office.slack.off = REFUSING
    office.add(*posts(3))
    office.run(minutes=5)
    office.slack.off = None
    office.now += timedelta(minutes=1)
    dead = {"state": "sending", "attempted_at": office.now, "owner": "dead", "lease_until": office.now}
    with office.store.write() as session:
        session.connection().execute(update(OutboxRow).where(col(OutboxRow.key) == "p0").values(**dead))
        session.connection().execute(
            update(OutboxRow).where(col(OutboxRow.key) != "p0").values(channel="C0GENERAL", lane="C0GENERAL")
        )
    office.run()
    assert {"p1", "p2"} <= set(office.slack.stands)


def test_a_relay_to_which_nothing_was_left_keeps_nobody_from_asking(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What it had seen was taken by another while it claimed the probe."""
    office.slack.off = REFUSING
    office.add(*posts(1))
    office.run(minutes=5)
    office.slack.off = None
    office.now += timedelta(minutes=1)
    with monkeypatch.context() as late:
        late.setattr(outbox_relay, "look", lambda *_, **__: Outlook(lanes=("gone",), any_late=False, next_at=None))
        assert office.hire("late").run_once() == 0
    assert office.relay.run_once() == 1
    assert office.slack.stands == ["p0"]
