# Needs python3 (3.11, 3.12 or 3.13) and make, on Linux and macOS.
# Another Python: make lab PYTHON=python3.12. More tests at once: make test JOBS=4.

PYTHON ?= python3
VENV := .venv
RUN := $(VENV)/bin/python
JOBS ?= 2
READY := $(VENV)/.ready
UNFINISHED := $(VENV)/.unfinished
PIP := $(RUN) -m pip --disable-pip-version-check --no-input --quiet --quiet
TORCH := $(shell grep '^torch==' requirements.txt)
TORCH_CPU_INDEX := https://download.pytorch.org/whl/cpu

# Runs a command and says each 20 seconds that it still does.
ALIVE = $(1) & pid=$$!; seconds=0; while kill -0 $$pid 2>/dev/null; do \
    sleep 1; seconds=$$((seconds + 1)); \
    if [ $$((seconds % 20)) = 0 ]; then echo "  still at work ($$seconds s)"; fi; \
    done; wait $$pid

export OMP_NUM_THREADS ?= 1

.DEFAULT_GOAL := help
.PHONY: help venv lab test test-browser notebooks bench lint lock clean

help:  ## this list
	@grep -E '^[a-z-]+:.*##' Makefile | sed -E 's/^([a-z-]+):.*## (.*)/  make \1\t\2/' | expand -t 22

venv: $(READY)  ## make .venv with the exact set of requirements.txt

# An installation that was cut off leaves .unfinished behind and starts afresh.
$(READY): requirements.txt pyproject.toml
	@$(PYTHON) -c 'import sys; v = sys.version_info[:2]; (3, 11) <= v <= (3, 13) or sys.exit("The course needs Python 3.11, 3.12 or 3.13, but $(PYTHON) is %d.%d. Try: make lab PYTHON=python3.12" % v)'
	@if [ -e $(UNFINISHED) ]; then echo "Repairing an unfinished installation."; rm -rf $(VENV); fi
	@mkdir -p $(VENV) && touch $(UNFINISHED)
	@$(PYTHON) -m venv $(VENV)
	@echo "Installing torch (0.2 GB) ..."
	@if [ "$$(uname)" = Linux ]; then \
	    $(PIP) install --no-deps --retries 0 --timeout 15 --index-url $(TORCH_CPU_INDEX) $(TORCH) 2>/dev/null \
	    || echo "The PyTorch CPU index cannot be reached: taking torch where pip finds it."; fi
	@echo "Installing everything else (1 to 3 minutes) ..."
	@$(call ALIVE,$(PIP) install -r requirements.txt)
	@$(PIP) install --no-deps --no-build-isolation -e .
	@mv $(UNFINISHED) $(READY)

lab: venv  ## open the course in JupyterLab, in your own workbook
	@$(RUN) -m course_utils lab $(ARGS)

test: venv  ## unit tests, then every notebook from its first cell to its last
	@$(RUN) -m pytest tests notebooks --ignore=tests/browser -n $(JOBS) \
	    --nbval-lax --nbval-current-env --nbval-cell-timeout=120 \
	    --nbval-sanitize-with tests/nbval.cfg $(ARGS)

test-browser: venv  ## the notebooks in a real browser (needs Chromium)
	@$(RUN) -m pytest tests/browser -n $(JOBS) -p no:nbval $(ARGS)

notebooks: venv  ## build the notebooks whose lessons changed (ALL=1: all of them)
	@$(RUN) tools/build_notebooks.py $(if $(ALL),--all)

bench: venv  ## the budgets, as ratios
	@$(RUN) -m benchmarks $(ARGS)

lint: venv  ## ruff and mypy
	@$(RUN) -m ruff check .
	@$(RUN) -m ruff format --check .
	@$(RUN) -m mypy

# CUDA's parts are left out: they come with torch where somebody wants them.
lock:  ## write requirements.txt anew from pyproject.toml (needs uv)
	@uv pip compile pyproject.toml --universal --fork-strategy fewest --python-version 3.11 \
	    --extra lab --extra dev --no-header --no-annotate --quiet -o requirements.new
	@sed -i.old '/^[^#]/d' requirements.txt
	@grep -vE '^(cuda|nvidia|triton|httpx2-jsfetch)' requirements.new >> requirements.txt
	@rm requirements.new requirements.txt.old

clean:  ## remove .venv and caches; your progress stays
	rm -rf $(VENV) .pytest_cache .mypy_cache .ruff_cache .hypothesis dist build
	find . -name __pycache__ -o -name .ipynb_checkpoints | xargs rm -rf
