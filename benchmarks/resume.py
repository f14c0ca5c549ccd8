"""A training that is killed and resumed several times, beside the same one without a cut: real runs, on CPU.

    python benchmarks/resume.py [epochs]      prints a table, writes benchmarks/resume.csv

Three runs with the same arguments: without a cut; killed within five of its epochs and resumed each time; and the same
with nothing left to resume from but `last.pt`, as in stock Ultralytics. `equal` counts the tensors of the model and of
its EMA that are those of the first run, bit for bit, after the last epoch; `state` and `last` are the bytes of the
files that a resume finds.
"""

from __future__ import annotations

import csv
import os
import signal
import subprocess
import sys
import tempfile
from pathlib import Path

import torch
from timing import save

from yolo_feiou.yolo.resume_state import STATE_PATTERN, drop_states

ARGUMENTS = {
    **{"data": "shapes.yaml", "imgsz": 128, "loss": "focal_eiou", "optimizer": "AdamW", "lr0": 0.001},
    **{"device": "cpu", "plots": False, "verbose": False, "seed": 0},
}
KILLS = 5
BATCH = 5  # the one of an epoch in which the process dies
PART = """
import os, signal, sys
import torch
from yolo_feiou import YOLO

told, at, model, weights = eval(sys.argv[1]), int(sys.argv[2]), sys.argv[3], sys.argv[4]
seen = []

def kill(trainer):
    seen.extend([1] * (trainer.epoch == at))
    if len(seen) == int(sys.argv[5]):
        os.kill(os.getpid(), signal.SIGKILL)

def keep(trainer):
    torch.save([trainer.model.state_dict(), trainer.ema.ema.state_dict()], weights)

yolo = YOLO(model)
yolo.add_callback("on_train_batch_end", kill)
yolo.add_callback("on_train_end", keep)
yolo.train(**told)
"""


def part(folder: Path, told: dict[str, object], model: object, at: int) -> None:
    """Train until the epoch `at`, counted from 0, in which the process dies; to the end for −1."""
    line = [sys.executable, "-c", PART, repr(told), str(at), str(model), str(folder / "weights.pt"), str(BATCH)]
    environment = {**os.environ, "YOLO_OFFLINE": "true"}
    done = subprocess.run(line, capture_output=True, text=True, check=False, env=environment)
    if done.returncode != (0 if at == -1 else -signal.SIGKILL):
        sys.exit(f"error: a training ended with status {done.returncode}: {done.stderr[-1000:]}")


def trained(folder: Path, epochs: int, kills: list[int], states: bool) -> dict[str, object]:
    """Train, killed in some epochs, and return what came of it."""
    folder.mkdir()
    told: dict[str, object] = {**ARGUMENTS, "epochs": epochs, "project": str(folder), "name": "run"}
    model: object = "yolov8n.yaml"
    run, found = folder / "run", {"state": 0, "last": 0}
    for at in (*kills, -1):
        part(folder, told, model, at)
        if at != -1:
            if not states:
                drop_states(run / "weights")
            model, told = run / "weights" / "last.pt", {"resume": True}
            sizes = [path.stat().st_size for path in (run / "weights").glob(STATE_PATTERN)]
            found = {"state": max([found["state"], *sizes]), "last": model.stat().st_size}
    with open(run / "results.csv", newline="") as file:
        rows = [{key.strip(): value.strip() for key, value in row.items()} for row in csv.DictReader(file)]
    percent = [f"{100 * float(row['metrics/mAP50-95(B)']):.1f}" for row in rows]
    weights = [value for part in torch.load(folder / "weights.pt") for value in part.values()]
    return {"kills": len(kills), "percent": " ".join(percent), "weights": weights, **found}


def main(epochs: int = 10) -> None:
    """Measure, print and save."""
    kills = [round((number + 0.5) * (epochs - 1) / KILLS) for number in range(KILLS)]
    rows, expected = [], []
    with tempfile.TemporaryDirectory() as path:
        for what, at, states in (("whole", [], True), ("resumed", kills, True), ("from last.pt alone", kills, False)):
            found = trained(Path(path, what.replace(" ", "_")), epochs, at, states)
            weights = found.pop("weights")
            expected = expected or weights
            equal = sum(torch.equal(one, other) for one, other in zip(weights, expected, strict=True))
            rows.append({"what": what, "epochs": epochs, **found, "tensors": len(weights), "equal": equal})
            print(rows[-1], flush=True)
    save(rows, "resume")


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
