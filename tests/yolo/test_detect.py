"""What Ultralytics' own validator detects comes out in pixels of the original images, and nothing else does."""

import itertools
import json
import time
from contextlib import nullcontext
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
import yaml

from tests.detection import copy_of
from tests.yolo.test_evaluate import data_set
from yolo_feiou.errors import DataError, UnsupportedModelError
from yolo_feiou.yolo.detect import detect, lift_time_limit, nms
from yolo_feiou.yolo.splits import read_split

USUAL = {"split": "val", "conf": 0.001, "iou": 0.7, "max_det": 300, "imgsz": 64, "device": "cpu"}


def names_in(data):
    """The class names of a data set."""
    return list(yaml.safe_load(Path(data).read_text())["names"].values())


@pytest.mark.slow
@pytest.mark.parametrize(
    ("architecture", "name"),
    [
        ("yolov8n.yaml", "coco8"),
        ("yolo26n.yaml", "coco8"),
        ("yolov8n-seg.yaml", "coco8-seg"),
        ("yolov8n-pose.yaml", "coco8-pose"),
    ],
)
def test_detections_are_those_of_ultralytics_own_json(architecture, name, model, tmp_path):
    """Its predictions.json has them too, boxes to three digits and scores to five. A low `conf` lets an untrained model
    detect something."""
    data = copy_of(name, tmp_path) / f"{name}.yaml"
    yolo = model(names_in(data), architecture)
    found = detect(yolo, data, **{**USUAL, "conf": 1e-6, "max_det": 50})
    arguments = {"imgsz": 64, "conf": 1e-6, "max_det": 50, "device": "cpu", "plots": False, "verbose": False}
    with lift_time_limit():
        yolo.val(data=str(data), project=str(tmp_path), name="own", save_json=True, **arguments)
    own = json.loads((tmp_path / "own" / "predictions.json").read_text())
    ids = {file: int(Path(file).stem) for file in found.by_file}
    ours = found.in_coco_form(ids, list(range(1, len(found.names) + 1)))
    assert len(ours) == len(own) >= 50
    assert len(found.by_file) == 4
    for kept, written in zip(sorted_(ours), sorted_(own), strict=True):
        assert kept["image_id"] == written["image_id"] and kept["category_id"] == written["category_id"]
        assert kept["bbox"] == pytest.approx(written["bbox"], abs=6e-4)
        assert kept["score"] == pytest.approx(written["score"], abs=6e-6)


def sorted_(records):
    """By image, in the order in which they come."""
    return sorted(records, key=lambda record: record["image_id"])


def test_boxes_come_back_in_pixels_of_the_original(bccd, model, detecting):
    """640 × 480 pixels letterboxed to 64 × 64, and back; what lies outside the image is clipped."""
    files = read_split(bccd, "val").files
    rows = [[10, 20, 110, 70, 0.9, 2], [-50, 400, 700, 500, 0.5, 0]]
    detecting(dict.fromkeys(files, rows))
    found = detect(model(names_in(bccd)), bccd, **USUAL)
    assert sorted(found.by_file) == files
    expected = [[10, 20, 110, 70, 0.9, 2], [0, 400, 640, 480, 0.5, 0]]
    for boxes in found.by_file.values():
        np.testing.assert_allclose(boxes, expected, rtol=0, atol=1e-3)


def test_scores_are_not_rounded(bccd, model, detecting):
    files = read_split(bccd, "val").files
    detecting({file: [[0, 0, 9, 9, 0.123456789, 0]] for file in files})
    found = detect(model(names_in(bccd)), bccd, **USUAL)
    assert found.by_file[files[0]][0, 4] == np.float32(0.123456789)


def test_the_settings_are_those_in_use(bccd, model):
    found = detect(model(names_in(bccd)), bccd, "val", 0.25, 0.5, 7, imgsz=64, batch=4, device="cpu")
    assert found.settings == {
        "conf": 0.25,
        "iou": 0.5,
        "max_det": 7,
        "imgsz": 64,
        "batch": 4,
        "single_cls": False,
    }
    assert found.names == ["RBC", "WBC", "Platelets"]


def test_a_model_without_nms_has_no_iou(data, model):
    found = detect(model(names_in(data), "yolo26n.yaml"), data, **USUAL, nms=False)
    assert found.settings["iou"] is None


def test_max_det_is_raised_where_images_hold_more(tmp_path, data, model):
    """Ultralytics raises its default of 300 by itself; the row must say so."""
    source = Path(yaml.safe_load(Path(data).read_text())["path"])
    for folder in ("images", "labels"):
        (tmp_path / folder / "val").mkdir(parents=True)
    (tmp_path / "images" / "val" / "a.jpg").write_bytes((source / "images" / "val" / "00000.jpg").read_bytes())
    lines = [f"0 {0.1 + 0.002 * number:.4f} 0.5 0.1 0.1\n" for number in range(301)]
    (tmp_path / "labels" / "val" / "a.txt").write_text("".join(lines))
    yaml_file = tmp_path / "many.yaml"
    yaml_file.write_text(yaml.safe_dump({"train": "images/val", "val": "images/val", "names": ["x"]}))
    used = detect(model(["x"]), yaml_file, **USUAL).settings["max_det"]
    from ultralytics.models.yolo.detect import DetectionValidator

    assert used == (301 if hasattr(DetectionValidator, "_check_max_det") else 300)


def test_single_cls_gives_class_0(bccd, model, detecting):
    files = read_split(bccd, "val").files
    detecting({file: [[0, 0, 9, 9, 0.5, 2]] for file in files})
    found = detect(model(names_in(bccd)), bccd, **USUAL, single_cls=True)
    assert found.settings["single_cls"]
    assert {int(boxes[0, 5]) for boxes in found.by_file.values()} == {0}


def test_nothing_is_printed_and_nothing_stays(data, model, tmp_path, monkeypatch, capfd):
    from ultralytics.models.yolo.detect import DetectionValidator
    from ultralytics.utils import LOGGER

    folders = []
    monkeypatch.setattr(DetectionValidator, "finalize_metrics", lambda self, *_: folders.append(self.save_dir))
    monkeypatch.setattr(LOGGER, "level", 20)
    yolo = model(names_in(data))
    capfd.readouterr()
    monkeypatch.chdir(tmp_path)
    detect(yolo, data, **USUAL)
    assert capfd.readouterr().out == ""
    assert list(tmp_path.iterdir()) == []
    assert len(folders) == 1 and not folders[0].exists()
    assert LOGGER.level == 20


def test_ultralytics_does_not_evaluate_its_own_json(coco_tiny, model, detecting, tmp_path, monkeypatch):
    """Which it does, unasked, if a split is called val2017.txt and its path holds 'coco'."""
    from ultralytics.models.yolo.detect import DetectionValidator

    def never(*_):
        raise AssertionError("evaluated")

    files = sorted(map(str, (coco_tiny / "val2017").glob("*.jpg")))
    (tmp_path / "coco").mkdir()
    (tmp_path / "coco" / "val2017.txt").write_text("\n".join(files))
    (tmp_path / "data.yaml").write_text(
        yaml.safe_dump({"train": "coco/val2017.txt", "val": "coco/val2017.txt", "names": ["cat"]})
    )
    detecting({file: [[0, 0, 9, 9, 0.5, 0]] for file in files})
    monkeypatch.setattr(DetectionValidator, "eval_json", never)
    found = detect(model(["cat"]), tmp_path / "data.yaml", **USUAL)
    assert sorted(found.by_file) == files


def test_models_that_cannot_be_evaluated_are_refused(data, model, tmp_path):
    with pytest.raises(UnsupportedModelError, match="YOLO for task 'obb' has oriented boxes, which COCO's form"):
        detect("yolov8n-obb.yaml", data, **USUAL)
    with pytest.raises(UnsupportedModelError, match="YOLO for task 'classify' can't be evaluated"):
        detect("yolov8n-cls.yaml", data, **USUAL)
    with pytest.raises(DataError, match=r"model=.*nope\.pt: there is no such file"):
        detect(tmp_path / "nope.pt", data, **USUAL)


@pytest.fixture
def clock(monkeypatch):
    """A clock on which 100 s go by between two looks, for Ultralytics' NMS."""
    ticks = itertools.count(step=100)
    monkeypatch.setattr(nms, "time", SimpleNamespace(time=lambda: next(ticks), perf_counter=time.perf_counter))
    return ticks


def test_a_slow_machine_detects_the_same(model, tmp_path, request):
    """Ultralytics stops its NMS after 2 s and 0.05 s an image, and says so in its log alone, which is not shown."""
    data, stock = data_set(tmp_path, ["1.jpg", "2.jpg"]), nms.non_max_suppression
    yolo = model(["cat"])
    quick = detect(yolo, data, **{**USUAL, "conf": 1e-6})
    ticks = request.getfixturevalue("clock")
    slow = detect(yolo, data, **{**USUAL, "conf": 1e-6})
    assert next(ticks) > 0 and nms.non_max_suppression is stock
    assert len(quick.by_file) == 2 and min(map(len, quick.by_file.values())) > 0
    for file, found in quick.by_file.items():
        np.testing.assert_array_equal(slow.by_file[file], found)


@pytest.mark.usefixtures("clock")
def test_detections_that_are_dropped_by_a_time_limit_are_no_result(model, tmp_path, monkeypatch, capfd):
    """Should a release of Ultralytics keep its limit where it was lifted."""
    monkeypatch.setattr("yolo_feiou.yolo.detect.lift_time_limit", nullcontext)
    data = data_set(tmp_path, ["1.jpg", "2.jpg"])
    with pytest.raises(DataError, match=r"in 1 batches Ultralytics' NMS ran out of its time"):
        detect(model(["cat"]), data, **{**USUAL, "conf": 1e-6})
    assert capfd.readouterr().out == ""
