"""The last batch of an epoch, where it is a single image in which BatchNorm would see a single value a channel.

The deepest feature map has a side of `imgsz / stride`. Where that is 1 (`imgsz=32` for the usual stride of 32, 64 for a
P6 model, or what `multi_scale` shrinks an image to) a batch of one image has one value for each channel, of which there
is no variance: torch refuses it. From twice the stride on it can't happen.
"""

from __future__ import annotations

from ultralytics.utils import DEFAULT_CFG_DICT

from yolo_feiou.errors import ArgumentError


def check_last_batch(images: int, batch: int, imgsz: int, stride: int, multi_scale: float = 0.0) -> None:
    """Refuse a training whose last batch of an epoch is one image that is too small for BatchNorm.

    Args:
        images: How many images an epoch has, in this process.
        batch: How many a batch has, in this process.
        imgsz: Side of the images.
        stride: The model's largest.
        multi_scale: By which fraction images may be smaller; of older releases whether they may be by a half.

    Raises:
        ArgumentError: If it is.
    """
    shrunk = 0.5 * multi_scale if isinstance(DEFAULT_CFG_DICT["multi_scale"], bool) else multi_scale
    side = max(stride, int(imgsz * (1 - shrunk))) // stride * stride
    last = images % min(batch, images) or min(batch, images)
    if side >= 2 * stride or last != 1:
        return
    scaled = f" with multi_scale={multi_scale}" if multi_scale else ""
    raise ArgumentError(
        f"{images} images in batches of {min(batch, images)} leave one for the last batch, and at imgsz={imgsz}{scaled}"
        f" BatchNorm can't train on one alone: give another batch=, or sides of at least {2 * stride}."
    )
