"""ONNX files that Ultralytics exports: the weights stay as they are, and a failure is one line."""

import pytest
import ultralytics

from yolo_feiou.errors import DataError
from yolo_feiou.yolo.onnx import export_onnx


def test_a_copy_is_exported_and_the_image_size_is_passed_on(tmp_path, monkeypatch):
    weights, scratch = tmp_path / "best.pt", tmp_path / "scratch"
    weights.write_bytes(b"weights")
    scratch.mkdir()
    given = {}

    class Model:
        def __init__(self, path):
            self.path = path

        def export(self, **arguments):
            given.update(arguments)
            return str(self.path.with_suffix(".onnx"))

    monkeypatch.setattr(ultralytics, "YOLO", Model)
    assert export_onnx(weights, scratch, 320) == scratch / "best.onnx"
    assert (given["imgsz"], given["format"], given["dynamic"]) == (320, "onnx", True) and "nms" not in given
    export_onnx(weights, scratch, 320, nms=True)  # which a validation has anyway, and an ONNX would have in it
    assert "nms" not in given
    export_onnx(weights, scratch, 320, nms=False)
    assert given["nms"] is False
    assert (scratch / "best.pt").read_bytes() == b"weights"


def test_a_failure_is_one_line(tmp_path):
    (tmp_path / "scratch").mkdir()
    weights = tmp_path / "best.pt"
    weights.write_bytes(b"no weights")
    with pytest.raises(DataError, match=r"best\.pt can't be exported to ONNX: ") as error:
        export_onnx(weights, tmp_path / "scratch", 64)
    assert "\n" not in str(error.value)
