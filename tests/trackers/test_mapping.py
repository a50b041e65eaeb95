"""A REST issue becomes a ticket, and nothing that it says is lost."""

from collections import Counter
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from interlock.domain.policy import Tickets
from interlock.domain.ticket import Category, Relation, Ticket
from interlock.trackers.errors import UnreadableTicketError
from interlock.trackers.fields import FieldIds
from interlock.trackers.mapping import Mapper, account

Rows = Callable[[str], Iterator[dict[str, Any]]]


def an_issue(**fields: Any) -> dict[str, Any]:
    return {"id": "10001", "key": "DATA-214", "fields": {"updated": "2026-11-20T10:00:00.000+0000", **fields}}


def read(mapper: Mapper, **fields: Any) -> Ticket:
    return mapper.read(an_issue(**fields)).ticket


class TestRealIssues:
    """Counted twice: by the mapper, and here straight from the file."""

    @pytest.mark.parametrize(("collection", "count"), [("tidev", 29_057), ("duraspace", 3_036)])
    def test_nothing_is_lost(self, mapper: Mapper, real_issues: Rows, collection: str, count: int) -> None:
        rows = raw_links = raw_versions = raw_labels = raw_components = assigned = resolved = due = no_summary = 0
        links = versions = labels = components = 0
        categories: Counter[str] = Counter()
        for row in real_issues(collection):
            fields = row["fields"]
            ticket = mapper.read(row).ticket
            rows += 1
            assert (ticket.id, ticket.key) == (row["id"], row["key"])
            assert ticket.summary == fields.get("summary", "")
            assert ticket.status == fields["status"]["name"]
            assert ticket.category == fields["status"]["statusCategory"]["key"]
            assert ticket.flagged == fields.get("flagged", False)
            assert ticket.updated == datetime.strptime(fields["updated"], "%Y-%m-%dT%H:%M:%S.%f%z")
            assert ticket.updated.tzinfo is UTC
            assert (ticket.assignee_id is None) == (fields.get("assignee") is None)
            assert (ticket.due is None) == (fields.get("duedate") is None)
            assert (ticket.resolved is None) == (fields["resolutiondate"] is None)
            assigned += fields.get("assignee") is not None
            due += fields.get("duedate") is not None
            resolved += fields["resolutiondate"] is not None
            no_summary += "summary" not in fields
            # 39 pairs relate to each other twice, once from either end: for the ticket that is one and the same.
            raw_links += len(
                {
                    (each[f"{side}Issue"]["id"], each["type"][side])
                    for each in fields["issuelinks"]
                    for side in ("inward", "outward")
                    if f"{side}Issue" in each
                }
            )
            raw_versions += len(fields.get("fixVersions", []))
            raw_labels += len(fields["labels"])
            raw_components += len(fields["components"])
            links += len(ticket.links)
            versions += len(ticket.version_ids)
            labels += len(ticket.labels)
            components += len(ticket.components)
            categories[ticket.category] += 1
        assert rows == count
        assert (links, versions, labels, components) == (raw_links, raw_versions, raw_labels, raw_components)
        expected = {
            "tidev": (26_504, 0, 26_108, 2, {"done": 26_169, "new": 2_831, "indeterminate": 57}),
            "duraspace": (2_109, 286, 2_377, 0, {"done": 2_370, "new": 640, "indeterminate": 26}),
        }
        assert (assigned, due, resolved, no_summary, dict(categories)) == expected[collection]

    def test_links_run_as_their_phrases_say(self, mapper: Mapper, real_issues: Rows) -> None:
        found: Counter[tuple[str, Relation]] = Counter()
        for row in real_issues("tidev"):
            found.update((link.phrase, link.relation) for link in mapper.read(row).ticket.links)
        directed = {phrase: relation for phrase, relation in found if relation is not Relation.RELATES}
        assert directed == {
            "blocks": Relation.BLOCKS,
            "is blocked by": Relation.BLOCKED_BY,
            "depends on": Relation.BLOCKED_BY,
            "is dependent of": Relation.BLOCKS,  # known from its other side, "depends on"
            "has to be done before": Relation.BLOCKS,
            "has to be done after": Relation.BLOCKED_BY,
        }
        assert found["is blocked by", Relation.BLOCKED_BY] == 272
        assert found["blocks", Relation.BLOCKS] == 401
        assert found["is dependent of", Relation.BLOCKS] == 542

    def test_each_history_is_kept_item_by_item(self, mapper: Mapper, real_issues: Rows) -> None:
        wanted = {"status", "assignee", "Link", "Flagged", "Fix Version", "priority", "duedate"}
        told: Counter[str] = Counter()
        kept: Counter[str] = Counter()
        for row in real_issues("duraspace"):
            histories = row["changelog"]["histories"]
            told.update(item["field"] for each in histories for item in each["items"] if item["field"] in wanted)
            ticket = mapper.read(row).ticket
            assert ticket.changes_complete
            assert len({change.id for change in ticket.changes}) == len(ticket.changes)
            assert [change.at for change in ticket.changes] == sorted(change.at for change in ticket.changes)
            kept.update(change.field for change in ticket.changes)
        assert (
            {name: told[raw] for name, raw in {"fix_version": "Fix Version", "link": "Link", "due": "duedate"}.items()}
            | {name: told[name] for name in ("status", "assignee", "priority")}
            == dict(kept)
            == {"fix_version": 4486, "link": 1089, "due": 120, "status": 5124, "assignee": 1926, "priority": 377}
        )

    def test_versions_of_one_name_are_told_apart_by_id(self, mapper: Mapper, real_issues: Rows) -> None:
        found: set[tuple[str, str, str]] = set()
        told: set[tuple[str, str, str]] = set()
        for row in real_issues("tidev"):
            found.update((version.id, version.project_id, version.name) for version in mapper.read(row).versions)
            fields = row["fields"]
            told.update((each["id"], fields["project"]["id"], each["name"]) for each in fields.get("fixVersions", []))
        assert found == told
        shared = Counter(name for _, name in {(project, name) for _, project, name in found})
        assert len(found) == 821
        assert sum(1 for count in shared.values() if count > 1) == 72


class TestOddRows:
    def test_only_a_key_an_id_and_a_time_are_needed(self, mapper: Mapper) -> None:
        ticket = read(mapper)
        assert ticket.summary == ""
        assert ticket.category is Category.UNKNOWN
        assert (ticket.project_key, ticket.project_id) == ("DATA", "DATA")
        assert ticket.created == ticket.updated
        assert (ticket.assignee_id, ticket.priority, ticket.due, ticket.security_level) == (None, None, None, None)

    @pytest.mark.parametrize("absent", [{}, {"assignee": None, "priority": None, "duedate": None, "security": None}])
    def test_null_is_as_good_as_absent(self, mapper: Mapper, absent: dict[str, None]) -> None:
        assert read(mapper, **absent) == read(mapper)

    @pytest.mark.parametrize(
        ("row", "name"),
        [
            ({"id": "1", "fields": {}}, "with id 1"),
            ({"key": "DATA-1", "fields": {}}, "DATA-1"),
            ({"id": "1", "key": "DATA-1"}, "DATA-1"),
            ({"id": "1", "key": "DATA-1", "fields": None}, "DATA-1"),
            ({"id": "1", "key": "DATA-1", "fields": {}}, "DATA-1"),
            ({"id": "1", "key": "DATA-1", "fields": {"updated": "yesterday"}}, "DATA-1"),
            (None, "without id and key"),
            ([], "without id and key"),
        ],
    )
    def test_a_row_that_names_no_ticket_is_refused_by_name(self, mapper: Mapper, row: Any, name: str) -> None:
        with pytest.raises(UnreadableTicketError, match=name) as caught:
            mapper.read(row)
        assert caught.value.name == name
        assert caught.value.permanent

    @pytest.mark.parametrize(
        ("told", "kept"),
        [
            ("  blanks stay  ", "  blanks stay  "),
            ("one\r\ntwo\rthree\nfour", "one\ntwo\nthree\nfour"),
            ("bell\x07 zero\u200bwidth no\u00a0break", "bell\x07 zero\u200bwidth no\u00a0break"),
            ("nul\x00", "nul\ufffd"),
            ("half \ud83d pair", "half \ufffd pair"),
            ("whole \ud83d\ude00 pair", "whole 😀 pair"),
            ("<!channel> & =cmd|' /C calc'!A0", "<!channel> & =cmd|' /C calc'!A0"),
            (["not", "a text"], "['not', 'a text']"),
            (None, ""),
        ],
    )
    def test_texts_stay_as_they_are_but_for_what_no_database_takes(
        self, mapper: Mapper, told: object, kept: str
    ) -> None:
        assert read(mapper, summary=told).summary == kept

    @pytest.mark.parametrize(
        ("told", "utc"),
        [
            ("2026-11-20T10:00:00.000+0000", datetime(2026, 11, 20, 10, tzinfo=UTC)),
            ("2011-10-18T21:08:15.862-0500", datetime(2011, 10, 19, 2, 8, 15, 862000, tzinfo=UTC)),
            ("2026-11-20T10:00:00.000+0545", datetime(2026, 11, 20, 4, 15, tzinfo=UTC)),
            ("2026-11-20T10:00:00Z", datetime(2026, 11, 20, 10, tzinfo=UTC)),
            ("2026-11-20T10:00:00", datetime(2026, 11, 20, 10, tzinfo=UTC)),
            (1_795_168_800_000, datetime(2026, 11, 20, 10, tzinfo=UTC)),
        ],
    )
    def test_times_of_every_offset_become_utc(self, mapper: Mapper, told: object, utc: datetime) -> None:
        assert read(mapper, updated=told).updated == utc

    @pytest.mark.parametrize("status", [None, {}, "Open", {"name": "Zu tun", "statusCategory": {"key": "neu"}}])
    def test_a_status_of_unknown_category_is_kept_as_such(self, mapper: Mapper, status: object) -> None:
        assert read(mapper, status=status).category is Category.UNKNOWN

    def test_a_category_is_read_by_key_whatever_its_language(self, mapper: Mapper) -> None:
        ticket = read(
            mapper, status={"id": "7", "name": "Fertig", "statusCategory": {"key": "done", "name": "Erledigt"}}
        )
        assert (ticket.status, ticket.category) == ("Fertig", Category.DONE)

    @pytest.mark.parametrize(
        ("fields", "flagged"),
        [
            ({"customfield_10021": [{"value": "Impediment"}]}, True),
            ({"customfield_10021": []}, False),
            ({"customfield_10021": None}, False),
            ({"customfield_10021": {"value": "Impediment"}}, True),
            ({"customfield_10021": "0.0"}, False),
            ({"flagged": True}, True),
            ({"flagged": False}, False),
            ({}, False),
        ],
    )
    def test_flagged(self, mapper: Mapper, fields: dict[str, Any], *, flagged: bool) -> None:
        assert read(mapper, **fields).flagged is flagged

    @pytest.mark.parametrize(
        ("security", "level"),
        [
            (None, None),
            ({"id": "1", "name": "Legal only"}, "Legal only"),
            ({"id": "10001"}, "10001"),
            ("10001", "10001"),
            ({}, "unnamed"),
        ],
    )
    def test_any_security_level_restricts(self, mapper: Mapper, security: object, level: str | None) -> None:
        ticket = read(mapper, security=security)
        assert (ticket.security_level, ticket.restricted) == (level, level is not None)

    @pytest.mark.parametrize(
        ("fields", "epic"),
        [
            ({"customfield_10014": "DATA-1", "parent": {"key": "DATA-2"}}, "DATA-1"),
            ({"epic": {"id": 1, "key": "DATA-3"}}, "DATA-3"),
            ({"parent": {"key": "DATA-2"}}, "DATA-2"),
            ({"parent": {"key": "DATA-2"}, "issuetype": {"name": "Sub-task", "subtask": True}}, None),
            ({}, None),
        ],
    )
    def test_the_epic(self, mapper: Mapper, fields: dict[str, Any], epic: str | None) -> None:
        assert read(mapper, **fields).epic_key == epic

    @pytest.mark.parametrize(
        ("told", "shown"),
        [
            ("Streaming", "Streaming"),
            ({"id": "1", "value": "Streaming"}, "Streaming"),
            ({"id": "36885b3c", "name": "Streaming", "title": "Other"}, "Streaming"),
            ([{"value": "Streaming"}, {"value": "Batch"}], "Streaming"),
            ([], None),
            (7, "7"),
            (None, None),
        ],
    )
    def test_the_team_field_of_any_type(self, mapper: Mapper, told: object, shown: str | None) -> None:
        assert read(mapper, customfield_10050=told).team_field == shown

    @pytest.mark.parametrize(("told", "points"), [(3, 3.0), (0.0, 0.0), ("2.5", 2.5), ("many", None), ("nan", None)])
    def test_story_points(self, mapper: Mapper, told: object, points: float | None) -> None:
        assert read(mapper, customfield_10016=told).story_points == points

    def test_the_first_filled_of_two_fields_with_one_name_counts(self, settings: Tickets) -> None:
        mapper = Mapper(settings, FieldIds(story_points=("customfield_1", "customfield_2")), cloud=True)
        assert read(mapper, customfield_1=None, customfield_2=5).story_points == 5

    def test_dates(self, mapper: Mapper) -> None:
        assert read(mapper, duedate="2026-12-01").due == date(2026, 12, 1)
        assert read(mapper, duedate="soon").due is None

    def test_repeated_labels_versions_and_links_are_one(self, mapper: Mapper) -> None:
        link = {"type": {"inward": "is blocked by", "outward": "blocks"}, "inwardIssue": {"id": "7", "key": "ML-7"}}
        ticket = read(
            mapper,
            labels=["a", "b", "a", None],
            fixVersions=[{"id": "1", "name": "x"}, {"id": "1", "name": "x"}, {}],
            issuelinks=[link, link, {"type": {}, "outwardIssue": {}}, None],
        )
        assert ticket.labels == ("a", "b")
        assert ticket.version_ids == ("1",)
        assert [(each.relation, each.other_key) for each in ticket.links] == [(Relation.BLOCKED_BY, "ML-7")]


class TestAccounts:
    @pytest.mark.parametrize(
        ("user", "expected"),
        [
            ({"accountId": "acc-ana", "name": "ana", "key": "ana"}, "acc-ana"),
            ({"name": "awhitlock", "key": "JIRAUSER10100"}, "JIRAUSER10100"),
            ({"name": "ana"}, "ana"),
        ],
    )
    def test_an_account_is_known_by(self, user: dict[str, str], expected: str) -> None:
        found = account(user)
        assert found is not None
        assert found.id == expected

    @pytest.mark.parametrize("email", [None, "", "?", "ana at practice dot example"])
    def test_a_hidden_address_is_none(self, email: str | None) -> None:
        found = account({"name": "ana", "emailAddress": email})
        assert found is not None
        assert found.email is None

    def test_a_person_without_any_id_is_nobody(self) -> None:
        assert account({"displayName": "Ana"}) is None


json = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=True) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)
FIELDS = (
    "summary",
    "status",
    "issuetype",
    "project",
    "priority",
    "assignee",
    "reporter",
    "created",
    "duedate",
    "resolutiondate",
    "security",
    "labels",
    "components",
    "fixVersions",
    "issuelinks",
    "parent",
    "epic",
    "customfield_10021",
    "customfield_10016",
    "customfield_10050",
    "customfield_10014",
)


@given(fields=st.dictionaries(st.sampled_from(FIELDS), json), changelog=json)
def test_whatever_stands_in_the_fields_the_ticket_is_kept(fields: dict[str, Any], changelog: object) -> None:
    mapper = Mapper(Tickets(projects=("DATA",)), FieldIds(flagged=("customfield_10021",)), cloud=True)
    ticket = mapper.read({**an_issue(**fields), "changelog": changelog}).ticket
    assert ticket.key == "DATA-214"
    ticket.summary.encode()  # a database takes it
