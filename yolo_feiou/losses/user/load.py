"""Import the module that a user's loss is in, again each time, and take the function from it."""

from __future__ import annotations

import sys
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from importlib import import_module
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from types import ModuleType
from typing import cast

from torch import Tensor

from yolo_feiou.errors import ArgumentError, did_you_mean
from yolo_feiou.losses.user.sources import Source, find_imports, find_module, is_local

LossFunction = Callable[[Tensor, Tensor], Tensor]


def names_a_file(word: str) -> bool:
    """Return whether `word` names a Python file, with a function or without, rather than a loss of the table."""
    return word.endswith(".py") or ".py:" in word


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
    return find_function(import_file(Path(file)), file, name)


def load_source(source: Source) -> LossFunction:
    """Return the function of a source; raises as `load_function` does."""
    if source.installed or ("." in source.module and not (source.root / f"{source.module}.py").is_file()):
        return find_function(_import_module(source), source.module, source.function)
    return find_function(import_file(source.path, source.file), source.file, source.function)


def find_function(module: ModuleType, file: str, name: str) -> LossFunction:
    """Return the function of that name in a module that came from `file`.

    Raises:
        ArgumentError: If there is none, or it is no function.
    """
    if not name.isidentifier() or not hasattr(module, name):
        near = did_you_mean(name, find_functions(module))
        raise ArgumentError(f"{file} has no function '{name}'{near} Its functions: {list_functions(module)}.")
    function = getattr(module, name)
    if isinstance(function, type):
        raise ArgumentError(
            f"{file}:{name} is a class: name a function (pred, target) -> (N,), or an instance, as in 'my_loss = "
            f"{name}()'."
        )
    if not callable(function):
        raise ArgumentError(
            f"{file}:{name} is {type(function).__name__}: expected a function (pred, target) -> (N,). "
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


def import_file(path: Path, shown: str = "") -> ModuleType:
    """Return the module in `path`, imported again, and so are the modules beside it that it imports.

    Args:
        path: The file.
        shown: Its name for messages; `path` by default.

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
    with importing_siblings(path.resolve().parent, path.resolve()), named_errors(path, shown or str(path), spec.name):
        spec.loader.exec_module(module)
    return module


def _import_module(source: Source) -> ModuleType:
    """Return the module of a package, imported again unless it is installed."""
    if source.installed:
        with named_errors(source.path, str(source.path), ""):
            return import_module(source.module)
    with importing_siblings(source.root, source.path), named_errors(source.path, str(source.path), ""):
        return import_module(source.module)


@contextmanager
def named_errors(path: Path, shown: str, module: str) -> Iterator[None]:
    """Within the block, whatever importing a file raises becomes an ArgumentError, and the module is forgotten."""
    try:
        yield
    except KeyboardInterrupt:  # the user's own
        raise
    except BaseException as error:  # the file may raise anything, and its author can fix it
        sys.modules.pop(module, None)
        raise ArgumentError(
            f"can't import {shown}{locate_error(error, path)}: {type(error).__name__}: {error}. Expected a file "
            f"that 'python {shown}' runs without error."
        ) from None


@contextmanager
def importing_siblings(folder: Path, path: Path) -> Iterator[None]:
    """Within the block, modules in `folder` can be imported, without writing bytecode beside them.

    Those that a file imports from there are imported again, since a loaded module of that name may be an older one, or
    of another folder; after the block it is back in its place.

    Args:
        folder: The folder.
        path: The file.
    """
    wrote_none = sys.dont_write_bytecode
    sys.dont_write_bytecode = True
    tops = find_local_tops(folder, path)
    held = {name: module for name, module in sys.modules.items() if name.partition(".")[0] in tops}
    for name in held:
        del sys.modules[name]
    sys.path.insert(0, str(folder))
    sys.path_importer_cache.pop(str(folder), None)  # which may not know of a file of this very second
    try:
        yield
    finally:
        sys.modules.update(held)
        sys.dont_write_bytecode = wrote_none
        if str(folder) in sys.path:  # the file may have changed it too
            sys.path.remove(str(folder))


def find_local_tops(folder: Path, path: Path) -> set[str]:
    """Return the names of the modules and packages in `folder` that a file, and those that it imports, import."""
    tops: set[str] = set()
    waiting, seen = [path], set()
    while waiting:
        file = waiting.pop()
        if file in seen or file.suffix != ".py":
            continue
        seen.add(file)
        with suppress(OSError, ValueError):
            for name in find_imports(file.read_bytes(), file.relative_to(folder)):
                if is_local(folder, name):
                    tops.add(name.partition(".")[0])
                    waiting += find_module(folder, name)
    if path.parent != folder:
        tops.add(path.relative_to(folder).parts[0])  # its own package
    return tops


def locate_error(error: BaseException, path: Path) -> str:
    """Return ', line 7' for the last line of `path` that an error came through."""
    if isinstance(error, SyntaxError) and error.filename == str(path.resolve()):
        return f", line {error.lineno}"
    lines = [
        frame.lineno for frame in traceback.extract_tb(error.__traceback__) if frame.filename == str(path.resolve())
    ]
    return f", line {lines[-1]}" if lines else ""
