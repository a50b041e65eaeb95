"""Requests that carry a token, or what few may see, go where they were sent and nowhere else."""

from typing import Any, Final
from urllib.parse import urlsplit
from urllib.request import HTTPRedirectHandler

SLACKS: Final = (".slack.com", ".slack-gov.com")
"""Response URLs are at hooks.slack.com, uploads at files.slack.com; for GovSlack at slack-gov.com."""


def is_slacks(url: str, api_host: str | None) -> bool:
    """Whether an address that Slack named is Slack's own, or that of where its Web API is reached."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return False
    host = parts.hostname or ""
    if host == api_host:
        return parts.scheme in {"https", "http"}
    return parts.scheme == "https" and host.endswith(SLACKS)


class NoRedirects(HTTPRedirectHandler):
    """For `build_opener`: a redirect is not followed, token in hand, to whatever host it names, but is an error."""

    def redirect_request(self, *_: Any) -> None:
        """None: the redirect itself is the answer."""
