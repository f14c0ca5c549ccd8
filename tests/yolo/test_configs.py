"""Every YAML that we ship is valid, explained, and found."""

import os
from contextlib import nullcontext
from pathlib import Path

import pytest
import yaml
from ultralytics.cfg import get_cfg

from yolo_feiou import build_loss
from yolo_feiou.datasets.shapes import generate
from yolo_feiou.errors import ArgumentError, DataError
from yolo_feiou.yolo import configs
from yolo_feiou.yolo.configs import (
    CFG_DIR,
    check_data_file,
    check_image_folders,
    find_data,
    find_recipe,
    list_recipes,
    read_recipe,
)

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
    assert command == f"# yolo train model=yolov8s.yaml data=datasets/coco/coco.yaml cfg={path.name}"
    arguments = yaml.safe_load(path.read_text())
    build_loss(arguments.pop("loss"))
    get_cfg(overrides=arguments)


OURS = str(CFG_DIR / "datasets" / "shapes.yaml")
COCO = sorted((CFG_DIR / "coco").glob("*.yaml"))


@pytest.mark.parametrize("path", COCO, ids=lambda path: path.stem)
@pytest.mark.parametrize("loss", ["ciou", "eiou", "focal_eiou", "focal_l1"])
def test_a_recipe_for_coco_goes_with_each_loss(path, loss):
    purpose, command, *_ = path.read_text().splitlines()
    assert purpose.startswith("# ")
    assert command == f"# train_coco.sh cfg=coco/{path.name} data=datasets/coco/coco.yaml loss=focal_eiou"
    build_loss(loss)
    arguments = get_cfg(overrides=yaml.safe_load(path.read_text()))
    assert (arguments.optimizer, arguments.lr0, arguments.pretrained) == ("SGD", 0.01, False)
    assert find_recipe(f"coco/{path.stem}") == find_recipe(f"coco/{path.name}") == str(path)


def test_the_recipe_for_coco_has_the_epochs_and_batch_of_the_published_figures():
    arguments = yaml.safe_load((CFG_DIR / "coco" / "yolov8.yaml").read_text())
    assert (arguments["epochs"], arguments["batch"]) == (500, 128)


def test_no_other_folder_is_looked_into():
    """Data sets and detectors are no recipes."""
    for name in ("coco/../eiou.yaml", "datasets/shapes", "retinanet", "detectors/retinanet.yaml", "coco/eiou"):
        assert find_recipe(name) == name


@pytest.mark.parametrize("name", list_recipes())
def test_each_recipe_is_found_by_the_way_from_cfg_and_by_its_last_part(name):
    """So no two of them may share the last part."""
    path, last = str(CFG_DIR / name), name.rpartition("/")[2]
    for word in (name, name.removesuffix(".yaml"), last, last.removesuffix(".yaml")):
        assert find_recipe(word) == path
        assert read_recipe(word, grids=True) == yaml.safe_load(Path(path).read_text())


@pytest.mark.parametrize("name", ["bccd", "paper/table3.yaml"])
def test_a_grid_is_no_recipe_of_one_training(name):
    with pytest.raises(ArgumentError, match=f"cfg={name} is a grid of several trainings: 'yolo ablate cfg={name}'"):
        read_recipe(name)


@pytest.mark.parametrize(
    ("name", "near"), [("focal_eoiu.yaml", "focal_eiou.yaml"), ("coco/yolo8", "coco/yolov8"), ("tabel3", "table3")]
)
def test_a_name_that_is_not_there_is_told_with_the_nearest(name, near):
    with pytest.raises(ArgumentError, match=f"nor a recipe of that name: did you mean '{near}'"):
        read_recipe(name)


def test_names_are_found_with_and_without_suffix():
    assert find_recipe("eiou") == find_recipe("eiou.yaml") == str(CFG_DIR / "eiou.yaml")
    assert find_data("shapes") == str(CFG_DIR / "datasets" / "shapes.yaml")
    assert find_data(["shapes.yaml", "coco8.yaml"]) == [str(CFG_DIR / "datasets" / "shapes.yaml"), "coco8.yaml"]
    assert find_data("../eiou.yaml") == "../eiou.yaml"
    assert find_data(None) is None


@pytest.mark.parametrize("suffix", [".yaml", ".yml"])
def test_a_bare_name_is_the_users_own_file_where_there_is_one(tmp_path, monkeypatch, suffix):
    monkeypatch.chdir(tmp_path)
    (tmp_path / f"shapes{suffix}").touch()
    (tmp_path / f"eiou{suffix}").touch()
    assert find_data("shapes") == f"shapes{suffix}"
    assert find_recipe("eiou") == f"eiou{suffix}"
    assert find_data("shapes.yaml") == ("shapes.yaml" if suffix == ".yaml" else OURS)


@pytest.mark.parametrize("theirs", ["shapes", "shapes.yaml", "shapes.yml"])
def test_a_bare_name_is_the_users_data_set_in_ultralytics_folder_unless_we_made_it(tmp_path, monkeypatch, theirs):
    monkeypatch.setattr(configs, "DATASETS_DIR", tmp_path)
    assert find_data("shapes") == OURS
    if theirs == "shapes":
        generate(tmp_path / theirs, counts={"train": 1}, size=32)
        assert find_data("shapes") == OURS
        (tmp_path / theirs / "recipe.json").unlink()
    else:
        (tmp_path / theirs).touch()
    assert find_data("shapes") == str(tmp_path / theirs)
    assert find_data("shapes.yaml") == OURS


def test_a_data_set_that_ultralytics_comes_to_have_is_its_own(tmp_path, monkeypatch):
    monkeypatch.setattr(configs, "ROOT", tmp_path)
    (tmp_path / "cfg" / "datasets").mkdir(parents=True)
    (tmp_path / "cfg" / "datasets" / "shapes.yaml").touch()
    assert (find_data("shapes"), find_data("shapes.yaml")) == ("shapes", "shapes.yaml")


@pytest.mark.parametrize("path", COCO, ids=lambda path: path.stem)
def test_a_recipe_turns_multi_scale_off_in_a_way_that_all_releases_take(path):
    """8.3.119 wants a bool, newer ones a fraction, of which False is none."""
    recipe = yaml.safe_load(path.read_text())
    assert recipe["multi_scale"] is False and get_cfg(overrides=recipe).multi_scale == 0


def test_a_data_yaml_that_is_not_there_and_a_pipe_are_refused(tmp_path, monkeypatch):
    """Ultralytics would read the pipe for ever; what is no YAML of the disk it checks itself."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "mine.yaml").touch()
    os.mkfifo(tmp_path / "pipe")
    for taken in ("mine.yaml", "coco8.yaml", "https://example.com/none.yaml", "folder", None, ["none.yaml"]):
        check_data_file(taken)
    with pytest.raises(DataError, match=r"^data=none.yml: there is no such file, nor a data set of that name"):
        check_data_file("none.yml")
    with pytest.raises(
        DataError, match=r"^data=there/coco.yaml: .* 'yolo prepare coco out=there' makes that of COCO\.$"
    ):
        check_data_file("there/coco.yaml")
    with pytest.raises(DataError, match="data=pipe is a FIFO"):
        check_data_file("pipe")


@pytest.mark.parametrize(
    ("content", "told"),
    [
        ({"path": "set", "train": "images/train", "val": "images/val"}, ""),
        ({"path": "set", "train": ["images/train", "list.txt"], "val": "../images/val"}, ""),
        ({"train": "set/images/train", "val": "set/images/val"}, ""),
        ({"path": "set", "train": "images/train", "val": "images/valid", "download": "https://example.com/a.zip"}, ""),
        ({"path": "set", "train": "images/train", "val": "images/valid"}, "'val: images/valid'"),
        ({"path": "set", "train": ["images/train", "more"], "val": "images/val"}, "'train: more'"),
        ({"path": "sets", "train": "images/train", "val": "images/val"}, "'train: images/train'"),
        (["images"], ""),
        ("train: [", ""),
    ],
)
def test_folders_that_are_not_there_are_named_by_their_key(tmp_path, monkeypatch, content, told):
    """Whatever Ultralytics may fetch, or complains of itself, is left to it."""
    monkeypatch.chdir(tmp_path)
    for name in ("train", "val"):
        (tmp_path / "set" / "images" / name).mkdir(parents=True)
    (tmp_path / "set" / "list.txt").touch()
    (tmp_path / "mine.yaml").write_text(content if isinstance(content, str) else yaml.safe_dump(content))
    with pytest.raises(DataError, match=f"^data=mine.yaml has {told}, and there is no /") if told else nullcontext():
        check_image_folders("mine.yaml")
    check_image_folders("none.yaml")
    check_image_folders({"train": "x"})
