"""A killed run resumes with the same loss, and one without a loss resumes in stock Ultralytics."""

import json
import signal
import subprocess
import sys

import pytest

from tests.runs import SHORT, results

KILLED = """
import json, os, signal, sys
from yolo_feiou import YOLO

def kill(trainer):
    if trainer.epoch == 1:
        os.kill(os.getpid(), signal.SIGKILL)

model = YOLO("yolov8n.yaml")
model.add_callback("on_train_batch_end", kill)
model.train(**json.loads(sys.argv[1]))
"""


@pytest.mark.slow
def test_a_run_killed_in_its_second_epoch_resumes_with_its_loss(train, command, data, tmp_path):
    arguments = {**SHORT, "epochs": 3, "data": data, "project": str(tmp_path), "loss": "focal_eiou:gamma=0.25"}
    killed = subprocess.run(
        [sys.executable, "-c", KILLED, json.dumps({**arguments, "name": "killed"})], capture_output=True
    )
    assert killed.returncode == -signal.SIGKILL
    assert len(results(tmp_path / "killed")) == 1

    resumed = command("train", "resume", f"model={tmp_path / 'killed' / 'weights' / 'last.pt'}")
    assert resumed.returncode == 0, resumed.stderr
    assert (
        "Box loss: focal_eiou (gamma=0.25, norm=paper, detach=true), criteria swapped: 1 of the model" in resumed.stdout
    )
    assert "loss: focal_eiou:gamma=0.25" in (tmp_path / "killed" / "args.yaml").read_text()

    whole = results(train(**{**arguments, "name": "whole"}).save_dir)
    ciou = results(train(**{**arguments, "name": "ciou", "loss": "stock"}).save_dir)
    for row, expected, other in zip(results(tmp_path / "killed"), whole, ciou, strict=True):
        for column in ("train/box_loss", "val/box_loss"):  # Focal-EIoU's is about twice CIoU's here
            value = float(row[column])
            assert value == pytest.approx(float(expected[column]), rel=0.25)
            assert value > 1.5 * float(other[column])


@pytest.mark.slow
def test_resume_takes_no_other_loss(command, data, tmp_path):
    arguments = {**SHORT, "epochs": 3, "data": data, "project": str(tmp_path), "name": "run", "loss": "eiou"}
    subprocess.run([sys.executable, "-c", KILLED, json.dumps(arguments)], capture_output=True)
    before = (tmp_path / "run" / "args.yaml").read_text()
    resumed = command("train", "resume", f"model={tmp_path / 'run' / 'weights' / 'last.pt'}", "loss=iou")
    assert resumed.returncode == 2
    assert "error: this run trains with loss=eiou, and resuming can't change it to loss=iou" in resumed.stderr
    assert (tmp_path / "run" / "args.yaml").read_text() == before
    assert len(results(tmp_path / "run")) == 1


def killed_run(data, tmp_path, **arguments):
    """The last checkpoint of a run that was killed in its second epoch."""
    given = {**SHORT, "epochs": 3, "data": data, "project": str(tmp_path), "name": "killed", **arguments}
    killed = subprocess.run([sys.executable, "-c", KILLED, json.dumps(given)], capture_output=True)
    assert killed.returncode == -signal.SIGKILL
    return tmp_path / "killed" / "weights" / "last.pt"


def resume_in_stock(last):
    line = [sys.executable, "-m", "ultralytics.cfg.__init__", "train", "resume", f"model={last}"]
    return subprocess.run(line, capture_output=True, text=True, cwd=last.parent, timeout=300, check=False)


@pytest.mark.slow
def test_stock_resumes_a_run_of_ours_that_has_no_loss(data, tmp_path):
    resumed = resume_in_stock(killed_run(data, tmp_path))
    assert resumed.returncode == 0, resumed.stderr
    assert len(results(tmp_path / "killed")) == 3


@pytest.mark.slow
def test_stock_refuses_to_resume_a_run_with_a_loss_which_ours_then_resumes(data, tmp_path, command):
    last = killed_run(data, tmp_path, loss="eiou")
    refused = resume_in_stock(last)
    assert refused.returncode == 1
    assert "is not a valid YOLO argument" in refused.stderr
    resumed = command("train", "resume", f"model={last}")
    assert resumed.returncode == 0, resumed.stderr
    assert "Box loss: eiou" in resumed.stdout
    assert len(results(tmp_path / "killed")) == 3
