"""Run the study of docs/study.md, stage by stage, and keep its tables in results/study/.

python scripts/study.py data=FOLDER                       all stages: hours to days; the same command resumes
python scripts/study.py data=FOLDER stages=gains,screen   some of them
python scripts/study.py data=FOLDER stages=gains only=cards

FOLDER holds the data sets as folders: bccd/bccd.yaml and cards/cards.yaml. They are copied, since Ultralytics writes
beside them.
"""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from yolo_feiou.ablation.collect import TABLES
from yolo_feiou.ablation.command import ablate
from yolo_feiou.errors import ArgumentError, exit_on_error
from yolo_feiou.parameters import Choice, Text, read_arguments
from yolo_feiou.terminal import say
from yolo_feiou.yolo.framework import FRAMEWORK

ROOT = Path(__file__).parents[1]
RUNS, RESULTS_FOLDER = ROOT / "runs" / "study", ROOT / "results" / "study"
#: What all stages have in common.
SETTINGS: Mapping[str, object] = {
    "model": "yolov8n.yaml",
    "imgsz": 160,
    "batch": 8,
    "nbs": 8,
    "optimizer": "AdamW",
    "lr0": 0.0015,
    "momentum": 0.9,
    "warmup_bias_lr": 0,
    "box_stats": True,
    "cache": "ram",
    "workers": 0,
    "plots": False,
    "verbose": False,
    "device": "cpu",
}
#: Epochs of a short training.
EPOCHS = {"bccd": 30, "cards": 40}
CANDIDATES = (
    *("giou", "eiou", "focal_eiou", "focal_eiou:gamma=0.25", "smooth_l1", "l1", "focal_l1", "wiou"),
    *(f"ciou:weight={1 - part:g}+smooth_l1:weight={part:g}" for part in (0.25, 0.5, 0.75)),
    "eiou:weight=0.5+smooth_l1:weight=0.5",
    "ciou:weight=0.5+l1:weight=0.5",
    "ciou:weight=0.5+nwd:weight=0.5",
)


@dataclass(frozen=True)
class Grid:
    """An ablation of the study, on each of its data sets.

    Attributes:
        stage: The stage that it is of; its runs share a folder for each data set.
        arguments: What it has beside `SETTINGS`.
        data: The data sets.
    """

    stage: str
    arguments: Mapping[str, object]
    data: Sequence[str] = field(default_factory=lambda: (*EPOCHS,))

    def commands(self, only: str = "") -> Iterator[tuple[str, list[str]]]:
        """Yield the name of the folder, and the arguments of `yolo ablate`, for each data set."""
        for data in self.data:
            if only in ("", data):
                name = f"{self.stage}-{data}"
                told = {
                    "data": f"{data}/{data}.yaml",
                    **SETTINGS,
                    "epochs": EPOCHS[data],
                    **self.arguments,
                    "out": name,
                }
                yield name, [f"{key}={value}" for key, value in told.items()]


GRIDS = (
    Grid("gains", {"losses": "ciou", "box": "3.75,7.5,15", "seeds": "0,1", "split": "val", "preflight": False}),
    Grid("gains", {"losses": "ciou", "dfl": "0.5,4.5", "seeds": "0,1", "split": "val", "preflight": False}),
    Grid(
        "screen",
        {"losses": ",".join(("ciou", *CANDIDATES)), "seeds": "0,1", "split": "val", "gain": "matched", "box": 7.5},
    ),
)
STAGES = tuple(dict.fromkeys(grid.stage for grid in GRIDS))
OPTIONS = (
    Text("data", "", "a folder with bccd/bccd.yaml and cards/cards.yaml"),
    Text("stages", ",".join(STAGES), f"some of {', '.join(STAGES)}"),
    Choice("only", "", ("", *EPOCHS)),
)


def copy_data(folder: Path) -> None:
    """Copy the data sets to where the runs are.

    Raises:
        ArgumentError: If one is not there.
    """
    for name in EPOCHS:
        if not (folder / name / f"{name}.yaml").is_file():
            raise ArgumentError(f"data={folder} has no {name}/{name}.yaml: see data/README.md for its layout.")
    for name in EPOCHS:
        if not (RUNS / name).is_dir():
            shutil.copytree(folder / name, RUNS / f"{name}.part", ignore=shutil.ignore_patterns("*.cache", "*.npy"))
            (RUNS / f"{name}.part").rename(RUNS / name)


def keep_tables(name: str) -> None:
    """Copy the tables of an ablation to where results are kept."""
    (RESULTS_FOLDER / name).mkdir(parents=True, exist_ok=True)
    for table in TABLES:
        if (RUNS / name / table).is_file():
            shutil.copyfile(RUNS / name / table, RESULTS_FOLDER / name / table)


def main(args: Sequence[str]) -> int:
    """Run the stages asked for, and return the exit status: 1 if a run failed."""
    told = read_arguments("scripts/study.py", args, OPTIONS)
    stages = str(told.get("stages", ",".join(STAGES))).split(",")
    if unknown := [stage for stage in stages if stage not in STAGES]:
        raise ArgumentError(f"stages={unknown[0]}: there are {', '.join(STAGES)}.")
    if not told.get("data"):
        raise ArgumentError("no data= is given: name a folder with bccd/bccd.yaml and cards/cards.yaml.")
    RUNS.mkdir(parents=True, exist_ok=True)
    copy_data(Path(str(told["data"])))
    os.chdir(RUNS)
    failed = 0
    for grid in (grid for grid in GRIDS if grid.stage in stages):
        for name, arguments in grid.commands(str(told.get("only", ""))):
            say(f"{name}:")
            failed |= ablate(arguments, FRAMEWORK)
            keep_tables(name)
    return 1 if failed else 0


if __name__ == "__main__":
    with exit_on_error():
        raise SystemExit(main(sys.argv[1:]))
