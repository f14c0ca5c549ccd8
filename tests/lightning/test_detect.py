"""A saved model finds what the model in memory does, in pixels of the original images and with classes from 0."""

import numpy as np
import pytest
import torch

from tests.lightning.factories import label, split, write_image
from tests.lightning.trainings import DETECTORS, write_checkpoint, write_model
from yolo_feiou.errors import DataError
from yolo_feiou.lightning.detect import (
    TrainedDetector,
    choose_device,
    detect_images,
    list_detections,
    merge_classes,
    without_masks,
)
from yolo_feiou.lightning.images import Images

SHAPES = ((50, 80), (120, 90), (64, 64))
#: Of a dense detector without training, whose scores are about 0.01.
MORE = {
    "retinanet": "score_threshold: 0.001\nnms: 0.5\n",
    "atss": "score_threshold: 0.001\n",
    "paa": "score_threshold: 0.001\n",
}


@pytest.fixture(scope="module")
def images(tmp_path_factory):
    """Three images of random pixels, of other shapes, on which nothing is learnt."""
    root = tmp_path_factory.mktemp("images")
    labels = []
    for number, shape in enumerate(SHAPES):
        write_image(root / f"{number}.png", shape, number)
        labels.append(label(root / f"{number}.png", shape, [[5, 5, 30, 20]]))
    return Images(split(root, labels), fliplr=0)


def write(folder, detector, **options):
    model = write_model(folder, detector, f"norm: group\ndetections: 10\n{MORE.get(detector, '')}")
    return write_checkpoint(folder / "best.pt", model, **options)


def expect(built, images):
    """What the model in memory finds in batches of two: how much an image is padded depends on the others."""
    built.eval()
    first, pixels = built.first_label, [images[number][0] for number in range(len(images))]
    with torch.inference_mode():
        found = [*built(pixels[:2]), *built(pixels[2:])]
    rows = [(one["boxes"], one["scores"][:, None], one["labels"][:, None] - first) for one in found]
    return [torch.cat(columns, 1).double().numpy() for columns in rows]


@pytest.mark.parametrize("detector", DETECTORS)
def test_a_saved_model_finds_what_it_found_in_memory(detector, images, tmp_path):
    """Mask R-CNN too, which computes no masks for it, and has the same boxes and scores."""
    built = write(tmp_path, detector, loss="wiou")  # whose running mean is in the checkpoint, and no part of a model
    expected = expect(built, images)
    trained = TrainedDetector(tmp_path / "best.pt", "cpu")
    found = trained.detect(images, batch=2, workers=0, data="the data").by_file
    assert list(found) == images.files and sum(len(rows) for rows in expected) >= 10
    for file, rows in zip(images.files, expected, strict=True):
        np.testing.assert_array_equal(found[file], rows)
        assert set(found[file][:, 5]) <= {0, 1}


def test_detections_say_how_they_were_made(images, tmp_path):
    write(tmp_path, "faster_rcnn")
    found = TrainedDetector(tmp_path / "best.pt", "cpu").detect(images, batch=2, workers=0, split="val")
    assert found.names == ["ellipse", "rectangle"]
    assert found.shapes == dict(zip(images.files, SHAPES, strict=True))
    expected = {"conf": 0.05, "iou": 0.5, "max_det": 10, "imgsz": 64, "batch": 2, "single_cls": False, "split": "val"}
    assert found.settings == expected


def test_thresholds_can_be_changed(images, tmp_path):
    write(tmp_path, "retinanet")
    path = tmp_path / "best.pt"

    def detect(**changes):
        found = TrainedDetector(path, "cpu", **changes).detect(images, 3, 0)
        return found.settings, [len(rows) for rows in found.by_file.values()], np.concatenate([*found.by_file.values()])

    settings, counts, rows = detect(score_threshold=None, nms=None)
    assert (settings["conf"], settings["iou"], settings["max_det"]) == (0.001, 0.5, 10) and counts == [10, 10, 10]
    settings, counts, _ = detect(detections=3)
    assert settings["max_det"] == 3 and counts == [3, 3, 3]
    middle = float(np.median(rows[:, 4]))
    settings, counts, fewer = detect(score_threshold=middle)
    assert settings["conf"] == middle and 0 < len(fewer) < len(rows) and fewer[:, 4].min() > middle
    settings, _, apart = detect(nms=0.0, detections=5000)
    assert settings["iou"] == 0 and len(apart) < len(detect(nms=0.9, detections=5000)[2])


def test_masks_are_there_again_after_boxes_alone(tmp_path):
    model = write(tmp_path, "mask_rcnn").eval()
    pixels = [torch.rand(3, 64, 64)]
    with torch.inference_mode(), without_masks(model):
        alone = model(pixels)[0]
    with torch.inference_mode():
        whole = model(pixels)[0]
    assert "masks" not in alone and "masks" in whole and len(whole["boxes"])
    for key in ("boxes", "scores", "labels"):
        assert torch.equal(alone[key], whole[key])


def test_a_model_without_masks_stays_as_it_is(tmp_path):
    for detector in ("retinanet", "faster_rcnn"):
        model = write(tmp_path, detector)
        names = [name for name, _ in model.named_modules()]
        with without_masks(model):
            assert [name for name, _ in model.named_modules()] == names
        assert [name for name, _ in model.named_modules()] == names


def test_the_best_score_is_the_first_row_and_classes_count_from_0():
    boxes = torch.arange(12.0).reshape(3, 4)
    result = {"boxes": boxes, "scores": torch.tensor([0.2, 0.9, 0.2]), "labels": torch.tensor([1, 3, 2])}
    expected = [[4, 5, 6, 7, 0.9, 2], [0, 1, 2, 3, 0.2, 0], [8, 9, 10, 11, 0.2, 1]]
    np.testing.assert_allclose(list_detections(result, 1), expected, rtol=1e-6)
    assert list_detections({key: value[:0] for key, value in result.items()}, 0).shape == (0, 6)


def test_of_one_class_the_best_of_those_that_overlap_stays():
    """IoU of the first two is 0.9, that of the first and the third 1/3."""
    rows = np.array([[0, 0, 10, 10, 0.9, 2], [0, 0, 10, 9, 0.8, 1], [5, 0, 15, 10, 0.7, 2.0], [40, 40, 50, 50, 0.6, 4]])
    merged = merge_classes(rows, 0.5)
    assert merged.tolist() == [[*rows[place, :5], 0] for place in (0, 2, 3)]
    assert rows[0, 5] == 2  # they stay
    assert merge_classes(np.zeros((0, 6)), 0.5).shape == (0, 6)


def test_chosen_images_alone(images, tmp_path):
    built = write(tmp_path, "atss").eval()
    found = detect_images(built, images, [2, 0], 2, 0, torch.device("cpu"))
    assert list(found) == [images.files[2], images.files[0]]
    assert detect_images(built, images, [], 2, 0, torch.device("cpu")) == {}


def test_a_checkpoint_with_other_weights_than_its_detectors_is_refused_by_torch(tmp_path):
    """Nothing is left random."""
    write(tmp_path, "atss")
    content = torch.load(tmp_path / "best.pt")
    content["state_dict"].pop("model.backbone.body.conv1.weight")
    torch.save(content, tmp_path / "best.pt")
    with pytest.raises(RuntimeError, match=r"Missing key.*conv1\.weight"):
        TrainedDetector(tmp_path / "best.pt", "cpu")


def test_what_is_no_checkpoint_is_refused(tmp_path):
    with pytest.raises(DataError, match="torn, or no checkpoint of a detector's"):
        TrainedDetector(tmp_path / "best.pt", "cpu")


def test_a_backbone_with_weights_is_built_without_them(tmp_path):
    """A checkpoint has them all: no file of the backbone's is needed where it is evaluated."""
    write_checkpoint(tmp_path / "best.pt", write_model(tmp_path, "retinanet", "norm: batch\n"))
    content = torch.load(tmp_path / "best.pt")
    content["detector_config"]["weights"] = "gone.pth"
    torch.save(content, tmp_path / "best.pt")
    assert TrainedDetector(tmp_path / "best.pt", "cpu").config.weights == "gone.pth"


def test_devices():
    assert choose_device("cpu") == torch.device("cpu") and choose_device("1") == torch.device("cuda", 1)
    assert choose_device("").type == ("cuda" if torch.cuda.is_available() else "cpu")
