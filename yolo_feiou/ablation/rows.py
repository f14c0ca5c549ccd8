"""The row of a run: what it was, what made it, what came out."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from yolo_feiou.ablation.checkpoints import trained_arguments
from yolo_feiou.ablation.grid import Run
from yolo_feiou.ablation.store import RunFolder
from yolo_feiou.errors import DataError
from yolo_feiou.evaluation.source import LABELS
from yolo_feiou.provenance import PROVENANCE, now
from yolo_feiou.run_record import FILE, read
from yolo_feiou.storage.spreadsheets import decode, delimiter, plain_numbers, split
from yolo_feiou.storage.tables import Row
from yolo_feiou.yolo.arguments import OURS

#: Columns of `evaluate` that say how it was done: they get a prefix, for training arguments have the same names.
SETTINGS = ("split", "conf", "iou", "max_det", "imgsz", "batch")
#: Those that are known from elsewhere.
DROPPED = ("model", "data", "single_cls")
#: Arguments that a comparison of losses stands on.
PROVEN = ("loss", "seed", "box", "cls", "dfl")
#: Arguments that Ultralytics may set to other values than those asked for: the row says what trained.
SET = ("imgsz", "batch", "epochs")


@dataclass(frozen=True)
class Trained:
    """A training, as its files tell it.

    Attributes:
        name: What the run is called.
        key: That of its run when it began.
        run: Its settings.
        set_to: The values of `SET` that it trained with.
        curve: A row an epoch, see `read_curve`.
        sessions: An entry for each time that it began or went on, with `first_epoch`, `started` and `PROVENANCE`.
    """

    name: str
    key: str
    run: Run
    set_to: Mapping[str, Any]
    curve: list[Row]
    sessions: list[Row]


def finished_row(folder: RunFolder, run: Run, task: Mapping[str, Any], measured: Row) -> Row:
    """Return the row of a run that is trained and evaluated.

    Args:
        folder: Its folder.
        run: What it should be.
        task: What its last process was told.
        measured: What `evaluate` returned.

    Raises:
        DataError: If what was trained is not what was asked for.
    """
    recorded = check_trained(folder, run)
    set_to = {key: recorded[key] for key in SET}
    trained = Trained(folder.path.name, folder.key, run, set_to, curve(folder), folder.sessions())
    return make_row(trained, task, measured)


def make_row(trained: Trained, task: Mapping[str, Any], measured: Row) -> Row:
    """Return the row of a training and its evaluation.

    Args:
        trained: The training.
        task: `command`, `weights` and `annotations`, as the evaluation was told.
        measured: What `evaluate` returned.
    """
    run, sessions = trained.run, trained.sessions
    settings = {f"eval_{key}": measured[key] for key in SETTINGS}
    metrics = {key: value for key, value in measured.items() if key not in (*SETTINGS, *DROPPED)}
    return {
        "run": trained.name,
        "key": trained.key,
        "status": "done",
        "reason": None,
        "loss": run.arguments["loss"],
        "seed": run.arguments["seed"],
        "gain": run.gain,
        **{key: value for key, value in run.arguments.items() if key not in ("loss", "seed")},
        **trained.set_to,
        **{key: joined(session.get(key) for session in sessions) for key in PROVENANCE},
        **{f"{key}_holds": text for key, text in run.contents.items()},
        "epochs_done": len(trained.curve),
        "minutes": round(minutes(trained.curve, sessions), 3) if sessions else None,
        "resumed": len(sessions) - 1 if sessions else None,
        "command": task["command"],
        "started": sessions[0]["started"] if sessions else None,
        "finished": now(),
        **settings,
        "eval_weights": task["weights"],
        "annotations": task["annotations"] or None,
        **metrics,
    }


def agrees(row: Row, wanted: Row) -> bool:
    """Return whether a run was evaluated as it is wanted.

    Rows of earlier versions don't say what the ground truth was: the JSON that the command named, or labels.

    Args:
        row: The row of the run.
        wanted: Columns that the row must agree with.
    """
    named = row.get("annotations")
    known = {"ground_truth": Path(named).name if named else LABELS, **row}
    unknown = () if "ground_truth_holds" in row else ("ground_truth_holds",)
    return all(known.get(key) == value for key, value in wanted.items() if key not in unknown)


def joined(values: Iterable[object]) -> object:
    """Return what sessions have in common, their values one after another where they differ, None without any."""
    once = list(dict.fromkeys(values))
    return once[0] if len(once) == 1 else " → ".join(map(str, once)) or None


def check_trained(folder: RunFolder, run: Run) -> dict[str, Any]:
    """Return the arguments that a run was trained with, as its own record has them.

    Raises:
        DataError: If they are not those that it should have been trained with.
    """
    recorded, set_to, where = recorded_arguments(folder)
    for key in PROVEN:
        asked, found = run.arguments.get(key), recorded.get(key)
        if asked is not None and str(asked) != str(found):
            raise DataError(f"{folder.path.name} was to train with {key}={asked}, its {where} says {found}.")
    asked = run.arguments.get("batch", recorded.get("batch"))
    batch = trained_arguments(folder.last).get("batch")
    if asked is not None and asked >= 1 and batch != asked:  # Ultralytics halves it when the GPU's memory is full
        raise DataError(
            f"{folder.path.name} was to train with batch={asked}, Ultralytics went down to {batch} for want of memory: "
            "give all runs a smaller batch."
        )
    return {**recorded, **set_to, "batch": batch}


def recorded_arguments(folder: RunFolder) -> tuple[dict[str, Any], dict[str, Any], str]:
    """Return all arguments that a run began with, what its trainer made of some, and the file that says so.

    It is the run's record, or args.yaml without one.

    Raises:
        DataError: If that file is damaged.
    """
    record = read(folder.train)
    if record and record.arguments is not None:
        return dict(record.arguments), dict(record.set_to), FILE
    path = folder.train / "args.yaml"
    try:
        said = yaml.safe_load(path.read_text(encoding="utf-8")) if path.is_file() else None
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise DataError(f"{path} is damaged: {' '.join(str(error).split())}.") from None
    return {**OURS, **said} if isinstance(said, dict) else {}, {}, path.name


def curve(folder: RunFolder) -> list[Row]:
    """Return the rows of a run's results.csv, see `read_curve`."""
    return read_curve(folder.results)


def read_curve(path: Path) -> list[Row]:
    """Return the rows of Ultralytics' results.csv, one an epoch.

    An epoch that was done twice, since the process died before its checkpoint was written, is there as it went last.
    """
    rows: dict[int, Row] = {}
    for row in read_results(path):
        rows[int(row["epoch"])] = row
    return [rows[epoch] for epoch in sorted(rows)]


def read_results(path: Path) -> list[Row]:
    """Return the rows of a results.csv, without those that were cut off or damaged.

    Raises:
        DataError: If it has no column `epoch`, or a spreadsheet saved it and its numbers can't be told.
    """
    if not path.exists():
        return []
    content = decode(path, errors="replace").replace("\0", "")  # of a line that was allotted and never written
    header, *lines = split(content, delimiter(content), path) or [[]]
    names = [name.strip() for name in header]
    if names and "epoch" not in names:
        raise DataError(f"{path} has no column epoch, so it is not what Ultralytics writes: put that file back.")
    lines = [line for line in lines if len(line) == len(names)]
    plain_numbers(path, names, lines, range(len(names)), delimiter(content) != ",")
    rows = []
    for line in lines:
        with suppress(ValueError):  # some cells are no numbers
            rows.append({name: float(cell) for name, cell in zip(names, line, strict=True)})
    return rows


def cut(path: Path) -> None:
    """Take the last line off a results.csv if it has no end: what is appended would be lost with it."""
    if path.exists() and not (content := path.read_bytes()).endswith(b"\n"):
        path.write_bytes(content[: content.rfind(b"\n") + 1])


def minutes(rows: list[Row], sessions: list[Row]) -> float:
    """Return how long the epochs took that count, over all sessions; each counts time from its own start."""
    total = 0.0
    for number, session in enumerate(sessions):
        end = sessions[number + 1]["first_epoch"] if number + 1 < len(sessions) else float("inf")
        total += max((row["time"] for row in rows if session["first_epoch"] <= row["epoch"] < end), default=0.0)
    return total / 60
