"""The record of decisions: what channels see of it, and as a file."""

import csv
import io
import json
import os
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest
from typer.testing import CliRunner

from bot import cli
from bot.audit_export import COLUMNS, Form, _cell, write
from bot.drawers import audit as drawers
from bot.services import Services
from interlock.domain.audit import AuditEvent, link_hash
from interlock.store import audit
from interlock.store.engine import Store
from tests.builders import NOW, actor, message


@pytest.fixture
def decided(sqlite_store: Store) -> Store:
    with sqlite_store.write() as session:
        for number, reason in enumerate(("=1+1", "line\nbreak, “quoted”")):
            event = AuditEvent(
                kind="signoff.rejected",
                actor=actor("ANA"),
                facts={"release": "=cmd|' /C calc'!A0", "reason": reason},
                people={"actor": {"slack_id": "U0ANA", "name": "@Ana"}},
            )
            audit.append(session, event, NOW.replace(day=20 + number))
    return sqlite_store


def exported(store: Store, form: Form, since: datetime | None = None) -> str:
    out = io.StringIO()
    with store.read() as session:
        write(audit.since(session, since), form, out)
    return out.getvalue()


def test_a_line_of_json_carries_the_text_that_was_hashed(decided: Store) -> None:
    lines = [json.loads(line) for line in exported(decided, Form.JSONL).splitlines()]
    assert [link_hash(line["previous"], line["body"]) == line["hash"] for line in lines] == [True, True]
    assert lines[1]["previous"] == lines[0]["hash"]
    assert (lines[0]["actor"], lines[0]["people"]["actor"]["slack_id"]) == ("@Ana", "U0ANA")


def test_no_cell_is_a_formula(decided: Store) -> None:
    rows = list(csv.DictReader(io.StringIO(exported(decided, Form.CSV))))
    assert [tuple(row) for row in rows] == [COLUMNS, COLUMNS]
    assert (rows[0]["release"], rows[0]["actor"]) == ("'=cmd|' /C calc'!A0", "'@Ana")
    assert not any(cell.startswith(("=", "+", "-", "@", "\t", "\r")) for row in rows for cell in row.values())
    assert [_cell(text) for text in ("＝1", "＋1", "－1", "＠SUM", "1=1")] == ["'＝1", "'＋1", "'－1", "'＠SUM", "1=1"]


def test_an_erased_person_is_absent_and_the_event_stays(decided: Store) -> None:
    with decided.write() as session:
        event = AuditEvent(kind=audit.ERASED, actor=actor("ANA"), facts={"records": 1})
        audit.erase(session, [(1, "actor")], audit.append(session, event, NOW))
    first, second, _ = (json.loads(line) for line in exported(decided, Form.JSONL).splitlines())
    assert (first["actor"], first["people"], second["actor"]) == (None, {}, "@Ana")
    with decided.read() as session:
        assert audit.verify(session) == (3, None)


def test_since_takes_what_came_on_that_day_and_later(decided: Store) -> None:
    assert len(exported(decided, Form.JSONL, datetime(2026, 11, 21, tzinfo=UTC)).splitlines()) == 1
    assert exported(decided, Form.JSONL, datetime(2026, 11, 22, tzinfo=UTC)) == ""


def test_a_long_record_is_read_in_batches(sqlite_store: Store) -> None:
    with sqlite_store.write() as session:
        for _ in range(7):
            audit.append(session, AuditEvent(kind="test.decided", actor=actor("ANA")), NOW)
    with sqlite_store.read() as session:
        assert [one.link.seq for one in audit.since(session, None, batch=3)] == list(range(1, 8))


def test_the_channel_sees_the_anchor_as_it_was(services: Services) -> None:
    told = message("audit.anchor", seq=1234, hash="ab" * 32, at=NOW.isoformat())
    drawn = drawers.anchor(services, told).message
    assert drawn.text == "The record of decisions stands at 1234 events."
    assert f"interlock-anchor v1 seq=1234 hash={'ab' * 32} at=2026-11-23T09:00:00Z" in str(drawn.blocks)


def test_the_command_line_verifies_against_anchors_and_exports(
    decided: Store, sqlite_url: str, tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DATABASE_URL", sqlite_url)
    with decided.read() as session:
        seq, digest = audit.head(session)
    log = tmp_path_factory.mktemp("logs") / "bot.log"
    log.write_text(f'{{"anchor": "interlock-anchor v1 seq={seq} hash={digest} at=2026-11-23T18:00:00Z"}}\n')
    runner = CliRunner()
    fine = runner.invoke(cli.app, ["audit", "verify", "--anchors", str(log)])
    assert (fine.exit_code, fine.stdout) == (0, "The audit chain holds: 2 events, and 1 anchor with it.\n")
    log.write_text(log.read_text().replace(digest, "0" * 64))
    broken = runner.invoke(cli.app, ["audit", "verify", "--anchors", str(log)])
    assert broken.exit_code == 1
    assert "event 2: it is not what was anchored on 2026-11-23 18:00 UTC" in broken.stderr
    export = runner.invoke(cli.app, ["audit", "export", "--since", "2026-11-21", "--format", "csv"])
    assert (export.exit_code, len(list(csv.reader(io.StringIO(export.stdout))))) == (0, 2)


def test_a_file_without_anchors_is_no_proof(
    decided: Store, sqlite_url: str, tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DATABASE_URL", sqlite_url)
    empty = tmp_path_factory.mktemp("logs") / "empty.log"
    empty.write_text("nothing")
    done = CliRunner().invoke(cli.app, ["audit", "verify", "--anchors", str(empty)])
    assert done.exit_code != 0
    assert "holds no anchor" in str(done.exception)
    done = CliRunner().invoke(cli.app, ["audit", "verify", "--anchors", str(empty.with_name("absent.log"))])
    assert "can't be read (No such file or directory)" in str(done.exception)


def test_looking_into_an_empty_file_makes_it_no_database(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "empty.db").touch()
    for name in ("empty.db", "absent.db"):
        monkeypatch.setenv("DATABASE_URL", f"sqlite:///{tmp_path}/{name}")
        done = CliRunner().invoke(cli.app, ["audit", "verify"])
        assert "schema is absent" in str(done.exception)
    assert [(each.name, each.stat().st_size) for each in tmp_path.iterdir()] == [("empty.db", 0)]


@pytest.mark.parametrize(("out", "said"), [("/dev/full", "The export is not whole: it cannot be written"), (None, "")])
def test_an_export_that_cannot_be_written_is_one_line(
    decided: Store, sqlite_url: str, out: str | None, said: str
) -> None:
    """A full disk; or whoever reads it has had enough, and knows."""
    decided.close()
    reader, pipe = os.pipe()
    os.close(reader)
    target = pipe if out is None else os.open(out, os.O_WRONLY)
    done = subprocess.run(
        [sys.executable, "-m", "bot", "audit", "export"],
        env=os.environ | {"DATABASE_URL": sqlite_url},
        cwd=Path(__file__).parents[2],
        stdout=target,
        stderr=subprocess.PIPE,
        text=True,
        check=False,
    )
    for number in {pipe, target}:
        os.close(number)
    assert done.returncode == 1
    assert len(done.stderr.splitlines()) == (1 if said else 0)
    assert said in done.stderr
