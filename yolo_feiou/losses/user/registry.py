"""The names of users' losses in specs: of files, of modules, and those given to functions from Python."""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, cast

from torch import Tensor

from yolo_feiou.errors import ArgumentError, LossSpecError
from yolo_feiou.losses.box_loss import BoxLoss
from yolo_feiou.losses.names import normalise_name, resolve_name
from yolo_feiou.losses.spec import read_parameters, split_name, split_sum
from yolo_feiou.losses.table import LossInfo
from yolo_feiou.losses.user.function import UserFunction, describe_user_loss
from yolo_feiou.losses.user.load import load_function, load_source, names_a_file
from yolo_feiou.losses.user.sources import Source, find_copy, find_file_source, find_module_source
from yolo_feiou.parameters import Value, format_value

#: What of a function's name or path a spec can't hold.
UNSPELLABLE = re.compile(r"[+,|=:\s]")


@dataclass(frozen=True)
class _Registered:
    function: Callable[..., Tensor]
    defaults: Mapping[str, Value]


_registered: dict[str, _Registered] = {}


def register_loss(name: str, function: Callable[..., Tensor], **defaults: Value) -> None:
    """Give a function of one's own a name, by which a spec can then have it in this process.

    Where its source can be had, runs keep a copy of it under that name, from which their ranks and resumed runs load
    it; otherwise it must be registered there too.

    Args:
        name: Its name: letters, digits and _, and none of the table's.
        function: As for `build_loss`.
        **defaults: Values of its parameters that stand in for its own defaults.

    Raises:
        LossSpecError: If the name is taken, or can't be one.
        ArgumentError: If the function doesn't take what it should, or has no such parameter.
    """
    if not isinstance(name, str) or not name.isidentifier():
        raise LossSpecError(f"got the name {name!r}: expected letters, digits and _, as in 'my_loss'.")
    if normalise_name(name) in ("stock", "none") or resolve_name(name) is not None:
        raise LossSpecError(f"'{name}' is a loss already, see 'yolo losses': give yours another name.")
    describe_user_loss(name, function, None, defaults)
    given = {key: format_value(value) for key, value in defaults.items()}
    read_parameters(name, given, describe_user_loss(name, function, None).parameters)
    _registered[name] = _Registered(function, defaults)


def make_spec(loss: Any) -> Any:
    """Return the spec of a loss that is given as a function, anything else as it is.

    It names the function's file or module where that holds the function and can be imported again; otherwise the
    function is registered under its name with 'user_' before it.

    Raises:
        LossSpecError: If it is a `BoxLoss`, whose spec it isn't known by.
        ArgumentError: If the function doesn't take what it should.
    """
    if loss is None or isinstance(loss, str) or not callable(loss):
        return loss
    if isinstance(loss, BoxLoss):
        raise LossSpecError(f"got {loss!r}: a training takes its spec, as in loss='eiou', or a function.")
    name = re.sub(r"\W", "", getattr(loss, "__name__", type(loss).__name__)) or "loss"
    describe_user_loss(name, loss, None)
    source = find_function_source(loss)
    if source is not None:
        is_file = "." not in source.module
        spec = f"{source.path if is_file else source.module}:{source.function}"
        if not UNSPELLABLE.search(spec.replace(":", "", 1) if is_file or spec.count(":") == 1 else spec):
            return spec
    register_loss(f"user_{name}", cast("Callable[..., Tensor]", loss))
    return f"user_{name}"


def find_function_source(function: Any) -> Source | None:
    """Return where a function is, if importing that again gives the function; None if not.

    A script that does more than to define and import, outside of `if __name__ == "__main__"`, would do it again.
    """
    name, module = getattr(function, "__name__", ""), sys.modules.get(getattr(function, "__module__", "") or "")
    if module is None or not name.isidentifier() or getattr(module, name, None) is not function:
        return None
    file = getattr(module, "__file__", None)
    if not file or not Path(file).is_file() or Path(file).suffix != ".py":
        return None
    path = Path(file).resolve()
    if module.__name__ == "__main__":
        return Source(path.parent, path.stem, name, str(path)) if only_defines(path) else None
    if "." in module.__name__ and not module.__name__.startswith("user_loss_"):
        return find_module_source(f"{module.__name__}:{name}")
    return Source(path.parent, path.stem, name, str(path))


def only_defines(path: Path) -> bool:
    """Return whether a script does nothing, when it is imported, but to import, to define and to name constants."""
    import ast

    try:
        body = ast.parse(path.read_bytes()).body
    except (SyntaxError, ValueError, OSError):
        return False
    for node in body:
        guard = isinstance(node, ast.If) and "__name__" in ast.unparse(node.test)
        defines = isinstance(node, ast.Import | ast.ImportFrom | ast.FunctionDef | ast.ClassDef) or guard
        text = isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
        constant = isinstance(node, ast.Assign | ast.AnnAssign) and not any(
            isinstance(part, ast.Call) for part in ast.walk(node)
        )
        if not (defines or text or constant):
            return False
    return True


def is_own(name: str) -> bool:
    """Return whether a name is that of a file, a registered function, or a loss of which there is a copy in use."""
    return names_a_file(name) or name in _registered or find_copy(name) is not None


def find_own(name: str) -> LossInfo | None:
    """Return the row of a user's loss by its name in a spec; None if the name isn't one that could be a user's.

    Raises:
        ArgumentError: If the function can't be loaded, or doesn't take what it should.
    """
    if (copy := find_copy(name)) is not None:
        return describe_user_loss(name, load_source(copy), copy, copy.defaults)
    if name in _registered:
        held = _registered[name]
        source = find_function_source(held.function)
        source = source and replace(source, defaults=held.defaults)
        return describe_user_loss(name, held.function, source, held.defaults)
    if names_a_file(name):
        return describe_user_loss(name, load_function(name), find_file_source(name))
    if ":" not in name:
        return None
    source = find_module_source(name)
    if source is None:
        raise ArgumentError(
            f"loss {name}: there is no module {name.rpartition(':')[0]} in {Path.cwd()}, nor where Python looks for "
            "modules: expected 'package.module:function' or 'file.py:function'."
        )
    return describe_user_loss(name, load_source(source), source)


def find_sources(spec: str) -> dict[str, Source | None]:
    """Return the sources of all losses in a spec that are a user's, by name, without loading anything."""
    found: dict[str, Source | None] = {}
    for term in split_sum(spec):
        name = split_name(term)[0].strip()
        if (copy := find_copy(name)) is not None:
            found[name] = copy
        elif name in _registered:
            source = find_function_source(_registered[name].function)
            found[name] = source and replace(source, defaults=_registered[name].defaults)
        elif names_a_file(name):
            found[name] = find_file_source(name)
        elif ":" in name:
            found[name] = find_module_source(name)
    return found


def find_user_functions(box_loss: BoxLoss | None) -> list[UserFunction]:
    """Return the functions in a loss that are a user's."""
    bound = [function for term in box_loss or () for function in term.bound]
    return [one.function for one in bound if isinstance(one.function, UserFunction)]
