# Small verbs. `make help` lists them; ARGS passes options on: make demo ARGS=--no-serve

PYTHON ?= $(shell command -v python3.11 || command -v python3)
BIN := .venv/bin
SETUP := .venv/.installed
ARGS ?=
# One more than two cores: some tests wait for a server or a worker.
WORKERS ?= 3
# What no database engine can change is tried once, on SQLite.
WITHOUT_DATABASE := scheduler house/test_static.py house/test_docs.py pitches/test_assigning.py pitches/test_choosing.py \
	applications/test_uploads.py agendas/test_printing.py journeys/test_slow_uploads.py journeys/test_large_edition.py \
	api/test_description.py directory/search/test_zones.py

.DEFAULT_GOAL := help
.PHONY: help setup demo run test test-postgres test-browser lint format types bench bench-quick bench-forums bench-deadline bench-readings bench-matching bench-retrieval bench-wishes bench-large bench-directory bench-directory-import lock clean

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
	@$(BIN)/pytest -n $(WORKERS) -m "not browser" $(ARGS)

test-postgres: $(SETUP) ## the same suite on PostgreSQL and Redis (TEST_DATABASE_URL, TEST_REDIS_URL)
	@test -n "$(TEST_DATABASE_URL)" || { echo "Give TEST_DATABASE_URL, and TEST_REDIS_URL for Redis."; exit 2; }
	@$(BIN)/pytest -n $(WORKERS) -m "not browser" -k "not keeps_the_rules and not any_piece_of_a_path and not script_in_any_field" $(addprefix --ignore=tests/,$(WITHOUT_DATABASE)) $(ARGS)

test-browser: $(SETUP) ## the pages in a real Chromium (needs /usr/bin/chromium)
	@$(BIN)/pytest -n $(WORKERS) -m browser tests/browser $(ARGS)

lint: $(SETUP) ## style, import contracts and templates
	@$(BIN)/ruff check . && $(BIN)/ruff format --check . && $(BIN)/lint-imports && $(BIN)/djlint --lint templates

format: $(SETUP) ## rewrite the code in the house's style
	@$(BIN)/ruff check --fix . ; $(BIN)/ruff format . ; $(BIN)/djlint --reformat --quiet templates

types: $(SETUP) ## strict types
	@$(BIN)/mypy

bench: $(SETUP) ## the tables of docs/benchmarks.md (some hours; ARGS=morning: ten minutes)
	@$(BIN)/python -m benchmarks.run $(ARGS)

bench-forums: $(SETUP) ## the published problem beside its usual model (an hour and a half; ARGS=A: two minutes)
	@$(BIN)/python -m benchmarks.b2b $(ARGS)

bench-quick: $(SETUP) ## the same on two seeds, with less time each (about 3 minutes)
	@$(BIN)/python -m benchmarks.run --seeds 2 --limit 8 --plain-seeds 1 $(ARGS)

bench-deadline: $(SETUP) ## 300 structures that apply in the last minutes (ARGS="--postgres=…": there too; two minutes)
	@$(BIN)/python -m benchmarks.deadline $(ARGS)

bench-readings: $(SETUP) ## readings shared out among a jury, twenty seeds (some seconds)
	@$(BIN)/python -m benchmarks.readings $(ARGS)

bench-matching: $(SETUP) ## the match score on sixty judgements (ARGS="--large 1000 3000 --postgres=…": its cost; some seconds)
	@$(BIN)/python -m benchmarks.matching $(ARGS)

bench-retrieval: $(SETUP) ## the directory's search on 120 graded questions (ARGS="--postgres=…": there too; a minute)
	@$(BIN)/python -m benchmarks.retrieval $(ARGS)

bench-wishes: $(SETUP) ## 300 participants saying their wishes while a solve runs (ARGS="--postgres=…": there too; three minutes)
	@$(BIN)/python -m benchmarks.wishes $(ARGS)

bench-large: $(SETUP) ## an edition of 4,000 participants, from its workbook to everyone's mail (ARGS="--postgres=…": there too; ten minutes)
	@$(BIN)/python -m benchmarks.large $(ARGS)

bench-directory: $(SETUP) ## the search among 200,000 structures, twenty people at once (ARGS="--postgres=…": there too; ten minutes)
	@$(BIN)/python -m benchmarks.directory $(ARGS)

bench-directory-import: $(SETUP) ## 100,000 invented structures checked and imported, twice (ARGS="--postgres=…": there too; some minutes)
	@$(BIN)/python -m benchmarks.directory_import $(ARGS)

lock: $(SETUP) ## choose newer versions: rewrites requirements.lock
	@$(BIN)/pip install --quiet uv
	@$(BIN)/uv pip compile --quiet --upgrade --universal --python-version 3.11 --generate-hashes --no-header \
		--no-annotate --all-extras pyproject.toml --output-file requirements.lock

clean: ## remove what can be made again, the demonstration's data included
	@rm -rf .venv instance .mypy_cache .ruff_cache .pytest_cache .hypothesis
