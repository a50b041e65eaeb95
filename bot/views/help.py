"""Help, and what is said when no verb fits. It fits a phone: one line per verb."""

from collections.abc import Mapping

from bot.commands import SlashCommand, Unclear
from bot.views.blocks import Message, context, line, message, section
from interlock.domain.words import join


def command(name: str, spec: SlashCommand) -> Message:
    """Every verb that the table has, a line each."""
    lines = [f"*{name}* · {spec.about}"]
    for verb, entry in spec.verbs.items():
        hidden = spec.free and verb == spec.default
        usage = " ".join(part for part in (name, "" if hidden else verb, entry.usage) if part)
        lines.append(f"`{usage}` {entry.about}")
    small = "The beginning of a word is enough, and case does not matter." if len(spec.verbs) > 1 else None
    return message(f"What {name} can do", section("\n".join(lines)), context(small) if small else None)


def everything(commands: Mapping[str, SlashCommand]) -> Message:
    lines = [f"`{name}` {spec.about}" for name, spec in commands.items()]
    return message(
        "What Interlock can do",
        section("\n".join(lines)),
        context("Each has its own help: `/release help`."),
    )


def unclear(name: str, spec: SlashCommand, what: Unclear) -> Message:
    """Nothing was done: what may have been meant, or what there is."""
    asked = f"{name} has no “{line(what.typed)}”."
    if what.near:
        meant = join([f"`{name} {verb}`" for verb in what.near], last="or")
        return message(f"{asked} Did you mean {meant}?", section(f"{asked} Did you mean {meant}?"))
    known = join([f"`{verb}`" for verb in [*spec.verbs, "help"]])
    return message(asked, section(f"{asked} It has {known}."))


def unknown(name: str, commands: Mapping[str, SlashCommand]) -> Message:
    known = join([f"`{known}`" for known in commands])
    text = f"Interlock does not answer to {line(name)}. It answers to {known}."
    return message(text, section(text))
