"""What one training is asked for, and the key that stands for it."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from yolo_feiou.results.arguments import NEUTRAL_ARGUMENTS


@dataclass(frozen=True)
class TrainingSettings:
    """What one training is asked for.

    Attributes:
        arguments: All its training arguments, `loss` and `seed` among them, and nothing that could change between
            computers (where results go, the device).
        swept: Those that differ between the runs of the grid.
        gain: 'same' if `box` is what was asked for, 'matched' if it was set so that gradients agree in size.
        contents: Content hashes of the files that arguments name, see `fingerprint_files`.
    """

    arguments: Mapping[str, Any]
    swept: tuple[str, ...] = ()
    gain: str = "same"
    contents: Mapping[str, str] = field(default_factory=dict)

    def identify(self, defaults: Mapping[str, Any]) -> dict[str, Any]:
        """Return what makes the run what it is, in one spelling, without what has no effect on its result.

        Args:
            defaults: All arguments of the framework, and ours, with their defaults.
        """
        given = {key: _as_int(value) for key, value in self.arguments.items() if key not in NEUTRAL_ARGUMENTS}
        given = {key: value for key, value in given.items() if not _is_equal(value, defaults.get(key))}
        return {**given, **{f"{key} holds": text for key, text in self.contents.items()}, "gain": self.gain}


def digest_settings(settings: Mapping[str, Any]) -> str:
    """Return ten hexadecimal digits that stand for settings."""
    return hashlib.sha256(json.dumps(dict(sorted(settings.items()))).encode()).hexdigest()[:10]


def _is_equal(value: Any, default: Any) -> bool:
    return value == default and isinstance(value, bool) == isinstance(default, bool)


def _as_int(value: Any) -> Any:
    """Return 5 for 5.0."""
    return int(value) if isinstance(value, float) and value.is_integer() else value
