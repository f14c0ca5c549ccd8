"""The process that does one run: `python -m yolo_feiou.ablation.work FOLDER TASK PARENT`, its task as JSON.

It begins the training, goes on with it or skips it, by what the folder's files say; evaluates; writes the row.
It dies with the process that started it. Whatever stops it is in the log and in its exit status; the next one goes on.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import torch

from yolo_feiou.ablation import checkpoints
from yolo_feiou.ablation.rows import finished_row
from yolo_feiou.ablation.store import RunFolder
from yolo_feiou.errors import DataError
from yolo_feiou.results.epochs import drop_partial_line
from yolo_feiou.results.provenance import DEVICE
from yolo_feiou.storage.locks import Busy, held
from yolo_feiou.terminal import say
from yolo_feiou.yolo.evaluate import evaluate
from yolo_feiou.yolo.model import YOLO
from yolo_feiou.yolo.subprocesses import WORKER, die_with

#: Exit status of a process that finds another at work on its run.
BUSY = 75
#: Exit status of a process that was ended since it took longer than it may.
TIMED_OUT = 124
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
        timeout: Hours that the process may take, 0 for as long as it needs.
    """

    device: str = ""
    threads: int = 0
    split: str = "val"
    weights: str = "best"
    evaluator: str = "faster-coco-eval"
    annotations: str = ""
    command: str = ""
    timeout: float = 0.0

    @property
    def seconds(self) -> float | None:
        """How long the process may take; None for as long as it needs."""
        return 3600 * self.timeout or None

    def line(self, folder: Path) -> list[str]:
        """Return the command line of the process."""
        parent = str(os.getpid())
        return [sys.executable, "-m", "yolo_feiou.ablation.work", str(folder), json.dumps(asdict(self)), parent]

    @property
    def environment(self) -> dict[str, str]:
        """The environment of the process, which sees its own GPUs alone: older releases would take the first."""
        told = {"PYTHONUNBUFFERED": "1", DEVICE: self.device}
        if self.threads:
            told |= {"OMP_NUM_THREADS": str(self.threads), "MKL_NUM_THREADS": str(self.threads)}
        if numbers := gpus(self.device):
            seen = os.environ.get("CUDA_VISIBLE_DEVICES")
            names = seen.split(",") if seen else []
            told["CUDA_VISIBLE_DEVICES"] = ",".join(names[n] if n < len(names) else str(n) for n in numbers)
        return {**os.environ, **told}

    @property
    def own_device(self) -> dict[str, str]:
        """The argument `device` inside the process, where its GPUs are counted from 0; none for Ultralytics' choice."""
        if numbers := gpus(self.device):
            return {"device": ",".join(map(str, range(len(numbers))))}
        return {"device": self.device} if self.device else {}


def gpus(device: str) -> list[int]:
    """Return the numbers of the GPUs in a `device`, none if it names another kind of device."""
    words = device.split(",")
    return [int(word) for word in words] if all(word.strip().isdigit() for word in words) else []


def work(folder: RunFolder, task: Task) -> None:
    """Do what is left to do of a run.

    Raises:
        DataError: If its weights were removed, or what was trained is not what was asked for.
    """
    run = folder.run()
    stage, epochs, note = checkpoints.progress(folder)
    say(f"{folder.path.name}: {stage}, {epochs} epochs are done. {note}")
    if stage != checkpoints.TRAINED and folder.row():
        raise DataError(
            f"{folder.path} was trained, and its weights are gone: they are needed to evaluate it in another way. To "
            "train it anew, remove the folder."
        )
    if stage != checkpoints.TRAINED:
        train(folder, dict(run.arguments), stage, task)
    checkpoints.strip(folder)
    weights = {"best": folder.best, "last": folder.last}[task.weights]
    measured = evaluate(
        weights,
        run.arguments["data"],
        task.split,
        folder.evaluation,
        annotations=task.annotations or None,
        evaluator=task.evaluator,
        **evaluation_arguments(run.arguments, checkpoints.trained_arguments(weights)),
        **{key: device.split(",")[0] for key, device in task.own_device.items()},  # one GPU is enough
    )
    folder.write_row(finished_row(folder, run, asdict(task), measured))


def train(folder: RunFolder, arguments: dict[str, Any], stage: str, task: Task) -> None:
    """Begin a training, or go on with it."""
    own = {"save_dir": str(folder.train), "exist_ok": True, **task.own_device}
    own |= {"project": folder.path.parent.name, "name": folder.path.name}  # what W&B, MLflow and others call it
    goes_on = stage == checkpoints.HALF
    if goes_on:
        drop_partial_line(folder.results)
    elif note := folder.clear_training():
        print(note, flush=True)
    model = YOLO(folder.last if goes_on else arguments["model"])
    if task.threads and not torch.cuda.is_available():  # Ultralytics would take up to eight for each run
        model.add_callback("on_pretrain_routine_start", lambda _: torch.set_num_threads(task.threads))
    if goes_on:
        model.train(resume=True, data=arguments["data"], **own)
    else:
        model.train(**{**arguments, **own})


def evaluation_arguments(arguments: Mapping[str, Any], trained: Mapping[str, Any]) -> dict[str, Any]:
    """Return those of a run's arguments that its evaluation takes too, image size and batch as they were trained."""
    shared = ("conf", "iou", "max_det", "single_cls", "classes", "half", "workers")
    given = {key: arguments[key] for key in shared if arguments.get(key) is not None}
    return {**given, **{key: trained[key] for key in ("imgsz", "batch") if key in trained}}


def main() -> None:
    """Do the run that the command line names."""
    folder, task = RunFolder(Path(sys.argv[1])), Task(**json.loads(sys.argv[2]))
    die_with(int(sys.argv[3]), parent=True)
    os.environ[WORKER] = str(os.getpid())  # for the ranks of a training on several GPUs
    try:
        with held(folder.lock, PATIENCE):
            work(folder, task)
    except Busy as error:
        print(error, flush=True)
        sys.exit(BUSY)


if __name__ == "__main__":
    main()
