"""The command line's door, whatever is put through it: answered in a line, never broken, and by no stranger's token."""

import json
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bot.answers import Answers
from bot.door import CLICKS, Door
from bot.http.api import Api
from bot.metrics import Metrics
from bot.services import Services
from interlock.domain.policy import Policy
from interlock.domain.secret import Issued
from interlock.usecases import token
from tests.bookings import POLICY, world
from tests.builders import NOW, actor, release


@pytest.fixture
def policy() -> Policy:
    return POLICY


@pytest.fixture
def api(services: Services) -> Api:
    world(services.store)
    with services.store.write() as session:
        release(session, tickets=["DATA-1"])
    door = Door(services, Answers(services.settings.slack_api_url), Metrics())
    return Api(door, services.clock, per_minute=10**6, wrong_per_minute=10**6)


@pytest.fixture
def ravis(services: Services, api: Api) -> str:
    token.ask(services.store, POLICY, actor("RAVI"), "request-1", NOW)
    issued = token.issue(services.store, POLICY, "U0RAVI", "request-1", NOW)
    assert isinstance(issued, Issued)
    return issued.text


CROOKED = ("<!channel>", "\0", "\ud800", "'; DROP TABLE release; --", "%s%n", "../..", "<@U0ANA>", "9" * 300)
TYPED = ("release", "/env", "blockers", "link", "status", "new", "list", "book", "take", "confirm", "uat-2", "2026.12")
ODD = st.one_of(st.text(st.characters(exclude_categories=()), max_size=30), st.sampled_from(CROOKED))
WORDS = st.lists(st.one_of(ODD, st.sampled_from(TYPED)), max_size=5).map(" ".join)
VALUES = st.from_regex(r"[a-z]{1,8}:[\w.-]{1,30}")
DECISIONS = st.sampled_from(["approved", "rejected", "revoked"])
BODIES = st.one_of(
    st.fixed_dictionaries({"command": ODD | st.sampled_from(TYPED[:4]), "text": WORDS}),
    st.fixed_dictionaries({"revision": ODD, "decision": ODD | DECISIONS}),
    st.fixed_dictionaries({"button": ODD | st.sampled_from([*CLICKS]), "value": VALUES}),
    st.dictionaries(st.sampled_from(["command", "text", "request_id", "value"]), st.none() | st.integers() | ODD),
)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=150, deadline=None)
@given(BODIES, st.sampled_from(["command", "signoff", "press"]))
def test_whatever_is_asked_is_answered(api: Api, ravis: str, told: dict[str, Any], path: str) -> None:
    answer = getattr(api, path)(f"Bearer {ravis}", json.dumps(told).encode())
    assert answer.status in {200, 400, 403}, answer.content
    json.dumps(answer.content).encode()


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=60, deadline=None)
@given(st.one_of(ODD, ODD.map("Bearer {}".format), st.from_regex(r"Bearer interlock_[\w-]{43}", fullmatch=True)))
def test_no_guess_opens_it(api: Api, ravis: str, guess: str) -> None:
    answer = api.whose(guess)
    assert answer.status == 401
    assert ravis not in json.dumps(answer.content)


def test_a_token_is_taken_as_it_was_sent_alone(api: Api, ravis: str) -> None:
    assert api.whose(f"bearer {ravis}").status == 200
    for spoilt in (ravis.upper(), ravis.swapcase(), f"{ravis}x", ravis[:-1], f"{ravis} {ravis}", ravis[10:]):
        assert api.whose(f"Bearer {spoilt}").status == 401, spoilt
