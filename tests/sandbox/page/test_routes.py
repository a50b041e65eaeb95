"""The page's addresses over real HTTP: who sees what, and what a request from elsewhere cannot do."""

from typing import Any

import pytest
import requests

from sandbox.slack.values import File

ROOM = "C0RELEASE"


def get(site: Any, path: str, **headers: str) -> requests.Response:
    return requests.get(f"{site.url}{path}", headers=headers, timeout=10)


def act(site: Any, person: str, name: str, **body: Any) -> requests.Response:
    return requests.post(f"{site.url}/client/{person}/{name}", json=body, timeout=10)


@pytest.mark.parametrize(
    ("path", "leads_to"),
    [
        ("/", f"/client/U0ANA/{ROOM}"),
        ("/client/U0TOM", f"/client/U0TOM/{ROOM}"),
        ("/client/U0TOM/app", "/client/U0TOM/D0TOM"),
        ("/client/U0TOM/D0ANA", "/client/U0TOM/D0TOM"),
        ("/client/U0TOM/C0SECRET", f"/client/U0TOM/{ROOM}"),
        ("/client/U0TOM/C0NOWHERE", f"/client/U0TOM/{ROOM}"),
        ("/client/U0GUEST", "/client/U0GUEST/C0GENERAL"),
        (f"/client/U0TOM/{ROOM}/1.000000", f"/client/U0TOM/{ROOM}"),
    ],
)
def test_what_somebody_may_not_see_leads_to_what_they_may(site: Any, path: str, leads_to: str) -> None:
    site.workspace.dm("U0ANA", "U0INTERLOCK")
    answer = get(site, path)
    assert answer.status_code == 200
    assert answer.url == f"{site.url}{leads_to}"


@pytest.mark.parametrize("person", ["U0NOBODY", "U0LEFT", "U0INTERLOCK"])
@pytest.mark.parametrize("place", ["", f"/{ROOM}", "/home", "/app"])
def test_nobody_acts_as_a_bot_or_as_somebody_who_left(site: Any, person: str, place: str) -> None:
    assert get(site, f"/client/{person}{place}").status_code == 404
    assert act(site, person, "say", channel=ROOM, text="x").status_code == 404
    assert site.workspace.messages(ROOM) == []


def test_every_page_forbids_what_it_does_not_serve_itself(site: Any) -> None:
    for path in (f"/client/U0ANA/{ROOM}", "/client/U0ANA/home", "/client/U0NOBODY/home"):
        headers = get(site, path).headers
        assert headers["Content-Security-Policy"].startswith("default-src 'self';")
        assert headers["X-Content-Type-Options"] == "nosniff"
    for path in ("main.js", "page.css", "icon.svg", "marks/lock.svg"):
        assert get(site, f"/static/{path}").status_code == 200


def test_the_page_holds_no_inline_script_and_no_inline_style(site: Any) -> None:
    site.workspace.post(ROOM, "U0TOM", "<script>alert(1)</script> *x*")
    html = get(site, f"/client/U0ANA/{ROOM}").text
    assert html.count("<script") == 1
    assert " style=" not in html
    assert "&lt;script&gt;alert(1)" in html


def test_an_ephemeral_message_is_drawn_for_its_reader_alone(site: Any) -> None:
    site.workspace.post(ROOM, "U0INTERLOCK", "for Ana only", ephemeral_to="U0ANA")
    assert "for Ana only" in get(site, f"/client/U0ANA/{ROOM}").text
    assert "for Ana only" not in get(site, f"/client/U0TOM/{ROOM}").text


def test_times_are_the_actors(site: Any) -> None:
    site.workspace.post(ROOM, "U0TOM", "noon in London", ts="1795435200.000100")  # 23 November 2026, 12:00 UTC
    assert "12:00" in get(site, f"/client/U0ANA/{ROOM}").text
    assert "21:00" in get(site, f"/client/U0YUKI/{ROOM}").text


def test_older_messages_are_a_link_away(site: Any) -> None:
    for number in range(70):
        site.workspace.post(ROOM, "U0TOM", f"number {number:03d}.")
    newest = get(site, f"/client/U0ANA/{ROOM}").text
    assert "number 069." in newest
    assert "number 009." not in newest
    before = newest.partition(f"/client/U0ANA/{ROOM}?before=")[2].partition('"')[0]
    older = get(site, f"/client/U0ANA/{ROOM}?before={before}").text
    assert "number 009." in older
    assert "number 010." not in older


def test_the_line_above_what_is_new(site: Any) -> None:
    read = site.workspace.post(ROOM, "U0TOM", "read")
    site.workspace.mark_read("U0ANA", ROOM, read.ts)
    assert "new-line" not in get(site, f"/client/U0ANA/{ROOM}").text
    site.workspace.post(ROOM, "U0TOM", "unread")
    html = get(site, f"/client/U0ANA/{ROOM}").text
    assert html.index("read") < html.index('id="new-line"') < html.index("unread</div>")
    # An open page that is being watched asks for no line.
    assert "new-line" not in get(site, f"/client/U0ANA/{ROOM}", **{"X-Mark": ""}).text


def test_messages_close_together_share_one_head(site: Any) -> None:
    site.workspace.post(ROOM, "U0TOM", "one", ts="1795435200.000100")
    site.workspace.post(ROOM, "U0TOM", "two", ts="1795435260.000100")
    site.workspace.post(ROOM, "U0ANA", "three", ts="1795435261.000100")
    site.workspace.post(ROOM, "U0ANA", "much later", ts="1795445261.000100")
    html = get(site, f"/client/U0YUKI/{ROOM}").text
    assert html.count('class="author"') == 3
    assert html.count("continues") == 1


@pytest.mark.parametrize(
    ("person", "seen", "unseen"),
    [
        ("U0ANA", ["leads-only", "qa-corner", "general"], []),
        ("U0TOM", ["qa-corner", "general"], ["leads-only"]),
        ("U0GUEST", ["general"], ["leads-only", "qa-corner", "rel-data-platform"]),
    ],
)
def test_the_sidebar_lists_what_somebody_may_open(site: Any, person: str, seen: list[str], unseen: list[str]) -> None:
    html = get(site, f"/client/{person}/C0GENERAL").text.partition('aria-label="Conversations"')[2]
    names = html.partition("</nav>")[0]
    assert [name for name in seen if name not in names] == []
    assert [name for name in unseen if name in names] == []


def test_files_show_as_pictures_or_as_downloads(site: Any) -> None:
    workspace = site.workspace
    common: dict[str, Any] = {"user": "U0INTERLOCK", "created": 1, "content": b"x" * 2048, "complete": True}
    workspace.put_file(File(id="F1", name="plan.png", title="Burn-up", mimetype="image/png", alt_text="A", **common))
    workspace.put_file(File(id="F2", name="a b.csv", title="Audit", mimetype="text/csv", **common))
    workspace.put_file(File(id="F3", name="x.svg", title="Vector", mimetype="image/svg+xml", **common))
    workspace.post(ROOM, "U0INTERLOCK", "", files=("F1", "F2", "F3"))
    html = get(site, f"/client/U0ANA/{ROOM}").text
    assert '<img class="picture" src="/files/F1/plan.png" alt="A">' in html
    assert 'href="/files/F2/a%20b.csv" download="a b.csv"' in html
    assert "a b.csv, 2 kB" in html
    assert '<img class="picture" src="/files/F3' not in html
    assert get(site, "/files/F2/a%20b.csv").content == b"x" * 2048


@pytest.mark.parametrize(
    ("body", "headers", "status"),
    [
        (b'{"channel": "C0RELEASE", "text": "x"}', {"Content-Type": "text/plain"}, 415),
        (b"channel=C0RELEASE&text=x", {"Content-Type": "application/x-www-form-urlencoded"}, 415),
        (b"{", {"Content-Type": "application/json"}, 400),
        (b"[1]", {"Content-Type": "application/json"}, 400),
        (b"null", {"Content-Type": "application/json"}, 400),
        (b"{}", {"Content-Type": "application/json"}, 404),
        (b'{"channel": "C0RELEASE", "text": " \\n "}', {"Content-Type": "application/json"}, 409),
        (b'{"channel": "C0NOWHERE", "text": "x"}', {"Content-Type": "application/json"}, 404),
        (b'{"channel": "C0QA", "text": "x"}', {"Content-Type": "application/json"}, 409),
    ],
)
def test_an_act_that_makes_no_sense_does_nothing(site: Any, body: bytes, headers: dict[str, str], status: int) -> None:
    answer = requests.post(f"{site.url}/client/U0ANA/say", data=body, headers=headers, timeout=10)
    assert answer.status_code == status
    assert answer.json()["error"]
    assert site.workspace.messages(ROOM) == []


@pytest.mark.parametrize(
    ("name", "body"),
    [
        ("use", {"channel": ROOM, "ts": "1.0", "block": "b", "action": "a"}),
        ("use", {"view": "V0NONE", "block": "b", "action": "a"}),
        ("suggest", {"block": "b", "action": "a", "text": "x"}),
        ("submit", {"view": "V0NONE"}),
        ("close", {"view": "V0NONE"}),
        ("dismiss", {"channel": ROOM, "ts": "1.0"}),
    ],
)
def test_an_act_on_what_is_gone_is_refused_in_a_sentence(site: Any, name: str, body: dict[str, Any]) -> None:
    answer = act(site, "U0ANA", name, **body)
    assert answer.status_code == 409
    assert answer.json()["error"].endswith(".")


def test_only_an_own_ephemeral_message_can_be_dismissed(site: Any) -> None:
    workspace = site.workspace
    spoken = workspace.post(ROOM, "U0ANA", "said")
    for_tom = workspace.post(ROOM, "U0INTERLOCK", "psst", ephemeral_to="U0TOM")
    assert act(site, "U0ANA", "dismiss", channel=ROOM, ts=spoken.ts).status_code == 409
    assert act(site, "U0ANA", "dismiss", channel=ROOM, ts=for_tom.ts).status_code == 409
    assert act(site, "U0TOM", "dismiss", channel=ROOM, ts=for_tom.ts).status_code == 200
    assert workspace.message(ROOM, for_tom.ts) is None


def test_a_slash_command_does_not_work_in_a_thread(site: Any) -> None:
    root = site.workspace.post(ROOM, "U0ANA", "root")
    answer = act(site, "U0ANA", "say", channel=ROOM, thread=root.ts, text="/release status")
    assert answer.json()["error"] == "Slash commands do not work in threads."


def test_the_feed_tells_only_what_the_person_can_see(site: Any) -> None:
    workspace = site.workspace

    def news(person: str, after: int) -> dict[str, Any]:
        return dict(get(site, f"/client/{person}/changes?after={after}").json())

    start = workspace.feed.last
    workspace.post("C0SECRET", "U0ANA", "between leads")
    assert news("U0ANA", start) == {"number": start + 1, "news": True}
    assert news("U0TOM", start) == {"number": start + 1, "news": False}
    workspace.post(ROOM, "U0INTERLOCK", "psst", ephemeral_to="U0TOM")
    assert news("U0TOM", start + 1)["news"] is True
    assert news("U0ANA", start + 1)["news"] is False
    assert get(site, "/client/U0ANA/changes?after=x").status_code == 404


def test_an_app_that_is_not_there_is_named(site: Any) -> None:
    message = site.workspace.post(
        ROOM,
        "U0INTERLOCK",
        "card",
        blocks=(
            {
                "type": "actions",
                "block_id": "b",
                "elements": [
                    {"type": "button", "action_id": "nobody_listens", "text": {"type": "plain_text", "text": "Go"}}
                ],
            },
        ),
    )
    answer = act(site, "U0ANA", "use", channel=ROOM, ts=message.ts, block="b", action="nobody_listens")
    assert answer.status_code == 409
    assert answer.json()["error"] == "Interlock is not connected to this practice workspace."
