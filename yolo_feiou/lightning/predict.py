"""What a trained detector finds in images of any folder: pictures with boxes, and a line for each."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch
from torch import Tensor
from torchvision.io import ImageReadMode, decode_image, write_png
from torchvision.utils import draw_bounding_boxes

from yolo_feiou.errors import DataError
from yolo_feiou.lightning.detect import TrainedDetector, without_masks
from yolo_feiou.terminal import say

#: Images that torchvision reads.
ENDINGS = (".jpg", ".jpeg", ".png", ".webp", ".gif", ".bmp")


def predict(weights: str | Path, source: str | Path, make_folder: Callable[[], Path], **options: Any) -> list[Path]:
    """Write a picture of each image, with the boxes that a detector finds, and say what it found.

    Args:
        weights: The detector's checkpoint.
        source: An image, or a folder of images.
        make_folder: Returns the folder for the pictures; it is called when the source has images.
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
    folder, written = make_folder(), []
    for file in files:
        image = read_image(file)
        with torch.inference_mode(), without_masks(detector.model):
            (found,) = detector.model([(image / 255).to(detector.device)])
        labels = [detector.names[int(label) - detector.config.first_label] for label in found["labels"]]
        counts = ", ".join(f"{count} {name}" for name, count in Counter(labels).items())
        say(f"{file}: {counts or 'nothing'}")
        written.append(folder / f"{file.stem}.png")
        write_png(draw_boxes(image, found, labels), str(written[-1]))
    say(f"Pictures are in {folder}")
    return written


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


def read_image(file: Path) -> Tensor:
    """Return an image, (3, H, W) of uint8, turned as its EXIF orientation says.

    Raises:
        DataError: If it can't be read.
    """
    try:
        return decode_image(str(file), mode=ImageReadMode.RGB, apply_exif_orientation=True)
    except RuntimeError as error:
        raise DataError(f"{file} can't be read as an image: {str(error).splitlines()[0]}.") from None


def draw_boxes(image: Tensor, found: dict[str, Tensor], labels: list[str]) -> Tensor:
    """Return an image with the boxes that were found, each with its class and score."""
    if not labels:
        return image
    texts = [f"{label} {score:.2f}" for label, score in zip(labels, found["scores"].tolist(), strict=True)]
    return draw_bounding_boxes(image, found["boxes"].cpu(), texts, colors="red", width=max(1, image.shape[-1] // 300))
