"""The one listener table, and the Bolt app that is made of it.

Bolt sees one listener per kind of request: it looks through its listeners one after the other (100 of them cost nine
tenths of its speed), so the tables do the finding. Everything is handled before Slack is answered, and the answers of
commands, submissions and options ride in the ack.
"""

import logging
import re
from typing import Any, Final

from slack_bolt import Ack, App, BoltResponse
from slack_bolt.authorization import AuthorizeResult

from bot.answers import Answers
from bot.commands import SlashCommand, Verb
from bot.dispatch import ClickHandler, Dispatcher, EventHandler, SubmissionHandler, SuggestionHandler, Tables, ack_of
from bot.listeners import (
    blocker,
    break_glass,
    calendar_view,
    collision,
    condition,
    delegation,
    digest,
    directory,
    environment,
    evidence,
    feed,
    forecast,
    freeze_exception,
    gonogo,
    home,
    link,
    parked,
    policy_change,
    raid,
    raid_entry,
    readiness,
    release,
    reporter,
    runbook,
    signoff,
    stage,
    token,
    waiver,
    whatif,
    words,
)
from bot.metrics import Metrics
from bot.services import Services
from bot.slack import Client

COMMANDS: Final[dict[str, SlashCommand]] = {
    "/release": SlashCommand(
        about="Releases: where they stand, their sign-offs, their digest.",
        default="status",
        verbs={
            "status": Verb(handler=release.status, usage="[release]", about="says where a release stands"),
            "list": Verb(handler=release.list_, about="lists the releases under way"),
            "new": Verb(handler=release.new, usage="[TEMPLATE NAME DAY …]", about="plans a release from a template"),
            "signoffs": Verb(handler=signoff.signoffs, usage="[release]", about="says who has signed, and asks"),
            "conditions": Verb(handler=condition.list_, usage="[release]", about="lists what approvals hang on"),
            "away": Verb(handler=delegation.away, usage="[DAY [@person]]", about="says who signs while you are away"),
            "back": Verb(handler=delegation.back, about="says that you sign yourself again"),
            "runbook": Verb(handler=runbook.show, usage="[release]", about="shows the deployment's steps"),
            "runbook start": Verb(handler=runbook.start, usage="[release]", about="begins them, and posts the card"),
            "runbook start-step": Verb(
                handler=runbook.begin_typed, usage="[release] STEP", about="says that you are at it"
            ),
            "runbook tick": Verb(
                handler=runbook.tick_typed, usage="[release] STEP [note]", about="says that yours is done and checked"
            ),
            "runbook fail": Verb(
                handler=runbook.fail_typed, usage="[release] STEP why", about="says that yours failed, and why"
            ),
            "runbook skip": Verb(handler=runbook.skip_typed, usage="[release] STEP why", about="passes over one"),
            "runbook abort": Verb(handler=runbook.abort_typed, usage="RELEASE why", about="gives the run up"),
            "digest now": Verb(handler=digest.now, usage="[release]", about="posts the digest at once"),
            "readiness": Verb(
                handler=readiness.readiness, usage="[release]", about="says what stands between a release and go"
            ),
            "advance": Verb(
                handler=stage.advance,
                usage="[RELEASE] [to STAGE why]",
                about="says what the next stage takes, or moves",
            ),
            "hold": Verb(handler=stage.hold, usage="RELEASE why", about="keeps a release where it is"),
            "resume": Verb(handler=stage.resume, usage="RELEASE [why]", about="lets it go on"),
            "tick": Verb(handler=readiness.tick, usage="RELEASE ITEM [LINK]", about="ticks an item of its checklist"),
            "untick": Verb(handler=readiness.untick, usage="RELEASE ITEM", about="takes that back"),
            "waive": Verb(
                handler=waiver.ask,
                usage="RELEASE GATE until DAY why",
                about="asks somebody else to let a gate pass for a time",
            ),
            "policy": Verb(
                handler=policy_change.ask,
                usage="[RELEASE] [change because …]",
                about="says which policy it runs under, or proposes to change it",
            ),
            "policy approve": Verb(
                handler=policy_change.approve_typed,
                usage="NUMBER [RELEASE MEANING]",
                about="approves somebody else's change",
            ),
            "policy reject": Verb(handler=policy_change.reject_typed, usage="NUMBER why", about="rejects it"),
            "policy withdraw": Verb(
                handler=policy_change.withdraw_typed, usage="NUMBER [why]", about="takes your own back"
            ),
            "gonogo": Verb(
                handler=gonogo.ask,
                usage="[RELEASE] [for 4h]",
                about="asks the roles for go or no-go, or shows how they voted",
            ),
            "gonogo withdraw": Verb(handler=gonogo.withdraw, usage="RELEASE why", about="ends that without a result"),
            "vote": Verb(
                handler=gonogo.vote, usage="RELEASE go|no-go|abstain [why]", about="gives your role's vote on it"
            ),
            "breakglass": Verb(
                handler=break_glass.ask,
                usage="[RELEASE] [SIGN-OFF, …] [because …]",
                about="asks somebody else to let missing sign-offs pass, or shows that",
            ),
            "breakglass withdraw": Verb(
                handler=break_glass.take_back_typed, usage="NUMBER [why]", about="takes that back"
            ),
            "breakglass review": Verb(
                handler=break_glass.review_typed, usage="NUMBER …", about="says what you found when you looked at it"
            ),
            "reporter": Verb(
                handler=reporter.ask, usage="LABEL", about="sends you a token for a program that pushes figures"
            ),
            "reporter end": Verb(handler=reporter.end, usage="LABEL", about="ends it"),
            "cancel": Verb(handler=stage.cancel, usage="RELEASE why", about="ends one that will not be released"),
            "forecast": Verb(handler=forecast.ask, usage="[release]", about="says when it is likely to be ready"),
            "whatif": Verb(
                handler=whatif.ask,
                usage="KEY +3d | target DAY [release]",
                about="says what a later day would break, and changes nothing",
            ),
            "calendar": Verb(handler=calendar_view.show, usage="[weeks]", about="shows the weeks to come"),
            "calendar picture": Verb(
                handler=calendar_view.picture, usage="[weeks]", about="sends you them as a picture"
            ),
            "calendar link": Verb(handler=feed.link, about="sends you a calendar feed of them"),
            "calendar revoke": Verb(handler=feed.revoke, about="ends it"),
            "exception": Verb(
                handler=freeze_exception.ask,
                usage="RELEASE [FREEZE why: … in: … out: …]",
                about="asks to go in a freeze",
            ),
            "exception approve": Verb(
                handler=freeze_exception.approve_typed, usage="NUMBER", about="approves somebody else's exception"
            ),
            "exception refuse": Verb(handler=freeze_exception.refuse_typed, usage="NUMBER why", about="refuses it"),
            "acknowledge": Verb(
                handler=collision.acknowledge_typed, usage="RELEASE OTHER [why]", about="accepts that two collide"
            ),
            "evidence": Verb(
                handler=evidence.send, usage="[release]", about="sends you all that was decided, signed, for auditors"
            ),
            "close": Verb(handler=release.close, usage="RELEASE [why]", about="ends a release for good"),
        },
    ),
    "/blockers": SlashCommand(
        about="What is blocked, by whom, and what clearing it would free.",
        default="list",
        free=True,
        verbs={
            "list": Verb(handler=blocker.list_, usage="[team|release]", about="lists what can't move and why"),
            "take": Verb(handler=blocker.take_typed, usage="KEY [DAY]", about="says that you are on it, and by when"),
            "snooze": Verb(handler=blocker.snooze_typed, usage="KEY [DAY why]", about="keeps it silent until then"),
        },
    ),
    "/env": SlashCommand(
        about="Environments: who has which, and yours.",
        default="list",
        verbs={
            "list": Verb(handler=environment.list_, usage="[ENV]", about="says who has which, and until when"),
            "book": Verb(
                handler=environment.book, usage="[ENV] [WHEN why]", about="books one, or puts you in its waitlist"
            ),
            "return": Verb(handler=environment.return_, usage="[ENV]", about="gives yours back"),
            "set": Verb(handler=environment.set_, usage="ENV STATE why", about="says what state yours is in"),
        },
    ),
    "/raid": SlashCommand(
        about="Risks, assumptions, issues and decisions of a release.",
        default="list",
        verbs={
            "list": Verb(handler=raid.list_, usage="[release]", about="lists what is open, the worst first"),
            "risk": Verb(handler=raid_entry.risk, usage=raid_entry.USAGE, about="enters a risk"),
            "assumption": Verb(handler=raid_entry.assumption, usage=raid_entry.USAGE, about="enters an assumption"),
            "issue": Verb(handler=raid_entry.issue, usage=raid_entry.USAGE, about="enters an issue"),
            "decision": Verb(
                handler=raid_entry.decision, usage=raid_entry.USAGE, about="enters a decision that is wanted"
            ),
            "show": Verb(handler=raid.show, usage="KEY", about="shows one, such as R-12, and its history"),
            "review": Verb(
                handler=raid_entry.review, usage="KEY [p3 i4 by DAY: note]", about="says that you looked at it"
            ),
            "edit": Verb(handler=raid_entry.edit, usage="KEY [what changes: title]", about="changes one"),
            "close": Verb(handler=raid_entry.close, usage="KEY [outcome]", about="closes one, or decides a decision"),
            "map": Verb(handler=raid.map_, usage="[release]", about="sends you the heat map of its risks"),
            "export": Verb(handler=raid.export, usage="[release] [csv|json]", about="sends you all of it as a file"),
        },
    ),
    "/link": SlashCommand(
        about="Your account in the tracker, and your token for the command line.",
        default="link",
        free=True,
        verbs={
            "link": Verb(handler=link.show_or_claim, usage="[account]", about="says who you are there, or links you"),
            "remove": Verb(handler=link.remove, about="gives your account up"),
            "confirm": Verb(handler=link.confirm, usage="@person ACCOUNT", about="links somebody on your word"),
            "token": Verb(handler=token.ask, about="sends you a token for the command line"),
            "token revoke": Verb(handler=token.revoke, about="ends it"),
        },
    ),
}

CLICKS: Final[dict[str, ClickHandler]] = {
    "release.status": release.show,
    "release.signoffs": release.show_signoffs,
    "release.share": release.share,
    "release.preview": release.preview,
    "release.blockers": blocker.show,
    "release.readiness": readiness.show,
    "release.ahead": stage.show,
    "stage.move": stage.move,
    "stage.back": stage.back,
    "waiver.grant": waiver.grant,
    "waiver.refuse": waiver.refuse,
    "waiver.withdraw": waiver.withdraw,
    "policy_change.new": policy_change.new,
    "policy_change.approve": policy_change.approve,
    "policy_change.reject": policy_change.reject,
    "policy_change.withdraw": policy_change.withdraw,
    "release.forecast": forecast.show,
    "release.whatif": whatif.show,
    "release.whatif_all": whatif.show_all,
    "gonogo.go": gonogo.go,
    "gonogo.no_go": gonogo.no_go,
    "gonogo.abstain": gonogo.abstain,
    "gonogo.confirm": gonogo.confirm,
    "break_glass.confirm": break_glass.confirm,
    "break_glass.take_back": break_glass.take_back,
    "break_glass.review": break_glass.review,
    "signoff.request": signoff.ask,
    "signoff.approve": signoff.approve,
    "signoff.conditions": signoff.approve_conditionally,
    "signoff.reject": signoff.reject,
    "signoff.revoke": signoff.revoke,
    "condition.list": condition.show,
    "condition.done": condition.done,
    "runbook.show": runbook.show_clicked,
    "runbook.start": runbook.start_clicked,
    "runbook.begin": runbook.begin,
    "runbook.tick": runbook.tick,
    "runbook.fail": runbook.fail,
    "runbook.skip": runbook.skip,
    "runbook.abort": runbook.abort,
    "runbook.all": runbook.show_all,
    "calendar.picture": calendar_view.send_picture,
    "calendar.weeks": calendar_view.show_all,
    "collision.acknowledge": collision.acknowledge,
    "exception.new": freeze_exception.new,
    "exception.approve": freeze_exception.approve,
    "exception.refuse": freeze_exception.refuse,
    "blocker.take": blocker.take,
    "blocker.snooze": blocker.snooze,
    "blocker.share": blocker.share,
    "blocker.all": blocker.show_all,
    "link.choose": link.choose,
    "link.check": link.check,
    "environment.all": environment.all_,
    "booking.new": environment.new,
    "booking.return": environment.give_back,
    "booking.end": environment.end,
    "booking.extend": environment.extend,
    "raid.show": raid.show_one,
    "raid.all": raid.show_all,
    "raid.map": raid.map_of,
    "raid.new": raid_entry.new,
    "raid.review": raid_entry.ask_review,
    "raid.edit": raid_entry.ask_edit,
    "raid.close": raid_entry.ask_close,
    "parked.send": parked.send,
    "parked.drop": parked.drop,
    "words.show": words.show,
}
"""By action id."""

SUBMISSIONS: Final[dict[str, SubmissionHandler]] = {
    "release.new": release.create,
    "release.close": release.close_for_good,
    "release.cancel": stage.cancel_for_good,
    "stage.back": stage.take_back,
    "signoff.approve": signoff.approve_with,
    "gonogo.no_go": gonogo.no_go_with_reason,
    "break_glass.review": break_glass.reviewed,
    "signoff.reject": signoff.reject_with_reason,
    "policy_change.new": policy_change.submit,
    "policy_change.approve": policy_change.approve_with,
    "policy_change.reject": policy_change.reject_with_reason,
    "runbook.fail": runbook.failed,
    "runbook.skip": runbook.skipped,
    "runbook.abort": runbook.aborted,
    "exception.new": freeze_exception.submit,
    "exception.refuse": freeze_exception.refuse_with_reason,
    "blocker.take": blocker.taken,
    "blocker.snooze": blocker.snoozed,
    "link.check": link.checked,
    "booking.new": environment.submit,
    "booking.end": environment.end_with_reason,
    "environment.retire": environment.retire,
    "raid.save": raid_entry.save,
    "raid.reviewed": raid_entry.reviewed,
    "raid.closed": raid_entry.closed,
}
"""By the modal's callback id."""

SUGGESTIONS: Final[dict[str, SuggestionHandler]] = {
    "release.versions": release.versions,
}
"""By the external select's action id."""

EVENTS: Final[dict[str, EventHandler]] = {
    "app_home_opened": home.opened,
    "app_mention": words.mentioned,
    "app_uninstalled": directory.app_removed,
    "channel_archive": directory.channel_archived,
    "channel_left": directory.left_channel,
    "channel_rename": directory.channel_renamed,
    "channel_shared": directory.channel_shared,
    "channel_unarchive": directory.channel_unarchived,
    "channel_unshared": directory.channel_unshared,
    "group_archive": directory.channel_archived,
    "group_left": directory.left_channel,
    "group_rename": directory.channel_renamed,
    "group_unarchive": directory.channel_unarchived,
    "member_joined_channel": directory.joined_channel,
    "member_left_channel": directory.left_channel,
    "message": words.spoken_to,
    "subteam_created": directory.changed,
    "subteam_members_changed": directory.group_members_changed,
    "subteam_updated": directory.changed,
    "team_join": directory.person_changed,
    "tokens_revoked": directory.app_removed,
    "user_change": directory.person_changed,
}
"""By the event's type."""

TABLES: Final = Tables(
    commands=COMMANDS, clicks=CLICKS, submissions=SUBMISSIONS, suggestions=SUGGESTIONS, events=EVENTS
)

ANY: Final = re.compile("")
AGAIN: Final = 503


def build_app(
    services: Services, *, tables: Tables = TABLES, answers: Answers | None = None, metrics: Metrics | None = None
) -> App:
    """A Bolt app over the tables. It calls nothing and starts no thread of its own that works: whoever reaches Slack
    (Socket Mode or HTTP) hands it payloads with `dispatch`, after having verified them.
    """
    dispatcher = Dispatcher(services, tables, answers or Answers(services.settings.slack_api_url), metrics or Metrics())
    logger = logging.getLogger("interlock.bolt")
    logger.setLevel(logging.ERROR)  # its warnings quote bodies, and tell of the environment variables we read ourselves
    who = AuthorizeResult(enterprise_id=None, team_id=None, bot_token=_token(services))
    app = App(
        name="interlock",
        logger=logger,
        process_before_response=True,
        # Ours, so that Bolt does not make one out of the environment; listeners use `Services.views`.
        client=Client(base_url=services.settings.slack_api_url),
        authorize=lambda: who,  # one workspace, one token: no auth.test per request
        request_verification_enabled=False,  # done before, by `bot.http.slack` (and by Socket Mode itself)
        ignoring_self_events_enabled=False,  # the dispatcher ignores what bots say, and keeps our joining a channel
        attaching_function_token_enabled=False,
        attaching_conversation_kwargs_enabled=False,
    )
    _listen(app, dispatcher)
    return app


def _listen(app: App, dispatcher: Dispatcher) -> None:
    def command(ack: Ack, body: dict[str, Any]) -> None:
        said = dispatcher.command(body)
        if said is None:
            ack()
        else:
            ack(text=said.text, blocks=list(said.blocks), response_type="ephemeral", unfurl_links=False)

    def click(ack: Ack, body: dict[str, Any]) -> None:
        dispatcher.click(body)
        ack()

    def submission(ack: Ack, body: dict[str, Any]) -> None:
        ack(**ack_of(dispatcher.submission(body)))

    def suggestion(ack: Ack, body: dict[str, Any]) -> None:
        ack(options=dispatcher.suggestion(body))

    def event(body: dict[str, Any]) -> BoltResponse:
        # An event that was not handled is not acknowledged, so that Slack delivers it again.
        return BoltResponse(status=200 if dispatcher.event(body) else AGAIN)

    def nothing(ack: Ack) -> None:
        ack()

    app.command(ANY)(command)
    app.action(ANY)(click)
    app.view(ANY)(submission)
    app.options(ANY)(suggestion)
    app.event(ANY)(event)
    app.view_closed(ANY)(nothing)
    app.shortcut(ANY)(nothing)


def _token(services: Services) -> str:
    token = services.settings.slack_bot_token
    return token.get_secret_value() if token else ""
