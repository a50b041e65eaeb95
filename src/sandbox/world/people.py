"""Who works at the practice bank: the people, user groups and channels of its Slack, and what Jira knows of them."""

from dataclasses import dataclass

from sandbox.slack.values import Channel, Group, Person

LONDON, TOKYO, NEW_YORK, BERLIN = "Europe/London", "Asia/Tokyo", "America/New_York", "Europe/Berlin"


@dataclass(frozen=True, slots=True, kw_only=True)
class Team:
    """A delivery team. `key` is its Jira project's key, `channel` its Slack channel's name."""

    id: str
    name: str
    key: str
    channel: str


TEAMS = (
    Team(id="payments", name="Payments App", key="PAY", channel="team-payments"),
    Team(id="data", name="Data Engineering", key="DATA", channel="team-data"),
    Team(id="ml", name="ML Platform", key="ML", channel="team-ml"),
    Team(id="infra", name="Infrastructure", key="INFRA", channel="team-infra"),
    Team(id="meridian", name="Meridian (vendor)", key="MER", channel="meridian-shared"),
)

ANA = Person(id="U0ANA", name="ana", real_name="Ana Whitlock", email="ana@practice.example", title="Data lead")
RAVI = Person(
    id="U0RAVI", name="ravi", real_name="Ravi Menon-Hale", email="ravi@practice.example", title="Data engineer"
)
MARIA = Person(
    id="U0MARIA",
    name="maria",
    real_name="Maria Voss",
    email="maria@practice.example",
    title="Data governance",
    tz=BERLIN,
)
TOM = Person(id="U0TOM", name="tom", real_name="Tom Arkwright", email="tom@practice.example", title="QA")
INES = Person(
    id="U0INES", name="ines", real_name="Ines Calder", email="ines@practice.example", title="QA and data engineer"
)
YUKI = Person(
    id="U0YUKI",
    name="yuki",
    real_name="Yuki Tanabe-Ross",
    email="yuki@practice.example",
    title="Infrastructure lead",
    tz=TOKYO,
)
OMAR = Person(
    id="U0OMAR", name="omar", real_name="Omar Fenn", email="omar@practice.example", title="Infrastructure engineer"
)
LENA = Person(
    id="U0LENA",
    name="lena",
    real_name="Lena Brandt-Oke",
    email="lena@practice.example",
    title="Infrastructure engineer",
    tz=BERLIN,
)
NOOR = Person(id="U0NOOR", name="noor", real_name="Noor Salter", email="noor@practice.example", title="ML lead")
PETE = Person(id="U0PETE", name="pete", real_name="Pete Hollis", email="pete@practice.example", title="ML engineer")
GRACE = Person(
    id="U0GRACE", name="grace", real_name="Grace Adeyemi-Lund", email="grace@practice.example", title="Payments lead"
)
JON = Person(id="U0JON", name="jon", real_name="Jon Marsh", email="jon@practice.example", title="Payments engineer")
RITA = Person(
    id="U0RITA", name="rita", real_name="Rita Sandoval-Kerr", email="rita@practice.example", title="Release manager"
)
SAM = Person(
    id="U0SAM", name="sam", real_name="Sam Oduya", email="sam@practice.example", title="Release manager", tz=NEW_YORK
)
LEO = Person(id="U0LEO", name="leo", real_name="Leo Winters", email="leo@practice.example", title="Head of data")
AUDREY = Person(
    id="U0AUDIT", name="audrey", real_name="Audrey Finch", email="audrey@practice.example", title="Internal audit"
)
GIL = Person(
    id="U0GUEST",
    name="gil",
    real_name="Gil Tarrant",
    email="gil@practice.example",
    title="Consultant",
    is_restricted=True,
)
LARS = Person(
    id="U0LEFT",
    name="lars",
    real_name="Lars Eklund-Moor",
    email="lars@practice.example",
    title="Data engineer",
    deleted=True,
)
NIA = Person(id="U0NOMAIL", name="nia", real_name="Nia Brook", title="Payments engineer")
VERA = Person(
    id="U0VENDOR",
    name="vera",
    real_name="Vera Lindqvist",
    email="vera@meridian.example",
    title="Meridian delivery manager",
    team_id="T0MERIDIAN",
    is_stranger=True,
    tz="Europe/Stockholm",
)
INTERLOCK = Person(id="U0INTERLOCK", name="interlock", real_name="Interlock", is_bot=True, tz="Etc/UTC")

STAFF = (
    *(ANA, RAVI, MARIA, TOM, INES, YUKI, OMAR, LENA, NOOR, PETE),
    *(GRACE, JON, RITA, SAM, LEO, AUDREY, NIA),
)
PEOPLE = (*STAFF, GIL, LARS, VERA, INTERLOCK)

MEMBERS = {
    "payments": (GRACE, JON, NIA),
    "data": (ANA, RAVI, INES),
    "ml": (NOOR, PETE),
    "infra": (YUKI, OMAR, LENA),
    "meridian": (VERA,),
}
"""Who works on a team's tickets."""


def _group(number: int, handle: str, name: str, *people: Person) -> Group:
    return Group(id=f"S0{number:02}", handle=handle, name=name, users=tuple(p.id for p in people))


GROUPS = (
    _group(1, "release-managers", "Release managers", RITA, SAM),
    _group(2, "qa-approvers", "QA approvers", TOM, INES),
    _group(3, "data-governance", "Data governance", MARIA, LEO),
    _group(4, "infrastructure-approvers", "Infrastructure approvers", YUKI, OMAR, LENA),
    _group(5, "ml-approvers", "ML approvers", NOOR, PETE),
    _group(6, "payments-approvers", "Payments approvers", GRACE, JON),
    _group(7, "environment-owners", "Environment owners", OMAR, GRACE),
    _group(8, "auditors", "Auditors", AUDREY),
)


def _channel(name: str, topic: str, *people: Person, shared: bool = False) -> Channel:
    members = frozenset(p.id for p in (*people, INTERLOCK))
    channel_id = "C0" + name.replace("-", "").upper()
    return Channel(id=channel_id, name=name, topic=topic, members=members, is_ext_shared=shared)


_DATA, _ML, _INFRA, _PAYMENTS = MEMBERS["data"], MEMBERS["ml"], MEMBERS["infra"], MEMBERS["payments"]
_MANAGERS = (RITA, SAM)

CHANNELS = (
    _channel("general", "Everybody", *STAFF, GIL),
    _channel(
        "rel-data-platform",
        "The quarterly data platform release",
        *(*_DATA, *_ML, *_INFRA, GRACE, MARIA, TOM, LEO, AUDREY, *_MANAGERS),
    ),
    _channel("rel-payments", "The weekly payments release", *_PAYMENTS, TOM, GIL, *_MANAGERS),
    _channel("rel-models", "Model releases", *_ML, MARIA, TOM, *_MANAGERS),
    _channel("governance", "Sign-offs, waivers and evidence", MARIA, LEO, AUDREY, *_MANAGERS),
    _channel("environments", "Who has which environment", *_INFRA, *_DATA, *_ML, *_PAYMENTS, TOM),
    _channel("team-payments", "Payments App", *_PAYMENTS),
    _channel("team-data", "Data Engineering", *_DATA),
    _channel("team-ml", "ML Platform", *_ML),
    _channel("team-infra", "Infrastructure", *_INFRA),
    _channel("meridian-shared", "With our vendor Meridian", VERA, ANA, GRACE, RITA, shared=True),
)
