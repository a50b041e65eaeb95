"""`/release status` through the bot, over the SQL that computes the same figures."""

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, Final

from bench.databases import Raw, statements
from bench.measure import Row, alternate, compare
from bench.practice import Practice
from bench.world import READER, Planned, bot, policy
from interlock.domain.calendar import WorkCalendar
from interlock.domain.milestone import calendar_of
from interlock.domain.status import ReleaseStatus, last_business_day
from interlock.store import release
from interlock.store.engine import Store
from interlock.usecases.status import read

Figures = dict[str, Sequence[Any]]
GOAL: Final = 3.0
GROWTH_GOAL: Final = 1.3
TIMES: Final = 60


class BySql:
    """The same figures from a raw connection, in one read transaction."""

    def __init__(
        self,
        store: Store,
        planned: Planned,
        files: Sequence[str] = ("status.sql",),
        more: Mapping[str, Any] | None = None,
    ) -> None:
        """`more` are the parameters of further files."""
        self._raw = Raw(store)
        rules = policy()
        with store.read() as session:
            one = release.load(session, planned.release_id)
        since = last_business_day(rules, one, planned.at)
        calendar: WorkCalendar = calendar_of(rules, one.policy)
        wanted: dict[str, Any] = {
            "who": READER,
            "release": one.id,
            "release_name": one.name,
            "today": calendar.today(planned.at),
            "since": since,
            "opened": max(since, one.scope_opened_at),
            "scope_opened": one.scope_opened_at,
            "groups": sorted({group for each in one.policy.requirements for group in each.groups}),
            "emails": sorted({entry for each in one.policy.requirements for entry in each.people}),
            "statuses": [status.casefold() for status in rules.tickets.blocked_statuses],
            **(more or {}),
        }
        lists = {name: value for name, value in wanted.items() if isinstance(value, list)}
        self._values = self._raw.values(wanted)
        self._statements = {
            name: self._raw.statement(text, **lists) for file in files for name, text in statements(file).items()
        }

    def figures(self) -> Figures:
        with self._raw.reading() as cursor:
            found = {}
            for name, statement in self._statements.items():
                cursor.execute(statement, self._values)
                found[name] = cursor.fetchall()
            return found

    def close(self) -> None:
        self._raw.close()


def same(figures: Figures, status: ReleaseStatus) -> None:
    """Both must say the same, or the comparison means nothing."""
    teams = figures["scope"]
    tickets, done, restricted, born_done, unknown = (sum(team[place] for team in teams) for place in range(1, 6))
    without_team = sum(team[1] for team in teams if team[0] is None)
    moved, moved_unknown = figures["moves"][0]
    roots = figures["blockers"]
    dates = [since for root in roots if (since := _moment(root[3])) is not None]
    pairs = {
        "tickets": (tickets, status.tickets),
        "done": (done, status.done),
        "without a team": (without_team, status.without_team),
        "restricted": (restricted, status.restricted),
        "got done": (born_done + moved, status.change.done),
        "unknown": (unknown + moved_unknown, status.change.unknown),
        "added and removed": (tuple(figures["stays"][0]), (status.change.added, status.change.removed)),
        "blockers": (len(roots), status.blockers),
        "undated": (len(roots) - len(dates), status.undated),
        "oldest": (min(dates, default=None), status.oldest_blocker),
        "root": (roots[0][0] if roots else None, status.root.root.node.key if status.root else None),
        "frees": (roots[0][1] if roots else 0, len(status.root.root.frees) if status.root else 0),
        "milestone": (
            figures["milestone"][0][0] if figures["milestone"] else None,
            status.next_milestone.name if status.next_milestone else None,
        ),
        "mirror": (_moment(figures["mirror"][0][0]), status.mirror_as_of),
    }
    for name, (by_sql, by_bot) in pairs.items():
        if by_sql != by_bot:
            raise AssertionError(f"{name}: {by_sql} by SQL, {by_bot} by the bot")


def measure(name: str, store: Store, practice: Practice, planned: Planned) -> Row:
    """The bot's answer over the SQL."""
    sql = BySql(store, planned)
    with store.read() as session:
        same(sql.figures(), read(session, policy(), release.load(session, planned.release_id), planned.at))
    with bot(store, practice, planned.at) as asked:
        ours, theirs = alternate([asked.status, sql.figures], TIMES)
    sql.close()
    return compare(f"/release status over its SQL, {name}", GOAL, ours, theirs)


def growth(name: str, small: Callable[[], object], large: Callable[[], object]) -> Row:
    """The bot's answer with ten times the tickets outside the scope."""
    ours, theirs = alternate([large, small], TIMES)
    return compare(f"/release status, ten times the tickets outside the scope, {name}", GROWTH_GOAL, ours, theirs)


def _moment(stored: Any) -> datetime | None:
    """SQLite keeps texts in UTC."""
    if stored is None or isinstance(stored, datetime):
        return stored
    return datetime.fromisoformat(stored).replace(tzinfo=UTC)
