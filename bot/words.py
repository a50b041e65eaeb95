"""What somebody may mean who speaks to the bot in words: the nearest command, for "what's blocking 2026.12?"."""

import re
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from interlock.domain.alike import nearest


class Topic(StrEnum):
    STATUS = "status"
    RELEASES = "releases"
    SIGNOFFS = "signoffs"
    RUNBOOK = "runbook"
    BLOCKERS = "blockers"
    ENVIRONMENTS = "environments"
    NEW = "new"
    DIGEST = "digest"
    CLOSE = "close"
    BOOK = "book"
    RETURN = "return"
    LINK = "link"
    HELP = "help"


TYPED: Final[dict[Topic, str]] = {
    Topic.STATUS: "/release status",
    Topic.RELEASES: "/release list",
    Topic.SIGNOFFS: "/release signoffs",
    Topic.RUNBOOK: "/release runbook",
    Topic.BLOCKERS: "/blockers",
    Topic.ENVIRONMENTS: "/env list",
    Topic.NEW: "/release new",
    Topic.DIGEST: "/release digest now",
    Topic.CLOSE: "/release close",
    Topic.BOOK: "/env book",
    Topic.RETURN: "/env return",
    Topic.LINK: "/link",
    Topic.HELP: "/release help",
}
"""What one types for it."""

SIGNS: Final[tuple[tuple[Topic, str], ...]] = (
    (Topic.HELP, r"\b(help|what can you do|how do(es)? (you|this)|commands?)\b"),
    (Topic.RUNBOOK, r"\b(run ?book|which step|what step|deployment steps?)\b"),
    (Topic.RETURN, r"\b(return|give back|giv(e|ing) .* back|release (uat|int|dev|perf|staging)\S*|done with)\b"),
    (Topic.BOOK, r"\b(book|reserve|need (an )?env)"),
    (Topic.DIGEST, r"\bdigest\b"),
    (Topic.CLOSE, r"\b(close|cancel|call off)\b"),
    (Topic.NEW, r"\b(new release|plan|create)\b"),
    (Topic.BLOCKERS, r"\b(block|stuck|stand.* in the way|hold(s|ing)? .*up|imped)"),
    (Topic.SIGNOFFS, r"\b(sign|approv)"),
    (Topic.LINK, r"\b(link|my account|who am i)\b"),
    (Topic.ENVIRONMENTS, r"\b(env|environments?|(uat|int|dev|perf|staging)(-\d+)?)\b"),
    (Topic.RELEASES, r"\b(which|what|list|all|any)( \w+)? releases\b|\breleases\b"),
    (Topic.STATUS, r"\b(status|state|where|when|ready|readiness|on track|how|go\b|release)"),
)
"""The first that fits is meant; the more particular come first."""

WORDS: Final[dict[str, Topic]] = {
    "status": Topic.STATUS,
    "blockers": Topic.BLOCKERS,
    "blocking": Topic.BLOCKERS,
    "signoffs": Topic.SIGNOFFS,
    "approvals": Topic.SIGNOFFS,
    "environments": Topic.ENVIRONMENTS,
    "releases": Topic.RELEASES,
    "digest": Topic.DIGEST,
    "book": Topic.BOOK,
    "return": Topic.RETURN,
    "help": Topic.HELP,
}
NEAR: Final = 75

ADDRESSED: Final = re.compile(r"<@[UW][A-Z0-9]+>")
NAME: Final = re.compile(r"(?<![\w.-])(?=[\w.-]*\d)[\w.-]+|\b(?:staging|ml-train)\b", re.IGNORECASE)
"""A release or an environment as people name them: with a number in it. Looked for from each word's first letter only,
or a long word without a number would be walked through from each of its letters."""
OF: Final = re.compile(r"\b(?:for|of|on|in|blocking)\s+(?:the\s+)?(.+)$", re.IGNORECASE)
LONGEST: Final = 80
HEARD: Final = 500
"""So much of what is said is looked at. Slack lets people say 40,000 characters, and nobody is answered meanwhile."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Meaning:
    """`about` is the name in it, "" where there is none."""

    topic: Topic
    about: str = ""

    @property
    def typed(self) -> str:
        """The command that says it."""
        return f"{TYPED[self.topic]} {self.about}".strip()


def meaning(text: str) -> Meaning:
    """What is most likely meant: help where nothing else is."""
    said = " ".join(ADDRESSED.sub(" ", text[:HEARD]).split())
    plain = said.casefold()
    for topic, sign in SIGNS:
        if re.search(sign, plain):
            return Meaning(topic=topic, about=_about(said, topic))
    for word in re.findall(r"\w{4,}", plain):
        for near in nearest(word, WORDS, NEAR):
            return Meaning(topic=WORDS[near], about=_about(said, WORDS[near]))
    if NAME.search(said):
        return Meaning(topic=Topic.STATUS, about=_about(said, Topic.STATUS))
    return Meaning(topic=Topic.HELP)


def _about(said: str, topic: Topic) -> str:
    if topic in {Topic.HELP, Topic.RELEASES, Topic.NEW, Topic.LINK}:
        return ""
    named = NAME.search(said)
    if named:
        return named[0].strip(".-")[:LONGEST]
    of = OF.search(said)
    return of[1].strip(" ?!.,\"'“”")[:LONGEST] if of and topic in {Topic.BLOCKERS, Topic.STATUS, Topic.SIGNOFFS} else ""
