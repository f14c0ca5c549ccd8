"""The recipes for COCO, and a word to whoever leaves them."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ultralytics.utils import LOGGER

from yolo_feiou.escape import make_visible
from yolo_feiou.yolo.configs import CFG_DIR, find_recipe, read_recipe

#: What a published figure stands and falls with: a total batch of 512 in place of 128 has cost users 8 AP
#: (ultralytics/ultralytics#22092).
RECIPE_ARGUMENTS = ("batch", "lr0", "optimizer")


def warn_off_recipe(name: Any, asked: Mapping[str, Any]) -> None:
    """Log what `find_departure` says, if anything; of several processes, the first does."""
    if warning := find_departure(name, asked):
        LOGGER.warning(make_visible(warning))


def find_departure(name: Any, asked: Mapping[str, Any]) -> str:
    """Return a warning if arguments leave one of our COCO recipes in total batch, learning rate or optimizer.

    Args:
        name: The recipe, as in `cfg=coco/yolov8.yaml`.
        asked: Arguments that go before those of the recipe.

    Returns:
        The warning, with what the linear scaling rule suggests (learning rate ∝ total batch; Goyal et al., "Accurate,
        Large Minibatch SGD", 2017, section 2.1); empty if there is nothing to warn of, or the recipe is not ours.
    """
    if Path(str(find_recipe(name))).parent != CFG_DIR / "coco":
        return ""
    recipe = read_recipe(name)
    used = {key: asked.get(key, recipe[key]) for key in RECIPE_ARGUMENTS}
    nbs = asked.get("nbs", recipe["nbs"])
    if not all(isinstance(value, (int, float)) and value > 0 for value in (used["batch"], used["lr0"], nbs)):
        return ""  # no number, which is refused later, or a batch that Ultralytics is to find
    left = [key for key in RECIPE_ARGUMENTS if used[key] != recipe[key]]
    if not left:
        return ""
    suggestion = recipe["lr0"] * _step(used["batch"], nbs) / _step(recipe["batch"], recipe["nbs"])
    advice = ""
    if used["optimizer"] == recipe["optimizer"] and abs(used["lr0"] / suggestion - 1) > 0.05:
        steps = f" in steps of {_step(used['batch'], nbs):.0f} images (nbs={nbs})" if used["batch"] < nbs else ""
        advice = f" For batch={used['batch']}{steps} linear scaling suggests lr0={suggestion:.4g}."
    if used["batch"] > recipe["batch"]:
        advice += " A larger batch also wants a longer warmup_epochs."
    if used["optimizer"] == "auto":
        advice += " optimizer=auto takes a learning rate of its own, whatever lr0 says."
    return (
        f"{' '.join(f'{key}={used[key]}' for key in left)} leaves the recipe {name} "
        f"({' '.join(f'{key}={recipe[key]}' for key in left)}), and with it the figures that it is known for.{advice}"
    )


def _step(batch: float, nbs: float) -> float:
    """Return how many images a step of the optimizer sees: Ultralytics adds up gradients to about `nbs` of them."""
    return batch * max(round(nbs / batch), 1)
