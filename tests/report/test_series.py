"""The numbers behind the dots and lines, by hand."""

import pytest

from tests.report.factories import row
from tests.report.test_captions import boxes
from tests.report.test_comparison import against, variant
from yolo_feiou.plots.style import assign_looks
from yolo_feiou.report.baseline import Baseline, find_baseline
from yolo_feiou.report.comparison import compare_variants
from yolo_feiou.report.series import (
    MOST_LINES,
    choose_shown,
    find_numeric_arguments,
    make_argument_panels,
    make_differences,
    make_distribution_panels,
    make_dots,
    make_threshold_panels,
)
from yolo_feiou.report.variants import Variant
from yolo_feiou.results.schema import IOU_PERCENTS as LEVELS

UP = variant("up", 0.410, 0.421, 0.432)
CIOU = Baseline({"loss": "ciou"})


def curved(loss, *starts):
    """A variant whose AP is `start` − .01 · i at the i-th threshold, a seed for each start."""
    return Variant(
        {"loss": loss},
        {
            s: row(loss, s, **{f"AP{lv}": start - 0.01 * i for i, lv in enumerate(LEVELS)})
            for s, start in enumerate(starts)
        },
    )


def test_dots_are_the_seeds():
    first, second = make_dots(against(UP))
    assert (first.label, first.group, first.baseline, first.text) == ("ciou", "", True, "41.0 ± 1.0")
    assert list(second.values) == pytest.approx([41.0, 42.1, 43.2]) and not second.baseline
    assert first.look == assign_looks(["ciou", "up"])["ciou"]


def test_dots_by_group_where_there_are_other_swept_arguments():
    found = make_dots(compare_variants(boxes((0.4, 0.41), (0.42, 0.43)), CIOU))
    assert [(of.group, of.label, of.baseline) for of in found] == [
        ("box=5", "ciou", True),
        ("box=5", "eiou", False),
        ("box=7.5", "ciou", True),
        ("box=7.5", "eiou", False),
    ]
    assert found[0].look == found[2].look != found[1].look
    variants = [Variant({"box": box}, {0: row()}) for box in (5.0, 7.5)]
    found = make_dots(compare_variants(variants, find_baseline("", variants)))
    assert [(of.group, of.label) for of in found] == [("", "box=5"), ("", "box=7.5")]
    assert found[0].look != found[1].look


def test_differences_are_in_percentage_points_the_largest_first():
    """Differences of .010, .011 and .012 are 1.1 ± 4.303 · .1 / √3 points, t(2) at 97.5 %, and distinguishable.

    Those of −.010, −.011 and −.012 likewise; of one seed there is no interval, and no result.
    """
    down, one = variant("down", 0.390, 0.399, 0.408), variant("one", 0.405)
    rows = make_differences(against(down, one, UP))
    assert [(row.label, row.better) for row in rows] == [("up", True), ("one", None), ("down", False)]
    assert [row.mean for row in rows] == pytest.approx([1.1, 0.5, -1.1])
    half = 4.302653 * 0.1 / 3**0.5
    assert rows[0].interval == pytest.approx((1.1 - half, 1.1 + half))
    assert rows[1].interval is None
    assert [row.text for row in rows] == ["+1.10 (+0.85 to +1.35)", "+0.50", "−1.10 (−1.35 to −0.85)"]


def test_lines_are_of_one_group():
    """That of the baseline with Ultralytics' own box, 7.5; what is left out is said."""
    shown = choose_shown(compare_variants(boxes((0.4, 0.4), (0.42, 0.42), (0.41, 0.41)), CIOU))
    assert [v.label for v in shown.variants] == ["ciou box=7.5", "eiou box=7.5"] and list(shown.names) == [
        "ciou",
        "eiou",
    ]
    assert shown.left_out == "Shown at box=7.5."
    variants = boxes((0.4, 0.4), (0.42, 0.42))
    across = choose_shown(compare_variants(variants, find_baseline("eiou@box=5", variants)))
    assert [v.label for v in across.variants] == ["eiou box=5", "ciou box=5"]
    assert across.left_out == "Shown at box=5."
    assert choose_shown(against(UP)).left_out == ""


def test_of_detectors_the_group_with_their_own_usual_values_is_shown():
    """lr0=0.01 is usual for both, momentum .937 for YOLO, .9 for others; all else is equal."""

    def shown(detector):
        variants = [
            Variant({"loss": "ciou", "momentum": momentum}, {0: row(detector=detector)}) for momentum in (0.9, 0.937)
        ]
        return choose_shown(compare_variants(variants, CIOU)).variants[0].values["momentum"]

    assert (shown(None), shown("atss")) == (0.937, 0.9)


def test_the_group_with_most_variants_is_shown_and_of_those_the_one_with_most_seeds():
    """Not the one whose AP is highest: a sweep of three losses with two seeds must not hide seven with three."""
    seven = [Variant({"loss": f"l{i}", "box": 5.0}, {s: row(AP=0.3) for s in range(2)}) for i in range(3)]
    few = [Variant({"loss": f"l{i}", "box": 7.5}, {s: row(AP=0.5) for s in range(3)}) for i in range(2)]
    base = [Variant({"loss": "ciou", "box": box}, {s: row(AP=0.4) for s in range(3)}) for box in (5.0, 7.5)]
    assert choose_shown(compare_variants([*few, *seven, *base], CIOU)).left_out == "Shown at box=5."
    assert choose_shown(compare_variants([*few, *seven[:2], *base], CIOU)).left_out == "Shown at box=7.5."
    fewer = [base[0], Variant({"loss": "ciou", "box": 7.5}, {0: row(AP=0.9)})]
    assert choose_shown(compare_variants([*few, *seven[:2], *fewer], CIOU)).left_out == "Shown at box=5."


def test_lines_are_not_too_many():
    """The baseline is among them, though it was the last."""
    variants = [variant(f"l{i}", 0.4) for i in range(MOST_LINES + 2)]
    shown = choose_shown(compare_variants([*variants, variant("ciou", 0.1)], CIOU))
    assert [v.loss for v in shown.variants] == ["ciou", *(f"l{i}" for i in range(MOST_LINES - 1))]
    assert shown.left_out == "Left out: 3 further variants."


def test_thresholds_have_means_and_differences_by_seed():
    """Means .51 and .53, less .01 a threshold; by seed .01 and .03 apart; the baseline's deviation √2 hundredths."""
    shown = choose_shown(compare_variants([curved("ciou", 0.5, 0.52), curved("eiou", 0.51, 0.55)], CIOU))
    left, right = make_threshold_panels(shown)
    assert list(left.lines["ciou"].x) == pytest.approx([0.5, 0.55, 0.6, 0.65, 0.7, 0.75, 0.8, 0.85, 0.9, 0.95])
    assert list(left.lines["ciou"].y) == pytest.approx([51.0 - i for i in range(10)])
    assert list(left.lines["eiou"].y) == pytest.approx([53.0 - i for i in range(10)])
    assert list(right.lines) == ["eiou"] and list(right.lines["eiou"].y) == pytest.approx([2.0] * 10)
    assert list(right.around_zero) == pytest.approx([2**0.5] * 10)
    assert right.title == "Difference to ciou"


def test_differences_are_paired():
    """Seeds 1 and 2 against 0 and 1: only seed 1 counts, .55 − .52, although the means differ by .04."""
    other = Variant({"loss": "eiou"}, {s + 1: r for s, r in curved("eiou", 0.55, 0.55).runs.items()})
    _, right = make_threshold_panels(choose_shown(compare_variants([curved("ciou", 0.5, 0.52), other], CIOU)))
    assert list(right.lines["eiou"].y) == pytest.approx([3.0] * 10)


def test_a_variant_without_the_numbers_has_no_line():
    left, *rest = make_threshold_panels(choose_shown(compare_variants([curved("ciou", 0.5), variant("up", 0.4)], CIOU)))
    assert list(left.lines) == ["ciou"] and rest == []
    assert make_threshold_panels(choose_shown(against(UP))) == make_distribution_panels(choose_shown(against(UP))) == []


def test_the_distribution_is_of_each_runs_shares():
    """A run with 100 and one with 1,000 matches count alike: (50 % + 10 %) / 2 in the first bin."""
    few = {f"iou_{level}": 0.0 for level in LEVELS} | {"iou_50": 50.0, "iou_95": 50.0}
    many = {f"iou_{level}": 0.0 for level in LEVELS} | {"iou_50": 100.0, "iou_95": 900.0}
    none = dict.fromkeys(few, 0.0)
    of = Variant({"loss": "ciou"}, {0: row(**few), 1: row(**many), 2: row(**none)})
    (panel,) = make_distribution_panels(choose_shown(compare_variants([of], CIOU)))
    assert list(panel.lines["ciou"].y) == pytest.approx([30, *[0] * 8, 70])
    assert list(panel.lines["ciou"].x)[::9] == pytest.approx([0.525, 0.975])


def test_a_numeric_argument_has_the_means_and_seeds_of_each_loss():
    """Means and seeds by loss."""
    comparisons = compare_variants(boxes((0.40, 0.42), (0.43, 0.45)), CIOU)
    (panel,) = make_argument_panels(comparisons, "box")
    assert panel.title == "AP over box"
    assert (panel.lines["ciou"].x, panel.lines["ciou"].y) == ([5.0, 7.5], pytest.approx([41.0, 44.0]))
    assert panel.lines["eiou"].y == pytest.approx([42.05, 45.05])
    assert panel.lines["ciou"].dots == [(5.0, 40.0), (5.0, 42.0), (7.5, 43.0), (7.5, 45.0)]


def test_a_loss_with_one_value_of_the_argument_is_no_line():
    swept = boxes((0.40, 0.42), (0.43, 0.45))
    alone = Variant({"loss": "giou", "box": 7.5}, {0: row("giou")})
    (panel,) = make_argument_panels(compare_variants([*swept, alone], CIOU), "box")
    assert list(panel.lines) == ["ciou", "eiou"]
    other = Variant({"loss": "ciou", "box": 5.0}, {0: row("ciou")})
    (panel,) = make_argument_panels(compare_variants([other, alone], CIOU), "box")
    assert list(panel.lines) == ["ciou", "giou"], "unless none has more"


def test_other_swept_arguments_are_held():
    variants = [
        Variant({"loss": "ciou", "box": box, "lr0": lr0}, {0: row(AP=ap)})
        for box, lr0, ap in ((5.0, 0.1, 0.4), (7.5, 0.1, 0.41), (5.0, 0.2, 0.5), (7.5, 0.2, 0.6))
    ]
    (panel,) = make_argument_panels(compare_variants(variants, CIOU), "box")
    assert panel.title == "AP over box at lr0=0.1" and panel.lines["ciou"].y == pytest.approx([40.0, 41.0])


def test_numeric_arguments_have_several_numbers():
    def with_values(**values):
        return Variant({"loss": "ciou", **values}, {})

    variants = [with_values(box=5.0, model="n", lr0=0.1), with_values(box=7.5, model="s", lr0=0.1)]
    assert find_numeric_arguments(variants) == ["box"]
