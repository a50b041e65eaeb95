"""What every listener and drawer is handed: the store, the policy, a clock, and the few Slack calls it may make."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime

from bot.evidence.key import Keyring
from bot.modals import Modals
from interlock.config.settings import Settings
from interlock.domain.policy import Policy
from interlock.store.engine import Store


def nothing() -> None:
    """For a process without a relay of its own: another one's will see the row."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Services:
    """`wake` tells the relay that a row waits: call it after a use case that enqueued. `views` opens modals. `reread`
    has the mirror of people, groups and channels read again at once, on another thread; `check_links` the comments that
    claims to tracker accounts wait for. `keyring` has the key that signs evidence.
    """

    store: Store
    policy: Policy
    settings: Settings
    clock: Callable[[], datetime]
    views: Modals
    wake: Callable[[], None] = nothing
    reread: Callable[[], None] = nothing
    check_links: Callable[[], None] = nothing
    keyring: Keyring = field(default_factory=Keyring)

    def ticket_url(self, key: str) -> str:
        """The ticket's page in the tracker. Works on Cloud and Data Center alike."""
        return f"{self.settings.jira_url or ''}/browse/{key}"
