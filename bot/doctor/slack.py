"""What the doctor asks Slack: nothing but methods that look."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import Any, Final

import yaml

from bot.directory import Home, SlackDirectory, channel, group, in_use, person
from bot.doctor.check import Check, after
from bot.slack import WRONG_TOKEN, Slack, SlackError
from interlock.config.settings import Settings
from interlock.domain.actor import Person
from interlock.domain.addressed import WHAT as CHANNELS
from interlock.domain.addressed import judge_channels
from interlock.domain.checkup import Finding, Mark, fail, judge_clock, judge_scopes, ok, unknown
from interlock.domain.policy import Policy
from interlock.domain.quorum import Roster, groups_named, judge_groups, judge_quorums

MOST_LOOKUPS: Final = 80
"""People asked for one by one; Slack allows a hundred a minute."""

Clock = Callable[[], datetime]
Known = Callable[[], Mapping[str, Person] | None]
"""The people of the mirror by Slack id; empty where it was never read, None where the database does not tell."""


def checks(settings: Settings, policy: Policy | None, manifest: Path, known: Known, clock: Clock) -> list[Check]:
    slack = Slack(settings.reveal("SLACK_BOT_TOKEN"), settings.slack_api_url)
    first = Check(what="Slack bot token", run=lambda: bot_token(slack, manifest, clock))
    other = []
    if settings.slack_app_token is not None:
        app = Slack(settings.reveal("SLACK_APP_TOKEN"), settings.slack_api_url)
        other.append(Check(what="Slack app token", run=lambda: app_token(app)))
    if policy is None:
        return [first, *other]
    rest = [
        Check(what=CHANNELS, run=lambda: channels(slack, policy)),
        Check(what="user groups", run=lambda: groups(slack, policy, known), seconds=60),
    ]
    first, *rest = after(first, rest)
    return [first, *other, *rest]


def bot_token(slack: Slack, manifest: Path, clock: Clock) -> Iterator[Finding]:
    what = "Slack bot token"
    asked = clock()
    try:
        told = slack.look("auth.test")
    except SlackError as error:
        yield refused(what, "SLACK_BOT_TOKEN", "the bot token (xoxb-…) from OAuth & Permissions", error)
        return
    answered = clock()
    yield ok(what, f"{told.body.get('team')} ({told.body.get('team_id')}), as @{told.body.get('user')}.")
    yield scopes(told.headers, manifest)
    yield _clock(told.headers, asked + (answered - asked) / 2)


def app_token(slack: Slack) -> Iterator[Finding]:
    what = "Slack app token"
    try:
        slack.write("apps.connections.open")
    except SlackError as error:
        yield refused(what, "SLACK_APP_TOKEN", "an app-level token (xapp-…) with connections:write", error)
    else:
        yield ok(what, "Slack opens a socket for it.")


def scopes(headers: Mapping[str, str], manifest: Path) -> Finding:
    told = headers.get("x-oauth-scopes")
    if told is None:
        return unknown("Slack scopes", "Slack's answer does not name them.")
    try:
        app = yaml.safe_load(manifest.read_text(encoding="utf-8"))
        wanted = frozenset(app["oauth_config"]["scopes"]["bot"])
    except (OSError, ValueError, LookupError, TypeError, yaml.YAMLError):
        return unknown("Slack scopes", f"{manifest} can't be read.", "Name the app's manifest with --manifest.")
    granted = frozenset(each.strip() for each in told.split(",") if each.strip())
    return judge_scopes(granted, wanted)


def channels(slack: Slack, policy: Policy) -> list[Finding]:
    """First those that the bot is in, which are few; the whole workspace only where one is missing among them."""
    ours = list(_every(slack, "users.conversations"))
    seen = [replace(channel(each), member=True) for each in ours]
    told = judge_channels(policy, seen, renamed=_renamed(ours))
    if all(each.mark is Mark.OK for each in told):
        return told
    everything = list(_every(slack, "conversations.list"))
    whole = [channel(each) for each in everything]
    return judge_channels(policy, [*seen, *(each for each in whole if not each.member)], renamed=_renamed(everything))


def groups(slack: Slack, policy: Policy, known: Known) -> list[Finding]:
    told = slack.read("usergroups.list", include_users="true", include_disabled="true").get("usergroups")
    listed = [each for each in told if each.get("id")] if isinstance(told, list) else []
    used = [group(each) for each in listed if in_use(each)]
    disabled = {group(each).handle for each in listed if each.get("date_delete")}
    members = {each.handle: each.members for each in used}
    named = frozenset().union(*(members.get(handle, frozenset()) for handle in groups_named(policy)))
    told_of = known()
    mirrored = told_of or {}
    mend = "" if told_of is None else "Run Interlock once, then ask again."  # the database's own finding has its mend
    people = dict(mirrored)
    asked = [each for each in sorted(named) if each not in people]
    home = _home(slack) if asked else None
    for slack_id in asked[:MOST_LOOKUPS]:
        found = _person(slack, slack_id, home)
        if found is not None:
            people[slack_id] = found
    roster = Roster(
        members=members,
        people=people,
        disabled=frozenset(disabled - members.keys()),
        linked=bool(mirrored),
    )
    verdicts = [*judge_groups(policy, roster)]
    if len(asked) > MOST_LOOKUPS:
        told_why = f"{len(asked)} of its people are not known yet."
        return [*verdicts, unknown("sign-offs", told_why, mend)]
    judged = judge_quorums(policy, roster)
    return [*verdicts, *(replace(each, mend=mend) if each.mark is Mark.UNKNOWN else each for each in judged)]


def refused(what: str, variable: str, value: str, error: SlackError) -> Finding:
    if error.code in WRONG_TOKEN:
        return fail(what, f"Slack does not accept it ({error.code}).", f"Set {variable} to {value}.")
    if error.code == "missing_scope":
        return fail(what, f"it lacks the scope {error.needed}.", f"Set {variable} to {value}.")
    return fail(what, str(error), "Check SLACK_API_URL, the network and the proxy, and slack-status.com.")


def _clock(headers: Mapping[str, str], ours: datetime) -> Finding:
    try:
        theirs = parsedate_to_datetime(headers.get("date", ""))
    except ValueError:
        return unknown("clock against Slack", "Slack's answer does not say the time.")
    return judge_clock("Slack", ours - theirs.astimezone(UTC))


def _home(slack: Slack) -> Home:
    return SlackDirectory(slack).home()


def _person(slack: Slack, slack_id: str, home: Home | None) -> Person | None:
    assert home is not None
    try:
        told = slack.read("users.info", user=slack_id).get("user")
    except SlackError as error:
        if error.code == "user_not_found":
            return None
        raise
    return person(told, home) if isinstance(told, Mapping) and told.get("id") else None


def _every(slack: Slack, method: str) -> Iterator[Mapping[str, Any]]:
    for page in slack.pages(method, types="public_channel,private_channel"):
        yield from (each for each in page.get("channels") or () if each.get("id"))


def _renamed(told: Iterable[Mapping[str, Any]]) -> dict[str, str]:
    return {
        str(before): str(each.get("name"))
        for each in told
        for before in each.get("previous_names") or ()
        if not each.get("is_archived")
    }
