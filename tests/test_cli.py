"""The command: stock's, with `loss=`; a mistake is one clear line."""

import re
import subprocess
import sys
from pathlib import Path

import pytest
import ultralytics
import yaml
from ultralytics.utils import DEFAULT_CFG_DICT, __version__

from tests.runs import results, short
from yolo_feiou import cli
from yolo_feiou.errors import ArgumentError, LossSpecError, UnsupportedModelError
from yolo_feiou.yolo.configs import CFG_DIR


@pytest.mark.slow
def test_train_with_a_loss_then_validate(command, data, tmp_path):
    trained = command(
        "train", "model=yolov8n.yaml", "loss=focal_eiou:gamma=0.5,norm=tal", *short(data=data, project=tmp_path)
    )
    assert trained.returncode == 0, trained.stderr
    (line,) = re.findall(r"^Box loss: .*$", (Path(__file__).parents[1] / "README.md").read_text(), re.MULTILINE)
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
        (["loss=eiou", "task=obb", "model=yolov8n-obb.yaml"], "without an axis-aligned BboxLoss"),
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


@pytest.mark.parametrize(
    ("words", "error", "message"),
    [
        (["val", "loss=eiou"], ArgumentError, "mode 'val' has no training loss"),
        (["mode=export", "loss=eiou"], ArgumentError, "mode 'export'"),
        (["train", "loss=focal_l1:beta=2"], LossSpecError, "beta=2 is not a number from 0.3679 to 1"),
        (["train", "--loss=focal_eiou:gamma=abc"], LossSpecError, "gamma=abc"),
        (["loss=,"], LossSpecError, "can't read loss ''"),
        (["train", "loss=eiou", "model=FastSAM-s.pt"], UnsupportedModelError, r"with FastSAM \(FastSAM-s.pt\)"),
        (["train", "loss=eiou", "model=sam2_b.pt"], UnsupportedModelError, "does not work with SAM"),
        (["train", "loss=eiou", "model=yolo_nas_s.pt"], UnsupportedModelError, "does not work with NAS"),
        (["--mode=val", "loss=eiou"], ArgumentError, "mode 'val' has no training loss"),
        (["train", "loss=focal_eiou:gamma=1", "norm=tal"], ArgumentError, "norm= stands apart from loss="),
        (["train", "cfg=focal_eiuo.yaml"], ArgumentError, "did you mean 'focal_eiou.yaml'"),
        (["val", "cfg=focal_eiou.yaml"], ArgumentError, "has a line loss:, and mode 'val' no training loss"),
        (["train", "loss=Stock"], LossSpecError, "did you mean 'stock'"),
        (["val", "box_stats=True"], ArgumentError, "box_stats= is for 'yolo train', mode 'val'"),
        (["train", "loss=eiou", "box_stats=maybe"], ArgumentError, "got box_stats='maybe': expected True or False"),
        (["train", "box_stats=True,"], ArgumentError, "got loss=stock: add loss=ciou"),
    ],
)
def test_loss_is_checked_before_anything_runs(words, error, message):
    with pytest.raises(error, match=message):
        cli.trains(words)


@pytest.mark.parametrize(
    ("words", "training"),
    [
        (["train", "model=yolov8n.yaml"], True),
        (["detect", "train", "loss=stock"], True),
        (["train", "cfg=None"], True),  # so Ultralytics' tuner starts its trials
        (["model=yolov8n.yaml", "data=coco8.yaml"], True),  # Ultralytics' default mode
        (["train", "val", "model=best.pt"], False),  # the last one counts
        (["train", "loss=eiou", "box_stats=true"], True),
        (["train", "loss=None"], True),  # as Ultralytics reads any argument's None
        (["train", "loss=none,", "cfg=focal_eiou.yaml"], True),
        (["train", "model=FastSAM-s.pt"], True),  # Ultralytics' own error
        (["train", "resume", f"model={__file__}", "box_stats=True"], True),  # its loss is in the checkpoint
        (["val", "model=best.pt"], False),
        (["predict"], False),
        (["version"], False),
        ([], False),
    ],
)
def test_which_commands_train(words, training):
    assert cli.trains(words) is training


@pytest.mark.parametrize(
    ("text", "error", "message"),
    [
        ("loss: eoiu\n", LossSpecError, "did you mean 'eiou'"),
        ("loss: focal_eiou: gamma=0.5\n", ArgumentError, "is not YAML"),
        ("- eiou\n", ArgumentError, "holds list"),
        ("eiou\n", ArgumentError, "holds str"),
        (None, ArgumentError, "there is no such file, nor a recipe of that name"),
    ],
)
def test_a_broken_recipe_is_named(tmp_path, text, error, message):
    recipe = tmp_path / "recipe.yaml"
    if text is not None:
        recipe.write_text(text)
    with pytest.raises(error, match=message):
        cli.trains(["train", f"cfg={recipe}"])


@pytest.mark.parametrize("content", [b"", b"# nothing yet\n", b"# gr\xfc\xdfe, in Latin-1\nloss: eiou\n", b"loss:\n"])
def test_a_recipe_that_ultralytics_reads_is_read(tmp_path, content):
    (tmp_path / "recipe.yaml").write_bytes(content)
    assert cli.trains(["train", f"cfg={tmp_path / 'recipe.yaml'}"]) is True


def test_a_recipe_of_ultralytics_is_found_as_by_stock():
    assert cli.trains(["predict", "cfg=default.yaml"]) is False
    assert cli.trains(["train", "cfg=default.yaml"]) is True


def test_our_models_stand_in_within_the_block_only():
    stock = ultralytics.YOLO, ultralytics.RTDETR
    with cli.our_models():
        assert ultralytics.YOLO.__module__ == "yolo_feiou.yolo.model"
        assert ultralytics.RTDETR.__module__ == "yolo_feiou.yolo.model"
        assert DEFAULT_CFG_DICT["loss"] == "stock" and DEFAULT_CFG_DICT["box_stats"] is False
    assert stock == (ultralytics.YOLO, ultralytics.RTDETR)
    assert not DEFAULT_CFG_DICT.keys() & {"loss", "box_stats"}


def test_our_files_are_found_by_name_and_the_users_own_go_first(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert cli.locate("data=shapes.yaml") == f"data={CFG_DIR / 'datasets' / 'shapes.yaml'}"
    assert cli.locate("cfg=focal_eiou") == f"cfg={CFG_DIR / 'focal_eiou.yaml'}"
    assert cli.locate("data=coco8.yaml") == "data=coco8.yaml"
    assert cli.locate("epochs=3") == "epochs=3"
    for word in ("--cfg=focal_eiou.yaml", "cfg=focal_eiou.yaml,"):  # as Ultralytics' command takes them
        assert cli.locate(word).endswith(f"cfg={CFG_DIR / 'focal_eiou.yaml'}")
    Path("shapes.yaml").touch()
    assert cli.locate("data=shapes.yaml") == "data=shapes.yaml"


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
    assert "is not a valid YOLO argument. Similar arguments are i.e. ['loss=stock'" in capsys.readouterr().err


def test_version_is_stocks(monkeypatch, caplog):
    run(monkeypatch, "version")
    assert __version__ in caplog.text


@pytest.mark.parametrize("word", ["check", "Check", "checks"])
def test_check_without_words_is_stocks_name_for_its_checks(monkeypatch, caplog, word):
    run(monkeypatch, word)
    assert "Ultralytics" in caplog.text and "Python" in caplog.text


def test_check_with_words_is_ours(monkeypatch, capsys):
    with pytest.raises(SystemExit) as stop:
        run(monkeypatch, "check", "eiou")
    assert stop.value.code == 0
    assert "eiou" in capsys.readouterr().out


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
def test_a_recipe_and_its_loss_on_the_command_line(command, data, tmp_path):
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
