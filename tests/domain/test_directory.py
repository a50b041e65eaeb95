"""Whose account in the tracker is whose."""

import pytest

from interlock.domain.actor import Person
from interlock.domain.directory import account_links
from interlock.domain.policy import PersonRule
from interlock.domain.ticket import Account

ANA = Person(slack_id="U0ANA", name="Ana", email="ana@practice.example")
ANA_LEFT = Person(slack_id="U0OLD", name="Ana", email="ana@practice.example", active=False)
RAVI = Person(slack_id="U0RAVI", name="Ravi", email="ravi@practice.example")
NIA = Person(slack_id="U0NOMAIL", name="Nia")
BOT = Person(slack_id="U0BOT", name="Bot", email="ana@practice.example", kind="bot")
PROVED = Person(slack_id="U0TOM", name="Tom", email="tom@practice.example", account_id="acc-ana", linked_by="comment")

A = Account(id="acc-ana", name="Ana", email="Ana@Practice.example")
A2 = Account(id="acc-ana-2", name="Ana", email="ana@practice.example")
A_GONE = Account(id="acc-ana-0", name="Ana", email="ana@practice.example", active=False)
SILENT = Account(id="acc-nia", name="Nia")


@pytest.mark.parametrize(
    ("why", "people", "accounts", "rules", "links"),
    [
        ("one address, one account", [ANA], [A], {}, {"U0ANA": ("acc-ana", "email")}),
        ("two accounts with the address", [ANA], [A, A2], {}, {}),
        ("the other account is closed", [ANA], [A, A_GONE], {}, {"U0ANA": ("acc-ana", "email")}),
        ("two people with the address", [ANA, Person(slack_id="U0TWIN", name="x", email=ANA.email)], [A], {}, {}),
        ("who left yields to who came", [ANA_LEFT, ANA], [A], {}, {"U0ANA": ("acc-ana", "email")}),
        ("who left keeps it otherwise", [ANA_LEFT], [A], {}, {"U0OLD": ("acc-ana", "email")}),
        ("bots have no account", [BOT], [A], {}, {}),
        ("without an address nothing is known", [NIA], [SILENT], {}, {}),
        ("configuration says", [ANA], [], {"ana@practice.example": "acc-x"}, {"U0ANA": ("acc-x", "config")}),
        ("configuration wins", [ANA], [A], {"ana@practice.example": "acc-x"}, {"U0ANA": ("acc-x", "config")}),
        ("one account for two", [ANA, RAVI], [A], {"ravi@practice.example": "acc-ana"}, {}),
        ("somebody proved that it is theirs", [ANA, PROVED], [A], {}, {}),
        ("who proved theirs is left alone", [PROVED], [], {"tom@practice.example": "acc-x"}, {}),
    ],
)
def test_links(
    why: str,
    people: list[Person],
    accounts: list[Account],
    rules: dict[str, str],
    links: dict[str, tuple[str, str]],
) -> None:
    given = {email: PersonRule(tracker_account=account) for email, account in rules.items()}
    found = account_links(people, accounts, given)
    assert {slack_id: (link.account_id, link.by) for slack_id, link in found.items()} == links
