"""An evaluation on disk: ground truth, predictions and settings, from which the metrics can be recomputed."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import msgspec

from yolo_feiou.errors import DataError
from yolo_feiou.evaluation.evaluators import FASTER
from yolo_feiou.evaluation.metrics import score
from yolo_feiou.evaluation.truth import CocoRecord, GroundTruth
from yolo_feiou.storage.own_files import check_not_overwritten
from yolo_feiou.storage.tables import Row, read_json, read_record, write_json, write_text

#: The fields of a ground truth besides its lists.
TRUTH_FIELDS = ("area_source", "unread", "areas_replaced", "unlisted", "scale", "ignored")
#: In `settings.json`, what can't be computed from the other two files: the metrics of masks or key points.
TASK_METRICS_KEY = "task_metrics"
TRUTH_FILE, PREDICTIONS_FILE, SETTINGS_FILE = "ground_truth.json", "predictions.json", "settings.json"


class SavedSettings(msgspec.Struct):
    """Of `settings.json`, what the others are checked by."""

    sha256: dict[str, str]


@dataclass(frozen=True)
class Evaluation:
    """The inputs of the metrics.

    Attributes:
        truth: The ground truth.
        predictions: In COCO's result format.
        settings: What was evaluated and how, columns of the row.
        task_metrics: What the framework itself measured of masks or key points, columns of the row.
    """

    truth: GroundTruth
    predictions: Sequence[CocoRecord]
    settings: Mapping[str, Any]
    task_metrics: Mapping[str, float | None] = field(default_factory=dict)

    def row(self, evaluator: str = FASTER) -> Row:
        """Return the row: settings, then metrics, those of boxes first; see `metrics.score`."""
        return {**self.settings, **score(self.truth, self.predictions, evaluator), **self.task_metrics}

    def save(self, folder: Path) -> None:
        """Write three files into a folder: two in COCO's formats, for any COCO tool, and the settings.

        Each is written atomically. The settings come last and hold the checksums of the others, and their
        own, so files of two evaluations, or edited ones, are never mixed.

        Raises:
            ArgumentError: If files of that name are there which no evaluation wrote.
        """
        check_evaluation_folder(folder)
        folder.mkdir(parents=True, exist_ok=True)
        if not (folder / SETTINGS_FILE).exists():  # from now on the folder is an evaluation's, though incomplete
            write_json(folder / SETTINGS_FILE, {"sha256": {}})
        about = {name: getattr(self.truth, name) for name in TRUTH_FIELDS}
        truth = {
            "info": about,
            "images": self.truth.images,
            "annotations": self.truth.annotations,
            "categories": self.truth.categories,
        }
        sums = {
            name: _write(folder / name, content)
            for name, content in ((TRUTH_FILE, truth), (PREDICTIONS_FILE, self.predictions))
        }
        told = {**self.settings, **({TASK_METRICS_KEY: dict(self.task_metrics)} if self.task_metrics else {})}
        sums[SETTINGS_FILE] = _sha256(_compact_json(told).encode())
        write_json(folder / SETTINGS_FILE, {**told, "sha256": sums})


def check_evaluation_folder(folder: str | Path) -> None:
    """Raise ArgumentError if an evaluation would overwrite files in a folder that none wrote."""
    folder = Path(folder)
    try:
        settings = read_json(folder / SETTINGS_FILE)
    except DataError:
        settings = None
    if not (isinstance(settings, dict) and isinstance(settings.get("sha256"), dict)):
        check_not_overwritten(folder, (TRUTH_FILE, PREDICTIONS_FILE, SETTINGS_FILE), "for the evaluation")


def load_evaluation(folder: str | Path) -> Evaluation:
    """Return the evaluation that was saved in a folder.

    Raises:
        DataError: If there is none, or its files are truncated, changed, or not of one evaluation.
    """
    folder = Path(folder)
    if not (folder / SETTINGS_FILE).is_file():
        raise DataError(
            f"{folder} holds no evaluation: there is no {SETTINGS_FILE}. Evaluate the model, again if need be."
        )
    settings = read_record(folder / SETTINGS_FILE, SavedSettings)
    sums = settings.pop("sha256")
    if (
        sums.get(SETTINGS_FILE, own := _sha256(_compact_json(settings).encode())) != own
    ):  # earlier versions had none of their own
        raise DataError(f"{folder / SETTINGS_FILE} was edited since it was written: evaluate the model again.")
    for name in (TRUTH_FILE, PREDICTIONS_FILE):
        path = folder / name
        if not path.is_file() or _sha256(path.read_bytes()) != sums.get(name):
            raise DataError(f"{path} is missing, truncated or of another evaluation: evaluate the model again.")
    truth = read_json(folder / TRUTH_FILE)
    parts = {key: truth[key] for key in ("images", "annotations", "categories")}
    about = {**truth["info"], "ignored": tuple(truth["info"].get("ignored", ()))}
    task_metrics = settings.pop(TASK_METRICS_KEY, {})
    return Evaluation(GroundTruth(**parts, **about), read_json(folder / PREDICTIONS_FILE), settings, task_metrics)


def evaluate_again(folder: str | Path, evaluator: str = FASTER) -> Row:
    """Return the row of a saved evaluation, without the model, the data set or Ultralytics.

    Raises:
        ArgumentError: If there is no such evaluator, or it isn't installed.
        DataError: If the folder holds no complete evaluation.
    """
    return load_evaluation(folder).row(evaluator)


def _write(path: Path, content: object) -> str:
    """Write JSON without spaces, and return its checksum."""
    text = _compact_json(content)
    write_text(path, text)
    return _sha256(text.encode())


def _compact_json(content: object) -> str:
    return json.dumps(content, separators=(",", ":"), ensure_ascii=False)


def _sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()
