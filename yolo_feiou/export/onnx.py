"""ONNX of a run's weights, which must find what the weights find."""

from __future__ import annotations

import os
import shutil
import tempfile
from contextlib import suppress
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from yolo_feiou.errors import ArgumentError, DataError
from yolo_feiou.export.kept_evaluation import FOLDER, Evaluator, read_kept_evaluation, write_kept_evaluation
from yolo_feiou.export.runs import TrainedRun
from yolo_feiou.report.format import format_percent
from yolo_feiou.results.main_metric import get_score, name_main_metric
from yolo_feiou.storage.checksums import file_sha256
from yolo_feiou.storage.tables import Row, atomic_file, read_json
from yolo_feiou.yolo.onnx import export_onnx, load_onnx

NEEDED = ("onnx", "onnxruntime", "onnxscript")
MEASURED = "measured_onnx.json"
#: By how much the AP, or mAP, of the two may differ, as a fraction: 0.1 percentage points.
TOLERANCE = 0.001


@dataclass(frozen=True)
class ExportedModel:
    """An ONNX file and how it does.

    Attributes:
        path: The file.
        sha256: Its checksum.
        score: Its AP, or mAP of oriented boxes, a fraction.
    """

    path: Path
    sha256: str
    score: float | None


def check_packages() -> None:
    """Raise ArgumentError if a package that the export needs is not installed."""
    if missing := [name for name in NEEDED if find_spec(name) is None]:
        raise ArgumentError(f"onnx=True needs {', '.join(missing)}: pip install 'yolo-feiou[export]'.")


def find_exported(run: TrainedRun, how: Evaluator) -> ExportedModel | None:
    """Return the ONNX that an earlier command made of a run's weights, and evaluated in the same way."""
    target = run.weights.with_suffix(".onnx")
    if not target.is_file():
        return None
    digest = file_sha256(target)
    content = read_kept_evaluation(
        run.folder / FOLDER / MEASURED, {**how.asked(run, run.sha256), "onnx_sha256": digest}
    )
    return ExportedModel(target, digest, get_score(content["measured"])) if content else None


def export_and_evaluate(run: TrainedRun, how: Evaluator, found: Row) -> ExportedModel:
    """Export a run's weights to ONNX beside them, and evaluate the file as the weights were.

    Batch, height and width are dynamic, so that it gets the same batches of images. It lies beside the weights once it
    is found to do what they do; before, and if it doesn't, nothing of it is there.

    Args:
        run: The run.
        how: How its weights were evaluated.
        found: What was measured of them.

    Raises:
        ArgumentError: If another ONNX is there that this command didn't make.
        DataError: If Ultralytics can't export it, or its AP or mAP differs by more than `TOLERANCE`.
    """
    target = run.weights.with_suffix(".onnx")
    if (before := find_exported(run, how)) is not None:
        return before
    check_own_onnx(run, target)
    with tempfile.TemporaryDirectory() as scratch:
        size = run.arguments.get("imgsz", 640)
        made = export_onnx(run.weights, Path(scratch), size, nms=run.arguments.get("nms"))
        row = _measure(run, how, made, Path(scratch) / FOLDER)
        ours, theirs = format_percent(get_score(found), 2), format_percent(get_score(row), 2)
        if abs((get_score(row) or 0) - (get_score(found) or 0)) > TOLERANCE:
            raise DataError(
                f"the {name_main_metric(row)} of the ONNX is {theirs} and that of {run.weights.name} {ours}, more than "
                f"{format_percent(TOLERANCE)} apart, so it is not kept. Try another version of onnxruntime or torch."
            )
        digest = file_sha256(made)
        asked = {**how.asked(run, run.sha256), "onnx_sha256": digest}
        write_kept_evaluation(
            run.folder / FOLDER / MEASURED, asked, row
        )  # first, so that what lies there is always known
        with atomic_file(target) as part:
            shutil.copyfile(made, part)
    return ExportedModel(target, digest, get_score(row))


def check_own_onnx(run: TrainedRun, target: Path) -> None:
    """Raise ArgumentError if an ONNX is there that this command didn't make, such as the user's own export."""
    if not os.path.lexists(target):
        return
    made: object = None
    with suppress(DataError, KeyError, TypeError):
        made = read_json(run.folder / FOLDER / MEASURED)["asked"]["onnx_sha256"]
    if target.is_symlink() or not target.is_file() or file_sha256(target) != made:
        raise ArgumentError(
            f"{target} is there, not made by this command or changed since, and would be overwritten: rename it."
        )


def _measure(run: TrainedRun, how: Evaluator, made: Path, folder: Path) -> Row:
    """Evaluate an ONNX; on a GPU only where onnxruntime can use one."""
    import onnxruntime

    on_gpu = "CUDAExecutionProvider" in onnxruntime.get_available_providers()
    others: dict[str, Any] = {"half": False} | ({} if on_gpu else {"device": "cpu"})
    others |= {"quantize": None} if "quantize" in how.arguments(run) else {}
    model = load_onnx(made, run.arguments.get("task") or "detect")
    return how.measure(run, model, folder, **others)
