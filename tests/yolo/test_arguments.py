"""The training arguments of ours reach the trainer by every road, and what doesn't fit stops there."""

import pytest
import yaml

from tests.runs import SHORT, overrides, short
from yolo_feiou import YOLO, DetectionTrainer
from yolo_feiou.errors import ArgumentError, LossSpecError
from yolo_feiou.storage.tables import read_csv
from yolo_feiou.yolo.arguments import check_extra_arguments, find_changed_arguments
from yolo_feiou.yolo.box_stats import BOX_STATS_FILE


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"box_stats": "yes"}, "got box_stats='yes': expected True or False"),
        ({"box_stats": 1}, "got box_stats=1: expected True or False"),
        ({"box_stats": None}, "got box_stats=None"),
        ({"box_stats": True, "loss": "stock"}, "got loss=stock: add loss=ciou"),
    ],
)
def test_what_does_not_fit_stops_before_anything_is_written(tmp_path, data, arguments, message):
    given = overrides(data, tmp_path / "runs", **arguments)
    with pytest.raises(ArgumentError, match=message):
        DetectionTrainer(overrides=given)
    with pytest.raises(ArgumentError, match=message):
        YOLO("yolov8n.yaml").train(**given)
    assert not (tmp_path / "runs").exists()


def test_a_loss_of_rotated_boxes_stops_before_anything_is_written(tmp_path, data):
    given = overrides(data, tmp_path / "runs", loss="kld:tau=2")
    for train in (lambda: DetectionTrainer(overrides=given), lambda: YOLO("yolov8n.yaml").train(**given)):
        with pytest.raises(LossSpecError, match="'kld' is of rotated boxes, and this model has axis-aligned boxes"):
            train()
    assert not (tmp_path / "runs").exists()


def test_statistics_name_the_loss_that_is_the_models_own():
    with pytest.raises(ArgumentError, match=r"add loss=probiou, which is that very loss\.$"):
        check_extra_arguments({"box_stats": True}, "rotated")
    with pytest.raises(ArgumentError, match=r"\(loss=giou with RT-DETR, loss=probiou with oriented boxes\)\.$"):
        check_extra_arguments({"box_stats": True})
    with pytest.raises(LossSpecError, match="did you mean 'kld'"):
        check_extra_arguments({"loss": "kdl"}, "rotated")


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("inner_eiou", "eiou:inner=0.75", True),
        ("ciou:weight=1+l1", "ciou+l1:weight=1", True),
        ("eiou:focal=0.5", "focal_eiou", True),
        ("wiou_v3", "wiou:momentum=auto", True),
        ("ciou+l1", "ciou+l1:weight=0.5", False),
        ("uiou:ratio=2..0.5", "uiou", True),
        ("uiou:ratio=2..0.5@0.8", "uiou", False),
        (None, "stock", True),
    ],
)
def test_a_resume_takes_its_loss_in_another_spelling_and_no_other_loss(one, other, same):
    assert find_changed_arguments({"loss": one}, {"loss": other}) == ([] if same else ["loss"])
    assert find_changed_arguments({"loss": one}, {"epochs": 5}) == []


@pytest.mark.slow
def test_the_command_takes_it_from_a_recipe_and_as_a_bare_word(command, data, tmp_path):
    (tmp_path / "mine.yaml").write_text("loss: eiou\nbox_stats: true\n")
    for name, words in (("recipe", ["cfg=mine.yaml"]), ("word", ["loss=eiou", "box_stats"])):
        done = command("train", *words, "model=yolov8n.yaml", *short(data=data, project=tmp_path, name=name))
        assert done.returncode == 0, done.stderr
        assert len(read_csv(tmp_path / name / BOX_STATS_FILE)) == 1


@pytest.mark.slow
def test_trainings_that_ultralytics_starts_as_commands_take_it(data, tmp_path, release):
    release("8.4.76")
    YOLO("yolov8n.yaml").train(**{**overrides([data, data], tmp_path, box_stats=True)})
    assert len(list(tmp_path.glob(f"**/{BOX_STATS_FILE}"))) == 2


@pytest.mark.slow
def test_the_trials_of_the_tuner_take_it(data, tmp_path, release):
    release("8.4.3")
    arguments = {**SHORT, "data": data, "project": str(tmp_path), "loss": "eiou", "box_stats": True, "iterations": 1}
    YOLO("yolov8n.yaml").tune(**arguments)
    recorded = [yaml.safe_load(path.read_text()) for path in tmp_path.glob("**/args.yaml")]
    assert [arguments["box_stats"] for arguments in recorded if arguments["mode"] == "train"] == [True]
