"""Which facts stand in the report, under which title and headings. Each noun of the evidence has its entry here."""

from collections.abc import Callable, Iterable, Mapping
from datetime import datetime, timedelta
from operator import itemgetter
from typing import Any, Final, NamedTuple

from bot.evidence import rules
from bot.evidence.table import Columns
from interlock.store.release import gonogo_rule

Row = Mapping[str, Any]
Facts = Mapping[str, Any]


class Section(NamedTuple):
    """`facts` is the name of the rows, among the release's facts or under `more`, or what makes rows of them."""

    title: str
    facts: str | Callable[[Facts], Iterable[Row]]
    columns: Columns

    def rows(self, facts: Facts) -> list[Row]:
        if callable(self.facts):
            return list(self.facts(facts))
        return list((facts["more"] | facts)[self.facts])


SAID: Final = {"no_go": "no-go", "not_enough": "not enough", "timed_out": "timed out"}


def gate_evidence(facts: Facts) -> Iterable[Row]:
    """A figure is neither ticked nor not."""
    rows = facts["more"]["criterion_evidence"]
    return [row | {"ticked": row["ticked"] if row["value"] is None else None} for row in rows]


def proposals(facts: Facts) -> Iterable[Row]:
    return [row | {"outcome": SAID.get(row["outcome"], row["outcome"])} for row in facts["more"]["policy_change"]]


def roll_calls(facts: Facts) -> Iterable[Row]:
    for row in facts["more"]["gonogo"]:
        outcome = SAID.get(row["outcome"], row["outcome"])
        yield row | {"rule": rules.roll_call(gonogo_rule(row["rule"])), "outcome": outcome}


def votes(facts: Facts) -> Iterable[Row]:
    """Each beside its roll-call, and whether it stood against what came out."""
    of = {row["id"]: row for row in facts["more"]["gonogo"]}
    against = {("no_go", "go"), ("go", "no_go")}
    for row in facts["more"]["gonogo_vote"]:
        call = of[row["gonogo_id"]]
        stood = row["superseded_at"] is None and row["void_at"] is None
        dissent = stood and (row["choice"], call["outcome"]) in against
        choice = SAID.get(row["choice"], row["choice"])
        yield row | {"roll_call": call["number"], "choice": choice, "dissent": "yes" if dissent else None}


def steps(facts: Facts) -> Iterable[Row]:
    """Each with its rule and what was done to it: `started_by`, `failed_note`, `settled_at`, and so on."""
    more = facts["more"]
    runs = {row["id"]: row for row in more["runbook_run"]}
    for row in sorted(more["runbook_step"], key=itemgetter("run_id", "position")):
        found = {"run": runs[row["run_id"]]["number"], "usual_minutes": row["usual_minutes"]} | row["rule"]
        for mark in (each for each in more["runbook_mark"] if each["step_id"] == row["id"]):
            named = {"by": mark["slack_id"], "at": mark["at"], "auth": mark["auth"], "note": mark["note"]}
            deed = "settled" if mark["deed"] in {"done", "skipped"} else mark["deed"]
            found |= {deed: mark["deed"]} | {f"{deed}_{name}": value for name, value in named.items()}
        took = _minutes(found.get("started_at"), found["settled_at"]) if found.get("settled") == "done" else None
        yield found | {"took": took}


def log(facts: Facts) -> Iterable[Row]:
    return [row for row in facts["more"]["raid_entry"] if row["kind"] != "decision"]


def decisions(facts: Facts) -> Iterable[Row]:
    return [row for row in facts["more"]["raid_entry"] if row["kind"] == "decision"]


def _minutes(began: str | None, ended: str) -> float | None:
    if began is None:
        return None
    return round((datetime.fromisoformat(ended) - datetime.fromisoformat(began)) / timedelta(minutes=1), 1)


SECTIONS: Final = (
    Section(
        "Broken glass",
        "break_glass",
        {
            "No.": "id",
            "Card": "card_id",
            "Asked for": "requirements",
            "Why": "reason",
            "Asked": "asked_by asked_at auth",
            "To answer by": "answer_by",
            "Confirmed": "confirmed_by confirmed_at confirmed_auth",
            "Let pass": "covers",
            "For the scope": "fingerprint",
            "Until": "until",
            "Ended": "outcome ended_by ended_at end_auth",
            "Why so": "end_reason end_change",
            "Reviewed": "reviewed_by reviewed_at review_auth",
            "Review": "review",
        },
    ),
    Section(
        "Proposals to change the policy",
        proposals,
        {
            "Number": "number",
            "Template": "template",
            "From version": "old_version",
            "To version": "new_version",
            "Why": "reason",
            "Proposed": "proposed_by proposed_at auth",
            "Until": "closes_at",
            "Outcome": "outcome",
            "Ended": "ended_by ended_at",
            "Why so": "end_reason",
        },
    ),
    Section(
        "Words on proposals to change the policy",
        "policy_change_word",
        {
            "Change": "change_id",
            "Requirement": "requirement",
            "Decision": "decision",
            "Given": "slack_id at auth",
            "In whose place": "principal",
            "Why": "reason",
            "Meaning": "meaning",
        },
    ),
    Section(
        "Delegations that were used",
        "delegation",
        {
            "Away": "slack_id",
            "Signs meanwhile": "stand_in",
            "From": "starts",
            "Until": "until",
            "Made": "made_at auth",
            "Ended": "ended_by ended_at",
        },
    ),
    Section(
        "Conditions of approvals",
        "signoff_condition",
        {"Sign-off": "signoff_id", "Condition": "text", "Ticket": "ticket_id", "Ticked": "done_by done_at"},
    ),
    Section(
        "Checklist and figures",
        gate_evidence,
        {
            "Gate": "criterion",
            "Ticked": "ticked",
            "Figure": "value",
            "Link": "link",
            "By": "slack_id reporter",
            "At": "at",
        },
    ),
    Section(
        "Waivers",
        "waiver",
        {
            "Gate": "criterion",
            "Why": "reason",
            "Asked": "asked_by asked_at",
            "Last day": "until",
            "Expires": "expires_at",
            "Decided": "state decided_by decided_at",
        },
    ),
    Section(
        "Freeze exceptions",
        "freeze_exception",
        {
            "Freeze": "freeze_name",
            "From, until": "starts ends",
            "Why": "why",
            "Risk of going": "risk_in",
            "Risk of waiting": "risk_out",
            "Asked": "asked_by asked_at auth",
            "Decided": "decision decided_by decided_at decided_auth",
            "Reason": "decision_reason",
        },
    ),
    Section(
        "Collisions that were acknowledged",
        "collision_acknowledgement",
        {
            "With release": "other_id",
            "In common": "seen",
            "Hash": "fingerprint",
            "Reason": "reason",
            "By": "slack_id",
            "At": "at",
            "By way of": "auth",
        },
    ),
    Section(
        "Roll-calls",
        roll_calls,
        {
            "No.": "number",
            "Opened": "opened_by opened_at",
            "Closes": "closes_at",
            "Rule": "rule",
            "Policy": "policy_version",
            "Outcome": "outcome",
            "Ended": "ended_by ended_at",
            "Reason": "end_reason",
        },
    ),
    Section(
        "Votes",
        votes,
        {
            "Roll-call": "roll_call",
            "Role": "role",
            "Vote": "choice",
            "Dissent": "dissent",
            "Reason": "reason",
            "By": "slack_id",
            "At": "at",
            "By way of": "auth",
            "Scope": "fingerprint",
            "Changed": "superseded_at",
            "Void": "void_at void_change",
        },
    ),
    Section(
        "Runs of the runbook",
        "runbook_run",
        {
            "No.": "number",
            "Begun": "started_by started_at",
            "Outcome": "outcome",
            "Ended": "ended_by ended_at",
            "Reason": "reason",
        },
    ),
    Section(
        "Steps of the runbook",
        steps,
        {
            "Run": "run",
            "Step": "name",
            "Check": "check",
            "Owner": "owner",
            "Together": "parallel",
            "Expected, min": "expected_minutes",
            "Usual, min": "usual_minutes",
            "Took, min": "took",
            "Started": "started_by started_at started_auth started_note",
            "Failed": "failed_by failed_at failed_auth failed_note",
            "Done or skipped": "settled settled_by settled_at settled_auth settled_note",
        },
    ),
    Section(
        "Risks, assumptions and issues",
        log,
        {
            "No.": "id",
            "Kind": "kind",
            "Title": "title",
            "State": "state",
            "Owner": "owner",
            "Probability, impact": "probability impact",
            "Review": "review_on",
            "Ticket": "ticket_id",
            "Details": "details",
            "Outcome": "outcome",
            "Entered": "created_by created_at",
            "Closed": "closed_by closed_at",
        },
    ),
    Section(
        "Decisions",
        decisions,
        {
            "No.": "id",
            "Title": "title",
            "State": "state",
            "Driver": "owner",
            "Approver": "approver",
            "Contributors": "contributors",
            "Informed": "informed",
            "Options": "details",
            "Outcome": "outcome",
            "Review": "review_on",
            "Ticket": "ticket_id",
            "Entered": "created_by created_at",
            "Closed": "closed_by closed_at",
        },
    ),
    Section(
        "Changes of risks, assumptions, issues and decisions",
        "raid_change",
        {
            "Entry": "entry_id",
            "What": "deed",
            "By": "by",
            "At": "at",
            "Note": "note",
            "Before": "before",
            "After": "after",
        },
    ),
    Section(
        "Bookings of environments that a gate names",
        "bookings",
        {
            "Environment": "environment",
            "By": "slack_id",
            "From": "starts",
            "Until": "ends",
            "Alone": "exclusive",
            "For release": "release_id",
            "State": "state",
            "Ended": "ended_by ended_at",
        },
    ),
    Section(
        "Cards",
        "cards",
        {"Card": "id", "Kind": "kind", "Channel": "channel_id", "Asked": "requested_by requested_at"},
    ),
    Section(
        "What the cards showed beside the scope",
        "revisions",
        {
            "Card": "card_id",
            "No.": "number",
            "Revision": "id",
            "Scope": "fingerprint",
            "Policy": "policy_version",
            "At": "drawn_at",
            "Shown": "shown",
        },
    ),
    Section("Milestones", "milestones", {"Milestone": "name", "Due": "due", "Reached": "reached_at"}),
)
