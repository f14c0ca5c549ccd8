"""Load a loss by name: a spec of the table, or a user's function as `my_loss.py:my_function`."""

from __future__ import annotations

import sys
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from types import ModuleType
from typing import cast

from torch import Tensor

from yolo_feiou.errors import ArgumentError, did_you_mean
from yolo_feiou.losses.build import build_loss

LossFunction = Callable[[Tensor, Tensor], Tensor]


def names_a_file(word: str) -> bool:
    """Return whether `word` names a Python file, with a function or without, rather than a loss of the table."""
    return word.endswith(".py") or ".py:" in word


def load_loss(name: str) -> LossFunction:
    """Return a loss per pair by its spec in the table, or a user's function by 'file.py:function'.

    Raises:
        ArgumentError: If a function can't be loaded.
        LossSpecError: If a spec is wrong.
    """
    return load_function(name) if names_a_file(name) else build_loss(name)


def load_function(word: str) -> LossFunction:
    """Return the function that `word` names.

    The file may import modules beside it, at its top. No bytecode is written, and `sys.path` is restored.

    Args:
        word: 'file.py:function', the file as seen from the current folder.

    Raises:
        ArgumentError: If there is no such file or function, the file can't be imported, or the name is not a function.
    """
    file, colon, name = word.rpartition(":")
    if not (colon and names_a_file(file)):
        hint = f" Its functions: {list_functions(import_file(Path(word)))}." if Path(word).is_file() else ""
        raise ArgumentError(
            f"can't read {word!r}: expected 'file.py:function', for example 'my_loss.py:my_loss'.{hint}"
        )
    module = import_file(Path(file))
    if not name.isidentifier() or not hasattr(module, name):
        near = did_you_mean(name, find_functions(module))
        raise ArgumentError(f"{file} has no function '{name}'{near} Its functions: {list_functions(module)}.")
    function = getattr(module, name)
    if isinstance(function, type):
        raise ArgumentError(
            f"{word} is a class: name a function (pred, target) -> (N,), or an instance, as in 'my_loss = {name}()'."
        )
    if not callable(function):
        raise ArgumentError(
            f"{word} is {type(function).__name__}: expected a function (pred, target) -> (N,). "
            f"The functions of {file}: {list_functions(module)}."
        )
    return cast(LossFunction, function)  # what it takes and returns shows when it is called


def find_functions(module: ModuleType) -> list[str]:
    """Return the names of the functions, and other callables, that a module defines itself."""
    return [
        name
        for name, value in vars(module).items()
        if callable(value) and not isinstance(value, type) and getattr(value, "__module__", "") == module.__name__
    ]


def list_functions(module: ModuleType) -> str:
    """Return the names of a module's functions for a message."""
    return ", ".join(find_functions(module)) or "none"


def import_file(path: Path) -> ModuleType:
    """Return the module in `path`, imported again.

    Raises:
        ArgumentError: If there is no such file, or it raises.
    """
    if not path.is_file():
        near = did_you_mean(path.name, [other.name for other in path.parent.glob("*.py")])
        raise ArgumentError(f"there is no file {path} in {Path.cwd()}{near}")
    spec = spec_from_file_location(f"user_loss_{path.stem}", path.resolve())
    assert spec is not None, path  # as it is for all that ends in .py
    assert spec.loader is not None, path
    module = module_from_spec(spec)
    sys.modules[spec.name] = module  # dataclasses and torch.compile look up a function's module there
    with importing_siblings(path.resolve().parent):
        try:
            spec.loader.exec_module(module)
        except KeyboardInterrupt:  # the user's own
            raise
        except BaseException as error:  # the file may raise anything, and its author can fix it
            sys.modules.pop(spec.name, None)
            raise ArgumentError(
                f"can't import {path}{locate_error(error, path)}: {type(error).__name__}: {error}. Expected a file "
                f"that 'python {path}' runs without error."
            ) from None
    return module


@contextmanager
def importing_siblings(folder: Path) -> Iterator[None]:
    """Within the block, modules in `folder` can be imported, without writing bytecode beside them."""
    wrote_none = sys.dont_write_bytecode
    sys.dont_write_bytecode = True
    sys.path.insert(0, str(folder))
    try:
        yield
    finally:
        sys.dont_write_bytecode = wrote_none
        if str(folder) in sys.path:  # the file may have changed it too
            sys.path.remove(str(folder))


def locate_error(error: BaseException, path: Path) -> str:
    """Return ', line 7' for the last line of `path` that an error came through."""
    if isinstance(error, SyntaxError) and error.filename == str(path.resolve()):
        return f", line {error.lineno}"
    lines = [
        frame.lineno for frame in traceback.extract_tb(error.__traceback__) if frame.filename == str(path.resolve())
    ]
    return f", line {lines[-1]}" if lines else ""
