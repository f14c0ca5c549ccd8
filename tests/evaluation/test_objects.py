"""What a model has to find: the objects of each image, whatever ids the JSON has, and none that is in doubt."""

import json
from pathlib import Path

import pytest

from tests.evaluation.three_images import expect, refusal, same
from yolo_feiou.evaluation.saved import evaluate_again


def with_ids(images=None, categories=None):
    """A change of a JSON that gives other ids."""

    def change(content):
        for kind, key, new in (("images", "image_id", images), ("categories", "category_id", categories)):
            if new:
                for record in content[kind]:
                    record["id"] = new[record["id"] - 1]
                for record in content["annotations"]:
                    record[key] = new[record[key] - 1]

    return change


@pytest.mark.parametrize(
    "change",
    [
        with_ids(("0001", "0002", "0003")),
        with_ids((9007199254740993, 9007199254740994, 9007199254740995)),
        with_ids((2**64, 2**64 + 1, 2**65), (2**70, 2**70 + 1)),
        with_ids((1.0, 2.0, 3.0), ("a", "b")),
        with_ids((501, 502, 503), (0, 90)),
        lambda content: [one.update(id=0) for one in content["annotations"]] and None,
        lambda content: (
            [one.update(iscrowd="0", bbox=[*map(str, one["bbox"])]) for one in content["annotations"]] and None
        ),
        lambda content: [one.update(file_name=f"x\\{one['file_name']}") for one in content["images"]] and None,
    ],
)
def test_ids_are_names_and_the_row_is_that_of_plain_ones(given, row_of, change):
    plain = row_of(*given())
    assert 0.3 < plain["AP"] < 1 and plain["objects"] == 6
    other = row_of(*given(change))
    assert same(plain, other)
    reference = evaluate_again(Path(given(change)[0]).parent / "out", "pycocotools")
    assert same(
        {**reference, "evaluator": "", "evaluator_version": ""}, {**plain, "evaluator": "", "evaluator_version": ""}
    )


def test_the_files_of_an_evaluation_with_such_ids_are_for_other_tools(given, row_of, tmp_path, capsys):
    from pycocotools.coco import COCO
    from pycocotools.cocoeval import COCOeval

    row = row_of(*given(with_ids((2**64, 2**64 + 1, 2**65), ("a", "b"))))
    objects = COCO(str(tmp_path / "out" / "ground_truth.json"))
    found = COCOeval(objects, objects.loadRes(str(tmp_path / "out" / "predictions.json")), "bbox")
    found.evaluate()
    found.accumulate()
    found.summarize()
    assert row["AP"] == pytest.approx(found.stats[0], abs=1e-9)


@pytest.mark.parametrize(
    ("box", "words"),
    [
        (
            lambda x, y, w, h: [x, y, x + w, y + h],
            "of 6 boxes reach beyond their image",
        ),
        (lambda x, y, w, h: [x / 64, y / 48, w / 64, h / 48], "6 of 6 boxes are smaller than a pixel"),
    ],
)
def test_boxes_that_look_like_something_else_are_said_as_when_they_are_prepared(given, box, words):
    def change(content):
        for one in content["annotations"]:
            one["bbox"] = box(*one["bbox"])

    assert any(words in note for note in expect(*given(change)).notes)
    assert expect(*given()).notes == ()


def test_repeated_annotations_count_once_as_in_labels(given, row_of):
    plain = row_of(*given())
    data, path = given(lambda content: content.update(annotations=content["annotations"] * 2))
    expected = expect(data, path)
    assert expected.truth.objects == 6 and "6 annotations repeat another one" in expected.notes[0]
    assert same(plain, row_of(data, path))


def test_crowds_nearly_everywhere_are_said(given):
    notes = expect(*given(lambda content: [one.update(iscrowd=1) for one in content["annotations"][1:]] and None)).notes
    assert "5 of 6 annotations are crowds (iscrowd: 1)" in notes[0]


def test_boxes_without_area_are_said(given):
    (note,) = expect(*given(lambda content: content["annotations"][0].update(bbox=[4, 6, 0, 12], area=9))).notes
    assert "1 of 6 objects have a box without area: they count, as in all COCO tools" in note


def without_c(content):
    content["images"].pop()
    content["annotations"] = content["annotations"][:4]


def test_an_image_with_labels_that_the_json_lacks_is_refused(given):
    said = refusal(*given(without_c))
    assert "c.jpg is in the split but not among the 2 images of the ground truth: add" in said


@pytest.mark.parametrize("label", ["", None])
def test_an_image_without_labels_that_the_json_lacks_counts_as_background_and_is_said(given, row_of, label, capfd):
    data, annotations = given(without_c)
    path = data.parent / "labels" / "c.txt"
    path.unlink() if label is None else path.write_text(label)
    row = row_of(data, annotations)
    assert (row["images"], row["unlisted"], row["objects"]) == (3, 1, 4)
    assert "1 of 3 images of the split are not in" in capfd.readouterr().err
    truth = json.loads((data.parent / "out" / "ground_truth.json").read_text())
    assert truth["images"][2] == {"id": 3, "file_name": "images/c.jpg", "width": 64, "height": 48}


def test_without_any_labels_a_lacking_image_is_not_taken_for_background(given):
    assert "c.jpg is in the split but not among" in refusal(*given(without_c, labels=False))


@pytest.mark.parametrize(
    ("name", "words"),
    [("C.jpg", "did you mean 'C.jpg'? It differs in case"), ("%63.jpg", "It differs in %-escapes")],
)
def test_a_name_that_is_spelled_otherwise_gets_a_hint(given, name, words):
    data, annotations = given(lambda content: content["images"][2].update(file_name=name))
    assert words in refusal(data, annotations)
    (data.parent / "labels" / "c.txt").write_text("")  # then too: it is no background
    assert words in refusal(data, annotations)


def test_a_json_of_other_images_is_refused(given):
    assert "and 2 more of 3 images are in the split but" in refusal(
        *given(lambda content: [one.update(file_name=f"x{one['file_name']}") for one in content["images"]] and None)
    )


def test_no_objects_are_refused_before_the_model_runs(given):
    assert "no objects in its 3 images" in refusal(*given(lambda content: content["annotations"].clear()))
    assert "no objects in its 3 images" in refusal(*given(), classes=[])
