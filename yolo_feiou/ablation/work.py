"""The process that does one run: `python -m yolo_feiou.ablation.work FOLDER TASK PARENT`, its task as JSON.

It begins the training, goes on with it or skips it, by what the folder's files say; evaluates; writes the row.
It dies with the process that started it. Whatever stops it is in the log and in its exit status; the next one goes on.
"""

from __future__ import annotations

import json
import os
import signal
import sys
import threading
import time
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import torch

from yolo_feiou.ablation import checkpoints
from yolo_feiou.ablation.locks import Busy, held
from yolo_feiou.ablation.provenance import session
from yolo_feiou.ablation.rows import finished_row
from yolo_feiou.ablation.store import RunFolder
from yolo_feiou.evaluation.run import evaluate
from yolo_feiou.model import YOLO

#: Exit status of a process that finds another at work on its run.
BUSY = 75
#: Seconds that a killed predecessor may take to let go of its run.
PATIENCE = 10


@dataclass(frozen=True)
class Task:
    """What a process is told beside its folder: nothing that makes the run another one.

    Attributes:
        device: As Ultralytics takes it; '' is its own choice.
        threads: Of the CPU; 0 is torch's and Ultralytics' own choice.
        split: Of the data, on which the run is evaluated.
        weights: 'best' or 'last', the checkpoint that is evaluated.
        evaluator: Name of the evaluator of COCO metrics.
        annotations: A COCO JSON with the ground truth, '' for the labels.
        command: The command of the ablation, for the record.
    """

    device: str = ""
    threads: int = 0
    split: str = "val"
    weights: str = "best"
    evaluator: str = "faster-coco-eval"
    annotations: str = ""
    command: str = ""

    def line(self, folder: Path) -> list[str]:
        """Return the command line of the process."""
        parent = str(os.getpid())
        return [sys.executable, "-m", "yolo_feiou.ablation.work", str(folder), json.dumps(asdict(self)), parent]

    @property
    def environment(self) -> dict[str, str]:
        """The environment of the process."""
        threads = {"OMP_NUM_THREADS": str(self.threads), "MKL_NUM_THREADS": str(self.threads)} if self.threads else {}
        return {**os.environ, **threads, "PYTHONUNBUFFERED": "1"}


def work(folder: RunFolder, task: Task) -> None:
    """Do what is left to do of a run."""
    run = folder.run()
    stage, epochs, note = checkpoints.progress(folder)
    print(f"{folder.path.name}: {stage}, {epochs} epochs are done. {note}", flush=True)
    if stage != checkpoints.TRAINED:
        train(folder, dict(run.arguments), stage, epochs, task)
    checkpoints.strip(folder)
    weights = folder.best if task.weights == "best" and folder.best.exists() else folder.last
    measured = evaluate(
        weights,
        run.arguments["data"],
        task.split,
        folder.evaluation,
        annotations=task.annotations or None,
        evaluator=task.evaluator,
        **evaluation_arguments(run.arguments),
        **({"device": task.device} if task.device else {}),
    )
    folder.write_row(finished_row(folder, run, asdict(task), measured))


def train(folder: RunFolder, arguments: dict[str, Any], stage: str, epochs: int, task: Task) -> None:
    """Begin a training, or go on with it."""
    own = {"save_dir": str(folder.path), "exist_ok": True, **({"device": task.device} if task.device else {})}
    own |= {"project": folder.path.parent.name, "name": folder.path.name}  # what W&B, MLflow and others call it
    sessions = folder.sessions() if stage == checkpoints.HALF else []
    if stage == checkpoints.NEW:
        checkpoints.clear(folder)
    folder.write_sessions([*sessions, session(epochs, task.device)])
    model = YOLO(folder.last if stage == checkpoints.HALF else arguments["model"])
    if task.threads and not torch.cuda.is_available():  # Ultralytics would take up to eight for each run
        model.add_callback("on_pretrain_routine_start", lambda _: torch.set_num_threads(task.threads))
    if stage == checkpoints.HALF:
        model.train(resume=True, **own)
    else:
        model.train(**{**arguments, **own})


def evaluation_arguments(arguments: dict[str, Any]) -> dict[str, Any]:
    """Return those of a run's training arguments that its evaluation takes too."""
    shared = ("imgsz", "batch", "conf", "iou", "max_det", "single_cls", "classes", "rect", "half", "workers")
    return {key: arguments[key] for key in shared if arguments.get(key) is not None}


def die_with(parent: int) -> None:
    """Kill this process and those that it started, once the process that started it has died."""

    def watch() -> None:
        while os.getppid() == parent:
            time.sleep(0.5)
        os.killpg(0, signal.SIGKILL) if os.getpgrp() == os.getpid() else os.kill(os.getpid(), signal.SIGKILL)

    threading.Thread(target=watch, daemon=True).start()


def main() -> None:
    """Do the run that the command line names."""
    folder, task = RunFolder(Path(sys.argv[1])), Task(**json.loads(sys.argv[2]))
    die_with(int(sys.argv[3]))
    try:
        with held(folder.lock, PATIENCE):
            work(folder, task)
    except Busy as error:
        print(error, flush=True)
        sys.exit(BUSY)


if __name__ == "__main__":
    main()
