"""From words to runs."""

import os
import time

import pytest

from yolo_feiou.ablation.grid import (
    Run,
    count_variants,
    describe_lists,
    describe_spellings,
    expand_grid,
    make_name_part,
    parse_list,
)
from yolo_feiou.errors import ArgumentError, LossSpecError
from yolo_feiou.yolo.framework import FRAMEWORK


def test_every_combination_is_there_once_in_order():
    """2 losses × 3 gains × 2 seeds, in the order loss, gain, seed; what is no list is in every run."""
    words = {"data": "a.yaml", "losses": "ciou,focal_eiou:gamma=1,norm=tal", "box": "2.5,5,7.5", "seeds": "0,1"}
    runs = expand_grid(words, FRAMEWORK)
    assert len(runs) == 12
    assert [(r.arguments["loss"], r.arguments["box"], r.arguments["seed"]) for r in runs[:3]] == [
        ("ciou", 2.5, 0),
        ("ciou", 2.5, 1),
        ("ciou", 5, 0),
    ]
    assert runs[-1].arguments == {"loss": "focal_eiou:gamma=1,norm=tal", "box": 7.5, "data": "a.yaml", "seed": 1}
    assert {run.swept for run in runs} == {("loss", "box", "seed")}
    assert len({run.name for run in runs}) == len({run.key for run in runs}) == 12


def test_values_of_a_hyper_parameter_give_a_loss_each():
    """In one spelling, the shortest: 0.5 is the default."""
    runs = expand_grid({"loss": "focal_eiou:gamma=0.25|0.50|1|2"}, FRAMEWORK)
    assert [run.arguments["loss"] for run in runs] == [
        *("focal_eiou:gamma=0.25", "focal_eiou", "focal_eiou:gamma=1", "focal_eiou:gamma=2")
    ]


def test_values_are_read_as_ultralytics_reads_them():
    (run,) = expand_grid(
        {"epochs": "3", "lr0": "1e-3", "cos_lr": "True", "classes": "[0,2]", "model": "yolov8n.yaml"}, FRAMEWORK
    )
    assert run.arguments == {
        **{"epochs": 3, "lr0": 1e-3, "cos_lr": True, "classes": [0, 2], "model": "yolov8n.yaml"},
        **{"loss": "ciou", "seed": 0},
    }


def test_a_name_is_for_people_and_ends_in_the_key():
    (run,) = expand_grid({"loss": "focal_eiou:gamma=1"}, FRAMEWORK)
    assert run.name == f"focal_eiou-gamma=1-{run.key}"


@pytest.mark.parametrize(
    "other",
    [
        {"loss": "eiou", "epochs": "5"},
        {"loss": "eiou", "seed": "1"},
        {"loss": "focal_eiou:gamma=0"},
        {"loss": "eiou", "box": "7"},
        {"loss": "eiou", "pretrained": "False"},
    ],
)
def test_any_setting_changes_the_key(other):
    assert expand_grid(other, FRAMEWORK)[0].key != expand_grid({"loss": "eiou"}, FRAMEWORK)[0].key


def test_a_matched_gain_is_another_run():
    assert expand_grid({"box": "5"}, FRAMEWORK, "matched")[0].key != expand_grid({"box": "5"}, FRAMEWORK)[0].key


def test_spelling_changes_no_key():
    """Order, defaults of Ultralytics' (epochs 100, box 7.5), defaults of the loss (γ = 0.5), 5 and 5.0; nor does what
    has no effect on the result."""
    (plain,) = expand_grid({"loss": "focal_eiou", "cls": "5"}, FRAMEWORK)
    (spelled,) = expand_grid(
        {"box": "7.5", "epochs": "100", "cls": "5.0", "loss": "focal_eiou:detach=true,gamma=0.50"}, FRAMEWORK
    )
    (quiet,) = expand_grid(
        {"loss": "focal_eiou", "cls": "5", "plots": "False", "workers": "2", "box_stats": "True"}, FRAMEWORK
    )
    assert spelled.key == plain.key == quiet.key


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ({"epoch": "3"}, "'epoch' is not a training argument: did you mean 'epochs'?"),
        ({"project": "x"}, "project= is handed out by the ablation, whose folder is out=: leave it out"),
        ({"time": "1"}, "time= would let the load of the machine decide how long a loss may train: leave it out"),
        ({"box": "5,5.0"}, "box=5,5.0 lists 5.0 twice"),
        ({"box": "5,"}, "box=5, has an empty value"),
        ({"seed": "0,0"}, "seed=0,0 lists 0 twice"),
        ({"seed": ""}, "seed= has an empty value"),
        ({"seed": "-1"}, "seeds=-1: -1 is not a whole number from 0"),
        ({"seed": "a"}, "seeds=a: a is not a whole number from 0"),
        ({"loss": "focal_eiou,focal_eiou:gamma=0.5"}, "losses=focal_eiou,focal_eiou:gamma=0.5: 'focal_eiou:gamma=0.5'"),
    ],
)
def test_a_mistake_is_named_with_its_argument(words, message):
    with pytest.raises(ArgumentError) as error:
        expand_grid(words, FRAMEWORK)
    assert str(error.value).startswith(message)


def test_a_misspelled_loss_is_put_right_by_the_boxes_of_the_model():
    with pytest.raises(LossSpecError, match="did you mean 'kld'.*task=obb"):
        expand_grid({"data": "d.yaml", "model": "yolo11n-obb.pt", "loss": "kdl"}, FRAMEWORK)
    with pytest.raises(LossSpecError, match=r"unknown loss 'kdl'\. 'yolo losses' lists all\."):
        expand_grid({"data": "d.yaml", "model": "yolo11n.pt", "loss": "kdl"}, FRAMEWORK)


@pytest.mark.parametrize("loss", ["eoiu", "eiou,eiou", "", "focal_eiou:gama=1"])
def test_a_wrong_loss_is_refused(loss):
    with pytest.raises(LossSpecError):
        expand_grid({"loss": loss}, FRAMEWORK)


def test_a_matched_gain_can_not_be_swept():
    with pytest.raises(ArgumentError, match="gain=matched sets box="):
        expand_grid({"box": "5,7.5"}, FRAMEWORK, "matched")


def test_the_json_that_a_run_is_evaluated_on_makes_no_other_run(tmp_path):
    """It is named in the data YAML later, and the run isn't trained anew; another class makes another run."""
    data = tmp_path / "data.yaml"
    keys = []
    for second, text in enumerate(("names: [a]", "names: [a]\nannotations: {val: val.json}", "names: [b]")):
        data.write_text(f"train: t\nval: v\n{text}\n")
        os.utime(data, (second, second))  # however coarse the clock of the disk is
        keys.append(expand_grid({"data": str(data)}, FRAMEWORK)[0].key)
    assert keys[0] == keys[1] != keys[2]


@pytest.mark.slow
@pytest.mark.parametrize("key", ["loss", "seed"])
def test_a_long_list_takes_no_longer_than_its_length(key):
    # Under 2 s here; where each value was compared with all before it, 20,000 took 1.3 to 3.7 s, and these minutes.
    texts = {
        "loss": "focal_eiou:gamma=" + "|".join(str(n / 1e5) for n in range(100_000)),
        "seed": ",".join(map(str, range(200_000))),
    }
    began = time.process_time()
    assert len(parse_list(key, texts[key], FRAMEWORK)) == texts[key].count("|" if key == "loss" else ",") + 1
    assert time.process_time() - began < 20


def test_a_value_is_listed_once_and_a_list_in_brackets_is_one_value():
    with pytest.raises(ArgumentError, match="lists 640 twice"):
        parse_list("imgsz", "320,640,640", FRAMEWORK)
    assert parse_list("imgsz", "[320, 640]", FRAMEWORK) == [[320, 640]]


@pytest.mark.parametrize(
    "odd", ["$HOME", "Bob's", 'a"b', "a\nb", "a\rb", "a\x1bb", "a\x00b", "a/b", "a?b*[c]", "a b", "漢" * 90, "𝒳" * 90]
)
def test_a_name_holds_on_any_file_system_and_in_any_command(odd):
    """255 bytes are the most that a file's name may have; of the plan, a name is one word."""
    name = Run({"loss": "eiou", "seed": 0, "model": f"{odd}.yaml"}, ("model",)).name
    assert len(name.encode()) <= 100 and name.split() == [name] and name[0] not in ".-"
    assert all(c.isalnum() or c in "._=-" for c in name)


@pytest.mark.parametrize(
    "loss",
    [
        "ciou:weight=0.5+smooth_l1:weight=0.5",
        "focal_eiou:gamma=0..0.5@0.8",
        "+".join(f"{name}:weight=0.25,inner=0.75,focaler=0.9" for name in ("ciou", "siou", "mpdiou", "shapeiou")),
    ],
)
def test_a_name_of_a_sum_or_a_schedule_is_one_that_windows_takes(loss):
    (run,) = expand_grid({"loss": loss}, FRAMEWORK)
    assert not set(run.name) & set('|:*?"<>+/\\@') and len(run.name) <= 91
    assert run.name.endswith(f"-{run.key}") and run.name.startswith(loss.partition(":")[0])


def test_losses_are_listed_in_their_own_words():
    """Each is one loss, in canonical form; what is one loss in two spellings is there twice."""
    listed = "ciou,siou,inner_eiou,ciou:weight=0.5+smooth_l1:weight=0.5,focal_eiou:gamma=0..0.5,eiou:focal=1|2,uiou"
    assert parse_list("loss", listed, FRAMEWORK) == [
        *("ciou", "siou", "eiou:inner=0.75", "ciou:weight=0.5+smooth_l1:weight=0.5", "focal_eiou:gamma=0..0.5"),
        *("focal_eiou:gamma=1", "focal_eiou:gamma=2", "uiou"),
    ]
    for losses in ("eiou:inner=0.75,inner_eiou", "focal_eiou,eiou:focal=0.5", "wiou_v3,wiou"):
        with pytest.raises(ArgumentError, match="is there twice, spelled otherwise"):
            parse_list("loss", losses, FRAMEWORK)


def test_a_name_is_neither_hidden_nor_an_option():
    assert [make_name_part(text) for text in ("../x", "-x", "x", "")] == ["_.-x", "_x", "x", ""]


def test_what_varies_is_told_in_full_as_it_is_typed():
    """A name of a folder has room for 80 bytes, and none for some characters."""
    values = {"losses": "focal_eiou:gamma=1,norm=tal", "seeds": "0,1", "box": "5,7.5"}
    values |= {"classes": "[0, 2]", "lr0": "0.01,0.001", "momentum": "0.9,0.8", "weight_decay": "0.1,0.2"}
    runs = expand_grid(values, FRAMEWORK)
    assert runs[-1].varied == (
        "loss=focal_eiou:gamma=1,norm=tal box=7.5 lr0=0.001 momentum=0.8 weight_decay=0.2 seed=1"
    )
    assert len({run.varied for run in runs}) == len(runs) == 32 and count_variants(runs) == 16
    (run,) = expand_grid({"model": "a.yaml"}, FRAMEWORK)
    assert run.varied == "loss=ciou"
    assert [run.varied for run in expand_grid({"model": "a b.yaml,c.yaml"}, FRAMEWORK)] == [
        "loss=ciou 'model=a b.yaml'",
        "loss=ciou model=c.yaml",
    ]


def test_a_comma_in_an_argument_that_takes_lists_is_told():
    runs = expand_grid({"classes": "0,2", "freeze": "[0, 1]", "box": "5,7"}, FRAMEWORK)
    assert describe_lists(runs) == [
        "classes=0,2 is taken for 2 values, with runs of their own. One value that lists them is classes=[0,2]."
    ]


def test_losses_that_go_by_another_spec_are_told_with_it():
    """gamma is 0.5 by default; a published name stands for parameters."""
    losses = "ciou,focal_eiou:gamma=0.5|1,inner_eiou,uiou:ratio=2.0..1"
    assert describe_spellings(losses) == [
        "losses go by their shortest specs, without parameters that have their default: 'focal_eiou:gamma=0.5' is "
        "'focal_eiou', 'inner_eiou' is 'eiou:inner=0.75', 'uiou:ratio=2.0..1' is 'uiou:ratio=2..1'."
    ]
    specs = parse_list("loss", losses, FRAMEWORK)
    assert describe_spellings(",".join(specs)) == describe_spellings("stock") == describe_spellings("") == []
