# Everything a newcomer needs is `make demo` and `make test`; both set up what is missing.
# Needs: python3.11 with venv, make, and libgomp1 (for LightGBM). Chromium is optional (browser tests).

PYTHON ?= $(shell command -v python3.11 || command -v python3)
VENV   := .venv
BIN    := $(VENV)/bin
STAMP  := $(VENV)/.ready

.DEFAULT_GOAL := help
.PHONY: help setup demo test check format serve bench soak lock golden clean

help: ## this list
	@grep -hE '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/^([a-z]+):.*## /\1\t/' | expand -t 10

setup: $(STAMP) ## virtual environment, locked and hashed

$(STAMP): requirements.lock requirements-setup.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info[:2] != (3, 11))' || \
	  { echo "Cleanclaim needs Python 3.11: install it, or say make PYTHON=/path/to/python3.11"; exit 1; }
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@$(BIN)/python -m pip install -q --disable-pip-version-check --require-hashes -r requirements-setup.lock
	@$(BIN)/uv pip sync -q --python $(BIN)/python --require-hashes --compile-bytecode requirements.lock
	@$(BIN)/uv pip install -q --python $(BIN)/python --no-deps --no-build-isolation -e .
	@touch $@

demo: setup ## the whole path on a synthetic practice, ending with a summary (var/demo/summary.json)
	@$(BIN)/cleanclaim-train demo --home var/demo

serve: setup ## API and screens on the demo's books (run `make demo` once before)
	@CLEANCLAIM_HOME=var/demo/home $(BIN)/cleanclaim serve

test: setup ## every test
	@$(BIN)/python -m pytest -n 2 --dist loadfile

check: setup ## format, lint, strict types, architecture
	@$(BIN)/ruff format --check .
	@$(BIN)/ruff check .
	@$(BIN)/mypy
	@$(BIN)/python -m pytest -q tests/test_architecture.py

format: setup ## rewrite the files in the house style
	@$(BIN)/ruff format . && $(BIN)/ruff check --fix .

bench: setup ## speed beside the peers, as ratios
	@$(BIN)/python -m tests.benchmarks

soak: setup ## the long runs; seeds and logs are kept in docs/soak.md
	@CLEANCLAIM_SOAK=1 $(BIN)/python -m pytest -q -n 2 tests/properties tests/stories tests/billing_core/x12 tests/models/denial

lock: setup ## resolve the dependencies anew
	@$(BIN)/uv pip compile pyproject.toml --extra dev --universal --python-version 3.11 --upgrade \
	  --no-header --generate-hashes -q -o requirements.lock

clean: ## remove what the commands above made
	@rm -rf $(VENV) var build *.egg-info

golden: setup ## rewrite golden files, to be reviewed like code
	@$(BIN)/python -m tests.golden.regenerate
