"""Areas of objects, which define COCO's sizes S, M and L: from the JSON where plausible, else from the box."""

from __future__ import annotations

import numpy as np

#: A mask covers every pixel that its outline touches: up to one more along each axis than the box.
MASK_MARGIN = 1.0
#: If all areas are below this share of their boxes, they are in another unit.
MIN_SHARE_OF_BOX = 0.01
#: Areas with fewer distinct values than this share of those of the boxes are placeholders.
MIN_SHARE_OF_VALUES = 0.5
#: Smallest share of the variance of the boxes' log area that areas of objects explain.
MIN_EXPLAINED_VARIANCE = 0.25
#: Standard deviation of the log area below which boxes are too similar to decide.
MIN_LOG_STD = 0.2


def choose_areas(areas: np.ndarray, boxes: np.ndarray) -> tuple[np.ndarray, str, int]:
    """Return plausible areas: the JSON's, or else the box's.

    An area is implausible if it is not positive, or larger than the box with a pixel more along each axis, or if all
    areas have few values although the boxes have many, and those values don't correlate with the boxes, as where an
    exporter writes 1 nearly everywhere, or if none of several reaches a hundredth of its box, as where areas are
    fractions of the image.

    Args:
        areas: Those of the JSON in pixels, shape (N,); NaN where it has none.
        boxes: x, y, width and height in pixels, shape (N, 4).

    Returns:
        The areas, shape (N,); 'json', 'box' or 'mixed', by their source; and how many of the JSON's were replaced.
    """
    of_box = boxes[:, 2] * boxes[:, 3]
    given = ~np.isnan(areas)
    with np.errstate(invalid="ignore", over="ignore"):
        possible = given & (areas > 0) & (areas <= (boxes[:, 2] + MASK_MARGIN) * (boxes[:, 3] + MASK_MARGIN))
    values, wholes = areas[given], of_box[given]
    if _are_placeholders(values, wholes) or (len(values) > 1 and (values < MIN_SHARE_OF_BOX * wholes).all()):
        possible[:] = False
    used = np.where(possible, areas, of_box)
    source = "mixed" if possible.any() and not possible.all() else "json" if possible.any() else "box"
    return used, source, int((given & (areas != used)).sum())


def _are_placeholders(areas: np.ndarray, of_boxes: np.ndarray) -> bool:
    """Return whether areas as a whole are placeholders: of one value, or of few that don't correlate with the boxes.

    An object's area goes with its box. Of few values it does so if boxes of one value are alike: the variance of the
    logarithm of the box's area within groups of one value is well below that of all. By chance alone k values among n
    objects explain (k − 1) / (n − 1) of it, which is taken off, as in an adjusted R².

    Args:
        areas: Those of the JSON, shape (N,).
        of_boxes: Areas of the boxes, shape (N,).
    """
    values, groups = np.unique(areas, return_inverse=True)
    if len(areas) < 2 or np.allclose(of_boxes, of_boxes[0]):
        return False
    if len(values) == 1:
        return True
    if len(values) > MIN_SHARE_OF_VALUES * len(np.unique(of_boxes)):
        return False
    logs = np.log(np.maximum(of_boxes, np.finfo(float).tiny))
    if logs.std(ddof=1) < MIN_LOG_STD:
        return False
    groups = groups.reshape(-1)
    means = np.bincount(groups, logs) / np.bincount(groups)
    within = ((logs - means[groups]) ** 2).sum() / (len(logs) - len(values))
    return bool(within > (1 - MIN_EXPLAINED_VARIANCE) * logs.var(ddof=1))
