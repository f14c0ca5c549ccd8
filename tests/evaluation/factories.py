"""Synthetic ground truths and predictions."""

import numpy as np

from yolo_feiou.evaluation.truth import GroundTruth, make_record_truth


def truth(*boxes, classes=1, crowds=(), images=1):
    """Objects in image 1, each x, y, w, h and optionally its class; `crowds` are regions of class 1."""
    objects = [{"image_id": 1, "category_id": (*box, 1)[4], "bbox": box[:4]} for box in boxes]
    regions = [{"image_id": 1, "category_id": 1, "bbox": box, "iscrowd": 1} for box in crowds]
    return make_record_truth(
        [{"id": number, "file_name": f"{number}.jpg"} for number in range(1, images + 1)],
        objects + regions,
        [{"id": number, "name": f"class {number}"} for number in range(1, classes + 1)],
    )


def predicted(*rows):
    """Predictions in image 1, each x, y, w, h, score and optionally its class."""
    return [{"image_id": 1, "category_id": (*row, 1)[5], "bbox": list(row[:4]), "score": row[4]} for row in rows]


def noisy(of: GroundTruth, seed, per_object=3, strays=20):
    """Copies of the objects, some moved a little and some much, some with another class; strays; boxes in crowds.

    A third of the scores are rounded, so that many are tied. An image gets 150 strays of one class, of which COCO looks
    at 100.
    """
    rng = np.random.default_rng(seed)
    categories = [category["id"] for category in of.categories]
    found = []

    def add(image, category, box, best):
        score = float(rng.uniform(0, best))
        score = round(score, 1) if rng.random() < 1 / 3 else score
        found.append({"image_id": image, "category_id": category, "bbox": [float(x) for x in box], "score": score})

    for annotation in of.annotations:
        box = np.array(annotation["bbox"])
        for _ in range(rng.integers(0, per_object + 1)):
            spread = rng.choice([0.02, 0.05, 0.2])
            moved = box + rng.normal(0, spread, 4) * np.tile(box[2:], 2)
            category = annotation["category_id"] if rng.random() < 0.9 else int(rng.choice(categories))
            add(annotation["image_id"], category, [*moved[:2], *np.abs(moved[2:])], 1 - spread)
    for image in of.images:
        for _ in range(strays):
            add(image["id"], int(rng.choice(categories)), rng.uniform(0, 200, 4), 0.5)
    for _ in range(150):
        add(of.images[0]["id"], categories[0], rng.uniform(0, 200, 4), 0.5)
    return found
