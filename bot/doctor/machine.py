"""What the doctor looks at on this machine: the database, the disk, the policy, the time zones, and our own address."""

import json
import shutil
import stat
from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from http.client import HTTPConnection, HTTPException
from pathlib import Path
from typing import Any, Final
from zoneinfo import available_timezones

from sqlalchemy import text

from bot.doctor.check import Check
from bot.evidence.key import keyring_of
from interlock.config import origin
from interlock.config.settings import Settings
from interlock.domain.checkup import Finding, fail, judge_address, judge_clock, judge_space, ok, warn
from interlock.domain.policy import Policy
from interlock.domain.time_zone import is_time_zone
from interlock.domain.words import count
from interlock.store import audit, clock, schema
from interlock.store.engine import Store, StoreError

UPGRADE: Final = "Run: interlock db upgrade"
RUN: Final = "Run: interlock run, or set INTERLOCK_HTTP to where it listens. (Another machine's is not looked for.)"
HTTP_SECONDS: Final = 5.0
ANYWHERE: Final = frozenset({"0.0.0.0", "::"})  # noqa: S104 what a server may listen on is asked on the loopback

SOME_ZONES: Final = ("Europe/London", "America/New_York", "Asia/Tokyo")

Clock = Callable[[], datetime]


def checks(settings: Settings, store: Store | None, now: Clock) -> list[Check]:
    """`store` None: the SQLite file is not there yet."""
    return [
        Check(what="database", run=lambda: database(settings, store, now)),
        Check(what="addresses", run=lambda: addresses(settings)),
        Check(what="disk space", run=lambda: disk(store)),
        Check(what="Interlock itself", run=lambda: itself(settings)),
    ]


def database(settings: Settings, store: Store | None, now: Clock) -> Iterator[Finding]:
    if store is None:
        yield fail("database", f"{_file(settings)} is not there yet.", UPGRADE)
        return
    try:
        have = schema.current(store)
    except StoreError as error:
        answers = store.is_sqlite or "FATAL:" in str(error)  # as a server says that turns us away
        yield fail("database", str(error), "" if answers else "Start it if it is down.")
        return
    with store.read() as session:
        ask = "SELECT sqlite_version()" if store.is_sqlite else "SHOW server_version"
        version = session.connection().execute(text(ask)).scalar_one()
        yield ok("database", f"{'SQLite' if store.is_sqlite else 'PostgreSQL'} {version}.")
        yield judge_clock("the database", clock.skew(session, now), broken=clock.MOST_SKEW)
    try:
        schema.require_usable(store)
    except StoreError as error:
        told, _, mend = str(error).rpartition(". ")  # its last sentence is what mends it
        yield fail("database schema", f"{told}.", mend)
        return
    of_ours = "as this program needs it" if have == schema.head() else "newer than this program's, and it may go on"
    yield ok("database schema", f"{have}, {of_ours}.")
    with store.read() as session:
        events, broken = audit.verify_head(session)
    if broken is None:
        looked = "its newest is the recorded head. interlock audit verify looks at all."
        yield ok("record of decisions", f"{count(events, 'event')}; {looked}")
    else:
        mend = "Run: interlock audit verify. Keep a copy of the database as it is, and tell whoever audits you."
        yield fail("record of decisions", f"it does not hold at event {broken.seq}: {broken.why}.", mend)


def disk(store: Store | None) -> Iterator[Finding]:
    if store is None or not store.is_sqlite or not store.url.database:
        return
    file = Path(store.url.database)
    held = sum(each.stat().st_size for each in (file, file.with_name(f"{file.name}-wal")) if each.exists())
    yield judge_space(shutil.disk_usage(file.parent).free, held)


def addresses(settings: Settings) -> Iterator[Finding]:
    yield judge_address("SLACK_API_URL", settings.slack_api_url)
    yield judge_address("JIRA_URL", settings.jira_url or "")


def time_zones(policy: Policy) -> Iterator[Finding]:
    """The policy's own are checked when it is read; people's come from Slack, and may be any."""
    zones = available_timezones()
    lost = [name for name in (*SOME_ZONES, policy.time_zone) if not is_time_zone(name)]
    if lost:
        yield fail("time zones", f"this machine does not know {', '.join(lost)}.", "Install the package tzdata.")
    else:
        yield ok("time zones", f"{count(len(zones), 'zone')} known here.")


def itself(settings: Settings) -> Iterator[Finding]:
    """Whether the Interlock that should run here answers, and is ready."""
    address = settings.interlock_http
    what, where = "Interlock itself", f"{address.host}:{address.port}"
    host = "127.0.0.1" if address.host in ANYWHERE else address.host
    try:
        status, told = _get(host, address.port, "/healthz")
        ready, reasons = _get(host, address.port, "/readyz")
    except (HTTPException, ValueError):
        status, told, ready, reasons = 0, {}, 0, {}
    except OSError:
        yield warn(what, f"nothing answers at {where}.", RUN)
        return
    if "alive" not in told:
        yield fail(what, f"something else answers at {where}.", "Stop that, or set INTERLOCK_HTTP to a free address.")
    elif status != 200:  # noqa: PLR2004 HTTP's "OK"
        yield fail(what, f"it has stopped in part: {', '.join(told.get('stopped', ()))}.", "Restart it.")
    elif ready != 200:  # noqa: PLR2004 as above
        yield fail(what, "it runs and is not ready.", " ".join(map(str, dict(reasons.get("reasons", {})).values())))
    elif notes := dict(reasons.get("notes", {})):
        yield warn(what, f"it answers at {where}, and is ready.", " ".join(map(str, notes.values())))
    else:
        yield ok(what, f"it answers at {where}, and is ready.")


def webhook_secret(settings: Settings) -> Iterator[Finding]:
    if settings.jira_webhook_secret is None:
        yield ok("Jira webhooks", "switched off (no JIRA_WEBHOOK_SECRET): the mirror is as old as the job sync allows.")


def secret_files(env: Mapping[str, str]) -> Iterator[Finding]:
    """Whether others than their owner and group may read the files that hold our secrets."""
    files = sorted({Path(path) for path in origin.secret_files(env).values()})
    there = [file for file in files if file.is_file()]
    bare = [file for file in there if file.stat().st_mode & stat.S_IROTH]
    for file in bare:
        yield warn("secret files", f"everybody on this machine may read {file}.", f"Run: chmod o= {file}")
    if there and not bare:
        yield ok("secret files", f"none of {len(there)} can be read by others than owner and group.")


def evidence_key(settings: Settings) -> Iterator[Finding]:
    key = keyring_of(settings).key
    if key is None:
        yield ok("evidence", "switched off (no INTERLOCK_EVIDENCE_KEY): nothing is signed for auditors.")
    else:
        yield ok("evidence", f"signed with the key whose fingerprint is {key.fingerprint}.")


def open_store(settings: Settings) -> Store | None:
    """None for a SQLite file that is not there: opening it would make it."""
    store = Store(settings.reveal("DATABASE_URL"))
    file = store.url.database
    if store.is_sqlite and file and file != ":memory:" and not Path(file).is_file():
        store.close()
        return None
    return store


def _file(settings: Settings) -> str:
    return settings.reveal("DATABASE_URL").partition("///")[2]


def _get(host: str, port: int, path: str) -> tuple[int, dict[str, Any]]:
    connection = HTTPConnection(host, port, timeout=HTTP_SECONDS)
    try:
        connection.request("GET", path)
        answer = connection.getresponse()
        told = json.loads(answer.read(100_000))
    finally:
        connection.close()
    return answer.status, told if isinstance(told, dict) else {}
