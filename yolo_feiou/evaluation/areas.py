"""Areas of objects, which decide on COCO's sizes S, M and L: those of a JSON where they can be, else the box's."""

from __future__ import annotations

import numpy as np

#: A mask covers every pixel that its outline touches: up to one more on each axis than the box is long.
TOUCHED = 1.0
#: Share of their boxes that the areas of no data set stay below all together: then they are in another unit.
THIN = 0.01


def usable_areas(areas: np.ndarray, boxes: np.ndarray) -> tuple[np.ndarray, str, int]:
    """Return areas that can be, the JSON's or else the box's.

    An area can't be if it is not positive, or larger than the box with a pixel more on each axis, or if all areas have
    one value although the boxes have several, as where an exporter writes 1 or 0 everywhere, or if none of several
    reaches a hundredth of its box, as where areas are shares of the image.

    Args:
        areas: Those of the JSON in pixels, shape (N,); NaN where it has none.
        boxes: x, y, width and height in pixels, shape (N, 4).

    Returns:
        The areas, shape (N,); 'json', 'box' or 'mixed', by where they come from; and how many of the JSON's can't be.
    """
    of_box = boxes[:, 2] * boxes[:, 3]
    given = ~np.isnan(areas)
    with np.errstate(invalid="ignore", over="ignore"):
        possible = given & (areas > 0) & (areas <= (boxes[:, 2] + TOUCHED) * (boxes[:, 3] + TOUCHED))
    values, wholes = areas[given], of_box[given]
    constant = len(values) > 1 and (values == values[0]).all() and not np.allclose(wholes, wholes[0])
    if constant or (len(values) > 1 and (values < THIN * wholes).all()):
        possible[:] = False
    used = np.where(possible, areas, of_box)
    source = "mixed" if possible.any() and not possible.all() else "json" if possible.any() else "box"
    return used, source, int((given & (areas != used)).sum())
