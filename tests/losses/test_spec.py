"""The grammar of a spec: what it reads, and what it says of each mistake."""

from __future__ import annotations

import math
import re
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from yolo_feiou.errors import LossSpecError, YoloFeiouError
from yolo_feiou.losses.build import build_loss
from yolo_feiou.losses.spec import (
    expand_alternatives,
    find_repeated,
    read_parameters,
    scale_spec,
    split_list,
    split_spec,
    split_sum,
    split_variant,
)
from yolo_feiou.parameters import Choice, Flag, Float, Value, format_value

GAMMA, NORM, DETACH = Float("gamma", 0.5, 0, 10), Choice("norm", "paper", ("paper", "tal")), Flag("detach", True)
PARAMETERS = (GAMMA, NORM, DETACH)


@pytest.mark.parametrize(
    ("spec", "name", "given"),
    [
        ("eiou", "eiou", {}),
        ("focal_eiou:gamma=0.5", "focal_eiou", {"gamma": "0.5"}),
        ("focal_eiou:gamma=0.5,norm=tal", "focal_eiou", {"gamma": "0.5", "norm": "tal"}),
        ("  focal_eiou : gamma = 0.5 , norm = tal ", "focal_eiou", {"gamma": "0.5", "norm": "tal"}),
        ("a:b=c=d", "a", {"b": "c=d"}),
    ],
)
def test_a_spec_is_split_into_name_and_parameters(spec: str, name: str, given: dict[str, str]) -> None:
    """A spec is a name, or a name, a colon and key=value pairs; blanks around them don't matter."""
    assert split_spec(spec) == (name, given)


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("ciou", ("ciou", None)),
        ("ciou@", ("ciou", "")),
        ("@box=5", ("", "box=5")),
        ("ciou@box=5,lr0=0.1", ("ciou", "box=5,lr0=0.1")),
        ("ciou@5", ("ciou", "5")),
        ("uiou:ratio=2..1@0.8", ("uiou:ratio=2..1@0.8", None)),
        ("uiou:ratio=2..1@.8@box=5", ("uiou:ratio=2..1@.8", "box=5")),
        ("uiou:ratio=2..1@box=5", ("uiou:ratio=2..1", "box=5")),
        ("iou:weight=1..0@0.8+l1:weight=0..1@0.8@box=5", ("iou:weight=1..0@0.8+l1:weight=0..1@0.8", "box=5")),
        ("../at@home/my.py:f:scale=1..2@0.5@box=5", ("../at@home/my.py:f:scale=1..2@0.5", "box=5")),
    ],
)
def test_what_stands_after_a_loss_is_split_off(text: str, parts: tuple[str, str | None]) -> None:
    """The @ of a schedule, or in the path of a file, belongs to the loss."""
    assert split_variant(text) == parts


@pytest.mark.parametrize(
    "spec",
    ["", "  ", ":", "eiou:", "eiou: ", ":gamma=1", "a:1", "a:b=", "a:=1", "a:b=1,", "a:,b=1", "a:b=1,,c=2", "a:b=1,c"],
)
def test_what_can_not_be_read_is_shown_with_the_form_expected(spec: str) -> None:
    """What can't be read is shown as it came, beside the form expected and an example."""
    message = (
        f"can't read loss {spec!r}: expected 'name' or 'name:key=value,key=value', for example "
        "'focal_eiou:gamma=0.5'. 'yolo losses' lists all."
    )
    with pytest.raises(LossSpecError, match=f"^{re.escape(message)}$"):
        split_spec(spec)


@pytest.mark.parametrize(
    ("spec", "came"),
    [(None, "NoneType None"), (0.5, "float 0.5"), (["eiou"], "list ['eiou']"), (b"eiou", "bytes b'eiou'")],
)
def test_what_is_no_string_is_shown_with_its_type(spec: object, came: str) -> None:
    """The type and the value that came, and an example."""
    message = f"a loss spec is a string like 'focal_eiou:gamma=0.5', got {came}."
    with pytest.raises(LossSpecError, match=f"^{re.escape(message)}$"):
        split_sum(spec)


def test_a_parameter_given_twice_is_refused() -> None:
    """Even with the same value, and with blanks around it."""
    message = "loss 'a:gamma=1, gamma =1' gives 'gamma' twice: give it once."
    with pytest.raises(LossSpecError, match=f"^{re.escape(message)}$"):
        split_spec("a:gamma=1, gamma =1")


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ({}, {"gamma": 0.5, "norm": "paper", "detach": True}),
        ({"gamma": "2"}, {"gamma": 2.0, "norm": "paper", "detach": True}),
        ({"gamma": "1e-1", "norm": "tal", "detach": "FALSE"}, {"gamma": 0.1, "norm": "tal", "detach": False}),
        ({"gamma": "0", "detach": "True"}, {"gamma": 0.0, "norm": "paper", "detach": True}),  # both ends are allowed
        ({"gamma": "10"}, {"gamma": 10.0, "norm": "paper", "detach": True}),
    ],
)
def test_all_parameters_have_a_value_in_the_order_of_the_table(
    given: dict[str, str], expected: dict[str, Value]
) -> None:
    """All parameters have a value, in the order of the table: those given, and the defaults of the others."""
    values = read_parameters("a", given, PARAMETERS)
    assert values == expected
    assert list(values) == list(expected)
    assert isinstance(values["gamma"], float)
    assert isinstance(values["detach"], bool)


@pytest.mark.parametrize(
    ("key", "text", "expected", "default"),
    [
        *(
            ("gamma", text, "a number from 0 to 10", "0.5")
            for text in ("-0.1", "10.1", "x", "nan", "inf", "-inf", "1 2")
        ),
        *(("norm", text, "one of paper, tal", "paper") for text in ("x", "Paper", "1")),
        *(("detach", text, "true or false", "true") for text in ("x", "1", "yes")),
    ],
)
def test_a_bad_value_is_named_with_what_is_expected_and_the_default(
    key: str, text: str, expected: str, default: str
) -> None:
    """Of the wrong type or out of range: what came, what is expected, the default as it would be written."""
    message = (
        f"loss 'a': {key}={text} is not {expected}. The default is 'a:{key}={default}'; 'yolo losses a' tells more."
    )
    with pytest.raises(LossSpecError, match=f"^{re.escape(message)}$"):
        read_parameters("a", {key: text}, PARAMETERS)


@pytest.mark.parametrize(
    ("key", "parameters", "message"),
    [
        ("gama", PARAMETERS, "loss 'a' has no parameter 'gama': did you mean 'gamma'? It has gamma, norm, detach."),
        ("zzz", PARAMETERS, "loss 'a' has no parameter 'zzz'. It has gamma, norm, detach."),
        ("gamma", (), "loss 'a' has no parameter 'gamma'. It has none."),
    ],
)
def test_an_unknown_parameter_is_named_with_the_nearest(key: str, parameters: tuple, message: str) -> None:
    """With the nearest name, where one is near, and all there are."""
    with pytest.raises(LossSpecError, match=f"^{re.escape(message)}$"):
        read_parameters("a", {key: "1"}, parameters)


def test_the_error_is_a_value_error() -> None:
    """For those who catch ValueError, and for the command line, which catches the package's own."""
    assert issubclass(LossSpecError, ValueError)
    assert issubclass(LossSpecError, YoloFeiouError)


@pytest.mark.parametrize(
    ("value", "spelled"),
    [(True, "true"), (False, "false"), (0.5, "0.5"), (2.0, "2"), (0, "0"), (1e-9, "1e-09"), ("tal", "tal")],
)
def test_a_value_is_written_as_in_a_spec(value: Value, spelled: str) -> None:
    """As a spec has it."""
    assert format_value(value) == spelled


@settings(deadline=None)
@given(st.sampled_from([0.0, 10.0, 1 / math.e]) | st.floats(0, 10).map(lambda x: round(x, 6)))
def test_what_is_spelled_is_read_back(value: float) -> None:
    """A number as `format_value` writes it is in a range that it was in, and is itself again."""
    assert Float("x", value, value, 10).read(format_value(value)) == value


@pytest.mark.parametrize(
    ("text", "specs"),
    [
        ("eiou", ["eiou"]),
        ("iou,eiou", ["iou", "eiou"]),
        (" iou , eiou ,", ["iou", "eiou"]),
        ("a:b=1,c=2", ["a:b=1,c=2"]),
        ("a:b=1,a:b=2", ["a:b=1", "a:b=2"]),
        ("iou,a:b=1, c=2 ,eiou", ["iou", "a:b=1,c=2", "eiou"]),
        (
            "iou,focal_eiou:gamma=0.5|1,norm=tal",
            ["iou", "focal_eiou:gamma=0.5,norm=tal", "focal_eiou:gamma=1,norm=tal"],
        ),
        ("a:b=1|2,c=x|y", ["a:b=1,c=x", "a:b=1,c=y", "a:b=2,c=x", "a:b=2,c=y"]),  # the last one changes fastest
        ("a:b=1|2,a:b=3|4", ["a:b=1", "a:b=2", "a:b=3", "a:b=4"]),
        ("a,a:b=1", ["a", "a:b=1"]),
    ],
)
def test_a_comma_begins_a_loss_unless_a_parameter_follows(text: str, specs: list[str]) -> None:
    """A comma begins a new loss unless key=value follows; values parted by | give a loss each."""
    assert split_list(text) == specs


@pytest.mark.parametrize(
    ("text", "count"),
    [
        ("a:b=" + "|".join(map(str, range(200_000))), 200_000),
        (",".join(f"a:b={n}" for n in range(200_000)), 200_000),
        ("a:" + ",".join(f"b{n}=1" for n in range(200_000)), 1),
    ],
    ids=["values", "losses", "parameters"],
)
@pytest.mark.slow
def test_a_long_list_takes_no_longer_than_its_length(text: str, count: int) -> None:
    """Under 1 s here; where each loss was compared with all before it, 20,000 took 1.8 s, and 200,000 minutes."""
    began = time.process_time()
    assert len(split_list(text)) == count
    assert time.process_time() - began < 20


def test_values_that_multiply_beyond_any_memory_are_refused() -> None:
    """Forty parameters of two values each are 2 to the power of 40 losses, which is said at once."""
    text = "a:" + ",".join(f"b{n}=1|2" for n in range(40))
    with pytest.raises(LossSpecError, match=r"expands to 1,099,511,627,776 losses: expected at most 1,000,000\.$"):
        split_list(f"eiou,{text}")


@pytest.mark.parametrize(
    ("values", "place"),
    [([], None), ([1, 2], None), ([1, 2, 1, 2], 2), (["a", "b", "b"], 2), ([[1], [2], [1]], 2), ([True, 1], 1)],
)
def test_the_first_repeated_value_is_found(values: list[object], place: int | None) -> None:
    """The first value that was there before, lists among them."""
    assert find_repeated(values) == place


@pytest.mark.parametrize("text", ["", " ", ",", " , ,"])
def test_a_list_without_a_loss_is_refused(text: str) -> None:
    """Says what a list looks like."""
    message = "got no loss: expected some, as in losses=ciou,eiou,focal_eiou:gamma=1."
    with pytest.raises(LossSpecError, match=f"^{re.escape(message)}$"):
        split_list(text)


@pytest.mark.parametrize(
    ("text", "twice"),
    [("iou,eiou,iou", "iou"), ("a:b=1,a:b=2,a:b=2", "a:b=2"), ("a:b=1|2|1", "a:b=1"), ("a:b=1|2,a:b=2", "a:b=2")],
)
def test_a_list_with_a_loss_twice_is_refused(text: str, twice: str) -> None:
    """Its results would be told apart by nothing."""
    message = f"the list of losses has '{twice}' twice: name it once."
    with pytest.raises(LossSpecError, match=f"^{re.escape(message)}$"):
        split_list(text)


@pytest.mark.parametrize("text", ["gamma=1", "iou,norm=tal", "a:b=1|,c=2", "a:b=|1", "a:|b=1", "a:b", "iou|eiou:"])
def test_what_is_wrong_in_a_list_is_left_to_its_loss(text: str) -> None:
    """No part of it is lost or repaired: `split_spec`, or the table of losses, refuses one of them."""

    def build_all() -> None:
        specs = split_list(text)
        assert "".join(specs).count("=") >= text.count("=")
        for spec in specs:
            build_loss(spec)

    with pytest.raises(LossSpecError):
        build_all()


@pytest.mark.parametrize(
    ("spec", "specs"),
    [
        ("eiou", ["eiou"]),
        ("a:b=1", ["a:b=1"]),
        ("a:b=1|2|3", ["a:b=1", "a:b=2", "a:b=3"]),
        ("a:b=1|2,c=3", ["a:b=1,c=3", "a:b=2,c=3"]),
        ("a:b=c=1|2", ["a:b=c=1", "a:b=2"]),
    ],
)
def test_values_separated_by_bars_give_a_spec_each(spec: str, specs: list[str]) -> None:
    """A spec without any stands for itself."""
    assert expand_alternatives(spec) == specs


@pytest.mark.parametrize(
    ("spec", "scaled"),
    [
        ("eiou", "eiou:weight=0.43"),
        ("focal_eiou:gamma=1", "focal_eiou:gamma=1,weight=0.43"),
        ("eiou:weight=2", "eiou:weight=0.87"),  # 2 / 2.31
        ("ciou:weight=1..0@0.5+l1", "ciou:weight=0.43..0@0.5+l1:weight=0.43"),
        ("my_loss.py:f", "my_loss.py:f:weight=0.43"),
        ("package.module:f:k=1", "package.module:f:k=1,weight=0.43"),
    ],
)
def test_a_spec_is_scaled_by_its_text(spec, scaled):
    assert scale_spec(spec, 1 / 2.31) == scaled
