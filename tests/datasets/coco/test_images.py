"""Names of images that Ultralytics can use, and files that are there."""

import numpy as np
import pytest
from ultralytics.data.utils import IMG_FORMATS

from tests.datasets.coco.factories import write_images
from yolo_feiou.datasets.coco.images import IMAGE_SUFFIXES, check_missing, find_existing, make_usable_names
from yolo_feiou.errors import DataError


@pytest.mark.parametrize(
    ("names", "folder", "paths"),
    [
        (["7.jpg", "a/7.png"], "", ["7.jpg", "a/7.png"]),
        (["./7.jpg", "a//b/../8.JPG"], "", ["7.jpg", "a/8.JPG"]),
        (["images/7.jpg", "images/a/8.jpg"], "images", ["7.jpg", "a/8.jpg"]),
        (["x/images/y/images/7.jpg"], "x/images/y/images", ["7.jpg"]),
        (["myimages/7.jpg", "images.jpg"], "", ["myimages/7.jpg", "images.jpg"]),
    ],
)
def test_names_become_paths_within_the_folder_of_the_images(names, folder, paths):
    assert make_usable_names(names, "a.json") == (folder, paths)


@pytest.mark.parametrize(
    ("names", "words"),
    [
        (["7.jpg", "../7.jpg"], "file_name '../7.jpg' of 2 leads out"),
        (["/data/7.jpg", "/data/8.jpg", "9.jpg"], "file_name '/data/7.jpg', '/data/8.jpg' of 3"),
        (["a/../../7.jpg"], "leads out"),
        ([""], "leads out"),
        (["a\\7.jpg"], "leads out"),
        (["7\n.jpg"], "leads out"),
        (["7\u2028.jpg"], "leads out"),  # a line ends here for Python, and so for Ultralytics
        (["a\\..\\..\\7.jpg"], "leads out"),
        (["7.gif"], "is not an image format that Ultralytics reads"),
        (["7.jpg", "jpg"], "file_name 'jpg' of 2 is not an image format"),  # a name, and no suffix
        (["a/png"], "file_name 'a/png' of 1 is not an image format"),
        ([".jpg"], "file_name '.jpg' of 1 is not an image format"),
        (["7"], "is not an image format that Ultralytics reads"),
        (["7.jpg", "7.png"], "images 7.jpg and 7.png would share the label file 7.txt"),
        (["7.jpg", "./7.jpg"], "image 7.jpg is listed 2 times, with an id each: list it once"),
        (["images/7.jpg", "8.jpg"], "'images/' before them and none such"),
    ],
)
def test_names_that_can_not_be_used_are_refused(names, words):
    with pytest.raises(DataError) as error:
        make_usable_names(names, "a.json")
    assert words in str(error.value) and str(error.value).startswith("a.json: ")


def test_backslashes_are_a_path_where_that_file_exists(tmp_path):
    write_images(tmp_path, ["a/b/7.jpg", "images/8.jpg"])
    assert make_usable_names(["a\\b\\7.jpg"], "a.json", tmp_path) == ("", ["a/b/7.jpg"])
    assert make_usable_names(["images\\8.jpg"], "a.json", tmp_path) == ("images", ["8.jpg"])
    with pytest.raises(DataError, match=r"file_name 'a..b..9.jpg' of 1 leads out .* or is not a path of a file"):
        make_usable_names(["a\\b\\9.jpg"], "a.json", tmp_path)


@pytest.mark.parametrize(
    ("name", "there", "words"),
    [
        ("A.JPG", "a.jpg", "A.JPG: did you mean 'a.jpg'? It differs in case"),
        ("b%20c.jpg", "b c.jpg", "It differs in %-escapes"),
        ("u\u0308.jpg", "\u00fc.jpg", "It differs in its Unicode form"),
        ("x/A.jpg", "x/a.jpg", "did you mean 'a.jpg'?"),
    ],
)
def test_a_missing_image_that_is_there_in_another_spelling_gets_a_hint(tmp_path, name, there, words):
    write_images(tmp_path, [there, "other.jpg"])
    for names in ([name], [name, "other.jpg"]):
        with pytest.raises(DataError) as error:
            check_missing(names, find_existing(names, tmp_path), tmp_path, "a.json", skip=False)
        assert words in str(error.value)


def test_files_and_links_to_them_count_as_there(tmp_path):
    write_images(tmp_path, ["1.jpg", "a/2.jpg"])
    (tmp_path / "3.jpg").mkdir()  # a folder is no image
    (tmp_path / "4.jpg").symlink_to(tmp_path / "1.jpg")
    (tmp_path / "5.jpg").symlink_to(tmp_path / "nowhere")
    names = ["1.jpg", "2.jpg", "a/2.jpg", "b/2.jpg", "1.jpg/x.jpg", "3.jpg", "4.jpg", "5.jpg"]
    assert find_existing(names, tmp_path).tolist() == [True, False, True, False, False, False, True, False]


def test_missing_images_are_named_and_counted():
    names = [f"{n}.jpg" for n in range(6)]
    there = np.array([True, False, False, False, False, True])
    with pytest.raises(
        DataError, match=r"4 of the 6 images in a.json are not in b: 1.jpg, 2.jpg, 3.jpg and 1 more\. .*=skip"
    ):
        check_missing(names, there, "b", "a.json", skip=False)
    assert check_missing(names, there, "b", "a.json", skip=True) == names[1:5]
    for skip in (False, True):
        with pytest.raises(DataError, match="none of the 6 images in a.json is in b: 0.jpg"):
            check_missing(names, ~there & there, "b", "a.json", skip=skip)
    assert check_missing(names, there | ~there, "b", "a.json", skip=False) == []


def test_images_have_the_suffixes_that_ultralytics_reads():
    if "avif" not in IMG_FORMATS:
        assert {"pfm"} == set(IMG_FORMATS) - IMAGE_SUFFIXES, "the older releases read a format more"
    else:
        assert set(IMG_FORMATS) == IMAGE_SUFFIXES
