"""The strip of detections: which images, which boxes, and when there is none."""

import base64

import cv2
import numpy as np
import pytest

from tests.report.detection_runs import OFFSETS, make_record, make_truth
from yolo_feiou.errors import DataError
from yolo_feiou.report import detections
from yolo_feiou.report.command import report
from yolo_feiou.report.detections import IMAGES_EACH, make_detection_strip, measure_fit
from yolo_feiou.report.result import compare


def make(folder):
    result = compare(folder)
    return make_detection_strip(result.results, result.comparisons)


def iou(offset):
    """Of two boxes of 40 × 40 beside each other; below .5 it is no match."""
    value = (40 - abs(offset)) / (40 + abs(offset))
    return value if value >= 0.5 else 0


def test_images_are_those_that_differ_most_in_both_directions(ablation):
    """Gains by the formula; image 5 doesn't differ. Offsets of 14 and more, of images 3 to 0, are no match."""
    strip = make(ablation)
    gains = {i: iou(b) - iou(a) for i, (a, b) in OFFSETS.items()}
    order = sorted((i for i in gains if gains[i]), key=lambda i: (-gains[i], i))
    expected = [*[i for i in order if gains[i] > 0][:IMAGES_EACH], *[i for i in order if gains[i] < 0][-IMAGES_EACH:]]
    assert [image.name for image in strip.images] == [f"images/{i}.png" for i in expected] and len(expected) == 8
    assert [image.difference for image in strip.images] == pytest.approx([gains[i] for i in expected])
    assert (strip.labels, strip.seed, strip.of) == (("ciou", "eiou"), 3, 10)


def test_an_image_has_the_boxes_and_the_size_of_its_file(ablation):
    strip = make(ablation)
    image = next(image for image in strip.images if image.name == "images/0.png")
    assert (image.width, image.height) == (96, 64)
    assert image.truth == [(20, 10, 40, 40)]
    assert image.found == ([(30, 10, 40, 40)], [(40, 10, 40, 40)])
    pixels = cv2.imdecode(np.frombuffer(base64.b64decode(image.uri.partition(",")[2]), np.uint8), cv2.IMREAD_COLOR)
    assert pixels.shape == (64, 96, 3) and pixels.max() <= 2


def test_a_missed_object_counts_zero():
    """Two objects, one found with an IoU of 30 / 50 = .6."""
    truth = make_truth()
    objects = [make_record(0, id=1, iscrowd=0), make_record(0, 200, id=2, iscrowd=0)]
    assert measure_fit(truth, objects, [make_record(0, 10, score=0.9)]) == pytest.approx(0.3)
    assert measure_fit(truth, objects, []) == 0


def test_without_images_or_evaluations_there_is_none(ablation, tmp_path):
    (tmp_path / "data" / "data.yaml").write_text("path: elsewhere\n")
    (tmp_path / "data" / "images").rename(tmp_path / "data" / "moved")
    assert make(ablation) is None
    (tmp_path / "data" / "moved").rename(tmp_path / "data" / "images")
    assert make(ablation) is not None
    (ablation / "ciou_3").rename(ablation / "moved")
    assert make(ablation) is None


def test_large_predictions_are_not_read(ablation, monkeypatch):
    monkeypatch.setattr(detections, "MAX_BYTES", 10)
    monkeypatch.setattr(detections, "load_evaluation", lambda folder: pytest.fail("read"))
    assert make(ablation) is None


def test_a_damaged_evaluation_is_told_on_a_page_without_them(ablation):
    (ablation / "eiou_3" / "evaluation" / "predictions.json").write_text("[]")
    with pytest.raises(DataError, match="of another evaluation"):
        make(ablation)
    report([str(ablation)])
    page = (ablation / "report" / "index.html").read_text(encoding="utf-8")
    assert "<li>No detections are shown: " in page and 'id="detections"' not in page


def test_the_page_shows_them_escaped(ablation):
    """Each image is there once, with the boxes of both models on it; of image 9, IoU of 30 / 50 and of 38 / 42."""
    images = make(ablation).images
    report([str(ablation)])
    page = (ablation / "report" / "index.html").read_text(encoding="utf-8")
    assert page.count("data:image/jpeg;base64,") == 8 == page.count('<use href="#image-')
    assert all(image.uri in page and image.uri.startswith("data:image/jpeg;base64,/9j/") for image in images)
    assert page.count('class="found"') == page.count('class="truth"') == 16
    assert "<p>images/9.png: <strong>+30.48</strong></p>" in page
    assert "<figcaption>ciou: 60.0</figcaption>" in page and "<figcaption>eiou: 90.5</figcaption>" in page
    assert str(ablation.parent) not in page
