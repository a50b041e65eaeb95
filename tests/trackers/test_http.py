"""What an answer means, and when Jira is asked again."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import requests
import responses
from responses import matchers

from interlock.trackers import http
from interlock.trackers.errors import TrackerError
from interlock.trackers.http import ATTEMPTS, JiraHttp

URL = "https://jira.practice.example"
PATH = "/rest/api/2/myself"


@pytest.fixture
def slept() -> list[float]:
    return []


@pytest.fixture
def cloud(slept: list[float]) -> Iterator[JiraHttp]:
    client = JiraHttp(f"{URL}/", "interlock@practice.example", "practice-jira-token", sleep=slept.append)
    yield client
    client.close()


@pytest.fixture
def data_center(slept: list[float]) -> Iterator[JiraHttp]:
    client = JiraHttp(URL, None, "practice-jira-token", sleep=slept.append)
    yield client
    client.close()


def refused(client: JiraHttp) -> TrackerError:
    with pytest.raises(TrackerError) as caught:
        client.get(PATH)
    return caught.value


class TestWhoAsks:
    @responses.activate
    def test_cloud_signs_in_with_address_and_token(self, cloud: JiraHttp) -> None:
        basic = "Basic aW50ZXJsb2NrQHByYWN0aWNlLmV4YW1wbGU6cHJhY3RpY2UtamlyYS10b2tlbg=="
        responses.get(URL + PATH, json={"name": "a"}, match=[matchers.header_matcher({"Authorization": basic})])
        assert cloud.get(PATH) == {"name": "a"}

    @responses.activate
    def test_data_center_with_the_token_alone(self, data_center: JiraHttp) -> None:
        responses.get(URL + PATH, json={})
        assert data_center.get(PATH) == {}
        assert responses.calls[0].request.headers["Authorization"] == "Bearer practice-jira-token"


class TestAskingAgain:
    @pytest.mark.parametrize("status", [429, 500, 502, 503, 504])
    @responses.activate
    def test_a_read_is_asked_again(self, cloud: JiraHttp, slept: list[float], status: int) -> None:
        responses.get(URL + PATH, status=status)
        responses.get(URL + PATH, json={"name": "a"})
        assert cloud.get(PATH) == {"name": "a"}
        assert len(slept) == 1
        assert 0 <= slept[0] <= 20

    @pytest.mark.parametrize(
        "fault",
        [
            requests.exceptions.ConnectionError("reset"),
            requests.exceptions.ConnectTimeout(),
            requests.exceptions.ReadTimeout(),
            requests.exceptions.ChunkedEncodingError(),
        ],
    )
    @responses.activate
    def test_after_a_lost_connection_too(self, cloud: JiraHttp, slept: list[float], fault: Exception) -> None:
        responses.get(URL + PATH, body=fault)
        responses.get(URL + PATH, json={})
        assert cloud.get(PATH) == {}
        assert len(slept) == 1

    @responses.activate
    def test_after_a_garbled_answer_too(self, cloud: JiraHttp) -> None:
        responses.get(URL + PATH, body='{"name": "a')
        responses.get(URL + PATH, json={})
        assert cloud.get(PATH) == {}

    @responses.activate
    def test_a_search_is_a_read(self, cloud: JiraHttp, slept: list[float]) -> None:
        body = {"jql": 'project in ("DATA")'}
        for status in (503, 200):
            responses.post(URL + PATH, json={}, status=status, match=[matchers.json_params_matcher(body)])
        assert cloud.search(PATH, body) == {}
        assert len(slept) == 1

    @pytest.mark.parametrize("fault", [{"status": 503}, {"status": 429}, {"body": requests.exceptions.ReadTimeout()}])
    @responses.activate
    def test_a_write_never_is(self, cloud: JiraHttp, slept: list[float], fault: dict[str, Any]) -> None:
        responses.post(URL + PATH, **fault)
        with pytest.raises(TrackerError) as caught:
            cloud.write(PATH, {"body": "x"})
        assert not caught.value.permanent
        assert (len(responses.calls), slept) == (1, [])

    @responses.activate
    def test_not_for_ever(self, cloud: JiraHttp, slept: list[float]) -> None:
        responses.get(URL + PATH, status=502)
        error = refused(cloud)
        assert (error.permanent, error.status) == (False, 502)
        assert len(responses.calls) == ATTEMPTS
        assert len(slept) == ATTEMPTS - 1

    @pytest.mark.parametrize("status", [400, 401, 403, 404, 410, 418, 501])
    @responses.activate
    def test_not_where_somebody_must_act_first(self, cloud: JiraHttp, status: int) -> None:
        responses.get(URL + PATH, status=status)
        assert refused(cloud).permanent
        assert len(responses.calls) == 1

    @pytest.mark.parametrize(
        ("headers", "seconds"),
        [
            ({"Retry-After": "7"}, 7),
            ({"Retry-After": "2.5"}, 2.5),
            ({"Retry-After": "Mon, 23 Nov 2026 09:00:09 GMT", "Date": "Mon, 23 Nov 2026 09:00:00 GMT"}, 9),
            ({"Retry-After": "Mon, 23 Nov 2026 08:59:00 GMT", "Date": "Mon, 23 Nov 2026 09:00:00 GMT"}, 0),
        ],
    )
    @responses.activate
    def test_jira_is_given_the_time_that_it_asks_for(
        self, cloud: JiraHttp, slept: list[float], headers: dict[str, str], seconds: float
    ) -> None:
        responses.get(URL + PATH, status=429, headers=headers)
        responses.get(URL + PATH, json={})
        cloud.get(PATH)
        assert seconds <= slept[0] <= seconds + 1

    @pytest.mark.parametrize("told", ["soon", "", "nan", "inf", "Mon, 23 Nov 2026 09:00:09 GMT"])
    @responses.activate
    def test_a_time_that_cannot_be_read_is_passed_over(self, cloud: JiraHttp, slept: list[float], told: str) -> None:
        responses.get(URL + PATH, status=503, headers={"Retry-After": told})
        responses.get(URL + PATH, json={})
        cloud.get(PATH)
        assert 0 <= slept[0] <= 20

    @responses.activate
    def test_a_long_wait_ends_the_run_instead(self, cloud: JiraHttp, slept: list[float], recorded: Path) -> None:
        told = errors_of(recorded)["429_cloud_quota"]
        responses.get(URL + PATH, status=429, headers=told["headers"])
        error = refused(cloud)
        assert (error.permanent, error.retry_after, slept) == (False, 1847.0, [])
        assert "jira-quota-global-based" in str(error)


def errors_of(recorded: Path) -> dict[str, Any]:
    told: dict[str, Any] = json.loads((recorded / "errors/jira_errors.json").read_text(encoding="utf-8"))
    return told


class TestRecordedRefusals:
    @pytest.mark.parametrize(
        ("name", "says"),
        [
            ("400_jql_unknown_project", "The value 'NOPE' does not exist for the field 'project'. Check"),
            ("400_jql_unbounded_cloud_search_jql", "Unbounded JQL queries are not allowed"),
            ("401_cloud_json", "does not know the bot's account. Check that JIRA_EMAIL and JIRA_TOKEN"),
            ("401_dc_html", "does not know the bot's account"),
            ("403_captcha", "wants a captcha"),
            ("403_permission", "forbids this to the bot's account: You do not have the permission"),
            ("404_issue", "shows no such thing to the bot's account: Issue does not exist"),
            ("410_search_removed_cloud", "no longer serves this: The requested API has been removed"),
            ("429_dc", "It may be asked again in 1 s"),
            ("503_retry_after", "cannot answer now (status 503)"),
        ],
    )
    @responses.activate
    def test_each_becomes_a_sentence(self, cloud: JiraHttp, recorded: Path, name: str, says: str) -> None:
        told = errors_of(recorded)[name]
        body = json.dumps(told["body"]) if "body" in told else told.get("body_text", "")
        responses.get(URL + PATH, status=told["status"], body=body, headers=told.get("headers", {}))
        sentence = str(refused(cloud))
        assert says in sentence
        assert "jira.practice.example" in sentence
        assert "<" not in sentence
        assert sentence.endswith(".")

    @responses.activate
    def test_in_each_shape_that_jira_writes(self, cloud: JiraHttp, recorded: Path) -> None:
        for body in errors_of(recorded)["error_parse_variants"]:
            responses.get(URL + PATH, status=400, body=body)
            assert ": err1" in str(refused(cloud))
            responses.reset()

    @pytest.mark.parametrize(
        "body", ["null", "5", "[]", "{}", '""', "[[1]]", '{"errors": [1]}', "\xff\xfe", "[" * 99_999]
    )
    @responses.activate
    def test_in_no_shape_at_all(self, cloud: JiraHttp, body: str) -> None:
        responses.get(URL + PATH, status=400, body=body.encode("latin-1"))
        assert "does not accept the question" in str(refused(cloud))

    @responses.activate
    def test_a_long_message_is_cut(self, cloud: JiraHttp) -> None:
        responses.get(URL + PATH, status=400, json={"errorMessages": ["x" * 10_000]})
        assert len(str(refused(cloud))) < 500


class TestAnswersThatAreNone:
    @pytest.mark.parametrize(
        "headers",
        [
            {"X-Seraph-LoginReason": "AUTHENTICATED_FAILED"},
            {"X-Seraph-LoginReason": "AUTHENTICATION_DENIED"},
            {"X-AUSERNAME": "anonymous"},
        ],
    )
    @responses.activate
    def test_200_for_an_account_that_jira_does_not_know(self, data_center: JiraHttp, headers: dict[str, str]) -> None:
        responses.get(URL + PATH, json={"issues": [], "total": 0}, headers=headers)
        error = refused(data_center)
        assert error.permanent
        assert "JIRA_TOKEN is a personal access token" in str(error)

    @responses.activate
    def test_200_for_a_known_account_is_one(self, data_center: JiraHttp) -> None:
        responses.get(URL + PATH, json={}, headers={"X-Seraph-LoginReason": "OK", "X-AUSERNAME": "interlock"})
        assert data_center.get(PATH) == {}

    @pytest.mark.parametrize(
        ("body", "content_type"),
        [("<html>Sign in</html>", "text/html"), (" \n<!DOCTYPE html>", "application/json")],
    )
    @responses.activate
    def test_a_web_page(self, cloud: JiraHttp, body: str, content_type: str) -> None:
        responses.get(URL + PATH, body=body, content_type=content_type)
        error = refused(cloud)
        assert error.permanent
        assert "web page" in str(error)

    @responses.activate
    def test_a_redirect_is_not_followed(self, cloud: JiraHttp) -> None:
        responses.get(URL + PATH, status=302, headers={"Location": "https://sso.practice.example/login?to=jira"})
        error = refused(cloud)
        assert error.permanent
        assert "redirects to sso.practice.example" in str(error)
        assert len(responses.calls) == 1

    @responses.activate
    def test_an_endless_body(self, cloud: JiraHttp, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(http, "LARGEST_ANSWER", 1000)
        responses.get(URL + PATH, body=b"[" + b"1," * 100_000)
        assert "too large" in str(refused(cloud))

    @responses.activate
    def test_an_untrusted_certificate(self, cloud: JiraHttp) -> None:
        responses.get(URL + PATH, body=requests.exceptions.SSLError())
        error = refused(cloud)
        assert error.permanent
        assert "REQUESTS_CA_BUNDLE" in str(error)
        assert len(responses.calls) == 1

    def test_an_address_that_is_none(self) -> None:
        error = refused(JiraHttp("jira.practice.example", None, "t"))
        assert error.permanent
        assert "JIRA_URL" in str(error)
