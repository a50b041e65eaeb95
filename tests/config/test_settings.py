import logging
from pathlib import Path

import pytest
from sqlalchemy import make_url

from interlock.config.errors import SettingsError
from interlock.config.settings import HINTS, SECRETS, HttpAddress, load_settings, needed

WHOLE = {
    "SLACK_BOT_TOKEN": "xoxb-practice-bot",
    "SLACK_APP_TOKEN": "xapp-practice-app",
    "SLACK_SIGNING_SECRET": "practice-signing-secret",
    "SLACK_API_URL": "http://127.0.0.1:8765/api",
    "JIRA_URL": "https://jira.practice.example/base/",
    "JIRA_EMAIL": "interlock@practice.example",
    "JIRA_TOKEN": "practice-jira-token",
    "JIRA_WEBHOOK_SECRET": "practice webhook secret",
    "INTERLOCK_HTTP": "0.0.0.0:8080",
    "DATABASE_URL": "postgresql://interlock:hunter2@db/interlock",
    "INTERLOCK_CONFIG": "elsewhere/policy.yaml",
    "INTERLOCK_EVIDENCE_KEY": "ed25519:nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A",
    "INTERLOCK_LOG_LEVEL": "Debug",
    "INTERLOCK_URL": "https://interlock.example.com/",
    "OTEL_EXPORTER_OTLP_ENDPOINT": "http://127.0.0.1:4318/",
}


def test_every_variable_is_read() -> None:
    settings = load_settings(WHOLE | {"PATH": "/bin", "INTERLOCK_SOMETHING": "else"})

    assert settings.reveal("SLACK_BOT_TOKEN") == "xoxb-practice-bot"
    assert settings.reveal("SLACK_APP_TOKEN") == "xapp-practice-app"
    assert settings.reveal("SLACK_SIGNING_SECRET") == "practice-signing-secret"
    assert settings.slack_api_url == "http://127.0.0.1:8765/api/"
    assert settings.jira_url == "https://jira.practice.example/base"
    assert settings.jira_email == "interlock@practice.example"
    assert settings.reveal("JIRA_TOKEN") == "practice-jira-token"
    assert settings.reveal("JIRA_WEBHOOK_SECRET") == "practice webhook secret"
    assert settings.reveal("INTERLOCK_EVIDENCE_KEY").startswith("ed25519:nWGx")
    assert settings.interlock_http == HttpAddress("0.0.0.0", 8080)  # noqa: S104 it listens to nothing here
    assert settings.reveal("DATABASE_URL") == "postgresql://interlock:hunter2@db/interlock"
    assert settings.interlock_config == Path("elsewhere/policy.yaml")
    assert settings.interlock_log_level == logging.DEBUG
    assert settings.otel_exporter_otlp_endpoint == "http://127.0.0.1:4318"
    settings.require(*HINTS)


@pytest.mark.parametrize("env", [{}, dict.fromkeys(WHOLE, ""), dict.fromkeys(WHOLE, " \n")])
def test_nothing_set_gives_the_defaults(env: dict[str, str]) -> None:
    settings = load_settings(env)

    assert settings.slack_api_url == "https://slack.com/api/"
    assert settings.interlock_http == ("127.0.0.1", 3000)
    assert settings.reveal("DATABASE_URL") == "sqlite:///interlock.db"
    assert settings.interlock_config == Path("config/interlock.yaml")
    assert settings.slack_bot_token is None
    assert settings.jira_email is None


def test_the_environment_behind_the_argument_is_not_read(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("SLACK_BOT_TOKEN", "xoxb-other")
    (tmp_path / ".env").write_text("JIRA_TOKEN=other\n")
    monkeypatch.chdir(tmp_path)

    settings = load_settings({})

    assert settings.slack_bot_token is None
    assert settings.jira_token is None


def test_no_representation_shows_a_secret() -> None:
    shown = repr(load_settings(WHOLE)) + str(load_settings(WHOLE)) + load_settings(WHOLE).model_dump_json()

    for secret in ("xoxb-", "xapp-", "practice-signing", "practice-jira", "practice webhook", "hunter2"):
        assert secret not in shown


@pytest.mark.parametrize(
    ("name", "value", "says"),
    [
        ("SLACK_BOT_TOKEN", "xapp-1-mixed-up", "does not begin with xoxb-"),
        ("SLACK_APP_TOKEN", "xoxb-mixed-up", "does not begin with xapp-"),
        ("SLACK_BOT_TOKEN", "xoxb-two words", "holds a blank"),
        ("SLACK_BOT_TOKEN", "xoxb-1\r\nX-Evil: 1", "holds a blank"),
        ("SLACK_SIGNING_SECRET", "sécret", "character that no token has"),
        ("JIRA_TOKEN", "a\x00b", "character that no token has"),
        ("SLACK_API_URL", "slack.com/api", "no web address"),
        ("JIRA_URL", "jira.practice.example", "no web address"),
        ("JIRA_URL", "ftp://jira.practice.example", "no web address"),
        ("JIRA_URL", "https://", "no web address"),
        ("JIRA_URL", "https://jira:port", "no web address"),
        ("JIRA_URL", "https://[::1", "no web address"),
        ("JIRA_URL", "https://jira practice", "no web address"),
        ("JIRA_URL", "https://ana:pass@jira.practice.example", "carries a user name"),
        ("JIRA_URL", "https://jira.practice.example/?a=b", "goes on after the path"),
        ("JIRA_EMAIL", "interlock", "no e-mail address"),
        ("JIRA_EMAIL", "a@b@c", "no e-mail address"),
        ("DATABASE_URL", "mysql://root:hunter2@db/interlock", "SQLite or PostgreSQL"),
        ("DATABASE_URL", "some.db", "SQLite or PostgreSQL"),
        ("DATABASE_URL", "sqlite:///:memory:", "names no file"),
        ("DATABASE_URL", "sqlite://some.db", "names no file"),
        ("DATABASE_URL", "postgresql+asyncpg://db/interlock", "SQLite or PostgreSQL"),
        ("DATABASE_URL", "postgresql://interlock:hunter2@db:port/interlock", "its port is no number"),
        ("DATABASE_URL", "postgresql://interlock:hun@ter:2@db/interlock", "its port is no number"),
        ("DATABASE_URL", "postgresql://interlock@db:70000/interlock", "its port is no number"),
        ("INTERLOCK_HTTP", "3000", "not host:port"),
        ("INTERLOCK_HTTP", ":3000", "not host:port"),
        ("INTERLOCK_HTTP", "localhost:http", "not host:port"),
        ("INTERLOCK_HTTP", "localhost:70000", "not host:port"),
        ("INTERLOCK_HTTP", "localhost:٣", "not host:port"),
    ],
)
def test_a_malformed_variable_is_named_in_one_line_that_hides_secrets(name: str, value: str, says: str) -> None:
    with pytest.raises(SettingsError) as raised:
        load_settings({**WHOLE, name: value})

    message = str(raised.value)
    assert message.startswith(f"{name} is malformed, ")
    assert says in message
    assert HINTS[name] in message
    assert len(message.splitlines()) == 1
    assert name not in SECRETS or value.strip() not in message
    assert ":pass" not in message


def test_every_malformed_variable_is_named_at_once() -> None:
    with pytest.raises(SettingsError) as raised:
        load_settings({"SLACK_BOT_TOKEN": "nope", "INTERLOCK_HTTP": "nope", "JIRA_TOKEN_FILE": "/nowhere/token"})

    message = str(raised.value)
    assert "SLACK_BOT_TOKEN is malformed" in message
    assert "INTERLOCK_HTTP is malformed" in message
    assert "JIRA_TOKEN_FILE names /nowhere/token, which cannot be read (No such file or directory)" in message


@pytest.mark.parametrize(
    "address",
    ["a:b/c@db/x", "a:b#c@db:5432/x", "a@[::1]:5432/x", "[::1]/x", "db:5432", "/x?host=/run/postgresql", "a:1:2@db/x"],
)
def test_database_addresses_that_sqlalchemy_takes(address: str) -> None:
    assert load_settings({"DATABASE_URL": f"postgresql://{address}"}).reveal("DATABASE_URL").endswith(address)
    make_url(f"postgresql://{address}")


@pytest.mark.parametrize("address", ["[::1]:3000", "localhost:0"])
def test_http_addresses(address: str) -> None:
    host, port = load_settings({"INTERLOCK_HTTP": address}).interlock_http

    assert f"{host}:{port}" == address.replace("[", "").replace("]", "")


@pytest.mark.parametrize("name", ["SLACK_BOT_TOKEN", "JIRA_TOKEN", "DATABASE_URL"])
def test_a_secret_may_stand_in_a_file(name: str, tmp_path: Path) -> None:
    file = tmp_path / "secret"
    file.write_text(WHOLE[name] + "\n")

    assert load_settings({f"{name}_FILE": str(file)}).reveal(name) == WHOLE[name]


def test_a_secret_both_ways_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "secret"
    file.write_text("one")

    with pytest.raises(SettingsError, match="JIRA_TOKEN and JIRA_TOKEN_FILE are both set"):
        load_settings({"JIRA_TOKEN": "two", "JIRA_TOKEN_FILE": str(file)})


@pytest.mark.parametrize(("content", "says"), [(b"\n", "which is empty"), (b"\xff\xfe\x00", "cannot be read")])
def test_an_unusable_secret_file_is_refused(content: bytes, says: str, tmp_path: Path) -> None:
    file = tmp_path / "secret"
    file.write_bytes(content)

    with pytest.raises(SettingsError, match=says):
        load_settings({"JIRA_TOKEN_FILE": str(file)})


def test_what_is_no_secret_has_no_file() -> None:
    assert load_settings({"JIRA_URL_FILE": "/nowhere"}).jira_url is None


@pytest.mark.parametrize(
    ("mode", "missing"),
    [
        ("socket", ["SLACK_BOT_TOKEN", "SLACK_APP_TOKEN", "JIRA_TOKEN"]),
        ("http", ["SLACK_BOT_TOKEN", "SLACK_SIGNING_SECRET", "JIRA_TOKEN"]),
    ],
)
def test_what_is_needed_depends_on_the_mode(mode: str, missing: list[str]) -> None:
    with pytest.raises(SettingsError) as raised:
        load_settings({}).require(*needed(mode))  # type: ignore[arg-type]  # parametrize gives str

    message = str(raised.value)
    assert len(message.splitlines()) == 1
    for name in missing:
        assert f"{name} is missing: set it (or {name}_FILE, the path of a file that holds it) to" in message
    assert "JIRA_URL is missing" in message
    load_settings({name: WHOLE[name] for name in ("JIRA_URL", *missing)}).require(*needed(mode))  # type: ignore[arg-type]  # as above


def test_the_tracker_needs_an_address_and_a_token() -> None:
    with pytest.raises(SettingsError, match=r"JIRA_URL is missing.*JIRA_TOKEN is missing"):
        load_settings({}).require_tracker()


def test_revealing_what_is_missing_says_so() -> None:
    with pytest.raises(SettingsError, match="JIRA_WEBHOOK_SECRET is missing"):
        load_settings({}).reveal("JIRA_WEBHOOK_SECRET")
