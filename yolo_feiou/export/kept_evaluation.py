"""The evaluation of a run, kept in the run's folder, and done once."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from importlib.metadata import version as find_version
from pathlib import Path
from typing import Any

import msgspec

from yolo_feiou.errors import DataError
from yolo_feiou.evaluation.evaluators import find_evaluator_version
from yolo_feiou.evaluation.source import find_source
from yolo_feiou.export.runs import TrainedRun
from yolo_feiou.results.provenance import find_versions, get_utc_time
from yolo_feiou.results.settings import digest_settings
from yolo_feiou.storage.tables import Row, read_record, write_json
from yolo_feiou.terminal import say
from yolo_feiou.yolo.evaluate import OWN_EVALUATOR
from yolo_feiou.yolo.splits import read_split

#: In the folder of a run: the ground truth, predictions and settings, and what was measured from them.
FOLDER, MEASURED = "evaluation", "measured.json"
#: Those of an evaluation, whose row names them, if it is not recorded with what a run trained.
BATCH, IMGSZ = 16, 640


class KeptEvaluation(msgspec.Struct):
    """`measured.json`: how it was asked for, what was measured, by what, and a checksum of these three."""

    asked: dict[str, Any]
    measured: dict[str, Any]
    made: dict[str, Any]
    sha256: str


@dataclass(frozen=True)
class Evaluator:
    """How runs are evaluated.

    Attributes:
        data: The data YAML, '' for the one that a run's args.yaml names.
        split: Of the data.
        annotations: A COCO JSON, '' for the one that the data YAML names, or labels.
        evaluator: Name of the evaluator of COCO metrics, which oriented boxes don't have.
        device: As the framework takes it, '' for its own choice.
        batch: Images at a time, 0 for as many as each process of a run trained with.
    """

    data: str = ""
    split: str = "val"
    annotations: str = ""
    evaluator: str = "faster-coco-eval"
    device: str = ""
    batch: int = 0

    def data_of(self, run: TrainedRun) -> str:
        """Return the data YAML on which a run is evaluated.

        Raises:
            DataError: If none is known.
        """
        data = self.data or run.arguments.get("data")
        if not data:
            raise DataError(f"{run.folder}: its args.yaml names no data: give data=.")
        return str(data)

    def arguments(self, run: TrainedRun) -> dict[str, Any]:
        """Return those of an evaluation: size and batch as the run trained, its thresholds."""
        batch = self.batch or max(1, (run.batch or BATCH) // (run.processes or 1))
        told = run.framework.evaluation_arguments(run.arguments, run.trained_with.get("imgsz") or IMGSZ, batch)
        return told | ({"device": self.device} if self.device else {})

    def asked(self, run: TrainedRun, sha256: str) -> Row:
        """Return what an evaluation hangs on, and two are the same that agree in.

        Args:
            run: The run.
            sha256: The checksum of the weights.
        """
        data = self.data_of(run)
        split = read_split(data, self.split, single_cls=run.arguments.get("single_cls"))
        how = {key: value for key, value in self.arguments(run).items() if key not in ("device", "workers")}
        return {
            "weights_sha256": sha256,
            "data": data,
            "split": self.split,
            **find_source(split, self.annotations).row,
            **self._name_evaluator(run),
            **how,
        }

    def _name_evaluator(self, run: TrainedRun) -> Row:
        """Return name and version of what computes the metrics; of oriented boxes Ultralytics, whatever is asked."""
        if run.is_oriented:
            return {"evaluator": OWN_EVALUATOR, "evaluator_version": find_version("ultralytics")}
        return {"evaluator": self.evaluator, "evaluator_version": find_evaluator_version(self.evaluator)}

    def measure(self, run: TrainedRun, model: Any, folder: Path, **others: Any) -> Row:
        """Evaluate a model as the run's weights would be, and return the row of metrics.

        Args:
            run: The run.
            model: Its weights, or what was made of them.
            folder: For ground truth, predictions and settings.
            **others: Arguments that go over those of the run.
        """
        told = {**self.arguments(run), **others}
        told |= {"annotations": self.annotations or None, "evaluator": self.evaluator}
        return run.framework.evaluate(model, self.data_of(run), self.split, folder, **told)


@dataclass(frozen=True)
class MeasuredRun:
    """What an evaluation gave.

    Attributes:
        row: What `evaluate` returned.
        made: By what: `command`, `finished` and the versions.
        before: Whether it was done by an earlier command.
    """

    row: Row
    made: Row
    before: bool


def evaluate_once(run: TrainedRun, how: Evaluator, command: str) -> MeasuredRun:
    """Return what is measured of a run's weights, now or by an earlier command.

    Args:
        run: The run.
        how: How it is evaluated.
        command: The command that evaluates it, if it is done now.

    Raises:
        ArgumentError: If there is no such evaluator.
        DataError: If the data, its split or annotations can't be read, or don't fit the model.
        UnsupportedModelError: If the model has no boxes.
    """
    path, asked = run.folder / FOLDER / MEASURED, how.asked(run, run.sha256)
    if content := read_kept_evaluation(path, asked):
        return MeasuredRun(content["measured"], content["made"], before=True)
    path.unlink(missing_ok=True)  # what is measured now takes the place of the files beside it
    row = how.measure(run, run.weights, path.parent)
    return MeasuredRun(row, write_kept_evaluation(path, asked, row, command=command), before=False)


def write_kept_evaluation(path: Path, asked: Mapping[str, Any], row: Row, **made: Any) -> Row:
    """Write what was measured for the next command, and return by what it was made."""
    made |= {"finished": get_utc_time(), **find_versions()}
    content = {"asked": dict(asked), "measured": row, "made": made}
    path.parent.mkdir(exist_ok=True)  # which an evaluation of oriented boxes leaves out
    write_json(path, {**content, "sha256": digest_settings(content)})
    return made


def read_kept_evaluation(path: Path, asked: Mapping[str, Any]) -> Row | None:
    """Return what a file says of an evaluation, if it was asked for in the same way; of a damaged one it is said."""
    if not path.is_file():
        return None
    try:
        content = read_record(path, KeptEvaluation)
        if content.pop("sha256") != digest_settings(content):
            raise DataError(f"{path} was edited since it was written.")
    except DataError as error:
        say(f"{error} It is repeated.")
        return None
    return content if content["asked"] == dict(asked) else None
