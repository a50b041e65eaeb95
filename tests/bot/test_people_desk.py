"""`interlock person erase` and `interlock token revoke`, on both engines: what is left of somebody, and what is not."""

import json
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import MetaData
from sqlmodel import select
from typer.testing import CliRunner

from bot import administration, people_desk
from bot.cli import app
from bot.people_desk import PersonError
from interlock.domain.actor import Person
from interlock.domain.audit import AuditEvent
from interlock.domain.directory import Group
from interlock.domain.erasure import NAME
from interlock.domain.outbox import Outgoing
from interlock.domain.signing import Accepted
from interlock.domain.ticket import Account, Change, Field
from interlock.store import audit, booking, directory, environment, outbox, person, reporter, ticket_write
from interlock.store.booking import BookingRow
from interlock.store.engine import Store
from interlock.store.environment import EnvironmentRow
from interlock.store.feed import LINKS
from interlock.store.outbox import OutboxRow
from interlock.store.person import PersonRow
from interlock.store.release import ReleaseRow
from interlock.store.seen import SeenRow
from interlock.store.ticket import AccountRow, TicketChangeRow
from interlock.store.token import TOKENS, AccessTokenRow
from tests import builders, signoffs
from tests.builders import NOW, actor

ROOT = Path(__file__).parents[2]
TOM = {"slack_id": "U0TOM", "name": "Tøm Arkwright", "email": "tom@practice.example", "handle": "tomcat"}
SECRET = "his secret plan"
TRACES = ("Arkwright", "tom@practice.example", "tomcat", SECRET)


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def env(request: pytest.FixtureRequest) -> dict[str, str]:
    return {
        "DATABASE_URL": request.getfixturevalue(f"{request.param}_url"),
        "INTERLOCK_CONFIG": str(ROOT / "config/interlock.yaml"),
    }


@contextmanager
def opened(env: dict[str, str]) -> Iterator[Store]:
    store = Store(env["DATABASE_URL"])
    try:
        yield store
    finally:
        store.close()


def fill(env: dict[str, str], *, active: bool = False) -> None:
    """Tom everywhere, and somebody whose id begins like his."""
    with opened(env) as store, store.write() as session:
        builders.people(session)
        tom = session.get_one(PersonRow, "U0TOM")
        tom.name, tom.handle, tom.active = TOM["name"], TOM["handle"], active
        session.add(PersonRow(slack_id="U0TOMMY", handle="tommy", name="Tommy Other", seen_at=NOW))
        session.add(AccountRow(id="acc-tom", name=TOM["name"], email="tom@practice.example"))
        builders.release(session, tickets=("DATA-1",), created_by="U0TOM")
        assigned = change("acc-tom", TOM["name"])
        ticket_write.write_changes(session, {"id-DATA-1": [assigned]}, {})
        for number in range(2):
            event = AuditEvent(kind="test.done", actor=actor("TOM"), facts={"n": number}, people={"actor": TOM})
            audit.append(session, event, NOW)
        session.add(EnvironmentRow(id=1, key="uat", name="UAT", tier="test", capacity=1, lifecycle="ready"))
        session.flush()
        ends = NOW + timedelta(hours=1)
        session.add(
            BookingRow(environment_id=1, slack_id="U0TOM", purpose=SECRET, starts=NOW, ends=ends, created_at=NOW)
        )
        for to, key in (("@U0TOM", "link:U0TOM:1"), ("@U0TOMMY", "link:U0TOMMY:1"), ("C0", "digest:U0TOM")):
            ids = {"slack_id": "U0TOM", "said": [f"for {TOM['name']}"]}
            message = Outgoing(key=key, kind="words", ids=ids, channel=to, not_after=NOW + timedelta(days=1))
            outbox.enqueue(session, message, NOW)
        last = session.exec(select(OutboxRow).where(OutboxRow.key == "digest:U0TOM")).one()
        last.state, last.reason = "dropped", f"Let go by {TOM['name']}."
        TOKENS.ask(session, "U0TOM", "r", NOW)
        LINKS.ask(session, "U0TOM", "r", NOW)
        reporter.ask(session, "ci", "U0TOM", "r", NOW)
        session.add(SeenRow(key="trigger:1", at=NOW, answer=json.dumps({"text": f"{TOM['name']} can."})))


def change(account: str, name: str) -> Change:
    return Change(id="1", at=NOW, field=Field.ASSIGNEE, before=None, after=account, after_text=name)


def contents(env: dict[str, str]) -> dict[str, list[str]]:
    """Every row of every table as text."""
    with opened(env) as store, store.engine.connect() as connection:
        found = MetaData()
        found.reflect(connection)
        return {
            name: [json.dumps(list(row), default=str, ensure_ascii=False) for row in connection.execute(table.select())]
            for name, table in found.tables.items()
        }


def where(env: dict[str, str], text: str) -> set[str]:
    escaped = json.dumps(text)[1:-1]
    return {name for name, rows in contents(env).items() if any(text in row or escaped in row for row in rows)}


def test_nothing_of_a_person_is_left_but_the_bare_id_in_what_they_decided(env: dict[str, str]) -> None:
    fill(env)
    assert len(where(env, "Arkwright")) == 6, "the test looks where it should"
    told = "\n".join(people_desk.before_erasing(env, "U0TOM", None))
    assert "U0TOM is Tøm Arkwright, tom@practice.example." in told
    assert "their data in 2 recorded events" in told
    assert "name and address of the tracker's acc-tom" in told
    assert "Stays: their bare id in 1 release and 1 booking." in told

    done = people_desk.erase(env, "U0TOM", None)
    assert done.fine
    assert "2 recorded events and 3 messages name them no more." in done.lines[0]
    for trace in TRACES:
        assert where(env, trace) == set(), trace
    tables = {name for name, rows in contents(env).items() if any('"U0TOM"' in row for row in rows)}
    assert tables == {"person", "release", "booking"}
    assert where(env, "U0TOMMY") == {"person", "outbox"}, "whoever has a longer id is let be"
    verdict = administration.verify_audit(env)
    assert verdict.holds
    assert verdict.sentence == "The audit chain holds: 3 events. Personal data of 2 events was erased."


def test_sqlites_files_hold_no_old_copy(sqlite_url: str) -> None:
    env = {"DATABASE_URL": sqlite_url}
    fill(env)
    path = Path(sqlite_url.removeprefix("sqlite:///"))
    with closing(sqlite3.connect(path, isolation_level=None)) as other:  # what a row leaves that was changed last year
        other.execute("PRAGMA secure_delete=OFF")
        other.execute("CREATE TABLE old AS SELECT * FROM person")
        other.execute("DROP TABLE old")
    assert people_desk.erase(env, "U0TOM", None).fine
    files = [each for each in path.parent.iterdir() if each.name.startswith(path.name)]
    for trace in (*TRACES, "Ark", json.dumps(TOM["name"])[1:-1]):
        assert not any(trace.encode() in each.read_bytes() for each in files), trace


def test_whoever_decided_nothing_leaves_no_trace_at_all(sqlite_url: str) -> None:
    env = {"DATABASE_URL": sqlite_url}
    fill(env)
    told = people_desk.before_erasing(env, "U0LEFT", None)
    assert (
        "Stays: nothing names them. What was decided stays in the record, with the reasons that were typed for it."
        in told
    )
    people_desk.erase(env, "U0LEFT", None)
    path = Path(sqlite_url.removeprefix("sqlite:///"))
    assert where(env, "U0LEFT") == set()
    assert b"U0LEFT" not in path.read_bytes()
    assert b"Eklund" not in path.read_bytes()


def test_no_sync_brings_them_back(env: dict[str, str]) -> None:
    fill(env)
    people_desk.erase(env, "U0TOM", None)
    people_desk.erase(env, "U0LEFT", None)
    with opened(env) as store, store.write() as session:
        back = [
            Person(slack_id=each, name="Tøm Arkwright", email="tom@practice.example") for each in ("U0TOM", "U0LEFT")
        ]
        directory.save_people(session, [*back, Person(slack_id="U0NEW", name="New")], NOW)
        directory.save_groups(
            session, [Group(id="S0qa", handle="qa", name="QA", members=frozenset({"U0TOM", "U0NEW"}))]
        )
        directory.change_members(session, "S0qa", ["U0TOM", "U0LEFT"], [])
        ticket_write.write_names(session, accounts=[Account(id="acc-tom", name="Tøm Arkwright", email=TOM["email"])])
        ticket_write.write_changes(session, {"id-DATA-1": [change("acc-tom", "Tøm Arkwright")]}, {})
    assert where(env, "Arkwright") == set()
    assert where(env, "U0LEFT") == set()
    with opened(env) as store, store.read() as session:
        assert set(person.people(session, ["U0TOM", "U0LEFT", "U0NEW"])) == {"U0TOM", "U0NEW"}
        assert [each.slack_id for each in person.members(session, ["qa"])["qa"]] == ["U0NEW"]
        assert session.exec(select(TicketChangeRow.after_text)).one() == NAME


def test_an_account_of_the_same_name_is_named_and_goes_when_it_is_said_to_be_theirs(env: dict[str, str]) -> None:
    fill(env)
    with opened(env) as store, store.write() as session:
        for number, (account, name) in enumerate((("acc-two", TOM["name"]), ("acc-three", "T. Arkwright"))):
            session.add(AccountRow(id=account, name=name))
            builders.ticket(session, f"DATA-{90 + number}")
            ticket_write.write_changes(session, {f"id-DATA-{90 + number}": [change(account, name)]}, {})
        session.add(AccountRow(id="acc-other", name=TOM["name"]))
        other = session.get_one(PersonRow, "U0TOMMY")
        other.account_id, other.linked_by, other.linked_at = "acc-other", "comment", NOW
    told = people_desk.before_erasing(env, "U0TOM", None)
    (said,) = [line for line in told if line.startswith("Stays too: ")]
    assert "account acc-two, which bears the same name" in said
    assert said.endswith("its name in 1 change of tickets. If it is theirs: --account acc-two")

    with pytest.raises(PersonError, match="acc-none and acc-other can't be Tøm Arkwright's"):
        people_desk.before_erasing(env, "U0TOM", None, ["acc-other", "acc-two", "acc-none"])
    both = ["acc-two", "acc-three"]
    told = people_desk.before_erasing(env, "U0TOM", None, both)
    assert "name and address of the tracker's acc-three, acc-tom and acc-two" in "\n".join(told)
    assert not any(line.startswith("Stays too: ") for line in told)
    people_desk.erase(env, "U0TOM", None, [*both, "acc-other"])
    assert where(env, "Arkwright") == {"account"}, "acc-other's"
    with opened(env) as store, store.write() as session:
        ticket_write.write_names(session, accounts=[Account(id="acc-three", name="T. Arkwright", email=None)])
        assert session.get_one(AccountRow, "acc-three").name == NAME


def test_releases_that_lose_an_approval_are_named(store: Store) -> None:
    revision = signoffs.asked(store)
    env = {"DATABASE_URL": store.url.render_as_string(hide_password=False)}

    def said() -> list[str]:
        told = people_desk.before_erasing(env, "U0TOM", "asked for it")
        return [line for line in told if line.startswith("Counts no more: ")]

    assert said() == []
    assert isinstance(signoffs.say(store, "TOM", revision), Accepted)
    (line,) = said()
    assert "their approval of 2026.12 (qa), since" in line
    with store.write() as session:
        session.get_one(PersonRow, "U0TOM").active = False
    assert said() == [], "it counted no more before"
    with store.write() as session:
        session.get_one(PersonRow, "U0TOM").active = True
        session.get_one(ReleaseRow, 1).stage = "released"
    assert said() == []


def test_they_appear_as_an_erased_person(env: dict[str, str]) -> None:
    fill(env)
    people_desk.erase(env, "U0TOM", None)
    with opened(env) as store, store.read() as session:
        (held,) = booking.held(session, environment.load_all(session))
        assert held.active[0].holder.name == NAME
        assert not held.active[0].holder.is_member
        assert person.accounts(session, ["acc-tom"])["acc-tom"].name == NAME


def test_what_waited_for_them_is_dropped_and_no_key_is_free_again(env: dict[str, str]) -> None:
    fill(env)
    people_desk.erase(env, "U0TOM", None)
    with opened(env) as store, store.read() as session:
        rows = {row.key: (row.state, row.channel, row.reason) for row in session.exec(select(OutboxRow))}
    assert rows == {
        "link:erased:1": ("dropped", "@erased", "Its reader was erased."),
        "link:U0TOMMY:1": ("pending", "@U0TOMMY", None),
        "digest:erased": ("dropped", "C0", "Let go by erased."),
    }


def test_somebody_active_is_erased_only_for_a_reason_that_is_recorded(env: dict[str, str]) -> None:
    fill(env, active=True)
    with pytest.raises(PersonError, match=r"is active in Slack\. Deactivate them there first, or .* --still-here"):
        people_desk.before_erasing(env, "U0TOM", " ")
    people_desk.before_erasing(env, "U0TOM", "asked for it in writing")
    people_desk.erase(env, "U0TOM", "asked for it in writing")
    with opened(env) as store, store.read() as session:
        event = session.exec(select(audit.AuditRow).order_by(audit.AuditRow.seq.desc())).first()  # type: ignore[attr-defined]  # a column, to SQLAlchemy
        assert event is not None
        told = json.loads(event.body)
    assert told["kind"] == "person.erased"
    assert told["facts"]["still_here"] == "asked for it in writing"
    assert told["people"].keys() == {"administrator"}
    assert "U0TOM" not in event.body


def test_nobody_is_erased_twice_and_nobody_unknown(env: dict[str, str]) -> None:
    fill(env)
    people_desk.erase(env, "U0TOM", None)
    for slack_id in ("U0TOM", "U0WHO"):
        with pytest.raises(PersonError, match="Interlock knows nobody"):
            people_desk.before_erasing(env, slack_id, None)
    with pytest.raises(PersonError, match="is erased already"):
        people_desk.erase(env, "U0TOM", None)


def test_it_asks_for_the_id_before_it_begins(sqlite_url: str) -> None:
    env = {"DATABASE_URL": sqlite_url}
    fill(env)
    no = CliRunner().invoke(app, ["person", "erase", "U0TOM"], input="yes\n", env=env)
    assert (no.exit_code, "Nothing was erased." in no.output) == (1, True)
    assert where(env, "Arkwright")
    yes = CliRunner().invoke(app, ["person", "erase", "U0TOM"], input="U0TOM\n", env=env)
    assert yes.exit_code == 0
    assert not where(env, "Arkwright")


def test_a_token_is_taken_away_and_that_is_recorded(env: dict[str, str]) -> None:
    fill(env)
    assert people_desk.revoke(env, "U0TOM") == "The token of U0TOM works no more, nor does any on its way."
    with pytest.raises(PersonError, match="U0TOM has no token"):
        people_desk.revoke(env, "U0TOM")
    with opened(env) as store, store.read() as session:
        assert session.exec(select(AccessTokenRow)).all() == []
        kinds = session.exec(select(audit.AuditRow.kind)).all()
    assert kinds.count("token.revoked") == 1
