"""Which account is meant, who may have it, and what proves it."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from interlock.domain.actor import Person
from interlock.domain.authority import Refused
from interlock.domain.link import (
    Comment,
    LinkRequest,
    Proved,
    Several,
    Unknown,
    Unproved,
    find,
    judge,
    refuse_claiming,
    refuse_confirming,
    refuse_removing,
    ticket_key,
)
from interlock.domain.ticket import Account

NOW = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
CODE = "interlock-k7f29mqpx3dabcdz"
NIA = Account(id="acc-nia", name="Nia Brook")
JON = Account(id="JIRAUSER10100", name="Jon Marsh", email="Jon@practice.example")
OTHER_JON = Account(id="acc-jon2", name="Jon Marsh")
JONA = Account(id="acc-jona", name="Jona Ortiz")
LEFT = Account(id="acc-left", name="Lars Eklund-Moor", active=False)
KNOWN = (NIA, JON, OTHER_JON, JONA, LEFT)
REQUEST = LinkRequest(
    slack_id="U0NOMAIL",
    account_id="acc-nia",
    named="Nia Brook",
    code=CODE,
    opened_at=NOW,
    expires_at=NOW + timedelta(hours=24),
)
COMMENT = Comment(
    author=NIA,
    names=frozenset({"acc-nia", "nia", "Nia Brook"}),
    edited_by="acc-nia",
    created=NOW + timedelta(minutes=1),
    text=CODE,
)
BY_JON = replace(COMMENT, author=JON, names=frozenset({"JIRAUSER10100", "jon", "Jon Marsh"}), edited_by="JIRAUSER10100")


def person(name: str = "NOMAIL", account: str | None = None, by: str | None = None, **more: bool) -> Person:
    return Person(slack_id=f"U0{name}", name=name.title(), account_id=account, linked_by=by, **more)  # type: ignore[arg-type]  # a flag


@pytest.mark.parametrize(
    ("typed", "account"),
    [
        ("acc-nia", NIA),
        ("ACC-NIA", NIA),
        ("nia brook", NIA),
        ("  Nia   Brook ", NIA),
        ("nia", NIA),
        ("jon@PRACTICE.example", JON),
        ("jirauser10100", JON),
        ("jona", JONA),
    ],
)
def test_an_account_is_meant_by_its_id_its_address_its_name_or_the_beginning_of_that(
    typed: str, account: Account
) -> None:
    assert find(typed, KNOWN) == account


@pytest.mark.parametrize(
    ("typed", "found"),
    [
        ("Jon Marsh", Several(accounts=(JON, OTHER_JON), exact=True)),
        ("jon", Several(accounts=(JON, OTHER_JON, JONA), exact=False)),
        ("Nia Brok", Unknown(typed="Nia Brok", near=(NIA,))),
        ("Jon Mash", Unknown(typed="Jon Mash", near=(JON, OTHER_JON))),
        ("Lars Eklund-Moor", Unknown(typed="Lars Eklund-Moor", near=())),
        ("jon@practice", Unknown(typed="jon@practice", near=())),
        ("🦆", Unknown(typed="🦆", near=())),
        ("x" * 10_000, Unknown(typed="x" * 120, near=())),
    ],
)
def test_otherwise_it_asks(typed: str, found: Several | Unknown) -> None:
    assert find(typed, KNOWN) == found


@pytest.mark.parametrize(
    ("typed", "key"),
    [
        ("DATA-214", "DATA-214"),
        (" data-214 ", "DATA-214"),
        ("https://jira.practice.example/browse/DATA-214", "DATA-214"),
        ("https://jira.practice.example/browse/DATA-214?focusedId=7#comment-7", "DATA-214"),
        ("https://jira.practice.example/browse/DATA-214/", "DATA-214"),
        ("../../myself", None),
        ("DATA-", None),
        ("DATA-214/../../x", None),
        ("", None),
        ("Ⅾ-1", None),
    ],
)
def test_a_ticket_is_named_by_its_key_or_its_address(typed: str, key: str | None) -> None:
    assert ticket_key(typed) == key


@pytest.mark.parametrize(
    ("who", "account", "holder", "reason"),
    [
        (person(), "acc-nia", None, None),
        (person(), None, None, None),
        (person(account="acc-nia"), "acc-nia", None, None),
        (person(), "acc-nia", person(account="acc-nia", by="comment"), None),
        (person(), "acc-nia", person("JON", "acc-nia", "email"), "taken"),
        (person(), "acc-nia", person("LEFT", "acc-nia", "email", active=False), "taken"),
        (person(account="acc-old", by="email"), "acc-nia", None, "has_another"),
        (person(account="acc-old"), "acc-nia", None, "has_another"),
        (person(account="acc-old"), None, None, "has_another"),
    ],
)
def test_nobody_claims_what_is_anothers_or_changes_accounts_by_themselves(
    who: Person, account: str | None, holder: Person | None, reason: str | None
) -> None:
    refused = refuse_claiming(who, account, holder)
    assert (refused.reason if refused else None) == reason


@pytest.mark.parametrize(
    ("who", "holder", "reason"),
    [
        (person(), None, None),
        (person(account="acc-old", by="email"), None, None),
        (person(), person("LEFT", "acc-nia", "comment", active=False), None),
        (person(), person("JON", "acc-nia", "comment"), "taken"),
        (person("RITA"), None, "own"),
        (person(active=False), None, "no_member"),
        (replace(person(), kind="guest"), None, "no_member"),
        (replace(person(), kind="bot"), None, "no_member"),
        (None, None, "no_member"),
    ],
)
def test_an_admin_confirms_anybody_but_themselves(
    who: Person | None, holder: Person | None, reason: str | None
) -> None:
    refused = refuse_confirming(person("RITA"), who, holder)
    assert (refused.reason if refused else None) == reason


@pytest.mark.parametrize(
    ("who", "reason"),
    [
        (person(account="acc-nia", by="comment"), None),
        (person(account="acc-nia", by="admin"), None),
        (person(account="acc-nia", by="email"), "not_own"),
        (person(account="acc-nia", by="config"), "not_own"),
        (person(account="acc-nia"), "not_linked"),
        (person(), "not_linked"),
    ],
)
def test_a_link_that_would_come_back_cannot_be_removed(who: Person, reason: str | None) -> None:
    refused = refuse_removing(who)
    assert (refused.reason if isinstance(refused, Refused) else None) == reason


PROVED = Proved(account=NIA)
MISSING, ANOTHER = Unproved(by_another=False), Unproved(by_another=True)


@pytest.mark.parametrize(
    ("why", "comments", "verdict"),
    [
        ("nothing but the code", [COMMENT], PROVED),
        ("as code", [replace(COMMENT, text=f"{{{{{CODE}}}}}")], PROVED),
        ("pasted with its colour", [replace(COMMENT, text=f"{{color:#172b4d}}{CODE}{{color}}\n")], PROVED),
        ("with escapes", [replace(COMMENT, text=CODE.replace("-", r"\-").upper())], PROVED),
        ("among others", [replace(BY_JON, text="What is this?"), COMMENT], PROVED),
        ("after somebody copied it", [replace(BY_JON, created=NOW), COMMENT], PROVED),
        ("a clock a little behind", [replace(COMMENT, created=NOW - timedelta(minutes=4))], PROVED),
        ("no comment", [], MISSING),
        ("another code", [replace(COMMENT, text="interlock-k7f29mqpx3dabcdb")], MISSING),
        ("a question about it", [replace(COMMENT, text=f"What is {CODE}?")], MISSING),
        ("a quotation", [replace(COMMENT, text=f"{{quote}}{CODE}{{quote}}")], MISSING),
        ("written into an old comment", [replace(COMMENT, created=NOW - timedelta(hours=1))], MISSING),
        ("written by an editor of others' comments", [replace(COMMENT, edited_by="JIRAUSER10100")], MISSING),
        ("whoever changed it is not told", [replace(COMMENT, edited_by=None)], MISSING),
        ("somebody else's comment", [BY_JON], ANOTHER),
        ("of somebody who bears the name", [replace(BY_JON, names=COMMENT.names)], ANOTHER),
    ],
)
def test_only_the_accounts_own_comment_proves_it(why: str, comments: list[Comment], verdict: Proved | Unproved) -> None:
    assert judge(REQUEST, comments) == verdict, why


@pytest.mark.parametrize("named", ["Nia Brook", "nia", "NIA", "acc-nia"])
def test_an_account_that_was_not_known_is_whoever_commented_first_under_that_name(named: str) -> None:
    request = replace(REQUEST, account_id=None, named=named)
    impostor = replace(BY_JON, names=COMMENT.names, created=COMMENT.created + timedelta(minutes=1))
    assert judge(request, [impostor, COMMENT]) == PROVED
    assert judge(request, [BY_JON]) == ANOTHER
