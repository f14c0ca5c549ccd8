"""Train a small YOLO from scratch with Focal-EIoU on `shapes`, and show what it finds on images it has not seen.

    python scripts/demo.py [epochs=2 fraction=0.5 …]     any training argument of Ultralytics

It needs no network and no GPU: about three minutes on one CPU core.
"""

import os
import sys
from pathlib import Path

os.environ.setdefault("YOLO_OFFLINE", "true")  # before Ultralytics is imported

from ultralytics.cfg import parse_key_value_pair

from yolo_feiou import YOLO

RUNS = Path(__file__).parents[1] / "runs"
COMMON = {"data": "shapes.yaml", "imgsz": 128, "device": "cpu", "workers": 0, "project": str(RUNS), "exist_ok": True}
RECIPE = {"loss": "focal_eiou", "epochs": 8, "batch": 16, "nbs": 16, "optimizer": "AdamW", "lr0": 0.002}
RECIPE |= {"warmup_epochs": 1, "mosaic": 0.0, "name": "demo"}


def main(words: list[str]) -> None:
    """Train, test on held-out images, and say where everything lies."""
    YOLO("yolov8n.yaml").train(**{**COMMON, **RECIPE, **dict(map(parse_key_value_pair, words))})
    run = RUNS / "demo"
    tested = YOLO(run / "weights" / "best.pt").val(**COMMON, split="test", name="demo-test")
    print(
        f"mAP50 {tested.box.map50:.3f} on unseen images. Model: {run / 'weights' / 'best.pt'}, "
        f"results: {run / 'results.csv'}, predictions: {tested.save_dir / 'val_batch0_pred.jpg'}"
    )


if __name__ == "__main__":
    main(sys.argv[1:])
