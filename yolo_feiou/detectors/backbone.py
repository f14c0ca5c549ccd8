"""The backbone of a detector, a ResNet of torchvision's with a feature pyramid, and its weights."""

from __future__ import annotations

import pickle
from functools import partial
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, hub, nn
from torchvision.models import get_model_weights
from torchvision.models.detection.backbone_utils import BackboneWithFPN, resnet_fpn_backbone
from torchvision.ops import FrozenBatchNorm2d
from torchvision.ops.feature_pyramid_network import LastLevelMaxPool

from yolo_feiou.detectors.config import DetectorConfig
from yolo_feiou.detectors.precision import FloatP6P7
from yolo_feiou.errors import DataError, MissingFileError, first_three
from yolo_feiou.storage.checksums import file_sha256

#: Groups of GroupNorm, and channels of each map of the pyramid.
GROUPS, CHANNELS = 32, 256
#: Digits of a SHA-256 in names of torchvision's files, and in `describe_weights`.
DIGITS = 8


def build_backbone(config: DetectorConfig, *, load_weights: bool = True) -> BackboneWithFPN:
    """Return the backbone and its feature pyramid: P2 to P6 for R-CNNs, P3 to P7 (P6 from P5) for the others.

    Args:
        config: What it is made of.
        load_weights: False leaves its weights random, for a model that is loaded from a checkpoint.

    Raises:
        MissingFileError: If weights aren't there and can't be fetched.
        DataError: If a file isn't a state dict of this backbone.
    """
    pyramid: dict[str, Any] = {"returned_layers": [2, 3, 4], "extra_blocks": FloatP6P7(CHANNELS, CHANNELS)}
    if config.proposals is not None:
        pyramid = {"returned_layers": [1, 2, 3, 4], "extra_blocks": LastLevelMaxPool()}
    norm = "batch" if config.trains_norms else config.norm.replace("auto", "frozen")
    backbone = resnet_fpn_backbone(
        backbone_name=config.backbone,
        weights=None,
        norm_layer={"frozen": FrozenBatchNorm2d, "batch": nn.BatchNorm2d, "group": partial(nn.GroupNorm, GROUPS)}[norm],
        trainable_layers=5 if config.weights == "none" else config.trainable_stages,  # random ones that stay are no use
        **pyramid,
    )
    if load_weights and config.weights != "none":
        path = find_weights(config)
        load_backbone_weights(backbone.body, read_weights(path), f"weights={path}", config.backbone)
    return backbone


def describe_weights(config: DetectorConfig) -> str:
    """Return which weights the backbone begins with: 'none', 'IMAGENET1K_V1 sha256:0676ba61', 'mine.pth sha256:…'.

    Raises:
        MissingFileError: If they are a file that isn't there.
    """
    if config.weights == "none":
        return "none"
    if config.weights == "imagenet":
        return f"IMAGENET1K_V1 sha256:{find_published(config.backbone)[1]}"
    path = find_weights(config)
    return f"{path.name} sha256:{file_sha256(path)[:DIGITS]}"


def find_published(backbone: str) -> tuple[str, str]:
    """Return the URL of torchvision's IMAGENET1K_V1 of a backbone, and the first digits of its SHA-256."""
    url: str = get_model_weights(backbone)["IMAGENET1K_V1"].url
    return url, Path(url).stem.rpartition("-")[2]


def find_weights(config: DetectorConfig) -> Path:
    """Return the file of a backbone's weights, fetched if torchvision publishes it and it isn't there yet.

    Raises:
        MissingFileError: If it isn't there, and can't be fetched.
        DataError: If a fetched file is damaged.
    """
    if config.weights != "imagenet":
        path = Path(config.weights).expanduser()
        if not path.is_file():
            raise MissingFileError(
                f"weights={config.weights}: there is no such file in {Path.cwd()}. Give the path of a state dict of "
                f"{config.backbone}, or imagenet or none."
            )
        return path
    url, digest = find_published(config.backbone)
    path = Path(hub.get_dir()) / "checkpoints" / url.rpartition("/")[2]
    by_hand = f"Fetch {url} by hand and put it into {path.parent}, or give weights=PATH, or weights=none."
    if not path.is_file():
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            hub.download_url_to_file(url, str(path), digest)
        except OSError as error:
            raise MissingFileError(f"weights=imagenet: {url} can't be fetched ({error}). {by_hand}") from None
        except RuntimeError as error:  # its checksum is another
            raise DataError(f"weights=imagenet: {error}. {by_hand}") from None
    elif not file_sha256(path).startswith(digest):
        raise DataError(f"weights=imagenet: {path} is damaged: its SHA-256 doesn't begin with {digest}. {by_hand}")
    return path


def read_weights(path: Path) -> dict[str, Tensor]:
    """Return the tensors of a state dict in a file, without running any code of its own.

    Raises:
        DataError: If it holds anything else.
    """
    try:
        state = torch.load(path, map_location="cpu", weights_only=True)
    except (pickle.UnpicklingError, EOFError, RuntimeError, ValueError) as error:
        reason = str(error).strip().partition("\n")[0]
        raise DataError(f"weights={path} can't be read as a state dict: {reason} Save one by torch.save.") from None
    if not isinstance(state, dict) or not all(isinstance(value, Tensor) for value in state.values()):
        raise DataError(f"weights={path} holds no state dict of names and tensors: save model.state_dict().")
    return state


def load_backbone_weights(body: nn.Module, state: dict[str, Tensor], source: str, backbone: str) -> None:
    """Load a state dict into a backbone; a classifier `fc` in it is left out.

    Args:
        body: The layers of the backbone.
        state: Names and tensors.
        source: Where they are from, for messages.
        backbone: Its name, for messages.

    Raises:
        DataError: If a tensor is missing, of another shape, or without a place.
    """
    own = {key: value.shape for key, value in body.state_dict().items() if not _counts(key)}
    given = {key: value for key, value in state.items() if not key.startswith("fc.") and not _counts(key)}
    missing, unknown = sorted(own.keys() - given.keys()), sorted(given.keys() - own.keys())
    reshaped = [key for key in own.keys() & given.keys() if given[key].shape != own[key]]
    for problem, keys in (("lacks", missing), ("has the unknown", unknown), ("has another shape of", sorted(reshaped))):
        if keys:
            raise DataError(
                f"{source} {problem} {first_three(keys)}: expected a state dict of torchvision's {backbone}, whose "
                "names begin with conv1.weight."
            )
    body.load_state_dict(given, strict=False)  # all but BatchNorm's counts of batches, which FrozenBatchNorm hasn't


def _counts(key: str) -> bool:
    return key.endswith("num_batches_tracked")
