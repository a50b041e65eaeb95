"""A release to which everything happened that evidence tells of."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any, Final

from interlock.config.template import policy_version
from interlock.domain.authority import Refused
from interlock.domain.condition import Ticked
from interlock.domain.freeze_exception import Decision as Verdict
from interlock.domain.gonogo import Choice, Outcome
from interlock.domain.policy import CriterionRule, GonogoRule, Policy, RequirementRule, Role
from interlock.domain.release import ScopeRule
from interlock.domain.runbook import Deed
from interlock.domain.secret import Issued
from interlock.domain.signing import Signature
from interlock.domain.signoff import Decision
from interlock.domain.waiver import WaiverState
from interlock.store.engine import Store
from interlock.store.person import ChannelRow, GroupMemberRow, GroupRow
from interlock.store.ticket import TicketComponentRow
from interlock.usecases import (
    card,
    collision,
    condition,
    criterion,
    delegation,
    freeze_exception,
    gonogo,
    gonogo_card,
    gonogo_end,
    raid,
    raid_review,
    report,
    runbook,
    signoff,
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
    one_person_one_requirement=False,
)
POLICY: Final[Policy] = replace(
    WITH_FREEZE,
    roles=WITH_FREEZE.roles
    | {
        "qa": Role(groups=("qa-approvers",)),
        "data": Role(people=("maria@practice.example",)),
        "ml": Role(people=("ravi@practice.example",)),
    },
    permissions=WITH_FREEZE.permissions | PERMISSIONS,
)


def eventful(store: Store) -> int:
    """It goes through everything but the end: what is granted and what is refused, what is changed and what stays."""
    with store.write() as session:
        people(session)
        session.add(ChannelRow(id="C0GOVERNANCE", name="governance", member=True))
        session.add(GroupRow(id="S0BOARD", handle="change-board", name="Change board"))
        session.flush()
        session.add_all(GroupMemberRow(group_id="S0BOARD", slack_id=f"U0{who}") for who in ("INES", "RITA"))
        for key, level in (("DATA-1", None), ("DATA-2", None), ("ML-3", None), ("DATA-666", "10000")):
            ticket(session, key, category="done", security_level=level)
        ticket(session, "PAY-7", versions=())
        more: dict[str, Any] = {"stage": "ready", "policy_version": policy_version(KIND)}
        number = release(session, template=KIND, **more)
        session.add(TicketComponentRow(ticket_id="id-DATA-2", component="Streaming"))
        component(session, "DATA-9", "Streaming", versions=("v2",))
        release(session, name="Payments 7", rule=ScopeRule(version_ids=("v2",)))
    _sign(store, number)
    _pass_gates(store)
    _vote(store, number)
    _log(store, number)
    _deploy(store, number)
    return number


def _sign(store: Store, number: int) -> None:
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
    signoff.revoke(store, POLICY, actor("NOOR"), str(drawn.revision_id), NOW)
    say("MARIA", qa, Decision.APPROVED)
    say("TOM", qa, Decision.APPROVED, more=With(conditions=("ML-3", "Rollback tested")))
    signature = Signature(release="2026.12", meaning="Approved after review")
    say("MARIA", governance, Decision.APPROVED, more=With(signature=signature))
    ticked = condition.tick(store, POLICY, actor("INES"), 2, NOW)
    assert isinstance(ticked, Ticked), ticked


def _pass_gates(store: Store) -> None:
    waiver.ask(store, POLICY, actor("RITA"), "2026.12 model card until 2026-11-24 nobody reads it", CHANNEL, NOW)
    waiver.decide(store, POLICY, actor("MARIA"), 1, WaiverState.REFUSED, NOW)
    link = "https://wiki.example/model-card?version=3"
    criterion.tick(store, POLICY, actor("RAVI"), f"2026.12 model card {link}", CHANNEL, NOW, ticked=True)
    report.ask(store, POLICY, actor("RITA"), "ci", "r1", NOW)
    token = report.issue(store, POLICY, "ci", "U0RITA", "r1", NOW)
    assert isinstance(token, Issued)
    report.push(store, POLICY, token.text, "2026.12", "coverage", 87.5, "https://ci.example/1", NOW)
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
