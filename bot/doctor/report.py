"""All checks put together, and what is printed of them."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Final

from sqlalchemy.exc import SQLAlchemyError

from bot.doctor import jira, machine, slack
from bot.doctor.check import Check, run_all
from bot.wiring import Mode, now
from interlock.config.errors import PolicyError
from interlock.config.origin import say_where
from interlock.config.policy import load_policy, summary
from interlock.config.settings import look_at_settings, needed
from interlock.domain import checkup
from interlock.domain.actor import Person
from interlock.domain.checkup import Finding, Mark, fail, ok
from interlock.domain.policy import Policy
from interlock.domain.release import Release
from interlock.store import directory, mirror, release, seen
from interlock.store.engine import Store

MARKS: Final = {Mark.OK: "✓", Mark.WARN: "!", Mark.FAIL: "✗", Mark.UNKNOWN: "?"}
WRONG_SETTINGS: Final = 2
MANIFEST: Final = "slack-manifest.yaml"

SLACK: Final = frozenset({"SLACK_BOT_TOKEN", "SLACK_API_URL"})
JIRA: Final = frozenset({"JIRA_URL", "JIRA_EMAIL", "JIRA_TOKEN"})
LOCAL: Final = {
    "database": {"DATABASE_URL"},
    "disk space": {"DATABASE_URL"},
    "addresses": {"SLACK_API_URL", "JIRA_URL"},
    "Interlock itself": {"INTERLOCK_HTTP"},
    "Jira webhooks": {"JIRA_WEBHOOK_SECRET"},
    "evidence": {"INTERLOCK_EVIDENCE_KEY"},
}
"""The settings without which there is nothing to look at."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    findings: tuple[Finding, ...]
    code: int


def examine(env: Mapping[str, str], mode: Mode, manifest: Path | None) -> Report:
    """A setting or a policy that cannot be used is a finding, with the exit code of wrong settings; what does not need
    it is looked at all the same.
    """
    settings, wrong = look_at_settings(env)
    wrong |= settings.lacking(*(name for name in needed(mode) if name not in wrong))
    beside = manifest or settings.interlock_config.with_name(MANIFEST)
    policy, found = _policy(settings.interlock_config)
    store = None if "DATABASE_URL" in wrong else machine.open_store(settings)
    mirrors = _Mirrors(store)
    try:
        local = machine.checks(settings, store, now)
        theirs = slack.checks(settings, policy, beside, mirrors.people, now) if SLACK.isdisjoint(wrong) else []
        if policy is not None:
            local.append(Check(what="time zones", run=lambda: machine.time_zones(policy)))
            if JIRA.isdisjoint(wrong):
                theirs += jira.checks(settings, policy, mirrors.releases, mirrors.last_webhook, now)
        local.append(Check(what="Jira webhooks", run=lambda: machine.webhook_secret(settings)))
        local.append(Check(what="secret files", run=lambda: machine.secret_files(env)))
        local.append(Check(what="evidence", run=lambda: machine.evidence_key(settings)))
        local = [each for each in local if LOCAL.get(each.what, set()).isdisjoint(wrong)]
        settled = [fail("settings", f"{told}.") for told in wrong.values()]
        told = (*settled, *found, *run_all([*local, *theirs]))
        findings = tuple(replace(each, told=say_where(each.told, env), mend=say_where(each.mend, env)) for each in told)
    finally:
        if store is not None:
            store.close()
    return Report(findings=findings, code=checkup.exit_code(findings) if policy and not wrong else WRONG_SETTINGS)


def as_text(report: Report) -> str:
    """A line for each finding, and one that counts them."""
    wide = max((len(each.what) for each in report.findings), default=0)
    lines = [
        f"{MARKS[each.mark]} {each.mark.value:<7}  {each.what:<{wide}}  {each.told} {each.mend}".rstrip()
        for each in report.findings
    ]
    return "\n".join([*lines, checkup.summary(report.findings)])


def as_json(report: Report) -> str:
    findings = [asdict(each) for each in report.findings]
    return json.dumps({"exit_code": report.code, "findings": findings}, indent=2, ensure_ascii=False)


class _Mirrors:
    """What the store already knows. Where it is not there, or of another schema, that is a finding already."""

    def __init__(self, store: Store | None) -> None:
        self._store = store

    def people(self) -> dict[str, Person] | None:
        if self._store is None:
            return None
        try:
            with self._store.read() as session:
                if mirror.as_of(session, "people") is None or mirror.as_of(session, "tickets") is None:
                    return {}
                return {each.slack_id: each for each in directory.everybody(session)}
        except SQLAlchemyError:
            return None

    def releases(self) -> Iterable[Release]:
        if self._store is None:
            return ()
        with self._store.read() as session:
            return release.active(session)

    def last_webhook(self) -> datetime | None:
        if self._store is None:
            return None
        with self._store.read() as session:
            return seen.latest(session, "webhook")


def _policy(path: Path) -> tuple[Policy | None, list[Finding]]:
    try:
        policy = load_policy(path, now().date())
    except PolicyError as error:
        return None, [fail("policy", str(problem), "Correct it there.") for problem in error.problems]
    return policy, [ok("policy", summary(path, policy))]
