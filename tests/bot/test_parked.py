"""What release managers read about messages that could not be delivered."""

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
