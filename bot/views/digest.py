"""The morning digest and the readiness summary."""

from collections.abc import Callable
from datetime import datetime
from typing import Final

from bot.views.blocks import Message, actions, button, channel, context, day, escape, line, mark, message, section
from bot.views.break_glass import flagged
from bot.views.release import BLOCKERS, STATUS, fallback, root_line, title
from interlock.domain.digest import MorningDigest
from interlock.domain.release import Milestone
from interlock.domain.status import ReleaseStatus, days
from interlock.domain.words import ago, count, join

TicketUrl = Callable[[str], str]
REASONS: Final = 2
OVERDUE: Final = 5


def morning(picture: MorningDigest, url: TicketUrl, now: datetime) -> Message:
    """What changed since the last digest, why it matters, and whom it waits for; one line if nothing changed."""
    status = picture.status
    payload = ("release", status.release.id)
    head = f"*{picture.today:%A} in {channel(picture.channel_id)}* · {_light(picture)} · {title(status.release)}"
    if picture.unchanged:
        return message(fallback(status), section(f"{head} · nothing changed"), context(_fresh(status, now)))
    told = [
        head,
        f"*Why* {_why(status, url)}" if status.reasons or status.root else "",
        f"*Moved* {_moved(picture)}",
        f"*Waiting on people* {_waiting(status)}" if _waiting(status) else "",
        *flagged(status.break_glass),
        _debts(picture),
        _reviews(picture),
        f"*Ahead* {_ahead(picture)}",
    ]
    return message(
        fallback(status),
        section("\n".join(filter(None, told))),
        actions(button("Status", STATUS, payload), button("Blockers", BLOCKERS, payload) if status.blockers else None),
        context(_fresh(status, now)),
    )


def _light(picture: MorningDigest) -> str:
    now = mark(picture.status.light)
    if picture.before is None or picture.before.light == picture.status.light:
        return now
    return f"{now}, was {mark(picture.before.light)}"


def _why(status: ReleaseStatus, url: TicketUrl) -> str:
    reasons = [escape(reason) for reason in status.reasons[:REASONS]]
    root = root_line(status, url) if status.root else ""
    return " · ".join(filter(None, [*reasons, root]))


def _moved(picture: MorningDigest) -> str:
    change = picture.status.change
    signed = picture.status.signoffs_given - (picture.before.signoffs if picture.before else 0)
    parts = [
        f"{picture.finished} done",
        f"{picture.reopened} reopened" if picture.reopened else "",
        f"scope +{change.added}" if change.added else "",
        f"scope −{change.removed}" if change.removed else "",
        f"sign-offs {signed:+d}" if signed and picture.before else "",
        f"unknown for {change.unknown}" if change.unknown else "",
    ]
    since = _since(picture)
    total = f"{picture.status.done} of {picture.status.tickets} in all"
    return f"{' · '.join(filter(None, parts))} since {since} · {total}"


def _reviews(picture: MorningDigest) -> str:
    """`*Reviews overdue* R-12, I-14 and 3 more`"""
    keys = list(picture.overdue[:OVERDUE])
    more = len(picture.overdue) - len(keys)
    named = join(keys + ([f"{more} more"] if more > 0 else []))
    return f"*Reviews overdue* {named} (`/raid list`)" if keys else ""


def _debts(picture: MorningDigest) -> str:
    """Each waiver in force is a debt, and is said each day."""
    if not picture.waived:
        return ""
    return f"*Waived* {', '.join(f'{line(each.criterion)} until {day(each.until)}' for each in picture.waived)}"


def _since(picture: MorningDigest) -> str:
    if picture.before is None:
        return picture.status.since
    return "the digest of today" if picture.before.at.date() == picture.today else day(picture.before.at)


def _waiting(status: ReleaseStatus) -> str:
    people = [f"{line(each.requirement)} ({line(each.who)})" for each in status.waiting]
    root = status.root
    if root and root.owner and status.root_shown:
        people.append(f"{line(root.owner.name)} ({root.root.node.key})")
    return join(people[:4] + ([f"{len(people) - 4} more"] if len(people) > 4 else []))  # noqa: PLR2004 what a line holds


def _ahead(picture: MorningDigest) -> str:
    status = picture.status
    soon = [_soon(each, left) for each, left in picture.soon[:2]]
    covers = "covers the target" if status.freeze and status.freeze.whole else "meets the target day"
    freeze = f"{line(status.freeze.name)} {covers}" if status.freeze else ""
    return " · ".join(filter(None, [*soon, freeze, days(status.days_to_go, status.release.target)]))


def _soon(milestone: Milestone, left: int) -> str:
    when = "today" if left == 0 else f"in {count(left, 'business day')}"
    return f"{line(milestone.name)} {when}"


def _fresh(status: ReleaseStatus, now: datetime) -> str:
    return f"Jira as of {ago(status.mirror_as_of, now)}" if status.mirror_as_of else "Jira was not read yet"
