"""The model card, and what it promises."""

import hashlib
import json
import signal
import subprocess
import sys

import pytest

from tests.runs import SHORT
from yolo_feiou import YOLO, __version__
from yolo_feiou.export.again import reproduce, short
from yolo_feiou.export.command import export
from yolo_feiou.export.runs import read_run
from yolo_feiou.storage.tables import read_csv

pytestmark = pytest.mark.slow


@pytest.fixture
def card(copy):
    """A function that returns the lines of the card of a run."""

    def write(**arguments):
        folder = copy("run", **arguments)
        assert export([str(folder), "device=cpu"]) == 0
        return folder, (folder / "weights" / "model_card.md").read_text().splitlines()

    return write


def test_a_card_says_what_the_weights_are(card, squares, tmp_path):
    folder, lines = card(project=str(tmp_path / "runs"))
    text = "\n".join(lines)
    best = folder / "weights" / "best.pt"
    for told in (
        "# yolov8n on squares, loss focal_eiou:gamma=1",
        "`loss=focal_eiou:gamma=1`: focal_eiou (gamma=1, norm=paper, detach=true).",
        "arXiv:2101.08158, Eq. 10, 11.",
        "| model | yolov8n.yaml |",
        "| data | squares.yaml |",
        "| classes | 2: white, red |",
        "| images | train 24, val 8, test 4 |",
        "| epochs done | 20 of 20 |",
        "| seed | 0 |",
        "| total batch | 4 |",
        "| processes | 1, started by Ultralytics (device cpu) |",
        "`lr0=0.003`",
        "ground truth instances_val2017.json, areas from json",
        f"by yolo_feiou {__version__}",
        f"| best.pt | {best.stat().st_size} | `{hashlib.sha256(best.read_bytes()).hexdigest()}` |",
        "[The report](../../report/index.html)",
        "AGPL-3.0",
    ):
        assert told in text, told
    assert str(tmp_path) not in text and str(squares.parent) not in text, "no paths of this machine"
    assert "`imgsz=96`" in text and "`patience=" not in text, "only what differs from the defaults"


def test_odd_names_are_markdown_and_words_of_a_shell(card):
    """A name with a bar, ticks and a dollar in a cell, as code, in a heading and in the command."""
    _, lines = card(model="my|`n`_$x$.yaml", tracker="a`b|c\n$(ls)'")
    text = "\n".join(lines)
    assert r"# my\|\`n\`\_\$x\$ on squares, loss focal_eiou:gamma=1" in lines
    assert r"| model | my\|\`n\`\_\$x\$.yaml |" in lines
    (again,) = (line for line in lines if line.startswith("yolo detect train"))
    assert "'model=my|`n`_$x$.yaml'" in again
    assert len(text.split("```")) == 5  # two blocks of code, both closed


def test_stock_has_no_formula_and_no_loss_in_its_command(card):
    _, lines = card(loss=None, box_stats=None)
    assert "`stock`: Ultralytics' own box loss, CIoU, nothing swapped." in lines
    (again,) = (line for line in lines if line.startswith("yolo detect train"))
    assert "loss=" not in again and "box_stats=" not in again


def test_a_run_of_several_processes(copy, tmp_path):
    """It is evaluated in one of them, with the batch that each had."""
    folder = copy("run", batch=64)
    (folder / "provenance.json").unlink()
    (folder / "torchrun.json").write_text('{"run_id": "x", "processes": 2, "asked": {}}')
    assert export([str(folder), "device=cpu"]) == 0
    text = (folder / "weights" / "model_card.md").read_text()
    assert "| total batch | 4 |" in text, "as the checkpoint says"
    assert "| processes | 2, started by torchrun (device cpu) |" in text and "imgsz 96, batch 2," in text
    assert "\ntorchrun --nproc-per-node=2 -m yolo_feiou detect train loss=" in text
    assert "| code | not recorded |" in text
    session = {"first_epoch": 1, "yolo_feiou": "0.9", "git_commit": "abc", "torch": "2.0", "python": "3.12"}
    noted = {"run_id": "x", "processes": 4, "machines": 2, "asked": {}, "sessions": [session]}
    (folder / "torchrun.json").write_text(json.dumps(noted))
    assert export([str(folder), "device=cpu"]) == 0
    text = (folder / "weights" / "model_card.md").read_text()
    assert "| processes | 4 on 2 machines, started by torchrun" in text
    assert "| code | yolo_feiou 0.9 (commit abc), torch 2.0, Python 3.12 |" in text
    assert "\ntorchrun --nnodes=2 --nproc-per-node=2 -m yolo_feiou detect train loss=" in text


INTERRUPTED = """
import os, signal, sys
from yolo_feiou import YOLO
model = YOLO(sys.argv[1])
model.add_callback("on_train_batch_end", lambda trainer: trainer.epoch == 2 and os.kill(os.getpid(), signal.SIGKILL))
model.train(**eval(sys.argv[2]))
"""


def test_the_card_of_a_fine_tune_that_was_interrupted_and_resumed(trained, squares, tmp_path, monkeypatch):
    """Ultralytics chose AdamW and wrote that, and its own last.pt, to args.yaml when it resumed."""
    monkeypatch.chdir(tmp_path)
    start, folder = trained / "weights" / "best.pt", tmp_path / "runs" / "tuned"
    told = {
        **SHORT,
        "epochs": 4,
        "data": str(squares),
        "project": str(tmp_path / "runs"),
        "name": "tuned",
        "loss": "eiou",
    }
    del told["optimizer"], told["lr0"]
    words = [sys.executable, "-c", INTERRUPTED, str(start), repr(told)]
    assert subprocess.run(words, capture_output=True, check=False).returncode == -signal.SIGKILL
    YOLO(folder / "weights" / "last.pt").train(resume=True)
    assert export([str(folder), "device=cpu"]) == 0

    text = (folder / "weights" / "model_card.md").read_text()
    (again,) = (line for line in text.splitlines() if line.startswith("yolo detect train"))
    assert again.startswith("yolo detect train loss=eiou model=best.pt data=squares.yaml epochs=4 ")
    assert "optimizer=" not in again and "lr0=" not in again and "resume" not in again
    digest = hashlib.sha256(start.read_bytes()).hexdigest()
    for line in (
        *("| model | best.pt |", f"| starting weights | best.pt, sha256 {digest} |", "| epochs done | 4 of 4 |"),
        *("| resumed | 1 time, after epoch 2 |", f"| code | yolo_feiou {__version__}"),
        "Chosen by Ultralytics in the run: `optimizer=AdamW`",
    ):
        assert line in text, line
    (row,) = read_csv(tmp_path / "runs" / "results.csv", ("optimizer", "lr0", "resumed"))
    assert row["model"] == str(start) and row["resumed"] == "1" and row["command"] == again
    assert "optimizer" not in row and "lr0" not in row, "as no other one: nobody gave them"
    (recorded,) = read_csv(tmp_path / "runs" / "arguments.csv")
    assert (recorded["optimizer"], recorded["lr0"]) == ("auto", 0.01)

    (folder / "provenance.json").unlink()
    assert export([str(folder), "device=cpu"]) == 0
    text = (folder / "weights" / "model_card.md").read_text()
    for line in (
        *("| model | not recorded |", "| starting weights | not recorded |", "| resumed | not recorded |"),
        *("| code | not recorded |", "How the run was begun is not recorded: it has no provenance.json."),
        "The command that trains it again is not recorded.",
    ):
        assert line in text, line
    (row,) = read_csv(tmp_path / "runs" / "results.csv")
    assert row["loss"] == "eiou" and [row[name] for name in ("model", "resumed", "command", "torch")] == [""] * 4


def test_its_command_trains_the_same(trained):
    """All settings that differ from the defaults, in the grammar of the command."""
    words = reproduce(read_run(trained, "best")).split()
    assert words[:4] == ["yolo", "detect", "train", "loss=focal_eiou:gamma=1"]
    told = dict(word.split("=", 1) for word in words[4:])
    assert told.pop("data") == "squares.yaml" and told.pop("model") == "yolov8n.yaml"
    assert told == {
        **{"epochs": "20", "batch": "4", "imgsz": "96", "lr0": "0.003", "warmup_epochs": "0", "nbs": "4"},
        **{"workers": "0", "optimizer": "AdamW", "verbose": "False", "plots": "False", "val": "False"},
        **dict.fromkeys(("mosaic", "fliplr", "hsv_h", "hsv_s", "hsv_v", "translate", "scale", "erasing"), "0.0"),
        **{"seed": "0", "box_stats": "True"},
    }


def test_the_weights_load_without_this_package(trained):
    """As the card says; the import of ours is forbidden there."""
    code = (
        "import sys; sys.modules['yolo_feiou'] = None; from ultralytics import YOLO; "
        f"print(YOLO({str(trained / 'weights' / 'best.pt')!r}).names)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stderr
    assert "{0: 'white', 1: 'red'}" in done.stdout


def test_paths_lose_what_is_the_machines_affair(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert short(tmp_path / "data" / "coco.yaml") == "data/coco.yaml"
    assert short("/elsewhere/coco.yaml") == "coco.yaml"
    assert short("data/coco.yaml") == "data/coco.yaml"
