"""The numbers behind the lines over epochs, by hand."""

import math

import pytest

from tests.report.factories import row
from yolo_feiou.report.baseline import Baseline
from yolo_feiou.report.comparison import compare_variants
from yolo_feiou.report.epochs import (
    BIN_STARTS,
    VALIDATION_COLUMN,
    group_by_run,
    make_positives_panels,
    make_training_panels,
    name_unit,
)
from yolo_feiou.report.series import choose_shown
from yolo_feiou.report.variants import Variant
from yolo_feiou.yolo.box_stats import BIN_NAMES


def shown(*losses, seeds=(0, 1)):
    """Variants whose runs are called loss_seed."""
    variants = [Variant({"loss": loss}, {seed: row(loss, seed) for seed in seeds}) for loss in losses or ("ciou",)]
    return choose_shown(compare_variants(variants, Baseline({"loss": "ciou"})))


def curve(run, *values, first=1):
    """The validation of a run over the epochs."""
    return [{"run": run, "epoch": float(epoch), VALIDATION_COLUMN: value} for epoch, value in enumerate(values, first)]


def test_mean_and_range_over_the_seeds():
    rows = [*curve("ciou_0", 0.1, 0.2, 0.3), *curve("ciou_1", 0.3, 0.2, 0.5), *curve("unknown_0", 1, 1, 1)]
    whole, last = make_training_panels(shown(), rows)
    line = whole.lines["ciou"]
    assert line.x == [1, 2, 3] and line.y == pytest.approx([20, 20, 40])
    assert line.low == pytest.approx([10, 20, 30]) and line.high == pytest.approx([30, 20, 50])
    assert last.lines["ciou"].x == [2, 3]  # from epoch 3 · 2 / 3
    _, last = make_training_panels(shown(seeds=(0,)), curve("ciou_0", *[0.1] * 6))
    assert last.lines["ciou"].x == [4, 5, 6]


def test_epochs_that_all_seeds_have():
    """One stopped early; of an epoch that is there twice, after a resume, the last counts; a gap is left out."""
    rows = [
        *curve("ciou_0", 0.1, 0.2, 0.3, None, 0.5),
        *curve("ciou_1", 0.1, 0.9, 0.3, 0.4),
        *curve("ciou_1", 0.2, first=2),
    ]
    whole, last = make_training_panels(shown(), rows)
    assert last.lines["ciou"].x == [2, 3]
    assert whole.lines["ciou"].x == [1, 2, 3] and whole.lines["ciou"].y == pytest.approx([10, 20, 30])


def test_a_row_of_another_detector_is_an_interval():
    """ATSS with six rows of 1.5 epochs."""
    of = [Variant({"loss": loss}, {0: row(loss, 0, detector="atss")}) for loss in ("stock", "eiou")]
    detectors = choose_shown(compare_variants(of, Baseline({"loss": "stock"})))
    whole, last = make_training_panels(detectors, [*curve("stock_0", 0.1, 0.2), *curve("eiou_0", 0.1, 0.2)])
    assert (whole.title, whole.x, last.x) == ("All intervals", "interval", "interval")
    (whole, _) = make_training_panels(shown(), [*curve("ciou_0", 0.1), *curve("ciou_1", 0.1)])
    assert (whole.title, whole.x) == ("All epochs", "epoch")
    models = [Variant({"model": d or "n"}, {0: row("eiou", 0, detector=d)}) for d in (None, "atss")]
    assert name_unit(choose_shown(compare_variants(models, Baseline({"model": "n"})))) == "epoch or interval"


def test_one_seed_has_no_range():
    (whole, _) = make_training_panels(shown(seeds=(0,)), curve("ciou_0", 0.1, 0.2))
    assert whole.lines["ciou"].low == whole.lines["ciou"].high == ()


def test_without_curves_there_is_nothing():
    assert make_training_panels(shown(), []) == make_positives_panels(shown(), []) == []
    assert make_training_panels(shown(), [{"run": "ciou_0", "epoch": 1.0, "train/box_loss": 1.0}]) == []
    whole, _ = make_training_panels(shown("ciou", "eiou"), curve("ciou_0", 0.1, 0.2))
    assert list(whole.lines) == ["ciou"]


def stats(run, epochs, pos, grad):
    """Statistics with all positives in two bins, those from .5 and from .9."""
    bins = {f"{kind}_{name}": 0.0 for kind in ("pos", "grad") for name in BIN_NAMES}
    bins |= {"pos_50": 1 - pos, "pos_90": pos, "grad_50": 1 - grad, "grad_90": grad}
    return [
        {"run": run, "epoch": float(e), "iou_mean": 0.5 + e / 100, "share_75": pos, "share_90": pos, **bins}
        for e in epochs
    ]


def test_the_bins_are_those_of_the_file():
    assert [f"{low:02}" for low in BIN_STARTS] == BIN_NAMES


def test_positives_and_their_gradient_are_means_over_the_last_epochs():
    """Of 20 epochs the last two count: shares of .6 and .8 of the good bin, whose gradient is .9 of all.

    So .7 of the positives have .9 of the gradient, 9/7 of their share, and the others .1 / .3.
    """
    rows = [
        *stats("ciou_0", range(1, 19), 0.1, 0.1),
        *stats("ciou_0", [19], 0.6, 0.9),
        *stats("ciou_0", [20], 0.8, 0.9),
    ]
    iou, share_75, _, pos, grad, ratio = make_positives_panels(shown(seeds=(0,)), rows)
    assert iou.lines["ciou"].y == pytest.approx([0.5 + e / 100 for e in range(1, 21)])
    assert share_75.lines["ciou"].y == pytest.approx([*[10] * 18, 60, 80])
    assert pos.lines["ciou"].x == pytest.approx([0.05 + i / 10 for i in range(10)])
    assert pos.lines["ciou"].y == pytest.approx([0, 0, 0, 0, 0, 30, 0, 0, 0, 70])
    assert grad.lines["ciou"].y == pytest.approx([0, 0, 0, 0, 0, 10, 0, 0, 0, 90])
    found = ratio.lines["ciou"].y
    assert [math.isnan(value) for value in found] == [True] * 5 + [False] + [True] * 3 + [False]
    assert (found[5], found[9]) == (pytest.approx(1 / 3), pytest.approx(9 / 7))


def test_gradients_are_means_over_the_seeds():
    """A seed whose shares are missing at the end doesn't count."""
    rows = [*stats("ciou_0", [1, 2], 0.6, 0.9), *stats("ciou_1", [1, 2], 0.8, 0.7), *stats("ciou_2", [1, 2], 0.1, 0)]
    rows[-1]["grad_30"] = rows[-2]["grad_30"] = None
    *_, pos, grad, _ = make_positives_panels(shown(seeds=(0, 1, 2)), rows)
    assert pos.lines["ciou"].y[9] == pytest.approx(70) and grad.lines["ciou"].y[9] == pytest.approx(80)


def test_of_an_epoch_that_is_there_twice_the_last_row_counts():
    rows = [{"run": "a", "epoch": 1.0, "x": 1}, {"run": "a", "epoch": 1.0, "x": 2}, {"run": "b", "epoch": None}]
    assert group_by_run(rows) == {"a": {1.0: rows[1]}}
