"""`interlock job run`: typed on the command line alone, through the same door as what Slack knows too."""

from bot.asked_jobs import AskedJobs
from bot.requests import Command
from bot.services import Services
from bot.views import job as view
from bot.views.blocks import Message
from interlock.domain.authority import Refused
from interlock.usecases import job


def run(jobs: AskedJobs, request: Command, services: Services) -> Message:
    """Who asked is on record before it begins."""
    name, _, subject = request.args.partition(" ")
    if not name:
        return view.which()
    jobs.find(name, subject)
    allowed = job.ask(services.store, services.policy, request.actor, name, subject, request.now)
    if isinstance(allowed, Refused):
        return view.refused(allowed)
    runs = jobs.run(name, subject)
    services.wake()
    return view.begun(name) if runs is None else view.ended(name, runs)
