"""The backbone: its maps, norms, trained stages, and the weights that it begins with."""

import io
import urllib.error
from email.message import Message

import pytest
import torch
from torch import nn
from torchvision.models import resnet18, resnet34
from torchvision.ops import FrozenBatchNorm2d

from yolo_feiou.detectors import backbone as module
from yolo_feiou.detectors.backbone import (
    build_backbone,
    describe_weights,
    find_published,
    find_weights,
)
from yolo_feiou.detectors.config import DetectorConfig
from yolo_feiou.errors import DataError, MissingFileError
from yolo_feiou.storage.checksums import file_sha256


def configure(detector="retinanet", **keys):
    return DetectorConfig.from_dict({"detector": detector, "backbone": "resnet18", "weights": "none", **keys})


@pytest.mark.parametrize(
    ("detector", "sides"), [("retinanet", [8, 4, 2, 1, 1]), ("faster_rcnn", [16, 8, 4, 2, 1]), ("paa", [8, 4, 2, 1, 1])]
)
def test_five_maps(detector, sides):
    """Of an image of 64 pixels: strides 8 to 128, or for regions 4 to 64."""
    maps = build_backbone(configure(detector))(torch.rand(1, 3, 64, 64))
    assert [level.shape for level in maps.values()] == [(1, 256, side, side) for side in sides]


@pytest.mark.parametrize(
    ("norm", "kind"),
    [("auto", nn.BatchNorm2d), ("batch", nn.BatchNorm2d), ("frozen", FrozenBatchNorm2d), ("group", nn.GroupNorm)],
)
def test_norms(norm, kind):
    norms = {
        type(part) for part in build_backbone(configure(norm=norm)).body.modules() if "Norm" in type(part).__name__
    }
    assert norms == {kind}


@pytest.fixture
def saved(tmp_path):
    """The file of a ResNet-18 with its classifier, and the network."""
    torch.manual_seed(1)
    network = resnet18()
    network.bn1.running_mean += 3
    torch.save(network.state_dict(), tmp_path / "mine.pth")
    return tmp_path / "mine.pth", network


@pytest.mark.parametrize("norm", ["auto", "batch"])
@pytest.mark.parametrize("has_classifier", [True, False])
def test_a_file_of_weights_is_loaded_whole(saved, norm, has_classifier):
    path, network = saved
    if not has_classifier:
        torch.save({key: value for key, value in network.state_dict().items() if not key.startswith("fc.")}, path)
    body = build_backbone(configure(weights=str(path), norm=norm)).body
    state = body.state_dict()
    assert "bn1.running_mean" in state and "layer4.1.conv2.weight" in state
    for key, value in state.items():
        if not key.endswith("num_batches_tracked"):
            assert torch.equal(value, network.state_dict()[key]), key
    assert isinstance(body.bn1, FrozenBatchNorm2d if norm == "auto" else nn.BatchNorm2d)


def test_no_weights_are_looked_for_where_a_checkpoint_follows(tmp_path):
    config = configure(weights=str(tmp_path / "gone.pth"))
    body = build_backbone(config, load_weights=False).body
    assert isinstance(body.bn1, FrozenBatchNorm2d)  # as with them
    assert not body.conv1.weight.requires_grad
    with pytest.raises(
        MissingFileError, match=r"gone\.pth: there is no such file .* a state dict of resnet18, or imagenet"
    ):
        build_backbone(config)


@pytest.mark.parametrize("stages", [0, 1, 3, 5])
def test_trained_stages_are_the_last(saved, stages):
    body = build_backbone(configure(weights=str(saved[0]), trainable_stages=stages)).body
    trained = {name.partition(".")[0] for name, part in body.named_parameters() if part.requires_grad}
    assert trained == set(["layer4", "layer3", "layer2", "layer1", "conv1"][:stages])


def test_all_stages_are_trained_without_weights():
    body = build_backbone(configure(trainable_stages=1)).body
    assert all(part.requires_grad for part in body.parameters())


def rename(state):
    return {f"backbone.{key}": value for key, value in state.items()}


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (
            lambda: resnet34().state_dict(),
            "has the unknown layer1.2.bn1.bias, .* and .* more: expected a state dict of",
        ),
        (lambda: rename(resnet18().state_dict()), "lacks bn1.bias, bn1.running_mean, bn1.running_var and .* more"),
        (
            lambda: {**resnet18().state_dict(), "conv1.weight": torch.zeros(64, 3, 3, 3)},
            "another shape of conv1.weight:",
        ),
        (lambda: {"state_dict": resnet18().state_dict()}, "holds no state dict of names and tensors"),
        (lambda: [1, 2], "holds no state dict"),
        (resnet18, "can't be read as a state dict"),
    ],
)
def test_a_wrong_file_says_what_is_wrong(tmp_path, content, message):
    torch.save(content(), tmp_path / "x.pth")
    with pytest.raises(DataError, match=message):
        build_backbone(configure(weights=str(tmp_path / "x.pth")))


@pytest.mark.parametrize("content", [b"", b"no weights at all", b"PK\x03\x04torn"])
def test_a_damaged_file_is_an_error_of_data(tmp_path, content):
    (tmp_path / "x.pth").write_bytes(content)
    with pytest.raises(DataError, match=r"x\.pth can't be read as a state dict"):
        build_backbone(configure(weights=str(tmp_path / "x.pth")))


def test_weights_are_described_by_name_and_digest(saved):
    path, _ = saved
    assert describe_weights(configure()) == "none"
    assert describe_weights(configure(weights="imagenet")) == "IMAGENET1K_V1 sha256:f37072fd"
    paper = DetectorConfig.from_dict({"detector": "atss"})
    assert describe_weights(paper) == "IMAGENET1K_V1 sha256:0676ba61"
    assert describe_weights(configure(weights=str(path))) == f"mine.pth sha256:{file_sha256(path)[:8]}"


@pytest.fixture
def cache(tmp_path, monkeypatch):
    monkeypatch.setattr(module.hub, "get_dir", lambda: str(tmp_path / "hub"))
    return tmp_path / "hub" / "checkpoints" / "resnet18-f37072fd.pth"


def serve(monkeypatch, content):
    """Answer requests for any URL with these bytes, or by raising them."""

    def answer(request, *_, **__):
        if isinstance(content, Exception):
            raise content
        reply = io.BytesIO(content)
        reply.info = Message
        return reply

    monkeypatch.setattr("torch.hub.urlopen", answer)


def test_published_weights_that_can_not_be_fetched_say_how_to_get_them(cache, monkeypatch):
    serve(monkeypatch, urllib.error.URLError("no network"))
    with pytest.raises(MissingFileError) as error:
        find_weights(configure(weights="imagenet"))
    url, _ = find_published("resnet18")
    assert f"Fetch {url} by hand and put it into {cache.parent}" in str(error.value) and "no network" in str(
        error.value
    )


def test_damaged_downloads_are_refused(cache, monkeypatch):
    serve(monkeypatch, b"something else")
    with pytest.raises(DataError, match=r"invalid hash value .* by hand"):
        find_weights(configure(weights="imagenet"))
    assert not cache.exists()


def test_a_damaged_file_in_the_cache_is_refused(cache):
    cache.parent.mkdir(parents=True)
    cache.write_bytes(b"something else")
    with pytest.raises(DataError, match=r"damaged: its SHA-256 doesn't begin with f37072fd\. Fetch"):
        find_weights(configure(weights="imagenet"))


def test_fetched_weights_are_loaded_and_kept(cache, monkeypatch, saved):
    path, network = saved
    digest = file_sha256(path)[:8]
    kept = cache.parent / f"resnet18-{digest}.pth"
    monkeypatch.setattr(module, "find_published", lambda _: (f"https://x.org/{kept.name}", digest))
    serve(monkeypatch, path.read_bytes())
    for _ in range(2):
        body = build_backbone(configure(weights="imagenet")).body
        assert torch.equal(body.conv1.weight, network.conv1.weight) and kept.is_file()
        serve(monkeypatch, OSError("asked twice"))
