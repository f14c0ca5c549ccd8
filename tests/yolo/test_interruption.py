"""Ctrl-C in a training is one line, and an interrupt for whatever started it."""

import signal
import subprocess
import sys

import pytest
from ultralytics.engine.trainer import BaseTrainer

from tests.ablation.process_helpers import until
from tests.runs import results, short
from yolo_feiou.yolo.interruption import tell_resume


class Trainer(BaseTrainer):
    """One that is interrupted, in a folder with or without a checkpoint."""

    def __init__(self, folder):
        self.save_dir, self.last = folder, folder / "last.pt"

    def train(self):
        raise KeyboardInterrupt


def interrupt(work):
    """Return what an interrupted training raises."""
    with pytest.raises(KeyboardInterrupt) as raised, tell_resume():
        work()
    return raised.value


def raise_interrupt():
    raise KeyboardInterrupt


def test_the_line_names_the_command_that_resumes(tmp_path):
    folder = tmp_path / "my run"
    folder.mkdir()
    told = f"interrupted; no epoch was finished, so that there is nothing to resume in {folder}"
    assert str(interrupt(Trainer(folder).train)) == told
    (folder / "last.pt").touch()
    told = f"interrupted; this resumes it: yolo train resume 'model={folder}/last.pt'"
    assert str(interrupt(Trainer(folder).train)) == told
    assert str(interrupt(raise_interrupt)) == "interrupted"


def test_processes_of_torchrun_say_nothing(monkeypatch):
    monkeypatch.setenv("RANK", "1")
    assert type(interrupt(raise_interrupt)) is KeyboardInterrupt


@pytest.mark.slow
@pytest.mark.usefixtures("real_python")
def test_a_real_training_ends_in_a_line_and_its_command_resumes(data, tmp_path):
    words = ["train", "model=yolov8n.yaml", "loss=eiou", *short(data=data, project=tmp_path, name="run", epochs=50)]
    training = subprocess.Popen(
        [sys.executable, "-m", "yolo_feiou", *words], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    last = tmp_path / "run" / "weights" / "last.pt"
    until(last.is_file)
    training.send_signal(signal.SIGINT)
    _, err = training.communicate(timeout=60)
    line = err.splitlines()[-1]
    assert "Traceback" not in err and line.startswith("interrupted; this resumes it: yolo train resume model=")
    assert training.returncode == -signal.SIGINT, "a shell's loop would go on"
    done = len(results(tmp_path / "run"))
    again = subprocess.Popen([sys.executable, "-m", "yolo_feiou", *line.partition("yolo ")[2].split()])
    until(lambda: len(results(tmp_path / "run")) > done)
    again.kill()
    again.wait()
