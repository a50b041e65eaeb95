"""The direct message that carries a release's evidence, as it is when it is sent."""

from bot.drawing import Drawn, DrawnFile
from bot.evidence import pack
from bot.evidence.key import NONE
from bot.services import Services
from bot.views import evidence as view
from interlock.domain import outbox
from interlock.domain.actor import Actor, Authentication
from interlock.domain.authority import Refused
from interlock.domain.outbox import DeliveryError, Dropped
from interlock.usecases import evidence

LARGEST = 20 * 1024 * 1024
"""What is larger takes longer to upload than the relay may take for a message."""


def file(services: Services, message: outbox.Message) -> DrawnFile | Drawn | Dropped:
    now, ids = services.clock(), message.ids
    who = Actor(slack_id=ids["slack_id"], authentication=Authentication.SLACK)
    found = evidence.gather(services.store, services.policy, who, ids["release_id"], ids["event"], now)
    if isinstance(found, Refused):
        return Dropped(reason=found.reason)
    key = services.keyring.key
    if key is None:
        raise DeliveryError(NONE)
    content = pack.zipped(found, key)
    if len(content) > LARGEST:
        return Drawn(message=view.too_large(found, len(content)))
    return DrawnFile(
        name=pack.file_name(found),
        title=f"Evidence of {found.name}",
        content=content,
        comment=view.comment(found, key.fingerprint),
    )
