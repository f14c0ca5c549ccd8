"""A line from time to time that says how far a detector's training is."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import pytorch_lightning as lightning

from yolo_feiou.terminal import say

#: Seconds between two lines, at least.
PERIOD = 60.0


class Pulse(lightning.Callback):
    """Says once a minute at which step a training is, its loss there, and how fast it is; rank 0 alone.

    Args:
        steps: Those of the whole training.
        clock: Returns the time in seconds.
    """

    def __init__(self, steps: int, clock: Callable[[], float] = time.monotonic) -> None:
        self.steps, self.clock = steps, clock
        self._said_at, self._said_step = clock(), 0

    def on_train_start(self, trainer: lightning.Trainer, pl_module: lightning.LightningModule) -> None:
        """Begin to count the steps of this session."""
        self._said_at, self._said_step = self.clock(), trainer.global_step

    def on_train_batch_end(
        self,
        trainer: lightning.Trainer,
        pl_module: lightning.LightningModule,
        outputs: Any,
        batch: Any,
        batch_idx: int,
    ) -> None:
        """Say it, if the last line is a minute ago."""
        now, step = self.clock(), trainer.global_step
        if now - self._said_at < PERIOD or not trainer.is_global_zero:
            return
        pace = (now - self._said_at) / max(1, step - self._said_step)  # a validation in between counts
        left = format_time(pace * (self.steps - step))
        say(f"step {step} of {self.steps}: loss {float(outputs['loss']):.4g}, {pace:.3g} s a step, {left} left")
        self._said_at, self._said_step = now, step


def format_time(seconds: float) -> str:
    """Return a time that is left, roughly: 40 min, 3.5 h."""
    return f"{seconds / 60:.0f} min" if seconds < 5400 else f"{seconds / 3600:.1f} h"
