"""An evaluation without a model, which must say what the evaluation says."""

import json

import pytest

from tests.export.factories import coco_form
from yolo_feiou.errors import ArgumentError, DataError, YoloFeiouError
from yolo_feiou.evaluation.rehearsal import find_evaluation_input
from yolo_feiou.yolo.evaluate import evaluate
from yolo_feiou.yolo.splits import read_split

NAMES = ["white", "red"]


@pytest.fixture
def squares(tmp_path):
    return coco_form(tmp_path / "squares", {"train": 4, "val": 3})


def damage(squares, change):
    """Change the JSON of the split val."""
    path = squares.parent / "annotations" / "instances_val2017.json"
    content = json.loads(path.read_text())
    change(content)
    path.write_text(json.dumps(content))


def image_unlisted(content):
    gone = content["images"].pop()["id"]
    content["annotations"] = [one for one in content["annotations"] if one["image_id"] != gone]


def other_names(content):
    content["categories"][1]["name"] = "crimson"


def no_objects(content):
    content["annotations"] = []


def only_crowds(content):
    for annotation in content["annotations"]:
        annotation["iscrowd"] = 1


def unusable_ids(content):
    for annotation in content["annotations"]:
        annotation["image_id"] = "nowhere"


FAULTS = [image_unlisted, other_names, no_objects, only_crowds, unusable_ids]


def test_what_fits_is_rehearsed_in_silence(squares):
    subject = find_evaluation_input(read_split(squares, "val")).rehearse()
    assert subject.expected.truth.objects == 6 and subject.source.row["ground_truth"] == "instances_val2017.json"


def refused(function):
    with pytest.raises(YoloFeiouError) as error:
        function()
    return type(error.value), str(error.value)


@pytest.mark.parametrize("fault", FAULTS)
def test_what_the_evaluation_refuses_is_refused_before_in_the_same_words(squares, model, fault, tmp_path):
    damage(squares, fault)
    before = refused(lambda: find_evaluation_input(read_split(squares, "val")).rehearse())
    assert before[0] is DataError
    assert before == refused(lambda: evaluate(model(NAMES), squares, "val", tmp_path / "e", imgsz=64, device="cpu"))
    assert not (tmp_path / "e").exists()


@pytest.mark.parametrize(
    ("told", "message"),
    [
        ({"classes": [9]}, r"classes=\[9\] has 9: expected indices from 0 to 1"),
        ({"classes": [-1]}, r"classes=\[-1\] has -1: expected indices from 0 to 1"),
        ({"classes": ["red"]}, r"classes=\['red'\] has 'red': expected indices"),
        ({"classes": 2}, r"classes=2 has 2: expected indices"),
        ({"classes": []}, r"no "),
    ],
)
def test_classes_that_the_data_does_not_have_are_refused(squares, model, told, message, tmp_path):
    before = refused(lambda: find_evaluation_input(read_split(squares, "val", **told)).rehearse())
    with pytest.raises(DataError, match=message):
        find_evaluation_input(read_split(squares, "val", **told)).rehearse()
    told = {**told, "imgsz": 64, "device": "cpu"}
    assert before == refused(lambda: evaluate(model(NAMES), squares, "val", tmp_path / "e", **told))


def test_names_of_a_model_that_is_there_count_in_place_of_those_of_the_data(squares):
    with pytest.raises(DataError, match="'cat'"):
        find_evaluation_input(read_split(squares, "val"), names=["cat", "red"]).rehearse()


def test_an_evaluator_a_split_or_a_json_that_is_not_there_is_refused(squares):
    with pytest.raises(ArgumentError, match="evaluator=coco is unknown"):
        find_evaluation_input(read_split(squares, "val"), evaluator="coco").rehearse()
    with pytest.raises(DataError, match="has no split 'tset'"):
        find_evaluation_input(read_split(squares, "tset")).rehearse()
    with pytest.raises(DataError, match="none.json can't be read"):
        find_evaluation_input(read_split(squares, "val"), annotations="none.json").rehearse()


@pytest.mark.parametrize("data", ["d.ndjson", "D.NDJSON", "https://example.org/d.ndjson?x=1"])
def test_ndjson_is_refused_with_what_to_do(data):
    with pytest.raises(DataError, match=r"NDJSON can't be evaluated.*convert_ndjson_to_yolo.*give that YAML"):
        find_evaluation_input(read_split(data, "val")).rehearse()
