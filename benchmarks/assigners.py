"""The assigners of ATSS and PAA on an image of COCO's size, and PAA's mixture beside scikit-learn's.

    python benchmarks/assigners.py [rounds]      prints a table, writes benchmarks/assigners.csv

800 × 1333 px with an anchor a location on five levels, 22,300 in all, and 20 objects of 12 to 250 px, as in training
after the papers. A mixture is fitted to 45 losses, nine of each level, in two heaps; its time is that of one object.
One thread. `least` is the least of all rounds: what is left of the median when nothing else runs.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from itertools import cycle
from math import ceil
from statistics import median

import numpy as np
import torch
from sklearn.mixture import GaussianMixture
from timing import save, side_by_side
from torch import Tensor

from yolo_feiou.detectors import atss, paa
from yolo_feiou.detectors.mixture import fit_two_gaussians

HEIGHT, WIDTH, OBJECTS, STRIDES = 800, 1333, 20, (8, 16, 32, 64, 128)


def make_anchors() -> list[Tensor]:
    """A square of 8 strides a location, by level."""
    levels = []
    for stride in STRIDES:
        rows, columns = ceil(HEIGHT / stride), ceil(WIDTH / stride)
        y, x = torch.meshgrid(torch.arange(rows), torch.arange(columns), indexing="ij")
        centres = (torch.stack((x, y), -1).reshape(-1, 2) + 0.5) * stride
        levels.append(torch.cat((centres - 4 * stride, centres + 4 * stride), 1))
    return levels


def make_objects() -> Tensor:
    """Boxes anywhere in the image."""
    random = torch.Generator().manual_seed(0)
    sides = torch.exp(torch.rand(OBJECTS, 2, generator=random) * 3 + 2.5)
    corners = torch.rand(OBJECTS, 2, generator=random) * (torch.tensor([WIDTH, HEIGHT]) - sides)
    return torch.cat((corners, corners + sides), 1)


def draw_losses(count: int, seed: int) -> np.ndarray:
    """Scores of anchors in two heaps, a third of them low."""
    rng = np.random.default_rng(seed)
    return np.where(rng.random(count) < 1 / 3, rng.normal(0.8, 0.3, count), rng.normal(2, 0.5, count)).astype("f4")


def fit_by_scikit_learn(values: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """As the authors of PAA do."""
    ends = [[values.min()], [values.max()]]
    start = {"means_init": ends, "weights_init": [0.5, 0.5], "precisions_init": [[[1.0]], [[1.0]]]}
    mixture = GaussianMixture(2, **start).fit(values[:, None])
    return mixture.predict(values[:, None]), mixture.score_samples(values[:, None])


def fit_next(fit: Callable[[np.ndarray], object], objects: Iterator[np.ndarray]) -> Callable[[], object]:
    """A fit to the losses of one object after the other."""
    return lambda: fit(next(objects))


def main() -> None:
    """Time both assigners and both mixtures side by side, print them, and save them."""
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else 100
    torch.set_num_threads(1)
    anchors, boxes = make_anchors(), make_objects()
    count = sum(map(len, anchors))
    losses = torch.from_numpy(draw_losses(count, seed=0))
    of_objects = [np.sort(draw_losses(45, seed)).astype("f8") for seed in range(OBJECTS)]
    calls = {
        "ATSS, an image": lambda: atss.assign(anchors, boxes),
        "PAA, an image": lambda: paa.assign(anchors, boxes, losses),
        "PAA's mixture, an object": fit_next(fit_two_gaussians, cycle(of_objects)),
        "scikit-learn's mixture, an object": fit_next(fit_by_scikit_learn, cycle(of_objects)),
    }
    rows: list[dict[str, object]] = []
    for what, seconds in side_by_side(calls, rounds).items():
        middle, least = median(seconds) * 1e3, min(seconds) * 1e3
        rows.append({"what": what, "milliseconds": f"{middle:.3f}", "least": f"{least:.3f}"})
        print(f"{what:35} {middle:8.3f} ms, least {least:8.3f} ms  ({count:,} anchors, {OBJECTS} objects)", flush=True)
    save([{**row, "anchors": count, "objects": OBJECTS} for row in rows], "assigners")


if __name__ == "__main__":
    main()
