"""`YOLO`, and its siblings, whose `train` and `tune` take our arguments."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import wraps
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar, cast

import ultralytics
from ultralytics.engine.model import Model
from ultralytics.nn import tasks
from ultralytics.utils import LOGGER

from yolo_feiou.errors import ArgumentError, DataError, FinishedError, MissingFileError, UnsupportedModelError
from yolo_feiou.escape import make_visible
from yolo_feiou.losses.build import STOCK, loss_to_train
from yolo_feiou.losses.families import TASK_FAMILIES
from yolo_feiou.losses.user.registry import make_spec
from yolo_feiou.results.arguments import EXTRA_ARGUMENTS
from yolo_feiou.results.run_record import get_mark
from yolo_feiou.yolo.arguments import check_extra_arguments
from yolo_feiou.yolo.checkpoints import load_checkpoint
from yolo_feiou.yolo.configs import check_data_file, find_data, find_recipe, read_recipe
from yolo_feiou.yolo.default_cfg import list_extra_arguments, refuse_taken_arguments, stock_default_cfg
from yolo_feiou.yolo.families import check_architecture, check_trainer, describe_unsupported
from yolo_feiou.yolo.recipe_warning import warn_off_recipe
from yolo_feiou.yolo.rtdetr import is_rtdetr, is_rtdetr_yaml
from yolo_feiou.yolo.subprocesses import replace_commands
from yolo_feiou.yolo.trainer import LossTrainer
from yolo_feiou.yolo.trainers import TRAINERS, get_base
from yolo_feiou.yolo.user_losses import refuse_unkept
from yolo_feiou.yolo.weights_path import check_resumed_file, check_weights_file

#: What `wraps` takes from stock's method: its signature, for editors, and not its docstring.
_SIGNATURE = ("__module__", "__name__", "__qualname__", "__annotations__")


_Base = Model if TYPE_CHECKING else object
_Method = TypeVar("_Method", bound=Callable[..., Any])


def _signed_as(stock: Callable[..., Any]) -> Callable[[_Method], _Method]:
    """Return a decorator that gives a method the signature of stock's, for editors."""
    return cast(Any, wraps(stock, assigned=_SIGNATURE))


class LossModel(_Base):
    """What the models below add to Ultralytics': our trainers, and our YAML files by name."""

    task: str
    trainer: Any  # None until it trains

    def __init_subclass__(cls) -> None:
        """Give each method the signature that it has in the class of Ultralytics' that ours extends."""
        super().__init_subclass__()
        for name in ("train", "tune", "val"):
            setattr(cls, name, _as_in(getattr(super(), name), getattr(LossModel, name)))

    @_signed_as(Model.train)
    def train(self, *args: Any, **kwargs: Any) -> Any:
        """Train as Ultralytics does, with the box loss that `loss` names.

        Args:
            *args: `trainer`, a trainer class to use in place of ours. One of Ultralytics' own is taken as ours that
                extends it; another one is derived from ours.
            **kwargs: Ultralytics' training arguments; `loss`, a loss spec, or a function as `build_loss` takes it;
                `box_stats`, whether to record statistics of the positives, see `BoxStats`; `check`, whether a function
                of one's own is tried before it trains. `loss=None` is 'stock'.

        Returns:
            As Ultralytics: the metrics, or for several data sets those of each by name, None where training failed.

        Raises:
            LossSpecError: If the spec is wrong.
            ArgumentError: If `resume` is asked of a run with a loss of ours that is finished, which Ultralytics would
                begin anew without it, if `box_stats` is not a bool, or has no loss of ours to look into, or if the
                trainer knows no `loss`, or is for other networks.
            UnsupportedModelError: If the model, or the trainer, trains without a box term.
            MissingFileError: If weights are named that are not there, and that Ultralytics doesn't publish.
            DataError: If training failed on all of several data sets.
        """
        trainer = kwargs.pop("trainer", None) or (args[0] if args else None)
        kwargs = self._prepare({**vars(self).get("trial_arguments", {}), **kwargs}, trainer)
        if trainer is not None:
            kwargs["trainer"] = TRAINERS.get(trainer, trainer) if isinstance(trainer, type) else trainer
        if kwargs.get("resume") is True:
            self._check_unfinished()
            self.__class__ = find_resumed_class(self)
        with stock_default_cfg(), replace_commands({}):
            try:
                metrics = super().train(*args[1:], **kwargs)
            except FinishedError as finished:  # under torchrun, which began it before
                LOGGER.info(make_visible(str(finished)))
                return None
        if metrics is not None and isinstance(kwargs.get("data"), (list, tuple)):
            failed = [name for name, values in metrics.items() if not values]
            if len(failed) == len(metrics):
                raise DataError(f"training failed on all {len(metrics)} data sets: {', '.join(failed)}.")
            if failed:
                LOGGER.error(f"Training failed on {', '.join(failed)}, {len(failed)} of {len(metrics)} data sets.")
        return metrics

    @_signed_as(Model.tune)
    def tune(self, *args: Any, **kwargs: Any) -> Any:
        """Tune hyper-parameters as Ultralytics does; each trial trains with `loss`.

        With `use_ray=True`, `space={"loss": tune.choice(["ciou", "eiou"])}` tunes the loss itself.

        Raises:
            LossSpecError: If a loss is wrong.
            ArgumentError: If the loss is to be tuned without Ray, whose space alone holds other than numbers, or is
                given beside the space too; or if the space has a gain that does nothing.
        """
        kwargs = self._prepare(kwargs)
        recipe = read_recipe(kwargs["cfg"]) if kwargs.get("cfg") else {}  # Ultralytics' own tuner doesn't read it
        given = {key: {**recipe, **kwargs}[key] for key in list_extra_arguments() if key in recipe or key in kwargs}
        own = self.find_trainer()
        fixed = given if own else {}
        refuse_unkept(fixed.get("loss"), "the trials of a tuner")
        kwargs = {key: value for key, value in kwargs.items() if key not in list_extra_arguments()}
        ray = bool(kwargs.get("use_ray", args[0] if args else False))
        space = kwargs.get("space") or {}
        check_space(space, fixed, self.task, ray=ray)
        for key, why in own.find_ignored_gains(self.task, self.model).items() if own else ():
            if key in space:
                raise ArgumentError(f"space has {key}, which does nothing here: {why}. Leave it out.")
        self.trial_arguments = fixed  # goes with the model into the processes of Ray
        try:
            with stock_default_cfg(), replace_commands(fixed):
                return super().tune(*args, **kwargs)
        finally:
            del self.trial_arguments

    @_signed_as(Model.val)
    def val(self, *args: Any, **kwargs: Any) -> Any:
        """Validate as Ultralytics does; `data` may be one of our data sets."""
        return super().val(*args, **{**kwargs, **({"data": find_data(kwargs["data"])} if kwargs.get("data") else {})})

    def _prepare(self, kwargs: dict[str, Any], trainer: Any = None) -> dict[str, Any]:
        """Return the arguments with our YAML files found and ours checked, before anything is written.

        Where they go to a trainer that doesn't know ours, which then say no more than stock, ours are left out.
        """
        for key, find in (("cfg", find_recipe), ("data", find_data)):
            if kwargs.get(key):
                kwargs = {**kwargs, key: find(kwargs[key])}
        if "loss" in kwargs:
            kwargs = {**kwargs, "loss": make_spec(kwargs["loss"])}
        recipe = read_recipe(kwargs["cfg"]) if kwargs.get("cfg") else {}
        check_resumed_file({**recipe, **kwargs}.get("resume"))
        for key in ("pretrained", "distill_model"):
            check_weights_file({**recipe, **kwargs}.get(key), key)
        warn_off_recipe(kwargs.get("cfg"), kwargs)
        given = {**recipe, **kwargs}
        refuse_taken_arguments(given)
        known = {key: given[key] for key in (*list_extra_arguments(), "resume") if key in given}
        box_loss, own = check_extra_arguments(known, TASK_FAMILIES.get(self.task)), self.find_trainer()
        takes_loss = own is not None
        if box_loss and own is None:
            raise UnsupportedModelError(describe_unsupported(f"{type(self).__name__} for task '{self.task}'"))
        check_trainer(trainer if isinstance(trainer, type) else own, self.task, box_loss)
        if isinstance(trainer, type) and get_base(trainer):
            self._check_architecture(trainer, given.get("resume"))
        if isinstance(trainer, type):
            takes_loss = issubclass(trainer, LossTrainer) or trainer in TRAINERS
            if box_loss and not takes_loss:
                base = get_base(trainer) or LossTrainer
                raise ArgumentError(
                    f"trainer={trainer.__name__} doesn't know loss=: derive it from {base.__module__}.{base.__name__}, "
                    "or leave trainer= out."
                )
        for data in kwargs["data"] if isinstance(kwargs.get("data"), list) else []:
            check_data_file(data)  # Ultralytics would train on the others, and only log that this one failed
        return (
            kwargs if takes_loss else {key: value for key, value in kwargs.items() if key not in list_extra_arguments()}
        )

    def _check_architecture(self, trainer: type, resume: object) -> None:
        """Raise ArgumentError if a trainer can't train the network: the model's, or that of the run to resume."""
        network: object = self.model
        if isinstance(resume, (str, Path)) and Path(resume).is_file():
            checkpoint = load_checkpoint(Path(resume)) or {}  # what is none, Ultralytics tells
            network = checkpoint.get("ema") or checkpoint.get("model")
        check_architecture(trainer, network, TRAINERS)

    def _check_unfinished(self) -> None:
        """Raise ArgumentError if Ultralytics would begin a finished run of ours again, and with its own loss."""
        if not self.ckpt or self.ckpt.get("optimizer"):
            return
        loss = get_mark(self.model).get("loss", STOCK)
        if loss != STOCK:
            raise ArgumentError(
                f"{self.ckpt_path} is not the checkpoint of an unfinished run, there is nothing to resume: leave "
                f"resume out to begin a new run from it, with its own loss= (it was trained with {loss})."
            )

    def find_trainer(self) -> type[LossTrainer] | None:
        """Return ours of the trainers, None if the model trains with one that ours don't extend, or not at all."""
        return TRAINERS.get(self.task_map.get(self.task, {}).get("trainer"))

    def _load(self, weights: str, *args: Any, **kwargs: Any) -> None:
        """Load weights as Ultralytics does, if they are there or may be fetched."""
        check_weights_file(weights, "model")
        try:
            super()._load(weights, *args, **kwargs)
        except ConnectionError as error:
            raise MissingFileError(
                f"model={weights}: there is no such file here, and it can't be fetched: {' '.join(str(error).split())} "
                "Bring it from elsewhere, or train from scratch with a YAML, as model=yolov8n.yaml."
            ) from error

    def _smart_load(self, key: str) -> Any:
        return (key == "trainer" and self.find_trainer()) or super()._smart_load(key)


def find_resumed_class(model: Any) -> type:
    """Return the class that goes on with a model's training.

    `YOLO` tells YOLO-World and YOLOE by the name of a file, and `last.pt` has neither in it: it would go on with
    another trainer, and without their texts.
    """
    kinds = {"YOLOWorld": getattr(tasks, "WorldModel", ()), "YOLOE": getattr(tasks, "YOLOEModel", ())}
    found = [name for name, kind in kinds.items() if name in MODELS and isinstance(model.model, kind)]
    return MODELS[found[0]] if found and type(model) is YOLO else type(model)


def _as_in(stock: Callable[..., Any], method: Callable[..., Any]) -> Callable[..., Any]:
    """Return a method with the signature of stock's."""

    def call(self: Any, *args: Any, **kwargs: Any) -> Any:
        return method(self, *args, **kwargs)

    call.__doc__ = method.__doc__
    return _signed_as(stock)(call)


def check_space(space: Mapping[str, Any], fixed: Mapping[str, Any], task: str, *, ray: bool) -> None:
    """Check what of ours a search space holds.

    Args:
        space: As `tune` takes it.
        fixed: Arguments of ours that are the same in all trials.
        task: The model's.
        ray: Whether Ray tunes.

    Raises:
        LossSpecError: If one of the losses to choose from is wrong.
        ArgumentError: See `LossModel.tune`.
    """
    for key in space.keys() & EXTRA_ARGUMENTS.keys() & list_extra_arguments().keys():
        if not ray:
            raise ArgumentError(f"space has {key}, and only Ray tunes what is not a number: add use_ray=True.")
        if key in fixed:
            raise ArgumentError(f"got {key}={fixed[key]} and a {key} in space: give one of them.")
        grid = space[key].get("grid_search", []) if isinstance(space[key], dict) else []
        for loss in getattr(space[key], "categories", grid) if key == "loss" else ():
            loss_to_train(loss, TASK_FAMILIES.get(task, "aligned"))


class YOLO(LossModel, ultralytics.YOLO):
    """Ultralytics' `YOLO` with the training argument `loss`."""

    @_signed_as(ultralytics.YOLO.__init__)
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        named = kwargs.get("model", args[0] if args else None)
        if type(self) is YOLO and is_rtdetr_yaml(named):  # which stock can't read here
            self._become_rtdetr(named)
            return
        super().__init__(*args, **kwargs)
        self.__class__ = SIBLINGS.get(type(self), type(self))  # stock turns itself into another class for some models
        if type(self) is YOLO and is_rtdetr(self.model):  # older releases don't for weights, and would pad the images
            self._become_rtdetr(named)

    def _become_rtdetr(self, named: Any) -> None:
        """Turn into the class of RT-DETR's models."""
        self.__class__ = MODELS["RTDETR"]
        self.__init__(named)


#: Models that Ultralytics makes of a YOLO, or of their names; some releases lack some.
SIBLINGS = {
    stock: type(
        stock.__name__, (LossModel, stock), {"__module__": __name__, "__doc__": f"`{stock.__name__}`, of ours."}
    )
    for stock in (getattr(ultralytics, name, None) for name in ("YOLOWorld", "YOLOE", "RTDETR"))
    if stock
}
#: By name, what takes the place of Ultralytics' models in our command.
MODELS = {"YOLO": YOLO, **{stock.__name__: sibling for stock, sibling in SIBLINGS.items()}}
globals().update(MODELS)  # where pickle looks for them
