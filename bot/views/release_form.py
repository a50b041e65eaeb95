"""The forms in which a release is planned and closed."""

from collections.abc import Iterable
from typing import Any, Final

from bot.views import release
from bot.views.blocks import (
    OPTIONS,
    Block,
    Message,
    actions,
    button,
    cut,
    escape,
    line,
    message,
    option,
    refusal,
    section,
    sentence,
)
from bot.views.forms import (
    input_channel,
    input_date,
    input_external,
    input_select,
    input_text,
    modal,
    notice,
)
from interlock.domain.draft import Preview
from interlock.domain.names import LONGEST
from interlock.domain.policy import Policy
from interlock.domain.release import LONGEST_REASON, Release
from interlock.domain.version import VersionChoice
from interlock.domain.words import count

NEW: Final = "release.new"
PREVIEW: Final = "release.preview"
CLOSE: Final = "release.close"

NAME: Final = "name"
TEMPLATE: Final = "template"
TARGET: Final = "target"
CHANNEL: Final = "channel"
VERSIONS: Final = "release.versions"
LABELS: Final = "labels"
EPICS: Final = "epics"
REASON: Final = "reason"

BLOCKS: Final = {
    "name": NAME,
    "template": TEMPLATE,
    "target": TARGET,
    "channel": CHANNEL,
    "scope": VERSIONS,
    "epics": EPICS,
}
"""Which input a problem's sentence stands under, by the field's name in `Preview.problems`."""

ALL: Final = "all:"
"""Begins an option's value that stands for every version of the name that the version after it has."""
ONE: Final = "one:"
VALUE: Final = 150
"""Slack's limit for an option's value."""
PROJECTS_SHOWN: Final = 6


def new(policy: Policy, *, channel_id: str | None = None, preview: Preview | None = None) -> dict[str, Any]:
    """The form of `/release new`. What is entered stays while the form is drawn anew with a preview."""
    templates = [option(template.name, key) for key, template in policy.templates.items()]
    return modal(
        NEW,
        "New release",
        [
            input_select(TEMPLATE, "Template", templates, initial=templates[0]["value"] if templates else None),
            input_text(NAME, "Name", placeholder="2026.12", at_most=LONGEST),
            input_date(TARGET, "Target date", hint="A business day. Milestones are counted back from it."),
            input_channel(CHANNEL, "Release channel", initial=channel_id, hint="Sign-offs and news are posted there."),
            input_external(
                VERSIONS,
                "Fix versions",
                several=True,
                optional=True,
                placeholder="Type a version's name",
                hint="A ticket is in scope if it has one of these versions, labels or epics.",
            ),
            input_text(LABELS, "Labels", optional=True, placeholder="ship-2026-12, hotfix"),
            input_text(EPICS, "Epics", optional=True, placeholder="DATA-100, ML-7"),
            _previewed(preview) if preview else None,
            actions(button("Preview again" if preview else "Preview", PREVIEW), block_id=PREVIEW),
        ],
        submit="Plan release",
    )


def done(one: Release, tickets: int, warnings: Iterable[str]) -> dict[str, Any]:
    """The form's last view: what a message would say."""
    return modal(NEW, "New release", planned(one, tickets, warnings).blocks, close="Done")


def planned(one: Release, tickets: int, warnings: Iterable[str]) -> Message:
    preview = Preview(tickets=tickets, milestones=one.milestones, problems={}, warnings=tuple(warnings))
    text = f"*{release.title(one)}* is planned. It is announced in <#{one.channel_id}>.\n{release.plan(preview)}"
    return message(f"{one.name} is planned.", section(text))


def close(release_id: int, name: str, reason: str, tickets: int, unfinished: int) -> dict[str, Any]:
    """Asks before a release ends, and why it does."""
    ask = _ask_to_close(name, tickets, unfinished)
    why = cut(reason, LONGEST_REASON)
    return modal(
        CLOSE,
        "Close release",
        [section(ask), input_text(REASON, "Why", initial=why or None, multiline=True, at_most=LONGEST_REASON)],
        submit="Close release",
        private={"release": release_id},
    )


def would_close(name: str, tickets: int, unfinished: int) -> Message:
    """Where no form can ask."""
    return refusal(f"{_ask_to_close(name, tickets, unfinished)} Type it again with the reason and `--yes` after it.")


def has_closed(one: Release) -> Message:
    return sentence(_told_closed(one))


def closed(one: Release) -> dict[str, Any]:
    return notice("Close release", _told_closed(one))


def suggested(choices: Iterable[VersionChoice]) -> list[Block]:
    """`2026.12 · DATA, ML, PAY (58)`"""
    options = []
    for choice in choices:
        value = f"{ALL if len(choice.version_ids) > 1 else ONE}{choice.version_ids[0]}"
        more = len(choice.projects) - PROJECTS_SHOWN
        projects = ", ".join(choice.projects[:PROJECTS_SHOWN]) + (f" and {more} more" if more > 0 else "")
        # The name gives way before the projects, which tell two versions of one name apart.
        label = f" · {cut(projects, 40)} ({choice.tickets})"
        if len(value) <= VALUE:
            options.append(option(cut(choice.name, 75 - len(label)) + label, value))
    return options[:OPTIONS]


def _ask_to_close(name: str, tickets: int, unfinished: int) -> str:
    left = f" with {unfinished} of {count(tickets, 'ticket')} open" if unfinished else ""
    return f"Close *{line(name, LONGEST)}*{left}? This can't be undone: its scope and sign-offs stay as they are."


def _told_closed(one: Release) -> str:
    return f"{line(one.name, LONGEST)} is closed. It is told in <#{one.channel_id}>."


def _previewed(preview: Preview) -> Block:
    problems = [f"*Not yet* {escape(problem)}" for problem in preview.problems.values()]
    return section("\n".join([release.plan(preview), *problems])) | {"block_id": "previewed"}
