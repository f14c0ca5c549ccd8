"""The names of users' losses: of files, of modules, and those that Python gives."""

import subprocess
import sys

import pytest

from tests.losses.user.own import OWN, PRED, TARGET
from yolo_feiou import register_loss
from yolo_feiou.errors import ArgumentError, LossSpecError
from yolo_feiou.losses.build import build_loss, read_spec, shorten_spec
from yolo_feiou.losses.user import registry
from yolo_feiou.losses.user.load import load_function
from yolo_feiou.losses.user.registry import find_function_source, make_spec, only_defines


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
    for value in ("x", float("nan"), 10**400):
        with pytest.raises(LossSpecError, match="is not a number"):
            register_loss("other", lambda pred, target, k=1.0: pred, k=value)
    with pytest.raises(LossSpecError, match="is a loss already"):
        register_loss("none", lambda pred, target: pred)


def test_a_function_is_named_by_its_file_where_that_has_it(own):
    function = load_function("own.py:f")
    assert make_spec(function) == f"{own / 'own.py'}:f"
    assert make_spec("eiou") == "eiou" and make_spec(None) is None and make_spec(3) == 3
    with pytest.raises(LossSpecError, match="a training takes its spec"):
        make_spec(build_loss("eiou"))


@pytest.mark.slow
@pytest.mark.parametrize(("last", "named"), [("if __name__ == '__main__':\n    ", "script.py:f"), ("", "user_f")])
def test_a_function_of_a_script_is_named_by_it_unless_that_would_run_again(own, last, named):
    code = "from yolo_feiou.losses.user.registry import make_spec\n\ndef f(pair):\n    return pair.iou\n\n"
    (own / "script.py").write_text(f"{code}{last}print(make_spec(f))\n")
    done = subprocess.run([sys.executable, "script.py"], capture_output=True, text=True, check=True)
    assert done.stdout.strip().endswith(named) and done.stdout.count("\n") == 1


def test_a_function_without_source_is_registered_and_asked_for_again(own, monkeypatch):
    assert make_spec(lambda pred, target: pred[:, 0]) == "user_lambda"
    assert build_loss("user_lambda")(PRED, TARGET).tolist() == [0, 0]
    monkeypatch.setattr(registry, "_registered", {})
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
