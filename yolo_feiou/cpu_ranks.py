"""Training in several processes on CPU, which Ultralytics can't: to try out a cluster's commands without GPUs."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import torch
from torch import distributed as dist
from torch import nn
from ultralytics import __version__
from ultralytics.cfg import get_cfg, get_save_dir
from ultralytics.utils import LOCAL_RANK, LOGGER, RANK
from ultralytics.utils.checks import check_version
from ultralytics.utils.torch_utils import strip_optimizer, torch_distributed_zero_first

from yolo_feiou.errors import ArgumentError

#: The Ultralytics whose validation takes part in a group on CPU.
CPU_RANKS_SINCE = "8.4.3"


class CPUDistributedDataParallel(nn.parallel.DistributedDataParallel):
    """DistributedDataParallel that drops the device ids, which it refuses for a model on CPU."""

    def __init__(self, module: nn.Module, device_ids: object = None, **kwargs: Any) -> None:
        super().__init__(module, **kwargs)


@contextmanager
def cpu_data_parallel() -> Iterator[None]:
    """Let Ultralytics' trainer wrap its model for CPU, within the block."""
    stock = nn.parallel.DistributedDataParallel
    nn.parallel.DistributedDataParallel = CPUDistributedDataParallel
    try:
        yield
    finally:
        nn.parallel.DistributedDataParallel = stock


class CPURanks:
    """A trainer's part for `torchrun --nproc-per-node=N -m yolo_feiou train … device=cpu`, over gloo.

    The group is joined before the trainer is built, so that rank 0 alone prepares the data and names the run folder.
    In a single process, or on GPUs, nothing changes.
    """

    def __init__(self, cfg: dict[str, Any], overrides: dict[str, Any], _callbacks: dict[str, list] | None) -> None:
        device = str(overrides.get("device", cfg.get("device")) or "").lower()
        self.cpu_ranks = LOCAL_RANK != -1 and (device == "cpu" or (not device and not torch.cuda.is_available()))
        if self.cpu_ranks:
            if not check_version(__version__, f">={CPU_RANKS_SINCE}"):
                raise ArgumentError(
                    f"training in several CPU processes needs Ultralytics {CPU_RANKS_SINCE} or newer, "
                    f"got {__version__}: update it, or train in one process."
                )
            if not dist.is_initialized():
                dist.init_process_group("gloo")
            if not (overrides.get("resume") or overrides.get("save_dir")):
                arguments = {key: value for key, value in overrides.items() if key != "session"}  # of older releases
                folder = [str(get_save_dir(get_cfg(cfg, arguments))) if RANK == 0 else None]
                dist.broadcast_object_list(folder, src=0)
                overrides["save_dir"] = folder[0]
        super().__init__(cfg, overrides, _callbacks)
        if self.cpu_ranks:
            self.world_size = dist.get_world_size()

    def train(self) -> None:
        """Train, and leave the group."""
        try:
            super().train()
        finally:
            if self.cpu_ranks and dist.is_initialized():
                dist.destroy_process_group()

    def _setup_ddp(self, *world_size: int) -> None:
        """Join the group of the GPUs; that of CPUs is joined already."""
        if not self.cpu_ranks:
            super()._setup_ddp(*world_size)

    def _setup_train(self, *world_size: int) -> None:
        if not self.cpu_ranks:
            return super()._setup_train(*world_size)
        with cpu_data_parallel():
            super()._setup_train(*world_size)

    def final_eval(self) -> None:
        """Validate the best weights; on CPU ranks within the group, since stock's validator asks each for its GPU."""
        if not self.cpu_ranks:
            return super().final_eval()
        with torch_distributed_zero_first(LOCAL_RANK):
            if RANK == 0:
                last = strip_optimizer(self.last) if self.last.exists() else {}
                if self.best.exists():
                    strip_optimizer(self.best, updates={"train_results": last.get("train_results")})
        if not self.best.exists():
            return None
        LOGGER.info(f"\nValidating {self.best}...")
        best = torch.load(self.best, map_location="cpu", weights_only=False)["model"]
        self.ema.ema.load_state_dict(best.float().state_dict())
        self.metrics = self.validator(self)
        if RANK == 0:
            self.metrics.pop("fitness", None)
            self.epoch += 1  # as stock does: the best metrics are logged one step after the last epoch
            self.run_callbacks("on_fit_epoch_end")
            self.epoch -= 1
        return None
