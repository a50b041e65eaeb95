"""What each kind of message is called where people read about it."""

from typing import Final

KINDS: Final = {
    "digest": "morning digest",
    "readiness": "readiness summary",
    "release.status": "shared status",
    "release.created": "news of a release",
    "release.closed": "news of a release",
    "signoff.card": "sign-off card",
    "signoff.refresh": "re-drawn sign-off card",
    "signoff.rejected": "rejected sign-off",
    "signoff.void": "void sign-off",
    "signoff.for_you": "word of a sign-off in somebody's place",
    "signoff.reminder": "reminder of a sign-off",
    "signoff.chase": "word of missing sign-offs",
    "signoff.unanswered": "word of a missing answer",
    "signoff.shortfall": "word that a sign-off can't be given",
    "signoff.within_reach": "word that a sign-off can be given again",
    "delegation.told": "word of standing in",
    "delegation.over": "word of standing in no more",
    "runbook.card": "runbook's card",
    "runbook.refresh": "re-drawn runbook's card",
    "runbook.late": "word of a late step",
    "runbook.failed": "word of a failed step",
    "exception.card": "freeze exception",
    "exception.refresh": "re-drawn freeze exception",
    "exception.told": "decision on a freeze exception",
    "gonogo.card": "roll-call",
    "gonogo.refresh": "re-drawn roll-call",
    "gonogo.chase": "reminder of a vote",
    "gonogo.result": "result of a roll-call",
    "gonogo.void": "void vote",
    "gonogo.record": "record of a roll-call",
    "gonogo.pin": "pin of a roll-call's record",
    "blocker.ping": "blocker ping",
    "blocker.list": "shared list of blockers",
    "booking.environment": "news of an environment",
    "booking.retired": "news of an environment",
    "booking.granted": "booking that came free",
    "leaver.blocker": "word of a blocker that somebody left",
    "leaver.booking": "word of a booking that somebody left",
    "link.note": "word about a link",
    "outage": "word of an outage",
    "raid.reviews": "request to review risks and decisions",
    "raid.named": "word to a new owner or approver of a risk or decision",
    "raid.map": "heat map of risks",
    "raid.export": "RAID log as a file",
    "token": "token for the command line",
    "feed": "link to a calendar feed",
    "vendor.refused": "word that Jira refuses its token",
    "words": "answer",
}


def named(kind: str) -> str:
    """In mrkdwn."""
    return KINDS.get(kind, kind.replace(".", " "))
