"""The practice Jira's tickets: the story, and filler around it, deterministic by seed and dated before a given day."""

from collections.abc import Iterable
from datetime import date, timedelta
from random import Random

from sandbox.jira import changelog
from sandbox.jira.model import Account, Comment, Item, Link, LinkType, Site, Status, Ticket
from sandbox.world import catalogue, people, scene, vocabulary
from sandbox.world.calendar import business_day, weekday_before
from sandbox.world.filler import Filler, Order
from sandbox.world.history import History, moments, path, resolution, step, version_added, working_moment
from sandbox.world.scene import Scene
from sandbox.world.story import STORY, Spec

DEFAULT_TICKETS = 320
DAY = 86_400_000
TEAM_NAMES = {team.key: team.name for team in people.TEAMS}
WORKERS = {team.key: [catalogue.ACCOUNTS[p.name] for p in people.MEMBERS[team.id]] for team in people.TEAMS}
REPORTERS = [account for account in catalogue.ACCOUNTS.values() if account.active and account.name != "vera"]


def generate(today: date, *, seed: int = 7, tickets: int = DEFAULT_TICKETS) -> Site:
    """A whole Jira of about `tickets` tickets, at least the story's own. Nothing in it is later than yesterday."""
    return _World(scene.build(today), Random(seed)).build(tickets)


class _World:
    def __init__(self, stage: Scene, rng: Random) -> None:
        self.stage, self.rng, self.today = stage, rng, stage.today
        self.tickets: dict[str, Ticket] = {}
        self.histories: dict[str, History] = {}
        self.comments: dict[str, list[Comment]] = {}
        self.former_keys: dict[str, str] = {}
        self._change_ids, self._serial = [100_000], 20_000

    def build(self, count: int) -> Site:
        epics = self._epics()
        for spec in STORY:
            self._stage(spec)
        for spec in STORY:
            self._tie(spec)
        filler = Filler(self.stage, self.rng, taken={*self.tickets, *self.former_keys})
        for order in filler.orders(count - len(self.tickets)):
            self._fill(order, epics)
        self._relate(filler.pairs)
        for key, ticket in self.tickets.items():
            self.histories.pop(key).close(ticket)
        return self._site()

    def _number(self) -> int:
        self._serial += 1
        return self._serial

    def _day(self, age: int) -> date:
        """`age` business days ago; negative means calendar days, moved off the weekend."""
        return weekday_before(self.today + timedelta(days=age)) if age < 0 else business_day(self.today, -age)

    def _new(self, key: str, created: int) -> tuple[Ticket, History]:
        project = self.stage.projects[key.rpartition("-")[0]]
        ticket = Ticket(0, key, project, catalogue.STORY, catalogue.TO_DO, created, created)
        ticket.offset = -300 if self.rng.random() < 0.25 else 0
        ticket.reporter = ticket.creator = self.rng.choice(REPORTERS)
        self.tickets[key] = ticket
        self.histories[key] = History(self.rng, self._change_ids)
        return ticket, self.histories[key]

    def _epics(self) -> dict[str, list[Ticket]]:
        epics: dict[str, list[Ticket]] = {}
        for key, titles in vocabulary.EPICS.items():
            for place, title in enumerate(titles):
                created = working_moment(self.rng, self._day(150 + place))
                number = scene.LAST_NUMBERS[key] - 120 + place if key == "DATA" else 12 + place
                epic, history = self._new(f"{key}-{number}", created)
                epic.type, epic.summary, epic.status = catalogue.EPIC, title, catalogue.DOING
                epic.priority, epic.assignee = catalogue.PRIORITIES["High"], epic.project.lead
                at, by = working_moment(self.rng, self._day(60 + place)), epic.assignee or REPORTERS[0]
                history.add(at, by, *changelog.items("assignee", None, by), *step(catalogue.TO_DO, catalogue.DOING))
                epics.setdefault(key, []).append(epic)
        return epics

    # --- the story ---------------------------------------------------------------------------------------------

    def _stage(self, spec: Spec) -> None:
        """A story's ticket and its history; links come when all tickets stand."""
        rng, created = self.rng, working_moment(self.rng, self._day(spec.age))
        ticket, history = self._new(spec.key, created)
        ticket.summary, ticket.description, ticket.points = spec.title, spec.description, spec.points
        ticket.type, ticket.labels, ticket.absent = catalogue.TYPES[spec.kind], spec.labels, frozenset(spec.absent)
        ticket.priority = catalogue.PRIORITIES[spec.priority] if spec.priority else None
        ticket.components = tuple(c for c in ticket.project.components if c.name == spec.component)
        ticket.security = catalogue.RISK if spec.restricted else None
        ticket.due = business_day(self.today, spec.due).isoformat() if spec.due is not None else None
        last = max(created + 3_600_000, working_moment(rng, self._day(spec.changed)))
        who = self._assign(ticket, history, catalogue.ACCOUNTS[spec.who] if spec.who else None, last)
        self._release(ticket, history, spec, last)
        self._walk(ticket, history, catalogue.STATUSES[spec.status], last, reopened=spec.reopened)
        if spec.flagged:
            ticket.flagged = True
            history.add(last, who, *changelog.items("flagged", old=False, new=True))
        if all(at < last for at, _, _ in history.rows):
            history.add(last, who, Item("Rank", "", "", "", "Ranked higher", "custom"))
        if spec.moved_from:
            self._move(ticket, history, spec.moved_from, who, last)
        self._talk(ticket, spec, last)

    def _assign(self, ticket: Ticket, history: History, who: Account | None, last: int) -> Account:
        """Gives the ticket to somebody, at times after somebody else of the team; returns who acts on it."""
        if who is None:
            return ticket.reporter or REPORTERS[0]
        before = None
        others = [w for w in WORKERS.get(ticket.project.key, ()) if w is not who and w.active]
        soon = moments(self.rng, ticket.created, min(last, ticket.created + 2 * DAY), 2)[0]
        if others and self.rng.random() < 0.2:
            before = self.rng.choice(others)
            history.add(soon, who, *changelog.items("assignee", None, before))
            soon = moments(self.rng, soon, last, 3)[1]
        history.add(soon, who, *changelog.items("assignee", before, who))
        ticket.assignee = who
        return who

    def _release(self, ticket: Ticket, history: History, spec: Spec, last: int) -> None:
        if spec.release is None:
            return
        version = self.stage.versions[spec.release, ticket.project.key]
        ticket.fix_versions = (version,)
        by = self.stage.projects[ticket.project.key].lead or REPORTERS[0]
        if spec.added is not None:
            history.add(working_moment(self.rng, self._day(spec.added)), by, version_added(version))
        elif self.rng.random() < 0.5:
            history.add(moments(self.rng, ticket.created, last, 3)[0], by, version_added(version))

    def _walk(self, ticket: Ticket, history: History, to: Status, last: int, *, reopened: bool = False) -> None:
        """Through the workflow up to `to`, which is reached at `last`."""
        statuses, by = path(self.rng, to, reopened=reopened), ticket.assignee or ticket.reporter or REPORTERS[0]
        before = catalogue.TO_DO
        for at, after in zip(moments(self.rng, ticket.created, last, len(statuses)), statuses, strict=True):
            history.add(at, by, *step(before, after))
            before = after
        ticket.status, ticket.resolution = to, resolution(to)
        ticket.resolved = last if ticket.resolution else None

    def _move(self, ticket: Ticket, history: History, old_key: str, who: Account, last: int) -> None:
        old = self.stage.projects[old_key.rpartition("-")[0]]
        items = changelog.items("project", old, ticket.project)
        at = moments(self.rng, ticket.created, last, 2)[0]
        history.add(at, who, *items, Item("Key", None, old_key, None, ticket.key))
        self.former_keys[old_key] = ticket.key

    def _talk(self, ticket: Ticket, spec: Spec, last: int) -> None:
        talk: list[tuple[str, str, str | None]] = [(who, text, None) for who, text in spec.comments]
        if spec.private_comment:
            talk.append((spec.who or "ana", spec.private_comment, "Administrators"))
        for at, (who, text, role) in zip(moments(self.rng, ticket.created, last, len(talk)), talk, strict=True):
            self._comment(ticket, catalogue.ACCOUNTS[who], text, at, role)

    def _comment(self, ticket: Ticket, who: Account, text: str, at: int, role: str | None = None) -> None:
        self.comments.setdefault(ticket.key, []).append(Comment(self._number(), who, text, at, at, role))

    # --- links -------------------------------------------------------------------------------------------------

    def _tie(self, spec: Spec) -> None:
        for key in spec.after:
            self._link(self.tickets[key], self.tickets[spec.key], catalogue.BLOCKS)
        for key in spec.depends:
            self._link(self.tickets[spec.key], self.tickets[key], catalogue.DEPENDS)
        for key in spec.relates:
            self._link(self.tickets[spec.key], self.tickets[key], catalogue.RELATES)

    def _link(self, source: Ticket, target: Ticket, kind: LinkType) -> None:
        """A link, made soon after both tickets stood; both changelogs tell of it."""
        link = Link(self._number(), kind, source, target)
        at = max(source.created, target.created) + self.rng.randint(5, 90) * 60_000
        for here, there, phrase in ((source, target, kind.outward), (target, source, kind.inward)):
            here.links = (*here.links, link)
            by = here.reporter or REPORTERS[0]
            self.histories[here.key].add(
                at, by, Item("Link", None, None, there.key, f"This issue {phrase} {there.key}")
            )

    def _relate(self, pairs: Iterable[tuple[str, str, bool]]) -> None:
        for key, other_key, blocks in pairs:
            self._link(self.tickets[key], self.tickets[other_key], catalogue.BLOCKS if blocks else catalogue.RELATES)

    # --- filler ------------------------------------------------------------------------------------------------

    def _fill(self, order: Order, epics: dict[str, list[Ticket]]) -> None:
        rng, project = self.rng, order.key.rpartition("-")[0]
        created = working_moment(rng, order.created)
        ticket, history = self._new(order.key, created)
        last = max(created + 3_600_000, working_moment(rng, order.changed))
        ticket.summary = vocabulary.title(rng, project)
        ticket.description = f"{ticket.summary}. Agreed with {ticket.project.name}."
        ticket.type = rng.choices((catalogue.STORY, catalogue.TASK, catalogue.BUG), (5, 3, 2))[0]
        ticket.priority = rng.choices(list(catalogue.PRIORITIES.values()), (1, 3, 10, 4, 1))[0]
        ticket.points = rng.choice((1.0, 2.0, 3.0, 5.0, 8.0, None))
        ticket.components = tuple(
            rng.sample(ticket.project.components, rng.random() < 0.5 and bool(ticket.project.components))
        )
        ticket.labels = tuple(rng.sample(vocabulary.LABELS, rng.choice((0, 0, 0, 1, 1, 2))))
        ticket.team = TEAM_NAMES.get(project) if rng.random() < 0.2 else None
        ticket.epic = rng.choice(epics[project]) if project in epics and rng.random() < 0.4 else None
        if order.due is not None:
            ticket.due = order.due.isoformat()
        if order.versions:
            ticket.fix_versions = order.versions
            if rng.random() < 0.4:
                by = ticket.project.lead or REPORTERS[0]
                history.add(moments(rng, created, last, 3)[0], by, *map(version_added, order.versions))
        workers = [w for w in WORKERS.get(project, ()) if w.active]
        self._assign(ticket, history, rng.choice(workers) if workers and rng.random() < 0.85 else None, last)
        self._walk(ticket, history, order.status, last)
        if project in self.stage.sprints and rng.random() < 0.5:
            ticket.sprints = (self.stage.sprints[project][0 if ticket.resolution else 1],)
        if rng.random() < 0.08:
            text = rng.choice(("Ready for review.", "Rebased.", "Works on int-1.", "Needs a decision from governance."))
            self._comment(ticket, ticket.assignee or ticket.reporter or REPORTERS[0], text, last)

    # --- the whole ---------------------------------------------------------------------------------------------

    def _site(self) -> Site:
        """Ids in the order of birth, as a real Jira gives them."""
        tickets = sorted(self.tickets.values(), key=lambda ticket: ticket.created)
        for number, ticket in enumerate(tickets, 10_001):
            ticket.id = number
        for key, talk in self.comments.items():
            ticket = self.tickets[key]
            ticket.updated = max(ticket.updated, *(comment.created for comment in talk))
        return Site(
            title="Practice Jira",
            bot=catalogue.BOT,
            accounts=list(catalogue.ACCOUNTS.values()),
            projects=list(self.stage.projects.values()),
            tickets=tickets,
            statuses=list(catalogue.STATUSES.values()),
            types=list(catalogue.TYPES.values()),
            priorities=list(catalogue.PRIORITIES.values()),
            resolutions=list(catalogue.RESOLUTIONS.values()),
            link_types=list(catalogue.LINK_TYPES),
            levels=[catalogue.RISK],
            comments={self.tickets[key].id: talk for key, talk in self.comments.items()},
            former_keys={old: self.tickets[new].id for old, new in self.former_keys.items()},
        )
