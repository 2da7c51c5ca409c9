# The one list of what can be done here. `make` alone prints it.
#
# PYTHON=...  the interpreter for the environment; else the first new enough one found
# VENV=...    the environment's folder
# ARGS=...    passed on: make test ARGS="-k demo", make generate ARGS="--help"

PYTHON ?=
VENV ?= .venv
ARGS ?=

PY := $(VENV)/bin/python
REDOCLY := @redocly/cli@2.77.0

HAND_WRITTEN := scripts tests overrides/package

.DEFAULT_GOAL := help
# Targets asked for together run in the order given, under -j too: each uses both cores.
.NOTPARALLEL:

.PHONY: help
help: ## Print this list
	@awk -F ':.*## ' '/^[a-z][a-z-]*:.*## / { printf "  make %-10s  %s\n", $$1, $$2 }' Makefile

.PHONY: setup
setup: environment ## Make the environment in .venv (the other targets do so themselves)
	@echo "$(VENV) is ready."

.PHONY: demo
demo: environment ## Run every operation against the embedded mock, sync and async
	@"$(PY)" scripts/demo.py $(ARGS)

.PHONY: test
test: environment ## Run all tests
	@"$(PY)" -m pytest $(ARGS)

.PHONY: generate
generate: environment ## Make generated/ from openapi/ and overrides/, and say what changed
	@"$(PY)" scripts/generate.py $(ARGS)

.PHONY: check
check: environment ## Check that generated/ is what make generate would make
	@"$(PY)" scripts/generate.py --check $(ARGS)

.PHONY: lint
lint: environment ## Check style (ruff) and types (mypy, pyright)
	@"$(PY)" -m ruff check .
	@"$(PY)" -m ruff format --check .
	@"$(PY)" -m mypy
	@"$(PY)" -m basedpyright --pythonpath "$(PY)"

.PHONY: format
format: environment ## Put hand-written code into its format
	@"$(PY)" -m ruff check --fix $(HAND_WRITTEN)
	@"$(PY)" -m ruff format $(HAND_WRITTEN)

.PHONY: lint-spec
lint-spec: ## Check the style of openapi/portal-v1.yaml (the one target that needs Node.js)
	@command -v npx >/dev/null 2>&1 || { \
		echo "make lint-spec needs Node.js, and npx was not found. Every other target works without it." >&2; \
		exit 1; \
	}
	@REDOCLY_TELEMETRY=off REDOCLY_SUPPRESS_UPDATE_NOTICE=true npx --yes $(REDOCLY) \
		lint --config openapi/redocly.yaml openapi/portal-v1.yaml

.PHONY: clean
clean: ## Remove what make made: environments, caches, builds, reports
	@rm -rf .venv .venv-* build dist reports .coverage .coverage.* \
		.hypothesis .mypy_cache .pytest_cache .ruff_cache
	@find $(HAND_WRITTEN) generated -type d -name __pycache__ -prune -exec rm -rf {} +

.PHONY: environment
environment:
	@sh scripts/_support/venv.sh "$(VENV)" "$(PYTHON)"
