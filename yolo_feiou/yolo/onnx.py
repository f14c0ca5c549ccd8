"""ONNX files that Ultralytics exports and runs."""

from __future__ import annotations

import io
import shutil
import warnings
from contextlib import redirect_stdout
from pathlib import Path

import ultralytics
from ultralytics.engine.model import Model

from yolo_feiou.errors import DataError
from yolo_feiou.yolo.quiet import quiet


def export_onnx(weights: Path, folder: Path, imgsz: int, *, nms: object = None) -> Path:
    """Export a copy of weights, since Ultralytics writes beside what it exports, and return the path of the ONNX.

    Batch, height and width are dynamic.

    Args:
        weights: The checkpoint.
        folder: For the copy and the ONNX.
        imgsz: Side of the images in pixels.
        nms: The argument of the training; with False it is the head without NMS that is exported, if there is one.

    Raises:
        DataError: If Ultralytics can't export it.
    """
    copy = Path(shutil.copy(weights, folder))
    try:
        with quiet(), redirect_stdout(io.StringIO()), warnings.catch_warnings():
            warnings.simplefilter("ignore")
            model = ultralytics.YOLO(copy)
            told = {"dynamic": True, "simplify": False, "imgsz": imgsz, "device": "cpu"}
            return Path(model.export(format="onnx", **told, **({"nms": False} if nms is False else {})))
    except (OSError, ImportError, RuntimeError, ValueError, TypeError, AssertionError) as error:
        said = " ".join(str(error).split()[:40]) or type(error).__name__
        raise DataError(f"{weights} can't be exported to ONNX: {said}") from error


def load_onnx(path: Path, task: str) -> Model:
    """Return a model that runs an ONNX, which doesn't say what its task is."""
    with quiet():
        return ultralytics.YOLO(path, task=task)
