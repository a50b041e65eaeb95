"""A template's version, which stands on its cards."""

import hashlib
from typing import Final

from interlock.domain.audit import canonical
from interlock.domain.policy import Template
from interlock.domain.template import essence

VERSION_LENGTH: Final = 12


def policy_version(template: Template) -> str:
    """Twelve hexadecimal digits of the SHA-256 of its essence as canonical JSON: another wording, another version."""
    return hashlib.sha256(canonical(essence(template)).encode()).hexdigest()[:VERSION_LENGTH]
