"""The examples of `config/deploy`, each held to its own tool, and to what the program reads and answers."""

import os
import re
import shlex
import shutil
import subprocess
import sys
from datetime import date
from pathlib import Path
from typing import Any

import kubernetes_validate
import pytest
import yaml

from interlock.config.policy import check
from interlock.config.settings import HINTS, SECRETS

ROOT = Path(__file__).parents[2]
DEPLOY = ROOT / "config" / "deploy"
BIN = Path(sys.executable).parent
UNIT = DEPLOY / "systemd" / "interlock@.service"
UNITS = sorted(path for path in (DEPLOY / "systemd").iterdir() if path.suffix in {".service", ".timer"})
DAILY = ("interlock-backup", "interlock-verify")
KNOWN = set(HINTS) | {f"{name}_FILE" for name in SECRETS}
KUBERNETES = sorted((DEPLOY / "kubernetes").glob("*.yaml"))


def documents() -> list[dict[str, Any]]:
    return [each for path in KUBERNETES for each in yaml.safe_load_all(path.read_text(encoding="utf-8"))]


def of_kind(kind: str) -> dict[str, Any]:
    (found,) = [each for each in documents() if each["kind"] == kind]
    return found


def pod_of(document: dict[str, Any]) -> dict[str, Any]:
    made = document["spec"]["jobTemplate"] if document["kind"] == "CronJob" else document
    spec: dict[str, Any] = made["spec"]["template"]["spec"]
    return spec


def pod(kind: str) -> dict[str, Any]:
    return pod_of(of_kind(kind))


def compose() -> dict[str, Any]:
    read: dict[str, Any] = yaml.safe_load((DEPLOY / "compose" / "compose.yaml").read_text(encoding="utf-8"))
    return read


@pytest.mark.parametrize("document", documents(), ids=lambda each: each["kind"])
def test_kubernetes_knows_each_object(document: dict[str, Any]) -> None:
    assert kubernetes_validate.validate(document, "1.32", strict=True)


@pytest.mark.parametrize("kind", ["Deployment", "Job", "CronJob"])
def test_a_pod_is_nobody_and_writes_nothing(kind: str) -> None:
    spec = pod(kind)
    assert spec["securityContext"]["runAsNonRoot"] is True
    assert spec["automountServiceAccountToken"] is False
    assert spec["containers"]
    for container in spec["containers"]:
        assert container["securityContext"] == {
            "allowPrivilegeEscalation": False,
            "readOnlyRootFilesystem": True,
            "capabilities": {"drop": ["ALL"]},
        }


def test_probes_ask_what_the_program_answers() -> None:
    (container,) = pod("Deployment")["containers"]
    paths = {name: container[name]["httpGet"]["path"] for name in ("startupProbe", "livenessProbe", "readinessProbe")}
    assert paths == {"startupProbe": "/healthz", "livenessProbe": "/healthz", "readinessProbe": "/readyz"}
    assert [port["containerPort"] for port in container["ports"]] == [3000]


def test_a_replica_may_go_while_two_stay() -> None:
    replicas, budget = of_kind("Deployment")["spec"]["replicas"], of_kind("PodDisruptionBudget")["spec"]["minAvailable"]
    assert (replicas, budget) == (3, 2)
    labels = of_kind("Deployment")["spec"]["template"]["metadata"]["labels"]
    for chosen in (
        of_kind("Deployment")["spec"]["selector"]["matchLabels"],
        of_kind("PodDisruptionBudget")["spec"]["selector"]["matchLabels"],
        of_kind("Service")["spec"]["selector"],
    ):
        assert chosen.items() <= labels.items()


def test_secrets_are_files_and_every_setting_is_one_that_is_read() -> None:
    told = {
        "kubernetes": of_kind("ConfigMap")["data"],
        "job": {each["name"]: each["value"] for each in pod("Job")["containers"][0]["env"]},
        "cron job": {each["name"]: each["value"] for each in pod("CronJob")["containers"][0]["env"]},
        "compose": compose()["services"]["interlock"]["environment"],
        "systemd": dict(
            line.split("=", 1)
            for line in (DEPLOY / "systemd" / "interlock.env").read_text(encoding="utf-8").splitlines()
            if line and not line.startswith("#")
        ),
    }
    assert {place: set(settings) - KNOWN for place, settings in told.items()} == {place: set() for place in told}
    assert {place: set(settings) & SECRETS for place, settings in told.items()} == {place: set() for place in told}


def test_the_policy_is_laid_out_as_the_program_reads_it(tmp_path: Path) -> None:
    (volume,) = [each for each in pod("Deployment")["volumes"] if each["name"] == "policy"]
    laid = {each["path"]: each["key"] for each in volume["configMap"]["items"]}
    shipped = {path.name: path for path in (*(ROOT / "config").glob("*.yaml"), *(ROOT / "config/templates").iterdir())}
    assert sorted(laid.values()) == sorted(shipped)
    for path, key in laid.items():
        (tmp_path / path).parent.mkdir(exist_ok=True)
        shutil.copy(shipped[key], tmp_path / path)
    assert check(tmp_path / "interlock.yaml", date(2026, 11, 23)) == []
    assert {Path(path).stem for path in laid if path.startswith("templates/")} == {
        path.stem for path in (ROOT / "config/templates").iterdir()
    }


def needed(document: dict[str, Any]) -> set[tuple[str, str]]:
    """What must exist in the cluster before its pods start: kind and name."""
    spec = pod_of(document)
    (container,) = spec["containers"]
    named = {("Namespace", document["metadata"]["namespace"]), ("ServiceAccount", spec["serviceAccountName"])}
    named |= {("ConfigMap", each["configMapRef"]["name"]) for each in container.get("envFrom", [])}
    for volume in spec["volumes"]:
        named |= {("Secret", volume["secret"]["secretName"])} if "secret" in volume else set()
        named |= {("ConfigMap", volume["configMap"]["name"])} if "configMap" in volume else set()
    return named


def test_each_pod_of_the_walk_finds_what_it_needs() -> None:
    """In the order of docs/operations.md: what one command needs, those before it made, or its own file."""
    walk = (ROOT / "docs/operations.md").read_text(encoding="utf-8").partition("cd config/deploy/kubernetes\n")[2]
    made: set[tuple[str, str]] = set()
    started = []
    for line in walk.partition("```")[0].splitlines():
        if create := re.search(r"create (secret generic|configmap) (\S+)", line):
            assert ("Namespace", "interlock") in made, line
            made.add(("ConfigMap" if create[1] == "configmap" else "Secret", create[2]))
        elif apply := re.search(r"apply -f (\S+)", line):
            for document in yaml.safe_load_all((DEPLOY / "kubernetes" / apply[1]).read_text(encoding="utf-8")):
                made.add((document["kind"], document["metadata"]["name"]))
                if document["kind"] in {"Job", "Deployment", "CronJob"}:
                    started.append(document["kind"])
                    assert needed(document) <= made, line
    assert started == ["Job", "Deployment", "CronJob"]


def test_the_record_is_verified_each_day_and_a_failure_stays_to_be_seen() -> None:
    spec = of_kind("CronJob")["spec"]
    (container,) = pod("CronJob")["containers"]
    minute, hour, *every_day = spec["schedule"].split()
    assert (container["args"], every_day) == (["audit", "verify"], ["*"] * 3)
    assert minute.isdigit()
    assert hour.isdigit()
    assert spec["failedJobsHistoryLimit"] > 0
    assert pod("CronJob")["restartPolicy"] == "Never"


def test_what_is_replaced_by_force_holds_nothing_else() -> None:
    """`kubectl replace --force` deletes first: with the namespace in it, all would go."""
    replaced = yaml.safe_load_all((DEPLOY / "kubernetes" / "upgrade.yaml").read_text(encoding="utf-8"))
    assert [document["kind"] for document in replaced] == ["Job"]


def test_the_image_sets_nothing_that_a_deployment_sets_by_file() -> None:
    """The program refuses a setting that is given both ways."""
    image = set(re.findall(r"\b([A-Z_]+)=", (ROOT / "Dockerfile").read_text(encoding="utf-8")))
    by_file = {
        name.removesuffix("_FILE")
        for told in (of_kind("ConfigMap")["data"], compose()["services"]["interlock"]["environment"])
        for name in told
        if name.endswith("_FILE")
    }
    assert by_file >= {"DATABASE_URL", "JIRA_TOKEN", "JIRA_WEBHOOK_SECRET"}
    assert not image & by_file


def test_the_walk_makes_every_secret_that_is_mounted() -> None:
    walk = (ROOT / "docs/operations.md").read_text(encoding="utf-8").partition("## Install")[0]
    assert {name for name in compose()["secrets"] if f"`{name}`" not in walk} == set()


def test_compose_knows_the_file() -> None:
    file = DEPLOY / "compose" / "compose.yaml"
    done = subprocess.run(
        [BIN / "check-jsonschema", "--builtin-schema", "vendor.compose-spec", file],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout


def test_compose_waits_for_the_schema_and_mounts_the_secrets_it_names() -> None:
    file = compose()
    service = file["services"]["interlock"]
    assert service["deploy"]["replicas"] == 3
    assert service["depends_on"]["upgrade"] == {"condition": "service_completed_successfully"}
    named = {
        value.removeprefix("/run/secrets/") for key, value in service["environment"].items() if key[-5:] == "_FILE"
    }
    assert named == set(service["secrets"])
    assert named <= set(file["secrets"])
    assert (DEPLOY / "compose" / service["build"]).resolve() == ROOT


def test_the_containers_carry_this_version() -> None:
    version = re.search(r'^version = "(.*)"', (ROOT / "pyproject.toml").read_text(encoding="utf-8"), re.MULTILINE)
    images = {pod(kind)["containers"][0]["image"] for kind in ("Deployment", "Job", "CronJob")}
    images.add(compose()["services"]["interlock"]["image"])
    assert version
    assert {image.rpartition(":")[2] for image in images} == {version[1]}


def uncommented(path: Path) -> str:
    """With what stands there as a comment to be taken away: a setting, an entry of a list, a port."""
    choice = r"^( *)# (- \{.*|- evidence-key|evidence-key: .*|INTERLOCK_[A-Z_]+_FILE[:=].*)$"
    return re.sub(choice, r"\1\2", path.read_text(encoding="utf-8"), flags=re.MULTILINE)


def test_what_is_to_be_uncommented_for_evidence_is_right() -> None:
    key = "INTERLOCK_EVIDENCE_KEY_FILE"
    assert key in KNOWN
    chosen = list(yaml.safe_load_all(uncommented(DEPLOY / "kubernetes/interlock.yaml")))
    assert chosen[0]["data"][key] == "/run/secrets/interlock/evidence-key"
    file = yaml.safe_load(uncommented(DEPLOY / "compose/compose.yaml"))
    service = file["services"]["interlock"]
    assert service["environment"][key] == "/run/secrets/evidence-key"
    assert "evidence-key" in service["secrets"]
    assert "evidence-key" in file["secrets"]
    assert f"\n{key}=/etc/interlock/secrets/evidence-key\n" in uncommented(DEPLOY / "systemd/interlock.env")
    walk = (ROOT / "docs/operations.md").read_text(encoding="utf-8").partition("## Install")[0]
    assert f"`{key}`" in walk
    assert "`evidence-key`" in walk


def test_more_ports_may_be_let_out() -> None:
    chosen = list(yaml.safe_load_all(uncommented(DEPLOY / "kubernetes/interlock.yaml")))
    (policy,) = [each for each in chosen if each["kind"] == "NetworkPolicy"]
    assert kubernetes_validate.validate(policy, "1.32", strict=True)
    assert [each["port"] for each in of_kind("NetworkPolicy")["spec"]["egress"][1]["ports"]] == [443, 5432]
    assert [each["port"] for each in policy["spec"]["egress"][1]["ports"]] == [443, 5432, 3128, 8443, 4318]


def test_hadolint_has_nothing_to_say_of_the_dockerfile() -> None:
    done = subprocess.run([BIN / "hadolint", ROOT / "Dockerfile"], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (0, "")


@pytest.fixture
def machine(tmp_path: Path) -> Path:
    """A root with the units of this machine, and an Interlock where the unit looks for it."""
    own, programs = tmp_path / "etc/systemd/system", tmp_path / "opt/interlock/.venv/bin"
    for folder in (own, programs, tmp_path / "bin"):
        folder.mkdir(parents=True)
    shutil.copytree("/usr/lib/systemd/system", tmp_path / "usr/lib/systemd/system", symlinks=True)
    shutil.copy(shutil.which("true") or "/bin/true", programs / "interlock")
    shutil.copy(shutil.which("kill") or "/bin/kill", tmp_path / "bin/kill")
    for name in ("sh", "find", "logger"):
        (tmp_path / "usr/bin").mkdir(exist_ok=True)
        shutil.copy(shutil.which(name) or name, tmp_path / ("bin" if name == "sh" else "usr/bin") / name)
    for unit in UNITS:
        shutil.copy(unit, own)
    return tmp_path


def systemd_analyze(*words: str | Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        ["systemd-analyze", "--no-pager", *words], capture_output=True, text=True, timeout=60, check=False
    )


@pytest.mark.parametrize("unit", [unit.name.replace("@.", "@x.") for unit in UNITS])
def test_systemd_knows_every_line_of_each_unit(machine: Path, unit: str) -> None:
    done = systemd_analyze("verify", f"--root={machine}", "--man=no", unit)
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.parametrize("name", DAILY)
def test_a_daily_duty_is_done_each_day_and_its_failure_told(name: str) -> None:
    service, timer = (
        (DEPLOY / "systemd" / f"{name}.{kind}").read_text(encoding="utf-8") for kind in ("service", "timer")
    )
    assert "OnFailure=interlock-failed@%p.service" in service
    assert (DEPLOY / "systemd" / "interlock-failed@.service").exists()
    assert re.search(r"^OnCalendar=\*-\*-\* \d\d:\d\d:00$", timer, re.MULTILINE)
    assert "Persistent=true" in timer, "a machine that was off makes up for it"
    assert f"interlock {'db backup' if name == 'interlock-backup' else 'audit verify'}" in service


def test_a_backup_is_made_by_what_the_timer_runs(tmp_path: Path) -> None:
    """Its line, as systemd hands it to the shell, against a SQLite database."""
    text = (DEPLOY / "systemd/interlock-backup.service").read_text(encoding="utf-8")
    (line,) = re.findall(r"^ExecStart=/bin/sh -c '(.*)'$", text, re.MULTILINE)
    (after,) = re.findall(r"^ExecStartPost=/usr/bin/find (.*)$", text, re.MULTILINE)
    line = line.replace("%%", "%").replace("$$", "$").replace("/opt/interlock/.venv/bin", str(BIN))
    line = line.replace("/var/lib/interlock/backups", str(tmp_path))
    env = {"PATH": os.environ["PATH"], "DATABASE_URL": f"sqlite:///{tmp_path / 'of.db'}"}
    for command in (f"{BIN}/interlock db upgrade", line):
        subprocess.run(["sh", "-c", command], env=env, check=True, capture_output=True, timeout=60)
    (made,) = tmp_path.glob("interlock-20*.backup")
    stale = tmp_path / "interlock-2020.backup.partial"
    stale.touch()
    os.utime(stale, (0, 0))
    words = shlex.split(after.replace("/var/lib/interlock/backups", str(tmp_path)))
    subprocess.run(["find", *words], check=True, timeout=60)
    assert (made.exists(), stale.exists()) == (True, False)


def commands(heading: str) -> str:
    """What stands to be typed in a section of docs/operations.md, a command a line."""
    text = (ROOT / "docs/operations.md").read_text(encoding="utf-8")
    section = re.split(r"\n## ", text.partition(f"\n## {heading}\n")[2])[0]
    return "\n".join(re.findall(r"```\n(.*?)```", section, re.DOTALL)).replace("\\\n", "")


def test_what_is_typed_on_a_host_runs_as_the_units_do() -> None:
    unit = UNIT.read_text(encoding="utf-8")
    (user,), (settings,) = (re.findall(rf"^{key}=(.*)$", unit, re.MULTILINE) for key in ("User", "EnvironmentFile"))
    typed = [line for line in commands("From nothing to three replicas").splitlines() if "systemd-run" in line]
    assert [line.rpartition("bin/interlock ")[2] for line in typed] == ["db upgrade", "doctor"]
    for line in typed:
        assert f"--uid={user} " in line
        assert f"-p EnvironmentFile={settings} " in line
        assert "/opt/interlock/.venv/bin/interlock" in line


def test_an_upgrade_on_kubernetes_replaces_the_job_first() -> None:
    """Applied, a Job whose image is another is refused: its template cannot be changed."""
    typed = [line for line in commands("Upgrades").splitlines() if line.startswith("kubectl")]
    assert typed[0] == "kubectl replace --force -f upgrade.yaml"
    assert "job/interlock-upgrade" in typed[1]
    assert "interlock.yaml" in typed[2]


def test_systemd_would_name_a_line_that_it_does_not_know(machine: Path) -> None:
    unit = machine / "etc/systemd/system" / UNIT.name
    unit.write_text(unit.read_text().replace("NoNewPrivileges=", "NoMorePrivileges="))
    assert "NoMorePrivileges" in systemd_analyze("verify", f"--root={machine}", "interlock@3001.service").stderr


@pytest.mark.parametrize("unit", [unit for unit in UNITS if unit.suffix == ".service"], ids=lambda unit: unit.name)
def test_systemd_finds_each_unit_little_exposed(tmp_path: Path, unit: Path) -> None:
    """2.0 of 10: what is left is the network, which it is there for."""
    copied = shutil.copy(unit, tmp_path / unit.name.replace("@.", "@3001."))
    done = systemd_analyze("security", "--offline=yes", "--threshold=20", copied)
    assert done.returncode == 0, done.stdout


def test_systemd_waits_for_the_database_for_ever_and_not_for_a_wrong_setting() -> None:
    """tests/bot/test_wiring.py holds the program to these codes: 1 for a database that is down, 2 for a setting."""
    lines = [line.partition("=") for line in UNIT.read_text(encoding="utf-8").splitlines() if line[:1] not in {"", "#"}]
    told = {name: value for name, _, value in lines}
    assert {name: value for name, value in told.items() if name.startswith("StartLimit")} == {
        "StartLimitIntervalSec": "0"
    }
    assert (told["Restart"], told["RestartPreventExitStatus"]) == ("on-failure", "2")
    assert "ExecStartPre" not in told, "systemd does not heed its exit code: it would be tried for ever"


def test_the_doctor_of_the_walk_asks_a_replica_that_the_walk_started() -> None:
    walk = (ROOT / "docs/operations.md").read_text(encoding="utf-8").partition("## Install")[0].replace("\\\n", "")
    (started,) = re.findall(r"systemctl enable --now (interlock@.+)", walk)
    (listens,) = re.findall(r"^Environment=(INTERLOCK_HTTP=.+)$", UNIT.read_text(encoding="utf-8"), re.MULTILINE)
    (doctor,) = [line for line in walk.splitlines() if "systemd-run" in line and line.rstrip().endswith(" doctor")]
    told = dict(word.removeprefix("--setenv=").split("=", 1) for word in doctor.split() if word[:9] == "--setenv=")
    assert told["INTERLOCK_HTTP"] in {
        listens.partition("=")[2].replace("%i", name.partition("@")[2]) for name in started.split()
    }
    upgrade = next(line for line in walk.splitlines() if "systemd-run" in line and "db upgrade" in line)
    for option in ("--uid=interlock", "EnvironmentFile=/etc/interlock/interlock.env"):
        assert option in doctor
        assert option in upgrade
