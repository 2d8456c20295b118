# Every target sets up what it needs: .venv, with the versions that requirements.lock pins.
# ARGS adds arguments to a command: make study ARGS="seed=1", make test ARGS="-k folders".

PYTHON ?= python3
ARGS ?=
# The tests of a file share what is slow to make; tests/conftest.py orders the files.
PARALLEL := -n 2 --dist loadfile --no-loadscope-reorder
RUN := .venv/bin/python -m

.DEFAULT_GOAL := help
.PHONY: help setup study quick ui bench test test-pages test-all lint docs format package lock clean

help: ## list the targets
	@awk -F ': .*## ' '/^[a-z-]+:.*## / {printf "make %-9s %s\n", $$1, $$2}' Makefile

setup: .venv/.installed ## set up .venv, once

study: setup ## train the four runs of the study on the real images
	$(RUN) hhexp.run -m aug=none,full epochs=15,30 $(ARGS)

quick: setup ## try everything in about a minute: small images, few epochs
	$(RUN) hhexp.run -m aug=none,full epochs=2,4 data.image_size=100 tracking.label=quick $(ARGS)

ui: setup ## look at the runs in MLflow's UI
	$(RUN) hhexp.ui $(ARGS)

bench: setup ## compare the speed with a plain Keras program (takes some minutes)
	$(RUN) benchmarks $(ARGS)

test: setup ## run the tests, except those of the pages and on the real images
	$(RUN) pytest $(PARALLEL) -m "not real and not page" $(ARGS)

test-pages: setup ## run the blocks of code of all pages of the documentation
	$(RUN) pytest -n 2 -m page $(ARGS)

test-all: setup ## run all tests
	$(RUN) pytest $(PARALLEL) $(ARGS)

lint: setup ## check formatting, style and types
	$(RUN) ruff format --check
	$(RUN) ruff check
	$(RUN) mypy
	.venv/bin/lint-imports --no-cache --no-logo

docs: setup ## build the documentation as a site, in build/site
	NO_MKDOCS_2_WARNING=1 $(RUN) mkdocs build --strict --quiet $(ARGS)

format: setup ## format the code, and fix the style errors that ruff can fix
	$(RUN) ruff format
	$(RUN) ruff check --fix

# Installs all that the wheel needs anew, some minutes.
package: setup ## build dist/, and try the wheel in an empty environment
	rm -rf dist build/empty
	$(RUN) hatchling build
	$(RUN) twine check --strict dist/*
	$(PYTHON) -m venv build/empty
	build/empty/bin/pip install --disable-pip-version-check --quiet dist/*.whl
	cd build/empty && bin/hhexp run epochs=1 data.image_size=100 tracking.uri=sqlite:///mlflow.db $(ARGS)

lock: setup ## write requirements.lock from pyproject.toml (ARGS=--upgrade: the newest versions)
	.venv/bin/uv pip compile --quiet --universal --extra dev --no-annotate --no-emit-index-url \
	  --no-emit-find-links --custom-compile-command "make lock" $(ARGS) \
	  pyproject.toml --output-file requirements.lock

clean: ## delete .venv, caches and builds, but never the runs in mlruns
	rm -rf .venv .mypy_cache .pytest_cache .ruff_cache build dist
	find src tests scripts benchmarks -name __pycache__ -type d -prune -exec rm -rf {} +

# The extra `dev` is in the lock, so that building the package needs nothing more.
.venv/.installed: pyproject.toml requirements.lock
	@test -x .venv/bin/pip || { \
	  $(PYTHON) -c 'import sys; sys.exit(not (3, 11) <= sys.version_info < (3, 14))' || { \
	    echo "hhexp needs Python 3.11, 3.12 or 3.13, but $(PYTHON) is another version:" \
	      "choose one, for example: make PYTHON=python3.12 setup" >&2; exit 1; }; \
	  $(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || { \
	    echo "$(PYTHON) cannot create virtual environments: install its venv package" \
	      "(Debian, Ubuntu: sudo apt install python3-venv), then try again" >&2; exit 1; }; \
	  echo "Creating .venv with $$($(PYTHON) --version)"; \
	  $(PYTHON) -m venv .venv; }
	@echo "Installing the packages in requirements.lock, including TensorFlow: about 3 GB, some minutes"
	@.venv/bin/python scripts/install.py requirements.lock
	@$(RUN) pip install --disable-pip-version-check --quiet --no-build-isolation --no-deps --editable .
	@touch $@
