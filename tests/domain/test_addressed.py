"""The policy's channels, held against the workspace's."""

from dataclasses import replace
from typing import Any

import pytest

from interlock.domain.addressed import judge_channels
from interlock.domain.channel import Channel
from interlock.domain.checkup import Mark
from interlock.domain.policy import ChannelRule, Team
from tests.builders import POLICY

TEAMS = {"data": Team(name="Data", channel="team-data")}
RELEASE = Channel(id="C0REL", name="rel", member=True)
DATA = Channel(id="C0TEAMDATA", name="team-data", member=True)


def judged(*seen: Channel, company: str | None = None, **more: Any) -> list[tuple[Mark, str, str]]:
    policy = replace(POLICY, teams=TEAMS, channels={"rel": ChannelRule(company=company)})
    return [(each.mark, each.what, f"{each.told} {each.mend}") for each in judge_channels(policy, seen, **more)]


def test_all_is_well() -> None:
    assert [mark for mark, _, _ in judged(RELEASE, DATA)] == [Mark.OK]


@pytest.mark.parametrize(
    ("seen", "company", "mark", "words"),
    [
        (replace(RELEASE, archived=True), None, Mark.FAIL, "archived"),
        (replace(RELEASE, member=False), None, Mark.FAIL, "/invite @Interlock in #rel"),
        (replace(RELEASE, shared=True), None, Mark.FAIL, "channels.rel.company"),
        (replace(RELEASE, shared=True), "meridian", Mark.OK, ""),
        (RELEASE, "meridian", Mark.WARN, "not"),
        (None, None, Mark.FAIL, "no channel of that name"),
    ],
    ids=["archived", "not in it", "shared", "shared by policy", "not shared", "absent"],
)
def test_one_with_which_something_is_wrong_is_a_line(
    seen: Channel | None, company: str | None, mark: Mark, words: str
) -> None:
    told = judged(*([seen] if seen else []), DATA, company=company)
    assert [each[0] for each in told] == [mark]
    assert words in told[0][2]
    assert mark is Mark.OK or told[0][1] == "channel #rel"


def test_a_teams_channel_counts_too() -> None:
    assert [what for _, what, _ in judged(RELEASE)] == ["channel #team-data"]


def test_a_renamed_one_says_what_it_is_called_now() -> None:
    told = judged(replace(RELEASE, name="rel-2026"), DATA, renamed={"rel": "rel-2026"})
    assert [(mark, "renamed to #rel-2026" in words) for mark, _, words in told] == [(Mark.FAIL, True)]


def test_one_in_use_stands_before_one_archived_under_its_name() -> None:
    old = replace(RELEASE, id="C0OLD", archived=True, member=False)
    assert judged(RELEASE, old, DATA)[0][0] is Mark.OK
    assert judged(old, RELEASE, DATA)[0][0] is Mark.OK


def test_what_was_not_read_to_the_end_is_not_known() -> None:
    assert judged(DATA, whole=False)[0][0] is Mark.UNKNOWN
