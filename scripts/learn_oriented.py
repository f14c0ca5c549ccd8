"""Show that oriented boxes are learnt: train YOLO-OBB from scratch on `shapes-obb` with some losses.

python scripts/learn_oriented.py                     stock, probiou and kld, a few minutes each
python scripts/learn_oriented.py losses=gwd threads=2
python scripts/learn_oriented.py out=FILE.csv

Results are docs/oriented.csv, where rows of other losses stay: Ultralytics' own mAP on unseen images after each epoch.
"""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import torch

from yolo_feiou.errors import exit_on_error
from yolo_feiou.losses.build import shorten_spec
from yolo_feiou.parameters import Int, Text, read_arguments
from yolo_feiou.results.epochs import read_curve
from yolo_feiou.results.provenance import name_hardware
from yolo_feiou.storage.tables import Row, read_csv, write_csv
from yolo_feiou.yolo.model import YOLO

TABLE = Path(__file__).parents[1] / "docs" / "oriented.csv"
MODEL = "yolov8n-obb.yaml"
ARGUMENTS: Mapping[str, Any] = {
    "data": "shapes-obb.yaml",
    "imgsz": 128,
    "epochs": 8,
    "batch": 16,
    "nbs": 16,
    "optimizer": "AdamW",
    "lr0": 0.002,
    "warmup_epochs": 1,
    "mosaic": 0,
    "workers": 0,
    "device": "cpu",
    "seed": 0,
}


def learn(loss: str, threads: int) -> list[Row]:
    """Train with a loss, and return a row an epoch."""
    with tempfile.TemporaryDirectory() as folder:
        model = YOLO(MODEL)
        model.train(loss=loss, project=folder, plots=False, verbose=False, **ARGUMENTS)
        curve = read_curve(Path(model.trainer.save_dir) / "results.csv")
    return [
        {
            "model": MODEL,
            "loss": loss,
            "epoch": int(row["epoch"]),
            "minutes": round(row["time"] / 60, 2),
            "mAP50": row["metrics/mAP50(B)"],
            "mAP": row["metrics/mAP50-95(B)"],
            "machine": f"{name_hardware('cpu')}, {threads} thread{'s' * (threads > 1)}",
        }
        for row in curve
    ]


def main(args: Sequence[str]) -> None:
    """Train, and write the results after each training."""
    parameters = (
        Text("losses", "stock,probiou,kld", "specs, comma-separated"),
        Text("out", str(TABLE), "a CSV for the results"),
        Int("threads", 1, 1, 64),
    )
    given = {one.name: one.default for one in parameters} | read_arguments(Path(__file__).name, args, parameters)
    losses, out = [shorten_spec(loss) for loss in given["losses"].split(",")], Path(given["out"])
    torch.set_num_threads(given["threads"])
    for loss in losses:
        rows = learn(loss, given["threads"])
        others = [row for row in (read_csv(out, ("machine",)) if out.exists() else []) if row["loss"] != loss]
        write_csv(out, [*others, *rows])
        print(f"{loss}: mAP50 {rows[-1]['mAP50']:.3f} after {rows[-1]['minutes']:.1f} minutes", flush=True)


if __name__ == "__main__":
    with exit_on_error():
        main(sys.argv[1:])
