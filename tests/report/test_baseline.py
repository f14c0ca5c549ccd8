"""What variants are compared with, and what is said of a baseline that isn't there."""

import pytest

from tests.report.factories import row
from yolo_feiou.errors import ArgumentError
from yolo_feiou.report.baseline import find_baseline
from yolo_feiou.report.variants import Variant


def grid(*values):
    """A variant for each row of values, loss and box."""
    return [Variant({"loss": loss, "box": box}, {0: row(loss)}) for loss, box in values]


GRID = grid(("iou", 5.0), ("ciou", 5.0), ("iou", 7.5), ("ciou", 7.5))


def baselines(text, variants):
    """The labels of the variants' baselines."""
    baseline = find_baseline(text, variants)
    return [other and other.label for other in (baseline.find_for(variant, variants) for variant in variants)]


def test_within_the_same_values_of_other_swept_arguments():
    expected = ["ciou box=5", "ciou box=5", "ciou box=7.5", "ciou box=7.5"]
    assert baselines("", GRID) == baselines("ciou", GRID) == expected
    assert find_baseline("", GRID).label == "ciou"


def test_across_other_swept_arguments():
    assert baselines("ciou@box=7.5", GRID) == ["ciou box=7.5"] * 4
    assert baselines("@box=5", GRID) == ["iou box=5", "ciou box=5", "iou box=5", "ciou box=5"]
    assert find_baseline("ciou@box=7.5", GRID).label == "ciou box=7.5"


def test_a_loss_with_a_schedule_or_in_another_spelling_is_found():
    """The @ of a schedule stands before a number, and that of the baseline before a name. gamma is 0.5 by default."""
    losses = ("ciou:weight=1..0.5@0.8", "uiou:ratio=1..0.5", "focal_eiou")
    variants = grid(*((loss, box) for loss in losses for box in (5.0, 7.5)))
    for text in ("ciou:weight=1..0.5@0.8", "ciou:weight=1..0.5@.8", "ciou:weight=1.0..0.5@0.80"):
        assert find_baseline(text, variants).label == losses[0]
        assert baselines(f"{text}@box=7.5", variants) == [f"{losses[0]} box=7.5"] * 6
    assert find_baseline("uiou:ratio=1..0.5@box=5", variants).label == f"{losses[1]} box=5"
    assert find_baseline("focal_eiou:gamma=0.5@box=5", variants).label == "focal_eiou box=5"
    with pytest.raises(ArgumentError, match=r"^baseline=ciou:weight=1\.\.0\.5@0\.7: no finished run has that loss"):
        find_baseline("ciou:weight=1..0.5@0.7@box=5", variants)


def test_a_baseline_is_its_own():
    assert find_baseline("", GRID).find_for(GRID[1], GRID) is GRID[1]


def test_no_comparison_where_the_baseline_is_missing():
    some = grid(("iou", 5.0), ("iou", 7.5), ("ciou", 7.5))
    assert baselines("", some) == [None, "ciou box=7.5", "ciou box=7.5"]


@pytest.mark.parametrize(
    ("losses", "chosen"),
    [
        (("iou", "ciou", "stock"), "ciou"),
        (("iou", "stock", "ciou:x=1"), "stock"),
        (("eiou", "iou"), "eiou"),
    ],
)
def test_the_default_is_ciou_then_stock_then_the_first_loss(losses, chosen):
    variants = [Variant({"loss": loss}, {0: row(loss)}) for loss in losses]
    assert find_baseline("", variants).label == chosen


def test_the_default_of_detectors_is_their_own_loss():
    """Which is not CIoU; with YOLO beside them each has its own."""

    def of(detector, *losses):
        return [Variant({"loss": n, "model": detector or "n"}, {0: row(n, detector=detector)}) for n in losses]

    assert find_baseline("", of("atss", "ciou", "eiou", "stock")).label == "stock"
    assert find_baseline("", of("atss", "eiou", "ciou")).label == "ciou"
    both = of(None, "ciou", "stock", "eiou") + of("atss", "ciou", "stock", "eiou")
    assert baselines("", both) == ["ciou model=n"] * 3 + ["stock model=atss"] * 3
    assert baselines("ciou", both) == ["ciou model=n"] * 3 + ["ciou model=atss"] * 3
    assert baselines("", of(None, "iou") + of("atss", "eiou")) == ["iou model=n", "eiou model=atss"]


def test_the_default_is_the_loss_that_a_model_has_of_its_own():
    """GIoU of RT-DETR, and ProbIoU of oriented boxes; of several models in a report each has its own."""

    def of(model, *losses, **cells):
        return [Variant({"loss": n, "model": model}, {0: row(n, model=model, **cells)}) for n in losses]

    assert find_baseline("", of("rtdetr-l.yaml", "eiou", "ciou", "giou", box_used=None)).label == "giou"
    assert find_baseline("", of("best.pt", "eiou", "ciou", "stock", box_used=None)).label == "stock"
    assert find_baseline("", of("n.yaml", "giou", "ciou", box_used=7.5)).label == "ciou"
    oriented = of("n-obb.yaml", "kld", "probiou", metric="mAP_obb", mAP_obb=0.4)
    assert baselines("", of("n.yaml", "giou", "ciou") + of("rtdetr-l.yaml", "eiou", "giou") + oriented) == [
        *["ciou model=n.yaml"] * 2,
        *["giou model=rtdetr-l.yaml"] * 2,
        *["probiou model=n-obb.yaml"] * 2,
    ]


def test_the_default_where_the_loss_is_not_swept():
    variants = [Variant({"box": box, "lr0": 0.1}, {0: row()}) for box in (5.0, 7.5)]
    assert baselines("", variants) == ["box=5 lr0=0.1"] * 2
    assert baselines("@box=7.5", variants) == ["box=7.5 lr0=0.1"] * 2
    assert baselines("", [Variant({}, {0: row()})]) == ["ciou"]


def test_values_are_found_whether_text_or_number():
    variants = [Variant({"loss": "ciou", "model": model}, {0: row()}) for model in ("8", "n.yaml")]
    assert baselines("ciou@model=8", variants) == ["ciou model=8"] * 2
    assert baselines("ciou@model=n.yaml", variants) == ["ciou model=n.yaml"] * 2


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("cious", "baseline=cious: no finished run has that loss: did you mean 'ciou'? There are iou, ciou."),
        ("ciou@bix=5", "baseline=ciou@bix=5: 'bix' is not swept in these runs: did you mean 'box'? After @ come box."),
        ("ciou@box=6", "baseline=ciou@box=6: no run has box=6; there are 5, 7.5."),
        ("ciou@box=5,", "baseline=ciou@box=5,: '' is not swept in these runs. After @ come box."),
        ("ciou@", "baseline=ciou@: '' is not swept in these runs."),
    ],
)
def test_a_mistake_is_named_with_what_there_is(text, message):
    with pytest.raises(ArgumentError) as error:
        find_baseline(text, GRID)
    assert str(error.value).startswith(message)


def test_a_combination_that_no_run_has_is_refused():
    with pytest.raises(ArgumentError, match=r"no finished run is ciou box=5\. There are iou box=5, ciou box=7\.5\."):
        find_baseline("ciou@box=5", grid(("iou", 5.0), ("ciou", 7.5)))


def test_a_loss_is_refused_where_it_is_not_swept():
    with pytest.raises(ArgumentError, match="all runs have the loss ciou; name what is swept, as in baseline=@box="):
        find_baseline("ciou", [Variant({"box": box}, {0: row()}) for box in (5.0, 7.5)])
    with pytest.raises(ArgumentError, match="all runs have the loss ciou, and differ by their seed alone"):
        find_baseline("ciou", [Variant({}, {0: row()})])
