"""What is said about links to calendar feeds. One of these texts holds a link: the direct message's."""

from datetime import datetime, timedelta

from bot.views.blocks import Message, context, escape, message, moment, refusal, section, sentence
from interlock.domain.authority import Refused
from interlock.domain.secret import Issued
from interlock.domain.words import duration

NO_ADDRESS = (
    "No feed can be linked yet: this Interlock was not told the address at which people reach it. "
    "Its operator sets INTERLOCK_URL."
)


def refused(why: Refused) -> Message:
    return refusal(escape(why.sentence))


def no_address() -> Message:
    return refusal(NO_ADDRESS)


def on_its_way(good_for: timedelta) -> Message:
    return sentence(
        f"A link to the release calendar is on its way to you as a direct message, good for {duration(good_for)}. "
        "Once it is there, the one that you had before no longer works."
    )


def issued(link: Issued, address: str, now: datetime) -> Message:
    """The direct message. Its notification shows no link: a lock screen is no place for one."""
    return message(
        "Your link to the release calendar is here.",
        section(
            f"*Your release calendar* · good for {duration(link.expires_at - now)}, until {moment(link.expires_at)}\n"
            f"```{address}/calendar/{link.text}.ics```"
        ),
        section("Subscribe to it in your calendar program. Whoever has it sees what you see: show it to nobody."),
        context(
            "You get this because you typed `/release calendar link`. Any link that you were sent before this one no "
            "longer works. `/release calendar revoke` ends this one."
        ),
    )


def revoked(*, was_live: bool) -> Message:
    if was_live:
        return sentence("Revoked: your link to the release calendar no longer works.")
    return sentence("No link of yours works, and none is on its way.")


def unclear() -> Message:
    return refusal(
        "Nothing was done. `/release calendar link` sends you a link, `/release calendar revoke` ends it, "
        "`/release calendar 12` shows twelve weeks."
    )
