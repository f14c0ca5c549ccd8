"""The command that trains such weights again."""

import json
from dataclasses import replace

import pytest

from tests.export.test_runs import folder_of
from yolo_feiou.export.reproduce import format_training_command, shorten_path
from yolo_feiou.export.runs import read_run


def test_paths_on_a_card_are_relative(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert shorten_path(tmp_path / "data" / "coco.yaml") == "data/coco.yaml"
    assert shorten_path("/elsewhere/coco.yaml") == "coco.yaml"
    assert shorten_path("data/coco.yaml") == "data/coco.yaml"


@pytest.mark.parametrize(
    ("noted", "begin"),
    [
        (None, "yolo detect train loss=focal_eiou:norm=tal "),
        ({"processes": 2}, "torchrun --nproc-per-node=2 -m yolo_feiou detect train loss="),
        ({"processes": 4, "machines": 2}, "torchrun --nnodes=2 --nproc-per-node=2 -m yolo_feiou detect train loss="),
    ],
)
def test_processes_that_torchrun_started_are_started_by_it_again(tmp_path, noted, begin):
    folder = folder_of(tmp_path / "r")
    if noted:
        (folder / "torchrun.json").write_text(json.dumps({"run_id": "x", "asked": {}, **noted}))
    assert format_training_command(read_run(folder, "best")).startswith(begin)


def test_paths_and_odd_names_are_words_of_a_shell(tmp_path):
    """A name may have a space; a path of the machine is its last part, one that is relative stays."""
    given = {"data": "/elsewhere/my data.yaml", "tracker": "/elsewhere/t.yaml", "classes": "own/c.txt"}
    command = format_training_command(read_run(folder_of(tmp_path / "r", given), "best"))
    assert all(f" {word} " in command for word in ("'data=my data.yaml'", "tracker=t.yaml", "classes=own/c.txt"))


def test_arguments_that_did_nothing_are_left_out(tmp_path):
    run = read_run(folder_of(tmp_path / "r"), "best")
    assert " box=5.0 " in format_training_command(run)
    command = format_training_command(replace(run, idle=("box",)))
    assert "box=" not in command.replace("box_stats=", "") and " epochs=3 " in command


@pytest.mark.parametrize("arguments", [{"task": None}, {"model": None}, {"data": None}])
def test_without_task_model_or_data_there_is_none(tmp_path, arguments):
    assert format_training_command(read_run(folder_of(tmp_path / "r", arguments), "best")) is None
