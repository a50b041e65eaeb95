"""What the HTTP server lets in: so much, within so long, on the paths there are."""

import json

import pytest

from bot.http import bodies
from bot.http.api import BODY
from bot.http.app import JIRA_BODY, SLACK_BODY
from tests.security.conftest import House, head, received, status

LIMITS = {
    "/slack/events": SLACK_BODY,
    "/webhooks/jira": JIRA_BODY,
    "/api/command": BODY,
    "/api/signoff": BODY,
    "/api/press": BODY,
    "/api/criteria/{release}/{report}": BODY,
}
"""Of each route that takes a body."""


def chunked(size: int) -> list[bytes]:
    piece = b"x" * 65536
    return [b"%x\r\n%b\r\n" % (len(piece), piece) for _ in range(size // len(piece) + 1)] + [b"0\r\n\r\n"]


def test_each_route_that_takes_a_body_has_its_limit(house: House) -> None:
    told = house.app.openapi()["paths"]
    taking = {path for path, methods in told.items() if methods.keys() & {"post", "put", "patch"}}
    assert taking == set(LIMITS)


def test_a_body_beyond_the_limit_is_413(house: House) -> None:
    for path, limit in LIMITS.items():
        assert status(house.post(path, b"x" * (limit + 1), {})) == 413, path


def test_so_is_one_that_does_not_say_how_long_it_is(house: House) -> None:
    for path, limit in LIMITS.items():
        answer = house.send(head("POST", path, b"Transfer-Encoding: chunked"), *chunked(limit))
        assert status(answer) == 413, path


def test_a_body_at_the_limit_is_looked_at(house: House) -> None:
    for path, limit in LIMITS.items():
        assert status(house.post(path, b"x" * limit, {})) == 401, path


def test_a_body_that_drips_is_given_up(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bodies, "WHOLE_SECONDS", 0.05)
    for path in LIMITS:
        with house.connect() as connection:
            connection.sendall(head("POST", path, b"Content-Length: 20") + b"x")
            assert status(received(connection)) == 408, path


def test_a_body_that_breaks_off_ends_quietly(house: House) -> None:
    with house.connect() as connection:
        connection.sendall(head("POST", "/api/command", b"Content-Length: 20") + b"x")
    assert status(house.send(head("GET", "/healthz"))) == 200


TWO_LENGTHS = (
    (b"Content-Length: 5", b"Transfer-Encoding: chunked"),
    (b"Content-Length: 5", b"Content-Length: 6"),
    (b"Content-Length: -1",),
    (b"Content-Length: 0x5",),
    (b"Transfer-Encoding: chunked, chunked",),
    (b"Transfer-Encoding: xchunked",),
    (b"Transfer-Encoding : chunked",),
)


def test_no_request_hides_in_anothers_body(house: House) -> None:
    hidden = b"GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n"
    for lines in TWO_LENGTHS:
        request = head("POST", "/api/command", *lines).replace(b"Connection: close\r\n", b"")
        answer = house.send(request + b"0\r\n\r\n" + hidden)
        assert status(answer) in {400, 501}, lines
        assert answer.count(b"HTTP/1.1 ") == 1, lines


def test_no_path_leads_to_a_host_that_the_request_names(house: House) -> None:
    for path in ("/slack/events/", "/api/token/", "/metrics/", "//evil.example/%2e%2e", "/api//token"):
        answer = house.send(head("GET", path).replace(b"Host: interlock", b"Host: evil.example"))
        assert status(answer) == 404, path
        assert b"evil" not in answer, path


def test_nothing_else_is_served(house: House) -> None:
    for path in ("/docs", "/redoc", "/openapi.json", "/..%2fetc/passwd", "/static/../../x", "/.env"):
        assert status(house.send(head("GET", path))) == 404, path


def test_headers_without_end_are_refused(house: House) -> None:
    answer = house.send(b"GET /healthz HTTP/1.1\r\nHost: x\r\n", *[b"X-A: %b\r\n" % (b"a" * 4000)] * 40)
    assert not answer or status(answer) == 400


def test_no_page_of_another_site_may_read_or_ask_anything(house: House) -> None:
    """No cookie is set or read, so a browser has nothing to send along; and no site is let read an answer."""
    for path in ("/healthz", "/api/token", "/api/signoff", "/metrics", "/nothing"):
        answer = house.send(head("GET", path, b"Origin: https://evil.example", b"Cookie: session=1")).lower()
        assert b"access-control" not in answer, path
        assert b"set-cookie" not in answer, path
        asked = head("OPTIONS", path, b"Origin: https://evil.example", b"Access-Control-Request-Method: POST")
        assert status(house.send(asked)) in {404, 405}, path


def test_a_token_in_the_address_opens_nothing(house: House) -> None:
    answer = house.send(head("GET", "/api/token?token=interlock_" + "a" * 43))
    assert status(answer) == 401
    assert json.loads(answer.partition(b"\r\n\r\n")[2])["error"].startswith("Send your token")
