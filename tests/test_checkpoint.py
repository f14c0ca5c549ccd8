"""Checkpoints are plain: a Python without yolo_feiou loads, predicts, validates and exports them."""

import errno
import subprocess
import sys
from pathlib import Path

import pytest

from tests.runs import overrides
from yolo_feiou import YOLO
from yolo_feiou.errors import ArgumentError

WITHOUT_US = """
import sys
sys.modules["yolo_feiou"] = None  # any import of it fails from here on
from pathlib import Path
import numpy as np
from ultralytics import YOLO

folder, data = Path(sys.argv[1]), sys.argv[2]
for name in ("best", "last"):
    weights = folder / "weights" / f"{name}.pt"
    model = YOLO(weights)
    assert "yolo_feiou" not in repr(model.ckpt), "the checkpoint refers to yolo_feiou"
    model.predict(np.zeros((64, 64, 3), np.uint8), imgsz=64, device="cpu", verbose=False)
    metrics = YOLO(weights).val(data=data, imgsz=64, device="cpu", workers=0, plots=False, project=str(folder))
    assert 0 <= metrics.box.map <= 1
    exported = Path(YOLO(weights).export(format="onnx", imgsz=64, device="cpu"))
    YOLO(exported, task=model.task).predict(np.zeros((64, 64, 3), np.uint8), imgsz=64, device="cpu", verbose=False)
print("all without us")
"""


@pytest.mark.slow
def test_a_python_without_us_uses_our_checkpoints(train, data):
    folder = train(loss="focal_eiou").save_dir
    done = subprocess.run(
        [sys.executable, "-c", WITHOUT_US, str(folder), data], capture_output=True, text=True, timeout=300, check=False
    )
    assert done.returncode == 0, done.stderr
    assert "all without us" in done.stdout


@pytest.mark.slow
def test_a_finished_run_is_not_begun_anew_with_another_loss(train):
    weights = train(loss="eiou").best
    with pytest.raises(ArgumentError, match="is not the checkpoint of an unfinished run"):
        YOLO(weights).train(resume=True)


@pytest.mark.slow
def test_finished_checkpoint_still_names_its_loss(train):
    import torch

    folder = train(loss="eiou").save_dir
    assert torch.load(folder / "weights" / "best.pt", weights_only=False)["model"].args["loss"] == "eiou"


@pytest.mark.slow
def test_a_disk_that_fills_up_while_a_checkpoint_is_written_leaves_the_one_before(data, tmp_path, monkeypatch):
    import torch

    write = Path.write_bytes

    def full(path, content):
        if path.parent.name == "weights" and (tmp_path / "run" / "weights" / "last.pt").exists():
            write(path, content[: len(content) // 2])
            raise OSError(errno.ENOSPC, "No space left on device")
        return write(path, content)

    monkeypatch.setattr(Path, "write_bytes", full)
    with pytest.raises(OSError, match="No space left"):
        YOLO("yolov8n.yaml").train(**{**overrides(data, tmp_path), "epochs": 2})
    weights = tmp_path / "run" / "weights"
    assert sorted(path.name for path in weights.iterdir()) == ["best.pt", "epoch1.state", "last.pt"]
    assert [torch.load(path, weights_only=False)["epoch"] for path in weights.glob("*.pt")] == [0, 0]
