"""The alert rules and the dashboard, held to what /metrics says and to Prometheus' own tool."""

import json
import re
import shutil
import subprocess
from collections import defaultdict
from itertools import combinations
from pathlib import Path
from typing import Any

import pytest
import yaml

from interlock.store.engine import Store
from tests.scrape import everything, samples

ROOT = Path(__file__).parents[2]
PROMETHEUS = ROOT / "config/prometheus"
EXAMPLES = sorted(PROMETHEUS.glob("prometheus*.yaml"))
UNIT_TESTS = Path(__file__).with_name("alerts_test.yaml")
TARGETS = {"instance": set[str](), "job": {"interlock"}}
"""The labels that Prometheus gives each series that it scrapes."""
THEIRS = {"up": TARGETS, "ALERTS": {"alertname": set[str](), "alertstate": {"firing", "pending"}}}

Labels = dict[str, set[str]]

PROMTOOL = shutil.which("promtool")
needs_promtool = pytest.mark.skipif(PROMTOOL is None, reason="promtool is not on this machine")


def rules() -> list[dict[str, Any]]:
    read = yaml.safe_load((PROMETHEUS / "alerts.yaml").read_text(encoding="utf-8"))
    found: list[dict[str, Any]] = read["groups"][0]["rules"]
    return found


def dashboard() -> dict[str, Any]:
    read: dict[str, Any] = json.loads((ROOT / "config/grafana/interlock.json").read_text(encoding="utf-8"))
    return read


def panels() -> list[dict[str, Any]]:
    return [each for each in dashboard()["panels"] if each["type"] != "row"]


def shown() -> list[str]:
    """The dashboard's expressions, with Grafana's variables filled in."""
    told = [target["expr"] for panel in panels() for target in panel["targets"]]
    told += [each["expr"] for each in dashboard()["annotations"]["list"]]
    return [each.replace("$__rate_interval", "5m").replace("$instance", ".+") for each in told]


EXPRESSIONS = sorted({*(rule["expr"] for rule in rules()), *shown()})


@pytest.fixture(scope="module")
def scraped(sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Labels]:
    """Each series' labels and their values, as /metrics says them."""
    file = tmp_path_factory.mktemp("scrape") / "interlock.db"
    shutil.copyfile(sqlite_template, file)
    store = Store(f"sqlite:///{file}")
    found: dict[str, Labels] = {name: dict(labels) for name, labels in THEIRS.items()}
    for sample in samples(everything(store)):
        labels = found.setdefault(sample.name, defaultdict(set, TARGETS))
        for label, value in sample.labels.items():
            labels[label].add(value)
    store.close()
    return found


def promtool(*args: str) -> None:
    assert PROMTOOL is not None
    done = subprocess.run([PROMTOOL, *args], capture_output=True, text=True, check=False, timeout=60)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("expression", EXPRESSIONS)
def test_what_an_expression_asks_for_is_told(scraped: dict[str, Labels], expression: str) -> None:
    bare = re.sub(r'"[^"]*"', '""', expression)
    names = set(re.findall(r"\b(?:interlock_\w+|process_\w+|up|ALERTS)\b", bare))
    assert names
    assert names <= set(scraped)
    for name, selector in re.findall(r"\b(\w+)\{([^}]*)\}", expression):
        for label, operator, value in re.findall(r'(\w+)(=~|!~|!=|=)"([^"]*)"', selector):
            known = scraped[name].get(label)
            assert known is not None, f"{name} has no label {label}"
            if known and "." not in value:
                assert set(value.split("|")) <= known, f"{name}{{{label}{operator}{value}}}"
    grouped = {label.strip() for labels in re.findall(r"\bby \(([^)]*)\)", bare) for label in labels.split(",")}
    assert grouped <= {label for name in names for label in scraped[name]}


@needs_promtool
@pytest.mark.parametrize("example", EXAMPLES, ids=lambda path: path.stem)
def test_prometheus_takes_the_rules_and_each_example_of_its_configuration(example: Path, tmp_path: Path) -> None:
    """Debian's promtool knows no Kubernetes: there it is shown the rest, as if the targets were named."""
    read = yaml.safe_load(example.read_text(encoding="utf-8"))
    for scraped in read["scrape_configs"]:
        if scraped.pop("kubernetes_sd_configs", None):
            scraped["static_configs"] = [{"targets": ["10.0.0.1:3000"]}]
    shutil.copy(PROMETHEUS / read["rule_files"][0], tmp_path)
    file = tmp_path / example.name
    file.write_text(yaml.safe_dump(read), encoding="utf-8")
    promtool("check", "config", str(file))


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda path: path.stem)
def test_each_example_scrapes_as_the_job_that_the_rules_ask_for(example: Path) -> None:
    read = yaml.safe_load(example.read_text(encoding="utf-8"))
    assert [each["job_name"] for each in read["scrape_configs"]] == ["interlock"]


def test_as_many_replicas_are_missed_as_the_deployment_examples_run() -> None:
    (asked,) = [rule["expr"] for rule in rules() if rule["alert"] == "InterlockReplicasMissing"]
    deployed = next(
        each
        for each in yaml.safe_load_all((ROOT / "config/deploy/kubernetes/interlock.yaml").read_text(encoding="utf-8"))
        if each["kind"] == "Deployment"
    )
    assert asked.rpartition("< ")[2] == str(deployed["spec"]["replicas"])


def test_prometheus_finds_the_replicas_by_the_labels_and_names_of_the_deployment_examples() -> None:
    deploy = ROOT / "config/deploy"
    deployed = next(
        each
        for each in yaml.safe_load_all((deploy / "kubernetes/interlock.yaml").read_text(encoding="utf-8"))
        if each["kind"] == "Deployment"
    )
    (cluster,) = yaml.safe_load((PROMETHEUS / "prometheus-kubernetes.yaml").read_text())["scrape_configs"]
    kept = {each["source_labels"][0]: each["regex"] for each in cluster["relabel_configs"] if "regex" in each}
    (container,) = deployed["spec"]["template"]["spec"]["containers"]
    assert kept == {
        "__meta_kubernetes_pod_label_app_kubernetes_io_name": deployed["spec"]["template"]["metadata"]["labels"][
            "app.kubernetes.io/name"
        ],
        "__meta_kubernetes_pod_container_port_name": container["ports"][0]["name"],
    }
    assert cluster["kubernetes_sd_configs"][0]["namespaces"]["names"] == [deployed["metadata"]["namespace"]]
    (found,) = yaml.safe_load((PROMETHEUS / "prometheus-compose.yaml").read_text())["scrape_configs"]
    services = yaml.safe_load((deploy / "compose/compose.yaml").read_text())["services"]
    (asked,) = found["dns_sd_configs"]
    assert [str(asked["port"])] == services[asked["names"][0]]["expose"]


@needs_promtool
def test_each_alert_fires_when_it_should_and_no_other_with_it() -> None:
    promtool("test", "rules", str(UNIT_TESTS))


@needs_promtool
def test_prometheus_can_read_each_expression_of_the_dashboard(tmp_path: Path) -> None:
    file = tmp_path / "shown.yaml"
    recorded = [{"record": f"shown:{number}", "expr": expr} for number, expr in enumerate(shown())]
    file.write_text(yaml.safe_dump({"groups": [{"name": "shown", "rules": recorded}]}), encoding="utf-8")
    promtool("check", "rules", str(file))


def test_no_alert_goes_without_a_test_that_has_it_fire_and_one_that_has_it_rest() -> None:
    tests = yaml.safe_load(UNIT_TESTS.read_text(encoding="utf-8"))["tests"]
    fired = {
        name
        for test in tests
        for asked in test["promql_expr_test"]
        for sample in asked["exp_samples"]
        for name in re.findall(r'alertname="(\w+)"', sample["labels"])
    }
    assert fired == {rule["alert"] for rule in rules()}
    well = next(test for test in tests if test["name"] == "all is well")
    fine = {re.split(r"[{ ]", each["series"])[0] for each in well["input_series"]}
    asked_for = {name for rule in rules() for name in re.findall(r"\b(?:interlock_\w+|process_\w+|up)\b", rule["expr"])}
    assert asked_for <= fine


@pytest.mark.parametrize("rule", rules(), ids=lambda rule: rule["alert"])
def test_an_alert_says_what_to_do_and_where_to_read_on(rule: dict[str, Any]) -> None:
    assert set(rule["annotations"]) == {"summary", "action", "runbook"}
    assert rule["labels"]["severity"] in {"page", "ticket"}
    page, _, anchor = rule["annotations"]["runbook"].partition("#")
    assert anchor == rule["alert"].lower()
    section = (ROOT / page).read_text(encoding="utf-8").partition(f"\n### {rule['alert']}\n")[2].partition("\n#")[0]
    assert len(section.split()) > 20, "a person on call is told what to do"


def test_each_runbook_is_an_alerts() -> None:
    text = (ROOT / "docs/operations.md").read_text(encoding="utf-8")
    assert set(re.findall(r"^### (Interlock\w+)$", text, re.MULTILINE)) == {rule["alert"] for rule in rules()}


@pytest.mark.parametrize("panel", panels(), ids=lambda panel: panel["title"])
def test_a_panel_says_what_it_shows_and_in_what_unit(panel: dict[str, Any]) -> None:
    assert len(panel["description"].split()) > 5
    assert panel["fieldConfig"]["defaults"]["unit"]
    assert panel["targets"]


def test_panels_stand_beside_one_another() -> None:
    everywhere = dashboard()["panels"]
    assert len({panel["id"] for panel in everywhere}) == len(everywhere)
    for one, other in combinations([panel["gridPos"] for panel in everywhere], 2):
        apart = one["x"] + one["w"] <= other["x"] or other["x"] + other["w"] <= one["x"]
        assert apart or one["y"] + one["h"] <= other["y"] or other["y"] + other["h"] <= one["y"], (one, other)
    assert all(panel["gridPos"]["x"] + panel["gridPos"]["w"] <= 24 for panel in everywhere)
