"""What a run's files tell."""

import hashlib

import pytest
import torch
import yaml

from yolo_feiou.errors import DataError, LossSpecError
from yolo_feiou.export.runs import read_run

ARGUMENTS = {
    **{"task": "detect", "mode": "train", "model": "yolov8n.yaml", "data": "coco.yaml", "epochs": 3, "batch": 64},
    **{"imgsz": 640, "lr0": 0.01, "box": 5.0, "seed": 4, "device": "0,1", "project": "runs/coco", "name": "x"},
    **{"loss": "focal_eiou:gamma=0.50,norm=tal", "resume": False, "box_stats": True, "val": True},
}


class Net(torch.nn.Module):
    """Stands for a model of Ultralytics'."""

    def __init__(self):
        super().__init__()
        self.yaml = {"yaml_file": "ultralytics/cfg/models/v8/yolov8n.yaml"}


def folder_of(path, arguments=(), times=(10, 20, 30), optimizer=None, **checkpoint):
    (path / "weights").mkdir(parents=True)
    (path / "args.yaml").write_text(yaml.safe_dump({**ARGUMENTS, **dict(arguments)}))
    lines = [f"{epoch},{time},0.5" for epoch, time in enumerate(times, 1)]
    (path / "results.csv").write_text("\n".join(["epoch,time,train/box_loss", *lines]) + "\n")
    content = {"model": Net(), "optimizer": optimizer, "train_args": {"batch": 64}, "version": "8.4.3", **checkpoint}
    torch.save(content, path / "weights" / "best.pt")
    return path


def test_settings_are_what_differs_from_the_defaults(tmp_path):
    """imgsz=640, lr0=0.01 and val=True are defaults; project, name and device say where it ran."""
    run = read_run(folder_of(tmp_path / "r"), "best")
    assert run.settings() == {
        **{"model": "yolov8n.yaml", "data": "coco.yaml", "epochs": 3, "batch": 64, "box": 5.0, "box_stats": True},
        **{"loss": "focal_eiou:norm=tal", "seed": 4},  # gamma=0.5 is the default
    }
    assert run.settings("here/coco.yaml")["data"] == "here/coco.yaml"
    assert run.sha256 == hashlib.sha256((tmp_path / "r" / "weights" / "best.pt").read_bytes()).hexdigest()
    assert (run.finished, run.unfinished, run.ultralytics, run.batch) == (True, "", "8.4.3", 64)


@pytest.mark.parametrize("loss", [None, "stock"])
def test_without_a_loss_it_is_stock(tmp_path, loss):
    assert read_run(folder_of(tmp_path / "r", {"loss": loss}), "best").loss == "stock"


def test_a_training_that_was_cut_off(tmp_path):
    run = read_run(folder_of(tmp_path / "r", {"epochs": 10}, optimizer={"state": {}}), "best")
    assert (run.finished, run.unfinished) == (False, "not finished: 3 of 10 epochs")
    early = read_run(folder_of(tmp_path / "early", {"epochs": 10}), "best")  # stopped early, which Ultralytics ended
    assert early.finished
    killed_at_the_end = read_run(folder_of(tmp_path / "end", optimizer={"state": {}}), "best")
    assert killed_at_the_end.finished


def test_a_resumed_run_has_its_architecture_and_its_sessions(tmp_path):
    """Ultralytics then names its own last.pt as model, and its clock begins anew, here in epoch 3."""
    path = tmp_path / "r"
    last = str(path / "weights" / "last.pt")
    run = read_run(folder_of(path, {"model": last, "resume": last}, (10, 20, 5)), "best")
    assert run.model == "yolov8n.yaml"
    assert [session["first_epoch"] for session in run.sessions] == [1, 3]
    assert run.sessions[0]["torch"] is None and run.sessions[0]["ultralytics"] == "8.4.3", "what isn't known is missing"
    trained = run.trained("r")
    assert trained.run.arguments["model"] == "yolov8n.yaml" and trained.set_to["batch"] == 64


def test_the_batch_is_what_it_trained_with(tmp_path):
    halved = folder_of(tmp_path / "r", train_args={"batch": 32})
    assert read_run(halved, "best").batch == 32
    assert read_run(folder_of(tmp_path / "auto", {"batch": -1}, train_args={}), "best").batch == 16  # not known


@pytest.mark.parametrize(
    ("device", "signed", "processes"),
    [
        (None, None, 1),
        ("cpu", None, 1),
        ("0,1", None, 2),
        ("[0, 1, 2]", None, 3),
        ("0", '{"processes": 8}', 8),
        ("0", '{"run_id": "x"}', None),  # noted by an earlier version
    ],
)
def test_in_how_many_processes(tmp_path, device, signed, processes):
    path = folder_of(tmp_path / "r", {"device": device})
    if signed:
        (path / "torchrun.json").write_text(signed)
    assert read_run(path, "best").processes == processes


@pytest.mark.parametrize(
    "note", ["{", "[]", '{"sessions": 5}', '{"sessions": [{}]}', '{"processes": "2"}', '{"asked": []}']
)
def test_a_note_of_another_form_is_named(tmp_path, note):
    path = folder_of(tmp_path / "r")
    (path / "torchrun.json").write_text(note)
    with pytest.raises(DataError, match=r"torchrun\.json is no.*Put it right, or remove it"):
        read_run(path, "best")


def test_what_is_no_run_or_has_no_weights(tmp_path):
    with pytest.raises(DataError, match=r"there is no .*none/args\.yaml"):
        read_run(tmp_path / "none", "best")
    path = folder_of(tmp_path / "r")
    with pytest.raises(DataError, match=r"has no weights/last\.pt"):
        read_run(path, "last")
    whole = (path / "weights" / "best.pt").read_bytes()
    for content in (whole[: len(whole) // 2], b"", b"text"):
        (path / "weights" / "best.pt").write_bytes(content)
        with pytest.raises(DataError, match=r"best\.pt is torn or no checkpoint"):
            read_run(path, "best")
    (path / "args.yaml").write_text("[")
    with pytest.raises(DataError, match=r"args\.yaml can't be read"):
        read_run(path, "best")
    with pytest.raises(LossSpecError, match="did you mean 'eiou'"):
        read_run(folder_of(tmp_path / "l", {"loss": "eiuo"}), "best")
