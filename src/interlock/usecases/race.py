"""Two people who act in the same instant: the database's constraint lets one of them win."""

from collections.abc import Callable
from typing import TypeVar

from sqlalchemy.exc import IntegrityError

Outcome = TypeVar("Outcome")


def after_the_winner(work: Callable[[], Outcome]) -> Outcome:
    """What `work`, one transaction, comes to; where another won the race to the database, once it has committed: what
    it did is read then, and gets its sentence.
    """
    try:
        return work()
    except IntegrityError:
        return work()
