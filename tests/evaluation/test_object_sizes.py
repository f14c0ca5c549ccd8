"""Objects are in the pixels of the files, whatever sizes and areas the JSON has."""

import cv2
import numpy as np
import pytest
from PIL import Image

from tests.evaluation.three_images import expect, refusal, same
from yolo_feiou.errors import DataError


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
