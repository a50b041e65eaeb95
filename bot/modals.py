"""The Slack calls that a listener may make itself: those that a trigger pays for, which lives three seconds."""

from typing import Any, Final

from bot.slack import Slack, SlackError
from interlock.domain.errors import InterlockError

TOO_LATE: Final = frozenset({"expired_trigger_id", "trigger_expired"})
USED: Final = frozenset({"exchanged_trigger_id", "trigger_exchanged"})
GONE: Final = frozenset({"not_found", "hash_conflict", "view_not_found"})


class ModalError(InterlockError):
    """Slack did not show the view. Nothing was decided by it."""


class ShownAlreadyError(ModalError):
    """The trigger has shown a view: the same request was met before, by another replica."""


class Modals:
    """views.open, push, update and publish. Each answer is Slack's `view` object."""

    def __init__(self, slack: Slack) -> None:
        self._slack = slack

    def open(self, trigger_id: str, view: dict[str, Any]) -> dict[str, Any]:
        return self._call("views.open", trigger_id=trigger_id, view=view)

    def push(self, trigger_id: str, view: dict[str, Any]) -> dict[str, Any]:
        """On top of the view that is open; Slack stacks three."""
        return self._call("views.push", trigger_id=trigger_id, view=view)

    def update(self, view_id: str, view: dict[str, Any], view_hash: str | None = None) -> dict[str, Any]:
        """With `view_hash`, only if nobody changed the view since."""
        return self._call("views.update", view_id=view_id, view=view, hash=view_hash)

    def publish(self, user_id: str, view: dict[str, Any]) -> dict[str, Any]:
        """The person's Home tab."""
        return self._call("views.publish", user_id=user_id, view=view)

    def _call(self, method: str, **arguments: Any) -> dict[str, Any]:
        try:
            answer = self._slack.write(method, **arguments)
        except SlackError as error:
            if error.code in USED:
                raise ShownAlreadyError("That form is open already.") from error
            raise ModalError(_sentence(error)) from error
        view: dict[str, Any] = answer.get("view") or {}
        return view


def _sentence(error: SlackError) -> str:
    if error.code in TOO_LATE:
        return "That took longer than the three seconds Slack allows for opening a form. Press it again."
    if error.code in GONE:
        return "That form was changed or closed meanwhile. Open it again."
    if not error.code or error.retry_after:
        return "Slack can't be reached just now, so the form could not be opened. Try again."
    return f"Slack would not show the form ({error.code}). Nothing was changed."
