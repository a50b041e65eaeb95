"""Replaying moves: whether each would have been let, and what would have stood in the way."""

from collections import Counter
from dataclasses import replace
from datetime import datetime
from typing import Final

from interlock.domain import freeze, milestone, replay_gate, stage
from interlock.domain.criterion import BLOCKING, Criterion
from interlock.domain.freeze import Window
from interlock.domain.freeze_exception import Decision
from interlock.domain.permission import Permission
from interlock.domain.policy import CriterionRule, StageKey
from interlock.domain.release import Stage
from interlock.domain.replay import Attempt, Difference, Rules
from interlock.domain.replay_person import permitted
from interlock.domain.replay_refusal import AGED, AGES, GROUPS, UNLIKE, UNSURE
from interlock.domain.replay_signoff import Signoffs
from interlock.domain.runbook import Progress
from interlock.domain.signoff import Progress as Signed
from interlock.domain.signoff import Requirement
from interlock.domain.stage import Condition, Grounds
from interlock.domain.words import join

ROLL_CALL: Final = "the roll-call has another rule"
RUNBOOK: Final = "the runbook has other steps"
STAGES: Final = "the release goes through other stages"
COLLISIONS: Final = "which releases it would have collided with is not replayed"
CALENDAR: Final = "whether a freeze or a collision stood in the way is not recorded"
LACKING: Final = "conditions_missing"
SCOPE, READ, RUN, CALLED, CAL = "Something is in scope", "Jira is read", "The runbook is done", "Go/no-go", "Calendar"
OF_GATES: Final = ("an item is no longer ticked", "a figure is out of its bounds")
SHOWN: Final = 3


class Moves:
    """What differs of a release's moves in the window, and what cannot be told."""

    def __init__(self, found: Signoffs) -> None:
        self.found, self.record = found, found.record
        self.was, self.would = found.was.rules, found.would.rules
        self.differences: list[Difference] = []
        self.unjudged: Counter[str] = Counter()
        for each in self.record.attempts:
            if not found.window.holds(each.at):
                continue
            if each.by_system:
                self._fallen(each)
            elif each.refused in AGED or each.refused == "not_permitted":
                self._turned_away(each)
            elif each.refused in {None, LACKING} and self._forward(each):
                self._judge(each)
        self._would_fall()

    def _forward(self, each: Attempt) -> bool:
        """Whether it went by conditions: asking for the sign-offs begins a release without any."""
        if each.refused is None and not each.holding:
            return False
        return stage.following(replace(self.record.release, stage=each.before)) is each.after

    def _turned_away(self, each: Attempt) -> None:
        """For want of a permission, or of mirrors that were new enough."""
        limits = self.was.policy.limits, self.would.policy.limits
        if each.refused in AGED:
            if getattr(limits[1], AGED[each.refused]) > getattr(limits[0], AGED[each.refused]):
                self._doubt(AGES)
        elif permitted(each.person, self.was.policy, self.would.policy, _permission(each), had=False) is not False:
            self._doubt(GROUPS)

    def _judge(self, each: Attempt) -> None:
        way = self._way(each)
        had = permitted(each.person, self.was.policy, self.would.policy, _permission(each), had=True)
        if way is None and had is not False:
            conditions, doubts = self._conditions(each)
            missing = [one for one in conditions if not one.holds]
        else:
            told = way or "policy gives this permission to others"
            missing, doubts = [Condition(name="", holds=False, why=told)], []
        if had is None:
            doubts.append(GROUPS)
        if self.found.lowered(each.at):
            doubts.append(AGES)
        if missing and each.refused:
            return
        if missing:
            self._otherwise(each, "moved", "refused", _lacking(missing))
        elif doubts:
            for doubt in dict.fromkeys(doubts):
                self._doubt(doubt)
        elif each.refused:
            self._otherwise(each, f"refused ({join(list(each.missing))})", "moved", "")

    def _way(self, each: Attempt) -> str | None:
        """Why the new template does not lead from there to there."""
        one = replace(self.record.release, policy=self.would.template, stage=each.before)
        through = stage.passed_through(one)
        if each.after not in through:
            return f"such a release has no stage {stage.words(each.after)}"
        if each.before not in through:
            return None  # it would have come from the stage before
        following = stage.following(one)
        return None if following is each.after else f"{stage.words(following or each.after)} comes before it"

    def _conditions(self, each: Attempt) -> tuple[list[Condition], list[str]]:
        """All that the move would have asked for, as far as it is known, and what is not."""
        doubts: list[str] = []
        criteria = self._criteria(each, doubts)
        requirements, more = self._requirements(each, doubts)
        going = each.after in {Stage.GO, Stage.DEPLOYING}
        grounds = Grounds(
            tickets=0 if SCOPE in each.missing else 1,
            criteria=tuple(criteria),
            requirements=tuple(requirements),
            obstacles=self._obstacles(each, doubts) if going else (),
            stale=self._stale(each, doubts) if going else None,
            runbook=self._steps(each, doubts) if each.after is Stage.RELEASED else stage.NO_RUNBOOK,
            unanswered=self._unanswered(each, doubts) if each.after is Stage.GO else False,
        )
        return [*stage.conditions(each.after, grounds), *more], doubts

    def _criteria(self, each: Attempt, doubts: list[str]) -> list[tuple[StageKey, Criterion]]:
        found: list[tuple[StageKey, Criterion]] = []
        if each.after is Stage.RELEASED:
            return found
        for rule in self.would.template.criteria:
            if rule.kind == "signoffs_given" or not stage.counts(rule.before, each.after):
                continue
            old = next((one for one in self.was.template.criteria if one.name == rule.name), None)
            looked = old is not None and stage.counts(old.before, each.after)
            held = rule.name not in each.missing
            if old is not None and looked and replace(old, before=rule.before) == rule and self._same_days(rule):
                why = each.holding.get(rule.name, "as recorded")
                found.append((rule.before, Criterion(name=rule.name, state="pass" if held else "fail", why=why)))
                continue
            judged = replay_gate.at(rule, self.record, self.would, each.at)
            before = replay_gate.at(old, self.record, self.was, each.at) if old and looked else None
            if judged is None:
                doubts.append(f"of {rule.name}, {replay_gate.UNKNOWN.get(rule.kind, UNLIKE)}")
            elif before is not None and (before.state not in BLOCKING) is not held:
                doubts.append(UNLIKE)
            else:
                found.append((rule.before, judged))
        return found

    def _same_days(self, rule: CriterionRule) -> bool:
        """Whether a gate that goes by a milestone has the same one."""
        if rule.kind != "milestone_reached":
            return True
        both = self.was.template, self.would.template
        return both[0].milestones == both[1].milestones and both[0].calendar == both[1].calendar

    def _requirements(self, each: Attempt, doubts: list[str]) -> tuple[list[Requirement], list[Condition]]:
        """Those that are known, and what is known by the record alone."""
        found: list[Requirement] = []
        more: list[Condition] = []
        for rule in self.would.template.requirements:
            if each.after is not Stage.RELEASED and not stage.counts(rule.before_stage, each.after):
                continue
            old = self.was.requirement(rule.key)
            looked = old is not None and (each.after is Stage.RELEASED or stage.counts(old.before_stage, each.after))
            progress = self.found.would.progress(rule, each.at)
            if old is not None and looked and self.found.alike(rule.key, each.at):
                more.append(Condition(name=rule.name, holds=old.name not in each.missing, why="as recorded"))
            elif progress is None:
                doubts.append(self.found.obscure(rule.key))
            else:
                found.append(self.found.would.requirement(rule, each.at, doubtful=False))
        return found, more

    def _stale(self, each: Attempt, doubts: list[str]) -> str | None:
        was, would = self.was.policy.limits.mirror_max_age_minutes, self.would.policy.limits.mirror_max_age_minutes
        if READ in each.missing:
            if would > was:
                doubts.append(AGES)
                return None
            return "as recorded"
        return None

    def _steps(self, each: Attempt, doubts: list[str]) -> Progress:
        if self.would.template.runbook and self.would.template.runbook != self.was.template.runbook:
            doubts.append(RUNBOOK)
        elif self.would.template.runbook and RUN in each.missing:
            return Progress(steps=1)
        return stage.NO_RUNBOOK

    def _unanswered(self, each: Attempt, doubts: list[str]) -> bool:
        was, would = self.was.template.gonogo, self.would.template.gonogo
        if would is None or was is None:
            return would is not None
        if was != would:
            doubts.append(ROLL_CALL)
            return False
        return CALLED in each.missing

    def _obstacles(self, each: Attempt, doubts: list[str]) -> tuple[str, ...]:
        """Freezes that nobody was excepted from. What was in the way by both policies was not, where it moved."""
        before, after = self._frozen(self.was, each.at), self._frozen(self.would, each.at)
        named = freeze.named_environments(self.would.template) - freeze.named_environments(self.was.template)
        if named:
            doubts.append(COLLISIONS)
        recorded = each.missing.count(CAL)
        if recorded and recorded != len(before):
            doubts.append(CALENDAR)
        counted = after if recorded else {key: window for key, window in after.items() if key not in before}
        return tuple(f"{window.name} holds {freeze.span(window)}" for window in counted.values())

    def _frozen(self, rules: Rules, moment: datetime) -> dict[tuple[str, datetime, datetime], Window]:
        one = self.record.release
        teams = {each.team for each in self.record.scope(moment) if each.team}
        booked = {each.environment for each in self.record.bookings if each.ends > moment and each.stood(moment)}
        whom = freeze.reach(rules.policy, rules.template, teams, booked)
        calendar = milestone.calendar_of(rules.policy, rules.template)
        return {
            (each.name, each.starts, each.ends): each
            for each in freeze.met(rules.policy, whom, one.target, calendar, moment)
            if (each.whole or each.holds(moment)) and not self._excepted(each, moment)
        }

    def _excepted(self, window: Window, moment: datetime) -> bool:
        return any(
            each.is_of(window)
            and each.decision is Decision.APPROVED
            and each.decided_at is not None
            and each.decided_at <= moment < each.ends
            for each in self.record.exceptions
        )

    def _fallen(self, each: Attempt) -> None:
        """A go that fell back because of a sign-off, which the new policy may not have needed, or not have lost."""
        if each.before is not Stage.GO:
            return
        if each.because.startswith(OF_GATES):
            self._gates_fallen(each)
            return
        needed = [rule for rule in self.would.template.requirements if stage.counts(rule.before_stage, Stage.GO)]
        if needed and all(self.found.alike(rule.key, each.at) for rule in needed):
            return
        lost = self._lost(self.would, each.at)
        if not self._lost(self.was, each.at):
            self._doubt(UNLIKE)
        elif lost is None:
            self._doubt(UNSURE)
        elif not lost:
            self._otherwise(each, "fell back by itself", "stood", "")

    def _gates_fallen(self, each: Attempt) -> None:
        """A go that fell back because of what a gate said."""
        names = {rule.name for rule in self.was.template.criteria if rule.name in each.because}
        found = [rule for rule in self.would.template.criteria if rule.name in names]
        counted = [rule for rule in found if stage.counts(rule.before, Stage.GO)]
        judged = [replay_gate.at(rule, self.record, self.would, each.at) for rule in counted]
        if all(one is not None and one.state not in BLOCKING for one in judged):
            self._otherwise(each, "fell back by itself", "stood", "")

    def _would_fall(self) -> None:
        """A go that stood, and that the new policy would have taken back."""
        told: set[datetime] = set()
        for kept in sorted((each for each in self.found.would.kept if each.until), key=lambda each: str(each.until)):
            moment = kept.until
            assert moment is not None
            went = self._at_go(moment)
            if went is None or went in told or not self.found.window.holds(moment):
                continue
            if self._lost(self.was, moment) == [] and (lost := self._lost(self.would, moment)):
                told.add(went)
                fell = Attempt(at=moment, before=Stage.GO, after=Stage.READY, person=None, by_system=True)
                self._otherwise(fell, "stood at go", "fallen back", join(lost))

    def _at_go(self, moment: datetime) -> datetime | None:
        """Since when the release stood at go then."""
        made = [each for each in self.record.attempts if each.refused is None and each.at <= moment]
        return made[-1].at if made and made[-1].after is Stage.GO else None

    def _lost(self, rules: Rules, moment: datetime) -> list[str] | None:
        """The names of the sign-offs that a go needs and has not then; None where that is not known."""
        world = self.found.was if rules is self.was else self.found.would
        needed = [rule for rule in rules.template.requirements if stage.counts(rule.before_stage, Stage.GO)]
        how = {rule.name: world.progress(rule, moment) for rule in needed}
        return None if None in how.values() else [name for name, each in how.items() if each is not Signed.MET]

    def _otherwise(self, each: Attempt, was: str, would: str, why: str) -> None:
        what = f"{stage.words(each.before)} to {stage.words(each.after)}"
        self.differences.append(Difference(kind="move", at=each.at, what=what, was=was, would=would, why=why))

    def _doubt(self, why: str) -> None:
        self.unjudged[f"moves: {why}"] += 1


def _permission(each: Attempt) -> Permission:
    return Permission.RELEASE_GO if each.after in stage.GONE else Permission.RELEASE_ADVANCE


def _lacking(missing: list[Condition]) -> str:
    told = [f"{each.name} ({each.why})" if each.name else each.why for each in missing]
    more = len(told) - SHOWN
    return join([*told[:SHOWN], *([f"{more} more"] if more > 0 else [])])
