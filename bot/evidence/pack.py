"""The zip file: its members, its manifest and the signature over that.

Each byte of it is determined by what it holds (no times, no comments, no extra fields), so that the verifier can take
exactly this form and no other: a byte that is changed anywhere shows.
"""

import struct
import zlib
from collections.abc import Iterable
from dataclasses import dataclass
from hashlib import sha256
from typing import Any, Final

from bot.evidence import page, report, sheet
from bot.evidence.key import Key
from interlock.domain.audit import canonical
from interlock.domain.evidence import Evidence

FORMAT: Final = "interlock-evidence/1"
SIGNED: Final = b"interlock-evidence/1\n"
STORED, DEFLATED = 0, 8
NEW_YEAR_1980: Final = 0x21
OWNERS: Final = 0o100644 << 16
LEVEL: Final = 6


@dataclass(frozen=True, slots=True, kw_only=True)
class Member:
    name: str
    content: bytes
    method: int
    packed: bytes


def zipped(evidence: Evidence, key: Key) -> bytes:
    """The whole file."""
    told = report.of(evidence)
    members = [
        _member("README.txt", readme(evidence, key).encode()),
        _member("facts.json", _json(evidence.facts)),
        _member("people.json", _json(list(evidence.people))),
        _member("chain.jsonl", _chain(evidence)),
        _member("expected-anchors.json", _json(_expected(evidence))),
        _member("report.html", page.html(told).encode()),
        _member("report.pdf", sheet.pdf(told)),
    ]
    manifest = _json(_manifest(evidence, key, members))
    signature = {"algorithm": "Ed25519", "public_key": key.public.hex(), "signature": key.sign(SIGNED + manifest).hex()}
    signed = [_stored("manifest.json", manifest), _stored("signature.json", _json(signature))]
    return _zip([*members, *signed])


def file_name(evidence: Evidence) -> str:
    """For the file itself: letters, digits, dots and dashes."""
    name = "".join(letter if letter.isascii() and letter.isalnum() else "-" for letter in evidence.name).strip("-")
    return f"evidence-{name or evidence.release_id}-{evidence.event}.zip"


def readme(evidence: Evidence, key: Key) -> str:
    return (
        f"Evidence of release {evidence.name}, as Interlock recorded it.\n\n"
        "Take verify.py from the Interlock project (docs/verify.py), not from whoever gave you this file, and run:\n\n"
        "    python verify.py THIS.zip --key FINGERPRINT --anchors FILE_OR_FOLDER ...\n\n"
        "The fingerprint and the anchors must come from your side. Anchors are the lines that begin with\n"
        "interlock-anchor, in the governance channel, in Interlock's log and in the write-once folder, as\n"
        "expected-anchors.json says. For comparison alone: this file was signed with the key\n"
        f"{key.fingerprint}\n\n"
        "report.html, report.pdf   to read\n"
        "facts.json                what was decided: the release, its policy, sign-offs, what their signers saw\n"
        "chain.jsonl               the record's events since the release's first, each with its hash\n"
        "people.json               who the events are of, and the salts of the chain's commitments to them\n"
        "manifest.json             the SHA-256 of each file; signature.json signs it\n"
    )


def _manifest(evidence: Evidence, key: Key, members: Iterable[Member]) -> dict[str, Any]:
    return {
        "format": FORMAT,
        "release": {"id": evidence.release_id, "name": evidence.name},
        "exported_at": evidence.exported_at.isoformat(timespec="microseconds"),
        "export_event": evidence.event,
        "key": key.fingerprint,
        "chain": {
            "first": evidence.links[0].seq,
            "previous": evidence.previous,
            "last": evidence.links[-1].seq,
            "head": evidence.links[-1].hash,
        },
        "files": [
            {
                "name": each.name,
                "size": len(each.content),
                "sha256": sha256(each.content).hexdigest(),
                "packed": len(each.packed),
                "packed_sha256": sha256(each.packed).hexdigest(),
            }
            for each in members
        ],
    }


def _chain(evidence: Evidence) -> bytes:
    lines = (canonical({"seq": each.seq, "hash": each.hash, "body": each.body}) for each in evidence.links)
    return "".join(f"{line}\n" for line in lines).encode()


def _expected(evidence: Evidence) -> list[dict[str, Any]]:
    """Not as the lines that the verifier reads: anchors from in here prove nothing, and must not be taken for proof."""
    return [
        {
            "event": each.anchor.seq,
            "hash": each.anchor.hash,
            "at": each.anchor.at.isoformat(),
            "where": each.where,
        }
        for each in evidence.expected
    ]


def _json(value: Any) -> bytes:
    return f"{canonical(value)}\n".encode()


def _member(name: str, content: bytes) -> Member:
    deflating = zlib.compressobj(LEVEL, zlib.DEFLATED, -zlib.MAX_WBITS)
    return Member(name=name, content=content, method=DEFLATED, packed=deflating.compress(content) + deflating.flush())


def _stored(name: str, content: bytes) -> Member:
    return Member(name=name, content=content, method=STORED, packed=content)


def _zip(members: list[Member]) -> bytes:
    """APPNOTE.TXT 6.3, sections 4.3.7, 4.3.12 and 4.3.16: the least that a zip file has to have."""
    parts, listed, place = [], [], 0
    for each in members:
        name = each.name.encode("ascii")
        sizes = (zlib.crc32(each.content), len(each.packed), len(each.content), len(name), 0)
        how = (20, 0, each.method, 0, NEW_YEAR_1980)
        local = struct.pack("<4sHHHHHLLLHH", b"PK\3\4", *how, *sizes) + name + each.packed
        listed.append(struct.pack("<4sHHHHHHLLLHHHHHLL", b"PK\1\2", 0x314, *how, *sizes, 0, 0, 0, OWNERS, place) + name)
        parts.append(local)
        place += len(local)
    listing = b"".join(listed)
    end = struct.pack("<4sHHHHLLH", b"PK\5\6", 0, 0, len(members), len(members), len(listing), place, 0)
    return b"".join([*parts, listing, end])
