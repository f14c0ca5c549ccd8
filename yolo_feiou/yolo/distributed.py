"""A trainer's part in training in several processes."""

from __future__ import annotations

from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from typing import Any

import torch
from torch import Tensor
from torch import distributed as dist
from ultralytics import __version__
from ultralytics.cfg import get_cfg, get_save_dir
from ultralytics.utils import LOGGER, RANK
from ultralytics.utils.checks import check_version
from ultralytics.utils.torch_utils import strip_optimizer

from yolo_feiou.distributed import group, resume
from yolo_feiou.distributed.launch import FORGETS, Launch, choose_device, read_launch
from yolo_feiou.errors import ArgumentError, FinishedError
from yolo_feiou.escape import make_visible, quote_command
from yolo_feiou.yolo.host import TrainerHost

#: The Ultralytics whose validation takes part in a group.
RANKS_SINCE = "8.4.3"


class Ranks(TrainerHost):
    """A trainer's part for `torchrun … -m yolo_feiou train …`: several processes, on GPUs or CPU, on any nodes.

    The group is joined before the trainer is built, so that rank 0 alone prepares the data and names the run's folder,
    and so that a run that was cut off can resume in its own. Ultralytics' launcher (`device=0,1` without torchrun)
    serves the GPUs of one node and is left alone: it names the folder, and its processes join each other. In a
    process that torchrun didn't start nothing changes.

    Attributes:
        launch: What torchrun says of this process, or None if it is no matter.
        joined: Whether it has joined a group here.
        resume_checkpoint: The checkpoint of the run that this command began and that was cut off, or None.

    Raises:
        ArgumentError: If devices or the total batch don't fit the processes, or another process trains the same run.
        FinishedError: If this command has ended before.
    """

    def __init__(self, cfg: dict[str, Any], overrides: dict[str, Any], _callbacks: dict[str, list] | None) -> None:
        asked = dict(overrides)
        device = str(overrides.get("device", cfg.get("device")) or "").lower().replace(" ", "").strip("[]()")
        launch = read_launch()
        gpus = device != "cpu" and torch.cuda.is_available()
        self.launch = None if launch and gpus and launch.nodes == 1 and overrides.get("save_dir") else launch
        self.joined = bool(self.launch and self.launch.size > 1)
        self.resume_checkpoint: Path | None = None
        self._lock = ExitStack()
        if self.joined:
            overrides["device"] = self._join(self._launch, device)
        elif self.launch and RANK != -1:
            raise ArgumentError(
                f"Ultralytics {__version__} can't train in a single process of torchrun's: train without torchrun, or "
                "update it."
            )
        found = bool(self.launch) and not (overrides.get("resume") or overrides.get("save_dir"))
        if found:
            self._find_folder(self._launch, cfg, overrides)
        super().__init__(cfg, overrides, _callbacks)
        if self.joined:
            self.world_size = self._launch.size
            self._check_batch()
        if self.launch and self.launch.rank == 0:
            if not found:
                self._lock.enter_context(resume.lock_run(self.save_dir, self.launch))
            resume.write_launch_record(self.save_dir, self.launch, asked, bool(self.resume))

    @property
    def launcher(self) -> str:
        """What started these processes: 'torchrun', 'Ultralytics', or '' for a single one."""
        return "torchrun" if self.launch else "Ultralytics" if RANK != -1 else ""

    @property
    def processes(self) -> int:
        """How many processes train."""
        return self.launch.size if self.launch else dist.get_world_size() if dist.is_initialized() else 1

    @property
    def nodes(self) -> int:
        """The number of nodes they run on."""
        return self.launch.nodes if self.launch else 1

    @property
    def _launch(self) -> Launch:
        """What torchrun says of this process, which it started."""
        assert self.launch is not None
        return self.launch

    def _join(self, launch: Launch, device: str) -> str:
        """Join the group, and return the device as the trainer takes it."""
        if not check_version(__version__, f">={RANKS_SINCE}"):
            raise ArgumentError(
                f"training in processes that torchrun started needs Ultralytics {RANKS_SINCE} or newer, got "
                f"{__version__}: update it, train in one process, or let device=0,1 start them."
            )
        device = choose_device(launch, device)
        self.own_device = group.join_group(launch, device)
        self.leaders, nodes = group.group_first_of_each_node(launch)
        self.launch = replace(launch, nodes=nodes, restarts=max(group.gather_from_all(launch.restarts)))
        if self.launch.forgets and launch.rank == 0:
            LOGGER.warning(FORGETS)
        return device

    def _find_folder(self, launch: Launch, cfg: dict[str, Any], overrides: dict[str, Any]) -> None:
        """Let all ranks use the folder that rank 0 finds: a new one, or that of a run that was cut off."""
        found = None
        if launch.rank == 0:
            arguments = {key: value for key, value in overrides.items() if key != "session"}  # of older releases
            folder = Path(get_save_dir(get_cfg(cfg, arguments)))
            found = resume.find_unfinished_run(folder.parent, launch, overrides) or resume.UnfinishedRun(folder)
        found = group.broadcast_from_first(found) if self.joined else found
        assert found is not None, "rank 0 has found one"
        overrides["save_dir"] = str(found.folder)
        if found.finished:
            self._leave()
            raise FinishedError(
                f"{found.folder} is what this command trained, and finished: give another id to repeat."
            )
        if launch.rank == 0:
            found.folder.mkdir(parents=True, exist_ok=True)
            self._lock.enter_context(resume.lock_run(found.folder, self._launch))
            self.save_dir = found.folder  # ours from here on, and gone again if the training doesn't come to begin
        self.resume_checkpoint = found.last
        if found.last:
            overrides["resume"] = str(found.last)
            LOGGER.info(make_visible(f"Resuming {found.folder}, which this command began and didn't finish."))

    def check_resume(self, overrides: dict[str, Any]) -> None:
        """Resume as Ultralytics does, in the folder where the run lies now."""
        super().check_resume(overrides)
        if self.resume_checkpoint:
            self.args.save_dir = overrides["save_dir"]

    def _check_batch(self) -> None:
        """Raise ArgumentError if the total batch can't be split into equal parts."""
        batch, size = self.args.batch, self._launch.size
        if batch < size or batch % size:
            near = max(round(batch / size), 1) * size
            raise ArgumentError(
                f"batch={batch} is the total, and {size} processes can't have equal parts of it: give a multiple of "
                f"{size}, such as batch={near}."
            )

    def train(self) -> None:
        """Train, and leave the group; after an error the others may not answer any more."""
        try:
            super().train()
        finally:
            self._lock.close()
        self._leave()

    def _leave(self) -> None:
        if self.joined and dist.is_initialized():
            dist.destroy_process_group()

    def get_dataset(self) -> dict[str, Any]:
        """Return the data set as Ultralytics does; a first use, which fetches or makes it, is rank 0's."""
        if not self.joined:
            return super().get_dataset()
        with group.let_one_node_begin(self._launch, self.leaders):
            return super().get_dataset()

    def build_dataset(self, *args: Any, **kwargs: Any) -> Any:
        """Return a split as Ultralytics does; of nodes that share its folder, one scans its labels."""
        if not self.joined:
            return super().build_dataset(*args, **kwargs)
        with group.let_one_node_begin(self._launch, self.leaders):
            return super().build_dataset(*args, **kwargs)

    def setup_model(self) -> dict[str, Any] | None:
        """Load the model as Ultralytics does; that of a run that resumes comes from its checkpoint."""
        if self.resume_checkpoint:
            self.model = str(self.resume_checkpoint)
        return super().setup_model()

    def _setup_ddp(self, *world_size: int) -> None:
        """Take this process' device; the group is joined already."""
        if not self.joined:
            return super()._setup_ddp(*world_size)
        self.device = self.own_device  # older releases take the GPU that has the number of the rank
        return None

    def _setup_train(self, *world_size: int) -> None:
        if not self.joined or self.device.type != "cpu":
            return super()._setup_train(*world_size)
        with group.cpu_data_parallel():
            super()._setup_train(*world_size)

    def validate(self) -> tuple[dict[str, float] | None, float | None]:
        """Validate as Ultralytics does, and mend the mean of the losses, which it takes for equally long shares."""
        metrics, fitness = super().validate()
        return self._mended(metrics), fitness

    def _mended(self, metrics: dict[str, float] | None) -> dict[str, float] | None:
        """Return rank 0's metrics with the losses divided by the number of all batches, not by its own times ranks."""
        if not self.joined:
            return metrics
        batches = torch.tensor(float(len(self.test_loader)), device=self.device)
        own = batches.item()
        dist.all_reduce(batches)
        factor = own * self._launch.size / batches.item()
        return metrics and {
            key: round(value * factor, 5) if key.startswith("val/") else value for key, value in metrics.items()
        }

    def _do_train(self, *world_size: int) -> None:
        """Train; of a run that was cut off after its last epoch, only the checkpoints are left to finish."""
        if not self.resume_checkpoint or not resume.is_trained(self.resume_checkpoint):
            return super()._do_train(*world_size)
        if RANK in (-1, 0):
            self._strip()
            words = quote_command(["yolo", "val", f"model={self.best}"])
            LOGGER.info(f"All epochs are done. The last validation was cut off: {words}")
        return None

    def run_callbacks(self, event: str) -> None:
        """Run the callbacks of an event; at the end of an epoch they, too, see the losses of all ranks.

        The average is no callback itself: a user may clear those.
        """
        if self.joined and event == "on_train_epoch_end":
            self._average_losses()
        super().run_callbacks(event)

    def _average_losses(self) -> None:
        """Average the losses of an epoch over the ranks: stock logs rank 0's alone."""

        def average(value: Tensor) -> Tensor:
            total = value.detach().clone()
            dist.all_reduce(total)
            return total / self._launch.size

        losses = self.tloss
        self.tloss = {k: average(v) for k, v in losses.items()} if isinstance(losses, dict) else average(losses)

    def final_eval(self) -> None:
        """Validate the best weights within the group: stock's validator would need them on each node, and GPUs."""
        if not self.joined:
            return super().final_eval()
        if not group.broadcast_from_first(self.best.exists() if RANK == 0 else None):
            return None
        LOGGER.info(f"\nValidating {make_visible(str(self.best))}...")
        with torch.inference_mode():  # validation on GPUs may have made inference tensors of the EMA's
            if RANK == 0:
                checkpoint = torch.load(self.best, map_location=self.device, weights_only=False)
                self.ema.ema.load_state_dict((checkpoint.get("ema") or checkpoint["model"]).float().state_dict())
            for value in self.ema.ema.state_dict().values():
                dist.broadcast(value, src=0)
        self.metrics = self._mended(self.validator(self))
        if RANK == 0:
            self._strip()
            self.metrics.pop("fitness", None)
            self.epoch += 1  # as stock does: the best metrics are logged one step after the last epoch
            self.run_callbacks("on_fit_epoch_end")
            self.epoch -= 1
        return None

    def _strip(self) -> None:
        """Make plain weights of the checkpoints, as stock does at the end."""
        last = strip_optimizer(self.last) if self.last.exists() else {}
        if self.best.exists():
            strip_optimizer(self.best, updates={"train_results": last.get("train_results")})
