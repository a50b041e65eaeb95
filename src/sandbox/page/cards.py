"""People and messages as the templates want them."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from markupsafe import Markup

from sandbox.page import dates, mrkdwn
from sandbox.page.reader import Reader
from sandbox.page.render import Drawing, draw
from sandbox.slack.values import File, Message, Person
from sandbox.slack.workspace import SLACKBOT, Workspace

HUES = 10  # page.css has this many avatar colours
GROUPED_SECONDS = 300  # messages of one author this close together share one head, as in Slack
PICTURES = frozenset({"image/png", "image/jpeg", "image/gif", "image/webp"})  # an SVG could carry a script


@dataclass(frozen=True, slots=True, kw_only=True)
class Who:
    """A person as a card: coloured initials stand for a picture."""

    id: str
    name: str
    title: str
    initials: str
    hue: int
    is_app: bool = False
    note: str = ""  # "guest", "external"
    groups: str = ""  # the handles that give them a role
    place: str = ""  # the city of their time zone


@dataclass(frozen=True, slots=True, kw_only=True)
class Attachment:
    """A file below a message; `is_picture` ones are shown, others are a link."""

    id: str
    name: str
    title: str
    alt: str
    size: str
    is_picture: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """One message, drawn. `day` is set where a day begins, `is_new` where the unread ones do."""

    ts: str
    channel: str
    who: Who
    html: Markup
    time: str
    moment: str
    full_time: str
    continues: bool
    day: str = ""
    is_new: bool = False
    ephemeral: bool = False
    edited: bool = False
    pinned: bool = False
    files: tuple[Attachment, ...] = ()
    replies: int = 0
    faces: tuple[Who, ...] = ()
    last_reply: str = ""


def initials(name: str) -> str:
    words = re.findall(r"[^\W\d_]+", name.partition("(")[0])
    return "".join(word[0] for word in words[:2]).upper() or "?"


def who(person: Person, workspace: Workspace) -> Who:
    note = "guest" if person.is_restricted else "external" if person.is_stranger else ""
    handles = [f"@{group.handle}" for group in workspace.groups() if person.id in group.users]
    return Who(
        id=person.id,
        name=person.real_name,
        title=person.title,
        initials=initials(person.real_name),
        hue=sum(map(ord, person.id)) % HUES,
        is_app=person.id == workspace.app_user,
        note="deactivated" if person.deleted else note,
        groups=", ".join(handles),
        place=person.tz.rpartition("/")[2].replace("_", " "),
    )


def reader(workspace: Workspace, person: Person) -> Reader:
    """Who looks, at the workspace's own clock."""
    seen = workspace.channels(seen_by=person.id)
    zone = ZoneInfo(person.tz)
    return Reader(
        person=person.id,
        now=datetime.fromtimestamp(workspace.clock(), tz=UTC),
        zone=zone,
        users={each.id: each.real_name for each in workspace.people()},
        channels={each.id: each.name for each in seen if each.kind != "im"},
        groups={each.id: each.handle for each in workspace.groups()},
        member_of=frozenset(each.id for each in workspace.groups() if person.id in each.users),
        gone=frozenset(each.id for each in workspace.people() if each.deleted or each.id == SLACKBOT.id),
    )


def size(count: int) -> str:
    return f"{count} B" if count < 1024 else f"{count / 1024:.0f} kB" if count < 2**20 else f"{count / 2**20:.1f} MB"


def attachment(file: File) -> Attachment:
    return Attachment(
        id=file.id,
        name=file.name,
        title=file.title or file.name,
        alt=file.alt_text or file.title or file.name,
        size=size(len(file.content)),
        is_picture=file.mimetype in PICTURES,
    )


class Scribe:
    """Draws the messages of one channel, or of one thread in it, for one reader.

    A thread stands beside its channel, where the message that it answers shows too: nothing of the two drawings may
    share an HTML id.
    """

    def __init__(self, workspace: Workspace, look: Reader, *, in_thread: bool = False) -> None:
        self._workspace = workspace
        self._reader = look
        self._in_thread = in_thread
        self._who: Mapping[str, Who] = {each.id: who(each, workspace) for each in workspace.people()}

    def who(self, person_id: str) -> Who:
        return self._who[person_id]

    def column(self, messages: Sequence[Message], *, mark: str = "") -> list[Said]:
        """The messages from top to bottom; those after `mark` (a ts) count as new."""
        drawn: list[Said] = []
        before: Message | None = None
        marked = not mark
        for message in messages:
            is_new = not marked and message.ts > mark and message.user != self._reader.person
            marked = marked or is_new
            drawn.append(self.said(message, before=before, is_new=is_new))
            before = message
        return drawn

    def said(self, message: Message, *, before: Message | None = None, is_new: bool = False) -> Said:
        look = self._reader
        when = look.local(float(message.ts))
        earlier = look.local(float(before.ts)) if before else None
        same_day = earlier is not None and earlier.date() == when.date()
        continues = (
            before is not None
            and same_day
            and not is_new
            and before.user == message.user
            and before.ephemeral_to == message.ephemeral_to
            and float(message.ts) - float(before.ts) < GROUPED_SECONDS
        )
        replies = [] if self._in_thread else self._workspace.replies(message.channel, message.ts, viewer=look.person)
        return Said(
            ts=message.ts,
            channel=message.channel,
            who=self.who(message.user),
            html=self._body(message),
            time=self._day_and_time(message.ts) if self._in_thread else f"{when:%H:%M}",
            moment=when.isoformat(),
            full_time=f"{dates.long(when)} {when:%H:%M:%S} {when.tzname()}",
            continues=continues,
            day="" if same_day else dates.divider(when, look.today),
            is_new=is_new,
            ephemeral=message.ephemeral_to is not None,
            edited=message.edited is not None,
            pinned=message.pinned,
            files=tuple(attachment(self._workspace.file(each)) for each in message.files),
            replies=len(replies),
            faces=self._faces(replies),
            last_reply=self._day_and_time(replies[-1].ts) if replies else "",
        )

    def _body(self, message: Message) -> Markup:
        if message.blocks:
            surface = f"{'t' if self._in_thread else 'm'}-{message.ts}"
            return draw(message.blocks, Drawing(reader=self._reader, surface=surface))
        if not message.text:
            return Markup("")
        return Markup('<div class="b-text">{}</div>').format(mrkdwn.render(message.text, self._reader))

    def _faces(self, replies: Iterable[Message]) -> tuple[Who, ...]:
        return tuple(self.who(user) for user in list(dict.fromkeys(reply.user for reply in replies))[:3])

    def _day_and_time(self, ts: str) -> str:
        when = self._reader.local(float(ts))
        day = dates.relative_day(when, self._reader.today) or dates.short(when)
        return f"{day} at {when:%H:%M}"
