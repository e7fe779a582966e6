# Every command sets up what it needs first; the second time that takes no time. `make` alone lists them.

PY := .venv/bin/python

.DEFAULT_GOAL := help
.PHONY: help run test prove record test-containers test-hosts test-kernel test-plain test-browser check bench screenshots schema keys setup clean

help: ## list these commands
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-16s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

run: ## set up what is missing (as root: the engine too), then start Swarmtutor; YES=1 asks nothing
	@.ci/setup.sh run
	@.venv/bin/swarmtutor run

test: ## all tests that this machine can run; ARGS="-k drain" picks some
	@.ci/setup.sh dev
	@$(PY) -m pytest -n 3 --dist loadfile tests/swarm tests/app tests/unit $(ARGS)

prove: ## prove every lab: right is green, wrong is red and named; LABS=orchestration picks one (some minutes)
	@.ci/setup.sh dev
	@.ci/prove $(LABS)

record: ## record each lab anew on real nodes, for the tests that judge it again without any
	@.ci/setup.sh dev
	@for lab in content/*/; do .venv/bin/swarmtutor walk "$$(basename $$lab)" --prove --no-jumps --no-routes \
	  --record "tests/unit/data/recorded/$$(basename $$lab).json.gz" || exit 1; done

test-containers: ## the whole lab on nodes that are containers, in an engine made for it (some minutes)
	@.ci/setup.sh dev
	@$(PY) -m pytest -m slow tests/swarm/test_containers_lab.py $(ARGS)

test-hosts: ## the whole lab on machines of somebody's own: nodes behind real OpenSSH servers (some minutes)
	@.ci/setup.sh dev
	@$(PY) -m pytest -m slow tests/swarm/test_hosts_lab.py $(ARGS)

test-kernel: ## nodes on another Linux, started for it: real IPVS, control groups of all kinds, no IPv6 (an hour; wants a quiet machine)
	@.ci/setup.sh kernel
	@$(PY) -m pytest -s -m slow tests/kernel $(ARGS)

check: ## lint, format, types, import contracts
	@.ci/setup.sh venv
	.venv/bin/ruff check
	.venv/bin/ruff format --check
	PYRIGHT_PYTHON_IGNORE_WARNINGS=1 .venv/bin/pyright
	.venv/bin/lint-imports

test-plain: ## the whole lab by lines of text through a pipe, on real nodes (two minutes)
	@.ci/setup.sh dev
	@$(PY) -m pytest -m slow tests/swarm/test_plain_lab.py $(ARGS)

test-browser: ## the lab and its pets page in Chromium, on real nodes; PICTURES=folder keeps what is seen (two minutes)
	@.ci/setup.sh browser
	@SWARMTUTOR_PICTURES="$(PICTURES)" $(PY) -m pytest -m slow tests/browser $(ARGS)

bench: ## measure what the README promises
	@.ci/setup.sh dev
	@$(PY) -m tests.bench $(ARGS)

screenshots: ## take the pictures again, from the running program on real nodes (some minutes)
	@.ci/setup.sh screenshots
	@$(PY) -m tests.screenshots

schema: ## write the JSON schemas of a lab's YAML, for editors
	@.ci/setup.sh venv
	@$(PY) -m tui.labs.schemas tui/labs/schema

keys: ## write the list of all keys
	@.ci/setup.sh venv
	@$(PY) -m tui.app.keys_command content/keys.md

setup: ## only set up, for working on it
	@.ci/setup.sh dev

clean: ## remove what was built here; a playground stays (`swarmtutor down` removes it)
	rm -rf .venv build dist .pytest_cache .ruff_cache .hypothesis .import_linter_cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
