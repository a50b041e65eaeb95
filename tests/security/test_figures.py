"""The door through which programs push figures: its token opens nothing else, and nothing else opens it."""

import json
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlmodel import select

from bot.answers import Answers
from bot.door import Door
from bot.http.api import Api
from bot.metrics import Metrics
from bot.services import Services
from interlock.domain.policy import CriterionRule, Policy
from interlock.domain.release import Stage
from interlock.domain.secret import Issued
from interlock.store.release import ReleaseRow
from interlock.usecases import report, token
from tests.bookings import POLICY, world
from tests.builders import NOW, TEMPLATE, actor, release

COVERAGE = CriterionRule(kind="report", name="Tests cover enough", report="coverage", minimum=80)
RIGHT = json.dumps({"value": 87.5, "link": "https://ci.example/1"}).encode()


@pytest.fixture
def policy() -> Policy:
    return POLICY


@pytest.fixture
def api(services: Services) -> Api:
    world(services.store)
    with services.store.write() as session:
        release(session, template=replace(TEMPLATE, criteria=(COVERAGE,)), tickets=["DATA-1"])
    return Api(Door(services, Answers(services.settings.slack_api_url), Metrics()), services.clock, 10**6, 10**6)


@pytest.fixture
def programs(services: Services, api: Api) -> str:
    report.ask(services.store, POLICY, actor("RITA"), "ci", "request-1", NOW)
    issued = report.issue(services.store, POLICY, "ci", "U0RITA", "request-1", NOW)
    assert isinstance(issued, Issued)
    return issued.text


def push(api: Api, bearer: str, body: bytes = RIGHT, name: str = "2026.12", figure: str = "coverage") -> Any:
    return api.report(f"Bearer {bearer}", body, "127.0.0.1", name, figure)


def test_a_figure_is_taken_and_named(api: Api, programs: str) -> None:
    told = push(api, programs)
    assert (told.status, told.content) == (200, {"release": "2026.12", "criteria": ["Tests cover enough"]})


def test_a_programs_token_opens_nothing_else(api: Api, programs: str) -> None:
    assert api.whose(f"Bearer {programs}").status == 401
    command = json.dumps({"command": "release", "text": "status"}).encode()
    assert api.command(f"Bearer {programs}", command).status == 401


def test_a_persons_token_pushes_no_figure(services: Services, api: Api) -> None:
    token.ask(services.store, POLICY, actor("RITA"), "request-2", NOW)
    issued = token.issue(services.store, POLICY, "U0RITA", "request-2", NOW)
    assert isinstance(issued, Issued)
    assert push(api, issued.text).status == 401


@pytest.mark.parametrize("header", [None, "", "Basic x", "Bearer", "Bearer interlock_" + "a" * 43])
def test_no_guess_opens_it(api: Api, programs: str, header: str | None) -> None:
    assert api.report(header, RIGHT, "127.0.0.1", "2026.12", "coverage").status == 401


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"[]",
        b"{}",
        b'{"value": true}',
        b'{"value": "87"}',
        b'{"value": NaN}',
        b'{"value": Infinity}',
        b'{"value": 1e400}',
        b'{"value": ' + b"9" * 5000 + b"}",
        b'{"value": 1, "link": 7}',
        b"[" * 5000,
        b"\xff",
    ],
)
def test_what_is_no_figure_is_said_to_be_none(api: Api, programs: str, body: bytes) -> None:
    assert push(api, programs, body).status == 400


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=60, deadline=None)
@given(st.text(st.characters(exclude_categories=()), max_size=30), st.text(max_size=30), st.text(max_size=30))
def test_whatever_it_is_named_it_is_answered(api: Api, programs: str, name: str, figure: str, link: str) -> None:
    body = json.dumps({"value": 1, "link": link}).encode()
    assert push(api, programs, body, name, figure).status in {200, 400, 404}


def test_a_program_hears_by_the_status_what_is_wrong(services: Services, api: Api, programs: str) -> None:
    assert push(api, programs, RIGHT, "2027.12").status == 404
    assert push(api, programs, RIGHT, "2026.12", "nothing").status == 404
    assert push(api, programs, b'{"value": 1, "link": "ftp://ci.example"}').status == 400
    with services.store.write() as session:
        session.exec(select(ReleaseRow)).one().stage = Stage.CLOSED.value
    assert push(api, programs).status == 409
