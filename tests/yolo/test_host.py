"""What mixins are promised of a trainer is there when it trains."""

import ast
import inspect

import pytest

from yolo_feiou.yolo import host


def declared():
    """The attributes and methods that the source declares for type checkers."""
    (body,) = [node for node in ast.walk(ast.parse(inspect.getsource(host))) if isinstance(node, ast.ClassDef)]
    attributes = {node.target.id for node in body.body if isinstance(node, ast.AnnAssign)}
    return attributes | {node.name for node in body.body if isinstance(node, ast.FunctionDef)}


def test_at_run_time_a_host_adds_nothing_to_a_mixin():
    assert host.TrainerHost is object


@pytest.mark.slow
def test_a_trainer_has_all_that_is_declared(train):
    trainer, names = train(loss="eiou"), declared()
    assert {"train_loader", "ema", "get_validator"} <= names
    assert [name for name in names if getattr(trainer, name, None) is None] == []
