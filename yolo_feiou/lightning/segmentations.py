"""One object's mask as COCO writes it, checked, and as pixels."""

from __future__ import annotations

from typing import Any

import cv2
import msgspec
import numpy as np
from pycocotools import mask

rle: Any = mask  # its types know the compressed form alone


class RunLengths(msgspec.Struct, gc=False):
    """Runs of background and object in turn, down the columns: as numbers, or compressed to text.

    Attributes:
        size: Height and width in pixels.
        counts: Of pixels of each run.
    """

    size: tuple[int, int]
    counts: list[int] | str


#: Polygons, each a list of x and y in turn, in pixels; or run lengths.
Segmentation = list[list[float]] | RunLengths

#: The fewest numbers of a polygon: three points. COCO's tools take four numbers for a box.
FEWEST_NUMBERS = 6


def read_segmentation(text: bytes | msgspec.Raw) -> Segmentation | None:
    """Return what the value of `segmentation` in a COCO JSON says; None if that is no mask.

    Polygons of fewer than three points are left out. Run lengths that don't sum up to the pixels of their size are no
    mask: COCO's tools would leave the rest to chance.
    """
    try:
        found = msgspec.json.decode(text, type=Segmentation)
    except msgspec.MsgspecError:
        return None
    if isinstance(found, RunLengths):
        counts = _uncompress(found.counts) if isinstance(found.counts, str) else found.counts
        fits = counts is not None and min(counts, default=-1) >= 0 and sum(counts) == found.size[0] * found.size[1]
        return found if fits else None
    found = [points for points in found if len(points) >= FEWEST_NUMBERS]
    return found if found and all(len(points) % 2 == 0 for points in found) else None


def draw_mask(found: Segmentation, size: tuple[float, float], shape: tuple[int, int]) -> np.ndarray:
    """Return a mask, shape (H, W) of uint8: 1 inside the object.

    Args:
        found: As `read_segmentation` returns it.
        size: Height and width of the image in the units of polygons; pixels of the JSON's image as a rule.
        shape: Height and width of the mask, H and W in pixels.
    """
    if isinstance(found, RunLengths):
        height, width = found.size
        counts = {"size": [height, width], "counts": found.counts}
        packed = rle.frPyObjects(counts, height, width) if isinstance(found.counts, list) else counts
        pixels = rle.decode([packed])[:, :, 0]
        same = (height, width) == tuple(shape)
        return pixels if same else cv2.resize(pixels, shape[::-1], interpolation=cv2.INTER_NEAREST_EXACT)
    scale = np.array([shape[1] / size[1], shape[0] / size[0]])
    polygons = [(np.array(points).reshape(-1, 2) * scale).ravel() for points in found]
    return rle.decode([rle.merge(rle.frPyObjects(polygons, *shape))])[:, :, 0]


def _uncompress(text: str) -> list[int] | None:
    """Return the run lengths that COCO's compressed form has; None if it breaks off.

    A number is written in groups of 5 bits, the lowest first, each plus 48 as a character, with bit 5 set in all but
    the last one, whose bit 4 is the sign. From the fourth number on it is the difference to that two before it.
    """
    counts: list[int] = []
    value = shift = 0
    for character in text:
        bits = ord(character) - 48
        value |= (bits & 31) << shift
        shift += 5
        if bits & 32:
            continue
        if bits & 16:
            value -= 1 << shift
        counts.append(value + counts[-2] if len(counts) > 2 else value)
        value = shift = 0
    return None if shift else counts
