"""YAML files of detectors: those that come with the package, a user's own, and wrong ones."""

import json
import os

import pytest
import yaml
from torchvision.models.detection.retinanet import _default_anchorgen

from yolo_feiou.detectors.config import (
    DETECTORS_DIR,
    DetectorConfig,
    find_detector_config,
    is_detector,
    read_detector_config,
)
from yolo_feiou.detectors.config_keys import DETECTORS
from yolo_feiou.errors import ArgumentError, MissingFileError

OURS = sorted(path.stem for path in DETECTORS_DIR.glob("*.yaml"))


@pytest.fixture(autouse=True)
def _elsewhere(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)


def test_each_detector_has_two_files():
    assert sorted([*DETECTORS, *(f"{name}_r18" for name in DETECTORS)]) == OURS


@pytest.mark.parametrize("name", OURS)
def test_a_file_says_what_it_is_and_has_what_it_needs(name):
    text = (DETECTORS_DIR / f"{name}.yaml").read_text()
    first = text.partition("\n")[0]
    config = read_detector_config(f"{name}.yaml")
    assert first.startswith(f"# {config.title}, ResNet-{config.backbone.removeprefix('resnet')}-FPN")
    assert "arXiv:" in first
    assert config.detector == name.removesuffix("_r18")
    assert "anchor_scale" in text or ("anchor_sizes" in text and "aspect_ratios" in text)


@pytest.mark.parametrize("name", DETECTORS)
def test_the_papers_backbone_and_the_one_for_small_machines(name):
    paper, small = read_detector_config(name), read_detector_config(f"{name}_r18")
    assert (paper.backbone, paper.weights, paper.trainable_stages, paper.trains_norms) == (
        "resnet50",
        "imagenet",
        3,
        False,
    )
    assert (small.backbone, small.weights, small.norm, small.trains_norms) == ("resnet18", "none", "group", False)
    assert (paper.score_threshold, paper.detections) == (0.05, 100)
    assert (paper.head_norm, small.head_norm) == (("none", "group") if name == "retinanet" else (None, None))


def test_retinanets_anchors_are_torchvisions():
    assert read_detector_config("retinanet").anchor_sizes == _default_anchorgen().sizes
    assert DetectorConfig.from_dict({"detector": "retinanet"}).anchor_sizes == _default_anchorgen().sizes


@pytest.mark.parametrize("name", OURS)
def test_a_configuration_goes_through_json_and_yaml(name):
    config = read_detector_config(name)
    assert DetectorConfig.from_dict(json.loads(json.dumps(config.to_dict()))) == config
    assert DetectorConfig.from_dict(yaml.safe_load(yaml.safe_dump(config.to_dict()))) == config


def test_a_key_alone_has_the_defaults_of_the_paper():
    """As the YAML of the paper writes them out."""
    for name in DETECTORS:
        assert DetectorConfig.from_dict({"detector": name}) == read_detector_config(name)


def test_labels_begin_after_the_background_and_masks_are_for_one(tmp_path):
    configs = {name: read_detector_config(name) for name in DETECTORS}
    assert [config.first_label for config in configs.values()] == [0, 1, 1, 0, 0]
    assert [name for name, config in configs.items() if config.needs_masks] == ["mask_rcnn"]


@pytest.mark.parametrize(
    ("weights", "norm", "trained"),
    [
        ("none", "auto", True),
        ("imagenet", "auto", False),
        ("x.pth", "auto", False),
        ("imagenet", "batch", True),
        ("none", "frozen", False),
        ("none", "group", False),
    ],
)
def test_norms_are_trained_without_weights_unless_it_is_said(weights, norm, trained):
    assert DetectorConfig.from_dict({"detector": "atss", "weights": weights, "norm": norm}).trains_norms == trained


def test_names_that_come_with_the_package_are_found():
    ours = DETECTORS_DIR / "retinanet.yaml"
    assert find_detector_config("retinanet.yaml") == find_detector_config("retinanet") == ours
    assert find_detector_config(ours) == ours and find_detector_config(str(ours)) == ours


@pytest.mark.parametrize("name", ["yolov8n.yaml", "yolov8n.pt", "", None, 3, {"a": 1}, "../focal_eiou", "no/retinanet"])
def test_other_names_are_no_detectors(name):
    assert find_detector_config(name) is None and not is_detector(name)


def test_a_users_own_file_goes_first(tmp_path):
    own = tmp_path / "retinanet.yaml"
    own.write_text("# mine\nnms: 0.4\ndetector: retinanet\n")
    assert find_detector_config("retinanet.yaml").resolve() == own and is_detector("retinanet.yaml")
    assert read_detector_config("retinanet.yaml").nms == 0.4
    assert find_detector_config("retinanet") == DETECTORS_DIR / "retinanet.yaml"
    own.write_text("nc: 80\nbackbone: []\n# detector: no\n  detector: nested\n")  # one of Ultralytics'
    assert find_detector_config("retinanet.yaml") is None


def test_what_can_not_be_read_is_no_detector(tmp_path):
    os.mkfifo(tmp_path / "pipe.yaml")
    (tmp_path / "folder.yaml").mkdir()
    (tmp_path / "detector.txt").write_text("detector: atss")
    assert not any(map(is_detector, ("pipe.yaml", "folder.yaml", "detector.txt")))


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("detector: retinanet\nanchorsizes: [1]", "unknown key 'anchorsizes': did you mean 'anchor_sizes'?"),
        ("detector: retinanet\n3: x", r"unknown key '3'\. It has detector, backbone, weights,"),
        ("detector: retinanet\nanchor_scale: 8", "RetinaNet has no 'anchor_scale', which is for ATSS, PAA"),
        ("detector: atss\nanchor_sizes: [1, 2, 3, 4, 5]", "ATSS has no 'anchor_sizes', which is for RetinaNet, Faster"),
        ("detector: atss\nhead_norm: group", "ATSS has no 'head_norm', which is for RetinaNet"),
        ("detector: paa\nregions: 64", "PAA has no 'regions', which is for Faster R-CNN, Mask R-CNN"),
        ("detector: faster_rcnn\ncandidates: 64", "Faster R-CNN has no 'candidates', which is for RetinaNet, ATSS"),
        ("detector: atss\nnms: high", "nms=high is not a number from 0 to 1"),
        ("detector: yolo", "detector=yolo is not one of retinanet"),
        ("detector: atss\nnorm: group", "norm=group with weights=imagenet: those are of a backbone with BatchNorm"),
        ("detector: [", "my.yaml is not YAML: "),
        ("{detector: atss", "my.yaml"),
        ("detector: atss\n- x", "is not YAML"),
    ],
)
def test_a_wrong_file_says_what_is_wrong(tmp_path, text, message):
    (tmp_path / "my.yaml").write_text(text)
    with pytest.raises((ArgumentError, MissingFileError), match=message):
        read_detector_config("my.yaml")


def test_a_missing_file_names_those_that_are_there():
    with pytest.raises(
        MissingFileError, match=r"model=retinanets\.yaml is no YAML .* did you mean 'retinanet\.yaml'\?"
    ):
        read_detector_config("retinanets.yaml")


def test_a_dictionary_needs_a_detector():
    with pytest.raises(ArgumentError, match="checkpoint has no key 'detector': expected one of retinanet"):
        DetectorConfig.from_dict({"backbone": "resnet18"}, "checkpoint")
