"""What the doctor asks Jira: nothing but what looks."""

from collections.abc import Callable, Iterable, Iterator
from datetime import datetime
from functools import partial

from sqlalchemy.exc import SQLAlchemyError

from bot.doctor.check import Check, after
from interlock.config.settings import Settings
from interlock.domain.checkup import Finding, fail, judge_clock, ok, unknown, warn
from interlock.domain.policy import Policy
from interlock.domain.release import Release
from interlock.domain.words import ago, count
from interlock.trackers.errors import TrackerError
from interlock.trackers.jira import JiraTracker

READ_SECONDS = 10.0
SECONDS = 30.0

Clock = Callable[[], datetime]
Releases = Callable[[], Iterable[Release]]
"""Those under way, by the store."""
Last = Callable[[], datetime | None]
"""When the last webhook came, by the store."""


def checks(settings: Settings, policy: Policy, releases: Releases, last: Last, clock: Clock) -> list[Check]:
    tracker = JiraTracker(
        settings.jira_url or "",
        settings.jira_email,
        settings.reveal("JIRA_TOKEN"),
        policy.tickets,
        read_seconds=READ_SECONDS,
        attempts=1,
    )
    keys = policy.tickets.projects
    told = [Check(what="Jira webhooks", run=lambda: webhooks(tracker, last, clock), seconds=SECONDS)]
    first = Check(what="Jira token", run=lambda: token(tracker, clock), seconds=SECONDS)
    rest = [
        *(Check(what=f"Jira project {key}", run=partial(project, tracker, key), seconds=SECONDS) for key in keys),
        Check(what="fix versions", run=lambda: versions(tracker, keys, releases), seconds=SECONDS),
        *(told if settings.jira_webhook_secret is not None else ()),
    ]
    return after(first, rest)


def token(tracker: JiraTracker, clock: Clock) -> Iterator[Finding]:
    asked = clock()
    try:
        told = tracker.greet()
    except TrackerError as error:
        yield fail("Jira token", str(error))  # its sentence names the variable to correct
        return
    answered = clock()
    kind = "Cloud" if told.cloud else "Data Center"
    yield ok("Jira token", f"{told.title or 'Jira'} ({kind} {told.version}), as {told.account.name}.")
    if told.missing:
        mend = "Correct the names under tickets in the policy, or give the account's screens those fields."
        yield warn("Jira fields", f"this Jira has no {', '.join(told.missing)}.", mend)
    if told.server_time is None:
        yield unknown("clock against Jira", "Jira does not say the time.")
    else:
        yield judge_clock("Jira", asked + (answered - asked) / 2 - told.server_time)


def project(tracker: JiraTracker, key: str) -> Iterator[Finding]:
    what = f"Jira project {key}"
    if tracker.may_browse(key):
        yield ok(what, "its tickets can be read.")
    else:
        mend = f"Give the account Browse Projects on {key}, or take it out of tickets.projects."
        yield fail(what, "the account may not see its tickets, or there is no such project.", mend)


def versions(tracker: JiraTracker, keys: Iterable[str], releases: Releases) -> Iterator[Finding]:
    """Whether Jira still has each fix version that a release under way takes its tickets by."""
    try:
        told = releases()
    except SQLAlchemyError:  # why is a finding of its own
        yield unknown("fix versions", "the database does not tell which releases are under way.")
        return
    known = {each.id for key in keys for each in tracker.versions(key)}
    going = [each for each in told if each.scope_rule.version_ids]
    lost = [each for each in going if not known.issuperset(each.scope_rule.version_ids)]
    for each in lost:
        gone = len(set(each.scope_rule.version_ids) - known)
        yield fail(
            f"release {each.name}",
            f"{count(gone, 'fix version')} that it takes its tickets by is not in Jira's projects any more.",
            "Restore the version in Jira (merged or deleted?), or close the release and plan it anew.",
        )
    if not lost:
        yield ok("fix versions", f"{len(known)} in Jira; {count(len(going), 'release')} under way find theirs.")


def webhooks(tracker: JiraTracker, last: Last, clock: Clock) -> Iterator[Finding]:
    """Whether Jira tells us of changes, as far as this token may know."""
    what, path = "Jira webhooks", "/webhooks/jira"
    mend = f"Make one under System, WebHooks, that leads to {path} (docs/operations.md, Webhooks)."
    try:
        when = last()
        came = f"the last came {ago(when, clock())}" if when else "none has come yet"
    except SQLAlchemyError:  # as above
        came = "when the last came, the database does not tell"
    urls = tracker.webhook_urls()
    if urls is None:
        yield unknown(what, f"{came}; whether Jira has ours cannot be checked with this token.")
    elif any(url.partition("?")[0].endswith(path) for url in urls):
        yield ok(what, f"Jira has ours; {came}.")
    else:
        yield warn(what, f"Jira has none that leads to {path}; {came}.", mend)
