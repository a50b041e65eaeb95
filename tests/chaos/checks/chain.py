"""The record of decisions is whole: each event covers the one before, and nothing of it was changed since."""

import hashlib
import json
from collections.abc import Callable, Iterator

from tests.chaos.record import Record


def the_chain_holds(record: Record) -> Iterator[str]:
    previous, people = "", record.tables["audit_person"]
    for number, row in enumerate(record.tables["audit_event"], start=1):
        if row["seq"] != number:
            yield f"event {number} is missing"
            return
        if row["previous"] != previous or row["hash"] != _sha(f"{previous}\n{row['body']}"):
            yield f"event {number} does not follow from the one before"
            return
        previous = row["hash"]
    head = record.tables["audit_head"][0]
    if (head["seq"], head["hash"]) != (len(record.tables["audit_event"]), previous):
        yield f"the head is at {head['seq']}, the chain ends with {len(record.tables['audit_event'])}"
    committed = {row["seq"]: json.loads(row["body"])["people"] for row in record.tables["audit_event"]}
    for row in people:
        told = json.dumps(row["data"], sort_keys=True, separators=(",", ":"), ensure_ascii=False)
        if committed[row["seq"]].get(row["role"]) != _sha(f"{row['salt']}{told}"):
            yield f"event {row['seq']} names another {row['role']} than it committed to"


def _sha(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


CHECKS: tuple[Callable[[Record], Iterator[str]], ...] = (the_chain_holds,)
