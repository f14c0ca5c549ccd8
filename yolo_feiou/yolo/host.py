"""The classes that our mixins are mixed into, as they stand while they train; for type checkers alone.

Ultralytics gives a trainer most of its attributes as None, and sets them up later: what is declared here is there by
the time that a mixin reads it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pathlib import Path
    from types import SimpleNamespace

    import torch
    from torch import Tensor
    from ultralytics.data.build import InfiniteDataLoader
    from ultralytics.engine.trainer import BaseTrainer
    from ultralytics.engine.validator import BaseValidator
    from ultralytics.utils.torch_utils import EarlyStopping

    class TrainerHost(BaseTrainer):
        """A trainer of Ultralytics' that is set up."""

        args: SimpleNamespace
        model: Any  # its name until it is loaded
        ema: Any  # a ModelEMA
        optimizer: torch.optim.Optimizer
        scaler: torch.amp.GradScaler
        stopper: EarlyStopping
        validator: BaseValidator
        metrics: Any  # as its validator gives them
        tloss: Tensor | dict[str, Tensor]  # by name in newer releases
        train_loader: Any  # an InfiniteDataLoader of a data set that has a length
        test_loader: InfiniteDataLoader
        data: dict[str, Any]
        device: torch.device
        save_dir: Path
        amp: bool
        accumulate: int
        epoch: int
        resume: bool
        best_fitness: float | None

        def __init__(self, cfg: Any, overrides: Any, _callbacks: Any) -> None: ...
        def save_model(self) -> Any:
            """Whether it did; None in older releases."""

        def get_validator(self) -> Any:
            """A validator for the task."""

else:
    TrainerHost = object
