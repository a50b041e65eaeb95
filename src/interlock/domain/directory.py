"""Who is in the workspace, in which user groups and channels, and whose account in the tracker is whose."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Literal

from interlock.domain.actor import Person
from interlock.domain.policy import PersonRule
from interlock.domain.ticket import Account

LinkedBy = Literal["config", "email"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """A user group of this workspace with all of its members' Slack ids."""

    id: str
    handle: str
    name: str
    members: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountLink:
    account_id: str
    by: LinkedBy


def account_links(
    people: Iterable[Person], accounts: Iterable[Account], rules: Mapping[str, PersonRule]
) -> dict[str, AccountLink]:
    """Whose account is whose, by Slack id, as far as that is beyond doubt: what configuration says, else one person and
    one active account with the same e-mail address. Whoever proved their account themselves (`comment`, `admin`) keeps
    it and is not in the result; an account that two people would get is given to neither.
    """
    everybody = list(people)
    proved = {person.account_id for person in everybody if person.linked_by in {"comment", "admin"}}
    open_people = [person for person in everybody if person.linked_by not in {"comment", "admin"}]
    found = _by_email(open_people, accounts) | _by_config(open_people, rules)
    taken = Counter(link.account_id for link in found.values())
    return {
        slack_id: link
        for slack_id, link in found.items()
        if taken[link.account_id] == 1 and link.account_id not in proved
    }


def _by_config(people: Iterable[Person], rules: Mapping[str, PersonRule]) -> dict[str, AccountLink]:
    found: dict[str, AccountLink] = {}
    for person in people:
        rule = rules.get((person.email or "").casefold()) if _counts(person) else None
        if rule is not None and rule.tracker_account:
            found[person.slack_id] = AccountLink(account_id=rule.tracker_account, by="config")
    return found


def _by_email(people: Iterable[Person], accounts: Iterable[Account]) -> dict[str, AccountLink]:
    ours: dict[str, list[Person]] = {}
    for person in people:
        if _counts(person):
            ours.setdefault(_address(person.email), []).append(person)
    theirs: dict[str, list[Account]] = {}
    for account in accounts:
        if account.active and account.email:
            theirs.setdefault(_address(account.email), []).append(account)
    found: dict[str, AccountLink] = {}
    for address, bearers in ours.items():
        # Somebody who came back may stand there twice; who left counts only where nobody took their place.
        claimants = [person for person in bearers if person.active] or bearers
        matching = theirs.get(address, [])
        if len(claimants) == 1 and len(matching) == 1:
            found[claimants[0].slack_id] = AccountLink(account_id=matching[0].id, by="email")
    return found


def _counts(person: Person) -> bool:
    return person.email is not None and person.kind != "bot"


def _address(email: str | None) -> str:
    return (email or "").strip().casefold()
