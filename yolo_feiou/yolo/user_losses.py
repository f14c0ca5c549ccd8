"""A trainer's part for losses of a user's own: it keeps them in the run's folder, loads them there, and checks them."""

from __future__ import annotations

import os
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import torch
from torch import Tensor
from ultralytics.utils import LOGGER, RANK

from yolo_feiou.checks.catalogue import QUICK_CHECKS, iter_results
from yolo_feiou.checks.checked_loss import CheckedLoss
from yolo_feiou.checks.report import format_line
from yolo_feiou.distributed import group
from yolo_feiou.distributed.launch import Launch
from yolo_feiou.errors import ArgumentError, DataError, YoloFeiouError
from yolo_feiou.escape import make_visible
from yolo_feiou.losses.bound import Bound
from yolo_feiou.losses.box_loss import PAIRS, BoxLoss
from yolo_feiou.losses.build import STOCK, loss_to_train, shorten_spec
from yolo_feiou.losses.table import Family
from yolo_feiou.losses.user.registry import UserFunction, find_sources, find_user_functions
from yolo_feiou.losses.user.sources import COPIES, SOURCES, pack_sources, using_copies, write_sources
from yolo_feiou.results.run_record import ASKED_VARIABLE
from yolo_feiou.storage.tables import read_json
from yolo_feiou.yolo.host import TrainerHost

#: Whether a training of ours has started this process as one of its ranks, after it copied the losses.
IS_STARTED = RANK != -1 and ASKED_VARIABLE in os.environ


class UserLosses(TrainerHost):
    """A trainer's part that keeps a copy of a user's loss in the run's folder, and trains with that.

    Attributes:
        loss_spec: The shortest spec of the loss that trains.
        kept_losses: The folder of the copies that it trains with, None if no function of a user's is in it.
    """

    loss_spec: str
    kept_losses: Path | None = None
    joined: bool
    launch: Launch | None
    own: dict[str, Any]
    box_loss: BoxLoss | None

    def find_copies(self) -> Path | None:
        """Return the folder of the copies of this run's losses, None for a run that begins here."""
        if self.resume:
            return Path(self.args.resume).parents[1] / COPIES
        return Path(self.args.save_dir) / COPIES if IS_STARTED and self.args.save_dir else None

    def keep_losses(self, spec: str | None, check: bool) -> None:
        """Copy the functions of a user's in a loss to the run's folder, take them from there, and check them.

        Args:
            spec: Of the loss.
            check: Whether to check them.

        Raises:
            ArgumentError: If one can't be copied, or a check finds a fault, or Ultralytics starts several processes for
                a function without source.
            DataError: If the copies of a resumed run are gone, or others than they were.
        """
        self.loss_spec = STOCK
        if self.box_loss is None or not find_user_functions(self.box_loss):
            self.loss_spec = shorten_spec(spec or STOCK)
            return
        if RANK == -1 and "," in str(self.args.device or ""):  # which Ultralytics starts a process for each
            refuse_unkept(spec, "several processes")
        kept, folder = self.find_copies(), self.save_dir / COPIES
        if self.resume and not (kept and (kept / SOURCES).is_file()):
            raise DataError(
                f"{kept} is gone, the copy of the loss that this run began with: put it back, or begin a new run."
            )
        with using_copies(kept):
            packed = self._pack(str(spec))
        first, local = (
            (self.launch.rank, self.launch.local_rank) if self.launch and self.joined else (max(RANK, 0),) * 2
        )
        for writes in (first == 0, local == 0):  # then on each machine, if they don't share the folder
            if writes and not (IS_STARTED and folder == kept) and not _is_written(folder, packed):
                write_sources(folder, packed)
            if self.joined:
                group.gather_from_all(None)  # none reads before all is written
        self.kept_losses = folder
        with using_copies(folder):
            try:
                self.box_loss = loss_to_train(spec, self.box_loss.family)
            except ArgumentError as error:
                raise ArgumentError(
                    f"loss {spec} can't be loaded from the copy that its run keeps: {error} A loss file may import "
                    "modules beside it at its top, which are copied too, and needs no other files there."
                ) from None
            self.loss_spec = shorten_spec(str(spec))
        lines = check_user_losses(self.box_loss, self.device) if check else []
        for line in lines if RANK in (-1, 0) and not IS_STARTED else ():
            LOGGER.info(make_visible(line))

    def _pack(self, spec: str) -> tuple[dict[str, Any], dict[str, bytes]]:
        """Return what a copy of a loss is; in a group, rank 0's, whose mistake is that of all."""
        packed, mistake = ({}, {}), ""
        if RANK in (-1, 0) or not self.joined:
            try:
                packed = pack_sources(find_sources(spec))
            except (YoloFeiouError, OSError) as error:
                mistake = str(error)
        if self.joined:
            packed, mistake = group.broadcast_from_first((packed, mistake))
        if mistake:
            raise ArgumentError(mistake)
        return packed


def _is_written(folder: Path, packed: tuple[dict[str, Any], dict[str, bytes]]) -> bool:
    return (folder / SOURCES).is_file() and read_json(folder / SOURCES) == packed[0]


def refuse_unkept(spec: str | None, what: str) -> None:
    """Raise ArgumentError if a loss has a function in it whose source isn't known, which no other process can load.

    Args:
        spec: Of the loss.
        what: What needs it, for the message.
    """
    sources = find_sources(spec) if spec and spec != STOCK else {}
    if unkept := [name for name, source in sources.items() if source is None]:
        raise ArgumentError(
            f"the source of {unkept[0].removeprefix('user_')} can't be had, and {what} must load it: define it at the "
            "top of a file of its own, as in loss='my_loss.py:f'."
        )


def check_user_losses(box_loss: BoxLoss | None, device: torch.device | None = None) -> list[str]:
    """Return a line for each quick check of each function of a user's in a loss, on the boxes that the loss is of.

    Args:
        box_loss: The loss.
        device: That of the training, on which it is called once; None for the CPU.

    Raises:
        ArgumentError: If a check finds a fault.
    """
    if box_loss is None:
        return []
    bounds = [bound for term in box_loss for bound in term.bound]
    return [
        line
        for bound in bounds
        if isinstance(bound.function, UserFunction)
        for line in _iter_checks(bound, bound.function, box_loss.family, device)
    ]


def _iter_checks(bound: Bound, function: UserFunction, family: Family, device: torch.device | None) -> Iterator[str]:
    name, rotated = function.name, family == "rotated"
    subject = CheckedLoss(name, partial(function.on_boxes, bound.current, pair=PAIRS[family]), family=family)
    for check, finding in iter_results(subject, QUICK_CHECKS[family]):
        if finding:
            raise ArgumentError(
                f"loss {name}{', given the xywhr boxes that this model has' * rotated}: {finding.message}: got "
                f"{finding.came}, expected {finding.expected}. Fix: {finding.remedy}. 'yolo check "
                f"{name}{' task=obb' * rotated}' tells more, and check=false trains without this check."
            )
        yield f"{name}: {format_line(check, None, False)}"
    if device is not None and device.type != "cpu":
        pred, target = (side.float().to(device) for side in subject.boxes.sample_matched(5))
        try:
            value = subject.loss(pred, target)
        except RuntimeError as error:
            raise ArgumentError(
                f"loss {name} fails on {device}: {' '.join(str(error).split()[:40])}. Fix: make its tensors where the "
                "boxes are, as in torch.zeros(4, device=pred.device)."
            ) from None
        if isinstance(value, Tensor) and value.device.type == device.type:
            yield f"{name}: ok    device: it runs on {device}"
