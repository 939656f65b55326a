# Two commands do everything: `make demo` shows ctaudit on the sample evidence, `make test` runs the tests.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STORE := demo-store
SHELL := /bin/sh

.PHONY: demo test check samples lock clean

# The environment is made anew when the locked packages or the project's metadata change.
$(VENV)/ready: requirements.lock requirements-dev.lock pyproject.toml
	$(PYTHON) -c 'import sys; sys.version_info >= (3, 11) or sys.exit("ctaudit needs Python 3.11 or newer; try: make PYTHON=python3.12")'
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements-dev.lock
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	touch $@

# Exit codes 3 and 1 are expected here: one sample file is damaged, as the story tells, and every answer says so.
demo: $(VENV)/ready
	@rm -rf $(STORE)
	@for line in \
	  "ingest sample_logs" \
	  "validate sample_logs" \
	  "who-deleted example-payroll-archive" \
	  "what-did hotfix-4412 --writes" \
	  "status" "faults"; do \
	  printf '\n$$ ctaudit %s\n' "$$line"; \
	  CTAUDIT_STORE=$(STORE) $(BIN)/ctaudit $$line; code=$$?; \
	  test $$code -le 1 -o $$code -eq 3 || exit $$code; \
	done

test: $(VENV)/ready
	$(BIN)/python -m pytest -q -m "not slow" -n auto --dist loadfile

# Slow tests, linter, formatter and types: what CI runs after `make test`.
check: $(VENV)/ready
	$(BIN)/python -m pytest -q -m slow -n auto
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

# Writes sample_logs anew; a test proves that the bytes stay the same.
samples: $(VENV)/ready
	$(BIN)/python -m tests.trail

# Pins every dependency with hashes, for all platforms; needs uv.
lock:
	uv pip compile --quiet --universal --generate-hashes --no-header --no-annotate --python-version 3.11 pyproject.toml -o requirements.lock
	uv pip compile --quiet --universal --generate-hashes --no-header --no-annotate --python-version 3.11 pyproject.toml --group dev -o requirements-dev.lock

clean:
	rm -rf $(VENV) $(STORE)
