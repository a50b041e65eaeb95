"""Answers to people who speak to the bot in words."""

from bot.views.blocks import Message, actions, button, escape, message, section
from bot.words import Meaning

HELP = (
    "Ask in words, or type a command:\n"
    "`/release status` what stands between a release and go\n"
    "`/blockers` what is blocked, and what clearing it would free\n"
    "`/release signoffs` who has signed, and who is asked\n"
    "`/env list` who has which environment\n"
    "Each has its own help: `/release help`."
)


def help_() -> Message:
    return message("What Interlock can do", section(HELP))


def hint(meant: Meaning, *, button_too: bool) -> Message:
    """The command that says it; with a button where it only looks: whoever presses it sees the answer alone."""
    text = f"That sounds like `{escape(meant.typed)}`."
    row = None
    if button_too:
        payload = ("words", f"{meant.topic}.{meant.about}" if meant.about else meant.topic)
        row = actions(button("Show me", "words.show", payload))
    else:
        text += " Type it to do it."
    return message(text, section(text), row)


def refused(sentence: str) -> Message:
    return message(sentence, section(sentence))
