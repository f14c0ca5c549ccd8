"""Arguments of a detector's training come as values or as text, and are read alike; wrong ones say what is expected."""

import pytest

from yolo_feiou.errors import ArgumentError, LossSpecError
from yolo_feiou.lightning.arguments import DEFAULTS, MEANINGS, PARAMETERS, Schedule, complete_arguments, make_schedule

#: What comes from Python or YAML, what from the command line, and what both are.
SAME = [
    ("seed", 3, "3", 3),
    ("seed", 5.0, "5", 5),
    ("iterations", 10.0, "10", 10),
    ("epochs", 12, "12", 12),
    ("batch", 1, "1", 1),
    ("lr0", 1e-4, "1e-4", 0.0001),
    ("lr0", 1, "1", 1.0),
    ("weight_decay", 0, "0.0", 0.0),
    ("clip", 10, "10", 10.0),
    ("fliplr", 0.25, "0.25", 0.25),
    ("amp", True, "True", True),
    ("amp", False, "false", False),
    ("val", False, "FALSE", False),
    ("exist_ok", True, "True", True),
    ("resume", True, "true", True),
    ("resume", "runs/a/weights/last.pt", "runs/a/weights/last.pt", "runs/a/weights/last.pt"),
    ("box", 2.5, "2.5", 2.5),
    ("box", 2.0, "2", 2.0),
    ("box", "auto", "auto", "auto"),
    ("scoring", "loss", "loss", "loss"),
    ("encode", [10, 10, 5, 5], "10,10,5,5", [10.0, 10.0, 5.0, 5.0]),
    ("encode", (1, 1.5, 2, 2), "(1, 1.5, 2, 2)", [1.0, 1.5, 2.0, 2.0]),
    ("classes", [0, 2], "[0, 2]", [0, 2]),
    ("classes", 1, "1", [1]),
    ("classes", [1.0], "1", [1]),
    ("model", "retinanet.yaml", "retinanet.yaml", "retinanet.yaml"),
    ("loss", "eiou", "eiou", "eiou"),
    ("loss", None, "None", "stock"),
]
WRONG = [
    ("seed", -1, "seed=-1 is not a whole number from 0 to 2147483647: of weights, batches"),
    ("iterations", 0, "iterations=0 is not a whole number from 1 to"),
    ("iterations", 2.5, "iterations=2.5 is not a whole number"),
    ("batch", "16.5", "batch=16.5 is not a whole number"),
    ("batch", True, "batch=True is not a whole number"),
    ("batch", [4], r"batch=\[4\] is not a whole number"),
    ("imgsz", 31, "imgsz=31 is not a whole number from 32 to 8192: the shorter side of an image"),
    ("lr0", float("nan"), "lr0=nan is not a number from 0 to 1000: the learning rate"),
    ("lr0", "inf", "lr0=inf is not a number"),
    ("momentum", 1.5, "momentum=1.5 is not a number from 0 to 1: of SGD"),
    ("fliplr", -0.1, "fliplr=-0.1 is not a number from 0 to 1"),
    ("amp", "yes", "amp=yes is not true or false: half precision"),
    ("amp", 1, "amp=1 is not true or false"),
    ("exist_ok", "maybe", "exist_ok=maybe is not true or false"),
    ("box", "automatic", "box=automatic is not a number from 0 to 1e6, or auto"),
    ("scoring", "ciou", "scoring=ciou is not one of giou, loss"),
    ("encode", "10,ten", "encode=10,ten is no list of numbers: weights of the errors"),
    ("classes", "0,cat", "classes=0,cat is no list of numbers: indices of the classes"),
    ("classes", [0.5], r"classes=\[0.5\] is no list of numbers"),
    ("classes", [None], r"classes=\[None\] is no list of numbers"),
]


@pytest.mark.parametrize(("name", "value", "text", "expected"), SAME)
def test_a_value_and_its_text_are_read_alike(name, value, text, expected):
    for given in (value, text):
        found = complete_arguments({name: given})[name]
        assert found == expected and type(found) is type(expected)


@pytest.mark.parametrize(("name", "value", "message"), WRONG)
def test_a_wrong_value_is_refused(name, value, message):
    with pytest.raises(ArgumentError, match=message):
        complete_arguments({name: value})


def test_the_others_have_the_defaults_of_the_paper():
    whole = complete_arguments({"lr0": 0.1, "momentum": None})
    assert whole == {**DEFAULTS, "lr0": 0.1}
    named = ("iterations", "batch", "lr0", "momentum", "weight_decay", "warmup_iterations", "imgsz", "box", "loss")
    assert [DEFAULTS[name] for name in named] == [90_000, 16, 0.01, 0.9, 1e-4, 500, 800, "auto", "stock"]


def test_each_argument_says_what_it_is():
    assert MEANINGS.keys() == DEFAULTS.keys() and PARAMETERS.keys() <= DEFAULTS.keys()


def test_what_is_read_reads_as_itself():
    """A resumed training, and one from an ablation's grid, read arguments a second time."""
    whole = complete_arguments({"encode": "10,10,5,5", "lr0": "1e-4", "loss": "focal_eiou:gamma=0.3", "classes": 0})
    assert complete_arguments({**whole, "iterations": None}) == whole


@pytest.mark.parametrize(("wrong", "meant"), [("iteration", "iterations"), ("lr", "lr0"), ("fliplrr", "fliplr")])
def test_an_unknown_name_has_a_suggestion(wrong, meant):
    with pytest.raises(
        ArgumentError, match=f"'{wrong}' is no argument of a detector's training: did you mean '{meant}"
    ):
        complete_arguments({wrong: 1})


def test_an_argument_of_yolo_is_no_argument_of_a_detector():
    with pytest.raises(ArgumentError, match=r"'mosaic' is no argument .* It has model, data, loss, "):
        complete_arguments({"mosaic": 1.0})


def test_one_length_alone():
    with pytest.raises(ArgumentError, match="got epochs=3 and iterations=10, two lengths of one training: give one"):
        complete_arguments({"epochs": "3", "iterations": 10})
    assert complete_arguments({"epochs": "0", "iterations": "10"})["iterations"] == 10
    assert complete_arguments({"epochs": 3})["epochs"] == 3
    assert complete_arguments({"epochs": 3, "iterations": None})["epochs"] == 3


@pytest.mark.parametrize(
    ("loss", "message"),
    [("eoiu", "did you mean 'eiou'"), ("focal_eiou:gama=1", "did you mean 'gamma'"), ("eiou,giou", "a training takes")],
)
def test_a_wrong_loss_is_refused(loss, message):
    with pytest.raises(LossSpecError, match=message):
        complete_arguments({"loss": loss})


def schedule(images, **given):
    return make_schedule(complete_arguments(given), images)


def test_a_schedule_of_iterations():
    """The paper's: 90,000 steps of 16 of 117,266 images are 12.28 epochs."""
    assert schedule(117_266) == Schedule(90_000, 12.28, 12)
    assert [schedule(117_266).end_of(part) for part in (1, 8, 12)] == [7_500, 60_000, 90_000]


def test_a_schedule_of_epochs():
    """24 images in batches of 16 are 1.5 steps an epoch; the rows of three epochs end with steps 1, 3 and 4 of 4.5."""
    assert schedule(24, epochs=3, batch=16) == Schedule(4, 3, 3)
    assert [schedule(24, epochs=3, batch=16).end_of(part) for part in (1, 2, 3)] == [1, 2, 4]
    assert schedule(117_266, epochs=12) == Schedule(round(12 * 117_266 / 16), 12, 12)


@pytest.mark.parametrize("images", [1, 3, 16, 40])
def test_a_part_has_a_step_at_least(images):
    """Also where there are fewer steps than parts, of both kinds of schedules."""
    for one in (
        schedule(images, iterations=5),
        schedule(images, epochs=7),
        schedule(images, iterations=13, intervals=9),
    ):
        ends = [one.end_of(part) for part in range(one.parts + 1)]
        assert isinstance(one.parts, int) and one.parts >= 1
        assert ends[0] == 0 and ends[-1] == one.iterations and sorted(set(ends)) == ends
    assert schedule(images, iterations=5).parts == 5
