import pytest

from interlock.domain.calendar import WorkCalendar
from interlock.domain.policy import PersonRule, Policy, Team, Tickets
from interlock.domain.time_zone import is_time_zone, person_time_zone

POLICY = Policy(
    time_zone="Europe/London",
    calendar="london",
    calendars={
        "london": WorkCalendar(time_zone="Europe/London"),
        "tokyo": WorkCalendar(time_zone="Asia/Tokyo"),
    },
    tickets=Tickets(projects=("PAY",)),
    teams={
        "infra": Team(name="Infrastructure", calendar="tokyo"),
        "ml": Team(name="ML Platform", time_zone="Europe/Dublin", calendar="tokyo"),
        "data": Team(name="Data Engineering"),
    },
    people={
        "yuki@practice.example": PersonRule(time_zone="Asia/Seoul"),
        "pete@practice.example": PersonRule(team="ml"),
        "noor@practice.example": PersonRule(tracker_account="acc-noor"),
    },
)
PROFILE = "America/New_York"


@pytest.mark.parametrize(
    ("email", "slack_zone", "team", "zone"),
    [
        pytest.param("yuki@practice.example", PROFILE, "ml", "Asia/Seoul", id="configuration comes first"),
        pytest.param("Yuki@Practice.example", PROFILE, "ml", "Asia/Seoul", id="whatever the address's case"),
        pytest.param("noor@practice.example", PROFILE, "ml", PROFILE, id="then the Slack profile"),
        pytest.param(None, PROFILE, "ml", PROFILE, id="also of somebody without an address"),
        pytest.param("noor@practice.example", None, "ml", "Europe/Dublin", id="then the team's zone"),
        pytest.param("noor@practice.example", None, "infra", "Asia/Tokyo", id="or its calendar's"),
        pytest.param("pete@practice.example", None, "infra", "Europe/Dublin", id="of the team that configuration says"),
        pytest.param(None, None, "data", "Europe/London", id="then the policy's"),
        pytest.param(None, None, None, "Europe/London", id="as for a person without a team"),
        pytest.param(None, None, "gone", "Europe/London", id="or of a team that is no more"),
        pytest.param(None, "Middle/Earth", "infra", "Asia/Tokyo", id="an unknown zone in a profile is passed over"),
        pytest.param(None, "", "infra", "Asia/Tokyo", id="as is an empty one"),
    ],
)
def test_whose_time_a_person_reads_in(email: str | None, slack_zone: str | None, team: str | None, zone: str) -> None:
    assert person_time_zone(POLICY, email, slack_zone, team) == zone


@pytest.mark.parametrize("name", ["", "Europe", "Europe/Londn", "../../etc/passwd", "/etc/passwd", "a\0b", "x" * 5000])
def test_what_is_no_time_zone(name: str) -> None:
    assert not is_time_zone(name)


@pytest.mark.parametrize("name", ["Europe/London", "Asia/Tokyo", "UTC"])
def test_what_is_a_time_zone(name: str) -> None:
    assert is_time_zone(name)
