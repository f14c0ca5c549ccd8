"""The proof of the loss: whatever takes the loss from a training ends it before that epoch is written anywhere."""

import shutil
from pathlib import Path

import numpy as np
import pytest
import torch
import yaml
from torch import nn
from ultralytics.models.utils.loss import RTDETRDetectionLoss
from ultralytics.utils.loss import BboxLoss, v8DetectionLoss

from tests.detr import write_rtdetr
from tests.runs import SHORT, results
from tests.yolo.test_bbox_loss import IMAGE
from tests.yolo.test_criterion import Holder, holding
from yolo_feiou import YOLO, build_loss
from yolo_feiou.errors import LossNotAppliedError
from yolo_feiou.yolo.bbox_loss import SwappedBboxLoss
from yolo_feiou.yolo.criterion import swap_losses
from yolo_feiou.yolo.proof import Proof, count_labels

LABELS, NONE = {"bboxes": torch.zeros(2, 4)}, {"bboxes": torch.zeros(0, 4)}


class OwnSum(v8DetectionLoss):
    """A user's criterion that holds a box loss, and computes GIoU or what it likes by itself."""

    def __call__(self, preds, batch):
        kept, self.bbox_loss = self.bbox_loss, BboxLoss(self.reg_max)
        try:
            return super().__call__(preds, batch)
        finally:
            self.bbox_loss = kept


def replace(trainer):
    trainer.model.criterion = v8DetectionLoss(trainer.model)


def restore(trainer):
    """After `replace`: put the criterion back that `keep` has kept."""
    trainer.model.criterion = trainer.kept


def keep(trainer):
    trainer.kept = trainer.model.criterion


def drop(trainer):
    """Ultralytics makes a new criterion at the next batch."""
    trainer.model.criterion = None


def drop_the_emas(trainer):
    trainer.ema.ema.criterion = None


def replace_the_emas_in_its_validation(trainer):
    def on_val_batch_end(validator):
        trainer.ema.ema.criterion = v8DetectionLoss(trainer.ema.ema)

    trainer.validator.callbacks["on_val_batch_end"].append(on_val_batch_end)


def swap_a_copy_for_the_validation(trainer):
    """The criterion is there again at its end, so that only what was called tells."""
    ema = trainer.ema.ema
    ema.loss = lambda batch, preds: v8DetectionLoss(ema)(preds, batch)


def override_the_models_loss(trainer):
    model = trainer.model
    criterion = v8DetectionLoss(model)
    model.loss = lambda batch, preds=None: criterion(model.predict(batch["img"]) if preds is None else preds, batch)


def compute_elsewhere(trainer):
    trainer.model.criterion.__class__ = OwnSum


def another_model(trainer):
    trainer.model = type(trainer.model)(trainer.model.yaml, verbose=False)
    trainer.model.args = trainer.args


#: By name, callbacks by event, of which those called `train…` act in the last epoch alone.
WAYS = {
    "a new criterion in a batch": {"on_train_batch_start": replace},
    "a new criterion in each batch, and the old one after it": {
        "on_train_epoch_start": keep,
        "on_train_batch_start": replace,
        "on_train_batch_end": restore,
    },
    "no criterion in a batch": {"on_train_batch_start": drop},
    "no criterion at the start of the epoch": {"on_train_epoch_start": drop},
    "a new criterion at the end of the epoch": {"on_train_epoch_end": replace},
    "the EMA's dropped at the end of the epoch": {"on_train_epoch_end": drop_the_emas},
    "the EMA's replaced in its validation": {"on_train_epoch_start": replace_the_emas_in_its_validation},
    "another loss() of the EMA": {"on_train_epoch_end": swap_a_copy_for_the_validation},
    "another loss() of the model": {"on_train_epoch_start": override_the_models_loss},
    "a box loss that is held and not called": {"on_train_epoch_start": compute_elsewhere},
    "a box loss that is not called after the first batch": {"on_train_batch_end": compute_elsewhere},
    "another model": {"on_train_epoch_start": another_model},
}


def run(data, tmp_path, callbacks, **arguments):
    model = YOLO("yolov8n.yaml")
    for event, act in callbacks.items():
        model.add_callback(event, lambda trainer, act=act: trainer.epoch == trainer.epochs - 1 and act(trainer))
    model.train(**{**SHORT, "data": data, "project": str(tmp_path), "name": "run", "loss": "eiou", **arguments})
    return model.trainer


@pytest.mark.slow
@pytest.mark.parametrize("way", WAYS)
def test_a_loss_that_is_lost_in_the_only_epoch_ends_the_training_before_anything_of_it_is_written(way, data, tmp_path):
    with pytest.raises(LossNotAppliedError, match="training stops here|Training stops here"):
        run(data, tmp_path, WAYS[way])
    assert not list(tmp_path.glob("run/weights/*"))
    assert not (tmp_path / "run" / "results.csv").exists()


@pytest.mark.slow
def test_what_was_trained_before_the_loss_is_lost_stays_and_is_no_more_than_that(data, tmp_path):
    with pytest.raises(LossNotAppliedError, match="v8DetectionLoss"):
        run(data, tmp_path, {"on_train_batch_start": replace}, epochs=2)
    assert len(results(tmp_path / "run")) == 1
    weights = [tmp_path / "run" / "weights" / name for name in ("best.pt", "last.pt")]
    assert [torch.load(path, weights_only=False)["epoch"] for path in weights] == [0, 0]


@pytest.mark.slow
def test_no_callback_removes_the_proof(data, tmp_path):
    def forget(trainer):
        for event in trainer.callbacks:
            trainer.callbacks[event] = [replace] if event == "on_train_batch_start" else []

    model = YOLO("yolov8n.yaml")
    model.add_callback("on_train_start", forget)
    with pytest.raises(LossNotAppliedError):
        model.train(**{**SHORT, "data": data, "project": str(tmp_path), "loss": "eiou"})


@pytest.mark.slow
@pytest.mark.parametrize("empty", ["train", "val", "all"])
def test_images_without_objects_are_no_loss_that_is_lost(data, tmp_path, empty, release):
    if empty != "train":
        release("8.4.3")  # older ones fail by themselves
    source = Path(yaml.safe_load(Path(data).read_text())["path"])
    shutil.copytree(source, tmp_path / "shapes", ignore=shutil.ignore_patterns("*.cache"))
    splits = ["train", "val"] if empty == "all" else [empty]
    for split in splits:
        labels = sorted((tmp_path / "shapes" / "labels" / split).glob("*.txt"))
        for path in labels[: None if empty == "all" or split == "val" else -2]:  # the last two keep theirs
            path.write_text("")
    other = tmp_path / "other.yaml"
    other.write_text(Path(data).read_text().replace(str(source), str(tmp_path / "shapes")))
    trainer = run(str(other), tmp_path, {}, mosaic=0.0, batch=2)
    assert len(results(trainer.save_dir)) == 1


@pytest.mark.slow
def test_epochs_that_are_not_validated_are_no_loss_that_is_lost(data, tmp_path):
    assert len(results(run(data, tmp_path, {}, epochs=2, val=False).save_dir)) == 2


#: By model, layers to freeze so that what is left has no part in the boxes: the class branch of the head.
ALL_BUT_CLASSES = {
    "yolov8n.yaml": [*range(22), "22.cv2"],
    "yolo11n-obb.yaml": [*range(23), "23.cv2", "23.cv4"],
    "rtdetr": [
        *range(5),
        *(f"5.{part}" for part in ("input_proj", "enc_output", "enc_bbox_head", "dec_bbox_head", "decoder")),
        *("5.query_pos_head", "5.denoising_class_embed"),
    ],
}


@pytest.mark.slow
@pytest.mark.parametrize("name", ALL_BUT_CLASSES)
@pytest.mark.parametrize("some", [False, True])
def test_a_loss_of_boxes_that_nothing_trains_is_told_once(name, some, data, oriented, tmp_path, caplog, release):
    """With one layer less frozen it has something to train."""
    if name != "rtdetr":
        release("8.4.3")  # older ones join boxes and scores in one tensor, whose graph is that of either
    own = ALL_BUT_CLASSES[name]
    model = YOLO(write_rtdetr(tmp_path) if name == "rtdetr" else name)
    is_oriented = name.endswith("obb.yaml")
    told = {"data": oriented if is_oriented else data, "loss": "kld" if is_oriented else "eiou"}
    model.train(**{**SHORT, "epochs": 2, "project": str(tmp_path), "freeze": own[1:] if some else own, **told})
    lines = [record.getMessage() for record in caplog.records if "changes nothing" in record.getMessage()]
    assert [line.partition("]: ")[2] for line in lines] == (
        []
        if some
        else [
            f"none of the weights that train has a part in the boxes, so that the box loss "
            f"{model.trainer.box_loss.description} changes nothing. Freeze fewer layers to train with it."
        ]
    )


#: Two oriented boxes of no height; and two from corner to corner, half a pixel wide at imgsz=64, which augmentation
#: keeps, since they are large in x and y; and one of these beside a large one.
FLAT = "0 0.1 0.3 0.3 0.3 0.3 0.3 0.1 0.3\n1 0.1 0.6 0.3 0.6 0.3 0.6 0.1 0.6\n"
THIN = "0 0.1 0.1 0.9 0.9 0.895 0.905 0.095 0.105\n1 0.2 0.1 0.9 0.8 0.895 0.805 0.195 0.105\n"
LARGE = "0 0.1 0.3 0.9 0.3 0.9 0.8 0.1 0.8\n1 0.1 0.1 0.9 0.9 0.895 0.905 0.095 0.105\n"


@pytest.mark.slow
@pytest.mark.parametrize(
    ("label", "left"),
    [
        (FLAT, "without labels: Ultralytics' augmentation left none of the 48 of the training set"),
        (THIN, "with 48 labels, of which none had positives"),
        (LARGE, ""),
    ],
    ids=["flat", "thin", "large"],
)
def test_labels_of_which_none_has_positives_are_told_once(label, left, oriented, tmp_path, caplog):
    """24 images of two labels, in three batches, for two epochs."""
    root, source = tmp_path / "thin", Path(oriented)
    shutil.copytree(source.parent, root, ignore=shutil.ignore_patterns("*.cache"))
    for file in (root / "labels" / "train").glob("*.txt"):
        file.write_text(label)
    (root / "thin.yaml").write_text(source.read_text().replace(str(source.parent), str(root)))
    still = dict.fromkeys(("mosaic", "translate", "scale", "fliplr"), 0.0)
    told = {**SHORT, "data": str(root / "thin.yaml"), "project": str(tmp_path), "epochs": 2, "loss": "kld", **still}
    model = YOLO("yolo11n-obb.yaml")
    model.train(**told)
    lines = [record.getMessage() for record in caplog.records if "computed 0 times" in record.getMessage()]
    assert len(lines) == bool(left)
    for line in lines:
        start = f"epoch 1: {model.trainer.box_loss.description} was computed 0 times in 3 batches {left}. Ultralytics "
        assert start in line and line.endswith(
            "leaves out boxes without area, or with a side under 2 pixels at imgsz=64. Look at the labels, or give a "
            "larger imgsz=."
        )


def test_labels_are_those_of_all_data_sets_of_a_training():
    labels = [{"cls": np.zeros((2, 1))}, {"cls": np.zeros((0, 1))}]
    assert count_labels(Holder(labels=labels)) == 2
    assert count_labels(Holder(datasets=[Holder(labels=labels), Holder(labels=labels), Holder()])) == 4


@pytest.fixture
def detr():
    """A proof that has begun on a model whose criterion is RT-DETR's."""
    model, loss = holding(RTDETRDetectionLoss(nc=3)), build_loss("eiou")
    swap_losses(model, loss)
    begun = Proof("model", loss)
    begun.begin(model)
    return begun, model, model.criterion


def test_of_rtdetr_each_output_of_each_batch_must_be_computed(detr):
    proof, model, criterion = detr
    proof.note(LABELS)
    with pytest.raises(LossNotAppliedError, match="eiou 0 times in 1 batches"):
        proof.check_batch(model)  # none has come to it
    criterion.assignments, criterion.owed, criterion.calls = 1, 5, 4
    with pytest.raises(LossNotAppliedError, match="eiou 4 times in 1 batches"):
        proof.check_batch(model)
    criterion.calls = 5
    proof.check_batch(model)
    proof.check(model)
    proof.note(LABELS)  # five calls are those of one batch, not of five
    with pytest.raises(LossNotAppliedError, match="eiou 5 times in 2 batches"):
        proof.check_batch(model)


def test_losses_are_told_the_size_of_the_images(detr):
    proof, _, criterion = detr
    proof.note({**LABELS, "img": torch.zeros(2, 3, 64, 96)})
    assert criterion.image == (64, 96)
    proof.note(LABELS)
    assert criterion.image is None


@pytest.fixture
def proof():
    """A proof that has begun on a model of two heads: one with stock's kind of assigner, and one without."""
    assigner = nn.Identity()
    criterion = Holder(one=Holder(assigner=assigner, bbox_loss=BboxLoss(16)), parts=[BboxLoss(1)])
    model, loss = holding(criterion), build_loss("eiou")
    swap_losses(model, loss)
    begun = Proof("model", loss)
    begun.begin(model)
    return begun, model, criterion.one.bbox_loss, criterion.parts[0]


def assign(loss, positives):
    loss.note_assignment(None, (), (None, None, None, torch.tensor([positives])))


def test_a_loss_that_had_no_positives_need_not_be_computed(proof):
    proof, model, hooked, other = proof
    proof.note(LABELS)
    assign(hooked, False)
    other.calls += 1
    proof.check_batch(model)
    proof.check(model)


def test_a_loss_that_had_positives_must_be_computed(proof):
    proof, model, hooked, other = proof
    other.calls += 1
    proof.note(LABELS)
    assign(hooked, True)
    proof.check_batch(model)  # which waits for no device
    with pytest.raises(LossNotAppliedError, match="computed eiou 0 times in 1 batches with labels"):
        proof.check(model)
    hooked.calls += 1
    proof.check(model)


def test_each_batch_with_labels_must_come_to_each_head(proof):
    proof, model, hooked, other = proof
    for _ in range(2):
        proof.note(LABELS)
    assign(hooked, True)
    hooked.calls += 1
    other.calls += 2
    with pytest.raises(LossNotAppliedError, match="eiou 1 times in 2 batches"):
        proof.check_batch(model)


def test_a_head_of_a_users_own_kind_must_compute_its_loss_once(proof):
    proof, model, hooked, other = proof
    for batch in (NONE, LABELS, LABELS):
        proof.note(batch)
        hooked.calls += 1
    with pytest.raises(LossNotAppliedError, match="eiou 0 times in 2 batches"):
        proof.check(model)
    other.calls += 1
    proof.check(model)


def test_without_labels_nothing_has_to_be_computed(proof):
    proof, model, *_ = proof
    proof.note(NONE)
    proof.note({"img": torch.zeros(1)})
    proof.check(model)


def test_it_is_known_whether_anything_trains_by_a_loss(proof):
    """As far as predictions have a graph, whatever else may have one."""
    proof, model, hooked, _ = proof
    assert not proof.trains and proof.calls == 0
    pred = torch.rand(1, 3, 4)
    arguments = torch.rand(3, 2), torch.rand(1, 3, 4), torch.rand(1, 3, 2), torch.tensor(1.0)
    nothing = torch.zeros(1, 3, dtype=torch.bool)
    for graph in (False, True):
        hooked(torch.rand(1, 3, 64), pred.requires_grad_(graph), *arguments, nothing, *IMAGE)
        assert proof.trains is graph
    assert proof.calls == 2
    proof.begin(model)
    assert not proof.trains and proof.calls == 0


def test_a_proof_counts_from_its_beginning(proof):
    proof, model, hooked, other = proof
    hooked.calls, other.calls = 5, 5
    proof.begin(model)
    proof.note(LABELS)
    with pytest.raises(LossNotAppliedError, match="eiou 0 times in 1 batches"):
        proof.check(model)
    assert isinstance(hooked, SwappedBboxLoss)
