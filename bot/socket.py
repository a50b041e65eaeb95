"""Slack over Socket Mode: no inbound port. The SDK's client on ten threads, connected until told otherwise."""

import contextlib
import logging
import threading
import time
from typing import Final

import structlog
from slack_bolt import App
from slack_bolt.adapter.socket_mode.builtin import SocketModeHandler
from slack_sdk.errors import SlackApiError
from slack_sdk.socket_mode.builtin import SocketModeClient
from slack_sdk.socket_mode.client import BaseSocketModeClient
from slack_sdk.socket_mode.request import SocketModeRequest

from bot.slack import WRONG_TOKEN, Client
from interlock.config.errors import SettingsError

THREADS: Final = 10
CALL_SECONDS: Final = 10
PING_SECONDS: Final = 3.0
"""How often the SDK looks whether the connection still stands: until it has noticed, commands meet nobody."""
FIRST_PAUSE: Final = 1.0
LONGEST_PAUSE: Final = 30.0
DRAIN_SECONDS: Final = 5.0
CLOSE_SECONDS: Final = 5.0
"""Longer than the three seconds for which the SDK's receiver waits for a connection that tells nothing."""

log = structlog.get_logger(__name__)


class SlackSocket:
    """`start` returns at once and goes on trying; the SDK itself reconnects what was connected once."""

    def __init__(self, app: App, app_token: str, base_url: str) -> None:
        logger = logging.getLogger("interlock.socket_mode")
        logger.setLevel(logging.ERROR)
        self._handler = SocketModeHandler(
            app,
            app_token,
            logger=logger,
            web_client=Client(base_url=base_url, timeout=CALL_SECONDS, logger=logger),
            ping_interval=PING_SECONDS,
            concurrency=THREADS,
        )
        self._client = self._handler.client
        self._client.socket_mode_request_listeners[:] = [self._handle]
        self._idle = threading.Condition()
        self._under_way = 0
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._connect, name="slack socket", daemon=True)

    @property
    def is_connected(self) -> bool:
        return self._client.is_connected()

    @property
    def is_alive(self) -> bool:
        """Whether the thread lives that takes what comes in; the SDK mends the connection itself, but not that."""
        return self._client.message_processor.is_alive()

    def use(self, app_token: str) -> None:
        """For the next connection; Slack lets the one that stands go on."""
        self._client.app_token = app_token

    def start(self) -> None:
        """Raises SettingsError where Slack does not accept the app-level token: trying again cannot help."""
        try:
            self._client.connect_to_new_endpoint()
        except SlackApiError as error:
            code = str(error.response.get("error", ""))
            if code in WRONG_TOKEN:
                self._client.close()
                raise SettingsError(
                    f"SLACK_APP_TOKEN is not accepted by Slack ({code}): set it to an app-level token (xapp-…) with "
                    "connections:write, from your Slack app's page."
                ) from error
            log.warning("slack.not_connected", reason=code)
        except Exception as error:  # noqa: BLE001 the SDK raises whatever sockets, TLS and HTTP raise: all mean "not yet"
            log.warning("slack.not_connected", reason=type(error).__name__)
        self._thread.start()

    def stop(self) -> None:
        """Finish what is being handled, so that its answer still goes out, then hang up."""
        self._stopping.set()
        if self._thread.ident is not None:
            self._thread.join(CLOSE_SECONDS)
        self._wait_until_idle(DRAIN_SECONDS)
        closing = threading.Thread(target=self._hang_up, name="slack socket close", daemon=True)
        closing.start()
        closing.join(CLOSE_SECONDS)
        if closing.is_alive():
            log.warning("slack.not_closed", seconds=CLOSE_SECONDS)

    def _hang_up(self) -> None:
        """Without this the SDK may wait for ever: its receiver, told to end, begins anew for as long as the connection
        is not closed, and so forgets that it was told; and closing waits until the receiver has heard something.
        """
        self._client.current_session_runner.event.set()
        self._client.current_session_state.terminated = True
        session = self._client.current_session
        if session is not None:
            with contextlib.suppress(OSError):  # it is gone already
                session.ping("bye")
        self._client.close()

    def _connect(self) -> None:
        """Until the first connection stands; from then on the SDK looks after it."""
        pause = FIRST_PAUSE
        while not self.is_connected and not self._stopping.wait(pause):
            pause = min(pause * 2, LONGEST_PAUSE)
            try:
                # A new address each time: the last one may have been used up.
                self._client.connect_to_new_endpoint()
            except Exception as error:  # noqa: BLE001 as in `start`
                log.warning("slack.not_connected", reason=type(error).__name__, next_try_seconds=pause)
        if self.is_connected:
            log.info("slack.connected")

    def _handle(self, client: BaseSocketModeClient, request: SocketModeRequest) -> None:
        assert isinstance(client, SocketModeClient)
        with self._idle:
            self._under_way += 1
        try:
            self._handler.handle(client, request)
        finally:
            with self._idle:
                self._under_way -= 1
                self._idle.notify_all()

    def _wait_until_idle(self, seconds: float) -> None:
        deadline = time.monotonic() + seconds
        with self._idle:
            while (self._under_way or self._client.message_queue.qsize()) and time.monotonic() < deadline:
                self._idle.wait(0.05)
