"""What happens at the end of each part of a detector's training: validation, a row of results.csv, checkpoints."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import pytorch_lightning as lightning
from torch import nn

from yolo_feiou.distributed import group
from yolo_feiou.evaluation.detections import Detections, make_evaluation
from yolo_feiou.evaluation.rehearsal import EvaluationInput
from yolo_feiou.lightning.checkpoints import copy_checkpoint
from yolo_feiou.lightning.detect import detect_images
from yolo_feiou.lightning.images import Images
from yolo_feiou.lightning.module import DetectorModule
from yolo_feiou.results.epochs import read_curve
from yolo_feiou.storage.tables import Row, write_csv
from yolo_feiou.terminal import say

#: Columns of results.csv that Ultralytics has too, and what they are here.
METRICS = {"metrics/mAP50(B)": "AP50", "metrics/mAP50-95(B)": "AP"}

#: Columns that are whole numbers.
COUNTS = ("epoch", "iteration")


class Intervals(lightning.Callback):
    """Validates, writes results.csv and the checkpoints, after each part of a training.

    Args:
        folder: Of the training.
        validated: The validation images and their objects; None without validation.
    """

    def __init__(self, folder: Path, validated: tuple[Images, EvaluationInput] | None) -> None:
        self.folder, self.validated = folder, validated
        self.part, self.best_part, self.best = 0, 0, -1.0
        self._began = time.monotonic()

    def resume(self, content: dict[str, Any]) -> None:
        """Go on after the part that a checkpoint is of."""
        self.part, self.best_part, self.best = content["part"], content["best_part"], content["best"]

    def on_train_start(self, trainer: lightning.Trainer, pl_module: lightning.LightningModule) -> None:
        """Begin to measure the time of this session."""
        self._began = time.monotonic()

    def on_train_batch_end(
        self,
        trainer: lightning.Trainer,
        pl_module: lightning.LightningModule,
        outputs: Any,
        batch: Any,
        batch_idx: int,
    ) -> None:
        """End a part, if the step was its last."""
        assert isinstance(pl_module, DetectorModule)
        module = pl_module
        if trainer.global_step < module.schedule.end_of(self.part + 1):
            return
        self.part += 1
        means = self.average(module.take_means(), trainer)
        measured = self.validate(module, trainer) if self.validated else {}
        value = measured.get("metrics/mAP50-95(B)", float(self.part))  # without validation the last is the best
        if value > self.best:
            self.best, self.best_part = value, self.part
        module.kept.update({"part": self.part, "best_part": self.best_part, "best": self.best})
        rate = module.arguments["lr0"] * module.find_rate(trainer.global_step - 1)  # of this step, not of the next
        timed = {"epoch": self.part, "time": time.monotonic() - self._began, "iteration": trainer.global_step}
        self.write({**timed, **means, **measured, "lr/pg0": rate}, module.schedule.parts, trainer)
        last = self.folder / "weights" / "last.pt"
        part = last.with_name(f".{last.name}.part.pt")
        trainer.save_checkpoint(part)  # by all ranks
        if trainer.is_global_zero:
            part.replace(last)
            if self.best_part == self.part:
                copy_checkpoint(last, last.with_name("best.pt"))

    def average(self, means: dict[str, float], trainer: lightning.Trainer) -> dict[str, float]:
        """Return the means over all ranks."""
        if trainer.world_size == 1:
            return means
        everyone = group.gather_from_all(means)
        return {name: sum(one[name] for one in everyone) / len(everyone) for name in means}

    def validate(self, module: DetectorModule, trainer: lightning.Trainer) -> Row:
        """Return the metrics of the validation images, which all ranks share."""
        assert self.validated is not None
        images, subject = self.validated
        model: nn.Module = module.model
        own = range(trainer.global_rank, len(images), trainer.world_size)
        size = max(1, module.arguments["batch"] // trainer.world_size)
        model.eval()
        found = detect_images(model, images, own, size, module.arguments["workers"], module.device)
        model.train()
        if trainer.world_size > 1:
            found = {file: rows for one in group.gather_from_all(found) for file, rows in one.items()}
        row: Row = {}
        if trainer.is_global_zero:
            shapes = {file: (int(h), int(w)) for file, (h, w) in zip(images.files, images.shapes, strict=True)}
            row = make_evaluation(Detections(module.kept["names"], found, shapes, {}), subject, {}).row()
            row = {name: row[metric] or 0.0 for name, metric in METRICS.items()}
        return group.broadcast_from_first(row) if trainer.world_size > 1 else row

    def write(self, row: Row, parts: int, trainer: lightning.Trainer) -> None:
        """Add a row to results.csv, and say it."""
        if not trainer.is_global_zero:
            return
        path = self.folder / "results.csv"
        rounded = {name: value if name in COUNTS else float(f"{value:.6g}") for name, value in row.items()}
        write_csv(path, [*read_rows(path), rounded])
        for logger in trainer.loggers:
            logger.log_metrics({name: float(value) for name, value in row.items()}, step=row["iteration"])
        told = {name.rpartition("/")[2]: value for name, value in row.items() if "/" in name and "lr" not in name}
        words = ", ".join(f"{name} {value:.4g}" for name, value in told.items())
        say(f"interval {row['epoch']} of {parts}, step {row['iteration']}: {words}")


def read_rows(path: Path) -> list[Row]:
    """Return the rows of a results.csv, with whole numbers as such: a float would lose digits as it is written."""
    return [{name: int(value) if name in COUNTS else value for name, value in row.items()} for row in read_curve(path)]


def drop_rows(folder: Path, part: int) -> None:
    """Take the rows that came after a part out of the results.csv in a folder; without any it is removed."""
    path = folder / "results.csv"
    if rows := [row for row in read_rows(path) if row["epoch"] <= part]:
        write_csv(path, rows)
    else:
        path.unlink(missing_ok=True)
