"""`yolo evaluate`, which is `yolo export-results` too: from folders of finished runs to rows, cards and files."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from yolo_feiou.errors import ArgumentError, YoloFeiouError
from yolo_feiou.escape import quote_command
from yolo_feiou.evaluation.evaluators import find_evaluator_version
from yolo_feiou.export import onnx
from yolo_feiou.export.card import Card
from yolo_feiou.export.kept_evaluation import Evaluator, MeasuredRun, evaluate_once
from yolo_feiou.export.onnx import ExportedModel
from yolo_feiou.export.options import EXPORT, ExportRequest, format_export_usage, read_export_request
from yolo_feiou.export.rehearsal import Rehearsal
from yolo_feiou.export.results import add_runs, format_runs, gather_run, name_run, read_runs
from yolo_feiou.export.runs import ARGS, TrainedRun, read_run
from yolo_feiou.export.submission import write_submission
from yolo_feiou.parameters import asks_for_help
from yolo_feiou.report.format import format_percent
from yolo_feiou.results.main_metric import get_score, name_main_metric
from yolo_feiou.results.tables import RunResults
from yolo_feiou.storage.tables import Row, results_folder
from yolo_feiou.terminal import say
from yolo_feiou.yolo.devices import check_device
from yolo_feiou.yolo.splits import read_split


@dataclass
class Work:
    """What a command does, and what came of it.

    Attributes:
        request: What it asks for.
        gathered: What the tables say of the runs that were evaluated.
        failures: A line for each thing that could not be done.
        without: What can't be made of which run, by the folder of the run.
    """

    request: ExportRequest
    gathered: list[RunResults] = field(default_factory=list)
    failures: list[str] = field(default_factory=list)
    without: set[tuple[str, Path]] = field(default_factory=set)

    def __post_init__(self) -> None:
        told = self.request.options
        self.how = Evaluator(told.data, told.split, told.annotations, told.evaluator, told.device, told.batch)

    def rehearse(self, folders: Sequence[Path]) -> list[TrainedRun]:
        """Return the runs that can be evaluated; what is wrong with the others is said before hours of evaluation."""
        rehearsal, runs = Rehearsal(self.how), []
        notes: dict[str, None] = {}
        for folder in folders:
            if folder.exists() and not (folder / ARGS).is_file():  # as runs/coco/* names results and report too
                say(f"{folder} is left out: expected the folder of a training, which has an {ARGS}")
                continue
            try:
                run = read_run(folder, self.request.options.weights)
                notes |= dict.fromkeys(rehearsal.check(run))
                runs.append(run)
            except YoloFeiouError as error:
                self.fail(f"{folder} is left out: {error}")
                continue
            for what, asked, check in (
                ("new model card", True, rehearsal.check_card),
                ("submission", self.request.options.submission, rehearsal.check_submission),
                ("ONNX", self.request.options.onnx, rehearsal.check_onnx),
            ):
                try:
                    if asked:
                        check(run)
                except YoloFeiouError as error:
                    self.fail(f"{folder} has no {what}: {error}")
                    self.without.add((what, folder))
        for note in notes:
            say(f"note: {note}")
        return runs

    def fail(self, line: str) -> None:
        """Say now what can't be done, and again at the end."""
        say(line)
        self.failures.append(line)

    def do(self, run: TrainedRun) -> None:
        """Do what is asked for with a run; a mistake there stops none of the others."""
        folder = run.folder
        try:
            if run.unfinished:
                say(f"{folder} is {run.unfinished}; {run.weights.name} is evaluated as it is")
            found = evaluate_once(run, self.how, self.request.command)
            one = gather_run(run, name_run(self.request.out, folder), found, self.request.options)
        except YoloFeiouError as error:
            self.fail(f"{folder} is left out: {error}")
            return
        done = "was evaluated before" if found.before else f"evaluated on {one.row['images']} images"
        score = f"{name_main_metric(one.row)} {format_percent(get_score(one.row), 2)}"
        say(f"{folder}: {run.weights.name} {done}, {score}")
        if not one.row["detections"]:
            say(f"warning: {run.weights.name} detects nothing at all: it was trained too little, or broke.")
        self.gathered.append(one)
        self.write(run, one.row, found)

    def write(self, run: TrainedRun, row: Row, found: MeasuredRun) -> None:
        """Write what lies beside the weights."""
        asked = self.request.options.onnx and ("ONNX", run.folder) not in self.without
        made = self.onnx(run, row) if asked else onnx.find_exported(run, self.how)
        name = self.request.options.submission
        if name and ("submission", run.folder) not in self.without:
            try:
                path, told = write_submission(run, self.how, name)
                say(f"{path}: {told}")
            except YoloFeiouError as error:
                self.failures.append(f"{run.folder} has no submission: {error}")
        if ("new model card", run.folder) in self.without:
            return
        data = self.how.data_of(run)
        names = read_split(data, self.how.split, single_cls=run.arguments.get("single_cls")).names
        try:
            say(str(Card(run, row, found.made, data, names, self.request.out, made).write()))
        except ArgumentError as error:
            self.failures.append(f"{run.folder} has no new model card: {error}")

    def onnx(self, run: TrainedRun, row: Row) -> ExportedModel | None:
        """Export to ONNX, and say how it does."""
        try:
            made = onnx.export_and_evaluate(run, self.how, row)
        except YoloFeiouError as error:
            self.failures.append(f"{run.folder} has no ONNX: {error}")
            return None
        ours, theirs = format_percent(made.score, 2), format_percent(get_score(row), 2)
        told = f"{name_main_metric(row)} {ours}, {run.weights.name} {theirs}"
        empty = "" if row["detections"] else "; nothing is detected, so nothing was compared"
        say(f"{made.path}: {told}{empty}")
        return made


def export(args: Sequence[str], verb: str = EXPORT) -> int:
    """Run the command with its arguments, and return the exit status: 1 if something could not be done.

    Args:
        args: Those that follow the verb.
        verb: The verb.

    Raises:
        ArgumentError: If an argument doesn't fit, a package is missing, or the results can't be written.
    """
    if not args or asks_for_help(args):
        print(format_export_usage(verb))
        return 0
    request = read_export_request(args, verb)
    find_evaluator_version(request.options.evaluator)
    check_device(request.options.device)
    if request.options.onnx:
        onnx.check_packages()
    work = Work(request)
    try:
        with results_folder(request.out):
            read_runs(request.out)  # damaged tables show now
            for run in work.rehearse(request.folders):
                work.do(run)
            if work.gathered:
                add_runs(request.out, work.gathered)
    except OSError as error:
        raise ArgumentError(
            f"{error.filename or request.out}: {error.strerror}. What is done is kept; the same command resumes."
        ) from error
    if work.gathered:
        for line in ("", *format_runs(work.gathered), ""):
            say(line)
        if any(one.row["status"] == "done" for one in work.gathered):
            say(f"Next: {quote_command(['yolo', 'report', str(request.out)])}")
    elif not work.failures:
        work.failures.append("no run is left: give the folders of trainings.")
    for line in work.failures:
        say(" ".join(("error:", *line.split())), sys.stderr)
    return 1 if work.failures else 0
