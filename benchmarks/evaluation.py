"""The evaluation of a split of COCO's size: faster-coco-eval, with all that a row needs, against pycocotools.

    python benchmarks/evaluation.py [rounds]      prints a table, writes benchmarks/evaluation.csv

5,000 images with 36,000 boxes of 80 classes, 100 detections an image, all synthetic and seeded: as in COCO the classes
are unequal, an image holds few of them, and most detections are strays with low scores. The yardstick is pycocotools
as anyone would run it, from the same lists: index, loadRes, evaluate, accumulate, summarize. Reading JSON is left out
of both.
"""

from __future__ import annotations

import io
import sys
from collections.abc import Callable
from contextlib import redirect_stdout

import numpy as np
from pycocotools.coco import COCO
from pycocotools.cocoeval import COCOeval
from timing import interleave, save

from yolo_feiou.evaluation.evaluators import FASTER, REFERENCE, find_evaluator_version, run_evaluator
from yolo_feiou.evaluation.matched import match_ious
from yolo_feiou.evaluation.metrics import score
from yolo_feiou.evaluation.truth import CocoRecord, GroundTruth, make_record_truth

IMAGES, BOXES, CLASSES, PER_IMAGE = 5_000, 36_000, 80, 100
WIDTH, HEIGHT = 640, 480


def boxes(rng: np.random.Generator, count: int) -> np.ndarray:
    """Boxes x, y, w, h in the image, from small to large."""
    sides = np.exp(rng.uniform(np.log(8), np.log(400), (count, 2))).clip(max=(WIDTH, HEIGHT))
    return np.hstack([rng.uniform(0, 1, (count, 2)) * ((WIDTH, HEIGHT) - sides), sides])


def make_synthetic(seed: int = 0) -> tuple[GroundTruth, list[CocoRecord]]:
    """A ground truth and detections: for most objects one or two that fit more or less, the rest strays."""
    rng = np.random.default_rng(seed)
    share = 1 / np.arange(1, CLASSES + 1)
    share /= share.sum()
    image = np.sort(rng.integers(0, IMAGES, BOXES))
    where, cls = boxes(rng, BOXES), rng.choice(CLASSES, BOXES, p=share)
    truth = make_record_truth(
        [{"id": number, "file_name": f"{number}.jpg"} for number in range(IMAGES)],
        [
            {"image_id": i, "category_id": c, "bbox": box, "iscrowd": int(crowd)}
            for i, c, box, crowd in zip(
                image.tolist(), cls.tolist(), where.tolist(), rng.random(BOXES) < 0.01, strict=True
            )
        ],
        [{"id": number, "name": f"class {number}"} for number in range(CLASSES)],
    )
    found: list[CocoRecord] = []
    for number in range(IMAGES):
        mine = np.flatnonzero(image == number)
        hits = mine[rng.integers(0, len(mine), min(2 * len(mine), PER_IMAGE))] if len(mine) else mine
        moved = where[hits] + rng.normal(0, 0.08, (len(hits), 4)) * np.tile(where[hits][:, 2:], 2)
        moved[:, 2:] = np.abs(moved[:, 2:])
        strays = PER_IMAGE - len(hits)
        place = np.vstack([moved, boxes(rng, strays)])
        kind = np.concatenate([cls[hits], rng.choice(CLASSES, strays, p=share)])
        value = np.concatenate([rng.beta(3, 2, len(hits)), rng.beta(1, 20, strays)])
        found += [
            {"image_id": number, "category_id": k, "bbox": box, "score": v}
            for k, box, v in zip(kind.tolist(), place.tolist(), value.tolist(), strict=True)
        ]
    return truth, found


def plain(truth: GroundTruth, found: list[CocoRecord]) -> list[float]:
    """Pycocotools as anyone would run it."""
    with redirect_stdout(io.StringIO()):
        objects = COCO()
        objects.dataset = {
            "images": truth.images,
            "categories": truth.categories,
            "annotations": [dict(annotation) for annotation in truth.annotations],
        }
        objects.createIndex()
        evaluation = COCOeval(objects, objects.loadRes([dict(record) for record in found]), "bbox")
        evaluation.evaluate()
        evaluation.accumulate()
        evaluation.summarize()
    return evaluation.stats.tolist()


def main() -> None:
    """Time all, check that they agree, print the medians and ratios, and save them."""
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else 3
    truth, found = make_synthetic()
    row = score(truth, found)
    assert row["AP"] == round(plain(truth, found)[0], 12), "the evaluators disagree"
    calls: dict[str, Callable[[], object]] = {
        "pycocotools": lambda: plain(truth, found),
        "the whole row": lambda: score(truth, found),
        "of it: faster-coco-eval": lambda: run_evaluator(truth, found, FASTER),
        "of it: matched IoU": lambda: match_ious(truth, found),
    }
    medians = interleave(calls, rounds, warmup=0)
    rows: list[dict[str, object]] = [
        {
            "what": name,
            "images": IMAGES,
            "boxes": BOXES,
            "detections": len(found),
            "seconds": f"{seconds:.2f}",
            "ratio_to_pycocotools": f"{seconds / medians['pycocotools']:.3f}",
            "AP": f"{row['AP']:.6f}",
            FASTER: find_evaluator_version(FASTER),
            REFERENCE: find_evaluator_version(REFERENCE),
        }
        for name, seconds in medians.items()
    ]
    for line in rows:
        print(*line.values(), sep="  ")
    save(rows, "evaluation")


if __name__ == "__main__":
    main()
