"""One of the processes of a training on several GPUs: `python -m yolo_feiou.lightning.rank REQUEST.json`."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from yolo_feiou.distributed.launch import read_launch
from yolo_feiou.errors import ArgumentError, exit_on_error
from yolo_feiou.lightning.place import find_place
from yolo_feiou.lightning.training import train
from yolo_feiou.processes import WORKER, exit_with
from yolo_feiou.storage.tables import read_json, write_json

#: The name of this module.
MODULE = "yolo_feiou.lightning.rank"


def train_on_gpus(gpus: Sequence[str], folder: Path, **request: Any) -> None:
    """Train on several GPUs of this machine, with a process for each, and wait for the end.

    Args:
        gpus: Their numbers.
        folder: Of the training.
        **request: Arguments of `training.train`, as JSON can hold them.

    Raises:
        ArgumentError: If one of the processes failed; what it said is above.
    """
    with tempfile.TemporaryDirectory() as scratch:
        path = Path(scratch, "request.json")
        write_json(path, {**request, "folder": str(folder)})
        command = ["torch.distributed.run", "--standalone", f"--nproc-per-node={len(gpus)}", "-m", MODULE]
        seen = os.environ.get("CUDA_VISIBLE_DEVICES", "").split(",")
        names = [seen[int(gpu)] if int(gpu) < len(seen) and seen[0] else gpu for gpu in gpus]
        process = subprocess.run(
            [sys.executable, "-m", *command, str(path)],
            env={**os.environ, "CUDA_VISIBLE_DEVICES": ",".join(names), WORKER: str(os.getpid())},
            check=False,
        )
    if process.returncode:
        raise ArgumentError(
            f"the training on GPUs {', '.join(gpus)} ended with status {process.returncode}, see above."
        )


def main(args: Sequence[str]) -> None:
    """Train as a request asks."""
    exit_with(int(os.environ[WORKER]))  # torchrun's ranks outlive a process that is killed
    with exit_on_error():
        request: Mapping[str, Any] = read_json(Path(args[0]))
        told = {key: value for key, value in request.items() if key not in ("arguments", "folder")}
        place = find_place(None, read_launch())
        train(request["arguments"], Path(request["folder"]), place, **told)


if __name__ == "__main__":
    main(sys.argv[1:])
