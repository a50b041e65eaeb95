"""What is said of a release that moved, is on hold or goes on, or was cancelled."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlmodel import Session

from interlock.domain.break_glass import Flag
from interlock.domain.card import SIGNOFF
from interlock.domain.outbox import Outgoing, Urgency
from interlock.domain.release import Release, Stage
from interlock.domain.runbook import Progress
from interlock.store import card, outbox, release, runbook
from interlock.store.engine import Store
from interlock.usecases import break_glass_card
from interlock.usecases import card as cards
from interlock.usecases import runbook as runbooks
from interlock.usecases.announcement import name_of

NEWS_GOOD_FOR = timedelta(days=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class News:
    """A release, and the name of whoever moved or held it. `runbook`: of one that is released, how far that came;
    `break_glass`: what of it went by broken glass.
    """

    release: Release
    by: str
    runbook: Progress | None
    break_glass: tuple[Flag, ...] = ()


def announce(session: Session, one: Release, kind: str, slack_id: str, ids: dict[str, object], now: datetime) -> None:
    message = Outgoing(
        key=f"{kind}:{one.id}:{one.number}",
        kind=kind,
        ids={"release_id": one.id, "slack_id": slack_id} | ids,
        channel=one.channel_id,
        urgency=Urgency.PROMPT,
        not_after=now + NEWS_GOOD_FOR,
    )
    outbox.enqueue(session, message, now)


def redraw(session: Session, one: Release, now: datetime) -> None:
    if asked := card.of_release(session, one.id, SIGNOFF):
        cards.refresh(session, asked, now)
    runbooks.redraw_of(session, one.id, now)


def news(store: Store, release_id: int, slack_id: str, now: datetime) -> News:
    """What an announcement is drawn from; an empty `slack_id` is Interlock itself."""
    with store.read() as session:
        by = name_of(session, slack_id) if slack_id else "Interlock"
        one = release.load(session, release_id)
        deployed = runbook.progress(session, one.id) if one.stage is Stage.RELEASED else None
        broken = break_glass_card.flags_of(session, one, now)
        return News(release=one, by=by, runbook=deployed, break_glass=broken)
