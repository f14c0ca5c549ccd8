"""The study's stages are commands of `yolo ablate`, as its plan says."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.pages.claims import ROOT
from tests.scripts import load_script
from yolo_feiou.ablation.options import read_ablation_request
from yolo_feiou.errors import ArgumentError
from yolo_feiou.yolo.framework import UltralyticsFramework

PLAN = (ROOT / "docs" / "study.md").read_text(encoding="utf-8")


@pytest.fixture
def study():
    return load_script("study")


@pytest.fixture
def sets(tmp_path, study, monkeypatch):
    """A folder with the data sets, and one for runs."""
    for name in ("bccd", "cards"):
        folder = tmp_path / "data" / name
        folder.mkdir(parents=True)
        (folder / f"{name}.yaml").write_text("train: images\nval: images\nnames: [a]\n")
        (folder / "labels.cache").write_text("of another place")
    monkeypatch.setattr(study, "RUNS", tmp_path / "runs")
    monkeypatch.setattr(study, "RESULTS_FOLDER", tmp_path / "results")
    return tmp_path


def test_every_command_is_one_that_yolo_ablate_takes(study, sets, monkeypatch):
    study.RUNS.mkdir()
    study.copy_data(sets / "data")
    monkeypatch.chdir(study.RUNS)
    told = {}
    for grid in study.GRIDS:
        for name, arguments in grid.commands():
            request = read_ablation_request(arguments, UltralyticsFramework())
            told.setdefault(name, set()).update(request.runs[i].key for i in range(len(request.runs)))
            assert request.options.out == name and request.options.split == "val"
    assert {name: len(keys) for name, keys in told.items()} == {
        **{"gains-bccd": 2 * (3 + 2), "gains-cards": 2 * (3 + 2)},
        **{"screen-bccd": 2 * 15, "screen-cards": 2 * 15},
    }
    assert not (study.RUNS / "bccd" / "labels.cache").exists()


def test_the_plan_names_the_settings_and_the_candidates(study):
    (told,) = re.findall(r"in common: `([^`]*)`", PLAN)
    assert dict(word.split("=") for word in told.split()) == {
        key: f"{study.SETTINGS[key]}"
        for key in ("imgsz", "batch", "nbs", "optimizer", "lr0", "momentum", "warmup_bias_lr")
    }
    (named,) = re.findall(r"Candidates: (.*?)\. γ", PLAN, re.S)
    assert tuple(re.findall(r"`([^`]+)`", named)) == study.CANDIDATES
    for data, epochs in study.EPOCHS.items():
        assert f"`{data}` for {epochs}" in PLAN


def test_tables_are_kept_of_what_is_there(study, sets):
    (study.RUNS / "gains-cards").mkdir(parents=True)
    (study.RUNS / "gains-cards" / "results.csv").write_text("run\n1\n")
    study.keep_tables("gains-cards")
    assert [path.name for path in (study.RESULTS_FOLDER / "gains-cards").iterdir()] == ["results.csv"]


def test_a_stage_that_there_is_not_and_missing_data_are_refused(study, sets):
    with pytest.raises(ArgumentError, match="stages=gain: there are gains, screen"):
        study.main(["stages=gain", f"data={sets / 'data'}"])
    with pytest.raises(ArgumentError, match=r"has no bccd/bccd\.yaml"):
        study.main([f"data={sets}"])
    with pytest.raises(ArgumentError, match="no data= is given"):
        study.main([])
    assert not study.RUNS.exists() or not list(study.RUNS.iterdir())


def test_a_failed_ablation_is_told(study, sets, monkeypatch):
    began = []
    monkeypatch.chdir(sets)

    def ablate(arguments, framework):
        began.append((next(word for word in arguments if word.startswith("out=")), Path.cwd()))
        return int("out=gains-bccd" in arguments)

    monkeypatch.setattr(study, "ablate", ablate)
    assert study.main([f"data={sets / 'data'}", "stages=gains", "only=cards"]) == 0
    assert study.main([f"data={sets / 'data'}", "stages=gains"]) == 1
    assert began == [(f"out=gains-{name}", study.RUNS) for name in ("cards", "cards", *("bccd", "cards") * 2)]


def test_it_is_a_command():
    done = subprocess.run([sys.executable, ROOT / "scripts" / "study.py", "stages=x"], capture_output=True, text=True)
    assert done.returncode == 2 and "stages=x: there are" in done.stderr and "Traceback" not in done.stderr
