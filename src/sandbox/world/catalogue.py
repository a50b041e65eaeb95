"""What the practice Jira is set up with: statuses, types, priorities, link types, people."""

from sandbox.jira.model import (
    DONE,
    IN_PROGRESS,
    NEW,
    UNDEFINED,
    Account,
    IssueType,
    LinkType,
    Named,
    Status,
)
from sandbox.slack.values import Person
from sandbox.world import people

TO_DO = Status("10000", "To Do", NEW)
DOING = Status("3", "In Progress", IN_PROGRESS, "Somebody works on it.")
REVIEW = Status("10001", "In Review", IN_PROGRESS)
BLOCKED = Status("10002", "Blocked", IN_PROGRESS, "It cannot move until something else does.")
FINISHED = Status("10003", "Done", DONE)
DROPPED = Status("10004", "Won't Do", DONE)
PARKED = Status("10005", "Parked", UNDEFINED, "Of no category: somebody added it in a hurry.")
STATUSES = {s.name: s for s in (TO_DO, DOING, REVIEW, BLOCKED, FINISHED, DROPPED, PARKED)}

STORY = IssueType("10001", "Story", "Something that a user can do afterwards.")
TASK = IssueType("10002", "Task", "A piece of work.")
BUG = IssueType("10004", "Bug", "Something that does not do what it should.")
EPIC = IssueType("10005", "Epic", "A large piece of work.", level=1)
TYPES = {t.name: t for t in (STORY, TASK, BUG, EPIC)}

PRIORITIES = {name: Named(str(i), name) for i, name in enumerate(("Highest", "High", "Medium", "Low", "Lowest"), 1)}
RESOLUTIONS = {name: Named(str(10000 + i), name, "") for i, name in enumerate(("Done", "Won't Do", "Duplicate"))}
RISK = Named("10100", "Risk committee", "Seen by the risk committee and those who work on it.")

BLOCKS = LinkType("10000", "Blocks", "is blocked by", "blocks")
CLONES = LinkType("10001", "Cloners", "is cloned by", "clones")
DUPLICATES = LinkType("10002", "Duplicate", "is duplicated by", "duplicates")
RELATES = LinkType("10003", "Relates", "relates to", "relates to")
# The direction is in the phrases, not in the name: here the outward side is the one that waits.
DEPENDS = LinkType("10004", "Dependency", "is required by", "depends on")
LINK_TYPES = (BLOCKS, CLONES, DUPLICATES, RELATES, DEPENDS)

_SHOWS_EMAIL = {"ana", "ravi", "maria", "tom", "ines", "omar", "noor", "grace", "rita"}
_NOT_IN_JIRA = {"audrey", "gil", "interlock"}


def account(person: Person) -> Account:
    """The Jira user of somebody from Slack. Half of them expose no e-mail address, as in real Jiras."""
    email = person.email if person.name in _SHOWS_EMAIL else None
    return Account(person.name, person.real_name, email, active=not person.deleted, time_zone=person.tz)


ACCOUNTS = {p.name: account(p) for p in people.PEOPLE if p.name not in _NOT_IN_JIRA}
# Not UTC, so that a date in a query read in the wrong zone is noticed.
BOT = Account("interlock", "Interlock", "interlock@practice.example", time_zone="America/New_York")
