"""Matched predictions by hand, and beside the matches of COCO's own evaluator."""

import io
from contextlib import redirect_stdout

import numpy as np
import pytest

from tests.evaluation.factories import noisy, predicted, truth
from yolo_feiou.evaluation.matched import make_matched_row, match_ious
from yolo_feiou.evaluation.truth import read_ground_truth

A, B = (0, 0, 10, 10), (100, 0, 10, 10)


def ious(of, *rows):
    """The IoU of the matched predictions, to 12 decimals."""
    return [round(value, 12) for value in match_ious(of, predicted(*rows))]


@pytest.mark.parametrize(
    ("rows", "expected"),
    [
        ([(0, 0, 10, 8, 0.3)], [0.8]),  # 80 of 100
        ([(0, 0, 10, 5, 0.3)], [0.5]),  # just enough
        ([(0, 0, 10, 4.9, 0.3)], []),  # .49 is not
        ([(0, 0, 10, 8, 0.3), (0, 0, 10, 10, 0.9)], [1]),  # the best score first: the other one finds A taken
        ([(0, 0, 10, 8, 0.9), (0, 0, 10, 10, 0.3)], [0.8]),  # even if it fits less well
        ([(0, 0, 10, 8, 0.5), (0, 0, 10, 10, 0.5)], [0.8]),  # of equal scores the one that stands first
        ([(0, 0, 10, 10, 0.9, 2)], []),  # another class
        ([(0, 0, 10, 9, 0.9), (100, 0, 10, 7, 0.1)], [0.9, 0.7]),
    ],
)
def test_matches_by_hand(rows, expected):
    assert ious(truth(A, B, classes=2), *rows) == expected


def test_a_prediction_takes_the_object_that_it_fits_best():
    """(0, 0, 10, 10) and (0, 0, 10, 8): a prediction of height 8.5 has IoU .85 with the one and 8/8.5 with the other;
    the next, of height 10, takes the one that is left."""
    of = truth((0, 0, 10, 10), (0, 0, 10, 8))
    assert ious(of, (0, 0, 10, 8.5, 0.9), (0, 0, 10, 10, 0.1)) == [round(8 / 8.5, 12), 1]
    assert ious(of, (0, 0, 10, 8.5, 0.9), (0, 0, 10, 8, 0.1)) == [round(8 / 8.5, 12), 0.8]


def test_crowds_match_nothing():
    assert ious(truth(A, crowds=[(100, 0, 50, 50)]), (110, 10, 20, 20, 0.9), (0, 0, 10, 10, 0.1)) == [1]


def test_a_hundred_of_a_class_and_image_take_part():
    """99 strays with a better score leave room for the match, 100 don't."""
    strays = [(500, 500, 5, 5, 0.9)] * 99
    assert ious(truth(A), *strays, (*A, 0.1)) == [1]
    assert ious(truth(A), (500, 500, 5, 5, 0.9), *strays, (*A, 0.1)) == []
    assert ious(truth(A, classes=2), *[(*A, 0.9, 2)] * 100, (*A, 0.1)) == [1]  # another class has its own hundred


def test_the_row_has_shares_of_matches_and_recall():
    """Four matches for five objects. .5 and .75 lie in the bins that begin there, 1 in the last one."""
    row = make_matched_row(np.array([0.5, 0.75, 0.93, 1]), 5)
    assert row.pop("matched") == 4
    assert row.pop("matched_iou") == pytest.approx(3.18 / 4)
    assert [row.pop(f"matched_{share}") for share in (50, 75, 90)] == [1, 0.75, 0.5]
    assert [row.pop(f"found_{share}") for share in (50, 75, 90)] == [0.8, 0.6, 0.4]
    assert row == {f"iou_{low}": int(low in (50, 75, 90, 95)) for low in range(50, 100, 5)}


def test_without_a_match_shares_are_missing_and_recall_is_zero():
    row = make_matched_row(np.array([]), 5)
    assert row["matched"] == row["found_50"] == row["iou_50"] == 0
    assert row["matched_iou"] is row["matched_50"] is row["matched_90"] is None


@pytest.mark.parametrize("seed", range(3))
def test_the_matches_are_those_of_pycocotools(coco_tiny, seed):
    """pycocotools keeps, for each image and class, what each detection matched at each IoU; the first is .5, the first
    area is all. `dtMatches` holds annotation ids, of which the crowds' are left out."""
    from pycocotools.coco import COCO
    from pycocotools.cocoeval import COCOeval

    path = coco_tiny / "annotations" / "instances_train2017.json"
    of = read_ground_truth(path)
    found = noisy(of, seed)
    with redirect_stdout(io.StringIO()):
        objects = COCO(str(path))
        evaluation = COCOeval(objects, objects.loadRes([dict(record) for record in found]), "bbox")
        evaluation.evaluate()
    expected = []
    for entry in evaluation.evalImgs:
        if entry and entry["aRng"] == [0, 1e5**2]:
            iou = evaluation.ious[entry["image_id"], entry["category_id"]]
            order = [a["id"] for a in evaluation._gts[entry["image_id"], entry["category_id"]]]
            for place, match in enumerate(entry["dtMatches"][0]):
                if match and not objects.anns[int(match)]["iscrowd"]:
                    expected.append(iou[place, order.index(int(match))])
    ours = match_ious(of, found)
    assert 100 < len(ours) < of.objects
    assert sorted(ours.tolist()) == sorted(expected)
