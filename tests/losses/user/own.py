"""A file of a user with losses of several kinds, and a folder that has it."""

import pytest
import torch

from yolo_feiou.losses.user import registry

PRED, TARGET = torch.tensor([[0.0, 0, 2, 2], [0, 0, 4, 4]]), torch.tensor([[0.0, 0, 2, 2], [0, 0, 2, 2]])
OWN = """
import torch


def f(pred, target, k=2, power=1.5, mode="sum", half=False):
    assert type(k) is int or k != int(k)
    value = k * (pred - target).abs().sum(1) ** power
    return (value if mode == "sum" else value / 4) * (0.5 if half else 1)


def of_pair(pair, scale=1.0):
    return scale * (1 - pair.iou)


def annotated(both: "Pair", other=3):
    return both.iou * other


class Module(torch.nn.Module):
    def forward(self, pred, target, shift=0):
        return (pred - target).abs().sum(1) + shift


module = Module()


def column(pred, target):
    return (pred - target).abs().sum(1, keepdim=True)


def bare(pred, target, eps):
    return eps


def weighed(pred, target, weight=1):
    return weight * (pred - target)[:, 2]


class Trained(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.factor = torch.nn.Parameter(torch.ones(()))

    def forward(self, pred, target):
        return self.factor * (pred - target)[:, 2]


trained = Trained()


def nothing():
    return 0


def keyed(pred, target, *, much=2, norm="a", wide=None):
    return much * (pred - target)[:, 2]
"""


@pytest.fixture
def own(tmp_path, monkeypatch):
    monkeypatch.setattr(registry, "_registered", {})
    monkeypatch.chdir(tmp_path)
    (tmp_path / "own.py").write_text(OWN)
    return tmp_path
