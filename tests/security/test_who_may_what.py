"""Every use case against everybody, under the policy that is shipped; and what the record says of whom it refused.

`+` past the door: what is found behind it (one's own booking, one's requirement, four eyes) is the use case's own test.
`-` not permitted, or not theirs to manage. `x` no use of Interlock at all. `.` told nothing, as one who has nothing is.
"""

import json
import shutil
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

import pytest
from sqlalchemy import func
from sqlmodel import col, select

from bot.evidence.report import REFUSED
from interlock.config.policy import load_policy
from interlock.domain.policy import Policy
from interlock.store.audit import AuditPersonRow, AuditRow
from interlock.store.engine import Store
from interlock.store.person import GroupMemberRow, GroupRow, PersonRow
from interlock.store.ticket import VersionRow
from interlock.usecases import runbook, signoff
from tests.bookings import POLICY, booked, draft, world
from tests.builders import NOW, WITH_RUNBOOK, actor, release
from tests.raids import a_risk, entered
from tests.usecases.test_authority import USE_CASES, arguments, refusal

SHIPPED = Path(__file__).parents[2] / "config/interlock.yaml"
STRANGERS = {"unknown_person", "guest", "external", "deactivated", "bot"}

WHO = {
    "engineer": "RAVI",
    "approver": "TOM",
    "release manager": "RITA",
    "environment owner": "OMAR",
    "auditor": "AUDIT",
    "leadership": "LEO",
    "guest": "GUEST",
    "external": "VENDOR",
    "leaver": "LEFT",
    "bot": "BOT",
    "unknown": "NOBODY",
}

LOOKERS = """
announcement.share blocker.listing blocker.named blocker.of_release blocker.of_team blocker.ticket booking.form
booking.own booking_return.ending break_glass.look break_glass_end.may_review calendar_view.ask_picture
calendar_view.read condition.listing condition.listing_of delegation.state draft.may_create
draft.preview draft.versions environment.listing evidence.gather forecast.ask forecast.ask_of
freeze_exception.foresee freeze_exception.offered freeze_exception.offered_of gonogo.foresee home.read link.state
policy_change.ask policy_change.may_propose policy_change_word.foresee raid.edit_form raid.form raid.listing
raid.of_release raid.show raid.show_one raid_file.ask raid_review.entry_of raid_review.named_entry
raid_review.next_review readiness.ask readiness.ask_of release.ending
runbook_view.may_abort runbook_view.may_fail runbook_view.may_skip
runbook_view.show runbook_view.show_of signoff.foresee signoff_view.overview
signoff_view.overview_of signoff_view.to_sign signoff_view.to_sign_of stage.ahead_of stage.ask status.listing
status.status status.status_of whatif.ask whatif.of_target whatif.of_ticket words.answer
"""
"""They decide nothing, so nothing of them is on record: what is shown, sent to be read, or filled in before it is done.
`evidence.gather` is of what `evidence.ask` recorded; of three, words make an act: see ACTS_IN_WORDS."""

LOOKS: Final = frozenset(LOOKERS.split())

ACTS_IN_WORDS: Final[Mapping[str, dict[str, str]]] = {
    "stage.ask": {"text": "2026.12 to in progress"},
    "policy_change.ask": {"text": "2026.12 change because the regulator asks"},
    "release.ending": {"text": "2026.12 it shipped on Thursday"},
}

NOT_MEMBERS = {"GUEST", "VENDOR", "LEFT", "BOT", "NOBODY"}
MORE = {
    "booking.book_typed": {"typed": "uat-2"},
    "environment.set_lifecycle": {"typed": "uat-2"},
    "raid_review.close_typed": {"typed": "R-1"},
    "raid_review.review_typed": {"typed": "R-1"},
    "runbook_words.mark": {"text": "2026.12 1"},
}
"""Where the usual arguments are turned down before it matters who asks."""

TABLE = """
announcement.share              +  +  +  +  +  +  x  x  x  x  x
blocker.listing                 +  +  +  +  +  +  x  x  x  x  x
blocker.named                   +  +  +  +  +  +  x  x  x  x  x
blocker.of_release              +  +  +  +  +  +  x  x  x  x  x
blocker.of_team                 +  +  +  +  +  +  x  x  x  x  x
blocker.snooze                  +  +  +  +  +  +  x  x  x  x  x
blocker.snooze_typed            +  +  +  +  +  +  x  x  x  x  x
blocker.take                    +  +  +  +  +  +  x  x  x  x  x
blocker.take_typed              +  +  +  +  +  +  x  x  x  x  x
blocker.ticket                  +  +  +  +  +  +  x  x  x  x  x
booking.book                    +  +  +  +  +  +  x  x  x  x  x
booking.book_typed              +  +  +  +  +  +  x  x  x  x  x
booking.extend                  +  +  +  +  +  +  x  x  x  x  x
booking.form                    +  +  +  +  +  +  x  x  x  x  x
booking.own                     .  .  +  .  .  .  .  .  .  .  .
booking_return.ending           -  -  -  +  -  -  x  x  x  x  x
booking_return.give_back        -  -  +  +  -  -  x  x  x  x  x
booking_return.give_back_named  +  +  +  +  +  +  x  x  x  x  x
break_glass.ask                 -  -  +  -  -  -  x  x  x  x  x
break_glass.confirm             -  -  -  +  -  -  x  x  x  x  x
break_glass.look                +  +  +  +  +  +  x  x  x  x  x
break_glass_end.may_review      -  -  -  -  +  -  x  x  x  x  x
break_glass_end.review          -  -  -  -  +  -  x  x  x  x  x
break_glass_end.take_back       -  -  +  -  -  -  x  x  x  x  x
calendar_view.ask_picture       +  +  +  +  +  +  x  x  x  x  x
calendar_view.read              +  +  +  +  +  +  x  x  x  x  x
collision.acknowledge           -  -  +  -  -  -  x  x  x  x  x
collision.acknowledge_pair      -  -  +  -  -  -  x  x  x  x  x
condition.listing               +  +  +  +  +  +  x  x  x  x  x
condition.listing_of            +  +  +  +  +  +  x  x  x  x  x
condition.tick                  -  +  -  -  -  -  x  x  x  x  x
criterion.tick                  +  +  +  +  +  +  x  x  x  x  x
delegation.away                 -  +  -  -  -  -  x  x  x  x  x
delegation.back                 -  +  -  -  -  -  x  x  x  x  x
delegation.state                -  +  -  -  -  -  x  x  x  x  x
digest.ask                      -  -  +  -  -  -  x  x  x  x  x
draft.from_words                -  -  +  -  -  -  x  x  x  x  x
draft.may_create                -  -  +  -  -  -  x  x  x  x  x
draft.preview                   -  -  +  -  -  -  x  x  x  x  x
draft.versions                  +  +  +  +  +  +  .  .  .  .  .
environment.listing             +  +  +  +  +  +  x  x  x  x  x
environment.set_lifecycle       -  -  -  +  -  -  x  x  x  x  x
evidence.ask                    -  -  -  -  +  -  x  x  x  x  x
evidence.gather                 -  -  -  -  +  -  x  x  x  x  x
feed.ask                        +  +  +  +  +  +  x  x  x  x  x
feed.revoke                     +  +  +  +  +  +  x  x  x  x  x
forecast.ask                    +  +  +  +  +  +  x  x  x  x  x
forecast.ask_of                 +  +  +  +  +  +  x  x  x  x  x
freeze_exception.ask            -  -  +  -  -  -  x  x  x  x  x
freeze_exception.ask_typed      -  -  +  -  -  -  x  x  x  x  x
freeze_exception.decide         -  -  -  +  -  -  x  x  x  x  x
freeze_exception.foresee        -  -  -  +  -  -  x  x  x  x  x
freeze_exception.offered        -  -  +  -  -  -  x  x  x  x  x
freeze_exception.offered_of     -  -  +  -  -  -  x  x  x  x  x
gonogo.ask                      +  +  +  +  +  +  x  x  x  x  x
gonogo.foresee                  +  +  +  +  +  +  x  x  x  x  x
gonogo.open_                    -  -  +  -  -  -  x  x  x  x  x
gonogo.vote                     +  +  +  +  +  +  x  x  x  x  x
gonogo.vote_typed               +  +  +  +  +  +  x  x  x  x  x
gonogo_end.confirm              -  -  +  -  -  -  x  x  x  x  x
gonogo_end.withdraw             -  -  +  -  -  -  x  x  x  x  x
home.read                       +  +  +  +  +  +  x  x  x  x  x
job.ask                         -  -  +  -  -  -  x  x  x  x  x
link.check                      +  +  +  +  +  +  x  x  x  x  x
link.claim                      +  +  +  +  +  +  x  x  x  x  x
link.confirm                    -  -  +  -  -  -  x  x  x  x  x
link.remove                     +  +  +  +  +  +  x  x  x  x  x
link.state                      +  +  +  +  +  +  x  x  x  x  x
parked.let_go                   -  -  +  -  -  -  x  x  x  x  x
parked.send_again               -  -  +  -  -  -  x  x  x  x  x
policy_change.ask               +  +  +  +  +  +  x  x  x  x  x
policy_change.may_propose       -  -  +  -  -  -  x  x  x  x  x
policy_change.propose           -  -  +  -  -  -  x  x  x  x  x
policy_change_end.withdraw      -  -  +  -  -  -  x  x  x  x  x
policy_change_word.decide       -  +  -  -  -  -  x  x  x  x  x
policy_change_word.decide_typed -  +  -  -  -  -  x  x  x  x  x
policy_change_word.foresee      -  +  -  -  -  -  x  x  x  x  x
raid.add                        -  +  +  -  -  -  x  x  x  x  x
raid.edit                       -  +  +  -  -  -  x  x  x  x  x
raid.edit_form                  -  +  +  -  -  -  x  x  x  x  x
raid.form                       -  +  +  -  -  -  x  x  x  x  x
raid.listing                    +  +  +  +  +  +  x  x  x  x  x
raid.of_release                 +  +  +  +  +  +  x  x  x  x  x
raid.show                       +  +  +  +  +  +  x  x  x  x  x
raid.show_one                   +  +  +  +  +  +  x  x  x  x  x
raid_file.ask                   +  +  +  +  +  +  x  x  x  x  x
raid_review.close               +  +  +  -  -  -  x  x  x  x  x
raid_review.close_typed         +  +  +  -  -  -  x  x  x  x  x
raid_review.entry_of            +  +  +  -  -  -  x  x  x  x  x
raid_review.named_entry         +  +  +  +  +  +  x  x  x  x  x
raid_review.next_review         +  +  +  +  +  +  x  x  x  x  x
raid_review.review              +  +  +  -  -  -  x  x  x  x  x
raid_review.review_typed        +  +  +  -  -  -  x  x  x  x  x
raid_words.to_add               -  +  +  -  -  -  x  x  x  x  x
raid_words.to_edit              -  +  +  -  -  -  x  x  x  x  x
readiness.ask                   +  +  +  +  +  +  x  x  x  x  x
readiness.ask_of                +  +  +  +  +  +  x  x  x  x  x
release.close                   -  -  +  -  -  -  x  x  x  x  x
release.close_typed             -  -  +  -  -  -  x  x  x  x  x
release.create                  -  -  +  -  -  -  x  x  x  x  x
release.ending                  -  -  +  -  -  -  x  x  x  x  x
report.ask                      -  -  +  -  -  -  x  x  x  x  x
report.end                      -  -  +  -  -  -  x  x  x  x  x
runbook.abort                   -  -  +  -  -  -  x  x  x  x  x
runbook.mark                    -  +  -  -  -  -  x  x  x  x  x
runbook.skip                    -  -  +  -  -  -  x  x  x  x  x
runbook.start                   -  -  +  -  -  -  x  x  x  x  x
runbook_view.may_abort          -  -  +  -  -  -  x  x  x  x  x
runbook_view.may_fail           -  +  -  -  -  -  x  x  x  x  x
runbook_view.may_skip           -  -  +  -  -  -  x  x  x  x  x
runbook_view.show               +  +  +  +  +  +  x  x  x  x  x
runbook_view.show_of            +  +  +  +  +  +  x  x  x  x  x
runbook_words.abort             -  -  +  -  -  -  x  x  x  x  x
runbook_words.mark              -  +  -  -  -  -  x  x  x  x  x
runbook_words.skip              -  -  +  -  -  -  x  x  x  x  x
runbook_words.start             -  -  +  -  -  -  x  x  x  x  x
signoff.decide                  -  +  -  -  -  -  x  x  x  x  x
signoff.foresee                 -  +  -  -  -  -  x  x  x  x  x
signoff.request                 -  -  +  -  -  -  x  x  x  x  x
signoff_revoke.revoke           -  +  -  -  -  -  x  x  x  x  x
signoff_view.overview           +  +  +  +  +  +  x  x  x  x  x
signoff_view.overview_of        +  +  +  +  +  +  x  x  x  x  x
signoff_view.to_sign            +  +  +  +  +  +  x  x  x  x  x
signoff_view.to_sign_of         +  +  +  +  +  +  x  x  x  x  x
stage.ahead_of                  +  +  +  +  +  +  x  x  x  x  x
stage.ask                       +  +  +  +  +  +  x  x  x  x  x
stage.move                      -  -  +  -  -  -  x  x  x  x  x
stage_stop.cancel               -  -  +  -  -  -  x  x  x  x  x
stage_stop.cancel_typed         -  -  +  -  -  -  x  x  x  x  x
stage_stop.hold                 -  -  +  -  -  -  x  x  x  x  x
status.listing                  +  +  +  +  +  +  x  x  x  x  x
status.status                   +  +  +  +  +  +  x  x  x  x  x
status.status_of                +  +  +  +  +  +  x  x  x  x  x
token.ask                       +  +  +  +  +  +  x  x  x  x  x
token.revoke                    +  +  +  +  +  +  x  x  x  x  x
waiver.ask                      -  -  +  -  -  -  x  x  x  x  x
waiver.decide                   -  +  -  -  -  -  x  x  x  x  x
whatif.ask                      +  +  +  +  +  +  x  x  x  x  x
whatif.of_target                +  +  +  +  +  +  x  x  x  x  x
whatif.of_ticket                +  +  +  +  +  +  x  x  x  x  x
words.answer                    +  +  +  +  +  +  x  x  x  x  x
"""
"""The columns are those of WHO, in its order; from the seventh on they have no business here."""


@pytest.fixture(scope="module")
def policy() -> Policy:
    """The shipped one's permissions and roles; releases and environments of the tests' small world."""
    shipped = load_policy(SHIPPED, NOW.date())
    return replace(POLICY, roles=shipped.roles, permissions=shipped.permissions)


@pytest.fixture(scope="module")
def template(sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory, policy: Policy) -> Path:
    """A release whose sign-offs were asked for, a booking, and one person of each kind."""
    path = tmp_path_factory.mktemp("matrix") / "template.db"
    shutil.copyfile(sqlite_template, path)
    store = Store(f"sqlite:///{path}")
    world(store)
    with store.write() as session:
        for name, group in (("OMAR", "environment-owners"), ("AUDIT", "auditors"), ("LEO", None)):
            session.add(PersonRow(slack_id=f"U0{name}", name=name.title(), seen_at=NOW))
            if group:
                session.add(GroupRow(id=f"S0{group}", handle=group, name=group))
                session.flush()
                session.add(GroupMemberRow(group_id=f"S0{group}", slack_id=f"U0{name}"))
        session.add(PersonRow(slack_id="U0BOT", name="Helper", kind="bot", seen_at=NOW))
        session.add(VersionRow(id="v1", project_id="p-DATA", name="2026.12"))
        number = release(session, template=WITH_RUNBOOK, tickets=("DATA-1",), stage="go")
    assert isinstance(signoff.request(store, policy, actor("RITA"), number, NOW), signoff.Requested)
    assert isinstance(runbook.start(store, policy, actor("RITA"), number, NOW), runbook.Begun)
    booked(store, "RITA", draft(0, 2))
    entered(store, "RITA", a_risk(number, owner="RAVI"), policy=policy)
    store.close()
    return path


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """What came of one person's asking. `about` holds the facts and people of the events that it left, by kind."""

    reason: str | None
    about: tuple[tuple[str, dict[str, Any], set[str]], ...]

    @property
    def turned_away(self) -> bool:
        """For who they are, or for what they were not given."""
        return self.reason in {*STRANGERS, "not_permitted", "not_owner", "told"}


def events(store: Store, after: int) -> tuple[tuple[str, dict[str, Any], set[str]], ...]:
    with store.read() as session:
        rows = session.exec(select(AuditRow).where(AuditRow.seq > after).order_by(col(AuditRow.seq))).all()
        people = session.exec(select(AuditPersonRow).where(col(AuditPersonRow.seq) > after)).all()
        return tuple(
            (
                row.kind,
                json.loads(row.body)["facts"],
                {each.data["slack_id"] for each in people if each.seq == row.seq},
            )
            for row in rows
        )


def told_to(store: Store, policy: Policy, name: str, more: dict[str, str]) -> dict[str, Said]:
    """What each person is told, and what it leaves in the record."""
    use_case = USE_CASES[name]
    given = arguments(use_case, store, policy, actor("RITA")) | more
    found = {}
    for who in WHO.values():
        with store.read() as session:
            before = session.exec(select(func.max(AuditRow.seq))).one() or 0
        reason = refusal(store, name, use_case(**given | {"actor": actor(who)}))
        found[who] = Said(reason=reason, about=events(store, before))
    return found


@pytest.fixture(scope="module")
def said(template: Path, policy: Policy, tmp_path_factory: pytest.TempPathFactory) -> dict[str, dict[str, Said]]:
    """By use case and person; those of ACTS_IN_WORDS a second time, under their names and `in words`."""
    place = tmp_path_factory.mktemp("said")
    cases = [(name, name, MORE.get(name, {})) for name in USE_CASES]
    cases += [(f"{name} in words", name, more) for name, more in ACTS_IN_WORDS.items()]
    found = {}
    for title, name, more in cases:
        shutil.copyfile(template, place / f"{title}.db")
        store = Store(f"sqlite:///{place / title}.db")
        found[title] = told_to(store, policy, name, more)
        store.close()
    return found


def mark(reason: str | None, who: str) -> str:
    if reason == "nothing":
        return "."
    if reason in STRANGERS or (reason == "told" and who in NOT_MEMBERS):
        return "x"
    return "-" if reason in {"not_permitted", "not_owner"} else "+"


def test_the_table(said: dict[str, dict[str, Said]]) -> None:
    lines = [
        f"{name:<32}" + "  ".join(mark(each.reason, who) for who, each in said[name].items()) for name in USE_CASES
    ]
    assert lines == TABLE.strip().splitlines()


def test_whoever_is_turned_away_from_an_act_is_on_record_once_with_the_reason(said: dict[str, dict[str, Said]]) -> None:
    wrong = []
    for name in said.keys() - LOOKS:
        refused = {who: each for who, each in said[name].items() if each.turned_away}
        assert refused, f"{name} turns nobody away"
        for who, each in refused.items():
            kept = [(kind.endswith(REFUSED), facts.get("why"), people) for kind, facts, people in each.about]
            if kept != [(True, each.reason, {actor(who).slack_id})]:
                wrong.append((name, who, each))
    assert wrong == []


def test_what_is_recorded_of_them_names_people_by_ids_alone(said: dict[str, dict[str, Said]], template: Path) -> None:
    store = Store(f"sqlite:///{template}")
    with store.read() as session:
        called = {each for row in session.exec(select(PersonRow)) for each in (row.name, row.email) if each}
    store.close()
    facts = [
        json.dumps(facts)
        for name in said.keys() - LOOKS
        for each in said[name].values()
        if each.turned_away
        for _, facts, _ in each.about
    ]
    assert facts
    assert called
    assert [each for each in facts if any(name in each for name in called)] == []


def test_whoever_only_looks_leaves_nothing_in_the_record(said: dict[str, dict[str, Said]]) -> None:
    assert USE_CASES.keys() >= LOOKS
    assert [(name, who) for name in sorted(LOOKS) for who, each in said[name].items() if each.about] == []
