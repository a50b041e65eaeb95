"""JQL, compiled: a parsed query becomes one predicate over tickets, with Jira's sentences for what does not exist."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from operator import ge, gt, le, lt
from typing import Any

from sandbox.jira.fields import ALIASES, KINDS, Kind, Scope
from sandbox.jira.jql import Clause, JqlError, Node, Query
from sandbox.jira.model import Ticket

Test = Callable[[Ticket], bool]
COMPARE: dict[str, Callable[[Any, Any], bool]] = {"<": lt, "<=": le, ">": gt, ">=": ge}


@dataclass(slots=True)
class Plan:
    """`ids` are the only tickets worth testing, where the query names them; `timely` when its answer depends on now."""

    test: Test
    ids: frozenset[int] | None = None
    timely: bool = False


class Compiler:
    def __init__(self, scope: Scope) -> None:
        self.scope = scope

    def compile(self, query: Query) -> Plan:
        """Raises JqlError for unknown fields and values."""
        if query.where is None:
            return Plan(lambda _: True)
        test, ids = self._node(query.where)
        return Plan(test, ids, self.scope.timely)

    def _node(self, node: Node) -> tuple[Test, frozenset[int] | None]:
        if isinstance(node, Clause):
            return self._clause(node)
        parts = [self._node(part) for part in node.nodes]
        tests = [test for test, _ in parts]
        narrow = [ids for _, ids in parts if ids is not None]
        if node.every:
            ids = frozenset.intersection(*narrow) if narrow else None
            return partial(_every, tests), ids
        return partial(_any, tests), frozenset().union(*narrow) if len(narrow) == len(parts) else None

    def _clause(self, clause: Clause) -> tuple[Test, frozenset[int] | None]:
        name, kind = self.kind(clause.field)
        op, values = clause.op, clause.values
        if op in {"is", "is not"} or (op in {"=", "!="} and values[0].empty):
            return _emptiness(kind, empty=op in {"is", "="}), None
        if op in {"~", "!~"}:
            return self._fuzzy(clause, name, kind), None
        if op in COMPARE:
            return self._ordered(clause, name, kind), None
        wanted = {item for value in values if not value.empty for item in kind.resolve(self.scope, name, value)}
        if op in {"=", "in"}:
            test = _among(kind, wanted)
            if op == "in" and any(value.empty for value in values):
                empty, inside = _emptiness(kind, empty=True), test
                test = lambda ticket: empty(ticket) or inside(ticket)  # noqa: E731 - it closes over both
            return test, frozenset(wanted) if kind is KINDS["id"] else None
        outside = _among(kind, wanted)
        filled = _emptiness(kind, empty=False)
        return lambda ticket: filled(ticket) and not outside(ticket), None

    def kind(self, name: str) -> tuple[str, Kind]:
        """The field's own name and how it is compared. A custom field goes by name or as cf[10021]."""
        fields = self.scope.state.site.fields
        custom = {
            "flagged": fields.flagged,
            "sprint": fields.sprint,
            "epic link": fields.epic_link,
            "story points": fields.points,
            "team": fields.team,
        }
        wanted = name.lower()
        for plain, field_id in custom.items():
            if wanted in {plain, field_id, f"cf[{field_id.removeprefix('customfield_')}]"}:
                return name, KINDS[plain]
        found = KINDS.get(ALIASES.get(wanted, wanted))
        if found is None:
            raise JqlError(f"Field '{name}' does not exist or you do not have permission to view it.")
        return name, found

    def _fuzzy(self, clause: Clause, name: str, kind: Kind) -> Test:
        if not kind.fuzzy:
            raise JqlError(f"The operator '{clause.op}' is not supported by the '{name}' field.")
        words = clause.values[0].text.lower().replace("*", "").strip('"').split()

        def contains(ticket: Ticket) -> bool:
            value = (kind.read(ticket) or "").lower()
            return all(word in value for word in words)

        return contains if clause.op == "~" else lambda ticket: not contains(ticket)

    def _ordered(self, clause: Clause, name: str, kind: Kind) -> Test:
        if not kind.ordered:
            raise JqlError(f"The operator '{clause.op}' is not supported by the '{name}' field.")
        limit = next(iter(kind.resolve(self.scope, name, clause.values[0])))
        compare, read = COMPARE[clause.op], kind.read

        def test(ticket: Ticket) -> bool:
            value = read(ticket)
            return value is not None and compare(value, limit)

        return test


def _every(tests: list[Test], ticket: Ticket) -> bool:
    return all(test(ticket) for test in tests)


def _any(tests: list[Test], ticket: Ticket) -> bool:
    return any(test(ticket) for test in tests)


def _emptiness(kind: Kind, *, empty: bool) -> Test:
    read = kind.read
    if empty:
        return lambda ticket: read(ticket) in {None, ()}
    return lambda ticket: read(ticket) not in {None, ()}


def _among(kind: Kind, wanted: set[Any]) -> Test:
    read = kind.read
    if kind.many:
        return lambda ticket: not wanted.isdisjoint(read(ticket))
    return lambda ticket: read(ticket) in wanted
