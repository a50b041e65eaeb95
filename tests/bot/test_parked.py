"""What release managers read about messages that could not be delivered."""

from dataclasses import replace
from datetime import UTC, datetime

from bot.views import parked as view
from interlock.domain.trouble import Stuck, Trouble

NOW = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
REASON = "Interlock is not in the channel. Type /invite @Interlock there."


def trouble(count: int) -> Trouble:
    messages = [Stuck(kind="digest", since=NOW, channel=f"C0{number}") for number in range(count - 1)]
    return Trouble(
        first=7, reason=REASON, messages=(Stuck(kind="blocker.ping", since=NOW, person="Ravi <!here>"), *messages)
    )


def test_it_says_what_why_and_the_mend_and_stands_alone_on_a_lock_screen() -> None:
    told = view.told(trouble(2))
    assert told.text == f"2 messages could not be delivered: {REASON}"
    assert told.blocks[0]["text"]["text"].splitlines() == [
        f"*2 messages could not be delivered.* {REASON}",
        "• blocker ping for Ravi &lt;!here&gt;",
        "• morning digest for <#C00>",
    ]
    assert [(button["action_id"], button["value"]) for button in told.blocks[2]["elements"]] == [
        ("parked.send", "1:message:7"),
        ("parked.drop", "1:message:7"),
    ]


def test_a_long_list_is_cut() -> None:
    assert view.told(trouble(9)).blocks[0]["text"]["text"].splitlines()[-1] == "and 4 more"


def test_what_came_back_with_a_backup_is_no_failure_and_is_looked_for_before_it_is_sent() -> None:
    told = view.told(replace(trouble(9), reason="Restored from a backup of Mon.", restored=True))
    lines = told.blocks[0]["text"]["text"].splitlines()
    assert lines[0] == "*9 messages wait for you.* Restored from a backup of Mon."
    assert lines[-1] == "Each is looked for in Slack before it is sent, and sent only if it is not there."
    assert [each["text"]["text"] for each in told.blocks[2]["elements"]] == [
        "Send all that are still due",
        "Let all go",
    ]


def test_what_is_too_late_to_send_is_counted_apart() -> None:
    assert view.sending(3, 1).text == "3 messages will be sent now, 1 message whose time is over will not be sent."
    assert view.sending(0, 2).text == "2 messages whose time is over will not be sent."
    assert view.sending(0, 0).text == "Somebody has seen to them already."
