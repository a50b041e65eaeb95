"""What a later day would break, told before anybody agrees to it."""

from dataclasses import replace
from datetime import UTC, date, datetime, time
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from interlock.domain import whatif_target
from interlock.domain.actor import Person
from interlock.domain.blocker import Node
from interlock.domain.booking import Booking, BookingState, Held, Span
from interlock.domain.calendar import WorkCalendar
from interlock.domain.environment import Environment, Lifecycle
from interlock.domain.forecast import Forecast, NoForecast
from interlock.domain.policy import Freeze, MilestoneRule, PersonRule, Policy, RequirementRule, Team, Template, Tickets
from interlock.domain.release import Milestone, Release, ScopeRule, Stage
from interlock.domain.signoff import Decision, Requirement, Signoff
from interlock.domain.simulation import Outcome
from interlock.domain.whatif import Basis, Chain, Concerned, Promise, TicketWhatIf, compare, own_day, waiting
from interlock.domain.whatif_target import Facts, TargetWhatIf
from interlock.domain.whatif_words import Unread, Wish, new_day, read

NOW = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
TODAY = NOW.date()
LONDON = WorkCalendar(time_zone="Europe/London", holidays=frozenset({date(2026, 12, 25)}))
TOKYO = WorkCalendar(time_zone="Asia/Tokyo", holidays=frozenset({date(2026, 12, 15)}))
YEAR_END = Freeze(name="Year end", start=date(2026, 12, 19), end=date(2027, 1, 4))
POLICY = Policy(
    time_zone="Europe/London",
    calendar="london",
    calendars={"london": LONDON, "tokyo": TOKYO},
    tickets=Tickets(projects=("DATA",)),
    teams={"data": Team(name="Data Engineering"), "infra": Team(name="Infrastructure", calendar="tokyo")},
    people={"yuki@practice.example": PersonRule(team="infra")},
    freezes=(YEAR_END,),
)
TEMPLATE = Template(
    name="Data Platform",
    milestones=(
        MilestoneRule(name="Scope freeze", business_days_before=18),
        MilestoneRule(name="Code freeze", business_days_before=9),
        MilestoneRule(name="Deployment", business_days_before=0),
    ),
)
RELEASE = Release(
    id=1,
    name="2026.12",
    template="platform",
    policy=TEMPLATE,
    policy_version="v",
    stage=Stage.IN_PROGRESS,
    target=date(2026, 12, 17),
    channel_id="C0REL",
    scope_rule=ScopeRule(version_ids=("v1",)),
    milestones=(
        Milestone(name="Scope freeze", due=date(2026, 11, 23)),
        Milestone(name="Code freeze", due=date(2026, 12, 4)),
        Milestone(name="Deployment", due=date(2026, 12, 17)),
    ),
    created_by="U0RITA",
    created_at=datetime(2026, 11, 1, tzinfo=UTC),
    scope_opened_at=datetime(2026, 11, 1, tzinfo=UTC),
)
RAVI = Person(slack_id="U0RAVI", name="Ravi Menon-Hale")
NONE = NoForecast(release=RELEASE, reason="thin", sentence="Too little history.")


def december(day: int) -> date:
    return date(2026, 12, day)


def foretold(likely: date, safe: date) -> Forecast:
    return Forecast(
        release=RELEASE,
        today=TODAY,
        likely=likely,
        safe=safe,
        teams=(),
        growth=0,
        freeze=None,
        drawn=Outcome(runs=100, days=((likely, 60), (safe, 40)), last=()),
        seed=1,
        mirror_as_of=NOW,
    )


def chain(*waits: str, due: dict[str, int] | None = None, scope: str = "ABC", **more: Any) -> Chain:
    """`B<A` reads: B waits for A. A is asked about; `due` are days of December; `scope` is in 2026.12."""
    blockers: dict[str, list[str]] = {"A": []}
    for wait in waits:
        held, _, blocker = wait.partition("<")
        blockers.setdefault(held, []).append(blocker)
        blockers.setdefault(blocker, [])
    nodes = {key: Node(id=key, key=key, team="data", waits_for=tuple(those)) for key, those in blockers.items()}
    concerned = Concerned(
        release=RELEASE,
        tickets=frozenset(scope) & waiting(nodes, "A"),
        teams=frozenset({"data"}),
        forecast=more.pop("forecast", NONE),
        calendar=LONDON,
    )
    values: dict[str, Any] = {
        "asked": "A",
        "nodes": nodes,
        "due": {key: december(day) for key, day in (due or {}).items()},
        "promises": (),
        "releases": (concerned,),
        "today": TODAY,
        "mirror_as_of": NOW,
    }
    return Chain(**(values | more))


def moved(found: TicketWhatIf) -> dict[str, tuple[int | None, int | None]]:
    return {
        each.node.key: (each.before.day if each.before else None, each.after.day if each.after else None)
        for each in found.moved
    }


@pytest.mark.parametrize(
    ("given_", "moves"),
    [
        pytest.param(chain(due={"A": 1}), {}, id="nothing waits for it"),
        pytest.param(chain("B<A", due={"A": 1, "B": 2}), {"B": (2, 4)}, id="what waits is not done before it"),
        pytest.param(chain("B<A", due={"A": 1, "B": 4}), {}, id="what is due late enough has time to spare"),
        pytest.param(chain("B<A", "C<B", due={"A": 1, "B": 2, "C": 3}), {"B": (2, 4), "C": (3, 4)}, id="a chain"),
        pytest.param(chain("B<A", "C<B", due={"A": 1, "B": 9, "C": 3}), {}, id="time to spare amid a chain ends it"),
        pytest.param(chain("B<A", due={"A": 1}), {"B": (1, 4)}, id="what has no day of its own moves along"),
        pytest.param(chain("B<A", "B<X", due={"A": 1, "X": 8}), {}, id="what waits for something later anyhow stays"),
        pytest.param(chain("B<A", "A<B", due={"A": 1}), {"B": (1, 4)}, id="a circle moves together"),
        pytest.param(chain("A<X", due={"A": 1, "X": 9}), {}, id="it waits for something later itself"),
    ],
)
def test_what_moves_with_it(given_: Chain, moves: dict[str, tuple[int, int]]) -> None:
    found = compare(given_, december(4), LONDON, POLICY)
    assert moved(found) == moves
    assert (found.ticket.before, found.ticket.after, found.slip) == (december(1), december(4), 3)


def test_something_later_that_it_waits_for_itself_is_told() -> None:
    assert compare(chain("A<X", due={"A": 1, "X": 9}), december(4), LONDON, POLICY).waits == december(9)


@pytest.mark.parametrize(
    ("due", "new", "passed"),
    [
        pytest.param({"A": 1}, 4, [], id="on the day itself is in time"),
        pytest.param({"A": 1}, 7, [("Code freeze", "A", False)], id="a milestone"),
        pytest.param({"A": 1}, 18, [("target", "A", False), ("Code freeze", "A", False)], id="the target first"),
        pytest.param({"A": 7}, 9, [], id="what was passed already is no news"),
        pytest.param({"A": 9}, 3, [("Code freeze", "A", True)], id="earlier keeps what was passed"),
        pytest.param({"A": 1, "B": 17}, 18, [("target", "AB", False), ("Code freeze", "A", False)], id="with others"),
    ],
)
def test_the_dates_of_a_release_that_are_passed(
    due: dict[str, int], new: int, passed: list[tuple[str, str, bool]]
) -> None:
    waits = ("B<A",) if "B" in due else ()
    found = compare(chain(*waits, due=due), december(new), LONDON, POLICY)
    assert [
        (each.name, "".join(ticket.node.key for ticket in each.tickets), each.kept) for each in found.passed
    ] == passed


def test_what_is_out_of_scope_passes_nothing() -> None:
    found = compare(chain("B<A", due={"A": 1, "B": 2}, scope="B"), december(7), LONDON, POLICY)
    assert [[each.node.key for each in passed.tickets] for passed in found.passed] == [["B"]]


def test_how_far_beyond_the_target_and_into_which_freeze() -> None:
    found = compare(chain(due={"A": 1}), december(22), LONDON, POLICY)
    (later,) = found.releases
    assert (later.needs, later.target, later.beyond) == (december(22), december(22), 3)
    assert later.freeze is not None
    assert later.freeze.name == "Year end"
    weekend = compare(chain(due={"A": 1}), december(26), LONDON, replace(POLICY, freezes=()))
    assert (weekend.releases[0].target, weekend.releases[0].freeze) == (december(28), None)


@pytest.mark.parametrize(
    ("new", "after"),
    [
        pytest.param(15, (15, 16), id="the likely day is held back"),
        pytest.param(18, (18, 18), id="both are"),
        pytest.param(9, (14, 16), id="within the forecast"),
        pytest.param(1, (14, 16), id="earlier hurries nothing"),
    ],
)
def test_a_forecast_is_held_back_by_what_gets_later(new: int, after: tuple[int, int]) -> None:
    given_ = chain(due={"A": 2}, forecast=foretold(december(14), december(16)))
    (later,) = compare(given_, december(new), LONDON, POLICY).releases
    assert later.likely is not None
    assert later.safe is not None
    assert (later.likely.day, later.safe.day) == after


@pytest.mark.parametrize(
    ("promised", "broken"),
    [
        pytest.param({"A": 2}, ["A"], id="its own"),
        pytest.param({"B": 3}, ["B"], id="of what waits for it"),
        pytest.param({"A": 4, "B": 9}, [], id="late enough"),
        pytest.param({"X": 2}, [], id="of what does not move"),
    ],
)
def test_promises_that_break(promised: dict[str, int], broken: list[str]) -> None:
    promises = tuple(Promise(ticket_id=key, by=RAVI, day=december(day)) for key, day in promised.items())
    found = compare(chain("B<A", "A<X", due={"A": 1, "B": 1}, promises=promises), december(4), LONDON, POLICY)
    assert [each.ticket_id for each in found.promises] == broken


def test_where_a_tickets_own_day_comes_from() -> None:
    promise = (Promise(ticket_id="A", by=RAVI, day=december(2)),)
    assert own_day(chain(due={"A": 1}, promises=promise))[:2] == (december(1), Basis.DUE)
    assert own_day(chain(promises=promise))[:2] == (december(2), Basis.PROMISE)
    assert own_day(chain()) == (december(17), Basis.TARGET, RELEASE)
    assert own_day(replace(chain(), due={"A": date(2026, 11, 2)}))[0] == TODAY


@given(
    st.lists(st.tuples(st.sampled_from("ABCDEF"), st.sampled_from("ABCDEF")), max_size=12),
    st.dictionaries(st.sampled_from("BCDEF"), st.integers(1, 30)),
    st.integers(1, 30),
    st.integers(1, 30),
)
def test_later_moves_nothing_earlier_and_back_again_is_as_before(
    links: list[tuple[str, str]], due: dict[str, int], old: int, new: int
) -> None:
    def asked(day: int) -> Chain:
        return chain(*(f"{waits}<{on}" for waits, on in links), due=due | {"A": day}, scope="ABCDEF")

    there = compare(asked(old), december(new), LONDON, POLICY)
    back = compare(asked(new), december(old), LONDON, POLICY)
    for each in there.moved:
        assert each.before is not None
        assert each.after is not None
        assert (each.after > each.before) == (new > old)
        assert min(old, new) <= min(each.before.day, each.after.day)
        assert max(each.before.day, each.after.day) <= max(old, new)
    assert {(each.node.key, each.before, each.after) for each in there.moved} == {
        (each.node.key, each.after, each.before) for each in back.moved
    }
    assert {(each.name, each.kept) for each in there.passed} == {(each.name, not each.kept) for each in back.passed}


SAM = Person(slack_id="U0SAM", name="Sam", email="sam@practice.example")
YUKI = Person(slack_id="U0YUKI", name="Yuki", email="Yuki@practice.example")


def requirement(
    name: str, *eligible: Person, by: Person | None = None, valid_until: datetime | None = None
) -> Requirement:
    signoff = by and Signoff(
        id=1,
        requirement_id=1,
        person=by,
        decision=Decision.APPROVED,
        reason=None,
        fingerprint="f",
        at=NOW,
        valid_until=valid_until,
    )
    rule = RequirementRule(key=name.casefold(), name=name)
    return Requirement(
        id=1, key=rule.key, name=name, rule=rule, signoffs=(signoff,) if signoff else (), eligible=eligible
    )


def span(first: int, last: int) -> Span:
    begins, ends = (datetime.combine(december(day), time(hour), LONDON.zone) for day, hour in ((first, 9), (last, 17)))
    return Span(starts=begins, ends=ends)


def booking(number: int, over: Span, release: str | None = "2026.12", **more: Any) -> Booking:
    values: dict[str, Any] = {"exclusive": True, "seat_from": 0, "seat_to": 1, "state": BookingState.ACTIVE}
    return Booking(
        id=number,
        environment_id=1,
        holder=RAVI,
        span=over,
        purpose="",
        created_at=NOW,
        release=release,
        **(values | more),
    )


def held(*bookings: Booking) -> tuple[Held, ...]:
    staging = Environment(
        id=1, key="staging", name="Staging", tier="staging", capacity=1, lifecycle=Lifecycle.READY, reason=""
    )
    return (Held(environment=staging, active=bookings, waiting=()),)


def facts(**more: Any) -> Facts:
    values: dict[str, Any] = {
        "release": RELEASE,
        "teams": frozenset({"data"}),
        "requirements": (),
        "held": (),
        "others": (),
        "forecast": NONE,
        "mirror_as_of": NOW,
    }
    return Facts(**(values | more))


def moves_to(new: int, **more: Any) -> TargetWhatIf:
    return whatif_target.compare(facts(**more), december(new), POLICY, NOW)


def test_milestones_are_counted_back_from_the_new_target() -> None:
    found = moves_to(15)
    assert [(old.name, new.due) for old, new in found.moved] == [
        ("Scope freeze", date(2026, 11, 19)),
        ("Code freeze", december(2)),
        ("Deployment", december(15)),
    ]
    assert ([each.name for each in found.newly_past], found.slip) == (["Scope freeze"], -2)


def test_a_milestone_that_was_reached_stays() -> None:
    reached = replace(RELEASE.milestones[0], reached_at=NOW)
    found = moves_to(15, release=replace(RELEASE, milestones=(reached, *RELEASE.milestones[1:])))
    assert [old.name for old, _ in found.moved] == ["Code freeze", "Deployment"]
    assert found.newly_past == ()


@pytest.mark.parametrize(
    ("old", "new", "before", "after"),
    [(17, 18, None, None), (17, 21, None, "Year end"), (21, 18, "Year end", None)],
)
def test_freezes_that_are_met_and_left(old: int, new: int, before: str | None, after: str | None) -> None:
    found = moves_to(new, release=replace(RELEASE, target=december(old)))
    names = [plan.freeze.name if plan.freeze else None for plan in (found.before, found.after)]
    assert names == [before, after]


@pytest.mark.parametrize(
    ("bookings", "uncovered"),
    [
        pytest.param([booking(1, span(16, 17))], [("staging", False)], id="it ends the day before"),
        pytest.param([booking(1, span(16, 18))], [], id="it covers both days"),
        pytest.param([booking(1, span(17, 17)), booking(2, span(18, 18))], [], id="another of its own covers the day"),
        pytest.param([booking(1, span(15, 16))], [], id="it covered no target"),
        pytest.param(
            [booking(1, span(17, 17)), booking(2, span(18, 19), "other")], [("staging", True)], id="others have the day"
        ),
    ],
)
def test_bookings_that_no_longer_cover_the_day(bookings: list[Booking], uncovered: list[tuple[str, bool]]) -> None:
    found = moves_to(18, held=held(*bookings))
    assert [(each.booking.environment, each.taken) for each in found.uncovered] == uncovered


def test_time_to_sign_follows_each_approvers_own_calendar() -> None:
    asked = (
        requirement("QA", SAM),
        requirement("Infrastructure", YUKI, SAM),
        requirement("Nobody's"),
        requirement("Given", SAM, by=SAM),
    )
    found = moves_to(14, requirements=asked)
    assert [(old.requirement, old.days, new.days) for old, new in found.signing] == [
        ("Infrastructure", 17, 15),  # Tokyo's 15 December is a holiday
        ("QA", 18, 15),
    ]
    assert found.given == 1


def test_approvals_that_are_too_old_by_the_new_day() -> None:
    """One that ends amid the day does not last for it."""
    until = {
        name: datetime(2026, 12, day, hour, tzinfo=UTC)
        for name, day, hour in (("Before", 17, 9), ("Between", 18, 9), ("After", 22, 0))
    }
    asked = tuple(requirement(name, SAM, by=SAM, valid_until=day) for name, day in until.items())
    assert moves_to(21, requirements=asked).anew == ("Between",)
    assert moves_to(16, requirements=asked).anew == ()


def test_other_releases_that_share_the_new_day() -> None:
    other = replace(RELEASE, id=2, name="2026.12-ml", target=december(18))
    found = moves_to(18, others=(other, replace(RELEASE, id=3, name="weekly", target=december(17))))
    assert [each.name for each in found.newly_same_day] == ["2026.12-ml"]
    assert [each.name for each in found.before.same_day] == ["weekly"]


def test_how_likely_the_new_target_is_kept() -> None:
    found = moves_to(18, forecast=foretold(december(14), december(18)))
    assert (found.before.met, found.after.met) == (60, 100)
    assert moves_to(18).after.met is None


@pytest.mark.parametrize(
    ("text", "wish"),
    [
        ("data-214 +3d", Wish(key="DATA-214", release="", word="+3d")),
        ("DATA-214   fri", Wish(key="DATA-214", release="", word="fri")),
        ("target 2026-12-18", Wish(key=None, release="", word="2026-12-18")),
        ("TARGET +2d 2026.12 Data Platform", Wish(key=None, release="2026.12 Data Platform", word="+2d")),
    ],
)
def test_what_is_typed(text: str, wish: Wish) -> None:
    assert read(text) == wish


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "Type a ticket"),
        ("target", "To which day?"),
        ("DATA-214", "By how much?"),
        ("DATA-214 +3d please", "That is more than one day."),
        ("DATA", "“DATA” is no ticket's key."),
        ("what happens then", "“what” is no ticket's key."),
        ("../../etc-1 +3d", "is no ticket's key."),
        ("x" * 500 + " +3d", "x…” is no ticket's key."),
        ("DATA-٣ +3d", "is no ticket's key."),
    ],
)
def test_what_cannot_be_read_says_what_can(text: str, says: str) -> None:
    found = read(text)
    assert isinstance(found, Unread)
    assert says in found.sentence


@pytest.mark.parametrize(
    ("word", "day"),
    [
        ("+3d", december(7)),
        ("3d", december(7)),
        ("-1d", december(1)),
        ("−1d", december(1)),
        ("+3D", december(7)),
        ("+16d", december(24)),
        ("+17d", december(28)),
        ("2026-12-11", december(11)),
        ("fri", date(2026, 11, 27)),
        ("tomorrow", date(2026, 11, 24)),
        ("+250d", LONDON.add_business_days(december(2), 250)),
    ],
)
def test_days_as_they_are_typed(word: str, day: date) -> None:
    assert new_day(word, december(2), LONDON, TODAY) == day


@pytest.mark.parametrize(
    ("word", "says"),
    [
        ("+0d", "That is Wed 2 Dec, as it is now: nothing would change."),
        ("-0d", "nothing would change"),
        ("2026-12-02", "nothing would change"),
        ("400d", "“400d” is too far: at most 250 business days at once."),
        ("+999999d", "too far"),
        ("-200d", "is past. Name a day from Mon 23 Nov on."),
        ("2026-11-20", "Fri 20 Nov is past."),
        ("2020-01-01", "Wed 1 Jan 2020 is past. Name a day from Mon 23 Nov on."),
        ("2031-01-06", "more than two years away"),
        ("soon", "“soon” is no day."),
        ("+3.5d", "is no day"),
        ("+٣d", "is no day"),
        ("2026-13-40", "is no day"),
        ("<!channel>", "is no day"),
    ],
)
def test_days_that_are_none(word: str, says: str) -> None:
    found = new_day(word, december(2), LONDON, TODAY)
    assert isinstance(found, Unread)
    assert says in found.sentence


def test_a_release_is_planned_for_business_days_alone() -> None:
    assert whatif_target.problem(december(19), LONDON) == "Sat 19 Dec is no business day. The next is Mon 21 Dec."
    assert whatif_target.problem(december(25), LONDON) == "Fri 25 Dec is no business day. The next is Mon 28 Dec."
    assert whatif_target.problem(december(18), LONDON) is None
