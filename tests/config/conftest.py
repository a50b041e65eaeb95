from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SHIPPED = ROOT / "config"

GOOD = """\
time_zone: Europe/London
calendar: london
calendars:
  london: {time_zone: Europe/London, country: GB, subdivision: ENG}
  tokyo: {time_zone: Asia/Tokyo, country: JP, opens: 09:30, closes: 18:00}
tickets:
  projects: [PAY, DATA]
teams:
  payments: {name: Payments App, match: {projects: [PAY]}}
  meridian: {name: Meridian, kind: vendor}
roles:
  approver: {groups: [qa-approvers]}
permissions:
  signoff.decide: [approver]
channels:
  rel-payments: {projects: [PAY], digest: {at: 09:00}}
environments:
  uat-1: {name: Acceptance 1}
ladders:
  standard:
    name: Standard
    steps: [{after_business_hours: 2, to: owner}]
templates:
  weekly:
    name: Weekly
    milestones: [{name: Code freeze, business_days_before: 2}]
    requirements: [{key: qa, name: QA, groups: [qa-approvers]}]
    criteria: [{kind: scope_complete, name: Done}]
"""


@pytest.fixture
def good() -> str:
    return GOOD


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """A small, good policy, alone in its folder."""
    file = tmp_path / "interlock.yaml"
    file.write_text(GOOD)
    return file
