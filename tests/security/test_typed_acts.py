"""Every act that is typed, by somebody who may not do it: on record once, through Slack's door and the command line's,
whether what they named could be looked up for them or not. Whoever only looks, or asks for a form, leaves nothing.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from itertools import count
from typing import Any, Final
from urllib.parse import urlencode

import pytest
from sqlalchemy import func
from sqlmodel import select

from bot.accepted import Accepted
from bot.app import COMMANDS, build_app
from bot.commands import Meant, find
from bot.evidence.key import Keyring
from bot.http.slack import SlackDoor
from bot.services import Services
from interlock.domain.policy import Policy
from interlock.store.audit import AuditRow
from interlock.store.engine import Store
from interlock.store.ticket import VersionRow
from interlock.usecases import runbook, signoff
from tests.bookings import POLICY, booked, draft, world
from tests.bot.test_evidence import KEY
from tests.bot.test_typed_forms import Terminal
from tests.builders import CHANNEL, NOW, WITH_RUNBOOK, actor, release, ticket
from tests.raids import a_risk, entered
from tests.security.conftest import SIGNING_SECRET, signed
from tests.security.test_who_may_what import events

ACTS: Final[Mapping[str, tuple[str, str]]] = {
    "/release new": ("quarterly 2027.03 2027-03-18 version:2026.12", "release.refused"),
    "/release away": ("fri @noor", "delegation.refused"),
    "/release back": ("", "delegation.refused"),
    "/release runbook start": ("2026.12", "runbook.refused"),
    "/release runbook start-step": ("2026.12 1", "runbook.refused"),
    "/release runbook tick": ("2026.12 backup it is listed", "runbook.refused"),
    "/release runbook fail": ("2026.12 1 the disk is full", "runbook.refused"),
    "/release runbook skip": ("2026.12 1 it was done before", "runbook.refused"),
    "/release runbook abort": ("2026.12 rolled back", "runbook.refused"),
    "/release digest now": ("2026.12", "digest.ask_refused"),
    "/release advance": ("2026.12 to deploying", "release.move_refused"),
    "/release hold": ("2026.12 the vendor is late", "release.held_refused"),
    "/release resume": ("2026.12", "release.resumed_refused"),
    "/release tick": ("2026.12 Rollback rehearsed", "criterion.refused"),
    "/release untick": ("2026.12 Rollback rehearsed", "criterion.refused"),
    "/release waive": ("2026.12 Scope until 2026-12-01 it waits", "waiver.ask_refused"),
    "/release policy": ("2026.12 change because the regulator asks", "policy_change.refused"),
    "/release policy approve": ("1", "policy_change.refused"),
    "/release policy reject": ("1 not now", "policy_change.refused"),
    "/release policy withdraw": ("1", "policy_change.withdraw_refused"),
    "/release gonogo": ("2026.12 for 4h", "gonogo.open_refused"),
    "/release gonogo withdraw": ("2026.12 it is too early", "gonogo.withdraw_refused"),
    "/release vote": ("2026.12 go", "gonogo.vote_refused"),
    "/release breakglass": ("2026.12 because payments fail", "break_glass.refused"),
    "/release breakglass withdraw": ("1", "break_glass.refused"),
    "/release breakglass review": ("1 all of it was needed", "break_glass.refused"),
    "/release reporter": ("ci-coverage", "reporter.ask_refused"),
    "/release reporter end": ("ci-coverage", "reporter.end_refused"),
    "/release cancel": ("2026.12 nobody needs it", "release.cancel_refused"),
    "/release calendar link": ("", "feed.ask_refused"),
    "/release calendar revoke": ("", "feed.revoke_refused"),
    "/release exception": ("2026.12 why: the date in: a batch out: a fine", "exception.denied"),
    "/release exception approve": ("1", "exception.denied"),
    "/release exception refuse": ("1 not now", "exception.denied"),
    "/release acknowledge": ("2026.12 2027.03", "collision.denied"),
    "/release evidence": ("2026.12", "evidence.refused"),
    "/release close": ("2026.12 it shipped", "release.close_refused"),
    "/blockers take": ("DATA-1 fri", "blocker.take_refused"),
    "/blockers snooze": ("DATA-1 fri it waits for the vendor", "blocker.snooze_refused"),
    "/env book": ("uat-2 tomorrow 13:00-17:00 smoke test", "booking.book_refused"),
    "/env return": ("uat-2", "booking.return_refused"),
    "/env set": ("uat-2 degraded slow disks", "environment.set_refused"),
    "/raid risk": ("2026.12 p3 i4 by fri: it slips", "raid.refused"),
    "/raid assumption": ("2026.12 by fri: it holds", "raid.refused"),
    "/raid issue": ("2026.12 by fri: it broke", "raid.refused"),
    "/raid decision": ("2026.12 by fri: which one?", "raid.refused"),
    "/raid review": ("R-1 p2: it was looked at", "raid.refused"),
    "/raid edit": ("R-1 p2", "raid.refused"),
    "/raid close": ("R-1 it did not slip", "raid.refused"),
    "/link link": ("acc-tom", "link.refused"),
    "/link remove": ("", "link.refused"),
    "/link confirm": ("<@U0TOM> acc-tom", "link.refused"),
    "/link token": ("", "token.ask_refused"),
    "/link token revoke": ("", "token.revoke_refused"),
}
"""By verb: the words that make an act of it, and the event of whoever may not."""

AGREED: Final = {"/release close", "/release cancel"}
"""What a command line does only with `--yes`, and shows without."""

LOOKS: Final[Mapping[str, tuple[str, ...]]] = {
    "/release": (
        "status 2026.12",
        "list",
        "new",
        "signoffs 2026.12",
        "conditions 2026.12",
        "away",
        "runbook 2026.12",
        "readiness 2026.12",
        "advance 2026.12",
        "policy 2026.12",
        "breakglass 2026.12",
        "cancel 2026.12",
        "forecast 2026.12",
        "whatif target 2026-12-24 2026.12",
        "calendar",
        "calendar picture",
        "exception 2026.12",
        "close 2026.12",
    ),
    "/blockers": ("", "data", "take DATA-1", "snooze DATA-1"),
    "/env": ("", "list uat-2", "book", "book uat-2"),
    "/raid": (
        "",
        "show R-1",
        "risk 2026.12",
        "assumption 2026.12",
        "issue 2026.12",
        "decision 2026.12",
        "review R-1",
        "edit R-1",
        "close R-1",
        "map 2026.12",
        "export 2026.12 json",
    ),
    "/link": ("",),
}
"""What shows something, sends a picture or a file to read, or opens a form."""

NOBODY: Final = replace(POLICY, permissions={})
"""Policy gives nobody anything."""
WHO: Final = {"GUEST": (POLICY, "guest"), "VENDOR": (POLICY, "external"), "RITA": (NOBODY, "not_permitted")}
"""Under which policy somebody is refused, and why."""


@dataclass
class Typist:
    """One person at both doors of the same server."""

    services: Services
    who: str

    def __post_init__(self) -> None:
        app = build_app(self.services)
        self.slack = SlackDoor(app, Accepted(SIGNING_SECRET, self.services.clock))
        self.terminal = Terminal(self.services, self.who)
        self.numbers = count(1)

    def slash(self, command: str, words: str, trigger: str | None = None) -> str:
        """The answer as it rides in the acknowledgement."""
        fields = {
            "command": command,
            "text": words,
            "user_id": f"U0{self.who}",
            "channel_id": CHANNEL,
            "trigger_id": trigger or f"t{self.who}{next(self.numbers)}",
        }
        body = urlencode(fields).encode()
        headers = {name.lower(): value for name, value in signed(body).items()}
        answer = self.slack.receive(body, headers, NOW)
        assert answer.status == 200, answer
        return str(json.loads(answer.body or "{}").get("text", ""))

    def line(self, command: str, words: str) -> str:
        return self.terminal.type(command, words).text

    def left(self, after: int) -> tuple[tuple[str, dict[str, Any], set[str]], ...]:
        return events(self.services.store, after)

    def newest(self) -> int:
        with self.services.store.read() as session:
            return session.exec(select(func.max(AuditRow.seq))).one() or 0


def settled(services: Services, store: Store) -> Services:
    """A release whose sign-offs were asked for and whose runbook runs, a booking, a risk, a blocker and a restricted
    ticket; and all that a server has.
    """
    world(store)
    with store.write() as session:
        session.add(VersionRow(id="v1", project_id="p-DATA", name="2026.12"))
        number = release(session, template=WITH_RUNBOOK, tickets=("DATA-1",), stage="go")
        ticket(session, "DATA-9", security_level="Secret")
    assert isinstance(signoff.request(store, POLICY, actor("RITA"), number, NOW), signoff.Requested)
    assert isinstance(runbook.start(store, POLICY, actor("RITA"), number, NOW), runbook.Begun)
    booked(store, "RITA", draft(0, 2))
    entered(store, "RITA", a_risk(number, owner="RAVI"), policy=POLICY)
    settings = services.settings.model_copy(update={"interlock_url": "https://interlock.example.com"})
    return replace(services, store=store, policy=POLICY, keyring=Keyring(KEY), clock=lambda: NOW, settings=settings)


@pytest.fixture
def server(services: Services, store: Store) -> Services:
    return settled(services, store)


@pytest.fixture
def quick_server(services: Services) -> Services:
    """On SQLite alone."""
    return settled(services, services.store)


def under(server: Services, policy: Policy, who: str) -> Typist:
    return Typist(replace(server, policy=policy), who)


def parted(verb: str) -> tuple[str, str]:
    command, _, rest = verb.partition(" ")
    return command, rest


def test_each_verb_is_an_act_or_a_look() -> None:
    looked_at = set()
    for command, texts in LOOKS.items():
        for text in texts:
            meant = find(COMMANDS[command], text)
            assert isinstance(meant, Meant), (command, text)
            looked_at.add(f"{command} {meant.verb}")
    every = {f"{command} {verb}" for command, spec in COMMANDS.items() for verb in spec.verbs}
    assert ACTS.keys() | looked_at == every


@pytest.mark.parametrize("who", WHO)
def test_whoever_may_not_is_on_record_once_for_each_act_that_they_type(server: Services, who: str) -> None:
    policy, why = WHO[who]
    typist = under(server, policy, who)
    left = {}
    for verb, (words, _) in ACTS.items():
        before = typist.newest()
        command, rest = parted(verb)
        typist.slash(command, f"{rest} {words}")
        left[verb] = [(kind, facts.get("why"), people) for kind, facts, people in typist.left(before)]
    assert left == {verb: [(kind, why, {f"U0{who}"})] for verb, (_, kind) in ACTS.items()}


@pytest.mark.parametrize("who", WHO)
def test_so_they_are_where_they_type_it_on_a_command_line(quick_server: Services, who: str) -> None:
    policy, why = WHO[who]
    typist = under(quick_server, policy, who)
    left = {}
    for verb, (words, _) in ACTS.items():
        before = typist.newest()
        command, rest = parted(verb)
        typist.line(command, f"{rest} {words}{' --yes' if verb in AGREED else ''}")
        left[verb] = [(kind, facts.get("why"), people) for kind, facts, people in typist.left(before)]
    assert left == {verb: [(kind, why, {f"U0{who}"})] for verb, (_, kind) in ACTS.items()}


@pytest.mark.parametrize("who", WHO)
def test_who_only_looks_or_asks_for_a_form_leaves_nothing(quick_server: Services, who: str) -> None:
    policy, _ = WHO[who]
    typist = under(quick_server, policy, who)
    before = typist.newest()
    told: dict[tuple[str, str], tuple[str, ...]] = {
        (command, text): (typist.slash(command, text), typist.line(command, text))
        for command, texts in LOOKS.items()
        for text in texts
    }
    for verb in AGREED:  # not agreed to yet: it shows what would end
        command, rest = parted(verb)
        text = f"{rest} {ACTS[verb][0]}"
        told[command, text] = (typist.line(command, text),)
    refusal = "policy gives that to nobody" if policy is NOBODY else "Interlock answers full members"
    assert [each for each, answers in told.items() if any(refusal not in answer for answer in answers)] == []
    assert typist.left(before) == ()


NAMED: Final[Mapping[str, Mapping[str, object]]] = {
    "/release runbook start": {"release": "2026.12", "deed": "run"},
    "/release runbook start-step": {"release": "2026.12", "run": 1, "step": "backup", "deed": "started"},
    "/release runbook tick": {"release": "2026.12", "run": 1, "step": "backup", "deed": "done"},
    "/release runbook fail": {"release": "2026.12", "run": 1, "step": "backup", "deed": "failed"},
    "/release runbook skip": {"release": "2026.12", "run": 1, "step": "backup", "deed": "skipped"},
    "/release runbook abort": {"release": "2026.12", "run": 1, "deed": "abort"},
    "/release exception": {"release": "2026.12"},
    "/release close": {"release": "2026.12"},
    "/release cancel": {"release": "2026.12"},
    "/blockers take": {"ticket": "id-DATA-1"},
    "/blockers snooze": {"ticket": "id-DATA-1"},
    "/env book": {"environment": "uat-2"},
    "/raid review": {"entry": 1},
    "/raid edit": {"entry": 1},
    "/raid close": {"entry": 1},
}


@pytest.mark.parametrize("verb", NAMED)
def test_the_record_has_what_they_wanted(quick_server: Services, verb: str) -> None:
    guest = under(quick_server, POLICY, "GUEST")
    before = guest.newest()
    command, rest = parted(verb)
    guest.slash(command, f"{rest} {ACTS[verb][0]}")
    ((_, facts, _),) = guest.left(before)
    assert {name: facts.get(name) for name in NAMED[verb]} == NAMED[verb]


@pytest.mark.parametrize(
    ("command", "words"),
    [
        ("/release", "runbook start Gil Tarrant"),
        ("/release", "runbook tick Gil Tarrant"),
        ("/release", "runbook tick 2026.12 Gil Tarrant"),
        ("/release", "runbook skip Gil Tarrant"),
        ("/release", "runbook abort Gil Tarrant"),
        ("/release", "exception Gil Tarrant why: a in: b out: c"),
        ("/release", "exception 2026.12 Gil Tarrant why: a in: b out: c"),
        ("/release", "close Gil Tarrant"),
        ("/release", "cancel Gil Tarrant"),
        ("/blockers", "take Gil fri"),
        ("/blockers", "take DATA-9 fri"),
        ("/blockers", "snooze DATA-9 fri because of Gil"),
        ("/env", "book Gil tomorrow 13:00-17:00 for Gil"),
        ("/raid", "review Gil p2: by Gil"),
        ("/raid", "edit Gil p2"),
        ("/raid", "close Gil by Gil"),
    ],
)
def test_what_names_nothing_that_they_could_see_stays_out_of_it(
    quick_server: Services, command: str, words: str
) -> None:
    guest = under(quick_server, POLICY, "GUEST")
    before = guest.newest()
    assert "Interlock answers full members" in guest.slash(command, words)
    ((kind, facts, _),) = guest.left(before)
    assert kind.endswith(("refused", "denied"))
    assert facts["why"] == "guest"
    assert [each for each in ("Gil", "DATA-9") if each in json.dumps(facts)] == []


@pytest.mark.parametrize(
    ("command", "words", "told"),
    [
        ("release", "runbook start 2099", "There is no release 2099"),
        ("release", "runbook tick 2099 1", "2026.12: There is no step 2099"),
        ("release", "runbook tick 2026.12 99", "2026.12: There is no step 99"),
        ("release", "runbook skip 2099 1 why", "2026.12: There is no step 2099"),
        ("release", "runbook abort 2099 why", "There is no release 2099"),
        ("release", "exception 2099 why: a in: b out: c", "There is no release 2099"),
        ("release", "close 2099 it shipped --yes", "There is no release 2099"),
        ("release", "cancel 2099 nobody needs it --yes", "There is no release 2099"),
        ("blockers", "take DATA-77 fri", "No open ticket DATA-77 is known here"),
        ("blockers", "snooze DATA-9 fri it waits", "No open ticket DATA-9 is known here"),
        ("env", "book nowhere tomorrow 13:00-17:00 why", "There is no environment “nowhere”"),
        ("raid", "review R-99 p2: looked", "There is no entry R-99"),
        ("raid", "close R-99 done", "There is no entry R-99"),
    ],
)
def test_a_name_that_nothing_has_is_said_to_whoever_may_and_is_no_refusal(
    quick_server: Services, command: str, words: str, told: str
) -> None:
    rita = under(quick_server, POLICY, "RITA")
    before = rita.newest()
    assert told in rita.line(command, words)
    assert rita.left(before) == ()


@pytest.mark.parametrize("verb", ["/blockers take", "/release close", "/release runbook tick"])
def test_delivered_to_two_replicas_it_is_one_refusal(server: Services, verb: str) -> None:
    replicas = [under(server, POLICY, "GUEST") for _ in range(2)]
    before = replicas[0].newest()
    command, rest = parted(verb)
    answers = [each.slash(command, f"{rest} {ACTS[verb][0]}", trigger="the same") for each in replicas]
    assert answers[0] == answers[1]
    assert [kind for kind, _, _ in replicas[0].left(before)] == [ACTS[verb][1]]
