"""A run that was cut off and resumed is, to the last bit, the one without a cut."""

import errno
import shutil
from pathlib import Path

import pytest
import torch

from tests.runs import overrides, results
from yolo_feiou import YOLO
from yolo_feiou.yolo import resume_state
from yolo_feiou.yolo.resume_state import EXACT_SINCE, STATE_PATTERN, _read, drop_states

LINE = "No exact state beside"


def trained(folder, cuts, start="yolov8n.yaml", between=lambda weights: None, **arguments):
    """Train for four epochs, cut off in those of `cuts` (from 0), and return the trainer of the last part.

    `between` is done to the folder of weights before each resume.
    """

    def cut_off(epoch):
        def stop(trainer):
            if trainer.epoch == epoch:
                raise KeyboardInterrupt

        return stop

    model, told = YOLO(start), arguments
    for epoch in cuts:
        model.add_callback("on_train_batch_end", cut_off(epoch))
        with pytest.raises(KeyboardInterrupt):
            model.train(**told)
        between(folder / "weights")
        model, told = YOLO(folder / "weights" / "last.pt"), {"resume": True}
    model.train(**told)
    return model.trainer


def weights(trainer):
    return {**{f"model {k}": v for k, v in trainer.model.state_dict().items()}, **trainer.ema.ema.state_dict()}


def same(one, other):
    ours, theirs = weights(one), weights(other)
    return ours.keys() == theirs.keys() and all(torch.equal(ours[key], theirs[key]) for key in ours)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("start", "changes"),
    [
        # 3 batches an epoch, and a step each 5 of them, so that gradients wait at the end of an epoch
        ("yolov8n.yaml", {"nbs": 40, "warmup_epochs": 0}),
        # 4 batches, the last one smaller; mosaic ends within the run, between the cuts
        ("yolov8n.yaml", {"batch": 7, "nbs": 16, "close_mosaic": 2, "optimizer": "SGD", "lr0": 0.01, "mixup": 0.5}),
        # a step waits longer from batch to batch while it warms up; sizes are drawn; mosaic ends after the cuts
        ("yolov8n.yaml", {"batch": 4, "nbs": 64, "close_mosaic": 1, "multi_scale": 0.5, "cache": "ram"}),
    ],
)
def test_weights_and_metrics_equal_those_of_a_run_without_a_cut(data, tmp_path, start, changes, release):
    release(EXACT_SINCE)
    told = {**overrides(data, tmp_path, epochs=4, **changes), "model": start}
    told.pop("model")
    whole = trained(tmp_path / "whole", (), start, **{**told, "name": "whole"})
    cut = trained(tmp_path / "run", (1, 3), start, **told)
    assert same(cut, whole) and cut.ema.updates == whole.ema.updates
    assert results(cut.save_dir) == results(whole.save_dir)


@pytest.mark.slow
def test_two_heads_of_yolo26_resume_too(data, tmp_path, release):
    release(EXACT_SINCE)
    told = overrides(data, tmp_path, epochs=3)
    told.pop("model")
    whole = trained(tmp_path / "whole", (), "yolo26n.yaml", **{**told, "name": "whole"})
    assert same(trained(tmp_path / "run", (1,), "yolo26n.yaml", **told), whole)


@pytest.mark.slow
def test_from_the_checkpoint_alone_a_run_resumes_and_says_that_it_differs(data, tmp_path, caplog):
    told = overrides(data, tmp_path, epochs=3)
    told.pop("model")
    whole = trained(tmp_path / "whole", (), **{**told, "name": "whole"})
    assert LINE not in caplog.text
    cut = trained(tmp_path / "run", (1,), between=drop_states, **told)
    assert LINE in caplog.text and "ends with other weights than without a cut" in caplog.text
    assert not same(cut, whole) and len(results(cut.save_dir)) == 3


@pytest.mark.slow
def test_a_state_is_there_until_the_run_is_finished_and_fits_its_checkpoint(data, tmp_path, caplog):
    told = overrides(data, tmp_path, epochs=3)
    told.pop("model")
    seen = []

    def look(folder):
        seen.append(sorted(path.name for path in folder.iterdir()))
        saved = _read(folder / "last.pt")
        assert saved["epoch"] == 1 + torch.load(folder / "last.pt", weights_only=False)["epoch"]
        shutil.copy(folder / "epoch1.state", folder.parent / "epoch1.state")
        # killed once more, after the next state was written, and before its checkpoint took the place of this one
        content = torch.load(folder / "epoch1.state", weights_only=True)
        torch.save({**content, "checkpoint": "of the next one", "epoch": 2}, folder / "epoch2.state")
        (folder / "epoch3.state").write_bytes(b"torn")
        assert _read(folder / "last.pt")["epoch"] == 1

    trainer = trained(tmp_path / "run", (1,), between=look, **told)
    assert seen == [["best.pt", "epoch1.state", "last.pt"]] and LINE not in caplog.text
    assert sorted(path.name for path in trainer.wdir.iterdir()) == ["best.pt", "last.pt"]

    shutil.move(tmp_path / "run" / "epoch1.state", trainer.wdir)  # of an older training in that folder
    YOLO("yolov8n.yaml").train(**{**told, "exist_ok": True, "epochs": 1})
    assert not list(trainer.wdir.glob(STATE_PATTERN))


@pytest.mark.slow
def test_a_state_of_another_checkpoint_is_passed_over(data, tmp_path, caplog):
    told = overrides(data, tmp_path, epochs=3)
    told.pop("model")

    def edit(folder):
        content = torch.load(folder / "last.pt", weights_only=False)
        torch.save({**content, "date": "another"}, folder / "last.pt")

    trained(tmp_path / "run", (1,), between=edit, **told)
    assert LINE in caplog.text


@pytest.mark.slow
def test_in_another_number_of_processes_weights_and_momentum_resume_and_a_line_says_what_does_not(
    data, tmp_path, caplog, monkeypatch
):
    told = overrides(data, tmp_path, epochs=3)
    told.pop("model")
    whole = trained(tmp_path / "whole", (), **{**told, "name": "whole"})

    def of_two_ranks(folder):
        content = torch.load(folder / "epoch1.state", weights_only=True)
        torch.save({**content, "ranks": content["ranks"] * 2}, folder / "epoch1.state")

    restore, seen = resume_state.ExactResume._restore_weights, []

    def restored(self, saved):
        restore(self, saved)
        seen.append(all(torch.equal(value, saved["model"][key]) for key, value in self.model.state_dict().items()))
        seen.append(self.optimizer.state_dict()["state"].keys() == saved["optimizer"]["state"].keys())

    monkeypatch.setattr(resume_state.ExactResume, "_restore_weights", restored)
    cut = trained(tmp_path / "run", (1,), between=of_two_ranks, **told)
    assert seen == [True, True] and LINE not in caplog.text
    assert "was cut off in 2 processes and resumes in 1: order and augmentation of the images differ" in caplog.text
    assert "Weights and momentum are those of the end of epoch 1" in caplog.text and "random state" not in caplog.text
    assert not same(cut, whole)


@pytest.mark.slow
def test_a_disk_that_is_too_full_for_the_state_doesnt_stop_the_training(data, tmp_path, monkeypatch, caplog):
    save = torch.save

    def full(content, path, *args, **kwargs):
        if "state" in str(path):
            Path(path).write_bytes(b"half")
            raise OSError(errno.ENOSPC, "No space left on device")
        return save(content, path, *args, **kwargs)

    monkeypatch.setattr(resume_state.torch, "save", full)
    told = overrides(data, tmp_path, epochs=2)
    told.pop("model")
    trainer = trained(tmp_path / "run", (), **told)
    assert "epoch1.state can't be written (No space left on device): a resume would not be exact." in caplog.text
    assert sorted(path.name for path in trainer.wdir.iterdir()) == ["best.pt", "last.pt"]


@pytest.mark.slow
@pytest.mark.parametrize(("optimizer", "nbs", "expected"), [("AdamW", 8, 16), ("SGD", 8, 12), ("SGD", 16, 16)])
def test_a_state_takes_the_bytes_that_the_page_says(data, tmp_path, optimizer, nbs, expected):
    """Bytes for each parameter: 4 each of the model, its EMA, and a moment or two; 4 for a gradient that waits."""
    told = overrides(data, tmp_path, epochs=2, optimizer=optimizer, lr0=0.01, nbs=nbs, warmup_epochs=0)
    told.pop("model")
    model, sizes = YOLO("yolov8n.yaml"), []

    def look(trainer):
        sizes.extend(path.stat().st_size for path in trainer.wdir.glob(STATE_PATTERN))

    model.add_callback("on_model_save", look)
    model.train(**told)
    parameters = sum(parameter.numel() for parameter in model.trainer.model.parameters())
    assert sizes[0] / parameters == pytest.approx(expected, rel=0.03)


@pytest.mark.slow
def test_a_user_who_clears_all_callbacks_loses_nothing_of_the_state(data, tmp_path):
    def clear(trainer):
        for event in trainer.callbacks:
            trainer.callbacks[event].clear()

    seen = []
    model = YOLO("yolov8n.yaml")
    model.add_callback("on_train_start", clear)
    write = resume_state.ExactResume.write_state
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(
            resume_state.ExactResume,
            "write_state",
            lambda self, path: seen.append((self._batch, self._state()["last_step"])) or write(self, path),
        )
        model.train(**{**overrides(data, tmp_path), "epochs": 2})
    assert seen == [(2, 2), (2, 5)], "24 images in batches of 8: numbers 0 to 2 in each epoch, a step after each"
