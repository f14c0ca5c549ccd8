"""Every YAML that we ship is valid, explained, and found."""

import pytest
import yaml
from ultralytics.cfg import get_cfg

from yolo_feiou import build_loss
from yolo_feiou.configs import CFG_DIR, find_data, find_recipe

RECIPES = sorted(CFG_DIR.glob("*.yaml"))
#: Tables 1 and 2 and section 5.4.3 of the paper.
PAPER = {"smooth_l1", "balanced_l1", "focal_l1", "iou", "giou", "ciou", "eiou", "focal_eiou_v1", "focal_eiou"}
PAPER |= {"focal_eiou_star"}


def test_every_recipe_of_the_paper_is_there():
    assert {path.stem for path in RECIPES} >= PAPER


@pytest.mark.parametrize("path", RECIPES, ids=lambda path: path.stem)
def test_a_recipe_explains_itself_and_is_valid(path):
    purpose, command, *_ = path.read_text().splitlines()
    assert purpose.startswith("# ")
    assert command == f"# yolo train model=yolov8s.yaml data=coco.yaml cfg={path.name}"
    arguments = yaml.safe_load(path.read_text())
    build_loss(arguments.pop("loss"))
    get_cfg(overrides=arguments)


def test_names_are_found_with_and_without_suffix():
    assert find_recipe("eiou") == find_recipe("eiou.yaml") == str(CFG_DIR / "eiou.yaml")
    assert find_data("shapes") == str(CFG_DIR / "datasets" / "shapes.yaml")
    assert find_data(["shapes.yaml", "coco8.yaml"]) == [str(CFG_DIR / "datasets" / "shapes.yaml"), "coco8.yaml"]
    assert find_data("../eiou.yaml") == "../eiou.yaml"
    assert find_data(None) is None
