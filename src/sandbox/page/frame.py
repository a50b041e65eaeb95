"""Everything that one drawing of the page shows, read from the workspace for one person."""

from dataclasses import dataclass, replace
from typing import Any

from markupsafe import Markup

from sandbox.page.cards import Said, Scribe, Who, reader, who
from sandbox.page.reader import Reader
from sandbox.page.render import Drawing, draw
from sandbox.page.sidebar import HOME, NavLink, other, sections
from sandbox.page.text import plain
from sandbox.slack.values import Channel, Message, Person, View
from sandbox.slack.workspace import Workspace

SHOWN = 60  # messages at once; older ones are a link away


@dataclass(frozen=True, slots=True, kw_only=True)
class Modal:
    id: str
    title: str
    close: str
    submit: str
    busy: bool
    trouble: str
    html: Markup


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """The page of `me` at one conversation, or at the app's Home tab. `number` is where its live updates start."""

    workspace: str
    me: Who
    people: tuple[Who, ...]
    sections: tuple[tuple[str, tuple[NavLink, ...]], ...]
    kind: str
    channel: str
    title: str
    number: int
    commands: list[dict[str, str]]
    names: list[dict[str, str]]
    modals: tuple[Modal, ...]
    tabs: tuple[tuple[str, str, bool], ...] = ()
    icon: str = "hash"
    topic: str = ""
    shared: bool = False
    members: int = 0
    member_names: str = ""
    other: Who | None = None
    closed: str = ""
    messages: tuple[Said, ...] = ()
    older: str = ""
    mark: str = ""
    latest: str = ""
    thread: Said | None = None
    replies: tuple[Said, ...] = ()
    home: Markup | None = None
    home_id: str = ""


class Frames:
    """Draws pages. What somebody may not see raises KeyError, as what does not exist."""

    def __init__(self, workspace: Workspace) -> None:
        self._workspace = workspace

    def actors(self) -> list[Person]:
        """Whom one can act as: everybody but bots and those who left."""
        return [each for each in self._workspace.people() if not each.is_bot and not each.deleted]

    def actor(self, person: str) -> Person:
        found = self._workspace.person(person)
        if found.is_bot or found.deleted:
            raise KeyError(person)
        return found

    def first_channel(self, person: str) -> str:
        """Where somebody starts: a channel that they share with the app, else any of theirs, else the Home tab."""
        seen = [each for each in self._workspace.channels(seen_by=person) if each.kind != "im" and not each.archived]
        mine = [each for each in seen if person in each.members] or seen
        with_app = [each for each in mine if self._workspace.app_user in each.members] or mine
        return with_app[0].id if with_app else HOME

    def channel(self, person: str, channel: str) -> Channel:
        found = self._workspace.channel(channel)
        if found not in self._workspace.channels(seen_by=person):
            raise KeyError(channel)
        return found

    def home(self, person: str) -> Page:
        """The app's Home tab."""
        actor = self.actor(person)
        look = reader(self._workspace, actor)
        page = self._page(actor, look, HOME)
        view = self._workspace.screens.home(person)
        return replace(
            page,
            kind=HOME,
            title=self._app().name,
            other=self._app(),
            tabs=self._tabs(person, HOME),
            home=None if view is None else draw(view.blocks, drawing(view, look)),
            home_id=view.id if view else "",
        )

    def conversation(
        self, person: str, channel: str, *, thread: str = "", before: str = "", mark: str | None = None
    ) -> Page:
        """A channel or a direct conversation, with one thread open where `thread` names it. `before` pages back.

        `mark` is the line between read and unread that an open page keeps; None takes the one that stands now.
        """
        actor, where = self.actor(person), self.channel(person, channel)
        look = reader(self._workspace, actor)
        scribe = Scribe(self._workspace, look)
        every = self._workspace.messages(channel, viewer=person)
        kept = [each for each in every if not before or each.ts < before]
        shown = kept[-SHOWN:]
        if mark is None:
            mark = self._workspace.read_mark(person, channel)
        page = replace(
            self._page(actor, look, channel),
            **self._place(where, actor),
            messages=tuple(scribe.column(shown, mark="" if mark == "0" else mark)),
            older=f"/client/{person}/{channel}?before={shown[0].ts}" if len(kept) > len(shown) else "",
            mark=mark,
            latest=every[-1].ts if every else "",
        )
        if not thread:
            return page
        beside = Scribe(self._workspace, look, in_thread=True)
        root = self._root(channel, thread, person)
        replies = self._workspace.replies(channel, thread, viewer=person)
        return replace(page, thread=beside.said(root), replies=tuple(beside.column(replies)))

    def _root(self, channel: str, ts: str, person: str) -> Message:
        root = self._workspace.message(channel, ts)
        if root is None or root.ephemeral_to is not None:
            raise KeyError(ts)
        self.channel(person, channel)
        return root

    def _place(self, where: Channel, actor: Person) -> dict[str, Any]:
        """What the head of the conversation says."""
        workspace = self._workspace
        if where.kind == "im":
            whom = who(workspace.person(other(where, actor.id)), workspace)
            tabs = self._tabs(actor.id, where.id) if whom.id == workspace.app_user else ()
            kind = "app" if tabs else "dm"
            return {"kind": kind, "title": whom.name, "other": whom, "tabs": tabs, "topic": whom.title}
        members = sorted(workspace.person(each).real_name for each in where.members)
        closed = ""
        if where.archived:
            closed = f"#{where.name} is archived."
        elif actor.id not in where.members:
            closed = f"{actor.real_name} is not in #{where.name} and can only read it."
        return {
            "kind": "channel",
            "title": f"#{where.name}",
            "icon": "lock" if where.kind == "private" else "hash",
            "topic": where.topic,
            "shared": where.is_ext_shared,
            "members": len(members),
            "member_names": ", ".join(members),
            "closed": closed,
        }

    def _page(self, actor: Person, look: Reader, here: str) -> Page:
        workspace = self._workspace
        # Taken first: what happens while the page is drawn is then sent again, never missed.
        number = workspace.feed.last
        return Page(
            workspace=workspace.team_name,
            me=who(actor, workspace),
            people=tuple(who(each, workspace) for each in self.actors()),
            sections=sections(workspace, actor, here),
            kind="channel",
            channel=here,
            title="",
            number=number,
            commands=[
                {"insert": each.command, "hint": each.usage_hint, "about": each.description}
                for each in sorted(workspace.commands.values(), key=lambda each: each.command)
            ],
            names=self._names(actor),
            modals=tuple(modal(each, look) for each in workspace.screens.stack(actor.id)),
        )

    def _names(self, actor: Person) -> list[dict[str, str]]:
        workspace = self._workspace
        people = [
            {"insert": f"@{each.name}", "hint": each.real_name, "about": each.title}
            for each in workspace.people()
            if not each.deleted
        ]
        groups = [{"insert": f"@{each.handle}", "hint": each.name, "about": "group"} for each in workspace.groups()]
        channels = [
            {"insert": f"#{each.name}", "hint": "", "about": each.topic}
            for each in workspace.channels(seen_by=actor.id)
            if each.kind != "im"
        ]
        return people + groups + channels

    def _app(self) -> Who:
        return who(self._workspace.person(self._workspace.app_user), self._workspace)

    def _tabs(self, person: str, here: str) -> tuple[tuple[str, str, bool], ...]:
        return (
            ("Home", f"/client/{person}/{HOME}", here == HOME),
            ("Messages", f"/client/{person}/app", here != HOME),
        )


def drawing(view: View, look: Reader) -> Drawing:
    return Drawing(reader=look, surface=view.id, state=view.state, errors=view.errors)


def modal(view: View, look: Reader) -> Modal:
    """A modal; Slack's own words stand on the buttons for which the app gave none."""
    has_input = any(block.get("type") == "input" for block in view.blocks)
    submit = plain(view.body.get("submit")) or ("Submit" if has_input else "")
    return Modal(
        id=view.id,
        title=plain(view.body.get("title")),
        close=plain(view.body.get("close")) or ("Cancel" if submit else "Close"),
        submit=submit,
        busy=view.busy,
        trouble=view.trouble or "",
        html=draw(view.blocks, drawing(view, look)),
    )
