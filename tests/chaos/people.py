"""What people do in a seed, and what each of them was answered."""

import itertools
import threading
import time
from collections.abc import Callable, Mapping
from copy import copy
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from sandbox.server import SandboxServer
from sandbox.slack import elements
from sandbox.slack.acts import ActError
from sandbox.slack.envelope import Envelope, Outcome, Pending
from sandbox.slack.values import Json, Message, View
from sandbox.world import calendar
from sandbox.world.people_at_work import Somebody
from tests.chaos.bank import ENVIRONMENTS, IN_REASONS, PAYMENTS, PLATFORM
from tests.chaos.clock import Clock

PATIENCE = 4.0
"""Real seconds until somebody gives up waiting for an ack: Slack's own three, and a little."""


@dataclass(slots=True, kw_only=True)
class Act:
    """One thing that somebody did, as the timeline tells it. `acked` None: they never got to do it, `error` says why.

    `answers` are the texts that came back, by whatever door; `trigger` names the request to the bot, which may
    have been delivered `again`.
    """

    at: float
    person: str
    kind: str
    about: str
    acked: bool | None = None
    error: str | None = None
    trigger: str = ""
    again: bool = False
    answers: list[str] = field(default_factory=list)


class Crowd:
    """Everybody. Any thread may have somebody do something; one person does one thing at a time."""

    def __init__(self, server: SandboxServer, clock: Clock, deeds: "Mapping[str, Deed] | None" = None) -> None:
        """`deeds`: what there is to do beside DEEDS."""
        self.acts: list[Act] = []
        self.names: dict[str, str] = {}
        """The release of each channel."""
        self._deeds = DEEDS | dict(deeds or {})
        self._server = server
        self._clock = clock
        self._context = server.slack.context
        self._here = threading.local()
        self._replies: dict[str, Act] = {}
        self._sent: list[Envelope] = []
        self._late = itertools.count()
        self._first: dict[tuple[str, str], tuple[Message, Json, Json]] = {}
        self._plain_send = self._context.delivery.send
        self._plain_respond = self._context.answers.respond
        setattr(self._context.delivery, "send", self._send)  # noqa: B010 we read along: who is answered what
        setattr(self._context.answers, "respond", self._respond)  # noqa: B010 as above

    # --- reading along -----------------------------------------------------------------------------------------------

    def _send(self, envelope: Envelope) -> Pending:
        act: Act | None = getattr(self._here, "act", None)
        if act is not None:
            act.trigger = str(envelope.payload.get("trigger_id", ""))
            url = str(envelope.payload.get("response_url", ""))
            if url:
                self._replies[url.rpartition("/")[2]] = act
            self._sent.append(envelope)
            self._here.envelope = envelope
        return self._plain_send(envelope)

    def _respond(self, reply_id: str, body: Json) -> None:
        self._plain_respond(reply_id, body)
        if reply_id in self._replies:
            self._replies[reply_id].answers.append(said(body))

    def redeliver(self) -> str | None:
        """An envelope of a while ago comes once more, as after a network's hiccup; names its request."""
        envelope = next((each for each in reversed(self._sent[:-2]) if each.kind == "interactive"), None)
        if envelope is None:
            return None
        return self.send_again(envelope)

    def send_again(self, envelope: Envelope) -> str:
        for act in self.acts:
            act.again |= act.trigger == envelope.payload.get("trigger_id")
        again = copy(envelope)
        again.id, again.pending, again.apply = f"E-late-{next(self._late)}", Pending(), lambda _body: None
        self._plain_send(again)
        return str(envelope.payload.get("trigger_id"))

    # --- acting ------------------------------------------------------------------------------------------------------

    def does(self, person: str, kind: str, about: str) -> None:
        """One of the deeds."""
        act = Act(at=self._clock.true(), person=person, kind=kind, about=about)
        self.acts.append(act)
        before, self._here.act = getattr(self._here, "act", None), act
        try:
            self._deeds[kind](self, act)
        except ActError as error:
            act.error = str(error)
        finally:
            self._here.act = before

    def type(self, act: Act, channel: str, line: str) -> Outcome:
        return self._settle(act, self._server.acts.command(act.person, channel, line))

    def press(self, act: Act, channel: str, action_id: str, words: str = "") -> None:
        """The button of that action in the newest message that has one and holds the words."""
        message, block, _ = self._button(act.person, channel, action_id, words)
        where = {"block_id": block["block_id"], "action_id": action_id}
        self._settle(act, self._server.acts.click(act.person, channel, message.ts, **where))

    def press_as_seen(self, act: Act, channel: str, seen: tuple[Message, Json, Json]) -> None:
        """A button of a drawing that was there a while ago: nobody's screen is newer than its network."""
        message, block, element = seen
        acts, workspace = self._server.acts, self._server.workspace
        action = acts._payloads.action(block["block_id"], element, None)
        payload = acts._payloads.click(workspace.person(act.person), workspace.channel(channel), message, action, {})
        self._settle(act, acts._interact(payload))

    def submit(self, act: Act, title: str, entries: Mapping[str, Any]) -> None:
        """The form of that title, once it is there: what the fields of these block ids hold; then it is closed."""
        view = self._form(act, title)
        values = {}
        for block, element in elements.interactive(view.blocks):
            if block["block_id"] in entries:
                values[block["block_id"], element["action_id"]] = entries[block["block_id"]]
        outcome = self._settle(act, self._server.acts.submit_view(act.person, view.id, values))
        act.answers.append(said(outcome.body))
        self._server.workspace.screens.clear(act.person)

    def _settle(self, act: Act, pending: Pending) -> Outcome:
        outcome = pending.result(PATIENCE)
        act.acked, act.error = outcome.acked, outcome.error
        return outcome

    def _form(self, act: Act, title: str) -> View:
        screens = self._server.workspace.screens
        deadline = time.monotonic() + 1.0
        while time.monotonic() < deadline:
            view = screens.modal(act.person)
            if view is not None and view.body["title"]["text"].startswith(title):
                return view
            if not act.acked or act.answers:
                break
            time.sleep(0.02)
        raise ActError(f"The form {title} did not come.")

    def _button(self, person: str, channel: str, action_id: str, words: str) -> tuple[Message, Json, Json]:
        for message in self._server.workspace.newest_first(channel, viewer=person):
            for block, element in elements.interactive(message.blocks):
                if element["action_id"] == action_id and words in message.text:
                    return message, block, element
        raise ActError(f"There is no {action_id} in {channel}.")

    def remember_card(self, channel: str, action_id: str = "signoff.approve", words: str = "Sign-offs for") -> bool:
        """The card with that button as it stands, for whoever clicks it much later; False while there is none."""
        try:
            self._first[channel, action_id] = self._button("U0RITA", channel, action_id, words)
        except ActError:
            return False
        return True

    def remembered(self, channel: str, action_id: str) -> tuple[Message, Json, Json]:
        return self._first[channel, action_id]

    def dm(self, person: str) -> str:
        return self._server.workspace.dm(person, self._server.workspace.app_user).id


def said(body: Mapping[str, Any]) -> str:
    """All text of a message, a modal or its errors."""
    found: list[str] = []

    def walk(value: Any) -> None:
        if isinstance(value, Mapping):
            for key, inner in value.items():
                if key in {"text", "errors"} and isinstance(inner, str):
                    found.append(inner)
                elif key == "errors" and isinstance(inner, Mapping):
                    found.extend(map(str, inner.values()))
                else:
                    walk(inner)
        elif isinstance(value, list | tuple):
            for inner in value:
                walk(inner)

    walk(body)
    return " ".join(found)


# --- what there is to do: each takes the crowd and its act, whose `about` names the channel or the environment --------


def approve(crowd: Crowd, act: Act) -> None:
    crowd.press(act, act.about, "signoff.approve", "Sign-offs for")


def approve_twice(crowd: Crowd, act: Act) -> None:
    """A double click: two requests, each with a trigger of its own."""
    other = copy(act)
    other.answers = []
    crowd.acts.append(other)
    first = threading.Thread(target=_quietly(crowd, other, approve))
    first.start()
    approve(crowd, act)
    first.join()


def approve_late(crowd: Crowd, act: Act) -> None:
    """The card as it was first drawn."""
    crowd.press_as_seen(act, act.about, crowd.remembered(act.about, "signoff.approve"))


def waver(crowd: Crowd, act: Act) -> None:
    """Approves, takes it back, and then the approval arrives once more."""
    act.kind = "approve"
    approve(crowd, act)
    approval = crowd._here.envelope
    if act.acked:
        crowd.does(act.person, "revoke", act.about)
        crowd.send_again(approval)


def reject(crowd: Crowd, act: Act) -> None:
    crowd.press(act, act.about, "signoff.reject", "Sign-offs for")
    crowd.submit(act, "Reject", {"reason": f"Not yet: {IN_REASONS}"})


def revoke(crowd: Crowd, act: Act) -> None:
    crowd.press(act, act.about, "signoff.revoke", "Sign-offs for")


def take(crowd: Crowd, act: Act) -> None:
    """A blocker from the list of the channel's release."""
    _blocker(crowd, act, "blocker.take", "On it", {})


def snooze(crowd: Crowd, act: Act) -> None:
    """The blocker of a ping that came in person."""
    crowd.press(act, crowd.dm(act.person), "blocker.snooze")
    crowd.submit(act, "Snooze", {"why": f"It may wait: {IN_REASONS}"})


def take_ping(crowd: Crowd, act: Act) -> None:
    crowd.press(act, crowd.dm(act.person), "blocker.take")
    crowd.submit(act, "On it", {})


def _blocker(crowd: Crowd, act: Act, action_id: str, title: str, entries: Mapping[str, Any]) -> None:
    crowd.type(act, act.about, "/blockers")
    if act.acked:
        crowd.press(act, act.about, action_id)
        crowd.submit(act, title, entries)


def book(crowd: Crowd, act: Act) -> None:
    """In the waitlist if need be."""
    channel = "C0GENERAL" if act.person == "U0GUEST" else ENVIRONMENTS
    outcome = crowd.type(act, channel, f"/env book {act.about}")
    act.answers.append(said(outcome.body))
    act.answers = [each for each in act.answers if each]
    crowd.submit(act, "Book", {"purpose": f"Tests: {IN_REASONS}", "wait": ["wait"]})


def give_back(crowd: Crowd, act: Act) -> None:
    outcome = crowd.type(act, ENVIRONMENTS, f"/env return {act.about}")
    act.answers.append(said(outcome.body))


def look(crowd: Crowd, act: Act) -> None:
    outcome = crowd.type(act, act.about, "/release status")
    act.answers.append(said(outcome.body))


def share(crowd: Crowd, act: Act) -> None:
    look(crowd, act)
    crowd.press(act, act.about, "release.share")


def digest_now(crowd: Crowd, act: Act) -> None:
    outcome = crowd.type(act, act.about, "/release digest now")
    act.answers.append(said(outcome.body))


def advance(crowd: Crowd, act: Act) -> None:
    """Along, or where that is impossible back again."""
    for stage in ("in progress", "planned"):
        outcome = crowd.type(
            act, act.about, f"/release advance {crowd.names[act.about]} to {stage} We begin: {IN_REASONS}"
        )
        act.answers.append(said(outcome.body))
        if not act.acked or "is now" in act.answers[-1]:
            break


def hold(crowd: Crowd, act: Act) -> None:
    outcome = crowd.type(act, act.about, f"/release hold {crowd.names[act.about]} It may wait: {IN_REASONS}")
    act.answers.append(said(outcome.body))


def resume(crowd: Crowd, act: Act) -> None:
    outcome = crowd.type(act, act.about, "/release resume")
    act.answers.append(said(outcome.body))


def waive(crowd: Crowd, act: Act) -> None:
    """Of the gate that can't pass, for as long as anybody lives here."""
    gate = "Everything" if act.about == PLATFORM else "Nearly"
    until = crowd._clock.true_time().date() + timedelta(days=9)
    outcome = crowd.type(
        act, act.about, f"/release waive {crowd.names[act.about]} {gate} until {until} It is of paper: {IN_REASONS}"
    )
    act.answers.append(said(outcome.body))


def grant(crowd: Crowd, act: Act) -> None:
    crowd.press(act, act.about, "waiver.grant")


def refuse(crowd: Crowd, act: Act) -> None:
    crowd.press(act, act.about, "waiver.refuse")


def open_home(crowd: Crowd, act: Act) -> None:
    crowd._server.acts.open_home(act.person)


Deed = Callable[[Crowd, Act], None]
DEEDS: dict[str, Deed] = {
    "approve": approve,
    "approve twice": approve_twice,
    "approve late": approve_late,
    "waver": waver,
    "reject": reject,
    "revoke": revoke,
    "take": take,
    "take ping": take_ping,
    "snooze": snooze,
    "book": book,
    "give back": give_back,
    "look": look,
    "share": share,
    "digest now": digest_now,
    "advance": advance,
    "hold": hold,
    "resume": resume,
    "waive": waive,
    "grant": grant,
    "refuse": refuse,
    "open home": open_home,
}


def _quietly(crowd: Crowd, act: Act, deed: Callable[[Crowd, Act], None]) -> Callable[[], None]:
    def run() -> None:
        crowd._here.act = act
        try:
            deed(crowd, act)
        except ActError as error:
            act.error = str(error)

    return run


# --- before the storm -------------------------------------------------------------------------------------------------


def plan_releases(crowd: Crowd, server: SandboxServer, clock: Clock) -> None:
    """Two releases are planned, their sign-offs asked for, their rolls called, and the cards stand. Raises GaveUpError
    where the bot does not answer."""
    plans = calendar.releases(clock.true_time().date())
    for who, channel, template, plan in (
        ("U0RITA", PLATFORM, "Quarterly platform release", plans.platform),
        ("U0SAM", PAYMENTS, "Weekly service release", plans.payments),
    ):
        crowd.names[channel] = plan.name
        somebody = Somebody(server.acts, server.workspace, who)
        somebody.types(channel, "/release new")
        entries = {
            "Template": template,
            "Name": plan.name,
            "Target date": plan.target.isoformat(),
            "Fix versions": plan.name,
        }
        somebody.fills("New release", entries)
        somebody.types(channel, "/release signoffs")
        somebody.presses(channel, "Ask for")
        while not crowd.remember_card(channel):
            time.sleep(0.05)
        crowd.does(who, "call the roll", channel)
        while not crowd.remember_card(channel, "gonogo.go", "Go/no-go for"):
            time.sleep(0.05)
