"""ATSS and PAA from their papers, an anchor and an object at a time. Nothing comes from the package.

Geometry is in exact fractions, so that what is equal is equal, and a threshold is compared without a root. Boxes are
tuples x1, y1, x2, y2 whose numbers are exact in binary.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from fractions import Fraction

Box = Sequence[float]
#: A grid of anchors of each shape: rows, columns, stride, then the width and height of each anchor of a location.
Grid = tuple[int, int, int, Sequence[tuple[float, float]]]


def grid(rows: int, columns: int, stride: int, shapes: Sequence[tuple[float, float]]) -> list[Box]:
    """Return the anchors of a level, the shapes of a location next to each other."""
    centres = [((column + 0.5) * stride, (row + 0.5) * stride) for row in range(rows) for column in range(columns)]
    return [(x - w / 2, y - h / 2, x + w / 2, y + h / 2) for x, y in centres for w, h in shapes]


def area(box: Box) -> Fraction:
    return max(Fraction(box[2]) - Fraction(box[0]), Fraction(0)) * max(Fraction(box[3]) - Fraction(box[1]), Fraction(0))


def iou(one: Box, other: Box) -> Fraction:
    both = area((*map(max, one[:2], other[:2]), *map(min, one[2:], other[2:])))
    return both / (area(one) + area(other) - both)


def centre(box: Box) -> tuple[Fraction, Fraction]:
    return (Fraction(box[0]) + Fraction(box[2])) / 2, (Fraction(box[1]) + Fraction(box[3])) / 2


def distance(one: Box, other: Box) -> Fraction:
    """The square of the distance of two centres."""
    return sum(((a - b) ** 2 for a, b in zip(centre(one), centre(other), strict=True)), Fraction(0))


def atss(levels: Sequence[Sequence[Box]], objects: Sequence[Box], per_location: int = 1) -> list[int]:
    """Algorithm 1 of arXiv:1912.02424; standard deviation with n − 1."""
    anchors = [anchor for level in levels for anchor in level]
    wanted_by: list[list[int]] = [[] for _ in anchors]
    for number, box in enumerate(objects):
        candidates: list[int] = []
        start = 0
        for level in levels:
            places = range(start, start + len(level))
            candidates += sorted(places, key=lambda place: distance(anchors[place], box))[: 9 * per_location]
            start += len(level)
        ious = [iou(anchors[place], box) for place in candidates]
        n = len(ious)
        if n < 2:
            continue
        mean = sum(ious) / n
        squares = sum((value - mean) ** 2 for value in ious)
        for place, value in zip(candidates, ious, strict=True):
            above = value >= mean and (value - mean) ** 2 * (n - 1) >= squares  # value − mean ≥ √(squares/(n − 1))
            x, y = centre(anchors[place])
            inside = min(x - Fraction(box[0]), y - Fraction(box[1]), Fraction(box[2]) - x, Fraction(box[3]) - y)
            if above and inside > Fraction(1, 100):
                wanted_by[place].append(number)
    return [
        max(numbers, key=lambda number: iou(anchor, objects[number]), default=-1)
        for anchor, numbers in zip(anchors, wanted_by, strict=True)
    ]


def match(anchors: Sequence[Box], objects: Sequence[Box]) -> list[int]:
    """PAA's matching: from IoU 0.1 on, or best of some object; always the object of the anchor's own highest IoU."""
    ious = [[iou(anchor, box) for box in objects] for anchor in anchors]
    matched = []
    for own in ious:
        best_of_some = any(own[number] == max(row[number] for row in ious) for number in range(len(objects)))
        matched.append(own.index(max(own)) if objects and (max(own) >= Fraction(1, 10) or best_of_some) else -1)
    return matched


Fit = Callable[[list[float]], tuple[list[int], list[float]]]


def fit(values: list[float]) -> tuple[list[int], list[float]]:
    """Expectation maximization of two Gaussians, in plain Python: components and log-likelihoods."""
    w, mu, v = [0.5, 0.5], [min(values), max(values)], [1.0, 1.0]

    def joint(value: float) -> list[float]:
        return [math.log(w[k]) - (math.log(2 * math.pi * v[k]) + (value - mu[k]) ** 2 / v[k]) / 2 for k in (0, 1)]

    def total(value: float) -> float:
        high, low = max(joint(value)), min(joint(value))
        return high + math.log1p(math.exp(low - high))

    last = -math.inf
    for _ in range(100):
        mean = math.fsum(map(total, values)) / len(values)
        shares = [[math.exp(joint(value)[k] - total(value)) for value in values] for k in (0, 1)]
        for k in (0, 1):
            count = math.fsum(shares[k]) + 1e-15
            w[k] = count / len(values)
            mu[k] = math.fsum(r * value for r, value in zip(shares[k], values, strict=True)) / count
            v[k] = (
                math.fsum(r * (value - mu[k]) ** 2 for r, value in zip(shares[k], values, strict=True)) / count + 1e-6
            )
        if abs(mean - last) < 1e-3:
            break
        last = mean
    return [int(joint(value)[1] > joint(value)[0]) for value in values], [total(value) for value in values]


def paa(
    levels: Sequence[Sequence[Box]],
    objects: Sequence[Box],
    losses: Sequence[float],
    per_location: int = 1,
    fit: Fit = fit,
) -> list[int]:
    """Algorithm 1 of arXiv:2007.08103, with the boundary of its Figure 3 (c)."""
    anchors = [anchor for level in levels for anchor in level]
    matched = match(anchors, objects)
    assigned = [-1] * len(anchors)
    for number in range(len(objects)):
        candidates: list[int] = []
        start = 0
        for level in levels:
            own = [place for place in range(start, start + len(level)) if matched[place] == number]
            own = [place for place in own if math.isfinite(losses[place])]
            candidates += sorted(own, key=lambda place: losses[place])[: 9 * per_location]
            start += len(level)
        candidates.sort(key=lambda place: losses[place])
        last = len(candidates)
        if last > 1:
            components, likelihoods = fit([losses[place] for place in candidates])
            low = [place for place in range(len(candidates)) if components[place] == 0]
            last = max(low, key=lambda place: likelihoods[place]) + 1 if low else last
        for place in candidates[:last]:
            assigned[place] = number
    return assigned


def vote(kept: Sequence[Box], boxes: Sequence[Box], scores: Sequence[float]) -> list[list[float]]:
    """Score voting of arXiv:2007.08103 with σ² = 0.025, over candidates with IoU > 0.01."""
    voted = []
    for one in kept:
        p = [
            score * math.exp(-((1 - float(iou(one, box))) ** 2) / 0.025) if iou(one, box) > Fraction(1, 100) else 0.0
            for box, score in zip(boxes, scores, strict=True)
        ]
        total = math.fsum(p)
        sums = [math.fsum(q * box[side] for q, box in zip(p, boxes, strict=True)) for side in range(4)]
        voted.append([value / total for value in sums] if total else [float(side) for side in one])
    return voted
