"""Masks as COCO writes them give the pixels that pycocotools gives, and what is no mask is told from one."""

import cv2
import msgspec
import numpy as np
import pytest
from pycocotools import mask as rle

from yolo_feiou.lightning.segmentations import RunLengths, draw_mask, read_segmentation


def blob(seed, shape):
    """Random shapes with holes, or nothing, or all."""
    rng = np.random.default_rng(seed)
    noise = cv2.resize(rng.random((4, 5)).astype(np.float32), shape[::-1])
    return (noise > rng.random()).astype(np.uint8)


def packed(pixels):
    """Its run lengths, compressed and not."""
    compressed = rle.encode(np.asfortranarray(pixels))["counts"].decode()
    edges = np.flatnonzero(np.diff(pixels.T.ravel(), prepend=0, append=2))  # where a run ends, down the columns
    return {"size": [*pixels.shape], "counts": compressed}, {
        "size": [*pixels.shape],
        "counts": np.diff(edges, prepend=0).tolist(),
    }


@pytest.mark.parametrize("seed", range(20))
def test_run_lengths_give_the_pixels(seed):
    shape = (30 + seed, 60 - seed)
    pixels = blob(seed, shape)
    for segmentation in packed(pixels):
        found = read_segmentation(msgspec.json.encode(segmentation))
        assert isinstance(found, RunLengths)
        drawn = draw_mask(found, shape, shape)
        assert drawn.dtype == np.uint8 and (drawn == pixels).all()


def test_a_single_run_is_a_mask():
    """An image without the object: 20 pixels of background, compressed as 52 + 48 and 48."""
    for counts in (b"[20]", b'"d0"'):
        found = read_segmentation(b'{"size": [4, 5], "counts": %s}' % counts)
        assert not draw_mask(found, (4, 5), (4, 5)).any()


def test_polygons_give_their_union():
    """A square of 4 × 4 px, and one of 2 × 2 px of which a quarter lies in it: 16 + 3 pixels."""
    found = read_segmentation(b"[[2, 3, 6, 3, 6, 7, 2, 7], [5, 6, 7, 6, 7, 8, 5, 8]]")
    drawn = draw_mask(found, (10, 12), (10, 12))
    expected = np.zeros((10, 12), np.uint8)
    expected[3:7, 2:6] = expected[6:8, 5:7] = 1
    assert (drawn == expected).all() and drawn.sum() == 19


@pytest.mark.parametrize("kind", ["polygon", "compressed", "runs"])
def test_masks_are_resized_with_their_image(kind):
    """From 10 × 12 to 20 × 36: twice as high, three times as wide."""
    pixels = np.zeros((10, 12), np.uint8)
    pixels[3:7, 2:6] = 1
    text = {"polygon": [[2, 3, 6, 3, 6, 7, 2, 7]], **dict(zip(("compressed", "runs"), packed(pixels), strict=True))}
    drawn = draw_mask(read_segmentation(msgspec.json.encode(text[kind])), (10, 12), (20, 36))
    expected = np.zeros((20, 36), np.uint8)
    expected[6:14, 6:18] = 1
    assert (drawn == expected).all()


def test_polygons_of_shares_fill_the_image():
    found = read_segmentation(b"[[0, 0, 0.5, 0, 0.5, 1, 0, 1]]")
    assert draw_mask(found, (1, 1), (4, 6)).tolist() == [[1, 1, 1, 0, 0, 0]] * 4


def test_polygons_beyond_the_image_are_clipped():
    found = read_segmentation(b"[[-9, -9, 3, -9, 3, 99, -9, 99]]")
    assert draw_mask(found, (4, 6), (4, 6)).tolist() == [[1, 1, 1, 0, 0, 0]] * 4


def test_polygons_without_three_points_are_left_out():
    """COCO's tools take the four numbers for a box."""
    assert read_segmentation(b"[[1, 1, 3, 3], [0, 0, 2, 0, 2, 2], []]") == [[0, 0, 2, 0, 2, 2]]


@pytest.mark.parametrize(
    "text",
    [
        b"",
        b"null",
        b"[]",
        b"[[]]",
        b"[[1, 1, 3, 3]]",
        b"[[1, 1, 3, 3, 4, 4, 5]]",
        b"[1, 1, 3, 3, 4, 4]",
        b'[["1", 1, 3, 3, 4, 4]]',
        b'{"size": [4, 5]}',
        b'{"size": [4, 5, 6], "counts": [20]}',
        b'{"size": [4, 5], "counts": []}',
        b'{"size": [4, 5], "counts": [3, 4]}',
        b'{"size": [4, 5], "counts": [3, 18]}',
        b'{"size": [4, 5], "counts": [23, -3]}',
        b'{"size": [4, 5], "counts": ""}',
        b'{"size": [4, 5], "counts": "34"}',  # 3 and 4, 13 pixels too few
        b'{"size": [4, 5], "counts": "d0P"}',  # 20, and a number that breaks off: 32 more than 48, so a group follows
    ],
)
def test_what_is_no_mask_is_told(text):
    """Runs that are too few would leave COCO's decoder with whatever is in memory."""
    assert read_segmentation(text) is None
