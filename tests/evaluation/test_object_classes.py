"""Objects of the classes that the model was trained on count, and no others."""

import json
from pathlib import Path

import pytest
import yaml
from PIL import Image

from tests.evaluation.three_images import NAMES, expect, refusal, same
from tests.yolo.test_evaluate import USUAL
from yolo_feiou.evaluation.labels import read_label_truth
from yolo_feiou.evaluation.saved import evaluate_again
from yolo_feiou.yolo.evaluate import evaluate
from yolo_feiou.yolo.splits import read_split


def extra_category(content):
    content["categories"].append({"id": 3, "name": "person"})
    for n in (1, 2, 3):
        content["annotations"].append({"id": 90 + n, "image_id": n, "category_id": 3, "bbox": [1, 1, 9, 9]})


def test_categories_that_the_model_does_not_have_are_named_and_not_averaged(given, row_of, capfd):
    plain = row_of(*given())
    assert plain["ignored_categories"] is None
    row = row_of(*given(extra_category))
    assert "categories that the model does not have are not counted: person." in capfd.readouterr().err
    assert row["ignored_categories"] == "person" and row["objects"] == 6
    assert same(plain, {**row, "ignored_categories": None, "area_source": "json"})
    assert evaluate_again(Path(given()[0]).parent / "out") == row


def test_a_class_of_the_labels_that_the_model_does_not_have_is_ignored(given, model, detecting, tmp_path):
    data, _ = given()
    detecting({str(tmp_path / "images" / f"{name}.jpg"): [[4, 6, 24, 18, 0.9, 0]] for name in "abc"})
    row = evaluate(model(["cat"]), data, "val", tmp_path / "out", **USUAL)
    assert (row["ignored_categories"], row["objects"], row["AP"]) == ("dog", 3, 1)


HOW = [
    {},
    {"classes": [0]},
    {"classes": 1},
    {"classes": [2, 1]},
    {"single_cls": True},
    {"single_cls": True, "classes": [1, 2]},
    {"single_cls": True, "classes": 0},
]


@pytest.fixture
def counted(tmp_path):
    """A data set with 1 cat, 2 dogs and 4 birds on two images, the same in a JSON."""
    kinds = {"a": [0, 1, 2, 2], "b": [1, 2, 2]}
    for name, classes in kinds.items():
        for folder in ("images", "labels"):
            (tmp_path / folder).mkdir(exist_ok=True)
        Image.new("RGB", (64, 48), "gray").save(tmp_path / "images" / f"{name}.jpg")
        lines = [f"{kind} {0.2 + 0.1 * n:.3f} 0.5 0.1 0.4\n" for n, kind in enumerate(classes)]
        (tmp_path / "labels" / f"{name}.txt").write_text("".join(lines))
    data = tmp_path / "data.yaml"
    data.write_text(yaml.safe_dump({"train": "images", "val": "images", "names": ["cat", "dog", "bird"]}))
    truth = read_label_truth(read_split(data, "val"))
    path = tmp_path / "objects.json"
    path.write_text(json.dumps({key: getattr(truth, key) for key in ("images", "annotations", "categories")}))
    return data, path


@pytest.mark.parametrize(
    ("names", "how"),
    [
        *((("cat", "dog", "bird"), how) for how in HOW),
        *((("item",), how) for how in HOW if "single_cls" in how),  # as a training with it names the class
    ],
    ids=str,
)
def test_as_many_objects_count_as_in_stock(counted, model, tmp_path, how, names):
    data, path = counted
    yolo, stock = model(names), []
    yolo.add_callback("on_val_end", lambda validator: stock.append(validator))
    yolo.val(data=str(data), project=str(tmp_path / "stock"), plots=False, verbose=False, **USUAL, **how)
    numbers = getattr(stock[0], "nt_per_class", None)  # in older releases it is the validator's
    numbers = stock[0].metrics.nt_per_class if numbers is None else numbers
    for annotations in (None, path):
        expected = expect(data, annotations, names, **how)
        assert expected.truth.objects == numbers.sum() > 0
        row = evaluate(model(names), data, "val", tmp_path / "out", annotations=annotations, **USUAL, **how)
        assert row["objects"] == numbers.sum()


@pytest.mark.parametrize(
    ("names", "how", "objects", "ignored"),
    [
        (NAMES, {"single_cls": True}, 6, ("person",)),  # labels know cats and dogs
        (NAMES, {"single_cls": True, "classes": [1]}, 3, ()),  # what was not chosen is not named
        (NAMES, {"classes": [1]}, 3, ()),
        (["thing"], {"single_cls": True}, 9, ()),  # labels of any class, as the YAML names none of the JSON's
    ],
)
def test_an_extra_category_is_not_counted_beside_chosen_classes(given, names, how, objects, ignored):
    truth = expect(*given(extra_category, names=names), **how).truth
    assert (truth.objects, tuple(truth.ignored)) == (objects, ignored)


def test_a_name_that_does_not_fit_is_refused_with_single_cls_too(given):
    """Else all categories would count, the model's or not."""

    def change(content):
        extra_category(content)
        content["categories"][0]["name"] = "Cat"

    data, path = given(change)
    assert "did you mean 'Cat'" in refusal(data, path, single_cls=True)


def test_labels_of_more_classes_than_are_named_count_with_single_cls_as_in_a_training(given):
    data, _ = given(names=["thing"])
    assert expect(data, None, single_cls=True).truth.objects == 6
    assert expect(data, None, single_cls=True, classes=[1]).truth.objects == 3


def test_a_split_without_labels_of_the_chosen_classes_is_refused(given):
    data, _ = given(names=["cat", "dog", "cow"])
    assert "has no labels of classes=[2] in its 3 images" in refusal(data, None, classes=2)


def test_as_many_real_objects_count_as_in_stock(bccd, model):
    """170 is what stock's `val` counts on BCCD with these arguments, of 1,137 in all."""
    assert expect(bccd, None, ["item"], single_cls=True, classes=[1, 2]).truth.objects == 170
    assert expect(bccd, None).truth.objects == 1137


def test_a_second_category_of_a_name_without_boxes_changes_nothing(given, row_of):
    plain = row_of(*given())
    more = {"id": 0, "name": "cat", "supercategory": "none"}
    row = row_of(*given(lambda content: content["categories"].append(more)))
    assert same(plain, row)


def test_before_a_training_the_classes_are_those_of_the_data(given):
    said = refusal(*given(names=("cat", "cow")))
    assert "unknown class 'cow' of the model (2 known in the ground truth)" in said
    assert expect(*given()).category_ids == [1, 2]
