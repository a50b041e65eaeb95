"""Being away, in words."""

from bot.views.blocks import Message, context, line, message, moment, section, sentence
from interlock.domain.actor import Person
from interlock.domain.delegation import Away, Here
from interlock.domain.words import count

SHOWN = 5


def away(done: Away) -> Message:
    """To whoever is away: until when, who signs meanwhile, and where."""
    until, stand_in = moment(done.absence.until), done.absence.stand_in
    if stand_in is None:
        return _told(
            f"You are away until {until}, and nobody signs for you: "
            "you get no reminders of sign-offs, and the release manager hears sooner."
        )
    return _told(f"You are away until {until}, and {line(stand_in.name)} signs for you{_where(done)}.")


def told(done: Away) -> Message:
    """To whoever stands in."""
    who, until = line(done.absence.person.name), moment(done.absence.until)
    return message(
        f"You sign for {who} until {until}.",
        section(f"You sign for {who} until {until}{_where(done)}. What you sign so is recorded as for {who}."),
        context(
            f"You get this because {who} named you. Where you may sign yourself, you sign for yourself; nobody counts "
            "twice, and it can't be handed on."
        ),
    )


def over(person: Person) -> Message:
    """To whoever stood in."""
    who = line(person.name)
    return message(
        f"You no longer sign for {who}.",
        section(f"You no longer sign for {who}. What you signed for them stands, unless they take it back."),
        context(f"You get this because you stood in for {who}, who is back or named somebody else."),
    )


def here(done: Here) -> Message:
    if done.was is None:
        return sentence("You are here, as far as Interlock knows. `/release away DAY @person` says that you are not.")
    return sentence("Welcome back: nobody signs for you any more.")


def _told(text: str) -> Message:
    return message(text, section(text), context("`/release back` ends it."))


def _where(done: Away) -> str:
    found = [f"{line(name)} for {line(requirement)}" for name, requirement in done.requirements]
    if not found:
        return ", where policy allows it: nowhere at present"
    more = f" and {count(len(found) - SHOWN, 'more')}" if len(found) > SHOWN else ""
    return f": {', '.join(found[:SHOWN])}{more}"
