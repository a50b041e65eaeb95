"""The modals that stand open in front of people, and their Home tabs."""

import hashlib
import json
import threading
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from sandbox.slack.elements import state_of
from sandbox.slack.feed import Feed
from sandbox.slack.values import Json, View

DEEPEST_STACK = 3  # views.push allows a root and two more


def fresh_hash(serial: str, body: Json) -> str:
    """A view's version, which changes whenever the app draws it anew."""
    digest = hashlib.sha256(f"{serial}{json.dumps(body, sort_keys=True)}".encode()).hexdigest()
    return f"1700000000.{digest[:8]}"


class Screens:
    """Per person: a stack of modals, the top one visible, and one Home tab. An unknown view raises KeyError."""

    def __init__(self, feed: Feed, new_id: Callable[[str], str]) -> None:
        self._feed = feed
        self._new_id = new_id
        self._lock = threading.RLock()
        self._views: dict[str, View] = {}
        self._stacks: dict[str, tuple[str, ...]] = {}
        self._homes: dict[str, str] = {}

    def view(self, view_id: str) -> View:
        return self._views[view_id]

    def view_by_external_id(self, external_id: str) -> View | None:
        with self._lock:
            return next(
                (v for v in self._views.values() if external_id and v.body.get("external_id") == external_id), None
            )

    def modal(self, person: str) -> View | None:
        """The modal that `person` sees, if one is open."""
        stack = self.stack(person)
        return stack[-1] if stack else None

    def stack(self, person: str) -> list[View]:
        """The open modals of `person`, the root first, the visible one last."""
        with self._lock:
            return [self._views[view_id] for view_id in self._stacks.get(person, ())]

    def home(self, person: str) -> View | None:
        with self._lock:
            view_id = self._homes.get(person)
            return self._views[view_id] if view_id else None

    def open(self, person: str, body: Json) -> View:
        """Shows a modal; any that stood open before is gone."""
        with self._lock:
            self._drop(self._stacks.pop(person, ()))
            return self._add(person, body)

    def push(self, person: str, body: Json) -> View:
        """Lays a modal upon those that are open."""
        with self._lock:
            return self._add(person, body)

    def publish(self, person: str, body: Json) -> View:
        with self._lock:
            known = self._homes.get(person)
            if known is not None:
                return self.redraw(known, body)
            view = self._new_view(person, body)
            self._views[view.id] = view
            self._homes[person] = view.id
        self._feed.add("home", user=person)
        return view

    def redraw(self, view_id: str, body: Json) -> View:
        """Puts a new `body` into a view. What was entered stays, where block, action and kind of element stay."""
        with self._lock:
            old = self._views[view_id]
            view = replace(
                old,
                body=body,
                hash=fresh_hash(self._new_id("H"), body),
                state=state_of(body["blocks"], old.state, {}),
                errors={},
                trouble=None,
                busy=False,
            )
            self._views[view_id] = view
        self._feed.add("home" if view.type == "home" else "modal", user=view.user)
        return view

    def change(self, view_id: str, **changes: Any) -> View:
        """Sets fields that the person, not the app, changes: `state`, `errors`, `trouble`, `busy`."""
        with self._lock:
            view = replace(self._views[view_id], **changes)
            self._views[view_id] = view
        self._feed.add("home" if view.type == "home" else "modal", user=view.user)
        return view

    def close(self, view_id: str) -> None:
        """Takes one modal away; the one below it, if any, is seen again."""
        with self._lock:
            user = self._views[view_id].user
            self._stacks[user] = tuple(v for v in self._stacks.get(user, ()) if v != view_id)
            self._drop((view_id,))
        self._feed.add("modal", user=user)

    def clear(self, person: str) -> None:
        """Takes all modals of `person` away."""
        with self._lock:
            self._drop(self._stacks.pop(person, ()))
        self._feed.add("modal", user=person)

    def _add(self, person: str, body: Json) -> View:
        stack = self._stacks.get(person, ())
        view = self._new_view(person, body)
        if stack:
            root = self._views[stack[0]].id
            view = replace(view, root_view_id=root, previous_view_id=stack[-1])
        self._views[view.id] = view
        self._stacks[person] = (*stack, view.id)
        self._feed.add("modal", user=person)
        return view

    def _new_view(self, person: str, body: Json) -> View:
        view_id = self._new_id("V0")
        return View(
            id=view_id,
            user=person,
            body=body,
            hash=fresh_hash(view_id, body),
            root_view_id=view_id,
            state=state_of(body["blocks"], {}, {}),
        )

    def _drop(self, view_ids: tuple[str, ...]) -> None:
        for view_id in view_ids:
            self._views.pop(view_id, None)
