"""A run of Ultralytics', as the files in its folder tell it."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml
from ultralytics.cfg import DEFAULT_CFG_DICT

from yolo_feiou.ablation.checkpoints import read_checkpoint
from yolo_feiou.ablation.contents import of_files
from yolo_feiou.ablation.grid import Run
from yolo_feiou.ablation.rows import SET, Trained, read_curve
from yolo_feiou.distributed.continuing import FILE as TORCHRUN
from yolo_feiou.distributed.continuing import Note
from yolo_feiou.errors import DataError
from yolo_feiou.provenance import PROVENANCE
from yolo_feiou.registry import STOCK, shortest
from yolo_feiou.tables import Row, read_record
from yolo_feiou.training_arguments import OURS

ARGS, RESULTS = "args.yaml", "results.csv"
#: Arguments that say where and how a run was begun, and not what it trained.
PLACE = ("project", "name", "exist_ok", "save_dir", "resume", "mode", "task", "device", "session", "cfg", "save")


@dataclass(frozen=True)
class TrainedRun:
    """A training and the weights that it left.

    Attributes:
        folder: Its folder.
        weights: The checkpoint.
        sha256: The checksum of its file.
        arguments: All arguments, as args.yaml has them.
        loss: The shortest spelling of its loss, 'stock' where there is none of ours.
        curve: A row an epoch, with Ultralytics' columns.
        finished: Whether the training has ended, early or not: its weights are without optimizer then, as a rule.
        ultralytics: The version that trained, '' if the checkpoint doesn't say.
        date: When the checkpoint was written, '' likewise.
        architecture: The model YAML that the checkpoint names, '' likewise.
        batch: The total batch that it trained with, which Ultralytics may have chosen.
        processes: In how many processes it trained, None if that is not recorded.
        machines: On how many machines, 1 if that is not recorded.
        noted: What torchrun's note says of each time that it began or went on.
    """

    folder: Path
    weights: Path
    sha256: str
    arguments: Mapping[str, Any]
    loss: str
    curve: list[Row]
    finished: bool
    ultralytics: str
    date: str
    architecture: str
    batch: int
    processes: int | None
    machines: int
    noted: list[Row]

    @property
    def model(self) -> str:
        """What the training began from; of a run that was resumed, its architecture is all that is known."""
        model = str(self.arguments.get("model"))
        own = {self.folder.resolve() / "weights" / name for name in ("last.pt", "best.pt")}
        return self.architecture if self.architecture and self._resumed(model, own) else model

    def _resumed(self, model: str, own: set[Path]) -> bool:
        return bool(self.arguments.get("resume")) or Path(model).resolve() in own

    @property
    def unfinished(self) -> str:
        """What is to be said of a training that isn't finished, '' otherwise."""
        if self.finished:
            return ""
        return f"not finished: {len(self.curve)} of {self.arguments.get('epochs')} epochs"

    @property
    def sessions(self) -> list[Row]:
        """An entry for each time that the training began or went on.

        It is what torchrun's note says; without one the clock tells, which begins anew, but not by what code it was.
        """
        if self.noted:
            return [{**dict.fromkeys((*PROVENANCE, "started")), **entry} for entry in self.noted]
        unknown = {**dict.fromkeys(PROVENANCE), "device": self.arguments.get("device"), "started": None}
        times = [0.0, *(row.get("time", 0.0) for row in self.curve)]
        begun = [1, *(n for n in range(2, len(times)) if times[n] < times[n - 1])]
        return [{**unknown, "ultralytics": self.ultralytics or None, "first_epoch": epoch} for epoch in begun]

    def settings(self, data: str = "") -> dict[str, Any]:
        """Return its loss, seed, model and data, and all other arguments that differ from Ultralytics' defaults.

        Args:
            data: Where its data YAML lies here, '' for where args.yaml says.
        """
        defaults = {**DEFAULT_CFG_DICT, **OURS}
        told = {
            key: value
            for key, value in self.arguments.items()
            if key in defaults and key not in PLACE and value != defaults[key]
        }
        named = {"model": self.model, "data": data or self.arguments.get("data")}
        return {**told, **named, "loss": self.loss, "seed": self.arguments.get("seed", 0)}

    def trained(self, name: str, data: str = "") -> Trained:
        """Return what its row is made of.

        Args:
            name: What the run is called.
            data: As in `settings`.
        """
        settings = self.settings(data)
        run = Run(settings, contents=of_files(settings))
        set_to = {key: self.arguments.get(key) for key in SET} | {"batch": self.batch}
        return Trained(name, run.key, run, set_to, self.curve, self.sessions)


def read_run(folder: Path, weights: str) -> TrainedRun:
    """Return the run in a folder.

    Args:
        folder: The folder.
        weights: 'best' or 'last'.

    Raises:
        DataError: If it is no run, or there are no such weights, or they are torn.
        LossSpecError: If its loss is none that there is.
    """
    if not (folder / ARGS).is_file():
        raise DataError(f"there is no {folder / ARGS}: give the folder that Ultralytics trained in.")
    try:
        arguments = yaml.safe_load((folder / ARGS).read_text(encoding="utf-8"))
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise DataError(f"{folder / ARGS} can't be read: {error}.") from None
    if not isinstance(arguments, dict):
        raise DataError(f"{folder / ARGS} holds no training arguments: was it cut off?")
    path = folder / "weights" / f"{weights}.pt"
    if not path.is_file():
        raise DataError(f"{folder} has no weights/{path.name}: no epoch was finished, or the weights lie elsewhere.")
    checkpoint = _checkpoint(path)
    if not isinstance(checkpoint, dict) or not (checkpoint.get("model") or checkpoint.get("ema")):
        raise DataError(f"{path} is torn or no checkpoint of Ultralytics': copy it anew.")
    model: Any = checkpoint.get("ema") or checkpoint["model"]
    content = model.yaml if isinstance(getattr(model, "yaml", None), dict) else {}
    curve = read_curve(folder / RESULTS)
    trained_with = checkpoint.get("train_args") or {}
    signed = _signed(folder / TORCHRUN)
    return TrainedRun(
        folder=folder,
        weights=path,
        sha256=hashlib.sha256(path.read_bytes()).hexdigest(),
        arguments=arguments,
        loss=shortest(str(arguments.get("loss") or STOCK)),
        curve=curve,
        finished=checkpoint.get("optimizer") is None or len(curve) >= int(arguments.get("epochs") or 0) > 0,
        ultralytics=str(checkpoint.get("version") or ""),
        date=str(checkpoint.get("date") or ""),
        architecture=Path(str(content.get("yaml_file") or "")).name,
        batch=_batch(trained_with.get("batch"), arguments.get("batch")),
        processes=_processes(signed, str(arguments.get("device") or "")),
        machines=_number(signed.get("machines")) or 1,
        noted=signed.get("sessions", []),
    )


def _checkpoint(path: Path) -> Any:
    """Return what a checkpoint holds, None if it is torn or made by other code."""
    try:
        return read_checkpoint(path)
    except (ImportError, AttributeError):
        return None


def _signed(path: Path) -> dict[str, Any]:
    """Return torchrun's note on a run, empty if there is none."""
    try:
        return read_record(path, Note) if path.is_file() else {}
    except DataError as error:
        raise DataError(f"{error} Put it right, or remove it: what it says is not recorded then.") from None


def _processes(signed: Mapping[str, Any], device: str) -> int | None:
    """Return in how many processes a run trained: as torchrun's note says, otherwise one for each GPU in `device`."""
    if signed:
        return _number(signed.get("processes"))
    gpus = [word for word in device.strip("[]()").split(",") if word.strip().isdigit()]
    return len(gpus) or 1


def _number(value: Any) -> int | None:
    """Return a positive whole number, None for anything else."""
    return value if isinstance(value, int) and value > 0 else None


def _batch(*values: Any) -> int:
    """Return the first of these that is a number of images, which a share of the memory (0.7) or −1 is not."""
    return next((value for value in values if isinstance(value, int) and value > 0), DEFAULT_CFG_DICT["batch"])
