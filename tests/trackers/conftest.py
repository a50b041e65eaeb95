"""A reader of issues for a site like those that the recorded bodies come from."""

import gzip
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from interlock.domain.policy import Tickets
from interlock.trackers.fields import FieldIds
from interlock.trackers.mapping import Mapper

RECORDED = Path(__file__).parents[2] / "../shared/data/jira"

Rows = Callable[[str], Iterator[dict[str, Any]]]


@pytest.fixture
def settings() -> Tickets:
    return Tickets(projects=("DATA", "ML"), team_field="Team")


@pytest.fixture
def mapper(settings: Tickets) -> Mapper:
    fields = FieldIds(
        flagged=("customfield_10021",),
        story_points=("customfield_10016",),
        team=("customfield_10050",),
        epic_link=("customfield_10014",),
    )
    return Mapper(settings, fields, cloud=False)


@pytest.fixture
def recorded() -> Path:
    if not RECORDED.is_dir():
        pytest.skip("the recorded Jira bodies are not on this machine")
    return RECORDED


@pytest.fixture
def real_issues(recorded: Path) -> Rows:
    """Reads one of the collections of real issues, a row at a time."""

    def rows(name: str) -> Iterator[dict[str, Any]]:
        with gzip.open(recorded / f"{name}.jsonl.gz", "rt", encoding="utf-8") as lines:
            for line in lines:
                row: dict[str, Any] = json.loads(line)
                yield row

    return rows
