"""Personal tokens for the command line."""

from typing import Final

from interlock.store.secret import SecretRow, Secrets


class AccessTokenRow(SecretRow, table=True):
    __tablename__ = "access_token"


TOKENS: Final = Secrets(AccessTokenRow)
