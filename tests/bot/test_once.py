"""A request that comes twice, also at the same moment, is handled once."""

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from bot.once import Once


class Handler:
    """Counts its calls; a test may have it fail, or wait at a gate."""

    def __init__(self) -> None:
        self.calls = 0
        self.repeats = 0
        self.fails = False
        self.inside = threading.Event()
        self.gate = threading.Event()
        self.gate.set()

    def __call__(self) -> int:
        self.calls += 1
        self.inside.set()
        assert self.gate.wait(20)
        if self.fails:
            raise RuntimeError("broke")
        return self.calls

    def repeated(self) -> None:
        self.repeats += 1


@pytest.fixture
def handler() -> Handler:
    return Handler()


@pytest.fixture
def once(handler: Handler) -> Once[int]:
    return Once(handler.repeated, remembered=3)


def test_a_repeat_gets_the_first_ones_answer(once: Once[int], handler: Handler) -> None:
    assert [once.run("t1", handler), once.run("t1", handler), once.run("t2", handler)] == [1, 1, 2]
    assert handler.repeats == 1


def test_one_that_comes_meanwhile_waits_for_it(once: Once[int], handler: Handler) -> None:
    handler.gate.clear()
    with ThreadPoolExecutor(4) as pool:
        first = pool.submit(once.run, "t1", handler)
        assert handler.inside.wait(20)
        others = [pool.submit(once.run, "t1", handler) for _ in range(3)]
        handler.gate.set()
        assert [first.result(20), *(other.result(20) for other in others)] == [1, 1, 1, 1]


def test_what_failed_is_tried_again(once: Once[int], handler: Handler) -> None:
    handler.fails = True
    with pytest.raises(RuntimeError):
        once.run("t1", handler)
    handler.fails = False
    assert once.run("t1", handler) == 2


def test_what_nothing_names_is_handled_each_time(once: Once[int], handler: Handler) -> None:
    assert [once.run("", handler), once.run("", handler)] == [1, 2]


def test_it_forgets_the_oldest(once: Once[int], handler: Handler) -> None:
    for key in ("t1", "t2", "t3", "t4"):
        once.run(key, handler)
    assert once.run("t4", handler) == 4
    assert once.run("t1", handler) == 5
