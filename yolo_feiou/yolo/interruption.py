"""Ctrl-C in a training: one line that names the command to resume it, in the place of a traceback."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from traceback import walk_tb

from ultralytics.engine.trainer import BaseTrainer

from yolo_feiou.errors import Interrupted
from yolo_feiou.escape import quote_command


@contextmanager
def tell_resume() -> Iterator[None]:
    """Within the block, a training that is interrupted raises an `Interrupted`, which says how it is resumed.

    Processes that torchrun started leave it to torchrun.
    """
    try:
        yield
    except KeyboardInterrupt as error:
        if "RANK" not in os.environ:
            raise Interrupted(describe_interruption(error)) from None
        raise


def describe_interruption(error: KeyboardInterrupt) -> str:
    """Return the line on an interrupt: the command that resumes the training which it ended, if there is one."""
    trainer = find_trainer(error)
    if trainer is None:
        return "interrupted"
    last = Path(trainer.last)
    if not last.is_file():
        return f"interrupted; no epoch was finished, so that there is nothing to resume in {trainer.save_dir}"
    return f"interrupted; this resumes it: {quote_command(['yolo', 'train', 'resume', f'model={last}'])}"


def find_trainer(error: BaseException) -> BaseTrainer | None:
    """Return the trainer in whose methods an error was raised, None if it was in those of none."""
    owners = (frame.f_locals.get("self") for frame, _ in walk_tb(error.__traceback__))
    return next((owner for owner in owners if isinstance(owner, BaseTrainer) and hasattr(owner, "last")), None)
