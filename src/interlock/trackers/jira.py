"""Jira, Cloud or Data Center, as Interlock asks it."""

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial
from http import HTTPStatus
from typing import Any

import structlog

from interlock.domain.link import Comment
from interlock.domain.policy import Tickets
from interlock.domain.ticket import Account, Change, Project, Version
from interlock.trackers import fields, jql, mapping, page, paging, plain
from interlock.trackers.errors import TrackerError
from interlock.trackers.http import ATTEMPTS, READ_SECONDS, Heed, JiraHttp, Observe, unheeded, unobserved
from interlock.trackers.mapping import Mapper, Reading
from interlock.trackers.page import Page

# Both flavours serve version 2; version 3 (Cloud only) differs in rich texts alone, which are never read.
_API = "/rest/api/2"
PAGE = 250
IDS_PAGE = 1000
_CHANGES_PAGE = 100
_COMMENTS_PAGE = 100
_MOST_COMMENTS = 1000

_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Greeting:
    """Who Jira is and whom it takes us for. `missing` names fields of the policy that this Jira does not have."""

    title: str
    version: str
    cloud: bool
    account: Account
    time_zone: str | None
    server_time: datetime | None
    missing: tuple[str, ...]


class JiraTracker:
    """One Jira site. With `email` it is taken for Cloud, without for Data Center; `greet` holds that against what the
    server says of itself. Every method asks over the network and raises TrackerError; none may be called while a
    transaction is open."""

    def __init__(
        self,
        url: str,
        email: str | None,
        token: str,
        settings: Tickets,
        *,
        sleep: Callable[[float], None] = time.sleep,
        read_seconds: float = READ_SECONDS,
        attempts: int = ATTEMPTS,
        observe: Observe = unobserved,
        heed: Heed = unheeded,
    ) -> None:
        self.cloud = email is not None
        self._settings = settings
        self._http = JiraHttp(
            url, email, token, sleep=sleep, read_seconds=read_seconds, attempts=attempts, observe=observe, heed=heed
        )
        self._mapper: Mapper | None = None

    def use(self, token: str) -> None:
        """From the next request on."""
        self._http.use(token)

    def close(self) -> None:
        self._http.close()

    def greet(self) -> Greeting:
        """Asks who is there, whom Jira takes us for and, anew on each run, which fields it has: they may be renamed."""
        server = plain.record(self._http.get(f"{_API}/serverInfo"))
        deployment = plain.text(server.get("deploymentType"))
        if deployment and (deployment == "Cloud") is not self.cloud:
            raise TrackerError(
                "JIRA_URL is Jira Cloud. Set JIRA_EMAIL to the address of the account that JIRA_TOKEN belongs to."
                if deployment == "Cloud"
                else f"JIRA_URL is Jira {deployment}, not Cloud. Unset JIRA_EMAIL and let JIRA_TOKEN be a personal "
                "access token.",
                permanent=True,
            )
        me, account = self.whoami()
        missing = self._reread_fields()
        return Greeting(
            title=plain.text(server.get("serverTitle")),
            version=plain.text(server.get("version")),
            cloud=self.cloud,
            account=account,
            time_zone=plain.optional(me.get("timeZone")),
            server_time=plain.moment(server.get("serverTime")),
            missing=missing,
        )

    def recognise(self) -> tuple[str, ...]:
        """As much of a greeting as a run for changes needs: that Jira knows us still, and the fields that it lacks."""
        self.whoami()
        return self._reread_fields()

    def whoami(self) -> tuple[Mapping[str, Any], Account]:
        """The account that Jira takes us for: its record, and what Interlock makes of it."""
        me = plain.record(self._http.get(f"{_API}/myself"))
        account = mapping.account(me)
        if account is None:
            raise TrackerError(
                "Jira does not say which account the bot is. Check JIRA_URL and JIRA_TOKEN.", permanent=True
            )
        return me, account

    def mapper(self) -> Mapper:
        """Reads this site's issues; asks for its field list the first time. Webhook bodies are read with it too."""
        if self._mapper is None:
            listed = plain.records(self._http.get(f"{_API}/field"))
            self._mapper = Mapper(self._settings, fields.find(listed, self._settings), cloud=self.cloud)
        return self._mapper

    def projects(self, keys: Sequence[str]) -> list[Project]:
        """Raises TrackerError naming the first that Jira does not show: its tickets would be missing in silence."""
        return [self._project(key) for key in keys]

    def may_browse(self, key: str) -> bool:
        """Whether the bot's account may see the project's tickets."""
        try:
            told = self._http.get(
                f"{_API}/mypermissions", {"projectKey": jql.project_key(key), "permissions": "BROWSE_PROJECTS"}
            )
        except TrackerError as error:
            if error.status in {HTTPStatus.FORBIDDEN, HTTPStatus.NOT_FOUND}:
                return False
            raise
        permission = plain.record(plain.record(plain.record(told).get("permissions")).get("BROWSE_PROJECTS"))
        return permission.get("havePermission") is True

    def webhook_urls(self) -> list[str] | None:
        """Where the webhooks that are switched on lead; None where this account may not know: administrators may."""
        try:
            told = plain.records(self._http.get("/rest/webhooks/1.0/webhook"))
        except TrackerError as error:
            if error.status is not None and error.permanent:
                return None
            raise
        return [plain.text(each.get("url")) for each in told if each.get("enabled") is not False]

    def versions(self, key: str) -> list[Version]:
        """All versions of a project, with tickets or without."""
        project = self._project(key)
        listed = plain.records(self._http.get(f"{_API}/project/{project.key}/versions"))
        return [mapping.version(each, project.id) for each in listed]

    def pages(
        self, projects: Sequence[str], *, since: datetime | None = None, page_size: int = PAGE, history: bool = True
    ) -> Iterator[Page]:
        """Streams all tickets of these projects, or those changed since a moment, the longest unchanged first, so that
        a run may stop after any page and another go on from its `reached`. A ticket that changes meanwhile comes again.
        Cloud answers with fewer than `page_size` where it tells histories; several answers then make a page, and what
        came before an error is a page too. The next answer is asked for while the caller keeps a page.

        Give `since` some minutes less than where the last run ended: search lags behind writes. Raises
        UnreadableTicketError before it gives the page that holds one.
        """
        mapper = self.mapper()
        listing = paging.Listing(
            projects=projects,
            clock="updated",
            since=since,
            fields=mapper.fields.wanted,
            page_size=page_size,
            history=history,
        )
        read, left = 0, None
        readings: list[Reading] = []
        try:
            for raw in paging.ahead(self._listed(listing)):
                told = [self._whole(mapper.read(each)) if history else mapper.read(each) for each in raw.issues]
                raw.issues.clear()  # some MiB, which others hold on to until the next ones are there
                readings += told
                read, left = read + len(told), raw.left
                if len(readings) >= page_size:
                    yield page.of(readings, read=read, left=left)
                    readings = []
        except TrackerError:
            if readings:
                yield page.of(readings, read=read, left=left)
            raise
        if readings or not read:
            yield page.of(readings, read=read, left=left)

    def all_ids(self, projects: Sequence[str], *, page_size: int = IDS_PAGE) -> Iterator[list[tuple[str, str]]]:
        """(id, key) of each ticket that Jira shows, along its time of creation, which no change moves."""
        # Cloud gives far larger pages where no field is asked for; Data Center's paging needs the time itself.
        names = ["id", "key"] if self.cloud else ["created"]
        listing = paging.Listing(projects=projects, clock="created", since=None, fields=names, page_size=page_size)
        for raw in self._listed(listing):
            yield [(plain.text(issue.get("id")), plain.text(issue.get("key"))) for issue in raw.issues]

    def issue(self, key_or_id: str) -> Page | None:
        """One ticket with its whole history; None if Jira does not show it (deleted, hidden, or never there)."""
        mapper = self.mapper()
        try:
            raw = self._http.get(
                f"{_API}/issue/{jql.issue_name(key_or_id)}",
                {"fields": ",".join(mapper.fields.wanted), "expand": "changelog"},
            )
        except TrackerError as error:
            if error.status == HTTPStatus.NOT_FOUND:
                return None
            raise
        return page.of([self._whole(mapper.read(raw))], read=1, left=0)

    def changelog(self, key_or_id: str) -> tuple[Change, ...]:
        """A ticket's whole history, oldest first, page by page (Cloud)."""
        changes: list[Change] = []
        start = 0
        for _ in range(paging.MOST_PAGES):
            answer = plain.record(
                self._http.get(
                    f"{_API}/issue/{jql.issue_name(key_or_id)}/changelog",
                    {"startAt": start, "maxResults": _CHANGES_PAGE},
                )
            )
            histories = plain.records(answer.get("values"))
            changes.extend(self.mapper().changelog.read(histories))
            start += len(histories)
            total = answer.get("total")
            if not histories or answer.get("isLast") is True or (isinstance(total, int) and start >= total):
                break
        return tuple(sorted(changes, key=lambda change: change.at))

    def comments(self, key_or_id: str) -> list[Comment]:
        """A ticket's comments that Jira shows to the bot, the newest thousand of them. They are read to prove whose an
        account is, and never stored."""
        found: list[Comment] = []
        for start in range(0, _MOST_COMMENTS, _COMMENTS_PAGE):
            answer = plain.record(
                self._http.get(
                    f"{_API}/issue/{jql.issue_name(key_or_id)}/comment",
                    {"startAt": start, "maxResults": _COMMENTS_PAGE, "orderBy": "-created"},
                )
            )
            told = plain.records(answer.get("comments"))
            found += [each for each in map(mapping.comment, told) if each is not None]
            total = answer.get("total")
            if not told or (isinstance(total, int) and start + len(told) >= total):
                break
        return found

    def comment(self, key_or_id: str, text: str) -> None:
        """Writes one comment, sending it once: after an error whose `permanent` is False it may or may not be there."""
        self._http.write(f"{_API}/issue/{jql.issue_name(key_or_id)}/comment", {"body": text})

    def _reread_fields(self) -> tuple[str, ...]:
        """The fields that are missing; anew on each run, for they may be renamed."""
        self._mapper = None
        missing = self.mapper().fields.missing
        if missing:
            _log.warning("jira.fields_missing", names=list(missing))
        return missing

    def _project(self, key: str) -> Project:
        try:
            raw = plain.record(self._http.get(f"{_API}/project/{jql.project_key(key)}"))
        except TrackerError as error:
            if error.status == HTTPStatus.NOT_FOUND:
                raise TrackerError(
                    f"Jira shows no project {key} to the bot's account. Correct tickets.projects, or give the account "
                    f"Browse Projects on {key}.",
                    permanent=True,
                    status=error.status,
                ) from error
            raise
        return Project(
            id=plain.optional(raw.get("id")) or key,
            key=plain.optional(raw.get("key")) or key,
            name=plain.optional(raw.get("name")) or key,
        )

    def _listed(self, listing: paging.Listing) -> Iterator[paging.RawPage]:
        if self.cloud:
            return paging.cloud(partial(self._http.search, f"{_API}/search/jql"), listing)
        return paging.data_center(partial(self._http.search, f"{_API}/search"), listing)

    def _whole(self, reading: Reading) -> Reading:
        """With the history that a search cut off; Data Center cuts none."""
        if reading.ticket.changes_complete or not self.cloud:
            return reading
        changes = self.changelog(reading.ticket.id)
        return replace(reading, ticket=replace(reading.ticket, changes=changes, changes_complete=True))
