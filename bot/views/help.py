"""Help, and what is said when no verb fits. It fits a phone: one line per verb."""

from collections.abc import Iterable, Mapping, Sequence

from bot.views.blocks import Message, context, line, message, refusal, section
from interlock.domain.words import join


def command(name: str, about: str, verbs: Sequence[tuple[str, str]]) -> Message:
    """The verbs: pairs of how each is typed and what it does."""
    lines = [f"*{name}* · {about}", *(f"`{usage}` {what}" for usage, what in verbs)]
    small = f"The beginning of a word is enough, and case does not matter. More of one: `{name} … help`."
    return message(f"What {name} can do", section("\n".join(lines)), context(small) if len(verbs) > 1 else None)


def everything(commands: Mapping[str, str]) -> Message:
    """Each command's name, and what it is about."""
    lines = [f"`{name}` {about}" for name, about in commands.items()]
    return message(
        "What Interlock can do",
        section("\n".join(lines)),
        context("Each has its own help: `/release help`."),
    )


def unclear(name: str, typed: str, near: Sequence[str], known: Iterable[str], guess: str | None) -> Message:
    """Nothing was done: what may have been meant, or what there is."""
    asked = f"{name} has no “{line(typed)}”."
    if near:
        text = f"{asked} Did you mean {join([f'`{name} {verb}`' for verb in near], last='or')}?"
        return refusal(text)
    meant = f" Did you mean `{name} {line(guess)}`?" if guess else ""
    return refusal(f"{asked}{meant} It has {join([f'`{verb}`' for verb in known])}.")


def unknown(name: str, commands: Iterable[str]) -> Message:
    text = f"Interlock does not answer to {line(name)}. It answers to {join([f'`{known}`' for known in commands])}."
    return refusal(text)
