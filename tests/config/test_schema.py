import json
import re
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from interlock.config.schema import as_text, config_schema
from interlock.config.yaml_tree import Mapping, Node, Scalar, Sequence, read_tree

SHIPPED = Path(__file__).parents[2] / "config"
FILES = {
    "interlock.yaml": "interlock",
    "environments.yaml": "environments",
    "escalation.yaml": "escalation",
    "templates/quarterly-platform.yaml": "template",
    "templates/weekly-service.yaml": "template",
    "templates/model-promotion.yaml": "template",
    "templates/hotfix.yaml": "template",
}
OTHERS = {"slack-manifest.yaml", "deploy", "prometheus"}
"""In the same folder and no policy."""


@pytest.mark.parametrize("kind", ["interlock", "template", "environments", "escalation"])
def test_the_shipped_schemas_are_current(kind: str) -> None:
    shipped = (SHIPPED / "schema" / f"{kind}.schema.json").read_text(encoding="utf-8")

    assert shipped == as_text(config_schema()[kind]), "run: python -m interlock.config.schema config/schema"


@pytest.mark.parametrize("kind", ["interlock", "template", "environments", "escalation"])
def test_each_schema_is_one(kind: str) -> None:
    schema = config_schema()[kind]

    jsonschema.Draft7Validator.check_schema(schema)
    assert set(re.findall(r'"#/\$defs/(\w+)"', json.dumps(schema))) == set(schema["$defs"])


@pytest.mark.parametrize(("name", "kind"), FILES.items())
def test_the_shipped_files_fit_their_schema_and_name_it(name: str, kind: str) -> None:
    file = SHIPPED / name
    tree, _ = read_tree(file)
    assert tree is not None

    jsonschema.validate(_as_an_editor_reads_it(tree), config_schema()[kind], cls=jsonschema.Draft7Validator)
    first = file.read_text(encoding="utf-8").splitlines()[0]
    named = first.removeprefix("# yaml-language-server: $schema=")
    assert (file.parent / named).resolve() == (SHIPPED / "schema" / f"{kind}.schema.json").resolve()


def test_every_shipped_policy_file_is_held_against_its_schema() -> None:
    policy = (file for file in SHIPPED.rglob("*.yaml") if file.relative_to(SHIPPED).parts[0] not in OTHERS)
    found = {str(file.relative_to(SHIPPED)) for file in policy}

    assert found == set(FILES)


@pytest.mark.parametrize(
    ("kind", "value"),
    [
        ("template", {}),
        ("template", {"name": "Weekly", "nmae": "Weekly"}),
        ("template", {"name": "Weekly", "requirements": [{"key": "qa", "name": "QA", "quorum": 0}]}),
        ("template", {"name": "Weekly", "criteria": [{"kind": "coin_tossed", "name": "Heads"}]}),
        ("environments", {"uat-1": {"name": "UAT", "tier": "tset"}}),
        ("escalation", {"calm": {"name": "Calm", "steps": [{"after_business_hours": 1, "to": "boss"}]}}),
        ("interlock", {"time_zone": "UTC"}),
    ],
)
def test_an_editor_marks_what_the_reading_would_refuse(kind: str, value: dict[str, Any]) -> None:
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(value, config_schema()[kind], cls=jsonschema.Draft7Validator)


def test_an_editor_has_something_to_say_of_the_keys() -> None:
    policy = config_schema()["interlock"]["$defs"]["Policy"]

    assert all("description" in schema for schema in policy["properties"].values())
    assert policy["additionalProperties"] is False


def _as_an_editor_reads_it(node: Node) -> Any:
    """By YAML 1.2's core schema, as the YAML language server does."""
    match node:
        case Sequence():
            return [_as_an_editor_reads_it(item) for item in node.items]
        case Mapping():
            return {key: _as_an_editor_reads_it(entry.node) for key, entry in node.entries.items()}
        case Scalar(null=True):
            return None
        case Scalar(text="true" | "false"):
            return node.text == "true"
        case Scalar():
            if re.fullmatch(r"-?\d+", node.text):
                return int(node.text)
            return float(node.text) if re.fullmatch(r"-?\d+\.\d+", node.text) else node.text
