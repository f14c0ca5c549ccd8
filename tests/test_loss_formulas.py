"""The formulas on the pages of losses are those that train, and have no name that isn't explained."""

from __future__ import annotations

import math
import random

import numpy as np
import pytest
import torch

from tests.scripts import load_script
from tests.tex import CONSTANTS, compute
from yolo_feiou import LOSSES, build_loss
from yolo_feiou.losses.spec import split_spec

formulas = load_script("loss_formulas")
IMAGE, MEAN = (384, 640), 0.7
SPECS = (
    *(name for name in LOSSES if name != "uiou"),
    *("uiou:ratio=1.5", "uiou:ratio=0.7", "shapeiou:scale=1", "siou:theta=3", "focal_eiou:gamma=1.5"),
    *("focal_eiou_star:gamma=2", "piou2:lam=0.9", "interpiou:a=0.5", "dinterpiou:low=0.2,high=0.5"),
    *("extended_iou:s=0.5", "focal_l1:beta=0.5", "smooth_l1:beta=0.3", "balanced_l1:beta=0.6,alpha=0.8"),
    *("kld:tau=2", "gwd:tau=3", "wiou:delta=2,alpha=1.5", "nwd:c=5"),
)


class Values(dict):
    """What stands in formulas, by its name there; what follows from the boxes and a parameter, when it is asked for."""

    def __init__(self, pred, target, of):
        super().__init__(of)
        self.boxes = pred[:4], target[:4]

    def __missing__(self, name):
        pred, target = self.boxes
        if name == formulas.IOU_A:
            gone = [p + self["a"] * (t - p) for p, t in zip(edges(pred), edges(target), strict=True)]
            return overlap(gone, edges(target))[0]
        scaled = [edges([*box[:2], box[2] * self["r"], box[3] * self["r"]]) for box in (pred, target)]
        iou, _, *sides = overlap(*scaled)
        return {formulas.IOU_R: iou, "c_r": math.hypot(*sides)}[name]


def edges(box):
    x, y, w, h = box
    return x - w / 2, y - h / 2, x + w / 2, y + h / 2


def overlap(one, other):
    """IoU and union of two xyxy boxes, and the sides of the smallest box around both."""
    sides = [max(min(one[i + 2], other[i + 2]) - max(one[i], other[i]), 0) for i in (0, 1)]
    union = sum((box[2] - box[0]) * (box[3] - box[1]) for box in (one, other)) - sides[0] * sides[1]
    around = [max(one[i + 2], other[i + 2]) - min(one[i], other[i]) for i in (0, 1)]
    return sides[0] * sides[1] / union, union, *around


def draw_pairs(apart, number=40):
    """Yield predictions and targets in pixels as xywhr; every fourth pair may be `apart`."""
    rng = random.Random(0)
    for i in range(number):
        target = [rng.uniform(20, 60), rng.uniform(20, 60), rng.uniform(3, 19), rng.uniform(3, 19), rng.uniform(-2, 2)]
        reach = 1.5 if apart and i % 4 == 0 else 0.3
        pred = [
            centre + rng.uniform(-reach, reach) * side for centre, side in zip(target[:2], target[2:4], strict=True)
        ]
        yield [*pred, *(side * 2 ** rng.uniform(-1, 1) for side in target[2:4]), target[4] + rng.uniform(-1, 1)], target


def describe_aligned(pred, target):
    """What stands in formulas of axis-aligned boxes, by its name there."""
    around = overlap(edges(pred), edges(target))
    values = dict(zip("xywh", pred, strict=True)) | dict(zip(("x_t", "y_t", "w_t", "h_t"), target, strict=True))
    values |= dict(zip(("x_1", "y_1", "x_2", "y_2"), edges(pred), strict=True))
    values |= dict(zip(("x_{t1}", "y_{t1}", "x_{t2}", "y_{t2}"), edges(target), strict=True))
    values |= dict(zip((formulas.IOU, "U", "C_w", "C_h"), around, strict=True))
    values |= {"c": math.hypot(*around[2:]), r"\rho": math.dist(pred[:2], target[:2]), "m": MEAN}
    return values | {"W": IMAGE[1], "H": IMAGE[0]}


def describe_rotated(pred, target, divisor, floor):
    """What stands in formulas of rotated boxes: the offset of the centres, and both covariances."""

    def covariance(box):
        cos, sin = math.cos(box[4]), math.sin(box[4])
        turn = np.array([[cos, -sin], [sin, cos]])
        return turn @ np.diag([side * side / divisor + floor for side in box[2:4]]) @ turn.T

    offset = np.array([[p - t] for p, t in zip(pred[:2], target[:2], strict=True)])
    return {"d": offset, r"\Sigma_p": covariance(pred), r"\Sigma_t": covariance(target)}


@pytest.mark.parametrize("spec", SPECS)
def test_the_formula_is_the_loss(spec):
    name, given = split_spec(spec)
    info, loss = LOSSES[name], build_loss(spec)
    for mean in loss.running_means:
        mean.value.fill_(MEAN)
    defaults = {one.name: one.default for one in info.parameters} | {key: float(value) for key, value in given.items()}
    letters = {parameter: letter for letter, parameter in formulas.PARAMETERS.get(name, {}).items()}
    pairs = [*draw_pairs(apart=name != "focal_eiou_star")]  # whose logarithm is clamped for boxes apart
    expected = []
    for pred, target in pairs:
        if info.family == "rotated":
            of = describe_rotated(pred, target, 12 if name in ("probiou", "bd") else 4, defaults["floor"])
        else:
            of = describe_aligned(pred[:4], target[:4])
        values = Values(pred, target, of)
        for parameter, value in defaults.items():
            letter = letters.get(parameter, parameter)
            values |= {letter: value, f"\\{letter}": value, f"\\mathrm{{{letter}}}": value}
        for line in formulas.FORMULAS[name]:
            left, value = compute(line, values)
            values[left] = value
        expected.append(values["L"])
    boxes = [torch.tensor(side, dtype=torch.float64) for side in zip(*pairs, strict=True)]
    if info.family == "aligned":
        boxes = [torch.tensor([edges(box[:4]) for box in of.tolist()], dtype=torch.float64) for of in boxes]
    assert loss(*boxes, image=IMAGE, pixels=1.0).tolist() == pytest.approx(expected, rel=1e-6, abs=1e-9)


@pytest.mark.parametrize("name", LOSSES)
def test_each_name_is_explained(name):
    """By a line of the formula, as a parameter that is written so, or in words; and nothing else is."""
    lines = formulas.FORMULAS[name]
    used = {one for line in lines for one in formulas.find_names(line)}
    explained = {one for names, _ in formulas.explain_names(name) for one in names}
    left = used - explained - {formulas.find_names(line)[0] for line in lines} - {*CONSTANTS, "t"}
    parameters = [one.name for one in LOSSES[name].parameters]
    assert left <= {spelled for one in parameters for spelled in (one, f"\\{one}", f"\\mathrm{{{one}}}")}
    assert explained - formulas.PARAMETERS.get(name, {}).keys() <= used
