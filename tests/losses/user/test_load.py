"""A user's function is loaded from a file by name, with what it imports, and nothing stays behind."""

import sys

import pytest
import torch

from yolo_feiou.errors import ArgumentError
from yolo_feiou.losses.user.load import load_function, names_a_file

LOSS = """
import torch
from siblings_of_my_loss import floor

GAMMA = 0.5


class Loss(torch.nn.Module):
    def forward(self, pred, target):
        return (pred - target).abs().sum(1).clamp(min=floor)


instance = Loss()


def my_function(pred, target):
    return instance(pred, target)
"""


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """The current folder, with a loss and what it imports in losses/."""
    (tmp_path / "losses").mkdir()
    (tmp_path / "losses" / "my_loss.py").write_text(LOSS)
    (tmp_path / "losses" / "siblings_of_my_loss.py").write_text("floor = 0.25\n")
    monkeypatch.chdir(tmp_path)
    yield tmp_path
    sys.modules.pop("siblings_of_my_loss", None)


@pytest.mark.parametrize("name", ["my_function", "instance"])
def test_a_function_or_instance_is_loaded_beside_what_it_imports(folder, name):
    """|1| + |2| is 3; below the sibling's 0.25 it is 0.25."""
    function = load_function(f"losses/my_loss.py:{name}")
    pred = torch.tensor([[1.0, 2, 0, 0], [0, 0, 0, 0]])
    assert function(pred, torch.zeros(2, 4)).tolist() == [3, 0.25]


def test_a_function_is_loaded_by_an_absolute_path(folder):
    assert callable(load_function(f"{folder / 'losses' / 'my_loss.py'}:my_function"))


def test_loading_leaves_nothing_behind(folder, monkeypatch):
    """Even where Python would write bytecode."""
    monkeypatch.setattr(sys, "dont_write_bytecode", False)
    path = list(sys.path)
    load_function("losses/my_loss.py:my_function")
    with pytest.raises(ArgumentError):
        load_function("losses/my_loss.py:nothing")
    assert (sys.path, sys.dont_write_bytecode) == (path, False)
    assert sorted(file.name for file in (folder / "losses").iterdir()) == ["my_loss.py", "siblings_of_my_loss.py"]


def test_a_changed_file_is_read_anew(folder):
    (folder / "one.py").write_text("def f(pred, target): return 1\n")
    assert load_function("one.py:f")(0, 0) == 1
    (folder / "one.py").write_text("def f(pred, target): return 2\n")
    assert load_function("one.py:f")(0, 0) == 2


def test_a_file_may_have_a_name_that_python_knows(folder):
    (folder / "random.py").write_text("def f(pred, target): return 1\n")
    ours = sys.modules.get("random")
    assert load_function("random.py:f")(0, 0) == 1
    assert sys.modules.get("random") is ours


def test_dataclasses_find_their_module(folder):
    code = "from __future__ import annotations\nfrom dataclasses import dataclass\n\n@dataclass\nclass A:\n    x: int\n"
    (folder / "data.py").write_text(code + "\ndef f(pred, target): return A(1).x\n")
    assert load_function("data.py:f")(0, 0) == 1


@pytest.mark.parametrize(
    ("word", "message"),
    [
        ("losses/my_los.py:f", r"^there is no file losses/my_los.py in .*: did you mean 'my_loss.py'\?$"),
        ("nowhere/my_loss.py:f", r"^there is no file nowhere/my_loss.py in .*\.$"),
        (
            "losses/my_loss.py:my_funktion",
            r"has no function 'my_funktion': did you mean 'my_function'\? Its functions: ",
        ),
        ("losses/my_loss.py:", "has no function ''. Its functions: instance, my_function"),
        ("losses/my_loss.py:a.b", "has no function 'a.b'"),
        ("losses/my_loss.py", "expected 'file.py:function', .* Its functions: instance, my_function"),
        ("nothing.py", r"^can't read 'nothing.py': expected 'file.py:function', for example 'my_loss.py:my_loss'.$"),
        ("my_loss:my_function", "expected 'file.py:function'"),
        ("losses/my_loss.py:GAMMA", r"is float: expected a function \(pred, target\) -> \(N,\)"),
        ("losses/my_loss.py:Loss", r"is a class: name a function .* or an instance, as in 'my_loss = Loss\(\)'"),
    ],
)
def test_mistakes_are_named(folder, word, message):
    with pytest.raises(ArgumentError, match=message):
        load_function(word)


@pytest.mark.parametrize(
    ("code", "message"),
    [
        ("\n\nimport no_such_module\n", "line 3: ModuleNotFoundError: No module named 'no_such_module'"),
        ("def f(:\n", "line 1: SyntaxError: "),
        ("def g():\n    1 / 0\n\ng()\n", "line 2: ZeroDivisionError: "),
        ("import sys\nsys.exit('usage: ...')\n", "line 2: SystemExit: usage: ..."),
        ("class Odd(BaseException):\n    pass\n\nraise Odd('x')\n", "line 4: Odd: x"),
        ("import sys\nsys.modules.pop(__name__)\nx\n", "line 3: NameError: name 'x' is not defined"),
    ],
)
def test_a_file_that_raises_is_named_with_its_line(folder, code, message):
    (folder / "broken.py").write_text(code)
    path = list(sys.path)
    with pytest.raises(ArgumentError, match=f"^can't import broken.py, {message}") as caught:
        load_function("broken.py:f")
    assert "Expected a file that 'python broken.py' runs" in str(caught.value)
    assert sys.path == path and not [name for name in sys.modules if name.endswith("_broken")]


def test_files_and_specs_are_told_apart():
    assert names_a_file("my_loss.py:f") and names_a_file("my_loss.py") and names_a_file("../a/my_loss.py:f")
    assert not names_a_file("focal_eiou:gamma=1") and not names_a_file("eiou")
