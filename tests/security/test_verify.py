"""`docs/verify.py`, which auditors run: it finds each byte that was changed, names it, and comes to no harm."""

import importlib.util
import json
import struct
import subprocess
import sys
import zlib
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from bot.evidence import pack
from bot.evidence.key import Key
from interlock.domain.anchor import Anchor
from interlock.domain.audit import canonical, link_hash
from interlock.domain.gonogo import Choice
from interlock.domain.stage import Moved
from interlock.store.engine import Store
from interlock.usecases import gonogo_void, raid, scope, stage_stop
from tests import eventful, evidences, raids
from tests.builders import CHANNEL, NOW, POLICY, actor, people, release, ticket
from tests.evidences import KEY
from tests.usecases import test_gonogo as gonogo_tests
from tests.usecases import test_release as release_tests

PROGRAM = Path(__file__).parents[2] / "docs/verify.py"


def loaded() -> ModuleType:
    spec = importlib.util.spec_from_file_location("verify", PROGRAM)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules["verify"] = module  # NamedTuples look their module up
    spec.loader.exec_module(module)
    return module


V = loaded()


@pytest.fixture(scope="module")
def made(sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[bytes, list[Any]]:
    """A zip file, and the anchors of the auditor's side."""
    return taken(sqlite_template, tmp_path_factory, evidences.decided)


@pytest.fixture(scope="module")
def every_way(sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[bytes, list[Any]]:
    """Of a release that was signed in somebody's place, on conditions, with a meaning, and for a time."""
    return taken(sqlite_template, tmp_path_factory, evidences.signed_in_every_way)


@pytest.fixture(scope="module")
def whole(sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[bytes, list[Any]]:
    """Of a release to which everything happened."""
    return taken(sqlite_template, tmp_path_factory, eventful.eventful)


def taken(template: Path, folders: pytest.TempPathFactory, decide: Callable[[Store], int]) -> tuple[bytes, list[Any]]:
    path = folders.mktemp("evidence") / "interlock.db"
    path.write_bytes(template.read_bytes())
    store = Store(f"sqlite:///{path}")
    number = decide(store)
    anchors = [evidences.anchored(store)]
    data = evidences.zipped(store, number)
    store.close()
    return data, V.anchors_in("\n".join(each.line for each in anchors))


def verdict(data: bytes, anchors: list[Any], key: Key = KEY) -> Any:
    return V.verify(data, [key.fingerprint], anchors)


def contents(data: bytes) -> dict[str, bytes]:
    return {name: V.unpacked(name, member, member.size) for name, member in V.members(data).items()}


def resealed(data: bytes, change: Callable[[dict[str, Any]], None], key: Key = KEY) -> bytes:
    """What somebody makes of it who has the signing key: other facts, and a manifest and a signature to match."""
    raw = contents(data)
    value = {
        "facts": json.loads(raw["facts.json"]),
        "people": json.loads(raw["people.json"]),
        "chain": [json.loads(line) for line in raw["chain.jsonl"].splitlines()],
        "manifest": json.loads(raw["manifest.json"]),
    }
    change(value)
    raw["facts.json"] = pack._json(value["facts"])
    raw["people.json"] = pack._json(value["people"])
    raw["chain.jsonl"] = "".join(f"{canonical(each)}\n" for each in value["chain"]).encode()
    names = [name for name in raw if name not in {"manifest.json", "signature.json"}]
    members = [pack._member(name, raw[name]) for name in names]
    files = [
        {
            "name": each.name,
            "size": len(each.content),
            "sha256": V._sha256(each.content),
            "packed": len(each.packed),
            "packed_sha256": V._sha256(each.packed),
        }
        for each in members
    ]
    manifest = pack._json(value["manifest"] | {"files": files})
    signature = {
        "algorithm": "Ed25519",
        "public_key": key.public.hex(),
        "signature": key.sign(pack.SIGNED + manifest).hex(),
    }
    signed = [pack._stored("manifest.json", manifest), pack._stored("signature.json", pack._json(signature))]
    return pack._zip([*members, *signed])


RFC_8032 = [
    (
        "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a",
        "",
        "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b",
    ),
    (
        "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c",
        "72",
        "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00",
    ),
    (
        "fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025",
        "af82",
        "6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac18ff9b538d16f290ae67f760984dc6594a7c15e9716ed28dc027beceea1ec40a",
    ),
    (
        "ec172b93ad5e563bf4932c70e1245034c35467ef2efd4d64ebf819683467e2bf",
        "ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a2192992a274fc1a836ba3c23a3feebbd454d4423643ce80e2a9ac94fa54ca49f",
        "dc2a4459e7369633a52b1bf277839a00201009a3efbf3ecb69bea2186c26b58909351fc9ac90b3ecfdfbc7c66431e0303dca179c138ac17ad9bef1177331a704",
    ),
]
"""https://www.rfc-editor.org/rfc/rfc8032#section-7.1: TEST 1, 2, 3 and SHA(abc)."""


@pytest.mark.parametrize(("public", "message", "signature"), RFC_8032)
def test_the_signatures_of_rfc_8032_hold_and_no_other_bit_of_them(public: str, message: str, signature: str) -> None:
    key, text, mark = (bytes.fromhex(each) for each in (public, message, signature))
    assert V.ed25519_holds(key, text, mark)
    assert not V.ed25519_holds(key, text + b"\0", mark)
    for place in range(0, 512, 7):
        other = bytearray(mark)
        other[place // 8] ^= 1 << place % 8
        assert not V.ed25519_holds(key, text, bytes(other)), place
    for place in range(0, 256, 17):
        other = bytearray(key)
        other[place // 8] ^= 1 << place % 8
        assert not V.ed25519_holds(bytes(other), text, mark), place


def test_a_signature_has_one_form_only() -> None:
    """A scalar beyond the group's order, a point that is none, lengths that are wrong: RFC 8032, 5.1.7."""
    key, text, mark = (bytes.fromhex(each) for each in RFC_8032[1])
    beyond = mark[:32] + (int.from_bytes(mark[32:], "little") + V.L).to_bytes(32, "little")
    for signature in (beyond, mark[:63], mark + b"\0", b"\xff" * 32 + mark[32:], b""):
        assert not V.ed25519_holds(key, text, signature)
    for public in (b"\xff" * 32, key[:31], (2).to_bytes(32, "little"), b""):
        assert not V.ed25519_holds(public, text, mark)


def test_it_agrees_with_the_library_that_signs() -> None:
    for number in range(20):
        text = str(number).encode() * number
        assert V.ed25519_holds(KEY.public, text, KEY.sign(text))


@pytest.mark.parametrize("of", ["made", "whole"])
def test_evidence_holds_on_a_bare_python(request: pytest.FixtureRequest, of: str, tmp_path: Path) -> None:
    """-I -S: no site packages, no environment, nothing beside the program."""
    data, anchors = request.getfixturevalue(of)
    file, noted = tmp_path / "evidence.zip", tmp_path / "anchors"
    file.write_bytes(data)
    noted.mkdir()
    lines = [f"interlock-anchor v1 seq={each.seq} hash={each.hash} at={each.at}" for each in anchors]
    (noted / "copied.txt").write_text(f"From #governance:\n{lines[0]} Interlock\n")

    def run(*more: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-I", "-S", str(PROGRAM), str(file), *more]
        return subprocess.run(command, capture_output=True, text=True, check=False)

    print_ = "SHA256:" + KEY.fingerprint.upper()
    done = run("--key", print_, "--anchors", str(noted))
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.splitlines()[-1] == "EVERYTHING HOLDS."
    assert run("--key", print_).returncode == 3
    assert run("--key", "ab" * 32, "--anchors", str(noted)).returncode == 1
    assert run("--anchors", str(noted)).returncode == 2
    assert run("--key", print_, "--anchors", str(tmp_path / "none")).returncode == 2
    file.write_bytes(data[:-1])
    assert run("--key", print_, "--anchors", str(noted)).returncode == 1


def test_its_syntax_is_that_of_python_3_9() -> None:
    import ast  # noqa: PLC0415 for this test alone

    ast.parse(PROGRAM.read_text(encoding="utf-8"), feature_version=(3, 9))


def flipped(data: bytes, place: int) -> bytes:
    other = bytearray(data)
    other[place] ^= 1 << place % 8 if place % 2 else 0xFF
    return bytes(other)


def spans(data: bytes) -> dict[str, range]:
    """Where each member's packed bytes stand."""
    found, place = {}, 0
    for name, member in V.members(data).items():
        begin = place + V.LOCAL.size + len(name)
        found[name] = range(begin, begin + len(member.packed))
        place = begin + len(member.packed)
    return found


def test_each_byte_of_the_facts_that_is_changed_is_found_and_named(made: tuple[bytes, list[Any]]) -> None:
    """Every byte of every JSON file in the zip, and of the reports each fifth. Manifest and signature stay as they are,
    and so does their verdict: what is looked at here is what depends on the byte."""
    data, _ = made
    manifest = V.signed_manifest(V.members(data), [KEY.fingerprint])
    for name, span in spans(data).items():
        if name in {"manifest.json", "signature.json"}:
            continue
        for place in span if name.endswith((".json", ".jsonl")) else span[::5]:
            _, faults = V.files(V.members(flipped(data, place)), manifest)
            assert faults == [f"{name} was altered: it is not what was signed."], place


def test_each_byte_of_the_manifest_and_the_signature_that_is_changed_is_found(made: tuple[bytes, list[Any]]) -> None:
    data, anchors = made
    found = spans(data)
    for place in (*found["signature.json"], *found["manifest.json"][::3]):
        told = verdict(flipped(data, place), anchors)
        assert told.code == 1, place
        assert told.altered


def test_each_byte_between_the_files_that_is_changed_is_found(made: tuple[bytes, list[Any]]) -> None:
    """Headers, the list of members, the end: other programs pass most of these over."""
    data, anchors = made
    inside = {place for span in spans(data).values() for place in span}
    for place in range(len(data)):
        if place in inside:
            continue
        for mask in (1, 0x80):
            other = bytearray(data)
            other[place] ^= mask
            assert verdict(bytes(other), anchors).code == 1, place


@pytest.mark.parametrize("other", [b"", b"PK", b"\0" * 100, b"PK\5\6" + b"\0" * 18, b"PK\5\6" + b"\xff" * 18])
def test_what_is_no_evidence_is_said_to_be_none(other: bytes) -> None:
    assert verdict(other, []).code == 1


def test_bytes_before_after_and_between_are_found(made: tuple[bytes, list[Any]]) -> None:
    data, anchors = made
    end = spans(data)["signature.json"].stop
    for other in (b"x" + data, data + b"x", data[:end] + b"x" + data[end:], data + data, data[:-22]):
        assert verdict(other, anchors).code == 1


def test_every_character_of_the_record_that_is_changed_is_found_even_by_the_keys_holder(
    made: tuple[bytes, list[Any]],
) -> None:
    """Whoever has the key signs anything; the chain does not bend. Each tenth character of the events' texts."""
    data, _ = made
    raw = contents(data)
    manifest = json.loads(raw["manifest.json"])
    lines = raw["chain.jsonl"].splitlines(keepends=True)
    for place, line in enumerate(lines):
        event = json.loads(line)
        body = event["body"]
        for at in range(place % 10, len(body), 10):
            other = body[:at] + ("0" if body[at] != "0" else "1") + body[at + 1 :]
            changed = f"{canonical(event | {'body': other})}\n".encode()
            with pytest.raises(V.AlteredError, match=f"event {place + 1}:"):
                V.chain(b"".join([*lines[:place], changed, *lines[place + 1 :]]), manifest)


def rewritten(value: dict[str, Any]) -> None:
    """The whole chain, recomputed over other facts, as the database's owner could."""
    previous = value["manifest"]["chain"]["previous"]
    for link in value["chain"]:
        body = json.loads(link["body"])
        body["facts"]["rewritten"] = True
        link["body"] = canonical(body)
        link["hash"] = previous = link_hash(previous, link["body"])
    value["manifest"]["chain"]["head"] = previous


def signed_by_another(value: dict[str, Any]) -> None:
    value["facts"]["signoffs"][0]["slack_id"] = "U0RAVI"


def rejection_made_approval(value: dict[str, Any]) -> None:
    value["facts"]["signoffs"][0]["decision"] = "approved"


def one_signoff_more(value: dict[str, Any]) -> None:
    value["facts"]["signoffs"].append(value["facts"]["signoffs"][3] | {"id": 99, "slack_id": "U0RITA"})


def one_signoff_less(value: dict[str, Any]) -> None:
    value["facts"]["signoffs"].pop()


def never_revoked(value: dict[str, Any]) -> None:
    value["facts"]["signoffs"][0]["revoked_at"] = None


def another_scope(value: dict[str, Any]) -> None:
    mark = value["facts"]["signoffs"][3]["fingerprint"]
    value["facts"]["snapshots"][mark].pop()


def another_reason(value: dict[str, Any]) -> None:
    value["facts"]["signoffs"][0]["reason"] = "None at all"


def another_card(value: dict[str, Any]) -> None:
    value["facts"]["revisions"][0]["shown"]["stage"] = "ready"


def another_policy(value: dict[str, Any]) -> None:
    value["facts"]["policy"]["copy"]["requirements"][0]["quorum"] = 1


def another_name(value: dict[str, Any]) -> None:
    value["people"][0]["data"]["name"] = "Somebody Else"


def another_salt(value: dict[str, Any]) -> None:
    value["people"][0]["salt"] = "0" * 32


def a_person_gone(value: dict[str, Any]) -> None:
    value["people"].pop(0)


def erased_by_nothing(value: dict[str, Any]) -> None:
    one = value["people"][0]
    value["people"][0] = {"seq": one["seq"], "role": one["role"], "erased_by": 2}


def a_person_more(value: dict[str, Any]) -> None:
    value["people"].append({"seq": 1, "role": "witness", "salt": "", "data": {}})


def cut_at_the_end(value: dict[str, Any]) -> None:
    value["chain"] = value["chain"][:-4]
    value["manifest"]["chain"] |= {"last": value["chain"][-1]["seq"], "head": value["chain"][-1]["hash"]}
    numbers = {each["seq"] for each in value["chain"]}
    value["people"] = [each for each in value["people"] if each["seq"] in numbers]
    value["facts"]["signoffs"] = value["facts"]["signoffs"][:3]
    for row in value["facts"]["signoffs"]:
        row["void_at"] = None


def cut_in_the_middle(value: dict[str, Any]) -> None:
    del value["chain"][4]


CHANGES = {
    rewritten: "is not what was anchored",
    signed_by_another: "stands in the facts and not in the chain",
    rejection_made_approval: "stands in the facts and not in the chain",
    one_signoff_more: "stands in the facts and not in the chain",
    one_signoff_less: "has no sign-off in the facts",
    never_revoked: "has no sign-off in the facts",
    another_scope: "is not the one that was signed",
    another_reason: "its reason is not what was recorded",
    another_card: "its shown is not what was recorded",
    another_policy: "The policy is not the one",
    another_name: "is not who was recorded",
    another_salt: "is not who was recorded",
    a_person_gone: "is missing from people.json",
    erased_by_nothing: "no erasure says so",
    a_person_more: "which has none",
    cut_at_the_end: "Events are missing at the chain's end",
    cut_in_the_middle: "is missing or out of its place",
}


@pytest.mark.parametrize(("change", "told"), CHANGES.items())
def test_not_even_who_has_the_key_changes_the_facts_unseen(
    made: tuple[bytes, list[Any]], change: Callable[[dict[str, Any]], None], told: str
) -> None:
    data, anchors = made
    found = verdict(resealed(data, change), anchors)
    assert found.code == 1
    assert any(told in each for each in found.altered), found


def in_ones_own_name(value: dict[str, Any]) -> None:
    value["facts"]["signoffs"][0]["principal"] = "U0MARIA"


def without_conditions(value: dict[str, Any]) -> None:
    value["facts"]["more"]["signoff_condition"] = []


def another_condition(value: dict[str, Any]) -> None:
    value["facts"]["more"]["signoff_condition"][1]["text"] = "Rollback thought of"


def a_condition_more(value: dict[str, Any]) -> None:
    rows = value["facts"]["more"]["signoff_condition"]
    rows.append(rows[1] | {"id": 9, "signoff_id": 3})


def another_meaning(value: dict[str, Any]) -> None:
    value["facts"]["signoffs"][2]["meaning"] = "Seen"


def never_too_old(value: dict[str, Any]) -> None:
    value["facts"]["signoffs"][2] |= {"void_at": None, "void_change": None}


def void_by_a_change(value: dict[str, Any]) -> None:
    value["facts"]["signoffs"][2]["void_change"] = {"changes": [["added", "id-ML-9", "ML-9"]]}


def revoked_by_nobody(value: dict[str, Any]) -> None:
    value["facts"]["signoffs"][1]["revoked_at"] = value["facts"]["signoffs"][0]["revoked_at"]


@pytest.mark.parametrize(
    ("change", "told"),
    {
        in_ones_own_name: "its for is not what was recorded",
        without_conditions: "its conditions is not what was recorded",
        another_condition: "its conditions is not what was recorded",
        a_condition_more: "its conditions is not what was recorded",
        another_meaning: "its meaning is not what was recorded",
        never_too_old: "has no sign-off in the facts",
        void_by_a_change: "stands in the facts and not in the chain",
        revoked_by_nobody: "stands in the facts and not in the chain",
    }.items(),
)
def test_nor_how_it_was_signed(
    every_way: tuple[bytes, list[Any]], change: Callable[[dict[str, Any]], None], told: str
) -> None:
    data, anchors = every_way
    assert verdict(data, anchors)[1:] == ([], [])
    found = verdict(resealed(data, change), anchors)
    assert found.code == 1
    assert any(told in each for each in found.altered), found


def test_sealing_anew_what_is_unchanged_changes_no_byte(made: tuple[bytes, list[Any]]) -> None:
    data, _ = made
    assert resealed(data, lambda _: None) == data


def test_another_key_is_said_to_be_another(made: tuple[bytes, list[Any]]) -> None:
    data, anchors = made
    theirs = Key("ed25519:" + "A" * 43)
    found = verdict(resealed(data, lambda _: None, theirs), anchors)
    assert found.code == 1
    assert theirs.fingerprint in found.altered[0]


def test_without_an_anchor_that_fits_nothing_is_called_proven(made: tuple[bytes, list[Any]]) -> None:
    data, anchors = made
    assert verdict(data, []).code == 3
    early = Anchor(seq=2, hash=json.loads(contents(data)["chain.jsonl"].splitlines()[1])["hash"], at=NOW)
    found = verdict(data, V.anchors_in(early.line))
    assert (found.code, found.altered) == (3, [])
    assert "from event 3 on" in found.doubts[0]
    later = [V.Anchor(400, "ab" * 32, "2027-01-01T00:00:00Z")]
    assert verdict(data, anchors + later).code == 0


def bomb(names: list[str], size: int = 300_000_000) -> bytes:
    """Nothing signed, and what unpacks to far more than it is."""
    deflating = zlib.compressobj(9, zlib.DEFLATED, -15)
    packed = b"".join([*(deflating.compress(bytes(1 << 20)) for _ in range(16)), deflating.flush()])
    return pack._zip(
        [pack.Member(name=name, content=b"x", method=pack.DEFLATED, packed=packed) for name in names]
        + [pack._stored("manifest.json", b"{" * 100_000), pack._stored("signature.json", b"[" * 4000)]
    ).replace(struct.pack("<L", 1) + b"\x09\0", struct.pack("<L", size) + b"\x09\0")


HOSTILE = {
    "a bomb": bomb(["facts.json"]),
    "a path": bomb(["../facts.json"]),
    "an absolute path": bomb(["/etc/passwd"]),
    "twice the same": bomb(["facts.json", "facts.json"]),
    "a name that hides": bomb(["facts.json\0.txt"]),
    "far too many": bomb([f"f{number}.json" for number in range(200)]),
}


@pytest.mark.parametrize("data", HOSTILE.values(), ids=HOSTILE)
def test_a_hostile_file_unpacks_nothing(data: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    def opened(*_: object) -> None:
        raise AssertionError("it was unpacked")

    monkeypatch.setattr(zlib, "decompressobj", opened)
    assert verdict(data, []).code == 1


@pytest.mark.parametrize(
    "text",
    [
        b'{"a": ' + b"9" * 5000 + b"}",
        b'{"a": 1e999999999}'.replace(b"1e999999999", b"NaN"),
        b"[" * 100_000,
        b'{"a": 1, "a": 2}',
        b"\xff\xfe",
    ],
)
def test_json_that_only_hurts_is_refused(text: bytes) -> None:
    with pytest.raises(V.AlteredError):
        V.told("facts.json", text)


def test_what_the_keys_holder_signs_of_the_wrong_shape_is_no_fault_of_the_program(
    made: tuple[bytes, list[Any]],
) -> None:
    data, anchors = made

    def shapeless(part: str, value: object) -> Callable[[dict[str, Any]], None]:
        def change(whole: dict[str, Any]) -> None:
            whole[part] = value

        return change

    for part in ("facts", "people", "chain"):
        values: tuple[Any, ...] = ([], {}, [[]], [1], {"a": []})
        for value in values:
            if part == "chain" and not isinstance(value, list):
                continue
            assert verdict(resealed(data, shapeless(part, value)), anchors).code == 1, (part, value)


def test_a_file_that_unpacks_to_more_than_it_says_is_never_unpacked_whole(made: tuple[bytes, list[Any]]) -> None:
    deflating = zlib.compressobj(9, zlib.DEFLATED, -15)
    packed = deflating.compress(bytes(50_000_000)) + deflating.flush()
    with pytest.raises(V.AlteredError):
        V.unpacked("facts.json", V.Member(8, 0, 100, packed), 100)


def test_names_do_not_drive_the_terminal() -> None:
    assert V.printable("2026.12\x1b[2J\u202e") == "2026.12\ufffd[2J\ufffd"


def another(kind: str, place: int, **values: Any) -> Callable[[dict[str, Any]], None]:
    def change(value: dict[str, Any]) -> None:
        value["facts"]["more"][kind][place] |= values

    return change


def one_less(kind: str) -> Callable[[dict[str, Any]], None]:
    def change(value: dict[str, Any]) -> None:
        value["facts"]["more"][kind].pop()

    return change


def one_more(kind: str) -> Callable[[dict[str, Any]], None]:
    def change(value: dict[str, Any]) -> None:
        rows = value["facts"]["more"][kind]
        rows.append(rows[0] | {"id": 99})

    return change


def of_the_release(**values: Any) -> Callable[[dict[str, Any]], None]:
    def change(value: dict[str, Any]) -> None:
        value["facts"]["release"] |= values

    return change


ANOTHER_TIME = "2026-11-23T08:00:00.000000+00:00"
ALTERED = {
    "granted by another": another("waiver", 1, decided_by="U0TOM"),
    "waived for longer": another("waiver", 1, until="2027-11-24"),
    "waived for another reason": another("waiver", 1, reason="as agreed"),
    "asked by another": another("waiver", 1, asked_by="U0TOM"),
    "another gate": another("waiver", 1, criterion="Everything is done"),
    "refused, not granted": another("waiver", 1, state="refused"),
    "granted, not refused": another("waiver", 0, state="granted"),
    "never decided": another("waiver", 1, state="asked", decided_at=None, decided_by=None),
    "excepted by another": another("freeze_exception", 0, decided_by="U0TOM"),
    "excepted for longer": another("freeze_exception", 0, ends="2027-02-03T00:00:00.000000+00:00"),
    "excepted at another risk": another("freeze_exception", 0, risk_in="None"),
    "excepted in another way": another("freeze_exception", 0, decided_auth="token"),
    "another collision": another("collision_acknowledgement", 0, seen={"target": "2026-12-17", "shared": []}),
    "acknowledged for another reason": another("collision_acknowledgement", 0, reason="nobody knows"),
    "a no-go that was a go": another("gonogo_vote", 2, choice="go"),
    "a dissent without its reason": another("gonogo_vote", 2, reason="None"),
    "another's vote": another("gonogo_vote", 3, slack_id="U0TOM"),
    "another scope voted on": another("gonogo_vote", 3, fingerprint="0" * 64),
    "a vote that was voided": another("gonogo_vote", 2, void_at=ANOTHER_TIME, void_change={"changes": []}),
    "counted by another rule": another(
        "gonogo", 0, rule=dict.fromkeys(("at_least", "absent", "exclude_opener"), 1) | {"roles": []}
    ),
    "a vote less": one_less("gonogo_vote"),
    "a vote more": one_more("gonogo_vote"),
    "another result": another("gonogo", 0, outcome="no_go"),
    "another's roll-call": another("gonogo", 0, opened_by="U0TOM"),
    "open for longer": another("gonogo", 0, closes_at="2026-11-29T09:00:00.000000+00:00"),
    "done, not failed": another("runbook_mark", 3, deed="done"),
    "done sooner": another("runbook_mark", 1, at=ANOTHER_TIME),
    "skipped for another reason": another("runbook_mark", 4, note="not needed"),
    "a step less": one_less("runbook_mark"),
    "another check": another("runbook_step", 0, rule={"check": "It looks fine"}),
    "another step deployed": another("runbook_step", 1, key="rollback"),
    "usually quicker": another("runbook_step", 0, usual_minutes=1),
    "begun by another": another("runbook_run", 0, started_by="U0TOM"),
    "aborted for another reason": another("runbook_run", 0, reason="As planned"),
    "a risk of somebody else's": another("raid_change", 0, by="U0TOM"),
    "a risk seen otherwise": another("raid_change", -1, note="All is well"),
    "a change of a risk less": one_less("raid_change"),
    "asked somebody else": another("break_glass", 3, sent_to=["U0TOM"]),
    "another link": another("criterion_evidence", 0, link="https://wiki.example/other"),
    "ticked by another": another("criterion_evidence", 0, slack_id="U0TOM"),
    "never unticked": another("criterion_evidence", 0, ticked=False),
    "another figure": another("criterion_evidence", 1, value=97.5),
    "a figure for another gate": another("criterion_evidence", 1, criterion="Bias is reviewed"),
    "a figure less": one_less("criterion_evidence"),
    "let pass for another reason": another("break_glass", 3, reason="as agreed"),
    "let pass by another": another("break_glass", 3, confirmed_by="U0TOM"),
    "let pass more": another("break_glass", 3, covers=["security", "qa"]),
    "let pass for longer": another("break_glass", 3, until="2026-11-27T09:00:00.000000+00:00"),
    "another scope let pass": another("break_glass", 3, fingerprint="0" * 64),
    "let pass under another policy": another("break_glass", 3, policy_version="c96a3a32bed8"),
    "asked on another card": another("break_glass", 3, card_id=1),
    "asked after another drawing": another("break_glass", 3, revision_id="0" * 24),
    "lapsed, not taken back": another("break_glass", 2, outcome="lapsed"),
    "holds still": another("break_glass", 2, outcome=None, ended_at=None, ended_by=None, end_auth=None),
    "overtaken by something else": another("break_glass", 1, end_change=[["added", "id-DATA-1", "DATA-1"]]),
    "overtaken by nothing": another("break_glass", 1, end_change=[]),
    "ended by somebody, not by itself": another("break_glass", 1, ended_by="U0TOM"),
    "found to be well": another("break_glass", 3, review="All is well"),
    "never reviewed": another("break_glass", 3, review=None, reviewed_by=None, reviewed_at=None, review_auth=None),
    "broken once less": one_less("break_glass"),
    "rejected, not withdrawn": another("policy_change", 1, outcome="rejected"),
    "proposed for another reason": another("policy_change", 2, reason="as agreed"),
    "proposed on another card": another("policy_change", 2, card_id=1),
    "late by somebody": another("policy_change", 3, ended_by="U0TOM"),
    "another's word": another("policy_change_word", 4, slack_id="U0INES"),
    "a proposal less": one_less("policy_change"),
    "a word more": one_more("policy_change_word"),
}
ODD = {
    "let pass, and nobody knows when": (
        another("break_glass", 0, confirmed_by="U0TOM", covers=["security"]),
        "tells of a deed without its time",
    ),
    "over, and nobody knows when": (another("break_glass", 3, outcome="lapsed"), "tells of a deed without its time"),
    "reviewed by nobody at no time": (another("break_glass", 2, review="Well"), "tells of a deed without its time"),
    "rejected by another": (another("policy_change", 0, ended_by="U0INES"), "rejected by nobody, or in vain"),
    "rejected for another reason": (another("policy_change", 0, end_reason="None"), "rejected by nobody, or in vain"),
    "said to another's": (another("policy_change_word", 0, proposed_by="U0ANA"), "was said to another's"),
    "to another template": (another("policy_change", 2, template="hotfix"), "to another template"),
    "a vote that counts no more": (another("gonogo_vote", 2, superseded_at=ANOTHER_TIME), "counts otherwise"),
    "a vote that counts again": (another("gonogo_vote", 0, superseded_at=None), "counts otherwise"),
    "void, and nobody knows when": (
        another("gonogo_vote", 2, void_change={"changes": [["added", "id-ML-9", "ML-9"]]}),
        "tells of a deed without its time",
    ),
    "waived for a year": (
        another("waiver", 1, expires_at="2027-11-25T00:00:00.000000+00:00"),
        "does not end with its day",
    ),
    "released": (of_the_release(stage="released"), "The release's stage is not what was recorded"),
    "a smaller risk": (another("raid_entry", 0, probability=1), "R-1 does not stand as its changes left it"),
    "a risk that is none any more": (
        another("raid_entry", 0, state="closed", outcome="Over", closed_by="U0TOM", closed_at=ANOTHER_TIME),
        "R-1 does not stand as its changes left it",
    ),
    "closed by another": (another("raid_entry", 1, closed_by="U0TOM"), "does not stand as its changes left it"),
    "a risk less": (one_less("raid_entry"), "has none in the facts"),
    "another number": (another("policy_change", 2, number=2), "not numbered as they came"),
}


@pytest.mark.parametrize("change", ALTERED.values(), ids=ALTERED)
def test_nor_what_else_was_decided(whole: tuple[bytes, list[Any]], change: Callable[[dict[str, Any]], None]) -> None:
    data, anchors = whole
    found = verdict(resealed(data, change), anchors)
    assert found.code == 1
    assert any("is not what the chain records" in each or "has none in the facts" in each for each in found.altered)


@pytest.mark.parametrize(("change", "told"), ODD.values(), ids=ODD)
def test_nor_does_what_no_event_is_of_pass(
    whole: tuple[bytes, list[Any]], change: Callable[[dict[str, Any]], None], told: str
) -> None:
    data, anchors = whole
    found = verdict(resealed(data, change), anchors)
    assert found.code == 1
    assert any(told in each for each in found.altered), found


def test_an_unaltered_one_of_them_holds(whole: tuple[bytes, list[Any]]) -> None:
    data, anchors = whole
    assert verdict(resealed(data, lambda _: None), anchors)[1:] == ([], [])


def test_void_votes_are_borne_out_and_none_is_hidden(sqlite_store: Store) -> None:
    gonogo_tests.begun(sqlite_store)
    gonogo_tests.all_vote(sqlite_store, Choice.GO, Choice.NO_GO, Choice.ABSTAIN)
    with sqlite_store.write() as session:
        scope.refresh(session, [ticket(session, "DATA-2", category="done")], NOW)
    assert gonogo_void.revalidate(sqlite_store, NOW) == 2
    assert gonogo_tests.say(sqlite_store, "TOM", Choice.NO_GO, "It came late")
    anchors = V.anchors_in(evidences.anchored(sqlite_store).line)
    data = evidences.zipped(sqlite_store, 1)
    assert verdict(data, anchors).altered == []
    for row, change in (
        (0, {"void_at": None, "void_change": None}),
        (2, {"void_at": None, "superseded_at": ANOTHER_TIME}),
    ):
        assert verdict(resealed(data, another("gonogo_vote", row, **change)), anchors).code == 1


def test_an_entry_of_the_raid_log_that_went_to_another_release_is_told_with_that_one(sqlite_store: Store) -> None:
    with sqlite_store.write() as session:
        people(session)
        here, there = (release(session, name=name) for name in ("2026.12", "2027.01"))
    rita, draft = actor("RITA"), raids.a_risk(here)

    def move(to: int, version: int) -> None:
        moved = raid.edit(sqlite_store, raids.POLICY, rita, 1, replace(draft, release_id=to), version, NOW)
        assert isinstance(moved, raid.Saved), moved

    def altered(change: Callable[[dict[str, Any]], None] = lambda _: None) -> list[list[str]]:
        anchors = V.anchors_in(evidences.anchored(sqlite_store).line)
        zips = [evidences.zipped(sqlite_store, each) for each in (here, there)]
        return [verdict(resealed(each, change), anchors).altered for each in zips]

    assert isinstance(raid.add(sqlite_store, raids.POLICY, rita, draft, "r1", NOW), raid.Saved)
    move(there, 1)
    assert altered() == [[], []]
    move(here, 2)
    assert altered() == [[], []]

    def without_log(value: dict[str, Any]) -> None:
        value["facts"]["more"] |= {"raid_entry": [], "raid_change": []}

    hidden = altered(without_log)
    assert ["(raid.changed) has none in the facts" in each for each in hidden[0]] == [True]
    assert hidden[1] == []  # there it went away, and that is all there is to tell


def held(store: Store) -> int:
    """Planned, with milestones, and on hold."""
    release_tests.world(store)
    number = release_tests.planned(store, replace(release_tests.DRAFT, name="2026.12")).release.id
    done = stage_stop.hold(store, POLICY, actor("RITA"), "2026.12 The bank is closed", CHANNEL, NOW, on=True)
    assert isinstance(done, stage_stop.HoldSet), done
    return number


def another_milestone(value: dict[str, Any]) -> None:
    value["facts"]["milestones"][0]["due"] = "2026-12-16"


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (of_the_release(stage="released"), "stage"),
        (of_the_release(target="2027-01-14"), "target"),
        (of_the_release(held_by=None, held_at=None, held_reason=None), "held_reason"),
        (of_the_release(closed_at=ANOTHER_TIME, closed_by="U0TOM"), "closed_at"),
        (of_the_release(close_reason="Shipped"), "close_reason"),
        (another_milestone, "milestones"),
    ],
)
def test_where_a_release_stands_is_held_to_the_record(
    sqlite_store: Store, change: Callable[[dict[str, Any]], None], told: str
) -> None:
    number = held(sqlite_store)
    anchors = V.anchors_in(evidences.anchored(sqlite_store).line)
    data = evidences.zipped(sqlite_store, number)
    assert verdict(data, anchors).altered == []
    found = verdict(resealed(data, change), anchors)
    assert f"The release's {told} is not what was recorded." in found.altered


def test_how_a_release_ended_is_held_to_the_record(sqlite_store: Store) -> None:
    number = held(sqlite_store)
    done = stage_stop.cancel(sqlite_store, POLICY, actor("RITA"), number, "No budget", NOW)
    assert isinstance(done, Moved), done
    anchors = V.anchors_in(evidences.anchored(sqlite_store).line)
    data = evidences.zipped(sqlite_store, number)
    assert verdict(data, anchors).altered == []
    for values in ({"close_reason": "Shipped"}, {"closed_by": "U0TOM"}, {"stage": "closed"}):
        assert verdict(resealed(data, of_the_release(**values)), anchors).code == 1


def test_who_met_a_condition_is_held_to_the_record(every_way: tuple[bytes, list[Any]]) -> None:
    data, anchors = every_way
    by_nobody = another("signoff_condition", 1, done_at=ANOTHER_TIME, done_by="U0TOM")
    assert verdict(resealed(data, by_nobody), anchors).code == 1
