"""`/release …` from what somebody typed or pressed to what they are shown."""

from dataclasses import replace
from datetime import date
from typing import Any

import pytest
from sqlmodel import select

from bot.app import TABLES
from bot.drawers import release as drawers
from bot.drawing import Drawn
from bot.listeners import release
from bot.payload import Payload
from bot.requests import Click, Command, Errors, Shown, Submission, Suggestion
from bot.sender import DRAWERS
from bot.services import Services
from bot.views import release_form as form
from bot.views.blocks import Message, plain
from interlock.domain.outbox import Dropped
from interlock.domain.policy import Freeze, Policy
from interlock.store.engine import Store
from interlock.store.outbox import OutboxRow
from interlock.store.release import ReleaseRow
from interlock.store.ticket import ProjectRow, VersionRow
from tests.builders import CHANNEL, NOW, POLICY, actor, message, people, ticket
from tests.builders import release as make

ANSWERS: dict[str, Any] = {
    form.TEMPLATE: "quarterly",
    form.NAME: "2027.03",
    form.TARGET: "2026-12-17",
    form.CHANNEL: CHANNEL,
    form.VERSIONS: ("all:v1",),
    form.LABELS: "ship, hotfix",
    form.EPICS: None,
}


@pytest.fixture
def policy() -> Policy:
    return POLICY


@pytest.fixture
def world(sqlite_store: Store) -> int:
    """A release, 2026.12, and two versions of one name; gives the release's number."""
    with sqlite_store.write() as session:
        people(session)
        for number, project in enumerate(("DATA", "ML"), start=1):
            session.add(ProjectRow(id=f"p-{project}", key=project, name=project))
            session.add(VersionRow(id=f"v{number}", project_id=f"p-{project}", name="2027.03"))
        ticket(session, "DATA-1", versions=["v1"])
        ticket(session, "ML-2", versions=["v2"])
        return make(session, tickets=["DATA-3"])


def command(text: str = "", *, who: str = "ANA", channel: str = CHANNEL) -> Command:
    return Command(
        actor=actor(who),
        name="/release",
        verb="status",
        args=text,
        channel_id=channel,
        channel_name="",
        trigger_id="t1",
        now=NOW,
    )


def click(number: int | str, *, who: str = "ANA", kind: str = "release", **more: Any) -> Click:
    payload = Payload(kind=kind, id=str(number))
    return Click(actor=actor(who), action_id="x", now=NOW, trigger_id="t1", payload=payload, channel_id=CHANNEL, **more)


def submission(values: dict[str, Any], *, who: str = "RITA", private: dict[str, Any] | None = None) -> Submission:
    return Submission(
        actor=actor(who), callback_id="x", values=values, private=private or {}, view_id="V1", request_id="r1", now=NOW
    )


def said(message: Message | None) -> str:
    assert message is not None
    return plain(message).text


def text_of(modal: dict[str, Any]) -> str:
    return "\n".join(block["text"]["text"] for block in modal["blocks"] if block["type"] == "section")


def test_status_of_the_channels_release(services: Services, world: int) -> None:
    assert said(release.status(command(), services)).startswith("*2026.12 Quarterly platform* · 🟢 Green · 18 business")


@pytest.mark.parametrize(
    ("typed", "says"),
    [
        ("2026", "*2026.12 Quarterly platform*"),
        ("2206.12", "There is no release 2206.12. Did you mean 2026.12?"),
        ("zebra", "There is no release zebra. Under way: 2026.12."),
        ("<!channel> & ;-- %", "There is no release &lt;!channel&gt; &amp; ;-- %."),
        ("\u202e\x07مرحبا 🚀", "There is no release مرحبا 🚀."),
        ("x" * 10_000, f"There is no release {'x' * 40}…."),
    ],
)
def test_whatever_is_typed_gets_a_sentence(services: Services, world: int, typed: str, says: str) -> None:
    answer = said(release.status(command(typed), services))
    assert answer.startswith(says)
    assert len(answer) < 500


def test_the_list_and_its_button(services: Services, world: int) -> None:
    assert said(release.list_(command(), services)).startswith("*1 release under way*\n*2026.12 Quarterly platform*")
    assert said(release.show(click(world), services)).startswith("*2026.12 Quarterly platform*")
    assert said(release.show_signoffs(click(world), services)).startswith("*2026.12*")


@pytest.mark.parametrize("who", ["GUEST", "VENDOR", "LEFT", "NOBODY"])
def test_strangers_meet_a_sentence_everywhere(services: Services, world: int, who: str) -> None:
    sentences = {
        said(release.status(command(who=who), services)),
        said(release.list_(command(who=who), services)),
        said(release.new(command(who=who), services)),
        said(release.close(command("2026.12 x", who=who), services)),
        said(release.show(click(world, who=who), services)),
        said(release.show_signoffs(click(world, who=who), services)),
        said(release.share(click(world, who=who), services)),
        said(release.preview(click(world, who=who), services)),
    }
    assert len(sentences) == 1
    assert release.versions(Suggestion(actor=actor(who), action_id="x", typed="", now=NOW), services) == []
    created = release.create(submission(ANSWERS, who=who), services)
    assert isinstance(created, Shown)


def test_new_opens_the_form_for_those_who_may(services: Services, slack: Any, world: int) -> None:
    assert "You can't plan releases" in said(release.new(command(who="TOM"), services))
    assert slack.called("views.open") == []
    release.new(command(who="RITA"), services)
    [opened] = slack.called("views.open")
    assert opened["trigger_id"] == "t1"
    assert opened["view"]["callback_id"] == form.NEW


def test_a_preview_is_drawn_into_the_form(services: Services, slack: Any, world: int) -> None:
    shown = release.preview(click(0, who="RITA", values=ANSWERS, view_id="V1", view_hash="h"), services)
    assert shown is None
    [updated] = slack.called("views.update")
    assert (updated["view_id"], updated["hash"]) == ("V1", "h")
    assert "*3 tickets* in scope" in text_of(updated["view"])


def test_versions_are_suggested(services: Services, world: int) -> None:
    found = release.versions(Suggestion(actor=actor("RITA"), action_id="x", typed="2027", now=NOW), services)
    assert [each["text"]["text"] for each in found] == [
        "2027.03 · DATA, ML (3)",
        "2027.03 · DATA (2)",
        "2027.03 · ML (1)",
    ]


def test_a_good_form_plans_the_release_and_says_so(services: Services, world: int) -> None:
    done = release.create(submission(ANSWERS), services)
    assert isinstance(done, Shown)
    assert text_of(done.view).startswith("*2027.03 Quarterly platform* is planned. It is announced in <#C0REL")
    assert "*3 tickets* in scope" in text_of(done.view)
    with services.store.read() as session:
        row = session.exec(select(ReleaseRow).where(ReleaseRow.name == "2027.03")).one()
        assert row.scope_rule == {"versions": ["v1", "v2"], "labels": ["ship", "hotfix"], "epics": []}
        assert row.target == date(2026, 12, 17)


@pytest.mark.parametrize(
    ("change", "block"),
    [
        ({form.NAME: ""}, form.NAME),
        ({form.NAME: "2026.12"}, form.NAME),
        ({form.NAME: "x" * 10_000}, form.NAME),
        ({form.TARGET: "2026-12-19"}, form.TARGET),
        ({form.TARGET: "the day after tomorrow"}, form.TARGET),
        ({form.TARGET: None}, form.TARGET),
        ({form.TEMPLATE: "gone"}, form.TEMPLATE),
        ({form.CHANNEL: "D0ANA"}, form.CHANNEL),
        ({form.VERSIONS: None, form.LABELS: "", form.EPICS: ""}, form.VERSIONS),
        ({form.VERSIONS: "one:nonsense"}, form.VERSIONS),
        ({form.EPICS: "data-999"}, form.EPICS),
    ],
)
def test_a_wrong_form_stays_open_with_a_sentence_under_its_input(
    services: Services, world: int, change: dict[str, Any], block: str
) -> None:
    done = release.create(submission(ANSWERS | change), services)
    assert isinstance(done, Errors)
    assert list(done.by_block) == [block]


def test_close_asks_in_a_form_and_then_closes(services: Services, slack: Any, world: int) -> None:
    release.close(command("2026 it shipped", who="RITA"), services)
    [opened] = slack.called("views.open")
    assert opened["view"]["callback_id"] == form.CLOSE
    private = {"release": world}
    wrong = release.close_for_good(submission({form.REASON: " "}, private=private), services)
    assert isinstance(wrong, Errors)
    done = release.close_for_good(submission({form.REASON: "it shipped"}, private=private), services)
    assert isinstance(done, Shown)
    assert text_of(done.view) == f"2026.12 is closed. It is told in <#{CHANNEL}>."
    late = release.close_for_good(submission({form.REASON: "again"}, private=private), services)
    assert isinstance(late, Shown)
    assert text_of(late.view) == text_of(done.view), "a repeated click succeeds quietly"


def test_a_shared_status_is_posted_and_drawn_for_the_channel(services: Services, world: int) -> None:
    with services.store.write() as session:
        ticket(session, "PAY-9", versions=["v9"], flagged=True)
    answer = said(release.share(click(world), services))
    assert answer == f"The status of 2026.12 is on its way to <#{CHANNEL}>."
    with services.store.read() as session:
        row = session.exec(select(OutboxRow)).one()
    drawn = drawers.status(services, message(row.kind, **row.ids))
    assert isinstance(drawn, Drawn)
    assert "shared by Ana Whitlock" in said(drawn.message)


def test_news_is_drawn_from_the_state_of_the_moment(services: Services, world: int) -> None:
    created = drawers.created(services, message("release.created", release_id=world))
    assert isinstance(created, Drawn)
    assert "is planned for Thu 17 Dec by Rita Sandoval-Kerr" in said(created.message)
    frozen = Freeze(name="Year end", start=date(2026, 12, 16), end=date(2027, 1, 4))
    policy = replace(services.policy, freezes=(frozen,))
    warned = drawers.created(replace(services, policy=policy), message("release.created", release_id=world))
    assert isinstance(warned, Drawn)
    assert "The target falls into Year end (Wed 16 Dec to Mon 4 Jan): no release deploys then." in said(warned.message)
    release.close_for_good(submission({form.REASON: "it shipped"}, private={"release": world}), services)
    assert isinstance(drawers.created(services, message("release.created", release_id=world)), Dropped)
    closed = drawers.closed(services, message("release.closed", release_id=world))
    assert said(closed.message).endswith("is closed by Rita Sandoval-Kerr: it shipped")


def test_every_button_form_and_post_has_its_row() -> None:
    assert {"status", "list", "new", "close"} <= set(TABLES.commands["/release"].verbs)
    assert {"release.status", "release.signoffs", "release.share", "release.blockers", form.PREVIEW} <= set(
        TABLES.clicks
    )
    assert {form.NEW, form.CLOSE} <= set(TABLES.submissions)
    assert form.VERSIONS in TABLES.suggestions
    assert {"release.status", "release.created", "release.closed"} <= set(DRAWERS)
