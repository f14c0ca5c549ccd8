"""The run that a command began before."""

import multiprocessing
import os
from dataclasses import replace

import pytest
import torch

from tests.distributed.test_launch import LAUNCH
from yolo_feiou.distributed import resume
from yolo_feiou.distributed.resume import UnfinishedRun, find_unfinished_run, is_trained, lock_run, write_launch_record
from yolo_feiou.errors import ArgumentError
from yolo_feiou.storage.tables import read_json, write_json

ASKED = {"model": "yolov8n.yaml", "loss": "eiou", "batch": 16, "device": "0,1", "project": None}


@pytest.fixture
def told(monkeypatch):
    """A function that returns what was logged."""
    lines = []
    monkeypatch.setattr(resume.LOGGER, "warning", lambda line: lines.append(str(line)))
    return lambda: "\n".join(lines)


def made(project, name, *, epoch=3, optimizer=True, launch=LAUNCH, age=0, **changed):
    """A run that `launch` began; returns its folder and checkpoint."""
    folder = project / name
    (folder / "weights").mkdir(parents=True)
    content = {"epoch": epoch, "optimizer": {"state": 1} if optimizer else None, "train_args": {"epochs": 10}}
    torch.save(content, folder / "weights" / "last.pt")
    write_launch_record(folder, launch, {**ASKED, **changed})
    os.utime(folder / "torchrun.json", (1e9 - age, 1e9 - age))
    return folder, folder / "weights" / "last.pt"


def test_a_run_is_found_by_the_same_command_and_id(tmp_path):
    run = UnfinishedRun(*made(tmp_path, "run"))
    assert find_unfinished_run(tmp_path, LAUNCH, ASKED) == run
    assert find_unfinished_run(tmp_path, LAUNCH, {**ASKED, "device": "cpu", "workers": 4}) == run, "harmless changes"
    assert find_unfinished_run(tmp_path, replace(LAUNCH, size=8, nodes=1), ASKED) == run, "on fewer nodes"
    assert find_unfinished_run(tmp_path, LAUNCH, {**ASKED, "batch": 32}) is None
    assert find_unfinished_run(tmp_path, LAUNCH, {**ASKED, "lr0": 0.1}) is None
    assert find_unfinished_run(tmp_path, replace(LAUNCH, run_id="other"), ASKED) is None
    assert find_unfinished_run(tmp_path / "nowhere", LAUNCH, ASKED) is None


def test_the_newest_of_several_runs_is_found(tmp_path):
    made(tmp_path, "run", age=100)
    newest = made(tmp_path, "run-2", age=10)
    made(tmp_path, "run-3", loss="iou")
    assert find_unfinished_run(tmp_path, LAUNCH, ASKED) == UnfinishedRun(*newest)


def test_a_run_without_a_checkpoint_begins_in_its_folder(tmp_path):
    folder, last = made(tmp_path, "run")
    last.unlink()
    assert find_unfinished_run(tmp_path, LAUNCH, ASKED) == UnfinishedRun(folder)


def test_a_finished_run_is_found_as_finished(tmp_path):
    folder, *_ = made(tmp_path, "run", epoch=-1, optimizer=False)
    assert find_unfinished_run(tmp_path, LAUNCH, ASKED) == UnfinishedRun(folder, finished=True)


def test_a_finished_run_is_known_without_its_last_checkpoint(tmp_path):
    folder, last = made(tmp_path, "run", epoch=-1, optimizer=False)
    last.rename(last.with_name("best.pt"))
    assert find_unfinished_run(tmp_path, LAUNCH, ASKED) == UnfinishedRun(folder, finished=True)


@pytest.mark.parametrize(
    "damaged",
    [
        *('{"run_id": "coco", "as', "[]", "", '{"sessions": 5}', '{"sessions": [1]}', '{"sessions": [{}]}'),
        *('{"asked": []}', '{"run_id": 1}', '{"processes": "2"}'),
    ],
)
def test_a_damaged_note_of_another_run_is_passed_over(tmp_path, damaged, told):
    made(tmp_path, "other")[0].joinpath("torchrun.json").write_text(damaged)
    run = UnfinishedRun(*made(tmp_path, "run"))
    assert find_unfinished_run(tmp_path, LAUNCH, ASKED) == run
    assert f"{tmp_path / 'other' / 'torchrun.json'} is no" in told()
    (run.folder / "torchrun.json").write_text(damaged)
    write_launch_record(run.folder, LAUNCH, ASKED, True)
    assert find_unfinished_run(tmp_path, LAUNCH, ASKED) == run


def test_the_name_of_a_folder_can_not_act_on_the_terminal(tmp_path, told):
    made(tmp_path, "o\x1b[2Jther")[0].joinpath("torchrun.json").write_text("{")
    assert find_unfinished_run(tmp_path, LAUNCH, ASKED) is None
    assert "\x1b" not in told() and "o\\x1b[2Jther" in told()


def test_a_checkpoint_of_another_trainer_has_its_own_key(tmp_path):
    folder, last = made(tmp_path, "run", optimizer=False)
    assert find_unfinished_run(tmp_path, LAUNCH, ASKED, "states") == UnfinishedRun(folder, finished=True)
    torch.save({"epoch": 3, "states": [1]}, last)
    assert find_unfinished_run(tmp_path, LAUNCH, ASKED, "states") == UnfinishedRun(folder, last)


def test_a_torn_checkpoint_is_no_run_of_ours(tmp_path):
    _, last = made(tmp_path, "run")
    last.write_bytes(last.read_bytes()[:1000])
    assert find_unfinished_run(tmp_path, LAUNCH, ASKED) is None


def test_a_run_is_trained_after_its_last_epoch(tmp_path):
    assert not is_trained(made(tmp_path, "half", epoch=8)[1])
    assert is_trained(made(tmp_path, "whole", epoch=9)[1])


def test_what_an_older_version_noted_stays_with_the_run_that_it_began(tmp_path):
    folder, *_ = made(tmp_path, "run")
    noted = {**read_json(folder / "torchrun.json"), "processes": 4, "sessions": [{"first_epoch": 1}]}
    write_json(folder / "torchrun.json", noted)
    write_launch_record(folder, replace(LAUNCH, size=8), ASKED, True)
    assert read_json(folder / "torchrun.json") == noted
    write_launch_record(folder, LAUNCH, ASKED)
    assert read_json(folder / "torchrun.json").keys() == {"run_id", "asked"}, "the rest is the record's"


def hold(folder, ready, end):
    with lock_run(folder, LAUNCH):
        ready.set()
        end.wait(60)


def test_a_run_that_is_being_trained_is_left_alone(tmp_path, monkeypatch):
    monkeypatch.setattr(resume, "TRAINING_LOCK_SECONDS", 0.6)
    context = multiprocessing.get_context("spawn")
    ready, end = context.Event(), context.Event()
    other = context.Process(target=hold, args=(tmp_path, ready, end))
    other.start()
    try:
        assert ready.wait(60)
        for restarts in (0, 1):
            with (
                pytest.raises(ArgumentError, match="is being trained by another process: wait for its end"),
                lock_run(tmp_path, replace(LAUNCH, restarts=restarts)),
            ):
                pass
    finally:
        end.set()
        other.join()
    with lock_run(tmp_path, LAUNCH):
        assert (tmp_path / "torchrun.lock").exists()


def test_a_file_system_without_locks_stops_nothing(tmp_path, monkeypatch):
    def refuse(*_):
        raise OSError("no locks")

    monkeypatch.setattr(resume, "hold_lock", refuse)
    run = UnfinishedRun(*made(tmp_path, "run"))
    with lock_run(run.folder, LAUNCH):
        assert find_unfinished_run(tmp_path, LAUNCH, ASKED) == run
