"""The process that does one run: `python -m yolo_feiou.ablation.worker FOLDER TASK PARENT`, its task as JSON.

It begins the training, resumes it or skips it, by what the folder's files say; evaluates; writes the row. It exits with
the process that started it. Whatever stops it is in the log and in its exit status; the next one resumes the run.
"""

from __future__ import annotations

import json
import os
import sys
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from yolo_feiou.ablation.rows import make_finished_row
from yolo_feiou.ablation.run_folder import RunFolder
from yolo_feiou.errors import DataError
from yolo_feiou.framework import HALF, TRAINED, Framework, load_framework
from yolo_feiou.losses.user.sources import using_copies
from yolo_feiou.processes import WORKER, exit_with
from yolo_feiou.results.epochs import drop_partial_line
from yolo_feiou.results.provenance import DEVICE
from yolo_feiou.storage.locks import LockBusy, hold_lock
from yolo_feiou.terminal import say

#: Exit status of a process that finds another at work on its run.
BUSY = 75
#: Exit status of a process that was ended since it took longer than it may.
TIMED_OUT = 124
#: Seconds that a killed predecessor may take to let go of its run.
LOCK_SECONDS = 10


@dataclass(frozen=True)
class Task:
    """What a process is told beside its folder: nothing that makes the run another one.

    Attributes:
        device: As the framework takes it; '' is its own choice.
        threads: Of the CPU; 0 is torch's and the framework's own choice.
        split: Of the data, on which the run is evaluated.
        weights: 'best' or 'last', the checkpoint that is evaluated.
        evaluator: Name of the evaluator of COCO metrics.
        annotations: A COCO JSON with the ground truth, '' for the labels.
        command: The command of the ablation, for the record.
        timeout: Hours that the process may take, 0 for as long as it needs.
        framework: Name of the module of the framework that trains.
    """

    device: str = ""
    threads: int = 0
    split: str = "val"
    weights: str = "best"
    evaluator: str = "faster-coco-eval"
    annotations: str = ""
    command: str = ""
    timeout: float = 0.0
    framework: str = "yolo_feiou.yolo.framework"

    @property
    def seconds(self) -> float | None:
        """How long the process may take; None for as long as it needs."""
        return 3600 * self.timeout or None

    def command_line(self, folder: Path) -> list[str]:
        """Return the command line of the process."""
        parent = str(os.getpid())
        return [sys.executable, "-m", "yolo_feiou.ablation.worker", str(folder), json.dumps(asdict(self)), parent]

    @property
    def environment(self) -> dict[str, str]:
        """The environment of the process, which sees its own GPUs alone: older releases would take the first."""
        told = {"PYTHONUNBUFFERED": "1", DEVICE: self.device}
        if self.threads:
            told |= {"OMP_NUM_THREADS": str(self.threads), "MKL_NUM_THREADS": str(self.threads)}
        if numbers := parse_gpus(self.device):
            seen = os.environ.get("CUDA_VISIBLE_DEVICES")
            names = seen.split(",") if seen else []
            told["CUDA_VISIBLE_DEVICES"] = ",".join(names[n] if n < len(names) else str(n) for n in numbers)
        return {**os.environ, **told}

    @property
    def own_device(self) -> dict[str, str]:
        """The argument `device` inside the process, its GPUs counted from 0; none for the framework's choice."""
        if numbers := parse_gpus(self.device):
            return {"device": ",".join(map(str, range(len(numbers))))}
        return {"device": self.device} if self.device else {}


def parse_gpus(device: str) -> list[int]:
    """Return the numbers of the GPUs in a `device`, none if it names another kind of device."""
    words = device.split(",")
    return [int(word) for word in words] if all(word.strip().isdigit() for word in words) else []


def complete_run(folder: RunFolder, task: Task) -> None:
    """Do what is left to do of a run.

    Raises:
        DataError: If its weights were removed, or what was trained is not what was asked for.
    """
    run, framework = folder.run(), load_framework(task.framework)
    stage, epochs, note = framework.progress(folder.train)
    say(f"{folder.path.name}: {stage}, {epochs} {framework.unit}s are done. {note}")
    if stage != TRAINED and folder.row():
        raise DataError(
            f"{folder.path} was trained, and its weights are gone: they are needed to evaluate it in another way. "
            "To train it again, remove the folder."
        )
    if stage != TRAINED:
        train(folder, dict(run.arguments), stage == HALF, task, framework)
    framework.strip_checkpoints(folder.train)
    weights = {"best": folder.best, "last": folder.last}[task.weights]
    measured = framework.evaluate(
        weights,
        run.arguments,
        task.split,
        folder.evaluation,
        annotations=task.annotations,
        evaluator=task.evaluator,
        device=task.own_device.get("device", "").split(",")[0],  # one GPU is enough
    )
    gain = framework.find_gain({**run.arguments, "model": str(weights)})
    folder.write_row(make_finished_row(folder, run, asdict(task), measured, gain))


def train(folder: RunFolder, arguments: dict[str, Any], resume: bool, task: Task, framework: Framework) -> None:
    """Begin a training, or resume it."""
    if resume:
        drop_partial_line(folder.results)
    elif note := folder.clear_training():
        print(note, flush=True)
    with using_copies(folder.losses):
        framework.train(
            {**arguments, **task.own_device},
            folder.train,
            resume=resume,
            logged_as=(folder.path.parent.name, folder.path.name),
            threads=task.threads,
        )


def main() -> None:
    """Do the run that the command line names."""
    folder, task = RunFolder(Path(sys.argv[1])), Task(**json.loads(sys.argv[2]))
    exit_with(int(sys.argv[3]), parent=True)
    os.environ[WORKER] = str(os.getpid())  # for the ranks of a training on several GPUs
    try:
        with hold_lock(folder.lock, LOCK_SECONDS):
            complete_run(folder, task)
    except LockBusy as error:
        print(error, flush=True)
        sys.exit(BUSY)


if __name__ == "__main__":
    main()
