"""Three images of a cat and a dog, with labels and a JSON, and what a model finds in them."""

import copy
import json
from pathlib import Path

import numpy as np
import pytest
import yaml
from PIL import Image

from yolo_feiou.errors import DataError
from yolo_feiou.evaluation.objects import find_expected_objects
from yolo_feiou.evaluation.source import find_source
from yolo_feiou.yolo.evaluate import evaluate
from yolo_feiou.yolo.splits import read_split

NAMES = ("cat", "dog")
#: x, y, width, height in pixels of 64 × 48, of a cat and a dog on each image.
BOXES = ((4, 6, 20, 12), (10, 20, 16, 22))
PLAIN = {
    "images": [{"id": n, "file_name": f"{name}.jpg", "width": 64, "height": 48} for n, name in enumerate("abc", 1)],
    "annotations": [
        {"id": 2 * n + k, "image_id": n, "category_id": k + 1, "bbox": [*box], "area": box[2] * box[3], "iscrowd": 0}
        for n in (1, 2, 3)
        for k, box in enumerate(BOXES)
    ],
    "categories": [{"id": 1, "name": "cat"}, {"id": 2, "name": "dog"}],
}
#: Columns that say where a ground truth comes from, not what is in it.
ORIGIN = ("data", "ground_truth", "ground_truth_holds")


@pytest.fixture
def given(tmp_path):
    """A function that makes a data set of three images with labels and a JSON; returns both paths."""

    def make(change=lambda content: None, *, size=(64, 48), labels=True, names=NAMES, **save):
        for name in "abc":
            for folder in ("images", "labels"):
                (tmp_path / folder).mkdir(exist_ok=True)
            Image.new("RGB", size, "gray").save(tmp_path / "images" / f"{name}.jpg", **save)
            lines = [
                f"{k} {(x + w / 2) / 64:.9g} {(y + h / 2) / 48:.9g} {w / 64:.9g} {h / 48:.9g}\n"
                for k, (x, y, w, h) in enumerate(BOXES)
            ]
            if labels:
                (tmp_path / "labels" / f"{name}.txt").write_text("".join(lines))
        content = copy.deepcopy(PLAIN)
        changed = change(content) or content
        (tmp_path / "objects.json").write_text(json.dumps(changed))
        (tmp_path / "data.yaml").write_text(yaml.safe_dump({"train": "images", "val": "images", "names": [*names]}))
        return tmp_path / "data.yaml", tmp_path / "objects.json"

    return make


@pytest.fixture
def row_of(model, detecting, tmp_path):
    """A function that evaluates a model on such a data set; it finds two objects of three in each image, the dog's box
    a little off, and a stray."""

    def run(data, annotations, factor=1, names=NAMES, **arguments):
        found = [[4, 6, 24, 18, 0.9, 0], [10, 22, 26, 44, 0.8, 1], [30, 2, 60, 40, 0.7, 1]]
        rows = (np.array(found) * ([factor] * 4 + [1, 1])).tolist()
        images, usual = Path(data).parent / "images", {"imgsz": 64, "device": "cpu"}
        detecting({str(images / f"{name}.jpg"): rows[: 3 if name != "b" else 1] for name in "abc"})
        return evaluate(model(names), data, "val", tmp_path / "out", annotations=annotations, **{**usual, **arguments})

    return run


def same(one, other):
    return {**one, **dict.fromkeys(ORIGIN)} == {**other, **dict.fromkeys(ORIGIN)}


def expect(data, annotations, names=None, **how):
    split = read_split(data, "val", **how)
    return find_expected_objects(split, find_source(split, annotations), names)


def refusal(*arguments, **how):
    with pytest.raises(DataError) as error:
        expect(*arguments, **how)
    assert "\n" not in str(error.value)
    return str(error.value)
