"""Who may stand in for whom, and until when."""

from datetime import UTC, datetime, timedelta

import pytest

from interlock.domain.delegation import Delegation, refuse
from tests.domain.test_signoff import person

NOW = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
ANA, BEN, CLEO = person("Ana"), person("Ben"), person("Cleo")


def away(who: str = "ANA", to: str | None = "BEN", starts: int = 0, days: int = 4) -> Delegation:
    begin = NOW + timedelta(days=starts)
    return Delegation(
        slack_id=f"U0{who}", stand_in=f"U0{to}" if to else None, starts=begin, until=begin + timedelta(days=days)
    )


@pytest.mark.parametrize(
    ("wanted", "others", "why"),
    [
        pytest.param(away(), [], None, id="somebody who may sign"),
        pytest.param(away(to=None), [], None, id="nobody"),
        pytest.param(away(to="ANA"), [], "oneself", id="oneself"),
        pytest.param(away(days=0), [], "over", id="over before it begins"),
        pytest.param(away(days=-1), [], "over", id="over already"),
        pytest.param(away(days=93), [], "too_long", id="longer than a quarter"),
        pytest.param(away(), [away("BEN", "CLEO")], "chain", id="who is away themselves"),
        pytest.param(away(), [away("BEN", None)], "chain", id="who is away and named nobody"),
        pytest.param(away(), [away("BEN", "ANA")], "chain", id="a loop"),
        pytest.param(away(), [away("CLEO", "ANA")], "chain", id="handing on what was left to one"),
        pytest.param(away(to=None), [away("CLEO", "ANA")], None, id="leaving, though somebody counts on one"),
        pytest.param(away(), [away("BEN", "CLEO", starts=5)], None, id="who leaves once one is back"),
        pytest.param(away(), [away("CLEO", "BEN")], None, id="who stands in for another as well"),
    ],
)
def test_who_may_stand_in(wanted: Delegation, others: list[Delegation], why: str | None) -> None:
    named = {"U0BEN": BEN, "U0ANA": ANA}.get(wanted.stand_in or "")
    refused = refuse(wanted, named, permitted=True, others=others, now=NOW)
    assert (refused.reason if refused else None) == why


def test_only_members_who_may_sign_stand_in() -> None:
    def reason(**more: object) -> str | None:
        named = person("Ben", **more)
        refused = refuse(away(), named, permitted=named.kind == "member", others=(), now=NOW)
        return refused.reason if refused else None

    assert reason(active=False) == "no_member"
    assert reason(kind="guest") == "no_member"
    refused = refuse(away(), BEN, permitted=False, others=(), now=NOW)
    assert refused
    assert refused.reason == "not_permitted_to_sign"
