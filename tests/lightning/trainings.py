"""Short trainings of small detectors: their data, their arguments, and what they leave."""

import torch

from tests.runs import results
from yolo_feiou.detectors.build import build_detector
from yolo_feiou.detectors.config import read_detector_config
from yolo_feiou.lightning.arguments import complete_arguments
from yolo_feiou.lightning.checkpoints import CONFIG, load_checkpoint
from yolo_feiou.lightning.place import Place
from yolo_feiou.lightning.training import train

DETECTORS = ("retinanet", "faster_rcnn", "mask_rcnn", "atss", "paa")
#: Steps of a few tenths of a second: 64 px, two images.
SHORT = {
    "imgsz": 64,
    "batch": 2,
    "iterations": 4,
    "intervals": 2,
    "workers": 0,
    "lr0": 0.002,
    "device": "cpu",
    "val": False,
}
_R_CNN = "anchor_sizes: [8, 16, 32, 64, 128]\naspect_ratios: [1]\nproposals: 60\ntest_proposals: 40\nregions: 32\n"
_OWN = {
    "retinanet": "anchor_sizes: [16, 32, 64, 96, 128]\naspect_ratios: [1]\n",
    "faster_rcnn": _R_CNN,
    "mask_rcnn": _R_CNN,
    "atss": "anchor_scale: 2\n",
    "paa": "anchor_scale: 2\n",
}


class Killed(Exception):
    """What ends a training in the middle of a part."""


def write_model(folder, detector="retinanet", more="norm: batch\ndetections: 10\n"):
    """Write the YAML of a detector on ResNet-18 from scratch, with few anchors and regions; returns its path."""
    path = folder / f"{detector}.yaml"
    path.write_text(f"detector: {detector}\nbackbone: resnet18\nweights: none\n{_OWN[detector]}{more}")
    return str(path)


def arguments(model, data, **given):
    """All arguments of a short training."""
    given = {**SHORT, "model": model, "data": data, **given}
    return complete_arguments({name: value for name, value in given.items() if value is not None})


def run(folder, model, data, **given):
    """Train in this process; returns the folder."""
    train(arguments(model, data, **given), folder, Place())
    return folder


def weights_of(folder, name="last.pt"):
    """The weights that a training ended with."""
    return load_checkpoint(folder / "weights" / name)["state_dict"]


def curve(folder):
    """The rows of results.csv but for their times."""
    return results(folder)


def write_checkpoint(path, model, data_names=("ellipse", "rectangle"), **options):
    """Write a checkpoint of a detector that was built, and not trained; returns the detector."""
    config = read_detector_config(model)
    torch.manual_seed(0)
    built = build_detector(config, len(data_names), imgsz=SHORT["imgsz"], **options)
    state = {f"model.{name}": value for name, value in built.state_dict().items()}
    said = {"names": [*data_names], "train_args": {**SHORT, "single_cls": False, "seed": 0}, "backbone_weights": "none"}
    torch.save({CONFIG: config.to_dict(), "state_dict": state, "global_step": 0, **said}, path)
    return built
