"""Train each family of Ultralytics' models with a loss of each kind for two epochs, and note what was swapped.

python scripts/train_families.py                                 all of them; Ultralytics fetches data and text encoders
python scripts/train_families.py data=FOLDER                     data sets in a folder: coco8/coco8.yaml and the like
python scripts/train_families.py families=rtdetr,obb             some of them
python scripts/train_families.py encoder=none                    texts get numbers drawn by their letters: no download

Results are docs/families.csv, where rows of other trainings stay: a row for each family and loss.
"""

from __future__ import annotations

import hashlib
import io
import re
import sys
import tempfile
from collections.abc import Mapping, Sequence
from contextlib import redirect_stdout
from dataclasses import dataclass, field
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import torch
import yaml
from ultralytics.models import yolo

from yolo_feiou.errors import ArgumentError, exit_on_error
from yolo_feiou.parameters import Choice, Text, read_arguments
from yolo_feiou.results.epochs import read_curve
from yolo_feiou.storage.tables import Row, read_csv, write_csv
from yolo_feiou.yolo.model import MODELS

TABLE = Path(__file__).parents[1] / "docs" / "families.csv"
#: A loss of each kind.
ALIGNED = {
    "overlap": "eiou",
    "overlap with a weight": "focal_eiou",
    "ℓn errors": "focal_l1",
    "in pixels": "mpdiou",
    "with a state": "wiou",
    "a sum, scheduled": "ciou:weight=1..0+smooth_l1:weight=0..1",
}
ROTATED = {
    "overlap": "probiou",
    "overlap with a weight": "probiou:focal=0.5",
    "divergence": "kld",
    "in pixels": "gwd",
    "Kalman filter": "kfiou",
    "a sum, scheduled": "probiou:weight=1..0+bd:weight=0..1",
}


@dataclass(frozen=True)
class Family:
    """A family of models.

    Attributes:
        title: Its name.
        model: The YAML of a small one of it.
        data: The data set that it trains on.
        kind: The class that trains it.
        losses: By kind, the losses that it is tried with.
        place: What the loss takes the place of.
        trainer: The name of a trainer of Ultralytics' that is given, if any.
    """

    title: str
    model: str
    data: str
    kind: str = "YOLO"
    losses: Mapping[str, str] = field(default_factory=lambda: ALIGNED)
    place: str = "CIoU in BboxLoss"
    trainer: str = ""


FAMILIES = {
    "detect": Family("YOLO, detection", "yolov8n.yaml", "coco8"),
    "detect26": Family("YOLO26, detection", "yolo26n.yaml", "coco8"),
    "segment": Family("YOLO, segmentation", "yolo11n-seg.yaml", "coco8-seg"),
    "pose": Family("YOLO, pose", "yolo11n-pose.yaml", "coco8-pose"),
    "world": Family("YOLO-World", "yolov8n-worldv2.yaml", "coco8", "YOLOWorld"),
    "yoloe": Family("YOLOE, text prompts", "yoloe-11n-seg.yaml", "coco8-seg", "YOLOE"),
    "probe": Family("YOLOE, linear probe", "yoloe-11n-seg.yaml", "coco8-seg", "YOLOE", trainer="YOLOEPESegTrainer"),
    "rtdetr": Family("RT-DETR", "rtdetr-l.yaml", "coco8", "RTDETR", place="GIoU in RTDETRDetectionLoss"),
    "obb": Family(
        "YOLO, oriented boxes", "yolo11n-obb.yaml", "dota8", losses=ROTATED, place="ProbIoU in RotatedBboxLoss"
    ),
    "obb26": Family(
        "YOLO26, oriented boxes", "yolo26n-obb.yaml", "dota8", losses=ROTATED, place="ProbIoU in RotatedBboxLoss"
    ),
}
ARGUMENTS = {"imgsz": 160, "epochs": 2, "batch": 2, "workers": 0, "device": "cpu", "plots": False, "verbose": False}


class Encoder:
    """Stands in for a text encoder: 512 numbers for each text, drawn by its letters."""

    def __init__(self, *_: object, **__: object) -> None:
        self.texts: list[str] = []

    def tokenize(self, texts: Sequence[str]) -> torch.Tensor:
        """Return the indices of the texts."""
        self.texts = list(texts)
        return torch.arange(len(self.texts))

    def encode_text(self, tokens: torch.Tensor) -> torch.Tensor:
        """Return a unit vector for each text."""
        seeds = [int(hashlib.sha256(self.texts[token].encode()).hexdigest()[:8], 16) for token in tokens.tolist()]
        drawn = [torch.randn(512, generator=torch.Generator().manual_seed(seed)) for seed in seeds]
        return torch.nn.functional.normalize(torch.stack(drawn), dim=-1)


def find_data(name: str, folder: str, scratch: Path) -> str:
    """Return the YAML of a data set, in a folder or by its name.

    Raises:
        ArgumentError: If it isn't in the folder.
    """
    if not folder:
        return f"{name}.yaml"
    path = Path(folder).resolve() / name
    if not (path / f"{name}.yaml").is_file():
        raise ArgumentError(f"data={folder}: expected {name}/{name}.yaml in it.")
    content = yaml.safe_load((path / f"{name}.yaml").read_text(encoding="utf-8"))
    made = scratch / f"{name}.yaml"
    made.write_text(yaml.safe_dump({**content, "path": str(path)}), encoding="utf-8")
    return str(made)


def train_family(family: Family, loss: str, data: str, scratch: Path) -> Row:
    """Train a family with a loss, and return the row of it.

    A linear probe begins with a training of its model, for it needs weights.
    """
    model = family.model
    if family.trainer:
        first = MODELS[family.kind](model)
        first.train(data=data, project=str(scratch), name="weights", **ARGUMENTS)
        model = str(first.trainer.last)
    own = {"trainer": getattr(yolo.yoloe, family.trainer)} if family.trainer else {}
    made, said = MODELS[family.kind](model), io.StringIO()
    with redirect_stdout(said):
        made.train(data=data, loss=loss, project=str(scratch), name="run", **own, **ARGUMENTS)
    pattern = r"^Box loss: .*?, (criteria swapped: .*), rank -1(?:, logged as \w+)?$"
    (line,) = re.findall(pattern, said.getvalue(), re.MULTILINE)
    row = read_curve(Path(made.trainer.save_dir) / "results.csv")[-1]
    return {
        "family": family.title,
        "model": family.model,
        "trainer": type(made.trainer).__name__,
        "data": family.data,
        "place": family.place,
        "kind": next(kind for kind, one in family.losses.items() if one == loss),
        "loss": loss,
        "swapped": line.removeprefix("criteria swapped: "),
        "box_loss": row["train/giou_loss" if "train/giou_loss" in row else "train/box_loss"],
    }


def merge_rows(old: Sequence[Row], new: Sequence[Row]) -> list[Row]:
    """Return new rows and the old ones of other trainings, in the order of families and losses."""
    order = [(family.title, loss) for family in FAMILIES.values() for loss in family.losses.values()]
    by_key = {(row["family"], row["loss"]): row for row in (*old, *new)}
    return [by_key[key] for key in order if key in by_key]


def main(args: Sequence[str]) -> None:
    """Train, and write the results after each training.

    Raises:
        ArgumentError: If a family is unknown, or its data isn't in the folder.
    """
    parameters = (
        Text("families", ",".join(FAMILIES), "names of families, comma-separated"),
        Text("data", "", "a folder with data sets"),
        Choice("encoder", "clip", ("clip", "none")),
        Text("out", str(TABLE), "a CSV for the results"),
    )
    given = {one.name: one.default for one in parameters} | read_arguments(Path(__file__).name, args, parameters)
    names = given["families"].split(",")
    if unknown := [name for name in names if name not in FAMILIES]:
        raise ArgumentError(f"unknown families {', '.join(unknown)}: expected some of {','.join(FAMILIES)}.")
    if given["encoder"] == "none":
        stand_in: Any = SimpleNamespace(build_text_model=Encoder)
        sys.modules["ultralytics.nn.text_model"] = stand_in
    out = Path(given["out"])
    for name in names:
        family = FAMILIES[name]
        for loss in family.losses.values():
            with tempfile.TemporaryDirectory() as scratch:
                data = find_data(family.data, given["data"], Path(scratch))
                row = train_family(family, loss, data, Path(scratch))
            write_csv(out, merge_rows(read_csv(out) if out.exists() else [], [row]))
            print(f"{name} {loss}: {row['swapped']}, box loss {row['box_loss']:.3g}", flush=True)


if __name__ == "__main__":
    with exit_on_error():
        main(sys.argv[1:])
