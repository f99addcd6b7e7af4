# Two commands do everything: `make lab` and `make test`. Both do all set-up first.
SHELL := /bin/bash
TOPOLOGY ?= topologies/multi-service.yaml
POLICY ?= policies/flash-sale.yaml
CHECK ?=
BIN := .venv/bin
LAB := $(BIN)/python mininet/lab.py

.PHONY: help setup lab test format lint types contracts docs-check pytest clean lock docs

help: ## What can be made
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 14

setup: ## Install what lab and tests need (idempotent)
	@scripts/setup.sh

lab: setup ## Start the multi-service site and show it working (CHECK=1: verify, then end; TOPOLOGY=, POLICY=)
	@$(LAB) --topology $(TOPOLOGY) --policy $(POLICY) $(if $(filter-out 0,$(CHECK)),--check)

test: setup format lint types contracts docs-check pytest ## Every check: format, lint, types, contracts, docs, tests

format:
	@echo "test: format"; $(BIN)/ruff format --check --quiet . || { echo "run: make fix"; exit 1; }

lint:
	@echo "test: lint"; $(BIN)/ruff check --quiet .

types:
	@echo "test: types"; $(BIN)/mypy --no-error-summary

contracts:
	@echo "test: import contracts"; $(BIN)/lint-imports --no-logo 2>&1 | tail -n 25; exit $${PIPESTATUS[0]}

docs-check:
	@echo "test: generated pages"; $(BIN)/python scripts/generate_docs.py --check

pytest:
	@echo "test: tests"; $(BIN)/python -m pytest

fix: setup ## Format and mend what the linter can
	@$(BIN)/ruff check --quiet --fix .; $(BIN)/ruff format --quiet .

docs: setup ## Write the generated pages
	@$(BIN)/python scripts/generate_docs.py --write

lock: ## Pin requirements.in anew (needs uv)
	@scripts/lock.sh

clean: ## Remove everything that lab and tests made, also after a crash
	@if [ -x $(BIN)/python ]; then $(BIN)/python -m labkit.ledger clean; else python3 -m labkit.ledger clean; fi
	@rm -rf build dist .pytest_cache .mypy_cache .ruff_cache .hypothesis
