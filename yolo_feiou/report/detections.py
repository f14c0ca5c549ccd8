"""The detections of the baseline and of the best variant on the same images, beside the truth.

They are what an ablation keeps of each run (`RUN/evaluation/`), and the images those of the data set, found by its
YAML. Where either is not there, as beside results that were copied, there are none.
"""

from __future__ import annotations

import base64
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
import yaml

from yolo_feiou.evaluation.matched import match_ious
from yolo_feiou.evaluation.saved import PREDICTIONS_FILE, Evaluation, load_evaluation
from yolo_feiou.evaluation.truth import CocoRecord, GroundTruth
from yolo_feiou.report.comparison import Comparison
from yolo_feiou.report.read import Results
from yolo_feiou.report.variants import Variant
from yolo_feiou.results.main_metric import AP

MIN_SCORE = 0.25  # of a detection that is shown and counts, Ultralytics' own for `predict`
IMAGES_EACH = 4  # with the largest gains, and with the largest losses
MAX_SIDE = 480  # of an image on the page, in pixels
JPEG_QUALITY = 72
MAX_BYTES = 60_000_000  # of a file of predictions that is read for this

Box = tuple[float, float, float, float]


@dataclass(frozen=True)
class ShownImage:
    """An image with what two models found on it.

    Attributes:
        name: Its file's name, as the ground truth has it.
        width: Its width in pixels, the unit of the boxes.
        height: Its height.
        uri: The image, as a data URI.
        truth: Boxes of its objects: x and y of the upper left corner, width and height.
        found: Boxes of detections, the baseline's and the variant's.
        fits: Of both the mean IoU over its objects, in which a missed one counts 0.
    """

    name: str
    width: float
    height: float
    uri: str
    truth: Sequence[Box]
    found: tuple[Sequence[Box], Sequence[Box]]
    fits: tuple[float, float]

    @property
    def difference(self) -> float:
        """How much better the variant's boxes fit."""
        return self.fits[1] - self.fits[0]


@dataclass(frozen=True)
class DetectionStrip:
    """Images with the detections of two models.

    Attributes:
        labels: What the models are, the baseline first.
        seed: The seed of both.
        of: How many images they were chosen from.
        images: The images, the largest gain first.
    """

    labels: tuple[str, str]
    seed: int
    of: int
    images: Sequence[ShownImage]


def make_detection_strip(results: Results, comparisons: Sequence[Comparison]) -> DetectionStrip | None:
    """Return the images on which the best variant and its baseline differ most, both ways; None where nothing is kept.

    The best variant is that with the largest mean difference in AP, and the seed the first that both have.

    Raises:
        DataError: If an evaluation is damaged.
    """
    judged = [(c, c.difference.mean) for c in comparisons if c.difference and c.difference.mean is not None]
    if not judged:
        return None
    best, _ = max(judged, key=lambda item: item[1])
    baseline = best.baseline
    if baseline is None or best.variant.metric != AP:
        return None
    seed = min(best.variant.runs.keys() & baseline.runs.keys())
    folders = [_find_evaluation(results, variant, seed) for variant in (baseline, best.variant)]
    if None in folders:
        return None
    evaluations = [load_evaluation(folder) for folder in folders if folder]
    truth = evaluations[0].truth
    root = _find_root(evaluations[0], results)
    if root is None or evaluations[1].truth != truth:
        return None
    shown = choose_images(truth, [evaluation.predictions for evaluation in evaluations], root)
    return DetectionStrip((baseline.label, best.variant.label), seed, len(truth.images), shown) if shown else None


def choose_images(truth: GroundTruth, predictions: Sequence[Sequence[CocoRecord]], root: Path) -> list[ShownImage]:
    """Return the images with the largest gains, and those with the largest losses, in the order of the difference.

    Args:
        truth: The ground truth.
        predictions: Those of the baseline and of the variant.
        root: The folder that the names of images begin in.
    """
    objects, found = _group_objects(truth), _group_found(predictions)
    fits = {
        image["id"]: _measure_fits(truth, objects[image["id"]], found, image["id"])
        for image in truth.images
        if image["id"] in objects
    }
    gains = {number: after - before for number, (before, after) in fits.items() if after != before}
    order = sorted(gains, key=lambda number: (-gains[number], number))
    ends = [n for n in order if gains[n] > 0][:IMAGES_EACH] + [n for n in order if gains[n] < 0][-IMAGES_EACH:]
    return show_images(truth, predictions, root, ends)


def show_images(
    truth: GroundTruth, predictions: Sequence[Sequence[CocoRecord]], root: Path, numbers: Sequence[int]
) -> list[ShownImage]:
    """Return images with what two models found on them; those that can't be read are left out.

    Args:
        truth: The ground truth.
        predictions: Those of the two models.
        root: The folder that the names of images begin in.
        numbers: The ids of the images, each with an object, in the order wanted.
    """
    objects, found = _group_objects(truth), _group_found(predictions)
    images = {image["id"]: image for image in truth.images}
    shown = []
    for number in numbers:
        name = images[number]["file_name"]
        uri, width, height = _embed_image(root / name)
        if uri:
            fits = _measure_fits(truth, objects[number], found, number)
            boxes = (_boxes(found[0].get(number, ())), _boxes(found[1].get(number, ())))
            shown.append(ShownImage(name, width, height, uri, _boxes(objects[number]), boxes, fits))
    return shown


def measure_fit(truth: GroundTruth, objects: Sequence[CocoRecord], found: Sequence[CocoRecord]) -> float:
    """Return the mean IoU of an image's objects with the detections matched to them, a missed one counting 0."""
    matched = match_ious(GroundTruth([], [*objects], truth.categories, truth.area_source), found)
    return float(np.sort(matched).sum()) / len(objects)


def _measure_fits(
    truth: GroundTruth, objects: Sequence[CocoRecord], found: Sequence[Mapping[int, list[CocoRecord]]], number: int
) -> tuple[float, float]:
    """Return `measure_fit` of the two models on an image."""
    before, after = (measure_fit(truth, objects, of.get(number, ())) for of in found)
    return before, after


def _group_objects(truth: GroundTruth) -> Mapping[int, list[CocoRecord]]:
    """Return the objects by image, crowds left out."""
    return _group([one for one in truth.annotations if not one["iscrowd"]])


def _group_found(predictions: Sequence[Sequence[CocoRecord]]) -> list[Mapping[int, list[CocoRecord]]]:
    """Return the detections of each model by image, those that are shown."""
    return [_group([one for one in of if one["score"] >= MIN_SCORE]) for of in predictions]


def _group(records: Sequence[CocoRecord]) -> Mapping[int, list[CocoRecord]]:
    """Return records by image."""
    found: dict[int, list[CocoRecord]] = defaultdict(list)
    for record in records:
        found[record["image_id"]].append(record)
    return dict(found)


def _boxes(records: Sequence[CocoRecord]) -> list[Box]:
    return [(x, y, w, h) for x, y, w, h in (record["bbox"] for record in records)]


def _find_evaluation(results: Results, variant: Variant, seed: int) -> Path | None:
    """Return the folder of a run's evaluation, if it is there and not too large."""
    run = str(variant.runs[seed]["run"])  # of several folders, it begins with its folder
    places = [folder / run for folder in results.folders] if len(results.folders) == 1 else [Path(run)]
    for place in places:
        predictions = place / "evaluation" / PREDICTIONS_FILE
        if predictions.is_file() and predictions.stat().st_size <= MAX_BYTES:
            return predictions.parent
    return None


def _find_root(evaluation: Evaluation, results: Results) -> Path | None:
    """Return the folder in which the data set's images lie, by its YAML; None if they aren't where that says."""
    name = evaluation.truth.images[0]["file_name"] if evaluation.truth.images else ""
    data = Path(str(evaluation.settings.get("data", "")))
    for file in (data, *(folder / data for folder in results.folders)):
        if not file.is_file() or file.suffix not in (".yaml", ".yml"):
            continue
        try:
            content = yaml.safe_load(file.read_text(encoding="utf-8"))
        except (OSError, UnicodeDecodeError, yaml.YAMLError):  # it isn't needed for the report
            continue
        path = Path(str((content.get("path") if isinstance(content, dict) else None) or "."))
        for root in (file.parent / path, path, file.parent):
            if name and (root / name).is_file():
                return root
    return None


def _embed_image(path: Path) -> tuple[str, int, int]:
    """Return a smaller image as a data URI, and the size of the file's; '' if it can't be read."""
    image = cv2.imdecode(np.fromfile(path, np.uint8), cv2.IMREAD_COLOR) if path.is_file() else None
    if image is None:
        return "", 0, 0
    height, width = image.shape[:2]
    scale = min(1, MAX_SIDE / max(height, width))
    size = (max(1, round(width * scale)), max(1, round(height * scale)))
    small = cv2.resize(image, size, interpolation=cv2.INTER_AREA)
    _, encoded = cv2.imencode(".jpg", small, [cv2.IMWRITE_JPEG_QUALITY, JPEG_QUALITY])
    return "data:image/jpeg;base64," + base64.b64encode(encoded.tobytes()).decode(), width, height
