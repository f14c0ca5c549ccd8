"""Fixtures: data sets in copies of their own, untrained models, and a validator that detects what a test wants."""

import json
import shutil

import numpy as np
import pytest
import yaml

from tests.runs import SHARED_DATA


def copy_of(name, folder):
    """A copy of a real data set, since Ultralytics writes caches into it."""
    if not (SHARED_DATA / name).is_dir():
        pytest.skip(f"the real data set {name} doesn't lie beside this checkout")
    made = shutil.copytree(SHARED_DATA / name, folder / name, copy_function=shutil.copyfile)
    for path in (made, *made.rglob("*")):
        path.chmod(0o755)
    return made


@pytest.fixture(scope="session")
def bccd(tmp_path_factory):
    """The YAML of a copy of bccd, whose images are 640 × 480."""
    return copy_of("bccd", tmp_path_factory.mktemp("bccd")) / "bccd.yaml"


@pytest.fixture(scope="session")
def coco_tiny(tmp_path_factory):
    """A copy of coco_tiny with a data YAML; its objects are in its JSONs alone, without labels for Ultralytics."""
    root = copy_of("coco_tiny", tmp_path_factory.mktemp("coco"))
    categories = json.loads((root / "annotations" / "instances_val2017.json").read_text())["categories"]
    names = {index: category["name"] for index, category in enumerate(categories)}
    (root / "coco.yaml").write_text(
        yaml.safe_dump({"path": str(root), "train": "train2017", "val": "val2017", "names": names})
    )
    return root


@pytest.fixture
def model():
    """A function that makes a model of Ultralytics' with the class names given, without training it."""

    def make(names, architecture="yolov8n.yaml"):
        import torch
        from ultralytics import YOLO

        torch.manual_seed(0)  # the same weights in each run of a test
        try:
            yolo = YOLO(architecture)
        except FileNotFoundError:
            pytest.skip(f"this release of Ultralytics has no {architecture}")
        yolo.model.names = dict(enumerate(names))
        return yolo

    return make


@pytest.fixture
def detecting(monkeypatch):
    """A function that lets Ultralytics' validator detect what it is given: rows x1, y1, x2, y2, score, class in pixels
    of the original image, by image file."""
    import torch
    from ultralytics.models.yolo.detect import DetectionValidator

    stock, stock_postprocess = DetectionValidator.preprocess, DetectionValidator.postprocess
    batches = []

    def preprocess(self, batch):
        batches.append(batch)
        return stock(self, batch)

    def use(by_file):
        def postprocess(self, preds):
            old = not isinstance(stock_postprocess(self, preds)[0], dict)  # rows are all there is in older releases
            found = []
            for file, ((gain_y, gain_x), (pad_x, pad_y)) in zip(
                batches[-1]["im_file"], batches[-1]["ratio_pad"], strict=True
            ):
                rows = torch.tensor(np.array(by_file[file], dtype=np.float64).reshape(-1, 6))
                rows[:, :4] = rows[:, :4] * torch.tensor([gain_x, gain_y] * 2) + torch.tensor([pad_x, pad_y] * 2)
                rows = rows.float()
                new = {"bboxes": rows[:, :4], "conf": rows[:, 4], "cls": rows[:, 5], "extra": rows[:, 6:]}
                found.append(rows if old else new)
            return found

        monkeypatch.setattr(DetectionValidator, "preprocess", preprocess)
        monkeypatch.setattr(DetectionValidator, "postprocess", postprocess)

    return use
