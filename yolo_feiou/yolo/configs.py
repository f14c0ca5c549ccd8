"""The YAML files that come with the package: recipes and data sets."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml
from ultralytics.utils import DATASETS_DIR, ROOT
from ultralytics.utils.checks import check_file

from yolo_feiou.datasets.coco.catalogue import COCO_YAML
from yolo_feiou.datasets.shapes import is_generated
from yolo_feiou.errors import ArgumentError, DataError, did_you_mean
from yolo_feiou.yolo.special_files import check_ordinary

_HERE = Path(__file__).parents[1]
#: `cfg/` lies in the package when it is installed, and beside it in a checkout.
CFG_DIR = next(folder for folder in (_HERE / "cfg", _HERE.parent / "cfg") if folder.is_dir())
#: The folders in `cfg/` with recipes for a training, and with grids of several.
GRID_FOLDERS = ("ablation", "paper")
RECIPE_FOLDERS = (".", "coco", *GRID_FOLDERS)


def find_yaml(name: Any, folder: Path) -> Any:
    """Return the path of our YAML called `name` (with or without .yaml) in `folder`, or `name` if it isn't ours.

    A file of the user's own goes first; of a bare `name` with either suffix too.
    """
    if not isinstance(name, (str, Path)) or Path(name).exists():
        return name
    stem = str(name).removesuffix(".yaml")
    ours = folder / f"{stem}.yaml"
    if not ours.is_file() or ours.parent != folder:
        return name
    own = (Path(f"{stem}{suffix}") for suffix in (".yaml", ".yml"))
    return next((str(path) for path in own if stem == str(name) and path.exists()), str(ours))


def list_recipes() -> dict[str, Path]:
    """Return our recipes and grids by their names, which lead there from `cfg/`: focal_eiou.yaml and coco/1x.yaml."""
    paths = (path for folder in RECIPE_FOLDERS for path in sorted((CFG_DIR / folder).glob("*.yaml")))
    return {path.relative_to(CFG_DIR).as_posix(): path for path in paths}


def find_recipe(name: Any) -> Any:
    """Return the path of our recipe or grid `name`, as for `cfg=focal_eiou.yaml`, or `name` itself if it isn't ours.

    It is found by the way to it from `cfg/` and by its last part, with and without .yaml: coco/yolov8.yaml, yolov8. A
    file of the user's own goes first; of a bare `name` with either suffix too.
    """
    if not isinstance(name, (str, Path)) or Path(name).exists():
        return name
    stem = str(name).removesuffix(".yaml")
    recipes = list_recipes()
    ours = recipes.get(f"{stem}.yaml") or {path.stem: path for path in recipes.values()}.get(stem)
    if ours is None:
        return name
    own = (Path(f"{stem}{suffix}") for suffix in (".yaml", ".yml"))
    return next((str(path) for path in own if stem == str(name) and path.exists()), str(ours))


def suggest_recipe(name: object) -> str:
    """Return ": did you mean 'x'?" for our recipe nearest to a name, spelled like it, or "." if none is near."""
    suffix = "" if str(name).endswith(".yaml") else ".yaml"
    known = [part.removesuffix(suffix) for full in list_recipes() for part in {full, Path(full).name}]
    return did_you_mean(str(name), known)


def read_recipe(name: Any, grids: bool = False) -> dict[str, Any]:
    """Return the arguments in a recipe: ours, or a file that Ultralytics finds, which looks in its own folders too.

    Args:
        name: Its name, or the path of a file.
        grids: Whether it may be one of our grids, for `yolo ablate`.

    Raises:
        ArgumentError: If there is no such file, or it is not a YAML of `key: value` lines, or a grid where a training
            is asked for.
    """
    found = find_recipe(name)
    if not grids and Path(str(found)).parent in [CFG_DIR / folder for folder in GRID_FOLDERS]:
        raise ArgumentError(f"cfg={name} is a grid of several trainings: 'yolo ablate cfg={name}' is for it.")
    path = check_file(str(found), hard=False)
    if not path:
        raise ArgumentError(
            f"cfg={name}: there is no such file, nor a recipe of that name{suggest_recipe(name)} 'yolo recipes' lists "
            f"those in {CFG_DIR}."
        )
    try:
        text = Path(str(path)).read_text(encoding="utf-8", errors="ignore")  # as Ultralytics reads it
        arguments = yaml.safe_load(text)
    except yaml.YAMLError as error:
        raise ArgumentError(f"cfg={name} is not YAML: {error}. Expected lines like 'loss: focal_eiou'.") from None
    if arguments is None:  # nothing but comments, which is no mistake for Ultralytics either
        return {}
    if not isinstance(arguments, dict):
        raise ArgumentError(f"cfg={name} holds {type(arguments).__name__}: expected lines like 'loss: focal_eiou'.")
    return arguments


def find_data(name: Any) -> Any:
    """Return the path of our data set `name`, as for `data=shapes.yaml`, or `name` if it isn't ours; lists too.

    A bare name is the user's data set of that name, if there is one here or in Ultralytics' folder of data sets; and
    what Ultralytics itself calls so stays its own.
    """
    if isinstance(name, (list, tuple)):
        return [find_data(item) for item in name]
    if isinstance(name, dict):  # as YOLO-World takes data from scratch, of several data sets
        return name
    found = find_yaml(name, CFG_DIR / "datasets")
    if Path(str(found)).parent != CFG_DIR / "datasets":
        return found
    if (ROOT / "cfg" / "datasets" / Path(found).name).exists():
        return name
    if str(name).endswith(".yaml"):
        return found
    theirs = (DATASETS_DIR / f"{name}{suffix}" for suffix in ("", ".yaml", ".yml"))
    return next((str(path) for path in theirs if path.exists() and not is_generated(path)), found)


def check_image_folders(data: object) -> None:
    """Raise DataError if a data YAML names images to train on, or to validate with, that aren't there.

    What Ultralytics may fetch, since the YAML has `download`, and what is no YAML or none that it can read is left to
    it.
    """
    file = str(check_file(data, download=False, hard=False) or "") if names_yaml(data) else ""
    try:
        content = yaml.safe_load(Path(file).read_text(encoding="utf-8")) if file else {}
    except (OSError, ValueError, yaml.YAMLError):
        return
    if not isinstance(content, dict) or content.get("download"):
        return
    root = Path(str(content.get("path") or Path(file).parent))
    root = root if root.exists() else DATASETS_DIR / root
    for key in ("train", "val"):
        named = content.get(key)
        for one in named if isinstance(named, list) else [named]:
            if not isinstance(one, str) or (root / one).exists() or (root / one.removeprefix("../")).exists():
                continue
            raise DataError(
                f"data={data} has '{key}: {one}', and there is no {(root / one).resolve()}. Expected images, or a list "
                "of them, below its 'path:', or beside it without one."
            )


def names_yaml(data: object) -> bool:
    """Return whether `data` is the name of a YAML that is a file."""
    return isinstance(data, str) and data.endswith((".yaml", ".yml")) and "://" not in data


def check_data_file(data: object) -> None:
    """Raise DataError if `data` names a YAML that isn't there, or a FIFO; the data itself is Ultralytics' to check."""
    if isinstance(data, str):
        check_ordinary(data, f"data={data}")
    if names_yaml(data) and not check_file(data, download=False, hard=False):
        path = Path(str(data))
        remedy = (
            f"'yolo prepare coco out={path.parent}' makes that of COCO."
            if path.name == COCO_YAML
            else "Give the path of a data YAML, or data=shapes.yaml to try things out."
        )
        raise DataError(
            f"data={data}: there is no such file, nor a data set of that name in Ultralytics or yolo-feiou. {remedy}"
        )
