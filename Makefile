# All commands of the project. Each one sets up first what it needs.

SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help

VENV := . .venv/bin/activate &&
# The fault campaign: each scenario is named after what fails.
FAULT_SCENARIOS := faults kill cable disk clock power autolock recover
# Scenarios that are too long for the gate; "make test-all" runs them as well.
LONG_SCENARIOS := $(FAULT_SCENARIOS) elasticsearch_masters firewall galera_recover lab overlay preflight whole_site zookeeper_models
SCENARIO ?= $(filter-out default $(LONG_SCENARIOS),$(notdir $(patsubst %/,%,$(dir $(sort $(wildcard molecule/*/molecule.yml))))))
SHELL_SCRIPTS = $$(git grep -lE '^\#!.*\b(ba)?sh\b' -- .)

# Ansible refuses to work in a locale that is not UTF-8.
export LC_ALL := C.UTF-8
# The scenarios of this project lie in molecule/, not in extensions/.
export MOLECULE_GLOB := molecule/*/molecule.yml

.PHONY: help
help: ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "make %-9s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

.PHONY: site
site: setup ## lab up, then one swarm with overlay and application on it
	lab/lab up
	$(VENV) ansible-playbook site.yml -i inventories/lab

.PHONY: setup
setup: ## make .venv with the pinned tools
	@python3 scripts/setup_venv.py

# What needs no lab runs beside the scenarios, which leave much of the machine to it.
CHECKS := --beside lint --beside sanity --beside unit

.PHONY: test
test: export PYTEST_ADDOPTS := -m 'not long'
test: setup ## the gate: lint, sanity, unit, and the scenarios on the lab without their long tests
	@scripts/run_parts.py $(CHECKS) up $(SCENARIO:%=scenario-%)

.PHONY: test-all
test-all: setup ## everything; run again, it goes on with the parts that have not passed on this commit
	@scripts/run_parts.py --resume $(CHECKS) up $(SCENARIO:%=scenario-%) $(LONG_SCENARIOS:%=scenario-%)

.PHONY: faults
faults: setup ## the fault campaign; goes on like test-all, and once all has passed writes its table
	@scripts/run_parts.py --resume $(FAULT_SCENARIOS:%=scenario-%)
	@scripts/fault_figures.py

.PHONY: lint
lint: setup ## YAML, Ansible, Python, shell, documentation, change fragments, role arguments
	$(VENV) yamllint --strict .
	$(VENV) ansible-lint
	$(VENV) ruff check .
	shellcheck --severity warning $(SHELL_SCRIPTS)
	$(VENV) antsibull-docs lint-collection-docs --plugin-docs --validate-collection-refs self .
	$(VENV) antsibull-changelog lint
	$(VENV) scripts/check_role_arguments.py

.PHONY: sanity
sanity: setup ## build and install the collection, ansible-test sanity on the result
	$(VENV) scripts/run_sanity.py

.PHONY: unit
unit: setup ## unit tests; need no lab
	$(VENV) pytest

.PHONY: up
up:
	lab/lab up

.PHONY: molecule
molecule: setup up ## scenarios on the lab, or one: SCENARIO=name
	@scripts/run_parts.py $(SCENARIO:%=scenario-%)

scenario-%: setup
	$(VENV) molecule test --no-command-borders --scenario-name $*

.PHONY: bench
bench: setup ## ours beside the docker CLI and community.docker, or a part: PARTS="forming settled engines clusters site" ROUNDS=1
	$(VENV) benchmarks/run $(if $(PARTS),--parts $(PARTS)) $(if $(ROUNDS),--rounds $(ROUNDS))

.PHONY: pins
pins: ## newest versions into requirements-dev.txt; needs python3.11, the oldest supported
	scripts/pin_requirements.sh

.PHONY: clean
clean: ## remove what make and the tests left; the lab has a command of its own
	rm -rf .venv .cache .ansible .ruff_cache quorate-swarm-*.tar.gz
	find . -name __pycache__ -prune -exec rm -rf {} +
