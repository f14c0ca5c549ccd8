"""Boxes that look like fractions or corners are told."""

import numpy as np
import pytest

from tests.datasets.coco.factories import annotation, own_data
from yolo_feiou.datasets.coco.command import prepare_coco
from yolo_feiou.datasets.coco.warnings import warn_of_boxes


@pytest.mark.parametrize(
    ("box", "doubt"),
    [
        ((0.1, 0.2, 0.3, 0.4), "2 of 2 boxes are smaller than a pixel: expected pixels, not fractions of the image."),
        (
            (100, 50, 190, 90),
            "2 of 2 boxes reach beyond their image: expected x, y, width and height, not two corners.",
        ),
        ((10, 20, 30, 40), None),
    ],
)
def test_what_looks_like_a_mistake_is_said(tmp_path, out, capsys, box, doubt):
    words = own_data(tmp_path, None, [annotation(1, bbox=box), annotation(2, 2, bbox=box)])
    prepare_coco([f"out={out}", *words])
    printed = capsys.readouterr().out
    assert (f"warning: train: {doubt}" in printed) if doubt else "warning" not in printed


@pytest.mark.parametrize(("small", "warned"), [(2, False), (3, True)])
def test_more_than_half_of_the_boxes_must_be_smaller_than_a_pixel(small, warned):
    boxes = np.array([[0.1, 0.1, 0.9, 0.9]] * small + [[1, 1, 0.5, 20]] * (4 - small))
    assert [*warn_of_boxes(boxes, 0, 4)] == (
        ["3 of 4 boxes are smaller than a pixel: expected pixels, not fractions of the image."] if warned else []
    )


@pytest.mark.parametrize(("clipped", "warned"), [(200, False), (201, True)])
def test_more_than_a_fifth_of_the_objects_must_reach_beyond_their_image(clipped, warned):
    (*lines,) = warn_of_boxes(np.full((5, 4), 10.0), clipped, 1000)
    assert [line.partition(" boxes")[0] for line in lines] == (["201 of 1,000"] if warned else [])
