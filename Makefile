# `make demo` and `make test` do all the set-up: a virtual environment of their own, the package and what it needs.
# TORCH=cpu takes PyTorch's own builds without CUDA, for a machine without a GPU: gigabytes less.
PYTHON ?= python3
BIN := .venv/bin
PIP := $(BIN)/python -m pip install

ifeq ($(TORCH),cpu)
INDEX := --extra-index-url https://download.pytorch.org/whl/cpu
ifneq ($(wildcard .venv/package),)
ifeq ($(shell grep cpu .venv/package),)
$(info note: .venv keeps the torch it has: remove .venv for TORCH=cpu)
endif
endif
else ifneq ($(TORCH),)
$(error TORCH=$(TORCH): expected cpu, or nothing for what pip chooses)
endif

.PHONY: demo install test test-fast coverage package versions lint docs paper benchmarks

demo: .venv/package  ## train a small YOLO with CIoU and with Focal-EIoU, and draw what both find
	$(BIN)/python scripts/demo.py $(DEMO)

install: .venv/package  ## the package alone, into .venv

PYTEST := $(BIN)/python -m pytest -n auto --maxprocesses 4 --dist worksteal

test: .venv/installed  ## the whole test suite; `make test TESTS=tests/losses` for a part
	$(PYTEST) $(TESTS)

test-fast: .venv/installed  ## the part that trains, compiles and installs nothing
	$(PYTEST) -m "not slow" $(TESTS)

coverage: .venv/installed  ## the whole test suite, and how much of the package it runs: at least what pyproject.toml says
	$(PYTEST) --cov --cov-report=term:skip-covered $(TESTS)

package: .venv/installed  ## the package built, checked, installed beside this environment and used; `DIST=dist` keeps it
	PYTHON=$(BIN)/python scripts/check_package.sh $(DIST)

versions:  ## the core tests with the oldest and the newest dependencies
	scripts/test_versions.sh $(VERSIONS)

lint: .venv/installed
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/codespell
	$(BIN)/pyright --pythonpath $(BIN)/python
	$(BIN)/lint-imports
	if command -v shellcheck >/dev/null; then shellcheck scripts/*.sh scripts/*.slurm .ci/run; fi

docs: .venv/installed  ## the tables of README.md, data/README.md and docs/, and the site in site/
	$(BIN)/python scripts/make_docs.py
	$(BIN)/python scripts/loss_pages.py
	NO_MKDOCS_2_WARNING=1 $(BIN)/python -m mkdocs build --strict --quiet

paper: .venv/installed  ## docs/paper.md with all its results and pictures, up to ten minutes
	$(BIN)/python scripts/paper.py

benchmarks: .venv/installed
	$(BIN)/python benchmarks/box_loss.py
	$(BIN)/python benchmarks/assigners.py
	$(BIN)/python benchmarks/detector_step.py
	$(BIN)/python benchmarks/train_step.py
	$(BIN)/python benchmarks/family_step.py
	$(BIN)/python benchmarks/simulation.py
	$(BIN)/python benchmarks/evaluation.py
	$(BIN)/python benchmarks/ablation.py
	$(BIN)/python benchmarks/report.py
	$(BIN)/python benchmarks/ranks.py
	$(BIN)/python benchmarks/resume.py
	$(BIN)/python benchmarks/prepare_coco.py
	$(BIN)/python benchmarks/scaling.py

# The package alone. The stamp has a line for each install: that of its TORCH, since torch stays once it is there.
.venv/package: pyproject.toml
	@echo "Fetching what .venv lacks of 67 packages, 3.2 GB, 2.5 GB of them CUDA's, which TORCH=cpu leaves out (measured 2026-11, Linux x86_64)"
	$(PYTHON) -m venv .venv
	$(PIP) $(INDEX) --editable .
	@echo '$(TORCH)' >>$@

# What tests, checks of the code and docs need besides.
.venv/installed: .venv/package
	@echo "Fetching what .venv lacks of 121 packages more, 0.3 GB, for tests and docs (measured 2026-11, Linux x86_64)"
	$(PIP) --editable '.[dev]'
	@touch $@
