"""A run on the synthetic squares that has learnt something, and copies of it as other runs would lie there."""

import shutil
from dataclasses import replace

import pytest
import torch
import yaml

from tests.detection import detecting, model  # noqa: F401  # fixtures
from tests.export.factories import coco_form
from tests.runs import SHORT
from yolo_feiou.losses.build import shorten_spec
from yolo_feiou.results.arguments import EXTRA_ARGUMENTS
from yolo_feiou.results.run_record import read_run_record

LEARNS = {
    **{"imgsz": 96, "epochs": 20, "lr0": 0.003, "batch": 4, "nbs": 4, "warmup_epochs": 0, "mosaic": 0.0, "val": False},
    **{"fliplr": 0.0, "hsv_h": 0.0, "hsv_s": 0.0, "hsv_v": 0.0, "translate": 0.0, "scale": 0.0, "erasing": 0.0},
}
LOSS = "focal_eiou:gamma=1"


@pytest.fixture(scope="session")
def squares(tmp_path_factory):
    """The YAML of the synthetic squares: 24 images to train on, 8 to validate, 4 without objects."""
    return coco_form(tmp_path_factory.mktemp("squares"), {"train": 24, "val": 8, "test": 4})


@pytest.fixture(scope="session")
def trained(squares, tmp_path_factory):
    """The folder of a run that is never changed; it finds some of the squares."""
    from yolo_feiou import YOLO

    folder = tmp_path_factory.mktemp("trained")
    told = {**SHORT, **LEARNS, "data": str(squares), "loss": LOSS, "box_stats": True}
    YOLO("yolov8n.yaml").train(**told, project=str(folder), name="run")
    return folder / "run"


@pytest.fixture
def copy(trained, tmp_path):
    """A function that copies the run to runs/NAME as if it had begun with other arguments; None takes one out."""

    def make(name, **arguments):
        folder = tmp_path / "runs" / name
        shutil.copytree(trained, folder)
        content = {**yaml.safe_load((folder / "args.yaml").read_text()), **arguments}
        content = {key: value for key, value in content.items() if key not in arguments or value is not None}
        (folder / "args.yaml").write_text(yaml.safe_dump(content, sort_keys=False))
        record = read_run_record(folder)
        begun = {
            **record.arguments,
            **{key: EXTRA_ARGUMENTS.get(key) if v is None else v for key, v in arguments.items()},
        }
        loss = shorten_spec(str(begun["loss"]))
        differing = [key for key in (*record.differing, *arguments) if arguments.get(key, 0) is not None]
        replace(record, arguments=begun, differing=differing, loss=loss).write(folder)
        return folder

    return make


@pytest.fixture(scope="session")
def trained_detector(squares, tmp_path_factory):
    """The folder of a detector's run that is never changed: two steps, after which it finds all and nothing."""
    pytest.importorskip("pytorch_lightning")
    from yolo_feiou.lightning.framework import FRAMEWORK

    folder = tmp_path_factory.mktemp("detector") / "run"
    told = {"model": "retinanet_r18.yaml", "data": str(squares), "loss": LOSS, "device": "cpu", "val": False}
    FRAMEWORK.train({**told, "imgsz": 64, "batch": 2, "iterations": 2, "intervals": 2, "workers": 0}, folder)
    for path in (folder / "weights").glob("*.pt"):  # as nothing scores more than the default, .05
        content = torch.load(path, weights_only=True)
        content["detector_config"]["score_threshold"] = 0.001
        torch.save(content, path)
    return folder


@pytest.fixture
def detector(trained_detector, tmp_path):
    """A function that copies the detector's run to runs/NAME, with changes of what is in best.pt."""

    def make(name="detector", **changes):
        folder = tmp_path / "runs" / name
        shutil.copytree(trained_detector, folder)
        if changes:
            best = folder / "weights" / "best.pt"
            torch.save({**torch.load(best, weights_only=True), **changes}, best)
        return folder

    return make
