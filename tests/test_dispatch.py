"""Which framework a command is for; YOLO's users need nothing of the other."""

import subprocess
import sys
import zipfile

import pytest
import torch

from tests.runs import short
from yolo_feiou import dispatch
from yolo_feiou.dispatch import (
    check_lightning,
    check_training,
    choose_framework,
    find_given,
    names_detector,
    trains_detector,
)
from yolo_feiou.errors import ArgumentError, DataError
from yolo_feiou.lightning.framework import FRAMEWORK as DETECTORS
from yolo_feiou.yolo.framework import FRAMEWORK as ULTRALYTICS


@pytest.fixture
def checkpoints(tmp_path):
    """Paths of what is and what isn't a checkpoint of a detector's."""
    torch.save({"detector_config": {"detector": "atss"}, "state_dict": {"a": torch.zeros(9)}}, tmp_path / "ours.pt")
    torch.save({"model": None, "train_args": {"epochs": 3}}, tmp_path / "yolo.pt")
    torch.save({"a": 1}, tmp_path / "legacy.pt", _use_new_zipfile_serialization=False)
    content = (tmp_path / "ours.pt").read_bytes()
    (tmp_path / "torn.pt").write_bytes(content[:-30])
    (tmp_path / "begun.pt").write_bytes(content[:30])
    (tmp_path / "void.pt").touch()
    with zipfile.ZipFile(tmp_path / "zip.pt", "w") as archive:
        archive.writestr("x", "detector_config")
    (tmp_path / "mine.yaml").write_text("detector: retinanet\n")
    (tmp_path / "yolo.yaml").write_text("nc: 80\nbackbone:\n")
    return tmp_path


@pytest.mark.parametrize(
    ("args", "value"),
    [
        (["train", "model=a.yaml"], "a.yaml"),
        (["--model=a.yaml,", "data=b"], "a.yaml"),
        (["model = a.yaml "], "a.yaml"),
        (["model=a", "model=b"], "b"),
        (["models=a", "train"], ""),
    ],
)
def test_the_value_of_an_argument_is_found(args, value):
    assert find_given(args, "model") == value


@pytest.mark.parametrize(
    ("model", "expected"),
    [
        *((name, True) for name in ("retinanet.yaml", "retinanet", "faster_rcnn_r18.yaml", "mask_rcnn", "atss", "paa")),
        *((name, False) for name in ("yolov8n.yaml", "yolov8n.pt", "yolov8n", "rtdetr-l.yaml", "nix.pt", "")),
    ],
)
def test_a_detector_is_known_by_its_name(model, expected):
    assert names_detector(model) is expected
    assert trains_detector(["train", f"model={model}", "data=x.yaml"]) is expected


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        *(("ours.pt", True), ("yolo.pt", False), ("legacy.pt", False), ("zip.pt", False)),
        *(("mine.yaml", True), ("yolo.yaml", False)),
    ],
)
def test_a_detector_is_known_by_what_is_in_a_file(checkpoints, name, expected):
    assert names_detector(str(checkpoints / name)) is expected
    assert trains_detector(["train", f"resume={checkpoints / name}"]) is expected


@pytest.mark.parametrize("name", ["torn.pt", "begun.pt", "void.pt"])
def test_a_torn_checkpoint_of_whatever_is_told(checkpoints, name):
    with pytest.raises(DataError, match=rf"{name} is torn, its end is missing: copy it again, or train it again\."):
        trains_detector(["val", f"model={checkpoints / name}"])


def test_a_recipe_may_name_the_model(checkpoints):
    recipe = checkpoints / "recipe.yaml"
    recipe.write_text("model: retinanet.yaml\nloss: eiou\n")
    assert trains_detector(["train", f"cfg={recipe}"])
    assert not trains_detector(["train", f"cfg={recipe}", "model=yolov8n.yaml"])
    assert not trains_detector(["train", "cfg=focal_eiou.yaml"]) and not trains_detector(["train", "cfg=None"])


def test_a_grid_is_for_the_framework_of_its_models(checkpoints):
    assert choose_framework(["data=x.yaml", "losses=ciou"]) is ULTRALYTICS
    assert choose_framework(["model=yolov8n.yaml,yolo11n.yaml"]) is ULTRALYTICS
    assert choose_framework(["model=retinanet.yaml, atss.yaml"]) is DETECTORS
    assert choose_framework([f"model={checkpoints / 'ours.pt'}"]) is DETECTORS
    for model in ("[retinanet.yaml, atss.yaml]", "retinanet.yaml"):
        (checkpoints / "grid.yaml").write_text(f"model: {model}\nlosses: [ciou, eiou]\n")
        assert choose_framework([f"cfg={checkpoints / 'grid.yaml'}"]) is DETECTORS
    assert choose_framework([f"cfg={checkpoints / 'grid.yaml'}", "model=yolov8n.yaml"]) is ULTRALYTICS


@pytest.mark.parametrize("models", ["yolov8n.yaml,retinanet_r18.yaml", "retinanet_r18.yaml,yolov8n.yaml"])
def test_a_grid_of_both_is_refused(models):
    with pytest.raises(ArgumentError, match=r"retinanet_r18.yaml and yolov8n.yaml are trained by different frameworks"):
        choose_framework([f"model={models}", "losses=ciou"])


def test_without_lightning_the_extra_is_named(monkeypatch):
    check_lightning()
    monkeypatch.setitem(sys.modules, "pytorch_lightning", None)  # as if it weren't installed
    for call in (check_lightning, lambda: choose_framework(["model=atss.yaml"])):
        with pytest.raises(ArgumentError, match=r"pip install 'yolo-feiou\[detectors\]', or pytorch-lightning"):
            call()
    assert choose_framework(["model=yolov8n.yaml"]) is ULTRALYTICS


def test_a_training_is_checked_by_its_framework(data):
    """`optimizer` is Ultralytics' argument alone, and `iterations` that of detectors."""
    check_training(["model=yolov8n.yaml", f"data={data}", "optimizer", "=", "SGD"])
    check_training(["model=retinanet_r18.yaml", f"data={data}", "iterations", "=", "4"])
    with pytest.raises(ArgumentError, match="'optimizer' is no argument of a detector's training"):
        check_training(["model = retinanet_r18.yaml", f"data={data}", "optimizer=SGD"])
    with pytest.raises(ArgumentError, match="'iterations' is not a valid YOLO argument"):
        check_training(["model=yolov8n.yaml", f"data={data}", "iterations=4"])


@pytest.mark.parametrize(
    ("words", "status", "out", "err"),
    [
        (["which", "model=atss.yaml"], 0, "detectors\n", ""),
        (["which", "model=yolov8n.yaml"], 0, "ultralytics\n", ""),
        (["which", "model=torn.pt"], 2, "", "error: model=torn.pt is torn"),
        (["check", "data=shapes.yaml", "loss=eoiu"], 2, "", "error: unknown loss 'eoiu'"),
        (["check", "model=atss.yaml", "data=shapes.yaml", "loss=eoiu"], 2, "", "error: unknown loss 'eoiu'"),
        (["check", "model=atss.yaml", "data=shapes.yaml"], 0, "", ""),
    ],
)
def test_scripts_ask_which_framework_trains_and_have_it_checked(
    monkeypatch, capsys, checkpoints, words, status, out, err
):
    monkeypatch.chdir(checkpoints)
    monkeypatch.setattr(sys, "argv", ["dispatch", *words])
    try:
        dispatch.main()
        ended = 0
    except SystemExit as end:
        ended = end.code
    said = capsys.readouterr()
    assert (ended, said.out) == (status, out) and said.err.startswith(err) and bool(said.err) is bool(err)


RUN = """
import sys
sys.modules.update(dict.fromkeys({hidden}))
sys.argv[:] = ["yolo", *{words}]
from yolo_feiou.cli import main
try:
    main()
finally:
    print("imported:", [name for name in sys.modules if name.startswith(("pytorch_lightning", "yolo_feiou.lightning"))
                        and sys.modules[name]])
"""


def test_a_detector_without_lightning_is_one_line(tmp_path):
    script = RUN.format(hidden=["pytorch_lightning"], words=["train", "model=retinanet.yaml", "data=shapes.yaml"])
    done = subprocess.run([sys.executable, "-c", script], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 2 and "Traceback" not in done.stderr and "imported: []" in done.stdout
    assert "error: detectors beside YOLO need PyTorch Lightning: pip install 'yolo-feiou[detectors]'" in done.stderr


@pytest.mark.slow
def test_a_training_of_yolo_imports_nothing_of_the_detectors(data, tmp_path, real_python):
    line = ["train", "model=yolov8n.yaml", "loss=eiou", *short(data=data, project=str(tmp_path), epochs=1)]
    script = RUN.format(hidden=[], words=line)
    done = subprocess.run([sys.executable, "-c", script], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 0 and done.stdout.splitlines()[-1] == "imported: []", done.stderr
    assert (tmp_path / "train" / "weights" / "best.pt").is_file()
