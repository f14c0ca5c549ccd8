"""An evaluation on disk: ground truth, predictions and settings, from which the metrics can be computed again."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec

from yolo_feiou.errors import DataError
from yolo_feiou.evaluation.evaluators import FASTER
from yolo_feiou.evaluation.metrics import score
from yolo_feiou.evaluation.truth import GroundTruth, Record
from yolo_feiou.storage.own_files import check_free
from yolo_feiou.storage.tables import Row, read_json, read_record, write_json, write_text

#: What a ground truth says of itself besides its lists.
ABOUT = ("area_source", "unread", "areas_replaced", "unlisted", "scale", "ignored")
TRUTH, PREDICTIONS, SETTINGS = "ground_truth.json", "predictions.json", "settings.json"


class Settings(msgspec.Struct):
    """Of `settings.json`, what the others are checked by."""

    sha256: dict[str, str]


@dataclass(frozen=True)
class Evaluation:
    """What the metrics are computed from.

    Attributes:
        truth: The ground truth.
        predictions: In COCO's result format.
        settings: What was evaluated and how, columns of the row.
    """

    truth: GroundTruth
    predictions: Sequence[Record]
    settings: Mapping[str, Any]

    def row(self, evaluator: str = FASTER) -> Row:
        """Return the row: settings, then metrics; see `metrics.score`."""
        return {**self.settings, **score(self.truth, self.predictions, evaluator)}

    def save(self, folder: Path) -> None:
        """Write three files into a folder: two in COCO's formats, for any COCO tool, and the settings.

        Each is there as a whole or not at all. The settings come last and hold the checksums of the others, and their
        own, so files of two evaluations, or edited ones, are never taken for one.

        Raises:
            ArgumentError: If files of that name are there which no evaluation wrote.
        """
        check_folder(folder)
        folder.mkdir(parents=True, exist_ok=True)
        if not (folder / SETTINGS).exists():  # from now on the folder is an evaluation's, though no whole one
            write_json(folder / SETTINGS, {"sha256": {}})
        about = {name: getattr(self.truth, name) for name in ABOUT}
        truth = {
            "info": about,
            "images": self.truth.images,
            "annotations": self.truth.annotations,
            "categories": self.truth.categories,
        }
        sums = {
            name: _write(folder / name, content) for name, content in ((TRUTH, truth), (PREDICTIONS, self.predictions))
        }
        sums[SETTINGS] = _sum(_compact(dict(self.settings)).encode())
        write_json(folder / SETTINGS, {**self.settings, "sha256": sums})


def check_folder(folder: str | Path) -> None:
    """Raise ArgumentError if an evaluation would overwrite files in a folder that none wrote."""
    folder = Path(folder)
    try:
        settings = read_json(folder / SETTINGS)
    except DataError:
        settings = None
    if not (isinstance(settings, dict) and isinstance(settings.get("sha256"), dict)):
        check_free(folder, (TRUTH, PREDICTIONS, SETTINGS), "for the evaluation")


def load(folder: str | Path) -> Evaluation:
    """Return the evaluation that was saved in a folder.

    Raises:
        DataError: If there is none, or its files are truncated, changed, or not of one evaluation.
    """
    folder = Path(folder)
    if not (folder / SETTINGS).is_file():
        raise DataError(f"{folder} holds no evaluation: there is no {SETTINGS}. Evaluate the model, again if need be.")
    settings = read_record(folder / SETTINGS, Settings)
    sums = settings.pop("sha256")
    if sums.get(SETTINGS, own := _sum(_compact(settings).encode())) != own:  # earlier versions had none of their own
        raise DataError(f"{folder / SETTINGS} was edited since it was written: evaluate the model again.")
    for name in (TRUTH, PREDICTIONS):
        path = folder / name
        if not path.is_file() or _sum(path.read_bytes()) != sums.get(name):
            raise DataError(f"{path} is missing, truncated or of another evaluation: evaluate the model again.")
    truth = read_json(folder / TRUTH)
    parts = {key: truth[key] for key in ("images", "annotations", "categories")}
    about = {**truth["info"], "ignored": tuple(truth["info"].get("ignored", ()))}
    return Evaluation(GroundTruth(**parts, **about), read_json(folder / PREDICTIONS), settings)


def evaluate_again(folder: str | Path, evaluator: str = FASTER) -> Row:
    """Return the row of a saved evaluation, without the model, the data set or Ultralytics.

    Raises:
        ArgumentError: If there is no such evaluator, or it isn't installed.
        DataError: If the folder holds no whole evaluation.
    """
    return load(folder).row(evaluator)


def _write(path: Path, content: object) -> str:
    """Write JSON without spaces, and return its checksum."""
    text = _compact(content)
    write_text(path, text)
    return _sum(text.encode())


def _compact(content: object) -> str:
    return json.dumps(content, separators=(",", ":"), ensure_ascii=False)


def _sum(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()
