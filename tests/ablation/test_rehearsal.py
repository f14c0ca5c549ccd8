"""What `yolo ablate` says before its first run, in place of runs that fail."""

import json
import os
from pathlib import Path

import pytest
import torch
import yaml

from tests.detr import write_rtdetr
from tests.evaluation.test_rehearsal import FAULTS, damage
from tests.export.factories import coco_form
from yolo_feiou.ablation.command import ablate
from yolo_feiou.ablation.options import read_ablation_request
from yolo_feiou.ablation.rehearsal import rehearse_runs
from yolo_feiou.ablation.runner import Runner
from yolo_feiou.errors import (
    ArgumentError,
    DataError,
    LossSpecError,
    MissingFileError,
    UnsupportedModelError,
    YoloFeiouError,
)
from yolo_feiou.yolo.framework import FRAMEWORK


@pytest.fixture
def squares(tmp_path):
    return coco_form(tmp_path / "squares", {"train": 4, "val": 3})


@pytest.fixture
def words(squares, tmp_path, monkeypatch):
    """A function that returns the words of an ablation; no run may begin."""
    monkeypatch.setattr(Runner, "run", lambda *_: pytest.fail("a run has begun"))
    monkeypatch.chdir(tmp_path)

    def make(**arguments):
        usual = {"data": squares, "out": "out", "losses": "ciou,eiou", "seeds": "0,1", "device": "cpu", "imgsz": 32}
        return [f"{key}={value}" for key, value in {**usual, "preflight": "False", **arguments}.items()]

    return make


def refused(words):
    """The error of a command that writes nothing."""
    with pytest.raises(YoloFeiouError) as error:
        ablate(words, FRAMEWORK)
    assert not Path("out").exists() and "\n" not in str(error.value)
    return error.value


def notes_of(words):
    """The notes on a command that may begin."""
    return rehearse_runs(read_ablation_request(words, FRAMEWORK))[1]


@pytest.mark.parametrize("fault", FAULTS)
def test_a_ground_truth_that_does_not_fit_is_refused(words, squares, fault):
    damage(squares, fault)
    assert isinstance(refused(words()), DataError)


@pytest.mark.parametrize(
    ("told", "error", "message"),
    [
        ({"out": "Bob's"}, ArgumentError, "out=Bob's: Ultralytics can't load weights from"),
        ({"out": "Bob's/out"}, ArgumentError, "out=Bob's/out: Ultralytics can't load weights from"),
        ({"out": "squares/images/train/out"}, ArgumentError, "among the images of data="),
        ({"device": "mps"}, ArgumentError, "device=mps: there is no Metal GPU"),
        ({"device": "gpu"}, ArgumentError, "device=gpu can't be used here"),
        ({"data": "d.ndjson"}, DataError, "NDJSON can't be evaluated"),
        ({"split": "test"}, DataError, "has no split 'test'"),
        ({"annotations": "none.json"}, DataError, "none.json can't be read"),
        ({"optimizer": "SGD,AdaW"}, ArgumentError, "unknown optimizer 'AdaW': did you mean 'AdamW'?"),
        ({"copy_paste_mode": "flop"}, ArgumentError, "unknown copy_paste_mode=flop"),
        ({"pretrained": "runs/x/best.pt"}, MissingFileError, "pretrained=runs/x/best.pt: there is no such file"),
        ({"model": "runs/x/best.pt"}, DataError, "model=runs/x/best.pt: there is no such file"),
        ({"batch": "4,3"}, ArgumentError, "4 images in batches of 3 leave one for the last batch, and at imgsz=32"),
        ({"fraction": "0.25"}, ArgumentError, "1 images in batches of 1 leave one for the last batch"),
        ({"classes": "[5]"}, DataError, "classes=[5] has 5: expected indices from 0 to 1"),
        ({"classes": "0,5"}, DataError, "classes=5 has 5: expected indices from 0 to 1"),
        ({"conf": "1.5"}, ArgumentError, "conf"),
        ({"epochs": "many"}, ArgumentError, "epochs"),
        ({"max_det": "0"}, ArgumentError, "max_det=0"),
        ({"losses": "ciou,stock", "box_stats": "True"}, ArgumentError, "box_stats=True looks into a loss of ours"),
        ({"box_stats": "perhaps"}, ArgumentError, "got box_stats='perhaps'"),
        ({"max_det": "3.5"}, ArgumentError, "max_det"),
        ({"single_cls": "maybe"}, ArgumentError, "single_cls"),
        ({"model": "none.yaml"}, DataError, "model=none.yaml"),
        ({"model": "yolov8n.yaml,none.yaml"}, DataError, "model=none.yaml"),
        ({"model": "pipe.pt"}, DataError, "model=pipe.pt is a FIFO"),
        ({"data": "pipe.yaml"}, DataError, "data=pipe.yaml is a FIFO"),
        ({"model": "torn.pt"}, DataError, "model=torn.pt can't be read"),
        ({"model": "yolov8n-obb.yaml", "losses": "stock"}, DataError, "has upright boxes, and an OBB model is"),
        (
            {"model": "yolov8n.yaml,yolov8n-obb.yaml", "losses": "stock"},
            DataError,
            "has upright boxes, and an OBB model is",
        ),
        ({"model": "yolov8n.yaml,yolov8n-obb.yaml"}, LossSpecError, "'ciou' is of axis-aligned boxes"),
        ({"model": "yolov8n-cls.yaml", "losses": "stock"}, UnsupportedModelError, "'classify' can't be evaluated"),
    ],
)
def test_what_is_known_at_the_start_is_told_there(words, told, error, message):
    Path("torn.pt").write_bytes(b"PK\x03\x04 torn")
    for name in ("pipe.pt", "pipe.yaml"):
        os.mkfifo(name)
    raised = refused(words(**told))
    assert isinstance(raised, error) and message in str(raised)


@pytest.mark.parametrize("device", ["7", "cuda", "0,1"])
def test_a_device_that_is_not_there_is_refused(words, device, monkeypatch):
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 0)
    assert "there is no GPU" in str(refused(words(device=device)))


def test_a_batch_that_ultralytics_can_not_choose_on_several_gpus_is_refused(words, monkeypatch):
    """It can't there, and each run would fail."""
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 2)
    assert "batch=-1 on several GPUs (device=0,1)" in str(refused(words(device="0+1", batch="-1")))
    rehearse_runs(read_ablation_request(words(device="0+1", batch="4"), FRAMEWORK))
    rehearse_runs(read_ablation_request(words(device="0,1", batch="-1"), FRAMEWORK))


def test_a_current_folder_from_which_ultralytics_can_not_load_is_refused(words, tmp_path, monkeypatch):
    """The path to `out` is a part of that of the weights."""
    (tmp_path / "Bob's").mkdir()
    monkeypatch.chdir(tmp_path / "Bob's")
    assert "Ultralytics can't load weights from" in str(refused(words()))


def test_each_choice_of_classes_is_rehearsed(words, squares):
    """Class 1 has no objects in the JSON: the runs with classes=1 would fail, and those with classes=0 not."""

    def without_red(content):
        content["annotations"] = [one for one in content["annotations"] if one["category_id"] == 3]

    damage(squares, without_red)
    rehearse_runs(read_ablation_request(words(classes="0"), FRAMEWORK))
    assert isinstance(refused(words(classes="0,1")), DataError)


def test_labels_of_more_classes_than_are_named_are_read_as_a_training_with_single_cls_reads_them(words, squares):
    """The labels have the classes 0 and 1; without single_cls Ultralytics would leave out every image."""
    content = yaml.safe_load(squares.read_text())
    del content["annotations"]
    squares.write_text(yaml.safe_dump({**content, "names": ["square"]}))
    truths, notes = rehearse_runs(read_ablation_request(words(single_cls=True), FRAMEWORK))
    assert [row["ground_truth"] for row in truths.values()] == ["labels"] and notes == []
    with pytest.raises(DataError, match="can't be read"):
        rehearse_runs(read_ablation_request(words(), FRAMEWORK))


def test_what_fits_gives_the_ground_truth_that_rows_must_have(words, squares):
    truths, notes = rehearse_runs(read_ablation_request(words(split="val"), FRAMEWORK))
    assert truths[str(squares)]["ground_truth"] == "instances_val2017.json" and list(notes) == []


def test_a_plan_needs_no_device(words, capsys, monkeypatch):
    """It is made on the login node of a cluster."""
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 0)
    assert ablate(words(plan="True", device="7", jobs="1"), FRAMEWORK) == 0
    assert len(capsys.readouterr().out.splitlines()) == 4


@pytest.mark.parametrize(
    ("told", "error", "message"),
    [
        ({"data": "none.yaml"}, DataError, "data=none.yaml: there is no such file"),
        ({"max_det": "0"}, ArgumentError, "max_det=0"),
        ({"epochs": "many"}, ArgumentError, "epochs"),
    ],
)
def test_a_plan_is_refused_for_what_no_device_is_needed_to_see(words, told, error, message):
    with pytest.raises(error, match=message):
        ablate(words(plan="True", **told), FRAMEWORK)


def test_a_plan_of_one_run_is_that_run_and_its_number(words, capsys):
    assert ablate(words(plan="True", only="3"), FRAMEWORK) == 0
    (line,) = capsys.readouterr().out.splitlines()
    assert line.startswith("3 ")


def test_a_plan_says_that_measured_gains_change_the_keys(words, capsys):
    assert ablate(words(plan="True", gain="matched"), FRAMEWORK) == 0
    assert "note: gain=matched sets box= when the gradients are measured" in capsys.readouterr().err
    assert ablate(words(plan="True"), FRAMEWORK) == 0
    assert "gain=matched" not in capsys.readouterr().err


def test_a_plan_says_what_was_made_of_a_loss(words, capsys):
    """On stderr: the lines of the plan are numbered, and read by scripts."""
    assert ablate(words(plan="True", losses="ciou,focal_eiou:gamma=0.5", seeds="0"), FRAMEWORK) == 0
    out, err = capsys.readouterr()
    assert out.splitlines()[1].endswith(" loss=focal_eiou") and "note: losses go by their shortest specs" in err
    assert "'focal_eiou:gamma=0.5' is 'focal_eiou'." in err


def test_a_background_image_that_the_json_lists_is_no_fault(words, squares):
    def background(content):
        last = content["images"][-1]["id"]
        content["annotations"] = [one for one in content["annotations"] if one["image_id"] != last]

    damage(squares, background)
    rehearse_runs(read_ablation_request(words(), FRAMEWORK))
    assert json.loads((squares.parent / "annotations" / "instances_val2017.json").read_text())["annotations"]


def test_what_the_training_would_pass_over_is_a_note(words):
    assert rehearse_runs(read_ablation_request(words(cache="rum"), FRAMEWORK))[1] == [
        "cache=rum: nothing is cached. Expected True, False, 'ram' or 'disk'."
    ]


def test_gains_that_do_nothing_are_refused_where_they_are_to_be_matched_and_told_else(words, squares, tmp_path):
    """RT-DETR's losses have gains of their own."""
    model = write_rtdetr(tmp_path)
    message = str(refused(words(model=model, gain="matched")))
    assert message.startswith(
        f"gain=matched sets box= for each loss, which does nothing with model={model}: the gain of"
    )
    assert message.endswith("Use gain=same, and a factor of the loss itself, as in losses=eiou:weight=0.5.")

    for models in (model, f"yolov8n.yaml,{model}"):
        assert str(refused(words(model=models, box="3,5"))) == (
            f"the runs of model={model} would be the same for all values of box=, which does nothing there: the gain "
            "of RT-DETR's box loss is its criterion's own, 2. Give one value, or compare factors of the loss itself, "
            "as in losses=eiou:weight=0.5|1."
        )

    assert str(refused(words(model=model, dfl="1,1.5"))) == (
        f"the runs of model={model} would be the same for all values of dfl=, which does nothing there: RT-DETR has no "
        "DFL. Give one value."
    )
    assert "same for all values of cls=" in str(refused(words(model=f"yolov8n.yaml,{model}", cls="0.5,1")))

    def notes(**arguments):
        return notes_of(words(**arguments))

    assert f"dfl= does nothing with model={model}: RT-DETR has no DFL." in notes(model=model, dfl="1")
    assert not any("does nothing" in note for note in notes(cls="0.5,1", dfl="1"))
    assert [note for note in notes(model=model, box="5") if "box=" in note] == [
        f"box= does nothing with model={model}: the gain of RT-DETR's box loss is its criterion's own, 2."
    ]
    for told in ({"model": model}, {"model": "yolov8n.yaml", "box": "5"}):
        assert not any("box=" in note for note in notes(**told))
    assert [note for note in notes(model="yolov8n.yaml", box="0,5") if "box=" in note] == [
        "box=0 multiplies the box loss of model=yolov8n.yaml by 0: the runs with it differ in no loss."
    ]


@pytest.mark.parametrize(
    ("argument", "why"),
    [
        ("pose", "models for pose alone have a loss of key points"),
        ("kobj", "models for pose alone have a loss of the visibility of key points"),
        ("rle", "YOLO26's models for pose alone have an RLE loss of key points"),
        ("angle", "models of oriented boxes alone have a loss of angles"),
    ],
)
def test_gains_of_losses_that_a_model_does_not_have_are_refused_and_told(words, argument, why):
    if argument not in FRAMEWORK.defaults():
        pytest.skip("an older release")
    assert str(refused(words(**{argument: "1,2"}))) == (
        f"the runs of model=yolov8n.yaml would be the same for all values of {argument}=, which does nothing there: "
        f"{why}. Give one value."
    )
    assert f"{argument}= does nothing with model=yolov8n.yaml: {why}." in notes_of(words(**{argument: "2"}))
