"""Detect changes of torch's state, which would affect the whole training."""

from __future__ import annotations

from pathlib import Path
from types import ModuleType

import torch

#: Where functions are compared.
INSPECTED_NAMESPACES: dict[str, ModuleType | type] = {
    "torch": torch,
    "torch.Tensor": torch.Tensor,
    "torch.nn.functional": torch.nn.functional,
    "torch.linalg": torch.linalg,
    "torch.autograd": torch.autograd,
}
#: Where torch defines what it wraps functions in that its compiler leaves alone.
COMPILE_FILE = str(Path(torch.__file__).parent / "_compile.py")
GRADIENTS_SETTING = "whether gradients are enabled"
#: Settings that everything computed after them depends on.
TORCH_SETTINGS = {
    "the default dtype": torch.get_default_dtype,
    "the default device": getattr(torch, "get_default_device", lambda: None),
    GRADIENTS_SETTING: torch.is_grad_enabled,
}


class Snapshot:
    """The functions and settings of torch at one time."""

    def __init__(self) -> None:
        self._functions = {name: value for name, value in _attributes().items() if callable(value)}
        self._settings = {name: read() for name, read in TORCH_SETTINGS.items()}

    def changes(self) -> list[str]:
        """Return the names of the settings that changed, and of the functions that were replaced."""
        now = _attributes()
        settings = [name for name, value in self._settings.items() if TORCH_SETTINGS[name]() != value]
        return settings + [name for name, value in self._functions.items() if not _is_same(now.get(name), value)]


def _is_same(now: object, before: object) -> bool:
    """Return whether a function is what it was, or what torch itself wraps it in once its compiler is imported."""
    if now is before:
        return True
    code = getattr(now, "__code__", None)
    return getattr(now, "__wrapped__", None) is before and getattr(code, "co_filename", "") == COMPILE_FILE


def _attributes() -> dict[str, object]:
    """Return all attributes of the inspected namespaces, by name."""
    found = {}
    for place, holder in INSPECTED_NAMESPACES.items():
        for part in reversed(holder.__mro__ if isinstance(holder, type) else (holder,)):
            found |= {f"{place}.{name}": value for name, value in vars(part).items()}
    return found
