"""An outbox message becomes one Slack call: the `Sender` of `interlock.jobs.delivery`."""

from collections import OrderedDict
from collections.abc import Mapping
from datetime import timedelta
from typing import Any, Final

import structlog

from bot.drawers import (
    audit,
    blocker,
    break_glass,
    calendar_view,
    decision_reminder,
    delegation,
    digest,
    environment,
    evidence,
    feed,
    freeze_exception,
    gonogo,
    home,
    leaver,
    link,
    outage,
    parked,
    policy_change,
    raid,
    release,
    reporter,
    runbook,
    signoff,
    stage,
    token,
    vendor,
    waiver,
    words,
)
from bot.drawing import Drawer, Drawn, DrawnFile, DrawnHome, DrawnPin
from bot.services import Services
from bot.slack import WRONG_TOKEN, Slack, SlackError
from bot.views import blocks
from interlock.domain.errors import InterlockError
from interlock.domain.outbox import LATE, Deferred, DeliveryError, Dropped, Message, Sent
from interlock.jobs.delivery import HELD_UP
from interlock.jobs.haste import TO_CALL, Haste, Ticks, ticks
from interlock.usecases import addressee

DRAWERS: Final[dict[str, Drawer]] = {
    "release.status": release.status,
    "release.created": release.created,
    "release.closed": release.closed,
    "release.moved": stage.moved,
    "release.held": stage.held,
    "release.resumed": stage.resumed,
    "release.cancelled": stage.cancelled,
    "waiver.card": waiver.post,
    "waiver.refresh": waiver.refresh,
    "policy_change.card": policy_change.post,
    "policy_change.refresh": policy_change.refresh,
    "policy_change.told": policy_change.told,
    "calendar.picture": calendar_view.picture,
    "gonogo.card": gonogo.post,
    "gonogo.refresh": gonogo.refresh,
    "gonogo.chase": gonogo.chase,
    "gonogo.result": gonogo.result,
    "gonogo.void": gonogo.voided,
    "gonogo.record": gonogo.record,
    "gonogo.pin": gonogo.pin,
    "break_glass.card": break_glass.post,
    "break_glass.refresh": break_glass.refresh,
    "break_glass.news": break_glass.news,
    "break_glass.passed_over": break_glass.passed_over,
    "signoff.card": signoff.post,
    "signoff.refresh": signoff.refresh,
    "signoff.rejected": signoff.rejected,
    "signoff.revoked": signoff.revoked,
    "signoff.void": signoff.voided,
    "signoff.for_you": signoff.in_your_place,
    "signoff.reminder": signoff.reminder,
    "signoff.chase": signoff.chase,
    "signoff.unanswered": signoff.unanswered,
    "signoff.shortfall": signoff.short,
    "signoff.within_reach": signoff.within_reach,
    "delegation.told": delegation.told,
    "delegation.over": delegation.over,
    "runbook.card": runbook.post,
    "runbook.refresh": runbook.refresh,
    "runbook.late": runbook.late,
    "runbook.failed": runbook.failed,
    "decision.reminder": decision_reminder.post,
    "exception.card": freeze_exception.post,
    "exception.refresh": freeze_exception.refresh,
    "exception.told": freeze_exception.told,
    "blocker.ping": blocker.ping,
    "blocker.settled": blocker.settled,
    "blocker.list": blocker.shared,
    "booking.reminder": environment.reminder,
    "booking.granted": environment.granted,
    "booking.lapsed": environment.lapsed,
    "booking.overtaken": environment.overtaken,
    "booking.ended": environment.ended,
    "booking.environment": environment.environment_changed,
    "booking.retired": environment.retired,
    "evidence": evidence.file,
    "home": home.draw,
    "leaver.blocker": leaver.blocker,
    "leaver.booking": leaver.booking,
    "link.note": link.note,
    "digest": digest.morning,
    "readiness": digest.readiness,
    "raid.reviews": raid.reviews,
    "raid.named": raid.named,
    "raid.map": raid.heat_map,
    "raid.export": raid.export,
    "words": words.answer,
    "relay.parked": parked.told,
    "outage": outage.told,
    "token": token.issue,
    "reporter": reporter.issue,
    "feed": feed.issue,
    "vendor.refused": vendor.refused,
    "audit.anchor": audit.anchor,
}
"""By the outbox message's kind."""

PARKS: Final = frozenset({"shared_channel", "archived_channel"})
"""Why nothing goes to a channel until a person mends that."""

EVENT_TYPE: Final = "interlock"
"""Of the metadata that carries a message's token."""
SKEW: Final = timedelta(hours=2)
"""By how much Slack's clock may have been behind ours when a message was made: an hour that nobody saw, and more."""

TOO_RICH: Final = frozenset(
    {
        "invalid_blocks",
        "invalid_blocks_format",
        "blocks_too_long",
        "msg_blocks_too_long",
        "msg_too_long",
        "block_mismatch",
    }
)
"""Slack takes the words, but not in this dress."""

TOKEN: Final = "Put the token of the installed Slack app where SLACK_BOT_TOKEN comes from."  # noqa: S105 a sentence
MENDS: Final[Mapping[str, str]] = {
    "channel_not_found": "Slack knows no such channel, or it is private and Interlock is not in it. "
    "Invite Interlock there, or name another channel.",
    "is_archived": "The channel is archived. Unarchive it, or name another channel.",
    "not_in_channel": "Interlock is not in the channel. Type /invite @Interlock there.",
    "channel_is_limited_access": "Only some people may post in the channel. Allow Interlock to.",
    "restricted_action": "The workspace's settings do not let Interlock post there. Ask its admin to allow it.",
    "restricted_action_read_only_channel": "The channel is read-only. Allow Interlock to post there.",
    "restricted_action_thread_locked": "The thread is locked.",
    "cannot_reply_to_message": "The message that this answers is gone.",
    "thread_not_found": "The message that this answers is gone.",
    "message_not_found": "The message to be redrawn was deleted in Slack. Ask for it again.",
    "cant_update_message": "The message to be redrawn is not Interlock's own.",
    "edit_window_closed": "The workspace does not let messages this old be edited. Ask for the message again.",
    "user_not_found": "Slack knows no such person.",
    "users_not_found": "Slack knows no such person.",
    "user_disabled": "This person's Slack account is deactivated.",
    "cannot_dm_bot": "A bot cannot be sent a direct message.",
    "messages_tab_disabled": "Direct messages to Interlock are switched off. Switch them on under App Home, Messages.",
    "missing_scope": "The Slack app lacks a scope. Install it anew from config/slack-manifest.yaml.",
    "invalid_auth": f"Slack does not accept the bot token. {TOKEN}",
    "not_authed": f"Slack was given no bot token. {TOKEN}",
    "account_inactive": f"The Slack app was uninstalled or deactivated. {TOKEN}",
    "token_revoked": f"The bot token was revoked. {TOKEN}",
    "token_expired": f"The bot token has expired. {TOKEN}",
    "no_permission": f"The bot token may not do this. {TOKEN}",
    "team_access_not_granted": "The Slack app has not been given access to this workspace. Ask its admin.",
    "ekm_access_denied": "The workspace's admins have suspended posting. Ask them.",
    "access_denied": "Slack denies access. Ask the workspace's admin.",
    "no_text": "There was nothing to post. This is a fault of Interlock's: report it.",
    "metadata_too_large": "This is a fault of Interlock's: report it.",
    "invalid_metadata_format": "This is a fault of Interlock's: report it.",
}
"""What cannot be helped by trying again, and how a person can. Source: the error lists of chat.postMessage, chat.update
and conversations.open at https://docs.slack.dev/reference/methods"""

ANYWHERE: Final = frozenset({"home", "words"})
"""What tells everybody only what they may know: a Home tab that may say no, the command nearest to what was said."""

REMEMBERED: Final = 500

log = structlog.get_logger(__name__)


class SlackSender:
    """Threads share one. At most four calls for a message: its conversation, the post, and a plainer post; or its
    conversation and the three of an upload."""

    def __init__(
        self, services: Services, slack: Slack, drawers: Mapping[str, Drawer] = DRAWERS, ticks: Ticks = ticks
    ) -> None:
        self._ticks = ticks
        self._services = services
        self._slack = slack
        self._drawers = drawers
        self._conversations: dict[str, str] = {}
        self._refused: OrderedDict[str, None] = OrderedDict()

    def send(self, message: Message) -> Sent | Dropped | Deferred:
        """Draw it from the state of now and send it, or say why the state no longer warrants it, or not yet."""
        haste = Haste(TO_CALL, self._ticks)
        refused = None if message.kind in ANYWHERE else addressee.refuse(self._services.store, message.channel)
        if refused and refused.reason in PARKS:
            raise DeliveryError(refused.sentence, permanent=True)
        drawn = Dropped(reason=refused.sentence) if refused else self._draw(message)
        if isinstance(drawn, Dropped | Deferred):
            return drawn
        if message.not_after <= self._services.clock():  # drawing took what was left of its time
            return Dropped(reason=LATE)
        try:
            return self._carry(message, drawn, haste)
        except SlackError as error:
            raise _delivery(error) from error

    def find(self, message: Message) -> Sent | None:
        """Look for the message's token in the conversation, or its thread, since it was created."""
        oldest = f"{(message.created_at - SKEW).timestamp():.6f}"
        try:
            channel = self._conversation(message.channel)
            if message.thread_ts:
                pages = self._slack.pages(
                    "conversations.replies",
                    channel=channel,
                    ts=message.thread_ts,
                    oldest=oldest,
                    include_all_metadata="true",
                )
            else:
                pages = self._slack.pages(
                    "conversations.history", channel=channel, oldest=oldest, include_all_metadata="true"
                )
            for page in pages:
                for found in page.get("messages") or ():
                    if _token(found) == message.token:
                        return Sent(channel=channel, ts=str(found["ts"]))
        except SlackError as error:
            raise _delivery(error) from error
        return None

    def _draw(self, message: Message) -> Drawn | DrawnHome | DrawnFile | DrawnPin | Dropped | Deferred:
        """Nothing was sent yet, whatever goes wrong here."""
        drawer = self._drawers.get(message.kind)
        if drawer is None:
            raise DeliveryError(
                f"This version of Interlock can't draw “{message.kind}”; the one that asked for it can."
            )
        try:
            return drawer(self._services, message)
        except InterlockError as error:
            raise DeliveryError(str(error)) from error
        except Exception as fault:
            log.exception("drawer failed", kind=message.kind, id=message.id)
            raise DeliveryError(
                f"Drawing “{message.kind}” broke ({type(fault).__name__}); see Interlock's log."
            ) from fault

    def _carry(self, message: Message, drawn: Drawn | DrawnHome | DrawnFile | DrawnPin, haste: Haste) -> Sent | Dropped:
        if isinstance(drawn, DrawnPin):
            return self._pin(message, drawn, haste)
        if isinstance(drawn, DrawnHome):
            self._write(haste, "views.publish", user_id=drawn.slack_id, view=drawn.view)
            return Sent(channel=f"@{drawn.slack_id}", ts="home")
        if isinstance(drawn, DrawnFile):
            return self._upload(message, drawn, haste)
        channel = self._conversation(drawn.channel or message.channel)
        if message.token in self._refused:
            return self._call(message, drawn, channel, blocks.plain(drawn.message), haste)
        try:
            return self._call(message, drawn, channel, drawn.message, haste)
        except SlackError as error:
            if error.code not in TOO_RICH:
                raise
            log.warning("blocks refused", kind=message.kind, id=message.id, reason=error.code)
            self._remember_refused(message.token)
        return self._call(message, drawn, channel, blocks.plain(drawn.message), haste)

    def _pin(self, message: Message, drawn: DrawnPin, haste: Haste) -> Sent | Dropped:
        """It stands, pinned or not: nobody is called for a pin that Slack refuses, for want of a scope or of room.
        Source: the errors of https://docs.slack.dev/reference/methods/pins.add
        """
        try:
            self._write(haste, "pins.add", channel=drawn.channel, timestamp=drawn.ts)
        except SlackError as error:
            if error.outcome != "refused" or error.code in WRONG_TOKEN:
                raise
            if error.code != "already_pinned":
                log.warning("not pinned", kind=message.kind, id=message.id, reason=error.code)
                return Dropped(reason=f"not pinned: {error.code}")
        return Sent(channel=drawn.channel, ts=drawn.ts)

    def _call(self, message: Message, drawn: Drawn, channel: str, content: blocks.Message, haste: Haste) -> Sent:
        body: dict[str, Any] = {"channel": channel, "text": content.text, "blocks": list(content.blocks)}
        if drawn.update_ts:
            answer = self._write(haste, "chat.update", ts=drawn.update_ts, **body)
        else:
            answer = self._write(
                haste,
                "chat.postMessage",
                thread_ts=message.thread_ts,
                unfurl_links=False,
                unfurl_media=False,
                metadata={"event_type": EVENT_TYPE, "event_payload": {"token": message.token}},
                **body,
            )
        ts = answer.get("ts")
        if not isinstance(ts, str) or not ts:
            raise SlackError("Slack's answer names no message.", unknown_outcome=True)
        return Sent(channel=str(answer.get("channel") or channel), ts=ts)

    def _upload(self, message: Message, drawn: DrawnFile, haste: Haste) -> Sent:
        """In Slack's three steps, of which only the last shows anything. The `ts` is the file's id: Slack makes the
        message later.

        Source: https://docs.slack.dev/messaging/working-with-files#upload
        """
        channel = self._conversation(message.channel)
        try:
            place = self._slack.read(
                "files.getUploadURLExternal",
                filename=drawn.name,
                length=len(drawn.content),
                alt_txt=blocks.cut(drawn.alt_text, blocks.FILE_ALT_TEXT) if drawn.alt_text else None,
            )
            self._slack.put(str(place.get("upload_url") or ""), drawn.content)
        except SlackError as error:
            error.unknown_outcome = False  # nobody sees what was not completed
            raise
        file = str(place.get("file_id") or "")
        self._write(
            haste,
            "files.completeUploadExternal",
            files=[{"id": file, "title": drawn.title}],
            channel_id=channel,
            thread_ts=message.thread_ts,
            initial_comment=drawn.comment,
        )
        return Sent(channel=channel, ts=file)

    def _write(self, haste: Haste, method: str, **body: Any) -> Mapping[str, Any]:
        """What people see changes here, and only if the message is still ours to send. The window that remains is from
        this look to the request's last byte: a process that is stopped within it, for longer than the lease, and then
        goes on may post what another has posted meanwhile.
        """
        if haste.is_over:
            raise DeliveryError(HELD_UP)
        return self._slack.write(method, **body)

    def _conversation(self, channel: str) -> str:
        """The id to post to. `@U123` is the direct message with that person, which never changes its id."""
        if not channel.startswith("@"):
            return channel
        known = self._conversations.get(channel)
        if known is None:
            try:
                answer = self._slack.write("conversations.open", users=channel[1:])
            except SlackError as error:
                error.unknown_outcome = False  # opening twice is opening once, and nothing was posted
                raise
            known = str((answer.get("channel") or {}).get("id") or "")
            if not known:
                raise SlackError("Slack's answer names no conversation.")
            self._conversations[channel] = known
        return known

    def _remember_refused(self, token: str) -> None:
        """The next attempt is plain at once: two calls each time could run into the channel's limit for ever."""
        self._refused[token] = None
        while len(self._refused) > REMEMBERED:
            self._refused.popitem(last=False)


def _delivery(error: SlackError) -> DeliveryError:
    mend = MENDS.get(error.code)
    text = f"{mend or error}"
    if error.needed:
        text += f" Missing: {error.needed}."
    return DeliveryError(
        text,
        # A token that is refused is no fault of the message's.
        permanent=mend is not None and error.code not in WRONG_TOKEN,
        retry_after=error.retry_after,
        unknown_outcome=error.unknown_outcome,
        # To the relay it is as if Slack were down: one message at a time tries it.
        answered=error.answered and error.code not in WRONG_TOKEN,
    )


def _token(found: Mapping[str, Any]) -> str | None:
    metadata = found.get("metadata") or {}
    payload = metadata.get("event_payload") or {}
    return payload.get("token") if metadata.get("event_type") == EVENT_TYPE else None
