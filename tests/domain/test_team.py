from datetime import UTC, datetime

import pytest

from interlock.domain.calendar import WorkCalendar
from interlock.domain.policy import Policy, Team, TeamMatch, Tickets
from interlock.domain.team import team_of
from interlock.domain.ticket import Category, Ticket

POLICY = Policy(
    time_zone="Europe/London",
    calendar="london",
    calendars={"london": WorkCalendar(time_zone="Europe/London")},
    tickets=Tickets(projects=("PAY", "DATA", "ML")),
    teams={
        "payments": Team(name="Payments App", match=TeamMatch(projects=("PAY",), components=("Ledger",))),
        "data": Team(name="Data Engineering", match=TeamMatch(projects=("DATA",), components=("Streaming", "Ledger"))),
        "ml": Team(name="ML Platform", match=TeamMatch(projects=("ML", "DATA"), field_values=("ML Platform",))),
        "nobody": Team(name="Matches nothing"),
    },
)


@pytest.mark.parametrize(
    ("project", "components", "field", "team"),
    [
        pytest.param("PAY", (), None, "payments", id="by project"),
        pytest.param("PAY", ("Streaming",), None, "data", id="a component outweighs the project"),
        pytest.param("PAY", ("Streaming",), "ML Platform", "ml", id="the team field outweighs both"),
        pytest.param("DATA", (), None, "data", id="two teams name the project: the first has it"),
        pytest.param("ML", ("Ledger",), None, "payments", id="two teams name the component: the first has it"),
        pytest.param("ML", ("Streaming", "Ledger"), None, "payments", id="of two components too"),
        pytest.param("ML", ("Unheard of",), None, "ml", id="a component that is no team's changes nothing"),
        pytest.param("PAY", (), "Unheard of", "payments", id="a field value that is no team's changes nothing"),
        pytest.param("PAY", (" streaming ",), None, "data", id="case and blanks do not count in components"),
        pytest.param("PAY", (), "ml platform", "ml", id="nor in the field"),
        pytest.param("PAY", (), "", "payments", id="an empty field says nothing"),
        pytest.param("OPS", (), None, None, id="no team matches"),
        pytest.param("pay", (), None, None, id="project keys are exact"),
    ],
)
def test_which_team_a_ticket_belongs_to(
    project: str, components: tuple[str, ...], field: str | None, team: str | None
) -> None:
    assert team_of(POLICY, _ticket(project, components, field)) == team


def _ticket(project: str, components: tuple[str, ...], field: str | None) -> Ticket:
    at = datetime(2026, 11, 23, 9, tzinfo=UTC)
    return Ticket(
        id="10001",
        key=f"{project}-1",
        project_id="1",
        project_key=project,
        summary="Schema registry upgrade",
        type="Task",
        status_id="1",
        status="To Do",
        category=Category.NEW,
        created=at,
        updated=at,
        components=components,
        team_field=field,
    )
