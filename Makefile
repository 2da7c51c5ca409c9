# The one list of what can be done here. `make` alone prints it.
#
# PYTHON=...  the interpreter for the environment; else the first new enough one found
# VENV=...    the environment's folder
# ON=...      the interpreter for make test-package, where the tests are to run on another
# BASE=...    the commit, branch or tag that make breaking compares with; else where this left main
# TAG=...     the tag that make release is to check the versions against
# SEED=...    what the chance of make contract follows from; EXAMPLES=... how many cases it makes
# CONTRACT_PACKAGE=...  the folder of another package, for make contract
# DEST=... NAME=... WITH=...  where make vendor puts the copy, its name, and what comes along
# ARGS=...    passed on: make test ARGS="-k demo", make generate ARGS="--help"

PYTHON ?=
VENV ?= .venv
ON ?=
ARGS ?=
BASE ?=
TAG ?=
SEED ?=
EXAMPLES ?=
DEST ?=
NAME ?=
WITH ?=

PY := $(VENV)/bin/python
REDOCLY := @redocly/cli@2.77.0
SPECTRAL := @stoplight/spectral-cli@6.16.3
PRISM := @stoplight/prism-cli@5.14.2
PYRIGHT := pyright@1.1.414
OWASP_RULES := @stoplight/spectral-owasp-ruleset@2.0.1

HAND_WRITTEN := scripts tests overrides/package
# The tests of the package itself; those of the generator and of tools are not among them.
PACKAGE_TESTS := tests/unit tests/network tests/mock $(wildcard tests/portal_v1/test_*.py)
# A test waits half of its time, so three keep two cores busy; a file's tests share what is slow to
# set up, so they stay together.
THREE_AT_ONCE := --numprocesses 3 --dist loadfile

.DEFAULT_GOAL := help
# Targets asked for together run in the order given, under -j too: each uses both cores.
.NOTPARALLEL:

.PHONY: help
help: ## Print this list
	@awk -F ':.*## ' '/^[a-z][a-z0-9-]*:.*## / { printf "  make %-16s  %s\n", $$1, $$2 }' Makefile

.PHONY: setup
setup: environment ## Make the environment in .venv (the other targets do so themselves)
	@echo "$(VENV) is ready."

.PHONY: demo
demo: environment ## Run every operation against the embedded mock, sync and async
	@"$(PY)" scripts/demo.py $(ARGS)

.PHONY: verify-live
verify-live: environment ## Compare a server (PORTAL_API_KEY) with the document, field by field
	@"$(PY)" scripts/verify_live.py $(ARGS)

.PHONY: test
test: environment ## Run all tests; takes about two minutes
	@echo "All tests take about two minutes on two cores."
	@"$(PY)" -m pytest $(THREE_AT_ONCE) $(ARGS)

# The package's tests run in an environment beside the usual one: with another Python where ON says
# one, with another library for HTTP. The mock's page is the same with all of them.
LIBRARY := httpx
PACKAGE_VENV = $(VENV)-$(LIBRARY)$(subst /,-,$(ON))

.PHONY: setup-package
setup-package:
	@sh scripts/_support/venv.sh "$(PACKAGE_VENV)" "$(or $(ON),$(PY))" \
		scripts/_support/package_tests.txt scripts/_support/$(LIBRARY).txt

.PHONY: test-package
test-package: environment setup-package ## Run the tests of the package alone, on another Python: ON=python3.13
	@"$(PY)" tests/sample_package.py
	@"$(PACKAGE_VENV)/bin/python" -m pytest -p no:cacheprovider $(THREE_AT_ONCE) $(PACKAGE_TESTS) \
		--ignore tests/mock/test_page.py $(ARGS)

.PHONY: test-httpx2
test-httpx2: LIBRARY := httpx2
test-httpx2: test-package ## The same with httpx2, httpx absent
	@! "$(PACKAGE_VENV)/bin/python" -c "import httpx" 2>/dev/null || { \
		echo "httpx came along into $(PACKAGE_VENV), so nothing was shown there." >&2; exit 1; \
	}
	@"$(PACKAGE_VENV)/bin/python" -m pytest -p no:cacheprovider -q -k httpx2 tests/portal_v1/callers/test_snippets.py

CASES = --examples "$(or $(EXAMPLES),200)" $(if $(SEED),--seed "$(SEED)")

.PHONY: contract
contract: environment ## Hold client and mock to the document: schemathesis through the client
	@"$(PY)" -m pytest tests/contract $(CASES) --junitxml reports/contract.xml $(ARGS)

.PHONY: contract-prism
contract-prism: environment ## Its cases with Prism, a mock that nobody here wrote (needs Node.js)
	@mkdir -p reports
	@port=$$("$(PY)" -c "import socket as s; print(s.create_server(('127.0.0.1', 0)).getsockname()[1])"); \
		prism=$$(npx --yes --package $(PRISM) -c 'command -v prism'); \
		"$$prism" mock --errors=false --port $$port generated/portal_v1/openapi.json >reports/prism.log 2>&1 & \
		trap "kill $$!" EXIT; "$(PY)" -m pytest tests/contract/test_cases.py::test_case $(CASES) --prism \
		--url http://127.0.0.1:$$port --junitxml reports/contract-prism.xml $(ARGS)

.PHONY: contract-mutants
contract-mutants: environment ## Plant defects in mock and client, show which test caught each
	@"$(PY)" scripts/contract_mutants.py $(ARGS)

.PHONY: coverage
coverage: environment ## Show the lines and branches of the package that its tests do not reach
	@rm -f .coverage .coverage.*
	@"$(PY)" -m coverage run -m pytest $(THREE_AT_ONCE) $(PACKAGE_TESTS) $(ARGS)
	@"$(PY)" -m coverage combine --quiet
	@failed=0; \
	"$(PY)" -m coverage report --omit '*/mock/*' || failed=1; \
	"$(PY)" -m coverage report --include '*/mock/*' || failed=1; \
	exit $$failed

.PHONY: mutants
mutants: environment ## Plant defects in the pipeline's decisions, show which no test notices
	@"$(PY)" scripts/mutants.py $(ARGS)

.PHONY: generate
generate: environment ## Make generated/ from openapi/ and overrides/, and say what changed
	@"$(PY)" scripts/generate.py $(ARGS)

.PHONY: check
check: lint drift ## All that is quick and that a change must pass: style, types, drift

.PHONY: drift
drift: environment ## Check that generated/ is what make generate would make
	@rm -rf build/drift
	@"$(PY)" scripts/generate.py --output build/drift >/dev/null
	@diff -rq -x __pycache__ generated/portal_v1 build/drift/portal_v1 || \
		{ echo "generated/ is not what would be generated now; run make generate." >&2; exit 1; }

.PHONY: breaking
breaking: environment ## Say what breaks since BASE for those who call the package
	@"$(PY)" scripts/breaking.py $(if $(BASE),"$(BASE)") $(ARGS)

.PHONY: bench
bench: environment ## Compare the client's speed with its peers' (needs Java; takes a quarter of an hour)
	@sh scripts/_support/venv.sh build/bench/lean "$(PY)" scripts/bench/lean.txt
	@test -x build/bench/.venv/bin/python || "$(PY)" -m venv build/bench/.venv
	@build/bench/.venv/bin/python -m pip install -qq --disable-pip-version-check \
		--requirement scripts/bench/requirements.txt
	@PYTHONPATH=scripts build/bench/.venv/bin/python -m bench.run $(ARGS)

.PHONY: release
release: environment ## Build wheel and SBOM into dist/, call all from the installed wheel
	@sh scripts/_support/venv.sh "$(VENV)-release" "$(PY)" scripts/_support/release.txt
	@PATH="$(VENV)-release/bin:$$PATH" "$(PY)" scripts/release.py $(if $(TAG),--tag "$(TAG)")

.PHONY: vendor
# Copying needs no package; telling what breaks needs the environment.
vendor: $(if $(findstring --check,$(ARGS)),environment) ## Copy the client into other code: DEST=folder [NAME=portal_v1] [WITH=mock]
	@python="$(PY)"; [ -x "$$python" ] || python="$(or $(PYTHON),python3)"; \
	"$$python" scripts/vendor.py "$(DEST)" $(if $(NAME),--name "$(NAME)") $(if $(WITH),--with $(WITH)) $(ARGS)

.PHONY: test-vendored
test-vendored: environment ## Call all from copies, where only httpx (or httpx2) and attrs are
	@"$(PY)" -m pytest --numprocesses auto --maxprocesses 4 tests/portal_v1/callers/vendored.py $(ARGS)

.PHONY: lint
lint: environment ## Check style (ruff), types (mypy, pyright) and workflows (zizmor)
	@"$(PY)" -m ruff check .
	@"$(PY)" -m ruff format --check .
	@"$(PY)" tests/sample_package.py
	@"$(PY)" -m mypy & "$(PY)" -m basedpyright --pythonpath "$(PY)"; status=$$?; \
		wait $$! && exit $$status
	@"$(VENV)/bin/zizmor" --offline --quiet --strict-collection .github .pre-commit-config.yaml

.PHONY: lint-pyright
lint-pyright: environment ## Check the package's types with the plain pyright (needs Node.js)
	@"$(PY)" tests/sample_package.py
	@npx --yes $(PYRIGHT) --pythonpath "$(PY)"

.PHONY: format
format: environment ## Put hand-written code into its format
	@"$(PY)" -m ruff check --fix $(HAND_WRITTEN)
	@"$(PY)" -m ruff format $(HAND_WRITTEN)

# Spectral looks for its rules where npx has put both. No install script runs: one reports home.
SPECTRAL_LINT = NODE_PATH="$$(dirname "$$(dirname "$$(command -v spectral)")")" spectral lint \
	--ruleset openapi/spectral.yaml --fail-severity warn --fail-on-unmatched-globs \
	openapi/portal-v1.yaml

.PHONY: lint-spec
lint-spec: ## Check openapi/portal-v1.yaml with Redocly and Spectral (needs Node.js)
	@command -v npx >/dev/null 2>&1 || { \
		echo "make lint-spec needs Node.js, and npx was not found. Every other target works without it." >&2; \
		exit 1; \
	}
	@REDOCLY_TELEMETRY=off REDOCLY_SUPPRESS_UPDATE_NOTICE=true npx --yes $(REDOCLY) \
		lint --config openapi/redocly.yaml openapi/portal-v1.yaml
	@SCARF_ANALYTICS=false npx --yes --ignore-scripts -p $(SPECTRAL) -p $(OWASP_RULES) \
		-c '$(SPECTRAL_LINT)'

.PHONY: browser
browser: ## Install Chromium, in which the mock's page is tested (by apt, as root)
	@command -v chromium >/dev/null 2>&1 || { \
		command -v apt-get >/dev/null 2>&1 || { \
			echo "There is no apt here. Install Chromium by hand, or name it in CHROMIUM." >&2; \
			exit 1; \
		}; \
		apt-get update && apt-get install --yes --no-install-recommends chromium; \
	}

.PHONY: docs
docs: environment ## Build the documentation into build/docs, and look at it in Chromium
	@sh scripts/_support/venv.sh "$(VENV)-docs" "$(PY)" docs/requirements.txt
	@REDOCLY="$(REDOCLY)" "$(VENV)-docs/bin/python" -m sphinx --quiet --fail-on-warning --keep-going -E -j auto -b html \
		-d build/docs-cache docs build/docs
	@DOCS_SITE=build/docs "$(PY)" -m pytest tests/docs/test_site.py $(ARGS)

.PHONY: test-examples
test-examples: environment ## Run the tests of the example apps in docs/examples
	@sh scripts/_support/venv.sh "$(VENV)-examples" "$(PY)" docs/examples/*/requirements.txt
	@"$(PY)" -m mypy --python-executable "$(VENV)-examples/bin/python" docs/examples/*/app.py
	@"$(VENV)-examples/bin/python" -m pytest docs/examples $(ARGS)

.PHONY: clean
clean: ## Remove what make made: environments, caches, builds, reports
	@rm -rf .venv .venv-* build dist reports .coverage .coverage.* \
		.hypothesis .mypy_cache .pytest_cache .ruff_cache
	@find $(HAND_WRITTEN) generated -type d -name __pycache__ -prune -exec rm -rf {} +

.PHONY: environment
environment:
	@sh scripts/_support/venv.sh "$(VENV)" "$(PYTHON)"
