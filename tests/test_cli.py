"""The command: stock's, with `loss=`; a mistake is one clear line."""

import re
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

import pytest
import yaml
from ultralytics.cfg import MODES
from ultralytics.utils import __version__

from tests.runs import results, short
from yolo_feiou import cli


@pytest.mark.slow
def test_a_training_with_a_loss_says_so_and_its_weights_validate(command, data, tmp_path):
    trained = command(
        "train", "model=yolov8n.yaml", "loss=focal_eiou:gamma=0.5,norm=tal", *short(data=data, project=tmp_path)
    )
    assert trained.returncode == 0, trained.stderr
    page = (Path(__file__).parents[1] / "docs" / "getting-started.md").read_text(encoding="utf-8")
    (line,) = re.findall(r"^Box loss: .*$", page, re.MULTILINE)
    assert line.replace("norm=paper", "norm=tal") in trained.stdout.splitlines()
    assert len(results(tmp_path / "train")) == 1
    weights = tmp_path / "train" / "weights" / "best.pt"
    assert (
        command("val", f"model={weights}", f"data={data}", "imgsz=64", "device=cpu", f"project={tmp_path}").returncode
        == 0
    )
    assert (tmp_path / "val").is_dir()


@pytest.mark.slow
@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["loss=focal_eoiu"], "unknown loss 'focal_eoiu': did you mean 'focal_eiou'?"),
        (["loss="], "can't read loss ''"),
        (["loss=eiou", "data=nope.yaml"], "data=nope.yaml: there is no such file"),
        (["loss=eiou", "task=obb", "model=yolov8n-obb.yaml"], "of axis-aligned boxes, and this model has rotated"),
    ],
)
def test_a_mistake_is_one_line_and_leaves_nothing(command, tmp_path, words, message):
    model = [] if any("model=" in word for word in words) else ["model=yolov8n.yaml"]
    done = command("train", *model, *words, f"project={tmp_path / 'runs'}")
    assert done.returncode == 2
    assert "Traceback" not in done.stderr + done.stdout
    errors = [line for line in done.stderr.splitlines() if line.startswith("error:")]
    assert len(errors) == 1
    assert message in errors[0]
    assert not any(tmp_path.iterdir())


def run(monkeypatch, *words):
    """Run the command in this process, on the list that Ultralytics holds of its arguments."""
    from ultralytics import cfg

    monkeypatch.setattr(sys, "argv", ["yolo", *words])
    monkeypatch.setattr(cfg, "ARGV", sys.argv)
    cli.main()


def test_an_unknown_argument_is_one_line(monkeypatch, capsys):
    with pytest.raises(SystemExit) as stop:
        run(monkeypatch, "train", "los=eiou")
    assert stop.value.code == 2
    assert capsys.readouterr().err == (
        "error: unknown argument los=: did you mean 'loss'? 'yolo train --help' lists those of a training.\n"
    )


@pytest.mark.slow
@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["train", "model=yolov8n.yaml", "epochs=x"], "error: 'epochs=x' is of invalid type str."),
        (["predict", "model=torn.pt", "source=x"], "torn.pt is not a loadable checkpoint"),
        (["train", "model=torn", "loss=eiou"], "error: model='torn' should be a *.pt PyTorch model"),
    ],
)
def test_a_mistake_that_ultralytics_tells_is_one_line(command, tmp_path, words, message):
    for name in ("torn.pt", "torn"):
        (tmp_path / name).write_bytes(b"torn")
    done = command(*words)
    assert done.returncode == 2 and "Traceback" not in done.stderr
    (line,) = [line for line in done.stderr.splitlines() if line.startswith("error: ")]
    assert message in line


@pytest.mark.parametrize("words", [["{}", "--help"], ["{}", "-h"], ["{}", "help"], ["help", "{}"]])
@pytest.mark.parametrize("verb", [*cli.VERBS, *MODES])
def test_each_verb_has_help_however_it_is_asked_for(monkeypatch, capsys, verb, words):
    with suppress(SystemExit):
        run(monkeypatch, *(word.format(verb) for word in words))
    out, err = capsys.readouterr()
    assert out.startswith(f"yolo {verb} ") and not err
    assert len(out.splitlines()) > 2


def test_the_help_of_a_training_begins_with_the_loss(monkeypatch, capsys):
    for words in (["train", "--help"], ["detect", "train", "-h"]):
        run(monkeypatch, *words)
        first = list_first_words(capsys.readouterr().out)
        assert first[0] == "loss" and "encode" not in first


def test_the_help_of_a_training_of_a_detector_beside_yolo_begins_with_the_loss(monkeypatch, capsys):
    """Its other arguments are not Ultralytics'."""
    pytest.importorskip("pytorch_lightning")
    run(monkeypatch, "train", "model=retinanet.yaml", "--help")
    first = list_first_words(capsys.readouterr().out)
    assert first[0] == "loss" and "encode" in first


def list_first_words(text):
    """The names of the arguments in a help, in their order."""
    return [line.split("=")[0].strip() for line in text.splitlines() if line.startswith("  ")]


@pytest.mark.parametrize(("mode", "first"), [("val", "source"), ("predict", "data")])
def test_the_modes_of_detectors_beside_yolo_have_help_of_their_own(monkeypatch, capsys, mode, first):
    """What one of the two takes, the other doesn't."""
    pytest.importorskip("pytorch_lightning")
    run(monkeypatch, mode, "model=retinanet.yaml", "--help")
    out = capsys.readouterr().out
    assert out.startswith(f"yolo {mode} model=") and "\n    model=" in out and f"\n    {first}=" not in out


@pytest.mark.parametrize("word", ["loss", "trian", "ablat", "reprot"])
def test_a_near_miss_is_one_line(monkeypatch, capsys, caplog, word):
    near = {"loss": "losses", "trian": "train", "ablat": "ablate", "reprot": "report"}[word]
    with pytest.raises(SystemExit) as stop:
        run(monkeypatch, word)
    assert stop.value.code == 2
    assert capsys.readouterr() == (
        "",
        f"error: unknown word '{word}': did you mean '{near}'? 'yolo help' lists what there is.\n",
    )
    assert not caplog.records


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["train", "loss=eiou", "gain=matched"], "gain= is for 'yolo ablate': leave it out of 'yolo train'."),
        (["train", "losses=eiou,ciou"], "losses= is for 'yolo ablate': leave it out of 'yolo train'."),
        (["obb", "mode=train", "--preflight=False"], "preflight= is for 'yolo ablate'"),
        (["train", "model=retinanet.yaml", "jobs=2"], "jobs= is for 'yolo ablate'"),
        (["ablate", "data=shapes.yaml", "baseline=ciou"], "baseline= is for 'yolo report': leave it out of"),
    ],
)
def test_an_argument_of_another_verb_is_told_with_its_verb(monkeypatch, capsys, words, message):
    with pytest.raises(SystemExit) as stop:
        run(monkeypatch, *words)
    assert stop.value.code == 2 and message in capsys.readouterr().err


def test_version_is_stocks(monkeypatch, caplog):
    run(monkeypatch, "version")
    assert __version__ in caplog.text


@pytest.mark.parametrize("word", ["check", "Check", "checks"])
def test_check_without_arguments_is_stocks_name_for_its_checks(monkeypatch, caplog, word):
    run(monkeypatch, word)
    assert "Ultralytics" in caplog.text and "Python" in caplog.text


def test_check_with_arguments_is_ours(monkeypatch, capsys):
    with pytest.raises(SystemExit) as stop:
        run(monkeypatch, "check", "eiou")
    assert stop.value.code == 0
    assert "eiou" in capsys.readouterr().out


@pytest.mark.parametrize("words", [["losses"], ["recipes"], ["recipes", "focal_eiou"], ["check", "eiou"]])
def test_what_only_prints_writes_nothing(monkeypatch, tmp_path, words):
    monkeypatch.chdir(tmp_path)
    with suppress(SystemExit):
        run(monkeypatch, *words)
    assert not any(tmp_path.iterdir())


def test_help_adds_ours_to_stocks(monkeypatch, caplog, capsys):
    run(monkeypatch, "help")
    assert "yolo TASK MODE ARGS" in caplog.text
    assert "yolo losses" in capsys.readouterr().out


def test_cfg_command_prints_stocks_defaults(monkeypatch, caplog):
    run(monkeypatch, "cfg")
    assert "epochs" in caplog.text
    assert "loss:" not in [line.strip() for line in caplog.text.splitlines()]


USERS = """
import sys
import ultralytics.utils.callbacks.base as base
from yolo_feiou.cli import main

def mine(trainer):
    {code}

base.default_callbacks["on_train_start"].append(mine)
main()
"""


@pytest.mark.slow
@pytest.mark.parametrize(
    ("code", "kept"),
    [
        ("open('nope.txt')", "file"),
        ("raise ConnectionError('no server')", "string"),
        ("raise SyntaxError('not this way')", "file"),
        ("from yolo_feiou import build_loss; build_loss('nope')", "string"),
    ],
)
def test_an_error_in_a_users_callback_shows_where_it_was(data, tmp_path, code, kept):
    script = tmp_path / "mine.py"
    script.write_text(USERS.format(code=code))
    line = [sys.executable, str(script)] if kept == "file" else [sys.executable, "-c", script.read_text()]
    words = ["train", "model=yolov8n.yaml", "loss=eiou", *short(data=data, project=tmp_path)]
    done = subprocess.run([*line, *words], cwd=tmp_path, capture_output=True, text=True, timeout=300, check=False)
    assert done.returncode == 1
    assert "Traceback" in done.stderr and "in mine" in done.stderr


@pytest.mark.slow
def test_the_command_trains_with_the_loss_of_a_recipe(command, data, tmp_path):
    (tmp_path / "mine.yaml").write_text("loss: eiou\nepochs: 1\nimgsz: 64\n")
    done = command("train", "cfg=mine.yaml", "model=yolov8n.yaml", *short(data=data, project=tmp_path))
    assert done.returncode == 0, done.stderr
    assert yaml.safe_load((tmp_path / "train" / "args.yaml").read_text())["loss"] == "eiou"


@pytest.mark.parametrize(
    "words",
    [
        *(["train", "resume", "model=last.pt"], ["train", "resume=True", "model=runs/x/weights/last.pt"]),
        *(["train", "resume=runs/x/weights/last.pt"], ["train", "model=runs/x/best.pt", "loss=eiou"]),
        *(["val", "model=runs/x/best.pt"], ["predict", "model=runs/x/best.pt,"], ["model=runs/x/best.pt"]),
    ],
)
def test_weights_that_are_not_there_are_named_before_ultralytics_looks_for_any(words, monkeypatch, tmp_path, capsys):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("ultralytics.cfg.entrypoint", lambda: pytest.fail("Ultralytics' turn"))
    with pytest.raises(SystemExit) as stop:
        run(monkeypatch, *words)
    assert stop.value.code == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith(
        f"error: {words[-1].removesuffix(',') if '=eiou' not in words[-1] else words[1]}: there is no"
    )
