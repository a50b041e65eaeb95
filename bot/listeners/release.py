"""`/release list | status | new | close`, and the buttons and forms that belong to them."""

from datetime import date

from bot import release_line
from bot.requests import Answer, Click, Command, Errors, Shown, Submission, Suggestion, Value, Values
from bot.services import Services
from bot.views import release as view
from bot.views import release_form as form
from bot.views import signoff as signoff_view
from bot.views.blocks import Block, Message, escape, problems, refusal
from bot.views.forms import notice
from interlock.domain.authority import Refused
from interlock.domain.draft import Draft
from interlock.domain.release import ScopeRule, Unclear
from interlock.usecases import announcement, draft, release
from interlock.usecases import status as statuses
from interlock.usecases.release import Invalid
from interlock.usecases.signoff_view import overview_of

AGREED = " --yes"
"""What a command line agrees with: nothing can ask there."""


def status(request: Command, services: Services) -> Message:
    """`/release status [release]`"""
    found = statuses.status(
        services.store, services.policy, request.actor, request.args, request.channel_id, request.now
    )
    if isinstance(found, Refused):
        return view.refused(found)
    return view.unclear(found) if isinstance(found, Unclear) else view.status(found, request.now, services.ticket_url)


def list_(request: Command, services: Services) -> Message:
    """`/release list`"""
    found = statuses.listing(services.store, services.policy, request.actor, request.now)
    return view.refused(found) if isinstance(found, Refused) else view.listing(found.releases, found.more)


def show(request: Click, services: Services) -> Message:
    """The button that tells one release's status."""
    number = request.number("release")
    found = statuses.status_of(services.store, services.policy, request.actor, number, request.now)
    return view.refused(found) if isinstance(found, Refused) else view.status(found, request.now, services.ticket_url)


def show_signoffs(request: Click, services: Services) -> Message:
    found = overview_of(services.store, services.policy, request.actor, request.number("release"), now=request.now)
    return view.refused(found) if isinstance(found, Refused) else signoff_view.overview(found, request.now)


def share(request: Click, services: Services) -> Message:
    number, there = request.number("release"), request.channel_id or ""
    done = announcement.share(
        services.store, services.policy, request.actor, "release.status", number, there, request.trigger_id, request.now
    )
    services.wake()
    return view.refused(done) if isinstance(done, Refused) else view.shared("status", done.release, there)


def new(request: Command, services: Services) -> Message | None:
    """`/release new` opens the form, if it would not be in vain; with all it needs behind it, it plans at once."""
    if request.args:
        return _new_typed(request, services)
    refused = draft.may_create(services.store, services.policy, request.actor, request.now)
    if refused:
        return view.refused(refused)
    services.views.open(request.trigger_id, form.new(services.policy, channel_id=_channel(request.channel_id)))
    return None


def _new_typed(request: Command, services: Services) -> Message:
    typed = release_line.read(request.args)
    if isinstance(typed, release_line.Unread):
        return refusal(escape(typed.sentence))
    store, policy, actor = services.store, services.policy, request.actor
    found = draft.from_words(store, policy, actor, typed, request.channel_id, request.now)
    if isinstance(found, Refused):
        return view.refused(found)
    done = release.create(store, policy, actor, found, request.trigger_id, request.now)
    services.wake()
    if isinstance(done, Invalid):
        return problems(done.problems)
    if isinstance(done, Refused):
        return view.refused(done)
    return form.planned(done.release, done.tickets, done.warnings)


def preview(request: Click, services: Services) -> Message | None:
    """Draws the form anew with what it would come to."""
    found = draft.preview(services.store, services.policy, request.actor, _draft(request.values), request.now)
    if isinstance(found, Refused):
        return view.refused(found)
    services.views.update(request.view_id or "", form.new(services.policy, preview=found), request.view_hash)
    return None


def versions(request: Suggestion, services: Services) -> list[Block]:
    return form.suggested(draft.versions(services.store, services.policy, request.actor, request.typed))


def create(request: Submission, services: Services) -> Answer:
    done = release.create(
        services.store, services.policy, request.actor, _draft(request.values), request.request_id, request.now
    )
    services.wake()
    if isinstance(done, Invalid):
        return Errors(by_block={form.BLOCKS[field]: sentence for field, sentence in done.problems.items()})
    if isinstance(done, Refused):
        return Shown(view=notice("New release", escape(done.sentence)))
    return Shown(view=form.done(done.release, done.tickets, done.warnings))


def close(request: Command, services: Services) -> Message | None:
    """`/release close NAME reason` asks before it does."""
    found = release.ending(
        services.store, services.policy, request.actor, request.args, request.channel_id, request.now
    )
    if isinstance(found, Refused):
        return view.refused(found)
    if isinstance(found, Unclear):
        return view.unclear(found, None)
    one = found.release
    services.views.open(request.trigger_id, form.close(one.id, one.name, found.reason, found.tickets, found.unfinished))
    return None


def close_typed(request: Command, services: Services) -> Message:
    """As `close`, where no form can ask: `--yes` at the end agrees."""
    store, policy, actor, there = services.store, services.policy, request.actor, request.channel_id
    if not request.args.endswith(AGREED):
        found = release.ending(store, policy, actor, request.args, there, request.now, asked=False)
        if isinstance(found, Refused):
            return view.refused(found)
        if isinstance(found, Unclear):
            return view.unclear(found, None)
        return form.would_close(found.release.name, found.tickets, found.unfinished)
    done = release.close_typed(store, policy, actor, request.args.removesuffix(AGREED), there, request.now)
    services.wake()
    if isinstance(done, Unclear):
        return view.unclear(done, None)
    if isinstance(done, Invalid):
        return problems(done.problems)
    return view.refused(done) if isinstance(done, Refused) else form.has_closed(done.release)


def close_for_good(request: Submission, services: Services) -> Answer:
    number, reason = int(request.private.get("release", 0)), request.text(form.REASON)
    done = release.close(services.store, services.policy, request.actor, number, reason, request.now)
    services.wake()
    if isinstance(done, Invalid):
        return Errors(by_block=done.problems)
    if isinstance(done, Refused):
        return Shown(view=notice("Close release", escape(done.sentence)))
    return Shown(view=form.closed(done.release))


def _draft(values: Values) -> Draft:
    """What stands in the form, as far as it can be read; what cannot is missing."""
    chosen = _many(values.get(form.VERSIONS))
    return Draft(
        name=_text(values.get(form.NAME)),
        template=_text(values.get(form.TEMPLATE)),
        target=_day(_text(values.get(form.TARGET))),
        channel_id=_text(values.get(form.CHANNEL)) or None,
        rule=ScopeRule(
            version_ids=tuple(each.removeprefix(form.ONE) for each in chosen if each.startswith(form.ONE)),
            labels=_words(_text(values.get(form.LABELS))),
            epics=tuple(word.upper() for word in _words(_text(values.get(form.EPICS)))),
        ),
        namesakes_of=tuple(each.removeprefix(form.ALL) for each in chosen if each.startswith(form.ALL)),
    )


def _text(value: Value) -> str:
    return value.strip() if isinstance(value, str) else ""


def _many(value: Value) -> tuple[str, ...]:
    return (value,) if isinstance(value, str) else value or ()


def _words(text: str) -> tuple[str, ...]:
    """Neither a label nor a key holds blanks or commas."""
    return tuple(dict.fromkeys(text.replace(",", " ").split()))


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None


def _channel(channel_id: str) -> str | None:
    """A channel that may be chosen: not a direct message."""
    return channel_id if channel_id.startswith("C") else None
