"""Which way a link runs. Only its phrases say so: a type's name does not fix its direction, and sites differ."""

from interlock.domain.policy import Tickets
from interlock.domain.ticket import Category, Link, Relation
from interlock.trackers import plain

_CATEGORIES = {each.value: each for each in Category}
_OPPOSITE = {Relation.BLOCKS: Relation.BLOCKED_BY, Relation.BLOCKED_BY: Relation.BLOCKS}


class Phrases:
    """Policy's phrases, ready to compare without case or spacing."""

    def __init__(self, settings: Tickets) -> None:
        self._relations = {_even(each): Relation.BLOCKS for each in settings.blocks_phrases}
        self._relations |= {_even(each): Relation.BLOCKED_BY for each in settings.blocked_by_phrases}

    def relation(self, own: str, opposite: str) -> Relation:
        """What the link says of the ticket whose side reads `own`.

        A phrase that policy does not know takes its meaning from the other side's: where that one "depends on", this
        one blocks. A type that reads the same both ways has no direction.
        """
        own, opposite = _even(own), _even(opposite)
        if own == opposite:
            return Relation.RELATES
        if own in self._relations:
            return self._relations[own]
        return _OPPOSITE.get(self._relations.get(opposite, Relation.RELATES), Relation.RELATES)


def read(raw: object, phrases: Phrases) -> tuple[Link, ...]:
    """The links of `fields.issuelinks`; each entry has `type` and one of `inwardIssue` and `outwardIssue`."""
    found: dict[tuple[str, str], Link] = {}
    for entry in plain.records(raw):
        kind = plain.record(entry.get("type"))
        inward, outward = plain.text(kind.get("inward")), plain.text(kind.get("outward"))
        for side, own, opposite in (("inwardIssue", inward, outward), ("outwardIssue", outward, inward)):
            other = plain.record(entry.get(side))
            other_id = plain.optional(plain.first(other, "id", "key"))
            if other_id is None:
                continue  # the far ticket is hidden from this account: nothing names it
            # One link told twice is one link.
            found[other_id, own] = Link(
                relation=phrases.relation(own, opposite),
                phrase=own,
                other_id=other_id,
                other_key=plain.text(other.get("key")),
                other_category=category(plain.record(other.get("fields")).get("status")),
            )
    return tuple(found.values())


def category(status: object) -> Category:
    """By the category's key; its name is translated. Some sources tell none, and some tell one of their own."""
    key = plain.record(plain.record(status).get("statusCategory")).get("key")
    return _CATEGORIES.get(plain.text(key).casefold(), Category.UNKNOWN)


def _even(phrase: str) -> str:
    return " ".join(phrase.casefold().split())
