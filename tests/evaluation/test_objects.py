"""What a model has to find: the objects that it was trained on, in the pixels of the files."""

import copy
import json
from pathlib import Path

import cv2
import numpy as np
import pytest
import yaml
from PIL import Image

from tests.yolo.test_evaluate import USUAL
from yolo_feiou.errors import DataError
from yolo_feiou.evaluation.labels import from_labels
from yolo_feiou.evaluation.objects import find_expected_objects
from yolo_feiou.evaluation.saved import evaluate_again
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
        images = Path(data).parent / "images"
        detecting({str(images / f"{name}.jpg"): rows[: 3 if name != "b" else 1] for name in "abc"})
        return evaluate(model(names), data, "val", tmp_path / "out", annotations=annotations, **{**USUAL, **arguments})

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


def test_images_that_were_halved_after_annotation_give_the_row_of_the_labels(given, row_of, capfd):
    labels = row_of(given(size=(32, 24))[0], None, 0.5)
    capfd.readouterr()
    row = row_of(*given(size=(32, 24)), 0.5)
    said = capfd.readouterr().err
    assert "all 3 images are 0.5 times as large as" in said and "a.jpg (JSON 64 × 48, file 32 × 24)" in said
    assert (row["truth_scale"], labels["truth_scale"]) == (0.5, 1)
    assert row["AP"] == pytest.approx(labels["AP"], abs=1e-9) and row["AP"] > 0.3  # 0 before, without a word
    assert [row[f"objects_{size}"] for size in "SML"] == [labels[f"objects_{size}"] for size in "SML"]


def test_areas_are_scaled_by_the_square(given):
    """Three times: the dog's 16 × 22 = 352 becomes 3,168, medium, and the cat's 240 becomes 2,160."""
    truth = expect(*given(size=(192, 144))).truth
    assert {one["area"] for one in truth.annotations} == {2160, 3168} and truth.area_source == "json"


def turned(content):
    for image in content["images"]:
        image["width"], image["height"] = 48, 64


@pytest.mark.parametrize(
    ("change", "size", "words"),
    [
        (turned, (64, 48), "3 of 3 images are not those of their files: a.jpg (JSON 48 × 64, file 64 × 48)"),
        (turned, (64, 48), "swapped: likely the JSON was made without the EXIF orientation"),
        (None, (64, 64), "a.jpg (JSON 64 × 48, file 64 × 64), b.jpg (JSON 64 × 48, file 64 × 64), c.jpg"),
        (
            lambda content: content["images"][1].update(width=640),
            (64, 48),
            "1 of 3 images are not those of their files",
        ),
        (lambda content: content["images"][1].update(width=640), (64, 48), "The others fit"),
    ],
)
def test_sizes_that_differ_otherwise_are_refused_with_three_images_and_the_cause(given, change, size, words):
    assert words in refusal(*given(change or (lambda content: None), size=size))


def exif(orientation):
    """The EXIF block with an orientation."""
    block = Image.Exif()
    block[274] = orientation
    return block


@pytest.mark.parametrize("orientation", [5, 6, 7, 8])
def test_exif_orientation_turns_the_size_as_ultralytics_turns_the_image(given, row_of, orientation):
    data, annotations = given(size=(48, 64), exif=exif(orientation))  # 64 × 48 when turned
    assert cv2.imread(str(data.parent / "images" / "a.jpg")).shape == (48, 64, 3)
    assert row_of(data, annotations)["AP"] > 0.3
    assert "EXIF" in refusal(*given(turned, size=(48, 64), exif=exif(orientation)))


@pytest.mark.parametrize("orientation", [1, 2, 3, 4])
def test_other_orientations_leave_the_size(given, orientation):
    expect(*given(exif=exif(orientation)))


def test_images_without_a_size_in_the_json_have_that_of_the_file(given):
    def change(content):
        del content["images"][0]["width"]
        content["images"][1]["height"] = None

    assert [(i["width"], i["height"]) for i in expect(*given(change)).truth.images] == [(64, 48)] * 3


def test_images_that_are_read_in_another_size_than_their_header_says_are_refused(given, row_of):
    data, annotations = given()
    np.save(data.parent / "images" / "b.npy", np.zeros((24, 32, 3), np.uint8))  # as of cache=disk, before a change
    for truth in (annotations, None):
        found = r"1 of 3 images were read with another size .*/b\.jpg \(header 64 × 48, read 32 × 24\)"
        with pytest.raises(DataError, match=found):
            row_of(data, truth)
    assert not (data.parent / "out").exists()


@pytest.mark.parametrize(("area", "replaced"), [(0, 6), (-5, 6), (1, 6), (1e6, 6), (None, 0), (240.0, 3)], ids=str)
def test_areas_that_can_not_be_change_nothing_and_are_counted(given, row_of, area, replaced):
    """The boxes have 240 and 352 px. An area below 0 once took objects out of AP, one of 1e6 made them large."""
    plain = row_of(*given())
    row = row_of(*given(lambda content: [one.update(area=area) for one in content["annotations"]] and None))
    assert (row["area_source"], row["areas_replaced"]) == ("box", replaced)
    assert same(plain, {**row, "area_source": "json", "areas_replaced": 0})


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
    truth = from_labels(read_split(data, "val"))
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


def test_before_a_training_the_classes_are_those_of_the_data(given):
    said = refusal(*given(names=("cat", "cow")))
    assert "unknown class 'cow' of the model (2 known in the ground truth)" in said
    assert expect(*given()).category_ids == [1, 2]


def test_no_objects_are_refused_before_the_model_runs(given):
    assert "no objects in its 3 images" in refusal(*given(lambda content: content["annotations"].clear()))
    assert "no objects in its 3 images" in refusal(*given(), classes=[])
