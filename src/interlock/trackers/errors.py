"""What can go wrong between Interlock and the tracker."""

from http import HTTPStatus

from interlock.domain.errors import InterlockError


class TrackerError(InterlockError):
    """The tracker did not give what was asked. The text says what to do next.

    `permanent`: asking again gives the same until somebody acts. `retry_after`: seconds that the tracker asks to wait;
    None where it names none. `status`: the HTTP status, None where there was no answer.
    """

    def __init__(
        self,
        sentence: str,
        *,
        permanent: bool,
        retry_after: float | None = None,
        status: int | None = None,
        unknown_account: bool = False,
    ) -> None:
        super().__init__(sentence)
        self.permanent = permanent
        self.retry_after = retry_after
        self.status = status
        self.unknown_account = unknown_account
        """The tracker does not accept the token."""

    @property
    def outcome(self) -> str:
        """One of five words."""
        if self.retry_after is not None or self.status == HTTPStatus.TOO_MANY_REQUESTS:
            return "limited"
        if self.status is None:
            return "unreachable"
        if self.status >= HTTPStatus.INTERNAL_SERVER_ERROR:
            return "failed"
        return "refused" if self.permanent else "unreadable"


class UnreadableTicketError(TrackerError):
    """A row that cannot be kept, for it lacks its id, key, fields or any time. `name` says which it is."""

    def __init__(self, name: str, lacks: str) -> None:
        super().__init__(
            f"Ticket {name} cannot be read: the tracker's answer lacks {lacks}. Nothing after it was taken over. "
            "Look at that ticket in the tracker; the next run begins with its page.",
            permanent=True,
        )
        self.name = name
