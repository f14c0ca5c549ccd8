"""What an export asks of the framework that trained a run: all that it knows of one."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

from yolo_feiou.evaluation.detections import Detections
from yolo_feiou.storage.tables import Row


@dataclass(frozen=True)
class Checkpoint:
    """What a checkpoint says beside its weights.

    Attributes:
        mark: Its loss and its run, see `run_record.get_mark`; empty if it has none.
        stripped: Whether it lacks what a resume needs, as a rule since the training has ended.
        version: The version of what wrote it, '' if it doesn't say.
        date: When it was written, '' likewise.
        batch: The batch that it trained with, None likewise.
        length: How many rows results.csv has when its training ends, None if that is the argument `epochs`.
        about: What else a model card says of it, by name.
        box_used: What the box loss was multiplied by; None if `box` does nothing, or that is not known.
        idle: Arguments that do nothing in its training.
    """

    mark: Mapping[str, str]
    stripped: bool
    version: str = ""
    date: str = ""
    batch: object = None
    length: int | None = None
    about: Row = field(default_factory=dict)
    box_used: float | None = None
    idle: tuple[str, ...] = ()


class ExportFramework(Protocol):
    """What reads and evaluates the weights of a run."""

    @property
    def name(self) -> str:
        """What wrote its checkpoints and gave them their version."""
        ...

    @property
    def template(self) -> str:
        """The file of the template of its model cards."""
        ...

    @property
    def unit(self) -> str:
        """What a row of results.csv stands for."""
        ...

    @property
    def rewritten(self) -> tuple[str, ...]:
        """Arguments of which args.yaml has other values once a run was resumed."""
        ...

    def read_checkpoint(self, path: Path) -> Checkpoint | None:
        """Return what a checkpoint says, None if it is torn or of other code."""
        ...

    def defaults(self) -> dict[str, Any]:
        """Return all training arguments with their defaults, those of this package included."""
        ...

    def defaults_of(self, version: str) -> dict[str, Any]:
        """Return the defaults of the version that wrote a checkpoint, none if they aren't known."""
        ...

    def training_words(self, arguments: Mapping[str, Any]) -> list[str]:
        """Return the words after `yolo` of the command that trains with such arguments, none if they don't tell."""
        ...

    def check_folder(self, folder: Path, told: str) -> None:
        """Raise ArgumentError if weights can't be loaded from a folder, which `told` names."""
        ...

    def check_onnx(self) -> None:
        """Raise ArgumentError if its models can't be exported to ONNX."""
        ...

    def get_class_names(self, weights: Path) -> list[str] | None:
        """Return the classes of weights, in order; None where they aren't known."""
        ...

    def evaluation_arguments(self, arguments: Mapping[str, Any], imgsz: int, batch: int) -> dict[str, Any]:
        """Return with which arguments `evaluate` and `detect` are to be called.

        Args:
            arguments: Those of the training.
            imgsz: The image size that it trained with, in pixels.
            batch: The images at a time.
        """
        ...

    def evaluate(self, model: Any, data: str, split: str, folder: Path, **arguments: Any) -> Row:
        """Evaluate weights, leave ground truth and predictions in a folder, and return the row of metrics.

        Args:
            model: The weights; for a framework with ONNX also a model that was made of them.
            data: A data YAML.
            split: Of the data.
            folder: For ground truth, predictions and settings.
            **arguments: `annotations`, `evaluator`, `device`, and those of `evaluation_arguments`.

        Raises:
            ArgumentError: If there is no such evaluator.
            DataError: If weights, data, split or objects are missing, or don't fit each other.
            UnsupportedModelError: If the model can't be evaluated.
        """
        ...

    def detect(self, weights: Path, data: str, split: str, **arguments: Any) -> Detections:
        """Return what weights detect in a split, which need have no labels.

        Args:
            weights: The weights.
            data: A data YAML.
            split: Of the data.
            **arguments: `device`, and those of `evaluation_arguments`.
        """
        ...
