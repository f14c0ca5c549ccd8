"""Training arguments as data: those that this package adds, those that don't make a run another one, all by name."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from yolo_feiou.losses.build import STOCK
from yolo_feiou.parameters import Flag, Parameter, Text

#: The arguments that Ultralytics doesn't have. `box_stats` records the positives, see `yolo/box_stats.py`.
EXTRA_PARAMETERS: tuple[Parameter, ...] = (
    Text("loss", STOCK, "a box loss, as focal_eiou:gamma=0.5 or my_loss.py:my_function; stock is the model's own"),
    Flag("box_stats", False, meaning="whether box_stats.csv records, by IoU, from which boxes the gradient comes"),
    Flag("check", True, meaning="whether a loss of your own is tried before it trains"),
)
#: Their values that train as Ultralytics does.
EXTRA_ARGUMENTS: dict[str, Any] = {parameter.name: parameter.default for parameter in EXTRA_PARAMETERS}

#: Arguments on which the result of a training doesn't depend, but for chance: runs to compare may differ in them.
NEUTRAL_ARGUMENTS = (
    "device",
    "workers",
    "plots",
    "verbose",
    "save_period",
    "save_json",
    "visualize",
    "show",
    "profile",
    "box_stats",
    "check",
)

#: Arguments that say where and how a run was started, and not what it trained.
LOCATION_ARGUMENTS = (
    *("project", "name", "exist_ok", "save_dir", "resume", "mode", "task", "device", "session", "cfg", "save"),
)

#: Ratio of two losses' gradients, either way, from which a comparison at one gain `box` says more of the gain than of
#: the losses.
MAX_GRADIENT_RATIO = 2.0

#: Training arguments whose default is a number, with the default that all supported releases of Ultralytics share; some
#: take a switch or a list too. `seed` and `device` have columns of their own.
NUMERIC_ARGUMENTS: Mapping[str, float] = {
    **{"epochs": 100, "patience": 100, "batch": 16, "imgsz": 640, "save_period": -1, "workers": 8},
    **{"close_mosaic": 10, "fraction": 1.0, "multi_scale": 0.0, "mask_ratio": 4, "dropout": 0.0, "iou": 0.7},
    **{"max_det": 300, "vid_stride": 1, "lr0": 0.01, "lrf": 0.01, "momentum": 0.937, "weight_decay": 0.0005},
    **{"warmup_epochs": 3.0, "warmup_momentum": 0.8, "warmup_bias_lr": 0.1, "dis": 6.0, "box": 7.5, "cls": 0.5},
    **{"cls_pw": 0.0, "dfl": 1.5, "pose": 12.0, "kobj": 1.0, "rle": 1.0, "angle": 1.0, "dlog": 1.0, "dgrad": 0.5},
    **{"dlam": 1.0, "nbs": 64, "hsv_h": 0.015, "hsv_s": 0.7, "hsv_v": 0.4, "degrees": 0.0, "translate": 0.1},
    **{"scale": 0.5, "shear": 0.0, "perspective": 0.0, "flipud": 0.0, "fliplr": 0.5, "bgr": 0.0, "mosaic": 1.0},
    **{"mixup": 0.0, "cutmix": 0.0, "copy_paste": 0.0, "erasing": 0.4},
}

#: All other training arguments of those releases, and ours but the loss.
OTHER_ARGUMENTS = (
    *("task", "mode", "model", "data", "time", "save", "cache", "project", "name", "exist_ok", "pretrained"),
    *("cls_remap", "optimizer", "verbose", "deterministic", "single_cls", "rect", "cos_lr", "resume", "amp"),
    *("profile", "freeze", "compile", "channels_last", "overlap_mask", "val", "split", "save_json", "conf"),
    *("quantize", "dnn", "plots", "nms", "source", "stream_buffer", "visualize", "augment", "agnostic_nms"),
    *("classes", "retina_masks", "embed", "show", "save_frames", "save_txt", "save_conf", "save_crop", "show_labels"),
    *("show_conf", "show_boxes", "line_width", "format", "optimize", "dynamic", "simplify", "opset", "workspace"),
    *("distill_model", "copy_paste_mode", "auto_augment", "cfg", "tracker", "half", "keras", "int8", "box_stats"),
    "check",
)

#: Ultralytics' values that a report shows rather than others, where it can't show all: they say nothing about what a
#: run was given.
USUAL_VALUES: Mapping[str, Any] = {**NUMERIC_ARGUMENTS, "optimizer": "auto"}

#: The training arguments of detectors beside YOLO that Ultralytics doesn't have, with their defaults: docs/columns.md
#: says what they mean. `iterations` and `warmup_iterations` follow from `epochs` where that is given.
DETECTOR_ARGUMENTS: Mapping[str, Any] = {
    "iterations": 90000,
    "warmup_iterations": 500,
    "rpn": False,
    "encode": "auto",
    "scoring": "giou",
    "clip": 0.0,
    "intervals": 12,
}
#: What `USUAL_VALUES` are for detectors beside YOLO: they share names with Ultralytics' arguments, not the defaults.
DETECTOR_USUAL_VALUES: Mapping[str, Any] = {
    **DETECTOR_ARGUMENTS,
    **{"batch": 16, "imgsz": 800, "box": "auto", "lr0": 0.01, "momentum": 0.9, "weight_decay": 0.0001},
    **{"fliplr": 0.5, "conf": 0.05, "max_det": 100},
}


def get_usual_values(detector: object) -> Mapping[str, Any]:
    """Return the usual values of the arguments of a run: those of its own trainer.

    Args:
        detector: The cell `detector` of its row, empty or None for YOLO.
    """
    return DETECTOR_USUAL_VALUES if detector else USUAL_VALUES
