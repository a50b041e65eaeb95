"""How long what is kept where. Every table is in one of these; docs/operations.md says it to people."""

from datetime import timedelta
from types import MappingProxyType
from typing import Final

BATCH: Final = 500
"""Rows that one transaction deletes: others write in between."""

TOKENS_KEPT: Final = timedelta(days=30)
"""Once it expired, whoever uses it is still told so."""
CLAIMS_KEPT: Final = timedelta(days=30)
PACING_KEPT: Final = timedelta(days=1)
"""No limit of Slack's looks back so far."""

PRUNED: Final = MappingProxyType(
    {
        "outbox": "sent or dropped, and over: `messages_days`",
        "outage": "told of: `messages_days`",
        "slot": "ended: `runs_days`; each job's newest stays",
        "seen": "`requests_days`",
        "digest": "of releases that are closed: `digests_days`",
        "link_request": "30 days after it expired",
        "access_token": "30 days after it expired",
        "feed_link": "30 days after it expired",
        "pacing": "a day after it was last used",
    }
)
"""What goes, and when."""

KEPT: Final = frozenset(
    {
        "audit_event", "audit_head", "audit_person",
        "release", "milestone", "requirement", "scope", "signoff",
        "signoff_condition", "delegation", "answer_due", "shortfall",
        "card", "card_revision", "scope_snapshot",
        "environment", "booking", "break_glass", "blocker", "escalation",
        "raid_entry", "raid_change",
        "waiver", "criterion_evidence", "readiness_day", "report_token",
        "gonogo", "gonogo_vote", "policy_change", "policy_change_word",
        "runbook_run", "runbook_step", "runbook_mark",
        "freeze_exception", "collision_acknowledgement",
        "schema_floor", "erasure", "tombstone",
    }
)  # fmt: skip
"""What was decided, and what it was decided on: for ever."""

MIRRORED: Final = frozenset(
    {
        "person", "user_group", "user_group_member", "channel",
        "account", "project", "status", "version",
        "ticket", "ticket_change", "ticket_component", "ticket_label", "ticket_link", "ticket_version",
        "mirror", "revalidation", "vendor_refusal", "pulse",
    }
)  # fmt: skip
"""What Slack and the tracker say: as long as they do, and then as what it last was, since decisions name it."""
