"""A training ends as other processes do: by Ctrl+C with KeyboardInterrupt, by SIGTERM as whoever started it wants."""

import logging
import os
import signal
import warnings

import pytest
import pytorch_lightning as lightning
import torch
from torch import nn
from torch.utils.data import DataLoader

from yolo_feiou.lightning.fit import UsualTermination, fit, quiet_lightning


class Line(lightning.LightningModule):
    """Learns a line, and gets a signal in its second step."""

    def __init__(self, number=None):
        super().__init__()
        self.layer, self.number, self.steps = nn.Linear(1, 1), number, 0

    def training_step(self, batch, batch_idx):
        self.steps += 1
        if self.steps == 2 and self.number:
            os.kill(os.getpid(), self.number)
        return self.layer(batch).sum()

    def configure_optimizers(self):
        return torch.optim.SGD(self.parameters(), lr=0.1)


def train(folder, module, *callbacks, checkpoint=None, steps=4):
    off = dict.fromkeys(("logger", "enable_checkpointing", "enable_model_summary", "enable_progress_bar"), False)
    with quiet_lightning():
        trainer = lightning.Trainer(
            accelerator="cpu", max_steps=steps, callbacks=[*callbacks], default_root_dir=folder, **off
        )
    fit(trainer, module, DataLoader(torch.ones(8, 1)), checkpoint)
    return trainer


def test_ctrl_c_is_a_keyboard_interrupt(tmp_path):
    handler, module = signal.getsignal(signal.SIGINT), Line(signal.SIGINT)
    with pytest.raises(KeyboardInterrupt):
        train(tmp_path, module, UsualTermination())
    assert module.steps == 2 and signal.getsignal(signal.SIGINT) is handler


def test_sigterm_is_left_to_whoever_had_it(tmp_path):
    """Lightning would end the training, and the process with status 0."""
    got, before = [], signal.getsignal(signal.SIGTERM)
    signal.signal(signal.SIGTERM, lambda *words: got.append(words[0]))
    try:
        module = Line(signal.SIGTERM)
        train(tmp_path, module, UsualTermination())
        assert got == [signal.SIGTERM] and module.steps == 4
        with pytest.raises(SystemExit):
            train(tmp_path, Line(signal.SIGTERM))
    finally:
        signal.signal(signal.SIGTERM, before)


def test_another_exit_stays_one(tmp_path):
    class Exit(lightning.Callback):
        def on_train_start(self, trainer, pl_module):
            raise SystemExit(3)

    with pytest.raises((SystemExit, KeyboardInterrupt)) as caught:
        train(tmp_path, Line(), Exit())
    assert caught.type is SystemExit and caught.value.code == 3


def test_a_training_goes_on_from_a_checkpoint(tmp_path):
    first = Line()
    train(tmp_path, first, steps=3).save_checkpoint(tmp_path / "last.ckpt")
    second = Line()
    train(tmp_path, second, steps=5, checkpoint=tmp_path / "last.ckpt")
    assert second.steps == 2


def test_lightning_is_quiet_within_the_block_alone(caplog):
    logger = logging.getLogger("pytorch_lightning")
    level = logger.level
    with quiet_lightning(), warnings.catch_warnings(record=True) as seen:
        logger.warning("a remark")
        warnings.warn("Detected call of `lr_scheduler.step()` before `optimizer.step()`", stacklevel=1)
    assert logger.level == level and not seen and not caplog.records
