"""JSON Schemas of the policy files, for editors that complete and check YAML.

`python -m interlock.config.schema config/schema` writes them anew; a test says when that is due.
"""

import json
import re
import sys
from datetime import time
from pathlib import Path
from typing import Any, Final

from pydantic import BaseModel, ConfigDict
from pydantic.json_schema import GenerateJsonSchema, JsonSchemaValue
from pydantic_core import core_schema

from interlock.config.calendars import CalendarForm
from interlock.config.rules import bounds
from interlock.domain.policy import JOBS, EnvironmentRule, Ladder, Policy, Template

DIALECT: Final = "http://json-schema.org/draft-07/schema#"
"""The one that the YAML language server knows best."""


class _Interlock(BaseModel):
    model_config = ConfigDict(extra="forbid", use_attribute_docstrings=True)


class _Kinds(_Interlock):
    """One field for each kind of file."""

    interlock: Policy
    template: Template
    environments: dict[str, EnvironmentRule]
    escalation: dict[str, Ladder]
    calendar: CalendarForm


class _Generator(GenerateJsonSchema):
    def time_schema(self, schema: core_schema.TimeSchema) -> JsonSchemaValue:
        """JSON Schema's own "time" wants seconds and an offset, which a local time of day has not."""
        del schema
        return {"type": "string", "pattern": r"^([01]?\d|2[0-3]):[0-5]\d$"}

    def encode_default(self, dft: Any) -> Any:
        return f"{dft:%H:%M}" if isinstance(dft, time) else super().encode_default(dft)


def config_schema() -> dict[str, dict[str, Any]]:
    """The schema of each kind of file, by its kind: interlock, template, environments, escalation."""
    whole = _Kinds.model_json_schema(schema_generator=_Generator)
    definitions = whole["$defs"]
    # YAML writes a calendar otherwise than the domain keeps it.
    definitions["WorkCalendar"] = definitions.pop("CalendarForm")
    definitions["Policy"]["properties"]["jobs"]["propertyNames"] = {"enum": list(JOBS)}
    for definition in definitions.values():
        for key, value in definition.get("properties", {}).items():
            _tidy(key, value)
    kinds = {kind: schema for kind, schema in whole["properties"].items() if kind != "calendar"}
    return {
        kind: {"$schema": DIALECT, **_untitled(schema), "$defs": _reachable(schema, definitions)}
        for kind, schema in kinds.items()
    }


def write_schemas(folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for kind, schema in config_schema().items():
        (folder / f"{kind}.schema.json").write_text(as_text(schema), encoding="utf-8")


def as_text(schema: dict[str, Any]) -> str:
    return json.dumps(schema, ensure_ascii=False, indent=2, sort_keys=True) + "\n"


def _tidy(key: str, schema: dict[str, Any]) -> None:
    """A key's title would repeat the key; its bounds are those of the rules."""
    schema.pop("title", None)
    for part in (schema, schema.get("items", {}), *schema.get("anyOf", ())):
        if part.get("type") == "integer":
            part["minimum"], part["maximum"] = bounds(key)


def _untitled(schema: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in schema.items() if key != "title"}


def _reachable(schema: dict[str, Any], definitions: dict[str, Any]) -> dict[str, Any]:
    """The definitions that a schema refers to, and those that they refer to."""
    found: dict[str, Any] = {}
    open_ends = [schema]
    while open_ends:
        for name in re.findall(r'"#/\$defs/(\w+)"', json.dumps(open_ends.pop())):
            if name not in found:
                found[name] = _untitled(definitions[name])
                open_ends.append(definitions[name])
    return found


if __name__ == "__main__":
    write_schemas(Path(sys.argv[1]))
