"""The other door: what somebody types on their command line, handled by the same tables as what is typed in Slack.

It has no channel and can open no form. So sign-offs are shown with their buttons, a rejection brings its reason along,
and a button is told as the command that stands for it.
"""

import html
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial
from types import MappingProxyType
from typing import Any, Final

from bot import terminal
from bot.answers import Answers
from bot.app import TABLES
from bot.asked_jobs import AskedJobs
from bot.commands import SlashCommand, Verb
from bot.dispatch import ClickHandler, Dispatcher, Failure, Tables
from bot.evidence import pack
from bot.evidence.key import NONE
from bot.listeners import job, raid, signoff, stage
from bot.listeners import release as releases
from bot.metrics import Metrics
from bot.modals import ModalError, Modals
from bot.parsing import plain
from bot.payload import Payload, Unreadable, decode
from bot.requests import Click, Command, Replacement
from bot.services import Services
from bot.slack import Slack
from bot.views.blocks import Message
from bot.views.condition import DONE
from bot.views.signoff import APPROVE, OPEN, REASON, REJECT, REVOKE
from bot.views.signoff_form import CONDITIONS, MEANING, RELEASE
from interlock.domain.authority import Refused
from interlock.domain.release import Unclear
from interlock.domain.signoff import Decision
from interlock.domain.token import Bearer
from interlock.usecases import directory, evidence, report, token

SIGNOFFS: Final = {Decision.APPROVED.value: APPROVE, Decision.REJECTED.value: REJECT, "revoked": REVOKE}
"""By what is decided, the button that decides it."""

APPROVING: Final = (CONDITIONS, RELEASE, MEANING)
"""What may be said with an approval."""
NOTHING: Final[Mapping[str, str]] = MappingProxyType({})

PRESSABLE: Final = (
    "release.status",
    "release.blockers",
    "release.readiness",
    "release.ahead",
    "stage.move",
    "waiver.grant",
    "waiver.refuse",
    "waiver.withdraw",
    "policy_change.approve",
    "policy_change.withdraw",
    "release.forecast",
    "release.whatif",
    "release.whatif_all",
    "gonogo.go",
    "gonogo.abstain",
    "gonogo.confirm",
    "break_glass.confirm",
    "break_glass.take_back",
    "signoff.request",
    REVOKE,
    OPEN,
    DONE,
    "runbook.show",
    "runbook.start",
    "runbook.begin",
    "runbook.tick",
    "environment.all",
    "booking.return",
    "booking.extend",
    "parked.send",
    "parked.drop",
    "raid.show",
    "raid.all",
    "calendar.picture",
    "calendar.weeks",
    "collision.acknowledge",
    "exception.approve",
)
"""The buttons that need neither a form nor a channel."""

CLICKS: Final[dict[str, ClickHandler]] = {name: TABLES.clicks[name] for name in PRESSABLE} | {
    "release.signoffs": signoff.show_to_sign,
    APPROVE: signoff.approve_at_once,
    REJECT: signoff.reject_at_once,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Next:
    """A button's words, and the command that does the same."""

    label: str
    command: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Answered:
    """`text` is plain, line by line. `refused`: it was not done, and the text says why; `broken`: by our fault.
    `verbatim`: the text is a file's."""

    text: str
    next: tuple[Next, ...] = ()
    refused: bool = False
    broken: bool = False
    verbatim: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class File:
    """What is downloaded."""

    name: str
    content: bytes


class NoForms(Modals):
    """Nothing can be opened on somebody's command line."""

    def _call(self, method: str, **arguments: Any) -> dict[str, Any]:  # noqa: ARG002 the signature is Slack's
        raise ModalError(
            "That opens a form, which the command line has not. Nothing was changed: give all of it at once, as `help` "
            "shows, or do it in Slack."
        )


class Door:
    def __init__(self, services: Services, answers: Answers, metrics: Metrics, jobs: AskedJobs | None = None) -> None:
        """Without `jobs` none can be asked for."""
        forms = NoForms(Slack("", services.settings.slack_api_url))
        self._services = replace(services, views=forms)
        self._dispatcher = Dispatcher(self._services, _tables(jobs), answers, metrics)

    def admit(self, text: str) -> Bearer | Refused:
        """Whose token it is, if it counts now."""
        return token.authenticate(self._services.store, self._services.policy, text, self._services.clock())

    def leave(self, bearer: Bearer) -> Answered:
        """The bearer's token works no more."""
        done = token.revoke(self._services.store, self._services.policy, bearer.actor, self._services.clock())
        if isinstance(done, Refused):
            return Answered(text=done.sentence, refused=True)
        return Answered(text="Your token is revoked.")

    def report(self, token_text: str, release: str, name: str, value: float, link: str) -> report.Pushed | Refused:
        """A figure that a program pushes with its own token."""
        services = self._services
        return report.push(
            services.store, services.policy, token_text, plain(release), plain(name), value, link, services.clock()
        )

    def command(self, bearer: Bearer, name: str, words: str, request_id: str) -> Answered:
        """`name` as in Slack, with its slash or without. `request_id` is the caller's name for this one act: what
        would matter if it were done twice is done once."""
        act = _act(bearer, request_id)
        name = f"/{name.removeprefix('/')}"

        def ask(verb: str, args: str, now: datetime) -> Command:
            return Command(
                actor=bearer.actor,
                name=name,
                verb=verb,
                args=args,
                channel_id="",
                channel_name="",
                trigger_id=act,
                now=now,
            )

        # What Slack sends is escaped, and read so.
        typed = html.escape(words, quote=False)
        return self._told(self._dispatcher.typed(name, typed, ask))

    def press(
        self, bearer: Bearer, action_id: str, payload: Payload, request_id: str, said: Mapping[str, str] = NOTHING
    ) -> Answered:
        """A button of `PRESSABLE`, or one that a sign-off is decided by; `said` is what a form would have asked."""
        act = _act(bearer, request_id)

        def ask(now: datetime) -> Click:
            return Click(
                actor=bearer.actor,
                action_id=action_id,
                now=now,
                trigger_id=act,
                payload=payload,
                values={field: plain(said.get(field, "")).strip() for field in (REASON, *APPROVING)},
            )

        return self._told(self._dispatcher.pressed(action_id, ask))

    def evidence(self, bearer: Bearer, typed: str) -> File | Answered:
        """A release's evidence; that it was taken is recorded before anything is handed out."""
        one, actor, now = self._services, bearer.actor, self._services.clock()
        key = one.keyring.key
        if key is None:
            return Answered(text=NONE, refused=True)
        asked = evidence.ask(one.store, one.policy, actor, typed, "", now)
        if isinstance(asked, Refused | Unclear):
            return Answered(text=asked.sentence, refused=True)
        found = evidence.gather(one.store, one.policy, actor, asked.release.id, asked.event, now)
        if isinstance(found, Refused):
            return Answered(text=found.sentence, refused=True)
        return File(name=pack.file_name(found), content=pack.zipped(found, key))

    def _told(self, said: Message | Replacement | Failure | None) -> Answered:
        if isinstance(said, Failure):
            return Answered(text=said.sentence, refused=True, broken=said.ours)
        message = said.message if isinstance(said, Replacement) else said
        if message is None:
            return Answered(text="Done.")
        if message.verbatim:
            return Answered(text=message.text, verbatim=True)
        names = directory.names(self._services.store, terminal.ids_in(message))
        return Answered(text=terminal.words(message, names), next=tuple(_next(message)), refused=message.refused)


def _tables(jobs: AskedJobs | None) -> Tables:
    """Slack's own, but for what needs a card that can be seen or a form that asks; and jobs, which Slack has not."""
    release = TABLES.commands["/release"]
    signoffs = replace(release.verbs["signoffs"], handler=signoff.to_sign)
    close = replace(release.verbs["close"], handler=releases.close_typed, usage="RELEASE why --yes")
    cancel = replace(release.verbs["cancel"], handler=stage.cancel_typed, usage="RELEASE why --yes")
    verbs = {**release.verbs, "signoffs": signoffs, "close": close, "cancel": cancel}
    log = TABLES.commands["/raid"]
    in_words = {"map": raid.map_in_words, "export": raid.export_here}
    log_verbs = {**log.verbs, **{name: replace(log.verbs[name], handler=each) for name, each in in_words.items()}}
    commands = {
        **TABLES.commands,
        "/release": replace(release, verbs=verbs),
        "/raid": replace(log, verbs=log_verbs),
    }
    if jobs is not None:
        run = Verb(handler=partial(job.run, jobs), usage="NAME [SUBJECT]", about="runs one now")
        commands["/job"] = SlashCommand(about="Scheduled jobs.", verbs={"run": run})
    return Tables(commands=commands, clicks=CLICKS)


def _act(bearer: Bearer, request_id: str) -> str:
    """Names one act of one person, whatever they call it: nobody can use up another's name, nor one of Slack's."""
    return f"door:{bearer.actor.slack_id}:{request_id}"


def _next(message: Message) -> Iterator[Next]:
    for block in message.blocks:
        accessory = block.get("accessory")
        for button in [*block.get("elements", ()), *([accessory] if accessory else [])]:
            if button.get("type") != "button" or button["action_id"] not in CLICKS:
                continue
            payload = decode(button.get("value", ""))
            if not isinstance(payload, Unreadable):
                label = button["text"]["text"]
                yield Next(label=label, command=_command(button["action_id"], payload))


def _command(action_id: str, payload: Payload) -> str:
    match action_id:
        case "signoff.approve":
            return f"interlock signoff approve {payload.id}"
        case "signoff.reject":
            return f"interlock signoff reject {payload.id} --reason …"
        case "signoff.revoke":
            return f"interlock signoff revoke {payload.id}"
    return f"interlock press {action_id} {payload.kind}:{payload.id}"
