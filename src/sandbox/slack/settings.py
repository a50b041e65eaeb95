"""What the practice Slack is told from outside: its address, tokens, scopes and how strict it is."""

from dataclasses import dataclass, field

ALL_SCOPES = frozenset({
    "app_mentions:read", "channels:history", "channels:join", "channels:read", "chat:write", "commands",
    "files:read", "files:write", "groups:history", "groups:read", "im:history", "im:read", "im:write",
    "pins:read", "pins:write", "team:read", "usergroups:read", "users.profile:read", "users:read", "users:read.email",
})  # fmt: skip
ALL_EVENTS = frozenset({
    "app_home_opened", "app_mention", "channel_archive", "channel_rename", "member_joined_channel",
    "message.channels", "message.groups", "message.im", "subteam_members_changed", "subteam_updated",
    "team_join", "user_change",
})  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """How the practice Slack behaves; every limit defaults to what Slack documents.

    `base_url` is this server's own address without a trailing slash. With `http_url` set, everything is posted to
    `<http_url>/slack/events` with a signature; without, it goes over Socket Mode. `rate_scale` multiplies all rate
    limits (0 takes them away). Durations are seconds.
    """

    base_url: str = "http://127.0.0.1:8081"
    bot_token: str = "xoxb-practice-bot"
    app_token: str = "xapp-practice-app"
    signing_secret: str = "practice-signing-secret"
    verification_token: str = "practice-verification-token"
    scopes: frozenset[str] = ALL_SCOPES
    events: frozenset[str] = ALL_EVENTS
    http_url: str | None = None
    ack_seconds: float = 3.0
    trigger_seconds: float = 3.0
    response_seconds: float = 30 * 60
    response_uses: int = 5
    retry_delays: tuple[float, ...] = field(default=(0.0, 60.0, 300.0))  # of events alone
    rate_scale: float = 1.0
    post_burst: int = 3  # "short bursts" above one post a second in a channel
