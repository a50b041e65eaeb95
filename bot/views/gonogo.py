"""A roll-call's card, the answers to its votes, and what the people concerned are told."""

from dataclasses import replace
from typing import Any, Final

from bot.views import stage as stage_view
from bot.views.blocks import (
    Block,
    Message,
    actions,
    button,
    confirm,
    context,
    line,
    message,
    moment,
    refusal,
    section,
    sentence,
)
from bot.views.forms import input_text, modal
from bot.views.release import title
from bot.views.text import escape, mark
from interlock.domain.actor import SOMEBODY
from interlock.domain.gonogo import Board, Choice, Outcome, Vote, leads_to, said, voice
from interlock.domain.names import LONGEST
from interlock.domain.release import LONGEST_REASON, Release
from interlock.domain.stage import Ahead, words
from interlock.domain.words import count, join

GO: Final = "gonogo.go"
NO_GO: Final = "gonogo.no_go"
ABSTAIN: Final = "gonogo.abstain"
CONFIRM: Final = "gonogo.confirm"
REASON: Final = "reason"
NAMES: Final = 3
WHY: Final = 200

LIGHTS: Final = {Outcome.GO: mark("green"), Outcome.NO_GO: mark("red"), Outcome.OPEN: mark("amber")}
DONE: Final = {Choice.GO: "go", Choice.NO_GO: "no-go", Choice.ABSTAIN: "that you abstain"}


def card(found: Board) -> Message:
    """Who has voted what, who is waited for, and the buttons that count now."""
    one, call = found.release, found.roll_call
    return message(
        f"Go/no-go for {one.name}: {_state(found)}.",
        section(f"*Go/no-go for {title(one)}* · {_light(found)} · {_state(found)}"),
        section("\n".join(_role(found, role) for role in call.rule.roles)),
        _votes(found),
        _confirmation(found),
        context(f"{_scope(found)} · {_rule(found)}", _when(found)),
    )


def opened(one: Release) -> Message:
    return sentence(f"The roll-call for {line(one.name, LONGEST)} is on its way to <#{one.channel_id}>.")


def voted(one: Release, role: str, choice: Choice, *, again: bool) -> Message:
    name = line(one.name, LONGEST)
    if again:
        return sentence(f"You voted {DONE[choice]} on {name} for {line(role)} already.")
    return sentence(f"Recorded: {DONE[choice]} on {name} for {line(role)}. Until it closes you can vote anew.")


def stale(one: Release, changes: dict[str, int]) -> Message:
    return refusal(
        f"Not recorded: the scope of {line(one.name, LONGEST)} changed since you were shown it ({_changes(changes)}). "
        "The card is drawn anew; look again, then vote."
    )


def no_go_form(revision_id: str, role: str) -> dict[str, Any]:
    why = input_text(
        REASON,
        "Why not?",
        multiline=True,
        at_most=LONGEST_REASON,
        hint=f"You vote for {role}. Shown in the release's channel and kept in the record.",
    )
    return modal(NO_GO, "Vote no-go", [why], submit="Vote no-go", private={"revision": revision_id})


def ended(one: Release, outcome: Outcome, *, again: bool) -> Message:
    name, told = line(one.name, LONGEST), "was" if again else "is"
    if outcome is Outcome.WITHDRAWN:
        return sentence(f"The roll-call for {name} is withdrawn. It stays in the record.")
    return sentence(f"{said(outcome).capitalize()} {told} confirmed: {name} is {words(one.stage)}.")


def lacking(found: Ahead) -> Message:
    """Confirmed go, but a condition of go does not hold."""
    drawn = stage_view.ahead(found)
    told = section("Not confirmed, and nothing moved: the roll-call stands, but go takes more than votes.")
    return replace(drawn, blocks=(told, *drawn.blocks), refused=True)


def chase(found: Board, roles: tuple[str, ...], *, last: bool) -> Message:
    one, call = found.release, found.roll_call
    asked = join([line(role) for role in roles], "or")
    following_ = "No reminder follows." if last else "Next: once more, when an eighth of the time is left."
    return message(
        f"{one.name} waits for your vote on go or no-go.",
        section(
            f"*{title(one)}* waits for a vote of *{asked}* on go or no-go, until {moment(call.closes_at)}.\n"
            f"{len(found.tally.counted)} of {count(len(call.rule.roles), 'role')} have voted. {_scope(found)}"
        ),
        _votes(found),
        context(
            f"You get this because you are of {asked}, which has not voted. "
            f"It stops when somebody of it votes, or the roll-call ends. {following_}"
        ),
    )


def result(found: Board) -> Message:
    """For whoever opened it: the votes come to something, which somebody has to confirm."""
    one, outcome = found.release, said(found.tally.outcome)
    return message(
        f"The roll-call for {one.name} comes to {outcome}. Confirm it.",
        section(f"*Go/no-go for {title(one)}* · {_light(found)} · *{outcome}*\n{_tally(found)}"),
        _confirmation(found),
        context(
            f"You get this because you opened it. It stops when it is confirmed. The card is in <#{one.channel_id}>."
        ),
    )


def void(found: Board, role: str, choice: Choice, changes: dict[str, int]) -> Message:
    one = found.release
    mine = {Choice.GO: "Your go", Choice.ABSTAIN: "Your abstention"}.get(choice, "Your vote")
    late = "" if found.revision_id else " The roll-call has closed, so no other takes its place."
    return message(
        f"{mine} on {one.name} no longer counts: its scope changed.",
        section(
            f"{mine} on *{title(one)}* for *{line(role)}* no longer counts: the scope changed since "
            f"({_changes(changes)}).{late}"
        ),
        _votes(found),
        context(f"You get this because you voted. To look first, see the card in <#{one.channel_id}>."),
    )


def record(found: Board) -> Message:
    """What stays in the channel: who voted what, for which role, when, by which rule, on which scope."""
    one, call, tally = found.release, found.roll_call, found.tally
    outcome = call.outcome or tally.outcome
    by = line(found.names.get(call.ended_by or "", SOMEBODY))
    when = moment(call.ended_at) if call.ended_at else ""
    dissent = f"*Dissent* {join([line(vote.role) for vote in tally.dissent])}" if tally.dissent else "*Dissent* none"
    return message(
        f"Go/no-go for {one.name}: {said(outcome)}.",
        section(f"*Go/no-go for {title(one)}* · {LIGHTS.get(outcome, mark('unknown'))} · *{said(outcome)}*"),
        section("\n".join(_kept(found, role) for role in call.rule.roles)),
        section(f"{dissent}\n*Result* {_tally(found)}\n*Confirmed* by {by} {when}"),
        context(
            f"{_scope(found)}, fingerprint {found.fingerprint[:12]}",
            f"{_rule(found)}, policy {line(call.policy_version)}",
            f"Opened by {line(found.names.get(call.opened_by, SOMEBODY))} {moment(call.opened_at)}",
        ),
    )


def _light(found: Board) -> str:
    return LIGHTS.get(found.roll_call.outcome or found.tally.outcome, mark("unknown"))


def _state(found: Board) -> str:
    call, tally = found.roll_call, found.tally
    if call.outcome is not None:
        return said(call.outcome)
    if tally.outcome is Outcome.OPEN:
        return f"{len(tally.counted)} of {count(len(call.rule.roles), 'role')} voted"
    return f"{said(tally.outcome)}, to be confirmed"


def _role(found: Board, role: str) -> str:
    vote = next((each for each in found.tally.counted if each.role == role), None)
    if vote:
        return f"*{line(role)}* · {_vote(vote, WHY)}"
    if found.tally.outcome is not Outcome.OPEN:
        return f"*{line(role)}* · did not vote"
    names = [line(who.name) for who in found.people.get(role, ())]
    shown = names[:NAMES] + ([f"{len(names) - NAMES} more"] if len(names) > NAMES else [])
    return f"*{line(role)}* · waiting for {join(shown, 'or') if shown else 'nobody: the role has no people'}"


def _kept(found: Board, role: str) -> str:
    vote = next((each for each in found.tally.counted if each.role == role), None)
    return (
        f"*{line(role)}* · {_vote(vote, LONGEST_REASON)}, {moment(vote.at)}"
        if vote
        else f"*{line(role)}* · did not vote"
    )


def _vote(vote: Vote, letters: int) -> str:
    why = f": {line(vote.reason, letters)}" if vote.reason else ""
    choice = f"*{voice(vote.choice)}*" if vote.choice is Choice.NO_GO else voice(vote.choice)
    return f"{choice} · {line(vote.person.name)}{why}"


def _votes(found: Board) -> Block | None:
    if found.revision_id is None:
        return None
    payload = ("revision", found.revision_id)
    return actions(
        button("Vote go", GO, payload, style="primary") if found.tickets else None,
        button("Vote no-go…", NO_GO, payload),
        button("Abstain", ABSTAIN, payload),
    )


def _confirmation(found: Board) -> Block | None:
    """The button that confirms what the votes come to, and says what that does."""
    one, call, outcome = found.release, found.roll_call, found.tally.outcome
    if call.ended or one.ended or outcome is Outcome.OPEN:
        return None
    payload = ("gonogo", f"{call.id}.{outcome.value}")
    if outcome is Outcome.GO:
        return actions(button(f"Confirm go for {one.name}", CONFIRM, payload, style="primary"))
    back = leads_to(one, outcome)
    does = f"{one.name} goes back to {words(back)}." if back else f"{one.name} stays {words(one.stage)}."
    sure = confirm(f"Confirm {said(outcome)}?", does, "Confirm")
    return actions(button(f"Confirm {said(outcome)}", CONFIRM, payload, confirm=sure))


def _tally(found: Board) -> str:
    return escape(found.tally.why)


def _scope(found: Board) -> str:
    hidden = f" ({count(found.restricted, 'restricted ticket')} among them)" if found.restricted else ""
    return f"{found.done} of {count(found.tickets, 'ticket')} done{hidden}"


def _rule(found: Board) -> str:
    rule = found.roll_call.rule
    absent = "absent counts as no-go" if rule.absent == "no_go" else "absent blocks"
    return f"Go takes {rule.at_least} % of go and no-go, {absent}"


def _when(found: Board) -> str:
    one, call = found.release, found.roll_call
    by = line(found.names.get(call.opened_by, SOMEBODY))
    if call.outcome is Outcome.WITHDRAWN:
        why = f": {line(call.end_reason or '', WHY)}"
        return f"Withdrawn by {line(found.names.get(call.ended_by or '', SOMEBODY))}{why}"
    if call.ended_at:
        return f"Confirmed by {line(found.names.get(call.ended_by or '', SOMEBODY))} {moment(call.ended_at)}."
    if found.tally.outcome is Outcome.OPEN and not one.ended:
        return f"Opened by {by}. It closes {moment(call.closes_at)}. One vote a role."
    return f"{_tally(found)}. Opened by {by}; closes {moment(call.closes_at)}. Who may say go confirms it."


def _changes(changes: dict[str, int]) -> str:
    return join([f"{number} {what}" for what, number in changes.items()]) or "and changed back"
