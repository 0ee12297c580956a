# The two commands of the README are `make run` and `make test`; each prepares what it needs.

PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/bin
READY  := $(VENV)/.ready
STATE  := build/run

.PHONY: run test shuffle lint bench clean

run: $(READY)
	@mkdir -p $(STATE)
	$(BIN)/aosctl deploy --record $(STATE)/deployments.json --state-dir $(STATE)/state
	$(BIN)/aosctl smoke --record $(STATE)/deployments.json --state-dir $(STATE)/state --report $(STATE)/report.md

# The processes of the bundles are tried under both kinds of error: docs/profiles.md.
test: lint
	$(BIN)/pytest --profile aos --profile hyper

# Another order of `pairs` and of deliveries each time; a failure shows the seed that repeats it.
shuffle: $(READY)
	$(BIN)/pytest tests/processes --profile aos --profile hyper --shuffle random

lint: $(READY)
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy

bench: $(READY)
	$(BIN)/python -m tests.bench.bench

$(READY): pyproject.toml
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "aosctl needs Python 3.11 or newer; name one with: make PYTHON=python3.12")'
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[dev]'
	@touch $(READY)

clean:
	rm -rf $(VENV) build dist .pytest_cache .mypy_cache .ruff_cache .hypothesis
