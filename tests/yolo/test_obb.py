"""Oriented boxes: the term is ProbIoU's, or another of rotated boxes, and all else is stock's."""

from inspect import signature
from types import SimpleNamespace

import pytest
import torch
from ultralytics import YOLO as StockYOLO
from ultralytics.nn.tasks import OBBModel
from ultralytics.utils import DEFAULT_CFG_DICT
from ultralytics.utils.loss import RotatedBboxLoss

from tests.runs import SHORT, results
from yolo_feiou import YOLO, build_loss
from yolo_feiou.errors import LossSpecError
from yolo_feiou.storage.tables import read_csv
from yolo_feiou.yolo.bbox_loss import STOCK_FLOOR, SwappedRotatedBboxLoss
from yolo_feiou.yolo.box_stats import BOX_STATS_FILE
from yolo_feiou.yolo.criterion import swap_losses
from yolo_feiou.yolo.gradient_norms import measure_gradient_norms
from yolo_feiou.yolo.rehearsal import check_model
from yolo_feiou.yolo.trainers import OBBTrainer

IMAGE = ("imgsz" in signature(RotatedBboxLoss.forward).parameters) * (
    torch.tensor([640.0, 640.0]),
    torch.full((200, 1), 8.0),
)


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
    """In older releases without the floor."""
    stock, loss = RotatedBboxLoss(reg_max), build_loss(OBBTrainer.stock_spec)
    (box, dfl), (of_boxes, of_dist), _ = call(SwappedRotatedBboxLoss(stock, loss), reg_max)
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


@pytest.mark.parametrize("floor", [0, 0.05])
@pytest.mark.parametrize(
    ("model", "parts"), [("yolov8n-obb.yaml", [""]), ("yolo26n-obb.yaml", ["one2many", "one2one"])]
)
def test_gwd_in_training_is_of_pixels_whatever_the_stride(model, parts, floor, release):
    """ΣsL / Σs of the assigner's own pairs, which are in pixels; a floor of f strides² is one of f stride² there."""
    if "26" in model:
        release("8.4.0")
    torch.manual_seed(0)
    net = OBBModel(model, nc=3, verbose=False).train()
    net.args = SimpleNamespace(**DEFAULT_CFG_DICT)
    swap_losses(net, build_loss(f"gwd:floor={floor}"))
    found, expected, levels = [], [], set()

    def compute(module, inputs, output):
        (_, pred, anchors, *_), (_, target, scores, mask, *_) = inputs, output
        assert anchors[[0, 64, 80]].tolist() == [[4, 4], [8, 8], [16, 16]], "half a stride, where each level begins"
        strides = torch.tensor([8] * 64 + [16] * 16 + [32] * 4).expand(len(mask), -1)
        levels.update(strides[mask].tolist())
        terms = [
            build_loss(f"gwd:floor={floor * stride**2}")(pred[own], target[own]) @ scores[own].sum(-1)
            for stride in (8, 16, 32)
            for own in [mask & (strides == stride)]
        ]
        expected.append(sum(terms) / scores.sum().clamp(min=1))

    for part in parts:
        head = getattr(net.criterion, part) if part else net.criterion
        head.assigner.register_forward_hook(compute)
        head.bbox_loss.register_forward_hook(lambda module, inputs, terms: found.append(terms[0]))
    boxes = torch.tensor([[0.3, 0.3, 0.2, 0.1, 0.4], [0.6, 0.5, 0.7, 0.6, 1.0], [0.5, 0.6, 0.4, 0.3, 0.2]])
    batch = {"img": torch.rand(2, 3, 64, 64), "bboxes": boxes, "cls": torch.tensor([[0.0], [1], [2]])}
    net.loss({**batch, "batch_idx": torch.tensor([0.0, 0, 1])})
    assert len(found) == len(parts) and len(levels) > 1
    torch.testing.assert_close(torch.stack(found), torch.stack(expected), rtol=1e-4, atol=0)


def train(data, folder, name, kind=YOLO, model="yolov8n-obb.yaml", **own):
    made = kind(model)
    made.train(**{**SHORT, "epochs": 2, "data": data, "project": str(folder), "name": name, **own})
    return made.trainer


@pytest.mark.slow
def test_probiou_trains_as_stock_does(oriented, tmp_path, capsys):
    """`stock` to the last digit, probiou within rounding, which grows from step to step."""
    rows, probiou = [results(train(oriented, tmp_path, "plain", StockYOLO).save_dir)], OBBTrainer.stock_spec
    for name, loss in (("stock", "stock"), ("probiou", probiou)):
        rows.append(results(train(oriented, tmp_path, name, loss=loss).save_dir))
    described = build_loss(probiou).description
    assert f"Box loss: {described}, criteria swapped: 1 of the model, 1 of the EMA, rank -1" in capsys.readouterr().out
    assert rows[0] == rows[1]
    for row, other in zip(rows[1], rows[2], strict=True):
        for name in (name for name in row if name.startswith("train/")):
            assert float(other[name]) == pytest.approx(float(row[name]), rel=5e-3)


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
    assert rows[0]["gradient_ratio"] == 1 != rows[2]["gradient_ratio"]
    assert rows[1]["gradient_ratio"] == (1 if STOCK_FLOOR == 0.01 else pytest.approx(1, abs=0.1))
