"""`/raid …` from what somebody typed or pressed to what they are shown, what they are asked later, and its files."""

import csv
import io
import json
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select
from sqlmodel import col

from bot import raid_export
from bot.answers import Answers
from bot.app import TABLES
from bot.door import Answered, Door
from bot.drawers import raid as drawers
from bot.drawing import Drawn, DrawnFile
from bot.listeners import raid as listeners
from bot.listeners import raid_entry as entries
from bot.metrics import Metrics
from bot.payload import Payload
from bot.requests import Click, Command, Errors, Replacement, Shown, Submission
from bot.services import Services
from bot.views import raid as view
from bot.views import raid_form as form
from bot.views import raid_map
from bot.views.blocks import Message, plain
from interlock.domain.actor import Authentication, Person
from interlock.domain.outbox import Deferred
from interlock.domain.policy import Policy
from interlock.domain.raid import Entry, Kind, Mitigation, State
from interlock.domain.token import Bearer
from interlock.store.audit import AuditRow
from interlock.store.engine import Store
from interlock.store.outbox import OutboxRow, message_of
from interlock.store.person import PersonRow
from interlock.usecases import raid_review
from sandbox.slack.blocks import message_blocks, view_body
from tests.bot.conftest import Slack
from tests.builders import CHANNEL, NOW, actor, message
from tests.raids import FRIDAY, POLICY, a_decision, a_log, a_risk, an_entry, entered, fresh, stands, world

EARLIER = NOW.date() - timedelta(days=3)


@pytest.fixture
def policy() -> Policy:
    return POLICY


@pytest.fixture
def number(sqlite_store: Store) -> int:
    return world(sqlite_store)


def command(text: str = "", *, who: str = "RITA", trigger: str = "t1") -> Command:
    return Command(
        actor=actor(who),
        name="/raid",
        verb="list",
        args=text,
        channel_id=CHANNEL,
        channel_name="",
        trigger_id=trigger,
        now=NOW,
    )


def click(kind: str, ident: int, *, who: str = "RITA") -> Click:
    payload = Payload(kind=kind, id=str(ident))
    return Click(actor=actor(who), action_id="x", now=NOW, trigger_id="t2", payload=payload, channel_id=CHANNEL)


def submission(private: dict[str, Any], *, who: str = "RITA", **values: Any) -> Submission:
    return Submission(
        actor=actor(who),
        callback_id="raid.save",
        values=values,
        private=private,
        view_id="V1",
        request_id=f"{who}{values}",
        now=NOW,
    )


def said(message: Message | Replacement | None) -> str:
    """Its words, once Slack's own rules for blocks were held against it."""
    if isinstance(message, Replacement):
        message = message.message
    assert message is not None
    message_blocks(list(message.blocks), lambda kind: kind)
    return plain(message).text


def shown(answer: object) -> str:
    assert isinstance(answer, Shown), answer
    view_body(answer.view, ("modal",), lambda kind: kind)
    return "\n".join(block["text"]["text"] for block in answer.view["blocks"] if block["type"] == "section")


def opened(slack: Slack) -> dict[str, Any]:
    [call] = slack.called("views.open")
    view_body(call["view"], ("modal",), lambda kind: kind)
    return dict(call["view"])


def buttons(message: Message | None) -> list[str]:
    assert message is not None
    elements = [each for block in message.blocks for each in [*block.get("elements", ()), block.get("accessory") or {}]]
    return [each["text"]["text"] for each in elements if each.get("type") == "button"]


def lines(count: int, **more: Any) -> list[Entry]:
    return [an_entry(id=number, **more) for number in range(1, count + 1)]


def url(key: str) -> str:
    return f"https://jira.practice.example/browse/{key}"


def test_the_tables_have_every_row() -> None:
    verbs = ["list", "risk", "assumption", "issue", "decision", "show", "review", "edit", "close", "map", "export"]
    assert list(TABLES.commands["/raid"].verbs) == verbs


def test_the_list_shows_five_and_says_how_many_more() -> None:
    drawn = view.listing(a_log(*lines(17), an_entry(id=99, state=State.CLOSED)), url)
    text = said(drawn)
    assert text.startswith(
        "*RAID log of 2026.12* · 🔴 Red · 17 open, 17 high risks\n*R-1* The upgrade slips · score 12"
    )
    assert "and 12 more · 1 closed" in text
    assert buttons(drawn)[:7] == ["Show R-1", "Show R-2", "Show R-3", "Show R-4", "Show R-5", "Show all 18", "Heat map"]
    whole = view.listing(a_log(*lines(17), an_entry(id=99, state=State.CLOSED)), url, whole=True)
    assert said(whole).count("*R-") == 18
    assert "Show all" not in str(whole.blocks)


@pytest.mark.parametrize(
    ("entry", "light"),
    [
        (an_entry(), "🔴 Red"),
        (an_entry(impact=1, review_on=EARLIER), "🟡 Amber · 1 open, 1 review overdue"),
        (an_entry(impact=1), "🟢 Green · 1 open"),
    ],
)
def test_the_light_is_red_for_a_high_risk_and_amber_for_a_late_review(entry: Entry, light: str) -> None:
    assert light in said(view.listing(a_log(entry), url))


def test_a_log_of_hundreds_fits_a_message() -> None:
    long = lines(400, title="x" * 150, owner=Person(slack_id="U", name="y" * 80))
    whole = view.listing(a_log(*long), url, whole=True)
    said(whole)
    assert "and 360 more: `/raid export` has them all" in str(whole.blocks)
    said(view.listing(a_log(*long), url))


def test_an_empty_log_says_how_to_begin() -> None:
    assert "`/raid risk 2026.12` enters a risk" in said(view.listing(a_log(), url))


def test_a_risk_typed_in_a_line_is_entered(services: Services, number: int) -> None:
    text = "p4 i5 <@U0ANA> by fri data-1: Slips <!channel> & more | Keep 5.4"
    told = entries.risk(command(text), services)
    assert said(told).startswith(
        "*R-1* Slips &lt;!channel&gt; &amp; more is in the RAID log of 2026.12, owned by Ana Whitlock. Its score is "
        "20. It hangs on <https://jira.practice.example/browse/DATA-1|DATA-1> Summary of DATA-1."
    )
    one = stands(services.store, 1)
    assert (one.release.id, one.review_on.isoformat(), one.details) == (number, "2026-11-27", "Keep 5.4")
    again = entries.risk(command(text), services)
    assert "is already in the RAID log" in said(again)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("p3 i4", "Put a colon after it, and then the title: `/raid risk p3 i4 @owner"),
        ("p9 i4: x", "Probability is p1 (rare) to p5 (almost certain); p9 is not on the scale. Such as `/raid risk"),
        ("2099.01 p3 i4: x", "There is no release 2099.01."),
        ("p3: x", "How bad would it be, from i1 (negligible) to i5 (severe)?"),
        ("p3 i4 by someday: x", "Say by which day: tomorrow, fri, +14d or 2026-12-04."),
        ("p3 i4 @nobody: x", "Nobody here is called @nobody."),
        ("p3 i4 @guest: x", "Gil Tarrant is a guest, and a guest can own no entry and be named in none."),
        ("p3 i4 @vendor: x", "Vera Lindqvist is no active full member of the workspace."),
        ("p3 i4 @left: x", "Lars Eklund-Moor is no active full member of the workspace."),
        ("p3 i4 DATA-77: x", "No ticket DATA-77 is known here."),
        ("p3 i4 DATA-9: x", "No ticket DATA-9 is known here."),
        ("p3 i4: ", "Say in a line what the risk is."),
    ],
)
def test_what_is_missing_in_a_line_is_said(services: Services, number: int, text: str, told: str) -> None:
    answer = entries.risk(command(text), services)
    assert answer is not None
    assert answer.refused
    assert said(answer).startswith(told)
    assert number == 1


def test_each_refusal_of_what_was_typed_is_recorded(services: Services, number: int) -> None:
    entered(services.store, "RITA", a_risk(number))
    typed = {
        entries.risk: "p3 i4: x",
        entries.edit: "R-1 p1",
        entries.review: "R-1 p1",
        entries.close: "R-1 Done.",
    }
    for listener, text in typed.items():
        answer = listener(command(text, who="TOM"), services)
        assert answer is not None
        assert answer.refused
    with services.store.read() as session:
        kinds = list(session.scalars(select(col(AuditRow.kind)).order_by(col(AuditRow.seq))))
    assert kinds == ["raid.created", *["raid.refused"] * 4]
    assert stands(services.store, 1).version == 1


def test_the_form_opens_for_the_channels_release_and_saves(services: Services, slack: Slack, number: int) -> None:
    assert entries.risk(command(), services) is None
    asked = opened(slack)
    assert asked["title"]["text"] == "Risk"
    blocks = {block["block_id"]: block["element"] for block in asked["blocks"]}
    assert blocks["release"]["initial_option"]["value"] == str(number)
    assert (blocks["owner"]["initial_user"], blocks["review"]["initial_date"]) == ("U0RITA", "2026-12-07")
    private = json.loads(asked["private_metadata"])
    values = {"release": str(number), "title": "It slips", "owner": "U0ANA", "review": "2026-12-04"}
    wrong = entries.save(submission(private, **values), services)
    assert isinstance(wrong, Errors)
    assert wrong.by_block.keys() == {"probability", "impact"}
    done = entries.save(submission(private, **values, probability="3", impact="4"), services)
    assert "*R-1* It slips is in the RAID log of 2026.12" in shown(done)


def test_a_change_in_the_form_meets_who_was_faster(services: Services, slack: Slack, number: int) -> None:
    one = entered(services.store, "RITA", a_risk(number))
    assert entries.edit(command("R-1"), services) is None
    asked = opened(slack)
    private = json.loads(asked["private_metadata"])
    assert private == {"kind": "risk", "entry": one.id, "version": 1}
    entries.edit(command("r-1 p5: Quicker"), services)
    values = {"release": str(number), "title": "Slower", "owner": "U0ANA", "review": "2026-12-04"}
    done = entries.save(submission(private, **values, probability="3", impact="4"), services)
    assert "R-1 was changed by Rita Sandoval-Kerr meanwhile, so nothing was saved." in shown(done)
    assert (stands(services.store, one.id).title, stands(services.store, one.id).score) == ("Quicker", 20)


@pytest.mark.parametrize(
    ("text", "changed"),
    [
        ("R-1 p1", {"probability": 1}),
        ("R-1 no ticket", {"ticket": None}),
        ("R-1 <@U0TOM> by 2026-12-11: Other | More", {"title": "Other", "details": "More"}),
        ("R-1: Other", {"title": "Other"}),
    ],
)
def test_a_line_changes_what_it_names(services: Services, number: int, text: str, changed: dict[str, Any]) -> None:
    entered(services.store, "RITA", a_risk(number, ticket="DATA-1"))
    told = said(entries.edit(command(text), services))
    one = stands(services.store, 1)
    assert {name: getattr(one, name) for name in changed} == changed
    assert f"*R-1* {one.title} is changed in the RAID log of 2026.12, owned by {one.owner.name}." in told
    assert "is unchanged in the RAID log of 2026.12" in said(entries.edit(command(text), services))


def test_an_entry_shows_its_history_and_its_buttons(services: Services, number: int) -> None:
    one = entered(services.store, "RITA", a_risk(number, ticket="DATA-1", details="Keep <b>5.4</b>"))
    entries.review(command("R-1 p4 by 2026-12-11: Vendor <!here> confirmed", who="ANA"), services)
    told = listeners.show(command("r-1", who="TOM"), services)
    text = said(told)
    assert text.startswith(
        "*R-1* The upgrade slips · open, score 16 (p4 i4)\n*Risk* of 2026.12 · owned by Ana Whitlock"
    )
    assert "*Mitigation* <https://jira.practice.example/browse/DATA-1|DATA-1> Summary of DATA-1" in text
    assert "Ana Whitlock reviewed it: probability 3 → 4, review Fri 4 Dec → Fri 11 Dec · “Vendor &lt;!here&gt;" in text
    assert text.endswith("Rita Sandoval-Kerr entered it")
    assert buttons(told) == ["Reviewed…", "Change…", "Close…"]
    assert said(listeners.show_one(click("entry", one.id), services)) == text


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("R-1 by someday", "Say by which day"),
        ("R-1 <@U0TOM>", "A review takes p, i, `by` and a day"),
        ("R-9", "There is no entry R-9."),
        ("", "“” names no entry."),
        ("R-1 p7", "Probability is p1 (rare) to p5 (almost certain); p7 is not on the scale."),
    ],
)
def test_a_review_that_cannot_be_read_is_asked_again(services: Services, number: int, text: str, told: str) -> None:
    one = entered(services.store, "RITA", a_risk(number))
    answer = entries.review(command(text), services)
    assert said(answer).startswith(told)
    assert stands(services.store, one.id) == one


def test_a_colon_may_stand_right_behind_the_key(services: Services, number: int) -> None:
    entered(services.store, "RITA", a_risk(number))
    assert said(entries.review(command("R-1: the vendor has confirmed"), services)).startswith("*R-1* is reviewed")
    assert "“the vendor has confirmed”" in said(listeners.show(command("R-1"), services))
    assert said(entries.close(command("R-1: done"), services)) == "*R-1* is closed: done"
    told = said(entries.close(command("R-1: otherwise"), services))
    assert told.startswith("R-1 was closed by Rita Sandoval-Kerr: done. A closed entry stays as it is;")


def test_reviewing_and_closing_by_their_buttons(services: Services, slack: Slack, number: int) -> None:
    one = entered(services.store, "RITA", a_risk(number))
    assert entries.ask_review(click("entry", one.id, who="ANA"), services) is None
    private = json.loads(opened(slack)["private_metadata"])
    slack.calls.clear()
    values = {"probability": "2", "impact": "2", "review": "2026-12-11"}
    done = entries.reviewed(submission(private, who="ANA", **values), services)
    assert shown(done) == "*R-1* is reviewed at a score of 4. Next review Fri 11 Dec."
    assert "meanwhile, so nothing was saved" in shown(
        entries.reviewed(submission(private, who="RITA", **values), services)
    )
    assert isinstance(entries.reviewed(submission(private, review="soon"), services), Shown)
    assert entries.ask_close(click("entry", one.id, who="ANA"), services) is None
    private = json.loads(opened(slack)["private_metadata"])
    wrong = entries.closed(submission(private, who="ANA", outcome=" \u200b"), services)
    assert isinstance(wrong, Errors)
    assert wrong.by_block["outcome"].startswith("Say what came of it")
    assert (
        shown(entries.closed(submission(private, who="ANA", outcome="Shipped."), services))
        == "*R-1* is closed: Shipped."
    )
    assert "already closed" in shown(entries.closed(submission(private, who="ANA", outcome="Shipped."), services))
    assert "R-1 was closed by Ana Whitlock" in said(entries.ask_close(click("entry", one.id), services))


def test_a_decision_is_decided_in_a_line(services: Services, number: int) -> None:
    line = "<@U0ANA> approver <@U0MARIA> informed <@U0TOM> by fri: Which? | 5.4, or 6"
    to_be = "to be approved by Maria Voss, driven by Ana Whitlock"
    assert to_be in said(entries.decision(command(line), services))
    assert to_be in said(listeners.show(command("D-1"), services))
    assert "You can't close D-1: Maria Voss approves D-1" in said(entries.close(command("D-1 Six"), services))
    assert said(entries.close(command("D-1 Six", who="MARIA"), services)) == "*D-1* is decided: Six"
    decided = said(listeners.show(command("D-1"), services))
    assert "*Options* 5.4, or 6" in decided
    assert "*Decision* of 2026.12 · approved by Maria Voss, driven by Ana Whitlock" in decided
    assert number == 1


def waiting(store: Store, kind: str) -> Any:
    with store.read() as session:
        row = session.scalars(select(OutboxRow).where(col(OutboxRow.kind) == kind)).one()
        return message_of(row)


def test_a_map_goes_to_its_asker_as_a_picture(services: Services, number: int) -> None:
    entered(services.store, "RITA", a_risk(number, probability=5))
    told = listeners.map_(command(who="TOM"), services)
    finding = "1 of 1 open risk of 2026.12 is high (12 or more): R-1 with 20."
    assert said(told) == f"The heat map of 2026.12 is on its way to your direct messages. {finding}"
    listeners.map_(command(who="TOM"), services)  # the same request again
    sent = waiting(services.store, "raid.map")
    assert sent.channel == "@U0TOM"
    drawn = drawers.heat_map(services, sent)
    assert isinstance(drawn, DrawnFile)
    assert (drawn.alt_text, drawn.name) == (finding, f"risks-{number}-2026-11-23.png")
    assert drawn.content.startswith(b"\x89PNG\r\n")
    refused = replace(services, policy=replace(POLICY, permissions={}))
    assert not isinstance(drawers.heat_map(refused, sent), DrawnFile)


def test_where_there_is_no_risk_no_map_is_sent(services: Services, number: int) -> None:
    entered(services.store, "RITA", a_decision(number))
    told = listeners.map_(command(who="TOM"), services)
    assert (
        said(told) == "2026.12 has no open risk. There is no heat map to send; `/raid list` shows what else there is."
    )
    with services.store.read() as session:
        assert session.scalars(select(OutboxRow).where(col(OutboxRow.kind) == "raid.map")).all() == []


def test_a_picture_holds_whatever_a_release_is_called() -> None:
    log = a_log(*lines(12), an_entry(id=99, probability=1, impact=1))
    named = replace(log, release=replace(log.release, name="$\\frac{1}{0}$ <x>"))
    assert raid_map.picture(named).startswith(b"\x89PNG")


def test_where_no_picture_can_be_shown_it_is_text() -> None:
    text = plain(raid_map.text(a_log(an_entry(probability=5, impact=1), *lines(11)))).text
    assert "p5   1   .   .   .   ." in text
    assert "p3   .   .   .  11   ." in text


def test_an_export_goes_as_a_file_and_no_cell_is_a_formula(services: Services, number: int) -> None:
    for title in ("=HYPERLINK(1)", "+1", "-1", "@x", "|x", '"a", b', "plain"):
        entered(services.store, "RITA", a_risk(number, title=title, ticket="DATA-1"))
    listeners.export(command("2026.12 csv", who="TOM"), services)
    drawn = drawers.export(services, waiting(services.store, "raid.export"))
    assert isinstance(drawn, DrawnFile)
    rows = list(csv.DictReader(io.StringIO(drawn.content.decode())))
    assert {row["title"] for row in rows} == {"'=HYPERLINK(1)", "'+1", "'-1", "'@x", "'|x", '"a", b', "plain"}
    assert {row["ticket"] for row in rows} == {"DATA-1"}
    assert not [cell for row in rows for cell in row.values() if cell.startswith(("=", "+", "-", "@", "|", "%"))]


def test_an_export_tells_no_restricted_ticket() -> None:
    hidden = Mitigation(id="1", key="DATA-666", title="Falcon", done=False, shown=False)
    for kind in raid_export.FORMS:
        text = raid_export.text(a_log(an_entry(ticket=hidden)), kind)
        assert "a restricted ticket" in text
        assert "DATA-666" not in text
    [told] = json.loads(raid_export.text(a_log(an_entry(ticket=hidden)), "json"))
    assert (told["score"], told["high"], told["review_on"]) == (12, True, FRIDAY.isoformat())


def test_owners_are_asked_why_until_when_and_what_next(services: Services, number: int) -> None:
    risks = [a_risk(number, title=f"Risk {each}", review_on=NOW.date()) for each in range(7)]
    keys = [entered(services.store, "RITA", each).id for each in risks]
    asked = message("raid.reviews", channel="@U0ANA", slack_id="U0ANA")
    drawn = drawers.reviews(services, asked)
    assert isinstance(drawn, Drawn)
    text = said(drawn.message)
    assert text.startswith("*7 reviews due* · 2026.12\n*R-1* Risk 0 · score 12 (p3 i4) · due today\n")
    assert "and 2 more: `/raid list` shows them" in text
    assert text.endswith(
        "You get this because you own them. It stops when each is reviewed or closed, or its release ends. "
        "Next: Wed 25 Nov."
    )
    assert buttons(drawn.message) == ["Reviewed…"] * 5
    night = replace(services, clock=lambda: NOW + timedelta(hours=12))
    assert isinstance(drawers.reviews(night, asked), Deferred)
    policy = fresh(services.store, NOW)
    for each in keys:
        raid_review.close(services.store, policy, actor("ANA"), each, "Done.", NOW)
    assert drawers.reviews(services, asked) == drawers.SEEN_TO


@pytest.mark.parametrize(
    ("part", "who", "role", "then"),
    [
        ("owner", "ANA", "driver", "From Fri 4 Dec on you are asked for a review, until it is reviewed or closed."),
        (
            "approver",
            "MARIA",
            "approver",
            "You alone record what is decided, by Fri 4 Dec: `/raid close D-1` and what.",
        ),
    ],
)
def test_whoever_is_named_is_told_what_is_expected_of_them(
    services: Services, number: int, part: str, who: str, role: str, then: str
) -> None:
    one = entered(services.store, "RITA", a_decision(number))
    sent = replace(
        message("raid.named", channel=f"@U0{who}"),
        ids={"entry_id": one.id, "part": part, "slack_id": f"U0{who}", "by": "U0RITA"},
    )
    drawn = drawers.named(services, sent)
    assert isinstance(drawn, Drawn)
    head, why = said(drawn.message).split("\n")
    assert head == f"*D-1* Which registry? (2026.12): Rita Sandoval-Kerr named you its {role}."
    assert why == f"You get this once, as its {role}. {then}"
    night = replace(services, clock=lambda: NOW + timedelta(hours=12))
    assert isinstance(drawers.named(night, sent), Deferred)
    entries.edit(command("D-1 <@U0TOM> approver <@U0NOOR>"), services)
    assert drawers.named(services, sent) == drawers.THEIRS_NO_MORE


def test_a_manager_is_told_whose_owners_have_left(services: Services, number: int) -> None:
    entered(services.store, "RITA", a_risk(number, review_on=NOW.date()))
    with services.store.write() as session:
        session.get_one(PersonRow, "U0ANA").active = False
    drawn = drawers.reviews(services, message("raid.reviews", channel="@U0RITA", slack_id="U0RITA"))
    assert isinstance(drawn, Drawn)
    text = said(drawn.message)
    assert "*Their owners have left*: give each a new one, or review it.\n*R-1* The upgrade slips" in text
    assert "because you manage releases and their owners have left." in text


@pytest.mark.parametrize("kind", Kind)
def test_every_form_is_one_that_slack_takes(services: Services, slack: Slack, number: int, kind: Kind) -> None:
    getattr(entries, kind.value)(command(), services)
    assert opened(slack)["callback_id"] == form.SAVE
    assert number == 1


def test_the_longest_texts_fit_their_forms_and_messages(services: Services, slack: Slack, number: int) -> None:
    draft = a_decision(
        number,
        title="<" * 150,
        details="&" * 500,
        contributors=tuple(f"U0{name}" for name in ("RAVI", "TOM", "INES", "NOOR")),
    )
    one = entered(services.store, "RITA", draft)
    entries.ask_edit(click("entry", one.id), services)
    opened(slack)
    slack.calls.clear()
    entries.ask_close(click("entry", one.id, who="MARIA"), services)
    opened(slack)
    entries.close(command(f"D-1 {'>' * 500}", who="MARIA"), services)
    said(listeners.show(command("D-1"), services))
    said(listeners.list_(command(), services))


class Terminal:
    def __init__(self, services: Services, who: str = "RITA") -> None:
        self.door = Door(services, Answers(services.settings.slack_api_url), Metrics())
        self.bearer = Bearer(
            actor=replace(actor(who), authentication=Authentication.TOKEN),
            person=Person(slack_id=f"U0{who}", name=who),
            expires_at=NOW + timedelta(hours=1),
            key=who,
        )
        self.requests = 0

    def type(self, words: str) -> Answered:
        self.requests += 1
        return self.door.command(self.bearer, "raid", words, str(self.requests))


def test_all_of_it_works_on_the_command_line(services: Services, number: int) -> None:
    rita, maria = Terminal(services), Terminal(services, "MARIA")
    assert rita.type("risk 2026.12 p4 i5 @ana by fri DATA-1: Slips & <more>").text.startswith(
        "*R-1* Slips & <more> is in"
    )
    assert (
        rita.type("decision @ana approver @maria by fri: Which?").next[0].command == "interlock press raid.show entry:2"
    )
    assert rita.type("review R-1 p2: fine").text == "*R-1* is reviewed at a score of 10. Next review Mon 7 Dec."
    assert maria.type("close D-2 Six").text == "*D-2* is decided: Six"
    assert rita.type("edit R-1 p5").refused is False
    assert rita.type("close R-1 Shipped *on* _time_").refused is False
    assert "p5   .   .   .   .   ." in rita.type("map").text
    listed = rita.type("list")
    assert "0 open" in listed.text
    whole = rita.type("export 2026.12 json")
    assert whole.verbatim
    assert [row["outcome"] for row in json.loads(whole.text)] == ["Shipped *on* _time_", "Six"]
    asked = rita.type("risk")
    assert asked.refused
    assert asked.text.startswith("That opens a form, which the command line has not.")
    assert number == 1
