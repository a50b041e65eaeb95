"""A policy for the practice workspace when it serves tickets from a file: each of their projects is a team."""

import shutil
from collections.abc import Sequence
from pathlib import Path

import yaml


def write(shipped: Path, folder: Path, projects: Sequence[str]) -> Path:
    """Copy the shipped policy (its interlock.yaml and what stands beside it) into `folder`, with these tracker projects
    in place of the practice bank's; returns the copy's interlock.yaml.
    """
    shutil.rmtree(folder, ignore_errors=True)
    shutil.copytree(shipped.parent, folder)
    path = folder / shipped.name
    # Every scalar stays text, as the policy's own reader takes it: 09:00 is no number of seconds.
    policy = yaml.load(shipped.read_text(encoding="utf-8"), Loader=yaml.BaseLoader)  # noqa: S506 makes strings, lists and mappings only
    teams = {key: team | {"match": {}} for key, team in policy["teams"].items()}
    own = {f"project-{key.lower()}": {"name": key, "match": {"projects": [key]}} for key in projects}
    policy["teams"] = teams | own
    policy["tickets"] = policy["tickets"] | {"projects": list(projects)}
    for channel in policy["channels"].values():
        if channel.get("projects"):
            channel["projects"] = [] if "company" in channel else list(projects)
    path.write_text(yaml.safe_dump(policy, sort_keys=False, allow_unicode=True), encoding="utf-8")
    return path
