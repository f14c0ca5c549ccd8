"""A finished run, as the files in its folder tell it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from yolo_feiou.distributed.resume import LAUNCH_FILE as TORCHRUN
from yolo_feiou.distributed.resume import LaunchRecord
from yolo_feiou.errors import DataError
from yolo_feiou.export.framework import ExportFramework
from yolo_feiou.export.ultralytics_runs import ULTRALYTICS
from yolo_feiou.lightning.checkpoints import is_detector_checkpoint
from yolo_feiou.losses.build import STOCK, shorten_spec
from yolo_feiou.results.arguments import LOCATION_ARGUMENTS
from yolo_feiou.results.epochs import read_curve
from yolo_feiou.results.row import ADJUSTED_ARGUMENTS, TrainingSummary
from yolo_feiou.results.run_record import RECORD_FILE as RECORD
from yolo_feiou.results.run_record import RunRecord, read_run_record
from yolo_feiou.results.schema import PROVENANCE
from yolo_feiou.results.settings import TrainingSettings, digest_settings
from yolo_feiou.storage.checksums import file_sha256
from yolo_feiou.storage.tables import Row, read_record
from yolo_feiou.yolo.detect import ORIENTED

ARGS, RESULTS = "args.yaml", "results.csv"


@dataclass(frozen=True)
class TrainedRun:
    """A training and the weights that it left.

    Attributes:
        framework: What trained it.
        folder: Its folder.
        weights: The checkpoint.
        sha256: The checksum of its file.
        record: What was recorded at its start, see `run_record.py`; None if nothing was, or it is of other weights.
        missing: Why there is no record, '' if there is one.
        arguments: All arguments as it began with them; without a record those in args.yaml, as far as a resume leaves
            them as they were.
        loss: The shortest spelling of its loss, 'stock' where there is none of ours.
        curve: The rows of its results.csv.
        length: How many of them a whole training has, None if that is not recorded.
        finished: Whether the training has ended, early or not: its weights are without optimizer then, as a rule.
        resumed: Whether it was resumed, at least once.
        version: The version of the framework that wrote the checkpoint, '' if that doesn't say.
        date: When the checkpoint was written, '' likewise.
        batch: The total batch that it trained with, which the framework may have chosen; None if that is not recorded.
        processes: In how many processes it trained, None likewise.
        nodes: Their number, None likewise.
        launcher: What started them, None likewise.
        noted: An entry for each time that it began or was resumed, empty if that is not recorded.
        about: What else a model card says of the checkpoint, by name.
        box_used: What the box loss was multiplied by, see `framework.Checkpoint`.
        idle: Arguments that did nothing, which a card and its command leave out.
    """

    framework: ExportFramework
    folder: Path
    weights: Path
    sha256: str
    record: RunRecord | None
    missing: str
    arguments: Mapping[str, Any]
    loss: str
    curve: list[Row]
    length: int | None
    finished: bool
    resumed: bool
    version: str
    date: str
    batch: int | None
    processes: int | None
    nodes: int | None
    launcher: str | None
    noted: list[Row]
    about: Row
    box_used: float | None = None
    idle: tuple[str, ...] = ()

    @property
    def model(self) -> str | None:
        """What the training began from, None if that is not recorded: a resume overwrites it in args.yaml."""
        return self.arguments.get("model")

    @property
    def is_oriented(self) -> bool:
        """Whether its boxes are oriented, which Ultralytics' own metrics evaluate."""
        return self.arguments.get("task") == ORIENTED

    @property
    def unfinished(self) -> str:
        """What is to be said of a training that isn't finished, '' otherwise."""
        if self.finished:
            return ""
        return f"not finished: {len(self.curve)} of {self.length} {self.framework.unit}s"

    @property
    def sessions(self) -> list[Row]:
        """An entry for each time that the training began or was resumed; none if their number is not recorded."""
        if self.noted:
            return [{**dict.fromkeys((*PROVENANCE, "started")), **entry} for entry in self.noted]
        if self.resumed:
            return []
        unknown = {**dict.fromkeys((*PROVENANCE, "started")), "device": self.arguments.get("device")}
        return [{**unknown, self.framework.name.lower(): self.version or None, "first_epoch": 1}]

    def settings(self, data: str = "") -> dict[str, Any]:
        """Return its loss, seed, model and data, and all other arguments that differed from the defaults of its day.

        Without a record these are known only if what is installed is what trained; otherwise all
        arguments are there that args.yaml names.

        Args:
            data: Where its data YAML lies here, '' for where it lay.
        """
        names = self.record.differing if self.record else self._named()
        told = {key: self.arguments[key] for key in names if key in self.arguments and key not in LOCATION_ARGUMENTS}
        named = {"model": self.model, "data": data or self.arguments.get("data")}
        return {**told, **named, "loss": self.loss, "seed": self.arguments.get("seed")}

    def _named(self) -> list[str]:
        """Return the arguments to name of a run without a record."""
        defaults, names = self.framework.defaults_of(self.version), self.framework.defaults()
        known = [key for key in self.arguments if key in names]
        return [key for key in known if key not in defaults or self.arguments[key] != defaults[key]]

    def trained(self, name: str, data: str = "") -> TrainingSummary:
        """Return what its row is made of.

        Args:
            name: What the run is called.
            data: As in `settings`.
        """
        settings = self.settings(data)
        run = TrainingSettings(settings, contents=self.record.contents if self.record else {})
        set_to = {key: self.trained_with.get(key) for key in ADJUSTED_ARGUMENTS} | {"batch": self.batch}
        key = digest_settings(run.identify(self.framework.defaults()))
        return TrainingSummary(name, key, run, set_to, self.curve, self.sessions, self.box_used)

    @property
    def trained_with(self) -> Mapping[str, Any]:
        """All arguments as the training used them."""
        return self.record.trained_with if self.record else self.arguments


def read_run(folder: Path, weights: str) -> TrainedRun:
    """Return the run in a folder.

    Args:
        folder: The folder.
        weights: 'best' or 'last'.

    Raises:
        DataError: If it is not a run, or there are no such weights, or they are torn.
        LossSpecError: If its loss is none that there is.
    """
    if not (folder / ARGS).is_file():
        raise DataError(f"there is no {folder / ARGS}: give the folder that a training printed.")
    said = _arguments(folder / ARGS)
    path = folder / "weights" / f"{weights}.pt"
    if not path.is_file():
        raise DataError(f"{folder} has no weights/{path.name}: no epoch was finished, or the weights lie elsewhere.")
    framework = find_framework(path)
    checkpoint = framework.read_checkpoint(path)
    if checkpoint is None:
        raise DataError(f"{path} is torn or not a checkpoint of Ultralytics' or of a detector of ours: copy it again.")
    mark = checkpoint.mark
    recorded = read_run_record(folder)
    own = recorded if recorded and recorded.id == mark.get("run") else None
    record = own if own and own.arguments is not None else None
    resumed = _resumed(folder, said) if record is None else len(record.sessions) > 1
    own_words = {key: value for key, value in said.items() if not (resumed and key in framework.rewritten)}
    arguments = record.arguments or {} if record else own_words
    curve = read_curve(folder / RESULTS)
    signed = _signed(folder / TORCHRUN)
    sessions = record.sessions if record else [*(signed.get("sessions") or []), *(own.sessions if own else [])]
    noted = [entry for entry in sessions if isinstance(entry, dict) and "first_epoch" in entry]
    device = str(arguments.get("device") or "")
    length = checkpoint.length or int(arguments.get("epochs") or 0) or None
    return TrainedRun(
        framework=framework,
        folder=folder,
        weights=path,
        sha256=file_sha256(path),
        record=record,
        missing="" if record else _missing(recorded, own),
        arguments=arguments,
        loss=record.loss or STOCK if record else shorten_spec(str(mark.get("loss") or arguments.get("loss") or STOCK)),
        curve=curve,
        length=length,
        finished=checkpoint.stripped or (length is not None and len(curve) >= length),
        resumed=resumed,
        version=checkpoint.version,
        date=checkpoint.date,
        batch=_batch(checkpoint.batch, arguments.get("batch")),
        processes=record.processes if record else _processes(signed, device),
        nodes=record.nodes if record else _number(signed.get("machines")) or (None if signed else 1),
        launcher=record.launcher if record else "torchrun" if signed else framework.name,
        noted=noted if noted and noted[0]["first_epoch"] == 1 else [],
        about=checkpoint.about,
        box_used=checkpoint.box_used,
        idle=checkpoint.idle,
    )


def find_framework(weights: Path) -> ExportFramework:
    """Return the framework that wrote a checkpoint; that of a torn one is Ultralytics."""
    if not is_detector_checkpoint(weights):
        return ULTRALYTICS
    from yolo_feiou.export.detector_runs import DETECTORS  # who has none of them needs nothing of theirs

    return DETECTORS


def _arguments(path: Path) -> dict[str, Any]:
    """Return what an args.yaml says."""
    try:
        arguments = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise DataError(f"{path} can't be read: {error}.") from None
    if not isinstance(arguments, dict):
        raise DataError(f"{path} holds no training arguments: was it cut off?")
    return arguments


def _missing(recorded: RunRecord | None, own: RunRecord | None) -> str:
    """Return why a run has no record of its start."""
    if recorded and not own:
        return f"the {RECORD} there is of other weights"
    return f"it was begun without {RECORD}" if own else f"it has no {RECORD}"


def _resumed(folder: Path, arguments: Mapping[str, Any]) -> bool:
    """Return whether an args.yaml was rewritten by a resume, which names the run's own checkpoint as its model."""
    own = {folder.resolve() / "weights" / name for name in ("last.pt", "best.pt")}
    return bool(arguments.get("resume")) or Path(str(arguments.get("model"))).resolve() in own


def _signed(path: Path) -> dict[str, Any]:
    """Return torchrun's note on a run, empty if there is none."""
    try:
        return read_record(path, LaunchRecord) if path.is_file() else {}
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


def _batch(*values: Any) -> int | None:
    """Return the first of these that is a number of images, which a share of the memory (0.7) or −1 is not."""
    return next((value for value in values if isinstance(value, int) and value > 0), None)
