"""The ends of a training's parts: its row, its checkpoints, which one is the best, and what several processes share."""

from types import SimpleNamespace

import pytest
import torch
from torch import nn

from tests.runs import results
from yolo_feiou.framework import HALF, TRAINED
from yolo_feiou.lightning import intervals
from yolo_feiou.lightning.arguments import Schedule, complete_arguments
from yolo_feiou.lightning.checkpoints import CONFIG, find_progress, load_checkpoint
from yolo_feiou.lightning.intervals import Intervals, drop_rows
from yolo_feiou.lightning.module import DetectorModule


class Planned(Intervals):
    """A validation whose APs are planned."""

    def __init__(self, folder, *planned):
        super().__init__(folder, ("images", "objects") if planned else None)
        self.planned = dict(enumerate(planned, 1))

    def validate(self, module, trainer):
        return {"metrics/mAP50(B)": 0.9, "metrics/mAP50-95(B)": self.planned[self.part]}


class Trainer(SimpleNamespace):
    """Saves what a checkpoint has of ours."""

    def save_checkpoint(self, path):
        torch.save({"optimizer_states": [1], **self.module.kept}, path)


def train(folder, callback, steps=range(1, 8), parts=3, **more):
    """Take the steps of a training of 7; step n has the loss n."""
    (folder / "weights").mkdir(exist_ok=True)
    schedule = Schedule(7, 1, parts)
    module = DetectorModule(
        nn.Linear(2, 2), complete_arguments({"lr0": 0.5}), schedule, 7.0, {CONFIG: {}, "parts": parts, "part": 0}
    )
    trainer = Trainer(module=module, world_size=1, global_rank=0, is_global_zero=True, loggers=[], **more)
    callback.on_train_start(trainer, module)
    for step in steps:
        trainer.global_step = step
        module.sums, module.steps = {"loss": module.sums.get("loss", 0) + torch.tensor(float(step))}, module.steps + 1
        callback.on_train_batch_end(trainer, module, None, None, 0)
    return module


def parts_of(folder):
    return {path.name: load_checkpoint(path)["part"] for path in sorted((folder / "weights").iterdir())}


def column(folder, name):
    return [float(row[name]) for row in results(folder)]


def test_a_part_ends_with_a_row_and_a_checkpoint(tmp_path):
    """Of 7 steps in 3 parts, which end with 2, 4 and 7: the mean losses are 1.5, 3.5 and 6."""
    train(tmp_path, Planned(tmp_path, 0.1, 0.2, 0.3))
    assert column(tmp_path, "epoch") == [1, 2, 3] and column(tmp_path, "iteration") == [2, 4, 7]
    assert column(tmp_path, "train/loss") == [1.5, 3.5, 6]
    assert column(tmp_path, "metrics/mAP50-95(B)") == [0.1, 0.2, 0.3]
    assert parts_of(tmp_path) == {"best.pt": 3, "last.pt": 3}
    assert find_progress(tmp_path) == (TRAINED, 3, "")


def test_a_row_has_the_learning_rate_of_its_last_step(tmp_path):
    """A tenth begins with step 5 of 7, from 4.67 on, a hundredth with the last one."""
    train(tmp_path, Planned(tmp_path), parts=7)
    assert column(tmp_path, "lr/pg0") == [0.5, 0.5, 0.5, 0.5, 0.05, 0.05, 0.005]


def test_the_best_has_the_highest_ap(tmp_path):
    """The first of two that are alike."""
    train(tmp_path, Planned(tmp_path, 0.1, 0.4, 0.4))
    assert parts_of(tmp_path) == {"best.pt": 2, "last.pt": 3}
    last = load_checkpoint(tmp_path / "weights" / "last.pt")
    assert (last["best_part"], last["best"]) == (2, 0.4)
    assert find_progress(tmp_path).note == ""


def test_an_ap_of_0_is_the_best_of_the_first_part(tmp_path):
    train(tmp_path, Planned(tmp_path, 0.0, 0.0, 0.0))
    assert parts_of(tmp_path) == {"best.pt": 1, "last.pt": 3}


def test_without_validation_the_last_is_the_best(tmp_path):
    train(tmp_path, Planned(tmp_path))
    assert parts_of(tmp_path) == {"best.pt": 3, "last.pt": 3}
    assert "metrics/mAP50(B)" not in results(tmp_path)[0]


def test_a_resumed_training_goes_on_after_the_part_of_its_checkpoint(tmp_path):
    """The process died in the third part, after its row and before its checkpoint; AP 0.2 of the second is the best."""
    train(tmp_path, Planned(tmp_path, 0.1, 0.2), steps=range(1, 7))
    whole = results(tmp_path)
    path = tmp_path / "results.csv"
    path.write_text(path.read_text() + path.read_text().splitlines()[2].replace("2,", "3,", 1) + "\n")
    assert column(tmp_path, "epoch") == [1, 2, 3] and find_progress(tmp_path) == (HALF, 2, "")
    drop_rows(tmp_path, 2)
    assert results(tmp_path) == whole
    resumed = Planned(tmp_path, 0.1, 0.2, 0.15)
    resumed.resume(load_checkpoint(tmp_path / "weights" / "last.pt"))
    train(tmp_path, resumed, steps=range(5, 8))
    assert results(tmp_path)[:2] == whole and column(tmp_path, "epoch") == [1, 2, 3]
    assert parts_of(tmp_path) == {"best.pt": 2, "last.pt": 3}


def test_rows_are_dropped_where_there_are_none(tmp_path):
    """Deleted by hand, or by a new training in the folder."""
    drop_rows(tmp_path, 2)
    (tmp_path / "results.csv").write_text("epoch,time\n1,3.5\n")
    drop_rows(tmp_path, 0)
    assert not any(tmp_path.iterdir())


def test_whole_numbers_keep_their_digits(tmp_path):
    """When they are written, and when the row is read and written again with the next one."""
    callback, trainer = Planned(tmp_path), Trainer(is_global_zero=True, loggers=[])
    for part in (1, 2):
        callback.write({"epoch": part, "time": 1 / 3, "iteration": 12_345_678 + part}, 2, trainer)
    assert [row["iteration"] for row in results(tmp_path)] == ["12345679", "12345680"]
    assert "0.333333" in (tmp_path / "results.csv").read_text()


def test_loggers_get_each_row(tmp_path):
    logged = []
    logger = SimpleNamespace(log_metrics=lambda row, step: logged.append((step, row["train/loss"])))
    callback = Planned(tmp_path)
    callback.write({"epoch": 1, "iteration": 4, "train/loss": 2.5}, 3, Trainer(is_global_zero=True, loggers=[logger]))
    assert logged == [(4, 2.5)]


def test_the_losses_are_means_over_the_processes(tmp_path, monkeypatch):
    monkeypatch.setattr(intervals.group, "gather_from_all", lambda means: [means, {"train/box_loss": 4.0}])
    found = Planned(tmp_path).average({"train/box_loss": 1.0}, SimpleNamespace(world_size=2))
    assert found == {"train/box_loss": 2.5}


def test_another_process_writes_nothing(tmp_path):
    """It has the row too, and takes part in saving the checkpoint, but rank 0 alone moves it to its place."""
    callback = Planned(tmp_path, 0.5)
    callback.write({"epoch": 1, "iteration": 4}, 3, Trainer(is_global_zero=False, loggers=[]))
    assert not any(tmp_path.iterdir())


@pytest.mark.parametrize("step", [1, 3, 5])
def test_nothing_ends_within_a_part(tmp_path, step):
    callback = Planned(tmp_path, 0.5, 0.5)
    callback.part = step // 2
    train(tmp_path, callback, steps=[step])
    assert not (tmp_path / "results.csv").exists() and not any((tmp_path / "weights").iterdir())
