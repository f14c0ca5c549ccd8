"""Losses of a user's own train, from the copy that a run keeps: told before what is wrong, and in whatever process."""

import json
import re
import signal
import subprocess
import sys

import pytest
import torch
import yaml

from tests.runs import SHORT, overrides, results, short
from tests.test_resume import KILLED
from tests.yolo.test_distributed import run_ranks
from yolo_feiou import YOLO, DetectionTrainer, build_loss
from yolo_feiou.errors import ArgumentError, DataError, LossSpecError
from yolo_feiou.losses.user import registry
from yolo_feiou.losses.user.load import load_function
from yolo_feiou.losses.user.sources import SOURCES
from yolo_feiou.results.run_record import get_mark, read_run_record
from yolo_feiou.yolo import user_losses
from yolo_feiou.yolo.distributed import RANKS_SINCE
from yolo_feiou.yolo.resume_state import EXACT_SINCE
from yolo_feiou.yolo.user_losses import check_user_losses, refuse_unkept

LOSS = """
import torch
import own_parts


def f(pred, target, scale=1.0):
    return scale * own_parts.distance(pred, target) / 4


def wrong_shape(pred, target):
    return (pred - target).abs().mean()


def detached(pred, target):
    return (pred.detach() - target).abs().sum(1)


def infinite(pred, target):
    return (pred - target).abs().sum(1) / (target[:, 2] - target[:, 0])


def in_place(pred, target):
    target -= 1
    return (pred - target).abs().sum(1)


def fails(pred, target):
    return pred.nothing


def of_pair(pair):
    return 1 - pair.iou
"""
PARTS = "def distance(pred, target):\n    return (pred - target).abs().sum(1)\n"


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """The current folder, with the loss and its neighbour."""
    (tmp_path / "own_loss.py").write_text(LOSS)
    (tmp_path / "own_parts.py").write_text(PARTS)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(registry, "_registered", {})
    yield tmp_path
    sys.modules.pop("own_parts", None)


def kept(run):
    """What a run keeps of its losses, by their names."""
    return json.loads((run / "loss" / SOURCES).read_text())


def killed(folder, **arguments):
    """Train until the second epoch is under way, and kill that."""
    told = json.dumps({**SHORT, "project": str(folder), "name": "run", **arguments})
    done = subprocess.run([sys.executable, "-c", KILLED, told], cwd=folder, capture_output=True, check=False)
    assert done.returncode == -signal.SIGKILL, done.stderr
    return folder / "run" / "weights" / "last.pt"


def test_the_quick_checks_say_a_line_each(folder):
    lines = check_user_losses(build_loss("own_loss.py:f:scale=2+ciou+own_loss.py:of_pair"))
    assert [line.partition(" ")[0] for line in lines] == ["own_loss.py:f:"] * 5 + ["own_loss.py:of_pair:"] * 5
    assert lines[1] == "own_loss.py:f: ok    shape: one float a pair, attached, for N = 5, 1 and 0"
    assert check_user_losses(build_loss("ciou")) == check_user_losses(None) == []


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("wrong_shape", r"not one value a pair, for N = 5: got a scalar, expected shape \(5,\)"),
        ("detached", "no gradient, for N = 5: got float32, without a graph"),
        ("infinite", "the value for a target without width is not finite"),
        ("in_place", "it changes the target in place"),
        ("fails", "it raises an error: got AttributeError"),
    ],
)
def test_a_fault_is_told_before_training(folder, data, name, message):
    spec = f"own_loss.py:{name}"
    with pytest.raises(ArgumentError, match=rf"loss {spec}: {message}.*Fix: .*check=false trains without this check"):
        DetectionTrainer(overrides=overrides(data, folder / "runs", loss=spec))
    assert not any((folder / "runs").glob("*")), "no empty run is left"
    DetectionTrainer(overrides=overrides(data, folder / "runs", loss=spec, check=False))


def test_the_command_tells_it_too(folder, command, data):
    done = command("train", "model=yolov8n.yaml", f"data={data}", "loss=own_loss.py:wrong_shape")
    assert done.returncode == 2 and done.stderr.startswith("error: loss own_loss.py:wrong_shape: not one value a pair")
    assert len(done.stderr.splitlines()) == 1
    wrong = command("train", "model=yolov8n.yaml", f"data={data}", "loss=own_loss.py:f", "check=maybe")
    assert wrong.returncode == 2 and "got check='maybe': expected True or False" in wrong.stderr
    other = command("val", "model=yolov8n.yaml", "check=false")
    assert other.returncode == 2 and "check= is for 'yolo train'" in other.stderr


def test_what_the_copy_lacks_is_told_in_a_line(folder, data):
    """Here a file beside the loss that is no module."""
    (folder / "own_loss.py").write_text(
        "from pathlib import Path\nK = float(Path(__file__).with_name('k.txt').read_text())\n" + LOSS
    )
    (folder / "k.txt").write_text("2")
    message = r"loss own_loss.py:f can't be loaded from the copy that its run keeps: can't import own_loss.py, line 2"
    with pytest.raises(ArgumentError, match=message):
        DetectionTrainer(overrides=overrides(data, folder / "runs", loss="own_loss.py:f"))


def test_a_function_without_source_trains_in_one_process_alone(folder, data, monkeypatch):
    def make(**more):
        return DetectionTrainer(overrides=overrides(data, folder / "runs", loss=lambda pair: 1 - pair.iou, **more))

    trainer = make()
    assert trainer.own["loss"] == "user_lambda" and kept(trainer.save_dir) == {"user_lambda": {}}
    monkeypatch.setattr(DetectionTrainer, "world_size", 2, raising=False)
    with pytest.raises(ArgumentError, match="the source of lambda can't be had, and several processes must load it"):
        refuse_unkept(trainer.own["loss"], "several processes")
    with pytest.raises(ArgumentError, match="and the trials of a tuner must load it"):
        YOLO("yolov8n.yaml").tune(loss=lambda pair: 1 - pair.iou, data=data)
    refuse_unkept("stock", "nothing")
    refuse_unkept(None, "nothing")
    refuse_unkept("own_loss.py:f+eiou", "several processes")


def test_a_function_of_a_module_is_named_by_its_file(folder, data):
    function = load_function("own_loss.py:f")
    trainer = DetectionTrainer(overrides=overrides(data, folder / "runs", loss=function))
    assert trainer.own["loss"] == f"{folder / 'own_loss.py'}:f"
    (entry,) = kept(trainer.save_dir).values()
    assert (entry["module"], entry["function"]) == ("own_loss", "f")
    names = {path.name for path in (trainer.save_dir / "loss" / entry["folder"]).iterdir()}
    assert names == {"own_loss.py", "own_parts.py"}


@pytest.mark.slow
def test_it_trains_and_is_recorded(folder, train):
    trainer = train(loss="own_loss.py:f:scale=1.0+ciou:weight=0.5")
    spec, run = "own_loss.py:f+ciou:weight=0.5", trainer.save_dir
    record = read_run_record(run)
    assert (record.loss, record.loss_file["file"]) == (spec, "own_loss.py")
    assert record.loss_file["sha256"] == kept(run)["own_loss.py:f"]["sha256"]
    assert record.contents["loss"] == record.loss_file["sha256"][:10]
    assert yaml.safe_load((run / "args.yaml").read_text())["loss"] == "own_loss.py:f:scale=1.0+ciou:weight=0.5"
    assert get_mark(torch.load(run / "weights" / "best.pt", weights_only=False)["model"])["loss"] == spec


@pytest.mark.slow
def test_it_trains_as_the_loss_of_the_table_that_it_is(folder, train):
    own = train(loss="own_loss.py:of_pair", epochs=2).save_dir
    assert results(own) == results(train(loss="iou", epochs=2).save_dir)


@pytest.mark.slow
def test_a_killed_run_goes_on_with_its_copy(folder, command, data, release):
    release(EXACT_SINCE)
    whole = killed(folder, epochs=2, data=data, loss="own_loss.py:f:scale=0.5").parents[1]
    last = whole / "weights" / "last.pt"
    (folder / "own_parts.py").write_text(PARTS.replace("sum", "mean"))
    changed = command("train", "resume", f"model={last}", "loss=own_loss.py:f:scale=0.5")
    assert changed.returncode == 2 and len(changed.stderr.splitlines()) == 1
    assert "loss=own_loss.py:f:scale=0.5 holds other code than when this run began" in changed.stderr
    (folder / "own_parts.py").write_text(PARTS)
    other = command("train", "resume", f"model={last}", "loss=own_loss.py:f:scale=1")
    assert other.returncode == 2 and "resuming can't change it to loss=own_loss.py:f:scale=1" in other.stderr
    for name in ("own_loss.py", "own_parts.py"):
        (folder / name).unlink()
    done = command("train", "resume", f"model={last}")
    assert done.returncode == 0, done.stderr[-2000:]
    (folder / "own_loss.py").write_text(LOSS)
    (folder / "own_parts.py").write_text(PARTS)
    words = short(data=data, epochs=2, project=folder, name="whole", loss="own_loss.py:f:scale=0.5")
    assert command("train", "model=yolov8n.yaml", *words).returncode == 0
    assert results(whole) == results(folder / "whole")


@pytest.mark.slow
def test_a_resumed_run_needs_the_copy_that_it_began_with(folder, data):
    last = killed(folder, epochs=2, data=data, loss="own_loss.py:f")
    (copied,) = last.parents[1].glob("loss/*/own_parts.py")
    copied.write_text(PARTS.replace("sum", "mean"))
    with pytest.raises(DataError, match="isn't what the run began with"):
        YOLO(last).train(resume=True)
    (last.parents[1] / "loss" / SOURCES).unlink()
    with pytest.raises(DataError, match="is gone, the copy of the loss that this run began with"):
        YOLO(last).train(resume=True)


@pytest.mark.slow
def test_a_resumed_run_asks_for_a_function_without_source(folder, data):
    script = KILLED.replace("**json.loads(sys.argv[1])", "**json.loads(sys.argv[1]), loss=lambda pair: 1 - pair.iou")
    told = json.dumps({**SHORT, "epochs": 2, "data": data, "project": str(folder), "name": "run"})
    assert subprocess.run([sys.executable, "-c", script, told], check=False).returncode == -signal.SIGKILL
    last = folder / "run" / "weights" / "last.pt"
    with pytest.raises(LossSpecError, match=r"give it again, as in train\(loss=lambda\)"):
        YOLO(last).train(resume=True)
    YOLO(last).train(resume=True, loss=lambda pair: 1 - pair.iou)
    assert len(results(folder / "run")) == 2


@pytest.mark.slow
def test_two_ranks_of_torchrun_train_with_the_copy(folder, data, release):
    release(RANKS_SINCE)
    words = short(data=data, project=folder, name="ranks", loss="own_loss.py:f:scale=2")
    done = run_ranks(folder, "-m", "yolo_feiou", "train", "model=yolov8n.yaml", *words)
    assert done.returncode == 0, done.stderr[-2000:]
    assert sorted(re.findall(r"Box loss: own_loss.py:f \(scale=2\), .* rank (\d)", done.stdout)) == ["0", "1"]
    assert kept(folder / "ranks").keys() == {"own_loss.py:f"} and read_run_record(folder / "ranks").processes == 2


@pytest.mark.slow
def test_ranks_of_ultralytics_launcher_train_with_the_copy(folder, data, release):
    """Which lies in the run's folder when they are started, and not where the file is."""
    release(RANKS_SINCE)
    from ultralytics.utils.dist import ddp_cleanup, generate_ddp_file

    from yolo_feiou.results.run_record import tell_workers

    trainer = DetectionTrainer(overrides=overrides(data, folder, loss="own_loss.py:f"))
    file = generate_ddp_file(trainer)
    (folder / "own_loss.py").unlink()
    try:
        with tell_workers(trainer.asked):
            done = run_ranks(folder, file)
    finally:
        ddp_cleanup(trainer, file)
    assert done.returncode == 0, done.stderr[-2000:]
    assert sorted(re.findall(r"Box loss: own_loss.py:f .*, rank (\d)", done.stdout)) == ["0", "1"]


def test_the_checks_try_the_device_of_the_training(folder):
    """A `meta` tensor stands for one on a GPU: it can't be mixed with one on the CPU either."""
    (folder / "mixed.py").write_text(
        "import torch\n\ndef f(pred, target):\n    if pred.device.type == 'meta':\n"
        "        raise RuntimeError('Expected all tensors to be on the same device')\n"
        "    return (pred - target).abs().sum(1)\n"
    )
    meta = torch.device("meta")
    with pytest.raises(
        ArgumentError, match=r"loss mixed.py:f fails on meta: Expected all tensors .*device=pred.device"
    ):
        check_user_losses(build_loss("mixed.py:f"), meta)
    assert check_user_losses(build_loss("own_loss.py:f"), meta)[-1] == "own_loss.py:f: ok    device: it runs on meta"
    assert user_losses.check_user_losses(build_loss("iou"), meta) == []
