"""From one payload to one row of the tables and back to what Slack is answered, with the one error handler."""

import secrets
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from typing import Any, TypeVar

import structlog
from sqlalchemy import event as sqlalchemy_event
from sqlalchemy.exc import InterfaceError, OperationalError

from bot import parsing
from bot.acts import Acts
from bot.answers import Answers
from bot.commands import SlashCommand, Unclear, find, listed, usages
from bot.metrics import Metrics
from bot.once import Once
from bot.parsing import Body
from bot.requests import (
    Answer,
    Cleared,
    Click,
    Closed,
    Command,
    Errors,
    Event,
    Replacement,
    Shown,
    Submission,
    Suggestion,
    UnreadableButtonError,
)
from bot.services import Services
from bot.views import forms
from bot.views import help as help_page
from bot.views.blocks import Block, Message, refusal, sentence
from interlock import trace
from interlock.domain.errors import InterlockError

ClickHandler = Callable[[Click, Services], Message | Replacement | None]
SubmissionHandler = Callable[[Submission, Services], Answer]
SuggestionHandler = Callable[[Suggestion, Services], list[Block]]
EventHandler = Callable[[Event, Services], None]

Result = TypeVar("Result")

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Tables:
    """Who answers what. Commands by name, clicks by action id, submissions by callback id, suggestions by action id
    (each answers `blocks.option`s), events by type.
    """

    commands: Mapping[str, SlashCommand] = field(default_factory=dict)
    clicks: Mapping[str, ClickHandler] = field(default_factory=dict)
    submissions: Mapping[str, SubmissionHandler] = field(default_factory=dict)
    suggestions: Mapping[str, SuggestionHandler] = field(default_factory=dict)
    events: Mapping[str, EventHandler] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Failure:
    """What the person is told. `ours`: it was no known error, so Slack may deliver an event again."""

    sentence: str
    ours: bool


class Dispatcher:
    def __init__(self, services: Services, tables: Tables, answers: Answers, metrics: Metrics) -> None:
        self._services = services
        self._tables = tables
        self._answers = answers
        self._metrics = metrics
        self._commits = _Commits(services)
        self._acts = Acts(services, lambda kind: metrics.repeated.labels(kind).inc())
        repeated = metrics.repeated.labels
        self._commands: Once[Message | Failure | None] = Once(repeated("command").inc)
        self._clicks: Once[None] = Once(repeated("click").inc)
        self._submissions: Once[Answer] = Once(repeated("submission").inc)
        self._events: Once[None] = Once(repeated("event").inc)

    def command(self, body: Body) -> Message | None:
        """The ephemeral answer, to be carried by the ack; None where a form that opens is the answer."""
        name, words = parsing.text(body, "command"), parsing.text(body, "text")
        with trace.begin("slack command", role="server"):
            said = self._commands.run(
                parsing.request_id(body), lambda: self.typed(name, words, partial(parsing.command, body))
            )
        return refusal(said.sentence) if isinstance(said, Failure) else said

    def click(self, body: Body) -> None:
        """Handles it; its answer goes to the response_url, or into a modal where there is none."""
        with trace.begin("slack click", role="server"):
            self._clicks.run(parsing.request_id(body), lambda: self._click(body))

    def submission(self, body: Body) -> Answer:
        with trace.begin("slack submission", role="server"):
            return self._submissions.run(parsing.request_id(body), lambda: self._submission(body))

    def suggestion(self, body: Body) -> list[Block]:
        """Options; none when the lookup fails, which leaves the form usable."""
        request = parsing.suggestion(body, self._services.clock())
        handler = self._tables.suggestions.get(request.action_id)
        if handler is None:
            return []
        found = self._attempt("suggestion", request.action_id, lambda: handler(request, self._services))
        return [] if isinstance(found, Failure) else found

    def event(self, body: Body) -> bool:
        """Whether it was handled, or needs none: if not, Slack shall deliver it again."""
        request = parsing.event(body, self._services.clock())
        handler = self._tables.events.get(request.type)
        if handler is None or request.body.get("bot_id"):
            return True  # what bots say, ours included, is not spoken to us
        try:
            with trace.begin("slack event", role="server"):
                self._events.run(request.event_id, lambda: self._event(handler, request))
        except _FailedError:
            return False
        return True

    def typed(self, name: str, words: str, ask: Callable[[str, str, datetime], Command]) -> Message | Failure | None:
        """The answer to a command, wherever it was typed; `ask` makes the request of a verb, its arguments and now."""
        name = name.casefold()
        spec = self._tables.commands.get(name)
        if spec is None:
            return help_page.unknown(name, self._tables.commands)
        meant = find(spec, parsing.typed(words))
        if isinstance(meant, Unclear):
            return help_page.unclear(name, meant.typed, meant.near, [*spec.verbs, "help"], meant.guess)
        verb = spec.verbs.get(meant.verb or "")
        if verb is None:
            return help_page.command(name, spec.about, usages(name, spec, listed(spec, meant.args)))
        request = ask(meant.verb or "", meant.args, self._services.clock())
        once = self._acts.once("command", request.trigger_id, lambda services: verb.handler(request, services))
        return self._attempt("command", f"{name} {request.verb}", once)

    def pressed(
        self, action_id: str, ask: Callable[[datetime], Click], *, in_slack: bool = False
    ) -> Message | Replacement | Failure | None:
        """The answer to a button, wherever it was pressed. In Slack the answer is a message of its own: whoever met
        the click first says it, and nobody else.
        """
        handler = self._tables.clicks.get(action_id)

        def handle() -> Message | Replacement | None:
            if handler is None:
                raise UnreadableButtonError
            request = ask(self._services.clock())
            act = partial(handler, request)
            return self._acts.once("click", request.trigger_id, act, silently=in_slack)()

        return self._attempt("click", action_id if handler else "unknown", handle)

    def _click(self, body: Body) -> None:
        action = parsing.first_action(body)
        action_id = parsing.text(action, "action_id")
        if action_id not in self._tables.clicks and action.get("url"):
            return  # a link: Slack opens it, and only tells us
        said = self.pressed(action_id, partial(parsing.click, body), in_slack=True)
        if isinstance(said, Failure):
            said = sentence(said.sentence)
        if said is not None:
            self._answer_click(body, said)

    def _answer_click(self, body: Body, said: Message | Replacement) -> None:
        message = said.message if isinstance(said, Replacement) else said
        response_url = parsing.text(body, "response_url")
        if response_url:
            thread_ts = parsing.thread_of(body)
            self._answers.send(response_url, message, replace=isinstance(said, Replacement), thread_ts=thread_ts)
            return
        # In a modal or on the Home tab there is nowhere to answer but in a modal.
        view = forms.modal("notice", "Interlock", message.blocks or [*sentence(message.text).blocks], close="Close")
        on_top = (body.get("view") or {}).get("type") == "modal"
        try:
            (self._services.views.push if on_top else self._services.views.open)(parsing.text(body, "trigger_id"), view)
        except InterlockError as error:
            log.warning("click not answered", reason=str(error))

    def _submission(self, body: Body) -> Answer:
        request = parsing.submission(body, self._services.clock())
        handler = self._tables.submissions.get(request.callback_id)
        if handler is None:
            return Shown(view=forms.notice("Interlock", "That form is from an older version. Open it again."))
        once = self._acts.once("submission", request.request_id, lambda services: handler(request, services))
        said = self._attempt("submission", request.callback_id, once)
        if not isinstance(said, Failure):
            return said
        # Under the last input, so that nothing of what was entered is lost.
        inputs = [
            block["block_id"] for block in (body.get("view") or {}).get("blocks", ()) if block.get("type") == "input"
        ]
        if inputs:
            return Errors(by_block={inputs[-1]: said.sentence})
        return Shown(view=forms.notice("Interlock", said.sentence))

    def _event(self, handler: EventHandler, request: Event) -> None:
        failed = self._attempt("event", request.type, lambda: handler(request, self._services))
        if isinstance(failed, Failure) and failed.ours:
            raise _FailedError  # not remembered as handled

    def _attempt(self, kind: str, name: str, handle: Callable[[], Result]) -> Result | Failure:
        """The one error handler: a known error is its sentence, any other an id that is shown and logged."""
        with trace.begin(f"{kind} {name}") as note:
            result, outcome = self._measured(kind, name, handle)
            note("outcome", outcome)
        return result

    def _measured(self, kind: str, name: str, handle: Callable[[], Result]) -> tuple[Result | Failure, str]:
        """With the outcome in a word."""
        self._commits.forget()
        began = time.perf_counter()
        result: Result | Failure
        reason = None
        try:
            result = handle()
            outcome = "refused" if _refuses(result) else "accepted"
        except InterlockError as error:
            outcome, reason = "unavailable", type(error).__name__
            result = Failure(sentence=str(error), ours=False)
        except Exception as error:
            outcome, ident = "error", secrets.token_hex(2)
            log.exception("listener failed", kind=kind, name=name, id=ident)
            result = Failure(sentence=self._commits.after(error, ident), ours=True)
        seconds = time.perf_counter() - began
        self._metrics.request_handled(kind, name, outcome, seconds)
        log.info("handled", kind=kind, name=name, outcome=outcome, reason=reason, milliseconds=round(seconds * 1000))
        return result, outcome


def _refuses(result: object) -> bool:
    """Whether the answer says why what was asked for was not done."""
    said = result.message if isinstance(result, Replacement) else result
    return isinstance(said, Errors) or (isinstance(said, Message) and said.refused)


def ack_of(answer: Answer) -> dict[str, Any]:
    """A submission's answer as the ack that carries it.

    Source: https://docs.slack.dev/surfaces/modals#response_actions
    """
    match answer:
        case Errors(by_block=by_block):
            return {"response_action": "errors", "errors": dict(by_block)}
        case Shown(view=view):
            return {"response_action": "update", "view": view}
        case Cleared():
            return {"response_action": "clear"}
        case Closed():
            return {}


class _FailedError(Exception):
    """An event's handler broke: not to be remembered as handled."""


class _Commits:
    """Whether this thread's request has committed anything, so that what people are told of a failure is true."""

    def __init__(self, services: Services) -> None:
        self._local = threading.local()
        sqlalchemy_event.listen(services.store.engine, "commit", self._note)

    def forget(self) -> None:
        self._local.committed = False

    def after(self, error: Exception, ident: str) -> str:
        """The sentence for a failure of this thread's request."""
        if getattr(self._local, "committed", False):
            # The event precedes the COMMIT itself, which may be what failed.
            return (
                f"Something broke on our side at the end; tell us {ident}. What you did is probably recorded: "
                "look before you do it again."
            )
        if isinstance(error, (OperationalError, InterfaceError)):
            return f"Interlock can't reach its database just now; nothing was changed. Try again, or tell us {ident}."
        return f"Something broke on our side; tell us {ident}. Nothing was changed."

    def _note(self, _connection: object) -> None:
        self._local.committed = True
