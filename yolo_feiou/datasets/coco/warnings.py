"""Warnings of likely mistakes in a COCO JSON, given in preparation and evaluation."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

#: Share of clipped boxes above which they are suspicious; in COCO itself it is far less.
MAX_CLIPPED_SHARE = 0.2


def warn_of_boxes(boxes: np.ndarray, clipped: int, objects: int) -> Iterator[str]:
    """Yield a line if boxes look like fractions of the image, and one if they look like two corners.

    Args:
        boxes: x, y, width and height in pixels, shape (N, 4).
        clipped: How many objects have a box that reaches beyond the image.
        objects: How many objects there are.
    """
    if (small := int((boxes[:, 2:].max(1) < 1).sum())) > len(boxes) / 2:
        yield (
            f"{small:,} of {len(boxes):,} boxes are smaller than a pixel: expected pixels, not fractions of the image."
        )
    if clipped > objects * MAX_CLIPPED_SHARE:
        yield (
            f"{clipped:,} of {objects:,} boxes reach beyond their image: expected x, y, width and height, "
            "not two corners."
        )
