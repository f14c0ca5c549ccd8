"""Losses of a user's own: a function in a file, in a module, or registered from Python."""

from __future__ import annotations

import inspect
import re
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, cast

from torch import Tensor, nn

from yolo_feiou.errors import ArgumentError, LossSpecError
from yolo_feiou.losses.box_loss import BoxLoss
from yolo_feiou.losses.boxes import Pair
from yolo_feiou.losses.names import normalise_name, resolve_name
from yolo_feiou.losses.sources import Source, find_copy, find_file_source, find_module_source
from yolo_feiou.losses.spec import split_name, split_sum
from yolo_feiou.losses.table import LossInfo
from yolo_feiou.losses.user_modules import load_function, load_source, names_a_file
from yolo_feiou.parameters import Flag, Float, LossParameter, Text, Value

#: What of a function's name or path a spec can't hold.
UNSPELLABLE = re.compile(r"[+,|=:\s]")
#: The modifiers that a user's loss takes, and why it doesn't take the others.
MODIFIERS = ("focal", "norm", "detach", "weight")
REFUSAL = "it is a loss of your own, and of the modifiers only focal= and weight= fit any loss"
SIGNATURE = "(pred, target) or (pair), and further parameters with defaults"


@dataclass(frozen=True)
class Number(Float):
    """Any finite number."""

    low: float = -float("inf")
    high: float = float("inf")

    @property
    def expected(self) -> str:
        """The allowed values, as text for messages."""
        return "a number"


@dataclass(frozen=True)
class UserFunction:
    """A user's function, called with a pair as those of the table are.

    Attributes:
        name: As a spec has it.
        function: The function.
        takes_pair: Whether it takes a `Pair`, and not two tensors of boxes.
        whole: The parameters that it has whole numbers for.
        texts: Values of parameters that are texts, which no schedule changes.
        source: The module that it is in, None if that isn't known.
    """

    name: str
    function: Callable[..., Tensor]
    takes_pair: bool = False
    whole: frozenset[str] = frozenset()
    texts: Mapping[str, str] = field(default_factory=dict)
    source: Source | None = None

    def __call__(self, pair: Pair, /, **values: Any) -> Tensor:
        """Return its value for each pair, shape (N,).

        Raises:
            ArgumentError: If it returns anything else.
        """
        result = self.compute(pair, values)
        count, device = len(pair.w_target), pair.w_target.device
        if not isinstance(result, Tensor) or result.shape != (count,):
            returned = f"shape {tuple(result.shape)}" if isinstance(result, Tensor) else type(result).__name__
            raise ArgumentError(
                f"loss {self.name} returned {returned} for {count} pairs: expected shape ({count},), one value a pair. "
                f"'yolo check {self.name}' tells more."
            )
        if result.device != device:
            raise ArgumentError(
                f"loss {self.name} returned values on {result.device} for boxes on {device}: make its tensors there, "
                "as in torch.zeros(4, device=pred.device)."
            )
        return result

    def compute(self, pair: Pair, values: Mapping[str, Any]) -> Any:
        """Return what the function returns for a pair."""
        boxes = (pair,) if self.takes_pair else (pair.pred, pair.target)
        return self.function(*boxes, **self._convert(values))

    def on_boxes(self, values: Mapping[str, Any], pred: Tensor, target: Tensor) -> Any:
        """Return what the function returns for boxes, to a check: two tensors are given as they are."""
        boxes = (Pair(pred, target, (640, 640)),) if self.takes_pair else (pred, target)
        return self.function(*boxes, **self._convert(values))

    def _convert(self, values: Mapping[str, Any]) -> dict[str, Any]:
        """Return the values as the function has them: texts, and whole numbers as such."""
        numbers = {key: int(v) if key in self.whole and float(v).is_integer() else v for key, v in values.items()}
        return {**self.texts, **numbers}


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
    if normalise_name(name) == "stock" or resolve_name(name) is not None:
        raise LossSpecError(f"'{name}' is a loss already, see 'yolo losses': give yours another name.")
    describe_user_loss(name, function, None, defaults)
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


def describe_user_loss(
    name: str, function: Any, source: Source | None, defaults: Mapping[str, Any] | None = None
) -> LossInfo:
    """Return the row of a user's function, with the parameters that its signature has.

    Args:
        name: As a spec has it.
        function: The function, or an instance with `__call__`.
        source: Where it is.
        defaults: Values that stand in for its own defaults.

    Raises:
        ArgumentError: If it doesn't take what it should, or `defaults` has what is no parameter of it.
    """
    if not callable(function) or isinstance(function, type):
        raise ArgumentError(f"loss {name} is {type(function).__name__}: expected a function {SIGNATURE}.")
    takes_pair, found = read_signature(name, function)
    found |= {key: value for key, value in (defaults or {}).items() if key in found}
    if unknown := (defaults or {}).keys() - found.keys():
        has = ", ".join(found) or "none"
        raise ArgumentError(f"loss {name} has no parameter '{min(unknown)}' with a default. It has {has}.")
    parameters = tuple(filter(None, (make_parameter(key, value) for key, value in found.items())))
    whole = frozenset(key for key, value in found.items() if isinstance(value, int) and not isinstance(value, bool))
    return LossInfo(
        name,
        "loss",
        UserFunction(name, cast("Callable[..., Tensor]", function), takes_pair, whole, source=source),
        (inspect.getdoc(function) or "a loss of one's own").partition("\n")[0],
        source.file if source else "Python",
        f"function {source.function}" if source else "",
        parameters,
        form="user",
        modifiers=MODIFIERS,
        refusal=REFUSAL,
        needs_units=takes_pair,
    )


def make_parameter(name: str, default: Any) -> LossParameter | None:
    """Return the parameter of a spec for a default of a function; None where a spec can't spell such a value."""
    if isinstance(default, bool):
        return Flag(name, default)
    if isinstance(default, int | float):
        return Number(name, float(default))
    return Text(name, default) if isinstance(default, str) else None


def read_signature(name: str, function: Callable[..., Any]) -> tuple[bool, dict[str, Any]]:
    """Return whether a function takes a `Pair`, and its further parameters with their defaults.

    Raises:
        ArgumentError: If it takes neither a pair nor two tensors, or a further parameter has no default.
    """
    try:
        called = function.forward if isinstance(function, nn.Module) else function
        given = list(inspect.signature(called).parameters.values())
    except (TypeError, ValueError):  # of compiled code
        return False, {}
    by_place = [p for p in given if p.kind in (p.POSITIONAL_ONLY, p.POSITIONAL_OR_KEYWORD)]
    variadic = any(p.kind == p.VAR_POSITIONAL for p in given)
    required = [p for p in by_place if p.default is p.empty]
    annotation = getattr(by_place[0], "annotation", None) if by_place else None
    annotated = annotation is Pair or str(annotation).strip("'\"").rpartition(".")[2] == "Pair"
    takes_pair = annotated or (len(required) == 1 and not variadic)
    boxes = 1 if takes_pair else 2
    rest = [*by_place[boxes:], *(p for p in given if p.kind == p.KEYWORD_ONLY)]
    lacking = [p.name for p in rest if p.default is p.empty]
    if lacking or (len(by_place) < boxes and not variadic):
        what = f"{', '.join(lacking)} without a default" if lacking else f"{len(by_place)} arguments"
        raise ArgumentError(f"loss {name} takes {what}: expected a function {SIGNATURE}.")
    return takes_pair, {p.name: p.default for p in rest}
