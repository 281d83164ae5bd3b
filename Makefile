# Everything that is done with this folder. Needs Python 3.11 or newer and make; the rest is fetched into .venv.

VENV := .venv
RUN := $(VENV)/bin
# Set it to find this folder's own programs first, Node's too where set-up had to bring one.
export PATH := $(CURDIR)/$(VENV)/bin:$(PATH)
# What Python compiled is kept beside the source, or every process would compile it anew and take twice as long to start.
unexport PYTHONDONTWRITEBYTECODE
TESTS ?= tests
# One more than there are cores, as tests of workers wait a fifth of their time.
PROCESSES ?= 3

.DEFAULT_GOAL := help
.PHONY: help setup demo serve test check bench screens migrate clean

help: ## list these targets
	@awk -F ':.*## ' '/^[a-z]+:.*## / {printf "  make %-8s %s\n", $$1, $$2}' Makefile

setup: $(VENV)/.runtime static/vendor/manifest.json rules/zip_codes.bin ## fetch what running needs into .venv and static/vendor

demo: setup ## start everything with companies that trade leads, print the address and a sign-in
	@exec flowbuilder demo

serve: setup ## start everything without the demo's companies
	@exec flowbuilder serve

test: setup $(VENV)/.development ## run all tests, with real servers and a real browser
	@tools/need_browser
	@pytest $(TESTS) -n $(PROCESSES) --dist loadfile --no-loadscope-reorder

check: setup $(VENV)/.development ## format, lint, types, import contracts, templates, scripts
	ruff check .
	ruff format --check .
	mypy
	lint-imports
	djlint --lint --quiet templates
	@tools/check_scripts

bench: setup $(VENV)/.development ## measure leads per second, end to end
	@python -m bench

screens: setup $(VENV)/.development ## pictures of every page of the demo, light, dark and on a phone, into var/screens
	@tools/need_browser
	@python tools/screens.py

migrate: setup ## bring the tables up to date
	@flowbuilder migrate

clean: ## delete the data of the home (it asks), then all that set-up made
	@if [ -x $(RUN)/flowbuilder ]; then $(RUN)/flowbuilder clean; fi
	rm -rf $(VENV) node_modules static/vendor rules/zip_codes.bin .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache *.egg-info
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

$(VENV)/.runtime: requirements.lock pyproject.toml
	@tools/make_venv $(VENV)
	@$(RUN)/python tools/install.py requirements.lock
	@$(RUN)/python -m pip install --quiet --no-deps --no-build-isolation --editable .
	@$(RUN)/python -m compileall -q flowbuilder rules workers
	@touch $@

$(VENV)/.development: $(VENV)/.runtime requirements-dev.lock
	@$(RUN)/python tools/install.py requirements-dev.lock
	@touch $@

rules/zip_codes.bin: tools/zip_codes.py | $(VENV)/.runtime
	@$(RUN)/python tools/zip_codes.py

static/vendor/manifest.json: package-lock.json tools/browser_files.py | $(VENV)/.runtime
	@command -v npm >/dev/null || $(RUN)/python tools/install.py requirements-node.lock
	@npm ci --ignore-scripts --loglevel error
	@$(RUN)/python tools/browser_files.py
