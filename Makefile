# Everything begins here. Needs git, make and Python 3.11 to 3.13; nothing else.
.DEFAULT_GOAL := help
.PHONY: help setup demo run test check fix bench pictures docs lock release clean

PYTHON ?= python3
BIN := .venv/bin
UV := $(shell command -v uv 2>/dev/null)
ifeq ($(UV),)
INSTALL := $(BIN)/python -m pip install --quiet --disable-pip-version-check --only-binary :all: --require-hashes
else
INSTALL := $(UV) pip install --quiet --python $(BIN)/python --only-binary :all: --require-hashes
endif
STAMP := .venv/.stamp
DATABASE ?= sqlite
WORKERS ?= auto

help: ## Show this list
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "  %-10s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

setup: $(STAMP) .venv/.stamp-dev ## Make the virtual environment from the lock files

# The demo needs what the product needs; the tools of development come with `make setup`.
$(STAMP): requirements.lock pyproject.toml
	@test -x $(BIN)/python || $(PYTHON) -c 'import sys; sys.exit(not (3, 11) <= sys.version_info < (3, 14))' \
		|| { echo "Ostiary needs Python 3.11, 3.12 or 3.13; name one: make setup PYTHON=python3.12"; exit 1; }
	@test -x $(BIN)/python || $(PYTHON) -m venv .venv
	$(INSTALL) -r requirements.lock
	@# This checkout is the package: no build, nothing fetched that the lock does not name.
	@echo "$(CURDIR)" > "$$($(BIN)/python -c 'import sysconfig; print(sysconfig.get_path("purelib"))')/ostiary.pth"
	@printf '#!%s\nfrom idp.cli import main\n\nif __name__ == "__main__":\n    main()\n' "$(CURDIR)/$(BIN)/python" > $(BIN)/idp
	@chmod 755 $(BIN)/idp
	@touch $@

.venv/.stamp-dev: $(STAMP) requirements-dev.lock
	$(INSTALL) -r requirements-dev.lock
	@touch $@

demo: $(STAMP) ## Try it: an organization, six people, two applications
	@$(BIN)/idp demo $(ARGS)

run: $(STAMP) ## Serve the installation of this folder (config.yaml; made when missing)
	@$(BIN)/idp init && $(BIN)/idp serve

test: setup ## Run all tests (DATABASE=postgresql or both; WORKERS=1 in one process; ARGS=… goes to pytest)
	$(BIN)/python -m pytest --database $(DATABASE) -n $(WORKERS) $(ARGS)

check: setup ## Formatting, lint, types, floors, documents that are generated
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/python -m pytest -q -p no:cacheprovider tests/architecture/test_generated.py

fix: setup ## Mend formatting and what lint can mend
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

bench: setup ## Measure the main roads on this machine
	$(BIN)/python -m bench
	$(BIN)/python -m bench.saml
	$(BIN)/python -m bench.providers
	$(BIN)/python -m bench.clients
	$(BIN)/python -m bench.console
	$(BIN)/python -m bench.export

pictures: setup ## Take pictures of every page in both themes (needs Chromium)
	$(BIN)/python -m tests.support.pictures

docs: setup ## Write config.example.yaml, docs/reference and docs/threats.md anew
	$(BIN)/python -m tests.support.generate

lock: ## Compile the lock files anew from pyproject.toml (needs uv)
	uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header \
		pyproject.toml -o requirements.lock
	uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header \
		--constraints requirements.lock --group dev -o requirements-dev.lock

release: setup ## Build wheel and source archive into dist/
	rm -rf dist
	$(BIN)/python -m build --no-isolation

clean: ## Remove the virtual environment, caches and the demo
	rm -rf .venv dist demo .mypy_cache .ruff_cache .pytest_cache .import_linter_cache
