"""Which ground truth a split is evaluated on: a COCO JSON, or the labels beside its images."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from yolo_feiou.errors import DataError
from yolo_feiou.evaluation.labels import digest_labels
from yolo_feiou.framework import Split
from yolo_feiou.storage.checksums import file_sha256
from yolo_feiou.storage.tables import Row

FROM_LABELS = "labels"


@dataclass(frozen=True)
class Source:
    """Where objects come from.

    Attributes:
        path: A COCO JSON that is there, or None for the labels.
        holds: The first ten digits of a digest of the JSON or the labels.
    """

    path: Path | None
    holds: str

    @property
    def row(self) -> Row:
        """The columns that tell it from another: the file's name or 'labels', and ten digits for its contents."""
        return {"ground_truth": self.path.name if self.path else FROM_LABELS, "ground_truth_holds": self.holds}


def find_source(split: Split, annotations: str | Path | None = None) -> Source:
    """Return where a split's objects come from: `annotations`, else the JSON that the data YAML names, else labels.

    Raises:
        DataError: If the JSON is not there.
    """
    path = Path(annotations) if annotations else split.annotations
    if path is not None and not path.is_file():
        where = "" if annotations else f"{split.source}: the YAML names annotations that are not there. "
        raise DataError(f"{where}{path} can't be read: expected the path of a COCO JSON.")
    return Source(path, file_sha256(path)[:10] if path else digest_labels(split)[:10])
