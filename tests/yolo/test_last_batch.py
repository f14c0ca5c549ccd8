"""A last batch of one image that is too small for BatchNorm."""

import pytest
import torch
from ultralytics import YOLO as StockYOLO

from tests.runs import overrides
from yolo_feiou import YOLO
from yolo_feiou.errors import ArgumentError
from yolo_feiou.yolo.last_batch import check_last_batch


@pytest.mark.parametrize(("model", "stride"), [("yolov8n.yaml", 32), ("yolov8n-p6.yaml", 64)])
def test_batchnorm_refuses_one_image_below_twice_the_stride_alone(model, stride):
    """What `check_last_batch` goes by, asked of the models themselves."""
    module = StockYOLO(model).model.train()
    with pytest.raises(ValueError, match="more than 1 value per channel"):
        module(torch.rand(1, 3, stride, stride))
    module(torch.rand(1, 3, 2 * stride, 2 * stride))
    module(torch.rand(2, 3, stride, stride))


@pytest.mark.parametrize(
    ("images", "batch", "imgsz", "stride"),
    [(5, 4, 32, 32), (1, 16, 32, 32), (5, 1, 32, 32), (9, 8, 64, 64), (1, 1, 96, 64)],
)
def test_one_image_of_one_cell_is_refused(images, batch, imgsz, stride):
    with pytest.raises(ArgumentError, match=rf"give another batch=, or sides of at least {2 * stride}\.$"):
        check_last_batch(images, batch, imgsz, stride)


@pytest.mark.parametrize(
    ("images", "batch", "imgsz", "stride"), [(5, 4, 64, 32), (4, 4, 32, 32), (6, 4, 32, 32), (3, 16, 32, 32)]
)
def test_more_images_or_larger_ones_are_taken(images, batch, imgsz, stride):
    check_last_batch(images, batch, imgsz, stride)


def test_the_smallest_size_of_several_counts(release):
    """At 640, from multi_scale=0.9 on: int(640 * 0.11) = 70, and int(640 * (1 - 0.9)) = 63, by how floats are."""
    release("8.4.105")  # multi_scale is a fraction
    check_last_batch(5, 4, 640, 32, 0.89)
    for imgsz, multi_scale in ((640, 0.9), (64, 0.5), (96, 0.5)):
        with pytest.raises(ArgumentError, match=rf"at imgsz={imgsz} with multi_scale={multi_scale} BatchNorm"):
            check_last_batch(5, 4, imgsz, 32, multi_scale)


def test_a_training_that_would_end_so_is_told_at_its_start_and_leaves_nothing(data, tmp_path):
    """24 images in batches of 23."""
    given = {**overrides(data, tmp_path / "runs"), "batch": 23}
    with pytest.raises(ArgumentError, match="24 images in batches of 23 leave one for the last batch, and at imgsz=32"):
        YOLO("yolov8n.yaml").train(**{**given, "imgsz": 32})
    assert not list((tmp_path / "runs").glob("*"))
