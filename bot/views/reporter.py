"""What is said about programs' tokens. One of these texts holds a token: the direct message's."""

from datetime import datetime, timedelta

from bot.views.blocks import Message, context, line, message, moment, refusal, section, sentence
from interlock.domain.secret import Issued
from interlock.domain.words import duration


def on_its_way(label: str, good_for: timedelta) -> Message:
    return sentence(
        f"A token for {line(label)} is on its way to you as a direct message, good for {duration(good_for)}. Once it "
        "is there, the one that it had before no longer works."
    )


def issued(label: str, token: Issued, now: datetime) -> Message:
    """The direct message. Its notification shows no token."""
    return message(
        f"The token for {label} is here.",
        section(
            f"*The token for {line(label)}* · good for {duration(token.expires_at - now)}, until "
            f"{moment(token.expires_at)}\n```{token.text}```"
        ),
        section(
            "The program pushes figures with it, and can do nothing else: `POST /api/criteria/RELEASE/REPORT` with "
            '`Authorization: Bearer …` and `{"value": 87.5, "link": "https://…"}`. You answer for what it pushes.'
        ),
        context(f"You get this because you typed `/release reporter {line(label)}`. `/release reporter end` ends it."),
    )


def ended(label: str, *, there: bool) -> Message:
    if there:
        return sentence(f"The token of {line(label)} no longer works.")
    return refusal(f"There is no reporter {line(label)}.")
