"""Listings are read whole while people change them."""

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from interlock.trackers import paging
from interlock.trackers.errors import TrackerError

START = 1_795_168_800_000


@dataclass
class Server:
    """A Data Center's search over tickets that change between two pages: id -> updated, in epoch milliseconds."""

    tickets: dict[str, int]
    between: Callable[["Server", int], None] | None = None
    asked: list[Mapping[str, Any]] = field(default_factory=list)

    def ask(self, query: Mapping[str, Any]) -> Any:
        if self.asked and self.between is not None:
            self.between(self, len(self.asked))
        self.asked.append(query)
        bound = re.search(r"updated >= (\d+) ", query["jql"])
        floor = int(bound[1]) if bound else 0
        # Jira's index holds whole seconds: within one, the key decides.
        found = sorted(
            (updated // 1000, ticket_id)
            for ticket_id, updated in self.tickets.items()
            if updated // 1000 >= floor // 1000
        )
        start, size = query["startAt"], query["maxResults"]
        return {"total": len(found), "issues": [self._draw(each) for _, each in found[start : start + size]]}

    def _draw(self, ticket_id: str) -> dict[str, Any]:
        moment = datetime.fromtimestamp(self.tickets[ticket_id] / 1000, UTC)
        return {"id": ticket_id, "fields": {"updated": moment.isoformat()}}

    def told(self, size: int) -> list[tuple[str, str]]:
        pages = paging.data_center(self.ask, listing(size))
        return [(each["id"], each["fields"]["updated"]) for page in pages for each in page.issues]


def listing(size: int, since: datetime | None = None) -> paging.Listing:
    return paging.Listing(projects=["DATA"], clock="updated", since=since, fields=["updated"], page_size=size)


def spread(count: int, step: int = 1000) -> dict[str, int]:
    return {f"{number:04}": START + number * step for number in range(count)}


class TestDataCenter:
    def test_each_ticket_once_and_in_order(self) -> None:
        server = Server(spread(25))
        assert [ticket for ticket, _ in server.told(10)] == sorted(server.tickets)

    def test_many_of_one_second_are_paged_within_it(self) -> None:
        server = Server(spread(25, step=0))
        assert [ticket for ticket, _ in server.told(4)] == sorted(server.tickets)

    @pytest.mark.parametrize("size", [1, 2, 3])
    def test_tiny_pages(self, size: int) -> None:
        server = Server({"0": START, "1": START, "2": START, "3": START + 1000, "4": START + 1000})
        assert [ticket for ticket, _ in server.told(size)] == ["0", "1", "2", "3", "4"]

    def test_a_read_ticket_that_changes_hides_none_of_those_to_come(self) -> None:
        def change_the_first(server: Server, page: int) -> None:
            server.tickets[f"{page - 1:04}"] = START + 100_000 + page * 1000

        told = {ticket for ticket, _ in Server(spread(30), change_the_first).told(5)}
        assert told == set(spread(30))

    def test_a_deleted_ticket_hides_none_of_those_to_come(self) -> None:
        def delete_one_read(server: Server, page: int) -> None:
            server.tickets.pop(f"{page - 1:04}", None)

        tickets = spread(30, step=0)
        told = {ticket for ticket, _ in Server(dict(tickets), delete_one_read).told(5)}
        assert told == set(tickets)

    def test_an_offset_alone_would_lose_one(self) -> None:
        """The danger itself, so that the two tests above are known to test something."""
        server = Server(spread(10))
        first = server.ask({"jql": "project = DATA ", "startAt": 0, "maxResults": 5})["issues"]
        server.tickets["0000"] = START + 100_000
        second = server.ask({"jql": "project = DATA ", "startAt": 5, "maxResults": 5})["issues"]
        assert "0005" not in {each["id"] for each in first + second}

    def test_a_ticket_that_changed_meanwhile_comes_again_as_it_is_now(self) -> None:
        def change(server: Server, page: int) -> None:
            if page == 1:
                server.tickets["0000"] = START + 100_000

        server = Server(spread(10), change)
        told = server.told(5)
        assert told[-1] == ("0000", datetime.fromtimestamp((START + 100_000) / 1000, UTC).isoformat())

    def test_the_question_is_asked_in_epoch_milliseconds_of_whole_seconds(self) -> None:
        server = Server(spread(1))
        list(paging.data_center(server.ask, listing(10, since=datetime(2026, 11, 20, 10, 0, 0, 999_000, tzinfo=UTC))))
        assert server.asked[0]["jql"] == (
            'project in ("DATA") AND updated >= 1795168800000 ORDER BY updated ASC, key ASC'
        )

    def test_what_is_left_is_told(self) -> None:
        pages = paging.data_center(Server(spread(25)).ask, listing(10))
        assert [(len(page.issues), page.left) for page in pages] == [(10, 15), (9, 6), (6, 0)]

    @given(
        seconds=st.lists(st.integers(0, 6), min_size=1, max_size=30),
        size=st.integers(2, 7),
        touched=st.lists(st.integers(0, 29), max_size=12),
        removed=st.lists(st.integers(0, 29), max_size=6),
    )
    def test_whatever_changes_meanwhile_the_last_state_of_each_is_told(
        self, seconds: list[int], size: int, touched: list[int], removed: list[int]
    ) -> None:
        def meddle(server: Server, page: int) -> None:
            if page <= len(touched) and f"{touched[page - 1]:04}" in server.tickets:
                server.tickets[f"{touched[page - 1]:04}"] = START + 60_000 + page * 500
            if page <= len(removed):
                server.tickets.pop(f"{removed[page - 1]:04}", None)

        server = Server({f"{n:04}": START + second * 1000 for n, second in enumerate(seconds)}, meddle)
        told = set(server.told(size))
        final = {
            (ticket, datetime.fromtimestamp(updated / 1000, UTC).isoformat())
            for ticket, updated in server.tickets.items()
        }
        assert final <= told

    def test_a_server_that_never_ends_is_left(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(paging, "MOST_PAGES", 50)
        endless = {"total": 10**6, "issues": [{"id": "1", "fields": {}}, {"id": "2", "fields": {}}]}
        with pytest.raises(TrackerError, match="without end"):
            list(paging.data_center(lambda _: endless, listing(2)))

    @pytest.mark.parametrize("answer", [None, [], {"issues": None}, {"issues": ["x"]}, {"issues": [{"id": "1"}]}])
    def test_an_answer_that_is_none_is_refused(self, answer: object) -> None:
        with pytest.raises(TrackerError):
            list(paging.data_center(lambda _: answer, listing(2)))


class TestCloud:
    def test_follows_the_token_to_the_last_page(self) -> None:
        asked: list[Any] = []
        answers = iter(
            [
                {"issues": [{"id": "1"}], "nextPageToken": "a", "isLast": False},
                {"issues": [], "nextPageToken": "b", "isLast": False},
                {"issues": [{"id": "2"}], "isLast": True},
            ]
        )

        def ask(query: Mapping[str, Any]) -> Any:
            asked.append(query.get("nextPageToken"))
            return next(answers)

        told = [each["id"] for page in paging.cloud(ask, listing(1)) for each in page.issues]
        assert (told, asked) == (["1", "2"], [None, "a", "b"])

    def test_an_absent_token_ends_the_listing_where_is_last_is_not_told(self) -> None:
        assert [page.left for page in paging.cloud(lambda _: {"issues": []}, listing(1))] == [0]

    @pytest.mark.parametrize("answer", [{"nextPageToken": "same", "isLast": False}, {"isLast": False}])
    def test_a_listing_that_leads_nowhere_is_left(self, answer: dict[str, Any]) -> None:
        with pytest.raises(TrackerError, match="already read"):
            list(paging.cloud(lambda _: {"issues": [], **answer}, listing(1)))

    def test_the_recorded_token_is_passed_on_unchanged(self, recorded: Path) -> None:
        sample = json.loads((recorded / "rest_exact/search_jql_token_sample.json").read_text(encoding="utf-8"))
        asked: list[Any] = []

        def ask(query: Mapping[str, Any]) -> Any:
            asked.append(query.get("nextPageToken"))
            return {"issues": [], **sample} if len(asked) == 1 else {"issues": [], "isLast": True}

        list(paging.cloud(ask, listing(1)))
        assert asked == [None, sample["nextPageToken"]]
