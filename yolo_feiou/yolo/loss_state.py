"""What of a box loss changes over a training: scheduled numbers, running means, and what 'auto' stands for."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import torch
from torch import distributed as dist
from ultralytics.models.rtdetr.val import RTDETRDataset
from ultralytics.utils import LOGGER, RANK

from yolo_feiou.distributed import group
from yolo_feiou.errors import ArgumentError
from yolo_feiou.losses.box_loss import BoxLoss
from yolo_feiou.losses.wise import RunningMean
from yolo_feiou.storage.tables import read_csv, write_csv
from yolo_feiou.yolo.bbox_loss import Swapped
from yolo_feiou.yolo.criterion import copy_states, find_losses, get_criterion
from yolo_feiou.yolo.host import TrainerHost
from yolo_feiou.yolo.proof import unwrap_model

#: In a run's folder, the running means of each head after each epoch, from which a resumed run goes on.
FILE = "running_mean.csv"


class LossState(TrainerHost):
    """A trainer's part that carries a box loss through the epochs, and through whatever cuts a run off."""

    _epoch_began: tuple[int, list[float]] | None = None  # the epoch that began last, and the means at its start

    def prepare_loss(self, box_loss: BoxLoss) -> None:
        """Fill in what is 'auto' in a loss, before it is swapped in.

        Raises:
            ArgumentError: If that is the size of objects, and there are none.
        """
        side = None
        if box_loss.needs_mean_side:
            side = measure_mean_side(self.train_loader.dataset, self.args.imgsz)
        lines = box_loss.prepare(len(self.train_loader), self.epochs, side)
        for line in lines if RANK in (-1, 0) else ():
            LOGGER.info(f"Box loss: {line}")

    def restore_state(self) -> None:
        """Let the running means of a resumed run go on from the end of its last epoch."""
        means = self._iter_means()
        if not means or not self.resume:
            return
        saved = None
        if RANK in (-1, 0):
            kept = [folder / FILE for folder in (self.save_dir, Path(self.args.resume).parents[1])]  # it may have moved
            file = next((file for file in kept if file.exists()), None)
            rows = [row for row in (read_csv(file) if file else []) if int(row["epoch"]) <= self.start_epoch]
            if rows:
                write_csv(self.save_dir / FILE, rows)  # without epochs that are done again
                of_epoch = rows[-1] if int(rows[-1]["epoch"]) == self.start_epoch else {}
                saved = [float(value) for key, value in of_epoch.items() if key != "epoch"]
        saved = group.broadcast_from_first(saved) if dist.is_initialized() else saved
        if saved and len(saved) == len(means):
            self._set_means(saved)
        else:
            LOGGER.warning(f"{self.save_dir / FILE} lacks epoch {self.start_epoch}: running means begin at 1 again.")

    def run_callbacks(self, event: str) -> None:
        """Run the callbacks of an event, then what a new or a finished epoch means for the loss."""
        super().run_callbacks(event)
        if event == "on_train_epoch_start":
            self._begin_epoch_of_loss()
        elif event == "on_train_epoch_end":
            self._write_means()

    def validate(self) -> tuple[dict[str, float] | None, float | None]:
        """Validate as Ultralytics does, with the EMA's losses in the state of the model's."""
        if self._iter_means():
            copy_states(*(get_criterion(unwrap_model(model)) for model in (self.model, self.ema.ema)))
        return super().validate()

    def _begin_epoch_of_loss(self) -> None:
        """Set scheduled numbers to their values; an epoch that is done again begins with the means that it had."""
        progress = self.epoch / max(self.epochs - 1, 1)
        for model in (self.model, self.ema.ema) if self.ema else (self.model,):
            for loss in find_swapped(model):
                loss.box_loss.set_progress(progress)
        if self._epoch_began is not None and self._epoch_began[0] == self.epoch:
            self._set_means(self._epoch_began[1])
        self._epoch_began = (self.epoch, [mean.value.item() for mean in self._iter_means()])

    def _write_means(self) -> None:
        if (means := self._iter_means()) and RANK in (-1, 0):
            file = self.save_dir / FILE
            rows = [row for row in (read_csv(file) if file.exists() else []) if int(row["epoch"]) <= self.epoch]
            # With nine digits, which are those of a float32, a resumed run goes on to the last bit.
            values = {f"mean_{number}": f"{mean.value.item():.9g}" for number, mean in enumerate(means, 1)}
            write_csv(file, [*rows, {"epoch": self.epoch + 1, **values}])

    def _iter_means(self) -> list[RunningMean]:
        return [mean for loss in find_swapped(self.model) for mean in loss.box_loss.running_means]

    def _set_means(self, values: list[float]) -> None:
        for mean, value in zip(self._iter_means(), values, strict=True):
            mean.value.fill_(value)


def find_swapped(model: Any) -> list[Swapped]:
    """Return the box losses of ours in a model's criterion, if it has one."""
    criterion = getattr(unwrap_model(model), "criterion", None)
    return [loss for loss in find_losses(criterion) if isinstance(loss, Swapped)]


def measure_mean_side(dataset: Any, imgsz: int) -> float:
    """Return the mean √area of a data set's objects in pixels, in images as training begins with them.

    Their longer side is `imgsz`; RT-DETR stretches them to a square of that side.

    Raises:
        ArgumentError: If it has no objects.
    """
    total, count = 0.0, 0
    for label in getattr(dataset, "labels", ()):
        boxes = torch.as_tensor(label["bboxes"], dtype=torch.float64).reshape(-1, 4)
        height, width = (imgsz, imgsz) if isinstance(dataset, RTDETRDataset) else label["shape"]
        scale = imgsz / max(height, width)
        total += float((boxes[:, 2] * boxes[:, 3]).clamp(min=0).sqrt().sum()) * scale * (height * width) ** 0.5
        count += len(boxes)
    if not count or not total:
        raise ArgumentError("c=auto is the mean size of the training set's objects, and there are none: give c=.")
    return total / count
