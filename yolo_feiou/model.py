"""`YOLO`, and its siblings, whose `train` and `tune` take our arguments."""

from __future__ import annotations

from typing import Any

import ultralytics
from ultralytics.utils import LOGGER

from yolo_feiou.children import our_arguments
from yolo_feiou.configs import find_data, find_recipe, read_recipe
from yolo_feiou.errors import ArgumentError, DataError, FinishedError, UnsupportedModelError
from yolo_feiou.recipes import warn_off_recipe
from yolo_feiou.trainer import TRAINERS, check_data_file, unsupported
from yolo_feiou.training_arguments import OURS, check


class LossModel:
    """What the models below add to Ultralytics': our trainers, and our YAML files by name."""

    def train(self, trainer: type | None = None, **kwargs: Any) -> Any:
        """Train as Ultralytics does, with the box loss that `loss` names.

        Args:
            trainer: A trainer class to use in place of ours.
            **kwargs: Ultralytics' training arguments, `loss`, a loss spec, and `box_stats`, whether to record
                statistics of the positives, see `BoxStats`.

        Raises:
            LossSpecError: If the spec is wrong.
            ArgumentError: If `resume` is asked of a run that is finished, which Ultralytics would begin anew, or if
                `box_stats` is no bool, or has no loss of ours to look into.
            UnsupportedModelError: If the model trains without an axis-aligned box loss.
        """
        kwargs = self._prepare(kwargs)
        if kwargs.get("resume") is True and not (self.ckpt or {}).get("optimizer"):
            raise ArgumentError(
                f"{self.ckpt_path or self.overrides.get('model')} is not the checkpoint of an unfinished run, there is "
                "nothing to resume: leave resume out to begin a new run from it, with its own loss=."
            )
        if not isinstance(kwargs.get("data"), (list, tuple)):
            try:
                return super().train(trainer=trainer, **kwargs)
            except FinishedError as finished:  # under torchrun, which began it before
                LOGGER.info(finished)
                return None
        with our_arguments():
            metrics = super().train(trainer=trainer, **kwargs)
        if failed := [name for name, values in metrics.items() if not values]:  # Ultralytics only logs them
            raise DataError(f"training failed on {', '.join(failed)}, {len(failed)} of {len(metrics)} data sets.")
        return metrics

    def tune(self, *args: Any, **kwargs: Any) -> Any:
        """Tune hyper-parameters as Ultralytics does; each trial trains with `loss`."""
        with our_arguments():
            return super().tune(*args, **self._prepare(kwargs))

    def val(self, *args: Any, **kwargs: Any) -> Any:
        """Validate as Ultralytics does; `data` may be one of our data sets."""
        return super().val(*args, **{**kwargs, **({"data": find_data(kwargs["data"])} if kwargs.get("data") else {})})

    def _prepare(self, kwargs: dict[str, Any]) -> dict[str, Any]:
        """Return the arguments with our YAML files found and ours checked, before anything is written."""
        for key, find in (("cfg", find_recipe), ("data", find_data)):
            if kwargs.get(key):
                kwargs = {**kwargs, key: find(kwargs[key])}
        recipe = read_recipe(kwargs["cfg"]) if kwargs.get("cfg") else {}
        warn_off_recipe(kwargs.get("cfg"), kwargs)
        if check({**recipe, **kwargs}) and not self._takes_loss():
            raise UnsupportedModelError(unsupported(f"{type(self).__name__} for task '{self.task}'"))
        for data in kwargs["data"] if isinstance(kwargs.get("data"), list) else []:
            check_data_file(data)  # Ultralytics would train on the others, and only log that this one failed
        return kwargs if self._takes_loss() else {key: value for key, value in kwargs.items() if key not in OURS}

    def _takes_loss(self) -> bool:
        """Whether the model trains with one of the trainers that ours extend."""
        return self.task in TRAINERS and super()._smart_load("trainer") in TRAINERS[self.task].__mro__

    def _smart_load(self, key: str) -> Any:
        return TRAINERS[self.task] if key == "trainer" and self._takes_loss() else super()._smart_load(key)


class YOLO(LossModel, ultralytics.YOLO):
    """Ultralytics' `YOLO` with the training argument `loss`."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.__class__ = SIBLINGS.get(type(self), type(self))  # stock turns itself into another class for some models


#: Models that Ultralytics makes of a YOLO, or of their names. They refuse `loss` clearly. Some releases lack some.
SIBLINGS = {
    stock: type(
        stock.__name__, (LossModel, stock), {"__module__": __name__, "__doc__": f"`{stock.__name__}`, of ours."}
    )
    for stock in (getattr(ultralytics, name, None) for name in ("YOLOWorld", "YOLOE", "RTDETR"))
    if stock
}
#: By name, what takes the place of Ultralytics' models in our command.
MODELS = {"YOLO": YOLO, **{stock.__name__: ours for stock, ours in SIBLINGS.items()}}
