"""What is checked of all runs before the first is evaluated: what would else be told after hours of it."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from yolo_feiou.errors import ArgumentError, DataError, YoloFeiouError
from yolo_feiou.evaluation.rehearsal import find_evaluation_input
from yolo_feiou.export import onnx, submission
from yolo_feiou.export.card import CARD_FILE as CARD
from yolo_feiou.export.kept_evaluation import FOLDER, Evaluator
from yolo_feiou.export.runs import TrainedRun
from yolo_feiou.storage.own_files import check_sealed
from yolo_feiou.yolo.evaluate import check_oriented_labels
from yolo_feiou.yolo.splits import read_split


@dataclass
class Rehearsal:
    """Checks runs, each data set and choice of classes once.

    Attributes:
        how: How runs are evaluated.
        known: What came of each rehearsal: notes, or an error.
    """

    how: Evaluator
    known: dict[tuple, tuple[str, ...] | YoloFeiouError] = field(default_factory=dict)

    def check(self, run: TrainedRun) -> tuple[str, ...]:
        """Rehearse the evaluation of a run, and return lines for the user.

        Raises:
            ArgumentError: If weights can't be loaded from where they lie, or there is no such evaluator.
            DataError: If data, split, objects and the model's classes don't fit each other, or nothing can be written
                to the run's folder.
            UnsupportedModelError: If the model has no boxes.
        """
        run.framework.check_folder(run.weights.parent, str(run.folder))
        for folder in (run.weights.parent, run.folder / FOLDER if (run.folder / FOLDER).is_dir() else run.folder):
            check_writable(folder)
        told = self.how.arguments(run)
        images = self.how.data_of(run), self.how.split, _frozen(told.get("classes")), told.get("single_cls")
        rest = self.how.annotations or None, self.how.evaluator, _names(run)

        def rehearse() -> tuple[str, ...]:
            split = read_split(*images)
            if run.is_oriented:
                check_oriented_labels(split, self.how.annotations)
            return tuple(find_evaluation_input(split, *rest).rehearse().expected.notes)

        return self._once((*images, *rest, run.is_oriented), rehearse)

    def check_card(self, run: TrainedRun) -> None:
        """Raise ArgumentError if a file that is the user's own, or that was edited, is where the card of a run goes."""
        check_sealed(run.weights.with_name(CARD))

    def check_onnx(self, run: TrainedRun) -> None:
        """Raise ArgumentError if such models have no ONNX, or the user's own file is where that of a run goes."""
        run.framework.check_onnx()
        if onnx.find_exported(run, self.how) is None:
            onnx.check_own_onnx(run, run.weights.with_suffix(".onnx"))

    def check_submission(self, run: TrainedRun) -> None:
        """Find the images of a submission in their list.

        Raises:
            ArgumentError: If its boxes are oriented, or the user's own file is where it goes.
            DataError: If the data has no such split or list, or they or the model's classes don't fit each other.
        """
        if run.is_oriented:
            raise ArgumentError("a submission to COCO's server has upright boxes, and this model oriented ones.")
        submission.check_own_submission(run.weights.with_name(submission.FILE))
        data, names = self.how.data_of(run), _names(run)

        def find() -> tuple[str, ...]:
            submission.find_images(data, names or ())
            return ()

        self._once(("submission", data, names), find)

    def _once(self, asked: tuple, rehearsal: Callable[[], tuple[str, ...]]) -> tuple[str, ...]:
        """Return what a rehearsal returns, or raise what it raises, and remember it."""
        if asked not in self.known:
            try:
                self.known[asked] = rehearsal()
            except YoloFeiouError as error:
                self.known[asked] = error
        found = self.known[asked]
        if isinstance(found, YoloFeiouError):
            raise found
        return found


def check_writable(folder: Path) -> None:
    """Raise DataError if nothing can be written to a folder."""
    try:
        tempfile.TemporaryFile(dir=folder).close()
    except OSError as error:
        raise DataError(
            f"{folder} can't be written to ({error.strerror}): the evaluation is kept there, and the model card."
        ) from None


def _names(run: TrainedRun) -> tuple[str, ...] | None:
    names = run.framework.get_class_names(run.weights)
    return None if names is None else tuple(names)


def _frozen(classes: int | list[int] | None) -> int | tuple[int, ...] | None:
    return tuple(classes) if isinstance(classes, list) else classes
