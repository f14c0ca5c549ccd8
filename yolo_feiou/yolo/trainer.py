"""What our trainers add to Ultralytics' own; `trainers.py` lists them."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, nullcontext
from pathlib import Path
from types import SimpleNamespace
from typing import Any, ClassVar, cast

from torch import nn
from ultralytics.cfg import cfg2dict
from ultralytics.utils import DEFAULT_CFG, LOGGER, RANK

from yolo_feiou.distributed import resume
from yolo_feiou.errors import ArgumentError, DataError
from yolo_feiou.escape import make_visible
from yolo_feiou.losses.box_loss import BoxLoss
from yolo_feiou.losses.families import TASK_FAMILIES
from yolo_feiou.losses.user.registry import make_spec
from yolo_feiou.losses.user.sources import COPIES, using_copies
from yolo_feiou.processes import WORKER, exit_with
from yolo_feiou.results import run_record
from yolo_feiou.results.fingerprints import fingerprint_files
from yolo_feiou.results.provenance import make_session
from yolo_feiou.storage.tables import atomic_file, write_text
from yolo_feiou.terminal import say
from yolo_feiou.yolo import loss_state
from yolo_feiou.yolo.argument_values import check_classes, check_values, find_unmatched_layers
from yolo_feiou.yolo.arguments import check_extra_arguments, find_changed_arguments
from yolo_feiou.yolo.bbox_loss import Swapped
from yolo_feiou.yolo.box_stats import BOX_STATS_FILE, BoxStats
from yolo_feiou.yolo.configs import check_data_file, check_image_folders, find_data, find_recipe
from yolo_feiou.yolo.criterion import find_predicting_loss, swap_losses
from yolo_feiou.yolo.default_cfg import list_defaults, list_extra_arguments, refuse_taken_arguments
from yolo_feiou.yolo.detr_loss import describe_layers
from yolo_feiou.yolo.distributed import Ranks
from yolo_feiou.yolo.families import check_trainer
from yolo_feiou.yolo.gains import list_ignored_gains
from yolo_feiou.yolo.last_batch import check_last_batch
from yolo_feiou.yolo.loss_state import LossState
from yolo_feiou.yolo.proof import Proving, unwrap_model
from yolo_feiou.yolo.resume_state import ExactResume, drop_states
from yolo_feiou.yolo.special_files import check_special_files, iter_places
from yolo_feiou.yolo.user_losses import IS_STARTED, UserLosses
from yolo_feiou.yolo.weights_path import check_resumed_file, check_weights_folder

#: What a run has in its folder before it trains.
UNTRAINED = {"args.yaml", "weights", COPIES, resume.LAUNCH_FILE, resume.LOCK_FILE, run_record.RECORD_FILE}

#: Packages of the text encoders, which Ultralytics installs itself where it is online, and how to.
ENCODER_PACKAGES = {
    "clip": "pip install git+https://github.com/ultralytics/CLIP.git",
    "mobileclip": "pip install git+https://github.com/ultralytics/mobileclip.git",
}


@contextmanager
def telling_missing_encoder() -> Iterator[None]:
    """Within the block, a text encoder's package that is not installed, and can't be fetched, is told in one line.

    Raises:
        ArgumentError: If it isn't.
    """
    try:
        yield
    except ModuleNotFoundError as error:
        if error.name not in ENCODER_PACKAGES:
            raise
        raise ArgumentError(
            f"the text encoder of YOLO-World and YOLOE needs the package {error.name}, which isn't installed: "
            f"{ENCODER_PACKAGES[error.name]}."
        ) from None


class LossTrainer(ExactResume, LossState, Proving, UserLosses, Ranks):
    """What our trainers add to Ultralytics': the argument `loss`, checked, recorded, swapped in and proven.

    Args:
        cfg: Base configuration, as Ultralytics' trainers take it.
        overrides: Arguments over it. `loss` is a loss spec; 'stock', or none, trains as Ultralytics does.
            `box_stats=True` writes box_stats.csv, see `BoxStats`; `check=False` doesn't try a user's loss first.
        _callbacks: Callbacks by event, as Ultralytics' trainers take them.

    Raises:
        LossSpecError: If the spec is wrong; no run folder is made.
        ArgumentError: If a run is to resume with another loss, `box_stats` doesn't fit, or Ultralytics would
            refuse a value of an argument of its own later.
        UnsupportedModelError: If the task trains without a box term.
        MissingFileError: If `resume` names a file that isn't there.
        DataError: If the data set can't be found or read. No failure before the first epoch leaves an empty run.
    """

    box_stats: BoxStats | None = None
    #: What Ultralytics' own box loss is called.
    stock_loss = "CIoU"
    #: The spec of ours that computes the same.
    stock_spec = "ciou"
    #: Of the arguments that are gains of losses, those that do nothing beside what follows from the task, and why.
    ignored_gains: ClassVar[Mapping[str, str]] = {}
    #: What Ultralytics' logs call the box term, whatever its loss; '' where the name says nothing of a loss.
    logged_as = ""

    def __init__(
        self,
        cfg: str | dict[str, Any] | SimpleNamespace = DEFAULT_CFG,
        overrides: dict[str, Any] | None = None,
        _callbacks: dict[str, list] | None = None,
    ) -> None:
        if RANK != -1 and WORKER in os.environ:  # torchrun's ranks outlive a process that is killed
            exit_with(int(os.environ[WORKER]))
        overrides = dict(overrides or {})
        if "loss" in overrides:
            overrides["loss"] = make_spec(overrides["loss"])
        self.asked = run_record.find_asked_arguments(overrides, is_worker=RANK != -1)
        for key, find in (("cfg", find_recipe), ("data", find_data)):
            if overrides.get(key):
                overrides[key] = find(overrides[key])
        refuse_taken_arguments(overrides)
        with self._no_empty_run_left():
            place = {"save_dir": None} if "save_dir" in overrides else {}  # which older releases drop otherwise
            super().__init__({**list_extra_arguments(), **place, **cfg2dict(cfg)}, overrides, _callbacks)
            check_weights_folder(self.save_dir, "project= and name=")
            self.keep_losses(self.own.get("loss"), self.own.get("check", True))

    def check_resume(self, overrides: dict[str, Any]) -> None:
        """Read our arguments once all are known, a resumed run's too, and before anything is written.

        A training as stock's keeps none of them, so that stock can resume it.
        """
        check_resumed_file(self.args.resume)
        super().check_resume({key: value for key, value in overrides.items() if key not in list_extra_arguments()})
        arguments = vars(self.args)
        self.own = own = {key: arguments.pop(key, default) for key, default in list_extra_arguments().items()}
        copies, asked = self.find_copies(), {key: overrides[key] for key in own if key in overrides}
        own |= {"check": asked["check"]} if "check" in asked else {}  # which a resumed run may change
        resumes = self.resume and not IS_STARTED  # what starts this process has looked
        for key in find_changed_arguments(own, asked, copies) if resumes else ():
            if asked[key] == own[key]:
                raise ArgumentError(
                    f"{key}={own[key]} holds other code than when this run began, and resuming can't change it: leave "
                    f"{key}= out to go on with the copy in {copies}, or begin a new run."
                )
            raise ArgumentError(
                f"this run trains with {key}={own[key]}, and resuming can't change it to {key}={overrides[key]}: "
                f"leave {key}= out, or begin a new run from its weights."
            )
        with using_copies(copies):
            family = TASK_FAMILIES.get(self.args.task)
            self.box_loss = check_extra_arguments({**own, "resume": self.resume}, family)
        if self.box_loss:
            arguments.update(own)
        check_trainer(type(self), self.args.task, self.box_loss)
        check_data_file(self.args.data)
        check_image_folders(self.args.data)
        lines = [] if self.resume else check_values(arguments, type(self).build_optimizer)
        if self.box_loss and not self.resume:
            lines += self._describe_gain(self.box_loss)
        for line in lines:
            LOGGER.warning(make_visible(line))
        self.begun_with = run_record.to_json({**arguments, **own})

    @classmethod
    def find_ignored_gains(cls, task: str, network: Any = None) -> dict[str, str]:
        """Return the gains of losses that do nothing in a training, and why.

        Args:
            task: What it trains for.
            network: What it trains; None where that isn't known yet.
        """
        return {**cls.ignored_gains, **list_ignored_gains(task, network)}

    def _describe_gain(self, box_loss: BoxLoss) -> list[str]:
        """Return a line for each gain that was asked for and does nothing, or that lets the box loss do nothing."""
        lines, defaults = [], list_defaults()
        for key, why in self.find_ignored_gains(self.args.task).items():
            if self.asked.get(key, defaults.get(key)) != defaults.get(key):
                lines.append(f"{key}={self.asked[key]} does nothing: {why}.")
        if "box" in self.ignored_gains or self.args.box != 0:
            return lines
        return [
            *lines,
            f"box=0 multiplies the box loss {box_loss.description} by 0, so that it changes nothing. Give another gain "
            "to train with it.",
        ]

    def get_model(self, cfg: Any = None, weights: Any = None, verbose: bool = True) -> Any:
        """Return the model as Ultralytics does; say so if its weights were trained with a loss that isn't asked for."""
        unasked = not self.resume and "loss" not in self.asked and self.box_loss is None
        if weights is not None and unasked and (line := run_record.describe_other_loss(weights)):
            LOGGER.warning(line)
        return super().get_model(cfg=cfg, weights=weights, verbose=verbose)

    def get_dataset(self) -> dict[str, Any]:
        """Return the data set as Ultralytics does; its errors become ours, and what it would hang on is named."""
        try:
            data = super().get_dataset()
        except RuntimeError as error:
            raise DataError(str(error).strip()) from error
        places = data if isinstance(data, tuple) else (data.get("train"), data.get("val"))  # a pair in older releases
        for split, place in zip(("train", "val"), places, strict=True):
            check_special_files([*iter_places(place)], f"data={self.args.data}, split '{split}'")
        names = (data if isinstance(data, dict) else self.data)["names"]
        for line in () if self.args.single_cls else check_classes(self.args.classes, names, f"data={self.args.data}"):
            LOGGER.warning(make_visible(line))
        return data

    def get_dataloader(self, dataset_path: Any, batch_size: int = 16, rank: int = 0, mode: str = "train") -> Any:
        """Return the batches of a split as Ultralytics does, if BatchNorm can train on the last one."""
        loader = super().get_dataloader(dataset_path, batch_size, rank, mode)
        if mode == "train" and getattr(loader, "batch_size", None) and not loader.drop_last:
            shrunk = self.args.multi_scale
            check_last_batch(len(loader.sampler), loader.batch_size, self.args.imgsz, self.stride, shrunk)
        return loader

    @contextmanager
    def _no_empty_run_left(self) -> Iterator[None]:
        """If the block fails, remove the folder of a run that has written nothing but its arguments."""
        try:
            yield
        except BaseException:
            folder = getattr(self, "save_dir", None)
            written = {path.name for path in folder.glob("*")} if folder and RANK in (-1, 0) else set()
            made = written & {"args.yaml", resume.LOCK_FILE}
            if folder and made and written <= UNTRAINED and not any((folder / "weights").glob("*")):
                shutil.rmtree(folder)
            raise

    def save_model(self) -> Any:
        """Save each checkpoint as a whole: a process that is killed, or a full disk, costs no more than an epoch.

        It is saved without its criterion, which holds a loss of ours; older releases would pickle it.
        """
        ema, paths = self.ema.ema, (self.last, self.best)
        criterion, ema.criterion = getattr(ema, "criterion", None), None
        parts = [path.with_name(f".{path.name}.part") for path in paths]
        self.last, self.best = parts
        try:
            saved = super().save_model()
            state = self.write_state(parts[0])
            for part, path in zip(parts, paths, strict=True):
                if part.exists():
                    with atomic_file(path) as target:
                        part.replace(target)
            drop_states(self.wdir, keep=state)
            return saved
        finally:
            ema.criterion = criterion
            self.last, self.best = paths
            for part in parts:
                part.unlink(missing_ok=True)

    def get_validator(self) -> Any:
        """Return stock's validator, which refuses arguments that it doesn't know."""
        arguments = vars(self.args)
        own = {key: arguments.pop(key) for key in list_extra_arguments() if key in arguments}
        try:
            return super().get_validator()
        finally:
            arguments.update(own)

    def _setup_train(self, *world_size: int) -> None:
        """Swap the loss in once all that reads or copies a criterion is done: class weights, EMA, resume."""
        with self._no_empty_run_left(), telling_missing_encoder():
            super()._setup_train(*world_size)
        for line in find_unmatched_layers(self.args.freeze, self.model):
            LOGGER.warning(make_visible(line))
        if RANK in (-1, 0):
            self._tidy_files()
            self._sign()
        if self.box_loss is None:
            LOGGER.info(f"Box loss: stock (Ultralytics' {self.stock_loss}), nothing swapped")
            return
        self.prepare_loss(self.box_loss)
        models = self._models().items()
        counts = [f"{self.swap_losses(name, model, self.box_loss)} of the {name}" for name, model in models]
        counts[0] += describe_layers(unwrap_model(self.model), getattr(self.args, "compile", False))
        logged = f", logged as {self.logged_as}" if self.logged_as else ""
        # Printed, since Ultralytics' logger is silent on all ranks but the first.
        say(f"Box loss: {self.box_loss.description}, criteria swapped: {', '.join(counts)}, rank {RANK}{logged}")
        self.prove(self.box_loss)
        self.restore_state()
        if self.own.get("box_stats"):
            self.box_stats = BoxStats(self.box_loss, self.save_dir / BOX_STATS_FILE, self.device, self.start_epoch)

    def swap_losses(self, name: str, model: nn.Module, box_loss: BoxLoss) -> int:
        """Put a loss into the criterion of a model, 'model' or 'EMA', and return in how many places."""
        return swap_losses(model, box_loss)

    def run_callbacks(self, event: str) -> None:
        """Run the callbacks of an event, then what is ours to do."""
        super().run_callbacks(event)
        if self.box_stats and event == "on_train_epoch_start":
            self._watch(self.box_stats)
        elif self.box_stats and event == "on_train_epoch_end":
            self._record(self.box_stats)

    def train(self) -> Any:
        """Train as Ultralytics does; workers that it starts know what was asked for."""
        with run_record.tell_workers(self.asked) if RANK == -1 else nullcontext():
            return super().train()

    def _sign(self) -> None:
        """Record what trains from here on, and mark the models with it."""
        with using_copies(self.kept_losses):
            self._write_record()

    def _write_record(self) -> None:
        begins = make_session(self.start_epoch, str(self.args.device or ""))
        if self.resume:
            record = run_record.resume_run_record([self.save_dir, Path(self.args.resume).parents[1]], begins)
        else:
            record = run_record.begin_run_record(
                self.asked,
                {**self.own, **self.begun_with},
                vars(self.args),
                begins,
                defaults=list_defaults(),
                contents=fingerprint_files(self.begun_with, find_data),
                loss=self.loss_spec,
                launcher=self.launcher,
                processes=self.processes,
                nodes=self.nodes,
            )
        record.write(self.save_dir)
        for model in self._models().values():
            run_record.put_mark(model, record, self.loss_spec)

    def _tidy_files(self) -> None:
        """Leave in the run's files what belongs to it: nothing of an older run, no epoch that will be done again."""
        if not self.resume:
            for path in (self.csv, self.save_dir / BOX_STATS_FILE, self.save_dir / loss_state.FILE):
                path.unlink(missing_ok=True)
            drop_states(self.wdir)
        elif self.csv.exists():
            header, *rows = self.csv.read_text(encoding="utf-8").splitlines(keepends=True)
            done = [row for row in rows if float(row.partition(",")[0]) <= self.start_epoch]
            write_text(self.csv, header + "".join(done))

    def _watch(self, box_stats: BoxStats) -> None:
        """Let the statistics see what trains; an epoch that is done again, after a NaN, begins them anew."""
        box_stats.start()
        head = self._deployed_head()
        box_stats.box_loss, head.on_positives = head.box_loss, box_stats.add

    def _record(self, box_stats: BoxStats) -> None:
        """End the statistics before validation, and before anything copies the criterion."""
        self._deployed_head().on_positives = None
        box_stats.finish(self.epoch + 1, write=RANK in (-1, 0))

    def _deployed_head(self) -> Swapped:
        """The loss of the head that predicts; another head may help it to learn."""
        return cast(Swapped, find_predicting_loss(unwrap_model(self.model), self.args))
