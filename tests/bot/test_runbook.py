"""The runbook from a click to what everybody reads: the card, the plan, the answers, the pings."""

from dataclasses import replace
from datetime import datetime, timedelta
from itertools import count
from typing import Any

import pytest
from sqlmodel import col, delete, select

from bot.app import COMMANDS
from bot.door import Answered
from bot.drawers import runbook as drawers
from bot.drawing import Drawn
from bot.listeners import runbook
from bot.payload import Payload, decode
from bot.requests import Click, Command, Errors, Shown, Submission
from bot.sender import DRAWERS
from bot.services import Services
from bot.views import runbook as view
from bot.views.blocks import MESSAGE_BLOCKS, MESSAGE_LETTERS, Message, plain
from bot.views.stage import MOVE
from interlock.domain import outbox
from interlock.domain.outbox import DeliveryError, Dropped, Sent
from interlock.domain.policy import Policy, StepRule
from interlock.domain.release import Stage
from interlock.domain.runbook import Deed, Picture
from interlock.domain.stage import Moved
from interlock.store import outbox_relay
from interlock.store import release as releases
from interlock.store.outbox import OutboxRow, message_of
from interlock.store.person import PersonRow
from interlock.store.release import ReleaseRow
from interlock.store.runbook import MarkRow
from interlock.usecases import runbook as usecase
from interlock.usecases import runbook_view, runbook_watch
from interlock.usecases import stage as usecase_stage
from tests.bot.conftest import Slack
from tests.bot.test_typed_forms import Terminal
from tests.builders import CHANNEL, NOW, POLICY, WITH_RUNBOOK, actor, people, release
from tests.builders import message as sent
from tests.security.test_injection import harmless, nasty, strings
from tests.security.test_injection import shown as content_of

NUMBERS = count(1)


def at(minutes: float) -> datetime:
    return NOW + timedelta(minutes=minutes)


@pytest.fixture
def policy() -> Policy:
    return POLICY


@pytest.fixture
def planned(services: Services) -> int:
    """2026.12 and its runbook, which nobody has begun."""
    with services.store.write() as session:
        people(session, groups_as_of=at(600))
        return release(session, template=WITH_RUNBOOK, stage="go")


@pytest.fixture
def begun(services: Services, planned: int) -> int:
    runbook.start(command("runbook start", who="RITA"), services)
    stands(services, planned, Stage.DEPLOYING)
    return planned


def stands(services: Services, number: int, stage: Stage) -> None:
    with services.store.write() as session:
        releases.set_stage(session, number, stage)


def command(verb: str, text: str = "", *, who: str = "ANA", minutes: float = 0) -> Command:
    return Command(
        actor=actor(who),
        name="/release",
        verb=verb,
        args=text,
        channel_id=CHANNEL,
        channel_name="",
        trigger_id="t1",
        now=at(minutes),
    )


def click(kind: str, number: int, *, who: str = "TOM", minutes: float = 0) -> Click:
    payload = Payload(kind=kind, id=str(number))
    return Click(
        actor=actor(who),
        action_id="x",
        now=at(minutes),
        trigger_id=f"t{next(NUMBERS)}",
        payload=payload,
        channel_id=CHANNEL,
    )


def submitted(reason: str, *, who: str = "TOM", minutes: float = 0, **private: int) -> Submission:
    return Submission(
        actor=actor(who),
        callback_id="x",
        values={view.REASON: reason},
        private=private,
        view_id="V1",
        request_id=f"r{next(NUMBERS)}",
        now=at(minutes),
    )


def said(message: Message | None) -> str:
    assert message is not None
    return plain(message).text


def buttons(message: Message) -> list[str]:
    return [
        element["text"]["text"]
        for block in message.blocks
        for element in block.get("elements", ())
        if element["type"] == "button"
    ]


def card(services: Services, minutes: float = 0, card_id: int = 1) -> Message:
    picture = runbook_view.draw(services.store, card_id, at(minutes))
    assert picture is not None
    return view.card(picture, at(minutes))


def queued(services: Services, kind: str) -> list[outbox.Message]:
    with services.store.read() as session:
        return [message_of(row) for row in session.exec(select(OutboxRow).where(OutboxRow.kind == kind))]


def do(services: Services, who: str, step: int, deed: Deed, minutes: float, note: str = "Why") -> None:
    assert isinstance(usecase.mark(services.store, POLICY, actor(who), step, deed, note, at(minutes)), usecase.Marked)


def test_the_plan_is_shown_before_anybody_begins(services: Services, planned: int) -> None:
    shown = runbook.show(command("runbook"), services)
    assert said(shown).splitlines()[:5] == [
        "*Runbook of 2026.12* · ⚪ Not started · 4 steps, about 45 min",
        "*1 Back up* · 10 min · qa-approvers",
        "*2 Deploy pipelines* · 20 min · Ravi Menon-Hale · together (deploy)",
        "*3 Deploy models* · 30 min · qa-approvers · together (deploy)",
        "*4 All-clear* · 5 min · release_manager",
    ]
    assert "Figures are the plan's: from 3 earlier releases of this template on" in said(shown)
    assert buttons(shown) == ["Start the runbook"]


def test_before_its_go_the_plan_says_what_it_waits_for(services: Services) -> None:
    with services.store.write() as session:
        people(session, groups_as_of=at(600))
        number = release(session, template=WITH_RUNBOOK)
    shown = runbook.show(command("runbook"), services)
    assert "It starts once the release has its go." in said(shown)
    assert buttons(shown) == []
    refused = runbook.start_clicked(click("release", number, who="RITA"), services)
    assert refused.refused
    assert "/release advance 2026.12 says what that takes." in said(refused)


def test_which_release_is_asked_with_a_button_for_each(services: Services, planned: int) -> None:
    with services.store.write() as session:
        release(session, name="2026.13", template=WITH_RUNBOOK)
    asked = runbook.show(command("runbook", "2026"), services)
    assert asked.refused
    assert asked.blocks[1]["accessory"]["action_id"] == view.SHOW
    shown = runbook.show_clicked(click("release", planned), services)
    assert said(shown).startswith("*Runbook of 2026.12* · ⚪ Not started")


def test_starting_says_where_the_card_is_and_again_says_that_it_runs(services: Services, planned: int) -> None:
    begun = runbook.start_clicked(click("release", planned, who="RITA"), services)
    first = said(begun)
    where = f"Its card is on its way to <#{CHANNEL}>. 2026.12 is still at go."
    assert first == f"Run 1 of 2026.12's runbook has begun. {where}"
    [move] = begun.blocks[-1]["elements"]
    assert (move["action_id"], move["text"]["text"]) == (MOVE, "Move to deploying")
    assert decode(move["value"]) == Payload(kind="stage", id=f"{planned}.deploying")
    again = said(runbook.start(command("runbook start", who="RITA"), services))
    assert again.startswith("2026.12's runbook runs already, since <!date^")
    refused = runbook.start(command("runbook start", who="TOM"), services)
    assert refused.refused


def test_the_card_says_how_far_it_is_what_runs_and_what_comes_then(services: Services, begun: int) -> None:
    do(services, "TOM", 1, Deed.STARTED, 1)
    do(services, "TOM", 1, Deed.DONE, 12)
    do(services, "RAVI", 2, Deed.STARTED, 13)
    shown = card(services, 47)
    lines = said(shown).splitlines()
    assert lines[0] == "*Runbook of 2026.12* · 🟡 Late · step 2 of 4 · 37 min behind"
    assert lines[1].startswith("*Expected end* <!date^")
    assert lines[2].startswith("*2 Deploy pipelines* · 🟡 Late · Ravi Menon-Hale since <!date^")
    assert lines[2].endswith(", 34 of 20 min")
    assert lines[3] == "*Check* Counts agree"
    assert lines[4].startswith("*3 Deploy models* · 🟡 Late · ready since <!date^")
    assert lines[4].endswith(" · qa-approvers, 30 min")
    assert lines[6] == "*Then* 4 All-clear"
    assert buttons(shown) == [
        "Tick step 2",
        "It failed…",
        "Skip…",
        "Start step 3",
        "Skip…",
        "See all 4 steps",
        "Abort…",
    ]
    assert shown.text == "Runbook of 2026.12: 🟡 Late · step 2 of 4 · 37 min behind."
    assert said(runbook.show(command("runbook", minutes=47), services)) == said(shown)


def test_the_card_says_that_its_release_has_to_be_moved_until_it_is(services: Services) -> None:
    with services.store.write() as session:
        people(session, groups_as_of=at(600))
        planned = release(session, template=replace(WITH_RUNBOOK, requirements=()), tickets=("DATA-1",), stage="go")
    runbook.start(command("runbook start", who="RITA"), services)
    shown = card(services)
    assert said(shown).splitlines()[1] == "2026.12 is still at go: it has to be moved to deploying."
    [move] = [each for block in shown.blocks for each in block.get("elements", ()) if each.get("action_id") == MOVE]
    assert decode(move["value"]) == Payload(kind="stage", id=f"{planned}.deploying")
    for step in (1, 2, 3, 4):
        usecase.skip(services.store, POLICY, actor("RITA"), step, "Done by hand", at(5))
    assert "still at go" in said(card(services, 5)), "which it is, though all is done"
    assert buttons(card(services, 5)) == ["Move to deploying", "See all 4 steps"]
    with services.store.write() as session:
        session.execute(delete(OutboxRow).where(col(OutboxRow.kind) == "runbook.refresh"))
    moved = usecase_stage.move(services.store, POLICY, actor("RITA"), planned, Stage.DEPLOYING, "", at(6))
    assert isinstance(moved, Moved), moved
    assert len(queued(services, "runbook.refresh")) == 1
    assert "still at" not in said(card(services, 6))
    assert buttons(card(services, 6)) == ["See all 4 steps"]


def test_what_was_aborted_moves_no_release(services: Services, planned: int) -> None:
    runbook.start(command("runbook start", who="RITA"), services)
    usecase.abort(services.store, POLICY, actor("RITA"), 1, "Rolled back", at(5))
    assert "still at go" not in said(card(services, 5))
    assert "Move to deploying" not in buttons(card(services, 5))


def test_a_failed_step_stops_the_card_and_says_that_the_end_is_not_known(services: Services, begun: int) -> None:
    do(services, "TOM", 1, Deed.STARTED, 1)
    do(services, "TOM", 1, Deed.FAILED, 5, "The <!channel> disk is full")
    text = said(card(services, 6))
    assert text.startswith("*Runbook of 2026.12* · 🔴 Stopped · step 1 of 4\n*Expected end* not known while step 1 ")
    assert "The &lt;!channel&gt; disk is full" in text
    assert "<!channel>" not in text
    assert buttons(card(services, 6))[:2] == ["Tick step 1: mended", "Skip…"]


def test_what_stays_of_the_card_says_how_it_ended(services: Services, begun: int) -> None:
    for step in (1, 2, 3, 4):
        usecase.skip(services.store, POLICY, actor("RITA"), step, f"Reason {step}", at(5))
    shown = card(services, 500)
    text = said(shown)
    assert text.startswith(
        "*Runbook of 2026.12* · 🟢 Done · 4 of 4 steps done or skipped\nAll steps are done or skipped"
    )
    assert "5 min, expected 45 min. Skipped: 1 (Reason 1), 2 (Reason 2), 3 (Reason 3) and 4 (Reason 4)." in text
    assert buttons(shown) == ["See all 4 steps"]


def test_what_is_skipped_stays_on_the_card_and_is_not_time_gained(services: Services, begun: int) -> None:
    usecase.skip(services.store, POLICY, actor("RITA"), 1, "Nothing <!here> to back up", at(0))
    text = said(card(services, 0))
    assert text.startswith("*Runbook of 2026.12* · 🟢 Running · step 2 of 4\n")
    assert "\n*Skipped* 1 (Nothing &lt;!here&gt; to back up)\n" in text


@pytest.mark.parametrize("skipped", [(), (1, 2, 3, 4)])
def test_that_it_is_released_says_what_was_skipped_on_the_way(
    services: Services, begun: int, skipped: tuple[int, ...]
) -> None:
    for step in skipped:
        usecase.skip(services.store, POLICY, actor("RITA"), step, "Not needed", at(5))
    for step in {1, 2, 3, 4} - set(skipped):
        who = {2: "RAVI", 4: "RITA"}.get(step, "TOM")
        do(services, who, step, Deed.STARTED, 5)
        do(services, who, step, Deed.DONE, 6)
    with services.store.write() as session:
        session.get_one(ReleaseRow, begun).stage = Stage.RELEASED.value
    ids: dict[str, Any] = {
        "release_id": begun,
        "slack_id": "U0RITA",
        "before": "deploying",
        "after": "released",
        "why": "",
    }
    drawn = DRAWERS["release.moved"](services, sent("release.moved", **ids))
    assert isinstance(drawn, Drawn)
    told = "*2026.12 Quarterly platform* is released · was deploying\nBy Rita Sandoval-Kerr"
    assert said(drawn.message) == told + ("\n*Runbook* 4 of 4 steps skipped" if skipped else "")


def test_an_aborted_run_offers_the_next(services: Services, begun: int) -> None:
    typed = runbook.abort_typed(command("runbook abort", "2026.12 rolled back", who="RITA", minutes=40), services)
    assert said(typed) == "Run 1 of 2026.12's runbook is aborted. /release runbook start 2026.12 begins the next one."
    shown = card(services, 50)
    assert "Aborted by Rita Sandoval-Kerr" in said(shown)
    assert ", after 40 min: rolled back" in said(shown)
    assert buttons(shown) == ["See all 4 steps", "Start run 2"]
    runbook.start_clicked(click("release", begun, who="RITA", minutes=60), services)
    assert "step 1 of 4" in said(card(services, 61, card_id=2))


def test_a_release_that_fell_has_a_frozen_card(services: Services, begun: int) -> None:
    with services.store.write() as session:
        row = session.get_one(ReleaseRow, begun)
        row.stage, row.closed_at = Stage.CANCELLED.value, at(3)
    shown = card(services, 500)
    assert said(shown).startswith(
        "*Runbook of 2026.12* · ⚪ Frozen · 0 of 4 steps done or skipped\n2026.12 is cancelled: nothing more is "
    )
    assert buttons(shown) == ["See all 4 steps"]


def test_a_walk_by_clicks(services: Services, begun: int, slack: Slack) -> None:
    assert said(runbook.begin(click("runbook_step", 1), services)) == (
        "Recorded: step 1 of 2026.12 (Back up) was started. Before you tick it: It is listed"
    )
    ticked = said(runbook.tick(click("runbook_step", 1, minutes=12), services))
    assert ticked == "Recorded: step 1 of 2026.12 (Back up) is done after 12 min."
    crossed = said(runbook.tick(click("runbook_step", 1, who="INES", minutes=12), services))
    assert crossed.startswith("Step 1 of 2026.12 (Back up) is done already: Tom Arkwright, <!date^")
    not_mine = runbook.begin(click("runbook_step", 2, minutes=13), services)
    assert not_mine.refused
    assert said(not_mine).endswith("it belongs to ravi@practice.example. Ravi Menon-Hale can.")
    assert runbook.skip(click("runbook_step", 2, who="RITA", minutes=14), services) is None
    [opened] = slack.called("views.open")
    assert '"step":2' in str(opened["view"])
    empty = runbook.skipped(submitted(" ", who="RITA", minutes=14, step=2), services)
    assert isinstance(empty, Errors)
    shown = runbook.skipped(submitted("Nothing changed there", who="RITA", minutes=15, step=2), services)
    assert isinstance(shown, Shown)
    assert "Recorded: step 2 of 2026.12 (Deploy pipelines) is skipped." in str(shown.view)


def test_a_form_is_not_opened_in_vain(services: Services, begun: int, slack: Slack) -> None:
    for asked in (
        runbook.fail(click("runbook_step", 1), services),  # nobody started it
        runbook.fail(click("runbook_step", 1, who="RAVI"), services),
        runbook.skip(click("runbook_step", 1, who="TOM"), services),
        runbook.abort(click("runbook_run", 1, who="TOM"), services),
    ):
        assert asked is not None
        assert asked.refused
    assert slack.called("views.open") == []
    runbook.begin(click("runbook_step", 1), services)
    assert runbook.fail(click("runbook_step", 1), services) is None
    assert runbook.abort(click("runbook_run", 1, who="RITA"), services) is None
    assert len(slack.called("views.open")) == 2
    done = runbook.failed(submitted("Disk full", minutes=3, step=1), services)
    assert isinstance(done, Shown)
    aborted = runbook.aborted(submitted("Rolled back", who="RITA", minutes=4, run=1), services)
    assert isinstance(aborted, Shown)
    assert "is aborted" in str(aborted.view)


def test_a_walk_by_words(services: Services, begun: int) -> None:
    def typed(verb: str, text: str, who: str, minutes: float) -> str:
        handler = COMMANDS["/release"].verbs[verb].handler
        return said(handler(command(verb, text, who=who, minutes=minutes), services))

    assert typed("runbook start-step", "backup", "TOM", 1).startswith("Recorded: step 1")
    assert typed("runbook fail", "1", "TOM", 2) == "Say what went wrong: it stands on the card and in the record."
    assert typed("runbook fail", "2026.12 1 disk full", "TOM", 2).startswith("Recorded: step 1 of 2026.12 (Back up) f")
    assert typed("runbook tick", "2026.12 1 mended by hand", "INES", 9).startswith("Recorded: step 1")
    assert typed("runbook skip", "2 no pipelines in it", "RITA", 10).startswith("Recorded: step 2")
    assert typed("runbook tick", "9", "TOM", 11).startswith("2026.12: There is no step 9: name one by its number, 1 to")
    assert typed("runbook abort", "2026.12", "RITA", 12) == "Say why it is aborted, such as: rolled back, see INC-12."
    picture = runbook_view.show_of(services.store, POLICY, actor("ANA"), begun, at(12))
    assert isinstance(picture, Picture)
    listed = str(view.all_steps(picture, at(12)))
    assert "mended by hand" in listed
    assert "no pipelines in it" in listed


def test_the_refresh_waits_for_the_card_and_changes_it(services: Services, begun: int) -> None:
    runbook.begin(click("runbook_step", 1), services)
    [post], [refresh] = queued(services, "runbook.card"), queued(services, "runbook.refresh")
    with pytest.raises(DeliveryError):
        drawers.refresh(services, refresh)
    with services.store.write() as session:
        outbox_relay.settle_sent(session, post, Sent(channel=CHANNEL, ts="1.1"), NOW)
    drawn = drawers.refresh(services, refresh)
    assert isinstance(drawn, Drawn)
    assert (drawn.update_ts, drawn.channel) == ("1.1", CHANNEL)
    assert isinstance(drawers.post(services, replace(post, ids={"card_id": 99})), Dropped)


def test_who_is_late_reads_what_why_until_when_and_who_is_next(services: Services, begun: int) -> None:
    do(services, "TOM", 1, Deed.STARTED, 1)
    runbook_watch.watch(services.store, POLICY, 1, at(18))
    [ping] = queued(services, "runbook.late")
    drawn = drawers.late(replace(services, clock=lambda: at(18)), ping)
    assert isinstance(drawn, Drawn)
    text = said(drawn.message)
    assert text.startswith(
        "Step 1 of 4, *Back up* (2026.12), takes longer than planned: 17 of 10 min.\n*Check* It is l"
    )
    assert "You get this, whatever the hour, because you started it and the deployment is running." in text
    assert "It stops when it is ticked, or said to have failed. Next: Rita Sandoval-Kerr, <!date^" in text
    assert buttons(drawn.message) == ["Tick step 1", "It failed…"]
    do(services, "TOM", 1, Deed.DONE, 19)
    assert isinstance(drawers.late(replace(services, clock=lambda: at(20)), ping), Dropped)


def test_who_does_not_begin_is_asked_to_and_the_manager_is_told_why(services: Services, begun: int) -> None:
    runbook_watch.watch(services.store, POLICY, 1, at(30))
    pings = {ping.channel: ping for ping in queued(services, "runbook.late")}
    later = replace(services, clock=lambda: at(30))
    owner, manager = drawers.late(later, pings["@U0TOM"]), drawers.late(later, pings["@U0RITA"])
    assert isinstance(owner, Drawn)
    assert isinstance(manager, Drawn)
    assert "could have begun 30 min ago, and nobody has started it." in said(owner.message)
    assert "because it is yours and the deployment is running. It stops when somebody starts it." in said(owner.message)
    assert buttons(owner.message) == ["Start step 1"]
    assert "because you run this deployment, and its owner was told before." in said(manager.message)
    assert buttons(manager.message) == []


def test_a_failure_is_told_to_who_decides(services: Services, begun: int) -> None:
    do(services, "TOM", 1, Deed.STARTED, 1)
    do(services, "TOM", 1, Deed.FAILED, 3, "The disk is full")
    [told] = queued(services, "runbook.failed")
    drawn = drawers.failed(services, told)
    assert isinstance(drawn, Drawn)
    assert said(drawn.message).startswith("Step 1 of 4, *Back up* (2026.12), failed, says Tom Arkwright:\n")
    assert buttons(drawn.message) == ["Skip it…", "Abort…"]
    do(services, "TOM", 1, Deed.DONE, 9)
    assert isinstance(drawers.failed(services, told), Dropped)


@pytest.mark.parametrize("together", [True, False])
def test_a_hundred_steps_fit_slacks_limits(services: Services, together: bool) -> None:  # noqa: FBT001 a column
    rules = tuple(
        StepRule(
            key=f"s{number}",
            name=f"Step & <{number}> {'w' * 150}",
            owner="qa-approvers",
            expected_minutes=2000,
            check=f"Check & <{number}> {'x' * 170}",
            parallel="all" if together else None,
        )
        for number in range(1, 101)
    )
    with services.store.write() as session:
        people(session, groups_as_of=at(600))
        number = release(session, template=replace(WITH_RUNBOOK, runbook=rules), stage="go")
    plan = runbook.show(command("runbook"), services)
    assert "and 75 more" in said(plan)
    runbook.start_clicked(click("release", number, who="RITA"), services)
    shown = card(services, 4000)

    def words(message: Message) -> str:
        return "\n".join(map(str, message.blocks))

    for message in (plan, shown):
        assert len(message.blocks) <= MESSAGE_BLOCKS
        assert sum(len(str(block.get("text", {}).get("text", ""))) for block in message.blocks) < MESSAGE_LETTERS
        assert "There is more than one message can hold." not in words(message)
    assert ("and 90 more that can be worked on: see all steps" in words(shown)) is together
    assert ("and 94 more" in words(shown)) is not together
    picture = runbook_view.show_of(services.store, POLICY, actor("ANA"), number, at(4000))
    assert isinstance(picture, Picture)
    listed: dict[str, Any] = view.all_steps(picture, at(4000))
    assert len(listed["blocks"]) == 14
    assert "100 Step &amp; &lt;100&gt;" in str(listed)


def test_what_steps_usually_take_stands_beside_the_plan(services: Services) -> None:
    with services.store.write() as session:
        people(session, groups_as_of=at(600))
    for name in ("a", "b", "c"):
        with services.store.write() as session:
            number = release(session, name=name, template=WITH_RUNBOOK, stage="go")
        done = usecase.start(services.store, POLICY, actor("RITA"), number, NOW)
        assert isinstance(done, usecase.Begun)
        do(services, "TOM", done.run.steps[0].id, Deed.STARTED, 0)
        do(services, "TOM", done.run.steps[0].id, Deed.DONE, 25)
    with services.store.write() as session:
        release(session, template=WITH_RUNBOOK)
    text = said(runbook.show(command("runbook", "2026.12"), services))
    assert "*Runbook of 2026.12* · ⚪ Not started · 4 steps, about 60 min" in text
    assert "*1 Back up* · 10 min, usually 25 min · qa-approvers" in text
    assert "“Usually” is the median of earlier releases of this template" in text


def test_the_command_line_does_it_too(services: Services, begun: int) -> None:
    def typed(who: str, words: str) -> Answered:
        return Terminal(services, who).type("/release", words, words)

    shown = typed("RITA", "runbook 2026.12")
    assert ("Start step 1", "interlock press runbook.begin runbook_step:1") in [
        (each.label, each.command) for each in shown.next
    ]
    refused = typed("RITA", "runbook start-step 1")  # the only release under way
    assert refused.refused
    assert "it belongs to qa-approvers" in refused.text
    assert typed("TOM", "runbook start-step 2026.12 1").text.startswith("Recorded: step 1")
    tom = Terminal(services, "TOM")
    ticked = tom.door.press(tom.bearer, "runbook.tick", Payload(kind="runbook_step", id="1"), "press-1")
    assert ticked.text.startswith("Recorded: step 1 of 2026.12 (Back up) is done")
    assert typed("RITA", "runbook abort 2026.12 rolled back").text.startswith("Run 1 of 2026.12")
    with services.store.read() as session:
        told = session.exec(select(MarkRow.auth)).all()
    assert set(told) == {"token"}


def test_what_stands_in_a_runbook_pings_nobody_and_hides_nothing(services: Services, slack: Slack) -> None:
    rules = tuple(
        replace(rule, name=nasty(f"n-{rule.key}"), check=nasty(f"c-{rule.key}"), parallel=nasty("p"))
        for rule in WITH_RUNBOOK.runbook
    )
    with services.store.write() as session:
        people(session, groups_as_of=at(600))
        for person in session.exec(select(PersonRow)):
            person.name = nasty(f"p-{person.handle}")
        template = replace(WITH_RUNBOOK, name=nasty("template"), runbook=rules)
        number = release(session, name=nasty("release"), template=template, stage="go")
    said_ = [runbook.show(command("runbook"), services)]
    said_.append(runbook.start_clicked(click("release", number, who="RITA"), services))
    said_.append(runbook.begin(click("runbook_step", 1, who="RAVI"), services))  # refused
    runbook_watch.watch(services.store, POLICY, 1, at(30))
    later = replace(services, clock=lambda: at(30))
    told = [drawers.late(later, ping) for ping in queued(services, "runbook.late")]
    said_.append(runbook.begin(click("runbook_step", 1), services))
    runbook.fail(click("runbook_step", 1), services)
    runbook.failed(submitted(nasty("why"), step=1), services)
    told += [drawers.failed(services, each) for each in queued(services, "runbook.failed")]
    said_ += [each.message for each in told if isinstance(each, Drawn)]
    said_.append(runbook.tick(click("runbook_step", 1), services))
    said_.append(runbook.tick(click("runbook_step", 1, who="INES"), services))
    said_.append(card(services, 3))
    runbook.show_all(click("release", number), services)
    runbook.abort(click("runbook_run", 1, who="RITA"), services)
    said_.append(
        runbook.abort_typed(command("runbook abort", f"{nasty('release')} {nasty('gone')}", who="RITA"), services)
    )
    runbook.aborted(submitted(nasty("gone"), who="RITA", run=1), services)
    said_.append(card(services, 4))
    seen = [content_of(each) for each in said_] + [call for _, call in slack.calls]
    everywhere = ""
    for place, content in enumerate(seen):
        for kind, text in strings(content):
            harmless(str(place), kind, text)
            everywhere += text
    marks = ("release", "n-backup", "c-backup", "p-tom", "p-rita", "why", "gone", "n-all-clear")
    assert [mark for mark in marks if mark not in everywhere] == []
