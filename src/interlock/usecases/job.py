"""Running a job at once, because a person asks for it."""

from dataclasses import asdict
from datetime import datetime
from typing import Final

from interlock.domain.actor import Actor, Standing
from interlock.domain.audit import AuditEvent
from interlock.domain.authority import Refused
from interlock.domain.permission import Permission
from interlock.domain.policy import Policy
from interlock.store import audit
from interlock.store.engine import Store
from interlock.usecases import authority
from interlock.usecases.record import record_refusal

FRESHENS: Final = frozenset({"groups"})
"""The jobs that read who is in which group: while that is too old to decide by, running one of these is the mend."""


def ask(store: Store, policy: Policy, actor: Actor, job: str, subject: str, now: datetime) -> Standing | Refused:
    """Recorded before it begins. `subject` "": all that the job has. The caller runs it once this has returned."""
    with store.write() as session:
        if job in FRESHENS:
            allowed = authority.to_view(session, policy, Permission.JOB_RUN, actor)
        else:
            allowed = authority.to_decide(session, policy, Permission.JOB_RUN, actor, now)
        facts = {"job": job, "subject": subject}
        if isinstance(allowed, Refused):
            return record_refusal(session, "job.ask_refused", actor, None, facts, allowed, now)
        people = {"actor": asdict(allowed.person)}
        audit.append(session, AuditEvent(kind="job.asked", actor=actor, facts=facts, people=people), now)
        return allowed
