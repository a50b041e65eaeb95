"""What people do together in a seed, beside signing: roll-calls, broken glass, the RAID log."""

from datetime import timedelta

from sandbox.slack.acts import ActError
from tests.chaos.bank import GENERAL, GOVERNANCE, IN_REASONS, PAYMENTS, PLATFORM
from tests.chaos.people import Act, Crowd, Deed, said

CALL, GLASS = "Go/no-go for", "Break glass for"
WORDS = ("go", "go", f"no-go Not rehearsed: {IN_REASONS}", "abstain")
SIGNOFFS = {PLATFORM: ("", "ML Platform", "Infrastructure", "QA"), PAYMENTS: ("", "QA", "Payments")}
OWNERS = ("ravi", "yuki", "tom", "rita")


def call(crowd: Crowd, act: Act) -> None:
    _type(crowd, act, _where(act), f"/release gonogo {_name(crowd, act)}")


def vote_go(crowd: Crowd, act: Act) -> None:
    crowd.press(act, act.about, "gonogo.go", CALL)


def vote_go_late(crowd: Crowd, act: Act) -> None:
    """By the card as it was first drawn."""
    crowd.press_as_seen(act, act.about, crowd.remembered(act.about, "gonogo.go"))


def vote_no_go(crowd: Crowd, act: Act) -> None:
    crowd.press(act, act.about, "gonogo.no_go", CALL)
    crowd.submit(act, "Vote no-go", {"reason": f"Not rehearsed: {IN_REASONS}"})


def vote_abstain(crowd: Crowd, act: Act) -> None:
    crowd.press(act, act.about, "gonogo.abstain", CALL)


def vote_in_words(crowd: Crowd, act: Act) -> None:
    """From anywhere."""
    word = WORDS[int(act.at) % len(WORDS)]
    _type(crowd, act, GENERAL, f"/release vote {_name(crowd, act)} {word}")


def confirm_call(crowd: Crowd, act: Act) -> None:
    crowd.press(act, act.about, "gonogo.confirm", CALL)


def withdraw_call(crowd: Crowd, act: Act) -> None:
    _type(crowd, act, act.about, f"/release gonogo withdraw {_name(crowd, act)} Asked too early: {IN_REASONS}")


def break_glass(crowd: Crowd, act: Act) -> None:
    """For all that is missing, or where somebody's rejection forbids that, for one sign-off after the other."""
    for what in SIGNOFFS[act.about]:
        line = f"/release breakglass {_name(crowd, act)} {what} because it burns: {IN_REASONS}"
        _type(crowd, act, _where(act), line)
        if not act.acked or "rejected" not in act.answers[-1]:
            break


def confirm_glass(crowd: Crowd, act: Act) -> None:
    _press_glass(crowd, act, "break_glass.confirm")


def take_glass_back(crowd: Crowd, act: Act) -> None:
    _press_glass(crowd, act, "break_glass.take_back")


def review_glass(crowd: Crowd, act: Act) -> None:
    crowd.press(act, GOVERNANCE, "break_glass.review", f"{GLASS} {_name(crowd, act)}")
    crowd.submit(act, "Review broken glass", {"words": f"It was needed: {IN_REASONS}"})


def enter_risk(crowd: Crowd, act: Act) -> None:
    """Of the channel's release: the name of the other one reads as a ticket's key."""
    owner, day = OWNERS[int(act.at) % len(OWNERS)], crowd._clock.true_time().date() + timedelta(days=9)
    where, name = (act.about, "") if act.about == PAYMENTS else (_where(act), f"{_name(crowd, act)} ")
    _type(crowd, act, where, f"/raid risk {name}p2 i4 @{owner} by {day}: It slips {IN_REASONS}")


def _press_glass(crowd: Crowd, act: Act, action_id: str) -> None:
    """On the card that came in person, else on the one for all."""
    words = f"{GLASS} {_name(crowd, act)}"
    try:
        crowd.press(act, crowd.dm(act.person), action_id, words)
    except ActError:
        crowd.press(act, GOVERNANCE, action_id, words)


def _where(act: Act) -> str:
    """The channel in which they type it: not everybody is in the release's."""
    return act.about if act.person in {"U0RITA", "U0SAM"} else GENERAL


def _type(crowd: Crowd, act: Act, channel: str, line: str) -> None:
    outcome = crowd.type(act, channel, line)
    act.answers.append(said(outcome.body))


def _name(crowd: Crowd, act: Act) -> str:
    return crowd.names[act.about]


DEEDS: dict[str, Deed] = {
    "call the roll": call,
    "vote go": vote_go,
    "vote go late": vote_go_late,
    "vote no-go": vote_no_go,
    "vote abstain": vote_abstain,
    "vote in words": vote_in_words,
    "confirm the roll-call": confirm_call,
    "withdraw the roll-call": withdraw_call,
    "break glass": break_glass,
    "confirm glass": confirm_glass,
    "take glass back": take_glass_back,
    "review glass": review_glass,
    "enter a risk": enter_risk,
}
