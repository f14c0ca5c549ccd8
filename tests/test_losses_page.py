"""What docs/losses.md says of the grammar, schedules, units and state, where no other test shows it."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import torch

from tests.reference import overlapping, slope, tensor
from yolo_feiou import Pair
from yolo_feiou.errors import LossSpecError
from yolo_feiou.losses.build import build_loss, read_spec, shorten_spec
from yolo_feiou.losses.spec import split_list
from yolo_feiou.losses.wise import RunningMean

DOCS = Path(__file__).parents[1] / "docs"
PAGE = (DOCS / "losses.md").read_text(encoding="utf-8")


def test_the_specs_at_the_head_of_the_page_build():
    specs = re.findall(r"^yolo train \.\.\. loss=(\S+)", PAGE, re.MULTILINE)
    assert len(specs) == 5 and all(read_spec(spec) for spec in specs)
    (losses,) = re.findall(r"losses='(.*)'", PAGE)
    assert split_list(losses) == ["ciou", "eiou:inner=0.7+l1:weight=0.1", "eiou:inner=0.8+l1:weight=0.1"]


def test_code_on_the_page_runs():
    (code,) = re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL)
    boxes1, boxes2 = overlapping()
    names = {"boxes1": boxes1, "boxes2": boxes2}
    exec(code, names)
    shapes = [eval(line.partition("#")[0], names).shape for line in code.splitlines() if "boxes1" in line]
    assert shapes == [(), (5,), (5,), ()]


def test_sums():
    """+ joins where a name follows; a term twice, weights that are all 0, and a + in a number are refused."""
    pred, target = overlapping()
    ours = build_loss("ciou:weight=0.5+l1")
    torch.testing.assert_close(
        ours(pred, target), 0.5 * build_loss("ciou")(pred, target) + build_loss("l1")(pred, target)
    )
    means = build_loss("focal_eiou").mean(pred, target) + build_loss("l1").mean(pred, target)
    torch.testing.assert_close(build_loss("focal_eiou+l1").mean(pred, target), means)
    for spec in ("ciou+ciou:weight=2", "ciou:weight=0", "l1:weight=1e+5", "ciou+"):
        with pytest.raises(LossSpecError):
            build_loss(spec)


def test_the_order_of_modifiers_is_not_that_of_writing():
    spec = "ciou:focal=0.5,power=2,focaler=0.9,inner=0.8"
    assert shorten_spec(spec) == "ciou:inner=0.8,focaler=0.9,power=2,focal=0.5"
    pred, target = overlapping()
    assert torch.equal(build_loss(spec)(pred, target), build_loss(shorten_spec(spec))(pred, target))
    for wrong in ("ciou:focal=0.5,wise=true", "ciou:norm=tal", "ciou:detach=false", "wiou:version=3,gamma=1"):
        with pytest.raises(LossSpecError):
            build_loss(wrong)


def test_schedules():
    """Linear from the first epoch to the last, or until 80 % of the training; both ends are checked; A is outside's."""
    pred, target = overlapping()
    for spec, progress, gamma in (
        ("focal_eiou:gamma=0..0.5", 0, 0),
        ("focal_eiou:gamma=0..0.5", 0.5, 0.25),
        ("focal_eiou:gamma=0..0.5", 1, 0.5),
        ("focal_eiou:gamma=0..0.5@0.8", 0.4, 0.25),
        ("focal_eiou:gamma=0..0.5@0.8", 0.9, 0.5),
    ):
        loss = build_loss(spec)
        torch.testing.assert_close(loss(pred, target), build_loss("focal_eiou:gamma=0")(pred, target))
        loss.set_progress(progress)
        torch.testing.assert_close(loss(pred, target), build_loss(f"focal_eiou:gamma={gamma}")(pred, target))
    for wrong in ("focal_eiou:gamma=0..11", "focal_eiou:gamma=-1..0", "focal_eiou:norm=tal..mean"):
        with pytest.raises(LossSpecError):
            build_loss(wrong)


def test_nwd_takes_the_mean_side_of_the_training_set():
    pred, target = overlapping()
    loss = build_loss("nwd:c=auto")
    with pytest.raises(ValueError, match="c=auto"):
        loss(pred, target)
    loss.prepare(batches=1, epochs=1, mean_side=20.0)
    assert torch.equal(loss(pred, target), build_loss("nwd:c=20")(pred, target))


def test_the_momentum_trap():
    """auto leaves 5 % of the 1 after a third of 100 epochs of 13 batches; 1 − 0.5^(1/7000), copied, 88 % at the end."""

    def left(momentum: float | str, batches: int) -> float:
        mean = RunningMean(momentum)
        mean.prepare(batches=13, epochs=100)
        for _ in range(batches):
            mean.update(torch.zeros(3))
        return mean.value.item()

    assert left("auto", 1300 // 3) == pytest.approx(0.05, abs=0.001)
    assert left(1e-4, 1300) == pytest.approx(0.88, abs=0.005)


def test_a_good_start_of_power_3_is_a_twentieth():
    """At an IoU of 0.1 and less: 3 IoU² of the IoU's gradient, beside CIoU's; measured over pairs of 0.05 to 0.2."""
    from yolo_feiou.losses.gradients import compare_with_baseline

    assert compare_with_baseline("iou:power=3", 20_000)[0][1] == pytest.approx(0.05, abs=0.01)


def test_published_names_in_any_spelling():
    assert {shorten_spec(name) for name in ("inner_eiou", "Inner-EIoU", "INNER_eiou")} == {"eiou:inner=0.75"}
    assert shorten_spec("inner_alpha_ciou") == "ciou:inner=0.75,power=3"
    assert shorten_spec("inner_ciou:inner=0.8") == "ciou:inner=0.8"


def test_the_running_mean_in_a_loop_of_ones_own():
    pred, target = overlapping()
    loss = build_loss("wiou")
    (mean,) = loss.running_means
    loss(pred, target)
    assert mean.value == 1
    with pytest.raises(ValueError, match=r"call prepare\(batches=…, epochs=…\) before the first batch"):
        loss.mean(pred, target)
    loss.prepare(batches=10, epochs=3)
    loss.mean(pred, target)
    assert mean.value < 1


def quantities():
    """By name, the unit of each quantity of a pair that docs/your-own-loss.md lists."""
    page = (DOCS / "your-own-loss.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| (`.*?`) \| .*? \| (u|u²|none|pixels / u) \|", page, re.MULTILINE)
    return {name: unit for names, unit in rows for name in re.findall(r"`(\w+)`", names)}


def test_each_quantity_of_a_pair_has_the_unit_that_the_page_says():
    """Boxes four times as large, in a unit a quarter as large: lengths are 4 times as large, areas 16 times."""
    pred, target = overlapping()
    pair, larger = (Pair(4**k * pred, 4**k * target, (640, 640), torch.full((5,), 8 / 4**k)) for k in (0, 1))
    factors = {"u": 4, "u²": 16, "none": 1, "pixels / u": 0.25}
    assert len(quantities()) == 17
    for name, unit in quantities().items():
        assert getattr(pair, name).shape == (5,)
        torch.testing.assert_close(getattr(larger, name), factors[unit] * getattr(pair, name))


def test_the_docstring_of_a_pair_has_the_same_units():
    described = {
        name: unit
        for names, text in re.findall(r"^        ([a-z]\w*(?:,\w+)*): (.*(?:\n {12}.*)*)", Pair.__doc__, re.MULTILINE)
        for unit in re.findall(r"(?<=[, ])(u²|u|no unit)(?=[:;,.])", text)[:1]
        for name in names.split(",")
    }
    assert {name: {"no unit": "none"}.get(unit, unit) for name, unit in described.items() if name in quantities()} == {
        **quantities(),
        "pixels": "u",  # pixels in one u
    }


def test_an_inverted_prediction_has_what_the_page_says():
    """x from 5 to 3, y from 1 to 5, in a target from 0 to 10 by 0 to 8; then beyond it, x from 14 to 12."""
    pair = Pair(*torch.tensor([[[5.0, 1, 3, 5], [14, 1, 12, 5]], [[0.0, 0, 10, 8]] * 2]), image=(640, 640))
    expected = {
        **{"w": [-2, -2], "h": [4, 4], "w_target": [10, 10], "h_target": [8, 8], "dw": [-12, -12], "dh": [-4, -4]},
        **{"dx": [-1, 8], "dy": [-1, -1], "rho2": [2, 65], "union": [80, 80], "iou": [0, 0]},
        **{"cw": [10, 12], "ch": [8, 8], "c2": [164, 208]},
        # |5| + |3 − 10| over 10, and |1| + |5 − 8| over 8: (1.2 + 0.5)/4; then (14 + 2)/10: (1.6 + 0.5)/4
        "edge_distance": [0.425, 0.525],
    }
    assert {*expected, "pixels", "diagonal2"} == {*quantities()}
    for name, values in expected.items():
        assert getattr(pair, name).tolist() == pytest.approx(values), name
    assert pair.intersection.tolist() == [0, 0] and pair.pixels == 1


def test_the_loss_on_the_page_of_ones_own_is_what_it_says(tmp_path, monkeypatch):
    """DIoU at k=1, with k times its distance of the centres; every spec in its commands can be built."""
    page = (DOCS / "your-own-loss.md").read_text(encoding="utf-8")
    (code,) = re.findall(r"```python\n# my_loss.py\n(.*?)```", page, re.DOTALL)
    (tmp_path / "my_loss.py").write_text(code)
    monkeypatch.chdir(tmp_path)
    pred, target = overlapping()
    iou, diou = (build_loss(name)(pred, target) for name in ("iou", "diou"))
    torch.testing.assert_close(build_loss("my_loss.py:f")(pred, target), diou)
    torch.testing.assert_close(build_loss("my_loss.py:f:k=2")(pred, target), iou + 2 * (diou - iou))
    specs = re.findall(r"(?:check |field=|loss=)(my_loss\.py:f[^\s`]*)", page)
    assert len(specs) == 4 and all(build_loss(spec)(pred, target).shape == iou.shape for spec in specs)
    (losses,) = re.findall(r"losses='(.*)'", page)
    assert split_list(losses) == ["ciou", "my_loss.py:f:k=1", "my_loss.py:f:k=2"]


def test_inner_boxes_may_lose_their_overlap_or_reach_over_a_gap():
    target = tensor((0, 0, 10, 10))
    touching, apart = tensor((9, 0, 19, 10)), tensor((11, 0, 21, 10))
    assert not slope(build_loss("iou:inner=0.75"), touching, target).any()
    assert slope(build_loss("iou:inner=1.5"), apart, target).any()
