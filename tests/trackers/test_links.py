"""The direction of a link, from its phrases."""

import pytest

from interlock.domain.policy import Tickets
from interlock.domain.ticket import Category, Relation
from interlock.trackers import links

PHRASES = links.Phrases(Tickets(projects=("DATA",)))


@pytest.mark.parametrize(
    ("own", "opposite", "relation"),
    [
        ("blocks", "is blocked by", Relation.BLOCKS),
        ("is blocked by", "blocks", Relation.BLOCKED_BY),
        ("Is  Blocked BY ", "Blocks", Relation.BLOCKED_BY),
        ("depends on", "is dependent of", Relation.BLOCKED_BY),
        ("is dependent of", "depends on", Relation.BLOCKS),
        ("required by", "depends on", Relation.BLOCKS),
        ("stops", "waits for", Relation.BLOCKS),
        ("relates to", "relates to", Relation.RELATES),
        ("depends on", "depends on", Relation.RELATES),
        ("duplicates", "is duplicated by", Relation.RELATES),
        ("", "", Relation.RELATES),
    ],
)
def test_a_side_reads(own: str, opposite: str, relation: Relation) -> None:
    assert PHRASES.relation(own, opposite) is relation


def test_a_type_whose_name_says_the_contrary_is_read_by_its_phrases() -> None:
    reversed_type = {"name": "Blocks", "inward": "blocks", "outward": "is blocked by"}
    (link,) = links.read([{"type": reversed_type, "inwardIssue": {"id": "7", "key": "ML-7"}}], PHRASES)
    assert link.relation is Relation.BLOCKS


def test_the_far_ticket_brings_its_category() -> None:
    other = {"id": "7", "key": "ML-7", "fields": {"status": {"statusCategory": {"key": "done"}}}}
    (link,) = links.read(
        [{"type": {"outward": "depends on", "inward": "is needed by"}, "outwardIssue": other}], PHRASES
    )
    assert (link.relation, link.other_id, link.other_category) == (Relation.BLOCKED_BY, "7", Category.DONE)
