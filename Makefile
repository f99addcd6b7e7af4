# Two commands do everything: `make lab` and `make test`. Both do all set-up first.
SHELL := /bin/bash
TOPOLOGY ?= topologies/multi-service.yaml
POLICY ?= policies/flash-sale.yaml
CHECK ?=
BIN := .venv/bin
STEP := @scripts/step.sh
# Compiled modules are kept, whatever the caller's shell says: the controller starts a fifth faster.
unexport PYTHONDONTWRITEBYTECODE
# Tests that mind no company, the longest first: what they start is their own.
FAULTS := $(filter-out %/test_kill.py %/test_cuts.py,$(wildcard tests/faults/test_*.py))
TOGETHER := tests/faults/test_kill.py tests/ryu_mend $(FAULTS) $(addprefix tests/,bench/test_bench.py bench/test_memory.py \
  switch_tls dataplane openflow store packets architecture packaging telemetry northbound rpc access \
  cli client speaker ovsdb)
# Tests that only compute. The others measure, share the one lab, or mind that network devices come and go (Chromium does),
# one after the other; these take what time they leave.
COMPUTING := $(addprefix tests/,faults/test_cuts.py verify model compile topology diff oracle reconcile)
PYTEST := $(BIN)/python -m pytest
MANY := --numprocesses auto --dist load --maxschedchunk 4

.DEFAULT_GOAL := help
.PHONY: help setup lab lab-trust bench test soak format lint types contracts docs-check pytest fix docs lock clean
.NOTPARALLEL:

help: ## What can be made
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 14

setup: ## Install what lab and tests need (idempotent; PYTHON= chooses the interpreter)
	@scripts/setup.sh

lab: setup ## Start the multi-service site and show it working (CHECK=1: verify, then end; TOPOLOGY=, POLICY=)
	@$(BIN)/python mininet/lab.py --topology $(TOPOLOGY) --policy $(POLICY) $(if $(filter-out 0,$(CHECK)),--check)

lab-trust: setup ## Measure every promise of docs/trust.md in real packets (a few minutes)
	@$(BIN)/python mininet/lab.py --topology $(TOPOLOGY) --policy $(POLICY) --trust

bench: setup ## Measure everything (a quarter of an hour) and write docs/benchmarks.json and its page
	@$(BIN)/python -m bench all; failed=$$?; $(BIN)/python -W ignore::DeprecationWarning -m scripts.generate_docs --write; exit $$failed

test: setup format lint types contracts docs-check pytest ## Every check: format, lint, types, contracts, docs, tests

soak: setup ## The long versions of the tests of chance: kills, interleavings, mutations (hours)
	@$(PYTEST) --soak -s tests/faults tests/verify tests/reconcile tests/oracle tests/northbound/test_plan_is_apply.py

format:
	$(STEP) "format (to mend: make fix)" $(BIN)/ruff format --check --quiet .

lint:
	$(STEP) "lint" $(BIN)/ruff check --quiet .

types:
	$(STEP) "types" $(BIN)/mypy --no-error-summary

contracts:
	$(STEP) "import contracts" $(BIN)/lint-imports --no-logo

docs-check:
	$(STEP) "generated pages (to mend: make docs)" $(BIN)/python -W ignore::DeprecationWarning -m scripts.generate_docs --check

pytest:
	$(STEP) "tests that mind no company" $(PYTEST) $(MANY) $(TOGETHER)
	$(STEP) "tests that need the machine, and meanwhile those that compute" scripts/spare.sh \
	  $(PYTEST) $(addprefix --ignore=,$(TOGETHER) $(COMPUTING)) -- $(PYTEST) $(MANY) $(COMPUTING)

fix: setup ## Format and mend what the linter can
	@$(BIN)/ruff check --quiet --fix .; $(BIN)/ruff format --quiet .

docs: setup ## Write the generated pages
	@$(BIN)/python -W ignore::DeprecationWarning -m scripts.generate_docs --write

lock: ## Pin requirements.in anew (after setup)
	@scripts/lock.sh

clean: ## Remove everything that lab and tests made, also after a crash (.venv and .cache stay)
	@if [ -x $(BIN)/python ]; then $(BIN)/python -m labkit.ledger clean; else python3 -m labkit.ledger clean; fi
	@rm -rf build dist .pytest_cache .mypy_cache .ruff_cache .import_linter_cache .hypothesis
