"""The folder of an ablation, and those of its runs: all that there is to know lies in their files.

| file                      | what it says                                                      |
|---------------------------|-------------------------------------------------------------------|
| `ablation.json`           | what the folder is, which commands made it, how seeds are added   |
| `RUN/run.json`            | the run: its arguments and key; written before all else           |
| `RUN/loss/`               | a copy of a loss of the user's own, with which it trains          |
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

import shutil
from contextlib import suppress
from pathlib import Path

from yolo_feiou.ablation.grid import Run
from yolo_feiou.ablation.records import Mark
from yolo_feiou.ablation.run_folder import SET_ASIDE, RunFolder, set_aside
from yolo_feiou.errors import ArgumentError, DataError
from yolo_feiou.storage.locks import hold_lock
from yolo_feiou.storage.tables import Row, read_record, write_json

ABLATION, PREFLIGHT = "ablation.json", "preflight"


class Store:
    """The folder of an ablation.

    Args:
        path: Its path; made if need be.
        command: The command that it is opened by, for the record.
        requested: What that command wants: `evaluation`, `ground_truths` and `sequential` of `records.Mark`.

    Raises:
        ArgumentError: If the folder holds something else, or can't be written to.
    """

    def __init__(self, path: str | Path, command: str, requested: Row | None = None) -> None:
        self.path = Path(path).absolute()
        try:
            if self.path.is_dir():
                self._check()  # once before anything is written, and once more when nobody else can
            self.path.mkdir(parents=True, exist_ok=True)
            with hold_lock(self.path / "lock"):
                self._check()
                self.notes = self._open(command, requested or {})
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

    def _open(self, command: str, requested: Row) -> list[str]:
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
        after = {**before, "commands": commands if command in commands else [*commands, command], **requested}
        if truths := {**before.get("ground_truths", {}), **requested.get("ground_truths", {})}:
            after["ground_truths"] = truths  # of the data of other commands too
        if after != before:
            write_json(mark, after)
        return notes


def read_sequential(path: Path) -> Row | None:
    """Return how seeds are added in an ablation, see `records.Sequential`; None if they aren't, or its mark is damaged.

    Args:
        path: Its folder, there or not.
    """
    with suppress(DataError):  # which is told when the folder is opened
        return read_record(path / ABLATION, Mark).get("sequential")
    return None


def run_folders(path: Path) -> list[RunFolder]:
    """Return the folders of all runs of an ablation, by name."""
    return [RunFolder(found.parent) for found in sorted(path.glob("*/run.json"))]
