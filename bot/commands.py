"""Slash commands as tables: which verbs a command has, and which of them somebody meant."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Final

from bot.requests import Command
from bot.services import Services
from bot.views.blocks import Message
from interlock.domain.alike import nearest

Handler = Callable[[Command, Services], Message | None]
"""None where a form that opens is the answer."""

HELP: Final = frozenset({"help", "?", "-h", "--help"})
NEAR: Final = 72
"""From how alike two words are, in percent, one is taken for a misspelling of the other."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Verb:
    """`usage` shows the arguments ("[release]"), `about` finishes the sentence "It …" in a few words."""

    handler: Handler
    usage: str = ""
    about: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SlashCommand:
    """`default` is what the bare command does, None for help. With `free`, a text that begins with no verb is the
    default verb's argument: `/blockers data`.
    """

    about: str
    verbs: Mapping[str, Verb] = field(default_factory=dict)
    default: str | None = None
    free: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Meant:
    """`verb` None means help: of the verb that `args` is, or of all."""

    verb: str | None
    args: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Unclear:
    """`typed` begins with no verb; `near` are those that come close; `guess` is the whole text with the
    default verb before it, which goes without saying to whoever typed a release's name.
    """

    typed: str
    near: tuple[str, ...]
    guess: str | None = None


def usages(name: str, command: SlashCommand, verbs: Iterable[str] | None = None) -> list[tuple[str, str]]:
    """How each of these verbs is typed, and what it does; all where none are given."""
    entries = {verb: command.verbs[verb] for verb in verbs or command.verbs}
    return [
        (" ".join(part for part in (name, _shown(command, verb), entry.usage) if part), entry.about)
        for verb, entry in entries.items()
    ]


def listed(command: SlashCommand, asked: str) -> list[str]:
    """What help shows: the verb asked about, with those of its first word; else one of each first word."""
    first = {verb: verb.partition(" ")[0] for verb in command.verbs}
    if asked:
        return [verb for verb in first if first[verb] == first[asked]]
    return [verb for verb, word in first.items() if verb == word or word not in first]


def find(command: SlashCommand, text: str) -> Meant | Unclear:
    """Case does not matter, a beginning that fits one verb alone is enough, and a verb may have two words."""
    words = text.split()
    if not words:
        return Meant(verb=command.default, args="")
    if words[0].casefold() in HELP:
        return Meant(verb=None, args="")
    for length in (2, 1):
        typed = " ".join(words[:length]).casefold()
        if len(words) >= length and typed in command.verbs:
            return _meant(typed, _after(text, length))
    return _completed(command, text, words)


def _meant(verb: str, args: str) -> Meant:
    """`/env book help` asks for help with it."""
    return Meant(verb=None, args=verb) if args.casefold() in HELP else Meant(verb=verb, args=args)


def _completed(command: SlashCommand, text: str, words: list[str]) -> Meant | Unclear:
    typed = words[0].casefold()
    begun = [verb for verb in command.verbs if verb.startswith(typed)]
    if len(begun) == 1 and not command.free:
        # `digest` stands for `digest now`, and so does `digest n`.
        second = begun[0].partition(" ")[2]
        takes_second = bool(second) and len(words) > 1 and second.startswith(words[1].casefold())
        return _meant(begun[0], _after(text, 2 if takes_second else 1))
    if command.free and command.default:
        return Meant(verb=command.default, args=text.strip())
    near = tuple(begun) or nearest(typed, [*command.verbs, "help"], NEAR, most=3)
    guess = f"{command.default} {text.strip()}" if command.default else None
    return Unclear(typed=words[0], near=near, guess=guess)


def _shown(command: SlashCommand, verb: str) -> str:
    """A free command's own verb goes without saying."""
    return "" if command.free and verb == command.default else verb


def _after(text: str, words: int) -> str:
    """The text after so many words, as it was typed."""
    rest = text.split(maxsplit=words)
    return rest[words].strip() if len(rest) > words else ""
