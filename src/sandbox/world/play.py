"""The story's first morning: three releases are planned, two are signed by some, two environments are booked."""

from datetime import date

from sandbox.slack.acts import Acts
from sandbox.slack.workspace import Workspace
from sandbox.world import calendar
from sandbox.world.people_at_work import Somebody

PLATFORM, PAYMENTS, MODELS = "C0RELDATAPLATFORM", "C0RELPAYMENTS", "C0RELMODELS"
ENVIRONMENTS = "C0ENVIRONMENTS"


def play(acts: Acts, workspace: Workspace, today: date) -> None:
    """Raises GaveUpError where the app does not answer."""
    plans = calendar.releases(today)

    def somebody(person: str) -> Somebody:
        return Somebody(acts, workspace, person)

    rita, sam = somebody("U0RITA"), somebody("U0SAM")
    for who, channel, template, plan in (
        (rita, PLATFORM, "Quarterly platform release", plans.platform),
        (sam, PAYMENTS, "Weekly service release", plans.payments),
        (rita, MODELS, "Model promotion", plans.models),
    ):
        who.types(channel, "/release new")
        who.fills(
            "New release",
            {
                "Template": template,
                "Name": plan.name,
                "Target date": plan.target.isoformat(),
                "Fix versions": plan.name,
            },
        )
    for who, channel in ((rita, PLATFORM), (sam, PAYMENTS)):
        who.types(channel, "/release signoffs")
        who.presses(channel, "Ask for")
    somebody("U0NOOR").presses(PLATFORM, "Approve")
    somebody("U0GRACE").presses(PAYMENTS, "Approve")
    for person, environment, purpose in (
        ("U0JON", "uat-1", "Regression tests of the weekly release"),
        ("U0RAVI", "int-1", "Schema registry rehearsal"),
    ):
        who = somebody(person)
        who.types(ENVIRONMENTS, f"/env book {environment}")
        who.fills("Book an environment", {"What for": purpose})
