"""A request that Slack delivers twice is handled once, and both get the same answer."""

import threading
from collections import OrderedDict
from collections.abc import Callable
from concurrent.futures import Future
from typing import Final, Generic, TypeVar

Result = TypeVar("Result")

REMEMBERED: Final = 1000
"""How many requests are remembered: minutes' worth, and Slack redelivers within seconds."""


class Once(Generic[Result]):
    """Remembers the answers of this process. Across processes the store does: see `bot.acts`, and outbox keys make a
    post one post.
    """

    def __init__(self, on_repeat: Callable[[], None], remembered: int = REMEMBERED) -> None:
        """`on_repeat` hears of each repeat."""
        self._on_repeat = on_repeat
        self._remembered = remembered
        self._lock = threading.Lock()
        self._answers: OrderedDict[str, Future[Result]] = OrderedDict()

    def run(self, key: str, handle: Callable[[], Result]) -> Result:
        """`handle()`, or what it gave for this key before; a repeat that comes meanwhile waits for it. What raised is
        forgotten, so that a repeat tries again. An empty key names nothing and is always handled."""
        if not key:
            return handle()
        mine: Future[Result] = Future()
        with self._lock:
            first = self._answers.setdefault(key, mine)
            while len(self._answers) > self._remembered:
                self._answers.popitem(last=False)
        if first is not mine:
            self._on_repeat()
            return first.result()
        try:
            result = handle()
        except BaseException as error:
            with self._lock:
                self._answers.pop(key, None)
            mine.set_exception(error)
            raise
        mine.set_result(result)
        return result
