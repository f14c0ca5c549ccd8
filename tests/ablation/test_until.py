"""`yolo ablate … until=`: the command as a whole, with an engine that only plays, and with real trainings."""

import json
import os
import signal

import pytest

from tests.ablation.process_helpers import assert_whole, epochs_done, until
from tests.ablation.test_schedule import Measured
from yolo_feiou.ablation import command as module
from yolo_feiou.ablation.command import ablate
from yolo_feiou.ablation.store import run_folders
from yolo_feiou.errors import ArgumentError, Interrupted
from yolo_feiou.storage.tables import read_csv
from yolo_feiou.yolo.framework import FRAMEWORK

WORDS = ["data=shapes.yaml", "losses=ciou,eiou,giou,diou", "preflight=False"]


@pytest.fixture
def do(tmp_path, monkeypatch, capsys):
    """A function that gives the command on runs that end at once, and returns what it printed."""
    monkeypatch.setattr(module, "rehearse_runs", lambda request: ({}, []))
    monkeypatch.setattr("yolo_feiou.ablation.runner.PAUSE", 0)

    def give(*more, engine=None, status=0):
        capsys.readouterr()
        monkeypatch.setattr(module, "Local", lambda devices, task: engine or Measured(places=len(devices)))
        usual = [] if any(word.startswith("until=") for word in more) else ["until=1"]
        assert ablate([*WORDS, *usual, f"out={tmp_path / 'out'}", *more], FRAMEWORK) == status
        return capsys.readouterr().out.splitlines()

    return give


def mark(tmp_path):
    return json.loads((tmp_path / "out" / "ablation.json").read_text())


def test_seeds_are_added_and_it_says_why_each_comparison_ended(do, tmp_path):
    """GIoU is better by 3 points and DIoU worse by 8, with noise of .3; an hour each."""
    lines = do("race=True")
    assert lines[0].startswith("0 runs were done before, and there are 80 at most. The folder is ")
    assert lines[1].startswith("ciou_seed0-") and lines[1].endswith(": started")
    assert " done, 80 at most" in lines[2] and "AP 40." in lines[2]
    said = lines[-4:]
    assert [line.partition(":")[0] for line in said[:3]] == ["eiou", "giou", "diou"]
    assert "beaten by giou." in said[2] and "AP against ciou with" in said[0]
    rows = read_csv(tmp_path / "out" / "results.csv")
    assert said[3].startswith(f"{len(rows)} runs are done. A grid of fixed seeds would have needed about ")
    assert said[3].endswith(f" Next: yolo report {tmp_path / 'out'}")
    assert {(row["until"], row["max_seeds"], row["race"]) for row in rows} == {(1, 20, "True")}
    assert mark(tmp_path)["sequential"] == {"until": 1, "max_seeds": 20, "race": True, "seeds": [0, 1]}
    again = do("race=True")
    assert again[0].startswith(f"{len(rows)} runs were done before, and there are {len(rows)} at most.")
    assert again[1:] == said


def test_an_interrupted_command_goes_on(do, tmp_path):
    with pytest.raises(Interrupted, match="interrupted; the same command resumes here"):
        do(engine=Measured(last=5))
    assert len(run_folders(tmp_path / "out")) == 6, "the sixth was to begin"
    assert do()[0].startswith("5 runs were done before")


def test_runs_of_a_fixed_grid_are_taken_over_and_it_stays_sequential(do, tmp_path):
    assert do("until=0", "seeds=0,1,2")[-1].startswith("12 of 12 runs are done.")
    assert "sequential" not in mark(tmp_path)
    assert do("until=1", "max_seeds=5")[0].startswith("12 runs were done before, and there are ")
    count = len(read_csv(tmp_path / "out" / "results.csv"))
    do("until=0", "seeds=0,1,2,3,4,5")
    rows = read_csv(tmp_path / "out" / "results.csv")
    assert len(rows) == 24 > count and {row["max_seeds"] for row in rows} == {5}


def test_more_seeds_than_were_chosen_before_are_told_and_other_seeds_refused(do, tmp_path):
    do("max_seeds=4")
    assert mark(tmp_path)["sequential"]["max_seeds"] == 4
    assert not any("error rates" in line for line in do())
    assert mark(tmp_path)["sequential"]["max_seeds"] == 4, "not named, so as before"
    assert do("max_seeds=9")[0].startswith("note: max_seeds=9, and 4 before: the error rates")
    assert do("max_seeds=5")[0].startswith("note: max_seeds=9 as before")
    with pytest.raises(ArgumentError, match="this ablation takes the seeds 0, 1, 2, … and the command 7, 8, 9, …"):
        do("seeds=7,8")


def test_a_budget_is_told_with_what_is_open(do, tmp_path):
    lines = do("budget=600m", "until=0.01")
    assert len(run_folders(tmp_path / "out")) == 10 and lines[-1].startswith("10 runs are done. Next:")
    assert all("open, since budget= (10 hours) is used up." in line for line in lines[-4:-1])


def test_failed_runs_are_told_and_have_a_row(do, tmp_path):
    lines = do(engine=Measured({"eiou1": [1]}), status=1)
    assert lines[-1].startswith("failed: eiou_seed1-")
    rows = [row for row in read_csv(tmp_path / "out" / "results.csv") if row["status"] == "failed"]
    assert [(row["loss"], row["seed"], row["max_seeds"]) for row in rows] == [("eiou", 1, 20)]


def test_another_baseline_is_that_of_the_report_too(do):
    lines = do("baseline=giou")
    assert all(" AP against giou " in line for line in lines[-4:-1]) and lines[-1].endswith(" baseline=giou")


def test_a_plan_lists_what_begins_and_how_much_there_may_be(do, tmp_path):
    plan = do("plan=True")
    assert not (tmp_path / "out").exists()
    assert [line.split(maxsplit=1)[1] for line in plan[:8]] == [
        f"loss={loss} seed={seed}" for seed in (0, 1) for loss in ("ciou", "eiou", "giou", "diou")
    ]
    assert plan[8].startswith("To come to ± 1 points") and plan[-1].endswith("80 at most, with max_seeds=20.")
    with pytest.raises(Interrupted):
        do(engine=Measured(last=8))
    before = sorted((tmp_path / "out").rglob("*"))
    plan = do("plan=True")
    assert "of which 2 are done" in plan[-2] and ", 8 of them done; 80 at most" in plan[-1]
    assert sorted((tmp_path / "out").rglob("*")) == before


@pytest.mark.slow
def test_a_killed_study_of_real_trainings_goes_on_and_is_reported(begin, command, words, tmp_path):
    """EIoU against CIoU, three epochs on images of 32 px: two pairs show it to ± 50 points, or to be the same.

    The runner is killed in a later run; the same command does what is left, and the report reads it.
    """
    line = words(losses="ciou,eiou", seeds="0,1", until=50, max_seeds=4, epochs=3)
    runner = begin(line)
    out = tmp_path / "out"
    folders = until(lambda: found if len(found := run_folders(out)) == 3 else None)
    assert sum(folder.row() is not None for folder in folders) == 2, "no folder is made before its run begins"
    last = next(folder for folder in folders if folder.row() is None)
    until(lambda: epochs_done(last) >= 1)
    os.kill(runner.pid, signal.SIGKILL)
    until(lambda: not last.busy, 10)
    done = command(*line)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "2 runs were done before, and there are 8 at most." in done.stdout
    assert_whole(last, 3, 1)
    rows = read_csv(out / "results.csv")
    assert sorted((row["loss"], row["seed"]) for row in rows) == [
        (loss, s) for loss in ("ciou", "eiou") for s in (0, 1)
    ]
    assert "eiou: " in done.stdout and "4 runs are done." in done.stdout
    report = command("report", "out")
    assert report.returncode == 0, report.stderr
