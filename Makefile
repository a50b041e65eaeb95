# Everything Interlock needs lives in this checkout: .venv (the programs) and .cache (their downloads).
PYTHON ?= python3
PORT ?= 8765
WORKERS ?= auto
SBOM ?= sbom.json
AUDIT ?=
SEEDS ?= 20

BIN := .venv/bin
export PIP_CACHE_DIR := $(CURDIR)/.cache/pip
export PIP_DISABLE_PIP_VERSION_CHECK := 1

.PHONY: install demo test chaos check format bench audit sbom lock clean help thorough

help:
	@echo "make install            the interlock command, in .venv"
	@echo "make demo [PORT=8765]   the bot in a practice Slack and Jira, in your browser"
	@echo "make test               every check and every test"
	@echo "make chaos [SEEDS=20]   kills, faults and outages, and a check of what became of every decision"
	@echo "make thorough           the state machines of tests/models, forty times as many examples"
	@echo "make check              the static half: format, lint, types, import rules"
	@echo "make format             rewrite the code in the house format"
	@echo "make bench              performance, as ratios within one run"
	@echo "make audit              known weaknesses of what the lock pins"
	@echo "make sbom               what it is made of, as sbom.json (CycloneDX)"
	@echo "make lock               write the lock files anew from pyproject.toml"
	@echo "make clean              remove what these made"

# A stamp per lock file: a second run starts at once, a changed lock installs anew.
.venv/run.stamp: requirements.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit("Interlock needs Python 3.11 or newer; this is " + sys.version.split()[0] + ". Try: make PYTHON=python3.12 ...") if sys.version_info < (3, 11) else None'
	@test -x $(BIN)/python || $(PYTHON) -m venv .venv
	@echo "Installing Interlock into .venv (once, about a minute) ..."
	@$(BIN)/python -m pip install --quiet --require-hashes -r requirements.lock
	@$(BIN)/python -m pip install --quiet --no-deps --no-build-isolation --editable .
	@touch $@

.venv/dev.stamp: requirements-dev.lock .venv/run.stamp
	@echo "Installing the test tools into .venv (once) ..."
	@$(BIN)/python -m pip install --quiet --require-hashes -r requirements-dev.lock
	@touch $@

install: .venv/run.stamp

demo: .venv/run.stamp
	@exec $(BIN)/interlock demo --port $(PORT)

test: check
	$(BIN)/python -m pytest -n $(WORKERS) --dist worksteal

chaos: .venv/dev.stamp
	$(BIN)/python -m tests.chaos --seeds $(SEEDS)

thorough: .venv/dev.stamp
	HYPOTHESIS_PROFILE=thorough $(BIN)/python -m pytest tests/models --timeout 7200 -q

check: .venv/dev.stamp
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports

format: .venv/dev.stamp
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

bench: .venv/dev.stamp
	$(BIN)/python -m bench

# AUDIT='--vulnerability-service osv --osv-url …' asks a service of your own. It ends with 3 where none could be asked.
audit: .venv/dev.stamp
	$(BIN)/python .ci/audit.py $(AUDIT)

# The same lock gives the same file. Its warning, that a lock knows no dependency graph, is known.
sbom: .venv/dev.stamp
	PYTHONWARNINGS=ignore $(BIN)/cyclonedx-py requirements requirements.lock --pyproject pyproject.toml --spec-version 1.6 --output-reproducible --output-file $(SBOM)

lock: .venv/dev.stamp
	$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header --no-annotate --extra install pyproject.toml -o requirements.lock
	$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header --no-annotate --extra install --extra dev pyproject.toml -o requirements-dev.lock

clean:
	rm -rf .venv .cache .demo .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
