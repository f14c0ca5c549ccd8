"""What a run says of itself is written at its first start, and only added to afterwards."""

import hashlib
import json
import os
import signal
import subprocess
import sys
from types import SimpleNamespace

import pytest
import torch
import yaml
from ultralytics.cfg import DEFAULT_CFG_DICT
from ultralytics.utils.torch_utils import strip_optimizer

from tests.runs import SHORT, overrides
from yolo_feiou import YOLO, __version__
from yolo_feiou.errors import DataError
from yolo_feiou.results import run_record
from yolo_feiou.results.arguments import EXTRA_ARGUMENTS
from yolo_feiou.results.fingerprints import fingerprint_files
from yolo_feiou.results.run_record import (
    ASKED_VARIABLE,
    MODEL_MARK,
    RunRecord,
    get_mark,
    read_run_record,
    resume_run_record,
)
from yolo_feiou.storage.tables import read_json
from yolo_feiou.yolo.configs import find_data

SESSION = {"started": "2026-01-01T00:00:00+00:00", "first_epoch": 1, "torch": "2.0"}
KILLED = """
import json, os, signal, sys
from yolo_feiou import YOLO

def kill(trainer):
    if trainer.epoch == 1:
        os.kill(os.getpid(), signal.SIGKILL)

told = json.loads(sys.argv[1])
model = YOLO(told.pop("model"))
model.add_callback("on_train_batch_end", kill)
model.train(**told)
"""


def begin(asked, arguments, set_to, **defaults):
    """A record as a trainer begins it."""
    arguments = {**EXTRA_ARGUMENTS, **arguments}
    return run_record.begin_run_record(
        asked,
        arguments,
        set_to,
        SESSION,
        defaults={**DEFAULT_CFG_DICT, **EXTRA_ARGUMENTS, **defaults},
        contents=fingerprint_files(arguments, find_data),
        loss=arguments["loss"],
    )


def test_a_record_says_what_differed_from_the_defaults_of_its_day():
    arguments = {
        **DEFAULT_CFG_DICT,
        "model": "yolov8n.yaml",
        "loss": "focal_eiou:gamma=0.50",
        "lr0": 0.01,
        "classes": (1, 2),
    }
    record = begin({"lr0": 0.01}, arguments, {**arguments, "optimizer": "AdamW", "lr0": 0.001}, lr0=0.02)
    assert set(record.differing) == {"model", "loss", "lr0", "classes"}
    assert record.set_to == {"optimizer": "AdamW", "lr0": 0.001}
    assert record.arguments["lr0"] == 0.01 and record.arguments["classes"] == [1, 2] and record.loss == "focal_eiou"
    assert record.trained_with["optimizer"] == "AdamW" and record.arguments["optimizer"] == "auto"


def test_files_are_recorded_with_their_contents(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for name, text in (
        ("start.pt", "weights"),
        ("other.pt", "others"),
        ("d.yaml", "names: [a]\npath: here"),
        ("l.py", "x"),
    ):
        (tmp_path / name).write_text(text)
    record = begin({}, {"model": "start.pt", "data": "d.yaml", "loss": "l.py:f"}, {})
    assert record.weights == {"file": "start.pt", "sha256": hashlib.sha256(b"weights").hexdigest()}
    assert record.loss_file == {"file": "l.py", "sha256": hashlib.sha256(b"x").hexdigest()}
    assert record.loss == "l.py:f" and record.contents.keys() == {"model", "data", "loss"}
    assert record.contents["loss"] == hashlib.sha256(b"x").hexdigest()[:10]
    from_scratch = begin({}, {"model": "yolov8n.yaml", "pretrained": "other.pt"}, {})
    assert from_scratch.weights["sha256"] == hashlib.sha256(b"others").hexdigest()
    assert begin({}, {"model": "yolov8n.yaml", "pretrained": True}, {}).weights is None
    (tmp_path / "d.yaml").write_text("names: [a, b]\npath: here")
    os.utime(tmp_path / "d.yaml", (1, 1))
    assert begin({}, {"data": "d.yaml"}, {}).contents["data"] != record.contents["data"], "in one process too"


def test_a_resume_adds_an_entry_and_changes_nothing_else(tmp_path):
    record = begin({"epochs": 3}, {**DEFAULT_CFG_DICT, "epochs": 3}, {})
    record.write(tmp_path)
    before = read_json(tmp_path / "provenance.json")
    again = {**SESSION, "first_epoch": 2}
    resume_run_record([tmp_path], again).write(tmp_path)
    after = read_json(tmp_path / "provenance.json")
    assert after.pop("sessions") == [*before.pop("sessions"), again] and after == before
    (tmp_path / "moved").mkdir()
    assert resume_run_record([tmp_path / "moved", tmp_path], again).id == record.id, "that of the checkpoint's folder"


def test_what_was_begun_without_a_record_stays_unrecorded(tmp_path):
    record = resume_run_record([tmp_path], {**SESSION, "first_epoch": 3})
    record.write(tmp_path)
    found = read_run_record(tmp_path)
    assert found == record and found.arguments is None and found.loss is None and len(found.sessions) == 1


def test_the_number_of_nodes_keeps_its_key_in_the_file(tmp_path):
    RunRecord("a", processes=16, nodes=2, sessions=({"first_epoch": 1},)).write(tmp_path)
    assert read_json(tmp_path / "provenance.json")["machines"] == 2
    assert read_run_record(tmp_path).nodes == 2


@pytest.mark.parametrize(
    "damaged",
    [
        *(
            "",
            "{",
            "[]",
            "{}",
            '{"id": "x"}',
            '{"id": 1, "sessions": [{"first_epoch": 1}]}',
            '{"id": "x", "sessions": []}',
        ),
        *('{"id": "x", "sessions": [1]}', '{"id": "x", "sessions": [{"first_epoch": "1"}]}'),
        *('{"id": "x", "sessions": [{"first_epoch": 1}], "arguments": []}',),
        *('{"id": "x", "sessions": [{"first_epoch": 1}], "differing": {}}',),
    ],
)
def test_a_damaged_record_is_named_and_kept_for_people(tmp_path, damaged):
    path = tmp_path / "provenance.json"
    path.write_text(damaged)
    with pytest.raises(DataError, match=r"provenance\.json is"):
        read_run_record(tmp_path)
    assert resume_run_record([tmp_path], SESSION).arguments is None
    assert not path.exists() and (tmp_path / "provenance.json.damaged").read_text() == damaged


def test_workers_of_ultralytics_know_what_was_asked_and_not_all_arguments():
    with run_record.tell_workers({"epochs": 3}):
        assert json.loads(os.environ[ASKED_VARIABLE]) == {"epochs": 3}
        assert run_record.find_asked_arguments({"lr0": 1, "session": object()}) == {"lr0": 1}, (
            "this process is no worker"
        )
        assert run_record.find_asked_arguments({**DEFAULT_CFG_DICT}, is_worker=True) == {"epochs": 3}
    assert ASKED_VARIABLE not in os.environ


@pytest.mark.slow
def test_a_fine_tune_that_was_killed_and_resumed_says_what_it_began_with(train, data, tmp_path, command):
    """Its args.yaml names its own last.pt and AdamW by then."""
    base = train(loss="giou").best
    told = {**SHORT, "data": data, "project": str(tmp_path), "name": "tuned", "loss": "eiou", "epochs": 3}
    del told["optimizer"], told["lr0"]
    killed = subprocess.run(
        [sys.executable, "-c", KILLED, json.dumps({**told, "model": str(base)})], capture_output=True
    )
    assert killed.returncode == -signal.SIGKILL
    folder = tmp_path / "tuned"
    began = read_json(folder / "provenance.json")
    done = command("train", "resume", f"model={folder / 'weights' / 'last.pt'}")
    assert done.returncode == 0, done.stderr
    assert yaml.safe_load((folder / "args.yaml").read_text())["optimizer"] == "AdamW"

    record = read_run_record(folder)
    assert {**read_json(folder / "provenance.json"), "sessions": None} == {**began, "sessions": None}
    assert [session["first_epoch"] for session in record.sessions] == [1, 2]
    assert record.asked.items() >= {"loss": "eiou", "epochs": 3, "data": data, "model": str(base)}.items()
    assert record.arguments["model"] == str(base) and record.arguments["optimizer"] == "auto"
    assert record.set_to["optimizer"] == "AdamW" and record.arguments["lr0"] == 0.01
    assert record.weights == {"file": str(base), "sha256": hashlib.sha256(base.read_bytes()).hexdigest()}
    assert (record.loss, record.launcher, record.processes, record.nodes) == ("eiou", "", 1, 1)
    assert record.sessions[0]["yolo_feiou"] == __version__


@pytest.mark.slow
def test_a_new_training_in_the_folder_of_an_older_one_replaces_its_record(train):
    first = read_run_record(train(loss="eiou").save_dir)
    second = read_run_record(train(loss="giou", exist_ok=True).save_dir)
    assert first.id != second.id and second.loss == "giou" and len(second.sessions) == 1


@pytest.mark.slow
def test_a_finished_checkpoint_tells_its_loss_and_its_record_whatever_ultralytics_does_to_it(train, tmp_path):
    trainer = train(loss="focal_eiou:gamma=0.50,norm=tal", save_period=1)
    told = {"loss": "focal_eiou:norm=tal", "version": __version__, "run": read_run_record(trainer.save_dir).id}
    content = torch.load(trainer.best, weights_only=False)
    assert "loss" not in content["train_args"] and get_mark(content["model"]) == told
    unfinished = trainer.save_dir / "weights" / "epoch0.pt"
    assert get_mark(torch.load(unfinished, weights_only=False)["ema"]) == told
    strip_optimizer(str(unfinished), str(tmp_path / "stripped.pt"))
    YOLO(tmp_path / "stripped.pt").save(tmp_path / "saved.pt")
    model = YOLO(tmp_path / "saved.pt")
    model.fuse()
    model.save(tmp_path / "fused.pt")
    for name in ("stripped.pt", "saved.pt", "fused.pt"):
        assert get_mark(torch.load(tmp_path / name, weights_only=False)["model"]) == told


ALONE = """
import sys
sys.modules["yolo_feiou"] = None  # any import of it fails from here on
import torch
from ultralytics import YOLO
print(torch.load(sys.argv[1], weights_only=False)["model"].yolo_feiou["loss"])
YOLO(sys.argv[1]).save(sys.argv[2])
print(YOLO(sys.argv[2]).model.yolo_feiou["loss"])
"""


@pytest.mark.slow
def test_a_python_without_us_reads_the_loss_too(train, tmp_path):
    words = [sys.executable, "-c", ALONE, str(train(loss="eiou").best), str(tmp_path / "saved.pt")]
    done = subprocess.run(words, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stderr
    assert done.stdout.split()[-2:] == ["eiou", "eiou"]


@pytest.mark.slow
def test_a_fine_tune_without_a_loss_says_that_its_weights_were_trained_with_another(
    train, data, tmp_path, capsys, caplog
):
    best = train(loss="eiou").best
    stock = train(loss="stock", name="stock").best
    line = "These weights were trained with loss=eiou, and this training has Ultralytics' own box loss"

    def said(model, **arguments):
        caplog.clear()
        YOLO(model).train(**{**SHORT, "data": data, "project": str(tmp_path), **arguments})
        return [record.getMessage() for record in caplog.records if "These weights" in record.getMessage()]

    (told,) = said(best)
    assert line in told and "add loss=eiou to keep it, or loss=stock" in told
    assert said("yolov8n.yaml", pretrained=str(best))
    for model, arguments in ((best, {"loss": "stock"}), (best, {"loss": "giou"}), (stock, {}), ("yolov8n.yaml", {})):
        assert not said(model, **arguments)


def test_a_mark_of_another_form_is_none():
    for mark in (None, "eiou", {}, {"loss": 1}):
        assert get_mark(SimpleNamespace(**{MODEL_MARK: mark})) == {}
    assert get_mark(SimpleNamespace()) == {}


@pytest.mark.slow
def test_a_failed_start_leaves_no_record(data, tmp_path):
    from yolo_feiou import DetectionTrainer

    def fail(trainer):
        raise RuntimeError("no")

    trainer = DetectionTrainer(overrides=overrides(data, tmp_path))
    trainer.add_callback("on_pretrain_routine_end", fail)
    with pytest.raises(RuntimeError, match="no"):
        trainer.train()
    assert not (tmp_path / "run").exists()


def test_a_record_holds_what_is_read_again(tmp_path):
    record = RunRecord("x", asked={"a": 1}, arguments={"b": 2}, differing=("b",), sessions=(SESSION,), processes=2)
    record.write(tmp_path)
    assert read_run_record(tmp_path) == record
