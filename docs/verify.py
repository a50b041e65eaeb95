"""Checks a release's evidence, as `interlock evidence` exports it, offline and with nothing but Python's own library.

    python verify.py EVIDENCE.zip --key FINGERPRINT --anchors FILE_OR_FOLDER ...

Two things must come from your side, not from whoever handed you the file: the fingerprint of the key that signs
(`interlock evidence key` printed it when the key was made), and anchors: the lines `interlock-anchor ...` that
Interlock posts each day in a channel and writes into its log and a write-once folder. Take this program from the
project itself, too. Python 3.9 or newer.

Exit codes: 0 everything holds and is proven by your anchors; 1 something was altered, and it is named; 2 wrong usage,
or a file cannot be read; 3 nothing altered was found, but not everything is proven, and it is said why.

Nothing is unpacked before the signature holds and the packed bytes are those that were signed, so a hostile file can
neither fill the memory nor write anywhere: this program writes no file.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import re
import struct
import sys
import zlib
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, NamedTuple

FORMAT = "interlock-evidence/1"
SIGNED = b"interlock-evidence/1\n"
"""What stands before the manifest's bytes where they are signed, so that no other signature of this key fits."""
LARGEST_FILE = 1 << 30
LARGEST_MEMBER = 1 << 30
LARGEST_MANIFEST = 1 << 20
LARGEST_SIGNATURE = 1 << 12
MOST_MEMBERS = 32
LONGEST_NUMBER = 18

NEEDED = ("facts.json", "people.json", "chain.jsonl")
HEX = re.compile(r"[0-9a-f]{64}")
NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9-]{0,40}\.[a-z]{1,5}")
ANCHOR = re.compile(
    r"interlock-anchor v1 seq=(\d{1,15}) hash=([0-9a-f]{64}) at=(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ)", re.ASCII
)


class AlteredError(Exception):
    """It is not what Interlock wrote; the text says what was altered."""


# --- RFC 8032, Ed25519: verification alone ---------------------------------------------------------------------------

P = 2**255 - 19
L = 2**252 + 27742317777372353535851937790883648493
D = -121665 * pow(121666, P - 2, P) % P
ROOT = pow(2, (P - 1) // 4, P)
Point = tuple[int, int, int, int]
NEUTRAL: Point = (0, 1, 1, 0)


def _add(one: Point, other: Point) -> Point:
    a = (one[1] - one[0]) * (other[1] - other[0]) % P
    b = (one[1] + one[0]) * (other[1] + other[0]) % P
    c = 2 * one[3] * other[3] * D % P
    d = 2 * one[2] * other[2] % P
    e, f, g, h = b - a, d - c, d + c, b + a
    return (e * f % P, g * h % P, f * g % P, e * h % P)


def _double(one: Point) -> Point:
    a, b = one[0] * one[0] % P, one[1] * one[1] % P
    c = 2 * one[2] * one[2] % P
    h = a + b
    e = h - (one[0] + one[1]) ** 2
    g = a - b
    f = c + g
    return (e * f % P, g * h % P, f * g % P, e * h % P)


def _point(encoded: bytes) -> Point | None:
    """RFC 8032, 5.1.3: None for what encodes no point, or does not as it must."""
    y = int.from_bytes(encoded, "little")
    sign, y = y >> 255, y & ((1 << 255) - 1)
    if y >= P:
        return None
    u, v = (y * y - 1) % P, (D * y * y + 1) % P
    x = u * pow(v, 3, P) * pow(u * pow(v, 7, P), (P - 5) // 8, P) % P
    if v * x * x % P != u:
        x = x * ROOT % P
        if v * x * x % P != u:
            return None
    if x == 0 and sign:
        return None
    if x & 1 != sign:
        x = P - x
    return (x, y, 1, x * y % P)


BASE = _point((4 * pow(5, P - 2, P) % P).to_bytes(32, "little")) or NEUTRAL


def ed25519_holds(public: bytes, message: bytes, signature: bytes) -> bool:
    """Whether the key's owner signed the message: RFC 8032, 5.1.7, with the check without the cofactor."""
    if len(public) != 32 or len(signature) != 64:
        return False
    key, shown = _point(public), _point(signature[:32])
    scalar = int.from_bytes(signature[32:], "little")
    if key is None or shown is None or scalar >= L:
        return False
    hashed = hashlib.sha512(signature[:32] + public + message).digest()
    factor = int.from_bytes(hashed, "little") % L
    minus: Point = (P - key[0], key[1], 1, P - key[3])
    both = _add(BASE, minus)
    found = NEUTRAL
    for bit in range(252, -1, -1):  # scalar * BASE - factor * key, both at once
        found = _double(found)
        here = (scalar >> bit & 1, factor >> bit & 1)
        if here != (0, 0):
            found = _add(found, both if here == (1, 1) else BASE if here[0] else minus)
    return (found[0] - shown[0] * found[2]) % P == 0 and (found[1] - shown[1] * found[2]) % P == 0


# --- The zip: exactly as Interlock writes it, and nothing else that other programs would take ------------------------

LOCAL = struct.Struct("<4sHHHHHLLLHH")
CENTRAL = struct.Struct("<4sHHHHHHLLLHHHHHLL")
END = struct.Struct("<4sHHHHLLH")
STORED, DEFLATED = 0, 8
NEW_YEAR_1980 = 0x21
OWNERS = 0o100644 << 16


class Member(NamedTuple):
    method: int
    crc: int
    size: int
    packed: bytes


def members(data: bytes) -> dict[str, Member]:
    """The zip's members, still packed. Every byte of it is accounted for: no comment, no gap, no second entry of a
    name, no path, and each header as it must be.
    """
    if len(data) < END.size or data[-END.size :][:4] != b"PK\5\6":
        raise AlteredError("The file does not end as a zip file of Interlock's does: it was cut off, or added to.")
    _, _, _, _, number, length, start, _ = END.unpack(data[-END.size :])
    end = END.pack(b"PK\5\6", 0, 0, number, number, length, start, 0)
    if data[-END.size :] != end or start + length + END.size != len(data) or not 0 < number <= MOST_MEMBERS:
        raise AlteredError("The zip file's end record was altered.")
    found: dict[str, Member] = {}
    place, here = start, 0
    for turn in range(1, number + 1):
        if place + CENTRAL.size > start + length:
            raise AlteredError("The zip file's list of members was altered.")
        read = CENTRAL.unpack_from(data, place)
        method, crc, packed, size, named = read[4], read[7], read[8], read[9], read[10]
        raw = data[place + CENTRAL.size : place + CENTRAL.size + named]
        name = raw.decode("ascii", "replace")
        if not NAME.fullmatch(name) or name in found or method not in (STORED, DEFLATED):
            raise AlteredError(f"The zip file's list of members was altered, at member {turn}.")
        central = (
            b"PK\1\2",
            0x314,
            20,
            0,
            method,
            0,
            NEW_YEAR_1980,
            crc,
            packed,
            size,
            named,
            0,
            0,
            0,
            0,
            OWNERS,
            here,
        )
        local = (b"PK\3\4", 20, 0, method, 0, NEW_YEAR_1980, crc, packed, size, named, 0)
        if read != central or data[here : here + LOCAL.size + named] != LOCAL.pack(*local) + raw:
            raise AlteredError(f"The zip file's header of {name} was altered.")
        begin = here + LOCAL.size + named
        here, place = begin + packed, place + CENTRAL.size + named
        if here > start or (method == STORED and packed != size):
            raise AlteredError(f"The zip file's header of {name} was altered.")
        found[name] = Member(method, crc, size, data[begin:here])
    if here != start or place != start + length:
        raise AlteredError("The zip file has bytes that belong to none of its members.")
    return found


def unpacked(name: str, member: Member, size: int) -> bytes:
    """Its bytes, of which there are `size`; no more are ever made."""
    content = member.packed
    if member.method == DEFLATED:
        inflating = zlib.decompressobj(-15)
        try:
            content = inflating.decompress(member.packed, size + 1)
        except zlib.error:
            raise AlteredError(f"{name} cannot be unpacked.") from None
        if not inflating.eof or inflating.unused_data:
            raise AlteredError(f"{name} cannot be unpacked as it was packed.")
    if len(content) != size or member.size != size or zlib.crc32(content) != member.crc:
        raise AlteredError(f"{name} is not as long as it was, or not what it was.")
    return content


# --- JSON, as strictly as it is written ------------------------------------------------------------------------------


def canonical(value: Any) -> str:
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False)


def _whole(text: str) -> int:
    if len(text) > LONGEST_NUMBER:
        raise ValueError("a number is too long")
    return int(text)


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    if len(dict(pairs)) != len(pairs):
        raise ValueError("a name stands twice")
    return dict(pairs)


def _constant(text: str) -> Any:
    raise ValueError(text)


def told(name: str, raw: bytes) -> Any:
    try:
        return json.loads(raw.decode("utf-8"), parse_int=_whole, parse_constant=_constant, object_pairs_hook=_once)
    except (ValueError, RecursionError):
        raise AlteredError(f"{name} is not the JSON that Interlock writes.") from None


def _object(name: str, raw: bytes) -> dict[str, Any]:
    value = told(name, raw)
    if not isinstance(value, dict):
        raise AlteredError(f"{name} is not the JSON that Interlock writes.")
    return value


# --- Signature, manifest, files ---------------------------------------------------------------------------------------


def signed_manifest(found: dict[str, Member], keys: Sequence[str]) -> dict[str, Any]:
    """The manifest, once it is known that the holder of one of these keys signed it, byte for byte."""
    for name, largest in (("manifest.json", LARGEST_MANIFEST), ("signature.json", LARGEST_SIGNATURE)):
        member = found.get(name)
        if member is None or member.method != STORED or member.size > largest:
            raise AlteredError(f"{name} is missing, or not as Interlock writes it.")
    raw = unpacked("signature.json", found["signature.json"], found["signature.json"].size)
    signature = _object("signature.json", raw)
    parts = [signature.get(part) for part in ("public_key", "signature")]
    if not all(isinstance(part, str) and re.fullmatch(r"(?:[0-9a-f]{64}){1,2}", part) for part in parts):
        raise AlteredError("signature.json is not as Interlock writes it.")
    public, mark = bytes.fromhex(str(parts[0])), bytes.fromhex(str(parts[1]))
    written = {"algorithm": "Ed25519", "public_key": public.hex(), "signature": mark.hex()}
    if raw != (canonical(written) + "\n").encode():
        raise AlteredError("signature.json was altered.")
    mine = hashlib.sha256(public).hexdigest()
    if mine not in keys:
        raise AlteredError(
            f"It was signed with another key than yours: its fingerprint is {mine}. Whoever made the file may have "
            "made it with a key of their own."
        )
    manifest = unpacked("manifest.json", found["manifest.json"], found["manifest.json"].size)
    if not ed25519_holds(public, SIGNED + manifest, mark):
        raise AlteredError(
            "manifest.json or its signature was altered: the signature does not hold, so nothing else can."
        )
    value = _object("manifest.json", manifest)
    if value.get("format") != FORMAT:
        raise AlteredError(f"The evidence is of another format than {FORMAT}: take the verify.py of its version.")
    return value


def files(found: dict[str, Member], manifest: dict[str, Any]) -> tuple[dict[str, bytes], list[str]]:
    """The files that are what was signed, and a sentence for each that is not."""
    listed = {str(each["name"]): each for each in manifest["files"]}
    there = [name for name in found if name not in ("manifest.json", "signature.json")]
    faults = [f"{name} is in the zip file and not in its manifest." for name in there if name not in listed]
    faults += [f"{name} is missing from the zip file." for name in listed if name not in there]
    contents: dict[str, bytes] = {}
    for name in there:
        if name not in listed:
            continue
        member, want = found[name], listed[name]
        if len(member.packed) != want["packed"] or _sha256(member.packed) != want["packed_sha256"]:
            faults.append(f"{name} was altered: it is not what was signed.")
            continue
        if not 0 <= want["size"] <= LARGEST_MEMBER:
            faults.append(f"{name} is too large to be looked at.")
            continue
        try:
            content = unpacked(name, member, want["size"])
        except AlteredError as fault:
            faults.append(str(fault))
            continue
        if _sha256(content) == want["sha256"]:
            contents[name] = content
        else:
            faults.append(f"{name} was altered: it is not what was signed.")
    if not faults and list(found) != [*listed, "manifest.json", "signature.json"]:
        faults.append("The zip file's members do not stand in the order of its manifest.")
    return contents, faults


def _sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


# --- The chain, and what stands beside it ----------------------------------------------------------------------------


class Event(NamedTuple):
    seq: int
    hash: str
    body: dict[str, Any] | None
    """None where it was withheld: the exporter may not see other releases' decisions."""


class Chain(NamedTuple):
    first: int
    before: str
    events: list[Event]
    release: int

    @property
    def own(self) -> list[Event]:
        return [each for each in self.events if each.body is not None and each.body["release_id"] == self.release]

    def hash_at(self, seq: int) -> str | None:
        if seq == self.first - 1:
            return self.before
        at = seq - self.first
        return self.events[at].hash if 0 <= at < len(self.events) else None


BODY = {"at", "authentication", "facts", "kind", "people", "release_id", "seq"}


def chain(raw: bytes, manifest: dict[str, Any]) -> Chain:
    """Every link recomputed. Raises AlteredError at the first that does not hold."""
    first, before = manifest["chain"]["first"], manifest["chain"]["previous"]
    previous, events = before, []
    for place, line in enumerate(raw.split(b"\n")[:-1]):
        seq = first + place
        link = _object("chain.jsonl", line)
        digest, text = link.get("hash"), link.get("body")
        if link.get("seq") != seq or not isinstance(digest, str) or not HEX.fullmatch(digest):
            raise AlteredError(f"The chain is broken: event {seq} is missing or out of its place.")
        body = None
        if isinstance(text, str):
            if _sha256((f"{previous}\n{text}").encode()) != digest:
                raise AlteredError(
                    f"The chain is broken at event {seq}: it is not what was recorded, or follows another."
                )
            body = _object("chain.jsonl", text.encode())
            if set(body) != BODY or body["seq"] != seq or canonical(body) != text:
                raise AlteredError(f"Event {seq} of the chain is not as Interlock records one.")
        elif text is not None:
            raise AlteredError(f"Event {seq} of the chain is not as Interlock writes it.")
        events.append(Event(seq, digest, body))
        previous = digest
    if not events or (events[-1].seq, events[-1].hash) != (manifest["chain"]["last"], manifest["chain"]["head"]):
        raise AlteredError("The chain does not end where the manifest says that it does.")
    return Chain(first, before, events, manifest["release"]["id"])


def people_faults(one: Chain, people: list[dict[str, Any]]) -> tuple[list[str], list[str]]:
    """What is altered of the personal data beside the chain, and what cannot be proven of it."""
    faults, doubts = [], []
    kinds = {each.seq: each.body["kind"] if each.body else None for each in one.events}
    there = {(each["seq"], each["role"]): each for each in people}
    if len(there) != len(people):
        faults.append("people.json names somebody twice for one event.")
    for event in one.own:
        assert event.body is not None
        for role, commitment in sorted(event.body["people"].items()):
            entry = there.pop((event.seq, role), None)
            if entry is None:
                faults.append(f"The {role} of event {event.seq} is missing from people.json.")
            elif "erased_by" in entry:
                kind = kinds.get(entry["erased_by"], "")
                if kind is None:
                    doubts.append(f"That the {role} of event {event.seq} was erased is not proven.")
                elif kind != "person.erased":
                    faults.append(f"The {role} of event {event.seq} is gone, and no erasure says so.")
            elif _sha256((str(entry["salt"]) + canonical(entry["data"])).encode()) != commitment:
                faults.append(f"The {role} of event {event.seq} is not who was recorded.")
    faults += [f"people.json names a {role} for event {seq}, which has none." for seq, role in sorted(there)]
    return faults, doubts


def fingerprint(tickets: Iterable[Sequence[Any]]) -> str:
    """Of a scope: over its tickets' ids, whether they are done, and their priorities."""
    seen = sorted([ticket[0], ticket[2], ticket[3] or ""] for ticket in tickets)
    return _sha256(canonical(seen).encode())


def policy_doubts(facts: dict[str, Any]) -> list[str]:
    """A release that a newer Interlock took over may know rules that its version's hash did not cover yet."""
    version = facts["policy"]["version"]
    if len(version) >= 12 and facts["policy"]["sha256"].startswith(version):
        return []
    return [f"That the policy is the one of version {version} is not proven: it is written otherwise than it was."]


def facts_faults(one: Chain, facts: dict[str, Any], people: list[dict[str, Any]]) -> list[str]:
    """Where what is told of the release is not what the chain records of it."""
    faults = []
    policy, version = facts["policy"]["copy"], facts["policy"]["version"]
    if _sha256(canonical(policy).encode()) != facts["policy"]["sha256"]:
        faults.append("The policy is not the one that its hash is of.")
    versions = {each.body["facts"].get("policy_version") for each in one.own if each.body} - {None}
    if versions and version not in versions:
        faults.append("No recorded event of the release knows the policy that is told of it.")
    for mark, tickets in sorted(facts["snapshots"].items()):
        if fingerprint(tickets) != mark:
            faults.append(f"The scope with the fingerprint {mark[:12]} is not the one that was signed.")
    faults += _policy_change_faults(one, facts)
    return (
        faults
        + _signoff_faults(one, facts, people)
        + _deed_faults(one, facts, people)
        + _vote_faults(facts)
        + _raid_faults(facts)
        + _waiver_faults(facts)
        + _release_faults(one, facts, people)
    )


def _waiver_faults(facts: dict[str, Any]) -> list[str]:
    """What a waiver says is a day; what it is held to is the moment at which that day is over, somewhere on earth."""
    faults = []
    for row in facts["more"]["waiver"]:
        over = datetime.fromisoformat(f"{row['until']}T00:00:00+00:00") + timedelta(days=1)
        if abs(datetime.fromisoformat(row["expires_at"]) - over) > timedelta(hours=14):
            faults.append(f"The waiver {row['id']} does not end with its day, {row['until']}.")
    return faults


def _release_faults(one: Chain, facts: dict[str, Any], people: list[dict[str, Any]]) -> list[str]:
    """Where it stands, whether it is held and how it ended are what the last events of those say, its target and its
    milestones what was planned. What no event tells of is not judged.
    """
    row, who = facts["release"], {each["seq"]: each.get("data", {}).get("slack_id") for each in people}
    says: dict[str, Any] = {}
    for event in one.own:
        body = event.body or {}
        kind, told = body["kind"], body["facts"]
        if kind == "release.created":
            says |= {"stage": "planned", "target": told["target"], "held_reason": None}
            says |= {"close_reason": None, "closed_at": None, "closed_by": None}
            says["milestones"] = sorted([name, due] for name, due in told["milestones"].items())
        elif kind == "release.moved":
            says["stage"] = told["to"]
        elif kind == "signoff.requested" and says.get("stage") == "planned" and row["stage"] == "in_progress":
            del says["stage"]  # by a program of before this moved it on, and no event of its own said so
        elif kind in ("release.held", "release.resumed"):
            says["held_reason"] = told["why"] if kind == "release.held" else None
        elif kind in ("release.cancelled", "release.closed"):
            says |= {"stage": kind.split(".")[1], "close_reason": told.get("why", told.get("reason"))}
            says |= {"closed_at": body["at"], "closed_by": who.get(event.seq) or row["closed_by"]}
        elif kind == "policy_change.applied":
            says["milestones"] = sorted(told["milestones"])
    stands = {**row, "milestones": sorted([each["name"], each["due"]] for each in facts["milestones"])}
    unlike = [name for name, value in says.items() if not _same(value, stands[name])]
    return [f"The release's {name} is not what was recorded." for name in unlike]


def _vote_faults(facts: dict[str, Any]) -> list[str]:
    """A vote stands until it is void, or the role or the person votes again: nothing else takes it out of the count."""
    faults = []
    votes = sorted(facts["more"]["gonogo_vote"], key=lambda each: each["id"])
    for place, vote in enumerate(votes):
        later = (
            each["at"]
            for each in votes[place + 1 :]
            if each["gonogo_id"] == vote["gonogo_id"]
            and (each["role"] == vote["role"] or each["slack_id"] == vote["slack_id"])
        )
        if vote["superseded_at"] != (None if vote["void_at"] else next(later, None)):
            faults.append("The vote {} counts otherwise than the votes after it say.".format(vote["id"]))
    return faults


def _policy_change_faults(one: Chain, facts: dict[str, Any]) -> list[str]:
    """That each policy is that of its version, and the changes lead to the one of the release; that nobody decided on
    their own proposal, and none was rejected without a word. What was done when and by whom: `DEEDS`.
    """
    policies = {each["version"]: each for each in facts["policies"]}
    faults = [
        f"The policy of version {version} is not the one that its hash is of."
        for version, each in sorted(policies.items())
        if _sha256(canonical(each["copy"]).encode()) != each["sha256"]
    ]
    told = {each["version"] for each in policies.values()} | {facts["policy"]["version"]}
    faults += [
        "What somebody signed was drawn under policy {}, which is not told of.".format(each["policy_version"])
        for each in facts["revisions"]
        if each["policy_version"] not in told
    ]
    numbers = [row["number"] for row in facts["more"]["policy_change"]]
    if numbers != list(range(1, len(numbers) + 1)):
        faults.append("The changes of the policy are not numbered as they came.")
    for row in facts["more"]["policy_change"]:
        mine = [word for word in facts["more"]["policy_change_word"] if word["change_id"] == row["id"]]
        ender = [row["ended_by"]] if row["outcome"] == "applied" else []
        if row["proposed_by"] in [*ender, *(word["slack_id"] for word in mine), *(word["principal"] for word in mine)]:
            faults.append("Whoever proposed the change {} of the policy decided on it.".format(row["id"]))
        if row["outcome"] == "applied":
            faults += [
                "The change {} of the policy was carried out without the approvals for {}.".format(row["id"], lacking)
                for lacking in _lacking(policies[row["old_version"]]["copy"], mine, row["ended_at"])
            ]
        if any(word["proposed_by"] != row["proposed_by"] for word in mine):
            faults.append("What was said to the change {} of the policy was said to another's.".format(row["id"]))
        ended = (row["ended_by"], row["ended_at"], row["end_reason"])
        rejected = [(word["slack_id"], word["at"], word["reason"]) for word in mine if word["decision"] == "rejected"]
        if rejected != ([ended] if row["outcome"] == "rejected" else []):
            faults.append("The change {} of the policy was rejected by nobody, or in vain.".format(row["id"]))
        if row["template"] != facts["release"]["template"]:
            faults.append("The change {} of the policy is to another template than the release's.".format(row["id"]))
    applied = [each.body["facts"] for each in one.own if each.body and each.body["kind"] == "policy_change.applied"]
    led = [each["from"] for each in applied[1:]] + [facts["policy"]["version"]] * bool(applied)
    if led != [each["to"] for each in applied]:
        faults.append("The policies that were carried out do not lead to the one that is told of the release.")
    return faults


def _lacking(old: dict[str, Any], words: list[dict[str, Any]], ended: str) -> list[str]:
    """The requirements of the old policy that fewer people approved than it asks; of everybody it is one at least. What
    was older by then than an approval may be counts for nothing.
    """
    asked = {each["key"]: each.get("quorum", 1) for each in old.get("requirements", [])} or {"": 1}
    holds = {each["key"]: each.get("valid_days") for each in old.get("requirements", [])}
    said: dict[str, set[str]] = {}
    for word in words:
        days, age = holds.get(word["requirement"]), datetime.fromisoformat(ended) - datetime.fromisoformat(word["at"])
        if word["decision"] == "approved" and (not days or age < timedelta(days=days)):
            said.setdefault(word["requirement"], set()).add(word["slack_id"])
    return [
        key or "a second pair of eyes"
        for key, quorum in asked.items()
        if len(said.get(key, ())) < (1 if quorum == "all" else quorum)
    ]


def _signoff_faults(one: Chain, facts: dict[str, Any], people: list[dict[str, Any]]) -> list[str]:
    """Each sign-off's giving, revoking and voiding against the events that record them, and the other way round."""
    faults = []
    who = {(each["seq"], each["role"]): each.get("data", {}).get("slack_id") for each in people}
    revisions = {each["id"]: each for each in facts["revisions"]}
    given = {f"signoff.{each}" for each in facts["decisions"]}
    ended = {"signoff.revoked", "signoff.voided", "signoff.expired"}
    left = [each for each in one.own if each.body and each.body["kind"] in given | ended]
    withheld = any(each.body is None for each in one.events)
    for row in facts["signoffs"]:
        what = "The sign-off {} for {}".format(row["id"], row["requirement"])
        over = "signoff.expired" if (row["void_change"] or {}).get("expired") else "signoff.voided"
        marks = [("signoff.{}".format(row["decision"]), row["at"])]
        marks += [("signoff.revoked", row["revoked_at"])] if row["revoked_at"] else []
        marks += [(over, row["void_at"])] if row["void_at"] else []
        for kind, at in marks:
            event = next((each for each in left if _is(each, kind, at, row, _signer(each, who))), None)
            if event is None and withheld:
                continue  # it may be among those that the exporter may not see, and then nothing is proven anyway
            if event is None:
                faults.append(f"{what} ({kind[8:]}, {at}) stands in the facts and not in the chain.")
                continue
            left.remove(event)
            assert event.body is not None
            if kind in given:
                faults += [f"{what}: {each}." for each in _seen_faults(event.body, row, revisions, facts)]
    for event in left:
        assert event.body is not None
        faults.append(f"Event {event.seq} ({event.body['kind']}) has no sign-off in the facts.")
    return faults


def _signer(event: Event, who: dict[tuple[int, str], str | None]) -> str | None:
    """Whose sign-off the event is about: its actor's, unless it names another. None for somebody who was erased."""
    return who.get((event.seq, "signer"), who.get((event.seq, "actor")))


def _is(event: Event, kind: str, at: str, row: dict[str, Any], slack_id: str | None) -> bool:
    body = event.body or {}
    same = body["kind"] == kind and body["at"] == at and body["facts"].get("requirement") == row["requirement"]
    return same and slack_id in (None, row["slack_id"])


def _seen_faults(
    body: dict[str, Any], row: dict[str, Any], revisions: dict[str, dict[str, Any]], facts: dict[str, Any]
) -> list[str]:
    """What its signer saw, by the event and by the facts."""
    recorded, shown = body["facts"], revisions.get(row["revision"])
    tickets = facts["snapshots"].get(row["fingerprint"])
    if shown is None or tickets is None:
        return ["what its signer saw is missing from the facts"]
    pairs = (
        ("revision", row["revision"]),
        ("fingerprint", row["fingerprint"]),
        ("fingerprint", shown["fingerprint"]),
        ("policy_version", shown["policy_version"]),
        ("reason", row["reason"]),
        ("tickets", len(tickets)),
        ("shown", _sha256(canonical(shown["shown"]).encode())),
    )
    unlike = [name for name, value in pairs if name in recorded and recorded[name] != value]
    hanging = [each for each in facts["more"]["signoff_condition"] if each["signoff_id"] == row["id"]]
    always = (
        ("for", row["principal"] if row["principal"] != row["slack_id"] else None),
        ("meaning", row["meaning"]),
        (
            "conditions",
            [[each["text"], each["ticket_id"]] for each in sorted(hanging, key=lambda each: each["id"])] or None,
        ),
    )
    unlike += [name for name, value in always if recorded.get(name) != value]
    if body["authentication"] != row["auth"]:
        unlike.append("authentication")
    return [f"its {name} is not what was recorded" for name in unlike]


class Deed(NamedTuple):
    """What a row of the facts says that somebody did, and the event that recorded it: when, who and by which way are
    columns of the row, and `facts` are columns by what the event calls them. `kind` is made of the row.
    """

    rows: str
    kind: str
    kinds: tuple[str, ...]
    at: str
    by: str
    auth: str
    facts: dict[str, str]


WAIVED = {"waiver": "id", "criterion": "criterion", "until": "until"}
FREEZE = {"exception": "id", "freeze": "freeze_name", "starts": "starts", "ends": "ends"}
RISKS = {"why": "why", "risk_in": "risk_in", "risk_out": "risk_out"}
GLASS = {"break_glass": "id"}
CHANGED = {"change": "id", "from": "old_version", "to": "new_version", "after": "after"}
GLASS_ENDS = ("withdrawn", "unanswered", "revoked", "lapsed", "overtaken", "left")
VOTE = {each: each for each in ("role", "choice", "reason", "fingerprint")}
MOVED = "raid.moved"
RAID_COLUMNS = {"release": "release_id", "ticket": "ticket_id"}
RAID_FACTS = {"release", "title", "owner", "review_on", "state"}
RUN = {"run": "number", "card": "card_id"}
COUNTED_BY = ("roles", "at_least", "absent", "exclude_opener")
"""What of a roll-call's rule its votes are counted by."""
DEEDS = (
    Deed(
        "policy_change",
        "policy_change.proposed",
        ("policy_change.proposed",),
        "proposed_at",
        "proposed_by",
        "auth",
        {**CHANGED, "card": "card_id", "reason": "reason", "closes_at": "closes_at"},
    ),
    Deed(
        "policy_change_end",
        "policy_change.{outcome}",
        ("policy_change.applied", "policy_change.withdrawn", "policy_change.timed_out"),
        "ended_at",
        "ended_by",
        "",
        {**CHANGED, "why": "end_reason"},
    ),
    Deed(
        "policy_change_word",
        "policy_change.{decision}",
        ("policy_change.approved", "policy_change.rejected"),
        "at",
        "slack_id",
        "auth",
        {
            "change": "change_id",
            "revision": "revision_id",
            **{each: each for each in ("requirement", "reason", "for", "meaning", "renewal")},
        },
    ),
    Deed(
        "signoff_condition",
        "signoff.condition_met",
        ("signoff.condition_met",),
        "done_at",
        "done_by",
        "",
        {"condition": "id"},
    ),
    Deed("waiver", "waiver.asked", ("waiver.asked",), "asked_at", "asked_by", "", {**WAIVED, "why": "reason"}),
    Deed(
        "waiver",
        "waiver.{state}",
        ("waiver.granted", "waiver.refused", "waiver.withdrawn"),
        "decided_at",
        "decided_by",
        "",
        {**WAIVED, "reason": "reason", "asked_by": "asked_by"},
    ),
    Deed(
        "freeze_exception",
        "exception.asked",
        ("exception.asked",),
        "asked_at",
        "asked_by",
        "auth",
        {**FREEZE, **RISKS},
    ),
    Deed(
        "freeze_exception",
        "exception.{decision}",
        ("exception.approved", "exception.refused"),
        "decided_at",
        "decided_by",
        "decided_auth",
        {**FREEZE, "reason": "decision_reason"},
    ),
    Deed(
        "collision_acknowledgement",
        "collision.acknowledged",
        ("collision.acknowledged",),
        "at",
        "slack_id",
        "auth",
        {"fingerprint": "fingerprint", "seen": "seen", "reason": "reason"},
    ),
    Deed(
        "break_glass",
        "break_glass.asked",
        ("break_glass.asked",),
        "asked_at",
        "asked_by",
        "auth",
        {
            **GLASS,
            "asked_fingerprint": "fingerprint",
            "card": "card_id",
            "revision": "revision_id",
            **{
                each: each
                for each in ("policy_version", "reason", "requirements", "answer_by", "holds_hours", "sent_to")
            },
        },
    ),
    Deed(
        "break_glass",
        "break_glass.confirmed",
        ("break_glass.confirmed",),
        "confirmed_at",
        "confirmed_by",
        "confirmed_auth",
        {**GLASS, "covers": "covers", "until": "until", "revision": "confirmed_revision_id"},
    ),
    Deed(
        "break_glass",
        "break_glass.{outcome}",
        tuple(f"break_glass.{each}" for each in GLASS_ENDS),
        "ended_at",
        "ended_by",
        "end_auth",
        {**GLASS, "reason": "end_reason", "changes": "changes"},
    ),
    Deed(
        "break_glass",
        "break_glass.reviewed",
        ("break_glass.reviewed",),
        "reviewed_at",
        "reviewed_by",
        "review_auth",
        {**GLASS, "words": "review"},
    ),
    Deed(
        "gonogo",
        "gonogo.opened",
        ("gonogo.opened",),
        "opened_at",
        "opened_by",
        "",
        {"gonogo": "id", "closes_at": "closes_at", "policy_version": "policy_version", "roles": "roles"},
    ),
    Deed(
        "gonogo",
        "gonogo.{ended}",
        ("gonogo.confirmed", "gonogo.withdrawn"),
        "ended_at",
        "ended_by",
        "",
        {"gonogo": "id", "outcome": "outcome", "why": "end_reason", "rule": "counted_by"},
    ),
    Deed(
        "gonogo_vote",
        "gonogo.voted",
        ("gonogo.voted",),
        "at",
        "slack_id",
        "auth",
        {**VOTE, "gonogo": "gonogo_id", "revision": "revision_id"},
    ),
    Deed(
        "gonogo_vote",
        "gonogo.vote_voided",
        ("gonogo.vote_voided",),
        "void_at",
        "",
        "",
        {"gonogo": "gonogo_id", "vote": "id", "role": "role", "choice": "choice", "changes": "changes"},
    ),
    Deed(
        "runbook_run",
        "runbook.started",
        ("runbook.started",),
        "started_at",
        "started_by",
        "",
        {**RUN, "steps": "steps", "usual_minutes": "usual_minutes"},
    ),
    Deed(
        "runbook_run",
        "runbook.{outcome}",
        ("runbook.done", "runbook.aborted"),
        "ended_at",
        "ended_by",
        "",
        {**RUN, "reason": "reason"},
    ),
    Deed(
        "runbook_mark",
        "runbook.step_{deed}",
        ("runbook.step_started", "runbook.step_failed", "runbook.step_done", "runbook.step_skipped"),
        "at",
        "slack_id",
        "auth",
        {"run": "run", "step": "step", "check": "check", "note": "note"},
    ),
    Deed(
        "raid_change",
        "raid.{deed}",
        tuple(f"raid.{each}" for each in ("created", "changed", "reviewed", "closed")),
        "at",
        "by",
        "",
        {each: each for each in ("entry", "before", "after", "note")},
    ),
    Deed(
        "tick",
        "criterion.{deed}",
        ("criterion.ticked", "criterion.unticked"),
        "at",
        "slack_id",
        "",
        {"criterion": "criterion", "link": "link"},
    ),
    Deed(
        "figure",
        "criterion.reported",
        ("criterion.reported",),
        "at",
        "",
        "",
        {each: each for each in ("reporter", "value", "link", "criteria")},
    ),
)


def _deed_faults(one: Chain, facts: dict[str, Any], people: list[dict[str, Any]]) -> list[str]:
    """Each of these rows against the event that records it, and the other way round."""
    faults = []
    who = {each["seq"]: each.get("data", {}).get("slack_id") for each in people if each["role"] == "actor"}
    withheld = any(each.body is None for each in one.events)
    rows = _rows(facts)
    moved = _moved(one, rows["raid_change"])
    for deed in DEEDS:
        own = [each for each in one.own if each.body and each.body["kind"] in deed.kinds]
        left = [each for each in own if each.body and each.seq > moved.get(each.body["facts"].get("entry"), 0)]
        for row in rows[deed.rows]:
            kind = deed.kind.format(**row)
            if not row[deed.at]:
                if kind in set(deed.kinds) - {deed.kind} or any(row[each] for each in _alone(deed)):
                    what = deed.rows.replace("_", " ")
                    faults.append(f"The {what} {row['id']} tells of a deed without its time, which nobody did.")
                continue
            event = next((each for each in left if _records(each, kind, deed, row, who.get(each.seq))), None)
            if event is not None:
                left.remove(event)
            elif not withheld:
                what = deed.rows.replace("_", " ")
                faults.append(f"The {what} {row['id']} ({kind}, {row[deed.at]}) is not what the chain records.")
        faults += [f"Event {each.seq} ({each.body['kind']}) has none in the facts." for each in left if each.body]
    return faults


def _moved(one: Chain, rows: list[dict[str, Any]]) -> dict[str, int]:
    """By the keys of the RAID log's entries that are not among these, the event by which each went to another release
    last: what was done to it until then is told with that one's.
    """
    there = {each["entry"] for each in rows}
    moves = [(each.body["facts"]["entry"], each.seq) for each in one.own if each.body and each.body["kind"] == MOVED]
    return {entry: seq for entry, seq in moves if entry not in there}


def _raid_faults(facts: dict[str, Any]) -> list[str]:
    """An entry stands as its changes have left it, from the first on."""
    faults = []
    for row in facts["more"]["raid_entry"]:
        changes = sorted((each for each in facts["more"]["raid_change"] if each["entry_id"] == row["id"]), key=_number)
        left = {name: value for each in changes for name, value in each["after"].items()}
        stands = {name: row[RAID_COLUMNS.get(name, name)] for name in left}
        begun = [(each["by"], each["at"]) for each in changes if each["deed"] == "created"]
        closed = [(each["by"], each["at"]) for each in changes if each["deed"] == "closed"]
        ended = [(row["closed_by"], row["closed_at"])] if row["closed_at"] else []
        same = (begun, closed) == ([(row["created_by"], row["created_at"])], ended)
        if left != stands or not left.keys() >= RAID_FACTS or not same:
            faults.append(f"The entry {_raid_key(row)} does not stand as its changes left it.")
    return faults


def _raid_changes(facts: dict[str, Any]) -> list[dict[str, Any]]:
    """Those that were made while their entry was of this release: each with its entry's key."""
    keys = {each["id"]: _raid_key(each) for each in facts["more"]["raid_entry"]}
    of: dict[int, Any] = {}
    found = []
    for row in sorted(facts["more"]["raid_change"], key=_number):
        of[row["entry_id"]] = row["after"].get("release", of.get(row["entry_id"]))
        if of[row["entry_id"]] == facts["release"]["id"]:
            found.append({**row, "entry": keys.get(row["entry_id"])})
    return found


def _raid_key(row: dict[str, Any]) -> str:
    return f"{row['kind'][0].upper()}-{row['id']}"


def _number(row: dict[str, Any]) -> int:
    number: int = row["id"]
    return number


def _alone(deed: Deed) -> set[str]:
    """The columns that tell of this deed and of no other of the same rows."""
    others = [each for each in DEEDS if each.rows == deed.rows and each.at != deed.at]
    told = {each for other in others for each in (other.by, other.auth, *other.facts.values())}
    own = {deed.by, deed.auth, *deed.facts.values()} | ({"outcome"} if "{outcome}" in deed.kind else set())
    return own - told - {"", "id"}


def _rows(facts: dict[str, Any]) -> dict[str, list[dict[str, Any]]]:
    """As their events see them: a mark with its step, a roll-call with how it ended, one figure for all its gates, a
    proposal with the policy that it is for. A word that rejects a proposal ends it, without an event besides.
    """
    more: dict[str, list[dict[str, Any]]] = facts["more"]
    runs = {each["id"]: each["number"] for each in more["runbook_run"]}
    steps = {each["id"]: each for each in more["runbook_step"]}
    figures: dict[str, dict[str, Any]] = {}
    ticks = []
    for row in more["criterion_evidence"]:
        if row["value"] is None:
            ticks.append({**row, "deed": "ticked" if row["ticked"] else "unticked"})
            continue
        pushed = figures.setdefault(canonical([row["at"], row["reporter"], row["value"]]), {**row, "criteria": []})
        pushed["criteria"] = [*pushed["criteria"], row["criterion"]]
    marks = []
    for row in more["runbook_mark"]:
        step = steps[row["step_id"]]
        marks.append({**row, "run": runs[step["run_id"]], "step": step["key"], "check": step["rule"]["check"]})
    deployments = [
        {
            **row,
            "steps": [key for key, _ in _usual(steps, row)],
            "usual_minutes": {key: minutes for key, minutes in _usual(steps, row) if minutes},
        }
        for row in more["runbook_run"]
    ]
    calls = [
        {
            **row,
            "ended": row["outcome"] if row["outcome"] in {None, "withdrawn"} else "confirmed",
            "roles": row["rule"]["roles"],
            "counted_by": {each: row["rule"][each] for each in COUNTED_BY} if row["outcome"] else None,
        }
        for row in more["gonogo"]
    ]
    votes = [
        {**row, "changes": [each[:2] for each in (row["void_change"] or {}).get("changes", ()) if each[1]]}
        for row in more["gonogo_vote"]
    ]
    glasses = [
        {**row, "changes": [[what, ticket or about] for what, ticket, about in row["end_change"] or []]}
        for row in more["break_glass"]
    ]
    policies = {each["version"]: each["copy"] for each in facts["policies"]}
    changes = [{**row, "after": policies[row["new_version"]]} for row in more["policy_change"]]
    ends = [
        {**row, "after": row["after"] if row["outcome"] == "applied" else None}
        for row in changes
        if row["outcome"] != "rejected"
    ]
    words = [
        {
            **row,
            "for": row["principal"] if row["principal"] != row["slack_id"] else None,
            "renewal": row.get("renewal") or None,
        }
        for row in more["policy_change_word"]
    ]
    return {
        **more,
        "runbook_run": deployments,
        "runbook_mark": marks,
        "raid_change": _raid_changes(facts),
        "gonogo": calls,
        "gonogo_vote": votes,
        "break_glass": glasses,
        "tick": ticks,
        "figure": list(figures.values()),
        "policy_change": changes,
        "policy_change_end": ends,
        "policy_change_word": words,
    }


def _usual(steps: dict[int, dict[str, Any]], run: dict[str, Any]) -> list[tuple[str, int | None]]:
    """The run's steps, and the minutes that each usually takes."""
    return [(each["key"], each["usual_minutes"]) for each in steps.values() if each["run_id"] == run["id"]]


def _records(event: Event, kind: str, deed: Deed, row: dict[str, Any], actor: str | None) -> bool:
    body = event.body or {}
    if body["kind"] != kind or body["at"] != row[deed.at]:
        return False
    if (deed.by and actor not in (None, row[deed.by])) or (deed.auth and body["authentication"] != row[deed.auth]):
        return False
    if deed.by and body["authentication"] == "system" and row[deed.by]:
        return False  # it was nobody's deed
    return all(_same(body["facts"].get(name), row[column]) for name, column in deed.facts.items())


def _same(recorded: Any, told: Any) -> bool:
    """Nothing is said in either way, a moment with or without its fractions, gates in any order."""
    if isinstance(recorded, list) and isinstance(told, list):
        return sorted(recorded) == sorted(told)
    if recorded == told or (not recorded and not told and 0 not in (recorded, told)):
        return True
    try:
        return datetime.fromisoformat(recorded) == datetime.fromisoformat(told)
    except (TypeError, ValueError):
        return False


# --- Anchors ---------------------------------------------------------------------------------------------------------


class Anchor(NamedTuple):
    seq: int
    hash: str
    at: str


def anchors_in(text: str) -> list[Anchor]:
    return [Anchor(int(seq), digest, at) for seq, digest, at in ANCHOR.findall(text)]


def anchor_faults(one: Chain, anchors: Sequence[Anchor], exported_at: str) -> tuple[list[str], list[int]]:
    """What the anchors contradict, and the numbers of the events that they bear out."""
    faults, borne = [], set()
    last = one.events[-1].seq
    exported = datetime.fromisoformat(exported_at).replace(tzinfo=None)
    for anchor in sorted(set(anchors)):
        known = one.hash_at(anchor.seq)
        if known is not None and known != anchor.hash:
            faults.append(f"Event {anchor.seq} is not what was anchored on {anchor.at}.")
        elif known is not None:
            borne.add(anchor.seq)
        elif anchor.seq > last and datetime.strptime(anchor.at, "%Y-%m-%dT%H:%M:%SZ") < exported:  # noqa: DTZ007 both are UTC
            faults.append(
                f"Events are missing at the chain's end: event {anchor.seq} was anchored on {anchor.at}, before this."
            )
    return faults, sorted(borne)


def unproven(one: Chain, borne: Sequence[int]) -> list[str]:
    """Which of the release's own events no anchor proves: none follows, or what lies between was withheld."""
    bare = [each.seq for each in one.events if each.body is None]
    open_ones = []
    for event in one.own:
        assert event.body is not None
        if str(event.body["kind"]).startswith("evidence."):
            continue  # the export itself comes after every anchor that there can be
        if not any(event.seq <= at and not any(event.seq < each <= at for each in bare) for at in borne):
            open_ones.append(event.seq)
    doubts = []
    if bare:
        doubts.append(
            f"{len(bare)} events of other releases were withheld, so the chain cannot be recomputed across them."
        )
    if open_ones and not borne:
        doubts.append("None of your anchors is of an event in this chain, so it could have been rewritten as a whole.")
    elif open_ones:
        doubts.append(
            f"No anchor of yours proves {len(open_ones)} of the release's events, from event {open_ones[0]} on: "
            "they rest on the signature alone."
        )
    return doubts


# --- All of it -------------------------------------------------------------------------------------------------------


class Verdict(NamedTuple):
    told: list[str]
    altered: list[str]
    doubts: list[str]

    @property
    def code(self) -> int:
        return 1 if self.altered else 3 if self.doubts else 0


def verify(data: bytes, keys: Sequence[str], anchors: Sequence[Anchor]) -> Verdict:
    """What can be said of the evidence, whatever the bytes are."""
    lines: list[str] = []
    try:
        found = members(data)
        manifest = signed_manifest(found, keys)
        lines.append(f"The signature holds: {_subject(manifest)}.")
        contents, faults = files(found, manifest)
        if not set(NEEDED) <= set(contents):
            return Verdict(lines, faults or ["Files that every evidence has are missing."], [])
        faults, doubts = facts_checked(contents, manifest, anchors, lines, faults)
    except AlteredError as fault:
        return Verdict(lines, [str(fault)], [])
    except (
        KeyError,
        TypeError,
        ValueError,
        AttributeError,
        IndexError,
        OverflowError,
        RecursionError,
        struct.error,
    ) as fault:
        return Verdict(lines, [f"The evidence is not as Interlock writes it ({type(fault).__name__})."], [])
    return Verdict(lines, faults, doubts)


def facts_checked(
    contents: dict[str, bytes], manifest: dict[str, Any], anchors: Sequence[Anchor], lines: list[str], faults: list[str]
) -> tuple[list[str], list[str]]:
    one = chain(contents["chain.jsonl"], manifest)
    facts = _object("facts.json", contents["facts.json"])
    people = told("people.json", contents["people.json"])
    lines.append(f"The chain holds: events {one.first} to {one.events[-1].seq}, {len(one.own)} of them this release's.")
    altered, doubts = people_faults(one, people)
    altered += facts_faults(one, facts, people)
    doubts += policy_doubts(facts)
    if facts["release"]["id"] != one.release or facts["release"]["name"] != manifest["release"]["name"]:
        altered.append("The facts are another release's.")
    missed, borne = anchor_faults(one, anchors, manifest["exported_at"])
    if borne:
        lines.append(f"{len(borne)} of your anchors bear it out, the newest at event {borne[-1]}.")
    hidden = sum(1 for tickets in facts["snapshots"].values() for each in tickets if each[1] == facts["restricted"])
    if hidden:
        lines.append(
            f"{hidden} times a ticket stands as restricted: the exporter may not see it; it counts all the same."
        )
    erased = sum(1 for each in people if "erased_by" in each)
    if erased:
        lines.append(f"{erased} times a person stands as erased.")
    return faults + altered + missed, doubts + unproven(one, borne)


def _subject(manifest: dict[str, Any]) -> str:
    return "release {}, exported {}".format(manifest["release"]["name"], manifest["exported_at"])


def printable(text: str) -> str:
    """Whatever a name holds, it must not drive the terminal."""
    return "".join(letter if letter.isprintable() else "\N{REPLACEMENT CHARACTER}" for letter in text)


def _key(text: str) -> str:
    plain = text.strip().lower().replace("sha256:", "", 1).replace(":", "")
    if not HEX.fullmatch(plain):
        raise argparse.ArgumentTypeError("a fingerprint has 64 hexadecimal digits")
    return plain


def _anchors(paths: Sequence[str]) -> list[Anchor]:
    """Raises OSError for what cannot be read, and ValueError for what holds none: it was meant to."""
    found: set[Anchor] = set()
    for name in paths:
        path = Path(name)
        texts = [each for each in sorted(path.rglob("*")) if each.is_file()] if path.is_dir() else [path]
        here = [each for file in texts for each in anchors_in(file.read_text(encoding="utf-8", errors="replace"))]
        if not here:
            raise ValueError(f"{name} holds no anchor: lines that begin with interlock-anchor")
        found.update(here)
    return sorted(found)


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description="Checks a release's evidence, offline.")
    parser.add_argument("evidence", help="the zip file")
    parser.add_argument(
        "--key", action="append", required=True, type=_key, help="the signing key's fingerprint, from your side"
    )
    parser.add_argument(
        "--anchors", nargs="*", action="append", default=[], help="files or folders with anchors, from your side"
    )
    given = parser.parse_args(arguments)
    try:
        with Path(given.evidence).open("rb") as file:
            data = file.read(LARGEST_FILE + 1)
        anchors = _anchors([path for paths in given.anchors for path in paths])
    except OSError as error:
        sys.stderr.write(f"verify.py: {error.filename} cannot be read ({error.strerror}).\n")
        return 2
    except ValueError as error:
        sys.stderr.write(f"verify.py: {error}.\n")
        return 2
    if len(data) > LARGEST_FILE:
        sys.stderr.write(f"verify.py: {given.evidence} is too large to be evidence.\n")
        return 2
    verdict = verify(data, given.key, anchors)
    ends = {0: "EVERYTHING HOLDS.", 1: "ALTERED.", 3: "NOTHING ALTERED WAS FOUND, BUT NOT EVERYTHING IS PROVEN."}
    lines = [
        *verdict.told,
        *(f"Altered: {each}" for each in verdict.altered),
        *(f"Not proven: {each}" for each in verdict.doubts),
    ]
    sys.stdout.write("\n".join(printable(line) for line in [*lines, ends[verdict.code]]) + "\n")
    return verdict.code


if __name__ == "__main__":
    sys.exit(main())
