# make lab    open JupyterLab on the sine notebook
# make dev    the same, with the front end built anew at each change: reload the page
# make demo   run the notebooks headless and print the runs, their metrics and where they are
# make test   run every check, the front end's tests, and Python's but for those of make test-browser
# make test-browser  run what needs a whole JupyterLab or portal in a browser, and the example notebooks from top to bottom
# make test-versions  run the given cells and the goldens with the newest and the lowest versions of what cellrun needs
# make test-engines  run what needs a real engine: a machine elsewhere by ssh, Slurm, Ray (root, on Linux; at most 15 minutes)
# make soak MINUTES=10  put anything into whatever is read; then kill kernels, the server, supervisors and jobs at random moments,
#             on a full and a slow disk as well, and say what was lost (SEED=: the same choices again)
# make faults  do what may go wrong, row by row (docs/faults.md), those that take long too; some rows: make faults ROWS="D C2"
# make screenshots  run the browser tests and save screenshots in tests/screenshots
# make check  only the linters and the type checkers
# make clean  remove what these made

PYTHON ?= python3
# what a cluster of Ray has: the system's own, so that there it's mostly another version than here
RAY_PYTHON ?= $(firstword $(wildcard /usr/bin/python3) $(PYTHON))
BIN := .venv/bin
UV := $(BIN)/uv
# the versions that uv.lock names, in this folder's own environment
# Jupyter wants to be told that root is meant, and prints the URL where there is no browser to open; yours: LAB_OPTIONS="--port=9000"
LAB_OPTIONS ?=
LAB_DEFAULTS := $(if $(filter 0,$(shell id -u)),--allow-root) $(if $(or $(DISPLAY),$(WAYLAND_DISPLAY),$(filter Darwin,$(shell uname))),,--no-browser)
JLPM := cd labextension && PATH="$$PWD/../$(BIN):$$PATH" jlpm
# compiled once here: else the first processes of JupyterLab or of the tests, side by side, each compile what they import
SYNC := UV_PROJECT_ENVIRONMENT=.venv $(UV) sync --frozen --inexact --quiet --compile-bytecode
FRONT_END := $(shell find labextension/src -type f 2>/dev/null) $(wildcard labextension/*.json labextension/*.js labextension/*.mjs labextension/yarn.lock labextension/style/*)

# With the environment on PATH: `!python` and `!pip` in a notebook are its own. Its root is here: notebooks have links to docs.
LAB = env PATH="$(CURDIR)/$(BIN):$$PATH" jupyter lab --LabApp.default_url=/lab/tree/notebooks/sine.ipynb $(LAB_DEFAULTS) $(LAB_OPTIONS)

MINUTES ?= 10
SEED ?=

.PHONY: lab dev demo test test-browser test-versions test-engines faults soak screenshots vitest pytest check clean

lab: .venv/.lab
	$(LAB)

# Lab looks into .venv/dev first; the extension that is installed stays as it is. What watching builds is readable and large:
# without .venv/.lab the next target builds again what is installed
dev: .venv/.lab
	mkdir -p .venv/dev && ln -sfn $(CURDIR)/labextension/static .venv/dev/cellrun
	rm $<
	exec $(BIN)/python .ci/together.py '$(JLPM) watch' 'exec $(LAB) --LabApp.extra_labextensions_path=$(CURDIR)/.venv/dev'

demo: .venv/.lab
	$(BIN)/python notebooks/demo.py

# what is compiled is kept: else each of thousands of processes compiles all that it imports; linters, and the front end's tests,
# which mostly wait for a browser, run beside the others
test test-browser .venv/.collected: export PYTHONDONTWRITEBYTECODE :=
# the processes share the cores: the threads that NumPy starts in each of them would only spin, waiting for work
test test-browser: export OPENBLAS_NUM_THREADS := 1
test: .venv/.test
	$(MAKE) --no-print-directory --jobs=3 check vitest pytest

PYTEST := $(BIN)/python .ci/in_memory.py $(BIN)/pytest --numprocesses=auto --no-loadscope-reorder --durations=10 $(PYTEST_OPTIONS)
APART := tests/browser tests/notebooks

pytest: .venv/.collected
	$(PYTEST) $(APART:%=--ignore=%)

# at first one process compiles the tests, else each of them does; what can't be collected, it's theirs to say
.venv/.collected: .venv/.test
	$(BIN)/pytest --collect-only --quiet $(APART:%=--ignore=%) > $@ || true

vitest: .venv/.test
	@rm -f .venv/vitest.failed
	$(JLPM) test $(VITEST_OPTIONS) > ../.venv/vitest.txt 2>&1 || touch ../.venv/vitest.failed
	@sed -n '/(retry x/s/^ */RERUN /p' .venv/vitest.txt
	@if [ -e .venv/vitest.failed ]; then cat .venv/vitest.txt; exit 1; else tail -n 8 .venv/vitest.txt; fi

test-browser: .venv/.test
	$(PYTEST) $(APART)

# 3.10 to 3.13, newest and lowest: at most eight environments, kept in .venv/versions, two at a time; a few minutes (which
# tests: tests/versions.py)
test-versions: .venv/.test
	$(BIN)/python -m tests.versions

# Debian's sshd and Slurm, and Ray of a Python of its own, which the tests start themselves, in namespaces of their own; one engine
# after another, and of Rays, each of which is 20 processes, one at a time
ENGINES := $(BIN)/pytest -m engine --no-loadscope-reorder --durations=10
test-engines: .venv/.test .venv/.ray .venv/.torch
	.ci/need sshd slurm
	$(ENGINES) --numprocesses=auto $(PYTEST_OPTIONS) --ignore-glob='*slurm*' --ignore-glob='*ray*' tests/engines
	$(ENGINES) --numprocesses=auto $(PYTEST_OPTIONS) $(wildcard tests/engines/*slurm*.py)
	$(ENGINES) --numprocesses=0 $(PYTEST_OPTIONS) $(wildcard tests/engines/*ray*.py)

soak: .venv/.test
	FUZZ_TIMES=$(MINUTES) $(BIN)/pytest --timeout=3600 $(if $(SEED),--hypothesis-seed=$(SEED)) tests/fuzz tests/server/test_any_request.py
	$(BIN)/python -m tests.soak --minutes=$(MINUTES) $(if $(SEED),--seed=$(SEED)) $(SOAK_OPTIONS)

# as root it does what nobody else may: full disks, a memory limit, failing system calls
faults: .venv/.test
	$(BIN)/python -m tests.faults $(ROWS)

screenshots: export SCREENSHOTS := 1
screenshots: .venv/.test
	rm -rf tests/screenshots
	$(BIN)/pytest --numprocesses=2 --no-loadscope-reorder tests/browser; ended=$$?; $(JLPM) test && exit $$ended

check: .venv/.test
	$(BIN)/ruff check --quiet .
	$(BIN)/ruff format --check --quiet .
	$(BIN)/mypy
	$(JLPM) lint

clean:
	rm -rf .venv dist tests/screenshots tests/azurite/node_modules labextension/node_modules labextension/lib labextension/static \
		labextension/cellrun/server/locale labextension/cellrun/server/static widgets/cellrun/widgets/static

.venv/.made: .ci/need
	PYTHON=$(PYTHON) .ci/need python venv git
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --disable-pip-version-check uv
	touch $@

# the front end is built by the package's own build hook, as `pip install .` does it
.venv/.lab: .venv/.made pyproject.toml uv.lock $(FRONT_END)
	$(SYNC) --no-default-groups --group notebooks --reinstall-package cellrun
	touch $@

.venv/.test: .venv/.lab tests/azurite/yarn.lock
	PYTHON=$(PYTHON) .ci/need chromium
	$(SYNC) --all-groups --no-group cluster
	cd tests/azurite && PATH="$$PWD/../../$(BIN):$$PATH" jlpm install --immutable > ../../.venv/azurite.txt || { cat ../../.venv/azurite.txt; exit 1; }
	command -v chromium-headless-shell >/dev/null || command -v chromium >/dev/null || command -v google-chrome >/dev/null || \
		$(BIN)/playwright install --with-deps chromium
	touch $@

# PyTorch and MPI of a Python of their own, which train on the nodes of the tests' Slurm; 5 GB
.venv/.torch: .venv/.made
	$(BIN)/uv venv --quiet --clear --python $(RAY_PYTHON) .venv/torch
	$(BIN)/uv pip install --quiet --python .venv/torch/bin/python torch==2.15.0 numpy mpi4py
	touch $@

.venv/.ray: .venv/.made pyproject.toml uv.lock
	$(subst =.venv ,=.venv/ray ,$(SYNC)) --only-group cluster --no-install-project --python $(RAY_PYTHON)
	touch $@
