"""docs/policy.md says what the code does: every key with its default, and examples that can be used."""

import re
from dataclasses import MISSING, fields, is_dataclass
from datetime import date, time
from pathlib import Path
from typing import Any

import pytest

from interlock.config.calendars import CalendarForm
from interlock.config.reader import Reader
from interlock.config.yaml_tree import Mapping, read_tree
from interlock.domain import policy as values
from interlock.domain.permission import Permission
from interlock.domain.policy import JOBS, JobRule, Policy, Template

TODAY = date(2026, 11, 23)
PAGE = (Path(__file__).parents[2] / "docs" / "policy.md").read_text(encoding="utf-8")
ANY_NAMES = {
    **dict.fromkeys(
        ("calendars", "channels", "deciding groups", "environments", "groups of roles", "ladders", "projects", "roles")
    ),
    **dict.fromkeys(("teams", "vendors")),
    "permissions": frozenset[str](Permission),
    "jobs": frozenset(JOBS),
}
TABLES = {
    name: dict(re.findall(r"^\| `(\w+)` \| [^|]+ \| ([^|]+) \| [^|]+ \|$", table, re.MULTILINE))
    for name, table in re.findall(r"<!-- (\w+) -->\n((?:\|.*\n)+)", PAGE)
}
CLASSES: list[Any] = [value for value in vars(values).values() if isinstance(value, type) and is_dataclass(value)]
CLASSES = [cls for cls in CLASSES if cls.__module__ == values.__name__] + [CalendarForm]


@pytest.mark.parametrize("cls", CLASSES, ids=lambda cls: cls.__name__)
def test_every_key_stands_there_with_its_default(cls: Any) -> None:
    rows = TABLES[cls.__name__]

    assert list(rows) == [field.name for field in fields(cls)]
    for field in fields(cls):
        if field.default is MISSING and field.default_factory is MISSING:
            assert rows[field.name] == "required"
        elif isinstance(field.default, tuple) and field.default:
            assert rows[field.name] == f"`{', '.join(map(str, field.default))}`"
        elif isinstance(field.default, bool):
            assert rows[field.name] == f"`{str(field.default).lower()}`"
        elif isinstance(field.default, time):
            assert rows[field.name] == f"`{field.default:%H:%M}`"
        elif isinstance(field.default, int | str):
            assert rows[field.name] == f"`{field.default}`"
        else:  # nothing, or what something else says
            assert not re.search(r"required|`", rows[field.name])


def test_every_permission_stands_there() -> None:
    table = PAGE.partition("\n## permissions\n")[2].partition("\n## ")[0]

    assert re.findall(r"^\| `(\S+)` \|", table, re.MULTILINE) == list(Permission)


def test_every_job_stands_there_with_its_usual_time() -> None:
    assert dict(re.findall(r"^\| `([\w-]+)` \| (every [\w ]*minutes?|\d\d:\d\d[^|]*) \|", PAGE, re.MULTILINE)) == {
        name: _usual_time(rule) for name, rule in JOBS.items()
    }


@pytest.mark.parametrize("example", re.findall(r"```yaml\n(.*?)```", PAGE, re.DOTALL))
def test_every_example_can_be_used(example: str, tmp_path: Path) -> None:
    """In a policy that defines what the example speaks of."""
    section = example.split(":", maxsplit=1)[0]
    needed = {"time_zone": "UTC", "calendar": "london", "calendars": "{}", "tickets": "{projects: [DATA]}"}
    rest = "".join(
        f"{key}: {value}\n" for key, value in needed.items() if not re.search(rf"^{key}:", example, re.MULTILINE)
    )
    file = tmp_path / "example.yaml"
    file.write_text(example if section == "name" else rest + example)

    tree, problems = read_tree(file)
    assert isinstance(tree, Mapping)
    reader = Reader(ANY_NAMES, TODAY)
    assert reader.read(Template if section == "name" else Policy, tree)
    assert problems == []


def _usual_time(rule: JobRule) -> str:
    if rule.every_minutes is not None:
        return "every minute" if rule.every_minutes == 1 else f"every {rule.every_minutes} minutes"
    assert rule.at is not None
    days = {7: " every day", 5: ", Monday to Friday"}[len(rule.days)]
    return f"{rule.at:%H:%M}{days}"
