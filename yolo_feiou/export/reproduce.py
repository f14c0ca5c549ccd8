"""The command that trains such weights again."""

from __future__ import annotations

from pathlib import Path

from yolo_feiou.escape import quote_command
from yolo_feiou.export.runs import TrainedRun
from yolo_feiou.losses.build import STOCK


def shorten_path(path: str | Path) -> str:
    """Return a path without what is the machine's affair: relative to here if it lies below, otherwise its name."""
    path = Path(path)
    if not path.is_absolute():
        return path.as_posix()
    here = Path.cwd()
    return path.relative_to(here).as_posix() if path.is_relative_to(here) else path.name


def format_training_command(run: TrainedRun) -> str | None:
    """Return the command that trains such weights, None if it is not recorded what they were trained from."""
    begin = run.framework.training_words(run.arguments)
    settings = {key: value for key, value in run.settings().items() if key not in run.idle}
    if not (begin and run.model and settings["data"]):
        return None
    for key in ("model", "data"):
        settings[key] = shorten_path(settings[key]) if settings[key] else None
    loss = settings.pop("loss")
    words = [f"{key}={format_argument_value(value)}" for key, value in settings.items() if value is not None]
    ours = [] if loss == STOCK else [f"loss={loss}"]
    nodes = run.nodes or 1
    apart = f"--nnodes={nodes} " if nodes > 1 else ""
    each = (run.processes or 0) // nodes or "PROCESSES"
    by_torchrun = f"torchrun {apart}--nproc-per-node={each} -m yolo_feiou"
    return f"{by_torchrun if run.launcher == 'torchrun' else 'yolo'} {quote_command([*begin, *ours, *words])}"


def format_argument_value(value: object) -> str:
    """Return a value as it is typed; a path without the machine's part."""
    return shorten_path(value) if isinstance(value, str) and Path(value).is_absolute() else str(value)
