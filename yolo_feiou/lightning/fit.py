"""How Lightning's trainer is run: without its remarks, and so that signals end it as they end any other process."""

from __future__ import annotations

import logging
import signal
import threading
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytorch_lightning as lightning
from torch.utils.data import DataLoader


class UsualTermination(lightning.Callback):
    """Leaves SIGTERM what it was when this was made.

    Lightning would end the step, exchange word of the signal with processes that may be gone, and exit with status 0,
    as if the training were finished. The files of a training are whole at any time, so nothing is waited for.
    """

    def __init__(self) -> None:
        self.handler = signal.getsignal(signal.SIGTERM)

    def on_train_start(self, trainer: lightning.Trainer, pl_module: lightning.LightningModule) -> None:
        """Take the place of Lightning's own handler."""
        if threading.current_thread() is threading.main_thread():
            signal.signal(signal.SIGTERM, self.handler)


def fit(
    trainer: lightning.Trainer, module: lightning.LightningModule, loader: DataLoader[Any], checkpoint: Path | None
) -> None:
    """Train, from a checkpoint if there is one.

    Raises:
        KeyboardInterrupt: After Ctrl+C, of which Lightning makes an exit with status 1.
    """
    with quiet_lightning():
        try:
            trainer.fit(module, loader, ckpt_path=checkpoint)
        except SystemExit as error:
            if isinstance(error.__context__, KeyboardInterrupt):
                raise KeyboardInterrupt from None
            raise
    if trainer.interrupted:  # in releases that return
        raise KeyboardInterrupt


@contextmanager
def quiet_lightning() -> Iterator[None]:
    """Within the block Lightning says nothing of what is as it should be here."""
    logger = logging.getLogger("pytorch_lightning")
    level = logger.level
    logger.setLevel(logging.ERROR)
    try:
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", module="pytorch_lightning")
            warnings.filterwarnings("ignore", message=".*lr_scheduler.step.*")
            yield
    finally:
        logger.setLevel(level)
