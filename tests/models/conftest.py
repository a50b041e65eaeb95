"""A fresh database for each example of a model."""

import os
import shutil
from collections.abc import Callable, Iterator
from itertools import count
from pathlib import Path
from uuid import uuid4

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis.stateful import RuleBasedStateMachine, run_state_machine_as_test
from sqlalchemy import create_engine, make_url, text
from sqlalchemy.event import listen

from interlock.store.engine import Store

THOROUGH = os.environ.get("HYPOTHESIS_PROFILE") == "thorough"
Run = Callable[[type[RuleBasedStateMachine], int, int], None]


class Databases:
    """Gives each machine a new store, and throws the one before away."""

    def __init__(self, make: Callable[[], str], drop: Callable[[str], None]) -> None:
        self._make = make
        self._drop = drop
        self._used: tuple[str, Store] | None = None

    def fresh(self) -> Store:
        self.close()
        url = self._make()
        store = Store(url)
        if url.startswith("sqlite"):
            # Nobody cuts the power here, and waiting for the disk is most of the time.
            listen(store.engine, "connect", lambda connection, _: connection.execute("PRAGMA synchronous=OFF"))
        self._used = url, store
        return store

    def close(self) -> None:
        if self._used is not None:
            url, store = self._used
            store.close()
            self._drop(url)
            self._used = None


@pytest.fixture
def on_sqlite(sqlite_template: Path, tmp_path: Path) -> Iterator[Databases]:
    numbers = count()

    def make() -> str:
        path = tmp_path / f"{next(numbers)}.db"
        shutil.copyfile(sqlite_template, path)
        return f"sqlite:///{path}"

    def drop(url: str) -> None:
        path = Path(url.removeprefix("sqlite:///"))
        for each in path.parent.glob(f"{path.name}*"):
            each.unlink()

    databases = Databases(make, drop)
    yield databases
    databases.close()


@pytest.fixture
def on_postgres(postgres_server: str, postgres_template: str) -> Iterator[Databases]:
    server = make_url(postgres_server).set(drivername="postgresql+psycopg")
    engine = create_engine(server, isolation_level="AUTOCOMMIT")

    def make() -> str:
        name = f"model_{uuid4().hex}"
        with engine.connect() as connection:
            connection.execute(text(f"CREATE DATABASE {name} TEMPLATE {postgres_template}"))
        return server.set(database=name).render_as_string(hide_password=False)

    def drop(url: str) -> None:
        with engine.connect() as connection:
            connection.execute(text(f"DROP DATABASE {make_url(url).database} WITH (FORCE)"))

    databases = Databases(make, drop)
    yield databases
    databases.close()
    engine.dispose()


@pytest.fixture(
    params=[
        pytest.param("on_sqlite", id="sqlite"),
        pytest.param("on_postgres", id="postgres", marks=pytest.mark.postgres),
    ]
)
def run(request: pytest.FixtureRequest) -> Run:
    """Runs a machine on one engine: `examples` of up to `steps` rules each, the same ones every time, and fewer on
    PostgreSQL; with HYPOTHESIS_PROFILE=thorough forty times as many, and new ones each time.
    """
    databases: Databases = request.getfixturevalue(request.param)

    def run(machine: type[RuleBasedStateMachine], examples: int, steps: int) -> None:
        machine.databases = databases
        fewer = 4 if request.param == "on_postgres" else 1
        run_state_machine_as_test(
            machine,
            settings=settings(
                max_examples=max(examples // fewer, 2) * (40 if THOROUGH else 1),
                stateful_step_count=steps,
                derandomize=not THOROUGH,
                deadline=None,
                database=None,
                print_blob=True,
                report_multiple_bugs=False,
                phases=[Phase.generate, Phase.shrink],  # explaining takes longer than finding
                suppress_health_check=list(HealthCheck),
            ),
        )

    return run
