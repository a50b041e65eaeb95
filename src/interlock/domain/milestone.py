"""Milestones: dates counted back from the target in business days."""

from datetime import date

from interlock.domain.calendar import WorkCalendar
from interlock.domain.policy import Policy, Template
from interlock.domain.release import Milestone


def calendar_of(policy: Policy, template: Template) -> WorkCalendar:
    """Whose business days count for a release of this template. A calendar that the policy no longer has gives way to
    the policy's own.
    """
    return policy.calendars.get(template.calendar or policy.calendar) or policy.calendars[policy.calendar]


def plan(template: Template, target: date, calendar: WorkCalendar) -> tuple[Milestone, ...]:
    """The template's milestones for this target, the earliest first."""
    dated = [
        Milestone(name=rule.name, due=calendar.add_business_days(target, -rule.business_days_before))
        for rule in template.milestones
    ]
    return tuple(sorted(dated, key=lambda milestone: milestone.due))


def upcoming(milestones: tuple[Milestone, ...], today: date) -> Milestone | None:
    """The next one that is neither reached nor past."""
    return next((each for each in milestones if each.reached_at is None and each.due >= today), None)
