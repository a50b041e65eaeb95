"""What a release's messages and forms say."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.views import release as view
from bot.views import release_form as form
from bot.views.blocks import Block, Message, plain
from interlock.domain.actor import Owner
from interlock.domain.blocker import Node, Root, RootLine
from interlock.domain.calendar import WorkCalendar
from interlock.domain.draft import Preview
from interlock.domain.policy import Policy, Template, Tickets
from interlock.domain.release import Milestone, Release, ReleaseName, ScopeRule, Stage, Unclear
from interlock.domain.runbook import Progress
from interlock.domain.status import Change, ReleaseStatus, Waiting
from interlock.domain.version import VersionChoice
from sandbox.slack.blocks import message_blocks, view_body

NOW = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
ROOT = "<https://jira.practice.example/browse/DATA-214|DATA-214> Schema registry upgrade"
HOSTILE = '<!channel> <@U0ANA> & "quotes" %s ;-- </b>'
RELEASE = Release(
    id=7,
    name="2026.12",
    template="platform",
    policy=Template(name="Data Platform"),
    policy_version="v",
    stage=Stage.IN_PROGRESS,
    target=date(2026, 12, 16),
    channel_id="C0RELDATAPLATFORM",
    scope_rule=ScopeRule(version_ids=("v1",)),
    milestones=(Milestone(name="Code freeze", due=date(2026, 12, 4)),),
    created_by="U0RITA",
    created_at=NOW,
    scope_opened_at=NOW,
)


def root(**facts: Any) -> RootLine:
    node = Node(
        id="1", key="DATA-214", project_key="DATA", **({"summary": "Schema registry upgrade", "team": "data"} | facts)
    )
    held = frozenset(f"t{number}" for number in range(7))
    ravi = Owner(account_id="acc-ravi", name="Ravi Menon-Hale")
    return RootLine(root=Root(node=node, frees=held, holds=held), owner=ravi, teams=3, since=NOW - timedelta(days=6))


STATUS = ReleaseStatus(
    release=RELEASE,
    template="Data Platform",
    light="amber",
    reasons=("3 blockers",),
    days_to_go=17,
    tickets=58,
    done=41,
    without_team=0,
    restricted=0,
    change=Change(done=3, unknown=0, added=2, removed=0),
    since="yesterday",
    signoffs=5,
    signoffs_given=2,
    waiting=(
        Waiting(requirement="Data Governance", who="Maria Voss"),
        Waiting(requirement="Infrastructure", who="any of 3"),
    ),
    blockers=3,
    oldest_blocker=NOW - timedelta(days=6),
    undated=0,
    root=root(),
    root_team="Data Engineering",
    root_shown=True,
    next_milestone=RELEASE.milestones[0],
    freeze=None,
    mirror_as_of=NOW - timedelta(minutes=2),
    stale=False,
)
QUIET = replace(
    STATUS, light="green", reasons=(), blockers=0, root=None, change=Change(done=0, unknown=0, added=0, removed=0)
)


def url(key: str) -> str:
    return f"https://jira.practice.example/browse/{key}"


def drawn(picture: ReleaseStatus) -> list[str]:
    return plain(view.status(picture, NOW, url)).text.split("\n")


def buttons(message: Message) -> list[str]:
    found: list[Block] = [block for block in message.blocks if block["type"] == "actions"]
    return [element["text"]["text"] for block in found for element in block["elements"]]


def test_a_status_reads_as_the_voice_has_it() -> None:
    assert drawn(STATUS) == [
        "*2026.12 Data Platform* · 🟡 Amber · 17 business days to go (Wed 16 Dec)",
        "*Scope* 41 of 58 done · ▲ 3 since yesterday · 2 added",
        "*Sign-offs* 2 of 5 · waiting for Data Governance (Maria Voss), Infrastructure (any of 3)",
        f"*Blockers* 3, oldest 6 days · root: {ROOT} (Data Engineering, Ravi Menon-Hale) frees 7",
        "*Next* Code freeze Fri 4 Dec",
        "_Jira as of 2 min ago_",
    ]
    message = view.status(STATUS, NOW, url)
    assert message.text == "2026.12 Data Platform is Amber, 17 business days to go (Wed 16 Dec): 41 of 58 done."
    assert buttons(message) == ["Blockers", "Sign-offs", "Share in channel"]


def test_a_state_that_its_lines_do_not_explain_says_why() -> None:
    reasons = ("QA rejected it", "the target falls into Year-end", "3 blockers", "one more")
    lines = drawn(replace(STATUS, light="red", reasons=reasons))
    assert lines[1] == "*Why* QA rejected it; the target falls into Year-end; 3 blockers"
    assert len(lines) == 7


def test_steps_that_were_skipped_stand_in_place_of_what_is_next() -> None:
    skipped = Progress(steps=12, settled=9, skipped=2, run=1)
    lines = drawn(replace(STATUS, runbook=skipped, light="red", reasons=("QA rejected it", "3 blockers")))
    assert lines[5] == "*Runbook* 3 steps left, 2 of 12 steps skipped"
    assert len(lines) == 7
    assert drawn(replace(STATUS, runbook=replace(skipped, skipped=0))) == drawn(STATUS)
    closed = replace(STATUS, release=replace(RELEASE, stage=Stage.CLOSED), runbook=skipped)
    assert "*Runbook* 3 steps left, 2 of 12 steps skipped" in drawn(closed)


def test_what_there_is_nothing_of_takes_no_line() -> None:
    assert drawn(replace(QUIET, signoffs=0, waiting=(), next_milestone=None)) == [
        "*2026.12 Data Platform* · 🟢 Green · 17 business days to go (Wed 16 Dec)",
        "*Scope* 41 of 58 done",
        "_Jira as of 2 min ago_",
    ]


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"done": -2}, "41 of 58 done · ▼ 2 since yesterday"),
        ({"done": 3, "unknown": 4}, "41 of 58 done · ▲ 3 since yesterday (unknown for 4)"),
        ({"unknown": 58}, "41 of 58 done · since yesterday unknown for 58"),
        ({"added": 1, "removed": 5}, "41 of 58 done · 1 added · 5 removed"),
    ],
)
def test_change_is_told_before_totals_get_boring(change: dict[str, int], says: str) -> None:
    picture = replace(QUIET, change=replace(QUIET.change, **change))
    assert f"*Scope* {says}" in drawn(picture)


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"without_team": 3, "restricted": 2}, "*Scope* 41 of 58 done · 3 without a team · 2 restricted"),
        ({"tickets": 0, "done": 0}, "*Scope* no tickets yet"),
        ({"mirror_as_of": None, "stale": True}, "_Jira was not read yet: the numbers are not known_"),
        (
            {"mirror_as_of": NOW - timedelta(hours=3), "stale": True},
            "_Jira as of 3 hours ago: too old to rely on_",
        ),
        ({"signoffs_given": 5, "waiting": ()}, "*Sign-offs* 5 of 5"),
        (
            {"waiting": tuple(Waiting(requirement=f"R{number}", who="x") for number in range(5))},
            "*Sign-offs* 2 of 5 · waiting for R0 (x), R1 (x), R2 (x) and 2 more",
        ),
    ],
)
def test_the_lines(change: dict[str, Any], says: str) -> None:
    assert says in drawn(replace(QUIET, **change))


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"root_shown": False}, "*Blockers* 3, oldest 6 days · root: a restricted ticket frees 7"),
        ({"oldest_blocker": None, "undated": 3}, "*Blockers* 3, since unknown · root: "),
        ({"undated": 1}, "*Blockers* 3, oldest at least 6 days · root: "),
    ],
)
def test_the_blockers_line(change: dict[str, Any], says: str) -> None:
    text = "\n".join(drawn(replace(STATUS, **change)))
    assert says in text
    assert ("DATA-214" in text) is not ("root_shown" in change)


def test_a_closed_release_says_so_and_counts_down_no_more() -> None:
    over = replace(RELEASE, stage=Stage.CLOSED, closed_at=NOW, close_reason="*shipped* <!channel>")
    assert drawn(replace(STATUS, release=over, ended_by="Rita Sandoval-Kerr"))[:3] == [
        "*2026.12 Data Platform* · Closed Mon 23 Nov by Rita Sandoval-Kerr",
        "*Why* *shipped* &lt;!channel&gt;",
        "*Scope* 41 of 58 done",
    ]
    assert view.status(replace(STATUS, release=over), NOW, url).text == "2026.12 Data Platform is closed."


def test_a_shared_status_names_who_shared_it_and_is_not_shared_again() -> None:
    message = view.status(STATUS, NOW, url, shared_by="Ana Whitlock")
    assert plain(message).text.endswith("_Jira as of 2 min ago_ · shared by Ana Whitlock")
    assert buttons(message) == ["Blockers", "Sign-offs"]


def test_a_list_has_one_release_a_line_with_its_button() -> None:
    message = view.listing([STATUS, replace(QUIET, release=replace(RELEASE, id=8, name="pay-48"))], 3)
    assert plain(message).text.split("\n") == [
        "*5 releases under way*",
        "*2026.12 Data Platform* · 🟡 Amber · 41 of 58 done · 17 business days to go (Wed 16 Dec)",
        "*pay-48 Data Platform* · 🟢 Green · 41 of 58 done · 17 business days to go (Wed 16 Dec)",
        "And 3 more: type /release status and the name.",
    ]
    assert [block["accessory"]["value"] for block in message.blocks if "accessory" in block] == [
        "1:release:7",
        "1:release:8",
    ]
    assert message.text == "5 releases under way: 2026.12 Amber; pay-48 Green."


def test_an_empty_list_says_what_to_do() -> None:
    assert view.listing([], 0).text == "No release is under way. Plan one with /release new."


def test_a_question_has_a_button_for_each_answer() -> None:
    choices = tuple(ReleaseName(id=number, name=f"pay-{number}", channel_id="C", ended=False) for number in (48, 49))
    message = view.unclear(Unclear(sentence="Which release: pay-48 or pay-49?", choices=choices))
    assert plain(message).text == "Which release: pay-48 or pay-49?\n*pay-48*\n*pay-49*"
    assert [block["accessory"]["value"] for block in message.blocks[1:]] == ["1:release:48", "1:release:49"]


def test_news_of_a_release() -> None:
    assert plain(view.created(RELEASE, "Rita Sandoval-Kerr", 58)).text.split("\n") == [
        "*2026.12 Data Platform* is planned for Wed 16 Dec by Rita Sandoval-Kerr",
        "*Scope* 58 tickets",
        "*First* Code freeze Fri 4 Dec",
    ]
    assert plain(view.closed(RELEASE, "Rita Sandoval-Kerr", "it shipped")).text == (
        "*2026.12 Data Platform* is closed by Rita Sandoval-Kerr: it shipped"
    )


POLICY = Policy(
    time_zone="Europe/London",
    calendar="london",
    calendars={"london": WorkCalendar(time_zone="Europe/London")},
    tickets=Tickets(projects=("DATA",)),
    templates={"platform": Template(name="Data Platform"), "hotfix": Template(name="Hotfix")},
)
PREVIEW = Preview(
    tickets=58,
    milestones=RELEASE.milestones,
    problems={"name": "Give it a name, such as 2026.12."},
    warnings=("The target falls into Year-end.",),
)


def inputs(modal: dict[str, Any]) -> list[str]:
    return [block["block_id"] for block in modal["blocks"] if block["type"] == "input"]


def test_the_form_keeps_its_inputs_when_a_preview_is_drawn_into_it() -> None:
    empty, previewed = form.new(POLICY, channel_id="C0REL"), form.new(POLICY, preview=PREVIEW)
    assert inputs(empty) == inputs(previewed)
    assert set(form.BLOCKS.values()) <= set(inputs(empty))
    text = next(block["text"]["text"] for block in previewed["blocks"] if block.get("block_id") == "previewed")
    assert text.split("\n") == [
        "*58 tickets* in scope",
        "*Milestones* Code freeze Fri 4 Dec",
        "*Note* The target falls into Year-end.",
        "*Not yet* Give it a name, such as 2026.12.",
    ]


def test_a_version_is_offered_with_its_projects_and_tickets() -> None:
    choices = [
        VersionChoice(name="2026.12", version_ids=("1", "2", "3"), projects=("DATA", "ML", "PAY"), tickets=58),
        VersionChoice(name="2026.12", version_ids=("1",), projects=("DATA",), tickets=30),
        VersionChoice(
            name="n" * 200, version_ids=("9",), projects=tuple(f"P{number}" for number in range(9)), tickets=1
        ),
        VersionChoice(name="unreachable", version_ids=("x" * 200,), projects=("DATA",), tickets=1),
    ]
    options = form.suggested(choices)
    assert [(option["text"]["text"], option["value"]) for option in options[:2]] == [
        ("2026.12 · DATA, ML, PAY (58)", "all:1"),
        ("2026.12 · DATA (30)", "one:1"),
    ]
    assert options[2]["text"]["text"].endswith("… · P0, P1, P2, P3, P4, P5 and 3 more (1)")
    assert len(options) == 3


def test_at_most_a_hundred_are_offered() -> None:
    many = [VersionChoice(name=f"v{n}", version_ids=(f"{n}",), projects=("DATA",), tickets=n) for n in range(150)]
    assert len(form.suggested(many)) == 100


def test_closing_asks_in_one_sentence_and_names_the_thing() -> None:
    modal = form.close(7, "2026.12", "it shipped", tickets=58, unfinished=17)
    assert modal["blocks"][0]["text"]["text"] == (
        "Close *2026.12* with 17 of 58 tickets open? This can't be undone: its scope and sign-offs stay as they are."
    )
    assert modal["private_metadata"] == '{"release":7}'
    assert modal["blocks"][1]["element"]["initial_value"] == "it shipped"


def texts(value: object) -> list[str]:
    """Every mrkdwn text in it."""
    if isinstance(value, dict):
        own = [value["text"]] if value.get("type") == "mrkdwn" else []
        return own + [text for each in value.values() for text in texts(each)]
    if isinstance(value, list | tuple):
        return [text for each in value for text in texts(each)]
    return []


@given(
    st.text(max_size=80)
    | st.just("x" * 5000)
    | st.just(HOSTILE)
    | st.sampled_from(["<!here>", "<@U0ANA>", "<https://e.example|x>"])
)
def test_no_foreign_text_can_ping_link_or_break_slacks_limits(text: str) -> None:
    one = replace(
        RELEASE, name=text, policy=Template(name=text), milestones=(Milestone(name=text, due=RELEASE.target),)
    )
    picture = replace(
        STATUS,
        release=one,
        reasons=(text,),
        waiting=(Waiting(requirement=text, who=text),),
        root=root(summary=text),
        root_team=text,
        next_milestone=one.milestones[0],
    )
    name = ReleaseName(id=1, name=text, channel_id="C0RELDATAPLATFORM", ended=False)
    messages = [
        view.status(picture, NOW, url, shared_by=text),
        view.listing([picture], 1),
        view.created(one, text, 3),
        view.closed(one, text, text),
        view.shared("status", one, "C0RELDATAPLATFORM"),
        view.unclear(Unclear(sentence=text, choices=(name,))),
    ]
    views = [
        form.new(POLICY, preview=replace(PREVIEW, problems={"name": text}, warnings=(text,))),
        form.done(one, 3, [text]),
        form.close(1, text, text, 3, 3),
        form.closed(one),
    ]
    for message in messages:
        message_blocks(list(message.blocks), lambda kind: kind)
    for modal in views:
        view_body(modal, ("modal",), lambda kind: kind)
    shown = [message.text for message in messages] + texts([message.blocks for message in messages]) + texts(views)
    allowed = (f"<{url('DATA-214')}|DATA-214>", "<#C0RELDATAPLATFORM>")
    for said in shown:
        rest = said
        for ours in allowed:
            rest = rest.replace(ours, "")
        assert "<" not in rest
        assert ">" not in rest
