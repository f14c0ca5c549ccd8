"""What the package asks of a framework that trains detectors: all that `ablation/` knows of one.

`yolo/framework.py` is Ultralytics'. A framework is an object called `FRAMEWORK` in a module, which names it: so a
process of its own can find it again.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Any, NamedTuple, Protocol

#: How far a training got: nothing to resume, some epochs, all epochs.
NEW, HALF, TRAINED = "new", "half", "trained"


class Progress(NamedTuple):
    """How far a training got.

    Attributes:
        stage: `NEW`, `HALF` or `TRAINED`.
        epochs: The number of finished epochs.
        note: A line for the log if a damaged checkpoint was found or replaced, else ''.
    """

    stage: str
    epochs: int
    note: str


@dataclass(frozen=True)
class Split:
    """A split of a data set.

    Attributes:
        source: What it is, for messages.
        root: Folder of the data set.
        names: Classes, in order.
        labels: One entry an image, with `im_file`, `shape` (height, width of the original), `cls` and `bboxes`
            (centre and size as fractions of the image).
        label_files: The paths of the label files, there or not, in the order of `labels`.
        unread: How many image files the framework left out, since it couldn't read them or their labels.
        annotations: The COCO JSON that the data YAML names for it, absolute, there or not; None if it names none.
        classes: Indices of the classes that count; None for all. `labels` has no others.
        single_cls: Whether all count as one class. `labels` has class 0 alone then.
    """

    source: str
    root: Path
    names: list[str]
    labels: list[dict[str, Any]]
    label_files: list[str]
    unread: int
    annotations: Path | None = None
    classes: tuple[int, ...] | None = None
    single_cls: bool = False

    @property
    def files(self) -> list[str]:
        """The paths of the images."""
        return [label["im_file"] for label in self.labels]


class Framework(Protocol):
    """What trains and evaluates the runs of an ablation.

    Arguments of a training are a mapping with the framework's own names, and with `loss`, `box_stats`, `data`, `model`
    and `seed`.
    """

    @property
    def module(self) -> str:
        """The name of the module in which it is, see `load_framework`."""
        ...

    @property
    def runs_folder(self) -> Path:
        """The folder of all results that no argument names a folder for."""
        ...

    @property
    def unit(self) -> str:
        """What a row of results.csv stands for: 'epoch' or 'interval'."""
        ...

    # Arguments

    def defaults(self) -> dict[str, Any]:
        """Return all training arguments with their defaults, those of this package included."""
        ...

    def parse_value(self, text: str) -> Any:
        """Return the value of an argument as the framework's own command reads it."""
        ...

    def read_grid(self, name: str) -> dict[str, Any]:
        """Return the arguments in the YAML of an ablation.

        Args:
            name: Its path, or the name of one that comes with the package.

        Raises:
            ArgumentError: If there is no such file, or it is not a YAML of `key: value` lines.
        """
        ...

    def find_data(self, name: Any) -> Any:
        """Return the path of a data set that comes with the package, given its name; any other name as it is."""
        ...

    def count_rows(self, arguments: Mapping[str, Any]) -> int:
        """Return how many rows of results.csv a training with these arguments writes, if nothing ends it early."""
        ...

    # Checks before a training

    def check_arguments(self, arguments: Mapping[str, Any], devices: Sequence[str] = ()) -> list[str]:
        """Return a line for each value that a training would ignore.

        Args:
            arguments: Those of a training.
            devices: The devices that it may train on, as the argument `device` names them.

        Raises:
            ArgumentError: If an argument is of a type or range that the training or the evaluation refuses.
            LossSpecError: If the loss is wrong.
            MissingFileError: If weights are named that are not there and can't be fetched.
        """
        ...

    def check_data(self, data: str) -> None:
        """Check, without reading it, that there is the data set that `data` names.

        Raises:
            DataError: If it names a file that isn't there.
        """
        ...

    def check_device(self, device: str) -> None:
        """Raise ArgumentError if a device isn't on this machine; '' is the framework's own choice."""
        ...

    def check_model(self, model: str, losses: Sequence[str] = ()) -> None:
        """Load a model once, and check that losses are of its boxes.

        Raises:
            DataError: If there is no such model, or it can't be read.
            LossSpecError: If a loss isn't.
            UnsupportedModelError: If it has no boxes.
        """
        ...

    def check_labels(self, model: str, images: Split, annotations: str = "") -> None:
        """Check that a model can train on and be evaluated on the labels of a split, as far as its task asks for more.

        Args:
            model: The model.
            images: The split.
            annotations: The COCO JSON that a command names.

        Raises:
            DataError: If it needs oriented boxes, and the split has others.
        """
        ...

    def find_ignored_gains(self, model: str) -> Mapping[str, str]:
        """Return the arguments that are gains of losses and do nothing in a training of a model, and why."""
        ...

    def find_gain(self, arguments: Mapping[str, Any]) -> float | None:
        """Return what the box loss is multiplied by in a training with these arguments, None if `box` does nothing."""
        ...

    def check_folder(self, folder: Path, name: str) -> None:
        """Raise ArgumentError if weights couldn't be loaded from a training's folder, which the argument `name` set."""
        ...

    def check_last_batch(self, arguments: Mapping[str, Any], images: int, processes: int) -> None:
        """Raise ArgumentError if the model can't train on the last batch of an epoch.

        Args:
            arguments: Those of the training.
            images: The number of training images.
            processes: The number of processes that share a batch.
        """
        ...

    # Data

    def read_split(
        self,
        data: str | Path,
        split: str,
        classes: int | Iterable[int] | None = None,
        single_cls: bool | None = False,
    ) -> Split:
        """Return the images and labels of a split, as a training reads them.

        Args:
            data: A data YAML, or the name of a known data set.
            split: 'train', 'val' or 'test', as far as the YAML has it.
            classes: The indices of the classes that count, in the YAML's order.
            single_cls: Whether all objects count as one class.

        Raises:
            DataError: If there is no such data or split, or no image in it that can be read.
        """
        ...

    def find_image_folders(self, data: str | Path) -> list[Path]:
        """Return the folders in which the images of a data set lie."""
        ...

    # Training

    def progress(self, folder: Path) -> Progress:
        """Return how far the training in a folder got, whatever ended it; what can be mended is."""
        ...

    def train(
        self,
        arguments: Mapping[str, Any],
        folder: Path,
        *,
        resume: bool = False,
        logged_as: tuple[str, str] = ("", ""),
        threads: int = 0,
    ) -> None:
        """Train, or resume a training.

        Args:
            arguments: Those of the training; of a resumed one `data` and `device` alone count.
            folder: Where it leaves its files.
            resume: Whether it is resumed from the last checkpoint in `folder`.
            logged_as: The names of project and run for loggers.
            threads: Of the CPU; 0 is the framework's own choice.
        """
        ...

    def strip_checkpoints(self, folder: Path) -> None:
        """Make plain weights of the checkpoints of a finished training."""
        ...

    def evaluate(
        self,
        weights: Path,
        arguments: Mapping[str, Any],
        split: str,
        folder: Path,
        *,
        annotations: str = "",
        evaluator: str = "faster-coco-eval",
        device: str = "",
    ) -> dict[str, Any]:
        """Evaluate weights on a split of the data that they were trained on, and return the row of metrics.

        Args:
            weights: The checkpoint.
            arguments: Those of the training.
            split: Of the data.
            folder: For the ground truth, the predictions and the settings.
            annotations: A COCO JSON with the ground truth, '' for what the data YAML names or labels.
            evaluator: 'faster-coco-eval' or 'pycocotools'.
            device: One device, '' for the framework's own choice.

        Raises:
            DataError: If weights, data, split or objects are missing, or don't fit each other.
        """
        ...

    def gradient_norms_command(self, request: Path, result: Path) -> list[str]:
        """Return the command of a process that measures the gradient norms of losses on the first batches.

        Args:
            request: A JSON with `arguments`, `losses`, `batches`, `every` and, if need be, `reference`, see
                `yolo.gradient_norms.measure_gradient_norms`; and `progress`, a file that gets a byte after each batch.
            result: The JSON that the process writes: `rows`, one a loss.
        """
        ...


def load_framework(module: str) -> Framework:
    """Return the framework that a module has."""
    return import_module(module).FRAMEWORK
