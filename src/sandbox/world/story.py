"""The tickets that the demonstration is about. Everything else in the world is filler around them."""

from dataclasses import dataclass

PLATFORM, PAYMENTS, MODELS = "platform", "payments", "models"


@dataclass(frozen=True, slots=True, kw_only=True)
class Spec:
    """One ticket of the story. Ages are in business days before today; `due` is in business days from today.

    `changed` is when it last changed: when it was finished, blocked, flagged, reopened or last touched. `added` is when
    it came into the release, if not with its birth. `after` are the open tickets that block it; `depends` says the same
    by a link type that reads the other way round.
    """

    key: str
    title: str | None
    status: str = "To Do"
    who: str | None = None
    age: int = 30
    changed: int = 4
    release: str | None = None
    component: str | None = None
    kind: str = "Story"
    priority: str | None = "Medium"
    due: int | None = None
    flagged: bool = False
    restricted: bool = False
    reopened: bool = False
    added: int | None = None
    after: tuple[str, ...] = ()
    depends: tuple[str, ...] = ()
    relates: tuple[str, ...] = ()
    labels: tuple[str, ...] = ()
    points: float | None = 3
    moved_from: str | None = None
    comments: tuple[tuple[str, str], ...] = ()  # (who, text)
    private_comment: str | None = None
    description: str | None = None
    absent: tuple[str, ...] = ()


STREAMING = "Streaming"
HUGE_TITLE = (
    "Reconcile the end-of-day position feed of every legal entity with the sub-ledger, the collateral engine and the "
    "regulatory reporting mart, so that differences above the agreed threshold are raised before the London close and "
    "explained by noon UT"
)

_PLATFORM = (
    Spec(
        key="DATA-214",
        title="Schema registry upgrade",
        status="Blocked",
        who="ravi",
        age=38,
        changed=-6,  # negative: calendar days
        release=PLATFORM,
        component=STREAMING,
        priority="Highest",
        flagged=True,
        due=3,
        points=8,
        labels=("upgrade",),
        description="Move the schema registry to the new major version, with compatibility checks on every subject.",
        comments=(
            ("ravi", "The compatibility check rejects 14 subjects that the old version accepted."),
            ("ana", "Waiting for the platform security review of the new image. Nothing else can start before."),
        ),
        private_comment="The review found a finding that we keep to ourselves until it is fixed.",
    ),
    Spec(
        key="DATA-231",
        title="Migrate producers to the new Avro serialiser",
        who="ines",
        age=25,
        release=PLATFORM,
        component=STREAMING,
        after=("DATA-214",),
        due=7,
        points=5,
    ),
    Spec(
        key="DATA-236",
        title="Re-key the customer events topic",
        who="ana",
        age=21,
        release=PLATFORM,
        component=STREAMING,
        after=("DATA-231",),
        due=9,
    ),
    Spec(
        key="ML-71",
        title="Feature store backfill from the new topics",
        status="In Progress",
        who="pete",
        age=27,
        release=PLATFORM,
        component="Feature store",
        after=("DATA-214",),
        due=8,
        points=5,
    ),
    Spec(
        key="ML-74",
        title="Point-in-time joins on versioned schemas",
        who="noor",
        age=26,
        release=PLATFORM,
        component="Feature store",
        depends=("DATA-214",),
        due=9,
    ),
    Spec(
        key="ML-79",
        title="Model card for the churn model, version 4",
        who="pete",
        age=20,
        release=PLATFORM,
        component="Governance",
        after=("DATA-236",),
        due=12,
    ),
    Spec(
        key="INFRA-52",
        title="Kafka brokers: rolling restart with the new listener settings",
        who="omar",
        age=24,
        release=PLATFORM,
        component="Platform",
        after=("DATA-214",),
        due=6,
    ),
    Spec(
        key="INFRA-55",
        title="Network policy for the schema registry's new ports",
        status="In Review",
        who="lena",
        age=22,
        release=PLATFORM,
        component="Platform",
        depends=("DATA-214",),
        due=5,
    ),
    Spec(
        key="MER-31",
        title="Settlement feed: sign files with the new certificate",
        status="In Progress",
        who="vera",
        age=29,
        changed=9,
        release=PLATFORM,
        priority="High",
        due=4,
        points=None,
        comments=(("vera", "Our certificate authority promises it for next week."),),
    ),
    Spec(
        key="PAY-133",
        title="Read settlement status from the event stream",
        who="jon",
        age=23,
        release=PLATFORM,
        component="Settlement",
        after=("DATA-214", "MER-31"),
        due=10,
        points=5,
    ),
    Spec(
        key="PAY-140",
        title="Show failed settlements to operations within a minute",
        who="nia",
        age=15,
        release=PLATFORM,
        component="Settlement",
        after=("DATA-214", "MER-31"),
        due=11,
    ),
    Spec(
        key="DATA-226",
        title="Recalibrate the sanctions screening threshold",
        status="In Progress",
        who="ana",
        age=26,
        release=PLATFORM,
        restricted=True,
        due=6,
        priority="High",
    ),
    Spec(
        key="INFRA-64",
        title="Disaster recovery rehearsal for the lakehouse",
        status="In Progress",
        who="yuki",
        age=16,
        changed=2,
        release=PLATFORM,
        flagged=True,
        due=8,
        comments=(("yuki", "dr-1 has no capacity until the old clusters are gone."),),
    ),
    Spec(
        key="DATA-243",
        title="Lineage for the regulatory reporting mart",
        who="ravi",
        age=9,
        changed=1,
        release=PLATFORM,
        added=1,
        due=13,
    ),
    Spec(
        key="ML-84",
        title="Drift report for the fraud model",
        who="noor",
        age=12,
        changed=1,
        release=PLATFORM,
        added=1,
        due=13,
    ),
    Spec(
        key="ML-88",
        title="Shadow traffic for the scoring service",
        status="In Progress",
        who="pete",
        age=18,
        changed=1,
        release=PLATFORM,
        reopened=True,
        due=9,
        kind="Bug",
        comments=(("tom", "Two of 200 shadow requests still answer with the old schema."),),
    ),
    Spec(
        key="PAY-122",
        title="Retire the nightly CSV export",
        status="In Progress",
        who="lars",
        age=70,
        changed=31,
        release=PLATFORM,
        priority="Low",
        component="Settlement",
    ),
    Spec(
        key="DATA-198",
        title="Reconcile ledger & sub-ledger balances at <T+1>",
        status="Done",
        who="ravi",
        age=44,
        changed=1,
        release=PLATFORM,
    ),
    Spec(
        key="ML-66",
        title="Register models with their training data set",
        status="Done",
        who="noor",
        age=40,
        changed=1,
        release=PLATFORM,
    ),
    Spec(
        key="INFRA-47",
        title="Rotate the ingest service's credentials",
        status="Done",
        who="omar",
        age=35,
        changed=1,
        release=PLATFORM,
    ),
    Spec(
        key="DATA-205",
        title="Mask account numbers in the exploration zone",
        status="Done",
        who="ines",
        age=42,
        changed=11,
        release=PLATFORM,
        restricted=True,
    ),
)

_PAYMENTS = (
    Spec(
        key="PAY-129",
        title="Instant payments: raise the limit to 100,000",
        status="In Progress",
        who="jon",
        age=14,
        changed=2,
        release=PAYMENTS,
        component="Instant payments",
        after=("OPS-7",),
        due=2,
        priority="High",
    ),
    Spec(
        key="PAY-141",
        title="Close the loophole in the refund check",
        status="In Review",
        who="grace",
        age=8,
        changed=2,
        release=PAYMENTS,
        restricted=True,
        priority="Highest",
        due=2,
    ),
    Spec(
        key="PAY-143",
        title='Show "held" & <b>pending</b> payments apart',
        status="In Review",
        who="nia",
        age=6,
        changed=1,
        release=PAYMENTS,
        component="Mobile",
        due=1,
    ),
    Spec(
        key="PAY-144",
        title="Release notes for the branch staff",
        who="jon",
        age=3,
        changed=3,
        release=PAYMENTS,
        kind="Task",
        due=3,
        points=1,
    ),
)

_MODELS = (
    Spec(
        key="ML-102",
        title="Agree the feature contract with the scoring service",
        who="noor",
        age=10,
        release=MODELS,
        after=("ML-103",),
    ),
    Spec(
        key="ML-103",
        title="Freeze the scoring service's request schema",
        who="pete",
        age=10,
        release=MODELS,
        after=("ML-102",),
    ),
    Spec(
        key="ML-95",
        title="Challenger model for anti-money-laundering alerts",
        status="In Progress",
        who="noor",
        age=14,
        release=MODELS,
        restricted=True,
    ),
    Spec(
        key="ML-97",
        title="<!channel> <@U0ANA> please look at <https://evil.example|the results>",
        who="pete",
        age=13,
        release=MODELS,
    ),
    Spec(key="ML-98", title='=HYPERLINK("https://evil.example","Open me")', who="pete", age=13, release=MODELS),
    Spec(key="ML-99", title="Tokeniser drops 🇯🇵 flags and 👩🏽‍🔬 in free text", who="noor", age=12, release=MODELS),
    Spec(key="ML-100", title="دعم النص العربي في بطاقة النموذج", who="noor", age=12, release=MODELS),
    Spec(
        key="ML-101",
        title="Zero\u200bwidth\u00a0spaces\u2060in \u202efeature\u202c names",
        who="pete",
        age=11,
        release=MODELS,
    ),
    Spec(
        key="ML-104",
        title="Explain *every* _score_ with `SHAP` ~values~\nand say which were cut",
        who="pete",
        age=8,
        release=MODELS,
    ),
)

_OTHERS = (
    Spec(key="DATA-222", title=None, who=None, age=28, changed=20, priority=None, absent=("summary",), points=None),
    Spec(key="DATA-223", title=None, who="ravi", age=28, changed=19, points=None),
    Spec(key="DATA-227", title=HUGE_TITLE, who="ana", age=26, changed=12),
    Spec(
        key="DATA-229",
        title="  Trim the blanks around counterparty names  ",
        who=None,
        age=25,
        changed=8,
        priority=None,
    ),
    Spec(
        key="DATA-240",
        title="Decide what becomes of the old Hive catalogue",
        status="Parked",
        who="ana",
        age=16,
        changed=9,
    ),
    Spec(
        key="INFRA-58",
        title="Reserved instances for the training cluster",
        status="Parked",
        who=None,
        age=20,
        changed=14,
    ),
    Spec(
        key="DATA-155",
        title="Data quality rules for reference data",
        status="In Progress",
        who="ines",
        age=95,
        changed=33,
    ),
    Spec(key="ML-58", title="Clean up abandoned notebooks", status="In Progress", who="pete", age=80, changed=41),
    Spec(key="INFRA-33", title="Move backups to the new vault", status="In Progress", who="lena", age=90, changed=27),
    Spec(
        key="PAY-117",
        title="Payee names: accept apostrophes; drop `'; DROP TABLE payees;--`",
        who="jon",
        age=24,
        changed=6,
        kind="Bug",
    ),
    Spec(
        key="MER-29",
        title="Intraday file cut-off times",
        status="In Progress",
        who="vera",
        age=40,
        changed=5,
        moved_from="DATA-177",
    ),
    Spec(
        key="INFRA-66",
        title="Alert when a certificate has 30 days left",
        who="lena",
        age=12,
        changed=3,
        moved_from="OPS-4",
    ),
    Spec(
        key="OPS-7",
        title="Change board: approve the new payment limit",
        status="To Do",
        who=None,
        age=12,
        changed=5,
        kind="Task",
        points=None,
        relates=("PAY-143",),
    ),
    Spec(key="OPS-8", title="Order toner", who=None, age=10, changed=10, kind="Task", points=None, priority="Lowest"),
    Spec(
        key="DATA-245",
        title="Explain the duplicate trade events of last Tuesday",
        who=None,
        age=2,
        changed=2,
        kind="Bug",
        priority=None,
        absent=("priority", "duedate"),
    ),
)

STORY = (*_PLATFORM, *_PAYMENTS, *_MODELS, *_OTHERS)
