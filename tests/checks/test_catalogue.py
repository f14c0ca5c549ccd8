"""Each planted mistake is found, by its own check, and sound losses pass: ours, and independent ones."""

from __future__ import annotations

import functools

import pytest
import torch

from tests.checks import planted
from yolo_feiou.checks.catalogue import CHECKS, judge
from yolo_feiou.checks.subject import Subject
from yolo_feiou.losses.registry import build_loss
from yolo_feiou.losses.table import LOSSES

# The mistaken loss, the check that must find it, a loss without the mistake, and the other faults that it has by right.
PLANTED = [
    (planted.takes_one, "runs", planted.eiou, ()),
    (planted.mean, "shape", planted.eiou, ()),
    (planted.column, "shape", planted.eiou, ()),
    (planted.squeezed, "shape", planted.eiou, ()),
    (planted.all_against_all, "shape", planted.plain_iou, ()),
    (planted.coordinates, "shape", planted.eiou, ()),
    (planted.detached, "shape", planted.eiou, ()),
    (planted.counted, "shape", planted.eiou, ()),
    (planted.listed, "shape", planted.eiou, ()),
    (planted.never_empty, "shape", planted.eiou, ()),
    (planted.broken_backward, "backward", planted.square, ()),
    (planted.noisy, "repeat", planted.eiou, ()),
    (planted.remembers, "repeat", planted.eiou, ()),
    (planted.writes_pred, "inputs", planted.eiou, ()),
    (planted.writes_target, "inputs", planted.eiou, ()),
    (planted.unguarded, "finite", planted.eiou, ()),
    (planted.root, "finite", planted.guarded_root, ()),
    (planted.nan_to_num, "finite", planted.eiou, ()),
    (planted.nonempty_only, "finite", planted.eiou, ()),
    (planted.as_corner_and_size, "xywh", planted.eiou, ()),
    (planted.as_centre_and_size, "xywh", planted.eiou, ()),
    (planted.pixels, "scale", planted.eiou, ()),
    (planted.sides_in_pixels, "scale", planted.eiou, ("step",)),
    (planted.eps_added, "tiny", planted.eiou, ()),
    (planted.similarity, "identical", planted.plain_iou, ("step",)),
    (planted.constant, "identical", planted.plain_iou, ()),
    (planted.left_the_graph, "learns", planted.eiou, ()),
    (planted.log_without_minus, "negative", planted.log_with_minus, ("receding", "step")),
    (planted.unclamped, "receding", planted.eiou, ()),
    (planted.wrong_backward, "gradient", planted.square, ()),
    (planted.attached, "attached", planted.focal_eiou, ("step",)),
    (planted.iou_detached, "step", planted.eiou, ()),
    (planted.uphill, "step", planted.eiou, ()),
    (planted.reversed_focus, "reversed", planted.focal_eiou, ()),
    (planted.centre_offset, "offset", planted.eiou, ()),
    (planted.focal_centre_offset, "offset", planted.focal_eiou, ()),
    (planted.smoothed_as_eiou, "extended", planted.eiou, ()),
    (planted.unsmoothed_as_eiou, "extended", planted.plain_iou, ()),
    (planted.replaces_a_function, "torch", planted.eiou, ()),
    (planted.focal_eiou, "dead", planted.focal_over_the_batch, ()),
    (planted.in_half, "half", planted.in_float32, ()),
]
judged = functools.cache(lambda loss: judge(Subject(getattr(loss, "__name__", "remembers"), loss)))
severity = {check.name: check.severity for check in CHECKS}


@pytest.fixture(autouse=True)
def torch_as_it_is(monkeypatch):
    """Puts back what a planted loss replaces."""
    monkeypatch.setattr(torch.nn.functional, "huber_loss", torch.nn.functional.huber_loss)


@pytest.mark.parametrize(
    ("mistake", "name", "right", "others"), PLANTED, ids=[getattr(row[0], "__name__", "remembers") for row in PLANTED]
)
def test_each_mistake_is_found_by_its_own_check(mistake, name, right, others):
    """No other fault is found but those listed, and the loss without the mistake passes that check."""
    kind = severity[name]
    assert name in judged(mistake).found(kind)
    assert {name, *judged(mistake).found("fault")} == {name, *others}
    assert name not in judged(right).found(kind)


def test_each_check_has_a_planted_mistake():
    assert {name for _, name, _, _ in PLANTED} == set(severity)
    assert len(severity) == len(CHECKS)


@pytest.mark.parametrize("loss", planted.SOUND, ids=lambda loss: loss.__name__)
def test_sound_losses_of_others_pass(loss):
    assert judged(loss).found("fault") == []


# The notes that each has by definition: without overlap IoU, its powers and the flat end of v1's curve have no slope.
OURS = {
    **{name: [] for name in LOSSES},
    "iou": ["dead"],
    "focal_eiou": ["dead"],
    "focal_eiou:gamma=0": [],
    "focal_eiou:gamma=0.25,norm=mean": ["dead"],
    "focal_eiou:gamma=2,norm=tal": ["dead"],
    "focal_eiou_star:gamma=2": [],
    "focal_eiou_v1:beta=1": ["dead"],
    "focal_l1:beta=1": [],
    "smooth_l1:beta=0": [],
}


@pytest.mark.parametrize(("spec", "notes"), OURS.items())
def test_our_own_losses_pass(spec, notes):
    judgement = judge(Subject(spec, build_loss(spec)))
    assert judgement.found("fault") == []
    assert judgement.found("note") == notes


@pytest.mark.parametrize("gamma", [0.1, 0.25, 0.5, 1, 2])
def test_our_weight_attached_is_found(gamma):
    spec = f"focal_eiou:gamma={gamma},detach=false"
    assert judge(Subject(spec, build_loss(spec))).found("fault") == ["attached", "step"]


def test_after_a_gate_nothing_more_is_tried():
    assert [check.name for check, _ in judged(planted.mean).verdicts] == ["runs", "shape"]


def test_torch_is_left_as_it_was():
    """Random numbers that the loss draws come from a copy, and gradients are on for it alone."""
    torch.manual_seed(0)
    before = torch.get_rng_state()
    with torch.no_grad():
        assert judge(Subject("noisy", planted.noisy)).found("fault") == ["repeat"]
        assert judge(Subject("eiou", planted.eiou)).found("fault") == []
        assert not torch.is_grad_enabled()
    assert torch.equal(torch.get_rng_state(), before)


def test_the_same_each_time():
    one, other = (judge(Subject("attached", planted.attached)) for _ in "ab")
    assert one == other
