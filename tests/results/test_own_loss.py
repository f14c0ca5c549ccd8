"""Which loss a run's model has of its own, told from its row."""

import pytest

from yolo_feiou.results.own_loss import (
    find_gradient_reference,
    find_own_loss,
    is_rtdetr_run,
    name_gradient_reference,
    spell_factor,
)


@pytest.mark.parametrize(
    ("row", "expected"),
    [
        ({}, "ciou"),
        ({"model": "yolov8n.yaml", "box_used": 7.5}, "ciou"),
        ({"model": "my-rtdetr-neck.yaml", "box_used": 7.5}, "ciou"),  # its gain is `box`
        ({"model": "weights/best.pt", "box_used": None}, "giou"),
        ({"model": "a/RTDETR-l.yaml"}, "giou"),  # of a table without that column
        ({"model": "rtdetr/yolov8n.yaml"}, "ciou"),
        ({"model": "n-obb.yaml", "metric": "mAP_obb", "box_used": 7.5}, "probiou"),
        ({"model": "atss.yaml", "detector": "atss", "box_used": None}, "stock"),
    ],
)
def test_the_own_loss_of_a_model(row, expected):
    assert find_own_loss(row) == expected
    assert is_rtdetr_run(row) is (expected == "giou")


def test_the_reference_is_named_by_the_rows_or_was_that_of_their_boxes():
    old = [{"loss": "kld"}, {"loss": "probiou"}]
    assert (find_gradient_reference(old), name_gradient_reference(old)) == ("probiou", "ProbIoU")
    assert name_gradient_reference([{"loss": "giou"}]) == "CIoU"
    new = [{"loss": "ciou", "reference": "giou"}]
    assert (find_gradient_reference(new), name_gradient_reference(new)) == ("giou", "GIoU")
    assert name_gradient_reference([{"loss": "ciou", "reference": "eiou"}]) == "eiou"


def test_a_factor_makes_up_for_a_ratio():
    """1 / 2.31 = 0.43; RT-DETR's own loss is giou."""
    assert spell_factor("eiou", 2.31) == "losses=eiou:weight=0.43"
    assert spell_factor("stock", 0.25) == "losses=giou:weight=4"
