"""The key that signs evidence, as a text: `ed25519:` and 32 bytes in base64url without padding."""

import base64
import binascii
from typing import Final

PREFIX: Final = "ed25519:"
BYTES: Final = 32


def seed(text: str) -> bytes:
    """The private key's 32 bytes (RFC 8032). Raises ValueError, whose text quotes none of it."""
    body = text.removeprefix(PREFIX)
    try:
        found = base64.b64decode(body + "=" * (-len(body) % 4), altchars=b"-_", validate=True)
    except (binascii.Error, ValueError) as error:
        raise ValueError("it is no such key") from error
    if not text.startswith(PREFIX) or len(found) != BYTES or written(found) != text:
        raise ValueError("it is no such key")
    return found


def written(found: bytes) -> str:
    """As `seed` reads it."""
    return PREFIX + base64.urlsafe_b64encode(found).decode().rstrip("=")
