"""Train a small YOLO from scratch with Focal-EIoU on `shapes`, and show what it finds on images it has not seen.

    python scripts/demo.py [epochs=2 fraction=0.5 …]     any training argument of Ultralytics

It needs no network and no GPU, and three to five minutes on two CPU cores.
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


def main(args: list[str]) -> None:
    """Train, test on held-out images, and say where everything lies."""
    arguments = {**COMMON, **RECIPE, **dict(map(parse_key_value_pair, args))}
    model = YOLO("yolov8n.yaml")
    model.train(**arguments)
    trained = model.trainer
    name = f"{trained.save_dir.name}-test"
    tested = YOLO(trained.best).val(**{key: arguments[key] for key in COMMON}, split="test", name=name)
    print(
        f"mAP50 {tested.box.map50:.3f} on unseen images. Model: {trained.best}, results: {trained.csv}, "
        f"predictions: {tested.save_dir / 'val_batch0_pred.jpg'}"
    )
    if not args and tested.box.map50 < 0.5:
        sys.exit("error: the demo should reach a mAP50 of 0.5; please report this with the output above.")


if __name__ == "__main__":
    main(sys.argv[1:])
