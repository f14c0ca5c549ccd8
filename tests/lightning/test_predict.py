"""Pictures of what a detector finds: one for each image, whatever the images are called."""

import shutil
from pathlib import Path

import cv2
import numpy as np
import pytest
import torch

from yolo_feiou.errors import DataError
from yolo_feiou.lightning.predict import draw_boxes, list_images, name_picture, predict


def test_each_picture_has_a_name_of_its_own():
    """Formats of one stem, names that look like ours, and disks that don't tell A from a."""
    taken, names = set(), []
    for name in ("a.jpg", "a.jpg.png", "a.png", "A.bmp", "A.BMP", "b.c.tif"):
        names.append(name_picture(Path(name), taken))
        taken.add(names[-1].lower())
    assert names == ["a.png", "a.jpg.png", "a.png.png", "A.bmp.png", "A.BMP-2.png", "b.c.png"]
    assert len(taken) == 6


def test_images_are_those_of_a_folder_by_name(tmp_path):
    for name in ("b.JPG", "a.png", "notes.txt", "c.webp"):
        (tmp_path / name).touch()
    (tmp_path / "d.jpg").mkdir()
    assert [file.name for file in list_images(tmp_path)] == ["a.png", "b.JPG", "c.webp"]
    assert list_images(tmp_path / "a.png") == [tmp_path / "a.png"]


@pytest.mark.parametrize("name", ["", "nix.jpg", "notes.txt"])
def test_a_source_without_images_is_told(tmp_path, name):
    if name == "notes.txt":
        (tmp_path / name).touch()
    with pytest.raises(DataError, match=r"has no images: expected a file or folder of \.jpg, "):
        list_images(tmp_path / name)


def test_boxes_are_drawn_red():
    image = torch.zeros(3, 100, 100, dtype=torch.uint8)
    found = {"boxes": torch.tensor([[20.0, 30, 60, 80]]), "scores": torch.tensor([0.5])}
    drawn = draw_boxes(image, found, ["cat"])
    assert drawn[:, 80, 40].tolist() == [255, 0, 0] and drawn[:, 50, 40].tolist() == [0, 0, 0]
    assert draw_boxes(image, {"boxes": torch.zeros(0, 4), "scores": torch.zeros(0)}, []) is image


@pytest.mark.slow
def test_images_of_one_stem_have_a_picture_each(trained, data, tmp_path):
    """In colours, gray, with 16 bits and with transparency."""
    pixels = cv2.imread(str(next((Path(data).parent / "images" / "val").iterdir())))
    source = tmp_path / "source"
    source.mkdir()
    cv2.imwrite(str(source / "a.jpg"), pixels)
    cv2.imwrite(str(source / "a.png"), pixels.astype(np.uint16) * 256)
    cv2.imwrite(str(source / "a.bmp"), pixels[:, :, 0])
    cv2.imwrite(str(source / "a.tif"), np.dstack([pixels, pixels[:, :, 0]]))
    made = []

    def make_folder():
        made.append(tmp_path / "out")
        made[0].mkdir()
        return made[0]

    pictures = predict(trained / "weights" / "best.pt", source, make_folder, conf=0.9, device="cpu")
    assert [picture.name for picture in pictures] == ["a.png", "a.jpg.png", "a.png.png", "a.tif.png"]
    assert len(made) == 1 and sorted(pictures) == sorted(made[0].iterdir())
    gray, _, color, _ = (cv2.imread(str(picture)) for picture in pictures)
    assert (color == pixels).all() and (gray == pixels[:, :, :1]).all()  # nothing was found with a score of 0.9


@pytest.mark.slow
def test_options_change_what_is_found(trained, data, tmp_path, capsys):
    """An image has three boxes at most, none with a class score below the bound."""

    def count(**options):
        file = next((Path(data).parent / "images" / "val").iterdir())
        capsys.readouterr()
        predict(trained / "weights" / "best.pt", file, lambda: tmp_path, device="cpu", **options)
        words = capsys.readouterr().out.splitlines()[0].rpartition(": ")[2]
        return 0 if words == "nothing" else sum(int(word.split()[0]) for word in words.split(", "))

    assert count(conf=0, max_det=3) == 3
    assert count(conf=0.99) == 0
    assert count(conf=0, max_det=10_000, iou=0.1) < count(conf=0, max_det=10_000, iou=0.9)


@pytest.mark.slow
def test_a_damaged_image_is_told(trained, data, tmp_path):
    shutil.copy(next((Path(data).parent / "images" / "val").iterdir()), tmp_path / "a.jpg")
    (tmp_path / "b.jpg").write_bytes((tmp_path / "a.jpg").read_bytes()[:20])
    (tmp_path / "out").mkdir()
    with pytest.raises(DataError, match=r"b\.jpg can't be decoded by OpenCV"):
        predict(trained / "weights" / "best.pt", tmp_path, lambda: tmp_path / "out", device="cpu")
    with pytest.raises(DataError, match=r"b\.jpg can't be decoded by OpenCV"):
        predict(trained / "weights" / "best.pt", tmp_path / "b.jpg", lambda: pytest.fail("made"), device="cpu")
