"""Histories, as Cloud, Data Center and webhooks tell them."""

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from interlock.domain.ticket import Field
from interlock.trackers.changelog import Changelog, whole

CHANGELOG = Changelog(["customfield_10021"], "Flagged")
AT = "2026-11-20T10:00:00.000+0000"


def only(item: dict[str, Any]) -> tuple[Field, str | None, str | None]:
    (change,) = CHANGELOG.read([{"id": "9", "created": AT, "items": [item]}])
    return change.field, change.before, change.after


@pytest.mark.parametrize(
    ("item", "expected"),
    [
        ({"field": "status", "from": "1", "fromString": "Open", "to": "3"}, (Field.STATUS, "1", "3")),
        ({"field": "assignee", "from": None, "to": "ana"}, (Field.ASSIGNEE, None, "ana")),
        (
            {"field": "assignee", "fieldId": "assignee", "to": "u8ab", "tmpToAccountId": "acc-ana"},
            (Field.ASSIGNEE, None, "acc-ana"),
        ),
        ({"field": "Flagged", "to": "[10019]", "toString": "Impediment"}, (Field.FLAGGED, None, "Impediment")),
        ({"field": "Markiert", "fieldId": "customfield_10021", "fromString": "Impediment", "toString": ""},
         (Field.FLAGGED, "Impediment", None)),
        ({"field": "Fix Version", "from": "10", "fromString": "v1", "to": None}, (Field.FIX_VERSION, "10", None)),
        ({"field": "Lösungsversion", "fieldId": "fixVersions", "to": "11"}, (Field.FIX_VERSION, None, "11")),
        ({"field": "duedate", "from": None, "to": None, "toString": "2009-04-28 00:00:00.0"},
         (Field.DUE, None, "2009-04-28")),
        ({"field": "Link", "to": "ML-7", "toString": "This issue is blocked by ML-7"}, (Field.LINK, None, "ML-7")),
        ({"field": "priority", "from": "4", "to": "2"}, (Field.PRIORITY, "4", "2")),
    ],
)  # fmt: skip
def test_an_item_tells(item: dict[str, Any], expected: tuple[Field, str | None, str | None]) -> None:
    assert only(item) == expected


@pytest.mark.parametrize("field", ["description", "Sprint", "Rank", "Key", "Component", None])
def test_other_fields_are_not_followed(field: str | None) -> None:
    assert CHANGELOG.read([{"id": "9", "created": AT, "items": [{"field": field, "to": "x"}]}]) == ()


def test_newest_first_is_turned_round_and_ids_stay_apart() -> None:
    items = [{"field": "Fix Version", "to": "10"}, {"field": "Fix Version", "to": "11"}, {"field": "status", "to": "3"}]
    changes = CHANGELOG.read(
        [
            {"id": "9", "created": "2026-11-20T10:00:00.000+0000", "items": items},
            {"id": "8", "created": "2026-11-20T10:30:00.000+0100", "items": [{"field": "status", "to": "1"}]},
        ]
    )
    assert [change.id for change in changes] == ["8:status:0", "9:fix_version:0", "9:fix_version:1", "9:status:0"]
    assert changes[0].at == datetime(2026, 11, 20, 9, 30, tzinfo=UTC)


@pytest.mark.parametrize("history", [{"id": "9", "items": []}, {"created": AT}, {"id": "9", "created": "?"}, None, "x"])
def test_a_history_that_can_be_placed_nowhere_is_left_out(history: object) -> None:
    assert CHANGELOG.read([history]) == ()


@pytest.mark.parametrize(
    ("told", "total", "cloud", "complete"),
    [
        (3, 3, True, True),
        (3, None, False, True),
        (3, 7, True, False),
        (3, 7, False, False),
        (40, 40, True, False),
        (40, 40, False, True),
        (0, 0, True, True),
    ],
)
def test_a_history_is_whole_when(*, told: int, total: int | None, cloud: bool, complete: bool) -> None:
    assert whole({"histories": [{}] * told, "total": total}, cloud=cloud) is complete


def test_no_history_told_is_not_an_empty_one() -> None:
    assert not whole({}, cloud=False)


def test_recorded_cloud_history(recorded: Path) -> None:
    issue = json.loads((recorded / "rest_exact/jirametrics/testdata__SP-1.json").read_text(encoding="utf-8"))
    changes = CHANGELOG.read(issue["changelog"]["histories"])
    assert [(change.field, change.after_text) for change in changes] == [
        (Field.STATUS, "Selected for Development"),
        (Field.STATUS, "In Progress"),
        (Field.FLAGGED, "Impediment"),
    ]
    assert changes[0].author_id == "557058:54c89bb6-8e6e-aadb-9bcd-c3eac4545da4"
