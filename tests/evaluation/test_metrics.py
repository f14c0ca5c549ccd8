"""The metrics of a few boxes by hand, and what is refused."""

import pytest

from tests.evaluation.factories import predicted, truth
from yolo_feiou.errors import ArgumentError, DataError
from yolo_feiou.evaluation.metrics import CURVE_LEVELS, count_by_size, score
from yolo_feiou.evaluation.truth import make_record_truth

BOTH = pytest.mark.parametrize("evaluator", ["faster-coco-eval", "pycocotools"])
A, B = (0, 0, 10, 10), (100, 0, 10, 10)


@BOTH
def test_two_objects_and_three_predictions_by_hand(evaluator):
    """In the order of their scores: A itself; a stray; B less 1.8 of its height, so an IoU of .82.

    Up to a threshold of .8 that is hit, miss, hit: precision 1 at a recall of 1/2, then 1/2, then 2/3 at a recall of 1.
    COCO looks at 101 recalls, 0, .01, … 1, and takes the best precision at that recall or a higher one: 1 at the 51
    recalls up to .5, 2/3 at the other 50. From .85 on B is not hit: 1 at 51 recalls, 0 at 50.
    """
    row = score(truth(A, B), predicted((*A, 0.9), (50, 50, 10, 10, 0.8), (100, 0, 10, 8.2, 0.7)), evaluator)
    low, high = (51 + 50 * 2 / 3) / 101, 51 / 101
    assert {level: row[f"AP{level}"] for level in CURVE_LEVELS} == {
        level: pytest.approx(low if level <= 80 else high, abs=1e-12) for level in CURVE_LEVELS
    }
    assert row["AP"] == pytest.approx((7 * low + 3 * high) / 10, abs=1e-12)
    assert row["AR"] == pytest.approx((7 * 1 + 3 * 0.5) / 10, abs=1e-12)
    assert row["AP_S"] == row["AP"]  # 100 pixels are less than 32²
    assert row["AP_M"] is row["AP_L"] is None
    assert (row["images"], row["objects"], row["detections"], row["matched"]) == (1, 2, 3, 2)
    assert row["matched_iou"] == pytest.approx(0.91)
    assert (row["iou_80"], row["iou_95"], row["found_90"], row["matched_90"]) == (1, 1, 0.5, 0.5)


@BOTH
def test_classes_count_alike_and_those_without_objects_not(evaluator):
    """Class 1 is found, class 2 isn't, class 3 has no object: (1 + 0) / 2. A prediction of class 3 costs nothing."""
    row = score(truth(A, (*B, 2), classes=3), predicted((*A, 0.9), (*B, 0.9, 3)), evaluator)
    assert row["AP"] == row["AP50"] == row["AP95"] == row["AR"] == 0.5


@BOTH
def test_sizes_by_hand(evaluator):
    """31² is small, 32 · 33 medium, 97² large. The large one is missed; the stray has the size of a medium object."""
    of = truth((0, 0, 31, 31), (100, 0, 32, 33), (200, 0, 97, 97))
    row = score(of, predicted((200, 200, 50, 50, 0.9), (0, 0, 31, 31, 0.8), (100, 0, 32, 33, 0.7)), evaluator)
    assert (row["AP_S"], row["AP_M"], row["AP_L"]) == (1, 0.5, 0)


@BOTH
def test_sizes_follow_the_area_not_the_box(evaluator):
    """A box of 100 × 100 with an object of 500 pixels in it, as a mask can be, is small."""
    of = truth((0, 0, 100, 100))
    of.annotations[0]["area"] = 500
    row = score(of, predicted((0, 0, 100, 100, 0.9)), evaluator)
    assert (row["AP_S"], row["AP_M"], row["AP_L"]) == (1, None, None)


@BOTH
def test_no_small_objects_is_missing_not_zero(evaluator):
    row = score(truth((0, 0, 50, 50)), predicted((0, 0, 50, 50, 0.9), (200, 0, 5, 5, 0.95)), evaluator)
    assert row["AP_S"] is row["AP_L"] is None
    assert row["AP_M"] == 1
    assert row["AP"] == 0.5  # the small stray counts among all sizes


@BOTH
def test_nothing_predicted_is_zero_not_missing(evaluator):
    row = score(truth(A), [], evaluator)
    assert row["AP"] == row["AP_S"] == row["AR"] == row["matched"] == row["found_50"] == 0
    assert row["AP_M"] is row["matched_iou"] is row["matched_75"] is None


@BOTH
def test_a_prediction_in_a_crowd_costs_nothing(evaluator):
    """With a better score it would halve the precision, as the same box outside the crowd does."""
    of = truth(A, crowds=[(100, 0, 50, 50)])
    assert score(of, predicted((110, 10, 20, 20, 0.9), (*A, 0.8)), evaluator)["AP"] == 1
    assert score(of, predicted((310, 10, 20, 20, 0.9), (*A, 0.8)), evaluator)["AP"] == 0.5


@BOTH
def test_a_prediction_in_an_image_without_objects_costs(evaluator):
    of = truth(A, images=2)
    stray = {"image_id": 2, "category_id": 1, "bbox": [0, 0, 10, 10], "score": 0.9}
    assert score(of, [stray, *predicted((*A, 0.8))], evaluator)["AP"] == 0.5


@BOTH
def test_a_hundred_detections_count(evaluator):
    """More than 100 of a class and image: the rest is not looked at."""
    strays = [(300, 300, 10, 10, 0.9)] * 100
    assert score(truth(A), predicted(*strays[1:], (*A, 0.1)), evaluator)["AR"] == 1
    assert score(truth(A), predicted(*strays, (*A, 0.1)), evaluator)["AR"] == 0


def test_the_row_names_its_evaluator():
    from importlib.metadata import version

    for evaluator in ("faster-coco-eval", "pycocotools"):
        row = score(truth(A), predicted((*A, 0.9)), evaluator)
        assert (row["evaluator"], row["evaluator_version"]) == (evaluator, version(evaluator))
    assert score(truth(A), [])["evaluator"] == "faster-coco-eval"


def test_inverted_boxes_match_nothing():
    """Heads without DFL can give them; they are predictions like any other."""
    row = score(truth(A), predicted((10, 10, -10, -10, 0.9), (*A, 0.8)))
    assert row["AP"] == 0.5


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"image_id": 9}, "1 of 2 predictions have a image_id that the ground truth doesn't have, such as 9"),
        ({"image_id": None}, "such as None"),
        (
            {"category_id": 5},
            "have a category_id that the ground truth doesn't have, such as 5: they are of other data",
        ),
        ({"category_id": [1]}, r"such as \[1\]"),
        ({"bbox": [0, 0, 1]}, r"prediction 2 has bbox=\[0, 0, 1\]"),
        ({"bbox": [0, 0, 1, float("nan")]}, "prediction 2 has bbox="),
        ({"score": None}, "prediction 2 has .* score=None"),
        ({"score": float("nan")}, "prediction 2 has .* score=nan"),
    ],
)
def test_predictions_of_other_data_are_refused(change, message):
    first, second = predicted((*A, 0.9), (*B, 0.9))
    with pytest.raises(DataError, match=message) as refused:
        score(truth(A), [first, {**second, **change}])
    assert "\n" not in str(refused.value)


def test_what_is_no_list_is_refused():
    for wrong, got in (({"annotations": []}, "got dict"), ([{}, 1], "got a list with int in it")):
        with pytest.raises(DataError, match=f"expected predictions as a list of detections .*, {got}\\."):
            score(truth(A), wrong)


def test_a_ground_truth_without_objects_is_refused():
    for of in (truth(), truth(crowds=[A])):
        with pytest.raises(DataError, match="has no objects in its 1 images: no metric is defined"):
            score(of, [])


def test_an_unknown_evaluator_is_refused():
    with pytest.raises(ArgumentError, match="evaluator=pycoco is unknown: did you mean 'pycocotools'"):
        score(truth(A), [], "pycoco")


def test_an_evaluator_that_is_not_installed_is_refused_with_what_to_do(monkeypatch):
    import sys

    monkeypatch.setitem(sys.modules, "faster_coco_eval", None)
    with pytest.raises(ArgumentError, match="not installed: pip install faster-coco-eval"):
        score(truth(A), [])
    assert score(truth(A), [], "pycocotools")["AP"] == 0


def test_objects_are_counted_by_size():
    """Areas 1024 (small and medium), 9216 (medium and large), 100 and 10,000; a crowd of 100 is none."""
    sides = [(32, 32, 0), (96, 96, 0), (10, 10, 0), (100, 100, 0), (10, 10, 1)]
    annotations = [
        {"image_id": 1, "category_id": 1, "bbox": [0, 0, width, height], "iscrowd": crowd}
        for width, height, crowd in sides
    ]
    truth = make_record_truth([{"id": 1, "file_name": "a.jpg"}], annotations, [{"id": 1, "name": "cat"}])
    assert count_by_size(truth) == {"S": 2, "M": 2, "L": 2}
