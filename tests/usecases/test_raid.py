"""The RAID log on a real store: what is entered, changed, reviewed and closed, by whom, and what a race leaves."""

import json
import threading
from collections.abc import Callable
from dataclasses import replace
from datetime import date, timedelta
from functools import partial
from typing import Any

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError
from sqlmodel import select

from interlock.domain.authority import Refused
from interlock.domain.permission import Permission
from interlock.domain.policy import EVERYONE, CriterionRule, Policy, RaidRules
from interlock.domain.raid import Deed, Entry, Kind, Told
from interlock.domain.raid_draft import RaidDraft, Review, TypedEntry, draft_of
from interlock.domain.release import Unclear
from interlock.store import audit, raid
from interlock.store.audit import AuditRow
from interlock.store.engine import Store
from interlock.store.outbox import OutboxRow
from interlock.store.person import PersonRow
from interlock.store.ticket import TicketRow
from interlock.usecases import raid as usecase
from interlock.usecases import raid_review, raid_words, readiness
from interlock.usecases.erasure import erase
from interlock.usecases.raid import Invalid, Saved
from interlock.usecases.release import close as close_release
from tests.builders import CHANNEL, NOW, TEMPLATE, actor, people
from tests.builders import release as plan
from tests.raids import FRIDAY, POLICY, a_decision, a_risk, add, entered, stands, world


def edit(store: Store, who: str, one: Entry, draft: RaidDraft, version: int | None = None) -> Saved | Invalid | Refused:
    return usecase.edit(store, POLICY, actor(who), one.id, draft, version or one.version, NOW)


def review(store: Store, who: str, one: Entry, **looked: Any) -> Saved | Invalid | Refused:
    return raid_review.review(store, POLICY, actor(who), one.id, Review(**looked), NOW)


def close(store: Store, who: str, one: Entry, outcome: str = "It shipped on time.") -> Saved | Invalid | Refused:
    return raid_review.close(store, POLICY, actor(who), one.id, outcome, NOW)


def history(store: Store, one: Entry) -> list[tuple[Deed, str, dict[str, Any], dict[str, Any]]]:
    with store.read() as session:
        return [(each.deed, each.by.name, each.before, each.after) for each in raid.history(session, one.id)]


def recorded(store: Store) -> list[tuple[str, dict[str, Any]]]:
    with store.read() as session:
        assert audit.verify(session)[1] is None
        rows = session.exec(select(AuditRow).order_by(AuditRow.seq)).all()  # type: ignore[arg-type]  # a column
        return [(row.kind, json.loads(row.body)["facts"]) for row in rows]


def reason(done: object) -> str:
    assert isinstance(done, Refused), done
    return done.reason


def leave(store: Store, who: str) -> None:
    with store.write() as session:
        session.get_one(PersonRow, f"U0{who}").active = False


def restrict(store: Store, key: str) -> None:
    with store.write() as session:
        session.get_one(TicketRow, f"id-{key}").security_level = "Secret"


def test_a_risk_is_entered_with_its_history_and_its_record(store: Store) -> None:
    one = entered(store, "RITA", a_risk(world(store), ticket="data-1", details="Keep 5.4 ready"))
    assert (one.key, one.owner.name, one.score, one.ticket and one.ticket.key) == ("R-1", "Ana Whitlock", 12, "DATA-1")
    assert stands(store, one.id) == one
    [(deed, by, before, after)] = history(store, one)
    assert (deed, by, before, after["ticket"]) == (Deed.CREATED, "Rita Sandoval-Kerr", {}, "id-DATA-1")
    [(kind, facts)] = recorded(store)
    assert (kind, facts["entry"], facts["release"], facts["before"]) == ("raid.created", "R-1", "2026.12", {})
    assert facts["after"] == after


def test_the_same_form_sent_twice_enters_one(store: Store) -> None:
    draft = a_risk(world(store))
    first, second = (add(store, "RITA", draft, request_id="form-1") for _ in range(2))
    assert isinstance(first, Saved)
    assert second == Saved(entry=first.entry, again=True)
    assert len(recorded(store)) == 1


def test_the_name_of_a_request_is_each_persons_own(store: Store) -> None:
    policy = replace(POLICY, permissions=POLICY.permissions | {Permission.RAID_EDIT: (EVERYONE,)})
    draft = a_risk(world(store))
    one, other = (add(store, who, draft, request_id="r", policy=policy) for who in ("RITA", "TOM"))
    assert isinstance(one, Saved)
    assert isinstance(other, Saved)
    assert one.entry.id != other.entry.id


@pytest.mark.parametrize(
    ("draft", "field"),
    [
        (a_risk(1, ticket="DATA-77"), "ticket"),
        (a_risk(1, ticket="DATA-9"), "ticket"),  # it has a security level, and is not told of
        (a_risk(99), "release"),
        (a_risk(1, owner="LEFT"), "owner"),
        (a_risk(1, review_on=date(2026, 11, 22)), "review"),
        (a_decision(1, approver="VENDOR"), "approver"),
    ],
)
def test_what_is_wrong_is_said_by_field_and_nothing_is_kept(sqlite_store: Store, draft: RaidDraft, field: str) -> None:
    world(sqlite_store)
    done = add(sqlite_store, "RITA", draft)
    assert isinstance(done, Invalid)
    assert set(done.problems) == {field}
    assert recorded(sqlite_store) == []


def test_who_may_not_enter_is_refused_and_that_is_recorded(sqlite_store: Store) -> None:
    assert reason(add(sqlite_store, "ANA", a_risk(world(sqlite_store)))) == "not_permitted"
    assert recorded(sqlite_store) == [("raid.refused", {"why": "not_permitted"})]


def test_nothing_is_entered_for_a_release_that_has_ended(store: Store) -> None:
    number = world(store)
    close_release(store, POLICY, actor("RITA"), number, "Shipped", NOW)
    done = add(store, "RITA", a_risk(number))
    assert isinstance(done, Invalid)
    assert done.problems == {"release": "2026.12 has ended. Choose a release that is under way."}


def test_a_change_keeps_what_was_before(store: Store) -> None:
    one = entered(store, "RITA", a_risk(world(store), ticket="DATA-1"))
    done = edit(store, "RITA", one, replace(draft_of(one), probability=5, ticket="DATA-2", owner="U0RAVI"))
    assert isinstance(done, Saved)
    assert (done.entry.score, done.entry.owner.name, done.entry.version) == (20, "Ravi Menon-Hale", 2)
    _, (deed, _, before, after) = history(store, one)
    assert deed is Deed.CHANGED
    assert before == {"owner": "U0ANA", "probability": 3, "ticket": "id-DATA-1"}
    assert after == {"owner": "U0RAVI", "probability": 5, "ticket": "id-DATA-2"}
    assert recorded(store)[-1][1] | {} == {"release": "2026.12", "entry": "R-1", "before": before, "after": after}


def test_a_change_that_changes_nothing_is_none(sqlite_store: Store) -> None:
    one = entered(sqlite_store, "RITA", a_risk(world(sqlite_store)))
    assert edit(sqlite_store, "RITA", one, draft_of(one)) == Saved(entry=one, again=True)
    assert len(recorded(sqlite_store)) == 1


def test_the_second_of_two_editors_is_told_what_the_first_did(store: Store) -> None:
    one = entered(store, "RITA", a_risk(world(store)))
    edit(store, "RITA", one, replace(draft_of(one), title="First"))
    done = edit(store, "RITA", one, replace(draft_of(one), title="Second"))
    assert isinstance(done, Refused)
    assert done.sentence.startswith("R-1 was changed by Rita Sandoval-Kerr meanwhile, so nothing was saved.")
    assert stands(store, one.id).title == "First"


def test_a_ticket_that_became_restricted_stays_and_is_not_told(store: Store) -> None:
    one = entered(store, "RITA", a_risk(world(store), ticket="DATA-1"))
    restrict(store, "DATA-1")
    form = usecase.edit_form(store, POLICY, actor("RITA"), "r-1", NOW)
    assert not isinstance(form, Refused)
    assert form.draft.ticket == "A RESTRICTED TICKET"
    done = edit(store, "RITA", one, replace(form.draft, probability=1))
    assert isinstance(done, Saved)
    assert done.entry.ticket is not None
    assert (done.entry.ticket.id, done.entry.ticket.shown) == ("id-DATA-1", False)
    cleared = edit(store, "RITA", done.entry, replace(form.draft, ticket=""))
    assert isinstance(cleared, Saved)
    assert cleared.entry.ticket is None


def test_an_entry_of_an_ended_release_moves_or_closes_and_no_more(store: Store) -> None:
    number = world(store)
    one, other = (entered(store, "RITA", a_risk(number, title=title)) for title in ("One", "Other"))
    with store.write() as session:
        later = plan(session, name="2027.03")
    close_release(store, POLICY, actor("RITA"), number, "Shipped", NOW)
    assert reason(review(store, "ANA", one)) == "release_ended"
    assert isinstance(edit(store, "RITA", one, replace(draft_of(one), title="x")), Invalid)
    moved = edit(store, "RITA", one, replace(draft_of(one), release_id=later))
    assert isinstance(moved, Saved)
    assert moved.entry.release.name == "2027.03"
    assert isinstance(close(store, "ANA", other), Saved)


def test_an_owner_reviews_and_closes_what_is_theirs_without_the_permission_to_edit(store: Store) -> None:
    one = entered(store, "RITA", a_risk(world(store)))
    done = review(store, "ANA", one, probability=2, review_on=FRIDAY + timedelta(days=7), note="Vendor confirmed")
    assert isinstance(done, Saved)
    assert (done.entry.score, done.entry.review_on) == (8, date(2026, 12, 11))
    assert reason(edit(store, "ANA", done.entry, replace(draft_of(done.entry), title="x"))) == "not_permitted"
    finished = close(store, "ANA", one)
    assert isinstance(finished, Saved)
    assert (finished.entry.open, finished.entry.outcome) == (False, "It shipped on time.")
    assert [kind for kind, _ in recorded(store)] == ["raid.created", "raid.reviewed", "raid.refused", "raid.closed"]
    assert recorded(store)[1][1]["note"] == "Vendor confirmed"


def test_a_review_that_says_no_more_stands_until_policys_next_day(store: Store) -> None:
    one = entered(store, "RITA", a_risk(world(store)))
    done = review(store, "ANA", one)
    assert isinstance(done, Saved)
    assert (done.entry.score, done.entry.review_on) == (12, NOW.date() + timedelta(days=14))


def test_others_do_neither(sqlite_store: Store) -> None:
    one = entered(sqlite_store, "RITA", a_risk(world(sqlite_store)))
    for done in (review(sqlite_store, "TOM", one), close(sqlite_store, "TOM", one)):
        assert isinstance(done, Refused)
        assert done.sentence.startswith("R-1 is not yours: Ana Whitlock, whose it is, can.")
    assert [facts["why"] for kind, facts in recorded(sqlite_store) if kind == "raid.refused"] == ["not_owner"] * 2


def test_a_stale_review_form_is_told_what_happened(store: Store) -> None:
    one = entered(store, "RITA", a_risk(world(store)))
    edit(store, "RITA", one, replace(draft_of(one), impact=5))
    assert reason(review(store, "ANA", one, impact=4, version=one.version)) == "changed_meanwhile"
    assert stands(store, one.id).impact == 5


@pytest.mark.parametrize("outcome", ["", " \n", "\u200b", "x" * 501])
def test_closing_takes_an_outcome(sqlite_store: Store, outcome: str) -> None:
    one = entered(sqlite_store, "RITA", a_risk(world(sqlite_store)))
    done = close(sqlite_store, "ANA", one, outcome)
    assert isinstance(done, Invalid)
    assert set(done.problems) == {"outcome"}
    assert stands(sqlite_store, one.id).open


def test_what_is_closed_stays_as_it_is(store: Store) -> None:
    one = entered(store, "RITA", a_risk(world(store)))
    done = close(store, "ANA", one)
    assert isinstance(done, Saved)
    assert close(store, "ANA", one) == replace(done, again=True)
    told = close(store, "RITA", one, "Otherwise")
    assert isinstance(told, Refused)
    assert told.sentence.startswith("R-1 was closed by Ana Whitlock: It shipped on time.")
    assert reason(edit(store, "RITA", done.entry, replace(draft_of(one), title="x"))) == "closed"
    assert reason(review(store, "ANA", one)) == "closed"


def test_a_decision_is_decided_by_its_approver_alone(store: Store) -> None:
    one = entered(store, "RITA", a_decision(world(store), contributors=("U0RAVI",), informed=("U0TOM", "U0NOOR")))
    assert (one.key, [each.name for each in one.informed]) == ("D-1", ["Tom Arkwright", "Noor Salter"])
    for who in ("ANA", "RITA"):  # who drives it, and who may edit
        assert reason(close(store, who, one, "Registry 6")) == "not_approver"
    done = close(store, "MARIA", one, "Registry 6")
    assert isinstance(done, Saved)
    assert recorded(store)[-1][0] == "raid.closed"


def test_nobody_names_themselves_the_approver(sqlite_store: Store) -> None:
    one = entered(sqlite_store, "RITA", a_decision(world(sqlite_store)))
    done = edit(sqlite_store, "RITA", one, replace(draft_of(one), approver="U0RITA"))
    assert isinstance(done, Invalid)
    assert done.problems == {"approver": "Somebody else has to name you as the approver."}


def test_a_decision_whose_approver_left_says_what_helps(sqlite_store: Store) -> None:
    one = entered(sqlite_store, "RITA", a_decision(world(sqlite_store)))
    leave(sqlite_store, "MARIA")
    done = close(sqlite_store, "RITA", one, "Registry 6")
    assert isinstance(done, Refused)
    assert done.sentence.endswith("Maria Voss, who approves D-1, has left: /raid edit D-1 approver @person.")


def told(store: Store) -> list[tuple[str, str]]:
    """Who was told that they were named, and as what."""
    with store.read() as session:
        rows = session.exec(select(OutboxRow).where(OutboxRow.kind == "raid.named").order_by(OutboxRow.id)).all()  # type: ignore[arg-type]  # a column
        return [(row.channel, row.ids["part"]) for row in rows]


def test_whoever_another_names_is_told_once(store: Store) -> None:
    one = entered(store, "RITA", a_decision(world(store), driver="RITA", informed=("U0NOOR",)))
    assert told(store) == [("@U0MARIA", "approver")]  # whoever enters it knows
    done = edit(store, "RITA", one, replace(draft_of(one), title="Which registry, then?"))
    assert isinstance(done, Saved)
    assert len(told(store)) == 1
    done = edit(store, "RITA", done.entry, replace(draft_of(done.entry), owner="U0ANA", approver="U0TOM"))
    assert isinstance(done, Saved)
    assert told(store)[1:] == [("@U0ANA", "owner"), ("@U0TOM", "approver")]
    edit(store, "RITA", done.entry, draft_of(done.entry))
    assert len(told(store)) == 3


def test_open_high_risks_are_those_of_the_release_at_the_policys_score(store: Store) -> None:
    number = world(store)
    with store.write() as session:
        other = plan(session, name="2027.03")
    high = entered(store, "RITA", a_risk(number, probability=4, impact=5))
    just = entered(store, "RITA", a_risk(number, probability=3, impact=4))
    entered(store, "RITA", a_risk(number, probability=2, impact=5))
    entered(store, "RITA", a_risk(other, probability=5, impact=5))
    gone = entered(store, "RITA", a_risk(number, probability=5, impact=5))
    close(store, "ANA", gone)
    with store.read() as session:
        assert raid.open_high_risks(session, number, POLICY.raid.high_score) == (high, just)
        assert raid.open_high_risks(session, number, 20) == (high,)


def test_a_gate_holds_a_release_back_while_it_has_an_open_high_risk(store: Store) -> None:
    with store.write() as session:
        people(session)
        gate = CriterionRule(kind="no_high_risk", name="No high risk")
        number = plan(session, template=replace(TEMPLATE, criteria=(gate,)))

    def state(policy: Policy = POLICY) -> tuple[str, str]:
        [found] = readiness.drawn(store, policy, number, NOW).criteria
        return found.state, found.why

    assert state() == ("pass", "no open risk is high")
    one = entered(store, "RITA", a_risk(number))
    assert state() == ("fail", "1 open high risk: R-1")
    assert state(replace(POLICY, raid=RaidRules(high_score=13)))[0] == "pass"
    close(store, "ANA", one)
    assert state()[0] == "pass"


def test_the_list_is_of_the_channels_release(sqlite_store: Store) -> None:
    number = world(sqlite_store)
    one = entered(sqlite_store, "RITA", a_risk(number))
    found = usecase.listing(sqlite_store, POLICY, actor("TOM"), "", CHANNEL, NOW)
    assert not isinstance(found, Unclear | Refused)
    assert (found.release.name, found.entries, found.high) == ("2026.12", (one,), (one,))
    assert isinstance(usecase.listing(sqlite_store, POLICY, actor("TOM"), "2099", CHANNEL, NOW), Unclear)


@pytest.mark.parametrize(
    ("typed", "told"),
    [
        ("R-77", "There is no entry R-77. /raid list shows those there are."),
        ("A-1", "There is no A-1: R-1 is a risk."),
        ("twelve", "“twelve” names no entry. Type its letter and number, such as R-12; /raid list shows them."),
        ("x" * 5000, "“" + "x" * 40 + "” names no entry."),
    ],
)
def test_a_wrong_key_says_what_to_type(sqlite_store: Store, typed: str, told: str) -> None:
    entered(sqlite_store, "RITA", a_risk(world(sqlite_store)))
    found = usecase.show(sqlite_store, POLICY, actor("TOM"), typed)
    assert isinstance(found, Refused)
    assert found.sentence.startswith(told)


def test_a_history_names_the_people_in_it(sqlite_store: Store) -> None:
    one = entered(sqlite_store, "RITA", a_risk(world(sqlite_store)))
    edit(sqlite_store, "RITA", one, replace(draft_of(one), owner="U0RAVI"))
    found = usecase.show(sqlite_store, POLICY, actor("TOM"), "r-1")
    assert isinstance(found, Told)
    assert found.people == {"U0ANA": "Ana Whitlock", "U0RAVI": "Ravi Menon-Hale"}


def test_a_line_is_filled_in_from_what_is_known(sqlite_store: Store) -> None:
    number = world(sqlite_store)
    line = TypedEntry(owner="@TOM", day="fri", probability=2, impact=2, ticket="data-1", title="Slips")
    found = raid_words.to_add(sqlite_store, POLICY, actor("RITA"), Kind.RISK, line, CHANNEL, NOW)
    assert found == a_risk(
        number, owner="TOM", probability=2, impact=2, ticket="data-1", title="Slips", review_on=date(2026, 11, 27)
    )
    plainest = raid_words.to_add(sqlite_store, POLICY, actor("RITA"), Kind.ISSUE, TypedEntry(title="x"), CHANNEL, NOW)
    assert isinstance(plainest, RaidDraft)
    assert (plainest.owner, plainest.review_on) == ("U0RITA", NOW.date() + timedelta(days=14))


@pytest.mark.parametrize(
    ("line", "reason_"),
    [
        (TypedEntry(owner="@nobody"), "unknown_person"),
        (TypedEntry(owner="@gil"), "unknown_person"),
        (TypedEntry(rest="gibberish"), "unread"),
        (TypedEntry(rest="to 2099"), "unclear"),
    ],
)
def test_a_line_that_names_nobody_or_nothing_is_refused(sqlite_store: Store, line: TypedEntry, reason_: str) -> None:
    entered(sqlite_store, "RITA", a_risk(world(sqlite_store)))
    assert reason(raid_words.to_edit(sqlite_store, POLICY, actor("RITA"), "R-1", line, NOW)) == reason_


def test_an_unreadable_day_stays_missing(sqlite_store: Store) -> None:
    entered(sqlite_store, "RITA", a_risk(world(sqlite_store)))
    found = raid_words.to_edit(sqlite_store, POLICY, actor("RITA"), "R-1", TypedEntry(day="someday"), NOW)
    assert not isinstance(found, Refused)
    assert found[1].review_on is None


def test_erasing_somebody_leaves_their_id_where_they_decided(store: Store) -> None:
    one = entered(store, "RITA", a_risk(world(store)))
    review(store, "ANA", one)
    leave(store, "ANA")
    assert erase(store, "U0ANA", {"name": "root"}, NOW) is not None
    assert stands(store, one.id).owner.slack_id == "U0ANA"
    assert "Ana Whitlock" not in str(usecase.show(store, POLICY, actor("TOM"), "R-1"))


def both(first: Callable[[], object], second: Callable[[], object]) -> list[object]:
    """What the two gave, begun in the same moment."""
    ready = threading.Barrier(2)
    done: list[object] = []

    def run(act: Callable[[], object]) -> None:
        ready.wait()
        done.append(act())

    threads = [threading.Thread(target=run, args=(act,)) for act in (first, second)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(done) == len(threads)
    return done


def test_of_two_who_close_at_once_one_does_and_the_other_is_told_how(store: Store) -> None:
    number = world(store)
    for turn in range(5):
        one = entered(store, "RITA", a_risk(number, title=f"Risk {turn}"))
        done = both(partial(close, store, "ANA", one, "It shipped."), partial(close, store, "RITA", one, "It was off."))
        [saved] = [each for each in done if isinstance(each, Saved)]
        [told] = [each for each in done if isinstance(each, Refused)]
        assert told.reason == "closed"
        assert str(saved.entry.outcome) in told.sentence
        assert stands(store, one.id) == saved.entry


def test_of_two_who_change_at_once_one_does(store: Store) -> None:
    number = world(store)
    one = entered(store, "RITA", a_risk(number))
    for turn in range(5):
        seen = stands(store, one.id)
        drafts = [replace(draft_of(seen), title=f"Title {turn} {side}") for side in "ab"]
        done = both(*(partial(edit, store, "RITA", seen, draft) for draft in drafts))
        assert sorted(type(each).__name__ for each in done) == ["Refused", "Saved"]
        assert stands(store, one.id).version == seen.version + 1


def test_the_same_form_twice_at_once_enters_one(store: Store) -> None:
    draft = a_risk(world(store))
    done = both(*(lambda: add(store, "RITA", draft, request_id="form-1"),) * 2)
    assert len({each.entry.id for each in done if isinstance(each, Saved)}) == 1
    assert [kind for kind, _ in recorded(store)] == ["raid.created"]


def test_what_is_entered_while_the_release_closes_is_in_it_or_refused(store: Store) -> None:
    number = world(store)
    done = both(
        lambda: add(store, "RITA", a_risk(number)),
        lambda: close_release(store, POLICY, actor("RITA"), number, "Shipped", NOW),
    )
    kinds = [kind for kind, _ in recorded(store)]
    entered_first = any(isinstance(each, Saved) for each in done)
    assert kinds == (["raid.created", "release.closed"] if entered_first else ["release.closed"])


@pytest.mark.parametrize(
    "statement",
    [
        "DELETE FROM raid_entry",
        "UPDATE raid_entry SET title = 'x' WHERE state = 'closed'",
        "UPDATE raid_entry SET state = 'open', outcome = NULL, closed_at = NULL WHERE state = 'closed'",
        "UPDATE raid_entry SET kind = 'issue', probability = NULL, impact = NULL WHERE state = 'open'",
        "UPDATE raid_entry SET created_by = 'U0TOM' WHERE state = 'open'",
        "DELETE FROM raid_change",
        "UPDATE raid_change SET note = 'x'",
    ],
)
def test_the_database_refuses_to_rewrite(store: Store, statement: str) -> None:
    number = world(store)
    entered(store, "RITA", a_risk(number))
    close(store, "ANA", entered(store, "RITA", a_risk(number, title="Another")))
    with pytest.raises(DBAPIError, match="append-only"), store.engine.begin() as connection:
        connection.execute(text(statement))


def test_sqlite_refuses_to_replace(sqlite_store: Store) -> None:
    one = entered(sqlite_store, "RITA", a_risk(world(sqlite_store)))
    for table in ("raid_entry", "raid_change"):
        copied = f"INSERT OR REPLACE INTO {table} SELECT * FROM {table}"  # noqa: S608 ours
        with pytest.raises(DBAPIError, match="append-only"), sqlite_store.engine.begin() as connection:
            connection.execute(text(copied))
    assert stands(sqlite_store, one.id) == one


@pytest.mark.parametrize(
    "values",
    [
        "probability = 6",
        "probability = NULL",
        "state = 'closed'",
        "outcome = 'x'",
        "state = 'gone'",
    ],
)
def test_the_database_refuses_what_no_entry_can_be(store: Store, values: str) -> None:
    entered(store, "RITA", a_risk(world(store)))
    with pytest.raises(DBAPIError, match="ck_raid_entry"), store.engine.begin() as connection:
        connection.execute(text(f"UPDATE raid_entry SET {values}"))  # noqa: S608 ours
