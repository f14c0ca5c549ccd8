"""The row of a run: what it was, what made it, what came out."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from yolo_feiou.evaluation.source import FROM_LABELS
from yolo_feiou.results.epochs import count_epochs, count_minutes
from yolo_feiou.results.main_metric import AP, find_main_metric
from yolo_feiou.results.provenance import get_utc_time
from yolo_feiou.results.schema import EVALUATION_SETTINGS, PROVENANCE
from yolo_feiou.results.settings import TrainingSettings
from yolo_feiou.storage.tables import Row

#: Columns of `evaluate` that the row has from the training.
DROPPED_COLUMNS = ("model", "data", "single_cls")
#: Arguments that Ultralytics may set to other values than those asked for: the row says what trained.
ADJUSTED_ARGUMENTS = ("imgsz", "batch", "epochs")


@dataclass(frozen=True)
class TrainingSummary:
    """A training, as its files tell it.

    Attributes:
        name: What the run is called.
        key: That of its run when it began.
        run: Its settings.
        set_to: The values of `ADJUSTED_ARGUMENTS` that it trained with.
        curve: A row an epoch, see `read_curve`.
        sessions: An entry for each time that it was started or resumed, with `first_epoch`, `started` and `PROVENANCE`.
        box_used: What the box loss was multiplied by; None if `box` does nothing, or that is not known.
    """

    name: str
    key: str
    run: TrainingSettings
    set_to: Mapping[str, Any]
    curve: Sequence[Row]
    sessions: Sequence[Row]
    box_used: float | None = None


def make_results_row(trained: TrainingSummary, task: Mapping[str, Any], measured: Row) -> Row:
    """Return the row of a training and its evaluation.

    Args:
        trained: The training.
        task: `command`, `weights` and `annotations`, as the evaluation was told.
        measured: What `evaluate` returned.
    """
    run, sessions = trained.run, trained.sessions
    settings = {f"eval_{key}": measured[key] for key in EVALUATION_SETTINGS}
    known = (*EVALUATION_SETTINGS, *DROPPED_COLUMNS)
    metrics = {key: value for key, value in measured.items() if key not in known}
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
        **{key: merge_values(session.get(key) for session in sessions) for key in PROVENANCE},
        **{f"{key}_holds": text for key, text in run.contents.items()},
        "box_used": trained.box_used,
        "epochs_done": count_epochs(trained.curve, measured.get("iterations"), trained.set_to.get("epochs")),
        "minutes": round(count_minutes(trained.curve, sessions), 3) if sessions else None,
        "resumed": len(sessions) - 1 if sessions else None,
        "command": task["command"],
        "started": sessions[0]["started"] if sessions else None,
        "finished": get_utc_time(),
        **settings,
        "eval_weights": task["weights"],
        "annotations": task["annotations"] or None,
        **metrics,
    }


def matches_request(row: Row, wanted: Row) -> bool:
    """Return whether a run was evaluated as requested.

    Rows of earlier versions don't say what the ground truth was: the JSON that the command named, or labels. What the
    chosen evaluator doesn't measure, Ultralytics does, whichever that is.

    Args:
        row: The row of the run.
        wanted: Columns that the row must agree with.
    """
    named = row.get("annotations")
    known = {"ground_truth": Path(named).name if named else FROM_LABELS, **row}
    unknown = set() if "ground_truth_holds" in row else {"ground_truth_holds"}
    unknown |= {"evaluator"} if find_main_metric(row) != AP else set()
    return all(known.get(key) == value for key, value in wanted.items() if key not in unknown)


def merge_values(values: Iterable[object]) -> object:
    """Return the value that all sessions share, their values one after another where they differ, None without any."""
    once = list(dict.fromkeys(values))
    return once[0] if len(once) == 1 else " → ".join(map(str, once)) or None
