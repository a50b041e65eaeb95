"""${message}"""

import sqlalchemy as sa
import sqlmodel
from alembic import op

import interlock.store.base
${imports if imports else ""}
revision = ${repr(up_revision)}
down_revision = ${repr(down_revision)}
branch_labels = None
depends_on = None

oldest = "the oldest schema whose programs work on this one: the same as in the migration before, if this only adds"


def upgrade() -> None:
    ${upgrades if upgrades else "pass"}
