"""`/env …` from what somebody typed or pressed to what they are shown, and what they are told later."""

import json
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import select
from sqlmodel import col

from bot.app import TABLES
from bot.drawers import environment as drawers
from bot.drawers import home
from bot.drawing import Drawn, DrawnHome
from bot.listeners import environment
from bot.payload import Payload, decode
from bot.requests import Click, Command, Errors, Replacement, Shown, Submission, UnreadableButtonError
from bot.sender import DRAWERS
from bot.services import Services
from bot.views import booking as view
from bot.views import booking_form as form
from bot.views.blocks import Message, plain
from interlock.domain import outbox
from interlock.domain.outbox import Dropped, Urgency
from interlock.domain.policy import EnvironmentRule, Policy
from interlock.store.engine import Store
from interlock.store.outbox import OutboxRow, message_of
from interlock.store.person import PersonRow
from interlock.usecases.booking import Booked, book
from interlock.usecases.booking_return import give_back
from interlock.usecases.environment import reconcile
from sandbox.slack.blocks import message_blocks, view_body
from tests.bookings import POLICY, at, booked, draft, fresh, queued, stands, waiting_message, world
from tests.bot.conftest import Slack
from tests.builders import NOW, actor, release


@pytest.fixture
def policy() -> Policy:
    return POLICY


@pytest.fixture
def store(sqlite_store: Store) -> Store:
    world(sqlite_store)
    return sqlite_store


def command(text: str = "", *, who: str = "ANA", now: datetime = NOW) -> Command:
    return Command(
        actor=actor(who),
        name="/env",
        verb="list",
        args=text,
        channel_id="C0GENERAL",
        channel_name="general",
        trigger_id="t1",
        now=now,
    )


def click(kind: str, ident: int | str, *, who: str = "ANA", now: datetime = NOW) -> Click:
    return Click(actor=actor(who), action_id="x", now=now, trigger_id="t1", payload=Payload(kind=kind, id=str(ident)))


def submission(*, who: str = "ANA", private: dict[str, Any] | None = None, **values: Any) -> Submission:
    answers = {
        form.ENVIRONMENT: "uat-2",
        form.STARTS: str(int(at(0).timestamp())),
        form.ENDS: str(int(at(4).timestamp())),
        form.KIND: form.EXCLUSIVE,
        form.PURPOSE: "Smoke <!channel> & test",
        form.RELEASE: None,
        form.WAIT: (),
    }
    return Submission(
        actor=actor(who),
        callback_id=form.BOOK,
        values=answers | values,
        private=private or {},
        view_id="V1",
        request_id=f"{who}{values}",
        now=NOW,
    )


def told(kind: str, **ids: Any) -> outbox.Message:
    return outbox.Message(
        id=1,
        key="k",
        kind=kind,
        ids=ids,
        channel="@U0ANA",
        thread_ts=None,
        urgency=Urgency.PROMPT,
        token="t",
        coalesce=None,
        created_at=NOW,
        not_after=at(24),
        attempts=1,
        attempted_at=NOW,
    )


def said(message: Message | None) -> str:
    """Its words, once Slack's own rules for blocks were held against it."""
    assert message is not None
    message_blocks(list(message.blocks), lambda kind: kind)
    return plain(message).text


def text_of(drawn: object) -> str:
    assert isinstance(drawn, Drawn), drawn
    return said(drawn.message)


def buttons(message: Message) -> dict[str, str]:
    """Each button's text, and the value that it carries."""
    found = {}
    for block in message.blocks:
        for element in [*block.get("elements", ()), block.get("accessory") or {}]:
            if element.get("type") == "button":
                found[element["text"]["text"]] = element.get("value", "")
    return found


def test_the_tables_have_every_row() -> None:
    assert list(TABLES.commands["/env"].verbs) == ["list", "book", "return", "set"]
    assert {"booking.new", "booking.return", "booking.end", "booking.extend"} <= set(TABLES.clicks)
    assert {"booking.new", "booking.end", "environment.retire"} <= set(TABLES.submissions)
    kinds = ("reminder", "granted", "lapsed", "overtaken", "ended", "environment", "retired")
    assert {f"booking.{kind}" for kind in kinds} <= set(DRAWERS)


def test_the_list_fits_a_phone_and_says_who_has_what(store: Store, services: Services) -> None:
    ana = booked(store, "ANA", draft(0, 4))
    queued(store, "RAVI", draft(1, 5))
    booked(store, "TOM", draft(0, 4, "dev-1", shared=True))
    shown = environment.list_(command(), services)
    text = said(shown)
    assert text.startswith("*Environments* · 1 of 3 free\n")
    assert "*uat-2* · Ana Whitlock until <!date^1795438800" in text
    assert "1 waiting" in text
    assert "*dev-1* · 1 of 2 taken by Tom Arkwright" in text
    assert "*dr-1* · in maintenance" in text
    assert "*uat-2* · yours until" in text
    assert buttons(shown) == {"Give back uat-2": f"1:booking:{ana}", "Book an environment…": ""}


@pytest.fixture
def many(store: Store) -> Policy:
    """Nine environments more."""
    rule = EnvironmentRule(name="One of many")
    more = replace(POLICY, environments=POLICY.environments | {f"many-{number}": rule for number in range(1, 10)})
    reconcile(store, more, NOW)
    return more


def test_of_many_environments_the_free_ones_are_one_line(store: Store, services: Services, many: Policy) -> None:
    services = replace(services, policy=many)
    assert said(environment.list_(command(), services)).splitlines() == [
        "*Environments* · 11 of 12 free",
        "*dr-1* · in maintenance",
        "Free: dev-1, many-1, many-2, many-3, many-4 and 6 more",
    ]
    ana = booked(store, "ANA", draft(0, 4))
    shown = environment.list_(command(), services)
    lines = said(shown).splitlines()
    assert [each[:22] for each in lines[1:3]] == ["*uat-2* · yours until ", "*dr-1* · in maintenanc"]
    assert buttons(shown) == {
        "Give back uat-2": f"1:booking:{ana}",
        "Book an environment…": "",
        "Show all": "1:environments:all",
    }
    everything = environment.all_(click("environments", "all"), services)
    assert isinstance(everything, Replacement)
    assert "*many-9* · free" in said(everything.message)
    assert "Show all" not in buttons(everything.message)


def test_the_list_is_seven_lines_however_much_is_going_on(store: Store, services: Services, many: Policy) -> None:
    services = replace(services, policy=many)
    for number in range(1, 9):
        key = f"many-{number}"
        wish = replace(draft(0, 4), environment=key, purpose="x")
        assert isinstance(book(store, many, actor("ANA" if number > 6 else "TOM"), wish, key, NOW), Booked)
    lines = said(environment.list_(command(), services)).splitlines()
    assert len(lines) == 7
    assert [each.split(" · ")[0] for each in lines] == [
        "*Environments*",
        "*many-7*",
        "*many-8*",
        "*many-1*",
        "*many-2*",
        "and 5 more",
        "Free: dev-1, many-9 and uat-2",
    ]


def test_what_is_free_but_for_a_reason_says_it(store: Store, services: Services) -> None:
    environment.set_(command("uat-2 degraded slow disks", who="NOOR"), services)
    text = said(environment.list_(command(), services))
    assert "*uat-2* · free · degraded: slow disks" in text
    assert text.endswith("Free: dev-1")


def test_an_overdue_environment_is_not_called_free(store: Store, services: Services) -> None:
    booked(store, "ANA", draft(0, 4))
    text = said(environment.list_(command(now=at(5)), services))
    assert "1 of 3 free" in text
    assert "*uat-2* · yours, overdue since" in text
    text = said(environment.list_(command(who="RAVI", now=at(5)), services))
    assert "*uat-2* · overdue since" in text


def test_one_environment_tells_its_bookings_its_queue_and_its_owners(store: Store, services: Services) -> None:
    booked(store, "ANA", draft(0, 4))
    booked(store, "TOM", draft(5, 6))
    queued(store, "RAVI", draft(1, 5))
    text = said(environment.list_(command("uat", who="RAVI"), services))
    assert "*uat-2* Acceptance 2 · Ana Whitlock until" in text
    assert "Tom Arkwright, <!date" in text
    assert "*Waiting* Ravi Menon-Hale" in text
    assert "*Owners* Noor Salter" in text
    assert "you wait for it" in text


def test_names_and_purposes_are_made_harmless(store: Store, services: Services) -> None:
    with store.write() as session:
        session.get_one(PersonRow, "U0ANA").name = "*<!channel>* <@U0TOM>"
    environment.submit(submission(), services)
    for shown in (environment.list_(command(), services), environment.list_(command("uat-2"), services)):
        assert "<!channel>" not in said(shown)
        assert "<@U0TOM>" not in said(shown)


def test_the_form_opens_with_what_was_named(store: Store, services: Services, slack: Slack) -> None:
    with store.write() as session:
        release(session)
    environment.book(command("uat"), services)
    [opened] = slack.called("views.open")
    elements = {block["block_id"]: block["element"] for block in opened["view"]["blocks"]}
    view_body(opened["view"], ("modal",), lambda kind: kind)
    assert elements[form.ENVIRONMENT]["initial_option"]["value"] == "uat-2"
    assert elements[form.STARTS]["initial_date_time"] == int(NOW.timestamp())
    assert [each["text"]["text"] for each in elements[form.RELEASE]["options"]] == ["2026.12"]
    assert opened["view"]["callback_id"] in TABLES.submissions


def test_a_button_opens_the_form_for_its_environment(store: Store, services: Services, slack: Slack) -> None:
    uat = stands(store).environment.id
    assert environment.new(click("environment", uat), services) is None
    refused = environment.new(click("environment", stands(store, "dr-1").environment.id), services)
    assert "in maintenance" in said(refused)
    assert len(slack.called("views.open")) == 1


def test_what_cannot_be_booked_opens_nothing(store: Store, services: Services, slack: Slack) -> None:
    assert "in maintenance" in said(environment.book(command("dr-1"), services))
    assert "Did you mean uat-2?" in said(environment.book(command("uta-2"), services))
    assert slack.called("views.open") == []


def test_a_booking_is_made_and_shown(store: Store, services: Services) -> None:
    answer = environment.submit(submission(), services)
    assert isinstance(answer, Shown)
    view_body(answer.view, ("modal",), lambda kind: kind)
    assert "is yours from" in answer.view["blocks"][0]["text"]["text"]
    assert [each.purpose for each in stands(store).active] == ["Smoke <!channel> & test"]


def test_a_conflict_says_who_has_it_in_the_form_and_offers_the_waitlist(store: Store, services: Services) -> None:
    booked(store, "TOM", draft(-0.1, 4))
    answer = environment.submit(submission(), services)
    assert answer == Errors(
        by_block={
            form.STARTS: "uat-2 is taken then: Tom Arkwright has it from Mon 23 Nov 09:00 until Mon 23 Nov 13:00. "
            "It is free for as long from Mon 23 Nov 13:00. Choose another time, or tick the waitlist."
        }
    )
    answer = environment.submit(submission(wait=(form.WAIT,)), services)
    assert isinstance(answer, Shown)
    assert "You are next." in answer.view["blocks"][0]["text"]["text"]


@pytest.mark.parametrize(
    ("values", "field"),
    [
        ({form.STARTS: None}, form.STARTS),
        ({form.ENDS: "99999999999999999999"}, form.ENDS),
        ({form.ENDS: "-5"}, form.ENDS),
        ({form.PURPOSE: "  \n "}, form.PURPOSE),
        ({form.PURPOSE: "🚀" * 10_000}, form.PURPOSE),
        ({form.ENVIRONMENT: "uat-2'; --"}, form.ENVIRONMENT),
        ({form.RELEASE: "12"}, form.RELEASE),
    ],
)
def test_bad_input_meets_a_sentence_at_its_field(
    store: Store, services: Services, values: dict[str, Any], field: str
) -> None:
    answer = environment.submit(submission(**values), services)
    assert isinstance(answer, Errors)
    assert list(answer.by_block) == [field]
    assert not stands(store).active


def test_giving_back_by_command_and_by_button(store: Store, services: Services) -> None:
    ana = booked(store, "ANA", draft(0, 4))
    queued(store, "RAVI", draft(0, 4))
    text = said(environment.return_(command(), services))
    assert text == "*uat-2* is given back. Ravi Menon-Hale waited for it, has it now, and is told."
    assert "has ended before" in said(environment.give_back(click("booking", ana), services))
    assert "nothing to give back" in said(environment.return_(command(), services))


def test_giving_up_what_has_not_begun_says_what_is_gone(store: Store, services: Services) -> None:
    booked(store, "ANA", draft(5, 6))
    queued(store, "RAVI", draft(5, 6))
    text = said(environment.return_(command(who="RAVI"), services))
    assert text.startswith("You no longer wait for *uat-2* from <!date")
    text = said(environment.return_(command("uat-2"), services))
    assert text.startswith("Your booking of *uat-2* from <!date")
    assert text.endswith("is cancelled.")


def test_of_several_bookings_one_is_chosen(store: Store, services: Services) -> None:
    booked(store, "ANA", draft(0, 4))
    booked(store, "ANA", draft(5, 6))
    shown = environment.return_(command("uat-2"), services)
    assert list(buttons(shown)) == ["Give back uat-2", "Cancel uat-2"]


def test_an_owner_ends_somebody_elses_booking_with_a_reason(store: Store, services: Services, slack: Slack) -> None:
    ana = booked(store, "ANA", draft(0, 4))
    shown = environment.return_(command("uat-2", who="NOOR"), services)
    assert buttons(shown) == {"End Ana Whitlock's…": f"1:booking:{ana}"}
    assert environment.end(click("booking", ana, who="NOOR"), services) is None
    [opened] = slack.called("views.open")
    view_body(opened["view"], ("modal",), lambda kind: kind)
    assert "Ana Whitlock" in opened["view"]["blocks"][0]["text"]["text"]
    assert environment.end(click("booking", ana, who="TOM"), services) is not None

    def ended(reason: str) -> Submission:
        return submission(who="NOOR", private={"booking": ana}, reason=reason)

    assert isinstance(environment.end_with_reason(ended(" "), services), Errors)
    assert isinstance(environment.end_with_reason(ended("It is needed for the drill"), services), Shown)
    assert "&gt; It is needed for the drill" in text_of(drawers.ended(services, told("booking.ended", booking_id=ana)))


def test_extending_from_the_reminder(store: Store, services: Services) -> None:
    ana = booked(store, "ANA", draft(0, 0.9))
    key = f"booking.reminder:{ana}:end:{at(0.9).isoformat()}"
    assert drawers.reminder(services, told("booking.reminder", booking_id=ana, key=key)) == drawers.CHANGED
    ana_again = booked(store, "ANA", draft(1, 2))
    value = f"{ana_again}-{int(at(2).timestamp())}"
    assert "yours until" in said(environment.extend(click("booking_end", value), services))
    assert "already yours until" in said(environment.extend(click("booking_end", value), services))


@pytest.mark.parametrize("value", ["7", "x-1", "7-x", "-1764000000", f"7-{'9' * 40}"])
def test_a_tampered_button_extends_nothing(store: Store, services: Services, value: str) -> None:
    with pytest.raises(UnreadableButtonError):
        environment.extend(click("booking_end", value), services)


def test_the_reminder_before_the_end_offers_what_can_be_done(store: Store, services: Services) -> None:
    ana = booked(store, "ANA", draft(-0.2, 1))
    key = f"booking.reminder:{ana}:end:{at(1).isoformat()}"
    drawn = drawers.reminder(services, told("booking.reminder", booking_id=ana, key=key))
    assert isinstance(drawn, Drawn)
    assert "Nobody follows." in said(drawn.message)
    assert list(buttons(drawn.message)) == ["Extend 2 hours", "Give back uat-2"]
    assert all(decode(value) for value in buttons(drawn.message).values())
    booked(store, "TOM", draft(1, 2))
    drawn = drawers.reminder(services, told("booking.reminder", booking_id=ana, key=key))
    assert isinstance(drawn, Drawn)
    assert "Tom Arkwright has it from" in said(drawn.message)
    assert list(buttons(drawn.message)) == ["Give back uat-2"]


def test_whoever_waited_is_told_that_it_is_theirs_while_it_is(store: Store, services: Services) -> None:
    ana = booked(store, "ANA", draft(0, 4))
    ravi = queued(store, "RAVI", draft(0, 4))
    give_back(store, POLICY, actor("ANA"), ana, NOW)
    news = told("booking.granted", booking_id=ravi)
    assert "because you waited for uat-2" in text_of(drawers.granted(services, news))
    give_back(store, POLICY, actor("RAVI"), ravi, NOW)
    assert isinstance(drawers.granted(services, news), Dropped)


def test_whoever_is_overtaken_or_waited_in_vain_is_told(store: Store, services: Services) -> None:
    ana = booked(store, "ANA", draft(0, 4))
    tom = queued(store, "TOM", draft(0, 2))
    booked(store, "RAVI", draft(4, 8), now=at(4.5) - timedelta(minutes=20))
    assert "did not come free before" in text_of(drawers.lapsed(services, told("booking.lapsed", booking_id=tom)))
    text = text_of(drawers.overtaken(services, told("booking.overtaken", booking_id=ana)))
    assert "Your booking ended" in text


def test_a_changed_state_is_told_to_whoever_has_a_booking(store: Store, services: Services) -> None:
    ana = booked(store, "ANA", draft(0, 4))
    shown = environment.set_(command("uat-2 degraded slow <disks>", who="NOOR"), services)
    assert said(shown) == "*uat-2* is degraded now: slow &lt;disks&gt;. 1 person with a booking will be told."
    news = waiting_message(store, "booking.environment")
    text = text_of(drawers.environment_changed(services, news))
    assert "*uat-2* is degraded now: slow &lt;disks&gt;. Your booking stands." in text
    environment.set_(command("uat-2 maintenance new disks", who="NOOR"), services)
    text = text_of(drawers.environment_changed(services, news))
    assert "is maintenance now: new disks. Your booking stands, but is of no use until it is ready." in text
    give_back(store, fresh(store, NOW), actor("ANA"), ana, NOW)
    assert isinstance(drawers.environment_changed(services, news), Dropped)


def test_retiring_what_somebody_has_asks_in_a_form_and_tells_them_why(
    store: Store, services: Services, slack: Slack
) -> None:
    booked(store, "ANA", draft(0, 4))
    queued(store, "RAVI", draft(1, 5))
    assert environment.set_(command("uat-2 retired gone <for> good", who="NOOR"), services) is None
    [opened] = slack.called("views.open")
    form_shown = opened["view"]
    view_body(form_shown, ("modal",), lambda kind: kind)
    asked = form_shown["blocks"][0]["text"]["text"]
    assert asked.startswith("Retire *uat-2*? That ends 2 bookings, which can't be undone.\nAna Whitlock, <!date")
    assert "Ravi Menon-Hale waits, <!date" in asked
    agreed = Submission(
        actor=actor("NOOR"),
        callback_id=form_shown["callback_id"],
        values={},
        private=json.loads(form_shown["private_metadata"]),
        view_id="V1",
        request_id="r1",
        now=NOW,
    )
    answer = TABLES.submissions[agreed.callback_id](agreed, services)
    assert isinstance(answer, Shown)
    assert "2 bookings have ended. 2 people with a booking will be told." in str(answer.view["blocks"])
    with store.read() as session:
        rows = session.scalars(select(OutboxRow).where(col(OutboxRow.kind) == "booking.retired")).all()
        ana, ravi = (text_of(drawers.retired(services, message_of(row))) for row in rows)
    assert ana.startswith("Noor Salter has retired *uat-2*: gone &lt;for&gt; good.\nYour booking from <!date")
    assert "You get this because you had it." in ana
    assert "You no longer wait for it from <!date" in ravi


def test_a_booking_made_while_the_form_is_open_is_asked_about(store: Store, services: Services) -> None:
    ana = booked(store, "ANA", draft(0, 4))
    booked(store, "TOM", draft(5, 6))
    agreed = submission(who="NOOR", private={"key": "uat-2", "reason": "gone", "newest": ana})
    answer = environment.retire(agreed, services)
    assert isinstance(answer, Shown)
    assert "That ends 2 bookings" in answer.view["blocks"][0]["text"]["text"]
    assert len(stands(store).active) == 2
    refused = environment.retire(replace(agreed, actor=actor("RAVI")), services)
    assert isinstance(refused, Shown)
    assert "not yours to manage" in str(refused.view["blocks"])


def test_setting_nothing_shows_how_it_is_typed(store: Store, services: Services) -> None:
    text = said(environment.set_(command(who="NOOR"), services))
    assert text.startswith(
        "Say which environment, its state and why: /env set dev-1 degraded Slow disks. A state is requested, "
    )
    assert stands(store).environment.lifecycle == "ready"


@pytest.mark.parametrize("text", ["uat-2", "uat-2 sideways", "uat-2 degraded", "nowhere degraded slow"])
def test_setting_half_a_state_says_what_is_missing(store: Store, services: Services, text: str) -> None:
    assert said(environment.set_(command(text, who="NOOR"), services))
    assert stands(store).environment.lifecycle == "ready"


def test_the_home_tab_shows_what_is_mine(store: Store, services: Services) -> None:
    ana = booked(store, "ANA", draft(0, 4))
    drawn = home.draw(services, told("home", slack_id="U0ANA"))
    assert isinstance(drawn, DrawnHome)
    accessories = [block["accessory"] for block in drawn.view["blocks"] if "accessory" in block]
    assert [(each["action_id"], each["value"]) for each in accessories] == [(view.RETURN, f"1:booking:{ana}")]


def test_guests_are_refused_everywhere(store: Store, services: Services, slack: Slack) -> None:
    for handler in (environment.list_, environment.book, environment.return_, environment.set_):
        assert "not guests" in said(handler(command("uat-2", who="GUEST"), services))
    assert slack.calls == []
