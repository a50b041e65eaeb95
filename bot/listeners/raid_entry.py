"""`/raid risk | assumption | issue | decision | edit | review | close`, and their buttons and forms."""

from datetime import date
from typing import Final

from bot import raid_line
from bot.requests import Answer, Click, Command, Errors, Shown, Submission
from bot.services import Services
from bot.views import raid as view
from bot.views import raid_form as form
from bot.views import release as release_view
from bot.views.blocks import Message, escape, problems, refusal
from bot.views.forms import notice
from interlock.domain import when
from interlock.domain.authority import Refused
from interlock.domain.raid import Entry, Kind
from interlock.domain.raid_draft import RaidDraft, Review, TypedEntry
from interlock.domain.release import Unclear
from interlock.usecases import raid, raid_review, raid_words, whereabouts
from interlock.usecases.raid import Invalid, Saved

USAGE: Final = "[release] [… : title | details]"
LONGEST_NUMBER: Final = 9


def risk(request: Command, services: Services) -> Message | None:
    return _enter(request, services, Kind.RISK)


def assumption(request: Command, services: Services) -> Message | None:
    return _enter(request, services, Kind.ASSUMPTION)


def issue(request: Command, services: Services) -> Message | None:
    return _enter(request, services, Kind.ISSUE)


def decision(request: Command, services: Services) -> Message | None:
    return _enter(request, services, Kind.DECISION)


def new(request: Click, services: Services) -> Message | None:
    """The button under the list."""
    number = request.number("release")
    log = raid.of_release(services.store, services.policy, request.actor, number, request.now)
    if isinstance(log, Refused):
        return view.refused(log)
    return _open(request, services, Kind.RISK, log.release.name, "")


def save(request: Submission, services: Services) -> Answer:
    """A new entry, or a change of one."""
    draft = _draft(request)
    store, policy, actor = services.store, services.policy, request.actor
    number = request.private.get("entry")
    done: Saved | Invalid | Refused
    if number is None:
        done = raid.add(store, policy, actor, draft, request.request_id, request.now)
    else:
        version = int(request.private.get("version", 0))
        done = raid.edit(store, policy, actor, int(number), draft, version, request.now)
    if isinstance(done, Invalid):
        return Errors(by_block=done.problems)
    if isinstance(done, Refused):
        return Shown(view=notice("RAID log", escape(done.sentence)))
    services.wake()
    said = view.saved(done.entry, services.ticket_url, again=done.again, changed=number is not None)
    return Shown(view=form.done(said))


def edit(request: Command, services: Services) -> Message | None:
    """`/raid edit KEY` opens the form; with what changes behind it, it changes at once."""
    key, rest = raid_line.keyed(request.args)
    if not rest:
        return _ask_edit(request, services, key)
    words = raid_line.read(rest)
    if isinstance(words, raid_line.Unread):
        return refusal(escape(words.sentence))
    store, policy, actor, now = services.store, services.policy, request.actor, request.now
    found = raid_words.to_edit(store, policy, actor, key, words, now)
    if isinstance(found, Refused):
        return view.refused(found)
    before, draft = found
    return _saved(raid.edit(store, policy, actor, before.id, draft, before.version, now), services, changed=True)


def ask_edit(request: Click, services: Services) -> Message | None:
    found = raid.show_one(services.store, services.policy, request.actor, request.number("entry"))
    return view.refused(found) if isinstance(found, Refused) else _ask_edit(request, services, found.entry.key)


def review(request: Command, services: Services) -> Message | None:
    """`/raid review KEY` opens the form; `/raid review KEY p2 by fri: note` says it at once."""
    key, rest = raid_line.keyed(request.args)
    if not rest:
        asked = raid_review.named_entry(services.store, services.policy, request.actor, key, request.now)
        return view.refused(asked) if isinstance(asked, Refused) else _open_review(request, services, asked)
    words = raid_line.read(rest)
    if isinstance(words, raid_line.Unread):
        return refusal(escape(words.sentence))
    if words != TypedEntry(probability=words.probability, impact=words.impact, day=words.day, title=words.title):
        return refusal(
            "A review takes p, i, `by` and a day, and a note after a colon, such as `/raid review R-12 p2 by +14d: "
            "the vendor has confirmed`. `/raid edit` changes the rest."
        )
    today = whereabouts.today(services.store, services.policy, request.actor, request.now)
    day = when.day(words.day, today) if words.day else None
    looked = Review(
        probability=words.probability,
        impact=words.impact,
        review_on=day,
        unread=bool(words.day) and day is None,
        note=words.title or "",
    )
    done = raid_review.review_typed(services.store, services.policy, request.actor, key, looked, request.now)
    if isinstance(done, Invalid):
        return problems(done.problems)
    return view.refused(done) if isinstance(done, Refused) else view.reviewed(done.entry)


def ask_review(request: Click, services: Services) -> Message | None:
    found = raid_review.entry_of(services.store, services.policy, request.actor, request.number("entry"), request.now)
    return view.refused(found) if isinstance(found, Refused) else _open_review(request, services, found)


def reviewed(request: Submission, services: Services) -> Answer:
    day = _day(request.text(form.REVIEW))
    looked = Review(
        probability=_number(request.text(form.PROBABILITY)),
        impact=_number(request.text(form.IMPACT)),
        review_on=day,
        unread=day is None,
        note=request.text(form.NOTE),
        version=int(request.private.get("version", 0)),
    )
    number = int(request.private.get("entry", 0))
    done = raid_review.review(services.store, services.policy, request.actor, number, looked, request.now)
    if isinstance(done, Invalid):
        return Errors(by_block=done.problems)
    if isinstance(done, Refused):
        return Shown(view=notice("Review", escape(done.sentence)))
    return Shown(view=form.done(view.reviewed(done.entry)))


def close(request: Command, services: Services) -> Message | None:
    """`/raid close KEY` asks what came of it; with that behind it, it closes at once."""
    key, outcome = raid_line.keyed(request.args)
    outcome = outcome.removeprefix(": ")
    if not outcome:
        asked = raid_review.named_entry(services.store, services.policy, request.actor, key, request.now)
        if isinstance(asked, Refused):
            return view.refused(asked)
        services.views.open(request.trigger_id, form.close(asked))
        return None
    done = raid_review.close_typed(services.store, services.policy, request.actor, key, outcome, request.now)
    if isinstance(done, Invalid):
        return problems(done.problems)
    return view.refused(done) if isinstance(done, Refused) else view.closed(done.entry, again=done.again)


def ask_close(request: Click, services: Services) -> Message | None:
    found = raid_review.entry_of(services.store, services.policy, request.actor, request.number("entry"), request.now)
    if isinstance(found, Refused):
        return view.refused(found)
    services.views.open(request.trigger_id, form.close(found))
    return None


def closed(request: Submission, services: Services) -> Answer:
    number, outcome = int(request.private.get("entry", 0)), request.text(form.OUTCOME)
    done = raid_review.close(services.store, services.policy, request.actor, number, outcome, request.now)
    if isinstance(done, Invalid):
        return Errors(by_block=done.problems)
    if isinstance(done, Refused):
        return Shown(view=notice("RAID log", escape(done.sentence)))
    return Shown(view=form.done(view.closed(done.entry, again=done.again)))


def _enter(request: Command, services: Services, kind: Kind) -> Message | None:
    """With a colon it is entered at once; with a release alone, or nothing, the form opens."""
    words = raid_line.read(request.args)
    if isinstance(words, raid_line.Unread):
        return refusal(f"{escape(words.sentence)} Such as `{escape(raid_line.example(kind))}`")
    if words.title is None:
        if raid_line.says_more(words):
            return refusal(f"Put a colon after it, and then the title: `{escape(raid_line.example(kind))}`")
        return _open(request, services, kind, words.rest, request.channel_id)
    store, policy, actor, now = services.store, services.policy, request.actor, request.now
    found = raid_words.to_add(store, policy, actor, kind, words, request.channel_id, now)
    if isinstance(found, Unclear):
        return release_view.unclear(found, None)
    if isinstance(found, Refused):
        return view.refused(found)
    return _saved(raid.add(store, policy, actor, found, request.trigger_id, now), services)


def _open(request: Command | Click, services: Services, kind: Kind, typed: str, channel_id: str) -> Message | None:
    offered = raid.form(services.store, services.policy, request.actor, kind, typed, channel_id, request.now)
    if isinstance(offered, Unclear):
        return release_view.unclear(offered, None)
    if isinstance(offered, Refused):
        return view.refused(offered)
    services.views.open(request.trigger_id, form.entry(offered))
    return None


def _ask_edit(request: Command | Click, services: Services, key: str) -> Message | None:
    offered = raid.edit_form(services.store, services.policy, request.actor, key, request.now)
    if isinstance(offered, Refused):
        return view.refused(offered)
    services.views.open(request.trigger_id, form.entry(offered))
    return None


def _open_review(request: Command | Click, services: Services, one: Entry) -> Message | None:
    following = raid_review.next_review(services.store, services.policy, request.actor, request.now)
    if isinstance(following, Refused):
        return view.refused(following)
    services.views.open(request.trigger_id, form.review(one, following))
    return None


def _saved(done: Saved | Invalid | Refused, services: Services, *, changed: bool = False) -> Message:
    if isinstance(done, Invalid):
        return problems(done.problems)
    if isinstance(done, Refused):
        return view.refused(done)
    services.wake()
    return view.saved(done.entry, services.ticket_url, again=done.again, changed=changed)


def _draft(request: Submission) -> RaidDraft:
    """What stands in the form, as far as it can be read; what cannot is missing."""
    kind = str(request.private.get("kind", ""))
    return RaidDraft(
        kind=Kind(kind) if kind in set(Kind) else Kind.RISK,
        release_id=_number(request.text(form.RELEASE)),
        title=request.text(form.TITLE),
        owner=request.text(form.OWNER),
        probability=_number(request.text(form.PROBABILITY)),
        impact=_number(request.text(form.IMPACT)),
        review_on=_day(request.text(form.REVIEW)),
        details=request.text(form.DETAILS),
        ticket=request.text(form.TICKET),
        approver=request.text(form.APPROVER),
        contributors=request.many(form.CONTRIBUTORS),
        informed=request.many(form.INFORMED),
    )


def _number(text: str) -> int | None:
    return int(text) if text.isascii() and text.isdigit() and len(text) <= LONGEST_NUMBER else None


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None
