# Every command a person needs; `make help` lists them. Set-up speaks on standard error alone, so that what a
# command prints on standard output can be piped.

PYTHON ?= python3
ARGS ?=
BIN := .venv/bin
# One worker more than the two cores that it is made for: much of the suite waits for a database or a browser.
WORKERS ?= 3
TEST := -m pytest -n $(WORKERS) --dist worksteal

.DEFAULT_GOAL := help
.PHONY: help demo test prove check format docs bench bench-gateway wheel-test pins clean setup-demo setup-test

help: ## List the commands
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-14s %s\n", $$1, $$2 }' Makefile

demo: setup-demo ## Run the demonstration; ARGS=--once ends after printing, ARGS="--once --json" prints JSON
	@exec $(BIN)/pilotage demo $(ARGS)

test: check ## Check the code, then run the tests; ARGS are handed to pytest
	@$(BIN)/python $(TEST) -m "not long" $(ARGS)

prove: setup-test ## Run the long tests: kills, simulations, the full browser matrix
	@$(BIN)/python $(TEST) -n 2 -m long $(ARGS)

check: setup-test ## Lint, check format, types, import contracts and generated pages
	@$(BIN)/ruff check --quiet .
	@$(BIN)/ruff format --check --quiet . || { echo "some files are not formatted; run: make format" >&2; exit 1; }
	@$(BIN)/basedpyright --warnings
	@$(BIN)/lint-imports --no-logo --no-cache
	@$(BIN)/python docs/generate.py --check

format: setup-test ## Format the code and mend what ruff can mend
	@$(BIN)/ruff check --fix-only --quiet .
	@$(BIN)/ruff format .

docs: setup-test ## Generate the reference pages
	@$(BIN)/python docs/generate.py

bench: setup-test ## Measure gates and the runner, beside peers where installed; ARGS are handed on
	@$(BIN)/python benchmarks/evaluation.py $(ARGS)

bench-gateway: setup-test ## Measure the gateway's hot path; ARGS are handed on
	@$(BIN)/python benchmarks/gateway.py $(ARGS)

wheel-test: ## Build the wheel and run the tests against it, with src/ out of the way
	@$(PYTHON) requirements/install.py wheel
	@rm -rf build/wheel-test && mkdir -p build/wheel-test
	@git ls-files -z --cached --others --exclude-standard -- . ':!src' | xargs -0 cp --parents -t build/wheel-test
	@cd build/wheel-test && ../../.venv-wheel/bin/python -c \
		"import pilotage, sys; sys.exit(0 if '.venv-wheel' in pilotage.__file__ else pilotage.__file__)"
	@cd build/wheel-test && ../../.venv-wheel/bin/python $(TEST) -m "not long" $(ARGS)

pins: ## Resolve the dependencies anew, to their latest versions, with hashes
	@$(PYTHON) requirements/install.py pins

clean: ## Remove everything that make made
	@rm -rf .venv .venv-wheel .uv build dist .hypothesis .pytest_cache .ruff_cache .import_linter_cache

setup-demo:
	@$(PYTHON) requirements/install.py demo

setup-test:
	@$(PYTHON) requirements/install.py test
