"""A user's function: its parameters, and its place among the losses."""

import subprocess
import sys

import pytest
import torch

from yolo_feiou import register_loss
from yolo_feiou.errors import ArgumentError, LossSpecError
from yolo_feiou.losses import user
from yolo_feiou.losses.build import build_loss, load_loss, read_spec, shorten_spec
from yolo_feiou.losses.user import find_function_source, make_spec, only_defines
from yolo_feiou.losses.user_modules import load_function

PRED, TARGET = torch.tensor([[0.0, 0, 2, 2], [0, 0, 4, 4]]), torch.tensor([[0.0, 0, 2, 2], [0, 0, 2, 2]])
OWN = """
import torch


def f(pred, target, k=2, power=1.5, mode="sum", half=False):
    assert type(k) is int or k != int(k)
    value = k * (pred - target).abs().sum(1) ** power
    return (value if mode == "sum" else value / 4) * (0.5 if half else 1)


def of_pair(pair, scale=1.0):
    return scale * (1 - pair.iou)


def annotated(both: "Pair", other=3):
    return both.iou * other


class Module(torch.nn.Module):
    def forward(self, pred, target, shift=0):
        return (pred - target).abs().sum(1) + shift


module = Module()


def column(pred, target):
    return (pred - target).abs().sum(1, keepdim=True)


def bare(pred, target, eps):
    return eps


def nothing():
    return 0


def keyed(pred, target, *, weight=2, norm="a", wide=None):
    return weight * (pred - target)[:, 2]
"""


@pytest.fixture
def own(tmp_path, monkeypatch):
    monkeypatch.setattr(user, "_registered", {})
    monkeypatch.chdir(tmp_path)
    (tmp_path / "own.py").write_text(OWN)
    return tmp_path


@pytest.mark.parametrize(
    ("spec", "values"),
    [
        # |4 − 2| + |4 − 2| = 4 for the second pair, whose IoU is 4/16
        ("own.py:f", [0, 2 * 8]),
        ("own.py:f:power=1", [0, 8]),
        ("own.py:f:k=0.5,power=1,mode=mean", [0, 0.5]),
        ("own.py:f:half=true,power=2", [0, 16]),
        ("own.py:f:k=1..3,power=1", [0, 4]),
        ("own.py:of_pair", [0, 0.75]),
        ("own.py:of_pair:scale=2,focal=0.5", [0, 0.5 * 2 * 0.75]),
        ("own.py:annotated:other=4", [4, 1]),
        ("own.py:module:shift=1", [1, 5]),
        ("own.py:keyed:weight=3", [0, 6]),
        ("iou:weight=2+own.py:of_pair:weight=0.5", [0, 2.5 * 0.75]),
        ("own.py:of_pair+own.py:annotated", [3, 1.5]),
    ],
)
def test_a_spec_names_a_function_with_its_parameters(own, spec, values):
    assert build_loss(spec)(PRED, TARGET).tolist() == values


def test_scheduled_numbers_change_over_a_training(own):
    loss = build_loss("own.py:f:k=1..3,power=1")
    loss.set_progress(0.5)
    assert loss(PRED, TARGET).tolist() == [0, 8]


def test_the_canonical_spec_leaves_out_defaults(own):
    assert shorten_spec("own.py:f:k=2,mode=mean,power=1.5,half=false") == "own.py:f:mode=mean"
    assert str(build_loss("own.py:of_pair:focal=1")) == "<BoxLoss own.py:of_pair (scale=1, focal=1)>"


def test_one_of_a_package(own, monkeypatch):
    """Whatever has no '.py:' and isn't in the table."""
    (own / "my_package").mkdir()
    (own / "my_package" / "of.py").write_text(OWN)
    assert build_loss("my_package.of:f:power=1")(PRED, TARGET).tolist() == [0, 8]
    with pytest.raises(ArgumentError, match=r"there is no module my_package.off in "):
        build_loss("my_package.off:f")
    with pytest.raises(LossSpecError, match="a function of your own is 'file.py:f' or 'package.module:f'"):
        build_loss("my_package.of")
    for name in [name for name in sys.modules if name.startswith("my_package")]:
        del sys.modules[name]


@pytest.mark.parametrize(
    ("spec", "error", "message"),
    [
        (
            "own.py:f:kk=2",
            LossSpecError,
            r"has no parameter 'kk': did you mean 'k'\? It has k, power, mode, half, focal",
        ),
        ("own.py:f:k=two", LossSpecError, "k=two is not a number"),
        ("own.py:f:half=1", LossSpecError, "half=1 is not true or false"),
        ("own.py:keyed:wide=1", LossSpecError, "has no parameter 'wide'"),
        ("own.py:f:inner=0.75", LossSpecError, "doesn't take inner=: it is a loss of your own"),
        ("own.py:f:wise=true", LossSpecError, "doesn't take wise=: it is a loss of your own"),
        (
            "own.py:bare",
            ArgumentError,
            r"takes eps without a default: expected a function \(pred, target\) or \(pair\)",
        ),
        ("own.py:nothing", ArgumentError, "takes 0 arguments: expected a function"),
        ("own.py:Module", ArgumentError, "is a class: name a function"),
        ("own.py:f+own.py:f:k=2", LossSpecError, "has the term 'own.py:f' twice"),
    ],
)
def test_what_does_not_fit_is_named(own, spec, error, message):
    with pytest.raises(error, match=message):
        build_loss(spec)


def test_another_shape_is_an_error_where_it_would_broadcast(own):
    message = r"own.py:column returned shape \(2, 1\) for 2 pairs: expected shape \(2,\), one value a pair"
    with pytest.raises(ArgumentError, match=message):
        build_loss("own.py:column").mean(PRED, TARGET, torch.ones(2))


def test_for_a_check_the_function_is_as_it_is(own):
    assert load_loss("own.py:column")(PRED, TARGET).shape == (2, 1)
    assert load_loss("own.py:f:power=1")(PRED, TARGET).tolist() == [0, 8]
    assert load_loss("own.py:of_pair")(PRED.half(), TARGET.half()).tolist() == [0, 0.75]
    assert repr(load_loss("own.py:f:focal=1+l1")) == repr(build_loss("own.py:f:focal=1+l1"))


def test_a_pair_has_the_image_and_pixels(own):
    (own / "sized.py").write_text("def f(pair):\n    return pair.rho2 / pair.diagonal2 * pair.pixels\n")
    loss = build_loss("sized.py:f")
    assert loss.needs_units and not build_loss("own.py:f").needs_units
    # ρ² = 2; the image's diagonal is 5 px long, in units of 5 px: 2/1·5
    assert loss(PRED, TARGET, image=(3, 4), pixels=5.0).tolist() == [0, 10]


def test_a_function_itself(own):
    def mine(pred, target, k=3):
        return k * (pred - target)[:, 2]

    assert build_loss(mine)(PRED, TARGET).tolist() == [0, 6]
    assert build_loss(lambda pair: pair.iou)(PRED, TARGET).tolist() == [1, 0.25]
    assert str(build_loss(mine)) == "<BoxLoss mine (k=3)>"


def test_a_registered_function_is_a_loss_of_its_name(own):
    register_loss("mine", lambda pred, target, k=1: k * (pred - target)[:, 2], k=2)
    assert build_loss("mine")(PRED, TARGET).tolist() == [0, 4]
    assert build_loss("mine:k=5+iou")(PRED, TARGET).tolist() == [0, 10.75]
    assert shorten_spec("mine:k=2") == "mine" and shorten_spec("mine:k=1") == "mine:k=1"
    for name, error, message in [
        ("eiou", LossSpecError, "'eiou' is a loss already"),
        ("inner_ciou", LossSpecError, "is a loss already"),
        ("stock", LossSpecError, "is a loss already"),
        ("my-loss", LossSpecError, "expected letters, digits and _"),
    ]:
        with pytest.raises(error, match=message):
            register_loss(name, lambda pred, target: pred)
    with pytest.raises(ArgumentError, match="has no parameter 'q' with a default. It has k"):
        register_loss("other", lambda pred, target, k=1: pred, q=2)
    with pytest.raises(ArgumentError, match="expected a function"):
        register_loss("other", "iou")


def test_a_function_is_named_by_its_file_where_that_has_it(own):
    function = load_function("own.py:f")
    assert make_spec(function) == f"{own / 'own.py'}:f"
    assert make_spec("eiou") == "eiou" and make_spec(None) is None and make_spec(3) == 3
    with pytest.raises(LossSpecError, match="a training takes its spec"):
        make_spec(build_loss("eiou"))


@pytest.mark.slow
@pytest.mark.parametrize(("last", "named"), [("if __name__ == '__main__':\n    ", "script.py:f"), ("", "user_f")])
def test_a_function_of_a_script_is_named_by_it_unless_that_would_run_again(own, last, named):
    code = "from yolo_feiou.losses.user import make_spec\n\ndef f(pair):\n    return pair.iou\n\n"
    (own / "script.py").write_text(f"{code}{last}print(make_spec(f))\n")
    done = subprocess.run([sys.executable, "script.py"], capture_output=True, text=True, check=True)
    assert done.stdout.strip().endswith(named) and done.stdout.count("\n") == 1


def test_a_function_without_source_is_registered_and_asked_for_again(own, monkeypatch):
    assert make_spec(lambda pred, target: pred[:, 0]) == "user_lambda"
    assert build_loss("user_lambda")(PRED, TARGET).tolist() == [0, 0]
    monkeypatch.setattr(user, "_registered", {})
    with pytest.raises(
        LossSpecError, match=r"whose source no run could keep: give it again, as in train\(loss=lambda\)"
    ):
        build_loss("user_lambda")


def test_a_path_that_a_spec_cannot_spell_is_registered_with_its_source(own):
    (own / "a+b").mkdir()
    (own / "a+b" / "own.py").write_text(OWN)
    function = load_function("a+b/own.py:f")
    assert make_spec(function) == "user_f"
    (term,) = read_spec("user_f")
    assert term.info.function.source == find_function_source(function)
    assert term.info.function.source.path == own / "a+b" / "own.py"


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        ('"""Text."""\nimport torch\nA: float = 1\nB = [2]\n\ndef f(): pass\n\nclass C: pass\n', True),
        ("def f(): pass\n\nif __name__ == '__main__':\n    f()\n", True),
        ("def f(): pass\n\nf()\n", False),
        ("model = YOLO('yolov8n.yaml')\n", False),
        ("for i in range(3): pass\n", False),
        ("def f(:\n", False),
    ],
)
def test_a_script_that_does_more_than_define_is_not_imported_again(tmp_path, code, expected):
    (tmp_path / "script.py").write_text(code)
    assert only_defines(tmp_path / "script.py") is expected
