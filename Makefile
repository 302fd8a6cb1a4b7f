# make demo    install, run on sample_data/, print where customers struggle and where the report lies
# make test    install what the tests need; lint, types, tests
# make bench   timings beside a reference
# make hostile all bad files, bombs among them, a long fuzz over the readers, and sixty nights of re-runs
#
# PY names the Python to use (make demo PY=python3.12); without it the first suitable one is taken.

SHELL := /bin/sh
VENV  := .venv
BIN   := $(VENV)/bin
PIP   := $(BIN)/python -m pip --disable-pip-version-check --quiet install -c constraints.txt
FITS  := import sys; sys.exit(not (3, 11) <= sys.version_info[:2] < (3, 14))

.PHONY: demo test bench hostile
.DEFAULT_GOAL := demo

demo: $(VENV)/installed
	@$(BIN)/friction demo

test: $(VENV)/installed-test
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/python -m pytest

bench: $(VENV)/installed-test
	$(BIN)/python -m pytest tests/benchmarks -n 0 -m benchmark -s

hostile: $(VENV)/installed-test
	FRICTION_FUZZ_ROUNDS=$${FRICTION_FUZZ_ROUNDS:-200} $(BIN)/python -m pytest tests/hostile tests/steps tests/warehouse/test_kept.py -m ''

# The stamps are as old as the last installation: nothing is installed again until one of these files changes.
$(VENV)/installed: pyproject.toml constraints.txt | $(BIN)/python
	@echo "Installing journey-friction into $(VENV) (about a minute) ..."
	@$(PIP) -e .
	@touch $@

# What the tests need holds all that the demo needs, hence both stamps.
$(VENV)/installed-test: pyproject.toml constraints.txt | $(BIN)/python
	@echo "Installing journey-friction, Airflow and the test tools into $(VENV) (about two minutes) ..."
	@$(PIP) -e '.[airflow,test]'
	@touch $(VENV)/installed $@

$(BIN)/python:
	@for py in $(or $(PY),python3 python3.13 python3.12 python3.11); do \
	  if "$$py" -c '$(FITS)' 2>/dev/null; then found=$$py; break; fi; \
	done; \
	if [ -z "$$found" ]; then \
	  echo "error: Python 3.11, 3.12 or 3.13 is needed; $(or $(PY),python3) is $$($(or $(PY),python3) --version 2>&1 | head -n 1)." >&2; \
	  echo "       Name another one: make $(MAKECMDGOALS) PY=/path/to/python3.12" >&2; exit 1; \
	fi; \
	echo "Creating $(VENV) with $$($$found --version) ($$found) ..."; \
	"$$found" -m venv --clear $(VENV) || { \
	  rm -rf $(VENV); \
	  echo "error: $$found cannot create a virtual environment. On Debian and Ubuntu: apt-get install python3-venv" >&2; exit 1; \
	}
