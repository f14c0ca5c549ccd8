"""Labels, lists, links and the data YAML of splits, as Ultralytics then reads them."""

import json
import os
from pathlib import Path

import pytest
import yaml

from tests.datasets.coco.assertions import refusal, tree
from tests.datasets.coco.factories import TINY, annotation, image, labels, own_data, write_images, write_json
from yolo_feiou.datasets.coco.command import prepare_coco


@pytest.mark.skipif(not TINY.is_dir(), reason="the real data sets don't lie beside this checkout")
def test_real_data_are_what_ultralytics_then_reads(tmp_path, capsys):
    import numpy as np
    from pycocotools.coco import COCO

    from yolo_feiou.yolo.splits import read_split

    out = tmp_path / "coco"
    prepare_coco([f"out={out}", f"source={TINY}"])
    said = capsys.readouterr().out
    assert "train2017: a subset: 32 of COCO's 118,287 images" in said
    assert "train2017: 32 images, 2 of them without objects; 284 objects, 0 of them clipped" in said
    assert "left out: 4 crowds" in said and f"train cfg=coco/yolov8.yaml data={out}/coco.yaml" in said
    assert yaml.safe_load((out / "coco.yaml").read_text())["path"] == str(out)
    for split in ("train", "val"):
        path = TINY / "annotations" / f"instances_{split}2017.json"
        coco = COCO(str(path))
        read = read_split(out / "coco.yaml", split)
        assert read.annotations == path.resolve() and read.unread == 0
        assert read.names == [one["name"] for one in coco.loadCats(sorted(coco.getCatIds()))]
        known = {info["file_name"]: info for info in coco.dataset["images"]}
        assert len(read.labels) == len(known)
        for label in read.labels:
            info = known[Path(label["im_file"]).name]
            assert label["shape"] == (info["height"], info["width"])
            theirs = coco.loadAnns(coco.getAnnIds(info["id"], iscrowd=False))
            x, y, w, h = np.array([one["bbox"] for one in theirs]).reshape(-1, 4).T
            width, height = info["width"], info["height"]
            expected = np.stack([(x + w / 2) / width, (y + h / 2) / height, w / width, h / height], 1)
            np.testing.assert_allclose(label["bboxes"], expected, rtol=2**-23)
            kinds = [sorted(coco.getCatIds()).index(one["category_id"]) for one in theirs]
            assert label["cls"].ravel().tolist() == kinds


def test_a_data_set_of_ones_own_is_prepared(own, out, tmp_path, capsys):
    prepare_coco(own)
    assert tree(out) == [
        *("images/train", "images/val", "labels/train/1.txt", "labels/train/2.txt", "labels/val/1.txt"),
        *("mine.yaml", "prepared.json", "prepared.sha256", "train.txt", "val.txt"),
    ]
    assert (out / "train.txt").read_text() == "./images/train/1.jpg\n./images/train/2.jpg\n"
    assert (out / "images" / "train").resolve() == tmp_path / "own" / "train"
    assert yaml.safe_load((out / "mine.yaml").read_text()) == {
        "path": str(out),
        "train": "train.txt",
        "val": "val.txt",
        "annotations": {split: str(tmp_path / "own" / f"{split}.json") for split in ("train", "val")},
        "names": {0: "dog", 1: "cat"},  # by id, 3 and 7
    }
    assert "train: 2 images, 0 of them without objects; 2 objects" in capsys.readouterr().out


@pytest.mark.parametrize("lost", ["train.txt", "mine.yaml", "labels/train", "prepared.json+", "images/train"])
def test_what_was_lost_is_made_anew(own, out, lost, capsys):
    prepare_coco(own)
    path = out / lost.rstrip("+")
    if path.is_dir() and not path.is_symlink():
        os.rename(path, out.parent / "lost")
    elif lost.endswith("+"):
        path.rename(out / "preparing.json")  # as if it had been interrupted
    else:
        path.unlink()
    whole = tree(out)
    prepare_coco(own)
    assert "is ready" in capsys.readouterr().out.splitlines()[-3]
    assert set(tree(out)) >= set(whole) - {"preparing.json"} and (out / "prepared.json").exists() and path.exists()


def test_a_changed_json_or_option_does_it_anew(own, out, tmp_path, capsys):
    prepare_coco(own)
    (out / "labels" / "train.cache").write_bytes(b"\x93NUMPY as Ultralytics writes it")
    path = tmp_path / "own" / "train.json"
    path.write_text(path.read_text().replace("[10, 20, 30, 40]", "[10, 20, 40, 30]"))  # of the same size
    prepare_coco(own)
    assert labels(out / "labels" / "train")["1.txt"] == "0 0.150000006 0.349999994 0.200000003 0.300000012\n"
    assert not (out / "labels" / "train.cache").exists()
    prepare_coco([*own, "missing=skip"])
    assert capsys.readouterr().out.count("is ready") == 3


def test_a_split_that_is_no_longer_wanted_goes(own, out, tmp_path):
    more = [f"test={tmp_path / 'own' / 'val.json'}", f"test_images={tmp_path / 'own' / 'val'}"]
    prepare_coco(own)
    without = tree(out)
    prepare_coco(own + more)
    assert "labels/test/1.txt" in tree(out) and "test" in yaml.safe_load((out / "mine.yaml").read_text())
    prepare_coco(own)
    assert tree(out) == without


def test_missing_images_are_refused_or_left_out(own, out, tmp_path, capsys):
    (tmp_path / "own" / "train" / "2.jpg").unlink()
    assert "1 of the 2 images in" in refusal(own)
    assert not out.exists()
    prepare_coco([*own, "missing=skip"])
    assert "train: 1 of 2 images are missing and left out" in capsys.readouterr().out
    assert (out / "train.txt").read_text() == "./images/train/1.jpg\n" and list(labels(out / "labels" / "train")) == [
        "1.txt"
    ]
    write_images(tmp_path / "own" / "train", ["2.jpg"])  # it has arrived
    prepare_coco([*own, "missing=skip"])
    assert list(labels(out / "labels" / "train")) == ["1.txt", "2.txt"]


def test_names_with_a_folder_called_images_are_found_by_ultralytics(out, tmp_path):
    from ultralytics.data.utils import img2label_paths

    words = own_data(tmp_path / "own", [image(1, "images/a/1.jpg"), image(2, "images/2.jpg")])
    prepare_coco([f"out={out}", *words])
    files = [str(out / line) for line in (out / "train.txt").read_text().splitlines()]
    assert all(os.path.isfile(file) for file in files) and len(files) == 2
    assert all(os.path.isfile(file) for file in img2label_paths([os.path.normpath(file) for file in files]))


def test_splits_with_different_categories_are_refused(own, out, tmp_path):
    write_json(tmp_path / "own" / "val.json", [image(1)], [], [{"id": 3, "name": "dog"}])
    assert "have different categories, as 7 'cat', which one of them lacks (2 and 1" in refusal(own)
    assert not out.exists()


def test_annotations_must_be_there_to_train(own, tmp_path):
    path = tmp_path / "own" / "train.json"
    path.write_text(json.dumps({k: v for k, v in json.loads(path.read_text()).items() if k != "annotations"}))
    assert "no list named annotations, which 'train' needs" in refusal(own)


def test_two_categories_of_one_name_of_which_one_has_no_boxes_are_one_class(tmp_path, out, capsys):
    words = own_data(tmp_path)
    for split in ("train", "val"):
        content = json.loads((tmp_path / f"{split}.json").read_text())
        content["categories"].append({"id": 0, "name": "dog", "supercategory": "none"})
        (tmp_path / f"{split}.json").write_text(json.dumps(content))
    prepare_coco([f"out={out}", *words])
    assert yaml.safe_load((out / "mine.yaml").read_text())["names"] == {0: "dog", 1: "cat"}
    assert labels(out / "labels" / "train")["1.txt"].startswith("0 ")
    assert "warning: train: category 0 'dog' has no annotations and another one, 3, has its name" in (
        capsys.readouterr().out
    )


def test_images_of_other_sizes_are_refused_before_anything_is_written(own, out, tmp_path):
    write_images(tmp_path / "own" / "train", ["2.jpg"], (100, 200))
    said = refusal(own)
    assert "1 of 2 images are not those of their files: 2.jpg (JSON 200 × 100, file 100 × 200)" in said
    assert "EXIF" in said and not out.exists()


def test_sizes_that_the_json_lacks_are_those_of_the_files(tmp_path, out):
    images = [{"id": 1, "file_name": "1.jpg"}, image(2)]
    words = own_data(tmp_path, images)
    prepare_coco([f"out={out}", *words])
    written = labels(out / "labels" / "train")
    assert written["1.txt"] == written["2.txt"]


def test_backslashes_and_other_ids_are_prepared_as_usual(tmp_path, out):
    words = own_data(tmp_path)
    prepare_coco([f"out={out}", *words])
    (tmp_path / "train" / "a").mkdir()
    (tmp_path / "train" / "1.jpg").rename(tmp_path / "train" / "a" / "1.jpg")
    objects = [annotation(1, 2**64), annotation(1, "0002", iscrowd="0", category_id=3.0)]
    write_json(tmp_path / "train.json", [image(2**64, "a\\1.jpg"), image("0002", "2.jpg")], objects)
    prepare_coco([f"out={out}2", *words])
    before, after = labels(out / "labels" / "train"), labels(Path(f"{out}2") / "labels" / "train")
    assert after == {"2.txt": before["2.txt"], "a/1.txt": before["1.txt"]}
    assert (Path(f"{out}2") / "train.txt").read_text().splitlines()[1] == "./images/train/a/1.jpg"


@pytest.mark.parametrize(
    ("categories", "words"),
    [
        ([{"id": "3", "name": "dog"}, {"id": 7.0, "name": "cat"}], None),  # the same ids, written otherwise
        ([{"id": 7, "name": "dog"}, {"id": 3, "name": "cat"}], "different categories, in another order of their ids"),
        (
            [{"id": "x", "name": "bird"}, {"id": 7, "name": "cat"}],
            "different categories, as 3 'dog', which one of them",
        ),
    ],
)
def test_the_splits_must_have_the_same_classes_in_the_same_order(own, tmp_path, categories, words):
    write_json(tmp_path / "own" / "val.json", [image(1)], [], categories)
    if words:
        assert words in refusal(own)
    else:
        prepare_coco(own)
