"""Anchors and objects on which assigners are compared with their references: named ones, and random ones."""

from __future__ import annotations

import torch
from hypothesis import strategies as st
from torch import Tensor

from tests.detectors.reference import Box, grid

SQUARE, THREE = [(64, 64)], [(64, 64), (44, 90), (90, 44)]
#: Three levels over an image of 128 × 160 px, anchors of 8 strides as in ATSS; the last has 4 × 5 anchors.
PYRAMID = [grid(16, 20, 8, SQUARE), grid(8, 10, 16, [(128, 128)]), grid(4, 5, 32, [(256, 256)])]
ROUGH = [grid(4, 5, 32, THREE), grid(2, 3, 64, [(128, 128), (90, 180), (180, 90)])]
#: levels, objects, anchors a location.
Scene = tuple[list[list[Box]], list[Box], int]
SCENES: dict[str, Scene] = {
    "one object": (PYRAMID, [(20, 30, 90, 100)], 1),
    "no centre inside": (PYRAMID, [(13, 13, 19, 19)], 1),  # between the centres 12 and 20
    "overlapping": (PYRAMID, [(20, 20, 90, 90), (40, 30, 110, 100), (30, 60, 100, 120)], 1),
    "concentric": (PYRAMID, [(48, 48, 80, 80), (32, 32, 96, 96), (16, 16, 112, 112)], 1),
    "one object twice": (PYRAMID, [(33, 35, 84, 92), (33, 35, 84, 92)], 1),
    "tiny": (PYRAMID, [(51, 51, 53, 53), (100, 60, 101, 61), (30, 30, 36, 34)], 1),
    "at the border": (PYRAMID, [(0, 0, 30, 24), (130, 100, 160, 128), (0, 90, 12, 128)], 1),
    "larger than the image": (PYRAMID, [(-40, -40, 200, 190)], 1),
    "fewer than nine anchors": ([grid(2, 3, 32, SQUARE), grid(1, 2, 64, [(128, 128)])], [(10, 10, 70, 60)], 1),
    "three anchors a location": (ROUGH, [(20, 20, 90, 90), (60, 10, 150, 50), (70, 40, 100, 120)], 3),
    "one anchor": ([grid(1, 1, 64, SQUARE)], [(10, 10, 50, 50)], 1),
    "ties in distance": ([grid(8, 8, 16, SQUARE)], [(40, 40, 72, 72), (48, 48, 80, 80), (32, 40, 64, 72)], 1),
    "the same anchor many times": ([[(0, 0, 32, 32)] * 30], [(4, 4, 30, 30)], 1),
    "robbed of its best anchor": ([[(0, 0, 10, 10), (40, 0, 50, 10)]], [(0, 0, 10, 8), (0, 0, 4, 4)], 1),
    "an empty level": ([PYRAMID[0], [], PYRAMID[2]], [(20, 30, 90, 100)], 1),
    "only empty levels": ([[], []], [(20, 30, 90, 100)], 1),
    "no object": (PYRAMID, [], 1),
    "neither objects nor levels": ([], [], 1),
}


def tensors(
    levels: list[list[Box]], objects: list[Box], dtype: torch.dtype = torch.float64
) -> tuple[list[Tensor], Tensor]:
    return [boxes_of(level, dtype) for level in levels], boxes_of(objects, dtype)


def boxes_of(boxes: list[Box], dtype: torch.dtype = torch.float64) -> Tensor:
    return torch.tensor(boxes, dtype=dtype).reshape(-1, 4)


def box(largest: int) -> st.SearchStrategy[Box]:
    """A box in steps of half a pixel, at least one wide and high."""
    corner, side = st.integers(0, 240), st.integers(1, 2 * largest)
    return st.tuples(corner, corner, side, side).map(
        lambda b: (b[0] / 2, b[1] / 2, (b[0] + b[2]) / 2, (b[1] + b[3]) / 2)
    )


@st.composite
def scenes(draw: st.DrawFn) -> Scene:
    """One to three levels, grids or anchors anywhere, and up to five objects."""
    per_location = draw(st.sampled_from([1, 3]))
    shape = st.tuples(st.integers(4, 100), st.integers(4, 100))
    level = st.one_of(
        st.builds(
            grid,
            st.integers(1, 6),
            st.integers(1, 6),
            st.sampled_from([8, 16, 32]),
            st.lists(shape, min_size=per_location, max_size=per_location),
        ),
        st.lists(box(80), max_size=30),
    )
    return draw(st.lists(level, min_size=1, max_size=3)), draw(st.lists(box(100), max_size=5)), per_location
