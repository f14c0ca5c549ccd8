"""What a run's files tell."""

import hashlib
from dataclasses import replace

import pytest
import torch
import ultralytics
import yaml

from tests.ablation.factories import MEASURED, SESSION
from yolo_feiou.errors import DataError, LossSpecError
from yolo_feiou.export.reproduce import format_training_command
from yolo_feiou.export.runs import read_run
from yolo_feiou.results.row import make_results_row
from yolo_feiou.results.run_record import RunRecord, put_mark

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
    run = read_run(folder_of(tmp_path / "r", version=ultralytics.__version__), "best")
    assert run.settings() == {
        **{"model": "yolov8n.yaml", "data": "coco.yaml", "epochs": 3, "batch": 64, "box": 5.0, "box_stats": True},
        **{"loss": "focal_eiou:norm=tal", "seed": 4},  # gamma=0.5 is the default
    }
    assert run.settings("here/coco.yaml")["data"] == "here/coco.yaml"
    assert run.sha256 == hashlib.sha256((tmp_path / "r" / "weights" / "best.pt").read_bytes()).hexdigest()
    assert (run.finished, run.unfinished, run.version, run.batch) == (True, "", ultralytics.__version__, 64)


def test_without_a_record_the_defaults_of_another_version_are_not_known(tmp_path):
    """So all is named that args.yaml names, and nothing else."""
    settings = read_run(folder_of(tmp_path / "r", version="8.3.119"), "best").settings()
    assert settings["imgsz"] == 640 and settings["val"] is True and "mosaic" not in settings
    (tmp_path / "r" / "args.yaml").write_text("task: detect\nmodel: yolov8n.yaml\n")
    run = read_run(tmp_path / "r", "best")
    assert run.settings() == {"model": "yolov8n.yaml", "data": None, "loss": "stock", "seed": None}
    assert format_training_command(run) is None
    row = run.trained("r").run.arguments
    assert row["seed"] is None and "box" not in row


@pytest.mark.parametrize("loss", [None, "stock"])
def test_without_a_loss_it_is_stock(tmp_path, loss):
    assert read_run(folder_of(tmp_path / "r", {"loss": loss}), "best").loss == "stock"


def test_a_training_that_was_cut_off_is_unfinished(tmp_path):
    run = read_run(folder_of(tmp_path / "r", {"epochs": 10}, optimizer={"state": {}}), "best")
    assert (run.finished, run.unfinished) == (False, "not finished: 3 of 10 epochs")
    early = read_run(folder_of(tmp_path / "early", {"epochs": 10}), "best")  # stopped early, which Ultralytics ended
    assert early.finished
    killed_at_the_end = read_run(folder_of(tmp_path / "end", optimizer={"state": {}}), "best")
    assert killed_at_the_end.finished


@pytest.mark.parametrize("times", [(10, 20, 5), (10, 20, 30)])
def test_what_a_resume_wrote_anew_is_not_recorded(tmp_path, times):
    """Ultralytics then names its own last.pt as model, and what it chose as optimizer; its clock may tell or not."""
    path = tmp_path / "r"
    last = str(path / "weights" / "last.pt")
    told = {"model": last, "resume": last, "optimizer": "AdamW", "lr0": 0.001667}
    run = read_run(folder_of(path, told, times), "best")
    assert run.resumed and run.model is None and run.sessions == [] and format_training_command(run) is None
    assert not {"optimizer", "lr0"} & run.settings().keys()
    row = make_results_row(run.trained("r"), {"command": None, "weights": "best", "annotations": ""}, MEASURED)
    assert [row[name] for name in ("model", "resumed", "minutes", "torch", "ultralytics")] == [None] * 5
    assert row["batch"] == 64, "of the checkpoint"


def recorded(path, **changes):
    """A fine-tune that was resumed twice, with its record, and an args.yaml as Ultralytics leaves it."""
    last = str(path / "weights" / "last.pt")
    told = {"model": last, "resume": last, "optimizer": "AdamW", "lr0": 0.001667, "loss": "eiou"}
    model = Net()
    sessions = [
        {**SESSION, "first_epoch": epoch, "torch": torch} for epoch, torch in ((1, "2.0"), (2, "2.0"), (3, "2.1"))
    ]
    began = {**ARGUMENTS, "model": "start.pt", "loss": "eiou", "optimizer": "auto", "lr0": 0.02, "mosaic": 0.5}
    record = RunRecord(
        **{
            "id": "a",
            "arguments": began,
            "differing": ["model", "data", "epochs", "box", "seed", "loss"],
            "loss": "eiou",
        },
        **{"set_to": {"optimizer": "AdamW", "lr0": 0.001667}, "contents": {"data": "abc"}, "sessions": sessions},
        **{"weights": {"file": "start.pt", "sha256": "f00"}, "launcher": "", "processes": 1, "nodes": 1},
    )
    put_mark(model, replace(record, **changes), "eiou")
    folder_of(path, told, (10, 20, 30), model=model)
    record.write(path)
    return path


def test_the_record_tells_what_a_resumed_run_began_with(tmp_path):
    """optimizer=auto, lr0=0.02 and mosaic=0.5 were the defaults of its day, by the record."""
    run = read_run(recorded(tmp_path / "r"), "best")
    assert (run.resumed, run.model, run.loss) == (True, "start.pt", "eiou")
    settings = {"model": "start.pt", "data": "coco.yaml", "epochs": 3, "box": 5.0, "seed": 4, "loss": "eiou"}
    assert run.settings() == settings
    assert (
        format_training_command(run)
        == "yolo detect train loss=eiou model=start.pt data=coco.yaml epochs=3 box=5.0 seed=4"
    )
    row = make_results_row(run.trained("r"), {"command": None, "weights": "best", "annotations": ""}, MEASURED)
    assert (row["model"], row["resumed"], row["torch"], row["data_holds"]) == ("start.pt", 2, "2.0 → 2.1", "abc")


def test_a_record_of_other_weights_tells_nothing(tmp_path):
    """As where Ultralytics itself resumed the run, or the weights were copied there."""
    run = read_run(recorded(tmp_path / "r", id="b"), "best")
    assert run.record is None and run.model is None and run.missing == "the provenance.json there is of other weights"
    assert run.loss == "eiou", "which the weights tell themselves"
    content = torch.load(tmp_path / "r" / "weights" / "best.pt", weights_only=False)
    del content["model"].yolo_feiou
    torch.save(content, tmp_path / "r" / "weights" / "best.pt")
    assert read_run(tmp_path / "r", "best").record is None


def test_a_damaged_record_is_named(tmp_path):
    recorded(tmp_path / "r").joinpath("provenance.json").write_text("{}")
    with pytest.raises(DataError, match=r"provenance\.json is not as it was written"):
        read_run(tmp_path / "r", "best")


def test_the_batch_is_what_it_trained_with(tmp_path):
    halved = folder_of(tmp_path / "r", train_args={"batch": 32})
    assert read_run(halved, "best").batch == 32
    assert read_run(folder_of(tmp_path / "auto", {"batch": -1}, train_args={}), "best").batch is None, "not known"


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
def test_the_number_of_processes_is_that_of_its_record_or_devices(tmp_path, device, signed, processes):
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


def test_what_is_no_run_or_has_no_weights_is_refused(tmp_path):
    with pytest.raises(DataError, match=r"there is no .*none/args\.yaml"):
        read_run(tmp_path / "none", "best")
    path = folder_of(tmp_path / "r")
    with pytest.raises(DataError, match=r"has no weights/last\.pt"):
        read_run(path, "last")
    whole = (path / "weights" / "best.pt").read_bytes()
    for content in (whole[: len(whole) // 2], b"", b"text"):
        (path / "weights" / "best.pt").write_bytes(content)
        with pytest.raises(DataError, match=r"best\.pt is torn or not a checkpoint"):
            read_run(path, "best")
    (path / "args.yaml").write_text("[")
    with pytest.raises(DataError, match=r"args\.yaml can't be read"):
        read_run(path, "best")
    with pytest.raises(LossSpecError, match="did you mean 'eiou'"):
        read_run(folder_of(tmp_path / "l", {"loss": "eiuo"}), "best")
