"""Titles that a data platform's tickets might have, and the components they belong to."""

from random import Random

ACTIONS = {
    "PAY": ("Show", "Validate", "Retry", "Cache", "Rename", "Log", "Throttle", "Localise", "Archive", "Test"),
    "DATA": ("Backfill", "Deduplicate", "Partition", "Document", "Reconcile", "Migrate", "Validate", "Mask", "Re-run"),
    "ML": ("Retrain", "Evaluate", "Document", "Deploy", "Monitor", "Explain", "Calibrate", "Version", "Benchmark"),
    "INFRA": ("Upgrade", "Patch", "Resize", "Automate", "Monitor", "Move", "Rotate keys of", "Alert on", "Back up"),
    "MER": ("Deliver", "Certify", "Re-send", "Translate", "Sign", "Test"),
    "OPS": ("Order", "Approve", "Renew", "Audit"),
}
SUBJECTS = {
    "PAY": (
        "the standing order screen",
        "SEPA return codes",
        "the payee directory",
        "push notifications",
        "the fraud hold message",
        "card tokenisation",
        "the refund ledger",
        "open banking consents",
        "the receipt archive",
        "cut-off times by currency",
    ),
    "DATA": (
        "the trade events topic",
        "counterparty reference data",
        "the positions mart",
        "the ledger reconciliation",
        "column-level lineage",
        "late-arriving market data",
        "the customer golden record",
        "the consent table",
        "data contracts with producers",
        "the regulatory reporting mart",
        "change data capture of the core bank",
        "the quality rules for KYC",
        "slowly changing dimensions",
    ),
    "ML": (
        "the fraud model",
        "the churn model",
        "the credit decision model",
        "the feature store",
        "training data snapshots",
        "the model card template",
        "batch scoring",
        "the drift dashboard",
        "the inference gateway",
        "fairness metrics",
        "the experiment tracker",
    ),
    "INFRA": (
        "the Kafka brokers",
        "the lakehouse catalogue",
        "the secrets vault",
        "the Kubernetes nodes",
        "the Airflow workers",
        "object storage lifecycles",
        "the GPU pool",
        "service mesh certificates",
        "the build runners",
        "disaster recovery scripts",
    ),
    "MER": (
        "the settlement feed",
        "the intraday prices file",
        "the corporate actions feed",
        "the holiday calendar file",
        "the reference data dictionary",
        "the SWIFT message mapping",
    ),
    "OPS": ("the badge readers", "the change calendar", "the licence pool", "the meeting room screens"),
}
ENDINGS = (
    "",
    "",
    "",
    "",
    " for the new legal entity",
    " after the cloud move",
    " in the EU region",
    " behind a feature switch",
    " for month-end",
    " (second attempt)",
    " with row-level security",
    " for the audit",
    " without downtime",
    " before quarter-end",
)
COMPONENTS = {
    "PAY": ("Settlement", "Instant payments", "Mobile", "Cards"),
    "DATA": ("Streaming", "Warehouse", "Governance", "Ingestion"),
    "ML": ("Feature store", "Serving", "Governance", "Training"),
    "INFRA": ("Platform", "Security", "Observability"),
    "MER": ("Feeds",),
    "OPS": (),
}
LABELS = ("tech-debt", "audit", "regulatory", "customer", "quick-win", "security", "spike", "documentation")
EPICS = {
    "PAY": ("Instant payments for everybody", "Quieter fraud checks"),
    "DATA": ("Streaming first", "Trustworthy numbers"),
    "ML": ("Feature store for all models", "Models that explain themselves"),
    "INFRA": ("Leave the old data centre",),
}


def title(rng: Random, project: str) -> str:
    return f"{rng.choice(ACTIONS[project])} {rng.choice(SUBJECTS[project])}{rng.choice(ENDINGS)}"
