"""The form in which an environment is booked. An input's block id is the field's name in `Invalid.problems`."""

from typing import Any, Final

from bot.views.blocks import Message, option
from bot.views.forms import input_checkbox, input_moment, input_radio, input_select, input_text, modal
from interlock.domain.booking import LONGEST_PURPOSE
from interlock.domain.booking_draft import BookingForm
from interlock.domain.environment import Lifecycle

BOOK: Final = "booking.new"
ENVIRONMENT: Final = "environment"
STARTS: Final = "starts"
ENDS: Final = "ends"
KIND: Final = "kind"
PURPOSE: Final = "purpose"
RELEASE: Final = "release"
WAIT: Final = "wait"
EXCLUSIVE: Final = "exclusive"
SHARED: Final = "shared"


def form(offered: BookingForm) -> dict[str, Any]:
    environments = [
        option(f"{each.key} · {each.name}{' · degraded' if each.lifecycle is Lifecycle.DEGRADED else ''}", each.key)
        for each in offered.environments
    ]
    kinds = [
        option("Alone", EXCLUSIVE, "Nobody else has it meanwhile."),
        option("Shared", SHARED, "Others may share it, as many as it is made for."),
    ]
    releases = [option(each.name, str(each.id)) for each in offered.releases]
    return modal(
        BOOK,
        "Book an environment",
        [
            input_select(
                ENVIRONMENT, "Environment", environments, initial=offered.chosen.key if offered.chosen else None
            ),
            input_moment(STARTS, "From", initial=int(offered.span.starts.timestamp())),
            input_moment(ENDS, "Until", initial=int(offered.span.ends.timestamp())),
            input_radio(KIND, "How", kinds, initial=EXCLUSIVE),
            input_text(
                PURPOSE, "What for", placeholder="Acceptance tests of the schema registry", at_most=LONGEST_PURPOSE
            ),
            input_select(RELEASE, "Release", releases, optional=True) if releases else None,
            input_checkbox(WAIT, "Waitlist", [option("If it is taken, put me in the waitlist", WAIT)]),
        ],
        submit="Book",
    )


def done(said: Message) -> dict[str, Any]:
    """The form's last view: what a message would say."""
    return modal(BOOK, "Book an environment", said.blocks, close="Done")
