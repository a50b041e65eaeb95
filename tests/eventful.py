"""A release to which everything happened that evidence tells of."""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any, Final

from interlock.config.template import policy_version
from interlock.domain.authority import Refused
from interlock.domain.break_glass import Confirmed
from interlock.domain.condition import Ticked
from interlock.domain.freeze_exception import Decision as Verdict
from interlock.domain.gonogo import Choice, Outcome
from interlock.domain.permission import Permission
from interlock.domain.policy import BreakGlassRule, CriterionRule, GonogoRule, Policy, RequirementRule, Role, Template
from interlock.domain.policy_change import Outcome as Fate
from interlock.domain.release import ScopeRule
from interlock.domain.runbook import Deed
from interlock.domain.secret import Issued
from interlock.domain.signing import Accepted, Signature
from interlock.domain.signoff import Decision
from interlock.domain.waiver import WaiverState
from interlock.store.engine import Store
from interlock.store.person import ChannelRow, GroupMemberRow, GroupRow
from interlock.store.ticket import TicketComponentRow
from interlock.usecases import (
    blocker,
    break_glass,
    break_glass_end,
    card,
    collision,
    condition,
    criterion,
    delegation,
    freeze_exception,
    gonogo,
    gonogo_card,
    gonogo_end,
    policy_change,
    policy_change_card,
    policy_change_end,
    policy_change_word,
    raid,
    raid_review,
    report,
    runbook,
    signoff,
    signoff_revoke,
    waiver,
)
from interlock.usecases.signoff import NOTHING, With
from tests.builders import CHANNEL, NOW, STEPS, TEMPLATE, actor, people, release, ticket
from tests.calendars import POLICY as WITH_FREEZE
from tests.calendars import REASONS, component
from tests.evidences import PERMISSIONS
from tests.raids import a_decision, a_risk

REQUIREMENTS: Final = (
    RequirementRule(key="qa", name="QA", groups=("qa-approvers",), quorum=2, delegation=True),
    RequirementRule(
        key="governance", name="Data Governance", people=("maria@practice.example",), step_up=True, valid_days=30
    ),
    RequirementRule(key="security", name="Security", people=("noor@practice.example",)),
)
GATES: Final = (
    CriterionRule(kind="scope_complete", name="Everything is done", at_least=90),
    CriterionRule(kind="checklist", name="Model card is written", link_needed=True),
    CriterionRule(kind="checklist", name="Bias is reviewed"),
    CriterionRule(kind="report", name="Tests cover enough", report="coverage", minimum=80),
    CriterionRule(kind="report", name="Tests cover not too much", report="coverage", maximum=99),
)
KIND: Final = replace(
    TEMPLATE,
    requirements=REQUIREMENTS,
    criteria=GATES,
    runbook=STEPS,
    gonogo=GonogoRule(roles=("qa", "data", "ml"), at_least=60),
    break_glass=BreakGlassRule(),
    one_person_one_requirement=False,
)
"""As it is in the end."""
_QA, _GOVERNANCE, _SECURITY = REQUIREMENTS
BEFORE: Final = replace(
    KIND, requirements=(_QA, replace(_GOVERNANCE, valid_days=60), _SECURITY), criteria=GATES[:-1], version=0
)
LAX: Final = replace(KIND, requirements=(replace(_QA, quorum=1), _GOVERNANCE))
POLICY: Final[Policy] = replace(
    WITH_FREEZE,
    roles=WITH_FREEZE.roles
    | {
        "qa": Role(groups=("qa-approvers",)),
        "data": Role(people=("maria@practice.example",)),
        "ml": Role(people=("ravi@practice.example",)),
        "breakers": Role(people=tuple(f"{each}@practice.example" for each in ("rita", "tom", "ana"))),
    },
    permissions=WITH_FREEZE.permissions | PERMISSIONS | {Permission.BREAK_GLASS_CONFIRM: ("breakers",)},
)
SIGNED: Final = Signature(release="2026.12", meaning="Approved after review")


def eventful(store: Store) -> int:
    """It goes through everything but the end: what is granted and what is refused, what is changed and what stays."""
    number = beginning(store)
    happen(store, number)
    return number


def beginning(store: Store) -> int:
    """The release, and another beside it, before anything happens."""
    with store.write() as session:
        people(session)
        session.add(ChannelRow(id="C0GOVERNANCE", name="governance", member=True))
        session.add(GroupRow(id="S0BOARD", handle="change-board", name="Change board"))
        session.flush()
        session.add_all(GroupMemberRow(group_id="S0BOARD", slack_id=f"U0{who}") for who in ("INES", "RITA"))
        for key, level in (("DATA-1", None), ("DATA-2", None), ("ML-3", None), ("DATA-666", "10000")):
            ticket(session, key, category="done", security_level=level)
        ticket(session, "PAY-7", versions=())
        more: dict[str, Any] = {"stage": "ready", "policy_version": policy_version(BEFORE)}
        number = release(session, template=BEFORE, **more)
        session.add(TicketComponentRow(ticket_id="id-DATA-2", component="Streaming"))
        component(session, "DATA-9", "Streaming", versions=("v2",))
        release(session, name="Payments 7", rule=ScopeRule(version_ids=("v2",)))
        return number


def happen(store: Store, number: int) -> None:
    """To the release that `beginning` made."""
    asked = _sign(store, number)
    _break_glass(store)
    _change_policy(store, number)
    _sign_again(store, asked)
    _break_glass_again(store)
    _pass_gates(store)
    _vote(store, number)
    _log(store, number)
    _deploy(store, number)
    _propose_in_vain(store, number)


def _sign(store: Store, number: int) -> int:
    """The card's number."""
    delegation.away(store, POLICY, actor("INES"), NOW + timedelta(days=4), "@maria", NOW)
    requested = signoff.request(store, POLICY, actor("RITA"), number, NOW)
    assert isinstance(requested, signoff.Requested), requested
    drawn = card.draw(store, requested.card.id, NOW)
    assert drawn is not None
    qa, governance = (f"{drawn.revision_id}.{each}" for each in (1, 2))

    def say(who: str, what: str, decision: Decision, reason: str | None = None, more: With = NOTHING) -> None:
        signoff.decide(store, POLICY, actor(who), what, decision, reason, NOW, more)

    say("RITA", qa, Decision.APPROVED)  # is refused: she asked for it
    say("NOOR", qa, Decision.REJECTED, "The rollback was not tried")
    signoff_revoke.revoke(store, POLICY, actor("NOOR"), str(drawn.revision_id), NOW)
    say("MARIA", qa, Decision.APPROVED)
    say("TOM", qa, Decision.APPROVED, more=With(conditions=("ML-3", "Rollback tested")))
    say("MARIA", governance, Decision.APPROVED, more=With(signature=SIGNED))
    ticked = condition.tick(store, POLICY, actor("INES"), 2, NOW)
    assert isinstance(ticked, Ticked), ticked
    return requested.card.id


def _sign_again(store: Store, asked: int) -> None:
    """What the changed policy made void."""
    drawn = card.draw(store, asked, NOW)
    assert drawn is not None
    seen, more = f"{drawn.revision_id}.2", With(signature=SIGNED)
    done = signoff.decide(store, POLICY, actor("MARIA"), seen, Decision.APPROVED, None, NOW, more)
    assert isinstance(done, signoff.Decided), done
    assert isinstance(done.verdict, Accepted), done


def _break_glass(store: Store) -> None:
    """Once it is withdrawn, and once the change of the policy overtakes it."""
    _ask_to_break(store, "payments fail since 02:10")
    break_glass_end.take_back(store, POLICY, actor("RITA"), 1, "Noor is on her way", NOW)
    _ask_to_break(store, "Noor's train stands still")
    _confirm(store, "TOM")


def _break_glass_again(store: Store) -> None:
    """Once it is taken back, and once it holds, and somebody looks into it."""
    _ask_to_break(store, "the policy was changed since")
    _confirm(store, "ANA")
    break_glass_end.take_back(store, POLICY, actor("ANA"), 3, "The fix was not the one I meant", NOW)
    _ask_to_break(store, "with the right fix")
    _confirm(store, "RITA", refused="own_request")
    _confirm(store, "ANA")
    done = break_glass_end.review(store, POLICY, actor("RAVI"), 4, "The fix was tried on uat-1", NOW)
    assert isinstance(done, break_glass_end.Reviewed), done


def _ask_to_break(store: Store, why: str) -> None:
    done = break_glass.ask(store, POLICY, actor("RITA"), f"2026.12 Security because {why}", CHANNEL, NOW)
    assert isinstance(done, break_glass.Asked), done


def _confirm(store: Store, who: str, *, refused: str = "") -> None:
    shown = break_glass.look(store, POLICY, actor(who), "2026.12", CHANNEL, NOW)
    done = break_glass.confirm(store, POLICY, actor(who), str(getattr(shown, "revision_id", "")), NOW)
    if isinstance(done, Refused):
        assert done.reason == refused, done
    else:
        assert not refused, done
        assert isinstance(done.verdict, Confirmed), done


def _change_policy(store: Store, number: int) -> None:
    """It is proposed to ask less, which is rejected; then what is carried out in the end, once withdrawn before."""
    _propose(store, number, LAX, "QA has lost two people")
    _decide(store, 1, "TOM", 1)
    _decide(store, 1, "NOOR", 1, Decision.REJECTED, "Two pairs of eyes are the rule")
    _propose(store, number, KIND, "The auditors ask for it")
    policy_change_end.withdraw(store, POLICY, actor("RITA"), 2, "The figure was wrong", NOW)
    _propose(store, number, KIND, "The auditors ask for it still")
    _decide(store, 3, "RITA", 1, refused=True)
    said = [_decide(store, 3, who, place) for who, place in (("MARIA", 1), ("TOM", 1), ("MARIA", 2), ("NOOR", 3))]
    assert [each.outcome if each else each for each in said] == [None, None, None, Fate.APPLIED]


def _propose_in_vain(store: Store, number: int) -> None:
    """Nobody decides on it in time."""
    late = NOW + timedelta(minutes=15)
    closes = _propose(store, number, LAX, "QA has lost two people", late)
    assert policy_change_end.expire(store, closes) == 1


def _propose(store: Store, number: int, new: Template, why: str, now: datetime = NOW) -> datetime:
    """Until when it is open."""
    wanted = replace(POLICY, templates={"quarterly": new})
    done = policy_change.propose(store, wanted, actor("RITA"), number, why, now)
    assert isinstance(done, policy_change.Proposed), done
    return done.change.closes_at


def _decide(
    store: Store,
    change: int,
    who: str,
    place: int,
    decision: Decision = Decision.APPROVED,
    reason: str | None = None,
    *,
    refused: bool = False,
) -> policy_change_word.Decided | None:
    """For the requirement in that place."""
    drawn = policy_change_card.draw(store, change, NOW)
    assert drawn is not None
    seen = f"{drawn.revision_id}.{place}"
    done = policy_change_word.decide(store, POLICY, actor(who), seen, decision, reason, NOW, SIGNED)
    if refused:
        assert isinstance(done, Refused), done
        return None
    assert isinstance(done, policy_change_word.Decided), done
    return done


def _pass_gates(store: Store) -> None:
    waiver.ask(store, POLICY, actor("RITA"), "2026.12 model card until 2026-11-24 nobody reads it", CHANNEL, NOW)
    waiver.decide(store, POLICY, actor("MARIA"), 1, WaiverState.REFUSED, NOW)
    link = "https://wiki.example/model-card?version=3"
    criterion.tick(store, POLICY, actor("RAVI"), f"2026.12 model card {link}", CHANNEL, NOW, ticked=True)
    report.ask(store, POLICY, actor("RITA"), "ci", "r1", NOW)
    token = report.issue(store, POLICY, "ci", "U0RITA", "r1", NOW)
    assert isinstance(token, Issued)
    report.push(store, POLICY, token.text, "2026.12", "coverage", 87.5, "https://ci.example/1", NOW)
    nobody = replace(POLICY, permissions=POLICY.permissions | {Permission.REPORT_TOKEN: ()})
    report.push(store, nobody, token.text, "2026.12", "coverage", 12, "", NOW)  # is refused: its owner may no more
    blocker.take(
        store, POLICY, actor("GUEST"), "id-PAY-7", NOW + timedelta(days=1), NOW
    )  # is refused: for who they are
    waiver.ask(store, POLICY, actor("RITA"), "2026.12 bias until 2026-11-24 the review is on Tuesday", CHANNEL, NOW)
    waiver.decide(store, POLICY, actor("RITA"), 2, WaiverState.GRANTED, NOW)  # is refused: she asked for it
    waiver.decide(store, POLICY, actor("MARIA"), 2, WaiverState.GRANTED, NOW)
    met = collision.acknowledge(store, POLICY, actor("RITA"), "2026.12 Payments 7 both teams know", CHANNEL, NOW)
    assert isinstance(met, collision.Acknowledged), met
    freeze_exception.ask(store, POLICY, actor("RITA"), 1, "", REASONS, NOW)
    freeze_exception.decide(store, POLICY, actor("INES"), 1, Verdict.APPROVED, "Staffed on the day", NOW)


def _vote(store: Store, number: int) -> None:
    opened = gonogo.open_(store, POLICY, actor("RITA"), number, NOW)
    assert isinstance(opened, gonogo.Opened), opened
    for who, choice, reason in (
        ("TOM", Choice.NO_GO, "The lag is up"),
        ("TOM", Choice.GO, ""),
        ("MARIA", Choice.NO_GO, "The lineage of two tables is unknown"),
        ("RAVI", Choice.GO, ""),
    ):
        drawn = gonogo_card.draw(store, POLICY, opened.roll_call.card_id, NOW)
        assert drawn is not None
        said = gonogo.vote(store, POLICY, actor(who), str(drawn.revision_id), choice, reason, NOW)
        assert isinstance(said, gonogo.Voted), said
    ended = gonogo_end.confirm(store, POLICY, actor("RITA"), opened.roll_call.id, Outcome.GO, NOW)
    assert isinstance(ended, gonogo_end.Ended), ended


def _log(store: Store, number: int) -> None:
    risk = a_risk(number, ticket="PAY-7")
    for turn, draft in enumerate((risk, a_decision(number, contributors=("U0RAVI",), informed=("U0TOM",)))):
        done = raid.add(store, POLICY, actor("ANA"), draft, f"r{turn}", NOW)
        assert isinstance(done, raid.Saved), done
    changed = raid.edit(store, POLICY, actor("ANA"), 1, replace(risk, probability=2), 1, NOW)
    assert isinstance(changed, raid.Saved), changed
    closed = raid_review.close(store, POLICY, actor("MARIA"), 2, "Move to 6", NOW)
    assert not isinstance(closed, Refused), closed


def _deploy(store: Store, number: int) -> None:
    assert isinstance(runbook.start(store, POLICY, actor("RITA"), number, NOW), runbook.Begun)
    acts: tuple[tuple[Callable[..., object], str, int, Deed | None, str, float], ...] = (
        (runbook.mark, "TOM", 1, Deed.STARTED, "", 1),
        (runbook.mark, "TOM", 1, Deed.DONE, "listed", 12.5),
        (runbook.mark, "RAVI", 2, Deed.STARTED, "", 13),
        (runbook.mark, "RAVI", 2, Deed.FAILED, "counts differ", 14),
        (runbook.skip, "RITA", 3, None, "the models did not change", 14.5),
    )
    for act, who, step, deed, note, minutes in acts:
        at = NOW + timedelta(minutes=minutes)
        done = act(store, POLICY, actor(who), step, *((deed,) if deed else ()), note, at)
        assert isinstance(done, runbook.Marked), done
    ended = runbook.abort(store, POLICY, actor("RITA"), 1, "the counts differ", NOW + timedelta(minutes=15))
    assert isinstance(ended, runbook.Aborted), ended
