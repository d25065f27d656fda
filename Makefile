# One verb, one target. `make demo` and `make test` do all set-up on a fresh machine.

PYTHON ?= python3
BIN    := .venv/bin
READY  := .venv/.ready
# More workers than cores, because tests wait for services; tests of one file, which share what they
# start, stay with one worker until another has nothing left to do.
PYTEST := $(BIN)/python -m pytest -n 4 --dist worksteal

.PHONY: venv demo test test-long bench golden lint format

venv: $(READY)

# The stamp is newer than what it was made from, or the environment is brought up to date.
$(READY): pyproject.toml constraints.txt
	@scripts/setup-venv "$(PYTHON)"
	@touch $@

demo: $(READY)
	@$(BIN)/python scripts/demo.py

lint: $(READY)
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy
	$(BIN)/lint-imports --no-logo

test: lint
	@scripts/setup-tools test
	@scripts/setup-npm
	$(PYTEST) -m "not long"

test-long: $(READY)
	@scripts/setup-tools long
	$(BIN)/python -m pytest -m long

bench: $(READY)
	@scripts/setup-tools bench
	@$(BIN)/python bench/run.py

golden: $(READY)
	$(PYTEST) -m "not long" --update-golden

format: $(READY)
	$(BIN)/ruff check --fix
	$(BIN)/ruff format
