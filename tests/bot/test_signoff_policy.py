"""Sign-offs under richer policies, as people read and type them: the card, the forms, the notes."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from itertools import count
from typing import Any

import pytest

from bot.answers import Answers
from bot.app import CLICKS
from bot.door import Door
from bot.drawers import delegation as delegation_drawers
from bot.drawers import signoff as drawers
from bot.drawing import Drawn
from bot.listeners import condition, delegation, signoff
from bot.metrics import Metrics
from bot.payload import Payload
from bot.requests import Click, Command, Errors, Shown, Submission
from bot.services import Services
from bot.views import signoff as view
from bot.views import signoff_form as forms
from bot.views.blocks import Message, plain
from interlock.domain import outbox
from interlock.domain.actor import Authentication
from interlock.domain.outbox import Dropped, Urgency
from interlock.domain.policy import Policy, RequirementRule
from interlock.domain.release import Stage
from interlock.domain.token import Bearer
from interlock.store.person import PersonRow, to_person
from interlock.store.release import ReleaseRow
from interlock.store.ticket import TicketRow
from interlock.usecases import card, shortfall
from interlock.usecases import signoff_reminder as reminders
from tests.bot.conftest import Slack
from tests.builders import CHANNEL, GOVERNANCE, NOW, POLICY, QA, actor
from tests.signoffs import asked, drawn, fresh, requirement, say
from tests.usecases.test_signoff_policy import leave

NUMBERS = count(1)
ONE = replace(QA, quorum=1)
LAST = NOW.replace(month=12, day=16, hour=10)


@pytest.fixture
def policy() -> Policy:
    return POLICY


def click(kind: str, ident: int | str, who: str = "TOM") -> Click:
    payload = Payload(kind=kind, id=str(ident))
    return Click(
        actor=actor(who), action_id="x", now=NOW, trigger_id=f"t{next(NUMBERS)}", payload=payload, channel_id=CHANNEL
    )


def command(args: str = "", who: str = "TOM", verb: str = "conditions") -> Command:
    return Command(
        actor=actor(who),
        name="/release",
        verb=verb,
        args=args,
        channel_id=CHANNEL,
        channel_name="",
        trigger_id=f"t{next(NUMBERS)}",
        now=NOW,
    )


def submitted(form: dict[str, Any], **values: str) -> Submission:
    """What the form's own private metadata brings back."""
    private = {"revision": "", "conditions": forms.CONDITIONS in values, "signature": forms.MEANING in values} | form
    return Submission(
        actor=actor("TOM"),
        callback_id="x",
        values=values,
        private=private,
        view_id="V1",
        request_id=f"r{next(NUMBERS)}",
        now=NOW,
    )


def said(message: Message | None) -> str:
    assert message is not None
    return plain(message).text


def shown(drawn_: object) -> str:
    assert isinstance(drawn_, Drawn)
    return said(drawn_.message)


def note(services: Services, kind: str, who: str = "", **ids: Any) -> outbox.Message:
    return outbox.Message(
        id=1,
        key="k",
        kind=kind,
        ids={"card_id": 1} | ids,
        channel=f"@U0{who}" if who else CHANNEL,
        thread_ts=None,
        urgency=Urgency.PROMPT,
        token="token",
        coalesce=None,
        created_at=services.clock(),
        not_after=services.clock() + timedelta(days=1),
        attempts=1,
        attempted_at=services.clock(),
    )


def drawn_card(services: Services) -> Message:
    found = drawers.post(services, note(services, "signoff.card"))
    assert isinstance(found, Drawn)
    return found.message


def buttons(message: Message) -> list[str]:
    elements = [*(each for block in message.blocks for each in block.get("elements", ()))]
    elements += [block["accessory"] for block in message.blocks if "accessory" in block]
    return [each["text"]["text"] for each in elements if each["type"] == "button"]


@pytest.mark.parametrize(
    ("rule", "line"),
    [
        (
            replace(QA, quorum="all"),
            "(0 of 4, everybody) · waiting for Ines Calder, Noor Salter, Tom Arkwright and Nia Brook (",
        ),
        (replace(QA, mandatory_group="qa-approvers"), "(0 of 2, one of them of @qa-approvers)"),
        (replace(QA, valid_days=30), "An approval for QA holds 30 days."),
        (replace(QA, before_stage="frozen"), "QA is needed before frozen."),
        (replace(QA, teams=("data",)), "Only changes of data touch QA."),
        (replace(QA, answer_within_business_days=3), "QA is to answer within 3 business days."),
        (replace(QA, step_up=True), "Whoever approves for QA types what their signature means."),
        (replace(QA, exclude_release_manager=True), "Whoever planned it can't sign for QA."),
        (replace(QA, exclude_requester=False), "*Policy lets whoever asked for these sign QA themselves.*"),
    ],
)
def test_the_card_says_the_policy_in_words(services: Services, rule: RequirementRule, line: str) -> None:
    asked(services.store, rule, GOVERNANCE)
    assert line in said(drawn_card(services))


def test_a_requester_who_may_sign_one_is_said_to_be_kept_from_the_other(services: Services) -> None:
    asked(services.store, replace(QA, exclude_requester=False), GOVERNANCE)
    assert "Whoever asked for these can't sign for Data Governance." in said(drawn_card(services))


def test_conditions_are_asked_for_kept_listed_and_ticked_off(services: Services, slack: Slack) -> None:
    revision = asked(services.store, ONE)
    assert signoff.approve_conditionally(click("revision", revision), services) is None
    private = {"revision": revision}
    nothing = signoff.approve_with(submitted(private, conditions=" "), services)
    assert nothing == Errors(by_block={forms.CONDITIONS: signoff.WHICH})
    unknown = signoff.approve_with(submitted(private, conditions="DATA-999"), services)
    assert isinstance(unknown, Errors)
    assert "mirrors no ticket DATA-999" in unknown.by_block[forms.CONDITIONS]
    done = signoff.approve_with(submitted(private, conditions="ML-3\nRollback <tested>"), services)
    assert isinstance(done, Shown)
    assert "It hangs on 2 conditions: until they are met, nothing goes." in str(done.view)
    message = drawn_card(services)
    assert "*QA* · Given, 2 conditions open (1 of 1)" in said(message)
    assert "· ML-3 and Rollback &lt;tested&gt;" in said(message)
    assert "Conditions" in buttons(message)
    listing = condition.list_(command(), services)
    assert "*2026.12* · 2 conditions open of 2" in said(listing)
    assert buttons(listing) == ["Done"], "nobody ticks a ticket off"
    assert said(condition.done(click("condition", 2), services)) == (
        "Recorded: Rollback &lt;tested&gt; is done, and 1 condition of 2026.12 still open."
    )
    assert "ticked off already" in said(condition.done(click("condition", 2), services))
    assert "set it or may sign QA" in said(condition.done(click("condition", 2, "MARIA"), services))


def test_a_restricted_ticket_is_none_that_a_condition_names(services: Services) -> None:
    revision = asked(services.store, ONE)
    with services.store.write() as session:
        session.get_one(TicketRow, "id-ML-3").security_level = "Risk committee"
    signoff.approve_with(submitted({"revision": revision}, conditions="ML-3"), services)
    for message in (drawn_card(services), condition.list_(command(who="ANA"), services)):
        assert "ML-3" not in said(message) + message.text
        assert "a restricted ticket" in said(message)


def test_nobody_names_conditions_in_vain(services: Services) -> None:
    revision = asked(services.store, ONE)
    told = signoff.approve_conditionally(click("revision", revision, "RAVI"), services)
    assert told
    assert told.refused


def test_a_signature_is_asked_in_a_form(services: Services, slack: Slack) -> None:
    revision = asked(services.store, replace(ONE, step_up=True))
    assert signoff.approve(click("revision", revision), services) is None
    private = {"revision": revision}
    wrong = signoff.approve_with(submitted(private, release="2026.11", meaning="Approved"), services)
    assert isinstance(wrong, Errors)
    assert list(wrong.by_block) == [forms.RELEASE]
    right = signoff.approve_with(submitted(private, release="2026.12", meaning="Approved after review"), services)
    assert isinstance(right, Shown)
    assert "“Approved after review”" in said(drawn_card(services))
    form = forms.approve(revision, conditions=True, signature=True)
    assert [block["block_id"] for block in form["blocks"]] == [forms.CONDITIONS, forms.RELEASE, forms.MEANING]


def test_a_second_requirement_has_a_button_of_its_own(services: Services) -> None:
    infra = replace(QA, key="infra", name="Infrastructure", quorum=1)
    revision = asked(services.store, ONE, infra, one_each=False)
    answer = signoff.approve(click("revision", revision), services)
    assert answer
    assert buttons(answer) == ["Approve for Infrastructure"]
    value = answer.blocks[1]["elements"][0]["value"]
    again = signoff.approve(click("revision", value.rpartition(":")[2]), services)
    assert "for Infrastructure" in said(again)


def test_figures_are_those_of_the_quorum_and_names_those_who_are_needed(services: Services) -> None:
    revision = asked(services.store, ONE, GOVERNANCE)
    assert "QA* · Open (0 of 1) · waiting for Ines Calder, Noor Salter or Tom Arkwright" in said(drawn_card(services))
    say(services.store, "TOM", revision)
    say(services.store, "INES", revision)
    assert "QA* · Given (1 of 1): Tom Arkwright" in said(drawn_card(services))
    assert view._any_of(["Sam", "Tom"], 2) == "Sam and Tom"
    assert view._any_of(["Sam"], 2) == "2, but only Sam can"


def test_a_revocation_under_a_go_says_what_it_takes_along(services: Services) -> None:
    asked(services.store, ONE)
    assert "taken back" not in str(drawn_card(services).blocks)
    with services.store.write() as session:
        session.get_one(ReleaseRow, 1).stage = Stage.GO
    assert "will no longer count. Its go is taken back, if it needs it." in str(drawn_card(services).blocks)


def test_being_away_in_words(services: Services) -> None:
    asked(services.store, replace(ONE, delegation=True))

    def say_(args: str, verb: Callable[[Command, Services], Message] = delegation.away, who: str = "INES") -> str:
        return said(verb(command(args, who), services))

    assert say_("").startswith("You are here, as far as Interlock knows.")
    assert "Maria Voss signs for you: 2026.12 for QA." in say_("fri <@U0MARIA>")
    assert "Maria Voss signs for you" in say_("")
    assert "You stand in for somebody in that time" in say_("fri @tom", who="MARIA")
    assert say_("someday").startswith("Until which day")
    told = delegation_drawers.told(services, note(services, "delegation.told", "MARIA", delegation_id=1))
    assert "You sign for Ines Calder until" in shown(told)
    assert "Ines Calder (away until Fri 27 Nov, Maria Voss signs meanwhile)" in said(drawn_card(services))
    answer = signoff.approve(click("revision", drawn(services.store), "MARIA"), services)
    assert "for QA in Ines Calder's place." in said(answer)
    assert "Maria Voss for Ines Calder" in said(drawn_card(services))
    place = note(services, "signoff.for_you", "INES", requirement_id=1, slack_id="U0MARIA")
    assert "Maria Voss approved *2026.12* for QA in your place." in shown(drawers.in_your_place(services, place))
    assert say_("", delegation.back) == "Welcome back: nobody signs for you any more."
    assert isinstance(delegation_drawers.told(services, note(services, "x", delegation_id=1)), Dropped)
    over = delegation_drawers.over(services, note(services, "delegation.over", "MARIA", delegation_id=1))
    assert "You no longer sign for Ines Calder." in shown(over)
    assert "nobody signs for you" in say_("tomorrow")


def test_reminders_say_why_and_when_they_stop(services: Services) -> None:
    asked(services.store, QA, replace(GOVERNANCE, answer_within_business_days=3))
    now = fresh(services.store, LAST)
    reminders.run(services.store, POLICY, 1, now)
    late = replace(services, clock=lambda: now)
    one = note(late, "signoff.reminder", "TOM", slack_id="U0TOM", principal="U0TOM")
    text = shown(drawers.reminder(late, one))
    assert "*2026.12* waits for your sign-off for QA, needed in 1 business day (Thu 17 Dec)." in text
    assert "You get this because you may sign it. It stops when you approve or reject" in text
    found = drawers.reminder(late, one)
    assert isinstance(found, Drawn)
    assert buttons(found.message) == ["Approve 2 tickets", "Approve with conditions…", "Reject…"]
    maria = note(late, "signoff.reminder", "MARIA", slack_id="U0MARIA", principal="U0MARIA")
    assert "Policy wants an answer by" in shown(drawers.reminder(late, maria))
    chase = shown(drawers.chase(late, note(late, "signoff.chase", "RITA")))
    assert "*2026.12* still lacks 2 sign-offs, needed in 1 business day (Thu 17 Dec):" in chase
    assert "*Data Governance* · Maria Voss" in chase
    over = fresh(services.store, LAST + timedelta(days=1, hours=8))
    reminders.run(services.store, POLICY, 1, over)
    missed = note(late, "signoff.unanswered", "RITA", requirement_id=2, slack_id="U0MARIA")
    assert "That is recorded, and denies nothing" in shown(drawers.unanswered(late, missed))
    assert "no answer in time from Maria Voss" in said(drawn_card(late))
    say(services.store, "TOM", drawn(services.store, over), now=over)
    assert isinstance(drawers.reminder(late, one), Dropped)


def test_what_is_out_of_reach_is_told_with_what_mends_it(services: Services) -> None:
    asked(services.store, replace(QA, quorum=3))
    leave(services.store, "TOM")
    assert shortfall.watch(services.store, POLICY, NOW) == 1
    one = note(services, "signoff.shortfall", "RITA", release_id=1, requirement_id=1)
    text = shown(drawers.short(services, one))
    assert "*2026.12* can't get its sign-off for *QA*: it takes 3 people" in text
    assert "only Ines Calder and Noor Salter can give it." in text
    assert "Put somebody into @qa-approvers, or let Nia Brook type /link." in text
    assert isinstance(drawers.within_reach(services, one), Dropped)


def test_all_of_it_can_be_typed(services: Services) -> None:
    """On the command line no form opens: what it would ask for comes along."""
    opened = Door(services, Answers(services.settings.slack_api_url), Metrics())
    revision = asked(services.store, replace(ONE, step_up=True, delegation=True))
    with services.store.read() as session:
        who = session.get_one(PersonRow, "U0TOM")
        tom = Bearer(
            actor=replace(actor("TOM"), authentication=Authentication.TOKEN),
            person=to_person(who),
            expires_at=NOW + timedelta(hours=1),
            key="k",
        )
    payload = Payload(kind="revision", id=revision)
    bare = opened.press(tom, view.APPROVE, payload, "r1")
    assert bare.refused
    assert "--release NAME --meaning TEXT" in bare.text
    said_ = {forms.RELEASE: "2026.12", forms.MEANING: "Reviewed", forms.CONDITIONS: "ML-3\nRollback tested"}
    done = opened.press(tom, view.APPROVE, payload, "r2", said_)
    assert "It hangs on 2 conditions" in done.text
    assert requirement(services.store).approvals[0].meaning == "Reviewed"
    listed = opened.command(tom, "release", "conditions", "r3")
    assert [each.command for each in listed.next] == ["interlock press condition.done condition:2"]
    ticked = opened.press(tom, "condition.done", Payload(kind="condition", id="2"), "r4")
    assert "Rollback tested is done" in ticked.text
    assert "Maria Voss signs for you" in opened.command(tom, "release", "away fri @maria", "r5").text
    assert "Welcome back" in opened.command(tom, "release", "back", "r6").text
    long = opened.press(tom, view.APPROVE, payload, "r7", said_ | {forms.MEANING: "x" * 201})
    assert long.refused


def test_every_button_of_the_card_has_a_handler(services: Services) -> None:
    revision = asked(services.store, ONE)
    signoff.approve_with(submitted({"revision": revision}, conditions="Rollback tested"), services)
    ids = [
        each["action_id"]
        for block in drawn_card(services).blocks
        for each in block.get("elements", ())
        if "action_id" in each
    ]
    assert set(ids) <= CLICKS.keys()
    assert card.draw(services.store, 1, NOW) is not None
