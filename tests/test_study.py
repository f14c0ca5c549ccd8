"""The study's stages are commands of `yolo ablate`, as its plan says."""

import json
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import torch

from tests.pages.claims import ROOT
from tests.runs import SHARED_DATA
from tests.scripts import load_script
from yolo_feiou.ablation.options import read_ablation_request
from yolo_feiou.errors import ArgumentError
from yolo_feiou.storage.tables import read_csv
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


@pytest.fixture
def measured(study, sets):
    """Tables of runs that were made: box=3.75 is the best, and of the losses those that come first."""
    for data in ("bccd", "cards"):
        write_gains(study, data)
    ap = {("ciou", 3.75): 0.5, **{(loss, 3.0): 0.49 - 0.01 * place for place, loss in enumerate(study.CANDIDATES)}}
    write_table(study, "screen-bccd", ("loss", "box"), ap)
    first = {name: value for name, value in ap.items() if name[0] != "eiou"}
    write_table(study, "screen-cards", ("loss", "box"), {**first, ("eiou", 6.0): 0.6})
    return study


def write_gains(study, data, lead=0.3):
    gains = [*((box, 1.5) for box in study.BOXES), *((7.5, dfl) for dfl in study.DFLS)]
    ap = {("ciou", *pair): 0.5 - abs(pair[0] - 3.75) / 99 for pair in gains}
    ap |= {(study.LEAD, box, 1.5): lead - abs(box - 7.5) / 99 for box in study.LEAD_BOXES}
    write_table(study, f"gains-{data}", ("loss", "box", "dfl"), ap)


def write_table(study, name, keys, ap, seeds=(0, 1)):
    lines = [",".join((*keys, "seed", "AP"))]
    lines += [",".join(map(str, (*varied, seed, value + 0.1 * seed))) for varied, value in ap.items() for seed in seeds]
    (study.RESULTS_FOLDER / name).mkdir(parents=True, exist_ok=True)
    (study.RESULTS_FOLDER / name / "results.csv").write_text("\n".join(lines))


def test_every_command_is_one_that_yolo_ablate_takes(measured, sets, monkeypatch):
    measured.RUNS.mkdir()
    measured.copy_data(sets / "data")
    monkeypatch.chdir(measured.RUNS)
    Path(measured.PRETRAINED).touch()
    told = {}
    for grid in measured.GRIDS:
        request = read_ablation_request(grid.make_command(), UltralyticsFramework())
        told.setdefault(grid.name, set()).update(run.key for run in request.runs)
        is_look = grid.stage in ("gains", "screen")
        assert (request.options.out, request.options.split) == (grid.name, "val" if is_look else "test")
        if grid.stage == "screen":
            assert {(run.gain, run.arguments["box"]) for run in request.runs} == {("matched", 3.75)}
        elif grid.stage == "mechanism":
            losses = {"ciou", "eiou:weight=1.2", "diou", "diou:weight=1.2"}
            assert {run.arguments["loss"] for run in request.runs} == losses and request.study is None
            assert {run.arguments["seed"] for run in request.runs} == {100, 101, 102, 103}
        elif not is_look:
            usual = {"ciou:weight=2"} if grid.stage in ("short", "fine") else set()  # 7.5 / 3.75
            finalist = {"eiou:weight=1.2"}  # (3 + 6) / 2 / 3.75
            assert {run.arguments["loss"] for run in request.runs} == {"ciou"} | finalist | usual
            assert {run.arguments["seed"] for run in request.runs} == {100, 101}
            assert request.study and request.study.design.most == measured.REGIMES[grid.stage][2]
    assert {name: len(keys) for name, keys in told.items()} == {
        **{"gains-bccd": 2 * (4 + 2 + 3), "gains-cards": 2 * (4 + 2 + 3)},
        **{"screen-bccd": (14 + 1) + (7 + 1), "screen-cards": 2 * (4 + 1)},
        **{f"{regime}-{data}": 2 * 3 for regime in ("short", "fine") for data in measured.EPOCHS},
        **{f"{regime}-{data}": 2 * 2 for regime in ("long", "yolo26n") for data in measured.EPOCHS},
        **{f"mechanism-{data}": 4 * 4 for data in measured.EPOCHS},
    }
    for data in measured.EPOCHS:  # of the confirmation
        assert len(told[f"mechanism-{data}"] & told[f"short-{data}"]) == 2 * 2
    assert not (measured.RUNS / "bccd" / "labels.cache").exists()


def test_the_tuned_ciou_is_the_best_over_both_data_sets(measured):
    assert measured.find_tuned() == {"box": 3.75, "dfl": 1.5}
    write_table(measured, "gains-cards", ("loss", "box", "dfl"), {("ciou", 7.5, 0.5): 0.6})
    with pytest.raises(ArgumentError, match=r"the gains come first: ciou at box=1\.875 dfl=1\.5 has not all its runs"):
        measured.find_tuned()


def test_the_tuned_ciou_is_the_one_that_the_plan_names(study):
    assert study.find_tuned() == {"box": 1.875, "dfl": 1.5} and "the tuned CIoU has `box=1.875`" in PLAN
    usual, tuned, next_one = (("ciou", box, 1.5) for box in (7.5, 1.875, 3.75))
    ap = study.read_gains([usual, tuned, next_one])
    assert f"{100 * (ap[tuned][1] - ap[usual][1]):.1f} AP behind it" in PLAN
    assert f"differ by {100 * (sum(ap[tuned]) - sum(ap[next_one])) / 2:.1f} AP" in PLAN


def test_the_finalist_is_the_one_that_the_page_names(study):
    finalist, tuned = study.find_finalist(), study.find_tuned()["box"]
    loss, _, weight = finalist.partition(":weight=")
    assert f"`{loss}` at `box={float(weight) * tuned:g}`" in PLAN and f"`{finalist}` beside the tuned CIoU" in PLAN


def test_the_better_half_goes_on_and_only_with_all_its_runs(measured):
    assert measured.find_half() == measured.CANDIDATES[:7] and measured.find_quarter() == measured.CANDIDATES[:4]
    ap = {(loss,): 0.5 + 0.01 * number for number, loss in enumerate(measured.CANDIDATES)}
    write_table(measured, "screen-bccd", ("loss",), ap)
    assert measured.find_half() == measured.CANDIDATES[7:] and measured.find_quarter() == measured.CANDIDATES[10:]
    write_table(measured, "screen-bccd", ("loss",), ap, seeds=(0,))
    assert measured.find_half() == measured.CANDIDATES[7:]
    missing = re.escape(measured.CANDIDATES[7])
    with pytest.raises(ArgumentError, match=f"screening on bccd comes first: {missing} has not all its runs"):
        measured.find_quarter()


def test_the_finalist_is_best_over_both_data_sets_and_needs_all_runs_of_both(measured):
    assert measured.find_finalist() == "eiou:weight=1.2"
    write_table(measured, "screen-cards", ("loss", "box"), {("ciou", 3.75): 0.5, ("giou", 3.75): 0.4, ("eiou", 6): 0.6})
    with pytest.raises(ArgumentError, match="screening on cards comes first: focal_eiou has not all its runs"):
        measured.find_finalist()


def test_the_lead_of_the_first_look_may_be_the_finalist_at_the_best_of_its_gains(measured):
    write_gains(measured, "bccd", lead=0.52)  # 2 and 5 AP above the tuned CIoU, where EIoU has -2 and 10
    write_gains(measured, "cards", lead=0.55)
    assert measured.find_finalist() == "eiou:weight=1.2"
    write_gains(measured, "cards", lead=0.58)
    assert measured.find_finalist() == measured.scale_spec(measured.LEAD, 2)  # 7.5 / 3.75
    write_table(measured, "gains-cards", ("loss", "box", "dfl"), {("ciou", 3.75, 1.5): 0.5})
    with pytest.raises(ArgumentError, match="the gains come first: ciou at box=1.875"):
        measured.find_finalist()


@pytest.mark.slow
def test_fine_tuning_begins_with_weights_that_are_trained_once(study, sets, monkeypatch):
    study.RESULTS_FOLDER.mkdir()
    monkeypatch.chdir(sets)
    monkeypatch.setattr(study, "PRETRAINING_IMAGES", {"train": 8, "val": 2})
    monkeypatch.setattr(study, "PRETRAINING", {**study.PRETRAINING, "epochs": 1})
    study.pretrain()
    monkeypatch.setattr(study.subprocess, "run", None)
    study.pretrain()
    kept = torch.load(study.PRETRAINED, weights_only=False)
    told = kept["train_args"]
    assert told["data"] == "shapes/shapes.yaml" and "loss" not in told and kept["model"].names[0] == "ellipse"
    assert len(list(Path("shapes", "images", "train").iterdir())) == 8
    assert len(read_csv(study.RESULTS_FOLDER / "pretraining.csv")) == 1


def test_weights_that_could_not_be_trained_end_the_study(study, sets, monkeypatch):
    monkeypatch.chdir(sets)
    monkeypatch.setattr(study, "PRETRAINING_IMAGES", {"train": 3, "val": 1})
    monkeypatch.setattr(study.subprocess, "run", lambda words: subprocess.CompletedProcess(words, 2))
    with pytest.raises(SystemExit) as ended:
        study.pretrain()
    assert ended.value.code == 2 and not Path(study.PRETRAINED).exists()


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
        assert f"`{data}` for {epochs * study.REGIMES['fine'][1]:g}" in PLAN
    assert "three times as long" in PLAN and study.REGIMES["long"][1] == 3
    most = [study.REGIMES[regime][2] for regime in ("short", "fine", "long", "yolo26n")]
    assert most == [8, 8, 4, 4] and "at most eight in short and in fine-tuned\n   trainings, four in long ones" in PLAN
    assert f"`box={', '.join(f'{box:g}' for box in study.LEAD_BOXES)}`".replace(", ", "`, `") in PLAN
    assert f"`{study.LEAD}`" in PLAN
    seeds = study.EXPLAINED_SEEDS
    assert f"with seeds {seeds[0]} to {seeds[-1]}" in PLAN and seeds == tuple(range(seeds[0], seeds[-1] + 1))
    assert "4,000 images of `shapes` for 6 epochs" in PLAN
    assert (study.PRETRAINING_IMAGES["train"], study.PRETRAINING["epochs"]) == (4000, 6)


def test_another_machine_goes_on_from_what_is_kept(study, sets, monkeypatch):
    name = "gains-bccd"
    kept = ROOT / "results" / "study" / name
    (study.RESULTS_FOLDER / name).mkdir(parents=True)
    shutil.copyfile(kept / "records.jsonl", study.RESULTS_FOLDER / name / "records.jsonl")
    assert study.main(["tables=True", "stages=gains", "only=bccd"]) == 0
    for path in kept.iterdir():
        assert (study.RESULTS_FOLDER / name / path.name).read_bytes() == path.read_bytes(), path.name
    assert len(list((study.RUNS / name).glob("*/row.json"))) == len(read_csv(kept / "results.csv"))


@pytest.mark.skipif(not (SHARED_DATA / "bccd").is_dir(), reason="the real images don't lie beside this checkout")
def test_the_last_stage_takes_the_runs_that_the_confirmation_made(study, sets, monkeypatch):
    """CIoU and EIoU with four seeds, of the records that are committed."""
    monkeypatch.setattr(study, "RESULTS_FOLDER", ROOT / "results" / "study")
    study.RUNS.mkdir()
    study.copy_data(SHARED_DATA)
    monkeypatch.chdir(study.RUNS)
    grid = next(grid for grid in study.GRIDS if grid.name == "mechanism-bccd")
    study.share_runs(grid)
    rows = [json.loads(path.read_text()) for path in study.RUNS.glob("mechanism-bccd/*/row.json")]
    found = sorted((row["loss"], row["box"], row["seed"], row["status"]) for row in rows)
    finalist = study.find_finalist()
    assert found == [(loss, 1.875, 100 + seed, "done") for loss in ("ciou", finalist) for seed in range(4)]
    assert len([*study.RUNS.glob("mechanism-bccd/train/*/results.csv")]) == len(found)


def test_where_a_run_lay_is_not_kept(study, sets):
    committed = [path.read_text() for path in (ROOT / "results" / "study").glob("*/records.jsonl")]
    assert committed and not [text for text in committed if "save_dir: /" in text]
    name = "gains-bccd"
    (study.RESULTS_FOLDER / name).mkdir(parents=True)
    shutil.copyfile(ROOT / "results" / "study" / name / "records.jsonl", study.RESULTS_FOLDER / name / "records.jsonl")
    study.restore_runs(name)
    args = sorted((study.RUNS / name / "train").glob("*/args.yaml"))[-1]
    args.write_text(f"save_dir: {args.parent.resolve()}\n{args.read_text()}")
    study.keep_tables(name)
    kept = (study.RESULTS_FOLDER / name / "records.jsonl").read_text()
    assert str(sets.resolve()) not in kept and f"save_dir: {name}/train/{args.parent.name}" in kept


def test_records_do_not_replace_what_this_machine_has(study, sets):
    (study.RESULTS_FOLDER / "gains-cards").mkdir(parents=True)
    (study.RESULTS_FOLDER / "gains-cards" / "records.jsonl").write_text(
        '{"file": "a/row.json", "text": "old"}\n{"file": "b/row.json", "text": "b"}\n'
    )
    (study.RUNS / "gains-cards" / "a").mkdir(parents=True)
    (study.RUNS / "gains-cards" / "a" / "row.json").write_text("new")
    study.restore_runs("gains-cards")
    assert [path.read_text() for path in sorted((study.RUNS / "gains-cards").rglob("*.json"))] == ["new", "b"]


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

    monkeypatch.setattr(study, "keep_tables", lambda name: None)

    def ablate(arguments, framework):
        began.append((next(word for word in arguments if word.startswith("out=")), Path.cwd()))
        return int("out=gains-bccd" in arguments)

    monkeypatch.setattr(study, "ablate", ablate)
    assert study.main([f"data={sets / 'data'}", "stages=gains", "only=cards"]) == 0
    assert study.main([f"data={sets / 'data'}", "stages=gains"]) == 1
    assert began == [(f"out=gains-{name}", study.RUNS) for name in (*("cards",) * 3, *("bccd", "cards") * 3)]


def test_it_is_a_command():
    done = subprocess.run([sys.executable, ROOT / "scripts" / "study.py", "stages=x"], capture_output=True, text=True)
    assert done.returncode == 2 and "stages=x: there are" in done.stderr and "Traceback" not in done.stderr
