"""What is said about tokens for the command line. One of these texts holds a token: the direct message's."""

from datetime import datetime, timedelta

from bot.views.blocks import Message, context, escape, message, moment, refusal, section, sentence
from interlock.domain.authority import Refused
from interlock.domain.secret import Issued
from interlock.domain.words import duration


def refused(why: Refused) -> Message:
    return refusal(escape(why.sentence))


def on_its_way(good_for: timedelta) -> Message:
    return sentence(
        f"A token for the command line is on its way to you as a direct message, good for {duration(good_for)}. "
        "Once it is there, the one that you had before no longer works."
    )


def issued(token: Issued, address: str | None, now: datetime) -> Message:
    """The direct message. Its notification shows no token: a lock screen is no place for one. `address` is the one at
    which people's own machines reach Interlock, where it was told.
    """
    return message(
        "Your token for Interlock's command line is here.",
        section(
            f"*Your token for the command line* · good for {duration(token.expires_at - now)}, "
            f"until {moment(token.expires_at)}\n```{token.text}```"
        ),
        section(f"{_where(address)} and paste the token there. It acts as you, so show it to nobody."),
        context(
            "You get this because you typed `/link token`. Any token that you were sent before this one no longer "
            "works. `/link token revoke` ends this one."
        ),
    )


def _where(address: str | None) -> str:
    if address is None:
        return "Ask Interlock's operator for its address, run `interlock login --server ADDRESS`"
    return f"Run `interlock login --server {escape(address)}`"


def revoked(*, was_live: bool) -> Message:
    if was_live:
        return sentence("Revoked: your token for the command line no longer works.")
    return sentence("No token of yours works, and none is on its way.")


def unclear() -> Message:
    return refusal(
        "Nothing was done. `/link token` sends you a token for the command line, `/link token revoke` ends it."
    )
