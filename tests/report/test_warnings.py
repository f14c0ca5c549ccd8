"""What stands against comparing runs, and that nothing is said without reason."""

import pytest

from tests.report.factories import row
from yolo_feiou.report.baseline import find_baseline
from yolo_feiou.report.comparison import compare_variants
from yolo_feiou.report.read import Results
from yolo_feiou.report.variants import find_swept_arguments, make_variants
from yolo_feiou.report.warnings import describe_device, list_warnings
from yolo_feiou.results.schema import MUST_AGREE

AP = {0: 0.40, 1: 0.41, 2: 0.43}
AGREE = [name for name in MUST_AGREE if name != "detector"]  # without one, a run is of YOLO


def grid(*changes):
    """Two losses with three seeds, all with the same circumstances; of each change the place of a row and cells."""
    rows = [
        {**row(loss, seed, AP=ap, status="done", resumed="False", unread=0.0), **dict.fromkeys(AGREE, "a")}
        for loss in ("ciou", "eiou")
        for seed, ap in AP.items()
    ]
    for place, cells in changes:
        rows[place] |= cells
    return [{k: float(v) if isinstance(v, int) else v for k, v in one.items()} for one in rows]


MEASURED = ({"loss": "eiou", "gradient_ratio": 1.1},)


def told(rows, arguments=("box",), preflight=MEASURED):
    """The warnings about rows."""
    results = Results((), rows, arguments, preflight=preflight)
    variants = make_variants(results, find_swept_arguments(results))
    return list_warnings(results, compare_variants(variants, find_baseline("", variants)))


def test_comparable_runs_give_no_warning():
    assert told(grid()) == []


def test_runs_that_detect_nothing_are_named():
    (warning,) = told(grid((1, {"detections": 0, "run": "blind"})))
    assert warning.startswith("1 run of 6 without a single detection, trained too little or broken: blind.")


def test_runs_that_detect_nothing_correctly_are_named_and_nothing_else_is_said_of_them():
    warnings = told(grid(*((place, {"AP": 0, "detections": 5}) for place in range(6))))
    few = "6 runs of 6 without a single correct detection, trained too little or broken: "
    assert [warning[: len(few)] for warning in warnings] == [few]
    assert warnings[0].endswith(" Their AP of 0 compares nothing.")


def test_runs_that_hardly_detect_anything_are_named():
    """Below half a point; 0.5 itself is a result."""
    (warning,) = told(grid((1, {"AP": 0.0049, "run": "early"}), (2, {"AP": 0.005})))
    assert warning.startswith("1 run of 6 almost without a correct detection, trained too little or broken: early.")
    assert warning.endswith(" Their AP of less than 0.5 % compares nothing.")


@pytest.mark.parametrize("name", AGREE)
def test_circumstances_that_differ_are_named(name):
    """A value that isn't recorded is no difference."""
    assert told(grid((4, {name: "b"}))) == [f"Runs differ in {name}: a (5 runs) and b (1 run)."]
    assert told(grid((4, {name: None}))) == []


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        (
            [(1, {"status": "failed", "reason": "out of memory"}), (2, {"status": "failed", "reason": None})],
            [
                "2 runs of 6 not done, and left out: ciou_1 (out of memory) and ciou_2 (failed).",
                "Fewer seeds than the 3 of others: ciou (1).",
                "1 variant of 2 with fewer than 3 seeds: a standard deviation of so few says little.",
            ],
        ),
        (
            [(2, {"status": "failed", "reason": "x"}), (5, {"status": "failed", "reason": "x"})],
            [
                "2 runs of 6 not done, and left out: ciou_2 (x) and eiou_2 (x).",
                "2 variants of 2 with fewer than 3 seeds: a standard deviation of so few says little.",
            ],
        ),
        (
            [(i, {"AP": 0.4}) for i in range(3)],
            ["All 3 seeds of ciou have the same AP: does the seed have an effect?"],
        ),
        ([(0, {"unread": 2})], ["Images of the evaluation could not be read: ciou_0 (2)."]),
        (
            [(place, {"ignored_categories": "person, car"}) for place in range(6)],
            ["Categories that the model does not have are not counted: person, car (6 runs)."],
        ),
        (
            [(place, {"truth_scale": 0.5}) for place in range(6)],
            ["Boxes were scaled from the JSON's images to the files by: 0.5 (6 runs)."],
        ),
        ([(place, {"truth_scale": 1.0, "areas_replaced": 0.0, "unlisted": 0.0}) for place in range(6)], []),
        (
            [(0, {"areas_replaced": 7.0})],
            ["Areas in the JSON that can't be, in place of which those of boxes count: 7 (1 run)."],
        ),
        ([(0, {"unlisted": 2.0})], ["Images that the JSON doesn't list count as images without objects: 2 (1 run)."]),
        ([(5, {"resumed": "True"})], ["1 run interrupted, and resumed from a checkpoint: eiou_2."]),
        ([(5, {"resumed": 2.0})], ["1 run interrupted, and resumed from a checkpoint: eiou_2."]),
        ([(5, {"resumed": 0.0}), (4, {"resumed": None})], []),
        ([(5, {"AP": None})], ["1 run done but without AP: eiou_2."]),
        ([(5, {"device": "3"})], []),
        ([(5, {"device": "0,1"})], ["Runs differ in device: 1 GPU (5 runs) and 2 GPUs (1 run)."]),
        ([(5, {"device": "cpu"})], ["Runs differ in device: 1 GPU (5 runs) and cpu (1 run)."]),
    ],
)
def test_each_doubt_is_said_once(changes, expected):
    assert told(grid(*changes)) == expected


def test_arguments_that_no_grid_varied_are_named():
    rows = grid(*((place, {"epochs": 50 if place < 3 else 100}) for place in range(6)))
    assert told(rows, ("epochs",)) == [
        "Nothing to compare with, since the baseline lacks these values: eiou epochs=100. baseline=ciou@epochs=50 "
        "compares across them.",
        "Runs differ in epochs although no ablation varied it: it counts as swept, never averaged over.",
    ]
    rows = grid(*((place, {"workers": 8 if place else 4}) for place in range(6)))
    assert told(rows, ("workers",)) == ["Runs differ in workers: 4 (1 run) and 8 (5 runs)."]


@pytest.mark.parametrize("loss", ["ciou", "ciou:focal=0..0.5@0.8"])
def test_the_baseline_that_compares_across_is_told_as_it_is_read(loss):
    """One training with a loss at a gain of its own, beside stock's: what the warning says to give compares them."""
    gains = ((place, {"box": 5.0, "loss": loss} if place < 3 else {"box": 5.9}) for place in range(6))
    results = Results((), grid(*gains), ("box",))
    variants = make_variants(results, find_swept_arguments(results))
    (warning,) = (one for one in told(results.rows) if one.startswith("Nothing to compare with"))
    text = warning.partition(" baseline=")[2].removesuffix(" compares across them.")
    assert text == f"{loss}@box=5"
    assert all(one.baseline for one in compare_variants(variants, find_baseline(text, variants)))


@pytest.mark.parametrize("cells", [{"classes": "0,1"}, {"classes": None}])
def test_a_baseline_that_no_text_can_name_is_not_told(cells):
    rows = grid(*((place, {"classes": "1", **cells} if place < 3 else {"classes": "2"}) for place in range(6)))
    (warning,) = (one for one in told(rows, ("classes",)) if one.startswith("Nothing to compare with"))
    assert "baseline=" not in warning


def test_what_a_grid_varies_may_differ():
    """With it differ the counts of images and objects, which follow from it."""
    rows = grid(
        *(
            (p, {"axes": "loss data seed", "data": "ab"[p % 3 % 2], "objects": p % 3 % 2, "seed": p // 2 % 3})
            for p in range(6)
        )
    )
    assert not [line for line in told(rows, ("data",)) if "differ in" in line]


def detectors(*names, **changes):
    """The runs of the grid, each third of two losses with another detector; of each name the cells of its runs."""
    rows = []
    for name in names:
        cells = {"model": f"{name}.yaml", "detector": name if name != "yolov8n" else None, "axes": "loss model seed"}
        rows += grid(*((place, {**cells, "run": f"{name}_{place}", **changes.get(name, {})}) for place in range(6)))
    return rows


def test_detectors_with_settings_of_their_own_are_named_once():
    """One sentence in the place of one for each setting; a setting that differs within a model is a mistake."""
    own = {"atss": {"eval_iou": 0.6, "eval_conf": 0.05}, "retinanet": {"eval_iou": 0.5, "eval_conf": 0.05}}
    assert told(detectors("retinanet", "atss", **own), ("model",)) == [
        "Models are evaluated with settings of their own (eval_iou 0.5 and 0.6): compare losses within a model."
    ]
    rows = detectors("retinanet", "atss", **own)
    rows[0]["eval_conf"] = 0.001
    assert "Runs differ in eval_conf: 0.001 (1 run) and 0.05 (11 runs)." in told(rows, ("model",))
    assert told(detectors("retinanet", "atss"), ("model",)) == []


def test_yolo_and_other_detectors_side_by_side_are_not_compared():
    cells = {
        "yolov8n": {"imgsz": 640, "eval_max_det": 300, "mosaic": 1.0},
        "atss": {"imgsz": 800, "eval_max_det": 100, "mosaic": None},
    }
    rows = [{**one, "axes": "loss seed"} for one in detectors("yolov8n", "atss", **cells)]
    assert told(rows, ("model", "imgsz", "mosaic")) == [
        "YOLO (yolov8n.yaml) and other detectors (atss.yaml) stand side by side, each trained by a recipe of its own "
        "and evaluated with its own settings (imgsz 640 and 800; eval_max_det 300 and 100): compare losses within a "
        "model, never one model with another."
    ]


def test_one_model_name_of_two_detectors_is_named():
    rows = grid(*((place, {"detector": "atss" if place else "paa"}) for place in range(6)))
    assert told(rows) == ["Runs differ in detector: paa (1 run) and atss (5 runs)."]


@pytest.mark.parametrize(
    ("device", "kind"),
    [
        *(("0", "1 GPU"), ("3", "1 GPU"), ("0,1", "2 GPUs"), ("[0, 1]", "2 GPUs"), ("cuda:1", "1 GPU")),
        *(("cpu", "cpu"), ("mps", "mps"), ("cuda:0 NVIDIA H100", "cuda:0 NVIDIA H100")),
    ],
)
def test_a_device_is_known_by_its_kind(device, kind):
    assert describe_device(device) == kind


def test_sizes_with_few_objects_are_named():
    """29 are few, 30 are not, and without any there is no metric to warn of."""
    few = [(place, {"objects_S": 29, "objects_M": 30, "objects_L": 0}) for place in range(6)]
    assert told(grid(*few)) == ["AP_S rests on 29 objects: it says next to nothing."]


def sequential(most, places=range(6)):
    """Changes that make these rows of the grid some of an ablation that gave seeds until enough was said."""
    return [(place, {"max_seeds": most, "until": 0.5}) for place in places]


def test_fewer_seeds_are_what_a_sequential_ablation_is_for():
    """It gives each variant what it needs; that the standard deviation of two says little holds all the same."""
    lost = (5, {"status": "failed", "reason": "x"})
    failed = "1 run of 6 not done, and left out: eiou_2 (x)."
    few = "1 variant of 2 with fewer than 3 seeds: a standard deviation of so few says little."
    assert told(grid(*sequential(20), lost)) == [failed, few]
    assert told(grid(lost)) == [failed, "Fewer seeds than the 3 of others: eiou (2).", few]


def test_more_seeds_than_there_were_to_be_are_named():
    assert told(grid(*sequential(3))) == []
    (warning,) = told(grid(*sequential(2)))
    assert warning.startswith("More common seeds than were to be added: eiou (3 of max_seeds=2). Their intervals")
    assert told(grid(*sequential(2, [0]), *sequential(3, [3]))) == []
