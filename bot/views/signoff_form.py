"""The forms that ask for what a sign-off needs in words."""

from typing import Any

from bot.views.forms import input_text, modal
from bot.views.signoff import APPROVE, REASON, REASON_LETTERS, REJECT
from interlock.domain.condition import LETTERS, MOST

CONDITIONS, RELEASE, MEANING = "conditions", "release", "meaning"
MEANING_LETTERS = 200


def reject(revision_id: str) -> dict[str, Any]:
    reason = input_text(
        REASON,
        "Why not?",
        multiline=True,
        at_most=REASON_LETTERS,
        hint="Shown in the release's channel and kept in the record.",
    )
    return modal(REJECT, "Reject the release", [reason], submit="Reject", private={"revision": revision_id})


def approve(revision_id: str, *, conditions: bool, signature: bool) -> dict[str, Any]:
    """With what the approval hangs on, with what the signer's signature means, or both."""
    blocks = []
    if conditions:
        blocks.append(
            input_text(
                CONDITIONS,
                "On what does your approval hang?",
                multiline=True,
                at_most=MOST * (LETTERS + 1),
                hint="A line each, ten at most: a ticket's key, which is met once it is done, or what has to be done, "
                "which you or another who may sign ticks off. Until then nothing goes.",
            )
        )
    if signature:
        blocks.append(
            input_text(RELEASE, "Which release do you sign?", hint="Type its name as the card has it.", at_most=100)
        )
        blocks.append(
            input_text(
                MEANING,
                "What does your signature mean?",
                placeholder="Approved after review of the test report",
                hint="Shown on the card with your name and the time, and kept in the record.",
                at_most=MEANING_LETTERS,
            )
        )
    return modal(
        APPROVE,
        "Approve the release",
        blocks,
        submit="Approve",
        private={"revision": revision_id, "conditions": conditions, "signature": signature},
    )
