"""Run the study of docs/study.md, stage by stage, and keep its tables in results/study/.

python scripts/study.py data=FOLDER                       all stages: hours to days; the same command resumes
python scripts/study.py data=FOLDER stages=gains,screen   some of them
python scripts/study.py data=FOLDER stages=gains only=cards
python scripts/study.py tables=True                       no run: the tables of what is done so far

FOLDER holds the data sets as folders: bccd/bccd.yaml and cards/cards.yaml. They are copied, since Ultralytics writes
beside them. The files from which the tables are made lie beside these, in records.jsonl, so that another machine goes
on where this one stopped.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from statistics import mean
from typing import Any

import yaml

from yolo_feiou.ablation.collect import TABLES, collect_results
from yolo_feiou.ablation.command import ablate
from yolo_feiou.ablation.options import read_ablation_request
from yolo_feiou.ablation.store import ABLATION, PREFLIGHT, run_folders
from yolo_feiou.datasets.shapes import generate
from yolo_feiou.errors import ArgumentError, exit_on_error
from yolo_feiou.losses.spec import scale_spec
from yolo_feiou.parameters import Choice, Flag, Text, read_arguments
from yolo_feiou.results.file_names import RESULTS
from yolo_feiou.storage.tables import read_csv
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
#: Of the confirmation, by regime: what it has beside `SETTINGS`, the length as a multiple of a short training's, and
#: the most seeds.
PRETRAINED = "pretrained.pt"
REGIMES: Mapping[str, tuple[Mapping[str, object], float, int]] = {
    "short": ({}, 1, 8),
    "fine": ({"model": PRETRAINED}, 0.5, 8),
    "long": ({}, 3, 4),
    "yolo26n": ({"model": "yolo26n.yaml"}, 1, 4),
}
#: The training of the weights that fine-tuning begins with.
PRETRAINING: Mapping[str, object] = {"data": "shapes/shapes.yaml", "epochs": 6, "seed": 0}
PRETRAINING_IMAGES = {"train": 4000, "val": 200}
#: Of the last stage, the seeds, which the confirmation has too; both are of short trainings, so that each training of
#: these is made once.
EXPLAINED_SEEDS, EXPLAINED = (100, 101, 102, 103), "short"
#: Of the first stage, the gains of CIoU, and of DFL beside `box=7.5`; the seeds of the first two stages.
BOXES, DFLS, SEEDS = (1.875, 3.75, 7.5, 15.0), (0.5, 4.5), (0, 1)
#: What led in the first look, and the gains at which it is tried beside that which matches the tuned CIoU.
LEAD, LEAD_BOXES = "ciou:weight=0.5+smooth_l1:weight=0.5", (3.75, 7.5, 15.0)
CANDIDATES = (
    *("giou", "eiou", "focal_eiou", "focal_eiou:gamma=0.25", "smooth_l1", "l1", "focal_l1", "wiou"),
    *(f"ciou:weight={1 - part:g}+smooth_l1:weight={part:g}" for part in (0.25, 0.5, 0.75)),
    "eiou:weight=0.5+smooth_l1:weight=0.5",
    "ciou:weight=0.5+l1:weight=0.5",
    "ciou:weight=0.5+nwd:weight=0.5",
)


@dataclass(frozen=True)
class Grid:
    """An ablation of the study, or a part of one.

    Attributes:
        stage: The stage that it is of.
        data: The data set; the runs of a stage on it share a folder.
        find_arguments: Returns what it has beside `SETTINGS`; it may look at the results of the grids before, and
            raises ArgumentError where these are missing.
    """

    stage: str
    data: str
    find_arguments: Callable[[], Mapping[str, object]]

    @property
    def name(self) -> str:
        """The name of its folder."""
        return f"{self.stage}-{self.data}"

    def make_command(self) -> list[str]:
        """Return the arguments of `yolo ablate`."""
        about = {"data": f"{self.data}/{self.data}.yaml", **SETTINGS, "epochs": EPOCHS[self.data]}
        about["per_device"] = os.cpu_count() or 1  # one thread for each run
        return [f"{key}={spell(value)}" for key, value in {**about, **self.find_arguments(), "out": self.name}.items()]


def spell(value: object) -> str:
    """Return a value as the command line takes it."""
    if isinstance(value, tuple):
        return ",".join(spell(one) for one in value)
    return f"{value:g}" if isinstance(value, float) else str(value)


def read_means(name: str, keys: Sequence[str], seeds: Collection[int]) -> dict[tuple[Any, ...], float]:
    """Return the mean AP over seeds by what varies, of that for which all of these seeds are there.

    Args:
        name: The folder of the tables.
        keys: The columns that vary.
        seeds: The seeds.
    """
    path = RESULTS_FOLDER / name / RESULTS
    found: dict[tuple[Any, ...], dict[Any, float]] = {}
    for row in read_csv(path) if path.is_file() else ():
        if row["seed"] in seeds and isinstance(row["AP"], float):
            found.setdefault(tuple(row[key] for key in keys), {})[row["seed"]] = row["AP"]
    return {varied: mean(of.values()) for varied, of in found.items() if len(of) == len(seeds)}


def find_tuned() -> dict[str, float]:
    """Return the gains of the tuned CIoU: those of the highest mean AP over the data sets.

    Raises:
        ArgumentError: If one of the gains has not all its runs.
    """
    wanted = [("ciou", box, 1.5) for box in BOXES] + [("ciou", 7.5, dfl) for dfl in DFLS]
    means = read_gains(wanted)
    _, box, dfl = max(wanted, key=lambda one: sum(means[one]))
    return {"box": box, "dfl": dfl}


def read_gains(wanted: Sequence[tuple[str, float, float]]) -> dict[tuple[str, float, float], list[float]]:
    """Return the mean AP on each data set of what the first stage tried, by loss, box and dfl.

    Raises:
        ArgumentError: If one of those wanted has not all its runs.
    """
    means = [read_means(f"gains-{data}", ("loss", "box", "dfl"), SEEDS) for data in EPOCHS]
    if missing := [one for one in wanted if any(one not in of for of in means)]:
        raise ArgumentError("the gains come first: {} at box={:g} dfl={:g} has not all its runs.".format(*missing[0]))
    return {one: [of[one] for of in means] for one in wanted}


def find_best(number: int, of: Sequence[str], seeds: Collection[int]) -> tuple[str, ...]:
    """Return those candidates that have the highest mean AP in the screening on `bccd`.

    Args:
        number: How many.
        of: The candidates.
        seeds: The seeds.

    Raises:
        ArgumentError: If a candidate has not all its runs.
    """
    means = {loss: ap for (loss,), ap in read_means("screen-bccd", ("loss",), seeds).items()}
    if missing := [loss for loss in of if loss not in means]:
        raise ArgumentError(f"screening on bccd comes first: {missing[0]} has not all its runs.")
    best = sorted(of, key=lambda loss: -means[loss])[:number]
    return tuple(loss for loss in of if loss in best)


def find_half() -> tuple[str, ...]:
    """Return the candidates that get the second seed on `bccd`."""
    return find_best(len(CANDIDATES) // 2, CANDIDATES, SEEDS[:1])


def find_quarter() -> tuple[str, ...]:
    """Return the candidates that go on to `cards`."""
    return find_best(4, find_half(), SEEDS)


def tune(**gains: object) -> dict[str, object]:
    """Return CIoU, or another of `losses`, at several gains."""
    return {"losses": "ciou", "seeds": SEEDS, "split": "val", "preflight": False, **gains}


def screen(losses: Sequence[str], seeds: Sequence[int] = SEEDS) -> dict[str, object]:
    """Return losses beside CIoU, with gradients as large as those of the tuned CIoU."""
    return {"losses": ("ciou", *losses), "seeds": seeds, "split": "val", "gain": "matched", **find_tuned()}


def find_finalist() -> str:
    """Return the candidate that is confirmed, with the factor that makes up for the gain at which it was tried.

    It has the highest mean difference to the tuned CIoU over the data sets of the screening; the lead of the first look
    takes part at its further gains too.

    Raises:
        ArgumentError: If a candidate has not all its runs.
    """
    screened, tuned = [read_means(f"screen-{data}", ("loss", "box"), SEEDS) for data in EPOCHS], find_tuned()
    by_loss = [{loss: (ap, box) for (loss, box), ap in of.items()} for of in screened]
    wanted = find_quarter()
    if missing := [loss for loss in ("ciou", *wanted) if any(loss not in of for of in by_loss)]:
        raise ArgumentError(f"screening on cards comes first: {missing[0]} has not all its runs.")
    gained = {
        scale_spec(loss, mean(of[loss][1] for of in by_loss) / tuned["box"]): sum(
            of[loss][0] - of["ciou"][0] for of in by_loss
        )
        for loss in wanted
    }
    tuned_ciou, leads = ("ciou", tuned["box"], tuned["dfl"]), [(LEAD, box, tuned["dfl"]) for box in LEAD_BOXES]
    means = read_gains([tuned_ciou, *leads])
    for lead in leads:
        gained[scale_spec(LEAD, lead[1] / tuned["box"])] = sum(means[lead]) - sum(means[tuned_ciou])
    return max(gained, key=lambda spec: gained[spec])


def confirm(regime: str, data: str) -> dict[str, object]:
    """Return the finalist beside the tuned CIoU in a regime, with seeds that were not looked at before.

    Where there are seeds enough, CIoU at the usual gain is compared with it too.
    """
    settings, length, most = REGIMES[regime]
    usual = (scale_spec("ciou", 7.5 / find_tuned()["box"]),) if most == 8 else ()
    return {
        **settings,
        **find_tuned(),
        "losses": ("ciou", find_finalist(), *usual),
        "epochs": round(length * EPOCHS[data]),
        **{"seeds": (100, 101), "until": 0.5, "max_seeds": most, "split": "test", "preflight": False},
    }


def explain() -> dict[str, object]:
    """Return what could refute that EIoU's terms of the sides are what makes it another loss than CIoU.

    DIoU has its other terms: at EIoU's gain, so that nothing but the sides differs, and at the tuned CIoU's.
    """
    finalist = find_finalist()
    losses = ("ciou", finalist, "diou", finalist.replace("eiou", "diou"))
    return {**find_tuned(), "losses": losses, "seeds": EXPLAINED_SEEDS, "split": "test", "preflight": False}


def pretrain() -> None:
    """Train the weights that fine-tuning begins with, unless they are there."""
    if Path(PRETRAINED).is_file():
        return
    generate("shapes", seed=1, counts=PRETRAINING_IMAGES, size=int(str(SETTINGS["imgsz"])))
    names = yaml.safe_load((ROOT / "cfg" / "datasets" / "shapes.yaml").read_text())["names"]
    splits = {split: f"images/{split}" for split in PRETRAINING_IMAGES}
    Path("shapes", "shapes.yaml").write_text(yaml.safe_dump({**splits, "names": names}))
    # Box statistics look into our losses, and this is stock's.
    settings = {key: value for key, value in SETTINGS.items() if key != "box_stats"}
    about = {**settings, **PRETRAINING, "project": Path("pretraining").absolute(), "name": "train", "exist_ok": True}
    words = [f"{key}={spell(value)}" for key, value in about.items()]
    if status := subprocess.run([sys.executable, "-m", "yolo_feiou", "train", *words]).returncode:
        raise SystemExit(status if status > 0 else 128 - status)  # the training said why, or a signal ended it
    shutil.copyfile("pretraining/train/results.csv", RESULTS_FOLDER / "pretraining.csv")
    shutil.copyfile("pretraining/train/weights/last.pt", PRETRAINED)


GRIDS = (
    *(Grid("gains", data, lambda: tune(box=BOXES)) for data in EPOCHS),
    *(Grid("gains", data, lambda: tune(dfl=DFLS)) for data in EPOCHS),
    *(Grid("gains", data, lambda: tune(losses=LEAD, box=LEAD_BOXES)) for data in EPOCHS),
    Grid("screen", "bccd", lambda: screen(CANDIDATES, SEEDS[:1])),
    Grid("screen", "bccd", lambda: screen(find_half())),
    Grid("screen", "cards", lambda: screen(find_quarter())),
    *(Grid(regime, data, partial(confirm, regime, data)) for regime in REGIMES for data in EPOCHS),
    *(Grid("mechanism", data, explain) for data in EPOCHS),
)
STAGES = tuple(dict.fromkeys(grid.stage for grid in GRIDS))
OPTIONS = (
    Text("data", "", "a folder with bccd/bccd.yaml and cards/cards.yaml"),
    Text("stages", ",".join(STAGES), f"some of {', '.join(STAGES)}"),
    Choice("only", "", ("", *EPOCHS)),
    Flag("tables", False, meaning="whether to make the tables of what is done, and run nothing"),
)
RECORDS = "records.jsonl"
#: What the tables need of a training, beside the files in the run's own folder.
TRAINING_FILES = ("args.yaml", "provenance.json", "results.csv", "box_stats.csv")


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
    """Make the tables of an ablation, and copy them, and what they are made from, to where results are kept.

    Where a run lay on this machine is left out.
    """
    folder, kept = RUNS / name, RESULTS_FOLDER / name
    for note in collect_results(folder):
        say(note)
    kept.mkdir(parents=True, exist_ok=True)
    for table in TABLES:
        if (folder / table).is_file():
            shutil.copyfile(folder / table, kept / table)
    files = [path for path in find_records(folder) if path.is_file()]
    texts = {path.relative_to(folder).as_posix(): path.read_text().replace(f"{RUNS.resolve()}/", "") for path in files}
    lines = [json.dumps({"file": name, "text": text}) for name, text in texts.items()]
    (kept / RECORDS).write_text("".join(f"{line}\n" for line in lines))


def find_records(folder: Path) -> Iterator[Path]:
    """Yield the files from which the tables of an ablation are made, there or not."""
    yield folder / ABLATION
    yield from sorted((folder / PREFLIGHT).glob("*.json"))
    for run in run_folders(folder):
        yield run.path / "run.json"
        if run.row() is not None:
            yield run.path / "row.json"
            yield from (run.train / name for name in TRAINING_FILES)


def restore_runs(name: str, kept_as: str = "", wanted: Callable[[str], bool] = lambda _: True) -> None:
    """Write the records of runs that are kept and that this machine doesn't have.

    Args:
        name: The folder of the ablation.
        kept_as: The ablation that they are of, if it is another one.
        wanted: Returns whether a file is, by its path there.
    """
    kept = RESULTS_FOLDER / (kept_as or name) / RECORDS
    for record in map(json.loads, kept.read_text().splitlines() if kept.is_file() else ()):
        path = RUNS / name / record["file"]
        if wanted(record["file"]) and not path.exists():
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(record["text"])


def share_runs(grid: Grid) -> None:
    """Take the runs of the last stage that the confirmation has made, by their records."""
    keys = {run.key for run in read_ablation_request(grid.make_command(), FRAMEWORK).runs}

    def is_shared(file: str) -> bool:
        return file.removeprefix("train/").partition("/")[0].rpartition("-")[2] in keys

    restore_runs(grid.name, f"{EXPLAINED}-{grid.data}", is_shared)


def main(args: Sequence[str]) -> int:
    """Run the stages asked for, and return the exit status: 1 if a run failed."""
    told = read_arguments("scripts/study.py", args, OPTIONS)
    stages = str(told.get("stages", ",".join(STAGES))).split(",")
    if unknown := [stage for stage in stages if stage not in STAGES]:
        raise ArgumentError(f"stages={unknown[0]}: there are {', '.join(STAGES)}.")
    grids = [grid for grid in GRIDS if grid.stage in stages and told.get("only", "") in ("", grid.data)]
    names = {grid.name: None for grid in grids}
    RUNS.mkdir(parents=True, exist_ok=True)
    for name in names:
        restore_runs(name)
    if told.get("tables"):
        for name in (name for name in names if (RUNS / name).is_dir()):
            keep_tables(name)
        return 0
    if not told.get("data"):
        raise ArgumentError("no data= is given: name a folder with bccd/bccd.yaml and cards/cards.yaml.")
    copy_data(Path(str(told["data"])).absolute())
    os.chdir(RUNS)
    failed = 0
    for grid in grids:
        say(f"{grid.name}:")
        if grid.stage == "fine":
            pretrain()
        if grid.stage == "mechanism":
            share_runs(grid)
        failed |= ablate(grid.make_command(), FRAMEWORK)
        keep_tables(grid.name)
    return 1 if failed else 0


if __name__ == "__main__":
    with exit_on_error():
        raise SystemExit(main(sys.argv[1:]))
