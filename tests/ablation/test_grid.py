"""From words to runs."""

import pytest

from yolo_feiou.ablation.grid import expand
from yolo_feiou.errors import ArgumentError, LossSpecError


def test_every_combination_once():
    """2 losses × 3 gains × 2 seeds, in the order loss, gain, seed; what is no list is in every run."""
    words = {"data": "a.yaml", "loss": "ciou,focal_eiou:gamma=1,norm=tal", "box": "2.5,5,7.5", "seed": "0,1"}
    runs = expand(words)
    assert len(runs) == 12
    assert [(r.arguments["loss"], r.arguments["box"], r.arguments["seed"]) for r in runs[:3]] == [
        ("ciou", 2.5, 0),
        ("ciou", 2.5, 1),
        ("ciou", 5, 0),
    ]
    assert runs[-1].arguments == {"loss": "focal_eiou:gamma=1,norm=tal", "box": 7.5, "data": "a.yaml", "seed": 1}
    assert {run.axes for run in runs} == {("loss", "box", "seed")}
    assert len({run.name for run in runs}) == 12


def test_values_of_a_hyper_parameter():
    runs = expand({"loss": "focal_eiou:gamma=0.25|0.5|1|2"})
    assert [run.arguments["loss"] for run in runs] == [f"focal_eiou:gamma={g}" for g in ("0.25", "0.5", "1", "2")]


def test_values_are_read_as_ultralytics_reads_them():
    (run,) = expand({"epochs": "3", "lr0": "1e-3", "cos_lr": "True", "classes": "[0,2]", "model": "yolov8n.yaml"})
    assert run.arguments == {
        **{"epochs": 3, "lr0": 1e-3, "cos_lr": True, "classes": [0, 2], "model": "yolov8n.yaml"},
        **{"loss": "ciou", "seed": 0},
    }


def test_a_name_is_for_people_and_changes_with_any_setting():
    (run,) = expand({"loss": "focal_eiou:gamma=1"})
    (other,) = expand({"loss": "focal_eiou:gamma=1", "epochs": "5"})
    assert run.name == f"focal_eiou-gamma=1-{run.key}"
    assert run.key != other.key
    assert expand({"loss": "focal_eiou:gamma=1"})[0].key == run.key
    assert expand({"epochs": "5", "loss": "focal_eiou:gamma=1"})[0].key == other.key


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ({"epoch": "3"}, "'epoch' is no training argument: did you mean 'epochs'?"),
        ({"project": "x"}, "project= is handed out by the ablation: leave it out"),
        ({"box": "5,5.0"}, "box=5,5.0 lists 5.0 twice"),
        ({"box": "5,"}, "box=5, has an empty value"),
        ({"seed": "0,0"}, "seed=0,0 lists 0 twice"),
    ],
)
def test_mistakes(words, message):
    with pytest.raises(ArgumentError) as error:
        expand(words)
    assert str(error.value).startswith(message)


def test_a_wrong_loss():
    with pytest.raises(LossSpecError, match="did you mean 'eiou'"):
        expand({"loss": "ciou,eoiu"})
