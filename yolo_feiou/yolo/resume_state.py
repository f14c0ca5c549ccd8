"""Resuming to the last bit: what a checkpoint of Ultralytics' lacks, in a file beside it while a run isn't finished.

A `last.pt` has the EMA's weights, in half precision, in the place of the model's, and SGD's momentum in half precision
too; it has no random state, no images that a mosaic may take again, and no gradients that wait for the next
step. A run resumed from it is another one. `weights/epoch3.state` has all this, as it is. It names the checkpoint
that it belongs to by its checksum, and is written before that takes its place, so that whenever a process is killed
there is one that fits. The checkpoint alone does too: then a run resumes as in Ultralytics.
"""

from __future__ import annotations

import pickle
from pathlib import Path
from typing import Any

import torch
from torch import distributed as dist
from ultralytics import __version__
from ultralytics.utils import LOGGER, RANK
from ultralytics.utils.checks import check_version

from yolo_feiou.storage.checksums import file_sha256
from yolo_feiou.storage.tables import atomic_file
from yolo_feiou.yolo.distributed import RANKS_SINCE
from yolo_feiou.yolo.host import TrainerHost
from yolo_feiou.yolo.proof import unwrap_model
from yolo_feiou.yolo.random_state import get_random_state, set_random_state, to_plain_number

STATE_FORMAT = 1
#: The oldest release of Ultralytics with which a resumed run equals one without a cut; with 8.4.150 it does not.
EXACT_SINCE = "8.4.170"
STATE_PATTERN = "epoch*.state"


class ExactResume(TrainerHost):
    """A trainer's part that saves such a file with each checkpoint, and resumes from it where one fits."""

    _restoring: dict[str, Any] | None = None  # what is left to restore once the first epoch begins
    _ranks: list[dict[str, Any]] | None = None  # what is each rank's own, after the batches of an epoch
    _batch = -1  # number of the batch within its epoch
    _last_step = -1  # number of the batch, from the run's beginning, after which the optimizer last stepped
    _carried = 0  # by how much more batches the optimizer has waited than Ultralytics' loop knows
    _shifted = False

    def _setup_train(self, *world_size: int) -> None:
        super()._setup_train(*world_size)
        if self.resume:
            self._restoring = self._agreed(_read(Path(self.args.resume)))
        if self._restoring:
            self._restore_weights(self._restoring)

    def run_callbacks(self, event: str) -> None:
        """Run the callbacks of an event, then what is ours to do, which is no callback: a user may clear those."""
        super().run_callbacks(event)
        if event == "on_train_epoch_start":
            self._begin_epoch()
        elif event == "on_train_batch_start":
            self._begin_batch()
        elif event == "on_train_epoch_end":
            self._gather()

    def _do_train(self, *world_size: int) -> None:
        """Train as Ultralytics does; what is finished is not resumed."""
        super()._do_train(*world_size)
        if RANK in (-1, 0):
            drop_states(self.wdir)

    def write_state(self, checkpoint: Path) -> Path | None:
        """Write the state beside a checkpoint that is about to take its place, and return its path.

        None is written after the last epoch, nor if the disk is full, which is no reason to stop.
        """
        if self.epoch + 1 >= self.epochs or self.stop:
            return None
        path = self.wdir / f"epoch{self.epoch + 1}.state"
        try:
            with atomic_file(path) as part:
                torch.save({"checkpoint": file_sha256(checkpoint), **self._state()}, part)
        except OSError as error:
            LOGGER.warning(f"{path} can't be written ({error.strerror}): a resume would not be exact.")
            return None
        except RuntimeError as error:  # torch's, for a disk that is full
            LOGGER.warning(f"{path} can't be written ({error}): a resume would not be exact.")
            return None
        return path

    def _state(self) -> dict[str, Any]:
        """Return all that the next epoch hangs on, beside what is in the checkpoint or follows from arguments."""
        model = unwrap_model(self.model)
        waiting = self._last_step < self._number(self._batch)
        stopper = {key: to_plain_number(value) for key, value in vars(self.stopper).items() if key != "patience"}
        return {
            "format": STATE_FORMAT,
            "epoch": self.epoch + 1,
            "model": model.state_dict(),
            "ema": self.ema.ema.state_dict(),
            "updates": self.ema.updates,
            "optimizer": self.optimizer.state_dict(),
            "scaler": self.scaler.state_dict(),
            "best_fitness": to_plain_number(self.best_fitness),
            "stopper": stopper,
            "ranks": [self._own_state(), *(self._ranks or [])[1:]],
            "batches": len(self.train_loader),
            "images": len(self.train_loader.dataset),
            "accumulate": self.accumulate,
            "last_step": self._last_step,
            "gradients": {n: p.grad for n, p in model.named_parameters() if p.grad is not None} if waiting else {},
        }

    def _own_state(self) -> dict[str, Any]:
        """Return what is this rank's own: its random numbers, and the images that its mosaics may take again."""
        generator, buffer = self.train_loader.generator, getattr(self.train_loader.dataset, "buffer", None)
        return {
            **get_random_state(self.device),
            "generator": generator.get_state() if generator is not None else None,
            "buffer": list(buffer) if isinstance(buffer, list) else None,
        }

    def _agreed(self, found: dict[str, Any] | None) -> dict[str, Any] | None:
        """Return a state if all ranks have it, and it is of as many ranks: weights must be the same on all."""
        if dist.is_initialized():
            everyone: list[Any] = [None] * dist.get_world_size()
            dist.all_gather_object(everyone, found and found["checkpoint"])
            found = found if all(everyone) and len(set(everyone)) == 1 else None
        if found is None:
            LOGGER.warning(
                f"No exact state beside {self.args.resume}: it resumes as in Ultralytics, from weights in half "
                "precision and with other random numbers, and ends with other weights than without a cut."
            )
        elif len(found["ranks"]) != _processes():
            LOGGER.warning(
                f"This run was cut off in {len(found['ranks'])} processes and resumes in {_processes()}: order and "
                "augmentation of the images differ from those of a run without a cut."
            )
        return found

    def _restore_weights(self, saved: dict[str, Any]) -> None:
        """Take the model, its EMA and the optimizer from the state, as they were."""
        unwrap_model(self.model).load_state_dict(saved["model"])
        self.ema.ema.load_state_dict(saved["ema"])
        self.ema.updates = saved["updates"]
        for mine, group in zip(saved["optimizer"]["param_groups"], self.optimizer.param_groups, strict=True):
            mine["fused"] = group.get("fused")  # the device, not the state, picks the kernel
        self.optimizer.load_state_dict(saved["optimizer"])
        if saved["scaler"]:
            self.scaler.load_state_dict(saved["scaler"])
        self.best_fitness = saved["best_fitness"]
        vars(self.stopper).update(saved["stopper"])
        of = f"those of the end of epoch {saved['epoch']}, to the last bit"
        if not check_version(__version__, f">={EXACT_SINCE}"):
            LOGGER.info(
                f"Weights and momentum are {of}; with Ultralytics before {EXACT_SINCE} the run differs from one "
                "without a cut from here on."
            )
        elif self.train_loader.num_workers == 0 and len(saved["ranks"]) == _processes() and self._has_batches_of(saved):
            LOGGER.info(f"Weights, momentum and random state are {of}.")
        else:
            LOGGER.info(f"Weights and momentum are {of}; order and augmentation of the images are new.")

    def _begin_epoch(self) -> None:
        """Restore, in the first epoch, what the loop before it would have undone."""
        self._batch = -1
        saved, self._restoring = self._restoring, None
        if saved is None:
            return
        if not self._has_batches_of(saved):
            return
        self._restore_step(saved)
        if len(saved["ranks"]) == _processes():
            own = saved["ranks"][max(RANK, 0)]
            self._restore_loader(own, saved["batches"])
            set_random_state(own, self.device)

    def _has_batches_of(self, saved: dict[str, Any]) -> bool:
        """Return whether there are as many images and batches as when the state was saved."""
        return saved["images"] == len(self.train_loader.dataset) and saved["batches"] == len(self.train_loader)

    def _restore_step(self, saved: dict[str, Any]) -> None:
        """Let gradients of the last batches wait for the step that they would have been part of."""
        self.accumulate, self._last_step = saved["accumulate"], saved["last_step"]
        self._carried = self._last_step + 1
        for name, parameter in unwrap_model(self.model).named_parameters():
            if name in saved["gradients"]:
                parameter.grad = saved["gradients"][name].to(parameter.device)

    def _restore_loader(self, own: dict[str, Any], batches: int) -> None:
        """Let the loader resume in its order, and with the images that a mosaic may take again.

        Its sampler stands at the end of an epoch, where a new one would begin with other numbers: it goes there first.
        """
        loader = self.train_loader
        if self.args.close_mosaic and self.start_epoch > self.epochs - self.args.close_mosaic:  # was closed before
            self._close_dataloader_mosaic()
            loader.reset = lambda: vars(loader).pop("reset", None)  # which Ultralytics does for the first time then
        if loader.num_workers == 0:
            _fill(loader.dataset, own["buffer"])
            loader.iterator = loader._get_iterator()
            for _ in range(batches):
                loader.iterator._next_index()
        if own["generator"] is not None:
            loader.generator.set_state(own["generator"])

    def _begin_batch(self) -> None:
        self._batch += 1
        if self._shifted:
            self.accumulate -= self._carried
            self._shifted = False

    def preprocess_batch(self, batch: dict[str, Any]) -> dict[str, Any]:
        """Return a batch as Ultralytics does; its loop is told how long the optimizer has waited."""
        if self._carried and not self._shifted:
            self.accumulate += self._carried
            self._shifted = True
        return super().preprocess_batch(batch)

    def optimizer_step(self) -> None:
        """Step as Ultralytics does, and note when."""
        super().optimizer_step()
        if self._shifted:
            self.accumulate -= self._carried
        self._shifted, self._carried, self._last_step = False, 0, self._number(self._batch)

    def _number(self, batch: int) -> int:
        """Return the number of a batch of this epoch, counted from the run's beginning."""
        return batch + self.epoch * len(self.train_loader)

    def validate(self) -> tuple[dict[str, float] | None, float | None]:
        """Validate as Ultralytics does, which draws random numbers; since 8.4.3 all ranks do."""
        found = super().validate()
        if check_version(__version__, f">={RANKS_SINCE}"):
            self._gather()
        return found

    def _gather(self) -> None:
        """Know what is each rank's own, at a point where all come by: rank 0 alone saves."""
        if dist.is_initialized():
            self._ranks = [{}] * dist.get_world_size()
            dist.all_gather_object(self._ranks, self._own_state())


def _processes() -> int:
    return dist.get_world_size() if dist.is_initialized() else 1


def drop_states(weights: Path, keep: Path | None = None) -> None:
    """Remove the states in a folder of weights, but for one."""
    for path in weights.glob(STATE_PATTERN):
        if path != keep:
            path.unlink(missing_ok=True)


def _read(checkpoint: Path) -> dict[str, Any] | None:
    """Return the state that belongs to a checkpoint, None if there is none that can be read."""
    digest = file_sha256(checkpoint)
    for path in checkpoint.parent.glob(STATE_PATTERN):
        try:
            content = torch.load(path, map_location="cpu", weights_only=True)
        except (OSError, EOFError, RuntimeError, pickle.UnpicklingError):  # torn, or of other origin
            continue
        if isinstance(content, dict) and content.get("format") == STATE_FORMAT and content.get("checkpoint") == digest:
            return content
    return None


def _fill(dataset: Any, buffer: list[int] | None) -> None:
    """Load the images that a dataset held for mosaics."""
    if buffer is None or not hasattr(dataset, "max_buffer_length"):
        return
    most, dataset.max_buffer_length = dataset.max_buffer_length, len(dataset) + 1
    for number in buffer:
        dataset.load_image(number)
    dataset.buffer, dataset.max_buffer_length = list(buffer), most
