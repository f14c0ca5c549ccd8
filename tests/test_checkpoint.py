"""Checkpoints are plain: a Python without yolo_feiou loads, predicts, validates and exports them."""

import subprocess
import sys

import pytest

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
    YOLO(exported, task="detect").predict(np.zeros((64, 64, 3), np.uint8), imgsz=64, device="cpu", verbose=False)
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
