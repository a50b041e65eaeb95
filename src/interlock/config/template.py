"""A template as text: the copy that a release keeps, and the version that stands on its cards."""

import hashlib
import json
from dataclasses import asdict, is_dataclass
from datetime import date, time
from typing import Final

from pydantic import BaseModel, ConfigDict, ValidationError

from interlock.config.errors import StoredTemplateError
from interlock.domain.audit import canonical
from interlock.domain.policy import Template
from interlock.domain.template import essence

VERSION_LENGTH: Final = 12


class _Stored(BaseModel):
    """Refuses keys that it does not know: a rule that an older Interlock passed over would be a gate left open."""

    model_config = ConfigDict(extra="forbid")
    template: Template


def policy_json(value: object) -> str:
    """A policy value as canonical JSON: the same value is the same text, on every machine and at every time."""
    assert is_dataclass(value)
    assert not isinstance(value, type)
    return json.dumps(asdict(value), default=_plain, ensure_ascii=False, sort_keys=True, separators=(",", ":"))


def read_template(text: str) -> Template:
    """What `policy_json` wrote. Raises StoredTemplateError for anything else."""
    try:
        return _Stored.model_validate({"template": json.loads(text)}).template
    except (ValidationError, ValueError) as error:
        raise StoredTemplateError(
            "A release's stored template cannot be read; a newer Interlock may have written it: run that one."
        ) from error


def policy_version(template: Template) -> str:
    """Twelve hexadecimal digits of the SHA-256 of its essence as canonical JSON: another wording, another version."""
    return hashlib.sha256(canonical(essence(template)).encode()).hexdigest()[:VERSION_LENGTH]


def _plain(value: object) -> object:
    if isinstance(value, date | time):
        return value.isoformat()
    assert isinstance(value, frozenset)
    return sorted(value)
