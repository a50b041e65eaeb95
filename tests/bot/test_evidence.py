"""`/release evidence` and `interlock evidence`: what is said, sent and written; and the halves that people read."""

import io
import json
import re
import stat
import zipfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any, get_args, get_type_hints

import pytest
from prometheus_client import CollectorRegistry
from sqlmodel import select
from typer.testing import CliRunner

from bot import cli
from bot.answers import Answers
from bot.app import TABLES
from bot.door import Door
from bot.drawers import evidence as drawers
from bot.drawing import Drawn, DrawnFile
from bot.evidence import page, report, rules, sheet
from bot.evidence.key import Key, Keyring, made
from bot.evidence.sections import SAID, SECTIONS
from bot.evidence.table import Words
from bot.http.api import Api, routes
from bot.http.app import build_http
from bot.http.health import Health
from bot.http.server import HttpServer
from bot.metrics import Metrics
from bot.requests import Command
from bot.sender import SlackSender
from bot.services import Services
from bot.slack import Slack as SlackApi
from interlock.config.settings import HttpAddress
from interlock.domain.evidence import Evidence
from interlock.domain.outbox import DeliveryError, Dropped, Message, Sent
from interlock.domain.permission import Permission
from interlock.domain.policy import CriterionRule, Material
from interlock.domain.secret import Issued
from interlock.domain.visibility import RESTRICTED
from interlock.store.engine import Store
from interlock.store.outbox import OutboxRow, message_of
from interlock.usecases import token
from tests import eventful, evidences, glasses
from tests.builders import actor
from tests.evidences import LATER, RULES


@pytest.fixture
def ready(services: Services) -> Services:
    evidences.decided(services.store)
    return replace(services, policy=RULES, keyring=Keyring(KEY), clock=lambda: LATER)


KEY = "ed25519:nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A"


def asked(services: Services, who: str = "RITA", args: str = "2026.12") -> Any:
    command = Command(
        actor=actor(who),
        name="/release",
        verb="evidence",
        args=args,
        channel_id="C0X",
        channel_name="",
        trigger_id="t1",
        now=LATER,
    )
    return TABLES.commands["/release"].verbs["evidence"].handler(command, services)


def waiting(services: Services) -> Message:
    with services.store.read() as session:
        [row] = session.exec(select(OutboxRow).where(OutboxRow.kind == "evidence"))
        return message_of(row)


def test_in_slack_it_comes_as_a_direct_message(ready: Services) -> None:
    said = asked(ready)
    assert "on its way to you" in said.text
    drawn = drawers.file(ready, waiting(ready))
    assert isinstance(drawn, DrawnFile)
    assert drawn.name.startswith("evidence-2026-12-")
    assert ready.keyring.key is not None
    assert ready.keyring.key.fingerprint in drawn.comment
    with zipfile.ZipFile(io.BytesIO(drawn.content)) as file:  # other programs open it, too
        assert file.testzip() is None
        assert file.namelist() == [
            "README.txt",
            "facts.json",
            "people.json",
            "chain.jsonl",
            "expected-anchors.json",
            "report.html",
            "report.pdf",
            "manifest.json",
            "signature.json",
        ]
        for name in file.namelist():
            text = file.read(name).replace(b"id-DATA-666", b"")
            assert b"DATA-666" not in text, name
            assert b"Falcon" not in text, name


def test_who_may_not_have_it_is_refused_and_nothing_is_sent(ready: Services) -> None:
    assert "take evidence" in asked(ready, "RAVI").text
    with ready.store.read() as session:
        assert session.exec(select(OutboxRow).where(OutboxRow.kind == "evidence")).all() == []


def test_whoever_lost_the_right_meanwhile_gets_nothing(ready: Services) -> None:
    asked(ready)
    policy = replace(RULES, permissions=RULES.permissions | {Permission.RELEASE_EVIDENCE: ()})
    assert drawers.file(replace(ready, policy=policy), waiting(ready)) == Dropped(reason="not_permitted")


def test_without_a_key_nothing_is_handed_out_and_it_says_what_to_do(ready: Services) -> None:
    keyless = replace(ready, keyring=Keyring())
    assert "interlock evidence key" in asked(keyless).text
    asked(ready)
    with pytest.raises(DeliveryError, match="INTERLOCK_EVIDENCE_KEY"):
        drawers.file(keyless, waiting(ready))


def test_what_is_too_large_for_a_message_is_told_so(ready: Services, monkeypatch: pytest.MonkeyPatch) -> None:
    asked(ready)
    monkeypatch.setattr(drawers, "LARGEST", 1000)
    drawn = drawers.file(ready, waiting(ready))
    assert isinstance(drawn, Drawn)
    assert "--out FILE" in json.dumps(drawn.message.blocks)


def upload(slack: Any, **scripts: dict[str, Any]) -> None:
    slack.answer("conversations.open", {"ok": True, "channel": {"id": "D0RITA"}})
    place = {"ok": True, "upload_url": f"{slack.url}upload", "file_id": "F0FILE"}
    slack.answer("files.getUploadURLExternal", scripts.get("place", place))
    for name, answer in scripts.items():
        if name != "place":
            slack.answer(name, answer)


def sent(services: Services, slack: Any) -> Any:
    def draw(_services: Services, _message: Message) -> DrawnFile:
        return DrawnFile(name="e.zip", title="Evidence", content=b"PK bytes", comment="*Evidence*")

    message = waiting(services)
    return SlackSender(services, SlackApi("xoxb-practice-bot", slack.url), {"evidence": draw}).send(message)


def test_a_file_goes_up_in_slacks_three_steps(ready: Services, slack: Any) -> None:
    asked(ready)
    upload(slack)
    assert sent(ready, slack) == Sent(channel="D0RITA", ts="F0FILE")
    assert [method for method, _ in slack.calls] == [
        "conversations.open",
        "files.getUploadURLExternal",
        "upload",
        "files.completeUploadExternal",
    ]
    assert slack.called("files.getUploadURLExternal") == [{"filename": "e.zip", "length": "8"}]
    [done] = slack.called("files.completeUploadExternal")
    assert done == {
        "files": [{"id": "F0FILE", "title": "Evidence"}],
        "channel_id": "D0RITA",
        "initial_comment": "*Evidence*",
    }


def test_a_file_goes_to_no_host_but_slacks(ready: Services, slack: Any) -> None:
    asked(ready)
    upload(slack, place={"ok": True, "upload_url": "https://files.slack.example/x", "file_id": "F0FILE"})
    with pytest.raises(DeliveryError, match="not its own") as raised:
        sent(ready, slack)
    assert raised.value.unknown_outcome is False
    assert slack.called("files.completeUploadExternal") == []


@pytest.mark.parametrize("answer", [{"_status": 500}, {"_status": 302, "_headers": {"Location": "http://127.0.0.1:9"}}])
def test_an_upload_that_fails_has_shown_nobody_anything(ready: Services, slack: Any, answer: dict[str, Any]) -> None:
    asked(ready)
    upload(slack, upload=answer)
    with pytest.raises(DeliveryError) as raised:
        sent(ready, slack)
    assert (raised.value.unknown_outcome, raised.value.permanent) == (False, False)
    assert slack.called("files.completeUploadExternal") == []


@contextmanager
def server(services: Services) -> Iterator[str]:
    answers = Answers(services.settings.slack_api_url)
    api = Api(Door(services, answers, Metrics()), services.clock)
    health = Health(threads={}, checks={})
    app = build_http(health=health, registry=CollectorRegistry(), clock=services.clock)
    app.include_router(routes(api))
    one = HttpServer(app, HttpAddress("127.0.0.1", 0))
    one.start()
    yield f"http://127.0.0.1:{one.port}"
    one.stop()
    answers.close()


def logged_in(services: Services, who: str, address: str, folder: Path) -> dict[str, str]:
    token.ask(services.store, services.policy, actor(who), "r1", LATER)
    issued = token.issue(services.store, services.policy, f"U0{who}", "r1", LATER)
    assert isinstance(issued, Issued)
    env = {"XDG_CONFIG_HOME": str(folder), "HOME": str(folder), "INTERLOCK_TOKEN": issued.text}
    done = CliRunner().invoke(cli.app, ["login", "--server", address], env=env)
    assert done.exit_code == 0, done.output
    return env


def test_on_the_command_line_it_is_downloaded_into_a_file_of_ones_own(ready: Services, tmp_path: Path) -> None:
    with server(ready) as address:
        env = logged_in(ready, "RITA", address, tmp_path)
        out = tmp_path / "evidence.zip"
        for number, line in enumerate((["evidence", "2026.12", "--out", str(out)], ["release", "evidence", "2026.12"])):
            more = ["--out", str(tmp_path / "other.zip")] if number else []
            done = CliRunner().invoke(cli.app, [*line, *more], env=env)
            assert (done.exit_code, "Written to" in done.output) == (0, True), done.output
        assert stat.S_IMODE(out.stat().st_mode) == 0o600
        with zipfile.ZipFile(out) as file:
            manifest = json.loads(file.read("manifest.json"))
            people = json.loads(file.read("people.json"))
            chain = [json.loads(line) for line in file.read("chain.jsonl").splitlines()]
        assert manifest["release"]["name"] == "2026.12"
        body = json.loads(chain[manifest["export_event"] - 1]["body"])
        assert (body["kind"], body["authentication"]) == ("evidence.exported", "token")
        assert people[-1]["data"]["slack_id"] == "U0RITA"
        again = CliRunner().invoke(cli.app, ["evidence", "2026.12", "--out", str(out)], env=env)
        assert again.exit_code == 1  # it overwrites nothing


def test_whoever_may_not_have_it_downloads_nothing(ready: Services, tmp_path: Path) -> None:
    with server(ready) as address:
        env = logged_in(ready, "RAVI", address, tmp_path)
        out = tmp_path / "evidence.zip"
        done = CliRunner().invoke(cli.app, ["evidence", "2026.12", "--out", str(out)], env=env)
        assert done.exit_code == 1
        assert "take evidence of releases" in str(done.exception)
        assert not out.exists()


def test_a_key_is_made_for_its_owner_alone_and_its_fingerprint_told(tmp_path: Path) -> None:
    out = tmp_path / "key"
    done = CliRunner().invoke(cli.app, ["evidence", "key", "--out", str(out)])
    assert done.exit_code == 0
    assert stat.S_IMODE(out.stat().st_mode) == 0o600
    text = out.read_text().strip()
    assert Key(text).fingerprint in done.output
    assert text not in done.output
    assert CliRunner().invoke(cli.app, ["evidence", "key", "--out", str(out)]).exit_code == 1
    assert out.read_text().strip() == text
    shown = CliRunner().invoke(cli.app, ["evidence", "key"])
    assert "INTERLOCK_EVIDENCE_KEY=ed25519:" in shown.output


def test_the_key_of_now_signs_and_shows_in_no_repr() -> None:
    ring = Keyring(KEY)
    first, second = ring.key, made()
    ring.use(second)
    assert first is not None
    assert ring.key is not None
    assert ring.key.fingerprint != first.fingerprint
    assert second[8:] not in f"{ring!r}{ring.key!r}{vars(ring)!r}{vars(ring.key)!r}"


def odd(evidence: Evidence) -> Evidence:
    """Texts that break pages, cells and fonts."""
    text = "<script>alert(1)</script>\x1b[2J\u202e 漢字 Ωμέγα Привет " + "no-blanks-anywhere" * 600
    rows = [row | {"reason": text} for row in evidence.facts["signoffs"]]
    return replace(evidence, name="2026.12 <b>", facts=evidence.facts | {"signoffs": rows})


@pytest.fixture
def told(ready: Services) -> report.Report:
    return report.of(odd(evidences.gathered(ready.store, 1)))


def test_the_page_runs_nothing_whatever_stands_in_it(told: report.Report) -> None:
    text = page.html(told)
    assert "<script" not in text
    assert "&lt;script&gt;" in text
    assert "\x1b" not in text
    assert "\u202e" not in text
    assert "an erased person" in text
    assert "a restricted ticket" in text
    shown = text.replace("<span>", "").replace("</span>", "")
    assert "void since 2026-11-23 09:00:00: DATA-3 added" in shown


def test_the_sheet_takes_any_text_and_is_the_same_each_time(told: report.Report) -> None:
    first = sheet.pdf(told)
    assert first.startswith(b"%PDF-")
    assert first == sheet.pdf(told)
    assert "[U+6F22]" in sheet._safe("漢")
    assert sheet._safe("Ωμέγα Привет Łódź") == "Ωμέγα Привет Łódź"


@pytest.fixture(scope="module")
def whole(sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory) -> Evidence:
    """Of a release to which everything happened."""
    path = tmp_path_factory.mktemp("eventful") / "interlock.db"
    path.write_bytes(sqlite_template.read_bytes())
    store = Store(f"sqlite:///{path}")
    found = evidences.gathered(store, eventful.eventful(store), eventful.POLICY)
    store.close()
    return found


def cells(told: report.Report, title: str) -> list[dict[str, str]]:
    [table] = [each for each in told.tables if each.title == title]
    return [dict(zip(table.head, row, strict=True)) for row in table.rows]


SILENT = frozenset({"release_id", "channel_id", "card_id", "request_id", "version", "position", "key", "revision_id"})
SILENT_IDS = frozenset({"id", "run_id", "step_id", "gonogo_id", "end_revision_id"})
"""What says nothing to somebody without access to Interlock, or is what rows are put together by."""


def spoken(value: Any, words: Words) -> Iterator[str]:
    """Each single thing that a row says."""
    if isinstance(value, dict):
        for name, each in value.items():
            yield from (words.value(each, name),) if isinstance(each, str) else spoken(each, words)
    elif isinstance(value, list):
        for each in value:
            yield from spoken(each, words)
    elif value is not None and not isinstance(value, bool):
        yield words.value(value)


def test_every_fact_of_every_kind_is_in_the_report(whole: Evidence) -> None:
    """A kind of which this release has nothing has its section all the same."""
    told, words = report.of(whole), Words(whole)
    facts = [table for table in told.tables if table.title not in {"Refusals", "Record of decisions"}]
    cells_ = [cell for table in facts for row in table.rows for cell in row]
    text = "\n".join([*cells_, *(" ".join((table.title, *table.head)).lower() for table in facts)])
    sections = {each.facts for each in SECTIONS}
    for kind, rows in whole.facts["more"].items():
        assert rows or kind in sections, kind
        for row in rows:
            shown = {name: value for name, value in row.items() if name not in SILENT | SILENT_IDS | {"rule"}}
            missing = [each for each in spoken(shown, words) if SAID.get(each, each) not in text]
            assert not missing, (kind, missing)


def test_the_report_says_nothing_but_the_facts(whole: Evidence) -> None:
    """Other facts, another report: it looks at nothing else."""
    more = whole.facts["more"]
    waiver = more["waiver"][1] | {"decided_by": "U0TOM", "until": "2027-01-31", "reason": "the facts say so"}
    mark = [
        each | {"at": "2026-11-23T10:01:30.000000+00:00"} for each in more["runbook_mark"] if each["deed"] == "done"
    ]
    marks = [each for each in more["runbook_mark"] if each["deed"] != "done"] + mark
    other = replace(whole, facts=whole.facts | {"more": more | {"waiver": [waiver], "runbook_mark": marks}})
    told = report.of(other)
    assert cells(told, "Waivers") == [
        {
            "Gate": "Bias is reviewed",
            "Why": "the facts say so",
            "Asked": "Rita Sandoval-Kerr (U0RITA), 2026-11-23 09:00:00",
            "Last day": "2027-01-31",
            "Expires": "2026-11-25 00:00:00",
            "Decided": "granted, Tom Arkwright (U0TOM), 2026-11-23 09:00:00",
        }
    ]
    assert cells(report.of(whole), "Steps of the runbook")[0]["Took, min"] == "11.5"
    assert cells(told, "Steps of the runbook")[0]["Took, min"] == "60.5"


def test_the_rule_stands_in_words(whole: Evidence) -> None:
    told = report.of(whole)
    qa, governance, security = cells(told, "Sign-offs that the policy asks for")
    assert qa == {
        "For": "QA",
        "Takes": "2 people of @qa-approvers",
        "May not sign": "whoever asked for it or whoever was ever assigned to a ticket in scope",
        "Needed before": "go",
        "Void once": "a ticket is added, a ticket is removed, a ticket is reopened or a ticket's priority is raised",
        "Also": "somebody may sign in another's place",
    }
    assert (security["For"], security["Takes"]) == ("Security", "1 person of noor@practice.example")
    assert governance["Also"] == "an approval holds for 30 days; whoever approves types what it means"
    assert [each["Passes when"] for each in cells(told, "Gates that the policy sets")] == [
        "90 % of the tickets in scope are done",
        "it is ticked, with a link to what shows it",
        "it is ticked",
        "the figure coverage is at least 80, and at most 48 hours old",
        "the figure coverage is at most 99, and at most 48 hours old",
    ]
    rule = "one vote each for qa, data and ml; go takes 60 % of go and no-go; a role without a vote counts as no-go; "
    assert dict(told.facts)["Roll-call"] == rule + "open for 24 hours"


def test_every_gate_and_every_change_that_policy_knows_has_its_words() -> None:
    kinds = get_args(get_type_hints(CriterionRule)["kind"])
    assert set(kinds) == rules.PASSES.keys()
    assert set(get_args(Material)) == rules.CHANGES.keys()
    for kind in kinds:
        rule = CriterionRule(kind=kind, name="x", environment="uat", milestone="Freeze", report="cover", minimum=0.85)
        assert "None" not in rules._passes(rule)
        assert "{" not in rules._passes(rule)


def test_votes_dissent_delegations_and_refusals_stand_in_it(whole: Evidence) -> None:
    told = report.of(whole)
    votes = cells(told, "Votes")
    assert [(each["Role"], each["Vote"], each["Dissent"], bool(each["Changed"])) for each in votes] == [
        ("qa", "no-go", "", True),  # changed, so it is nobody's dissent
        ("qa", "go", "", False),
        ("data", "no-go", "yes", False),
        ("ml", "go", "", False),
    ]
    signed = cells(told, "Sign-offs")
    assert signed[1]["By"] == "Maria Voss (U0MARIA) for Ines Calder (U0INES)"
    assert signed[2]["Said"] == "On condition of: ML-3; Rollback tested"
    assert [each["What"] for each in cells(told, "Refusals")] == [
        "signoff.refused",
        "policy_change.refused",
        "break_glass.refused",
        "criterion.report_refused",
        "waiver.decision_refused",
    ]
    assert "waiver.refused" in [each["What"] for each in cells(told, "Record of decisions")]  # which was a decision
    assert dict(told.facts)["None of"] == "Bookings of environments that a gate names; Milestones"


def test_broken_glass_and_each_proposal_to_change_the_policy_stand_in_it(whole: Evidence) -> None:
    told = report.of(whole)
    glass = cells(told, "Broken glass")
    assert [(each["Why"], each["Ended"].partition(",")[0], each["Why so"]) for each in glass] == [
        ("payments fail since 02:10", "withdrawn", "Noor is on her way"),
        ("Noor's train stands still", "overtaken", "the release's policy changed"),
        ("the policy was changed since", "revoked", "The fix was not the one I meant"),
        ("with the right fix", "", ""),
    ]
    assert [each["Confirmed"].partition(",")[0] for each in glass] == [
        "",
        "Tom Arkwright (U0TOM)",
        "Ana Whitlock (U0ANA)",
        "Ana Whitlock (U0ANA)",
    ]
    assert (glass[3]["Let pass"], glass[3]["Review"]) == ("security", "The fix was tried on uat-1")
    proposals = cells(told, "Proposals to change the policy")
    assert [(each["Why"], each["Outcome"], each["Why so"]) for each in proposals] == [
        ("QA has lost two people", "rejected", "Two pairs of eyes are the rule"),
        ("The auditors ask for it", "withdrawn", "The figure was wrong"),
        ("The auditors ask for it still", "applied", ""),
        ("QA has lost two people", "timed out", ""),
    ]
    said = cells(told, "Words on proposals to change the policy")
    assert [(each["Change"], each["Requirement"], each["Decision"]) for each in said] == [
        ("1", "qa", "approved"),
        ("1", "qa", "rejected"),
        ("3", "qa", "approved"),
        ("3", "qa", "approved"),
        ("3", "governance", "approved"),
        ("3", "security", "approved"),
    ]
    assert said[4]["Meaning"] == "Approved after review"
    void = cells(told, "Sign-offs")[3]["Now"]
    assert void.endswith("policy changed (Data Governance: days that an approval holds: 30 instead of 60)")


def test_what_the_report_lists_hides_what_is_restricted(whole: Evidence) -> None:
    text = page.html(report.of(replace(whole, facts=whole.facts | {"tickets": {"id-PAY-7": RESTRICTED}})))
    assert "PAY-7" not in text.replace("id-PAY-7", "")
    assert "DATA-666" not in text


def test_text_that_somebody_typed_is_text_wherever_it_stands(whole: Evidence) -> None:
    def typed(value: Any) -> Any:
        if isinstance(value, dict):
            return {name: typed(each) for name, each in value.items()}
        if isinstance(value, list):
            return [typed(each) for each in value]
        return f"<script>{value}</script>" if isinstance(value, str) and " " in value else value

    text = page.html(report.of(replace(whole, facts=whole.facts | {"more": typed(whole.facts["more"])})))
    assert "<script" not in text
    assert text.count("&lt;script&gt;") > 15


def test_a_column_has_room_for_its_words_where_there_is_so_much() -> None:
    texts = (("No.", "Decision", "Reason"), ("1", "approved", "because of what was found " * 9))
    widths = sheet._widths(texts, 700)
    assert sum(widths) == pytest.approx(700)
    assert widths[1] >= len("Decision") * sheet.LETTER + sheet.PADDING
    assert widths[2] > 2 * max(widths[:2])
    assert sum(sheet._widths((("no-blanks-anywhere" * 9,) * 12,), 700)) == pytest.approx(700)


def test_a_sheet_of_a_thousand_decisions_is_made(told: report.Report) -> None:
    many = replace(told.tables[-1], rows=told.tables[-1].rows * 100)
    assert sheet.pdf(replace(told, tables=(many,))).count(b"/Type /Page\n") > 5


@pytest.fixture
def everything(whole: Evidence, sqlite_store: Store) -> report.Report:
    """With the widest table there is, and the longest words that somebody typed."""
    glasses.ready(sqlite_store)
    glasses.broken(sqlite_store)
    [row] = evidences.gathered(sqlite_store, 1).facts["more"]["break_glass"]
    when = row["asked_at"]
    row |= {"outcome": "revoked", "ended_by": "U0RITA", "ended_at": when, "end_auth": "slack"}
    row |= {"reviewed_by": "U0ANA", "reviewed_at": when, "review_auth": "slack", "end_reason": "It was too risky"}
    row |= {"review": "Rightly so, and the sign-offs followed on the day after"}
    facts = whole.facts | {"more": whole.facts["more"] | {"break_glass": [row]}}
    return report.of(odd(replace(whole, facts=facts)))


TOO_WIDE = """(within) => [...document.querySelectorAll(within)]
    .filter((each) => each.scrollWidth > each.clientWidth || each.getBoundingClientRect().right > innerWidth)
    .map((each) => each.previousElementSibling?.innerText)"""


def test_the_page_is_read_in_a_window_of_1024_pixels_and_on_paper(
    everything: report.Report, tab: Callable[[str], Any], tmp_path: Path
) -> None:
    """A table that is wider scrolls by itself; on paper, where nothing does, there is none."""
    (tmp_path / "report.html").write_text(page.html(everything))
    shown = tab((tmp_path / "report.html").as_uri())
    shown.set_viewport_size({"width": 1024, "height": 768})
    assert shown.evaluate("document.documentElement.scrollWidth") == 1024
    assert shown.evaluate(TOO_WIDE, ".wide") == ["Broken glass"]
    shown.emulate_media(media="print")
    shown.set_viewport_size({"width": 1032, "height": 700})  # A4 on its side, without its margins
    assert shown.evaluate(TOO_WIDE, "body, .wide") == []
    boxes = re.findall(rb"/MediaBox ?\[0 0 ([\d.]+) ([\d.]+)\]", shown.pdf(prefer_css_page_size=True))
    assert boxes
    assert all(float(width) > float(height) for width, height in boxes)
    assert shown.locator(".wide").first.evaluate("each => getComputedStyle(each).overflowX") == "visible"


def test_broken_glass_names_the_card_on_which_it_was_confirmed(sqlite_store: Store) -> None:
    """Cards are numbered within a release, broken glass throughout."""
    glasses.ready(sqlite_store)
    glasses.broken(sqlite_store)
    told = report.of(evidences.gathered(sqlite_store, 1))
    [glass] = cells(told, "Broken glass")
    kinds = {each["Card"]: each["Kind"] for each in cells(told, "Cards")}
    assert kinds[glass["Card"]].startswith("break_glass")
