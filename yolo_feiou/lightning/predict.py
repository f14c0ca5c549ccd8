"""What a trained detector finds in images of any folder: pictures with boxes, and a line for each."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection
from itertools import chain, count
from pathlib import Path
from typing import Any

import cv2
import torch
from torch import Tensor
from torchvision.utils import draw_bounding_boxes

from yolo_feiou.errors import DataError
from yolo_feiou.lightning.detect import TrainedDetector, without_masks
from yolo_feiou.lightning.images import read_pixels
from yolo_feiou.terminal import say

#: Images that OpenCV reads.
ENDINGS = (".jpg", ".jpeg", ".png", ".webp", ".bmp", ".tif", ".tiff")


def predict(weights: str | Path, source: str | Path, make_folder: Callable[[], Path], **options: Any) -> list[Path]:
    """Write a picture of each image, with the boxes that a detector finds, and say what it found.

    Args:
        weights: The detector's checkpoint.
        source: An image, or a folder of images.
        make_folder: Returns the folder for the pictures; it is called when there is one to write.
        **options: `conf`, `iou`, `max_det` and `device`, see `evaluate.evaluate`.

    Returns:
        The pictures, one an image, in the order of the images' names.

    Raises:
        DataError: If there is no image, or one can't be read.
    """
    names = {"conf": "score_threshold", "iou": "nms", "max_det": "detections"}
    changes = {names[key]: options[key] for key in names if key in options}
    files = list_images(Path(source))
    detector = TrainedDetector(weights, options.get("device", ""), **changes)
    folder: Path | None = None
    written: dict[str, Path] = {}
    for file in files:
        image = torch.from_numpy(read_pixels(file)).permute(2, 0, 1)
        with torch.inference_mode(), without_masks(detector.model):
            (found,) = detector.model([(image / 255).to(detector.device)])
        labels = [detector.names[int(label) - detector.config.first_label] for label in found["labels"]]
        counts = ", ".join(f"{count} {name}" for name, count in Counter(labels).items())
        say(f"{file}: {counts or 'nothing'}")
        folder = folder or make_folder()
        name = name_picture(file, written)
        written[name.lower()] = folder / name
        drawn = cv2.cvtColor(draw_boxes(image, found, labels).permute(1, 2, 0).contiguous().numpy(), cv2.COLOR_RGB2BGR)
        cv2.imencode(".png", drawn)[1].tofile(folder / name)
    say(f"Pictures are in {folder}")
    return [*written.values()]


def list_images(source: Path) -> list[Path]:
    """Return an image, or those of a folder, by name.

    Raises:
        DataError: If there is none.
    """
    files = sorted(source.iterdir()) if source.is_dir() else [source]
    found = [file for file in files if file.is_file() and file.suffix.lower() in ENDINGS]
    if not found:
        raise DataError(f"source={source} has no images: expected a file or folder of {', '.join(ENDINGS)}.")
    return found


def name_picture(file: Path, taken: Collection[str]) -> str:
    """Return a name for the picture of an image, without the images' format where that isn't needed.

    Args:
        file: The image.
        taken: The names of other pictures in lower case, since disks of Windows and macOS don't tell it apart: `a.jpg`
            and `a.png` may lie in one folder.
    """
    names = chain((f"{file.stem}.png", f"{file.name}.png"), (f"{file.name}-{n}.png" for n in count(2)))
    return next(name for name in names if name.lower() not in taken)


def draw_boxes(image: Tensor, found: dict[str, Tensor], labels: list[str]) -> Tensor:
    """Return an image with the boxes that were found, each with its class and score."""
    if not labels:
        return image
    texts = [f"{label} {score:.2f}" for label, score in zip(labels, found["scores"].tolist(), strict=True)]
    return draw_bounding_boxes(image, found["boxes"].cpu(), texts, colors="red", width=max(1, image.shape[-1] // 300))
