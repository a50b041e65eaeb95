"""The composition root: settings become a running bot. The one clock of the program is here."""

import gc
import os
import secrets
import signal
import socket
import threading
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from functools import partial
from queue import SimpleQueue
from typing import TYPE_CHECKING, Final, Literal

import structlog
from sqlalchemy.exc import DBAPIError
from sqlmodel import Session

from bot.accepted import Accepted
from bot.answers import Answers
from bot.app import build_app
from bot.asked_jobs import AskedJobs
from bot.directory import SlackDirectory
from bot.door import Door
from bot.ending import Ending
from bot.evidence.key import keyring_of
from bot.http import feed
from bot.http.api import Api, routes
from bot.http.app import build_http
from bot.http.gauges import StateCollector
from bot.http.health import DATABASE, REQUESTS, Health
from bot.http.server import HttpServer
from bot.http.slack import SlackDoor
from bot.jobs import Tools, all_jobs
from bot.metrics import Metrics
from bot.modals import Modals
from bot.rereading import Rereading
from bot.sender import SlackSender
from bot.services import Services
from bot.slack import WRONG_TOKEN, Slack, SlackError
from bot.socket import SlackSocket
from interlock import trace
from interlock.config.errors import SettingsError
from interlock.config.origin import say_where
from interlock.config.policy import load_policy
from interlock.config.secret_files import SecretFiles
from interlock.config.settings import Settings, load_settings, needed
from interlock.domain.errors import InterlockError
from interlock.domain.outage import Outage
from interlock.domain.outbox import Message
from interlock.domain.policy import Policy
from interlock.domain.vendor import Vendor
from interlock.domain.words import join
from interlock.jobs import webhook
from interlock.jobs.clock import ClockWatch
from interlock.jobs.groups import GROUPS
from interlock.jobs.link import LINKS
from interlock.jobs.relay import Relay
from interlock.jobs.schedule import Schedule
from interlock.jobs.slots import JobRunner
from interlock.jobs.vendor import VendorWatch
from interlock.jobs.wakeup import Wakeup
from interlock.jobs.webhook import Receipt
from interlock.store import mirror, schema
from interlock.store.engine import Store
from interlock.store.one_process import alone_on
from interlock.trackers.http import Heed, Observe, unheeded, unobserved
from interlock.trackers.jira import JiraTracker
from interlock.usecases import environment, outage, parked

if TYPE_CHECKING:
    from bot.tracing import Tracing

Mode = Literal["socket", "http"]

TOKEN: Final = "SLACK_BOT_TOKEN"  # noqa: S105 a variable's name
DIRECTORY: Final = ("groups", "people", "channels")
"""The mirrors of Slack: a fresh database has none, and refuses everybody until they are there."""

LOOK_SECONDS: Final = 1.0
"""How often the files of secrets are looked at."""

log = structlog.get_logger(__name__)


def now() -> datetime:
    return datetime.now(UTC)  # noqa: TID251 the one clock


def settings_from(env: Mapping[str, str]) -> Settings:
    """Raises SettingsError."""
    return load_settings(env)


def policy_of(settings: Settings) -> Policy:
    """Raises PolicyError."""
    return load_policy(settings.interlock_config, now().date())


def open_store(settings: Settings, *, require_schema: bool = True) -> Store:
    """Raises StoreError where the database cannot be reached or has another schema."""
    store = Store(settings.reveal("DATABASE_URL"))
    if require_schema:
        schema.require_usable(store)
    return store


def tracker_of(settings: Settings, policy: Policy, observe: Observe = unobserved, heed: Heed = unheeded) -> JiraTracker:
    settings.require_tracker()
    token = settings.reveal("JIRA_TOKEN")
    return JiraTracker(settings.jira_url or "", settings.jira_email, token, policy.tickets, observe=observe, heed=heed)


def owner() -> str:
    """Names this process in leases: unique per process and start."""
    return f"{socket.gethostname()}:{os.getpid()}:{secrets.token_hex(4)}"


def relay_of(
    services: Services, slack: Slack, name: str, wakeup: Wakeup | None = None, watch: ClockWatch | None = None
) -> Relay:
    """`name` is the process's in leases."""
    store, policy, clock = services.store, services.policy, services.clock

    def on_parked(session: Session, message: Message, reason: str) -> None:
        parked.tell(session, policy, message, reason, clock())

    def on_recovered(session: Session, ended: Outage) -> int:
        return outage.tell(session, policy, ended, clock())

    sender = SlackSender(services, slack)
    trusts = (watch or ClockWatch(clock)).trusts
    return Relay(
        store,
        sender,
        clock=clock,
        owner=name,
        wakeup=wakeup,
        on_parked=on_parked,
        on_recovered=on_recovered,
        trusts=trusts,
    )


class Bot:
    """All parts, put together and not yet started. Raises an InterlockError where something is missing or wrong."""

    def __init__(
        self, settings: Settings, mode: Mode, clock: Callable[[], datetime] = now, env: Mapping[str, str] | None = None
    ) -> None:
        """`env` is what the settings were loaded from, for the files of its secrets to be read again."""
        settings.require(*needed(mode))
        self._clock = clock
        self._policy = policy = policy_of(settings)
        self._metrics = metrics = Metrics()
        self._say = partial(say_where, env=env or {})
        self._store = store = open_store(settings)
        self._vendors = vendors = VendorWatch(store, policy, clock)
        heed = partial(vendors.heard, Vendor.JIRA)
        self._tracker = tracker_of(settings, policy, metrics.tracker_asked, heed)
        self._secret_files = files = SecretFiles(env or {}, settings)
        metrics.watch_secrets(files.variables, lambda name: name in files.unused)
        self._slack = slack = Slack(
            settings.reveal(TOKEN),
            settings.slack_api_url,
            observe=metrics.slack_called,
            heed=partial(vendors.heard, Vendor.SLACK),
        )
        self._directory = SlackDirectory(slack)
        wakeup = Wakeup()
        name = owner()
        self._rereading, self._checking = Rereading(), Rereading()
        self._keyring = keyring_of(settings)
        services = Services(
            store=store,
            policy=policy,
            settings=settings,
            clock=clock,
            views=Modals(slack),
            wake=wakeup.ring,
            reread=self._rereading.ask,
            check_links=self._checking.ask,
            keyring=self._keyring,
        )
        self._watch = ClockWatch(clock)
        self._relay = relay_of(services, slack, name, wakeup, self._watch)
        tools = Tools(
            store=store,
            policy=policy,
            tracker=self._tracker,
            directory=self._directory,
            relay=self._relay,
            clock=clock,
        )
        self._runner = JobRunner(
            store, policy, all_jobs(tools), clock, name, self._watch.trusts, metrics.job_ran, vendors
        )
        metrics.expect_jobs(self._runner.jobs)
        self._schedule = Schedule(self._runner, clock)
        self._answers = Answers(settings.slack_api_url, metrics.slack_called)
        app = build_app(services, answers=self._answers, metrics=metrics)
        self._socket: SlackSocket | None = None
        self._signing: Accepted | None = None
        self._webhook: Accepted | None = None
        self._door: SlackDoor | None = None
        if mode == "socket":
            self._socket = SlackSocket(app, settings.reveal("SLACK_APP_TOKEN"), settings.slack_api_url)
            metrics.watch_connection(lambda: self._socket is not None and self._socket.is_connected)
        else:
            self._signing = Accepted(settings.reveal("SLACK_SIGNING_SECRET"), clock)
            self._door = SlackDoor(app, self._signing, on_arrival=metrics.slack_request_came, say=self._say)
        self._draining = threading.Event()
        health = self._health()
        metrics.registry.register(StateCollector(store, clock, self._relay.tally.snapshot, health.threads))
        self._asked = AskedJobs(self._runner, clock)
        api = Api(Door(services, self._answers, metrics, self._asked), clock, on_wrong=metrics.wrong_token)
        self._http = self._serve(settings, services, health, api)

    @property
    def port(self) -> int:
        return self._http.port

    def start(self) -> None:
        """Raises an InterlockError where a token is wrong, or the database has gone since its schema was looked at.
        What else cannot be reached is tried again, and /readyz tells of it."""
        try:
            environment.reconcile(self._store, self._policy, self._clock())
        except DBAPIError as error:
            raise schema.unreachable(self._store, error) from error
        self._http.start()
        self._greet()
        for who in Vendor:  # the token may be another than the one that was refused
            self._vendors.renewed(who)
        self._relay.start()
        self._schedule.start()
        self._rereading.start(lambda: self._runner.run_now(GROUPS, self._clock()))
        self._checking.start(lambda: self._runner.run_now(LINKS, self._clock()))
        if self._socket is not None:
            self._socket.start()
        log.info("started", port=self.port)

    def renew_secrets(self, *, force: bool = False) -> None:
        """Use what stands in the files of the secrets now, where that is another."""
        self._secret_files.renew(self._use, force=force)

    def stop(self) -> None:
        """Take nothing new, finish what was begun, leave nothing half-sent. What was committed and not sent stays in
        the outbox.
        """
        log.info("stopping")
        self._draining.set()
        self._schedule.wind_down()
        if self._socket is not None:
            self._socket.stop()
        self._http.stop()
        self._schedule.stop()
        self._asked.stop()
        self._rereading.stop()
        self._checking.stop()
        self._answers.close()
        self._relay.stop()
        self._tracker.close()
        self._store.close()
        log.info("stopped")

    def _use(self, name: str, secret: str) -> None:
        """Raises StoreError for another database."""
        match name:
            case "SLACK_BOT_TOKEN":
                self._slack.use(secret)
                self._try(Vendor.SLACK, lambda: self._slack.read("auth.test"))
            case "SLACK_APP_TOKEN" if self._socket is not None:
                self._socket.use(secret)
            case "SLACK_SIGNING_SECRET" if self._signing is not None:
                self._signing.renew(secret)
            case "JIRA_TOKEN":
                self._tracker.use(secret)
                self._try(Vendor.JIRA, self._tracker.whoami)
            case "INTERLOCK_EVIDENCE_KEY":
                self._keyring.use(secret)
            case "JIRA_WEBHOOK_SECRET" if self._webhook is not None:
                self._webhook.renew(secret)
            case "DATABASE_URL":
                self._store.use(secret)

    def _try(self, who: Vendor, ask: Callable[[], object]) -> None:
        """Whether the new token works is known at once, not when a job next needs it."""
        self._vendors.renewed(who)
        try:
            ask()
        except InterlockError as error:
            log.warning("secret.refused", vendor=who.value, reason=self._say(str(error)))

    def _greet(self) -> None:
        try:
            home = self._directory.home()
        except SlackError as error:
            if error.code in WRONG_TOKEN:
                raise SettingsError(
                    f"{TOKEN} is not accepted by Slack ({error.code}): set it to the bot token (xoxb-…) from your "
                    "Slack app's OAuth & Permissions page."
                ) from error
            log.warning("slack.not_reached", reason=str(error))
        else:
            log.info("slack.greeted", team=home.team_id)

    def _serve(self, settings: Settings, services: Services, health: Health, api: Api) -> HttpServer:
        jira = None
        if settings.jira_webhook_secret is not None:
            self._webhook = accepted = Accepted(settings.reveal("JIRA_WEBHOOK_SECRET"), self._clock)

            def jira(body: bytes, signature: str | None, identifier: str | None) -> Receipt:
                with trace.begin("jira webhook", role="server"):
                    receipt = webhook.receive(
                        services.store,
                        services.policy,
                        self._tracker,
                        self._clock,
                        body=body,
                        signature=signature,
                        identifier=identifier,
                        secrets=accepted.secrets(),
                    )
                services.wake()
                self._metrics.webhook_came(receipt.value)
                return receipt

        app = build_http(health=health, registry=self._metrics.registry, clock=self._clock, slack=self._door, jira=jira)
        app.include_router(routes(api))
        app.include_router(feed.routes(feed.Feeds(services.store, services.policy, self._clock)))
        return HttpServer(app, settings.interlock_http)

    def _health(self) -> Health:
        def database() -> None:
            schema.require_usable(self._store)

        def slack() -> str | None:
            if self._socket is None or self._socket.is_connected:
                return None
            return "Slack is not connected; it is tried again every few seconds."

        def directory() -> str | None:
            with self._store.read() as session:
                unread = [name for name in DIRECTORY if mirror.as_of(session, name) is None]
            return f"Slack's {join(unread)} were never read yet, so who may do what is not known." if unread else None

        def clock() -> str | None:
            with self._store.read() as session:
                return self._watch.complaint(session)

        def refusal(who: Vendor) -> str | None:
            with self._store.read() as session:
                return next((each.told for each in self._vendors.halts(session, [who])), None)

        def secret_files() -> str | None:
            return " ".join(f"{why} The one before it is used." for why in self._secret_files.unused.values()) or None

        def requests() -> str | None:
            return self._door.complaint(self._clock()) if self._door is not None else None

        def draining() -> str | None:
            return "It is stopping." if self._draining.is_set() else None

        return Health(
            threads={
                "relay": lambda: self._relay.is_alive,
                "schedule": lambda: self._schedule.is_alive,
                "slack": lambda: self._socket is None or self._socket.is_alive,
            },
            checks={
                DATABASE: database,
                "slack": slack,
                "directory": directory,
                "clock": clock,
                "stopping": draining,
            },
            notes={f"{who.value} token": partial(refusal, who) for who in Vendor}
            | {"secret files": secret_files, REQUESTS: requests},
            say=self._say,
        )


def set_aside_what_stays() -> None:
    """Spares the garbage collector everything that was imported and built until now. Walking it takes a tenth of a
    second, during which nobody is answered, and a sync makes it walk every second."""
    gc.collect()
    gc.freeze()


def run(settings: Settings, mode: Mode, env: Mapping[str, str] | None = None) -> None:
    """Run until SIGTERM or SIGINT, then stop in good order; a second signal ends the process at once. Secrets in files
    are read again when they change, and on SIGHUP.
    """
    ending, asked = Ending(), SimpleQueue[None]()

    def end(number: int, _frame: object) -> None:
        if ending.is_set():
            os._exit(128 + number)
        ending.tell()

    def ask(_number: int, _frame: object) -> None:
        asked.put(None)
        ending.wake()

    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, end)
    signal.signal(signal.SIGHUP, ask)
    with alone_on(settings.reveal("DATABASE_URL")):
        bot = Bot(settings, mode, env=env)
        tracing = _tracing(settings)
        set_aside_what_stays()
        try:
            bot.start()
            while not ending.wait(LOOK_SECONDS):
                force = not asked.empty()
                while not asked.empty():
                    asked.get()
                bot.renew_secrets(force=force)
        finally:
            bot.stop()
            if tracing is not None:
                tracing.stop()


def _tracing(settings: Settings) -> "Tracing | None":
    if settings.otel_exporter_otlp_endpoint is None:
        return None
    from bot import tracing  # noqa: PLC0415 OpenTelemetry takes its time to import, and few ask for it

    return tracing.over_http(settings.otel_exporter_otlp_endpoint, owner())
