"""A bell: whoever adds work rings it, so that whoever waits for work need not look at the clock."""

from threading import Event


class Wakeup:
    """Rung after a commit that added messages. A bell that is missed costs a poll's interval, nothing else."""

    def __init__(self) -> None:
        self._event = Event()

    def ring(self) -> None:
        self._event.set()

    def wait(self, seconds: float) -> None:
        """Until it is rung, or was since the last wait, or `seconds` have passed."""
        self._event.wait(seconds)
        self._event.clear()
