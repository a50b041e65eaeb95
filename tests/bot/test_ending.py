"""Being told to end at any moment, the worst included."""

import os
import signal
import threading

import pytest

from bot.ending import Ending


def test_it_is_told_while_it_waits() -> None:
    ending = Ending()
    threading.Timer(0.01, ending.tell).start()
    assert ending.wait(20)
    assert ending.is_set()
    assert ending.wait(0)


def test_to_be_woken_is_not_to_be_told() -> None:
    ending = Ending()
    ending.wake()
    assert not ending.wait(20)
    assert not ending.wait(0)


@pytest.mark.timeout(60)
def test_a_signal_may_come_at_any_moment_of_the_wait() -> None:
    """An event's handler was seen to wait for ever for the lock that the thread under it held."""
    ending, finished = Ending(), threading.Event()

    def disturb() -> None:
        while not finished.is_set():
            os.kill(os.getpid(), signal.SIGUSR1)
            finished.wait(0.0002)

    before = signal.signal(signal.SIGUSR1, lambda *_: ending.wake())
    disturber = threading.Thread(target=disturb, daemon=True)
    try:
        disturber.start()
        for _ in range(200_000):
            ending.wait(0)
    finally:
        finished.set()
        disturber.join()
        signal.signal(signal.SIGUSR1, before)
    assert not ending.is_set()
