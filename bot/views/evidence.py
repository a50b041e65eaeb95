"""What is said about a release's evidence."""

from bot.views.blocks import Message, escape, line, message, section, sentence
from interlock.domain.evidence import Evidence
from interlock.domain.words import count

MIB = 1024 * 1024


def on_its_way(name: str) -> Message:
    return sentence(
        f"The evidence of {line(name)} is on its way to you as a direct message. That you took it is on record. On the "
        f"command line: `interlock evidence {line(name)} --out FILE`."
    )


def comment(evidence: Evidence, fingerprint: str) -> str:
    """Beside the file, as mrkdwn."""
    withheld = sum(1 for each in evidence.links if each.body is None)
    hidden = f" Of {count(withheld, 'other event')} it has the hash alone: you may not see more." if withheld else ""
    return (
        f"*Evidence of {line(evidence.name)}* · {count(len(evidence.own), 'recorded event')} of the release, "
        f"signed.{hidden}\n"
        "Check it with the project's `docs/verify.py`, your own anchors, and this key's fingerprint as you know it:\n"
        f"`{fingerprint}`\n"
        "You get this because you typed `/release evidence`."
    )


def too_large(evidence: Evidence, size: int) -> Message:
    name = line(evidence.name)
    return message(
        f"The evidence of {escape(evidence.name)} is too large for a message.",
        section(
            f"*The evidence of {name} is too large for a message*: {size / MIB:.0f} MiB. "
            f"Take it on the command line: `interlock evidence {name} --out FILE`."
        ),
    )
