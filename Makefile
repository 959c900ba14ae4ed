# The commands of the project. `make demo` and `make test` work on a fresh clone.
VENV := .venv
BIN := $(VENV)/bin
PYTHON ?= python3
# Real files of other people for the corpus tests; no part of the project, used where they are.
CORPUS := $(abspath $(wildcard ../shared/corpus))
ifneq ($(CORPUS),)
export ETL_CORPUS ?= $(CORPUS)
endif

.PHONY: help demo test test-unit lint services soak bench clean

help:  ## list the commands
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*## /\t/' | expand -t 14

$(VENV)/installed: pyproject.toml constraints.txt scripts/install
	@PYTHON=$(PYTHON) scripts/install $(VENV) .
	@touch $@

$(VENV)/installed-dev: $(VENV)/installed
	@PYTHON=$(PYTHON) scripts/install $(VENV) ".[dev]"
	@touch $@

demo: $(VENV)/installed  ## set up, then run the main job on sample files of three partners
	@$(BIN)/etl demo

test: lint services  ## set up, then all checks and tests, real sshd, PostgreSQL and Odoo included
	$(BIN)/pytest -n 2 --dist loadfile

test-unit: lint  ## the quick part: no server is started
	$(BIN)/pytest -m "not services and not soak"

lint: $(VENV)/installed-dev  ## style, types, import contracts
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

services: $(VENV)/installed-dev  ## build the real servers of the tests once, cached outside the checkout
	$(BIN)/python -m tests.services.odoo

soak: services  ## many nights, thousands of strange files, large inputs: hours, not minutes
	$(BIN)/pytest -m soak

bench: $(VENV)/installed-dev  ## every figure we claim, with the peer beside it
	$(BIN)/python -m benchmarks

clean:  ## remove what was built, keep what was received
	rm -rf $(VENV) build dist .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
