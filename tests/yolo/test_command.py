"""What our command makes of Ultralytics' own."""

from pathlib import Path

import pytest
import ultralytics
from ultralytics.utils import DEFAULT_CFG_DICT

from yolo_feiou.errors import ArgumentError, LossSpecError, UnsupportedModelError
from yolo_feiou.yolo.command import check_command_arguments, locate_yaml, replace_models
from yolo_feiou.yolo.configs import CFG_DIR


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
        (["train", "loss=siou", "inner=0.75"], ArgumentError, "inner= stands apart from loss="),
        (["train", "loss=sdiou"], LossSpecError, "'sdiou' is not built"),
        (["train", "loss=ciou:weight=0+iou:weight=0"], LossSpecError, "is 0 at 0% of a training"),
        (["train", "cfg=focal_eiuo.yaml"], ArgumentError, "did you mean 'focal_eiou.yaml'"),
        (["val", "cfg=focal_eiou.yaml"], ArgumentError, "has a line loss:, and mode 'val' no training loss"),
        (["train", "loss=Stock"], LossSpecError, "did you mean 'stock'"),
        (["obb", "train", "loss=kdl"], LossSpecError, "did you mean 'kld'.*task=obb"),
        (["train", "loss=giou_r", "model=yolo11n-obb.pt"], LossSpecError, "unknown loss 'giou_r'.*task=obb"),
        (["train", "loss=kdl", "model=yolov8n.yaml"], LossSpecError, r"unknown loss 'kdl'\. "),
        (["val", "box_stats=True"], ArgumentError, "box_stats= is for 'yolo train', mode 'val'"),
        (["train", "loss=eiou", "box_stats=maybe"], ArgumentError, "got box_stats='maybe': expected True or False"),
        (["train", "box_stats=True,"], ArgumentError, "got loss=stock: add loss=ciou"),
    ],
)
def test_loss_is_checked_before_anything_runs(words, error, message):
    with pytest.raises(error, match=message):
        check_command_arguments(words)


@pytest.mark.parametrize("words", ["train", "mode=train", "detect train", "train task=obb"])
def test_a_training_of_nothing_is_refused_before_a_model_is_downloaded(words):
    with pytest.raises(ArgumentError, match="^'yolo train' needs to know what to train: give model= and data=, as mo"):
        check_command_arguments(words.split())


@pytest.mark.parametrize("words", ["train resume", "train resume=True", "detect train --resume data=a.yaml"])
def test_a_resume_of_nothing_is_refused_before_a_model_is_downloaded(words):
    with pytest.raises(ArgumentError, match="^resume names no training: give its checkpoint, as yolo train resume mo"):
        check_command_arguments(words.split())


@pytest.mark.parametrize(
    ("words", "training"),
    [
        (["train", "model=yolov8n.yaml"], True),
        (["detect", "train", "loss=stock"], True),
        (["train", "data=coco8.yaml"], True),  # Ultralytics' default model
        (["train", "model=yolov8n.yaml", "resume=False"], True),
        (["train", "trian"], True),  # Ultralytics' own error
        (["train", "cfg=None"], True),  # so Ultralytics' tuner starts its trials
        (["model=yolov8n.yaml", "data=coco8.yaml"], True),  # Ultralytics' default mode
        (["train", "val", "model=yolov8n.pt"], False),  # the last one counts
        (["train", "loss=eiou", "box_stats=true"], True),
        (["train", "loss=wiou:momentum=0.01+shapeiou:scale=1", "momentum=0.9", "scale=0.4"], True),  # Ultralytics' own
        (["train", "loss=inner_siou:weight=0.5+smooth_l1:weight=0.5"], True),
        (["train", "loss=None"], True),  # as Ultralytics reads any argument's None
        (["train", "loss=none,", "cfg=focal_eiou.yaml"], True),
        (["train", "model=FastSAM-s.pt"], True),  # Ultralytics' own error
        (["train", "resume", f"model={__file__}", "box_stats=True"], True),  # its loss is in the checkpoint
        (["val", "model=yolov8n.pt"], False),
        (["predict"], False),
        (["version"], False),
        ([], False),
    ],
)
def test_commands_that_train_are_known(words, training):
    assert check_command_arguments(words) is training


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
        check_command_arguments(["train", f"cfg={recipe}"])


@pytest.mark.parametrize("content", [b"", b"# nothing yet\n", b"# gr\xfc\xdfe, in Latin-1\nloss: eiou\n", b"loss:\n"])
def test_a_recipe_that_ultralytics_reads_is_read(tmp_path, content):
    (tmp_path / "recipe.yaml").write_bytes(content)
    assert check_command_arguments(["train", f"cfg={tmp_path / 'recipe.yaml'}"]) is True


def test_a_recipe_of_ultralytics_is_found_as_by_stock():
    assert check_command_arguments(["predict", "cfg=default.yaml"]) is False
    assert check_command_arguments(["train", "cfg=default.yaml"]) is True


def test_our_models_stand_in_within_the_block_only():
    stock = ultralytics.YOLO, ultralytics.RTDETR
    with replace_models():
        assert ultralytics.YOLO.__module__ == "yolo_feiou.yolo.model"
        assert ultralytics.RTDETR.__module__ == "yolo_feiou.yolo.model"
        assert DEFAULT_CFG_DICT["loss"] == "stock" and DEFAULT_CFG_DICT["box_stats"] is False
    assert stock == (ultralytics.YOLO, ultralytics.RTDETR)
    assert not DEFAULT_CFG_DICT.keys() & {"loss", "box_stats"}


def test_our_files_are_found_by_name_and_the_users_own_go_first(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert locate_yaml("data=shapes.yaml") == f"data={CFG_DIR / 'datasets' / 'shapes.yaml'}"
    assert locate_yaml("cfg=focal_eiou") == f"cfg={CFG_DIR / 'focal_eiou.yaml'}"
    assert locate_yaml("data=coco8.yaml") == "data=coco8.yaml"
    assert locate_yaml("epochs=3") == "epochs=3"
    for word in ("--cfg=focal_eiou.yaml", "cfg=focal_eiou.yaml,"):  # as Ultralytics' command takes them
        assert locate_yaml(word).endswith(f"cfg={CFG_DIR / 'focal_eiou.yaml'}")
    Path("shapes.yaml").touch()
    assert locate_yaml("data=shapes.yaml") == "data=shapes.yaml"


@pytest.mark.parametrize("loss", ["inner_siou", "ciou:weight=0.5+smooth_l1:weight=0.5", "focal_eiou:gamma=0..0.5@0.8"])
def test_a_recipe_takes_what_the_command_line_takes(tmp_path, loss):
    recipe = tmp_path / "mine.yaml"
    recipe.write_text(f"loss: {loss}\n")
    assert check_command_arguments(["train", f"cfg={recipe}"])
    recipe.write_text(f"loss: {loss}:x=1\n")
    with pytest.raises(LossSpecError):
        check_command_arguments(["train", f"cfg={recipe}"])
