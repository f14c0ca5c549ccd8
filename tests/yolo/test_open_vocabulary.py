"""YOLO-World and YOLOE train with the loss asked for, by the trainers of theirs that have a box term.

Their text encoders are downloads, so that a stand-in takes their place: an embedding for each text, drawn by its name.
"""

import json
import os
import pickletools
import re
import subprocess
import sys
import zipfile
from types import ModuleType, SimpleNamespace

import pytest
import ultralytics
import yaml
from ultralytics.models import yolo
from ultralytics.utils.checks import check_version
from ultralytics.utils.loss import BboxLoss

from tests.runs import SHARED_DATA, SHORT, results, short
from tests.scripts import load_script
from tests.yolo.test_distributed import SCRIPT, reports, run_ranks
from tests.yolo.test_resume_state import same
from yolo_feiou.errors import ArgumentError, LossNotAppliedError, UnsupportedModelError
from yolo_feiou.storage.tables import read_csv
from yolo_feiou.yolo import trainers
from yolo_feiou.yolo.distributed import RANKS_SINCE
from yolo_feiou.yolo.model import MODELS, YOLO
from yolo_feiou.yolo.resume_state import EXACT_SINCE

#: The class, the YAML, and how many box losses there are.
FAMILIES = [
    pytest.param("YOLOWorld", "yolov8n-worldv2.yaml", "1 of the model, 1 of the EMA", id="world"),
    pytest.param("YOLOE", "yoloe-v8n-seg.yaml", "1 of the model, 1 of the EMA", id="yoloe-segment"),
    pytest.param("YOLOE", "yoloe-26n-seg.yaml", "2 of the model, 2 of the EMA", id="yoloe26-segment"),
    pytest.param("YOLOE", "yoloe-v8n.yaml", "1 of the model, 1 of the EMA", id="yoloe"),
]


#: A package `clip` with an encoder of the same kind.
CLIP = """
import torch
from torch import nn

class Model(nn.Module):
    def __init__(self):
        super().__init__()
        self.weight = nn.Parameter(torch.zeros(1))  # which tells older releases the device

    def encode_text(self, tokens):
        made = [torch.randn(512, generator=torch.Generator().manual_seed(int(token))) for token in tokens]
        return torch.stack(made)

def load(size, device=None, download_root=None):
    return Model(), None

def tokenize(texts, truncate=True):
    return torch.tensor([sum(map(ord, text)) for text in ([texts] if isinstance(texts, str) else texts)])
"""


#: The oldest release whose YOLOE trains here; that of 8.3.119 stops in Ultralytics' own code, without us too.
YOLOE_SINCE = "8.4.3"


@pytest.fixture(autouse=True)
def encoder(monkeypatch, request):
    """Stands in for the text encoders."""
    if "yoloe" in request.node.name.lower() and not check_version(ultralytics.__version__, f">={YOLOE_SINCE}"):
        pytest.skip(f"YOLOE trains from Ultralytics {YOLOE_SINCE} on")
    clip = ModuleType("clip")
    exec(CLIP, vars(clip))  # which older releases import
    monkeypatch.setitem(sys.modules, "clip", clip)
    monkeypatch.setitem(
        sys.modules,
        "ultralytics.nn.text_model",
        SimpleNamespace(build_text_model=load_script("train_families").Encoder),
    )


@pytest.fixture
def segments(tmp_path):
    """The YAML of four images with polygons."""
    folder = SHARED_DATA / "coco8-seg"
    if not folder.is_dir():
        pytest.skip("needs shared/data/coco8-seg beside the checkout")
    content = yaml.safe_load(next(folder.glob("*.yaml")).read_text())
    path = tmp_path / "segments.yaml"
    path.write_text(yaml.safe_dump({**content, "path": str(folder)}))
    return str(path)


def arguments(data, folder, name):
    return {**SHORT, "batch": 4, "data": data, "project": str(folder), "name": name}


def train(folder, kind, model, data, name="run", **own):
    made = MODELS[kind](model)
    made.train(**arguments(data, folder, name), **own)
    return made.trainer


@pytest.mark.slow
@pytest.mark.parametrize(("kind", "model", "swapped"), FAMILIES)
def test_a_family_trains_with_the_loss(kind, model, swapped, tmp_path, data, segments, capsys):
    made = train(tmp_path, kind, model, segments if "-seg" in model else data, loss="eiou")
    assert f"Box loss: eiou, criteria swapped: {swapped}, rank -1" in capsys.readouterr().out
    assert type(made) is getattr(trainers, type(made).__name__)
    rows = results(made.save_dir)
    assert len(rows) == 1 and all(float(rows[0][f"{part}/box_loss"]) > 0 for part in ("train", "val"))


@pytest.mark.slow
@pytest.mark.parametrize(("kind", "model"), [("YOLOWorld", "yolov8n-worldv2.yaml"), ("YOLOE", "yoloe-v8n.yaml")])
def test_a_family_trains_as_stock_does_without_a_loss(kind, model, tmp_path, data):
    getattr(ultralytics, kind)(model).train(**arguments(data, tmp_path, "stock"))
    for name, own in (("ours", {}), ("named", {"loss": "stock"})):
        train(tmp_path, kind, model, data, name, **own)
        assert results(tmp_path / name) == results(tmp_path / "stock")


@pytest.mark.slow
def test_a_linear_probe_of_yoloe_takes_a_trainer_of_ultralytics_as_given_there(tmp_path, segments, capsys):
    weights = train(tmp_path, "YOLOE", "yoloe-v8n-seg.yaml", segments, "first").last
    model = MODELS["YOLOE"](str(weights))
    given = {**arguments(segments, tmp_path, "probe"), "loss": "focal_eiou"}
    model.train(trainer=yolo.yoloe.YOLOEPESegTrainer, **given)
    assert type(model.trainer) is trainers.YOLOEPESegTrainer
    assert "Box loss: focal_eiou (gamma=0.5, norm=paper, detach=true), criteria" in capsys.readouterr().out


@pytest.mark.slow
@pytest.mark.parametrize("loss", ["stock", "eiou"])
@pytest.mark.parametrize(
    ("kind", "model", "trainer"),
    [
        ("YOLOWorld", "yolov8n-worldv2.yaml", trainers.WorldTrainerFromScratch.__bases__[1]),
        ("YOLOE", "yoloe-v8n-seg.yaml", yolo.yoloe.YOLOESegTrainerFromScratch),
    ],
)
def test_training_from_scratch_takes_several_data_sets(kind, model, trainer, loss, tmp_path, data, segments, capsys):
    """In the form of Ultralytics': a dict of data sets for each split. Without a loss of ours too."""
    own = data if kind == "YOLOWorld" else segments  # YOLOE's own trainer fails on other than 80 classes
    given = {**arguments({split: {"yolo_data": [own]} for split in ("train", "val")}, tmp_path, "run"), "loss": loss}
    made = MODELS[kind](model)
    made.train(trainer=trainer, **given)
    assert type(made.trainer) is getattr(trainers, trainer.__name__) and len(results(made.trainer.save_dir)) == 1
    assert ("criteria swapped: 1 of the model, 1 of the EMA" in capsys.readouterr().out) is (loss != "stock")


@pytest.mark.slow
@pytest.mark.parametrize("trainer", ["YOLOEPETrainer", "YOLOEPEFreeTrainer"])
def test_probes_of_a_detection_model_train(trainer, tmp_path, data, capsys):
    weights = train(tmp_path, "YOLOE", "yoloe-v8n.yaml", data, "first").last
    model, given = MODELS["YOLOE"](str(weights)), {**arguments(data, tmp_path, "probe"), "loss": "eiou"}
    if trainer == "YOLOEPEFreeTrainer":
        given["data"] = {split: {"yolo_data": [data]} for split in ("train", "val")}
    model.train(trainer=getattr(yolo.yoloe, trainer), **given)
    assert type(model.trainer).__name__ == trainer
    assert "criteria swapped: 1 of the model, 1 of the EMA" in capsys.readouterr().out


def cut_off(trainer):
    if trainer.epoch == 1:
        raise KeyboardInterrupt


@pytest.mark.slow
@pytest.mark.parametrize(("kind", "model"), [("YOLOWorld", "yolov8n-worldv2.yaml"), ("YOLOE", "yoloe-v8n-seg.yaml")])
def test_a_killed_run_resumes_to_the_last_bit(kind, model, tmp_path, data, segments, release):
    """By `YOLO` too: it is told from the weights what they are, since a file `last.pt` doesn't tell it."""
    release(EXACT_SINCE)
    own = {
        **arguments(segments if "-seg" in model else data, tmp_path, "whole"),
        "epochs": 3,
        "batch": 2,
        "loss": "wiou",
    }
    whole, cut = MODELS[kind](model), MODELS[kind](model)
    whole.train(**own)
    cut.add_callback("on_train_batch_end", cut_off)
    with pytest.raises(KeyboardInterrupt):
        cut.train(**{**own, "name": "run"})
    resumed = YOLO(str(tmp_path / "run" / "weights" / "last.pt"))
    resumed.train(resume=True)
    assert type(resumed.trainer) is type(whole.trainer) and same(resumed.trainer, whole.trainer)
    assert results(tmp_path / "run") == results(tmp_path / "whole")


def by_stocks(trainer):
    trainer.model.criterion.bbox_loss = BboxLoss(16)


def drop_the_emas(trainer):
    trainer.ema.ema.criterion = None


@pytest.mark.slow
@pytest.mark.parametrize(("event", "act"), [("on_train_batch_start", by_stocks), ("on_train_epoch_end", drop_the_emas)])
@pytest.mark.parametrize(("kind", "model"), [("YOLOWorld", "yolov8n-worldv2.yaml"), ("YOLOE", "yoloe-v8n-seg.yaml")])
def test_a_loss_that_is_lost_ends_the_training(kind, model, event, act, tmp_path, data, segments):
    made = MODELS[kind](model)
    made.add_callback(event, act)
    with pytest.raises(LossNotAppliedError, match="raining stops here"):
        made.train(**arguments(segments if "-seg" in model else data, tmp_path, "run"), loss="eiou")
    assert not list(tmp_path.glob("run/weights/*")) and not (tmp_path / "run" / "results.csv").exists()


@pytest.mark.slow
@pytest.mark.parametrize(("kind", "model"), [("YOLOWorld", "yolov8n-worldv2.yaml"), ("YOLOE", "yoloe-v8n-seg.yaml")])
def test_a_checkpoint_holds_nothing_of_ours(kind, model, tmp_path, data, segments):
    """No class of this package in it, by the names that its pickle asks for."""
    weights = train(tmp_path, kind, model, segments if "-seg" in model else data, loss="wiou").best
    with zipfile.ZipFile(weights) as archive:
        (pickled,) = (archive.read(name) for name in archive.namelist() if name.endswith("data.pkl"))
    names = ("GLOBAL", "SHORT_BINUNICODE", "BINUNICODE")
    asked = [str(text) for code, text, _ in pickletools.genops(pickled) if code.name in names]
    assert any(text.startswith("ultralytics.") for text in asked)
    assert not any(text.startswith("yolo_feiou.") for text in asked)


@pytest.mark.slow
def test_two_ranks_of_yolo_world_end_with_equal_weights(tmp_path, data, release):
    release(RANKS_SINCE)
    (tmp_path / "clip.py").write_text(CLIP)
    (tmp_path / "script.py").write_text(SCRIPT.replace('"yolov8n.yaml"', '"yolov8n-worldv2.yaml"'))
    told = {**arguments(data, tmp_path / "runs", "run"), "loss": "wiou"}
    done = run_ranks(tmp_path, "script.py", json.dumps(told))
    assert done.returncode == 0, done.stderr[-2000:]
    (_, size, weights, folder), (_, _, others, _) = reports(done.stdout)
    assert size == "2" and weights == others and len(results(folder)) == 1
    assert sorted(re.findall(r"Box loss: wiou .* 1 of the EMA, rank (\d)", done.stdout)) == ["0", "1"]


@pytest.mark.parametrize("name", ["YOLOEVPTrainer", "YOLOESegVPTrainer"])
def test_visual_prompts_are_refused_with_their_reason(name, tmp_path):
    trainer = getattr(yolo.yoloe, name)
    model = MODELS["YOLOE"]("yoloe-v8n-seg.yaml" if "Seg" in name else "yoloe-v8n.yaml")
    given = {"data": "coco8.yaml", "project": str(tmp_path)}
    with pytest.raises(UnsupportedModelError, match=f"loss= does nothing with {name}: with visual prompts"):
        model.train(trainer=trainer, loss="eiou", **given)
    assert not any(tmp_path.iterdir())
    assert model._prepare({**given, "loss": "stock", "box_stats": False}, trainer) == given  # it trains as stock's own


def test_a_users_trainer_is_told_from_which_of_ours_to_derive(tmp_path):
    class Mine(yolo.yoloe.YOLOESegTrainer):
        pass

    with pytest.raises(ArgumentError, match=r"derive it from yolo_feiou\.yolo\.trainers\.YOLOESegTrainer"):
        MODELS["YOLOE"]("yoloe-v8n-seg.yaml").train(Mine, loss="eiou", data="coco8-seg.yaml", project=str(tmp_path))


@pytest.mark.slow
def test_yolo_world_is_compared_like_yolo(tmp_path, data):
    """From the command, in processes of its own, whose text encoder is a package `clip` of ours."""
    (tmp_path / "clip.py").write_text(CLIP)
    words = ["ablate", "model=yolov8n-worldv2.yaml", "losses=stock,eiou", "seeds=0", f"data={data}", "out=study"]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join([str(tmp_path), os.environ["PYTHONPATH"]])}
    line = [
        sys.executable,
        "-m",
        "yolo_feiou",
        *words,
        *(word for word in short(batch=4) if not word.startswith("seed=")),
    ]
    done = subprocess.run(line, cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=300, check=False)
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-2000:]
    rows = read_csv(tmp_path / "study" / "results.csv")
    assert sorted(row["loss"] for row in rows) == ["eiou", "stock"] and all(row["AP"] is not None for row in rows)
