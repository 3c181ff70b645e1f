# HEZO 360 support bot. `make` alone lists what there is.
# Everything is set up in .venv when it is first needed, from the locked requirements; only Python and make are presumed.
# PYTHON=/path/to/python3 chooses the Python; PYTEST="-k words" passes options to pytest; DEMO="--help" to the demo;
# WORKERS=N how many processes test: one more than there are processors, as many tests wait.

PYTHON ?= python3.13 python3.12 python3.11 python3 python3.14 python
PYTEST ?=
WORKERS ?= $(shell expr $$(getconf _NPROCESSORS_ONLN 2>/dev/null || echo 2) + 1)
UNIT := $(addprefix tests/,rules architecture config cli logs)
DEMO ?=
BENCH ?=
UV ?= uv

BIN := .venv/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check --no-input install --quiet --require-hashes
COMPILE := $(UV) pip compile --quiet --universal --python-version 3.11 --generate-hashes \
	--no-emit-index-url --no-emit-find-links --no-header --no-annotate pyproject.toml

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.PHONY: help bench demo test unit lint format types servers lock clean
MAKEFLAGS += --no-print-directory

help: ## list the targets
	@echo "make ..."
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "  %-8s %s\n", $$1, $$2 }' $(firstword $(MAKEFILE_LIST))

demo: .venv/demo.stamp ## play both sides on this machine: a page with mailboxes and a Slack workspace, no account needed
	@$(BIN)/python -m bot demo $(DEMO)

test: servers lint types ## everything a change has to pass: lint, format, types, all tests
	$(BIN)/python -m pytest -n $(WORKERS) --dist worksteal $(PYTEST)

unit: .venv/dev.stamp ## the quick tests only: rules, configuration, commands; no server, no browser, no whole bot
	$(BIN)/python -m pytest -n auto $(UNIT) $(PYTEST)

bench: servers .venv/dev.stamp ## measure the whole program beside its floors (some minutes, 6 GB in TMPDIR)
	$(BIN)/python benchmarks/run.py $(BENCH)

lint: .venv/dev.stamp ## find mistakes of style and habit
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: .venv/dev.stamp ## check the types
	$(BIN)/mypy

format: .venv/dev.stamp ## put the code into its usual form
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

servers: ## install the mail servers and the browser that some tests drive (Debian and Ubuntu, as root)
	@sh tests/support/setup-debian.sh

lock: ## take up newer dependencies: write requirements/*.txt anew from pyproject.toml (needs uv)
	@command -v $(UV) >/dev/null || { echo "make lock needs uv: python3 -m pip install uv"; exit 1; }
	$(COMPILE) --upgrade --extra postgresql -o requirements/runtime.txt
	$(COMPILE) --upgrade --extra postgresql --extra demo -c requirements/runtime.txt -o requirements/demo.txt
	$(COMPILE) --upgrade --all-extras -c requirements/demo.txt -o requirements/dev.txt

clean: ## remove what was set up and cached; data in var/ and config.toml stay
	rm -rf .venv .mypy_cache .ruff_cache .pytest_cache .hypothesis build *.egg-info
	find bot handlers storage tests -name __pycache__ -type d -prune -exec rm -rf {} +

.venv/demo.stamp: requirements/demo.txt .venv/made.stamp
	@echo "Installing what the demo needs into .venv (once) ..."
	@$(PIP) -r requirements/demo.txt
	@touch $@

.venv/dev.stamp: requirements/dev.txt .venv/made.stamp
	@echo "Installing what the tests need into .venv (once) ..."
	@$(PIP) -r requirements/dev.txt
	@touch $@

# The project itself is not built and installed: a .pth file lets this Python find it, and `hezo360` is three lines.
# Debian splits Python: ensurepip, which venv needs, is in python3-venv. Where only pip is there, pip can do its part.
.venv/made.stamp:
	@set -eu; usable=""; found=""; \
	for python in $(PYTHON); do \
		version=$$("$$python" -c 'import sys; print("%d.%d" % sys.version_info[:2])' 2>/dev/null) || continue; \
		found="$$found $$python ($$version)"; \
		"$$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' || continue; \
		usable="$$python"; \
		"$$python" -c 'import ensurepip, venv' 2>/dev/null && break; \
	done; \
	if [ -z "$$usable" ]; then \
		echo "This needs Python 3.11 or newer; found:$${found:- none}."; \
		echo "Install one (Debian, Ubuntu: apt install python3 python3-venv) or name it: make PYTHON=/path/to/python3"; \
		exit 1; \
	elif "$$usable" -c 'import ensurepip, venv' 2>/dev/null; then \
		"$$usable" -m venv .venv; \
	elif "$$usable" -m venv --without-pip .venv 2>/dev/null \
			&& "$$usable" -m pip --python $(BIN)/python install --quiet pip 2>/dev/null; then \
		:; \
	else \
		echo "$$usable cannot make a virtual environment: its ensurepip module is missing."; \
		echo "Install it (Debian, Ubuntu: apt install python3-venv) or name another Python: make PYTHON=/path/to/python3"; \
		exit 1; \
	fi
	@$(BIN)/python -c 'import pathlib, sysconfig; \
		pathlib.Path(sysconfig.get_path("purelib"), "hezo360.pth").write_text(str(pathlib.Path.cwd()) + "\n")'
	@printf '#!/bin/sh\n# Made by make: runs the bot from the checkout.\nexec "%s/$(BIN)/python" -m bot "$$@"\n' "$$PWD" \
		>$(BIN)/hezo360
	@chmod +x $(BIN)/hezo360
	@touch $@
