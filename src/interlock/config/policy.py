"""The policy files: which they are, and what they say as one frozen `Policy`.

`interlock.yaml` may hold everything. What stands beside it is read with it, where it exists: `environments.yaml` (its
`environments`), `escalation.yaml` (its `ladders`) and each `templates/KEY.yaml` (one of its `templates`).
"""

from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Final

from interlock.config import rules
from interlock.config.errors import PolicyError, PolicyProblem
from interlock.config.reader import Reader
from interlock.config.yaml_tree import Entry, Mapping, Node, Place, Scalar, Sequence, join, read_tree
from interlock.domain.permission import Permission
from interlock.domain.policy import EVERYONE, JOBS, Policy

SECTIONS: Final = {"environments.yaml": "environments", "escalation.yaml": "ladders"}
TEMPLATES: Final = "templates"


def load_policy(path: Path, today: date) -> Policy:
    """The policy of `path` and the files beside it. Raises PolicyError with every mistake in every file.

    `today` only says of which years public holidays are worked out: the year before it to two years after.
    """
    files = _Files(path)
    reader = Reader(_names(files), today)
    policy = reader.read(Policy, files.root) if files.root else None
    problems = files.problems + [files.in_its_file(problem) for problem in reader.problems]
    if problems or policy is None:
        raise PolicyError(sorted(problems, key=lambda problem: (files.order(problem.file), problem.line or 0)))
    return replace(policy, jobs={**JOBS, **policy.jobs})


def check(path: Path, today: date) -> list[PolicyProblem]:
    """Every mistake in the policy of `path`, by file and line; none when it can be used."""
    try:
        load_policy(path, today)
    except PolicyError as error:
        return list(error.problems)
    return []


def summary(path: Path, policy: Policy) -> str:
    """One line that says what a good policy holds."""
    counts = [
        (len(policy.teams), "team"),
        (len(policy.templates), "template"),
        (len(policy.environments), "environment"),
        (len(policy.channels), "channel"),
        (len(policy.ladders), "ladder"),
        (len(policy.freezes), "freeze"),
        (len(policy.calendars), "calendar"),
        (len(policy.roles), "role"),
    ]
    held = ", ".join(f"{count} {noun if count == 1 else noun + 's'}" for count, noun in counts)
    return f"{path} is fine: {held}."


class _Files:
    """The trees of all files, hung into one. `unreadable` names the keys that a broken file would have filled."""

    def __init__(self, path: Path) -> None:
        self.problems: list[PolicyProblem] = []
        self.unreadable: set[str] = set()
        self._prefixes: dict[Path, str] = {path: ""}
        root = self._read(path)
        self.root = root if root is None else Mapping(root.place, dict(root.entries))
        for name, section in SECTIONS.items():
            file = path.parent / name
            if not file.exists():
                continue
            self._prefixes[file] = section
            tree = self._read(file)
            if tree is None:
                self.unreadable.add(section)
            else:
                for key, entry in tree.entries.items():
                    self._hang(section, key, entry)
        for file in sorted((path.parent / TEMPLATES).glob("*.y*ml")):
            self._prefixes[file] = join(TEMPLATES, file.stem)
            if file.suffix != ".yaml":
                right = f"is not read: name it {file.stem}.yaml"
                self.problems.append(PolicyProblem(file=file, line=None, key="", value=None, right=right))
            elif (tree := self._read(file)) is not None:
                self._hang(TEMPLATES, file.stem, Entry(tree.place, tree))

    def order(self, file: Path) -> int:
        return list(self._prefixes).index(file)

    def in_its_file(self, problem: PolicyProblem) -> PolicyProblem:
        """With its key as that file has it: `uat-1.capacity` for the policy's `environments.uat-1.capacity`."""
        return replace(problem, key=problem.key.removeprefix(self._prefixes[problem.file]).removeprefix("."))

    def _read(self, file: Path) -> Mapping | None:
        tree, problems = read_tree(file)
        self.problems += problems
        if tree is None or isinstance(tree, Mapping):
            return tree
        self.problems.append(tree.place.problem("", tree, "has to have keys, one to a line"))
        return None

    def _hang(self, section: str, key: str, entry: Entry) -> None:
        if self.root is None:
            return
        held = self.root.entries.get(section)
        node = Mapping(entry.place) if held is None or _is_null(held.node) else held.node
        if not isinstance(node, Mapping):
            return  # the reader says so
        if first := node.entries.get(key):
            right = f"is defined in {first.place.file}:{first.place.line} already: keep one"
            self.problems.append(entry.place.problem(key, None, right))
            return
        self.root.entries[section] = Entry(
            held.place if held else entry.place, Mapping(node.place, {**node.entries, key: entry})
        )


def _is_null(node: Node) -> bool:
    return isinstance(node, Scalar) and node.null


def _names(files: _Files) -> rules.Names:
    """What the files define, read before anything is checked: a mistake in a team makes no mistake of its mentions."""
    root = files.root or Mapping(Place(Path(), 0))
    defined = {
        section: None if section in files.unreadable else frozenset(_entries(root, section))
        for section in ("calendars", "teams", "channels", "ladders", "environments")
    }
    roles = _entries(root, "roles")
    vendors = frozenset(
        key for key, team in _entries(root, "teams").items() if _texts(_child(team, "kind")) == ["vendor"]
    )
    tickets = _child(root, "tickets")
    deciding = set(_texts(_child(_child(root, "permissions"), Permission.SIGNOFF_DECIDE)))
    groups = {group for key in deciding for group in _texts(_child(roles.get(key), "groups"))}
    of_roles = {group for role in roles.values() for group in _texts(_child(role, "groups"))}
    return {
        **defined,
        "roles": frozenset(roles) | {EVERYONE},
        "vendors": vendors,
        "projects": frozenset(_texts(_child(tickets, "projects"))) or None,
        "groups of roles": frozenset(of_roles),
        "deciding groups": frozenset(groups) if deciding <= roles.keys() else None,
        "permissions": frozenset(Permission),
        "jobs": frozenset(JOBS),
    }


def _child(node: Node | None, key: str) -> Node | None:
    entry = node.entries.get(key) if isinstance(node, Mapping) else None
    return entry.node if entry else None


def _entries(root: Mapping, section: str) -> dict[str, Node]:
    node = _child(root, section)
    return {key: entry.node for key, entry in node.entries.items()} if isinstance(node, Mapping) else {}


def _texts(node: Node | None) -> list[str]:
    """The texts of a list, or the one text."""
    if isinstance(node, Sequence):
        return [item.text for item in node.items if isinstance(item, Scalar)]
    return [node.text] if isinstance(node, Scalar) and not node.null else []
