"""The rows of runs beside those of others, in the files that `yolo report` reads; and the table that is printed."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from pathlib import Path

from yolo_feiou.export.kept_evaluation import MeasuredRun
from yolo_feiou.export.options import ExportOptions
from yolo_feiou.export.reproduce import format_training_command
from yolo_feiou.export.runs import TrainedRun
from yolo_feiou.report.captions import MAP
from yolo_feiou.report.format import format_percent
from yolo_feiou.report.render import TABLE_MARK, Cell, Table, render_lines
from yolo_feiou.report.tables import ORIENTED_COLUMNS
from yolo_feiou.results.file_names import ARGUMENTS, BOX_STATS, CURVES, RESULTS
from yolo_feiou.results.main_metric import AP, MAP_OBB, find_main_metric, name_metrics
from yolo_feiou.results.read import read_cells
from yolo_feiou.results.row import make_results_row
from yolo_feiou.results.schema import ARGUMENT_COLUMNS as ARGUMENT_NAMES
from yolo_feiou.results.schema import PAPER_METRICS
from yolo_feiou.results.settings import TrainingSettings
from yolo_feiou.results.tables import RunResults, read_box_stats, write_tables
from yolo_feiou.storage.locks import hold_lock
from yolo_feiou.storage.tables import Row, parse_number


def name_run(out: Path, folder: Path) -> str:
    """Return what a run is called in a folder of results: the way to it, the same on all machines."""
    return Path(os.path.relpath(folder.resolve(), out.resolve())).as_posix()


def gather_run(run: TrainedRun, name: str, measured: MeasuredRun, options: ExportOptions) -> RunResults:
    """Return what the tables say of a run.

    Args:
        run: The run.
        name: What it is called.
        measured: What was measured.
        options: Those of the command.
    """
    trained = run.trained(name, options.data)
    row = make_results_row(trained, {**asdict(options), "command": format_training_command(run)}, measured.row)
    row |= {"finished": measured.made["finished"], "weights_sha256": run.sha256}
    if run.unfinished:
        row |= {"status": "unfinished", "reason": run.unfinished}
    return RunResults(trained.run, row, run.curve, read_box_stats(run.folder), run.arguments)


def add_runs(out: Path, runs: Sequence[RunResults]) -> None:
    """Write the tables of a folder with these runs in it; what they say of other runs stays.

    Args:
        out: The folder, which is there.
        runs: The runs.
    """
    with hold_lock(out / "lock"):
        here = {one.row["run"] for one in runs}
        write_tables(out, [*(one for one in read_runs(out) if one.row["run"] not in here), *runs])


def read_runs(out: Path) -> list[RunResults]:
    """Return what the tables of a folder say, each cell as it is written.

    Raises:
        DataError: If a file is damaged.
    """
    rows, curves, box_stats, recorded = (read_cells(out / name) for name in (RESULTS, CURVES, BOX_STATS, ARGUMENTS))
    known = {row["run"]: {key: parse_number(value) for key, value in _without_name(row).items()} for row in recorded}

    def of_run(table: list[Row], name: str) -> list[Row]:
        return [_without_name(row) for row in table if row["run"] == name]

    return [
        RunResults(
            _run(row),
            row,
            of_run(curves, row["run"]),
            of_run(box_stats, row["run"]),
            known.get(row["run"], {}),
        )
        for row in rows
    ]


def format_runs(runs: Sequence[RunResults]) -> Iterator[str]:
    """Yield the table of runs as papers print it, and under it how they were evaluated."""
    rows = [one.row for one in runs]
    table = make_results_table(rows)
    yield from (*render_lines(table), *table.notes)
    if any(row["reason"] for row in rows):
        yield f"{TABLE_MARK} training not finished"
    told = _by_conditions(rows)
    for text, names in told.items():
        yield f"{text} ({names})" if len(told) > 1 else text


def make_results_table(rows: Sequence[Row]) -> Table:
    """Return the table of rows: name, loss, the seed where several differ, and the metrics in per cent.

    These are the paper's six, and Ultralytics' own mAP of oriented boxes in columns of its own.
    """
    main = {find_main_metric(row) for row in rows}
    columns = {
        **({name: name for name in PAPER_METRICS} if AP in main else {}),
        **(ORIENTED_COLUMNS if MAP_OBB in main else {}),
    }
    seeds = len({str(row["seed"]) for row in rows}) > 1
    titles = ["run", "loss", *(["seed"] if seeds else [])]
    lines = []
    for row in rows:
        words = [
            f"{row['run']} {TABLE_MARK}" if row["reason"] else row["run"],
            row["loss"],
            *([str(row["seed"])] if seeds else []),
        ]
        values = [row.get(name) for name in columns.values()]
        lines.append([*map(Cell, words), *(Cell(format_percent(value), value=value) for value in values)])
    return Table(
        "exported",
        f"{name_metrics(main)} in per cent",
        [*titles, *columns],
        [False] * len(titles) + [True] * len(columns),
        [lines],
        [MAP] if MAP_OBB in main else [],
    )


def describe_evaluation(row: Row) -> str:
    """Return how a row was measured: evaluator, ground truth, thresholds."""
    iou = "no NMS" if row["eval_iou"] is None else f"NMS at IoU {row['eval_iou']}"
    truth = f"ground truth {row['ground_truth']}"
    if row.get("area_source"):  # not of oriented boxes
        truth += f", areas from {row['area_source']}"
    if row.get("ignored_categories"):
        truth += f", without {row['ignored_categories']}"
    if row.get("truth_scale") not in (None, "", "1", 1):
        truth += f", boxes scaled by {row['truth_scale']}"
    return (
        f"{row['evaluator']} {row['evaluator_version']}, split {row['eval_split']}: {row['images']} images, {truth}, "
        f"conf {row['eval_conf']}, {iou}, max_det {row['eval_max_det']}, imgsz {row['eval_imgsz']}, "
        f"batch {row['eval_batch']}"
    )


def _by_conditions(rows: Sequence[Row]) -> dict[str, str]:
    told: dict[str, list[str]] = {}
    for row in rows:
        told.setdefault(describe_evaluation(row), []).append(row["run"])
    return {text: ", ".join(names) for text, names in told.items()}


def _run(row: Row) -> TrainingSettings:
    """Return the settings in a row, for the question in what runs differ."""
    arguments = {key: parse_number(row[key]) for key in (*ARGUMENT_NAMES, "loss", "seed") if row.get(key)}
    return TrainingSettings(arguments, gain=row.get("gain") or "same")


def _without_name(row: Row) -> Row:
    return {key: value for key, value in row.items() if key != "run"}
