# A machine with Python 3.11 or newer and make needs nothing else: `make demo` and `make test` make their own virtual
# environment. Written for GNU make 3.81 (macOS) and later, and for /bin/sh.
#
# PYTHON   the interpreter to make the environment with     make test PYTHON=python3.12
# PYTHONS  the interpreters for `make test-matrix`          make test-matrix PYTHONS="/opt/python3.13/bin/python3"
# VENV     where the environment goes                       make test VENV=/tmp/voxplan-venv
# MOST     only so many of them, the newest first            make test-matrix MOST=1
# ARGS     other arguments for pytest, without coverage      make test ARGS="tests/engine -k retry -x"

VENV ?= .venv
PYTHON ?=
PYTHONS ?= python3.14 python3.13 python3.12 python3.11 $(shell ls -d "$$(pyenv root 2>/dev/null)"/versions/3.1[1-9].*/bin/python3 2>/dev/null | sort -rV)
MOST ?=
ARGS ?=

python := $(VENV)/bin/python
candidates := $(if $(PYTHON),"$(PYTHON)",python3 python3.14 python3.13 python3.12 python3.11 python)
suitable := import sys, venv, ensurepip; sys.exit(sys.version_info < (3, 11))
# One process for each processor; the tests of a file stay together, because some share servers.
parallel := -n auto --dist loadfile
version := import sys; print("%d.%d" % sys.version_info[:2])
made_for = "$$(pwd -P):$(PYTHON):$(VENV)"
# Clients that are no packages of the environment: LiteLLM's, and where npm is, OpenAI's for JavaScript.
node_modules := tests/clients/node/node_modules
clients := $(VENV)/.installed-litellm $(if $(shell command -v npm 2>/dev/null),$(node_modules)/.package-lock.json)

# Somebody else's packages and settings would not be what was tested.
unexport PYTHONPATH PYTHONHOME
export PYRIGHT_PYTHON_IGNORE_WARNINGS := 1

.DEFAULT_GOAL := help
.PHONY: help demo test clients test-quick test-lowest test-matrix lint format bench thorough compare soak fuzz memory mutants clean always

help: ## what can be made
	@awk -F ' *## *' '/^[a-z-]+:.*##/ { sub(/:.*/, "", $$1); printf "make %-12s %s\n", $$1, $$2 }' Makefile

demo: $(VENV)/.installed-demo ## transcribe a real recording while two providers fail
	@"$(python)" -m voxplan.io_shell.demo

test: $(VENV)/.installed-dev $(clients) ## the whole test suite with branch coverage, the same cases each time
	VOXPLAN_HYPOTHESIS=ci "$(python)" -m pytest $(or $(ARGS),$(parallel) --cov --cov-report=term --durations=20)

clients: $(clients) ## what the tests in tests/clients need beside packages; they are skipped without

test-quick: $(VENV)/.installed-test ## the suite with few generated cases, without coverage and packaging
	VOXPLAN_HYPOTHESIS=quick "$(python)" -m pytest -q $(parallel) -m "not package and not slow" $(ARGS)

test-matrix: ## test-quick on each other Python version that is here, in an environment of its own
	@tried=0; seen=" $$("$(python)" -c '$(version)' 2>/dev/null) "; \
	for python in $(PYTHONS); do \
	  "$$python" -c '$(suitable)' 2>/dev/null || continue; \
	  version=$$("$$python" -c '$(version)'); \
	  case "$$seen" in *" $$version "*) continue ;; esac; \
	  seen="$$seen$$version "; \
	  echo "== Python $$version: $$python"; \
	  $(MAKE) --no-print-directory test-quick PYTHON="$$python" VENV=".venv-$$version" || exit 1; \
	  tried=$$((tried + 1)); \
	  test "$$tried" = "$(MOST)" && break; \
	done; true

test-lowest: ## test-quick with the oldest versions of the core dependencies that pyproject.toml allows
	@$(MAKE) --no-print-directory .venv-lowest/.installed-test VENV=.venv-lowest
	@.venv-lowest/bin/python -c "$$LOWEST" | xargs .venv-lowest/bin/python -m pip install --quiet
	@$(MAKE) --no-print-directory test-quick VENV=.venv-lowest

thorough: $(VENV)/.installed-dev ## the suite with very many generated cases, new ones each time (many minutes)
	VOXPLAN_HYPOTHESIS=thorough "$(python)" -m pytest $(ARGS)

compare: $(VENV)/.installed-dev ## engine against the naive reference in random worlds, for MINUTES (default 30)
	"$(python)" -m tests.laws.thorough --minutes $(or $(MINUTES),30)

soak: $(VENV)/.installed-dev ## a gateway under mixed load with faults on both sides, for MINUTES (default 30)
	"$(python)" -m tests.soak.load --minutes $(or $(MINUTES),30)

fuzz: $(VENV)/.installed-dev ## mutated forms against a gateway (COUNT=100000)
	"$(python)" -m tests.soak.bodies --count $(or $(COUNT),100000)

memory: $(VENV)/.installed-dev ## what 64 uploads of 24 MB at once need of a gateway's memory
	"$(python)" -m tests.soak.memory

mutants: $(VENV)/.installed-dev ## the share of small faults in planner and driver that the tests notice (MUTANTS=200)
	@"$(python)" -m pip install --quiet --group mutation
	"$(python)" -m tests.mutation.score --mutants $(or $(MUTANTS),200)

lint: $(VENV)/.installed-dev ## ruff, mypy, pyright, import-linter
	"$(python)" -m ruff check .
	"$(python)" -m ruff format --check .
	"$(python)" -m mypy
	"$(python)" -m pyright --pythonpath "$(python)"
	"$(VENV)/bin/lint-imports" --no-cache

format: $(VENV)/.installed-dev ## rewrite the sources the way `make lint` wants them
	"$(python)" -m ruff check --fix-only .
	"$(python)" -m ruff format .

bench: $(VENV)/.installed-dev ## the measurements in bench/
	@for script in bench/[a-z]*.py; do echo "== $$script"; "$(python)" "$$script" || exit 1; done

clean: ## remove what the other commands left behind
	rm -rf .venv .venv-* $(node_modules) build dist htmlcov .coverage .coverage.* .hypothesis .import_linter_cache .mypy_cache .pytest_cache .ruff_cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

# An environment is of no use when its interpreter has gone, when the folder has moved (an editable installation and scripts
# hold absolute paths), or when it was made with another PYTHON: then it is made anew. `.made-for` is written last, so an
# interrupted start counts as none. pip learnt of dependency groups in 25.1; Python 3.11 brings an older one.
fits := $(shell test -x "$(python)" && test "$$(cat "$(VENV)/.made-for" 2>/dev/null)" = $(made_for) && echo yes)

$(VENV)/.made-for: $(if $(fits),,always)
	@rm -rf "$(VENV)"
	@for python in $(candidates); do \
	  if "$$python" -c '$(suitable)' 2>/dev/null; then found="$$python"; break; fi; \
	done; \
	if [ -z "$$found" ]; then \
	  echo 'make: no Python >= 3.11 with venv and ensurepip among: $(candidates) (on Debian: apt install python3-venv); name one with PYTHON=' >&2; \
	  exit 1; \
	fi; \
	echo "making $(VENV) with $$found: the first time takes a minute or two" && \
	"$$found" -m venv "$(VENV)" && \
	"$(python)" -m pip install --quiet 'pip>=25.1'
	@printf '%s\n' $(made_for) > "$@"

$(VENV)/.installed-demo: pyproject.toml $(VENV)/.made-for
	@"$(python)" -m pip install --quiet --editable '.[cli,local]'
	@touch "$@"

$(VENV)/.installed-test: pyproject.toml $(VENV)/.made-for
	@"$(python)" -m pip install --quiet --editable '.[all]' --group test
	@touch "$(VENV)/.installed-demo" "$@"

$(VENV)/.installed-dev: pyproject.toml $(VENV)/.made-for
	@"$(python)" -m pip install --quiet --editable '.[all]' --group dev
	@touch "$(VENV)/.installed-demo" "$(VENV)/.installed-test" "$@"

$(VENV)/.installed-litellm: pyproject.toml $(VENV)/.made-for
	@test -x "$(VENV)/litellm/bin/python" || "$(python)" -m venv "$(VENV)/litellm"
	@"$(python)" -m pip --python "$(VENV)/litellm/bin/python" install --quiet --group litellm
	@touch "$@"

$(node_modules)/.package-lock.json: tests/clients/node/package-lock.json
	@(cd tests/clients/node && npm ci --ignore-scripts --no-audit --no-fund --loglevel=error) && touch "$@" || \
	  echo 'make: npm did not install the client for JavaScript: its tests are skipped' >&2

define LOWEST
import re, tomllib
for requirement in tomllib.load(open("pyproject.toml", "rb"))["project"]["dependencies"]:
    print(re.sub(r">=([^,]+).*", r"==\1", requirement))
endef
export LOWEST
