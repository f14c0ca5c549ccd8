"""The model card: what the weights are, how they came about, what they do, and how to use them."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote

from yolo_feiou import escape
from yolo_feiou.export.again import reproduce, short, spelled
from yolo_feiou.export.onnx import Exported
from yolo_feiou.export.results import conditions, table
from yolo_feiou.export.runs import TrainedRun
from yolo_feiou.losses.registry import STOCK, build_loss
from yolo_feiou.losses.spec import split
from yolo_feiou.losses.table import LOSSES
from yolo_feiou.report.layout import markdown
from yolo_feiou.report.shown import count, listing, percent
from yolo_feiou.results.row import merge_values
from yolo_feiou.storage.own_files import write_sealed
from yolo_feiou.storage.tables import Row
from yolo_feiou.yolo.splits import image_counts

FILE = "model_card.md"
UNKNOWN = "not recorded"
#: Arguments that Ultralytics may choose by itself, beside those that only say where a run lies.
CHOSEN = ("optimizer", "lr0", "momentum", "warmup_bias_lr", "batch", "imgsz", "epochs")


@dataclass(frozen=True)
class Card:
    """What a card is made of.

    Attributes:
        run: The run.
        row: Its row of the results.
        made: By what it was evaluated, and when, see `Measured`.
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
    onnx: Exported | None = None

    def write(self) -> Path:
        """Write the card beside the weights, and return its path.

        Raises:
            ArgumentError: If the card that is there was edited by hand.
        """
        path = self.run.weights.with_name(FILE)
        parts = (_head(self), _loss(self.run), _training(self), _metrics(self), _files(self), _use(self), _limits(self))
        write_sealed(path, "\n\n".join("\n".join(part) for part in parts) + "\n")
        return path


def _head(card: Card) -> Iterator[str]:
    yield from ("---", "license: agpl-3.0", "library_name: ultralytics", "pipeline_tag: object-detection", "---", "")
    model = Path(card.run.model or card.run.weights).stem
    yield escape.markdown(f"# {model} on {Path(card.data).stem}, loss {card.run.loss}")
    if card.run.unfinished:
        yield from ("", f"**The training is {card.run.unfinished}.**")


def _loss(run: TrainedRun) -> Iterator[str]:
    yield from ("## Loss", "")
    if run.loss == STOCK:
        yield "`stock`: Ultralytics' own box loss, CIoU, nothing swapped."
        return
    if run.record and run.record.loss_file:
        loss, file = escape.markdown_code(f"loss={run.loss}"), escape.markdown(_file(run.record.loss_file))
        yield f"{loss}: a function of the user's, {file}."
        return
    info = LOSSES[split(run.loss)[0]]
    loss, meaning = escape.markdown_code(f"loss={run.loss}"), f"{info.meaning[0].upper()}{info.meaning[1:]}"
    yield f"{loss}: {build_loss(run.loss).description}. {meaning}."
    yield f"Source: {info.paper}, {info.equation}."
    yield "It stands for the box term alone; the loss of classes and DFL are Ultralytics' own."


def _training(card: Card) -> Iterator[str]:
    run = card.run
    fields = {
        "model": short(run.model) if run.model else UNKNOWN,
        "starting weights": _weights(run),
        "data": short(run.arguments.get("data") or card.data),
        "classes": f"{len(card.names)}: {', '.join(card.names[:10])}{', …' if len(card.names) > 10 else ''}",
        "images": ", ".join(f"{split} {number}" for split, number in image_counts(card.data).items()) or UNKNOWN,
        "epochs done": f"{len(run.curve) or UNKNOWN} of {run.arguments.get('epochs', UNKNOWN)}",
        "seed": run.arguments.get("seed", UNKNOWN),
        "total batch": run.batch or UNKNOWN,
        "processes": _processes(run),
        "Ultralytics": run.ultralytics or UNKNOWN,
        "checkpoint written": run.date[:19] or UNKNOWN,
        "code": _code(run),
    }
    if run.resumed:
        after = listing([str(entry["first_epoch"] - 1) for entry in run.sessions[1:]])
        fields["resumed"] = f"{count(len(run.sessions) - 1, 'time')}, after epoch {after}" if after else UNKNOWN
    yield from ("## Training", "", "| | |", "|:--|:--|")
    yield from (f"| {name} | {_cell(value)} |" for name, value in fields.items())
    shown = {key: value for key, value in run.settings().items() if key not in ("model", "data", "seed", "loss")}
    others = _settings(shown) or "none"
    if run.record:
        yield from ("", f"Settings that differ from Ultralytics' defaults: {others}.")
        if chosen := _settings({key: value for key, value in run.record.set_to.items() if key in CHOSEN}):
            yield from ("", f"Chosen by Ultralytics in the run: {chosen}.")
    else:
        yield from ("", f"How the run was begun is {UNKNOWN}: {run.missing}. Its args.yaml names: {others}.")
    if command := reproduce(run):
        yield from ("", "Again, in one command:", "", "```bash", command, "```")
    else:
        yield from ("", f"The command that trains it again is {UNKNOWN}.")


def _metrics(card: Card) -> Iterator[str]:
    made, run = card.made, card.run
    commit = f" (commit {made['git_commit']})" if made["git_commit"] else ""
    yield from ("## Metrics", "", markdown(table([card.row])).rstrip("\n"), "")
    how = escape.markdown(f"{conditions(card.row)}, weights {run.weights.name}")
    yield f"{how}. AR {percent(card.row['AR'])}."
    yield f"Evaluated {made['finished'][:10]} by yolo_feiou {made['yolo_feiou']}{commit},"
    yield f"ultralytics {made['ultralytics']}, torch {made['torch']}, Python {made['python']}."
    if not card.row["detections"]:
        yield from ("", "**Nothing at all was detected**: the figures say no more than that.")
    if card.onnx:
        aps = percent(card.onnx.ap, 2), percent(card.row["AP"], 2)
        onnx, weights = escape.markdown(card.onnx.path.name), escape.markdown(run.weights.name)
        yield from ("", f"{onnx}, evaluated in the same way: AP {aps[0]}; {weights}: {aps[1]}.")


def _files(card: Card) -> Iterator[str]:
    sums = {card.run.weights: card.run.sha256} | ({card.onnx.path: card.onnx.sha256} if card.onnx else {})
    yield from ("## Files", "", "| file | bytes | sha256 |", "|:--|--:|:--|")
    yield from (f"| {_cell(path.name)} | {path.stat().st_size} | `{digest}` |" for path, digest in sums.items())


def _use(card: Card) -> Iterator[str]:
    name = card.run.weights.name
    yield from ("## Use", "", "Plain Ultralytics loads the weights; yolo_feiou is not needed.", "", "```python")
    yield from (
        "from ultralytics import YOLO",
        "",
        f"model = YOLO({json.dumps(name, ensure_ascii=False)})",
        'model.predict("image.jpg")',
        "```",
    )


def _limits(card: Card) -> Iterator[str]:
    report = Path(os.path.relpath(card.out / "report" / "index.html", card.run.weights.parent)).as_posix()
    yield from ("## Limits", "")
    yield "These are the numbers of one seed, and the seed alone moves AP by tenths of a point to points: one run is no"
    yield f"proof that a loss is better. [The report]({quote(report)}) compares runs over seeds;"
    yield f"{escape.markdown_code(escape.shell(['yolo', 'report', short(card.out)]))} makes it."
    yield from ("", "## Licence", "")
    yield "AGPL-3.0, as Ultralytics, whose code trained the weights, and yolo_feiou. The data has a licence of its own."


def _settings(values: Mapping[str, Any]) -> str:
    """Return arguments as they are typed."""
    return ", ".join(escape.markdown_code(f"{key}={spelled(value)}") for key, value in values.items())


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
    return f"{short(digested['file'])}, sha256 {digested['sha256'] or UNKNOWN}"


def _processes(run: TrainedRun) -> str:
    started = f"by {run.launcher}" if run.launcher else "by Ultralytics"
    device = run.arguments.get("device") or "chosen by Ultralytics"
    apart = f" on {run.machines} machines" if (run.machines or 1) > 1 else ""
    return f"{run.processes or UNKNOWN}{apart}, started {started} (device {device})"


def _cell(value: object) -> str:
    return escape.markdown(str(value))
