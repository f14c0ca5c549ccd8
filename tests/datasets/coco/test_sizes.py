"""The sizes in a JSON beside those of the files."""

from inspect import getsource

import numpy as np
import pytest
from PIL import Image
from ultralytics.data.utils import exif_size

from tests.datasets.coco.factories import image, write_images, write_json
from yolo_feiou.datasets.coco.annotations import read_coco_columns
from yolo_feiou.datasets.coco.sizes import check_sizes, compare_sizes, read_size
from yolo_feiou.errors import DataError

TOLD = [(640, 480), (481, 640), (333, 500)]
NAMES = ["a.jpg", "b.jpg", "c.jpg"]


def compare(found, told=TOLD):
    return compare_sizes(NAMES[: len(told)], np.array(told, float), np.array(found, float), "a.json")


def refusal(found, told=TOLD):
    with pytest.raises(DataError) as error:
        compare(found, told)
    assert "\n" not in str(error.value)
    return str(error.value)


@pytest.mark.parametrize("factor", [0.5, 2, 0.65, 1 / 3, 416 / 640, 1.7])
@pytest.mark.parametrize("rounded", [np.floor, np.round, np.ceil])
def test_one_factor_for_all_whatever_way_sides_are_rounded(factor, rounded):
    """Known to a pixel of the longest side."""
    found, note = compare(rounded(np.array(TOLD) * factor))
    assert found == pytest.approx(factor, abs=1 / 640) and f"are {found:.6g} times as large as a.json says" in note


@pytest.mark.parametrize("factor", [0.5, 2, 0.25])
def test_a_simple_factor_is_exact(factor):
    assert compare(np.round(np.array(TOLD) * factor))[0] == factor


def test_equal_sizes_and_unknown_ones_say_nothing():
    assert compare(TOLD) == (1, "")
    assert compare([(640, 480), (9, 9), (8, 8)], [(640, 480), (np.nan, np.nan), (7, np.nan)]) == (1, "")


def test_a_pixel_is_rounding_and_is_said():
    factor, note = compare([(640, 480), (480, 640), (333, 501)])
    assert factor == 1 and "2 of 3 images are a pixel larger or smaller than a.json says: b.jpg (JSON 481 × 640" in note


@pytest.mark.parametrize(
    ("found", "words"),
    [
        (
            [(480, 640), (640, 481), (500, 333)],
            "3 of 3 images are not those of their files: a.jpg (JSON 640 × 480, file",
        ),
        ([(480, 640), (640, 481), (500, 333)], "Width and height are swapped"),
        (
            [(640, 480), (640, 481), (333, 500)],
            "1 of 3 images are not those of their files: b.jpg (JSON 481 × 640, file",
        ),
        ([(640, 480), (640, 481), (333, 500)], "EXIF orientation"),
        ([(640, 640)] * 3, "stretched or letterboxed to that after annotation"),
        ([(640, 480), (481, 640), (111, 111)], "The others fit"),
        ([(600, 400), (300, 640), (111, 200)], "They differ by no common factor"),
        ([(320, 240), (481, 640), (333, 500)], "The others fit"),
    ],
)
def test_other_sizes_are_refused_with_their_likely_cause(found, words):
    assert words in refusal(found)


def test_the_first_three_are_named():
    many = [(100 + n, 50) for n in range(9)]
    with pytest.raises(
        DataError, match=r"9 of 9 .*: 0 \(JSON .*, 1 \(JSON .*, 2 \(JSON 102 × 50, file 7 × 7\) and 6 more"
    ):
        compare_sizes([str(n) for n in range(9)], np.array(many, float), np.array([(7, 7)] * 9, float), "a.json")


@pytest.mark.parametrize("mode", ["RGB", "L"])
@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "TIFF", "BMP"])
@pytest.mark.parametrize("orientation", [None, 1, 3, 5, 6, 8])
def test_a_size_is_what_ultralytics_finds(tmp_path, kind, orientation, mode):
    if orientation in (5, 6, 8) and "tag_v2" not in getsource(exif_size):
        pytest.skip("this release of Ultralytics turns JPEG alone")
    block = Image.Exif()
    block[274] = orientation or 1
    path = tmp_path / f"a.{kind.lower()}"
    Image.new(mode, (64, 48), "red" if mode == "RGB" else 9).save(
        path, kind, **({} if orientation is None else {"exif": block})
    )
    with Image.open(path) as image:
        assert read_size(path) == exif_size(image)


def test_what_is_no_image_has_no_size_and_nothing_is_installed_for_it(tmp_path, monkeypatch):
    from ultralytics.utils import checks

    monkeypatch.setattr(checks, "check_requirements", lambda *_: pytest.fail("a package would be installed"))
    (tmp_path / "a.jpg").write_bytes(b"no image")
    (tmp_path / "b.jpg").write_bytes(b"")
    assert [read_size(tmp_path / name) for name in ("a.jpg", "b.jpg", "c.jpg")] == [None] * 3


def columns(path, images):
    return read_coco_columns(write_json(path / "a.json", images, []))


def opened_of(count, tmp_path, **how):
    """The numbers of the images that are opened of a set of so many."""
    opened = []

    def read(path):
        opened.append(int(path.stem))
        return 200, 100

    check_sizes(columns(tmp_path, [image(n) for n in range(count)]), tmp_path, "a.json", read=read, **how)
    return opened


def test_all_images_of_a_small_set_are_opened_and_some_of_a_large_one(tmp_path):
    """The first, the last, and evenly between."""
    for count, expected in ((10, list(range(10))), (91, list(range(0, 91, 10)))):
        assert opened_of(count, tmp_path, most=10) == expected


def test_500_images_of_a_large_set_are_opened_and_all_of_one_that_has_no_more(tmp_path):
    """The number that data/README.md gives."""
    for count, expected in ((499, 499), (500, 500), (501, 500), (2000, 500)):
        opened = opened_of(count, tmp_path)
        assert len(set(opened)) == len(opened) == expected and {0, count - 1} <= set(opened)
        assert max(np.diff(opened)) <= -(-(count - 1) // 499)  # evenly: no gap is wider than the mean, rounded up


def test_a_size_that_the_json_lacks_is_that_of_the_file(tmp_path):
    """Images without one are opened whether chosen or not."""
    write_images(tmp_path, ["1.jpg", "2.jpg"])
    write_images(tmp_path, ["3.jpg"], (60, 40))
    read = columns(tmp_path, [image(1), image(2), image(3, width=None, height=None)])
    filled, notes = check_sizes(read, tmp_path, "a.json", most=1)
    assert filled.sizes.tolist() == [[200, 100], [200, 100], [60, 40]] and notes == ()
    (tmp_path / "3.jpg").write_bytes(b"no image")
    with pytest.raises(
        DataError, match=r"1 of 3 images have no width and height, and their files can't be read: 3\.jpg"
    ):
        check_sizes(read, tmp_path, "a.json", most=1)


def test_a_size_that_the_json_lacks_is_in_the_pixels_of_its_boxes(tmp_path):
    """Files of 100 × 50 where the JSON says 200 × 100: halved, and so is the third, of which it says nothing."""
    write_images(tmp_path, ["1.jpg", "2.jpg"], (100, 50))
    write_images(tmp_path, ["3.jpg"], (60, 40))
    read = columns(tmp_path, [image(1), image(2), image(3, width=None, height=None)])
    filled, (note,) = check_sizes(read, tmp_path, "a.json")
    assert filled.sizes.tolist() == [[200, 100], [200, 100], [120, 80]]
    assert note.startswith("the files of all 2 images that have a size there are 0.5 times as large as a.json says")


def test_files_that_can_not_be_read_are_said(tmp_path):
    write_images(tmp_path, ["1.jpg"])
    (tmp_path / "2.jpg").write_bytes(b"no image")
    _, notes = check_sizes(columns(tmp_path, [image(1), image(2)]), tmp_path, "a.json")
    assert len(notes) == 1 and "1 of 2 image files that were opened can't be read" in notes[0] and "2.jpg" in notes[0]
