"""Which runs belong together."""

import pytest

from tests.report.factories import row
from yolo_feiou.errors import DataError
from yolo_feiou.report.read import Results
from yolo_feiou.report.statistics import paired_difference
from yolo_feiou.report.variants import (
    NEUTRAL_ARGUMENTS,
    Variant,
    find_most_seeds,
    find_swept_arguments,
    group_variants,
    make_variants,
)


def results(*rows, arguments=("box",)):
    """Rows as they are read: numbers are floats."""
    rows = [{k: float(v) if isinstance(v, int) else v for k, v in one.items()} for one in rows]
    return Results((), rows, arguments)


def variants(*rows, arguments=("box",)):
    """The variants of rows, as values and seeds."""
    of = results(*rows, arguments=arguments)
    return [(dict(v.values), list(v.runs)) for v in make_variants(of, find_swept_arguments(of))]


def test_a_variant_is_all_but_the_seed():
    rows = [row(loss, seed) for seed in (2, 0) for loss in ("eiou", "ciou")]
    assert variants(*rows) == [({"loss": "eiou"}, [0, 2]), ({"loss": "ciou"}, [0, 2])]


def test_swept_arguments_are_those_of_all_rows_the_loss_first():
    rows = [row(axes="seed box"), row(axes="lr0 loss", seed=1)]
    assert find_swept_arguments(results(*rows)) == ("loss", "box", "lr0")
    assert find_swept_arguments(results(row(axes=None))) == ()


def test_groups_stand_together_and_numbers_are_sorted():
    rows = [
        row(loss, axes="loss box seed", box=box, seed=seed)
        for box in (10, 2.5)
        for loss in ("iou", "ciou")
        for seed in (0, 1)
    ]
    of = results(*rows)
    found = make_variants(of, find_swept_arguments(of))
    expected = [["iou box=2.5", "ciou box=2.5"], ["iou box=10", "ciou box=10"]]
    assert [[variant.label for variant in group] for group in group_variants(found)] == expected
    assert [variant.label for variant in found] == [*expected[0], *expected[1]]


def test_values_of_text_keep_their_order():
    rows = [row(axes="loss model seed", model=model, seed=0) for model in ("s.yaml", "n.yaml")]
    assert [v["model"] for v, _ in variants(*rows)] == ["s.yaml", "n.yaml"]


def test_what_differs_is_never_averaged_over():
    """Two commands for one folder, neither of which varied the epochs; and a loss that no grid varied."""
    rows = [row(seed=seed, epochs=epochs) for epochs in (100, 50) for seed in (0, 1)]
    assert variants(*rows, arguments=("box", "epochs")) == [
        ({"loss": "ciou", "epochs": 50}, [0, 1]),
        ({"loss": "ciou", "epochs": 100}, [0, 1]),
    ]
    assert find_swept_arguments(results(row(axes="seed"), row("eiou", 1, axes="seed"))) == ("loss",)
    assert find_swept_arguments(results(row(axes="seed"), row(seed=1, axes="seed", gain="matched"))) == ("gain",)


@pytest.mark.parametrize("name", sorted(NEUTRAL_ARGUMENTS))
def test_arguments_without_an_influence_do_not_count_as_swept(name):
    rows = [row(**{name: 0}), row(seed=1, **{name: 1})]
    assert find_swept_arguments(results(*rows, arguments=(name,))) == ("loss",)


def test_a_matched_gain_does_not_count_as_swept():
    """It follows from the loss. Beside gains that were not matched it is one value for all losses."""
    matched = [row("ciou", gain="matched"), row("eiou", gain="matched", box=5.1)]
    assert find_swept_arguments(results(*matched)) == ("loss",)
    varied = [row(box=box, axes="loss box seed") for box in (5, 7.5)]
    assert [values for values, _ in variants(*matched, *varied)] == [
        {"loss": "ciou", "box": "matched", "gain": "matched"},
        {"loss": "eiou", "box": "matched", "gain": "matched"},
        {"loss": "ciou", "box": 5, "gain": "same"},
        {"loss": "ciou", "box": 7.5, "gain": "same"},
    ]


def test_failed_runs_are_in_no_variant():
    assert variants(row(), row("eiou", status="failed")) == [({"loss": "ciou"}, [0])]


def test_a_seed_that_is_there_twice_is_refused():
    with pytest.raises(DataError) as error:
        variants(row(run="a/ciou"), row(run="b/ciou"))
    assert str(error.value).startswith("runs a/ciou and b/ciou are the same variant with the same seed 0: take one")


def test_of_two_codes_of_one_loss_the_older_is_named():
    """As after an edit of the user's file: a docstring is enough, since what it changes isn't known."""
    new = row("my_loss.py:side", run="a", loss_holds="1f", started="2026-11-28T10:00:00")
    with pytest.raises(
        DataError, match=r"^runs a and b are .* the code of my_loss.py:side was another.* b is the older"
    ):
        variants(new, {**new, "run": "b", "loss_holds": "2e", "started": "2026-11-27T10:00:00"})


def test_differences_pair_the_seeds_that_both_have():
    """Seed 3 is missing on one side, and seed 2 has no AP: .02 and .04 are left."""
    ours = Variant({}, {0: row(AP=0.42), 1: row(AP=0.45), 2: row(AP=None), 3: row(AP=0.9)})
    theirs = Variant({}, {2: row(AP=0.1), 1: row(AP=0.41), 0: row(AP=0.40)})
    of = ours.difference(theirs, "AP")
    assert (of.n, of.mean) == (2, pytest.approx(0.03))
    assert theirs.difference(ours, "AP").mean == pytest.approx(-0.03)
    assert ours.spread("AP").n == 3 and ours.spread("AP_S").n == 0


@pytest.mark.parametrize(
    ("values", "label"),
    [
        ({"loss": "ciou"}, "ciou"),
        ({"loss": "ciou", "box": 7.5, "imgsz": 640.0}, "ciou box=7.5 imgsz=640"),
        ({"box": 7.5, "cos_lr": "True", "lr0": None}, "box=7.5 cos_lr=True lr0=–"),
        ({}, "ciou"),
    ],
)
def test_a_label_is_the_loss_and_the_other_values(values, label):
    assert Variant(values, {0: row()}).label == label


def test_a_variant_has_the_values_that_it_is_asked_for():
    variant = Variant({"loss": "ciou", "box": 7.5}, {})
    assert (
        variant.has_values({})
        and variant.has_values({"box": 7.5})
        and not variant.has_values({"loss": "ciou", "box": 5})
    )


def test_what_yolo_alone_has_is_no_difference_to_other_detectors():
    """Their model parts them: mosaic is YOLO's alone, imgsz differs by recipe. What differs within one counts."""
    yolo = [row(loss, model="yolov8n.yaml", mosaic=1.0, imgsz=640, axes="loss seed") for loss in ("ciou", "eiou")]
    atss = [row(loss, model="atss.yaml", detector="atss", imgsz=800, axes="loss seed") for loss in ("stock", "eiou")]
    names = ("box", "model", "mosaic", "imgsz")
    found = variants(*yolo, *atss, arguments=names)
    assert [values for values, _ in found] == [
        *({"loss": loss, "model": "yolov8n.yaml"} for loss in ("ciou", "eiou")),
        *({"loss": loss, "model": "atss.yaml"} for loss in ("eiou", "stock")),
    ]
    atss[1]["imgsz"] = 640
    assert find_swept_arguments(results(*yolo, *atss, arguments=names)) == ("loss", "imgsz", "model")
    for one in (*yolo, *atss):
        one["model"] = "detector.yaml"
    assert find_swept_arguments(results(*yolo, *atss, arguments=("model",))) == ("loss", "detector")


def test_what_follows_from_a_swept_argument_is_none_itself():
    rows = [row(axes="epochs", epochs=n, iterations=50 * n, detector="atss", seed=n) for n in (1, 2)]
    assert find_swept_arguments(results(*rows, arguments=("epochs", "iterations"))) == ("epochs",)
    rows = [{**one, "axes": "seed"} for one in rows]
    assert find_swept_arguments(results(*rows, arguments=("iterations",))) == ("iterations",)


SEQUENTIAL = {"until": 0.5, "max_seeds": 20.0, "race": "True"}


def test_how_an_ablation_ended_is_never_swept():
    """Of two folders one had a fixed number of seeds; the arguments may be those of a later version's record."""
    rows = [row("ciou", 0, **SEQUENTIAL), row("ciou", 1, until=None, max_seeds=None, race=None)]
    assert variants(*rows) == [({"loss": "ciou"}, [0, 1])]


def test_the_most_seeds_are_the_largest_number_of_the_rows():
    fixed = Variant({}, {0: row(), 1: row(max_seeds=None)})
    few, many = (Variant({}, {0: row(), 1: row(max_seeds=20.0), 2: row(max_seeds=most)}) for most in (8.0, 30.0))
    assert (fixed.most_seeds, few.most_seeds, many.most_seeds) == (None, 20, 30)
    assert isinstance(few.most_seeds, int)
    assert (find_most_seeds(fixed), find_most_seeds(fixed, few), find_most_seeds(many, few)) == (None, 20, 30)


def test_a_difference_is_sequential_if_either_side_got_seeds_until_enough_was_said():
    """Its statistics are those of `sequential`, in the order of the seeds."""
    ap = {2: (0.45, 0.40), 0: (0.42, 0.40), 1: (0.45, 0.41)}
    ours, theirs = (Variant({}, {seed: row(seed=seed, AP=ap[seed][side]) for seed in ap}) for side in (0, 1))
    whole = Variant({}, {seed: {**one, "max_seeds": 12.0} for seed, one in theirs.runs.items()})
    expected = paired_difference([0.42, 0.45, 0.45], [0.40, 0.41, 0.40], 12)
    assert ours.difference(whole, "AP") == whole_reversed(expected, whole.difference(ours, "AP")) == expected
    assert ours.difference(theirs, "AP").most is None and expected.most == 12


def whole_reversed(expected, difference):
    """The expected difference, if the other one is it with the other sign."""
    (low, high), (their_low, their_high) = expected.interval, difference.interval
    assert (difference.mean, difference.p, difference.most) == (-expected.mean, expected.p, expected.most)
    assert (their_low, their_high) == pytest.approx((-high, -low))
    return expected
