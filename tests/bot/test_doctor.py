"""`interlock doctor` against the practice workspace: each check seen green and red."""

import json
import threading
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
import responses
import yaml
from prometheus_client import CollectorRegistry
from sqlalchemy import text

from bot import wiring
from bot.doctor import jira, machine, report, slack
from bot.doctor.check import Check, after, run_all
from bot.http.app import build_http
from bot.http.health import Health
from bot.http.server import HttpServer
from bot.practice import environment
from interlock.config.settings import HttpAddress, load_settings
from interlock.domain.checkup import Finding, Mark, ok
from interlock.domain.policy import Tickets
from interlock.store import release as releases
from interlock.store import schema
from interlock.store.engine import Store
from interlock.trackers.jira import JiraTracker
from sandbox.faults import Fault
from sandbox.server import SandboxServer, practice
from sandbox.slack.settings import Settings
from sandbox.world.tickets import generate
from tests.builders import release

CONFIG = Path(__file__).parents[2] / "config"
MANIFEST = CONFIG / "slack-manifest.yaml"
NOW = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)

Env = dict[str, str]


@pytest.fixture(scope="module")
def bank() -> Iterator[SandboxServer]:
    today = wiring.now().date()
    calm = Settings(rate_scale=0)  # that many looks within a minute would be limited
    with practice(manifest=MANIFEST, today=today, tickets=generate(today, tickets=40), settings=calm) as server:
        yield server


@pytest.fixture
def env(bank: SandboxServer, tmp_path: Path) -> Env:
    database = {"DATABASE_URL": f"sqlite:///{tmp_path / 'interlock.db'}", "INTERLOCK_HTTP": "127.0.0.1:9"}
    return environment(bank, "cloud") | database | {"INTERLOCK_CONFIG": str(CONFIG / "interlock.yaml")}


@pytest.fixture
def made(env: Env) -> Store:
    store = Store(env["DATABASE_URL"])
    schema.upgrade(store)
    return store


def examined(env: Env) -> tuple[int, dict[str, Finding]]:
    done = report.examine(env, "socket", None)
    return done.code, {each.what: each for each in done.findings}


def marks(found: dict[str, Finding]) -> set[str]:
    return {each.what for each in found.values() if each.mark is Mark.FAIL}


@pytest.mark.usefixtures("made")
def test_the_practice_workspace_is_well(env: Env) -> None:
    code, found = examined(env)
    assert code == 0, found
    assert {what for what, each in found.items() if each.mark is not Mark.OK} == {
        "Interlock itself",  # which does not run here
        "sign-offs",  # which takes that it has run
        "Jira webhooks",
    }
    assert found.keys() > {"Slack bot token", "Slack scopes", "Slack app token", "Slack channels", "user groups"}
    assert found.keys() > {"Jira token", "Jira project DATA", "fix versions", "clock against Jira"}
    assert found.keys() > {
        "SLACK_API_URL",
        "JIRA_URL",
        "database",
        "database schema",
        "record of decisions",
        "disk space",
        "time zones",
        "policy",
    }


def test_a_database_that_is_not_there_is_not_made(env: Env, tmp_path: Path) -> None:
    code, found = examined(env)
    assert (code, found["database"].mark) == (1, Mark.FAIL)
    assert "interlock db upgrade" in found["database"].mend
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("engine", ["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def test_a_database_without_a_schema_is_one_sentence_with_one_mend(
    env: Env, tmp_path: Path, request: pytest.FixtureRequest, engine: str
) -> None:
    if engine == "postgres":
        env |= {"DATABASE_URL": request.getfixturevalue("empty_postgres_url")}
    else:
        (tmp_path / "interlock.db").touch()
    done = report.examine(env, "socket", None)
    found = {each.what: each for each in done.findings}
    said = report.as_text(done)
    assert marks(found) == {"database schema"}
    assert said.count("interlock db upgrade") == 1, said
    assert found["database schema"].mend == machine.UPGRADE
    assert "Error" not in said, said
    assert "Run Interlock once" not in said, said
    assert found["fix versions"].mark is Mark.UNKNOWN


@pytest.mark.postgres
def test_a_server_that_turns_us_away_is_not_to_be_started(env: Env, empty_postgres_url: str) -> None:
    def mend(address: str) -> str:
        settings = load_settings(env | {"DATABASE_URL": address})
        with closing(Store(address)) as store:
            (found,) = machine.database(settings, store, wiring.now)
        assert "Check DATABASE_URL." in found.told
        return found.mend

    assert mend(empty_postgres_url.replace("/test_", "/nobodys_", 1)) == ""
    assert mend("postgresql://u:hush@127.0.0.1:1/x") == "Start it if it is down."


@pytest.mark.usefixtures("made")
@pytest.mark.parametrize(
    ("schema_is", "mend"),
    [("9999", "Run the newer Interlock on it."), ("restoring", "Run it again: interlock db restore FILE --replace")],
)
def test_a_schema_that_an_upgrade_does_not_mend(env: Env, made: Store, schema_is: str, mend: str) -> None:
    with made.write() as session:
        session.connection().execute(text("UPDATE alembic_version SET version_num = :it"), {"it": schema_is})
        session.connection().execute(text("UPDATE schema_floor SET oldest = :it"), {"it": schema_is})
    done = examined(env)[1]["database schema"]
    assert (done.mend, done.mark) == (mend, Mark.FAIL)
    assert mend not in done.told


def test_a_token_that_travels_unencrypted_is_warned_of(env: Env) -> None:
    def look(**changed: str) -> dict[str, Mark]:
        return {each.what: each.mark for each in machine.addresses(load_settings(env | changed))}

    assert look() == {"SLACK_API_URL": Mark.OK, "JIRA_URL": Mark.OK}
    assert look(JIRA_URL="http://jira.example")["JIRA_URL"] is Mark.WARN
    assert look(SLACK_API_URL="http://slack.example/api/")["SLACK_API_URL"] is Mark.WARN


def test_an_older_schema_and_a_record_that_was_cut(env: Env, made: Store) -> None:
    with made.write() as session:
        session.connection().execute(text("UPDATE audit_head SET seq = 7"))
    assert examined(env)[1]["record of decisions"].mark is Mark.FAIL
    with made.write() as session:
        session.connection().execute(text("UPDATE alembic_version SET version_num = '0001'"))
    assert "db upgrade" in examined(env)[1]["database schema"].mend


def test_tokens_that_are_not_accepted(env: Env) -> None:
    wrong = {"SLACK_BOT_TOKEN": "xoxb-wrong", "SLACK_APP_TOKEN": "xapp-wrong", "JIRA_TOKEN": "wrong"}
    code, found = examined(env | wrong)
    assert code == 1
    assert marks(found) == {"database", "Slack bot token", "Slack app token", "Jira token"}
    assert "SLACK_BOT_TOKEN" in found["Slack bot token"].mend
    assert "SLACK_APP_TOKEN" in found["Slack app token"].mend
    assert "JIRA_TOKEN" in found["Jira token"].told
    for what, needs in (
        ("Slack channels", "Slack bot token"),
        ("user groups", "Slack bot token"),
        ("Jira project DATA", "Jira token"),
        ("fix versions", "Jira token"),
        ("Jira webhooks", "Jira token"),
    ):
        assert (found[what].mark, found[what].told) == (
            Mark.UNKNOWN,
            f"not checked: it needs the line “{needs}” above.",
        )
    assert not any("wrong" in f"{each.told}{each.mend}" for each in found.values())


def test_a_mend_names_the_file_that_the_secret_comes_from(env: Env, tmp_path: Path) -> None:
    given = {
        "SLACK_BOT_TOKEN": "xoxb-wrong",
        "JIRA_TOKEN": "wrong",
        "SLACK_APP_TOKEN": "nonsense",
        "DATABASE_URL": "postgresql://u@127.0.0.1:1/x",
    }
    files = {f"{name}_FILE": str(tmp_path / name) for name in given}
    for name, secret in given.items():
        (tmp_path / name).write_text(secret)
        env.pop(name)
    found = examined(env | files)[1]
    for what, name in (
        ("Slack bot token", "SLACK_BOT_TOKEN"),
        ("Jira token", "JIRA_TOKEN"),
        ("settings", "SLACK_APP_TOKEN"),
        ("database", "DATABASE_URL"),
    ):
        assert f"he text in {tmp_path / name} ({name}_FILE)" in f"{found[what].told} {found[what].mend}"


def test_a_secret_that_everybody_may_read_is_warned_of(env: Env, tmp_path: Path) -> None:
    file, kept = tmp_path / "jira", tmp_path / "bot"
    for each, name in ((file, "JIRA_TOKEN"), (kept, "SLACK_BOT_TOKEN")):
        each.write_text(env.pop(name))
        each.chmod(0o640)
        env[f"{name}_FILE"] = str(each)
    assert examined(env)[1]["secret files"].mark is Mark.OK
    file.chmod(0o644)
    found = examined(env)[1]["secret files"]
    assert (found.mark, found.mend) == (Mark.WARN, f"Run: chmod o= {file}")
    assert str(kept) not in found.told


def test_nothing_answers(env: Env) -> None:
    """One sentence each, and no traceback."""
    down = {"SLACK_API_URL": "http://127.0.0.1:1/api/", "JIRA_URL": "http://127.0.0.1:1"}
    code, found = examined(env | down | {"DATABASE_URL": "postgresql://u:hush@127.0.0.1:1/x"})
    assert code == 1
    assert marks(found) == {"database", "Slack bot token", "Slack app token", "Jira token"}
    assert "hush" not in str(found)
    told = [each.told for each in found.values()]
    assert sum("JIRA_URL" in each for each in told) == 1, "the cause once"
    assert sum("needs the line “Jira token” above" in each for each in told) == len(
        [what for what in found if what.startswith("Jira project ")] + ["fix versions", "Jira webhooks"]
    )


@pytest.mark.usefixtures("made")
def test_what_is_wrong_in_the_workspace(env: Env, bank: SandboxServer, tmp_path: Path) -> None:
    workspace = bank.workspace
    before = [workspace.channel(name) for name in ("C0TEAMML", "C0GOVERNANCE", "C0TEAMDATA", "C0ENVIRONMENTS")]
    group = workspace.group(next(each.id for each in workspace.groups() if each.handle == "auditors"))
    tom = workspace.person("U0TOM")
    try:
        workspace.change_channel("C0TEAMML", archived=True)
        workspace.change_channel("C0GOVERNANCE", members=before[1].members - {"U0INTERLOCK"})
        workspace.change_channel("C0TEAMDATA", name="team-data-new", previous_names=("team-data",))
        workspace.change_channel("C0ENVIRONMENTS", is_ext_shared=True)
        workspace.put_group(replace(group, disabled=True))
        qa = workspace.group(next(each.id for each in workspace.groups() if each.handle == "infrastructure-approvers"))
        workspace.put_group(replace(qa, users=("U0LEFT", "U0GUEST")))
        _, found = examined(env)
        workspace.put_group(qa)
    finally:
        workspace.put_group(group)
        workspace.put_person(tom)
        for each in before:
            workspace.change_channel(
                each.id,
                name=each.name,
                archived=each.archived,
                members=each.members,
                is_ext_shared=each.is_ext_shared,
                previous_names=each.previous_names,
            )
    assert "archived" in found["channel #team-ml"].told
    assert "not in it" in found["channel #governance"].told
    assert "renamed to #team-data-new" in found["channel #team-data"].told
    assert "shared" in found["channel #environments"].told
    assert "disabled" in found["user group @auditors"].told
    assert found["user group @infrastructure-approvers"].mark is Mark.WARN
    assert found["sign-off quarterly-platform/infrastructure"].mark is Mark.FAIL


def test_scopes_are_held_against_the_manifest(env: Env, tmp_path: Path) -> None:
    app = yaml.safe_load(MANIFEST.read_text())
    app["oauth_config"]["scopes"]["bot"] += ["reactions:write"]
    wanting = tmp_path / "manifest.yaml"
    wanting.write_text(yaml.safe_dump(app))
    granted = ",".join(yaml.safe_load(MANIFEST.read_text())["oauth_config"]["scopes"]["bot"])
    assert slack.scopes({"x-oauth-scopes": granted}, MANIFEST).mark is Mark.OK
    assert "reactions:write" in slack.scopes({"x-oauth-scopes": granted}, wanting).told
    assert slack.scopes({}, MANIFEST).mark is Mark.UNKNOWN
    assert slack.scopes({"x-oauth-scopes": granted}, tmp_path / "none.yaml").mark is Mark.UNKNOWN


def test_a_limit_is_not_a_failure_of_the_workspace(env: Env, bank: SandboxServer) -> None:
    bank.faults.plan(Fault(service="slack", method="usergroups.list", fault="429", retry_after=30))
    found = examined(env)[1]
    bank.faults.clear()
    assert found["user groups"].mark is Mark.UNKNOWN


def test_what_is_asked_of_jira(env: Env, made: Store) -> None:
    settings = load_settings(env)
    tracker = JiraTracker(
        settings.jira_url or "", settings.jira_email, "practice-jira-token", Tickets(projects=("DATA",)), attempts=1
    )
    assert next(jira.project(tracker, "NOPE")).mark is Mark.FAIL
    assert next(jira.project(tracker, "DATA")).mark is Mark.OK
    with made.write() as session:
        one = releases.load(session, release(session))
    assert "not in Jira's" in next(jira.versions(tracker, ["DATA"], lambda: [one])).told
    unnamed = Tickets(projects=("DATA",), team_field="Squad")
    other = JiraTracker(settings.jira_url or "", settings.jira_email, "practice-jira-token", unnamed)
    assert "Squad" in next(each for each in jira.token(other, wiring.now) if each.what == "Jira fields").told


@pytest.mark.parametrize(
    ("status", "body", "mark"),
    [
        (200, [{"url": "https://i.example/webhooks/jira?x=1", "enabled": True}], Mark.OK),
        (200, [{"url": "https://i.example/webhooks/jira", "enabled": False}], Mark.WARN),
        (200, [], Mark.WARN),
        (403, {}, Mark.UNKNOWN),
        (404, {}, Mark.UNKNOWN),
    ],
    ids=str,
)
def test_whether_jira_has_our_webhook(status: int, body: object, mark: Mark) -> None:
    tracker = JiraTracker("https://jira.example", None, "t", Tickets(projects=("DATA",)), attempts=1)
    with responses.RequestsMock() as jira_site:
        jira_site.get("https://jira.example/rest/webhooks/1.0/webhook", json=body, status=status)
        (found,) = jira.webhooks(tracker, lambda: None, lambda: NOW)
    assert (found.mark, "none has come yet" in found.told) == (mark, True)


@pytest.mark.usefixtures("made")
def test_settings_that_are_wrong_are_found_beside_the_rest(env: Env, tmp_path: Path) -> None:
    (tmp_path / "emptied").write_text("")
    without = {key: value for key, value in env.items() if key not in {"SLACK_SIGNING_SECRET", "JIRA_TOKEN"}}
    done = report.examine(without | {"JIRA_TOKEN_FILE": str(tmp_path / "emptied")}, "http", None)
    wrong = [each.told for each in done.findings if each.what == "settings"]
    assert [told.partition(" ")[0] for told in wrong] == ["JIRA_TOKEN_FILE", "SLACK_SIGNING_SECRET"]
    assert done.code == 2
    others = {each.what: each.mark for each in done.findings if each.what != "settings"}
    assert (others["Slack bot token"], others["database schema"], others["policy"]) == (Mark.OK,) * 3
    assert "Jira token" not in others


def test_a_database_or_address_that_cannot_be_read_is_not_looked_for(env: Env) -> None:
    code, found = examined(env | {"DATABASE_URL": "oracle://x", "INTERLOCK_HTTP": "here"})
    assert (code, found["settings"].mark, found["Jira token"].mark) == (2, Mark.FAIL, Mark.OK)
    assert found.keys().isdisjoint({"database", "Interlock itself", "disk space"})


def test_a_file_that_is_no_database_is_nothing_to_start(tmp_path: Path) -> None:
    file = tmp_path / "notes.db"
    file.write_text("not a database, however long it may be " * 100)
    settings = load_settings({"DATABASE_URL": f"sqlite:///{file}"})
    store = Store(f"sqlite:///{file}")
    (found,) = machine.database(settings, store, wiring.now)
    store.close()
    assert (found.mark, found.mend) == (Mark.FAIL, "")
    assert found.told.endswith("(file is not a database). Check DATABASE_URL.")


def test_a_policy_that_is_wrong_is_2(env: Env, tmp_path: Path) -> None:
    policy = tmp_path / "interlock.yaml"
    policy.write_text("time_zone: Mars/Olympus\n")
    code, found = examined(env | {"INTERLOCK_CONFIG": str(policy)})
    assert (code, found["policy"].mark) == (2, Mark.FAIL)
    assert found["Slack bot token"].mark is Mark.OK


def test_what_stands_at_our_address(env: Env, bank: SandboxServer) -> None:
    dead, reasons = list[str](), list[str]()
    notes = list[str]()
    health = Health(
        threads={"relay": lambda: not dead},
        checks={"slack": lambda: "; ".join(reasons) or None},
        notes={"secret files": lambda: "".join(notes) or None},
    )
    app = build_http(health=health, registry=CollectorRegistry(), clock=wiring.now)
    server = HttpServer(app, HttpAddress("127.0.0.1", 0))
    server.start()

    def asked(address: str) -> Finding:
        return next(machine.itself(load_settings(env | {"INTERLOCK_HTTP": address})))

    try:
        ours = f"127.0.0.1:{server.port}"
        assert asked(ours).mark is Mark.OK
        assert asked(f"0.0.0.0:{server.port}").mark is Mark.OK
        notes.append("That takes a restart.")
        assert (asked(ours).mark, asked(ours).mend) == (Mark.WARN, "That takes a restart.")
        reasons.append("Slack is not connected.")
        assert (asked(ours).mark, asked(ours).mend) == (Mark.FAIL, "Slack is not connected.")
        dead.append("relay")
        assert (asked(ours).mark, asked(ours).mend) == (Mark.FAIL, "Restart it.")
    finally:
        server.stop()
    assert asked(ours).mark is Mark.WARN
    assert "or set INTERLOCK_HTTP" in asked(ours).mend
    assert "something else" in asked(bank.url.removeprefix("http://")).told


def test_one_check_neither_holds_up_nor_ends_the_others() -> None:
    ending = threading.Event()

    def hang() -> Iterator[Finding]:
        ending.wait()
        yield ok("hangs", "")

    def broken() -> list[Finding]:
        raise KeyError("x")

    checks = [
        Check(what="hangs", run=hang, seconds=0.05),
        Check(what="breaks", run=broken),
        Check(what="well", run=lambda: [ok("well", "")]),
    ]
    told = [(each.what, each.mark) for each in run_all(checks)]
    ending.set()
    assert told == [("hangs", Mark.UNKNOWN), ("breaks", Mark.UNKNOWN), ("well", Mark.OK)]


def test_what_hangs_keeps_those_after_it_from_asking() -> None:
    ending, asked = threading.Event(), list[str]()

    def hang() -> list[Finding]:
        ending.wait()
        return [ok("first", "")]

    def ask() -> list[Finding]:
        asked.append("second")
        return [ok("second", "")]

    found = run_all(after(Check(what="first", run=hang, seconds=0.05), [Check(what="second", run=ask)]))
    ending.set()
    assert [(each.what, each.mark) for each in found] == [("first", Mark.UNKNOWN), ("second", Mark.UNKNOWN)]
    assert asked == []


def test_a_line_for_people_and_a_list_for_scripts() -> None:
    found = report.Report(
        findings=(ok("disk", "room."), Finding(mark=Mark.FAIL, what="x", told="y.", mend="z.")), code=1
    )
    assert report.as_text(found).splitlines() == [
        "✓ ok       disk  room.",
        "✗ fail     x     y. z.",
        "2 checks: 1 failure.",
    ]
    told = json.loads(report.as_json(found))
    assert (told["exit_code"], told["findings"][1]["mend"]) == (1, "z.")
