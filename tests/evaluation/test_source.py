"""Which ground truth counts: the one that is named, the one in the data YAML, or the labels."""

import hashlib
import json
from pathlib import Path

import pytest
import yaml

from tests.yolo.test_evaluate import USUAL, data_set, rows_of
from yolo_feiou.errors import DataError
from yolo_feiou.evaluation.labels import digest_labels, read_label_truth
from yolo_feiou.evaluation.saved import evaluate_again
from yolo_feiou.evaluation.source import find_source
from yolo_feiou.evaluation.truth import read_ground_truth
from yolo_feiou.yolo.evaluate import evaluate
from yolo_feiou.yolo.splits import read_split


def objects(path, ids, box=(10, 10, 20, 20)):
    """A JSON with an object in each of the images of `data_set`."""
    path.parent.mkdir(parents=True, exist_ok=True)
    images = [{"id": number, "file_name": f"{name}.jpg"} for name, number in ids.items()]
    annotations = [
        {"id": number, "image_id": number, "category_id": 7, "bbox": box, "area": 100, "iscrowd": 0}
        for number in ids.values()
    ]
    content = {"images": images, "annotations": annotations, "categories": [{"id": 7, "name": "cat"}]}
    path.write_text(json.dumps(content))
    return path


def naming(data, annotations, **more):
    """The data YAML with a mapping of JSONs."""
    data.write_text(yaml.safe_dump({**yaml.safe_load(data.read_text()), "annotations": annotations, **more}))
    return data


@pytest.fixture
def data(tmp_path):
    return data_set(tmp_path / "set", ["1.jpg", "2.jpg"])


def test_the_json_of_the_yaml_goes_before_the_labels_and_after_the_one_that_is_named(data, tmp_path, model, detecting):
    """The model detects the objects of the JSON that the YAML names, which lie elsewhere than those of labels (at
    0.3 · 64 ± 6, 24 ± 10) and of the other JSON, by more than their size."""
    official = objects(tmp_path / "set" / "annotations" / "val.json", {"1": 501, "2": 502}, (40, 2, 20, 8))
    other = objects(tmp_path / "other.json", {"1": 1, "2": 2}, (2, 36, 8, 10))
    found = [[40, 2, 60, 10, 0.9, 0]]
    detecting({str(tmp_path / "set" / "images" / f"{n}.jpg"): found for n in (1, 2)})
    yolo = model(["cat"])

    labels = evaluate(yolo, data, "val", tmp_path / "labels", **USUAL)
    naming(data, {"val": "annotations/val.json"})
    named_in_yaml = evaluate(yolo, data, "val", tmp_path / "yaml", **USUAL)
    named = evaluate(yolo, data, "val", tmp_path / "named", annotations=other, **USUAL)
    on_train = evaluate(yolo, data, "train", tmp_path / "train", **USUAL)  # of which the YAML names no JSON

    assert [row["ground_truth"] for row in (labels, named_in_yaml, named, on_train)] == [
        *("labels", "val.json", "other.json", "labels")
    ]
    assert [row["AP"] for row in (labels, named_in_yaml, named, on_train)] == [0, 1, 0, 0]
    assert labels["ground_truth_holds"] == digest_labels(read_split(data, "val"))[:10]
    assert named_in_yaml["ground_truth_holds"] == hashlib.sha256(official.read_bytes()).hexdigest()[:10]
    assert evaluate_again(tmp_path / "yaml") == named_in_yaml
    predictions = json.loads((tmp_path / "yaml" / "predictions.json").read_text())
    assert {(p["image_id"], p["category_id"]) for p in predictions} == {(501, 7), (502, 7)}


def test_other_labels_are_another_ground_truth_whatever_classes_count(data, tmp_path):
    before = find_source(read_split(data, "val")).row
    assert find_source(read_split(data, "val", classes=[0], single_cls=True)).row == before
    label = next((tmp_path / "set" / "labels").rglob("1.txt"))
    label.write_text(label.read_text().replace("0.5", "0.4", 1))
    after = find_source(read_split(data, "val")).row
    assert after["ground_truth"] == before["ground_truth"] == "labels"
    assert after["ground_truth_holds"] != before["ground_truth_holds"]


def test_paths_are_relative_to_the_data_sets_folder_or_absolute(data, tmp_path):
    objects(tmp_path / "elsewhere.json", {"1": 1, "2": 2})
    objects(tmp_path / "set" / "a" / "val.json", {"1": 1, "2": 2})
    moved = naming(data, {"val": "a/val.json", "train": str(tmp_path / "elsewhere.json")}, path=str(tmp_path / "set"))
    moved = moved.rename(tmp_path / "moved.yaml")  # a YAML elsewhere, whose `path` says where the images are
    assert find_source(read_split(moved, "val")).path == tmp_path / "set" / "a" / "val.json"
    assert find_source(read_split(moved, "train")).path == tmp_path / "elsewhere.json"


def test_a_json_that_is_not_there_and_a_mapping_that_is_none_are_refused(data, tmp_path, model):
    naming(data, {"val": "annotations/val.json"})
    assert read_split(data, "val").annotations == tmp_path / "set" / "annotations" / "val.json"  # training needs none
    with pytest.raises(DataError, match=r"split 'val': the YAML names annotations that are not there. .*val\.json"):
        evaluate(model(["cat"]), data, "val", tmp_path / "out", **USUAL)
    assert not (tmp_path / "out").exists()
    for wrong in ("val.json", {"val": 3}, {"val": ""}):
        with pytest.raises(DataError, match="Expected a mapping from splits to COCO JSON files"):
            read_split(naming(data, wrong), "val")


def test_a_yaml_without_annotations_is_as_before(data, tmp_path, model, detecting):
    split = read_split(data, "val")
    assert split.annotations is None and find_source(split).path is None
    detecting(rows_of(read_label_truth(split), tmp_path / "set"))
    assert evaluate(model(["cat"]), data, "val", tmp_path / "out", **USUAL)["AP"] == 1


def test_coco_is_evaluated_on_the_json_of_its_yaml(coco_tiny, tmp_path, model, detecting):
    """Images without labels: the JSON has the objects, a crowd and the areas, as it has with annotations=."""
    path = coco_tiny / "annotations" / "instances_val2017.json"
    content = yaml.safe_load((coco_tiny / "coco.yaml").read_text())
    data = tmp_path / "coco.yaml"
    data.write_text(yaml.safe_dump({**content, "annotations": {"val": "annotations/instances_val2017.json"}}))
    truth = read_ground_truth(path)
    detecting({str(coco_tiny / "val2017" / name): rows for name, rows in rows_of(truth, Path()).items()})
    yolo = model([category["name"] for category in truth.categories])
    row = evaluate(yolo, data, "val", tmp_path / "yaml", **USUAL)
    asked = evaluate(yolo, coco_tiny / "coco.yaml", "val", tmp_path / "asked", annotations=path, **USUAL)
    assert row["AP"] == pytest.approx(1, abs=1e-3) and row["ground_truth"] == path.name
    assert {**row, "data": ""} == {**asked, "data": ""}
