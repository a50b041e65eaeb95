"""Word to somebody that their decision is wanted: the card that stands in a channel, and why they get it."""

from typing import Final

from bot.views.blocks import Message, context, message, moment
from interlock.domain.decision_reminder import DecisionReminder, Matter

WHY: Final = {
    Matter.WAIVER: "you may grant waivers",
    Matter.EXCEPTION: "you may decide on freeze exceptions",
    Matter.POLICY_CHANGE: "the policy that it would change asks for your approval",
}


def reminder(card: Message, told: DecisionReminder) -> Message:
    why = f"You get this because {WHY[told.matter]}. It stops when it is decided. Next: {moment(told.following)}."
    return message(f"Your decision is wanted. {card.text}", *card.blocks, context(why))
