"""The practice Slack's web page: Block Kit as HTML, and the acts of a person in a browser."""

from sandbox.page.routes import build

__all__ = ["build"]
