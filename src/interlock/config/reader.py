"""From a YAML tree to frozen values: follows the types of the dataclasses and notes every mistake with its line.

pydantic turns each text into the type that its key has; the walk around it is ours, because one mistake must not hide
another, each needs its line, and what a text may be depends on what else the policy defines.
"""

import re
from contextlib import suppress
from dataclasses import MISSING, dataclass, fields, is_dataclass
from datetime import date, time
from functools import cache
from math import isfinite
from types import NoneType, UnionType
from typing import Any, Final, Literal, TypeVar, Union, get_args, get_origin, get_type_hints

from pydantic import TypeAdapter, ValidationError

from interlock.config import rules
from interlock.config.calendars import CalendarForm, work_calendar
from interlock.config.errors import PolicyProblem
from interlock.config.yaml_tree import Mapping, Node, Place, Scalar, Sequence, join
from interlock.domain.calendar import WorkCalendar

T = TypeVar("T")
MAX_TEXT: Final = 200
TIME_OF_DAY: Final = re.compile(r"([01]?\d|2[0-3]):[0-5]\d", re.ASCII)
DAY: Final = re.compile(r"\d{4}-\d\d-\d\d", re.ASCII)


class _Noted(Exception):  # noqa: N818 a signal: there is no value, and the reason is among the problems
    pass


@dataclass(frozen=True, slots=True)
class _Spot:
    """Where a value stands: `key` is its whole dotted key, `field` the field of `cls` that it is for or in."""

    key: str
    place: Place
    cls: type
    field: str

    def child(self, part: str | int, place: Place) -> "_Spot":
        return _Spot(join(self.key, part), place, self.cls, self.field)


class Reader:
    """Reads one policy. `problems` grows as it reads."""

    def __init__(self, names: rules.Names, today: date) -> None:
        self.problems: list[PolicyProblem] = []
        self._names = names
        self._today = today

    def read(self, cls: type[T], node: Mapping) -> T | None:
        """The value, or None when something in it is wrong."""
        with suppress(_Noted):
            value = self._object(cls, node, _Spot("", node.place, cls, ""))
            assert isinstance(value, cls)
            return value
        return None

    def _value(self, hint: Any, node: Node, spot: _Spot) -> object:
        empty = isinstance(node, Scalar) and node.null
        origin, args = get_origin(hint), get_args(hint)
        if origin in {Union, UnionType}:  # only `X | None` and `int | Literal["word"]` occur
            inner, *words = (arg for arg in args if arg is not NoneType)
            if words and isinstance(node, Scalar) and node.text.strip() in get_args(words[0]):
                return node.text.strip()
            return None if empty and not words else self._value(inner, node, spot)
        if origin is dict:
            return self._dict(args, Mapping(node.place) if empty else node, spot)
        if origin is tuple:
            return self._tuple(args[0], Sequence(node.place) if empty else node, spot)
        if is_dataclass(hint):
            assert isinstance(hint, type)
            return self._object(hint, Mapping(node.place) if empty else node, spot)
        return self._leaf(hint, node, spot)

    def _object(self, cls: type, node: Node, spot: _Spot) -> object:
        if cls is WorkCalendar:
            form = self._object(CalendarForm, node, spot)
            assert isinstance(form, CalendarForm)
            return work_calendar(form, self._today)
        known = get_type_hints(cls)
        if not isinstance(node, Mapping):
            raise self._noted(node.place, spot, node, f"has to have keys of its own: {', '.join(known)}")
        before = len(self.problems)
        values: dict[str, object] = {}
        meant: set[str | None] = set()
        for name, entry in node.entries.items():
            child = _Spot(join(spot.key, name), entry.place, cls, name)
            with suppress(_Noted):
                if name not in known:
                    options = known.keys() - node.entries.keys()
                    meant.add(rules.closest(name, options))
                    raise self._noted(entry.place, child, None, f"is no key here{rules.instead(name, options)}")
                values[name] = self._value(known[name], entry.node, child)
        for name in required(cls):
            if name not in node.entries and name not in meant:
                self._noted(spot.place, spot.child(name, spot.place), None, "is missing, and has no default")
        self._stop_after(before)
        value: object = cls(**values)
        self._check(rules.of_object(value), node, spot)
        return value

    def _dict(self, args: tuple[Any, ...], node: Node, spot: _Spot) -> dict[Any, object]:
        key_type, value_type = args
        if not isinstance(node, Mapping):
            raise self._noted(node.place, spot, node, "has to have keys of its own, one to a line")
        before = len(self.problems)
        values: dict[Any, object] = {}
        for text, entry in node.entries.items():
            child = spot.child(text, entry.place)
            with suppress(_Noted):
                name = key_type(self._ruled(rules.of_key(spot.field), text, entry.place, child, None))
                if name in values:
                    raise self._noted(entry.place, child, None, "stands twice, but for capitals: keep one")
                values[name] = self._value(value_type, entry.node, child)
                self._check(rules.of_entry(spot.field, name, values[name]), entry.node, child)
        self._stop_after(before)
        return values

    def _tuple(self, item_type: Any, node: Node, spot: _Spot) -> tuple[object, ...]:
        if not isinstance(node, Sequence):
            raise self._noted(node.place, spot, node, "has to be a list, such as [one, two]")
        before = len(self.problems)
        values: list[object] = []
        for position, item in enumerate(node.items):
            with suppress(_Noted):
                values.append(self._value(item_type, item, spot.child(position, item.place)))
        self._stop_after(before)
        return tuple(values)

    def _leaf(self, hint: Any, node: Node, spot: _Spot) -> object:
        if not isinstance(node, Scalar):
            raise self._noted(node.place, spot, None, f"has to be one value: {_wanted(hint, spot.field)}")
        if node.null:
            raise self._noted(node.place, spot, None, f"is empty: {_wanted(hint, spot.field)}")
        text = node.text.strip()
        value = _converted(hint, text, spot.field)
        if value is None:
            right = rules.instead(text, get_args(hint)) if get_origin(hint) is Literal else ""
            raise self._noted(node.place, spot, node, f"is not right{right or ': ' + _wanted(hint, spot.field)}")
        rule = rules.of_text(spot.cls, spot.field)
        return self._ruled(rule, value, node.place, spot, node) if isinstance(value, str) and rule else value

    def _ruled(self, rule: rules.TextRule, text: str, place: Place, spot: _Spot, shown: Node | None) -> str:
        try:
            return rule(text, self._names)
        except rules.RuleError as wrong:
            raise self._noted(place, spot, shown, str(wrong)) from wrong

    def _check(self, findings: rules.Findings, node: Node, spot: _Spot) -> None:
        before = len(self.problems)
        for name, right in findings:
            entry = node.entries.get(name) if isinstance(node, Mapping) else None
            child = spot.child(name, entry.place if entry else spot.place)
            self._noted(child.place, child, entry.node if entry else None, right)
        self._stop_after(before)

    def _noted(self, place: Place, spot: _Spot, value: Node | None, right: str) -> _Noted:
        self.problems.append(place.problem(spot.key, value, right))
        return _Noted()

    def _stop_after(self, before: int) -> None:
        if len(self.problems) > before:
            raise _Noted


def required(cls: type) -> list[str]:
    """The fields that have no default, in their order."""
    assert is_dataclass(cls)
    return [each.name for each in fields(cls) if each.default is MISSING and each.default_factory is MISSING]


def _converted(hint: Any, text: str, key: str) -> object | None:
    if hint is str:
        return text if text and len(text) <= MAX_TEXT and text.isprintable() else None
    # pydantic would also read a bare number as seconds since midnight or since 1970.
    if (hint is time and not TIME_OF_DAY.fullmatch(text)) or (hint is date and not DAY.fullmatch(text)):
        return None
    try:
        value: object = _adapter(hint).validate_python(text.zfill(len("09:00")) if hint is time else text)
    except ValidationError:
        return None
    if isinstance(value, float) and not isfinite(value):
        return None
    if hint is int:
        assert isinstance(value, int)
        low, high = rules.bounds(key)
        return value if low <= value <= high else None
    return value


def _wanted(hint: Any, key: str) -> str:
    if get_origin(hint) is Literal:
        return f"write one of {', '.join(get_args(hint))}"
    low, high = rules.bounds(key)
    wanted = {
        int: f"write a whole number from {low} to {high}" + (" or all" if key == "quorum" else ""),
        float: "write a number such as 0.85",
        bool: "write true or false",
        time: "write a time of day such as 09:00",
        date: "write a day such as 2026-12-31",
        str: f"write one line of at most {MAX_TEXT} characters",
    }
    return wanted[hint]


@cache
def _adapter(hint: Any) -> TypeAdapter[Any]:
    return TypeAdapter(hint)
