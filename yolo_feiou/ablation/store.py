"""The folder of an ablation, and those of its runs: all that there is to know lies in their files.

| file                      | what it says                                                      |
|---------------------------|-------------------------------------------------------------------|
| `ablation.json`           | what the folder is, and which commands it was made by             |
| `RUN/run.json`            | the run: its arguments and key; written before all else           |
| `RUN/evaluation/`         | ground truth, predictions and settings                            |
| `RUN/row.json`            | its row of the table; a run that has one is done                  |
| `RUN/failed.json`         | why it failed the last time                                       |
| `RUN/log.txt`, `RUN/lock` | what it printed; held while a process works on it                 |
| `train/RUN/`              | an ordinary run of Ultralytics': args.yaml, results.csv, weights/ |
| `… provenance.json`       | what that training began with, and each time that it was resumed  |
| `preflight/`              | how large the losses are, measured before the runs                |
| `set_aside/`              | what could not be read, or gave way to a training from the start  |
"""

from __future__ import annotations

import os
import shutil
from dataclasses import dataclass
from fnmatch import fnmatch
from pathlib import Path
from typing import Any

from yolo_feiou.ablation.grid import Run
from yolo_feiou.ablation.records import Failure, Mark, RowRecord, RunSettings, Session
from yolo_feiou.errors import ArgumentError, DataError
from yolo_feiou.results.run_record import read
from yolo_feiou.results.settings import digest
from yolo_feiou.storage.locks import hold_lock, is_locked
from yolo_feiou.storage.tables import Row, read_record, write_json

ABLATION, PREFLIGHT, SET_ASIDE, TRAIN = "ablation.json", "preflight", "set_aside", "train"


#: What a training leaves in its folder before an epoch is finished: nothing that anybody would miss.
BEFORE_EPOCHS = (
    *("args.yaml", "labels*.jpg", "train_batch*.jpg", "results.csv", "box_stats.csv", "events.out.tfevents.*"),
    *("torchrun.json", "torchrun.lock", "provenance.json", "weights/.*.part*"),
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
        """Make the folder, if need be, with what it is of."""
        self.path.mkdir(parents=True, exist_ok=True)
        content = {
            "key": run.key,
            "gain": run.gain,
            "axes": list(run.swept),
            "arguments": dict(run.arguments),
            "contents": dict(run.contents),
        }
        write_json(self.path / "run.json", {**content, "sha256": digest(content)})

    def sessions(self) -> list[Row]:
        """Return an entry for each time that the training, as it stands, began or was resumed.

        They are in the record of the training; what version 0.1.0 began has its first ones in sessions.json.
        """
        record = read(self.train)
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
        if row.pop("sha256", None) not in (None, digest(row)):  # rows of earlier versions have none
            raise DataError(f"{self.path / 'row.json'} was edited: it is not what an ablation wrote.")
        if row["key"] != self.key:
            raise DataError(f"{self.path / 'row.json'} is of another run.")
        return row

    def write_row(self, row: Row) -> None:
        """Write the row: the run is done, and no longer failed."""
        write_json(self.path / "row.json", {**row, "sha256": digest(row)})
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
        if content.pop("sha256", None) != digest(content):
            raise DataError(f"{path} was edited: it is not what an ablation wrote.")
        return content

    def _read(self, name: str, form: Any) -> Any:
        path = self.path / name
        return read_record(path, form) if path.exists() else None


class Store:
    """The folder of an ablation.

    Args:
        path: Its path; made if need be.
        command: The command that it is opened by, for the record.
        wanted: How that command wants its runs evaluated: `evaluation` and `ground_truths` of `records.Mark`.

    Raises:
        ArgumentError: If the folder holds something else, or can't be written to.
    """

    def __init__(self, path: str | Path, command: str, wanted: Row | None = None) -> None:
        self.path = Path(path).absolute()
        try:
            if self.path.is_dir():
                self._check()  # once before anything is written, and once more when nobody else can
            self.path.mkdir(parents=True, exist_ok=True)
            with hold_lock(self.path / "lock"):
                self._check()
                self.notes = self._open(command, wanted or {})
        except OSError as error:
            raise ArgumentError(
                f"can't write results to {self.path} ({error.strerror}): name another folder with out=."
            ) from None

    def discard_if_empty(self) -> None:
        """Remove the folder again if no run was ever begun in it."""
        with hold_lock(self.path / "lock"):
            ours = {self.path / ABLATION, self.path / "lock", self.path / PREFLIGHT, self.path / PREFLIGHT / "lock"}
            if set(self.path.rglob("*")) <= ours:
                shutil.rmtree(self.path)

    def prepare(self, run: Run) -> tuple[RunFolder, str]:
        """Return the folder of a run, made or as it was left, and a line for the user if it had to be set aside."""
        known = next(self.path.glob(f"*-{run.key}/"), None)  # another grid may have named it otherwise
        folder = RunFolder(known or self.path / run.name)
        note = ""
        with hold_lock(self.path / "lock"):
            begun = folder.path.is_dir() and any(not path.name.startswith(".") for path in folder.path.iterdir())
            if begun and not folder.busy:
                try:
                    folder.check(run)
                except DataError as error:
                    note = f"{error} The run is set aside in {set_aside(self.path, folder.path)} and repeated."
            if not begun or note:
                if folder.train.exists():  # of a run that is set aside, or whose folder was removed
                    set_aside(self.path, folder.train)
                folder.write_run(run)
        return folder, note

    def _check(self) -> None:
        """Raise ArgumentError if the folder holds something other than an ablation."""
        there = [path for path in sorted(self.path.iterdir()) if path.name != "lock" and path.name[0] != "."]
        ours = any(path.name in (ABLATION, SET_ASIDE) for path in there) or any(self.path.glob("*/run.json"))
        if there and not ours:
            raise ArgumentError(
                f"{self.path} holds something else ({there[0].name}) and no ablation: name another folder with out=."
            )

    def _open(self, command: str, wanted: Row) -> list[str]:
        """Write the mark, with this command added; return lines for the user."""
        mark = self.path / ABLATION
        notes = []
        before: Row = {"commands": []}
        if mark.exists():
            try:
                before = read_record(mark, Mark)
            except DataError as error:
                notes.append(f"{error} It is set aside in {set_aside(self.path, mark)}; nothing else is lost.")
        commands = before["commands"]
        after = {**before, "commands": commands if command in commands else [*commands, command], **wanted}
        if truths := {**before.get("ground_truths", {}), **wanted.get("ground_truths", {})}:
            after["ground_truths"] = truths  # of the data of other commands too
        if after != before:
            write_json(mark, after)
        return notes


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


def run_folders(path: Path) -> list[RunFolder]:
    """Return the folders of all runs of an ablation, by name."""
    return [RunFolder(found.parent) for found in sorted(path.glob("*/run.json"))]
