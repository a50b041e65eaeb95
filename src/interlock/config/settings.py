"""Settings from the environment: where things are, and the secrets to reach them. Policy is in `policy.py`."""

import logging
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Final, Literal, NamedTuple
from urllib.parse import urlsplit

from pydantic import AfterValidator, BeforeValidator, SecretStr, ValidationError
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict

from interlock.config import signing
from interlock.config.errors import SettingsError

HINTS: Final = {
    "SLACK_BOT_TOKEN": "the bot token (xoxb-…) from your Slack app's OAuth & Permissions page",
    "SLACK_APP_TOKEN": "an app-level token (xapp-…) with connections:write, from your Slack app's page",
    "SLACK_SIGNING_SECRET": "the signing secret from your Slack app's Basic Information page",
    "SLACK_API_URL": "a web address such as https://slack.com/api/",
    "JIRA_URL": "the address of your Jira, such as https://example.atlassian.net",
    "JIRA_EMAIL": "the e-mail address that the API token belongs to (Jira Cloud), or nothing at all (Data Center)",
    "JIRA_TOKEN": "an API token (Jira Cloud) or a personal access token (Data Center)",
    "JIRA_WEBHOOK_SECRET": "the secret that you gave the webhook in Jira",
    "INTERLOCK_HTTP": "host:port, such as 127.0.0.1:3000",
    "INTERLOCK_URL": "the address at which people reach INTERLOCK_HTTP, such as https://interlock.example.com",
    "DATABASE_URL": "sqlite:///interlock.db or postgresql://user@host/name",
    "INTERLOCK_CONFIG": "the path of your interlock.yaml",
    "INTERLOCK_EVIDENCE_KEY": "the key that `interlock evidence key` makes",
    "INTERLOCK_LOG_LEVEL": "debug, info, warning or error",
    "OTEL_EXPORTER_OTLP_ENDPOINT": "the address of your OpenTelemetry collector, such as http://127.0.0.1:4318",
}
"""What to set each variable to."""

SECRETS: Final = frozenset(
    {
        "SLACK_BOT_TOKEN",
        "SLACK_APP_TOKEN",
        "SLACK_SIGNING_SECRET",
        "JIRA_TOKEN",
        "JIRA_WEBHOOK_SECRET",
        "INTERLOCK_EVIDENCE_KEY",
        "DATABASE_URL",  # PostgreSQL's may carry a password
    }
)
"""These may instead stand in a file named by `<NAME>_FILE`, as container platforms mount secrets."""

DATABASE_SCHEMES: Final = frozenset({"sqlite", "postgres", "postgresql", "postgresql+psycopg"})
LEVELS: Final = {
    "debug": logging.DEBUG,
    "info": logging.INFO,
    "warning": logging.WARNING,
    "error": logging.ERROR,
}
TRACKER: Final = ("JIRA_URL", "JIRA_TOKEN")
MAX_PORT: Final = 65_535


class HttpAddress(NamedTuple):
    """Where the HTTP server listens. Port 0 lets the system choose."""

    host: str
    port: int


def _token(prefix: str, wrong_kind: str) -> AfterValidator:
    def check(secret: SecretStr) -> SecretStr:
        text = secret.get_secret_value()
        if not text.startswith(prefix):
            raise ValueError(f"it does not begin with {prefix} ({wrong_kind})")
        return _one_word(secret)

    return AfterValidator(check)


def _one_word(secret: SecretStr) -> SecretStr:
    """It becomes an HTTP header, where a blank or a line break would end it or forge another."""
    text = secret.get_secret_value()
    if not text.isascii() or not text.isprintable() or " " in text:
        raise ValueError("it holds a blank or a character that no token has")
    return secret


def _web_address(text: str) -> str:
    try:
        parts = urlsplit(text)
        usable = parts.scheme in {"http", "https"} and parts.hostname and (parts.port is None or parts.port > 0)
    except ValueError:  # a port that is no number, or an unclosed [
        usable = False
    else:
        if parts.username is not None or parts.password is not None:
            raise ValueError("it carries a user name or password, which has a variable of its own")
        if parts.query or parts.fragment:
            raise ValueError("it goes on after the path, with ? or #")
    if not usable or not text.isprintable() or " " in text:
        raise ValueError("it is no web address that begins with https:// or http://")
    return text.rstrip("/")


def _with_slash(text: str) -> str:
    """slack_sdk joins method names on to it, and without the slash would replace its last part."""
    return text + "/"


def _email(text: str) -> str:
    local, at, domain = text.partition("@")
    if not (local and at and domain) or " " in text or "@" in domain:
        raise ValueError("it is no e-mail address")
    return text


def _http_address(value: object) -> object:
    if not isinstance(value, str):
        return value
    host, _, port = value.rpartition(":")
    host = host.removeprefix("[").removesuffix("]")
    if not host or not (port.isascii() and port.isdigit()) or int(port) > MAX_PORT:
        raise ValueError("it is not host:port")
    return HttpAddress(host, int(port))


def _log_level(value: object) -> object:
    if not isinstance(value, str):
        return value
    level = LEVELS.get(value.lower())
    if level is None:
        raise ValueError("it is no such level")
    return level


def _evidence_key(secret: SecretStr) -> SecretStr:
    signing.seed(secret.get_secret_value())
    return secret


def _database(secret: SecretStr) -> SecretStr:
    scheme, separator, rest = secret.get_secret_value().partition("://")
    if scheme == "sqlite" and separator and (rest[:1] != "/" or rest.partition("?")[0] in {"/", "/:memory:"}):
        raise ValueError("it names no file, after three slashes, and Interlock keeps nothing in memory")
    if not separator or not rest or scheme not in DATABASE_SCHEMES:
        raise ValueError("Interlock keeps its data in SQLite or PostgreSQL")
    if scheme != "sqlite" and not _has_fine_port(rest):
        raise ValueError("its port is no number (in a password, @ : / are written %40 %3A %2F)")
    return secret


def _has_fine_port(rest: str) -> bool:
    """As SQLAlchemy splits what follows the scheme: the password ends at the first @."""
    _, at, behind = rest.partition("@")
    host = (behind if at else rest).partition("/")[0]
    port = host.rpartition("]")[2].partition(":")[2]  # an IPv6 address stands in brackets
    return not port or (port.isascii() and port.isdigit() and int(port) <= MAX_PORT)


class Settings(BaseSettings):
    """Each field is the environment variable of the same name in capitals. Absent and empty are the same."""

    model_config = SettingsConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    slack_bot_token: Annotated[SecretStr, _token("xoxb-", "as bot tokens do")] | None = None
    slack_app_token: Annotated[SecretStr, _token("xapp-", "as app-level tokens do")] | None = None
    slack_signing_secret: Annotated[SecretStr, AfterValidator(_one_word)] | None = None
    slack_api_url: Annotated[str, AfterValidator(_web_address), AfterValidator(_with_slash)] = "https://slack.com/api/"
    jira_url: Annotated[str, AfterValidator(_web_address)] | None = None
    jira_email: Annotated[str, AfterValidator(_email)] | None = None
    jira_token: Annotated[SecretStr, AfterValidator(_one_word)] | None = None
    jira_webhook_secret: SecretStr | None = None
    interlock_http: Annotated[HttpAddress, BeforeValidator(_http_address)] = HttpAddress("127.0.0.1", 3000)
    interlock_url: Annotated[str, AfterValidator(_web_address)] | None = None
    database_url: Annotated[SecretStr, AfterValidator(_database)] = SecretStr("sqlite:///interlock.db")
    interlock_config: Path = Path("config/interlock.yaml")
    interlock_evidence_key: Annotated[SecretStr, AfterValidator(_evidence_key)] | None = None
    interlock_log_level: Annotated[int, BeforeValidator(_log_level)] = logging.INFO
    otel_exporter_otlp_endpoint: Annotated[str, AfterValidator(_web_address)] | None = None

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """What `load_settings` was given, and nothing behind its back: no stray .env, no second look at os.environ."""
        del settings_cls, env_settings, dotenv_settings, file_secret_settings
        return (init_settings,)

    def lacking(self, *names: str) -> dict[str, str]:
        """What to say of each of these variables that is not set."""
        return {name: _missing(name) for name in names if getattr(self, name.lower()) is None}

    def require(self, *names: str) -> None:
        """Raise SettingsError unless each of these variables is set; it names all that are not."""
        if missing := self.lacking(*names):
            raise SettingsError("; ".join(missing.values()) + ".")

    def require_tracker(self) -> None:
        self.require(*TRACKER)

    def reveal(self, name: str) -> str:
        """The secret itself, to be handed to the client that needs it and to nothing else. Raises as `require` does."""
        self.require(name)
        secret = getattr(self, name.lower())
        assert isinstance(secret, SecretStr)
        return secret.get_secret_value()


def needed(mode: Literal["socket", "http"]) -> tuple[str, ...]:
    """What `interlock run` takes to reach Slack, in this mode, and Jira."""
    return ("SLACK_BOT_TOKEN", "SLACK_APP_TOKEN" if mode == "socket" else "SLACK_SIGNING_SECRET", *TRACKER)


def load_settings(env: Mapping[str, str]) -> Settings:
    """Settings out of `env` (os.environ, in life). Raises SettingsError, one line that names every malformed variable.

    A variable that is merely missing is no error here: which ones are needed depends on the command, which says so with
    `Settings.require`.
    """
    settings, problems = look_at_settings(env)
    if problems:
        raise SettingsError("; ".join(problems.values()) + ".")
    return settings


def look_at_settings(env: Mapping[str, str]) -> tuple[Settings, dict[str, str]]:
    """The settings without those that cannot be used, and of each of these what is wrong with it."""
    problems: dict[str, str] = {}
    values: dict[str, str] = {}
    for name in HINTS:
        try:
            text = _read(env, name)
        except ValueError as error:
            problems[name] = str(error)
            continue
        if text:
            values[name.lower()] = text
    try:
        return Settings(**values), problems  # type: ignore[arg-type]  # pydantic reads the texts
    except ValidationError as error:
        for problem in error.errors(include_url=False, include_input=False):
            field = str(problem["loc"][0])
            name = field.upper()
            problems[name] = f"{name} is malformed, {problem['ctx']['error']}: set it to {HINTS[name]}"
            values.pop(field, None)
    return Settings(**values), problems  # type: ignore[arg-type]  # as above


def _read(env: Mapping[str, str], name: str) -> str:
    """The variable's text, from `<name>_FILE` where that is given. Editors leave a line break at a file's end."""
    text = env.get(name, "").strip()
    file = env.get(f"{name}_FILE", "").strip() if name in SECRETS else ""
    if not file:
        return text
    if text:
        raise ValueError(f"{name} and {name}_FILE are both set: set one of them")
    try:
        text = Path(file).read_text(encoding="utf-8").strip()
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is no text"
        raise ValueError(f"{name}_FILE names {file}, which cannot be read ({reason})") from error
    if not text:
        raise ValueError(f"{name}_FILE names {file}, which is empty: write {HINTS[name]} into it")
    return text


def _missing(name: str) -> str:
    either = f"it (or {name}_FILE, the path of a file that holds it)" if name in SECRETS else "it"
    return f"{name} is missing: set {either} to {HINTS[name]}"
