"""What the documents name exists, and what people and operators need is named there."""

import re
from pathlib import Path

import pytest

from bot.app import COMMANDS
from bot.commands import usages
from interlock.config.settings import HINTS, SECRETS
from interlock.store.engine import Store
from tests.scrape import everything, samples

ROOT = Path(__file__).parents[2]
PAGES = (
    "README.md",
    "CHANGELOG.md",
    "docs/operations.md",
    "docs/architecture.md",
    "docs/governance.md",
    "docs/policy.md",
    "docs/governance.md",
    "docs/security.md",
)


def page(name: str) -> str:
    return (ROOT / name).read_text(encoding="utf-8")


def test_the_readme_names_each_command_as_it_is_typed() -> None:
    ours = [usage for name, spec in COMMANDS.items() for usage, _ in usages(name, spec)]
    told = re.findall(r"^- `(/[^`]+)` ", page("README.md"), re.MULTILINE)
    assert told == ours


def test_operations_names_each_variable_and_each_that_may_name_a_file() -> None:
    text = page("docs/operations.md")
    table = text.partition("\n## Settings\n")[2].partition("\n## ")[0]
    assert re.findall(r"^\| `([A-Z_]+)` \|", table, re.MULTILINE) == list(HINTS)
    assert set(re.findall(r"`([A-Z_]+)_FILE`", table)).intersection(HINTS) == SECRETS


def test_operations_names_each_metric(sqlite_store: Store) -> None:
    told = {sample.name for sample in samples(everything(sqlite_store)) if sample.name.startswith("interlock_")}
    ours = {re.sub(r"_(bucket|sum|count)$", "", name) for name in told}
    table = page("docs/operations.md").partition("| metric | is |")[2].partition("\n\n")[0]
    named = set(re.findall(r"`(interlock_\w+)`", "\n".join(row.partition(" | ")[0] for row in table.splitlines())))
    assert named == ours


@pytest.mark.parametrize("name", PAGES)
def test_what_a_page_links_to_exists(name: str) -> None:
    text = page(name)
    for target in re.findall(r"\[[^\]]*\]\(([^)#:]+)(?:#[^)]*)?\)", text):
        assert ((ROOT / name).parent / target).exists(), target
    headings = {_anchor(heading) for heading in re.findall(r"^#+ (.+)$", text, re.MULTILINE)}
    assert set(re.findall(r"\]\(#([^)]+)\)", text)) <= headings


@pytest.mark.parametrize("name", PAGES)
def test_what_a_page_calls_a_file_of_ours_is_one(name: str) -> None:
    """Paths in code quotes, as people write them: from the root, from `src/interlock`, or from `bot`."""
    roots = (ROOT, ROOT / "src/interlock", ROOT / "src", ROOT / "bot", ROOT / "bot/views", ROOT / "config")
    for path in re.findall(r"`((?:[a-z_-]+/)+[a-z_.-]*|[a-z_]+\.py)`", page(name)):
        assert any((root / path).exists() for root in roots), path


def _anchor(heading: str) -> str:
    """As GitHub makes it."""
    return re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-")
