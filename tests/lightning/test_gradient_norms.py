"""The sizes of losses on the first batches: those that a detector has there, and ratios that are known."""

import json
import tempfile
from pathlib import Path

import pytest
import torch

from tests.lightning.conftest import SHORT
from yolo_feiou.ablation.gains import match_box
from yolo_feiou.detectors.build import build_detector
from yolo_feiou.detectors.config import read_detector_config
from yolo_feiou.detectors.seam import find_box_terms
from yolo_feiou.errors import ArgumentError, DataError, LossSpecError
from yolo_feiou.lightning.arguments import complete_arguments
from yolo_feiou.lightning.data import measure_mean_side, read_training_data
from yolo_feiou.lightning.gradient_norms import main, measure_gradient_norms


@pytest.fixture
def arguments(data):
    """The arguments of a training, as an ablation has them."""
    return {**SHORT, "model": "retinanet_r18.yaml", "data": data}


def by_loss(rows):
    return {row["loss"]: row for row in rows}


def first_losses(arguments, **changed):
    """A model in training, and the losses that it has on the first batch of a training."""
    given = complete_arguments({**arguments, **changed})
    config = read_detector_config(given["model"])
    data = read_training_data(given, config)
    torch.manual_seed(given["seed"])
    options = {key: given[key] for key in ("loss", "box", "imgsz", "rpn")}
    model = build_detector(config, len(data.names), **options).train()
    images, targets = next(iter(data.make_loader(given, 0, 1, 0, 1)))
    return model, model(images, targets), data


@pytest.mark.slow
def test_a_row_is_what_the_detector_has_in_its_first_step(arguments):
    """The box loss by itself, at a gain of 1 whatever `box` is; its gradient with respect to all weights."""
    model, losses, _ = first_losses(arguments, loss="eiou", box=1)
    expected = losses["bbox_regression"]
    gradients = torch.autograd.grad(expected, [*model.parameters()], allow_unused=True)
    norm = torch.cat([gradient.flatten() for gradient in gradients if gradient is not None]).double().norm()
    found = by_loss(measure_gradient_norms({**arguments, "box": 7}, ["eiou"], 1))
    assert list(found) == ["ciou", "eiou"]
    row = found["eiou"]
    assert row["loss_value"] == pytest.approx(expected.item(), rel=1e-5)
    assert row["gradient_norm"] == pytest.approx(norm.item(), rel=1e-4)
    assert row["gradient_ratio"] == pytest.approx(norm.item() / found["ciou"]["gradient_norm"], rel=1e-4)
    assert (found["ciou"]["gradient_ratio"], found["ciou"]["loss_ratio"], row["batches"]) == (1, 1, 1)
    assert row["training_share"] == 0.25  # one of four steps


@pytest.mark.slow
@pytest.mark.parametrize(
    ("model", "more"),
    [
        ("retinanet", {}),
        ("faster_rcnn", {"rpn": True}),
        ("mask_rcnn", {}),
        ("atss", {}),
        ("paa", {}),
    ],
)
def test_twice_a_loss_is_twice_its_size(arguments, model, more):
    """In any detector, in two heads together too."""
    losses = ["ciou:weight=2", "ciou:weight=0.5", "stock"]
    found = by_loss(measure_gradient_norms({**arguments, "model": f"{model}_r18.yaml", **more}, losses, 1))
    for loss, factor in (("ciou:weight=2", 2), ("ciou:weight=0.5", 0.5)):
        assert found[loss]["loss_ratio"] == pytest.approx(factor, rel=1e-6)
        assert found[loss]["gradient_ratio"] == pytest.approx(factor, rel=1e-4)
    assert 0 < found["stock"]["gradient_ratio"] < float("inf") and found["stock"]["pairs"] > 0


@pytest.mark.slow
@pytest.mark.parametrize(
    ("model", "keys", "more"),
    [
        ("retinanet", ["bbox_regression"], {}),
        ("faster_rcnn", ["loss_box_reg"], {}),
        ("faster_rcnn", ["loss_box_reg", "loss_rpn_box_reg"], {"rpn": True}),
        ("atss", ["bbox_regression"], {}),
        ("paa", ["bbox_regression"], {}),
    ],
)
def test_stock_is_measured_as_the_detectors_own_loss(arguments, model, keys, more):
    """Of images with the same number of positives: RetinaNet's own is a mean over images, ours over positives."""
    given = {**arguments, "model": f"{model}_r18.yaml", "batch": 1, **more}
    (row,) = (one for one in measure_gradient_norms(given, ["stock"], 1, reference="giou") if one["loss"] == "stock")
    model, losses, _ = first_losses(given, rpn=False)  # stock of torchvision's has no gain of its own
    gain = find_box_terms(model)[0].box if find_box_terms(model) else 1
    assert row["loss_value"] == pytest.approx(sum(losses[key].item() for key in keys) / gain, rel=2e-3)


@pytest.mark.slow
def test_losses_with_a_state_and_automatic_numbers_are_measured(arguments):
    """`c=auto` of NWD is the mean size of objects in the images as they are resized."""
    _, _, data = first_losses(arguments)
    side = measure_mean_side(data.images, 64)
    losses = ["wiou", "nwd:c=auto", f"nwd:c={side!r}", "nwd:c=12.8", "l1", "focal_eiou"]
    found = by_loss(measure_gradient_norms(arguments, losses, 2))
    assert all(0 < row["gradient_norm"] < float("inf") for row in found.values())
    auto, same, other = (found[loss]["loss_value"] for loss in losses[1:4])
    assert auto == pytest.approx(same, rel=1e-6) and auto != pytest.approx(other, rel=1e-3)


@pytest.mark.slow
def test_of_so_many_batches_the_last_is_measured(arguments):
    """The others train: the second of two is the second that is measured of two."""
    both = by_loss(measure_gradient_norms(arguments, ["ciou"], 2))["ciou"]
    first, second = (by_loss(measure_gradient_norms(arguments, ["ciou"], 1, every=n))["ciou"] for n in (1, 2))
    assert both["loss_value"] == pytest.approx((first["loss_value"] + second["loss_value"]) / 2, rel=1e-6)
    still = by_loss(measure_gradient_norms({**arguments, "lr0": 0}, ["ciou"], 1, every=2))["ciou"]
    assert len({first["loss_value"], second["loss_value"], still["loss_value"]}) == 3
    assert (both["batches"], first["training_share"], second["training_share"]) == (2, 0.25, 0.5)


@pytest.mark.slow
def test_gains_are_matched_by_them(arguments):
    rows = measure_gradient_norms(arguments, ["eiou:weight=4", "eiou"], 1)
    boxes = match_box(rows, 2.5)  # of four digits
    assert boxes["eiou"] / boxes["eiou:weight=4"] == pytest.approx(4, rel=1e-3)


def test_mistakes_are_told(arguments):
    with pytest.raises(LossSpecError, match="did you mean 'eiou'"):
        measure_gradient_norms(arguments, ["eiuo"])
    with pytest.raises(ArgumentError, match="'mosaic' is no argument"):
        measure_gradient_norms({**arguments, "mosaic": 0}, ["eiou"])
    with pytest.raises(DataError, match="nix.yaml: there is no such file"):
        measure_gradient_norms({**arguments, "data": "nix.yaml"}, ["eiou"])


@pytest.mark.slow
def test_a_loss_that_becomes_infinite_is_told(arguments):
    with pytest.raises(DataError, match=r"the loss is .* at step \d+ with ciou: lower lr0, or set clip=10\."):
        measure_gradient_norms({**arguments, "lr0": 1000, "warmup_iterations": 0}, ["ciou"], 4)


@pytest.mark.slow
def test_the_process_reads_a_request_and_writes_rows(arguments, capsys):
    with tempfile.TemporaryDirectory() as scratch:
        request, result = Path(scratch, "request.json"), Path(scratch, "result.json")
        asked = {"arguments": arguments, "losses": ["eiou"], "batches": 1, "every": 2}
        progress = Path(scratch, "progress")
        request.write_text(json.dumps({**asked, "progress": str(progress)}))
        main([str(request), str(result)])
        assert progress.stat().st_size == 2, "a byte for each batch"
        assert [row["loss"] for row in json.loads(result.read_text())["rows"]] == ["ciou", "eiou"]
        request.write_text(json.dumps({"arguments": {**arguments, "data": "nix.yaml"}, "losses": ["eiou"]}))
        with pytest.raises(SystemExit) as ended:
            main([str(request), str(result)])
    assert ended.value.code == 2 and capsys.readouterr().err.startswith("error: data=nix.yaml")
