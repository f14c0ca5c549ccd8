"""What a detector finds in images."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.utils.data import DataLoader, Subset
from torchvision.ops import nms

from yolo_feiou.detectors.build import build_detector
from yolo_feiou.detectors.config import DetectorConfig
from yolo_feiou.evaluation.detections import Detections
from yolo_feiou.lightning.checkpoints import CONFIG, load_checkpoint
from yolo_feiou.lightning.images import Images, collate

#: What the keys of a model's state are called in a checkpoint of Lightning's.
PREFIX = "model."


class TrainedDetector:
    """A detector with the weights of a checkpoint.

    Args:
        path: The checkpoint.
        device: 'cpu' or a GPU; '' for a GPU if there is one.
        **changes: Keys of its configuration to change, such as `score_threshold`, `nms` and `detections`.

    Attributes:
        about: What a row says of it: columns of `results.schema`.

    Raises:
        DataError: If it is none, or torn.
    """

    def __init__(self, path: str | Path, device: str = "", **changes: Any) -> None:
        content = load_checkpoint(path)
        given = {key: value for key, value in changes.items() if value is not None}
        self.config = replace(DetectorConfig.from_dict(content[CONFIG]), **given)
        self.names: list[str] = content["names"]
        self.arguments: dict[str, Any] = content["train_args"]
        self.about = {
            "detector": self.config.detector,
            "backbone": self.config.backbone,
            "backbone_weights": content["backbone_weights"],
            "iterations": self.arguments["iterations"],
        }
        self.device = choose_device(device)
        self.model = build_detector(self.config, len(self.names), imgsz=self.arguments["imgsz"], load_weights=False)
        weights = {key.removeprefix(PREFIX): value for key, value in content["state_dict"].items()}
        own = self.model.state_dict()  # without the state that a loss may have
        self.model.load_state_dict({key: weights[key] for key in own if key in weights})
        self.model.to(self.device).eval()

    def detect(self, images: Images, batch: int, workers: int, **settings: Any) -> Detections:
        """Return what it finds in images.

        Args:
            images: The images.
            batch: How many are computed at a time.
            workers: Processes that read them.
            **settings: What else the row of an evaluation says of it.
        """
        found = detect_images(self.model, images, range(len(images)), batch, workers, self.device)
        shapes = {file: (int(h), int(w)) for file, (h, w) in zip(images.files, images.shapes, strict=True)}
        made = {
            "conf": self.config.score_threshold,
            "iou": self.config.nms,
            "max_det": self.config.detections,
            "imgsz": self.arguments["imgsz"],
            "batch": batch,
            "single_cls": bool(self.arguments["single_cls"]),
        }
        made |= settings
        if made["single_cls"]:
            found = {file: merge_classes(rows, self.config.nms) for file, rows in found.items()}
        return Detections(self.names, found, shapes, made)


def choose_device(device: str) -> torch.device:
    """Return a device: the one that is named, else a GPU if there is one."""
    if device in ("", "None", "none"):
        return torch.device("cuda", 0) if torch.cuda.is_available() else torch.device("cpu")
    return torch.device(f"cuda:{device}" if device.isdigit() else device)


def detect_images(
    model: nn.Module, images: Images, indices: Sequence[int], batch: int, workers: int, device: torch.device
) -> dict[str, np.ndarray]:
    """Return what a detector in eval mode finds, as `Detections.by_file` has it.

    Args:
        model: The detector.
        images: The images.
        indices: Which of them.
        batch: How many are computed at a time.
        workers: Processes that read them.
        device: The model's.
    """
    loader = DataLoader(Subset(images, indices), batch_size=batch, num_workers=workers, collate_fn=collate)
    found = {}
    with torch.inference_mode(), without_masks(model):
        for pixels, targets in loader:
            for target, result in zip(targets, model([image.to(device) for image in pixels]), strict=True):
                found[images.files[target["image_id"]]] = list_detections(result, getattr(model, "first_label", 0))
    return found


@contextmanager
def without_masks(model: nn.Module) -> Iterator[None]:
    """Within the block a Mask R-CNN predicts boxes alone: masks are no part of what is measured, and take seconds."""
    heads = getattr(model, "roi_heads", None)
    pool = getattr(heads, "mask_roi_pool", None)
    if heads is not None:
        heads.mask_roi_pool = None
    try:
        yield
    finally:
        if heads is not None:
            heads.mask_roi_pool = pool


def merge_classes(rows: np.ndarray, iou: float) -> np.ndarray:
    """Return an image's detections as of one class, as Ultralytics' `single_cls` has them: NMS is over all classes.

    Args:
        rows: Those of `list_detections`, of which none of the same class overlap.
        iou: IoU above which the one with the lower score is dropped.
    """
    boxes = torch.from_numpy(rows)
    kept = rows[nms(boxes[:, :4], boxes[:, 4], iou).numpy()]
    kept[:, 5] = 0
    return kept


def list_detections(result: dict[str, Tensor], first_label: int) -> np.ndarray:
    """Return an image's detections as rows of x1, y1, x2, y2, score and class index, best score first."""
    order = result["scores"].argsort(descending=True, stable=True)
    columns = (result["boxes"], result["scores"][:, None], (result["labels"] - first_label)[:, None])
    return torch.cat([column.double() for column in columns], 1)[order].cpu().numpy()
