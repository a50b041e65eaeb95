"""A release's policy as messages: under which it runs, how its template differs, and a proposal to change it."""

from typing import Any, Final

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
from bot.views.signoff_form import MEANING, MEANING_LETTERS, RELEASE
from interlock.domain.names import LONGEST as NAME
from interlock.domain.policy_change import ANOTHER, Outcome, PolicyChangeCard, PolicyState, said
from interlock.domain.release import LONGEST_REASON, Release
from interlock.domain.signoff import Decision, Progress, Requirement
from interlock.domain.words import count, join

NEW: Final = "policy_change.new"
APPROVE: Final = "policy_change.approve"
REJECT: Final = "policy_change.reject"
WITHDRAW: Final = "policy_change.withdraw"
REASON: Final = "reason"
SHOWN: Final = 7
"""How many differences the card lists, which says where the others are; and how many stand in one block."""
PEOPLE: Final = 3
LETTERS: Final = 300
DONE: Final = {Decision.APPROVED: "approved", Decision.REJECTED: "rejected"}
EFFECT: Final = (
    "Approvals of sign-offs that it changes or drops become void, all others stay. Milestones that it does not move "
    "keep their dates."
)


def state(found: PolicyState) -> Message:
    """`/release policy`"""
    one = found.release
    name = line(one.name, NAME)
    runs = f"*{name}* runs under version {one.policy_version} of {line(one.policy.name)}"
    if found.change is not None:
        return card(found.change, whole=True)
    if found.new_version is None:
        why = line(found.refused.sentence, LETTERS) if found.refused else ""
        return message(f"{name} runs under version {one.policy_version}.", section(f"{runs}.\n{why}"))
    if not found.differs:
        return message(
            f"{name} runs under its template as it is configured now.",
            section(f"{runs}, as it is configured now. There is nothing to change."),
        )
    how = f"Propose it: /release policy {name} change because …"
    told = f"{name} runs under another policy than its template has now: {count(len(found.differs), 'difference')}."
    return message(
        told,
        section(f"{runs}. As it is configured now, its template differs ({found.new_version}):"),
        *_whole(found.differs),
        None if found.refused else actions(button("Propose the change…", NEW, ("release", one.id))),
        context(line(found.refused.sentence, LETTERS) if found.refused else f"{how} The old policy's signers decide."),
    )


def card(picture: PolicyChangeCard, *, whole: bool = False, reader: str = "") -> Message:
    """What would change and why, who has to agree, and the buttons while it can be decided on. `whole`: however much
    differs; `reader`: the id of who alone reads it, and then it has no button that would refuse them.
    """
    change, name = picture.change, line(picture.release.name, NAME)
    word = said(change.outcome) if change.outcome else "waits for approval"
    payload = ("revision", picture.revision_id or "")
    differences = count(len(change.difference), "difference")
    ask = confirm(
        f"Approve the change of {picture.release.name}'s policy?",
        "Once everybody has approved whom the old policy asks, it is carried out at once.",
        "Approve the change",
    )
    sure = confirm("Withdraw the proposal?", "The policy stays as it is.", "Withdraw it")
    return message(
        f"Change {change.id} of {name}'s policy: {word}, {differences}.",
        section(
            f"*Change {change.id} of {name}'s policy* · {word}\n"
            f"{change.old_version} to {change.new_version} of {line(change.new.name)}"
        ),
        *(_whole(change.difference) if whole else [section(_listed(change.difference, name))]),
        section(f"*Why* {line(change.reason, LONGEST_REASON)}"),
        section("\n".join(_asked(each) for each in picture.requirements)),
        section(_ended(picture)) if change.outcome else None,
        actions(
            button("Approve change", APPROVE, payload, style="primary", confirm=ask),
            button("Reject…", REJECT, payload),
            button("Withdraw", WITHDRAW, ("policy_change", change.id), confirm=sure)
            if reader in {"", change.proposed_by.slack_id}
            else None,
        )
        if picture.revision_id
        else None,
        context(_footer(picture)),
    )


def form(one: Release, differs: tuple[str, ...]) -> dict[str, Any]:
    return modal(
        NEW,
        "Change the policy",
        [
            section(f"*{line(one.name, NAME)}*\n{_listed(differs, line(one.name, NAME))}"),
            input_text(
                REASON,
                "Why does it have to change?",
                multiline=True,
                at_most=LONGEST_REASON,
                hint="Shown on the card and kept in the record. Those whom the old policy asks to sign decide.",
            ),
        ],
        submit="Propose",
        private={"release": one.id},
    )


def approve_form(revision_id: str) -> dict[str, Any]:
    """Where the old policy asks its signers for what their signature means."""
    return modal(
        APPROVE,
        "Approve the change",
        [
            input_text(
                RELEASE, "Which release's policy?", hint="Type the release's name as the card has it.", at_most=100
            ),
            input_text(
                MEANING,
                "What does your signature mean?",
                placeholder="Approved after review of the difference",
                hint="Kept in the record with your name and the time.",
                at_most=MEANING_LETTERS,
            ),
        ],
        submit="Approve",
        private={"revision": revision_id},
    )


def reject_form(revision_id: str, one: Release) -> dict[str, Any]:
    return modal(
        REJECT,
        "Reject the change",
        [
            section(f"The policy of {line(one.name, NAME)} stays as it is."),
            input_text(REASON, "Why not?", multiline=True, at_most=LONGEST_REASON, hint="Shown on the card."),
        ],
        submit="Reject",
        private={"revision": revision_id},
    )


def proposed(one: Release, number: int) -> Message:
    return sentence(
        f"Proposed: change {number} of {line(one.name, NAME)}'s policy is on its way to <#{one.channel_id}>. Others "
        "decide; you hear of it."
    )


def decided(
    one: Release,
    number: int,
    requirement: Requirement,
    decision: Decision,
    outcome: Outcome | None,
    further: tuple[tuple[Requirement, str], ...],
    *,
    again: bool,
) -> Message:
    name, already = line(one.name, NAME), " already" if again else ""
    place = f" for {line(requirement.name)}" if requirement.key else ""
    text = f"Recorded{already}: you {DONE[decision]} change {number} of {name}'s policy{place}."
    if outcome is Outcome.APPLIED:
        text += f" It is carried out: {name} runs under version {one.policy_version} now."
    elif outcome is Outcome.REJECTED:
        text += " It is over."
    buttons = [button(f"Approve for {each.name}", APPROVE, ("revision", shown)) for each, shown in further]
    return message(text, section(text), actions(*buttons) if buttons else None)


def meaning_wanted(number: int) -> Message:
    return refusal(
        f"Not recorded yet: the old policy asks what your signature means. Type /release policy approve {number}, the "
        "release's name, and the meaning."
    )


def withdrawn(one: Release, *, again: bool) -> Message:
    already = " already" if again else ""
    return sentence(f"Withdrawn{already}: {line(one.name, NAME)} keeps the policy that it has.")


def told(picture: PolicyChangeCard) -> Message:
    """For whoever proposed it."""
    assert picture.change.outcome is not None, "told of once it has ended"
    name, word = line(picture.release.name, NAME), said(picture.change.outcome)
    return message(
        f"Your change of {name}'s policy was {word}.",
        section(f"*{name}* · your change {picture.change.id} of its policy was {word}\n{_ended(picture)}"),
        context(f"You get this because you proposed it. The card is in <#{picture.release.channel_id}>."),
    )


def _listed(differs: tuple[str, ...], name: str) -> str:
    left = len(differs) - SHOWN
    lines = [f"• {line(each, LETTERS)}" for each in differs[:SHOWN]]
    return "\n".join([*lines, f"and {left} more: /release policy {name}"] if left > 0 else lines)


def _whole(differs: tuple[str, ...]) -> list[Block]:
    lines = [f"• {line(each, LETTERS)}" for each in differs]
    return [section("\n".join(lines[at : at + SHOWN])) for at in range(0, len(lines), SHOWN)]


def _asked(requirement: Requirement) -> str:
    """`*QA* · 1 of 2: Tom · Ines or Noor can`"""
    by = join([line(each.person.name) for each in requirement.approvals])
    if requirement.rejections:
        return f"*{line(requirement.name)}* · rejected by {line(requirement.rejections[0].person.name)}"
    head = f"*{line(requirement.name)}* · {requirement.count} of {requirement.quorum}{f': {by}' if by else ''}"
    if requirement.progress is Progress.MET or requirement.key == ANOTHER.key:
        return head
    left = [line(each.name) for each in requirement.left]
    more = [f"{len(left) - PEOPLE} more"] if len(left) > PEOPLE else []
    return f"{head} · {join(left[:PEOPLE] + more, 'or')} can" if left else f"{head} · nobody can at present"


def _ended(picture: PolicyChangeCard) -> str:
    change = picture.change
    by = f" by {line(change.ended_by.name)}" if change.ended_by else ""
    when = f" {moment(change.ended_at)}" if change.ended_at else ""
    why = f": {line(change.end_reason, LONGEST_REASON)}" if change.end_reason else "."
    if change.outcome is Outcome.APPLIED:
        return f"*Carried out*{when} with the last approval,{by}{why} {EFFECT}"
    if change.outcome is Outcome.TIMED_OUT:
        return f"*Not decided in time*{when}. That is no rejection: it may be proposed anew."
    word = said(change.outcome).capitalize() if change.outcome else ""
    return f"*{word}*{by}{when}{why}"


def _footer(picture: PolicyChangeCard) -> str:
    change = picture.change
    by = f"Proposed by {line(change.proposed_by.name)} {moment(change.proposed_at)}"
    if change.outcome:
        return f"{by}."
    if not picture.revision_id:
        return f"{by}. It can't be carried out any more."
    ends = f"If nobody decides by {moment(change.closes_at)}, it ends, which is no rejection."
    return f"{by}, who can't decide on it. {EFFECT} {ends}"
