"""`/link` as messages: how somebody is linked, what proves an account, and what came of it."""

from collections.abc import Callable, Iterable
from typing import Any, Final

from bot.views.blocks import (
    Block,
    Message,
    actions,
    button,
    context,
    escape,
    line,
    link,
    message,
    moment,
    option,
    refusal,
    section,
    sentence,
    static_select,
)
from bot.views.forms import input_text, modal
from interlock.domain.actor import Owner
from interlock.domain.authority import Refused
from interlock.domain.link import Confirmed, LinkNote, LinkRequest, LinkState, Several, Unknown
from interlock.domain.ticket import Account

CHOOSE: Final = "link.choose"
CHECK: Final = "link.check"
TICKET: Final = "ticket"
ACCOUNT, AS_TYPED = "id:", "as:"
"""How the choice of an account begins: an account's id, or the very words that were typed."""
KEY_LETTERS: Final = 300
HOW: Final = {
    "email": "by your e-mail address",
    "config": "by configuration",
    "comment": "by your comment",
    "admin": "on an admin's word",
}
WHAT_FOR: Final = (
    "A link is how blockers of yours reach you, and how Interlock knows which tickets were yours where their assignees "
    "may not sign off."
)

TicketUrl = Callable[[str], str]


def refused(why: Refused) -> Message:
    return refusal(escape(why.sentence))


def state(found: LinkState) -> Message:
    if found.account:
        how = HOW.get(found.person.linked_by or "", "")
        yours = found.person.linked_by in {"comment", "admin"}
        wrong = "Type `/link remove` to give it up." if yours else "An admin can link you to another."
        text = f"You are *{line(found.account.name)}* in the tracker, linked {how}."
        return message(text, section(text), context(f"{WHAT_FOR} {wrong}"))
    if found.request:
        return claimed(found.request)
    text = (
        "You are not linked to an account in the tracker. Type `/link` and your account's name, e-mail address or id."
    )
    return message(text, section(text), context(WHAT_FOR))


def already(account: Owner) -> Message:
    return sentence(f"You are *{line(account.name)}* in the tracker already.")


def claimed(request: LinkRequest) -> Message:
    """What the person has to do, and the button for when it is done."""
    text = f"Prove that you are {line(request.named)} in the tracker: comment {request.code}, then press Check."
    steps = (
        f"*Prove that you are {line(request.named)} in the tracker*\n"
        f"1. As yourself, write this comment, and nothing else in it, on any ticket that you can see:\n"
        f"```{request.code}```\n"
        "2. Press Check and name the ticket. You may delete the comment afterwards."
    )
    return message(text, section(steps), _check(), context(f"Good until {moment(request.expires_at)}."))


def several(found: Several) -> Message:
    """More than one account is meant: which one?"""
    how = "bear that name" if found.exact else "begin so"
    return _choice(f"Several accounts in the tracker {how}. Which one is yours?", found.accounts)


def unknown(found: Unknown) -> Message:
    asked = f"No account that Interlock has seen in the tracker is called “{line(found.typed)}”."
    insist = option(f"None of these: “{found.typed}”", f"{AS_TYPED}{found.typed}")
    return _choice(f"{asked} Which one is yours?", found.near, insist)


def which(found: Several | Unknown) -> Message:
    """For an admin, who has to name the account more closely."""
    if isinstance(found, Several):
        return sentence(f"Several accounts fit. Name one by its id: {_listed(found.accounts)}.")
    asked = f"No account that Interlock has seen in the tracker is called “{line(found.typed)}”."
    if found.near:
        return sentence(f"{asked} Did you mean {_listed(found.near)}?")
    return sentence(f"{asked} It has seen whoever has or reported a ticket; others can prove theirs with `/link`.")


def check_form(request: LinkRequest) -> dict[str, Any]:
    where = input_text(
        TICKET,
        "On which ticket did you comment?",
        placeholder="DATA-214",
        hint="Its key or its address.",
        at_most=KEY_LETTERS,
    )
    return modal(CHECK, "Check my comment", [section(f"The comment is `{request.code}`."), where], submit="Check")


def checking(request: LinkRequest) -> str:
    return f"Interlock is looking at {line(request.ticket_key or '')} and tells you in a direct message what it found."


def confirmed(done: Confirmed) -> Message:
    who, account = line(done.person.name), done.account
    return sentence(
        f"{who} is *{line(account.name)}* (`{escape(account.account_id)}`) in the tracker from now on, on your word. "
        "They are told."
    )


def already_theirs(account: Owner) -> Message:
    return sentence(f"They are *{line(account.name)}* (`{escape(account.account_id)}`) in the tracker already.")


def removed(account: Owner) -> Message:
    return sentence(
        f"You are not {line(account.name)} in the tracker any more, as far as Interlock knows. Until you are linked "
        "again, you can't sign off where assignees may not."
    )


def note(told: LinkNote, url: TicketUrl) -> Message:
    """A direct message: what came of a claim, or what an admin did."""
    text = _news(told, url)
    again = told.request if told.outcome in {"missing", "another"} else None
    why = WHAT_FOR if told.outcome == "confirmed" else "You get this because you asked to be linked."
    return message(
        text,
        section(text),
        section(f"Your code: `{again.code}`") if again else None,
        _check() if again else None,
        context(why),
    )


def _news(told: LinkNote, url: TicketUrl) -> str:
    name = line(told.name)
    ticket = link(url(told.ticket_key), told.ticket_key) if told.ticket_key else "the ticket"
    match told.outcome:
        case "verified":
            return f"You are *{name}* in the tracker from now on: your comment on {ticket} proves it."
        case "confirmed":
            by = line(told.by) if told.by else "An admin"
            return f"{by} has linked you to *{name}* in the tracker. If that isn't you, type `/link remove`."
        case "missing":
            return (
                f"No comment of {name}'s with your code was found on {ticket}. It has to hold the code and nothing "
                "else, and Interlock has to see the ticket and the comment."
            )
        case "another":
            return f"The comment with your code on {ticket} is not {name}'s own. Write it as yourself."
        case "taken":
            return (
                f"Your comment on {ticket} was found, but {name} can't be linked to you: somebody is linked to that "
                "account, or you to another. An admin can change that with `/link confirm`."
            )
        case "expired":
            return f"Your code ran out before a comment of {name}'s was found. Type `/link` and its name for a new one."


def _check() -> Block | None:
    return actions(button("Check…", CHECK, style="primary"))


def _choice(question: str, accounts: Iterable[Account], *more: Block) -> Message:
    options = [option(f"{account.name} ({account.id})", f"{ACCOUNT}{account.id}") for account in accounts]
    return message(
        question, section(question), actions(static_select(CHOOSE, "Choose your account", [*options, *more]))
    )


def _listed(accounts: Iterable[Account]) -> str:
    return ", ".join(f"`{escape(account.id)}` {line(account.name)}" for account in accounts)
