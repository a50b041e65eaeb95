"""What administers the machine: it works on the database and the policy files directly, and decides nothing."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from bot.wiring import now, open_store, settings_from
from interlock.config import policy as policies
from interlock.config import schema as schemas
from interlock.config.errors import ConfigError
from interlock.domain.words import count
from interlock.store import audit, schema


@dataclass(frozen=True, slots=True, kw_only=True)
class Checked:
    lines: tuple[str, ...]
    fine: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    sentence: str
    holds: bool


def upgrade(env: Mapping[str, str]) -> str:
    """Raises StoreError where the database cannot be reached."""
    store = open_store(settings_from(env), require_schema=False)
    try:
        before = schema.current(store)
        schema.upgrade(store)
        after, oldest = schema.current(store), schema.tolerates(store)
    finally:
        store.close()
    if before == after:
        return f"The database is at schema {after} already."
    done = f"The database is at schema {after} now; it was {before or 'empty'}."
    if before is None or oldest is None:
        return done
    if oldest <= before:
        return f"{done} What runs on it may go on."
    return f"{done} Programs older than schema {oldest} must be stopped."


def check_config(env: Mapping[str, str], path: Path | None) -> Checked:
    file = path or settings_from(env).interlock_config
    problems = policies.check(file, now().date())
    if not problems:
        return Checked(lines=(policies.summary(file, policies.load_policy(file, now().date())),), fine=True)
    found = count(len(problems), "mistake")
    return Checked(lines=(*(str(problem) for problem in problems), f"interlock: {found} in the policy."), fine=False)


def config_schema(kind: str, write: Path | None) -> str:
    """The schema's text, or where all of them were written to."""
    if write is not None:
        schemas.write_schemas(write)
        return f"Written to {write}."
    known = schemas.config_schema()
    if kind not in known:
        raise ConfigError(f"There is no schema {kind}. There are: {', '.join(sorted(known))}.")
    return schemas.as_text(known[kind]).rstrip("\n")


def verify_audit(env: Mapping[str, str]) -> Verdict:
    store = open_store(settings_from(env))
    try:
        with store.read() as session:
            events, broken = audit.verify(session)
    finally:
        store.close()
    if broken is not None:
        return Verdict(sentence=f"interlock: the audit chain breaks at event {broken.seq}: {broken.why}.", holds=False)
    return Verdict(sentence=f"The audit chain holds: {count(events, 'event')}.", holds=True)
