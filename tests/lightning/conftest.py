"""Detectors that train for a few steps, by the command, in this process."""

import signal
import sys

import pytest
from ultralytics import cfg

from tests.lightning.trainings import Killed
from yolo_feiou import cli
from yolo_feiou.errors import Interrupted
from yolo_feiou.lightning import training
from yolo_feiou.lightning.module import DetectorModule

#: A training of two parts of two steps each.
SHORT = {"imgsz": 64, "iterations": 4, "intervals": 2, "batch": 2, "workers": 0, "device": "cpu"}


def words(**arguments):
    """The words of a short training of RetinaNet, as on the command line; None leaves an argument out."""
    whole = {"model": "retinanet_r18.yaml", **SHORT, **arguments}
    return ["train", *(f"{name}={value}" for name, value in whole.items() if value is not None)]


def run_command(monkeypatch, *line):
    """Run a command, on the list that Ultralytics holds of its arguments; returns its exit status, or last words."""
    monkeypatch.setattr(sys, "argv", ["yolo", *map(str, line)])
    monkeypatch.setattr(sys, "excepthook", sys.excepthook)
    monkeypatch.setattr(cfg, "ARGV", sys.argv)
    handler = signal.getsignal(signal.SIGINT)
    try:
        cli.main()
    except SystemExit as error:
        return error.code
    except Interrupted as error:
        return str(error)
    finally:
        signal.signal(signal.SIGINT, handler)  # Lightning ignores it after an interruption
    return 0


@pytest.fixture
def yolo(monkeypatch, capsys):
    """A function that runs a command; it returns the exit status, and the lines on stdout and on stderr."""

    def run(*line):
        capsys.readouterr()
        status = run_command(monkeypatch, *line)
        said = capsys.readouterr()
        return status, said.out.splitlines(), said.err.splitlines()

    return run


@pytest.fixture(scope="session")
def trained(data, tmp_path_factory):
    """The folder of a finished training of RetinaNet with EIoU."""
    project = tmp_path_factory.mktemp("trained")
    with pytest.MonkeyPatch.context() as monkeypatch:
        assert run_command(monkeypatch, *words(data=data, loss="eiou", project=project)) == 0
    return project / "train"


@pytest.fixture(scope="session")
def stopping(data, tmp_path_factory):
    """A loss, and the folder of its training, which was interrupted in step 3."""
    project = tmp_path_factory.mktemp("stopping")
    flag, loss = project / "stop", f"{project / 'stops.py'}:stops"
    (project / "stops.py").write_text(
        "from pathlib import Path\n\ncalls = []\n\n\ndef stops(pred, target):\n    calls.append(1)\n"
        f"    if Path({str(flag)!r}).exists() and len(calls) > 2:\n        raise KeyboardInterrupt\n"
        "    return 1 - 1 / (1 + (pred - target).abs().mean(1) / 64)\n"
    )
    flag.touch()
    with pytest.MonkeyPatch.context() as monkeypatch:
        line = words(data=data, loss=loss, check=False, project=project, name="half")
        said = run_command(monkeypatch, *line)
    flag.unlink()
    assert said == f"interrupted; this resumes it: yolo train resume model={project / 'half' / 'weights' / 'last.pt'}"
    return loss, project / "half"


@pytest.fixture
def kill(monkeypatch):
    """A function that has a training die in a step, counted from 0."""

    def at(step):
        class Dying(DetectorModule):
            def training_step(self, batch, batch_idx):
                if self.global_step == step:
                    raise Killed
                return super().training_step(batch, batch_idx)

        monkeypatch.setattr(training, "DetectorModule", Dying)
        return lambda: monkeypatch.setattr(training, "DetectorModule", DetectorModule)

    return at
