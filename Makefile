# Small verbs. `make help` lists them; ARGS passes options on: make demo ARGS=--no-serve

PYTHON ?= $(shell command -v python3.11 || command -v python3)
BIN := .venv/bin
SETUP := .venv/.installed
ARGS ?=

.DEFAULT_GOAL := help
.PHONY: help setup demo run test test-postgres test-browser lint format types bench bench-quick lock clean

help: ## list the verbs
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "  %-14s %s\n", $$1, $$2}'

$(SETUP): requirements.lock pyproject.toml
	@test -d .venv || $(PYTHON) -m venv .venv
	@echo "Installing the pinned dependencies (about a minute the first time) …"
	@$(BIN)/pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock
	@$(BIN)/pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	@touch $(SETUP)

setup: $(SETUP) ## create .venv with the pinned dependencies

demo: $(SETUP) ## plan the morning of 16 November 2017 and open its pages
	@$(BIN)/openmap demo $(ARGS)

run: $(SETUP) ## open the pages of the present database, with a worker
	@$(BIN)/openmap init
	@$(BIN)/openmap serve $(ARGS)

test: $(SETUP) ## the whole suite on SQLite, lint, types and contracts included
	@$(BIN)/pytest -n 2 -m "not browser" $(ARGS)

test-postgres: $(SETUP) ## the same suite on PostgreSQL and Redis (TEST_DATABASE_URL, TEST_REDIS_URL)
	@test -n "$(TEST_DATABASE_URL)" || { echo "Give TEST_DATABASE_URL, and TEST_REDIS_URL for Redis."; exit 2; }
	@$(BIN)/pytest -n 2 -m "not browser" --ignore=tests/scheduler --ignore=tests/house/test_static.py $(ARGS)

test-browser: $(SETUP) ## the pages in a real Chromium (needs /usr/bin/chromium)
	@$(BIN)/pytest -m browser tests/browser $(ARGS)

lint: $(SETUP) ## style, import contracts and templates
	@$(BIN)/ruff check . && $(BIN)/ruff format --check . && $(BIN)/lint-imports && $(BIN)/djlint --check --lint templates

format: $(SETUP) ## rewrite the code in the house's style
	@$(BIN)/ruff check --fix . ; $(BIN)/ruff format . ; $(BIN)/djlint --reformat --quiet templates

types: $(SETUP) ## strict types
	@$(BIN)/mypy

bench: $(SETUP) ## the tables of docs/benchmarks.md (about two hours; ARGS=morning: ten minutes)
	@$(BIN)/python -m benchmarks.run $(ARGS)

bench-quick: $(SETUP) ## the same on two seeds, with less time each (about 5 minutes)
	@$(BIN)/python -m benchmarks.run --seeds 2 --limit 12 --plain-seeds 1 $(ARGS)

lock: $(SETUP) ## choose newer versions: rewrites requirements.lock
	@$(BIN)/pip install --quiet uv
	@$(BIN)/uv pip compile --quiet --upgrade --universal --python-version 3.11 --generate-hashes --no-header \
		--no-annotate --all-extras pyproject.toml --output-file requirements.lock

clean: ## remove what can be made again, the demonstration's data included
	@rm -rf .venv instance .mypy_cache .ruff_cache .pytest_cache .hypothesis
