"""What the story says of one ticket."""

from dataclasses import dataclass

PLATFORM, PAYMENTS, MODELS = "platform", "payments", "models"


@dataclass(frozen=True, slots=True, kw_only=True)
class Spec:
    """One ticket of the story. Ages are in business days before today; `due` is in business days from today.

    `changed` is when it last changed: when it was finished, blocked, flagged, reopened or last touched. `added` is when
    it came into the release, if not with its birth. `after` are the open tickets that block it; `depends` says the same
    by a link type that reads the other way round.
    """

    key: str
    title: str | None
    status: str = "To Do"
    who: str | None = None
    age: int = 30
    changed: int = 4
    release: str | None = None
    component: str | None = None
    kind: str = "Story"
    priority: str | None = "Medium"
    due: int | None = None
    flagged: bool = False
    restricted: bool = False
    reopened: bool = False
    added: int | None = None
    after: tuple[str, ...] = ()
    depends: tuple[str, ...] = ()
    relates: tuple[str, ...] = ()
    labels: tuple[str, ...] = ()
    points: float | None = 3
    moved_from: str | None = None
    comments: tuple[tuple[str, str], ...] = ()  # (who, text)
    private_comment: str | None = None
    description: str | None = None
    absent: tuple[str, ...] = ()
