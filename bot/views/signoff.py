"""The sign-off card: what is asked of whom, under which policy, and how far it has come."""

from datetime import datetime

from bot.views.blocks import (
    Block,
    Message,
    actions,
    button,
    confirm,
    context,
    day,
    line,
    mark,
    message,
    moment,
    section,
    sentence,
)
from bot.views.break_glass import flagged
from interlock.domain.actor import Person
from interlock.domain.release import Release, Stage
from interlock.domain.signoff import Condition, Progress, Requirement, Signoff, SignoffCard
from interlock.domain.visibility import MEMBER, RESTRICTED, Audience, may_show
from interlock.domain.words import ago, count, join

APPROVE, REJECT, REVOKE, REQUEST = "signoff.approve", "signoff.reject", "signoff.revoke", "signoff.request"
CONDITIONS, OPEN = "signoff.conditions", "condition.list"
REASON = "reason"
REASON_LETTERS = 1000
SHOWN = 5
NONE_ASKED = "The release's policy asks for none any more."
WORDS = {
    Progress.OPEN: "Open",
    Progress.MET: "Given",
    Progress.CONDITIONAL: "Given, conditions open",
    Progress.REJECTED: "Rejected",
    Progress.EMERGENCY: "Let pass by break glass",
}


def card(picture: SignoffCard, now: datetime, audience: Audience) -> Message:
    """The live card in the release's channel: what is asked, of whom, the scope in numbers, and the buttons."""
    release, name = picture.release, line(picture.release.name)
    state = _state(picture)
    if release.settled:
        return _ended(picture)
    return message(
        f"Sign-offs for {name}: {state}. Scope: {_scope(picture)}.",
        section(f"*Sign-offs for {name}* · {state} · target {day(release.target)}"),
        section(f"*Scope* {_scope(picture)}"),
        section("\n".join(_progress(each, picture, audience) for each in picture.requirements) or NONE_ASKED),
        _broken(picture),
        _self_signing(picture.requirements),
        _buttons(picture) if picture.requirements else None,
        context(_footer(picture, now)),
    )


def _footer(picture: SignoffCard, now: datetime) -> str:
    by = f" by {line(picture.requested_by.name)}" if picture.requested_by else ""
    asked = f"Asked for{by}{f' {moment(picture.requested_at)}' if picture.requested_at else ''}."
    said = (asked, _excluded(picture.requirements), _terms(picture.requirements), _fresh(picture, now))
    return " ".join(each for each in said if each)


def _ended(picture: SignoffCard) -> Message:
    """What stays of the card: what was given when the release ended."""
    release, name = picture.release, line(picture.release.name)
    ended = f" {day(release.closed_at)}" if release.closed_at else ""
    state = f"{release.stage.value.capitalize()}{ended}"
    given = [f"*{line(each.name)}* · {_given(each)}" for each in picture.requirements]
    return message(
        f"Sign-offs for {name}: {state}.",
        section(f"*Sign-offs for {name}* · {state} · {picture.met} of {len(picture.requirements)} given"),
        section("\n".join([*given, *flagged(picture.break_glass)]) or NONE_ASKED),
        context("Nothing more is decided on it."),
    )


def _given(requirement: Requirement) -> str:
    names = [line(each.person.name) for each in requirement.approvals]
    if requirement.progress is Progress.EMERGENCY and requirement.emergency:
        names = [line(each.name) for each in requirement.emergency.by]
    return f"{WORDS[requirement.progress]}{f': {join(names)}' if names else ''}"


def overview(picture: SignoffCard, now: datetime) -> Message:
    """`/release signoffs`: the same facts for one reader; where nobody asked yet, the button that asks."""
    name, requirements = line(picture.release.name), picture.requirements
    if not requirements:
        return sentence(f"{name} needs no sign-offs: its template names none.")
    if picture.release.settled:
        return _ended(picture)
    state = _state(picture)
    asked = picture.requested_at is not None
    return message(
        f"{name}: {state}.",
        section(f"*{name}* · {state}" if asked else f"*{name}* · sign-offs not asked for yet"),
        section("\n".join(_progress(each, picture, MEMBER) for each in requirements)),
        _broken(picture),
        _self_signing(requirements),
        _conditions_button(picture),
        None if asked else _request_button(picture.release, len(requirements)),
        context(_fresh(picture, now)),
    )


def _broken(picture: SignoffCard) -> Block | None:
    return section("\n".join(flagged(picture.break_glass))) if picture.break_glass else None


def _buttons(picture: SignoffCard) -> Block | None:
    if picture.revision_id is None:
        return None
    payload = ("revision", picture.revision_id)
    name = picture.release.name
    falls = " Its go is taken back, if it needs it." if picture.release.stage is Stage.GO else ""
    ask = confirm("Revoke your sign-off?", f"What you signed on {name} will no longer count.{falls}", "Revoke")
    return actions(
        *deciding(picture.tickets, payload),
        button("Revoke mine", REVOKE, payload, confirm=ask),
        open_button(picture),
    )


def deciding(tickets: int, payload: tuple[str, str]) -> tuple[Block | None, ...]:
    """The buttons of whoever may sign, wherever they are asked. Nobody can have looked at nothing."""
    return (
        button(f"Approve {count(tickets, 'ticket')}", APPROVE, payload, style="primary") if tickets else None,
        button("Approve with conditions…", CONDITIONS, payload) if tickets else None,
        button("Reject…", REJECT, payload),
    )


def open_button(picture: SignoffCard) -> Block | None:
    """Leads to the conditions that are open, where somebody may tick them off."""
    if not any(each.open_conditions for each in picture.requirements):
        return None
    return button("Conditions", OPEN, ("release", picture.release.id))


def _conditions_button(picture: SignoffCard) -> Block | None:
    found = open_button(picture)
    return actions(found) if found else None


def _request_button(release: Release, requirements: int) -> Block | None:
    text = f"Ask for {count(requirements, 'sign-off')}"
    return actions(button(text, REQUEST, ("release", release.id), style="primary"))


def _scope(picture: SignoffCard) -> str:
    hidden = f" · {count(picture.restricted, 'restricted ticket')} among them" if picture.restricted else ""
    return f"{picture.done} of {count(picture.tickets, 'ticket')} done{hidden}"


def _state(picture: SignoffCard) -> str:
    """`🔴 Red · 4 of 5 given, 1 rejected`"""
    given = f"{picture.met} of {len(picture.requirements)} given"
    rejected = sum(1 for requirement in picture.requirements if requirement.progress is Progress.REJECTED)
    passed = sum(1 for requirement in picture.requirements if requirement.progress is Progress.EMERGENCY)
    given += f", {passed} let pass by break glass" if passed else ""
    if rejected:
        return f"{mark('red')} · {given}, {rejected} rejected"
    return f"{mark('green' if picture.met == len(picture.requirements) else 'amber')} · {given}"


def _progress(requirement: Requirement, picture: SignoffCard, audience: Audience) -> str:
    """`*QA* · Open (1 of 2): Tom Arkwright, 09:00 · waiting for Ines Calder or Noor Salter`"""
    name = line(requirement.name)
    given = [_word(each) for each in requirement.approvals]
    against = [f"{_signer(each)}: {line(each.reason or '')}" for each in requirement.rejections]
    if against:
        return f"*{name}* · {WORDS[requirement.progress]}: {'; '.join(against)}{_left_behind(requirement)}"
    state = WORDS[requirement.progress]
    if requirement.progress is Progress.CONDITIONAL:
        state = f"Given, {count(len(requirement.open_conditions), 'condition')} open"
    if requirement.emergency and requirement.progress is Progress.EMERGENCY:
        by = join([line(each.name) for each in requirement.emergency.by])
        state += f" {requirement.emergency.id}, {by}, until {moment(requirement.emergency.until)}"
    head = f"*{name}* · {state} ({requirement.counted} of {requirement.quorum}{_wanted(requirement)})"
    told = f"{head}{f': {join(given)}' if given else ''}"
    if requirement.progress is Progress.MET:
        return told
    if requirement.progress is Progress.CONDITIONAL:
        return f"{told} · {conditions(requirement.open_conditions, audience)}"
    hanging = requirement.open_conditions
    on = f" · {count(len(hanging), 'condition')} open" if hanging else ""
    return f"{told}{on} · waiting for {_awaited(requirement, picture)}{_late(requirement, picture)}"


def _word(signoff: Signoff) -> str:
    """Whose approval, since when, until when, and what they typed that it means."""
    until = f", holds until {day(signoff.valid_until.date())}" if signoff.valid_until else ""
    meaning = f" “{line(signoff.meaning)}”" if signoff.meaning else ""
    return f"{_signer(signoff)}, {moment(signoff.at)}{meaning}{until}"


def _signer(signoff: Signoff) -> str:
    place = f" for {line(signoff.principal.name)}" if signoff.principal else ""
    return f"{line(signoff.person.name)}{place}"


def _wanted(requirement: Requirement) -> str:
    """What else policy asks of the approvals."""
    rule = requirement.rule
    everybody = ", everybody" if rule.quorum == "all" else ""
    group = f", one of them of @{line(rule.mandatory_group)}" if rule.mandatory_group else ""
    return everybody + group


def conditions(open_: tuple[Condition, ...], audience: Audience) -> str:
    shown = [condition_name(each, audience) for each in open_[:SHOWN]]
    return join(shown + ([f"{len(open_) - SHOWN} more"] if len(open_) > SHOWN else []))


def condition_name(condition: Condition, audience: Audience) -> str:
    if condition.ticket_id and not may_show(audience, condition, condition.team):
        return RESTRICTED
    return line(condition.text)


def _awaited(requirement: Requirement, picture: SignoffCard) -> str:
    left, lacking = list(requirement.left), requirement.lacking
    if not lacking:
        left, lacking = [each for each in left if each.slack_id in requirement.mandatory], 1
    named = [_with_absence(each, requirement, picture) for each in left]
    if requirement.rule.quorum != "all":
        return _any_of(named, lacking)
    named += [f"{line(each.name)} (no tracker account is linked: /link)" for each in requirement.unverified]
    return join(named[:SHOWN] + ([f"{len(named) - SHOWN} more"] if len(named) > SHOWN else [])) or _any_of([], 1)


def _with_absence(person: Person, requirement: Requirement, picture: SignoffCard) -> str:
    absence = next((each for each in picture.absences if each.person.slack_id == person.slack_id), None)
    if absence is None:
        return line(person.name)
    stand_in = requirement.stand_in(absence)
    place = f", {line(stand_in.name)} signs meanwhile" if stand_in else ""
    return f"{line(person.name)} (away until {day(absence.until.date())}{place})"


def _late(requirement: Requirement, picture: SignoffCard) -> str:
    names = [line(who.name) for id_, who in picture.unanswered if id_ == requirement.id]
    return f" · no answer in time from {join(names[:SHOWN])}" if names else ""


def _left_behind(requirement: Requirement) -> str:
    if not requirement.left_behind or requirement.rejections != requirement.left_behind:
        return ""
    names = join([line(each.person.name) for each in requirement.left_behind])
    return f" · {names} left; approving it anew lifts that"


def _excluded(requirements: tuple[Requirement, ...]) -> str:
    """Policy's exclusions, in words."""
    told = []
    if any(each.rule.exclude_requester for each in requirements):
        strict = [each for each in requirements if each.rule.exclude_requester]
        where = "" if len(strict) == len(requirements) else f" for {_names(strict)}"
        told.append(f"Whoever asked for these can't sign{where}.")
    planner = [each for each in requirements if each.rule.exclude_release_manager]
    if planner:
        told.append(f"Whoever planned it can't sign for {_names(planner)}.")
    assigned = [each for each in requirements if each.rule.exclude_assignees]
    if assigned:
        told.append(f"For {_names(assigned)}, whoever is or was assigned to a ticket in scope can't either.")
    return " ".join(told)


def _terms(requirements: tuple[Requirement, ...]) -> str:
    """What else holds of these sign-offs, in words; empty for the usual."""
    told = []
    for each in requirements:
        name, rule = line(each.name), each.rule
        if rule.before_stage != "go":
            told.append(f"{name} is needed before {rule.before_stage}.")
        if rule.valid_days:
            told.append(f"An approval for {name} holds {count(rule.valid_days, 'day')}.")
        if rule.teams:
            told.append(f"Only changes of {join([line(team) for team in rule.teams])} touch {name}.")
        if rule.answer_within_business_days:
            within = count(rule.answer_within_business_days, "business day")
            told.append(f"{name} is to answer within {within}.")
        if rule.step_up:
            told.append(f"Whoever approves for {name} types what their signature means.")
    return " ".join(told)


def _self_signing(requirements: tuple[Requirement, ...]) -> Block | None:
    """What weakens four eyes stands where everybody reads it."""
    loose = [each for each in requirements if not each.rule.exclude_requester]
    if not loose:
        return None
    return section(f"*Policy lets whoever asked for these sign {_names(loose)} themselves.*")


def _names(requirements: list[Requirement]) -> str:
    return join([line(each.name) for each in requirements])


def _any_of(names: list[str], wanted: int) -> str:
    if not names:
        return "nobody: no eligible person is left"
    if len(names) < wanted:
        return f"{wanted}, but only {join(names)} can"
    shown = names[:SHOWN] + ([f"{len(names) - SHOWN} more"] if len(names) > SHOWN else [])
    if wanted == len(names):
        return join(shown)
    return join(shown, "or") if wanted == 1 else f"{wanted} of {join(shown)}"


def _fresh(picture: SignoffCard, now: datetime) -> str:
    return f"Jira as of {ago(picture.mirror_as_of, now)}." if picture.mirror_as_of else "Jira was never read yet."
