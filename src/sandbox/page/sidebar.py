"""The list at the left: the app, channels and direct conversations, with what is unread."""

from dataclasses import dataclass

from sandbox.page.cards import Who, who
from sandbox.slack.values import Channel, Person
from sandbox.slack.workspace import Workspace

HOME = "home"  # stands where a channel's id does
COUNTED = 99


@dataclass(frozen=True, slots=True, kw_only=True)
class NavLink:
    """A line of the sidebar. `unread` is "" for nothing new."""

    id: str
    href: str
    name: str
    icon: str = "hash"
    who: Who | None = None
    unread: str = ""
    here: bool = False
    shared: bool = False
    quiet: bool = False


Section = tuple[str, tuple[NavLink, ...]]


def other(talk: Channel, person: str) -> str:
    """The other one of a direct conversation; oneself in a conversation with nobody else."""
    return next(iter(talk.members - {person}), person)


def sections(workspace: Workspace, actor: Person, here: str) -> tuple[Section, ...]:
    """The sidebar of `actor`, who looks at `here`."""
    app = who(workspace.person(workspace.app_user), workspace)
    seen = workspace.channels(seen_by=actor.id)
    direct = [each for each in seen if each.kind == "im"]
    talk = next((each.id for each in direct if app.id in each.members), "")
    home = NavLink(
        id="app",
        href=f"/client/{actor.id}/{HOME}",
        name=app.name,
        who=app,
        unread=_unread(workspace, actor.id, talk) if talk else "",
        here=here in {HOME, talk},
    )
    rooms = sorted((each for each in seen if each.kind != "im" and not each.archived), key=lambda each: each.name)
    mine = tuple(_room(workspace, each, actor.id, here) for each in rooms if actor.id in each.members)
    rest = tuple(_room(workspace, each, actor.id, here) for each in rooms if actor.id not in each.members)
    people = tuple(
        _talk(workspace, each, actor.id, here)
        for each in direct
        if app.id not in each.members and (each.id == here or workspace.messages(each.id, viewer=actor.id, limit=1))
    )
    found = (("Apps", (home,)), ("Channels", mine), ("More channels", rest), ("Direct messages", people))
    return tuple((name, links) for name, links in found if links or name == "Direct messages")


def _unread(workspace: Workspace, person: str, channel: str) -> str:
    count = workspace.unread(person, channel)
    return f"{COUNTED}+" if count > COUNTED else str(count or "")


def _room(workspace: Workspace, room: Channel, person: str, here: str) -> NavLink:
    member = person in room.members
    return NavLink(
        id=room.id,
        href=f"/client/{person}/{room.id}",
        name=room.name,
        icon="lock" if room.kind == "private" else "hash",
        unread=_unread(workspace, person, room.id) if member else "",
        here=room.id == here,
        shared=room.is_ext_shared,
        quiet=not member,
    )


def _talk(workspace: Workspace, talk: Channel, person: str, here: str) -> NavLink:
    whom = who(workspace.person(other(talk, person)), workspace)
    return NavLink(
        id=talk.id,
        href=f"/client/{person}/{talk.id}",
        name=whom.name,
        who=whom,
        unread=_unread(workspace, person, talk.id),
        here=talk.id == here,
    )
