"""Real images: every task trains an epoch on the small data sets that lie beside a development checkout."""

import random
import re
import shutil
from pathlib import Path
from textwrap import dedent

import pytest
import yaml

from tests.runs import SHARED_DATA, SHORT, results
from yolo_feiou import YOLO
from yolo_feiou.errors import LossSpecError

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not SHARED_DATA.is_dir(), reason="the real data sets don't lie beside this checkout"),
]


def copied(name, tmp_path):
    """A copy of a data set, since Ultralytics writes caches into it; returns its YAML."""
    folder = shutil.copytree(SHARED_DATA / name, tmp_path / name, copy_function=shutil.copyfile)
    for path in (folder, *folder.rglob("*")):
        path.chmod(0o755)
    arguments = yaml.safe_load((folder / f"{name}.yaml").read_text())
    (folder / f"{name}.yaml").write_text(yaml.safe_dump({**arguments, "path": str(folder)}))
    return str(folder / f"{name}.yaml")


@pytest.mark.parametrize(
    ("model", "name"),
    [
        ("yolov8n.yaml", "coco8"),
        ("yolo26n.yaml", "coco8"),
        ("yolov8n-seg.yaml", "coco8-seg"),
        ("yolo26n-seg.yaml", "coco8-seg"),
        ("yolov8n-pose.yaml", "coco8-pose"),
    ],
)
def test_detect_segment_and_pose_train(model, name, tmp_path):
    YOLO(model).train(
        **{**SHORT, "data": copied(name, tmp_path), "project": str(tmp_path), "name": "run", "loss": "focal_eiou"}
    )
    (row,) = results(tmp_path / "run")
    assert float(row["train/box_loss"]) > 0
    assert float(row["val/box_loss"]) > 0


def test_oriented_boxes_refuse_a_loss_of_upright_ones(tmp_path):
    with pytest.raises(LossSpecError, match="this model has rotated boxes"):
        YOLO("yolov8n-obb.yaml").train(data=copied("dota8", tmp_path), loss="eiou", project=str(tmp_path / "runs"))
    assert not (tmp_path / "runs").exists()


def test_cards_are_what_the_page_says(tmp_path, monkeypatch):
    """Its numbers of images, boxes and classes, and the split by the lines of Python on the page."""
    page = (Path(__file__).parents[1] / "data" / "README.md").read_text(encoding="utf-8")
    images = {one: {path.stem for path in (SHARED_DATA / "cards/images" / one).iterdir()} for one in ("train", "val")}
    labels = {one: [*(SHARED_DATA / "cards/labels" / one).glob("*.txt")] for one in ("train", "val", "test")}
    boxes = sum(len(path.read_text().splitlines()) for paths in labels.values() for path in paths)
    counts = ", ".join(f"{len(paths)} {one}" for one, paths in labels.items())
    assert f"{sum(map(len, labels.values()))} photographs of playing cards" in page
    assert f"{boxes} boxes of 6 classes; {counts} |" in page
    (tmp_path / "images" / "train").mkdir(parents=True)
    for name in images["train"] | images["val"]:
        (tmp_path / "images" / "train" / f"{name}.xml").touch()
    monkeypatch.chdir(tmp_path)
    names = {"Path": Path, "random": random}
    exec(dedent(re.findall(r"^    names = .*?^$", page, re.DOTALL | re.MULTILINE)[0]), names)
    assert {one: set(names[one]) for one in images} == images
