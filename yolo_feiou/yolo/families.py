"""Which box losses and trainers train which of Ultralytics' models, and why others have none."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

from ultralytics.models import yolo
from ultralytics.models.rtdetr.train import RTDETRTrainer
from ultralytics.nn import tasks
from ultralytics.utils.downloads import GITHUB_ASSETS_NAMES

from yolo_feiou.errors import ArgumentError, UnsupportedModelError
from yolo_feiou.losses.box_loss import BoxLoss
from yolo_feiou.losses.families import TASK_FAMILIES, check_family, suggest_family
from yolo_feiou.losses.table import Family

#: Of a name that is no file's, those of Ultralytics' own models without weights.
YAML_SUFFIXES = (".yaml", ".yml")


class Architecture(NamedTuple):
    """A kind of networks beside that of plain detection.

    Attributes:
        name: What it is called.
        network: Its class.
        trainers: Those that make such a network.
        alone: Whether no other network trains with these.
        only: Whether it trains with no others.
    """

    name: str
    network: type
    trainers: tuple[type, ...]
    alone: bool = True
    only: bool = True


#: A plain detection model trains with WorldTrainer too, and one for pose with DetectionTrainer, but for its key points.
ARCHITECTURES = (
    Architecture("RT-DETR", tasks.RTDETRDetectionModel, (RTDETRTrainer,)),
    Architecture("oriented boxes", tasks.OBBModel, (yolo.obb.OBBTrainer,)),
    Architecture(
        "YOLOE",
        tasks.YOLOEModel,
        (yolo.yoloe.YOLOETrainer, yolo.yoloe.YOLOEPETrainer, yolo.yoloe.YOLOEPESegTrainer),
    ),
    Architecture("YOLO-World", tasks.WorldModel, (yolo.world.WorldTrainer,), alone=False),
    Architecture("segmentation", tasks.SegmentationModel, (yolo.segment.SegmentationTrainer,)),
    Architecture("pose", tasks.PoseModel, (yolo.pose.PoseTrainer,), only=False),
)


def check_architecture(trainer: type, network: object, known: Iterable[type]) -> None:
    """Raise ArgumentError if a trainer makes another network than that of a model, so that Ultralytics would fail.

    A trainer of a user's own that makes its network or its validator by itself may train any.

    Args:
        trainer: The class.
        network: That of the model, or what stands for one that isn't loaded.
        known: The trainers to choose from.
    """
    if not isinstance(network, tasks.BaseModel) or not _makes_stocks_network(trainer) or _fits(trainer, network):
        return
    fitting = [one.__name__ for one in known if _fits(one, network)]
    raise ArgumentError(
        f"trainer={trainer.__name__} can't train this model, whose network is {type(network).__name__}: leave trainer= "
        f"out, or give {' or '.join(fitting)}, or one that is derived from it."
    )


def _fits(trainer: type, network: tasks.BaseModel) -> bool:
    """Return whether a trainer makes networks of this kind."""
    of_text = isinstance(network, tasks.YOLOEModel)  # of which the trainers for boxes train masks too
    for kind in ARCHITECTURES:
        makes, has = issubclass(trainer, kind.trainers), isinstance(network, kind.network)
        if makes and not has and kind.alone:
            return False
        if has and not makes and kind.only and not (of_text and kind.name == "segmentation"):
            return False
    return True


def _makes_stocks_network(trainer: type) -> bool:
    """Return whether all that makes the networks and validators of a trainer is Ultralytics' own, or ours."""
    packages = {"ultralytics", __name__.partition(".")[0]}
    users = (kind for kind in trainer.__mro__ if kind.__module__.partition(".")[0] not in packages)
    return not any({"get_model", "get_validator"} & vars(kind).keys() for kind in users)


def check_trainer(trainer: type | None, task: str, box_loss: BoxLoss | None) -> None:
    """Raise unless a trainer can train with a loss.

    Args:
        trainer: The class; None for one that Ultralytics hasn't got.
        task: What it trains for.
        box_loss: The loss; None is stock's, with which all do.

    Raises:
        LossSpecError: If the loss is of other boxes than the task.
        UnsupportedModelError: If it trains without a box term.
    """
    if box_loss is None:
        return
    if task not in TASK_FAMILIES:
        raise UnsupportedModelError(describe_unsupported(f"task '{task}'"))
    check_family(box_loss, TASK_FAMILIES[task])
    if trainer and issubclass(trainer, yolo.yoloe.YOLOEVPTrainer):
        raise UnsupportedModelError(
            f"loss= does nothing with {trainer.__name__}: with visual prompts Ultralytics trains the class term alone, "
            "and only logs the box term. Train with text prompts, or leave loss= out."
        )


def guess_family(model: str | None, task: str | None) -> Family | None:
    """Return what kind of boxes a model has, before it is loaded, or fetched; None where that isn't known yet.

    Args:
        model: As a command names it, None for Ultralytics' own for the task. The name of a file that is a user's says
            nothing.
        task: The task that a command names.
    """
    asked = TASK_FAMILIES.get(task) if task else None
    if not model:
        return asked or TASK_FAMILIES["detect"]
    path = Path(model)
    if path.exists() or (path.suffix not in YAML_SUFFIXES and path.name not in GITHUB_ASSETS_NAMES):
        return None
    named = suggest_family(model)
    return named if asked in (None, named) else None


def describe_unsupported(what: str) -> str:
    """Return the message for a task or model whose training has no box term that could be swapped."""
    return (
        f"loss= does not work with {what}: it trains without a box term of Ultralytics' that could be swapped. Use a "
        f"model for {', '.join(TASK_FAMILIES)}, or leave loss= out."
    )
