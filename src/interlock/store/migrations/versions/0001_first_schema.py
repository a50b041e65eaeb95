"""First schema"""

import sqlalchemy as sa
from alembic import op

import interlock.store.base

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "access_token",
        sa.Column("slack_id", sa.String(), nullable=False),
        sa.Column("request", sa.String(), nullable=False),
        sa.Column("asked_at", interlock.store.base.UtcDateTime(timezone=True), nullable=False),
        sa.Column("hash", sa.String(), nullable=True),
        sa.Column("expires_at", interlock.store.base.UtcDateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("slack_id", name=op.f("pk_access_token")),
        sa.UniqueConstraint("hash", name=op.f("uq_access_token_hash")),
    )
    op.create_table(
        "account",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("email", sa.String(), nullable=True),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_account")),
    )
    with op.batch_alter_table("account", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_account_email"), ["email"], unique=False)

    op.create_table(
        "audit_event",
        sa.Column("seq", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("at", interlock.store.base.UtcDateTime(timezone=True), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("release_id", sa.Integer(), nullable=True),
        sa.Column("body", sa.String(), nullable=False),
        sa.Column("previous", sa.String(), nullable=False),
        sa.Column("hash", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("seq", name=op.f("pk_audit_event")),
        sa.UniqueConstraint("hash", name=op.f("uq_audit_event_hash")),
    )
    with op.batch_alter_table("audit_event", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_audit_event_kind"), ["kind"], unique=False)
        batch_op.create_index(batch_op.f("ix_audit_event_release_id"), ["release_id"], unique=False)

    op.create_table(
        "audit_head",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("seq", sa.Integer(), nullable=False),
        sa.Column("hash", sa.String(), nullable=False),
        sa.CheckConstraint("id = 1", name=op.f("ck_audit_head_single")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_audit_head")),
    )
    op.create_table(
        "blocker",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("ticket_id", sa.String(), nullable=False),
        sa.Column("since", interlock.store.base.UtcDateTime(timezone=True), nullable=True),
        sa.Column("seen_at", interlock.store.base.UtcDateTime(timezone=True), nullable=False),
        sa.Column("cleared_at", interlock.store.base.UtcDateTime(timezone=True), nullable=True),
        sa.Column("taken_by", sa.String(), nullable=True),
        sa.Column("taken_at", interlock.store.base.UtcDateTime(timezone=True), nullable=True),
        sa.Column("taken_until", interlock.store.base.UtcDateTime(timezone=True), nullable=True),
        sa.Column("snoozed_by", sa.String(), nullable=True),
        sa.Column("snoozed_until", interlock.store.base.UtcDateTime(timezone=True), nullable=True),
        sa.Column("snooze_reason", sa.String(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_blocker")),
    )
    with op.batch_alter_table("blocker", schema=None) as batch_op:
        batch_op.create_index(
            "uq_blocker_open",
            ["ticket_id"],
            unique=True,
            sqlite_where=sa.text("cleared_at IS NULL"),
            postgresql_where=sa.text("cleared_at IS NULL"),
        )

    op.create_table(
        "channel",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("private", sa.Boolean(), nullable=False),
        sa.Column("shared", sa.Boolean(), nullable=False),
        sa.Column("archived", sa.Boolean(), nullable=False),
        sa.Column("member", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_channel")),
    )
    with op.batch_alter_table("channel", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_channel_name"), ["name"], unique=False)

    op.create_table(
        "environment",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("key", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("tier", sa.String(), nullable=False),
        sa.Column("capacity", sa.Integer(), nullable=False),
        sa.Column("lifecycle", sa.String(), nullable=False),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("configured", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_environment")),
        sa.UniqueConstraint("key", name=op.f("uq_environment_key")),
    )
    op.create_table(
        "link_request",
        sa.Column("slack_id", sa.String(), nullable=False),
        sa.Column("account_id", sa.String(), nullable=True),
        sa.Column("named", sa.String(), nullable=False),
        sa.Column("code", sa.String(), nullable=False),
        sa.Column("opened_at", interlock.store.base.UtcDateTime(timezone=True), nullable=False),
        sa.Column("expires_at", interlock.store.base.UtcDateTime(timezone=True), nullable=False),
        sa.Column("ticket_key", sa.String(), nullable=True),
        sa.PrimaryKeyConstraint("slack_id", name=op.f("pk_link_request")),
    )
    with op.batch_alter_table("link_request", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_link_request_expires_at"), ["expires_at"], unique=False)

    op.create_table(
        "mirror",
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("as_of", interlock.store.base.UtcDateTime(timezone=True), nullable=True),
        sa.Column("cursor", sa.String(), nullable=True),
        sa.Column("tried_at", interlock.store.base.UtcDateTime(timezone=True), nullable=True),
        sa.Column("problem", sa.String(), nullable=True),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_mirror")),
    )
    op.create_table(
        "outbox",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("key", sa.String(), nullable=False),
        sa.Column("coalesce", sa.String(), nullable=True),
        sa.Column("lane", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("ids", sa.JSON(), nullable=False),
        sa.Column("channel", sa.String(), nullable=False),
        sa.Column("thread_ts", sa.String(), nullable=True),
        sa.Column("urgency", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("token", sa.String(), nullable=False),
        sa.Column("created_at", interlock.store.base.UtcDateTime(timezone=True), nullable=False),
        sa.Column("not_before", interlock.store.base.UtcDateTime(timezone=True), nullable=False),
        sa.Column("not_after", interlock.store.base.UtcDateTime(timezone=True), nullable=False),
        sa.Column("owner", sa.String(), nullable=True),
        sa.Column("lease_until", interlock.store.base.UtcDateTime(timezone=True), nullable=True),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("attempted_at", interlock.store.base.UtcDateTime(timezone=True), nullable=True),
        sa.Column("sent_at", interlock.store.base.UtcDateTime(timezone=True), nullable=True),
        sa.Column("message_ts", sa.String(), nullable=True),
        sa.Column("message_channel", sa.String(), nullable=True),
        sa.Column("reason", sa.String(), nullable=True),
        sa.CheckConstraint(
            "state IN ('pending', 'sending', 'sent', 'dropped', 'parked')", name=op.f("ck_outbox_state")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_outbox")),
        sa.UniqueConstraint("token", name=op.f("uq_outbox_token")),
    )
    with op.batch_alter_table("outbox", schema=None) as batch_op:
        batch_op.create_index(
            "ix_outbox_open",
            ["lane", "urgency", "id"],
            unique=False,
            sqlite_where=sa.text("state IN ('pending', 'sending')"),
            postgresql_where=sa.text("state IN ('pending', 'sending')"),
        )
        batch_op.create_index(
            "uq_outbox_coalesce",
            ["coalesce"],
            unique=True,
            sqlite_where=sa.text("state = 'pending'"),
            postgresql_where=sa.text("state = 'pending'"),
        )
        batch_op.create_index("uq_outbox_key", ["key"], unique=True)

    op.create_table(
        "pacing",
        sa.Column("bucket", sa.String(), nullable=False),
        sa.Column("next_at", interlock.store.base.UtcDateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("bucket", name=op.f("pk_pacing")),
    )
    op.create_table(
        "person",
        sa.Column("slack_id", sa.String(), nullable=False),
        sa.Column("handle", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("email", sa.String(), nullable=True),
        sa.Column("time_zone", sa.String(), nullable=True),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.Column("account_id", sa.String(), nullable=True),
        sa.Column("linked_by", sa.String(), nullable=True),
        sa.Column("linked_at", interlock.store.base.UtcDateTime(timezone=True), nullable=True),
        sa.Column("seen_at", interlock.store.base.UtcDateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("slack_id", name=op.f("pk_person")),
    )
    with op.batch_alter_table("person", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_person_account_id"), ["account_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_person_email"), ["email"], unique=False)
        batch_op.create_index(
            "uq_person_account",
            ["account_id"],
            unique=True,
            sqlite_where=sa.text("linked_by IS NOT NULL"),
            postgresql_where=sa.text("linked_by IS NOT NULL"),
        )

    op.create_table(
        "project",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("key", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_project")),
    )
    with op.batch_alter_table("project", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_project_key"), ["key"], unique=False)

    op.create_table(
        "release",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("folded", sa.String(), nullable=False),
        sa.Column("template", sa.String(), nullable=False),
        sa.Column("policy", sa.JSON(), nullable=False),
        sa.Column("policy_version", sa.String(), nullable=False),
        sa.Column("stage", sa.String(), nullable=False),
        sa.Column("target", sa.Date(), nullable=False),
        sa.Column("channel_id", sa.String(), nullable=False),
        sa.Column("scope_rule", sa.JSON(), nullable=False),
        sa.Column("created_by", sa.String(), nullable=False),
        sa.Column("created_at", interlock.store.base.UtcDateTime(timezone=True), nullable=False),
        sa.Column("scope_opened_at", interlock.store.base.UtcDateTime(timezone=True), nullable=False),
        sa.Column("closed_at", interlock.store.base.UtcDateTime(timezone=True), nullable=True),
        sa.Column("closed_by", sa.String(), nullable=True),
        sa.Column("close_reason", sa.String(), nullable=True),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_release")),
        sa.UniqueConstraint("folded", name=op.f("uq_release_folded")),
    )
    with op.batch_alter_table("release", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_release_channel_id"), ["channel_id"], unique=False)

    op.create_table(
        "scope_snapshot",
        sa.Column("fingerprint", sa.String(), nullable=False),
        sa.Column("tickets", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("fingerprint", name=op.f("pk_scope_snapshot")),
    )
    op.create_table(
        "seen",
        sa.Column("key", sa.String(), nullable=False),
        sa.Column("at", interlock.store.base.UtcDateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_seen")),
    )
    with op.batch_alter_table("seen", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_seen_at"), ["at"], unique=False)

    op.create_table(
        "slot",
        sa.Column("job", sa.String(), nullable=False),
        sa.Column("due_at", interlock.store.base.UtcDateTime(timezone=True), nullable=False),
        sa.Column("owner", sa.String(), nullable=True),
        sa.Column("lease_until", interlock.store.base.UtcDateTime(timezone=True), nullable=True),
        sa.Column("attempt", sa.Integer(), nullable=False),
        sa.Column("started_at", interlock.store.base.UtcDateTime(timezone=True), nullable=True),
        sa.Column("done_at", interlock.store.base.UtcDateTime(timezone=True), nullable=True),
        sa.Column("outcome", sa.String(), nullable=True),
        sa.Column("detail", sa.String(), nullable=True),
        sa.CheckConstraint("outcome IN ('done', 'failed', 'skipped')", name=op.f("ck_slot_outcome")),
        sa.PrimaryKeyConstraint("job", "due_at", name=op.f("pk_slot")),
    )
    op.create_table(
        "status",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("category", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_status")),
    )
    op.create_table(
        "ticket",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("key", sa.String(), nullable=False),
        sa.Column("project_id", sa.String(), nullable=False),
        sa.Column("project_key", sa.String(), nullable=False),
        sa.Column("team_key", sa.String(), nullable=True),
        sa.Column("summary", sa.String(), nullable=False),
        sa.Column("type", sa.String(), nullable=False),
        sa.Column("status_id", sa.String(), nullable=False),
        sa.Column("status", sa.String(), nullable=False),
        sa.Column("category", sa.String(), nullable=False),
        sa.Column("priority", sa.String(), nullable=True),
        sa.Column("assignee_id", sa.String(), nullable=True),
        sa.Column("reporter_id", sa.String(), nullable=True),
        sa.Column("due", sa.Date(), nullable=True),
        sa.Column("created", interlock.store.base.UtcDateTime(timezone=True), nullable=False),
        sa.Column("updated", interlock.store.base.UtcDateTime(timezone=True), nullable=False),
        sa.Column("resolved", interlock.store.base.UtcDateTime(timezone=True), nullable=True),
        sa.Column("flagged", sa.Boolean(), nullable=False),
        sa.Column("security_level", sa.String(), nullable=True),
        sa.Column("story_points", sa.Float(), nullable=True),
        sa.Column("epic_key", sa.String(), nullable=True),
        sa.Column("team_field", sa.String(), nullable=True),
        sa.Column("changes_complete", sa.Boolean(), nullable=False),
        sa.Column("seen_at", interlock.store.base.UtcDateTime(timezone=True), nullable=False),
        sa.Column("deleted_at", interlock.store.base.UtcDateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_ticket")),
    )
    with op.batch_alter_table("ticket", schema=None) as batch_op:
        batch_op.create_index(
            "ix_ticket_assignee", ["assignee_id"], unique=False, sqlite_where=sa.text("category != 'done'")
        )
        batch_op.create_index("ix_ticket_epic", ["epic_key"], unique=False)
        batch_op.create_index(batch_op.f("ix_ticket_key"), ["key"], unique=False)
        batch_op.create_index(batch_op.f("ix_ticket_project_key"), ["project_key"], unique=False)
        batch_op.create_index("ix_ticket_team_open", ["team_key", "category"], unique=False)
        batch_op.create_index(batch_op.f("ix_ticket_updated"), ["updated"], unique=False)

    op.create_table(
        "user_group",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("handle", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("deleted", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_user_group")),
    )
    with op.batch_alter_table("user_group", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_user_group_handle"), ["handle"], unique=False)

    op.create_table(
        "version",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("project_id", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("released", sa.Boolean(), nullable=False),
        sa.Column("archived", sa.Boolean(), nullable=False),
        sa.Column("release_date", sa.Date(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_version")),
    )
    with op.batch_alter_table("version", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_version_name"), ["name"], unique=False)
        batch_op.create_index(batch_op.f("ix_version_project_id"), ["project_id"], unique=False)

    op.create_table(
        "audit_person",
        sa.Column("seq", sa.Integer(), nullable=False),
        sa.Column("role", sa.String(), nullable=False),
        sa.Column("salt", sa.String(), nullable=False),
        sa.Column("data", sa.JSON(), nullable=False),
        sa.ForeignKeyConstraint(["seq"], ["audit_event.seq"], name=op.f("fk_audit_person_seq")),
        sa.PrimaryKeyConstraint("seq", "role", name=op.f("pk_audit_person")),
    )
    op.create_table(
        "booking",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("environment_id", sa.Integer(), nullable=False),
        sa.Column("slack_id", sa.String(), nullable=False),
        sa.Column("release_id", sa.Integer(), nullable=True),
        sa.Column("purpose", sa.String(), nullable=False),
        sa.Column("exclusive", sa.Boolean(), nullable=False),
        sa.Column("seat_from", sa.Integer(), nullable=False),
        sa.Column("seat_to", sa.Integer(), nullable=False),
        sa.Column("starts", interlock.store.base.UtcDateTime(timezone=True), nullable=False),
        sa.Column("ends", interlock.store.base.UtcDateTime(timezone=True), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("request_id", sa.String(), nullable=True),
        sa.Column("created_at", interlock.store.base.UtcDateTime(timezone=True), nullable=False),
        sa.Column("ended_at", interlock.store.base.UtcDateTime(timezone=True), nullable=True),
        sa.Column("ended_by", sa.String(), nullable=True),
        sa.Column("reason", sa.String(), nullable=False),
        sa.CheckConstraint(
            "state IN ('active', 'waiting', 'returned', 'cancelled', 'lapsed')", name=op.f("ck_booking_state")
        ),
        sa.CheckConstraint("seat_from < seat_to", name=op.f("ck_booking_seats")),
        sa.CheckConstraint("starts < ends", name=op.f("ck_booking_span")),
        sa.ForeignKeyConstraint(["environment_id"], ["environment.id"], name=op.f("fk_booking_environment_id")),
        sa.ForeignKeyConstraint(["release_id"], ["release.id"], name=op.f("fk_booking_release_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_booking")),
        sa.UniqueConstraint("request_id", name=op.f("uq_booking_request_id")),
    )
    with op.batch_alter_table("booking", schema=None) as batch_op:
        batch_op.create_index("ix_booking_environment", ["environment_id", "state", "ends"], unique=False)
        batch_op.create_index(batch_op.f("ix_booking_slack_id"), ["slack_id"], unique=False)

    op.create_table(
        "card",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("release_id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("channel_id", sa.String(), nullable=False),
        sa.Column("requested_by", sa.String(), nullable=False),
        sa.Column("requested_at", interlock.store.base.UtcDateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["release_id"], ["release.id"], name=op.f("fk_card_release_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_card")),
        sa.UniqueConstraint("release_id", "kind", name=op.f("uq_card_release_id_kind")),
    )
    op.create_table(
        "digest",
        sa.Column("release_id", sa.Integer(), nullable=False),
        sa.Column("channel_id", sa.String(), nullable=False),
        sa.Column("slot", sa.String(), nullable=False),
        sa.Column("at", interlock.store.base.UtcDateTime(timezone=True), nullable=False),
        sa.Column("light", sa.String(), nullable=False),
        sa.Column("signoffs", sa.Integer(), nullable=False),
        sa.Column("blockers", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["release_id"], ["release.id"], name=op.f("fk_digest_release_id")),
        sa.PrimaryKeyConstraint("release_id", "channel_id", "slot", name=op.f("pk_digest")),
    )
    op.create_table(
        "escalation",
        sa.Column("blocker_id", sa.Integer(), nullable=False),
        sa.Column("step", sa.Integer(), nullable=False),
        sa.Column("told_at", interlock.store.base.UtcDateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["blocker_id"], ["blocker.id"], name=op.f("fk_escalation_blocker_id")),
        sa.PrimaryKeyConstraint("blocker_id", "step", name=op.f("pk_escalation")),
    )
    op.create_table(
        "milestone",
        sa.Column("release_id", sa.Integer(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("due", sa.Date(), nullable=False),
        sa.Column("reached_at", interlock.store.base.UtcDateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["release_id"], ["release.id"], name=op.f("fk_milestone_release_id")),
        sa.PrimaryKeyConstraint("release_id", "position", name=op.f("pk_milestone")),
    )
    op.create_table(
        "requirement",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("release_id", sa.Integer(), nullable=False),
        sa.Column("key", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(["release_id"], ["release.id"], name=op.f("fk_requirement_release_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_requirement")),
        sa.UniqueConstraint("release_id", "key", name=op.f("uq_requirement_release_id_key")),
    )
    op.create_table(
        "scope",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("release_id", sa.Integer(), nullable=False),
        sa.Column("ticket_id", sa.String(), nullable=False),
        sa.Column("added_at", interlock.store.base.UtcDateTime(timezone=True), nullable=False),
        sa.Column("removed_at", interlock.store.base.UtcDateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["release_id"], ["release.id"], name=op.f("fk_scope_release_id")),
        sa.ForeignKeyConstraint(["ticket_id"], ["ticket.id"], name=op.f("fk_scope_ticket_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_scope")),
    )
    with op.batch_alter_table("scope", schema=None) as batch_op:
        batch_op.create_index("ix_scope_history", ["release_id", "removed_at", "added_at"], unique=False)
        batch_op.create_index("ix_scope_ticket", ["ticket_id"], unique=False)
        batch_op.create_index(
            "uq_scope_current",
            ["release_id", "ticket_id"],
            unique=True,
            sqlite_where=sa.text("removed_at IS NULL"),
            postgresql_where=sa.text("removed_at IS NULL"),
        )

    op.create_table(
        "ticket_change",
        sa.Column("ticket_id", sa.String(), nullable=False),
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("at", interlock.store.base.UtcDateTime(timezone=True), nullable=False),
        sa.Column("field", sa.String(), nullable=False),
        sa.Column("before", sa.String(), nullable=True),
        sa.Column("after", sa.String(), nullable=True),
        sa.Column("before_text", sa.String(), nullable=True),
        sa.Column("after_text", sa.String(), nullable=True),
        sa.Column("author_id", sa.String(), nullable=True),
        sa.Column("observed", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(["ticket_id"], ["ticket.id"], name=op.f("fk_ticket_change_ticket_id")),
        sa.PrimaryKeyConstraint("ticket_id", "id", name=op.f("pk_ticket_change")),
    )
    with op.batch_alter_table("ticket_change", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_ticket_change_at"), ["at"], unique=False)
        batch_op.create_index("ix_ticket_change_history", ["ticket_id", "field", "at"], unique=False)

    op.create_table(
        "ticket_component",
        sa.Column("ticket_id", sa.String(), nullable=False),
        sa.Column("component", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(["ticket_id"], ["ticket.id"], name=op.f("fk_ticket_component_ticket_id")),
        sa.PrimaryKeyConstraint("ticket_id", "component", name=op.f("pk_ticket_component")),
    )
    op.create_table(
        "ticket_label",
        sa.Column("ticket_id", sa.String(), nullable=False),
        sa.Column("label", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(["ticket_id"], ["ticket.id"], name=op.f("fk_ticket_label_ticket_id")),
        sa.PrimaryKeyConstraint("ticket_id", "label", name=op.f("pk_ticket_label")),
    )
    with op.batch_alter_table("ticket_label", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_ticket_label_label"), ["label"], unique=False)

    op.create_table(
        "ticket_link",
        sa.Column("ticket_id", sa.String(), nullable=False),
        sa.Column("other_id", sa.String(), nullable=False),
        sa.Column("phrase", sa.String(), nullable=False),
        sa.Column("relation", sa.String(), nullable=False),
        sa.Column("other_key", sa.String(), nullable=False),
        sa.Column("other_category", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(["ticket_id"], ["ticket.id"], name=op.f("fk_ticket_link_ticket_id")),
        sa.PrimaryKeyConstraint("ticket_id", "other_id", "phrase", name=op.f("pk_ticket_link")),
    )
    with op.batch_alter_table("ticket_link", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_ticket_link_other_id"), ["other_id"], unique=False)

    op.create_table(
        "ticket_version",
        sa.Column("ticket_id", sa.String(), nullable=False),
        sa.Column("version_id", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(["ticket_id"], ["ticket.id"], name=op.f("fk_ticket_version_ticket_id")),
        sa.PrimaryKeyConstraint("ticket_id", "version_id", name=op.f("pk_ticket_version")),
    )
    with op.batch_alter_table("ticket_version", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_ticket_version_version_id"), ["version_id"], unique=False)

    op.create_table(
        "user_group_member",
        sa.Column("group_id", sa.String(), nullable=False),
        sa.Column("slack_id", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(["group_id"], ["user_group.id"], name=op.f("fk_user_group_member_group_id")),
        sa.PrimaryKeyConstraint("group_id", "slack_id", name=op.f("pk_user_group_member")),
    )
    with op.batch_alter_table("user_group_member", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_user_group_member_slack_id"), ["slack_id"], unique=False)

    op.create_table(
        "card_revision",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("card_id", sa.Integer(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("fingerprint", sa.String(), nullable=False),
        sa.Column("policy_version", sa.String(), nullable=False),
        sa.Column("shown", sa.JSON(), nullable=False),
        sa.Column("drawn_at", interlock.store.base.UtcDateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["card_id"], ["card.id"], name=op.f("fk_card_revision_card_id")),
        sa.ForeignKeyConstraint(
            ["fingerprint"], ["scope_snapshot.fingerprint"], name=op.f("fk_card_revision_fingerprint")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_card_revision")),
        sa.UniqueConstraint("card_id", "number", name=op.f("uq_card_revision_card_id_number")),
    )
    op.create_table(
        "signoff",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("release_id", sa.Integer(), nullable=False),
        sa.Column("requirement_id", sa.Integer(), nullable=False),
        sa.Column("revision_id", sa.String(), nullable=False),
        sa.Column("slack_id", sa.String(), nullable=False),
        sa.Column("decision", sa.String(), nullable=False),
        sa.Column("reason", sa.String(), nullable=True),
        sa.Column("fingerprint", sa.String(), nullable=False),
        sa.Column("auth", sa.String(), nullable=False),
        sa.Column("at", interlock.store.base.UtcDateTime(timezone=True), nullable=False),
        sa.Column("revoked_at", interlock.store.base.UtcDateTime(timezone=True), nullable=True),
        sa.Column("void_at", interlock.store.base.UtcDateTime(timezone=True), nullable=True),
        sa.Column("void_change", sa.JSON(), nullable=True),
        sa.CheckConstraint("decision = 'approved' OR reason IS NOT NULL", name=op.f("ck_signoff_reason")),
        sa.CheckConstraint("decision IN ('approved', 'rejected')", name=op.f("ck_signoff_decision")),
        sa.ForeignKeyConstraint(["release_id"], ["release.id"], name=op.f("fk_signoff_release_id")),
        sa.ForeignKeyConstraint(["requirement_id"], ["requirement.id"], name=op.f("fk_signoff_requirement_id")),
        sa.ForeignKeyConstraint(["revision_id"], ["card_revision.id"], name=op.f("fk_signoff_revision_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_signoff")),
    )
    with op.batch_alter_table("signoff", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_signoff_release_id"), ["release_id"], unique=False)
        batch_op.create_index(
            "uq_signoff_live",
            ["requirement_id", "slack_id"],
            unique=True,
            sqlite_where=sa.text("revoked_at IS NULL AND void_at IS NULL"),
            postgresql_where=sa.text("revoked_at IS NULL AND void_at IS NULL"),
        )
