"""Which pictures there are."""

import pytest

from tests.report.factories import row, write
from tests.report.test_captions import boxes
from tests.report.test_comparison import against, variant
from yolo_feiou.plots.style import NARROW_WIDTH
from yolo_feiou.report.baseline import Baseline, find_baseline
from yolo_feiou.report.comparison import compare_variants
from yolo_feiou.report.epochs import VALIDATION_COLUMN
from yolo_feiou.report.pictures import NO_INTERVAL, PICTURE_NAMES, make_pictures
from yolo_feiou.report.read import Results, read_results
from yolo_feiou.report.series import MOST_LINES, MOST_ROWS
from yolo_feiou.report.variants import Variant, find_swept_arguments, make_variants

NOTHING = Results((), [])


def made(results, comparisons):
    """The pictures by name."""
    return {picture.name: picture for picture in make_pictures(results, comparisons)}


def test_all_figures_are_made_from_full_results(tmp_path):
    results = read_results([write(tmp_path, losses=("ciou", "eiou"), seeds=range(2), box=(5.0, 7.5))])
    variants = make_variants(results, find_swept_arguments(results))
    found = made(results, compare_variants(variants, find_baseline("", variants)))
    assert list(found) == [*PICTURE_NAMES[:2], "over_box", *PICTURE_NAMES[2:]]
    assert len(found["positives"].figure.axes) == 6 and len(found["thresholds"].figure.axes) == 2
    for name in PICTURE_NAMES[2:]:
        assert found[name].caption.endswith("Shown at box=7.5.")
    assert all(picture.title and picture.caption.endswith(".") for picture in found.values())
    assert all(picture.narrow.get_size_inches()[0] == NARROW_WIDTH for picture in found.values())
    assert len(found["positives"].narrow.axes) == 6


@pytest.mark.parametrize(
    ("detector", "begins", "ends"),
    [
        (
            None,
            "Ultralytics' own validation, mean over seeds",
            "the final comparison is the table's, by another evaluator.",
        ),
        ("atss", "The validation after each interval, by COCO's metrics as in the table, mean", "is the table's."),
    ],
)
def test_a_curve_says_whose_validation_it_is(detector, begins, ends):
    """That of a detector beside YOLO is the evaluation that its row has."""
    rows = [row(loss, 0, detector=detector) for loss in ("stock", "eiou")]
    curves = [{"run": one["run"], "epoch": float(e), VALIDATION_COLUMN: 0.1 * e} for one in rows for e in (1, 2)]
    variants = [Variant({"loss": one["loss"]}, {0: one}) for one in rows]
    comparisons = compare_variants(variants, Baseline({"loss": "stock"}))
    caption = made(Results((), rows, curves=curves), comparisons)["training"].caption
    assert caption.startswith(begins) and caption.endswith(ends)


def test_figures_without_numbers_are_left_out():
    assert list(made(NOTHING, against(variant("up", 0.4)))) == ["differences", "seeds"]
    assert list(made(NOTHING, compare_variants(boxes((0.4,), (0.4,)), Baseline({"loss": "ciou"})))) == [
        *("differences", "seeds"),
        "over_box",
    ]


def test_the_differences_name_their_baseline_and_say_what_has_no_interval():
    """One common seed has none; three have one each."""
    found = [made(NOTHING, against(variant("up", *values)))["differences"] for values in ((0.4,), (0.4, 0.42, 0.41))]
    assert [picture.caption.endswith(NO_INTERVAL) for picture in found] == [True, False]
    assert {picture.figure.axes[0].get_xlabel() for picture in found} == {"ΔAP, percentage points (0: ciou)"}
    several = compare_variants(boxes((0.4,), (0.4,)), Baseline({"loss": "ciou"}))
    assert made(NOTHING, several)["differences"].narrow.axes[0].get_xlabel().endswith("(0: ciou at the same box)")


@pytest.mark.parametrize("values", [(), (None,)])
def test_without_any_ap_there_is_a_picture_nonetheless(values):
    comparisons = against(*(variant("x", value) for value in values), base=(None,))
    assert list(made(NOTHING, comparisons)) == ["seeds"]


def test_what_is_left_out_is_said():
    many = [variant(f"l{i}", 0.4) for i in range(MOST_ROWS + 1)]
    differences, seeds = make_pictures(NOTHING, against(*many))
    assert seeds.caption.endswith(" Left out: 2 further variants.")  # the baseline is a row there
    assert differences.caption.endswith(" Left out: 1 further variant.")
    assert len(differences.figure.axes[0].get_yticks()) == MOST_ROWS
    assert "Left out" not in made(NOTHING, against(*many[:3]))["seeds"].caption
    curved = [variant(f"l{i}", 0.4) for i in range(MOST_LINES)]
    for of in curved:
        of.runs[0].update(row(of.loss, **{f"AP{level}": 0.4 for level in range(50, 100, 5)}))
    found = made(NOTHING, compare_variants(curved + curved[:1], Baseline({"loss": "l0"})))
    assert found["thresholds"].caption.endswith(" Left out: 1 further variant.")
