"""`python -m bench.limits`: how long vendors' limits make a company of a given size wait, by arithmetic.

What is asked is read from the program: its pages, its paces. What a vendor allows is what it documents.
"""

from dataclasses import dataclass
from datetime import timedelta
from typing import Final

import typer

from bot import slack
from interlock.domain.pacing import SLACK, Step
from interlock.trackers import jira

TIER_2: Final = 20
"""Calls a minute of one method. Source: https://docs.slack.dev/apis/web-api/rate-limits"""
JIRA_SECONDS: Final = 0.5
"""What Jira Cloud takes for a page, about; Data Center is as fast as its database."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Company:
    people: int = 50_000
    channels: int = 5_000
    tickets: int = 5_000_000
    changes_a_day: int = 250_000
    cards: int = 2_000


def waits(company: Company) -> dict[str, timedelta]:
    """By what is waited for."""
    tier_2 = timedelta(minutes=1) / TIER_2
    post, update = SLACK[Step.POST][0].every, SLACK[Step.UPDATE][0].every
    page = timedelta(seconds=JIRA_SECONDS)
    return {
        f"reading {company.people:,} people from Slack": _pages(company.people, slack.PAGE) * tier_2,
        f"reading {company.channels:,} channels from Slack": _pages(company.channels, slack.PAGE) * tier_2,
        f"a digest in each of {company.channels:,} channels, all at one hour": company.channels * post,
        f"drawing {company.cards:,} cards anew": company.cards * update,
        f"reading all of {company.tickets:,} tickets": _pages(company.tickets, jira.PAGE) * page,
        f"listing the ids of {company.tickets:,} tickets": _pages(company.tickets, jira.IDS_PAGE) * page,
        f"reading {company.changes_a_day:,} changes of a day": _pages(company.changes_a_day, jira.PAGE) * page,
    }


def _pages(things: int, size: int) -> int:
    return -(-things // size)


def main() -> None:
    typer.echo("| what | at least |\n| --- | ---: |")
    for what, wait in waits(Company()).items():
        minutes = wait / timedelta(minutes=1)
        typer.echo(f"| {what} | {f'{minutes / 60:.1f} h' if minutes >= 90 else f'{minutes:.0f} min'} |")  # noqa: PLR2004 an hour and a half


if __name__ == "__main__":
    main()
