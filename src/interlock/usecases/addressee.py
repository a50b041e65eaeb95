"""Whether a message may still go to where it was addressed: people leave and channels are shared while it waits."""

from interlock.domain.authority import Refused
from interlock.store import channel, person
from interlock.store.engine import Store

PERSON = "@"


def refuse(store: Store, address: str) -> Refused | None:
    """Why nothing about releases goes to the channel's id or the person (`@U123`) any more; None where it may, and for
    what the mirror does not know: what is shown there is decided by who reads it.
    """
    with store.read() as session:
        if address.startswith(PERSON):
            slack_id = address.removeprefix(PERSON)
            who = person.people(session, [slack_id]).get(slack_id)
            if who is None or who.is_member:
                return None
            return Refused(reason="no_member", sentence="Its addressee is no active full member of the workspace now.")
        there = channel.load(session, address)
        if there is not None and there.archived:
            return Refused(
                reason="archived_channel",
                sentence=f"#{there.name} is archived, so nothing can be posted there. Unarchive it, or name another "
                "channel in the policy; a release is closed and planned anew in one that is in use.",
            )
        if there is None or not there.shared:
            return None
        return Refused(
            reason="shared_channel",
            sentence=f"#{there.name} is shared with another company, so nothing about releases is posted there. "
            "End the sharing, or close the release and plan it in a channel of your own workspace.",
        )
