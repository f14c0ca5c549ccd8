"""`yolo losses` lists every loss, those that match a pattern, and one in full."""

from __future__ import annotations

import re
import sys

import pytest

from yolo_feiou import LOSSES, cli
from yolo_feiou.errors import ArgumentError, YoloFeiouError
from yolo_feiou.losses import listing
from yolo_feiou.losses.build import build_loss, shorten_spec
from yolo_feiou.losses.gradients import read_gradients
from yolo_feiou.losses.listing import (
    ROTATED_TITLE,
    STOCK_MEANING,
    STOCK_MEANINGS,
    describe_formula,
    describe_word,
    print_losses,
)
from yolo_feiou.losses.table import ALIGNED_LOSSES, ROTATED_LOSSES


def printed(capsys, *words: str) -> str:
    print_losses(words)
    return capsys.readouterr().out


def test_every_loss_has_one_line_with_its_meaning(monkeypatch, capsys):
    monkeypatch.setattr(sys, "argv", ["yolo", "losses"])
    cli.main()
    lines = capsys.readouterr().out.splitlines()
    for info in LOSSES.values():
        assert [line.split(None, 1)[1] for line in lines if line.startswith(f"{info.name} ")] == [info.meaning]
    assert f"{'stock':17}{STOCK_MEANING}" in lines
    title = lines.index(ROTATED_TITLE)
    assert [line.split()[0] for line in lines[title + 1 :][: len(ROTATED_LOSSES)]] == [*ROTATED_LOSSES]
    assert not any(line.split()[:1] == [name] for line in lines[:title] for name in ROTATED_LOSSES)


@pytest.mark.parametrize(
    ("task", "infos"),
    [*((task, ALIGNED_LOSSES) for task in ("detect", "segment", "pose")), ("obb", ROTATED_LOSSES)],
)
def test_a_task_lists_its_losses_alone(task, infos, capsys):
    """In the whole list, and of a pattern; 'stock' is that of its boxes."""
    lines = printed(capsys, f"task={task}").splitlines()
    assert [line.split()[0] for line in lines[2 : lines.index("", 2)]] == [*infos]
    stock = STOCK_MEANINGS[next(iter(infos.values())).family]
    assert f"{'stock':17}{stock}" in lines and ROTATED_TITLE not in lines
    assert ("CIoU in YOLO" in stock) is (task != "obb") and "ProbIoU" in stock
    lines = printed(capsys, "focal_*", f"task={task}").splitlines()
    assert lines and all(build_loss(line.split()[0]).family == build_loss(next(iter(infos))).family for line in lines)
    assert printed(capsys, "stock", f"task={task}") == f"{'stock':17}{stock}\n"


def test_a_loss_of_another_task_is_told(capsys):
    assert printed(capsys, "kld", "task=obb") == printed(capsys, "kld")
    for words, message in [
        (["kld", "task=detect"], "loss 'kld' is of rotated boxes, and task=detect has axis-aligned boxes: choose one"),
        (["ciou", "task=obb"], "loss 'ciou' is of axis-aligned boxes, and task=obb has rotated boxes: choose one of p"),
        (["inner*", "task=obb"], r"no loss has a name like 'inner\*' with task=obb\. 'yolo losses' lists all\."),
    ]:
        with pytest.raises(ValueError, match=f"^{message}"):
            print_losses(words)
    with pytest.raises(ArgumentError, match=r"^task=boxes is not one of detect, segment, pose, obb\.$"):
        print_losses(["task=boxes"])
    with pytest.raises(ArgumentError, match=r"^'yolo losses' got task= twice: give it once\.$"):
        print_losses(["task=obb", "task=detect"])


def test_without_a_task_all_are_listed_and_the_help_says_so(capsys):
    assert "    task=                        lists the losses of a task alone; by default" in printed(capsys, "--help")


@pytest.mark.parametrize(("word", "near"), [("los=eiou", ""), ("taks=obb", ": did you mean 'task'?")])
def test_an_argument_that_is_unknown_is_taken_for_no_loss(word, near):
    told = re.escape(f"'yolo losses' has no argument '{word.partition('=')[0]}'{near}")
    with pytest.raises(ArgumentError, match=f"^{told}"):
        print_losses([word])


def test_a_pattern_lists_published_names_with_their_specs(capsys):
    """Each that takes the modifier, in any case of letters; and the spec is what the name builds."""
    lines = printed(capsys, "Inner*").splitlines()
    names = [line.split()[0] for line in lines]
    assert names == [f"inner_{name}" for name, info in LOSSES.items() if "inner" in info.modifiers]
    for line in lines:
        name, _, spec, *_ = line.split()
        assert shorten_spec(name) == spec.removesuffix(":")
    names = [line.split()[0] for line in printed(capsys, "w*iou2", "s[it]o*").splitlines() if line]
    assert names == ["wise_piou2", "wiou2", "siou", "stock"]


@pytest.mark.parametrize("name", LOSSES)
def test_a_name_tells_all_of_its_loss(name, capsys):
    """Formula, source, each parameter with value, range and meaning, its modifiers and no others, the gradient."""
    info, text = LOSSES[name], printed(capsys, name)
    assert text.startswith(f"{name:17}{info.meaning}\n")
    assert f"{info.paper}, {info.equation}\n" in text
    lines = [line.split(None, 1) for line in text.splitlines() if line.startswith("  ") and "=" in line]
    keys = [line[0].partition("=")[0] for line in lines]
    own = [parameter.name for parameter in info.parameters]
    assert keys[: len(own)] == own and set(keys) == {*own, *info.modifiers}
    for parameter in info.parameters:
        assert f"{info.meanings[parameter.name]} ({parameter.expected})" in text
    assert text.splitlines()[-1].split("  ")[-1].strip() == read_gradients(info.family)[name][-1]
    assert ("beside ProbIoU's" in text, "beside CIoU's" in text) == (name in ROTATED_LOSSES, name in ALIGNED_LOSSES)
    assert ("times ProbIoU^focal" in text) == (name in ROTATED_LOSSES)
    assert (info.refusal in text) if info.refusal else ("no others" not in text)


@pytest.mark.parametrize("name", LOSSES)
def test_a_formula_has_no_names_of_the_code(name, capsys):
    """What it refers to can be typed: another loss, or an argument of this one. A penalty stands after 1 − IoU."""
    info, formula = LOSSES[name], describe_formula(LOSSES[name])
    assert formula in printed(capsys, name)
    keys = {*LOSSES, *(one.name for one in info.parameters), *info.modifiers}
    assert {word.partition("=")[0] for word in re.findall(r"`(.*?)`", formula)} <= keys
    assert not re.search(r"\b(True|False|None|Returns?|That of)\b", formula)
    assert info.form != "penalty" or re.match(r"1 − IoU \+ [^A-Z]", formula)


def test_a_spec_is_told_in_its_canonical_form(capsys):
    text = printed(capsys, "wise_ciou:inner=0.8+l1")
    assert text.startswith("wise_ciou:inner=0.8+l1 is ciou:inner=0.8,wise=true+l1\n\nciou ")
    assert "  inner=0.8 " in text and "\nl1 " in text
    assert printed(capsys, "stock") == f"{'stock':17}{STOCK_MEANING}\n"


@pytest.mark.parametrize("spec", ["eoiu", "sd_iou", "siou:theta=9", "ciou|eiou"])
def test_unknown_names_are_told_as_in_a_training(spec):
    with pytest.raises(ValueError, match=r".") as training:
        build_loss(spec)
    with pytest.raises(ValueError, match=r".") as listing:
        print_losses([spec])
    assert str(listing.value) == str(training.value)


def test_a_pattern_without_a_loss_is_told():
    with pytest.raises(ValueError, match=r"no loss has a name like 'xyz\*'"):
        print_losses(["xyz*"])


def test_a_loss_that_was_just_added_to_the_table_is_measured_at_once(monkeypatch):
    told = describe_word("giou")
    monkeypatch.setattr(listing, "read_gradients", lambda family: {})
    assert describe_word("giou") == told


def test_the_gradients_are_those_of_the_very_spec():
    """WIoU of version 1 is near CIoU everywhere; the default, at the start of a training, is not."""
    *_, caption, _, bins, cells = describe_word("wiou:version=1")
    assert caption.endswith("of wiou:version=1") and bins.split()[0] == "0.05"
    assert cells.split(" / ")[0].strip() == "0.99" and describe_word("wiou")[-1] != cells


@pytest.mark.parametrize(
    ("word", "message"),
    [
        ("obb", "'obb' is a task: 'yolo losses task=obb' lists its losses."),
        ("Detect", "'Detect' is a task: 'yolo losses task=detect' lists its losses."),
        ("rt-detr", "'rt-detr' is a model: RT-DETR has the losses that 'yolo losses task=detect' lists."),
        ("task=rtdetr", "task=rtdetr: RT-DETR trains with the losses of task=detect, so 'yolo losses task=detect'."),
        ("task=world", "task=world: YOLO-World trains with the losses of task=detect, so 'yolo losses task=detect'."),
        ("task=yoloe", "task=yoloe: YOLOE trains with the losses of task=detect, so 'yolo losses task=detect'."),
    ],
)
def test_a_task_or_model_in_the_place_of_a_loss_is_told_with_its_list(word, message):
    with pytest.raises(YoloFeiouError) as error:
        print_losses([word])
    assert str(error.value) == message
