"""What is said in words."""

import pytest

from tests.report.factories import row
from tests.report.test_comparison import against, variant
from yolo_feiou.report.baseline import Baseline, find_baseline
from yolo_feiou.report.captions import (
    describe_conditions,
    describe_findings,
    describe_seed_variance,
    describe_seeds,
    describe_sequential,
    explain_comparison,
)
from yolo_feiou.report.comparison import compare_variants
from yolo_feiou.report.read import Results
from yolo_feiou.report.variants import Variant

UP, DOWN, NEAR = (
    variant("up", 0.410, 0.421, 0.432),
    variant("down", 0.390, 0.399, 0.408),
    variant("near", 0.4, 0.43, 0.4),
)


def boxes(*ap):
    """CIoU and EIoU at as many gains as there are lists of AP, EIoU .010, .011 and .012 better."""
    gains = (5.0, 7.5, 10.0)
    return [
        Variant({"loss": loss, "box": box}, {s: row(loss, s, AP=v + better * (10 + s)) for s, v in enumerate(values)})
        for box, values in zip(gains, ap, strict=False)
        for loss, better in (("ciou", 0), ("eiou", 0.001))
    ]


@pytest.mark.parametrize(
    ("others", "said"),
    [
        (
            [UP, DOWN, NEAR],
            "Against ciou, up is better in AP, and down is worse in AP (Holm-adjusted p < .05). "
            "The other one can’t be told apart from it.",
        ),
        ([UP], "Against ciou, up is better in AP (Holm-adjusted p < .05)."),
        (
            [UP, variant("higher", 0.420, 0.431, 0.442 + 1e-4), NEAR, variant("nearer", 0.4, 0.42, 0.41)],
            "Against ciou, up and higher are better in AP (Holm-adjusted p < .05). "
            "The other 2 can’t be told apart from it.",
        ),
        ([NEAR], "Against ciou, near is not shown to differ in AP. This is no proof of equality."),
        (
            [NEAR, variant("x", 0.9)],
            "Against ciou, near is not shown to differ in AP. This is no proof of equality. "
            "Not tested: x (one seed can't tell).",
        ),
        (
            [NEAR, variant("nearer", 0.4, 0.42, 0.41)],
            "Against ciou, none of 2 variants is shown to differ in AP. This is no proof of equality.",
        ),
        (
            [variant("x", 0.40, 0.41, 0.42), variant("y", 0.40, 0.41, 0.42), variant("z", 0.3)],
            "Against ciou, nothing could be tested: x and y (identical in all 3 seeds); z (one seed can't tell).",
        ),
        (
            [UP, variant("none", 0, 0, 0.004), variant("same", 0.5, 0.51, 0.52)],
            "Against ciou, up is better in AP (Holm-adjusted p < .05). "
            "Not tested: none (it learnt nothing); same (the same difference in all 3 seeds).",
        ),
        ([], "There is nothing to compare: no variant has another one as its baseline."),
    ],
)
def test_findings_say_which_variants_differ(others, said):
    assert describe_findings(against(*others)) == said


def test_findings_name_the_baseline_with_its_values():
    variants = boxes((0.40, 0.42, 0.41), (0.40, 0.42, 0.41))
    start = "Against ciou at the same box, eiou box=5 and eiou box=7.5 are better in AP"
    assert describe_findings(compare_variants(variants, Baseline({"loss": "ciou"}))).startswith(start)
    across = describe_findings(compare_variants(variants, find_baseline("ciou@box=7.5", variants)))
    assert across.startswith("Against ciou box=7.5, eiou box=5 and eiou box=7.5 are better in AP")
    assert across.endswith(" Not tested: ciou box=5 (identical in all 3 seeds).")


@pytest.mark.parametrize(
    ("base", "other", "low"),
    [((0, 0), (0, 0), "0"), ((0, 1e-5), (0, 3e-5), "below 0.5 %"), ((0.0049,), (0,), "below 0.5 %")],
)
def test_findings_of_trainings_that_learnt_nothing_say_that_and_nothing_else(base, other, low):
    """Were they tested, 1e-5 and 3e-5 would be two seeds of which 2 are enough for a difference of 0.5."""
    comparisons = against(variant("x", *other), base=base)
    assert describe_findings(comparisons) == (
        f"AP is {low} in all {len(base + other)} runs: nothing was learnt that can be compared. Train longer, or with "
        "more steps in an epoch: a smaller batch=, and of YOLO nbs= too."
    )
    assert describe_seed_variance(comparisons).startswith("The baseline learnt nothing, so how far a seed")


def test_findings_where_the_baseline_alone_learnt_nothing():
    comparisons = against(UP, base=(0, 0, 0))
    assert describe_findings(comparisons) == (
        "Against ciou, nothing could be tested: up (the baseline learnt nothing)."
    )


def test_the_seed_variance_is_that_of_baselines_that_learnt_something():
    comparisons = compare_variants(boxes((0, 0.001, 0), (0.40, 0.41, 0.42)), Baseline({"loss": "ciou"}))
    assert describe_seed_variance(comparisons).startswith("Seed variance: over 3 seeds the AP of ciou box=7.5 is 41.00")


def test_findings_name_the_baselines_of_yolo_and_of_other_detectors():
    """CIoU is YOLO's own, stock that of the others; EIoU is .010, .011 and .012 better."""
    variants = [
        Variant({"loss": loss, "model": model}, {s: row(loss, s, AP=ap + s * by, detector=of) for s in range(3)})
        for model, of, own in (("n.yaml", None, "ciou"), ("atss.yaml", "atss", "stock"))
        for loss, ap, by in ((own, 0.4, 0), ("eiou", 0.41, 0.001))
    ]
    assert describe_findings(compare_variants(variants, find_baseline("", variants))).startswith(
        "Against ciou and stock at the same model, eiou model=n.yaml and eiou model=atss.yaml are better in AP"
    )


def test_the_seed_variance_of_one_baseline():
    """.40, .41, .42: mean .41, standard deviation .01, largest difference .02."""
    assert describe_seed_variance(against(UP)) == (
        "Seed variance: over 3 seeds the AP of ciou is 41.00 ± 1.00 (mean ± standard deviation), and its best seed "
        "is 2.00 percentage points above its worst."
    )


def test_the_seed_variance_of_several_baselines():
    comparisons = compare_variants(boxes((0.40, 0.41, 0.42), (0.40, 0.42, 0.44), (0.4,)), Baseline({"loss": "ciou"}))
    assert describe_seed_variance(comparisons) == (
        "Seed variance: the AP of the 2 baselines has a standard deviation over seeds of 1.00 to 2.00 percentage "
        "points; at most, for ciou box=7.5, the best seed is 4.00 percentage points above the worst."
    )


def test_seed_variance_that_is_not_known():
    said = describe_seed_variance(against(UP, base=(0.4,)))
    assert said.startswith("The baseline has one seed, so how far a seed alone moves it")
    assert describe_seed_variance(against(UP, base=(None, None))) == "No run of the baseline has AP."


def test_the_number_of_seeds_is_said_of_means():
    assert describe_seeds([UP, DOWN]) == "mean ± standard deviation (n − 1) over 3 seeds"
    assert describe_seeds([UP, variant("x", 0.4)]) == "mean ± standard deviation (n − 1) over 1 to 3 seeds"
    assert describe_seeds([variant("x", 0.4)]) == "one seed"


def test_conditions_are_those_of_the_runs():
    """What differs is given with all its values, what is swept is in the table, and what isn't recorded isn't told."""
    rows = [
        row(loss, evaluator="e", evaluator_version=version, epochs=50.0, model="n.yaml", data=None)
        for loss, version in (("ciou", "1.0"), ("eiou", "1.1"))
    ]
    variants = [Variant({"loss": r["loss"], "model": "n.yaml"}, {0: r}) for r in rows]
    assert (
        describe_conditions(Results((), rows), variants)
        == "Conditions: evaluator e, version 1.0/1.1, box gain same, epochs 50."
    )
    variants = [Variant({"model": "n.yaml"}, {0: rows[0]})]
    assert describe_conditions(Results((), rows[:1]), variants).startswith(
        "Conditions: loss ciou, evaluator e, version 1.0,"
    )


def test_a_note_explains_the_columns_that_are_there():
    assert "bootstrap" in explain_comparison(against(UP), ["95 %, t", "95 %, bootstrap"])
    assert "bootstrap" not in explain_comparison(against(UP), ["95 %, t"])


def sequential(of, most=20.0):
    """The same variant, of an ablation that gave seeds until enough was said."""
    return Variant(of.values, {seed: {**one, "max_seeds": most} for seed, one in of.runs.items()})


REPEATED = (
    "repeated confidence interval of the difference (Jennison and Turnbull, 1989), which holds at every look up to"
)
PATHS = "both from paths of the t statistic (Jennison and Turnbull, 1991)"


def test_a_note_says_of_sequential_comparisons_how_they_are_made():
    note = explain_comparison(against(sequential(UP), sequential(DOWN, 30.0)), ["95 %, t"])
    assert note.startswith(
        "Common seeds: those that variant and baseline share, which were added until each comparison was answered or "
        f"given up, 20 to 30 at most. 95 %: {REPEATED} that number of seeds; not adjusted. p: that of a linear "
        f"boundary for all looks up to that number, two-sided, {PATHS}; p, Holm: adjusted for all comparisons here, "
        "and better or worse"
    )
    assert "Seeds for 0.5: how many seeds a paired t test of a fixed number needs" in note
    assert "Student" not in note and "bootstrap" not in note


def test_a_note_says_which_of_several_comparisons_are_sequential():
    note = explain_comparison(against(UP, sequential(DOWN), sequential(NEAR)), ["95 %, t", "95 %, bootstrap"])
    fixed = explain_comparison(against(UP, DOWN, NEAR), ["95 %, t", "95 %, bootstrap"])
    added = (
        " For down and near, seeds were added until each comparison was answered or given up, 20 at most: there 95 % "
        f"is the {REPEATED} that number of seeds, and p that of a linear boundary for all looks up to that number, "
        f"two-sided, {PATHS}."
    )
    assert note.replace(added, "") == fixed and added in note


def test_the_methods_name_what_sequential_tests_are():
    assert describe_sequential(against(UP, DOWN)) == ""
    whole = describe_sequential(against(sequential(UP), sequential(DOWN)))
    assert whole.startswith("Seeds were added until each comparison was answered or given up, 20 at most. AP is tested")
    for source in ("J. R. Statist. Soc. B 51, 1989", "Biometrika 78, 1991", "at most 5 of 100 cases"):
        assert source in whole
    some = describe_sequential(against(sequential(UP), DOWN))
    assert some == whole.replace("Seeds were", "For up, seeds were")
