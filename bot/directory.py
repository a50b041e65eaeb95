"""Slack's people, user groups and channels as domain values: the `Directory` of `interlock.jobs.groups`.

Shapes: https://docs.slack.dev/reference/objects/user-object, usergroup-object and conversation-object
"""

import threading
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final, Literal

from bot.parsing import plain
from bot.slack import Slack, SlackError
from interlock.domain.actor import Person
from interlock.domain.channel import Channel
from interlock.domain.directory import Group

PATIENCE: Final = 8
"""How often in a row one page is asked for again when Slack asks to slow down."""
LONGEST: Final = timedelta(seconds=60)

SLACKBOT: Final = "USLACKBOT"


@dataclass(frozen=True, slots=True, kw_only=True)
class Home:
    """Our workspace: whoever is of another one (and of another organisation) is of another company."""

    team_id: str
    enterprise_id: str | None = None
    bot_user_id: str | None = None


def pause(span: timedelta) -> None:
    threading.Event().wait(min(span, LONGEST).total_seconds())


class SlackDirectory:
    def __init__(self, slack: Slack, wait: Callable[[timedelta], None] = pause) -> None:
        self._slack = slack
        self._wait = wait
        self._home: Home | None = None

    def home(self) -> Home:
        """Asked for once: auth.test."""
        if self._home is None:
            told = self._patiently(lambda: self._slack.read("auth.test"))
            self._home = Home(
                team_id=str(told.get("team_id", "")),
                enterprise_id=told.get("enterprise_id"),
                bot_user_id=told.get("user_id"),
            )
        return self._home

    def groups(self) -> Sequence[Group]:
        """Those of this workspace that are in use. Another company's, told of in shared channels, give no rights."""
        told = self._patiently(lambda: self._slack.read("usergroups.list", include_users="true"))
        return [group(each) for each in _listed(told, "usergroups", "usergroups.list") if in_use(each)]

    def people(self) -> Iterator[Sequence[Person]]:
        home = self.home()
        for page in self._pages("users.list"):
            yield [person(each, home) for each in _listed(page, "members", "users.list") if each.get("id")]

    def channels(self) -> Iterator[Sequence[Channel]]:
        for page in self._pages("conversations.list", types="public_channel,private_channel"):
            yield [channel(each) for each in _listed(page, "channels", "conversations.list") if each.get("id")]

    def _pages(self, method: str, **arguments: Any) -> Iterable[Mapping[str, Any]]:
        return self._slack.pages(method, around=self._patiently, **arguments)

    def _patiently(self, ask: Callable[[], Mapping[str, Any]]) -> Mapping[str, Any]:
        """Slow down when Slack asks for it: these methods allow 20 calls a minute, and a job can wait."""
        for _ in range(PATIENCE):
            try:
                return ask()
            except SlackError as error:
                if error.retry_after is None:
                    raise
                self._wait(error.retry_after)
        return ask()


def person(user: Mapping[str, Any], home: Home) -> Person:
    profile = user.get("profile") or {}
    name = profile.get("real_name") or user.get("real_name") or profile.get("display_name") or user.get("name") or ""
    return Person(
        slack_id=str(user["id"]),
        name=plain(str(name)),
        handle=plain(str(user.get("name") or "")),
        email=_email(user, profile),
        time_zone=user.get("tz") or None,
        kind=_kind(user, home),
        active=not user.get("deleted"),
    )


def group(told: Mapping[str, Any]) -> Group:
    members = frozenset(str(member) for member in told.get("users") or () if member)
    return Group(
        id=str(told["id"]),
        handle=plain(str(told.get("handle") or "")),
        name=plain(str(told.get("name") or "")),
        members=members,
    )


def channel(told: Mapping[str, Any]) -> Channel:
    """`is_shared` alone may be shared within an organisation; another company's is `is_ext_shared`, and one that is
    about to be counts already."""
    return Channel(
        id=str(told["id"]),
        name=plain(str(told.get("name") or "")),
        private=bool(told.get("is_private")),
        shared=bool(told.get("is_ext_shared") or told.get("is_pending_ext_shared")),
        archived=bool(told.get("is_archived")),
        member=bool(told.get("is_member")),
    )


def _listed(told: Mapping[str, Any], name: str, method: str) -> Sequence[Mapping[str, Any]]:
    """An answer that lacks its list says nothing: taken for an empty one, it would take everybody's roles away."""
    found = told.get(name)
    if not isinstance(found, list):
        raise SlackError(f"Slack's answer to {method} has no {name}.")
    return found


def in_use(told: Mapping[str, Any]) -> bool:
    return bool(told.get("id")) and not told.get("date_delete") and not told.get("is_external")


def _email(user: Mapping[str, Any], profile: Mapping[str, Any]) -> str | None:
    """In lower case. One that Slack says is not confirmed counts for nothing: rights hang on it."""
    email = profile.get("email")
    if not isinstance(email, str) or not email.strip() or user.get("is_email_confirmed") is False:
        return None
    return plain(email).strip().lower()


def _kind(user: Mapping[str, Any], home: Home) -> Literal["member", "guest", "external", "bot"]:
    if user.get("is_bot") or user.get("is_workflow_bot") or user.get("id") == SLACKBOT:
        return "bot"
    if user.get("is_stranger") or not _at_home(user, home):
        return "external"
    if user.get("is_restricted") or user.get("is_ultra_restricted"):
        return "guest"
    return "member"


def _at_home(user: Mapping[str, Any], home: Home) -> bool:
    enterprise = (user.get("enterprise_user") or {}).get("enterprise_id")
    same_company = bool(home.enterprise_id) and enterprise == home.enterprise_id
    return same_company or user.get("team_id") == home.team_id
