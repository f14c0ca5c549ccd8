"""Splits by chance, the same everywhere, and those of the data set's own lists."""

import math

import pytest

from yolo_feiou.datasets.voc.annotations import VocImage
from yolo_feiou.datasets.voc.splits import split_as_given, split_by_seed
from yolo_feiou.errors import DataError

IMAGES = [VocImage(f"{n:03}", f"{n:03}.jpg", (math.nan, math.nan), ()) for n in range(100)]


def keys(splits):
    return {name: [image.key for image in part] for name, part in splits.items()}


def write_lists(folder, **lists):
    (folder / "ImageSets" / "Main").mkdir(parents=True)
    for name, text in lists.items():
        (folder / "ImageSets" / "Main" / f"{name}.txt").write_text(text)
    return folder


def test_shares_are_those_asked_for_and_each_image_is_in_one_split():
    splits = keys(split_by_seed(IMAGES, 0.2, 0.1, 0))
    assert {name: len(part) for name, part in splits.items()} == {"train": 70, "val": 20, "test": 10}
    assert sorted(key for part in splits.values() for key in part) == [image.key for image in IMAGES]
    assert keys(split_by_seed(IMAGES[::-1], 0.2, 0.1, 0)) == splits
    assert keys(split_by_seed(IMAGES, 0.2, 0.1, 1)) != splits


def test_the_order_is_that_of_sha_256():
    """By `printf 0/000 | sha256sum` and so on, 001 (76d7…) is before 000 (79be…) and 002 (b4ea…): test, val, train."""
    splits = keys(split_by_seed(IMAGES[:3], 0.34, 0.34, 0))
    assert splits == {"test": ["001"], "val": ["000"], "train": ["002"]}


def test_new_images_mix_the_others_little():
    """With 2 % more images a border moves by 2 % at most, and so few change their split."""
    before, after = (keys(split_by_seed(some, 0.2, 0.2, 0)) for some in (IMAGES[:98], IMAGES))
    moved = [key for name, part in before.items() for key in part if key not in after[name]]
    assert len(moved) <= 4


def test_val_has_an_image_at_least_and_train_too():
    assert set(keys(split_by_seed(IMAGES[:2], 0, 0, 0))) == {"train", "val"}
    with pytest.raises(DataError, match="val=0.5 and test=0.5 of 100 images leave none to train on"):
        split_by_seed(IMAGES, 0.5, 0.5, 0)


def test_lists_are_followed_and_names_without_image_counted(tmp_path):
    """A line of another tool's list has a flag after the name."""
    folder = write_lists(tmp_path, train="002 1\n000\n\n", val="001\nnope\n", trainval="003\n")
    splits, unknown = split_as_given(IMAGES, folder)
    assert (keys(splits), unknown) == ({"train": ["000", "002"], "val": ["001"]}, 1)


@pytest.mark.parametrize(
    ("lists", "message"),
    [
        ({}, r"split=given: there is no .*train\.txt, and beside it no list\. Expected train\.txt, val\.txt and"),
        ({"trainval": "000\n001\n", "cat_train": "000 1\n"}, r"beside it cat_train\.txt, trainval\.txt\."),
        ({"train": "000\n"}, r"split=given: there is no .*val\.txt, and beside it train\.txt\."),
        ({"train": "000\n", "val": "000\n"}, r"000 of .*val\.txt is in train\.txt too"),
        ({"train": "000\n", "val": "nope\n"}, r"val\.txt lists no image that has an XML"),
    ],
)
def test_lists_that_make_no_splits_are_refused(tmp_path, lists, message):
    with pytest.raises(DataError, match=message):
        split_as_given(IMAGES, write_lists(tmp_path, **lists))
