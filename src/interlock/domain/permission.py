"""The permissions that use cases name. Configuration gives each to roles; what it does not give is denied."""

from enum import StrEnum
from typing import Final


class Permission(StrEnum):
    RELEASE_VIEW = "release.view"
    RELEASE_CREATE = "release.create"
    RELEASE_CLOSE = "release.close"
    RELEASE_ADVANCE = "release.advance"
    RELEASE_GO = "release.go"
    RELEASE_CANCEL = "release.cancel"
    CRITERION_TICK = "criterion.tick"
    REPORT_TOKEN = "report.token"  # noqa: S105 a permission, not a secret
    WAIVER_ASK = "waiver.ask"
    WAIVER_GRANT = "waiver.grant"
    RELEASE_EVIDENCE = "release.evidence"
    POLICY_CHANGE = "policy.change"
    GONOGO_OPEN = "gonogo.open"
    GONOGO_VOTE = "gonogo.vote"
    BREAK_GLASS_ASK = "break_glass.ask"
    BREAK_GLASS_CONFIRM = "break_glass.confirm"
    BREAK_GLASS_REVIEW = "break_glass.review"
    SIGNOFF_REQUEST = "signoff.request"
    SIGNOFF_DECIDE = "signoff.decide"
    RUNBOOK_RUN = "runbook.run"
    RUNBOOK_TICK = "runbook.tick"
    BLOCKER_VIEW = "blocker.view"
    BLOCKER_TAKE = "blocker.take"
    ENVIRONMENT_VIEW = "environment.view"
    ENVIRONMENT_BOOK = "environment.book"
    ENVIRONMENT_MANAGE = "environment.manage"
    DIGEST_RUN = "digest.run"
    JOB_VIEW = "job.view"
    JOB_RUN = "job.run"
    LINK_SELF = "link.self"
    LINK_CONFIRM = "link.confirm"
    TOKEN_SELF = "token.self"  # noqa: S105 a permission, not a secret
    RAID_VIEW = "raid.view"
    RAID_EDIT = "raid.edit"
    AUDIT_VIEW = "audit.view"
    EXCEPTION_ASK = "exception.ask"
    EXCEPTION_DECIDE = "exception.decide"
    COLLISION_ACKNOWLEDGE = "collision.acknowledge"
    FEED_SELF = "feed.self"
    TICKET_RESTRICTED = "ticket.restricted"


DEEDS: Final = {
    Permission.RELEASE_VIEW: "look at releases",
    Permission.RELEASE_CREATE: "plan releases",
    Permission.RELEASE_CLOSE: "close releases",
    Permission.RELEASE_ADVANCE: "move releases from stage to stage",
    Permission.RELEASE_GO: "say go",
    Permission.RELEASE_CANCEL: "cancel releases",
    Permission.CRITERION_TICK: "tick a release's checklist",
    Permission.REPORT_TOKEN: "have a token for a program that pushes figures",
    Permission.WAIVER_ASK: "ask for waivers",
    Permission.WAIVER_GRANT: "grant waivers",
    Permission.RELEASE_EVIDENCE: "take evidence of releases",
    Permission.POLICY_CHANGE: "change releases' policies",
    Permission.GONOGO_OPEN: "open roll-calls",
    Permission.GONOGO_VOTE: "vote in roll-calls",
    Permission.BREAK_GLASS_ASK: "break glass",
    Permission.BREAK_GLASS_CONFIRM: "confirm that glass is broken",
    Permission.BREAK_GLASS_REVIEW: "review where glass was broken",
    Permission.SIGNOFF_REQUEST: "ask for sign-offs",
    Permission.SIGNOFF_DECIDE: "sign releases",
    Permission.RUNBOOK_RUN: "run a runbook",
    Permission.RUNBOOK_TICK: "tick the steps of a runbook",
    Permission.BLOCKER_VIEW: "look at blockers",
    Permission.BLOCKER_TAKE: "take blockers",
    Permission.ENVIRONMENT_VIEW: "look at environments",
    Permission.ENVIRONMENT_BOOK: "book environments",
    Permission.ENVIRONMENT_MANAGE: "manage environments",
    Permission.DIGEST_RUN: "post a digest out of turn",
    Permission.JOB_VIEW: "look at jobs",
    Permission.JOB_RUN: "run jobs",
    Permission.LINK_SELF: "link your tracker account",
    Permission.LINK_CONFIRM: "confirm whose tracker account is whose",
    Permission.TOKEN_SELF: "have a token for the command line",
    Permission.RAID_VIEW: "look at risks and decisions",
    Permission.RAID_EDIT: "enter or change risks, assumptions, issues and decisions",
    Permission.AUDIT_VIEW: "look at the record of decisions",
    Permission.EXCEPTION_ASK: "ask for freeze exceptions",
    Permission.EXCEPTION_DECIDE: "decide on freeze exceptions",
    Permission.COLLISION_ACKNOWLEDGE: "acknowledge collisions",
    Permission.FEED_SELF: "have a calendar feed",
    Permission.TICKET_RESTRICTED: "see restricted tickets in evidence",
}
"""What each lets somebody do, to finish the sentence "You can't …"."""
