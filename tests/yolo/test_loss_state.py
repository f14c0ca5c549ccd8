"""What of a loss changes over a training is as it must be in each epoch, whatever cuts the training off."""

import math
from types import SimpleNamespace

import pytest
import torch
from torch import nn
from ultralytics.cfg import get_cfg
from ultralytics.models.rtdetr.val import RTDETRDataset
from ultralytics.nn.tasks import DetectionModel
from ultralytics.utils.loss import BboxLoss

from tests.runs import overrides, results
from tests.yolo.test_resume_state import same, trained
from yolo_feiou import YOLO, build_loss
from yolo_feiou.errors import ArgumentError, LossNotAppliedError
from yolo_feiou.storage.tables import read_csv
from yolo_feiou.yolo.bbox_loss import SwappedBboxLoss
from yolo_feiou.yolo.criterion import copy_states, find_losses, get_criterion, swap_losses
from yolo_feiou.yolo.loss_state import FILE, find_swapped, measure_mean_side
from yolo_feiou.yolo.resume_state import EXACT_SINCE


def model_with(spec, yaml="yolov8n.yaml"):
    """A model whose criterion has a loss, and a batch of two images of 64 × 96 pixels for it."""
    model = DetectionModel(yaml, nc=2, verbose=False)
    model.args = get_cfg(overrides={})
    swap_losses(model, build_loss(spec))
    random = torch.Generator().manual_seed(0)
    batch = {
        "img": torch.rand(2, 3, 64, 96, generator=random),
        "batch_idx": torch.tensor([0.0, 0, 1]),
        "cls": torch.tensor([[0.0], [1], [1]]),
        "bboxes": torch.tensor([(0.5, 0.5, 0.4, 0.4), (0.2, 0.3, 0.2, 0.3), (0.6, 0.6, 0.7, 0.7)]),
    }
    return model, batch


@pytest.mark.parametrize("yaml", ["yolov8n.yaml", "yolo26n.yaml"])
def test_a_loss_is_told_the_size_of_the_batch_and_the_stride_of_each_pair(yaml, release):
    release("8.4.0" if "26" in yaml else "8.3.119")
    model, batch = model_with("mpdiou", yaml)
    seen = []
    for loss in find_losses(get_criterion(model)):
        loss.on_positives = seen.append
    model.loss(batch)
    assert seen
    for positives in seen:
        assert positives.image.tolist() == [64, 96]
        assert set(positives.pixels.tolist()) <= {8, 16, 32} and len(positives.pixels) == len(positives.pred)
        pixels = positives.pixels[:, None]
        in_pixels = build_loss("mpdiou").mean(
            positives.pred * pixels, positives.target * pixels, positives.scores, total=positives.total, image=(64, 96)
        )
        assert positives.mean(build_loss("mpdiou")).item() == pytest.approx(in_pixels.item(), rel=1e-5)
    targets = torch.cat([positives.target * positives.pixels[:, None] for positives in seen])
    sides = {round(side) for side in (targets[:, 2] - targets[:, 0]).tolist()}
    assert sides <= {round(96 * share) for share in (0.4, 0.2, 0.7)}  # as they are in the image


def test_without_an_assigner_a_loss_in_pixels_stops_and_another_one_does_not():
    boxes, mask = torch.tensor([[[0.0, 0, 2, 2]]]), torch.ones(1, 1, dtype=torch.bool)
    call = (torch.zeros(1, 1, 4), boxes, torch.ones(1, 2), boxes, torch.ones(1, 1, 1), torch.ones(()), mask)
    with pytest.raises(LossNotAppliedError, match=r"nwd \(c=12.8\) is in pixels, and this criterion has no assigner"):
        SwappedBboxLoss(BboxLoss(1), build_loss("nwd"))(*call)


@pytest.mark.parametrize(("yaml", "heads"), [("yolov8n.yaml", 1), ("yolo26n.yaml", 2)])
def test_each_head_has_a_running_mean_which_training_alone_moves(yaml, heads, release):
    release("8.4.0" if heads == 2 else "8.3.119")
    model, batch = model_with("wiou:momentum=0.5", yaml)
    copy, _ = model_with("wiou:momentum=0.5", yaml)
    with torch.no_grad():
        model.loss(batch)
    means = [loss.box_loss.running_means[0] for loss in find_swapped(model)]
    assert [mean.value.item() for mean in means] == [1.0] * heads
    model.loss(batch)
    values = [mean.value.item() for mean in means]
    assert len(set(values)) == heads and all(0.5 < value < 1 for value in values)
    copy_states(get_criterion(model), get_criterion(copy))
    copied = [loss.box_loss.running_means[0] for loss in find_swapped(copy)]
    assert [mean.value.item() for mean in copied] == values
    model.loss(batch)
    assert [mean.value.item() for mean in copied] == values != [mean.value.item() for mean in means]


def test_a_batch_without_objects_moves_no_mean():
    model, batch = model_with("ciou:wise=true,weight=2")
    model.criterion.bbox_loss.box_loss.prepare(batches=10, epochs=10)
    empty = {key: value[:0] if key != "img" else value for key, value in batch.items()}
    model.loss(empty)
    assert find_swapped(model)[0].box_loss.running_means[0].value.item() == 1
    assert find_swapped(model)[0].assignments == 1


def test_the_mean_size_of_objects_by_hand():
    """40 × 20 pixels in an image of 400 × 200, at half its size; a square of 50 in one of 100, at twice."""
    labels = [
        {"bboxes": [(0.5, 0.5, 0.1, 0.1)], "shape": (200, 400)},
        {"bboxes": [(0.5, 0.5, 0.5, 0.5)], "shape": (100, 100)},
        {"bboxes": [], "shape": (100, 100)},
    ]
    expected = (math.sqrt(20 * 10) + 100) / 2
    assert measure_mean_side(SimpleNamespace(labels=labels), 200) == pytest.approx(expected)
    # Stretched to 200 × 200, the first one is 20 × 20 there.
    stretched = object.__new__(RTDETRDataset)
    stretched.labels = labels
    assert measure_mean_side(stretched, 200) == pytest.approx((20 + 100) / 2)
    with pytest.raises(ArgumentError, match="there are none: give c="):
        measure_mean_side(SimpleNamespace(labels=labels[2:]), 200)


def train(data, tmp_path, loss, *, callbacks=None, **arguments):
    told = overrides(data, tmp_path, loss=loss, **arguments)
    model = YOLO(told.pop("model"))
    for event, callback in (callbacks or {}).items():
        model.add_callback(event, callback)
    model.train(**told)
    return model.trainer


@pytest.mark.slow
def test_a_killed_run_resumes_with_its_running_mean_to_the_last_bit(data, tmp_path, caplog, release):
    release(EXACT_SINCE)
    told = overrides(data, tmp_path, epochs=3, loss="wiou+nwd:c=auto")
    told.pop("model")
    whole = trained(tmp_path / "whole", (), **{**told, "name": "whole"})
    cut = trained(tmp_path / "run", (1,), **told)
    assert same(cut, whole) and results(cut.save_dir) == results(whole.save_dir)
    rows = read_csv(cut.save_dir / FILE)
    assert rows == read_csv(whole.save_dir / FILE)
    assert [row["epoch"] for row in rows] == [1, 2, 3] and 1 > rows[0]["mean_1"] != rows[2]["mean_1"]
    assert "running means begin at 1 again" not in caplog.text


@pytest.mark.slow
def test_a_run_that_was_moved_resumes_with_its_running_mean(data, tmp_path, caplog):
    """The checkpoint is given by its new place, and its folder has the file."""

    def stop(trainer):
        if trainer.epoch == 1:
            raise KeyboardInterrupt

    told = overrides(data, tmp_path, epochs=2, loss="wiou")
    model, moved = YOLO(told.pop("model")), tmp_path / "moved"
    model.add_callback("on_train_batch_end", stop)
    with pytest.raises(KeyboardInterrupt):
        model.train(**told)
    (tmp_path / "run").rename(moved)
    again = YOLO(moved / "weights" / "last.pt")
    again.train(resume=True)
    assert "running means begin at 1 again" not in caplog.text
    assert [row["epoch"] for row in read_csv(again.trainer.save_dir / FILE)] == [1, 2]


@pytest.mark.slow
def test_a_resumed_run_without_its_running_mean_says_so(data, tmp_path, caplog):
    told = overrides(data, tmp_path, epochs=2, loss="wiou")
    told.pop("model")
    trained(tmp_path / "run", (1,), between=lambda weights: (weights.parent / FILE).unlink(), **told)
    assert f"{FILE} lacks epoch 1: running means begin at 1 again" in caplog.text


@pytest.mark.slow
def test_an_epoch_that_is_done_again_begins_with_the_mean_that_it_had(data, tmp_path, release):
    release("8.4.0")
    seen = []

    def note(trainer):
        seen.append((trainer.epoch, find_swapped(trainer.model)[0].box_loss.running_means[0].value.item()))

    def spoil(trainer):
        if trainer.epoch == 1 and not trainer.nan_recovery_attempts:
            trainer.loss = torch.tensor(float("nan"))

    train(data, tmp_path, "wiou", epochs=2, callbacks={"on_train_batch_start": note, "on_train_epoch_end": spoil})
    first = [value for epoch, value in seen if epoch == 1]
    again = len(first) // 2
    assert [epoch for epoch, _ in seen] == sorted(epoch for epoch, _ in seen) and len(first) == 6
    assert first[0] == first[again] != first[1]


@pytest.mark.slow
def test_scheduled_numbers_are_those_of_the_epoch_in_training_and_validation(data, tmp_path):
    seen = []

    def note(trainer):
        for name, model in (("model", trainer.model), ("EMA", trainer.ema.ema)):
            (term,) = find_swapped(model)[0].box_loss
            seen.append((trainer.epoch, name, term.weight._call.keywords["gamma"]))

    loss = "focal_eiou:gamma=0..0.5"
    train(data, tmp_path, loss, epochs=3, callbacks={"on_train_epoch_end": note, "on_val_start": lambda v: None})
    assert seen == [(epoch, name, epoch / 4) for epoch in range(3) for name in ("model", "EMA")]


def test_a_module_that_holds_a_loss_keeps_the_loss_of_the_run():
    """A copy of a criterion, as of a model, holds a copy of the state, and is still known as the loss asked for."""
    loss = build_loss("wiou")
    held = nn.ModuleList([SwappedBboxLoss(BboxLoss(1), loss) for _ in range(2)])
    assert held[0].box_loss is not held[1].box_loss is not loss
    assert held[0].box_loss.origin is held[1].box_loss.origin is loss.origin
    assert not held.state_dict() and not held.train()[0].box_loss.training
    stateless = build_loss("eiou")
    assert SwappedBboxLoss(BboxLoss(1), stateless).box_loss is stateless
