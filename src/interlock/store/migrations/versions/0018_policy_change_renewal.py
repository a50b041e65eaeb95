"""An approval of a change of policy that is too old may be given again: the database tells the two apart."""

import sqlalchemy as sa
from alembic import op

from interlock.store.append_only import refuse

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None

oldest = "0002"

APPROVED = sa.text("decision = 'approved'")
SAID_TWICE = (
    "r.change_id = NEW.change_id AND r.decision = NEW.decision AND (r.decision = 'rejected' "
    "OR r.requirement = NEW.requirement AND r.renewal = NEW.renewal "
    "AND (r.slack_id = NEW.slack_id OR r.principal = NEW.principal))"
)


def upgrade() -> None:
    # Programs of before leave it out, and theirs is the first word that anybody may give: as it was.
    op.add_column("policy_change_word", sa.Column("renewal", sa.Integer(), nullable=False, server_default="0"))
    for name, column in (("person", "slack_id"), ("principal", "principal")):
        op.drop_index(f"uq_policy_change_word_{name}", "policy_change_word")
        op.create_index(
            f"uq_policy_change_word_{name}",
            "policy_change_word",
            ["change_id", "requirement", column, "renewal"],
            unique=True,
            sqlite_where=APPROVED,
            postgresql_where=APPROVED,
        )
    if op.get_bind().dialect.name == "sqlite":
        op.execute("DROP TRIGGER policy_change_word_no_replace")
        there = f"EXISTS (SELECT 1 FROM policy_change_word r WHERE r.id = NEW.id OR ({SAID_TWICE}))"
        refuse("policy_change_word", "no_replace", "INSERT", there)
