"""The model card, and what it promises."""

import hashlib
import json
import signal
import subprocess
import sys

import pytest

from tests.runs import SHORT
from yolo_feiou import YOLO, __version__
from yolo_feiou.export.card import Card
from yolo_feiou.export.command import export
from yolo_feiou.export.onnx import ExportedModel
from yolo_feiou.export.reproduce import format_training_command
from yolo_feiou.export.runs import TrainedRun, read_run
from yolo_feiou.export.ultralytics_runs import ULTRALYTICS
from yolo_feiou.losses.table import LOSSES
from yolo_feiou.results.run_record import RunRecord
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


def test_odd_names_are_escaped_in_markdown_and_quoted_for_a_shell(card):
    """A name with a bar, ticks and a dollar in a cell, as code, in a heading and in the command."""
    _, lines = card(model="my|`n`_$x$.yaml", tracker="a`b|c\n$(ls)'")
    text = "\n".join(lines)
    assert r"# my\|\`n\`\_\$x\$ on squares, loss focal_eiou:gamma=1" in lines
    assert r"| model | my\|\`n\`\_\$x\$.yaml |" in lines
    (again,) = (line for line in lines if line.startswith("yolo detect train"))
    assert "'model=my|`n`_$x$.yaml'" in again
    assert len(text.split("```")) == 5  # two blocks of code, both closed


WHOLE = """---
license: agpl-3.0
library_name: ultralytics
pipeline_tag: object-detection
---

# a\\*b on squares, loss eiou

**The training is not finished: 2 of 5 epochs.**

## Loss

`loss=eiou`: eiou. {meaning}.
Source: {source}.
It stands for the box term alone; all other terms are Ultralytics' own.

## Training

| | |
|:--|:--|
| model | a\\*b.yaml |
| starting weights | none, from scratch |
| data | squares.yaml |
| classes | 2: white, red |
| images | train 24, val 8, test 4 |
| epochs done | 2 of 5 |
| seed | 3 |
| total batch | not recorded |
| processes | 1, started by Ultralytics (device cpu) |
| Ultralytics | 8.4 |
| checkpoint written | 2026-11-26T00:00:00 |
| code | not recorded |

Settings that differ from Ultralytics' defaults: `imgsz=96`.

Chosen by Ultralytics in the run: `optimizer=AdamW`.

Again, in one command:

```bash
yolo detect train loss=eiou imgsz=96 'model=a*b.yaml' data=squares.yaml seed=3
```

## Metrics

AP in per cent

| run | loss | AP | AP50 | AP75 | AP_S | AP_M | AP_L |
|:--|:--|--:|--:|--:|--:|--:|--:|
| r † | eiou | 41.2 | 60.0 | 44.4 | – | 30.0 | 50.0 |

pycocotools 2, split val: 8 images, ground truth g.json, areas from json, conf 0.001, NMS at IoU 0.7, max_det 300, \
imgsz 96, batch 4, weights b_*.pt. AR 55.6.
Evaluated 2026-11-25 by yolo_feiou 1 (commit abc),
ultralytics 8.4, torch 2, Python 3.

**Nothing at all was detected**: the figures say no more than that.

b_*.onnx, evaluated in the same way: AP 41.20; b_*.pt: 41.23.

## Files

| file | bytes | sha256 |
|:--|--:|:--|
| b_*.pt | 7 | `00` |
| b_*.onnx | 4 | `11` |

## Use

Plain Ultralytics loads the weights; yolo_feiou is not needed.

```python
from ultralytics import YOLO

model = YOLO("b_*.pt")
model.predict("image.jpg")
```

## Limits

These are the numbers of one seed, and the seed alone moves AP by tenths of a percentage point, or by several
points: one run is no proof that a loss is better. [The report](../../report/index.html) compares runs over seeds;
`yolo report runs` makes it.

## Licence

AGPL-3.0, as Ultralytics, whose code trained the weights, and yolo_feiou. The data has a licence of its own.
"""


def test_a_card_that_has_all_parts_is_word_for_word_this(squares, tmp_path, monkeypatch):
    """Of a run that has everything a card may say: unfinished, exported, chosen settings, nothing detected."""
    monkeypatch.chdir(tmp_path)
    weights = tmp_path / "runs" / "r" / "weights" / "b_*.pt"
    weights.parent.mkdir(parents=True)
    weights.write_bytes(b"weights")
    onnx = weights.with_suffix(".onnx")
    onnx.write_bytes(b"onnx")
    arguments = {"task": "detect", "model": "a*b.yaml", "data": str(squares), "epochs": 5, "seed": 3, "device": "cpu"}
    arguments |= {"imgsz": 96, "loss": "eiou", "box": 5.0}  # the last of which does nothing
    set_to = {"optimizer": "AdamW", "lrf": 0.1}
    run = TrainedRun(
        **{"framework": ULTRALYTICS, "length": 5, "about": {}},
        **{"folder": weights.parents[1], "weights": weights, "sha256": "00", "missing": "", "arguments": arguments},
        record=RunRecord("id", arguments=arguments, differing=("imgsz", "box"), set_to=set_to, loss="eiou"),
        **{"loss": "eiou", "curve": [{}, {}], "finished": False, "resumed": False, "version": "8.4"},
        **{"date": "2026-11-26T00:00:00.5", "batch": None, "processes": 1, "nodes": 1, "launcher": "", "noted": []},
        idle=("box",),
    )
    row = {
        **{"run": "r", "loss": "eiou", "seed": 3, "reason": "unfinished", "detections": 0, "AP": 0.41234, "AP50": 0.6},
        **{"AP75": 0.44444, "AP_S": None, "AP_M": 0.3, "AP_L": 0.5, "AR": 0.55555, "evaluator": "pycocotools"},
        **{"evaluator_version": "2", "eval_split": "val", "images": 8, "ground_truth": "g.json", "area_source": "json"},
        **{"eval_conf": 0.001, "eval_iou": 0.7, "eval_max_det": 300, "eval_imgsz": 96, "eval_batch": 4},
    }
    made = {"git_commit": "abc", "finished": "2026-11-25T01:02:03", "yolo_feiou": "1", "torch": "2", "python": "3"}
    made |= {"ultralytics": "8.4"}
    card = Card(run, row, made, str(squares), ["white", "red"], tmp_path / "runs", ExportedModel(onnx, "11", 0.412))
    text, _, seal = card.write().read_text(encoding="utf-8").rpartition("<!-- ")
    eiou = LOSSES["eiou"]
    expected = WHOLE.replace("b_*.", r"b\_\*.").replace(r'YOLO("b\_\*.pt")', 'YOLO("b_*.pt")')
    assert text == expected.format(meaning=eiou.meaning, source=f"{eiou.paper}, {eiou.equation}")
    assert seal.startswith("Written by yolo-feiou")


def test_stock_has_no_formula_and_no_loss_in_its_command(card):
    _, lines = card(loss=None, box_stats=None)
    assert "`stock`: Ultralytics' own box loss (CIoU; RT-DETR's is GIoU), nothing swapped." in lines
    (again,) = (line for line in lines if line.startswith("yolo detect train"))
    assert "loss=" not in again and "box_stats=" not in again


def test_a_sum_names_the_source_of_each_term(card):
    _, lines = card(loss="inner_siou:weight=0.5+smooth_l1:weight=0.5")
    spec = "siou:inner=0.75,weight=0.5+smooth_l1:weight=0.5"
    begin = next(i for i, line in enumerate(lines) if line.startswith(f"`loss={spec}`: "))
    siou, smooth = LOSSES["siou"], LOSSES["smooth_l1"]
    assert lines[begin : begin + 4] == [
        f"`loss={spec}`: siou (theta=4, inner=0.75, weight=0.5) + smooth_l1 (beta=1, weight=0.5).",
        f"`siou`: {siou.meaning}. Source: {siou.paper}, {siou.equation}.",
        f"`smooth_l1`: {smooth.meaning}. Source: {smooth.paper}, {smooth.equation}.",
        "It stands for the box term alone; all other terms are Ultralytics' own.",
    ]


def test_a_run_of_several_processes_is_evaluated_in_one_with_the_batch_of_each(copy, tmp_path):
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
    assert "| processes | 4 on 2 nodes, started by torchrun" in text
    assert "| code | yolo_feiou 0.9 (commit abc), torch 2.0, Python 3.12 |" in text
    assert "\ntorchrun --nnodes=2 --nproc-per-node=2 -m yolo_feiou detect train loss=" in text


INTERRUPTED = """
import json, os, signal, sys
from yolo_feiou import YOLO
model = YOLO(sys.argv[1])
model.add_callback("on_train_batch_end", lambda trainer: trainer.epoch == 2 and os.kill(os.getpid(), signal.SIGKILL))
model.train(**json.loads(sys.argv[2]))
"""


def test_a_resumed_fine_tune_has_what_it_began_with_on_its_card(trained, squares, tmp_path, monkeypatch):
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
    words = [sys.executable, "-c", INTERRUPTED, str(start), json.dumps(told)]
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


def test_the_weights_load_without_this_package(trained):
    """As the card says; the import of ours is forbidden there."""
    code = (
        "import sys; sys.modules['yolo_feiou'] = None; from ultralytics import YOLO; "
        f"print(YOLO({str(trained / 'weights' / 'best.pt')!r}).names)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stderr
    assert "{0: 'white', 1: 'red'}" in done.stdout


@pytest.mark.slow
def test_its_command_trains_the_same(trained):
    """All settings that differ from the defaults, in the grammar of the command."""
    words = format_training_command(read_run(trained, "best")).split()
    assert words[:4] == ["yolo", "detect", "train", "loss=focal_eiou:gamma=1"]
    told = dict(word.split("=", 1) for word in words[4:])
    assert told.pop("data") == "squares.yaml" and told.pop("model") == "yolov8n.yaml"
    assert told == {
        **{"epochs": "20", "batch": "4", "imgsz": "96", "lr0": "0.003", "warmup_epochs": "0", "nbs": "4"},
        **{"workers": "0", "optimizer": "AdamW", "verbose": "False", "plots": "False", "val": "False"},
        **dict.fromkeys(("mosaic", "fliplr", "hsv_h", "hsv_s", "hsv_v", "translate", "scale", "erasing"), "0.0"),
        **{"seed": "0", "box_stats": "True"},
    }
