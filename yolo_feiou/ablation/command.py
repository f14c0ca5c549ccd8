"""`yolo ablate`: from its arguments to a folder of finished runs."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

from yolo_feiou.ablation.answers import tell_end, tell_plan
from yolo_feiou.ablation.collect import collect_results
from yolo_feiou.ablation.design import Cell, Study, join_design
from yolo_feiou.ablation.gains import match_gains, measure_grid, tell_gains, tell_stage
from yolo_feiou.ablation.grid import Run
from yolo_feiou.ablation.local import Local
from yolo_feiou.ablation.options import ABLATION_OPTIONS, AblationRequest, check_is_comparison, read_ablation_request
from yolo_feiou.ablation.outcome import RequestedEvaluation, is_done
from yolo_feiou.ablation.progress import AblationProgress, choose_view
from yolo_feiou.ablation.rehearsal import check_runs, rehearse_runs
from yolo_feiou.ablation.run_folder import RunFolder
from yolo_feiou.ablation.runner import Engine, Runner
from yolo_feiou.ablation.schedule import FixedGrid, SequentialSeeds
from yolo_feiou.ablation.sequential import Runs, find_next, judge
from yolo_feiou.ablation.store import Store, read_sequential, run_folders
from yolo_feiou.errors import ArgumentError, DataError, Interrupted, YoloFeiouError
from yolo_feiou.escape import quote_command
from yolo_feiou.framework import Framework
from yolo_feiou.parameters import asks_for_help, format_arguments
from yolo_feiou.storage.tables import Row
from yolo_feiou.terminal import say

ABLATE_USAGE = """yolo ablate data=DATA losses=LOSS,LOSS seeds=0,1,2 [argument=value ...] [cfg=GRID.yaml]

Trains every combination as 'yolo train' does, YOLO or other detectors, evaluates it, and leaves a row for each. The
same command resumes where it stopped. Any training argument may list several values (box=2.5,5,7.5;
losses=focal_eiou:gamma=0.5|1).
until=0.5 adds seeds until the difference of each variant to its baseline is shown, or known to half an AP point.
Then: yolo report FOLDER

"""


def ablate(args: Sequence[str], framework: Framework) -> int:
    """Run `yolo ablate`, and return the exit status: 1 if a run failed.

    Args:
        args: The arguments that follow the verb.
        framework: What trains the runs.

    Raises:
        ArgumentError: If an argument doesn't fit, or the folder holds something else.
        LossSpecError: If a loss is wrong.
        DataError: If the data set can't be read.
    """
    if not args or asks_for_help(args):
        print(ABLATE_USAGE + format_arguments(ABLATION_OPTIONS))
        return 0
    request = read_ablation_request(args, framework)
    check_is_comparison(request)
    if request.options.plan:
        for note in (*request.notes, *check_runs(request), *explain_keys(request)):
            say(f"note: {note}", sys.stderr)
        for line in make_plan(request):
            say(line)
        return 0
    try:
        return run_ablation(request)
    except YoloFeiouError:  # of which one is an OSError too
        raise
    except KeyboardInterrupt:
        raise Interrupted("interrupted; the same command resumes here") from None
    except OSError as error:
        raise ArgumentError(
            f"{error.filename or request.folder}: {error.strerror}. What is done is kept; the same command resumes."
        ) from error


def explain_keys(request: AblationRequest) -> list[str]:
    """Return a line for the plan of an ablation whose runs get other keys once their gains are measured."""
    if not any(run.gain == "matched" for run in request.runs):
        return []
    return [
        "gain=matched sets box= when the gradients are measured, which gives runs other keys than those here: take the "
        "number of a run for only=."
    ]


def make_plan(request: AblationRequest) -> list[str]:
    """Return the lines of `plan=True`: all runs of a grid, or those that a study begins with and what it may take."""
    if request.study is None:
        runs = enumerate(request.runs, 1)
        return [f"{number} {run.key} {run.varied}" for number, run in runs if run in request.chosen]
    study, notes = join_study(request.study, request)
    folders = {folder.path.name.rpartition("-")[2]: folder for folder in run_folders(request.folder)}
    known = Runs()
    for cell in study.cells:
        folder = folders.get(study.make_run(cell).key)
        with suppress(DataError):  # a damaged one is set aside when its run begins
            if folder and (row := folder.row()):
                known.rows[cell] = row
    standings, first = judge(study, known), []
    while (cell := find_next(study, standings, known)) is not None:
        known.given.add(cell)
        run = study.make_run(cell)
        first.append(f"{run.key} {run.varied}")
    return [*notes, *first, *tell_plan(study, standings, known)]


def join_study(study: Study, request: AblationRequest) -> tuple[Study, list[str]]:
    """Return a study with the seeds that its folder may take, and lines for the user, see `join_design`."""
    design, notes = join_design(study.design, read_sequential(request.folder), request.is_most_given)
    return replace(study, design=design), notes


def run_ablation(request: AblationRequest) -> int:
    """Do what is asked for, and return the exit status."""
    study, joined = join_study(request.study, request) if request.study else (None, [])
    ground_truths, notes = rehearse_runs(request)
    for note in (*request.notes, *notes, *joined):
        say(f"note: {note}")
    requested = RequestedEvaluation(make_evaluation_settings(request), ground_truths)
    engine = make_ray_engine(request) if request.options.engine == "ray" else Local(request.devices, request.task())
    sequential = {"sequential": study.design.record} if study else {}
    store = Store(request.folder, request.command, {**requested.record, **sequential})
    for note in store.notes:
        say(note)
    try:
        runs = match_runs(request, study.runs if study else request.chosen, store.path)
    except YoloFeiouError:
        store.discard_if_empty()
        raise
    if study:
        return add_seeds(replace(study, runs=tuple(runs)), store, engine, requested, request)
    folders = prepare_folders(store, runs)
    done = [folder for folder in folders if is_done(folder, requested)]
    schedule = FixedGrid(folder for folder in folders if folder not in done)
    runner = Runner(schedule, engine, requested, request.options.retries)
    say(f"{len(done)} of {len(runs)} runs were done before. The folder is {store.path}")
    with choose_view(AblationProgress(folders, done, request.framework.count_rows)) as shown_to:
        runner.run(shown_to)
    over = len(folders) - len(runner.failures)
    return finish(runner, store, request, [f"{over} of {len(folders)} runs are done."])


def add_seeds(
    study: Study, store: Store, engine: Engine, requested: RequestedEvaluation, request: AblationRequest
) -> int:
    """Make runs until each comparison of a study is answered, and return the exit status."""
    options = request.options
    done = find_done(study, store, requested)
    schedule = SequentialSeeds(
        study,
        lambda run: prepare_folders(store, [run])[0],
        {cell: row for cell, folder in done.items() if (row := folder.row())},
        options.budget,
        options.jobs if options.engine == "ray" else len(request.devices),
    )
    runner = Runner(schedule, engine, requested, options.retries)
    most = schedule.count_most()
    say(f"{len(done)} runs were done before, and there are {most} at most. The folder is {store.path}")
    before = [*done.values()]
    progress = AblationProgress(before, before, request.framework.count_rows, count_most=schedule.count_most)
    with choose_view(progress) as shown_to:
        runner.run(shown_to)
    spent = options.budget if schedule.is_over_budget else 0.0
    return finish(runner, store, request, tell_end(study, schedule.standings, schedule.runs, spent))


def find_done(study: Study, store: Store, requested: RequestedEvaluation) -> dict[Cell, RunFolder]:
    """Return the folders of the runs of a study that are done; no other folder is made."""
    there = {folder.path.name.rpartition("-")[2] for folder in run_folders(store.path)}
    found = {}
    for cell in study.cells:
        run = study.make_run(cell)
        if run.key in there and is_done(folder := prepare_folders(store, [run])[0], requested):
            found[cell] = folder
    return found


def finish(runner: Runner, store: Store, request: AblationRequest, lines: Sequence[str]) -> int:
    """Write the tables, tell what is done, what is next and what failed, and return the exit status."""
    for note in collect_results(store.path):
        say(note)
    baseline = [f"baseline={request.options.baseline}"] if request.options.baseline else []
    report = quote_command(["yolo", "report", str(request.folder), *baseline])
    for line in (*lines[:-1], f"{lines[-1]} Next: {report}"):
        say(line)
    for name, why in runner.failures.items():
        say(f"failed: {name}: {why}")
    return 1 if runner.failures else 0


def make_evaluation_settings(request: AblationRequest) -> Row:
    """Return the columns of a row that say that a run was evaluated as it is asked for."""
    options = request.options
    return {
        "eval_split": options.split,
        "eval_weights": options.weights,
        "evaluator": options.evaluator,
        "annotations": options.annotations or None,
    }


def match_runs(request: AblationRequest, runs: Sequence[Run], folder: Path) -> list[Run]:
    """Return runs, with `box` set for each loss if it is to be matched; print the gradient norms of the losses."""
    if not (request.options.preflight or request.options.gain == "matched"):
        return [*runs]
    measured = measure_grid(request.runs, request.framework, folder, request.devices[0], request.task().seconds)
    for line in measured.lines:
        say(line)
    if request.options.gain != "matched":
        return [*runs]
    matched = match_gains(runs, measured)
    for line in (*tell_gains(matched), tell_stage(measured)):
        say(line)
    return matched


def prepare_folders(store: Store, runs: Iterable[Run]) -> list[RunFolder]:
    """Return the folders of the runs, those that can't be read set aside."""
    folders = []
    for run in runs:
        folder, note = store.prepare(run)
        if note:
            say(note)
        folders.append(folder)
    return folders


def make_ray_engine(request: AblationRequest) -> Engine:
    """Return the engine on a Ray cluster."""
    from yolo_feiou.ablation.on_ray import OnRay

    options, task = request.options, replace(request.task(), device=request.options.device, threads=0)
    if len(request.devices[0].split(",")) > 1:
        raise ArgumentError(f"device={request.options.device}: on Ray each run has one GPU, or none with device=cpu.")
    return OnRay(task, options.address, options.jobs, options.per_device, options.cpus, options.retries)
