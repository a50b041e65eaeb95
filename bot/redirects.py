"""Requests that carry a token go where they were sent and nowhere else."""

from typing import Any
from urllib.request import HTTPRedirectHandler


class NoRedirects(HTTPRedirectHandler):
    """For `build_opener`: a redirect is not followed, token in hand, to whatever host it names, but is an error."""

    def redirect_request(self, *_: Any) -> None:
        """None: the redirect itself is the answer."""
