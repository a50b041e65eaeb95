"""What is missing or wrong at the start is one line that says what to do, and an exit code."""

import shutil
from pathlib import Path

import pytest

from tests.e2e.running import CONFIG, ask, interlock

GOOD = {
    "PATH": "/usr/bin:/bin",
    "SLACK_BOT_TOKEN": "xoxb-practice-bot",
    "SLACK_APP_TOKEN": "xapp-practice-app",
    "SLACK_SIGNING_SECRET": "practice-signing-secret",
    "SLACK_API_URL": "http://127.0.0.1:9/api/",
    "JIRA_URL": "http://127.0.0.1:9/jira",
    "JIRA_EMAIL": "interlock@practice.example",
    "JIRA_TOKEN": "practice-jira-token",
    "INTERLOCK_CONFIG": str(CONFIG / "interlock.yaml"),
    "INTERLOCK_HTTP": "127.0.0.1:0",
}


def refusal(env: dict[str, str], folder: Path, *args: str) -> tuple[int, str]:
    """The exit code, and the one line."""
    done = interlock(*(args or ("run",)), env=env, folder=folder)
    said = (done.stdout + done.stderr).strip()
    assert "Traceback" not in said
    assert len(said.splitlines()) == 1, said
    assert said.startswith("interlock: ")
    return done.returncode, said


@pytest.mark.parametrize(
    ("change", "args", "words"),
    [
        ({"SLACK_BOT_TOKEN": ""}, (), ["SLACK_BOT_TOKEN is missing", "xoxb-"]),
        ({"SLACK_SIGNING_SECRET": ""}, ("run", "--mode", "http"), ["SLACK_SIGNING_SECRET is missing"]),
        ({"SLACK_BOT_TOKEN": "secret-of-mine"}, (), ["SLACK_BOT_TOKEN is malformed"]),
        ({"JIRA_URL": "", "JIRA_TOKEN": ""}, (), ["JIRA_URL is missing", "JIRA_TOKEN is missing"]),
        ({"INTERLOCK_CONFIG": "absent.yaml"}, (), ["absent.yaml"]),
        ({"DATABASE_URL": "mysql://db/x"}, (), ["DATABASE_URL"]),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, (dict, tuple)) else None,
)
def test_a_setting_that_is_missing_or_malformed_is_named(
    tmp_path: Path, change: dict[str, str], args: tuple[str, ...], words: list[str]
) -> None:
    code, said = refusal(GOOD | change, tmp_path, *args)
    assert code == 2
    for word in words:
        assert word in said
    assert "secret-of-mine" not in said


def test_a_database_that_cannot_be_reached_is_said_without_its_password(tmp_path: Path) -> None:
    env = GOOD | {"DATABASE_URL": "postgresql://interlock:hunter2@127.0.0.1:9/interlock"}
    code, said = refusal(env, tmp_path)
    assert code == 1
    assert "127.0.0.1" in said
    assert "hunter2" not in said


def test_an_empty_database_and_an_older_schema_name_the_command_that_mends_it(tmp_path: Path, sqlite_url: str) -> None:
    code, said = refusal(GOOD | {"DATABASE_URL": f"sqlite:///{tmp_path / 'empty.db'}"}, tmp_path)
    assert code == 1
    assert "interlock db upgrade" in said
    ask(sqlite_url, "UPDATE alembic_version SET version_num = '0001'")
    code, said = refusal(GOOD | {"DATABASE_URL": sqlite_url}, tmp_path)
    assert code == 1
    assert "interlock db upgrade" in said


def test_each_mistake_in_the_policy_is_named_with_its_line(tmp_path: Path, sqlite_url: str) -> None:
    shutil.copytree(CONFIG, tmp_path / "config")
    file = tmp_path / "config/interlock.yaml"
    file.write_text(file.read_text().replace("time_zone: Europe/London\n", "time_zoen: Europe/London\n", 1))
    env = GOOD | {"INTERLOCK_CONFIG": str(file), "DATABASE_URL": sqlite_url}
    done = interlock("run", env=env, folder=tmp_path)
    assert done.returncode == 2
    assert "Traceback" not in done.stderr
    assert f"{file}:" in done.stderr
    assert "time_zoen" in done.stderr
    assert "time_zone" in done.stderr


def test_a_word_that_is_no_command_is_a_wrong_usage(tmp_path: Path) -> None:
    done = interlock("rnu", env=GOOD, folder=tmp_path)
    assert done.returncode == 2
    assert "Traceback" not in done.stderr
    assert "rnu" in done.stderr


def test_a_job_and_a_subject_that_nobody_knows_are_named(tmp_path: Path, sqlite_url: str) -> None:
    env = GOOD | {"DATABASE_URL": sqlite_url}
    code, said = refusal(env, tmp_path, "job", "run", "dayly-digest", "--dry-run")
    assert code == 1
    assert "There is no job dayly-digest." in said
    assert "daily-digest" in said
    code, said = refusal(env, tmp_path, "job", "run", "daily-digest", "--subject", "C0NOWHERE", "--dry-run")
    assert code == 1
    assert "no subject C0NOWHERE" in said
