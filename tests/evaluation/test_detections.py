"""Detections become COCO's records and the inputs of the metrics."""

from dataclasses import replace

import numpy as np
import pytest

from tests.evaluation.three_images import NAMES
from yolo_feiou.errors import DataError
from yolo_feiou.evaluation.detections import Detections, make_evaluation
from yolo_feiou.evaluation.rehearsal import find_evaluation_input
from yolo_feiou.yolo.splits import read_split

CAT = [4, 6, 24, 18, 0.9, 0]


def test_detections_in_coco_form_have_ids_and_boxes_as_xywh():
    found = Detections(["a", "b"], {"y": np.array([[1, 2, 4, 6.5, 0.9, 1]]), "x": np.zeros((0, 6))}, {}, {})
    assert found.in_coco_form({"x": 7, "y": 5}, [10, 20]) == [
        {"image_id": 5, "category_id": 20, "bbox": [1, 2, 3, 4.5], "score": 0.9}
    ]


def test_the_row_has_what_was_evaluated_then_how_then_the_metrics(given):
    """The cat of the first image is found, out of three: AP is 0.34 at each of 101 recalls up to a third."""
    data, _ = given()
    images = read_split(data, "val")
    by_file = {file: np.array([CAT] if not n else np.zeros((0, 6))) for n, file in enumerate(images.files)}
    shapes = dict.fromkeys(images.files, (48, 64))
    found = Detections(list(NAMES), by_file, shapes, {"conf": 0.05})
    row = make_evaluation(found, find_evaluation_input(images), {"model": "mine"}).row()
    assert next(iter(row)) == "model" and row["conf"] == 0.05 and row["ground_truth"] == "labels"
    assert row["AP"] == pytest.approx(34 / 101 / 2)  # the other class has nothing
    masks = replace(found, task_metrics={"mAP_mask": 0.5})
    assert make_evaluation(masks, find_evaluation_input(images), {"model": "mine"}).row() == {**row, "mAP_mask": 0.5}
    odd = Detections(list(NAMES), by_file, {**shapes, images.files[1]: (64, 48)}, {})
    with pytest.raises(DataError, match=r"1 of 3 images were read with another size"):
        make_evaluation(odd, find_evaluation_input(images), {})
