"""What administers the machine: it works on the database and the policy files directly, and decides nothing."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TextIO

from bot.audit_export import Form, write
from bot.wiring import now, open_store, settings_from
from interlock.config import policy as policies
from interlock.config import schema as schemas
from interlock.config.errors import ConfigError
from interlock.domain.anchor import read
from interlock.domain.words import count
from interlock.store import audit, break_glass_record, gate_record, release_record, schema, signoff_record
from interlock.store.erasure import erased_events
from interlock.usecases import anchor


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


def verify_audit(env: Mapping[str, str], anchors: Sequence[Path] = ()) -> Verdict:
    """The whole chain, that it still has what any text in these files says that it had, and that the sign-offs that
    count are those that it records. Raises ConfigError for a file that cannot be read or holds no anchor.
    """
    texts = [_anchors(path) for path in anchors]
    store = open_store(settings_from(env))
    try:
        with store.read() as session:
            events, broken = audit.verify(session)
            erased = erased_events(session)
            records = (signoff_record, break_glass_record, gate_record, release_record)
            unlike = next(filter(None, (each.first_difference(session) for each in records)), None)
        broken = broken or anchor.contradicted(store, "\n".join(texts))
    finally:
        store.close()
    if broken is not None:
        return Verdict(sentence=f"interlock: the audit chain breaks at event {broken.seq}: {broken.why}.", holds=False)
    if unlike is not None:
        return Verdict(sentence=f"interlock: {unlike}: it was changed past Interlock.", holds=False)
    held = sum(len(read(text)) for text in texts)
    against = f", and {count(held, 'anchor')} with it" if held else ""
    gone = f" Personal data of {count(erased, 'event')} was erased." if erased else ""
    return Verdict(sentence=f"The audit chain holds: {count(events, 'event')}{against}.{gone}", holds=True)


def export_audit(env: Mapping[str, str], since: datetime | None, form: Form, out: TextIO) -> int:
    """Writes every event since then, the oldest first; returns how many. What people were erased is absent."""
    store = open_store(settings_from(env))
    try:
        with store.read() as session:
            return write(audit.since(session, since), form, out)
    finally:
        store.close()


def _anchors(path: Path) -> str:
    try:
        files = [each for each in sorted(path.iterdir()) if each.is_file()] if path.is_dir() else [path]
        text = "\n".join(file.read_text(encoding="utf-8", errors="replace") for file in files)
    except OSError as error:
        raise ConfigError(f"{path} can't be read ({error.strerror}).") from error
    if not read(text):
        raise ConfigError(f"{path} holds no anchor: lines that begin with interlock-anchor.")
    return text
