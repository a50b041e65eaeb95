"""What the rules of the RAID log say: scores, what is high, when somebody is asked, what is wrong with an entry."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from interlock.domain import raid, raid_draft, raid_review
from interlock.domain.actor import Person
from interlock.domain.calendar import WorkCalendar
from interlock.domain.policy import PersonRule, RaidRules, Team
from interlock.domain.raid import Entry, Kind, State
from interlock.domain.raid_draft import Findings, RaidDraft, Review
from interlock.domain.release import ReleaseName
from interlock.domain.time_zone import hours_of
from tests import builders
from tests.raids import FRIDAY, POLICY, RULES, a_decision, a_log, a_risk, an_entry

MONDAY = date(2026, 11, 23)
UNKNOWN_PERSON = "Interlock does not know that person yet. Name somebody else, or try again in a few minutes."
NO_MEMBER = "is no active full member of the workspace. Name somebody else."
GUEST = "Gil Tarrant is a guest, and a guest can own no entry and be named in none. Name a full member."
OWN_DECISION = "Whoever drives a decision can't approve it. Name somebody else."
LONDON = WorkCalendar(time_zone="Europe/London", holidays=frozenset({date(2026, 12, 25), date(2026, 12, 28)}))
UNDER_WAY = ReleaseName(id=1, name="2026.12", channel_id="C1", ended=False)
ANA = Person(slack_id="U0ANA", name="Ana Whitlock")
PEOPLE = {
    "U0ANA": ANA,
    "U0MARIA": Person(slack_id="U0MARIA", name="Maria Voss"),
    "U0LEFT": Person(slack_id="U0LEFT", name="Lars Eklund-Moor", active=False),
    "U0GUEST": Person(slack_id="U0GUEST", name="Gil Tarrant", kind="guest"),
}
FOUND = Findings(release=UNDER_WAY, people=PEOPLE, ticket_known=True)


@pytest.mark.parametrize(("probability", "impact", "high"), [(3, 4, True), (4, 3, True), (2, 5, False), (5, 5, True)])
def test_a_risk_is_high_from_the_policys_score_on(probability: int, impact: int, *, high: bool) -> None:
    one = an_entry(probability=probability, impact=impact)
    assert raid.high_risks([one], RULES.high_score) == ((one,) if high else ())


@pytest.mark.parametrize(
    "one",
    [
        an_entry(kind=Kind.ISSUE, probability=None, impact=None),
        an_entry(state=State.CLOSED, probability=5, impact=5),
        an_entry(probability=1, impact=5),
    ],
)
def test_what_is_no_risk_or_closed_or_low_is_not_high(one: Entry) -> None:
    assert raid.high_risks([one], RULES.high_score) == ()


def test_the_worst_comes_first_and_what_is_closed_last() -> None:
    worst, low = an_entry(id=3, probability=5), an_entry(id=1, probability=1)
    issue = an_entry(id=2, kind=Kind.ISSUE, probability=None, impact=None, review_on=MONDAY)
    gone = an_entry(id=4, state=State.CLOSED, probability=5, impact=5)
    assert raid.ranked([gone, issue, low, worst]) == (worst, low, issue, gone)


@pytest.mark.parametrize(
    ("review_on", "asked"),
    [
        (date(2026, 12, 4), [date(2026, 12, 4), date(2026, 12, 8), date(2026, 12, 10)]),
        (date(2026, 12, 5), [date(2026, 12, 7), date(2026, 12, 9), date(2026, 12, 11)]),  # a Saturday: Monday
        (date(2026, 12, 24), [date(2026, 12, 24), date(2026, 12, 30)]),  # over holidays and a weekend
    ],
)
def test_its_owner_is_asked_on_its_business_day_and_every_second_after(review_on: date, asked: list[date]) -> None:
    one = an_entry(review_on=review_on)
    days = [review_on + timedelta(days=number) for number in range(-3, 8)]
    assert [day for day in days if raid_review.asks_on(one, RULES, LONDON, day)] == asked


def test_nobody_is_asked_about_what_is_closed_or_whose_release_has_ended() -> None:
    over = replace(UNDER_WAY, ended=True)
    for one in (an_entry(state=State.CLOSED), an_entry(release=over)):
        assert not raid_review.asks_on(one, RULES, LONDON, FRIDAY)
        assert not raid.is_overdue(one, FRIDAY + timedelta(days=30))


@given(
    st.lists(st.integers(0, 40), min_size=1, max_size=5),
    st.integers(1, 10),
    st.integers(40, 60),
)
def test_who_has_something_due_is_asked_again_on_a_business_day_within_the_policys_days(
    ages: list[int], every: int, day: int
) -> None:
    rules = RaidRules(remind_every_business_days=every)
    today = MONDAY + timedelta(days=day)
    due = [an_entry(review_on=MONDAY + timedelta(days=age)) for age in ages]
    following = raid_review.next_ask(due, rules, LONDON, today)
    assert following > today
    assert LONDON.is_business_day(following)
    assert LONDON.business_days_between(today, following) <= every


def test_working_hours_are_of_a_persons_team_on_their_own_clock() -> None:
    policy = replace(
        builders.POLICY,
        calendars={
            **builders.POLICY.calendars,
            "tokyo": WorkCalendar(time_zone="Asia/Tokyo", holidays=frozenset({FRIDAY})),
        },
        teams={"infra": Team(name="Infrastructure", calendar="tokyo")},
        people={"yuki@practice.example": PersonRule(team="infra", time_zone="Asia/Tokyo")},
    )
    yuki = hours_of(policy, Person(slack_id="U1", name="Yuki", email="Yuki@practice.example"))
    ana = hours_of(policy, Person(slack_id="U2", name="Ana", time_zone="Europe/Lisbon"))
    assert (yuki.time_zone, yuki.holidays) == ("Asia/Tokyo", frozenset({FRIDAY}))
    assert (ana.time_zone, ana.holidays) == ("Europe/Lisbon", frozenset())
    assert yuki.is_open(datetime(2026, 11, 24, 1, 0, tzinfo=UTC))


@pytest.mark.parametrize(
    ("typed", "read"),
    [
        ("R-12", (Kind.RISK, 12)),
        ("r12", (Kind.RISK, 12)),
        (" d-1 ", (Kind.DECISION, 1)),
        ("12", None),
        ("X-1", None),
        ("R-", None),
        ("R-1234567890", None),
        ("R-١٢", None),
        ("DATA-214", None),
    ],
)
def test_a_key_is_a_letter_and_a_number(typed: str, read: object) -> None:
    assert raid.read_key(typed) == read


def test_a_finding_names_the_high_ones_and_else_the_worst() -> None:
    high = an_entry(id=7, probability=5)
    low = an_entry(id=8, probability=1)
    assert raid.finding(a_log(high, low)) == "1 of 2 open risks of 2026.12 is high (12 or more): R-7 with 20."
    assert raid.finding(a_log(low)) == "No open risk of 2026.12 is high; the worst of 1 is R-8 with 4."
    assert raid.finding(a_log(an_entry(state=State.CLOSED))) == "2026.12 has no open risk."
    many = [an_entry(id=number, probability=5) for number in range(1, 8)]
    assert raid.finding(a_log(*many)).endswith("R-5 with 20 and 2 more.")


@pytest.mark.parametrize(
    ("draft", "wrong"),
    [
        (a_risk(1), {}),
        (a_risk(1, title="\u200b "), {"title": "Say in a line what the risk is."}),
        (a_risk(1, title="x" * 150), {}),
        (a_risk(1, title="x" * 151), {"title": "That has 151 characters; at most 150 are kept. Make it shorter."}),
        (a_risk(1, details="x" * 500), {}),
        (a_risk(1, details="x" * 501), {"details": "That has 501 characters; at most 500 are kept. Make it shorter."}),
        (a_risk(1, probability=0), {"probability": "How likely is it, from p1 (rare) to p5 (almost certain)?"}),
        (a_risk(1, impact=6), {"impact": "How bad would it be, from i1 (negligible) to i5 (severe)?"}),
        (a_risk(1, impact=None), {"impact": "How bad would it be, from i1 (negligible) to i5 (severe)?"}),
        (a_risk(1, review_on=None), {"review": "Say by which day: tomorrow, fri, +14d or 2026-12-04."}),
        (a_risk(1, review_on=date(2026, 11, 22)), {"review": "Sun 22 Nov is past. Give a day from today on."}),
        (a_risk(1, review_on=date(2020, 1, 1)), {"review": "Wed 1 Jan 2020 is past. Give a day from today on."}),
        (a_risk(1, review_on=MONDAY), {}),
        (a_risk(1, review_on=date(2027, 11, 25)), {"review": "That is more than a year ahead. Give an earlier day."}),
        (a_risk(1, owner=""), {"owner": UNKNOWN_PERSON}),
        (a_risk(1, owner="LEFT"), {"owner": f"Lars Eklund-Moor {NO_MEMBER}"}),
        (a_risk(1, owner="GUEST"), {"owner": GUEST}),
        (a_decision(1), {}),
        (a_decision(1, approver="ANA"), {"approver": OWN_DECISION}),
        (a_decision(1, informed=("U0GUEST",)), {"informed": GUEST}),
        (a_decision(1, contributors=("U0ANA",) * 21), {"contributors": "That names 21 people; at most 20 are kept."}),
    ],
)  # fmt: skip
def test_what_is_wrong_with_a_draft(draft: RaidDraft, wrong: dict[str, str]) -> None:
    assert raid_draft.problems(draft, FOUND, MONDAY) == wrong


@pytest.mark.parametrize(
    ("found", "draft", "wrong"),
    [
        (replace(FOUND, release=None), a_risk(1), {"release": "Choose a release."}),
        (
            replace(FOUND, release=replace(UNDER_WAY, ended=True)),
            a_risk(1),
            {"release": "2026.12 has ended. Choose a release that is under way."},
        ),
        (
            replace(FOUND, ticket_known=False),
            a_risk(1, ticket="DATA-77"),
            {"ticket": "No ticket DATA-77 is known here. Check its key."},
        ),
        (FOUND, replace(a_decision(1), approver=""), {"approver": "Say who approves it: approver @person."}),
        (FOUND, replace(a_risk(1), owner=""), {"owner": "Say whose it is."}),
    ],
)
def test_what_the_mirror_says_against_it(found: Findings, draft: RaidDraft, wrong: dict[str, str]) -> None:
    assert raid_draft.problems(draft, found, MONDAY) == wrong


def test_an_overdue_entry_can_be_changed_without_another_day() -> None:
    before = an_entry(review_on=date(2026, 11, 1))
    assert raid_draft.problems(raid_draft.draft_of(before), FOUND, MONDAY, before) == {}


def test_a_kind_keeps_what_it_has_and_nothing_else() -> None:
    whole: dict[str, Any] = {"approver": "U0MARIA", "contributors": ("U1", "U1"), "informed": ("U2",)}
    risk = raid_draft.tidied(a_risk(1, title=" a\n b ", ticket=" data-1 ", **whole))
    assert (risk.title, risk.ticket, risk.approver, risk.contributors) == ("a b", "DATA-1", "", ())
    decision = raid_draft.tidied(replace(a_risk(1, **whole), kind=Kind.DECISION))
    assert (decision.probability, decision.impact, decision.contributors) == (None, None, ("U1",))


@pytest.mark.parametrize(
    ("looked", "wrong"),
    [
        (Review(), set()),
        (Review(probability=1, impact=5, review_on=FRIDAY, note="x" * 500), set()),
        (Review(probability=6), {"probability"}),
        (Review(unread=True), {"review"}),
        (Review(review_on=date(2026, 11, 22)), {"review"}),
        (Review(note="x" * 501), {"note"}),
    ],
)
def test_what_is_wrong_with_a_review(looked: Review, wrong: set[str]) -> None:
    assert raid_draft.problems_of_review(an_entry(), looked, MONDAY).keys() == wrong


def test_what_is_no_risk_has_no_probability_to_review() -> None:
    issue = an_entry(kind=Kind.ISSUE, probability=None, impact=None)
    assert raid_draft.problems_of_review(issue, Review(probability=2), MONDAY).keys() == {"probability"}
    assert raid_draft.problems_of_review(issue, Review(), MONDAY) == {}


@given(st.integers(1, 5), st.integers(1, 5), st.integers(1, 5), st.integers(1, 5))
def test_a_history_tells_each_change_and_no_other(before_p: int, before_i: int, after_p: int, after_i: int) -> None:
    before, after = an_entry(probability=before_p, impact=before_i), an_entry(probability=after_p, impact=after_i)
    old, new = raid.difference(before, after)
    assert old.keys() == new.keys()
    assert raid.facts(before) | new == raid.facts(after)
    assert all(old[name] != new[name] for name in old)


def test_the_policy_of_the_tests_is_the_default() -> None:
    assert POLICY.raid == RaidRules()
