"""Oriented boxes: the term is ProbIoU's, or another of rotated boxes, and all else is stock's."""

from inspect import signature

import pytest
import torch
from ultralytics import YOLO as StockYOLO
from ultralytics.utils.loss import RotatedBboxLoss

from tests.runs import SHORT, results
from yolo_feiou import YOLO, build_loss
from yolo_feiou.datasets.shapes import generate
from yolo_feiou.errors import LossSpecError
from yolo_feiou.storage.tables import read_csv
from yolo_feiou.yolo.bbox_loss import SwappedRotatedBboxLoss
from yolo_feiou.yolo.box_stats import BOX_STATS_FILE
from yolo_feiou.yolo.configs import CFG_DIR
from yolo_feiou.yolo.gradient_norms import measure_gradient_norms
from yolo_feiou.yolo.rehearsal import check_model

IMAGE = ("imgsz" in signature(RotatedBboxLoss.forward).parameters) * (
    torch.tensor([640.0, 640.0]),
    torch.full((200, 1), 8.0),
)


@pytest.fixture(scope="module")
def oriented(tmp_path_factory):
    """The YAML of a small `shapes-obb`."""
    root = tmp_path_factory.mktemp("oriented") / "shapes-obb"
    generate(root, counts={"train": 24, "val": 8, "test": 8}, oriented=True)
    text = (CFG_DIR / "datasets" / "shapes-obb.yaml").read_text()
    path = root / "small.yaml"
    path.write_text(text.replace("path: shapes-obb", f"path: {root}"))
    return str(path)


def call(loss, reg_max):
    """Both terms of a rotated bbox loss, and the gradients of boxes and distribution."""
    random = torch.Generator().manual_seed(0)
    target = torch.rand(2, 200, 5, generator=random) * torch.tensor([20, 20, 8, 8, 3.0]) + torch.tensor([0, 0, 2, 2, 0])
    pred = (target + torch.randn(2, 200, 5, generator=random) * 0.3).requires_grad_()
    scores = torch.rand(2, 200, 3, generator=random) * (torch.rand(2, 200, 3, generator=random) > 0.6)
    dist = torch.randn(2, 200, 4 * reg_max, generator=random, requires_grad=True)
    anchors = target[0, :, :2] + 0.5
    terms = loss(dist, pred, anchors, target, scores, scores.sum(), scores.sum(-1) > 0, *IMAGE)
    return terms, torch.autograd.grad(sum(terms), (pred, dist), allow_unused=True), (pred, target, scores)


@pytest.mark.parametrize("reg_max", [16, 1])
def test_probiou_is_stocks_and_the_dfl_term_is_its_own(reg_max):
    stock = RotatedBboxLoss(reg_max)
    (box, dfl), (of_boxes, of_dist), _ = call(SwappedRotatedBboxLoss(stock, build_loss("probiou")), reg_max)
    (stock_box, stock_dfl), (stock_of_boxes, stock_of_dist), _ = call(stock, reg_max)
    torch.testing.assert_close(box, stock_box, rtol=1e-5, atol=0)
    assert torch.linalg.norm(of_boxes - stock_of_boxes) <= 1e-4 * torch.linalg.norm(stock_of_boxes)
    assert dfl.equal(stock_dfl) and (of_dist is stock_of_dist or of_dist.equal(stock_of_dist))


def test_the_focal_weight_is_eq_11():
    """ΣsWL / ΣsW with W = √ProbIoU."""
    loss = SwappedRotatedBboxLoss(RotatedBboxLoss(16), build_loss("probiou:focal=0.5"))
    (box, _), _, (pred, target, scores) = call(loss, 16)
    chosen = scores.sum(-1) > 0
    plain = build_loss("probiou")(pred[chosen], target[chosen])
    weights = scores[chosen].sum(-1) * (1 - plain).sqrt()
    torch.testing.assert_close(box, (weights * plain).sum() / weights.sum())


@pytest.mark.parametrize(
    ("model", "loss", "message"),
    [
        (
            "yolov8n-obb.yaml",
            "eiou",
            r"loss 'eiou' is of axis-aligned boxes, and this model has rotated .*probiou",
        ),
        ("yolov8n.yaml", "kld", r"loss 'kld' is of rotated boxes, and this model has axis-aligned boxes: .*eiou"),
        ("yolov8n-obb.yaml", "probiou+ciou", "a model has boxes of one kind"),
    ],
)
def test_a_loss_of_other_boxes_is_refused_with_those_that_fit(model, loss, message, tmp_path):
    with pytest.raises(LossSpecError, match=message):
        YOLO(model).train(data="dota8.yaml", loss=loss, project=str(tmp_path))
    with pytest.raises(LossSpecError, match=message):
        check_model(model, [loss])
    assert not any(tmp_path.iterdir())
    check_model(model, ["stock"])


def train(data, folder, name, kind=YOLO, model="yolov8n-obb.yaml", **own):
    made = kind(model)
    made.train(**{**SHORT, "epochs": 2, "data": data, "project": str(folder), "name": name, **own})
    return made.trainer


@pytest.mark.slow
def test_probiou_trains_as_stock_does(oriented, tmp_path, capsys):
    """`stock` to the last digit, probiou within rounding, which grows from step to step."""
    rows = [results(train(oriented, tmp_path, "plain", StockYOLO).save_dir)]
    rows += [results(train(oriented, tmp_path, name, loss=name).save_dir) for name in ("stock", "probiou")]
    said = capsys.readouterr().out
    assert "Box loss: probiou (floor=0.01), criteria swapped: 1 of the model, 1 of the EMA, rank -1" in said
    assert rows[0] == rows[1]
    for row, other in zip(rows[1], rows[2], strict=True):
        for name in ("box", "cls", "dfl", "angle"):
            assert float(other[f"train/{name}_loss"]) == pytest.approx(float(row[f"train/{name}_loss"]), rel=5e-3)


@pytest.mark.slow
@pytest.mark.parametrize("loss", ["kld", "gwd:tau=2", "kfiou:focal=0.5", "probiou:weight=1..0+bd:weight=0..1"])
def test_other_losses_train_both_heads(loss, oriented, tmp_path, capsys, release):
    release("8.4.0")
    trainer = train(oriented, tmp_path, "run", model="yolo26n-obb.yaml", loss=loss, box_stats=True)
    assert "criteria swapped: 2 of the model, 2 of the EMA" in capsys.readouterr().out
    assert all(float(row[f"{part}/box_loss"]) > 0 for row in results(trainer.save_dir) for part in ("train", "val"))
    stats = read_csv(trainer.save_dir / BOX_STATS_FILE)
    assert all(row["positives"] > 0 and 0 <= row["iou_mean"] <= 1 for row in stats)


@pytest.mark.slow
def test_gradients_are_compared_with_probious(oriented):
    rows = measure_gradient_norms(
        {**SHORT, "model": "yolov8n-obb.yaml", "data": oriented, "epochs": 1}, ["stock", "kld"], batches=2
    )
    assert [row["loss"] for row in rows] == ["probiou", "stock", "kld"]
    assert rows[0]["gradient_ratio"] == rows[1]["gradient_ratio"] == 1 != rows[2]["gradient_ratio"]
