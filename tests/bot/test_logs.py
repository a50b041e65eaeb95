"""What a log line may say."""

import io
import json
import logging
from typing import Any

import pytest
import structlog
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError

from interlock.store.engine import Store


def read(stream: io.StringIO) -> list[dict[str, Any]]:
    return [json.loads(line) for line in stream.getvalue().splitlines()]


def test_a_line_is_one_json_object(logged: io.StringIO) -> None:
    structlog.get_logger("x").info("outbox.sent", id=7)
    [line] = read(logged)
    assert line | {"event": "outbox.sent", "id": 7, "level": "info"} == line
    assert line["timestamp"].endswith("Z")


def test_a_traceback_shows_no_variables(logged: io.StringIO) -> None:
    def fail(_typed: str) -> None:
        raise RuntimeError("broke")

    try:
        fail("what somebody typed")
    except RuntimeError:
        structlog.get_logger("x").exception("failed")
    [line] = read(logged)
    assert "RuntimeError: broke" in line["exception"]
    assert "in fail" in line["exception"]
    assert "somebody typed" not in line["exception"].replace('fail("what somebody typed")', "")


SECRETS = ["xoxb-1-2-abc", "xapp-1-A-b", "Bearer abc.def", "Basic YTpi", "interlock_" + "a-_" * 15]


@pytest.mark.parametrize("secret", SECRETS)
def test_secrets_are_left_out(logged: io.StringIO, secret: str) -> None:
    structlog.get_logger("x").warning(f"called with {secret}", header=secret)
    logging.getLogger("urllib3").warning("called with %s", secret)
    assert secret not in logged.getvalue()
    assert len(read(logged)) == 2


@pytest.mark.postgres
def test_what_postgresql_quotes_of_a_row_is_left_out(logged: io.StringIO, postgres_url: str) -> None:
    store = Store(postgres_url)
    broken, typed = text("INSERT INTO seen (key, at) VALUES (:key, NULL)"), "Falcon\n\nslips to March"
    try:
        with store.write() as session:
            session.execute(broken, {"key": typed})
    except IntegrityError:
        structlog.get_logger("x").exception("failed")
    store.close()
    [line] = read(logged)
    assert "NotNullViolation" in line["exception"]
    assert "[SQL: INSERT INTO seen" in line["exception"]
    assert typed.splitlines()[0] not in line["exception"]
    assert typed.splitlines()[-1] not in line["exception"]
