"""The model card: what the weights are, how they came about, what they do, and how to use them."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from yolo_feiou.escape import escape_markdown, escape_markdown_code, quote_command
from yolo_feiou.export.onnx import ExportedModel
from yolo_feiou.export.reproduce import format_argument_value, format_training_command, shorten_path
from yolo_feiou.export.results import describe_evaluation, make_results_table
from yolo_feiou.export.runs import TrainedRun
from yolo_feiou.losses.build import STOCK, build_loss, read_spec
from yolo_feiou.report.format import format_count, format_list, format_percent
from yolo_feiou.report.render import render_markdown
from yolo_feiou.results.main_metric import get_score, name_main_metric
from yolo_feiou.results.row import merge_values
from yolo_feiou.storage.own_files import write_sealed
from yolo_feiou.storage.tables import Row
from yolo_feiou.yolo.splits import count_images

CARD_FILE = "model_card.md"
UNKNOWN = "not recorded"
#: Arguments that a framework may choose by itself, beside those that only say where a run lies.
CHOSEN = ("optimizer", "lr0", "momentum", "warmup_bias_lr", "batch", "imgsz", "epochs")
#: What the template may do to a value; a name or any other text of a user's is never written without one of them.
FILTERS: dict[str, Callable[..., str]] = {
    "markdown": escape_markdown,
    "markdown_code": escape_markdown_code,
    "percent": format_percent,
    "quoted": lambda text: json.dumps(text, ensure_ascii=False),
    "url": quote,
}


@dataclass(frozen=True)
class Card:
    """What a card is made of.

    Attributes:
        run: The run.
        row: Its row of the results.
        made: By what it was evaluated, and when, see `MeasuredRun`.
        data: The data YAML on which it was evaluated.
        names: The data's classes.
        out: The folder of the results, with its report.
        onnx: The ONNX made of the weights, if one was.
    """

    run: TrainedRun
    row: Row
    made: Row
    data: str
    names: Sequence[str]
    out: Path
    onnx: ExportedModel | None = None

    def write(self) -> Path:
        """Write the card beside the weights, and return its path.

        Raises:
            ArgumentError: If the card that is there was edited by hand.
        """
        path = self.run.weights.with_name(CARD_FILE)
        environment = Environment(
            loader=FileSystemLoader(Path(__file__).parent),
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
            keep_trailing_newline=True,
        )
        environment.filters |= FILTERS
        write_sealed(path, environment.get_template(self.run.framework.template).render(_values(self)))
        return path


def _values(card: Card) -> dict[str, Any]:
    """Return what the template asks for."""
    run = card.run
    own = run.record.loss_file if run.record else None
    ours = None if run.loss == STOCK or own else run.loss
    apart = ("model", "data", "seed", "loss", *run.idle)
    told = {key: value for key, value in run.settings().items() if key not in apart}
    set_to = run.record.set_to if run.record else {}
    report = os.path.relpath(card.out / "report" / "index.html", run.weights.parent)
    return {
        "run": run,
        "model": Path(run.model or run.weights).stem,
        "data": Path(card.data).stem,
        "stock": STOCK,
        "loss_file": _file(own) if own else None,
        "loss": build_loss(ours) if ours else None,
        "loss_terms": [term.info for term in read_spec(ours)] if ours else [],
        "training": _training(card),
        "settings": _settings(told),
        "chosen": _settings({key: value for key, value in set_to.items() if key in CHOSEN}),
        "command": format_training_command(run),
        "metrics": render_markdown(make_results_table([card.row])).rstrip("\n"),
        "conditions": f"{describe_evaluation(card.row)}, weights {run.weights.name}",
        "row": card.row,
        "metric": name_main_metric(card.row),
        "score": get_score(card.row),
        "made": card.made,
        "onnx": card.onnx,
        "weights": run.weights.name,
        "files": {run.weights: run.sha256} | ({card.onnx.path: card.onnx.sha256} if card.onnx else {}),
        "report": Path(report).as_posix(),
        "report_command": quote_command(["yolo", "report", shorten_path(card.out)]),
        "unknown": UNKNOWN,
    }


def _training(card: Card) -> dict[str, object]:
    """Return the rows of the table on the training."""
    run = card.run
    fields = {
        "model": shorten_path(run.model) if run.model else UNKNOWN,
        **run.about,
        "starting weights": _weights(run),
        "data": shorten_path(run.arguments.get("data") or card.data),
        "classes": f"{len(card.names)}: {', '.join(card.names[:10])}{', …' if len(card.names) > 10 else ''}",
        "images": ", ".join(f"{split} {number}" for split, number in count_images(card.data).items()) or UNKNOWN,
        f"{run.framework.unit}s done": f"{len(run.curve) or UNKNOWN} of {run.length or UNKNOWN}",
        "seed": run.arguments.get("seed", UNKNOWN),
        "total batch": run.batch or UNKNOWN,
        "processes": _processes(run),
        run.framework.name: run.version or UNKNOWN,
        "checkpoint written": run.date[:19] or UNKNOWN,
        "code": _code(run),
    }
    if run.resumed:
        after = format_list([str(entry["first_epoch"] - 1) for entry in run.sessions[1:]])
        fields["resumed"] = (
            f"{format_count(len(run.sessions) - 1, 'time')}, after {run.framework.unit} {after}" if after else UNKNOWN
        )
    return fields


def _settings(values: Mapping[str, Any]) -> str:
    """Return arguments as they are typed."""
    return ", ".join(escape_markdown_code(f"{key}={format_argument_value(value)}") for key, value in values.items())


def _code(run: TrainedRun) -> str:
    """Return by what code it was trained, each time that it was begun or resumed."""
    if not run.noted:
        return UNKNOWN
    return str(merge_values(_versions(session) for session in run.sessions))


def _versions(session: Row) -> str:
    commit = f" (commit {session['git_commit']})" if session["git_commit"] else ""
    return f"yolo_feiou {session['yolo_feiou']}{commit}, torch {session['torch']}, Python {session['python']}"


def _weights(run: TrainedRun) -> str:
    """Return from which weights it was trained."""
    if run.record is None:
        return UNKNOWN
    return _file(run.record.weights) if run.record.weights else "none, from scratch"


def _file(digested: Mapping[str, Any]) -> str:
    """Return the name of a file, and its checksum."""
    return f"{shorten_path(digested['file'])}, sha256 {digested['sha256'] or UNKNOWN}"


def _processes(run: TrainedRun) -> str:
    started = f"by {run.launcher or run.framework.name}"
    device = run.arguments.get("device") or f"chosen by {run.framework.name}"
    apart = f" on {run.nodes} nodes" if (run.nodes or 1) > 1 else ""
    return f"{run.processes or UNKNOWN}{apart}, started {started} (device {device})"
