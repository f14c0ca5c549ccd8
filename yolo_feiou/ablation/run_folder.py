"""The folder of a run: what state it is in lies in its files, see `store`."""

from __future__ import annotations

import os
import shutil
from dataclasses import dataclass
from fnmatch import fnmatch
from pathlib import Path
from typing import Any

from yolo_feiou.ablation.grid import Run
from yolo_feiou.ablation.records import Failure, RowRecord, RunSettings, Session
from yolo_feiou.errors import DataError
from yolo_feiou.losses.build import STOCK
from yolo_feiou.losses.user.registry import find_sources
from yolo_feiou.losses.user.sources import COPIES, pack_sources, write_sources
from yolo_feiou.results.run_record import read_run_record
from yolo_feiou.results.settings import digest_settings
from yolo_feiou.storage.locks import is_locked
from yolo_feiou.storage.tables import Row, read_record, write_json

SET_ASIDE, TRAIN = "set_aside", "train"
#: What a training leaves in its folder before an epoch is finished: nothing that anybody would miss.
BEFORE_EPOCHS = (
    *("args.yaml", "labels*.jpg", "train_batch*.jpg", "results.csv", "box_stats.csv", "events.out.tfevents.*"),
    *("torchrun.json", "torchrun.lock", "provenance.json", "weights/.*.part*", f"{COPIES}/*"),
)


@dataclass(frozen=True)
class RunFolder:
    """The folder of a run.

    Attributes:
        path: Its path.
    """

    path: Path

    @property
    def lock(self) -> Path:
        """The file whose lock a process holds while it works on the run."""
        return self.path / "lock"

    @property
    def log(self) -> Path:
        """What the run printed."""
        return self.path / "log.txt"

    @property
    def train(self) -> Path:
        """The folder that Ultralytics trains in, and removes when it pleases; loggers call the run by its name."""
        return self.path.parent / TRAIN / self.path.name

    @property
    def last(self) -> Path:
        """The checkpoint of the last finished epoch."""
        return self.train / "weights" / "last.pt"

    @property
    def best(self) -> Path:
        """The checkpoint of the best epoch."""
        return self.train / "weights" / "best.pt"

    @property
    def results(self) -> Path:
        """Ultralytics' results.csv, a row an epoch."""
        return self.train / "results.csv"

    @property
    def evaluation(self) -> Path:
        """The folder of its evaluation."""
        return self.path / "evaluation"

    @property
    def losses(self) -> Path:
        """The folder of the copies of the losses that are a user's own."""
        return self.path / COPIES

    @property
    def busy(self) -> bool:
        """Whether another process works on it."""
        return is_locked(self.lock)

    def run(self) -> Run:
        """Return the run that the folder is of.

        Raises:
            DataError: If its `run.json` is missing, damaged or edited.
        """
        content = self._recorded()
        return Run(content["arguments"], tuple(content["axes"]), content["gain"], content["contents"])

    @property
    def key(self) -> str:
        """The key of its run as it was when the folder was made: what defaults are today doesn't matter."""
        return self._recorded()["key"]

    def write_run(self, run: Run) -> None:
        """Make the folder, if need be, with what it is of, a copy of the user's own losses among it.

        Raises:
            ArgumentError: If there can be no such copy.
        """
        self.path.mkdir(parents=True, exist_ok=True)
        loss = run.arguments["loss"]
        if sources := find_sources(loss) if loss != STOCK else {}:
            write_sources(self.losses, pack_sources(sources))
        content = {
            "key": run.key,
            "gain": run.gain,
            "axes": list(run.swept),
            "arguments": dict(run.arguments),
            "contents": dict(run.contents),
        }
        write_json(self.path / "run.json", {**content, "sha256": digest_settings(content)})

    def sessions(self) -> list[Row]:
        """Return an entry for each time that the training, as it stands, began or was resumed.

        They are in the record of the training; what version 0.1.0 began has its first ones in sessions.json.
        """
        record = read_run_record(self.train)
        return [*(self._read("sessions.json", list[Session]) or []), *(record.sessions if record else ())]

    def clear_training(self) -> str:
        """Make room for a training that starts over, and return a line for the log if something was set aside.

        What a training leaves before its first epoch is removed. Anything else, such as a torn checkpoint or a file of
        the user's, is kept.
        """
        (self.path / "sessions.json").unlink(missing_ok=True)  # of version 0.1.0
        if not os.path.lexists(self.train):
            return ""
        left = [path for path in self.train.rglob("*") if path.is_symlink() or not path.is_dir()]
        names = [path.relative_to(self.train).as_posix() for path in left]
        if all(any(fnmatch(name, pattern) for pattern in BEFORE_EPOCHS) for name in names):
            shutil.rmtree(self.train)
            return ""
        kept = set_aside(self.path.parent, self.train)
        return f"{self.train} held more than a training leaves that was just begun: it is kept as {kept}."

    def row(self) -> Row | None:
        """Return the row of a run that is done.

        Raises:
            DataError: If its file is damaged, was edited by hand, or is that of another run.
        """
        row = self._read("row.json", RowRecord)
        if row is None:
            return None
        if row.pop("sha256", None) not in (None, digest_settings(row)):  # rows of earlier versions have none
            raise DataError(f"{self.path / 'row.json'} was edited: it is not what an ablation wrote.")
        if row["key"] != self.key:
            raise DataError(f"{self.path / 'row.json'} is of another run.")
        return row

    def write_row(self, row: Row) -> None:
        """Write the row: the run is done, and no longer failed."""
        write_json(self.path / "row.json", {**row, "sha256": digest_settings(row)})
        self.clear_failure()

    def failure(self) -> Row | None:
        """Return why the run failed the last time: `reason`, `time`."""
        return self._read("failed.json", Failure)

    def write_failure(self, failure: Row) -> None:
        """Write why the run failed."""
        write_json(self.path / "failed.json", failure)

    def clear_failure(self) -> None:
        """Forget why the run failed."""
        (self.path / "failed.json").unlink(missing_ok=True)

    def check(self, run: Run) -> None:
        """Raise DataError, naming the file, if the folder is of another run or one of its files is damaged."""
        if self.key != run.key:
            raise DataError(f"{self.path / 'run.json'} is of another run.")
        self.check_files()

    def check_files(self) -> None:
        """Raise DataError, naming the file, if one of the files that state hangs on is damaged."""
        self.sessions()
        self.failure()
        self.row()

    def _recorded(self) -> Row:
        """Return what run.json holds."""
        path = self.path / "run.json"
        content = read_record(path, RunSettings)
        if content.pop("sha256", None) != digest_settings(content):
            raise DataError(f"{path} was edited: it is not what an ablation wrote.")
        return content

    def _read(self, name: str, form: Any) -> Any:
        path = self.path / name
        return read_record(path, form) if path.exists() else None


def set_aside(ablation: Path, path: Path) -> Path:
    """Move a file or folder of an ablation out of the way, and return where it is.

    Args:
        ablation: The folder of the ablation.
        path: The file or folder.
    """
    folder = ablation / SET_ASIDE
    folder.mkdir(exist_ok=True)
    number = 1
    while (target := folder / f"{path.name}-{number}").exists():
        number += 1
    return path.rename(target)
