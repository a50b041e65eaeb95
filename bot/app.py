"""The one listener table, and the Bolt app that is made of it."""

from collections.abc import Callable
from typing import Any, Final

from bot.commands import SlashCommand
from bot.requests import Answer, Click, Event, Replacement, Submission, Suggestion
from bot.services import Services
from bot.views.blocks import Block, Message

ClickHandler = Callable[[Click, Services], Message | Replacement | None]
SubmissionHandler = Callable[[Submission, Services], Answer]
SuggestionHandler = Callable[[Suggestion, Services], list[Block]]
EventHandler = Callable[[Event, Services], None]

COMMANDS: Final[dict[str, SlashCommand]] = {
    "/release": SlashCommand(
        about="Releases: where they stand, their sign-offs, their digest.",
        default="status",
        verbs={},
    ),
    "/blockers": SlashCommand(
        about="What is blocked, by whom, and what clearing it would free.",
        default="list",
        free=True,
        verbs={},
    ),
    "/env": SlashCommand(
        about="Environments: who has which, and yours.",
        default="list",
        verbs={},
    ),
    "/link": SlashCommand(
        about="Your account in the tracker.",
        default="link",
        free=True,
        verbs={},
    ),
}

CLICKS: Final[dict[str, ClickHandler]] = {}
"""By action id."""

SUBMISSIONS: Final[dict[str, SubmissionHandler]] = {}
"""By the modal's callback id."""

SUGGESTIONS: Final[dict[str, SuggestionHandler]] = {}
"""By the external select's action id; what they return are `blocks.option`s."""

EVENTS: Final[dict[str, EventHandler]] = {}
"""By the event's type."""

TABLES: Final[tuple[dict[str, Any], ...]] = (COMMANDS, CLICKS, SUBMISSIONS, SUGGESTIONS, EVENTS)
