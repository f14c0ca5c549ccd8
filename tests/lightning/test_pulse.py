"""A training says how far it is, once a minute."""

from types import SimpleNamespace

import pytest
import torch

pytest.importorskip(
    "pytorch_lightning", reason="PyTorch Lightning is not installed: pip install 'yolo-feiou[detectors]'"
)

from yolo_feiou.lightning.pulse import Pulse, format_time


def test_a_line_a_minute_says_step_loss_pace_and_what_is_left(capsys):
    """Steps of 10 s each from step 4 of 100 on: after 60 s six more are done, 90 are left: 900 s."""
    clock = [0.0]
    pulse = Pulse(100, lambda: clock[0])
    trainer = SimpleNamespace(global_step=4, is_global_zero=True)
    pulse.on_train_start(trainer, None)
    for step in range(5, 18):
        clock[0] += 10
        trainer.global_step = step
        pulse.on_train_batch_end(trainer, None, {"loss": torch.tensor(step / 2)}, None, 0)
    assert capsys.readouterr().out.splitlines() == [
        "step 10 of 100: loss 5, 10 s a step, 15 min left",
        "step 16 of 100: loss 8, 10 s a step, 14 min left",
    ]


def test_another_process_says_nothing(capsys):
    clock = iter([0.0, 100.0])
    pulse = Pulse(100, lambda: next(clock))
    pulse.on_train_batch_end(SimpleNamespace(global_step=4, is_global_zero=False), None, {}, None, 0)
    assert capsys.readouterr().out == ""


@pytest.mark.parametrize(("seconds", "text"), [(20, "0 min"), (2400, "40 min"), (12600, "3.5 h")])
def test_what_is_left_is_rough(seconds, text):
    assert format_time(seconds) == text
