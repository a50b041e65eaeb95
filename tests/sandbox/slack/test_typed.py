"""What the composer makes of typed text."""

import pytest

from sandbox.slack import typed
from sandbox.slack.workspace import Workspace


@pytest.mark.parametrize(
    ("raw", "text"),
    [
        ("@interlock status", "<@U0INTERLOCK> status"),
        ("ask @ravi.", "ask <@U0RAVI>."),
        ("see #general", "see <#C0GENERAL|>"),
        ("@qa-approvers please", "<!subteam^S002> please"),
        ("@channel", "<!channel>"),
        ("@nobody ana@practice.example #nowhere", "@nobody ana@practice.example #nowhere"),
        ("a < b & c > d", "a &lt; b &amp; c &gt; d"),
        ("<!channel> <@U0RAVI>", "&lt;!channel&gt; &lt;@U0RAVI&gt;"),
        ("مرحبا 🟢 \u200b", "مرحبا 🟢 \u200b"),
    ],
)
def test_a_message(workspace: Workspace, raw: str, text: str) -> None:
    assert typed.message(workspace, raw).text == text


def test_a_message_carries_rich_text(workspace: Workspace) -> None:
    (section,) = typed.message(workspace, "ask @ravi now").block["elements"]
    assert section["elements"] == [
        {"type": "text", "text": "ask "},
        {"type": "user", "user_id": "U0RAVI"},
        {"type": "text", "text": " now"},
    ]


@pytest.mark.parametrize(
    ("raw", "escaped", "bare"),
    [
        ("note @ravi", "note <@U0RAVI|ravi>", "note @ravi"),
        ("in #general", "in <#C0GENERAL|general>", "in #general"),
        ("@channel", "@channel", "@channel"),
        ("R&D <b>", "R&amp;D &lt;b&gt;", "R&amp;D &lt;b&gt;"),
    ],
)
def test_a_command(workspace: Workspace, raw: str, escaped: str, bare: str) -> None:
    assert typed.command_text(workspace, raw, should_escape=True) == escaped
    assert typed.command_text(workspace, raw, should_escape=False) == bare
