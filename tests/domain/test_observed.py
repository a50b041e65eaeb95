"""What is seen by comparing, where no history tells of it."""

from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Any

import pytest

from interlock.domain.observed import unexplained
from interlock.domain.ticket import Category, Change, Field, Link, Relation, Ticket

AT = datetime(2026, 11, 20, 10, tzinfo=UTC)
BEFORE = Ticket(
    id="1",
    key="DATA-1",
    project_id="10",
    project_key="DATA",
    summary="Load",
    type="Story",
    status_id="1",
    status="To Do",
    category=Category.NEW,
    created=AT,
    updated=AT,
)
LATER = AT.replace(hour=11)


def link(key: str) -> Link:
    return Link(relation=Relation.BLOCKED_BY, phrase="is blocked by", other_id=key, other_key=key)


def change(field: Field, before: str | None, after: str | None, text: str | None = None) -> Change:
    return Change(id="9", at=LATER, field=field, before=before, after=after, after_text=text)


@pytest.mark.parametrize(
    ("after", "expected"),
    [
        ({}, []),
        ({"summary": "Load more"}, []),
        ({"status_id": "3", "status": "In Progress"}, [(Field.STATUS, "1", "3")]),
        ({"assignee_id": "acc-ana"}, [(Field.ASSIGNEE, None, "acc-ana")]),
        ({"due": date(2026, 12, 1)}, [(Field.DUE, None, "2026-12-01")]),
        ({"priority": "High"}, [(Field.PRIORITY, None, "High")]),
        ({"flagged": True}, [(Field.FLAGGED, None, "flagged")]),
        ({"version_ids": ("7", "8")}, [(Field.FIX_VERSION, None, "7"), (Field.FIX_VERSION, None, "8")]),
        ({"links": (link("ML-7"),)}, [(Field.LINK, None, "ML-7")]),
    ],
)
def test_a_difference_is_a_change(after: dict[str, Any], expected: list[tuple[Field, str | None, str | None]]) -> None:
    found = unexplained(BEFORE, replace(BEFORE, updated=LATER, **after))
    assert [(each.field, each.before, each.after) for each in found] == expected
    assert {each.at for each in found} <= {LATER}


def test_what_went_is_one_too() -> None:
    before = replace(BEFORE, assignee_id="acc-ana", version_ids=("7",), links=(link("ML-7"),), flagged=True)
    found = unexplained(before, replace(BEFORE, updated=LATER))
    assert [(each.field, each.before, each.after) for each in found] == [
        (Field.ASSIGNEE, "acc-ana", None),
        (Field.FLAGGED, "flagged", None),
        (Field.FIX_VERSION, "7", None),
        (Field.LINK, "ML-7", None),
    ]
    assert len({each.id for each in found}) == 4


@pytest.mark.parametrize(
    ("before", "after", "told"),
    [
        ({}, {"status_id": "3"}, change(Field.STATUS, "1", "3")),
        ({}, {"priority": "High"}, change(Field.PRIORITY, "3", "2", "High")),
        ({"assignee_id": "acc-ana"}, {"assignee_id": None}, change(Field.ASSIGNEE, "acc-ana", None)),
        ({}, {"flagged": True}, change(Field.FLAGGED, None, "Impediment")),
        ({}, {"version_ids": ("7",)}, change(Field.FIX_VERSION, None, "7")),
        ({"version_ids": ("7",)}, {"version_ids": ()}, change(Field.FIX_VERSION, "7", None)),
        ({"links": (link("ML-7"),)}, {"links": ()}, change(Field.LINK, "ML-7", None)),
    ],
)
def test_what_the_history_tells_is_not_told_twice(before: dict[str, Any], after: dict[str, Any], told: Change) -> None:
    assert unexplained(replace(BEFORE, **before), replace(BEFORE, **(before | after), changes=(told,))) == ()


def test_another_change_of_the_same_field_does_not_explain_it() -> None:
    after = replace(BEFORE, assignee_id=None, changes=(change(Field.ASSIGNEE, None, "acc-ravi"),))
    (found,) = unexplained(replace(BEFORE, assignee_id="acc-ana"), after)
    assert (found.before, found.after) == ("acc-ana", None)


def test_seen_again_it_is_the_same_change() -> None:
    after = replace(BEFORE, status_id="3", updated=LATER)
    assert unexplained(BEFORE, after) == unexplained(BEFORE, after)
