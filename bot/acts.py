"""A request that Slack delivers to two replicas is carried out by one, and answered alike by both.

Within a process `bot.once` sees to that, and spares the work; among processes the database does.
"""

import time
from collections.abc import Callable
from dataclasses import replace
from typing import Any, Final, TypeVar, cast

import structlog
from sqlalchemy.exc import SQLAlchemyError

from bot.modals import ShownAlreadyError
from bot.said import from_text, to_text
from bot.services import Services
from interlock.usecases.redelivery import Act, RepeatedError

PATIENCE_SECONDS: Final = 1.0
"""How long another replica's answer is waited for: Slack waits three seconds for ours."""

Result = TypeVar("Result")

log = structlog.get_logger(__name__)


class Acts:
    """`on_repeat` hears the kind of each request that another replica has carried out."""

    def __init__(self, services: Services, on_repeat: Callable[[str], None]) -> None:
        self._services = services
        self._on_repeat = on_repeat

    def once(
        self, kind: str, key: str, handle: Callable[[Services], Result], *, silently: bool = False
    ) -> Callable[[], Result]:
        """`handle`, or what it answered elsewhere to the request with this key; its writes go through the services that
        it is given. `silently`: the answer is a message of its own, so one of them gives it and the other none.

        Raises RepeatedError where the other has left no answer: it died after it had done it.
        """

        def handle_once() -> Result:
            act = Act(self._services.store, key, self._services.clock())
            try:
                said = handle(replace(self._services, store=act.store))
            except ShownAlreadyError:
                self._on_repeat(kind)
                return cast("Result", None)  # the form is the answer
            except RepeatedError:
                self._on_repeat(kind)
                return cast("Result", None if silently else self._said(act))
            if act.claimed and not silently:
                _keep(act, said)
            return said

        return handle_once

    def _said(self, act: Act) -> Any:
        deadline = time.monotonic() + PATIENCE_SECONDS
        while (text := act.answer()) is None:  # it may be drawing it just now
            if time.monotonic() > deadline:
                raise RepeatedError
            time.sleep(0.05)
        return from_text(text)


def _keep(act: Act, said: object) -> None:
    try:
        act.keep(to_text(said))
    except SQLAlchemyError as error:
        log.warning("answer not kept", error=type(error).__name__)  # it is given all the same
