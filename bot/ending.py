"""Being told to end, by a signal."""

from queue import Empty, SimpleQueue


class Ending:
    """What an event is, for signal handlers: whoever interrupts the very thread that waits for an event, while that
    holds the event's lock, waits for ever. A SimpleQueue may be put into at any moment.
    """

    def __init__(self) -> None:
        self._calls: SimpleQueue[None] = SimpleQueue()
        self._told = False

    def tell(self) -> None:
        self._told = True
        self._calls.put(None)

    def wake(self) -> None:
        """End the wait, and not the program."""
        self._calls.put(None)

    def is_set(self) -> bool:
        return self._told

    def wait(self, seconds: float | None = None) -> bool:
        """Until somebody calls, at most so long; whether it is time to end."""
        if not self._told:
            try:
                self._calls.get(timeout=seconds)
            except Empty:
                return self._told
        return self._told
