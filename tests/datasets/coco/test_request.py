"""What the arguments of the script ask for, and which of them don't go together."""

import pytest

from tests.datasets.coco.assertions import refusal, tree
from tests.datasets.coco.factories import own_data
from yolo_feiou.datasets.coco.catalogue import COCO_2017, URL
from yolo_feiou.datasets.coco.command import prepare_coco
from yolo_feiou.datasets.coco.request import read_prepare_request
from yolo_feiou.errors import ArgumentError


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (["source=x"], "give out=FOLDER"),
        (["out=a", "source=nowhere"], "source=nowhere: there is no such folder"),
        (["out=a", "train=b.json"], "give images=FOLDER or train_images=FOLDER"),
        (["out=a", "train=b.json", "images=."], "give val=FILE.json too"),
        (["out=a", "train=b.json", "val=b.json", "images=."], "train=b.json: there is no such file"),
        (["out=a", "source=.", "train=b.json"], "give one"),
        (["out=a", "source=.", "test=c.json"], "With COCO 2017 it is True or False"),
        (["out=a", "source=."], "has neither annotations/instances_val2017.json nor annotations_trainval2017.zip"),
        (["out=a", "missing=perhaps"], "missing=perhaps is not one of stop, skip"),
        (["out=a", "imags=."], "did you mean 'images'?"),
    ],
)
def test_arguments_that_do_not_fit_are_refused(words, expected, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert expected in refusal(words, ArgumentError)
    assert not tree(tmp_path)


def test_a_folder_within_that_of_the_images_is_refused(tmp_path):
    words = own_data(tmp_path)
    for within in (tmp_path / "train", tmp_path / "train" / "prepared"):
        with pytest.raises(ArgumentError, match="the folder of the images, which would then hold a link to itself"):
            prepare_coco([f"out={within}", *words])
        assert not (within / "labels").exists()


def ask(*words):
    """The request of these words."""
    return read_prepare_request(dict(word.split("=", 1) for word in words), COCO_2017, URL)


def test_what_decides_on_the_result_is_recorded_and_the_number_of_workers_is_not(own, out, tmp_path):
    recorded = ask(*own, "missing=skip").options.to_json()
    folder = tmp_path / "own"
    assert recorded == {
        "out": str(out),
        "missing": "skip",
        "train": [str(folder / "train.json"), str(folder / "train")],
        "val": [str(folder / "val.json"), str(folder / "val")],
    }
    assert ask(*own, "missing=skip", "workers=2").options.to_json() == recorded
    assert ask(f"out={out}").options.to_json() == {
        **{"out": str(out), "missing": "stop", "source": URL, "splits": ["val", "train"]}
    }


def test_the_test_dev_images_of_coco_are_wanted_where_that_is_said(out):
    request = ask(f"out={out}", "test=TRUE")
    assert request.splits == [
        *(("val2017", "val2017.txt"), ("train2017", "train2017.txt"), ("test2017", "test-dev2017.txt"))
    ]
    assert request.options.published == ("val", "train", "test")
    assert ask(f"out={out}", "test=False").splits == request.splits[:2]


def test_a_split_has_its_own_folder_of_images_or_else_that_of_all(own, out, tmp_path):
    words = [word.replace("val_images=", "images=") for word in own]
    request = ask(*words)
    assert request.images == {"train": tmp_path / "own" / "train", "val": tmp_path / "own" / "val"}
    assert request.yaml == "mine.yaml" and request.ready and request.zips == {}
    assert request.fresh == [out / "images" / "train", out / "images" / "val"]
