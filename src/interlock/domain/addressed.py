"""The channels that policy names, held against those of the workspace."""

from collections.abc import Iterable, Mapping

from interlock.domain.channel import Channel
from interlock.domain.checkup import Finding, fail, ok, unknown, warn
from interlock.domain.policy import Policy
from interlock.domain.words import count

WHAT = "Slack channels"


def judge_channels(
    policy: Policy, seen: Iterable[Channel], *, renamed: Mapping[str, str] | None = None, whole: bool = True
) -> list[Finding]:
    """One line for each channel with which something is wrong, or one for all. `renamed` maps a name of before to the
    one of now; `whole`: the workspace has no other public channel than those seen.
    """
    known: dict[str, Channel] = {}
    for channel in sorted(seen, key=lambda each: each.archived, reverse=True):
        known[channel.name] = channel  # one in use stands before one that was archived under its name
    named = [*policy.channels, *sorted({team.channel for team in policy.teams.values() if team.channel})]
    names = list(dict.fromkeys(named))
    found = [_judge(policy, name, known.get(name), (renamed or {}).get(name), whole=whole) for name in names]
    wrong = [each for each in found if each is not None]
    return wrong or [ok(WHAT, f"in all {count(len(names), 'channel')} that the policy names.")]


def _judge(
    policy: Policy, name: str, channel: Channel | None, now_called: str | None, *, whole: bool
) -> Finding | None:
    what = f"channel #{name}"
    if channel is None:
        return _absent(what, name, now_called, whole=whole)
    if channel.archived:
        return fail(what, "it is archived.", "Unarchive it, or take it out of the policy's channels.")
    if not channel.member:
        return fail(what, "the bot is not in it.", f"Type /invite @Interlock in #{name}.")
    rule = policy.channels.get(name)
    company = rule.company if rule else None
    if channel.shared and company is None:
        return fail(
            what,
            "it is shared with another company, and the policy names none for it.",
            f"Set channels.{name}.company to the vendor's team, or stop sharing the channel: until then nothing is "
            "posted there.",
        )
    if company is not None and not channel.shared:
        return warn(
            what,
            f"the policy takes it for shared with {company}, and it is not.",
            f"Share it, or take channels.{name}.company out: until then only that vendor's tickets are named there.",
        )
    return None


def _absent(what: str, name: str, now_called: str | None, *, whole: bool) -> Finding:
    if now_called:
        return fail(
            what, f"it was renamed to #{now_called}.", f"Call it {now_called} in the policy's channels, and restart."
        )
    told = "Slack shows the bot no channel of that name: it is private without the bot, was renamed, or never was."
    mend = f"Type /invite @Interlock in #{name}, or correct the policy's channels."
    return fail(what, told, mend) if whole else unknown(what, "the bot is not in it, or it does not exist.", mend)
