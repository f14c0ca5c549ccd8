"""Image files find their images, classes their categories."""

import time

import pytest

from yolo_feiou.errors import DataError
from yolo_feiou.evaluation.ids import match_categories, match_images


def images(*names):
    """Images numbered from 10."""
    return [{"id": number, "file_name": name} for number, name in enumerate(names, 10)]


@pytest.mark.parametrize(
    "name", ["7.jpg", "val/7.jpg", "/data/images/val/7.jpg", "elsewhere/images/val/7.jpg", "val\\7.jpg", "other/7.jpg"]
)
def test_a_file_is_found_wherever_it_lies(name):
    assert match_images(["/data/images/val/7.jpg"], images(name, "7.png", "17.jpg")) == {"/data/images/val/7.jpg": 10}


def test_folders_tell_files_apart():
    files = ["/d/a/7.jpg", "/d/b/7.jpg", "/d/7.jpg"]
    assert match_images(files, images("b/7.jpg", "a/7.jpg", "d/7.jpg")) == dict(zip(files, [11, 10, 12], strict=True))


def test_names_need_no_numbers():
    files = ["/d/eins zwei.jpg", "/d/ünï.jpg", "/d/0007.jpg", "/d/7.jpg"]
    names = ["7.jpg", "ünï.jpg", "eins zwei.jpg", "0007.jpg"]
    assert list(match_images(files, images(*names)).values()) == [12, 11, 13, 10]


def test_frames_of_many_videos_take_no_longer_than_their_number():
    # 300 videos with frames of the same 300 names: seconds; where each was compared with all of its name, hours.
    names = [f"v{video}/{frame:04}.jpg" for video in range(300) for frame in range(300)]
    began = time.process_time()
    found = match_images([f"/d/images/{name}" for name in names], images(*names))
    assert list(found.values()) == list(range(10, 90_010))
    assert time.process_time() - began < 30


def test_many_classes_take_no_longer_than_their_number():
    names = [str(number) for number in range(30_000)]
    began = time.process_time()
    assert match_categories(names[::-1], categories(*names)) == [90 - number for number in range(30_000)][::-1]
    assert time.process_time() - began < 20  # a hundredth of a second; where each was compared with all, a minute


@pytest.mark.parametrize(
    ("files", "names", "message"),
    [
        (["/d/8.jpg"], ["7.jpg"], "/d/8.jpg is in the split but not among the 1 images of the ground truth"),
        (["/d/7.jpg"], ["x/7.jpg", "y/7.jpg"], "/d/7.jpg matches 2 images of the ground truth: give their file_name"),
        (["/a/7.jpg", "/b/7.jpg"], ["7.jpg"], "/a/7.jpg and /b/7.jpg both match the image with id 10"),
    ],
)
def test_what_cannot_be_told_is_refused(files, names, message):
    with pytest.raises(DataError, match=message):
        match_images(files, images(*names))


def categories(*names):
    """Categories numbered from 90 downwards."""
    return [{"id": 90 - number, "name": name} for number, name in enumerate(names)]


def test_classes_are_found_by_name():
    assert match_categories(["cat", "dog"], categories("dog", "fish", "cat")) == [88, 90]


def test_equal_names_in_equal_order_go_by_position():
    assert match_categories(["cell", "cell"], categories("cell", "cell")) == [90, 89]


@pytest.mark.parametrize(
    ("names", "known", "message"),
    [
        (
            ["cat", "dgo"],
            ["dog", "cat"],
            r"unknown class 'dgo' of the model \(2 known in the ground truth\): did you mean 'dog'",
        ),
        (["0"], ["cat"], r"unknown class '0' of the model \(1 known in the ground truth\)\. Evaluate"),
        (["cell"], ["cell", "cell"], "the class name 'cell' is there twice"),
        (["cell", "cell"], ["cell"], "the class name 'cell' is there twice"),
    ],
)
def test_classes_of_other_data_are_refused(names, known, message):
    with pytest.raises(DataError, match=message):
        match_categories(names, categories(*known))
