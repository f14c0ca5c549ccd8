"""An ablation with the evaluations of its runs, and their images."""

import cv2
import numpy as np
import pytest

from tests.report.factories import row
from yolo_feiou.evaluation.saved import Evaluation
from yolo_feiou.evaluation.truth import GroundTruth
from yolo_feiou.storage.tables import write_csv

#: Of image i, by how many pixels a box of 40 × 40 is off, ciou's and eiou's: eiou is the better the larger i is.
OFFSETS = {i: (10, 10 - (i - 5) * 2) for i in range(10)}


def make_record(image, offset=0, **more):
    return {"image_id": image, "category_id": 1, "bbox": [20 + offset, 10, 40, 40], **more}


def make_truth(name="images/{}.png"):
    images = [{"id": i, "file_name": name.format(i)} for i in OFFSETS]
    objects = [make_record(i, id=i + 1, iscrowd=0, area=1600) for i in OFFSETS]
    return GroundTruth(images, objects, [{"id": 1, "name": "cell"}], "box")


@pytest.fixture
def ablation(tmp_path):
    """An ablation of two losses and two seeds, with evaluations and images of 96 × 64 that are grey by their number."""
    (tmp_path / "data" / "images").mkdir(parents=True)
    for i in OFFSETS:
        cv2.imwrite(str(tmp_path / "data" / "images" / f"{i}.png"), np.full((64, 96, 3), 20 * i, np.uint8))
    data = tmp_path / "data" / "data.yaml"
    data.write_text("path: .\n")
    folder = tmp_path / "a"
    rows = [
        row(loss, seed, AP=0.4 + (loss == "eiou") / 50 + seed / 100) for loss in ("ciou", "eiou") for seed in (3, 4)
    ]
    for place, loss in enumerate(("ciou", "eiou")):
        for seed in (3, 4):
            found = [make_record(i, offsets[place], score=0.9) for i, offsets in OFFSETS.items()]
            found += [make_record(0, 30, score=0.1)]  # too unsure to be shown
            Evaluation(make_truth(), found, {"data": str(data)}).save(folder / f"{loss}_{seed}" / "evaluation")
    write_csv(folder / "results.csv", rows)
    return folder
