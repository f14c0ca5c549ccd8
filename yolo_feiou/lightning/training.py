"""A detector's training, from its arguments to the weights in its folder: `train`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytorch_lightning as lightning
import torch
import yaml
from lightning_fabric.plugins.environments.lightning import LightningEnvironment
from lightning_fabric.plugins.environments.torchelastic import TorchElasticEnvironment
from pytorch_lightning.loggers import Logger, TensorBoardLogger
from pytorch_lightning.strategies import DDPStrategy

import yolo_feiou
from yolo_feiou.detectors.backbone import describe_weights, find_weights
from yolo_feiou.detectors.build import build_detector
from yolo_feiou.detectors.config import DetectorConfig, read_detector_config
from yolo_feiou.detectors.seam import BoxTerm
from yolo_feiou.distributed import group
from yolo_feiou.errors import ArgumentError, FinishedError
from yolo_feiou.lightning import checkpoints
from yolo_feiou.lightning.arguments import DEFAULTS, Schedule, make_schedule
from yolo_feiou.lightning.data import TrainingData, measure_mean_side, read_training_data
from yolo_feiou.lightning.detect import PREFIX
from yolo_feiou.lightning.fit import UsualTermination, fit, quiet_lightning
from yolo_feiou.lightning.intervals import Intervals, drop_rows
from yolo_feiou.lightning.module import DetectorModule, describe_loss
from yolo_feiou.lightning.place import Place
from yolo_feiou.lightning.pulse import Pulse
from yolo_feiou.losses.build import STOCK, shorten_spec
from yolo_feiou.losses.user.registry import find_sources
from yolo_feiou.losses.user.sources import COPIES, SOURCES, pack_sources, using_copies, write_sources
from yolo_feiou.results import run_record
from yolo_feiou.results.fingerprints import fingerprint_files
from yolo_feiou.results.provenance import make_session
from yolo_feiou.storage.tables import write_text
from yolo_feiou.terminal import say
from yolo_feiou.yolo.configs import check_data_file, find_data


def train(
    arguments: Mapping[str, Any],
    folder: Path,
    place: Place,
    *,
    asked: Mapping[str, Any] | None = None,
    resume: bool = False,
    threads: int = 0,
) -> None:
    """Train a detector, or go on with its training, in this process and those beside it.

    Args:
        arguments: All of them, see `complete_arguments`; of a resumed training `data`, `device` and `workers` count.
        folder: Where it leaves its files.
        place: Where this process trains.
        asked: What the user gave, for the record.
        resume: Whether to go on from `weights/last.pt`.
        threads: Of the CPU; 0 is torch's own choice.

    Raises:
        ArgumentError: If an argument doesn't fit.
        DataError: If data, weights or a checkpoint can't be read, or the loss becomes infinite.
        FinishedError: If it is to go on, and is finished.
        LossNotAppliedError: If the box loss isn't the one asked for.
    """
    if threads and place.device == "cpu":
        torch.set_num_threads(threads)
    if place.launch:
        group.join_group(place.launch, place.device)
    content = checkpoints.load_checkpoint(folder / "weights" / "last.pt") if resume else None
    if content and checkpoints.STATES[0] not in content:
        raise FinishedError(f"{folder} has finished its training: there is nothing to resume.")
    if content:
        given = {key: arguments[key] for key in ("data", "device", "workers") if arguments.get(key) is not None}
        arguments = {**content["train_args"], **given}
    check_data_file(find_data(arguments["data"]))  # before weights are fetched
    if place.rank == 0:
        (folder / "weights").mkdir(parents=True, exist_ok=True)
        keep_losses(folder, arguments["loss"], resume)
        if not content:
            fetch_weights(str(arguments["model"]))
    if place.launch:
        group.gather_from_all(None)  # none reads the copies before they are written
    copies = folder / COPIES
    with using_copies(copies if (copies / SOURCES).is_file() else None):
        _fit(arguments, folder, place, asked or arguments, content)


def fetch_weights(model: str) -> None:
    """Have published weights of a backbone on this machine, so that of several processes one fetches them."""
    config, pretrained = find_config(model)
    if config.weights == "imagenet" and pretrained is None:
        find_weights(config)


def keep_losses(folder: Path, loss: str, resume: bool) -> None:
    """Copy the functions of a user's in a loss to the run's folder, unless it has them.

    Raises:
        ArgumentError: If one can't be copied.
    """
    if loss != STOCK and not resume and (sources := find_sources(loss)):
        write_sources(folder / COPIES, pack_sources(sources))


def find_config(model: str) -> tuple[DetectorConfig, dict[str, Any] | None]:
    """Return what a detector is made of, and the content of the checkpoint if `model` is one."""
    if checkpoints.is_detector_checkpoint(model):
        content = checkpoints.load_checkpoint(model)
        return DetectorConfig.from_dict(content[checkpoints.CONFIG]), content
    return read_detector_config(model), None


def _fit(
    arguments: Mapping[str, Any], folder: Path, place: Place, asked: Mapping[str, Any], content: dict[str, Any] | None
) -> None:
    """Train with the losses that are to be used."""
    torch.manual_seed(arguments["seed"])
    pretrained = None
    if content:  # its model's file may have been moved
        config = DetectorConfig.from_dict(content[checkpoints.CONFIG])
    else:
        config, pretrained = find_config(str(arguments["model"]))
    data = read_training_data(arguments, config)
    if content:  # what the epochs were rounded from, and whatever became of the data
        schedule = Schedule(arguments["iterations"], arguments["epochs"], content["parts"])
    else:
        schedule = make_schedule(arguments, data.count)
    weights = content["backbone_weights"] if content else describe_weights(config)
    model = build_detector(
        config,
        len(data.names),
        **{key: arguments[key] for key in ("loss", "box", "imgsz", "rpn", "encode", "scoring")},
        load_weights=not (content or pretrained),
    )
    if pretrained:
        weights = transfer_weights(model, pretrained, str(arguments["model"]))
    arguments = {**arguments, "epochs": schedule.epochs, "iterations": schedule.iterations}
    record = _record(arguments, asked, folder, place, content)
    kept = {
        checkpoints.CONFIG: config.to_dict(),
        "names": data.names,
        "train_args": run_record.to_json(arguments),
        "backbone_weights": weights,
        "parts": schedule.parts,
        "part": 0,
        "yolo_feiou": {"loss": record.loss, "version": yolo_feiou.__version__, "run": record.id},
    }
    epoch_steps = data.count / arguments["batch"]
    module = DetectorModule(model, arguments, schedule, epoch_steps, kept)
    lines = prepare_losses(module, data)
    intervals = Intervals(folder, data.validated)
    first = 0
    if content:
        intervals.resume(content)
        first = content["global_step"]
        lines.append(f"The training goes on at step {first} of {schedule.iterations}")
    if place.rank == 0:
        record.write(folder)
        _write_arguments(folder, arguments)
        drop_rows(folder, intervals.part)
        for line in (*lines, f"{config.title}, {config.backbone}, weights {weights}: {_count(model)} parameters"):
            say(line)
    loader = data.make_loader(arguments, first, schedule.iterations, place.rank, place.world)
    say(describe_loss(module, config.title, place.rank))
    with quiet_lightning():
        trainer = make_trainer(folder, place, schedule, arguments, intervals)
    fit(trainer, module, loader, folder / "weights" / "last.pt" if content else None)
    if place.rank == 0:
        checkpoints.strip_checkpoints(folder)


def prepare_losses(module: DetectorModule, data: TrainingData) -> list[str]:
    """Fill in what is 'auto' in the box losses of a detector, and return lines that say so."""
    lines: list[str] = []
    for term in module.box_terms:
        side = measure_mean_side(data.images, module.arguments["imgsz"]) if term.box_loss.needs_mean_side else None
        lines += term.box_loss.prepare(module.schedule.iterations, 1, side)
    return list(dict.fromkeys(lines))


def transfer_weights(model: torch.nn.Module, content: Mapping[str, Any], source: str) -> str:
    """Load those weights of a checkpoint that have the model's names and shapes, and return a line on it."""
    states = tuple(f"{name}." for name, module in model.named_modules() if isinstance(module, BoxTerm))
    own = model.state_dict()
    given = {key.removeprefix(PREFIX): value for key, value in content["state_dict"].items()}
    given = {key: value for key, value in given.items() if not key.startswith(states)}  # a loss begins anew
    fits = {key: value for key, value in given.items() if key in own and own[key].shape == value.shape}
    if not fits:
        raise ArgumentError(f"model={source} has no weights that fit this detector: give one of the same backbone.")
    model.load_state_dict({**own, **fits})
    return f"{Path(source).name}, {len(fits)} of {len(own)} tensors"


def make_trainer(
    folder: Path, place: Place, schedule: Schedule, arguments: Mapping[str, Any], intervals: Intervals
) -> lightning.Trainer:
    """Return Lightning's trainer."""
    on_cpu = place.device == "cpu"
    half = "bf16-mixed" if on_cpu else "16-mixed"
    gpus = [int(word) for word in place.device.split(",")] if not on_cpu else []
    launch = place.launch
    loggers: list[Logger] = []
    if find_spec("tensorboard") and place.rank == 0:
        loggers.append(TensorBoardLogger(folder, name="", version=""))
    return lightning.Trainer(
        accelerator="cpu" if on_cpu else "gpu",
        devices=launch.local_size if launch else 1 if on_cpu else gpus,
        num_nodes=launch.nodes if launch else 1,
        strategy=DDPStrategy(process_group_backend="gloo" if on_cpu else "nccl") if launch else "auto",
        plugins=[TorchElasticEnvironment() if launch else LightningEnvironment()],
        precision=half if arguments["amp"] else "32-true",
        max_steps=schedule.iterations,
        max_epochs=-1,
        gradient_clip_val=arguments["clip"] or None,
        use_distributed_sampler=False,
        callbacks=[intervals, Pulse(schedule.iterations), UsualTermination()],
        logger=loggers,
        enable_checkpointing=False,
        enable_model_summary=False,
        enable_progress_bar=False,
        log_every_n_steps=50,
        default_root_dir=folder,
    )


def _record(
    arguments: Mapping[str, Any],
    asked: Mapping[str, Any],
    folder: Path,
    place: Place,
    content: Mapping[str, Any] | None,
) -> run_record.RunRecord:
    """Return the record of the training; all ranks have one, and rank 0 writes its own."""
    session = make_session(content["part"] if content else 0, place.device)
    if content:
        return run_record.resume_run_record([folder], session)
    whole = {**DEFAULTS, **arguments, "epochs": asked.get("epochs"), "iterations": asked.get("iterations")}
    begun = run_record.begin_run_record(
        asked,
        {key: DEFAULTS[key] if value is None else value for key, value in whole.items()},
        arguments,
        session,
        defaults=DEFAULTS,
        contents=fingerprint_files(arguments, find_data),
        loss=shorten_spec(arguments["loss"]),
        launcher="torchrun" if place.launch else "",
        processes=place.world,
        nodes=place.launch.nodes if place.launch else 1,
    )
    return replace(begun, id=group.broadcast_from_first(begun.id)) if place.launch else begun


def _write_arguments(folder: Path, arguments: Mapping[str, Any]) -> None:
    text = yaml.safe_dump(run_record.to_json(arguments), sort_keys=False)
    write_text(folder / "args.yaml", text)


def _count(model: torch.nn.Module) -> str:
    return f"{sum(weight.numel() for weight in model.parameters()) / 1e6:.1f} million"
