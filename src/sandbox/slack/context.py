"""The parts of the practice Slack, put together."""

from dataclasses import dataclass

from sandbox.slack.acts import Acts
from sandbox.slack.admin import Admin
from sandbox.slack.answers import Answers
from sandbox.slack.delivery import Delivery
from sandbox.slack.events import Events
from sandbox.slack.limits import Limits
from sandbox.slack.passes import Passes
from sandbox.slack.payloads import Payloads
from sandbox.slack.settings import Settings
from sandbox.slack.workspace import Workspace


@dataclass(frozen=True, slots=True, kw_only=True)
class Context:
    workspace: Workspace
    settings: Settings
    limits: Limits
    passes: Passes
    delivery: Delivery
    answers: Answers
    events: Events
    acts: Acts
    admin: Admin


def assemble(workspace: Workspace, settings: Settings) -> Context:
    passes = Passes(settings, workspace.clock, workspace.new_id)
    delivery = Delivery(settings, workspace.new_id, workspace.clock)
    answers = Answers(workspace, passes)
    events = Events(workspace, delivery, settings)
    return Context(
        workspace=workspace,
        settings=settings,
        limits=Limits(workspace.clock, settings.rate_scale, settings.post_burst),
        passes=passes,
        delivery=delivery,
        answers=answers,
        events=events,
        acts=Acts(workspace, delivery, Payloads(workspace, passes, settings), answers, events),
        admin=Admin(workspace, events),
    )
