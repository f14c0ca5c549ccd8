"""The training arguments that this package adds to Ultralytics', and those that don't make a run another one."""

from __future__ import annotations

from typing import Any

from yolo_feiou.losses.registry import STOCK

#: The arguments that Ultralytics doesn't have, with the values that train as Ultralytics does. `box_stats` records the
#: positives, see `yolo/box_stats.py`.
EXTRA_ARGUMENTS: dict[str, Any] = {"loss": STOCK, "box_stats": False}

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
)

#: Arguments that say where and how a run was started, and not what it trained.
LOCATION_ARGUMENTS = (
    *("project", "name", "exist_ok", "save_dir", "resume", "mode", "task", "device", "session", "cfg", "save"),
)

#: Ratio of two losses' gradients, either way, from which a comparison at one gain `box` says more of the gain than of
#: the losses.
MAX_GRADIENT_RATIO = 2.0
