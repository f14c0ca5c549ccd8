# `make demo` and `make test` do all the set-up: a virtual environment of their own, the package and what it needs.
PYTHON ?= python3
BIN := .venv/bin

.PHONY: demo test test-fast coverage package versions lint docs paper benchmarks

demo: .venv/installed  ## train a small YOLO with loss=focal_eiou, and look at its predictions
	$(BIN)/python scripts/demo.py $(DEMO)

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
	$(BIN)/python benchmarks/simulation.py
	$(BIN)/python benchmarks/evaluation.py
	$(BIN)/python benchmarks/ablation.py
	$(BIN)/python benchmarks/report.py
	$(BIN)/python benchmarks/ranks.py
	$(BIN)/python benchmarks/resume.py
	$(BIN)/python benchmarks/prepare_coco.py
	$(BIN)/python benchmarks/scaling.py

.venv/installed: pyproject.toml
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --editable '.[dev]'
	touch $@
