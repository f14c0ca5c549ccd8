"""Images and labels of a data set in YOLO format, as Ultralytics itself reads them."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np
import yaml
from ultralytics.data.dataset import YOLODataset
from ultralytics.data.utils import IMG_FORMATS, check_det_dataset, img2label_paths

from yolo_feiou.errors import DataError, did_you_mean
from yolo_feiou.framework import Split
from yolo_feiou.yolo.configs import check_data_file, find_data
from yolo_feiou.yolo.quiet import quiet
from yolo_feiou.yolo.special_files import check_special_files

SPLITS = ("train", "val", "test", "minival")


class _Labels(YOLODataset):
    """Labels alone, and how many image files there were before some were left out."""

    def get_labels(self) -> list[dict[str, Any]]:
        self.found = len(self.im_files)
        return super().get_labels()


def read_split(
    data: str | Path, split: str, classes: int | Iterable[int] | None = None, single_cls: bool | None = False
) -> Split:
    """Read a split as Ultralytics does, and leave, as it does, a file *.cache beside the labels.

    Args:
        data: A data YAML, or the name of one of Ultralytics' data sets or ours.
        split: 'train', 'val', 'test' or 'minival', as far as the YAML has it.
        classes: Ultralytics' argument: the indices of the classes that count, in the YAML's order.
        single_cls: Ultralytics' argument: whether all objects count as one class.

    Raises:
        DataError: If there is no such data or split, or no image in it that can be read.
    """
    source = f"data={data}, split '{split}'"
    check_data_file(find_data(str(data)))
    if str(data).partition("?")[0].lower().endswith(".ndjson"):
        raise DataError(
            f"data={data}: NDJSON can't be evaluated. Ultralytics makes images, labels and a data YAML of it (convert_"
            "ndjson_to_yolo in ultralytics.data.converter): give that YAML."
        )
    try:
        with quiet():
            content = check_det_dataset(str(find_data(str(data))))
            there = [name for name in SPLITS if content.get(name)]
            if split not in there:
                raise DataError(
                    f"data={data} has no split '{split}'{did_you_mean(split, there)} It has {', '.join(there)}."
                )
            check_special_files(content[split], source)
            task = "pose" if "kpt_shape" in content else "detect"
            chosen = None if classes is None else (classes,) if isinstance(classes, int) else tuple(classes)
            how = {"classes": None if chosen is None else list(chosen), "single_cls": bool(single_cls)}
            dataset = _Labels(img_path=content[split], data=content, task=task, augment=False, **how)
    except (OSError, SyntaxError, TypeError, ValueError, AssertionError, RuntimeError, yaml.YAMLError) as error:
        if isinstance(error, DataError):
            raise
        raise DataError(f"{source} can't be read: {_line(error)}") from error
    names = [str(name) for _, name in sorted(content["names"].items())]
    most = np.inf if single_cls else len(names) - 1  # then labels may have classes that are not named
    if wrong := [index for index in chosen or () if type(index) is not int or not 0 <= index <= most]:
        raise DataError(f"{source}: classes={classes} has {wrong[0]!r}: expected indices from 0 to {len(names) - 1}.")
    root = Path(content["path"]).resolve()
    unread = dataset.found - len(dataset.labels)
    annotations = _annotations_of(content, split, root, source)
    label_files = img2label_paths([label["im_file"] for label in dataset.labels])
    return Split(source, root, names, dataset.labels, label_files, unread, annotations, chosen, bool(single_cls))


def count_images(data: str | Path) -> dict[str, int]:
    """Return the number of image files of each split that is here, without reading one.

    Args:
        data: A data YAML, or the name of one of Ultralytics' data sets or ours.
    """
    with quiet():
        content = check_det_dataset(str(find_data(str(data))), autodownload=False)
    counts = {}
    for split in SPLITS:
        places = content.get(split) or []
        counts[split] = sum(_count(Path(place)) for place in ([places] if isinstance(places, str) else places))
    return {split: count for split, count in counts.items() if count}


def _count(place: Path) -> int:
    """Return the number of images in a folder, or in a list of them."""
    if place.is_file():
        return sum(bool(line.strip()) for line in place.read_text(encoding="utf-8").splitlines())
    return sum(path.suffix[1:].lower() in IMG_FORMATS for path in place.rglob("*"))


def _annotations_of(content: dict[str, Any], split: str, root: Path, source: str) -> Path | None:
    """Return the COCO JSON that a data YAML names for a split in its mapping `annotations`, if it does."""
    named = content.get("annotations") or {}
    if not isinstance(named, dict) or not all(isinstance(path, str) and path for path in named.values()):
        raise DataError(
            f"{source}: the YAML has annotations: {named!r}. Expected a mapping from splits to COCO JSON files, such "
            "as {val: annotations/instances_val2017.json}."
        )
    return root / named[split] if split in named else None


def _line(error: BaseException) -> str:
    """Return the first two lines of what an error, or the one behind it, says, as one."""
    lines = [line.strip() for line in str(error.__cause__ or error).splitlines() if line.strip()]
    lines = [line for line in lines if not line.startswith("Note dataset download directory")]  # nothing is fetched
    return " ".join(lines[:2]) or type(error).__name__
