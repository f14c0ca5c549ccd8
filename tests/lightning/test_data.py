"""What a detector trains on: images with objects alone, each step's own, and the classes that count."""

from itertools import islice

import cv2
import numpy as np
import pytest

from tests.lightning.factories import write_image
from tests.lightning.trainings import arguments
from yolo_feiou.detectors.config import DetectorConfig
from yolo_feiou.errors import DataError
from yolo_feiou.lightning.data import measure_mean_side, read_training_data


def config(detector="retinanet"):
    return DetectorConfig.from_dict({"detector": detector, "weights": "none"})


def read(data, detector="retinanet", **given):
    return read_training_data(arguments("retinanet.yaml", data, **given), config(detector))


@pytest.fixture
def small(tmp_path):
    """Four images to train on, one of them without objects, and two to validate on; of classes cat and dog."""
    lines = {"train": ["0 0.5 0.5 0.5 0.5", "", "1 0.5 0.5 0.2 0.4\n0 0.3 0.3 0.2 0.2", "1 0.5 0.5 1 1"]}
    for part, rows in {**lines, "val": ["0 0.5 0.5 0.5 0.5", "1 0.5 0.5 0.5 0.5"]}.items():
        for number, row in enumerate(rows):
            write_image(tmp_path / "images" / part / f"{number}.png", (40, 80), number)
            file = tmp_path / "labels" / part / f"{number}.txt"
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(row)
    yaml = tmp_path / "small.yaml"
    yaml.write_text(f"path: {tmp_path}\ntrain: images/train\nval: images/val\nnames: [cat, dog]\n")
    return yaml


def test_images_without_objects_are_not_trained_on(small):
    data = read(small)
    assert (len(data.images), data.count, data.names) == (4, 3, ["cat", "dog"])
    loader = data.make_loader(arguments("m", small, batch=1), 0, 30, 0, 1)
    seen = {target["image_id"] for _, targets in loader for target in targets}
    assert seen == {0, 2, 3}, "30 steps are 10 epochs"


def test_a_loader_gives_the_batches_of_its_steps(data):
    """From any step on, and a rank every second image of each."""
    found, given = read(data), arguments("m", data, batch=4, seed=5)

    def batches(first, last, rank=0, world=1):
        loader = found.make_loader(given, first, last, rank, world)
        return [
            ([image.sum().item() for image in images], [one["image_id"] for one in targets])
            for images, targets in loader
        ]

    whole = batches(0, 9)
    assert len(whole) == 9 and all(len(images) == 4 for images, _ in whole)
    assert batches(6, 9) == whole[6:]
    assert batches(6, 9, 1, 2) == [(images[1::2], ids[1::2]) for images, ids in whole[6:]]
    assert batches(9, 9) == []


def test_workers_read_the_same(data):
    found = read(data)
    one, other = (
        [
            image.sum().item()
            for images, _ in found.make_loader(arguments("m", data, workers=workers), 0, 4, 0, 1)
            for image in images
        ]
        for workers in (0, 2)
    )
    assert one == other


def test_a_loader_has_no_length(data):
    """Lightning would count the steps before a resume among it."""
    with pytest.raises(TypeError):
        len(read(data).make_loader(arguments("m", data), 0, 5, 0, 1))


def test_labels_count_from_where_the_detector_has_its_first_class(small):
    def labels(detector):
        return [read(small, detector).images[number][1]["labels"].tolist() for number in (0, 2)]

    assert labels("retinanet") == [[0], [1, 0]] and labels("faster_rcnn") == [[1], [2, 1]]


def test_chosen_classes(small):
    """Class 1 alone is in two images; with one class all objects are items."""
    data = read(small, classes="1")
    assert (data.count, data.names) == (2, ["cat", "dog"])
    single = read(small, single_cls=True)
    assert single.names == ["item"] and single.images[2][1]["labels"].tolist() == [0, 0]


def test_validation_images_are_never_flipped(data):
    found = read(data, val=True, fliplr=1.0)
    assert found.validated is not None
    images, subject = found.validated
    assert images.fliplr == 0 and found.images.fliplr == 1 and len(images) == 8
    assert len(subject.images.labels) == 8 and read(data, val=False).validated is None


def test_masks_for_a_detector_that_learns_them(data):
    assert "masks" not in read(data).images[0][1]
    target = read(data, "mask_rcnn").images[0][1]
    assert target["masks"].shape == (len(target["boxes"]), 128, 128) and target["masks"].any()


def test_data_without_masks_is_refused_where_they_are_needed(small):
    with pytest.raises(DataError, match="mask"):
        read(small, "mask_rcnn")


def test_data_without_objects_is_refused(small):
    for file in (small.parent / "labels" / "train").glob("*.txt"):
        file.write_text("")
    with pytest.raises(DataError, match=r"has no objects in its 4 images: there is nothing to train on"):
        read(small)


def test_validation_data_without_objects_is_refused_before_the_training(small):
    for file in (small.parent / "labels" / "val").glob("*.txt"):
        file.write_text("")
    with pytest.raises(DataError):
        read(small, val=True)
    assert read(small, val=False).count == 3


def test_the_mean_side_is_in_pixels_of_the_resized_images(small):
    """Images of 80 × 40: boxes of 40 × 20, 16 × 16, 16 × 8 and 80 × 40. At 60 px the shorter side becomes 60 unless the
    longer one is then above 60 · 1333/800 = 99.975, which is so: the scale is 99.975/80.
    """
    sides = [(40 * 20) ** 0.5, 16, (16 * 8) ** 0.5, (80 * 40) ** 0.5]
    expected = np.mean(sides) * 99.975 / 80
    assert measure_mean_side(read(small).images, 60) == pytest.approx(expected, rel=1e-4)


def test_a_damaged_image_is_named(small):
    file = small.parent / "images" / "train" / "0.png"
    data = read(small)
    cv2.imwrite(str(file), np.zeros((20, 80, 3), np.uint8))
    with pytest.raises(DataError, match=r"0\.png was read with another size"):
        list(islice(data.make_loader(arguments("m", small, workers=1), 0, 6, 0, 1), 6))
