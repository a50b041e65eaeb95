"""Where releases stand, as messages."""

from collections.abc import Callable, Iterable
from dataclasses import replace
from datetime import datetime
from typing import Final

from bot.views.blocks import (
    Block,
    Message,
    actions,
    button,
    channel,
    context,
    day,
    escape,
    line,
    mark,
    message,
    refusal,
    section,
    sentence,
    ticket_link,
)
from bot.views.break_glass import flagged
from interlock.domain.authority import Refused
from interlock.domain.blocker import RootLine
from interlock.domain.break_glass import Flag
from interlock.domain.draft import Preview
from interlock.domain.freeze import Window, of_target
from interlock.domain.milestone import upcoming
from interlock.domain.names import LONGEST
from interlock.domain.release import Release, ReleaseName, Stage, Unclear
from interlock.domain.stage import words
from interlock.domain.status import ReleaseStatus, days
from interlock.domain.visibility import RESTRICTED
from interlock.domain.words import ago, count, duration

STATUS: Final = "release.status"
BLOCKERS: Final = "release.blockers"
SIGNOFFS: Final = "release.signoffs"
SHARE: Final = "release.share"

WAITING_SHOWN: Final = 3
REASONS_SHOWN: Final = 3
WHY: Final = 300
"""How much of why a release ended a message tells."""

TicketUrl = Callable[[str], str]


def refused(why: Refused) -> Message:
    return refusal(escape(why.sentence))


def unclear(question: Unclear, answer: tuple[str, str] | None = ("Status", STATUS)) -> Message:
    """The question, with a button for each release that it may be: `answer` is the button's words and its action, None
    where a click could not carry what was asked.
    """
    asked = escape(question.sentence)
    choices = (_choice(each, *answer) for each in question.choices) if answer else ()
    return replace(message(asked, section(asked), *choices), refused=True)


def status(picture: ReleaseStatus, now: datetime, ticket_url: TicketUrl, *, shared_by: str | None = None) -> Message:
    """Seven lines at most. `shared_by` is the name of whoever posts it for all to see."""
    one = picture.release
    payload = ("release", one.id)
    fresh = _fresh(picture, now)
    return message(
        fallback(picture),
        section("\n".join(_lines(picture, now, ticket_url))),
        context(f"{fresh} · shared by {line(shared_by)}" if shared_by else fresh),
        actions(
            button("Blockers", BLOCKERS, payload),
            button("Sign-offs", SIGNOFFS, payload) if picture.signoffs else None,
            None if shared_by else button("Share in channel", SHARE, payload),
        ),
    )


def fallback(picture: ReleaseStatus) -> str:
    """The status as one sentence, for a lock screen."""
    name = title(picture.release)
    if picture.release.ended:
        return f"{name} is {picture.release.stage.value}."
    word = mark(picture.light).split()[1]
    return f"{name} is {word}, {days(picture.days_to_go, picture.release.target)}: {_done(picture)}."


def listing(releases: Iterable[ReleaseStatus], more: int) -> Message:
    """One release a line, with the button that tells the rest."""
    shown = list(releases)
    if not shown:
        return sentence("No release is under way. Plan one with /release new.")
    total = f"{count(len(shown) + more, 'release')} under way"
    rest = f"And {more} more: type /release status and the name." if more else None
    text = "; ".join(f"{line(each.release.name)} {mark(each.light).split()[1]}" for each in shown)
    return message(
        f"{total}: {text}.",
        section(f"*{total}*"),
        *(section(_listed(each), button("Status", STATUS, ("release", each.release.id))) for each in shown),
        context(rest) if rest else None,
    )


def created(one: Release, by: str, tickets: int, frozen: Window | None = None) -> Message:
    """The announcement in the release's channel."""
    first = upcoming(one.milestones, one.created_at.date())
    lines = [
        f"*{title(one)}* is planned for {day(one.target)} by {line(by)}",
        f"*Scope* {count(tickets, 'ticket')}",
        f"*First* {line(first.name)} {day(first.due)}" if first else "",
        f"*Freeze* {escape(of_target(frozen))}" if frozen else "",
    ]
    return message(
        f"{title(one)} is planned for {day(one.target)}.",
        section("\n".join(filter(None, lines))),
        actions(button("Status", STATUS, ("release", one.id))),
    )


def closed(one: Release, by: str, reason: str, broken: tuple[Flag, ...] = ()) -> Message:
    """The announcement that a release ended."""
    told = f"*{title(one)}* is closed by {line(by)}: {line(reason, WHY)}"
    return message(f"{title(one)} is closed.", section("\n".join([told, *flagged(broken)])))


def shared(what: str, one: Release, channel_id: str) -> Message:
    return sentence(f"The {what} of {line(one.name)} is on its way to {channel(channel_id)}.")


def title(one: Release) -> str:
    """The release's name and its template's, escaped."""
    return f"{line(one.name, LONGEST)} {line(one.policy.name, LONGEST)}"


def plan(preview: Preview) -> str:
    """What a draft comes to, as mrkdwn lines."""
    lines = [f"*{count(preview.tickets, 'ticket')}* in scope"]
    if preview.milestones:
        dated = [f"{line(each.name)} {day(each.due)}" for each in preview.milestones]
        lines.append(f"*Milestones* {' · '.join(dated)}")
    return "\n".join([*lines, *(f"*Note* {escape(warning)}" for warning in preview.warnings)])


def _choice(choice: ReleaseName, words: str, action_id: str) -> Block:
    return section(f"*{line(choice.name)}*", button(words, action_id, ("release", choice.id)))


def _lines(picture: ReleaseStatus, now: datetime, ticket_url: TicketUrl) -> list[str]:
    one = picture.release
    if one.ended:
        when = f" {day(one.closed_at)}" if one.closed_at else ""
        by = f" by {line(picture.ended_by)}" if picture.ended_by else ""
        return [
            f"*{title(one)}* · {one.stage.value.capitalize()}{when}{by}",
            *([f"*Why* {line(one.close_reason, WHY)}"] if one.close_reason else []),
            f"*Scope* {_done(picture)}",
            *flagged(picture.break_glass),
            *_skipped(picture),
        ]
    lines = [f"*{title(one)}* · {mark(picture.light)} · {days(picture.days_to_go, one.target)}{_stage(one)}"]
    # That there are blockers is said below, with more.
    if picture.reasons and picture.reasons != (count(picture.blockers, "blocker"),):
        shown = "; ".join(escape(reason) for reason in picture.reasons[:REASONS_SHOWN])
        lines.append(f"*Why* {shown}")
    lines.append(f"*Scope* {_scope(picture)}")
    if picture.signoffs:
        lines.append(f"*Sign-offs* {_signoffs(picture)}")
    lines += flagged(picture.break_glass)
    if picture.root:
        lines.append(f"*Blockers* {_blockers(picture, picture.root, now, ticket_url)}")
    if skipped := _skipped(picture):
        return [*lines, *skipped]
    if picture.next_milestone:
        lines.append(f"*Next* {line(picture.next_milestone.name)} {day(picture.next_milestone.due)}")
    return lines


def _skipped(picture: ReleaseStatus) -> list[str]:
    """Steps of the runbook that a release manager passed over stay in sight, before what comes next: seven lines."""
    told = picture.runbook
    return [f"*Runbook* {told.words}"] if told and told.skipped else []


def _listed(picture: ReleaseStatus) -> str:
    """`*2026.12 Data Platform* · 🟡 Amber · 41 of 58 done · 17 business days to go (Thu 17 Dec)`"""
    one = picture.release
    broken = " · break glass used" if picture.break_glass else ""
    return f"*{title(one)}* · {mark(picture.light)} · {_done(picture)} · {days(picture.days_to_go, one.target)}{broken}"


def _stage(one: Release) -> str:
    """Worth saying once it is past being worked on, and while it is held."""
    told = [] if one.stage in {Stage.PLANNED, Stage.IN_PROGRESS} else [words(one.stage)]
    told += ["on hold"] if one.held else []
    return "".join(f" · {each}" for each in told)


def _done(picture: ReleaseStatus) -> str:
    return f"{picture.done} of {picture.tickets} done" if picture.tickets else "no tickets yet"


def _scope(picture: ReleaseStatus) -> str:
    change = picture.change
    parts = [
        _done(picture),
        _moved(change.done, change.unknown, picture.since),
        f"{change.added} added" if change.added else "",
        f"{change.removed} removed" if change.removed else "",
        f"{picture.without_team} without a team" if picture.without_team else "",
        f"{picture.restricted} restricted" if picture.restricted else "",
    ]
    return " · ".join(filter(None, parts))


def _moved(done: int, unknown: int, since: str) -> str:
    if unknown and not done:
        return f"since {since} unknown for {unknown}"
    doubt = f" (unknown for {unknown})" if unknown else ""
    if not done:
        return ""
    return f"{'▲' if done > 0 else '▼'} {abs(done)} since {since}{doubt}"


def _signoffs(picture: ReleaseStatus) -> str:
    given = f"{picture.signoffs_given} of {picture.signoffs}"
    if not picture.waiting:
        return given
    shown = [f"{line(each.requirement)} ({line(each.who)})" for each in picture.waiting[:WAITING_SHOWN]]
    more = len(picture.waiting) - len(shown)
    return f"{given} · waiting for {', '.join(shown)}{f' and {more} more' if more else ''}"


def _blockers(picture: ReleaseStatus, first: RootLine, now: datetime, ticket_url: TicketUrl) -> str:
    parts = [f"{picture.blockers}, {_oldest(picture, now)}", f"root: {_root(picture, first, ticket_url)}"]
    return " · ".join(parts) + (f" frees {len(first.root.frees)}" if first.root.frees else "")


def _oldest(picture: ReleaseStatus, now: datetime) -> str:
    if picture.oldest_blocker is None:
        return "since unknown"
    doubt = "at least " if picture.undated else ""
    return f"oldest {doubt}{duration(now - picture.oldest_blocker)}"


def root_line(picture: ReleaseStatus, ticket_url: TicketUrl) -> str:
    """`DATA-214 Schema registry upgrade (Streaming, Ravi) holds 7 tickets in 3 teams`; "" where nothing is blocked."""
    first = picture.root
    if first is None:
        return ""
    teams = f" in {count(first.teams, 'team')}" if first.teams > 1 else ""
    holds = f" holds {count(len(first.root.holds), 'ticket')}{teams}" if first.root.holds else " can't move"
    return f"{_root(picture, first, ticket_url)}{holds}"


def _root(picture: ReleaseStatus, first: RootLine, ticket_url: TicketUrl) -> str:
    if not picture.root_shown:
        return RESTRICTED
    node = first.root.node
    who = ", ".join(line(name) for name in (picture.root_team, first.owner.name if first.owner else None) if name)
    return ticket_link(node.key, node.summary, ticket_url(node.key)) + (f" ({who})" if who else "")


def _fresh(picture: ReleaseStatus, now: datetime) -> str:
    if picture.mirror_as_of is None:
        return "_Jira was not read yet: the numbers are not known_"
    old = ": too old to rely on" if picture.stale else ""
    return f"_Jira as of {ago(picture.mirror_as_of, now)}{old}_"
