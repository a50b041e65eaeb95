"""The key that signs evidence (Ed25519), and the fingerprint by which auditors know it."""

import secrets
from hashlib import sha256
from threading import Lock
from typing import Final

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from interlock.config import signing
from interlock.config.settings import Settings

NONE: Final = (
    "Evidence can't be signed here: INTERLOCK_EVIDENCE_KEY is not set. Whoever runs Interlock makes a key with: "
    "interlock evidence key"
)


class Key:
    """One key. `fingerprint` is the SHA-256 of the public key's 32 bytes, in hexadecimal digits."""

    def __init__(self, text: str) -> None:
        """Raises ValueError for what is no key."""
        self._private = Ed25519PrivateKey.from_private_bytes(signing.seed(text))
        self.public = self._private.public_key().public_bytes_raw()
        self.fingerprint = sha256(self.public).hexdigest()

    def sign(self, message: bytes) -> bytes:
        return self._private.sign(message)


class Keyring:
    """The key of now, None where none is configured. Threads share one."""

    def __init__(self, text: str | None = None) -> None:
        self._lock = Lock()
        self._key = Key(text) if text else None

    def use(self, text: str) -> None:
        with self._lock:
            self._key = Key(text)

    @property
    def key(self) -> Key | None:
        with self._lock:
            return self._key


def keyring_of(settings: Settings) -> Keyring:
    return Keyring(settings.reveal("INTERLOCK_EVIDENCE_KEY") if settings.interlock_evidence_key else None)


def made() -> str:
    """A new private key, as INTERLOCK_EVIDENCE_KEY takes it."""
    return signing.written(secrets.token_bytes(signing.BYTES))
