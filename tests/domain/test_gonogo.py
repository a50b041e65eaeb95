"""What votes come to, who may vote, and when somebody is reminded."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from interlock.domain import gonogo
from interlock.domain.actor import Person
from interlock.domain.authority import Refused
from interlock.domain.calendar import WorkCalendar
from interlock.domain.gonogo import Choice, Outcome, RollCall, Vote
from interlock.domain.policy import GonogoRule

NOW = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
CLOSES = NOW + timedelta(hours=8)
RULE = GonogoRule(roles=("qa", "data", "infra", "ml"))
LONDON = WorkCalendar(time_zone="Europe/London")
WORDS = {"+": Choice.GO, "-": Choice.NO_GO, "o": Choice.ABSTAIN}


def vote(role: str, choice: Choice, who: str | None = None, *, number: int = 1, **more: Any) -> Vote:
    person = Person(slack_id=who or f"U0{role.upper()}", name=(who or role).title())
    values: dict[str, Any] = {"reason": "why not" if choice is Choice.NO_GO else None, "at": NOW, "person": person}
    return Vote(id=number, role=role, choice=choice, fingerprint="f", **values | more)


def call(*votes: Vote, rule: GonogoRule = RULE, **more: Any) -> RollCall:
    values: dict[str, Any] = {"opened_by": "U0RITA", "opened_at": NOW, "closes_at": CLOSES}
    return RollCall(
        id=1, release_id=1, card_id=1, number=1, rule=rule, policy_version="v1", votes=votes, **values | more
    )


def votes(signs: str, rule: GonogoRule = RULE) -> list[Vote]:
    """`++-.`: two go, one no-go, one has not voted."""
    given = zip(rule.roles, signs, strict=True)
    return [vote(role, WORDS[sign], number=n) for n, (role, sign) in enumerate(given) if sign in WORDS]


@pytest.mark.parametrize(
    ("signs", "at_least", "absent", "before", "after"),
    [
        ("++++", 100, "no_go", "go", "go"),
        ("+++-", 100, "no_go", "no_go", "no_go"),
        ("+++-", 75, "no_go", "go", "go"),
        ("++--", 75, "no_go", "no_go", "no_go"),
        ("+++o", 100, "no_go", "go", "go"),
        ("+ooo", 100, "no_go", "go", "go"),
        ("oooo", 1, "no_go", "not_enough", "not_enough"),
        ("----", 1, "no_go", "no_go", "no_go"),
        ("....", 100, "no_go", "open", "not_enough"),
        ("+++.", 100, "no_go", "open", "not_enough"),
        ("+++.", 75, "no_go", "open", "go"),
        ("+++.", 75, "blocks", "open", "not_enough"),
        ("+--.", 75, "no_go", "open", "no_go"),
        ("+--.", 75, "blocks", "open", "no_go"),
        ("++-.", 75, "no_go", "open", "not_enough"),
        ("-...", 75, "no_go", "open", "not_enough"),
        ("-...", 100, "no_go", "open", "no_go"),
        ("ooo.", 100, "no_go", "open", "not_enough"),
    ],
)
def test_what_votes_come_to_before_and_after_the_close(
    signs: str, at_least: int, absent: Any, before: str, after: str
) -> None:
    rule = replace(RULE, at_least=at_least, absent=absent)
    one = call(*votes(signs), rule=rule)
    assert gonogo.tally(one, rule, CLOSES - timedelta(seconds=1)).outcome == before
    assert gonogo.tally(one, rule, CLOSES).outcome == after


def test_dissent_is_what_says_otherwise_than_the_result() -> None:
    rule = replace(RULE, at_least=75)
    found = gonogo.tally(call(*votes("++-+")), rule, NOW)
    assert (found.outcome, [each.role for each in found.dissent]) == (Outcome.GO, ["infra"])
    found = gonogo.tally(call(*votes("+-o-")), RULE, NOW)
    assert (found.outcome, [each.role for each in found.dissent]) == (Outcome.NO_GO, ["qa"])
    assert found.why == "1 go, 2 no-go, 1 abstained; go takes 100 %"


def test_why_tells_who_is_absent_and_why_the_release_moves() -> None:
    assert gonogo.tally(call(*votes("+...")), RULE, CLOSES).why == (
        "1 go, 0 no-go, no vote from data, infra and ml; go takes 100 %"
    )
    assert gonogo.why_moved(gonogo.tally(call(*votes("+++-")), RULE, NOW)) == (
        "no-go by roll-call: 3 go, 1 no-go; go takes 100 %; ml: why not"
    )


@pytest.mark.parametrize(
    "odd",
    [
        vote("ml", Choice.GO, at=CLOSES),
        vote("ml", Choice.GO, at=CLOSES + timedelta(days=1)),
        vote("ml", Choice.GO, "U0QA", number=9),
        vote("marketing", Choice.GO),
        vote("ml", Choice.GO, person=Person(slack_id="U0ML", name="Ml", active=False)),
        vote("ml", Choice.GO, person=Person(slack_id="U0ML", name="Ml", kind="guest")),
    ],
    ids=["at the close", "late", "somebody's second", "of no role", "of a leaver", "of a guest"],
)
def test_a_vote_that_counts_nothing(odd: Vote) -> None:
    found = gonogo.tally(call(*votes("+++."), odd), RULE, CLOSES)
    assert (found.outcome, found.absent) == (Outcome.NOT_ENOUGH, ("ml",))


def test_a_no_go_outlasts_its_giver() -> None:
    left = vote("ml", Choice.NO_GO, person=Person(slack_id="U0ML", name="Ml", active=False))
    assert gonogo.tally(call(*votes("+++."), left), RULE, NOW).outcome is Outcome.NO_GO


ANY_VOTES = st.lists(
    st.builds(
        lambda number, role, who, choice, minutes, active: vote(
            role,
            choice,
            number=number,
            at=NOW + timedelta(minutes=minutes),
            person=Person(slack_id=who, name=who, active=active),
        ),
        st.integers(0, 9),
        st.sampled_from([*RULE.roles, "marketing"]),
        st.sampled_from(["U1", "U2", "U3", "U4", "U5"]),
        st.sampled_from(list(Choice)),
        st.integers(0, 600),
        st.booleans(),
    ),
    max_size=8,
)
ANY_RULE = st.builds(
    lambda at_least, absent: replace(RULE, at_least=at_least, absent=absent),
    st.integers(1, 100),
    st.sampled_from(["no_go", "blocks"]),
)


@given(given_votes=ANY_VOTES, rule=ANY_RULE, minutes=st.integers(0, 900))
def test_no_votes_whatever_come_to_go_against_the_rule(given_votes: list[Vote], rule: GonogoRule, minutes: int) -> None:
    found = gonogo.tally(call(*given_votes), rule, NOW + timedelta(minutes=minutes))
    people = [each.person.slack_id for each in found.counted]
    roles = [each.role for each in found.counted]
    assert len(people) == len(set(people)), "nobody counts twice"
    assert len(roles) == len(set(roles)), "a role has one vote"
    assert set(roles) | set(found.absent) == set(rule.roles)
    assert all(each.at < CLOSES for each in found.counted)
    go, against = found.number(Choice.GO), found.number(Choice.NO_GO)
    if found.outcome is Outcome.GO:
        assert go > 0
        assert 100 * go >= rule.at_least * (go + against + len(found.absent))
        assert not (rule.absent == "blocks" and found.absent)
        assert not (found.absent and minutes < 480)
    if found.outcome is Outcome.NO_GO:
        assert against > 0, "nothing is denied by absence"


@given(given_votes=ANY_VOTES, rule=ANY_RULE)
def test_an_abstention_in_the_place_of_a_no_vote_or_a_go_never_makes_a_denial_of_go_a_go_by_itself(
    given_votes: list[Vote], rule: GonogoRule
) -> None:
    """Whoever abstains instead of saying go never helps go."""
    with_go = gonogo.tally(call(*given_votes), rule, CLOSES)
    abstained = [replace(each, choice=Choice.ABSTAIN) if each.choice is Choice.GO else each for each in given_votes]
    assert gonogo.tally(call(*abstained), rule, CLOSES).outcome is not Outcome.GO
    assert with_go.number(Choice.ABSTAIN) <= gonogo.tally(call(*abstained), rule, CLOSES).number(Choice.ABSTAIN)


@pytest.mark.parametrize(
    ("mine", "who", "expected"),
    [
        (["ml"], "U0NEW", "ml"),
        (["ml", "infra"], "U0NEW", "infra"),
        (["qa"], "U0QA", "qa"),
        (["qa", "ml"], "U0QA", "qa"),
        (["ml"], "U0QA", "ml"),
        (["qa"], "U0NEW", "role_voted"),
        (["qa", "data"], "U0NEW", "role_voted"),
        (["marketing"], "U0NEW", "not_in_role"),
        ([], "U0NEW", "not_in_role"),
    ],
)
def test_for_which_role_somebody_votes(mine: list[str], who: str, expected: str) -> None:
    found = gonogo.may_vote(call(*votes("++..")), mine, who, NOW)
    assert (found.reason if isinstance(found, Refused) else found) == expected


def test_a_leavers_vote_gives_its_place_up() -> None:
    left = vote("ml", Choice.NO_GO, person=Person(slack_id="U0ML", name="Ml", active=False))
    assert gonogo.may_vote(call(left), ["ml"], "U0NEW", NOW) == "ml"


@pytest.mark.parametrize(
    ("one", "now", "reason"),
    [
        (call(), CLOSES, "closed"),
        (call(ended_at=NOW, outcome=Outcome.GO), NOW, "ended"),
        (call(rule=replace(RULE, exclude_opener=True)), NOW, "opener"),
    ],
)
def test_who_may_vote_no_more_or_not_at_all(one: RollCall, now: datetime, reason: str) -> None:
    refused = gonogo.may_vote(one, ["qa"], "U0RITA", now)
    assert isinstance(refused, Refused)
    assert refused.reason == reason


def test_whoever_opened_it_may_vote_unless_the_rule_says_otherwise() -> None:
    assert gonogo.may_vote(call(), ["qa"], "U0RITA", NOW) == "qa"


def test_only_the_result_that_was_shown_can_be_confirmed() -> None:
    done = gonogo.tally(call(*votes("+++-")), RULE, NOW)
    assert gonogo.ready(done, Outcome.NO_GO) is None
    other = gonogo.ready(done, Outcome.GO)
    still = gonogo.ready(gonogo.tally(call(*votes("++..")), RULE, NOW), Outcome.GO)
    assert other
    assert still
    assert (other.reason, still.reason) == ("other_result", "still_open")
    assert "infra and ml" in still.sentence


TOKYO = replace(LONDON, time_zone="Asia/Tokyo")
NEW_YORK = replace(LONDON, time_zone="America/New_York")


@pytest.mark.parametrize(
    ("hours", "minutes", "step"),
    [
        # 09:00 to 17:00 in London: half is 13:00, seven eighths 16:00.
        (LONDON, 239, None),
        (LONDON, 240, 0),
        (LONDON, 419, 0),
        (LONDON, 420, 1),
        (LONDON, 480, None),
        # In Tokyo it is evening until the close: at once.
        (TOKYO, 239, None),
        (TOKYO, 240, 0),
        (TOKYO, 420, 1),
        # New York opens at 14:00 UTC, before the close: half waits for that.
        (NEW_YORK, 240, None),
        (NEW_YORK, 299, None),
        (NEW_YORK, 300, 0),
        (NEW_YORK, 420, 1),
    ],
)
def test_when_somebody_is_reminded(hours: WorkCalendar, minutes: int, step: int | None) -> None:
    assert gonogo.due_step(NOW, CLOSES, hours, NOW + timedelta(minutes=minutes)) == step


def test_over_a_weekend_only_the_later_reminder_comes() -> None:
    friday, monday = datetime(2026, 11, 20, 16, 0, tzinfo=UTC), datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
    saturday, morning = datetime(2026, 11, 22, 2, 0, tzinfo=UTC), datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
    assert gonogo.due_step(friday, monday, LONDON, saturday) is None
    assert gonogo.due_step(friday, monday, LONDON, morning) == 1


@pytest.mark.parametrize(
    ("opened", "zone"),
    [
        (datetime(2026, 10, 24, 20, 0, tzinfo=UTC), "Europe/London"),  # the clocks go back in that night
        (datetime(2026, 3, 28, 20, 0, tzinfo=UTC), "Europe/London"),  # they go forward
        (datetime(2026, 11, 1, 0, 0, tzinfo=UTC), "America/New_York"),
    ],
)
def test_clocks_that_change_during_a_roll_call_change_nothing(opened: datetime, zone: str) -> None:
    always = WorkCalendar(time_zone=zone, weekdays=frozenset(range(7)), opens=datetime.min.time())
    always = replace(always, closes=datetime.max.time())
    closes = opened + timedelta(hours=16)
    half, late = opened + timedelta(hours=8), opened + timedelta(hours=14)
    second = timedelta(seconds=1)
    moments = [half - second, half, late - second, late, closes - second, closes]
    assert [gonogo.due_step(opened, closes, always, each) for each in moments] == [None, 0, 0, 1, 1, None]
    one = call(*votes("+++."), opened_at=opened, closes_at=closes)
    one = replace(one, votes=tuple(replace(each, at=opened) for each in one.votes))
    assert gonogo.tally(one, RULE, closes - second).outcome is Outcome.OPEN
    assert gonogo.tally(one, RULE, closes).outcome is Outcome.NOT_ENOUGH


@pytest.mark.parametrize(
    ("typed", "before", "hours"),
    [
        ("2026.12 for 4h", "2026.12", 4),
        ("for 90 minutes", "", 1.5),
        ("2026.12 for 2 days", "2026.12", 48),
        ("2026.12", "2026.12", None),
        ("", "", None),
        ("platform for banks for 24h", "platform for banks", 24),
        ("platform for banks", "platform for banks", None),
    ],
)
def test_how_long_is_typed(typed: str, before: str, hours: float | None) -> None:
    long = None if hours is None else timedelta(hours=hours)
    assert gonogo.lasting(typed) == (before, long, None)


@pytest.mark.parametrize("typed", ["2026.12 for 4 years", "for 5m", "for 8d", "for 9999h", "for 0h"])
def test_how_long_it_cannot_be(typed: str) -> None:
    assert gonogo.lasting(typed)[1:] != (None, None)
    assert gonogo.lasting(typed)[1] is None


@pytest.mark.parametrize(
    ("word", "choice"),
    [("go", "go"), ("GO", "go"), ("no-go", "no_go"), ("nogo", "no_go"), ("No_Go", "no_go"), ("abstain", "abstain")],
)
def test_how_votes_are_written(word: str, choice: str) -> None:
    assert gonogo.choice_of(word) == choice


@pytest.mark.parametrize("word", ["", "yes", "2026.12", "gogo", "-"])
def test_what_is_no_vote(word: str) -> None:
    assert gonogo.choice_of(word) is None
