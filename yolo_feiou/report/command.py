"""`yolo report FOLDER`: from the results of an ablation to its report."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from pathlib import Path

from yolo_feiou.errors import ArgumentError, DataError
from yolo_feiou.escape import quote_command
from yolo_feiou.parameters import Folder, Text, asks_for_help, check_named, format_arguments, read_arguments
from yolo_feiou.plots.style import save_figure
from yolo_feiou.report.comparison import Comparison
from yolo_feiou.report.detections import make_detection_strip
from yolo_feiou.report.page import embed_picture, render_page
from yolo_feiou.report.pictures import PICTURE_NAMES, make_pictures
from yolo_feiou.report.published import PUBLISHED_NAMES, make_published_tables
from yolo_feiou.report.read import Results
from yolo_feiou.report.render import render_latex, render_markdown
from yolo_feiou.report.result import compare
from yolo_feiou.report.tables import (
    make_comparison_table,
    make_fit_table,
    make_paper_table,
    make_spreadsheet_rows,
    make_summary_rows,
    make_task_table,
)
from yolo_feiou.results.file_names import RESULTS
from yolo_feiou.storage.own_files import check_not_overwritten
from yolo_feiou.storage.tables import atomic_file_set, results_folder, write_csv, write_text
from yolo_feiou.terminal import say

REPORT_ARGUMENTS = (
    Text(
        "baseline",
        "",
        "a loss, as ciou or ciou@box=7.5",
        "what is compared with: ciou at equal values of the other swept arguments, ciou@box=7.5 across them",
    ),
    Folder("out", "", "a folder for the report", "the folder of the report; by default FOLDER/report"),
)
PAGE = "index.html"
#: What the page has in it, whatever the results.
OWN_PAGE = b"Made by yolo-feiou"
#: What is in the folder of a training, YOLO's or a detector's.
ARGS = "args.yaml"
#: What a page of paper has room for of a comparison.
ON_PAPER = ("common seeds", "ΔAP", "95 %, t", "p, Holm", "seeds for 0.5")
#: Names of the files of a table, by the table's name.
FILES = {"losses": "table", "comparison": "comparison", "fit": "fit", "task": "task"}
#: Of the files of a picture.
ENDINGS = ("png", "pdf")
#: Tables that a report may lack.
SOMETIMES = ("fit", "task")


def report(args: Sequence[str], collect: Callable[[Path], list[str]] = lambda _: []) -> None:
    """Run `yolo report` with its arguments.

    Args:
        args: The arguments that follow the verb.
        collect: Gathers the results of the runs of an ablation in its folder, and returns warnings.

    Raises:
        ArgumentError: If there is no folder, a folder has no results, or an argument doesn't fit.
        DataError: If the results are damaged, or no run is done.
    """
    if not args or asks_for_help(args):
        print(format_report_usage())
        return
    named = [arg for arg in args if "=" not in arg or Path(arg).is_dir()]
    folders = [Path(arg) for arg in named]
    if not folders:
        raise ArgumentError("'yolo report' takes folders of results: 'yolo report runs/ablate/first'.")
    check_named(named, "a folder of results")
    for folder in folders:
        check_is_no_run(folder)
    values = read_arguments("yolo report", [arg for arg in args if arg not in named], REPORT_ARGUMENTS)
    out = Path(values.get("out") or folders[0] / "report")
    if not is_report(out):
        check_not_overwritten(out, [PAGE])  # at once; what else there will be depends on the results
    ablations = [folder for folder in folders if (folder / "ablation.json").is_file()]
    notes = [note for folder in ablations for note in collect(folder)]
    for note in notes:
        say(f"warning: {note}")
    result = compare(folders, values.get("baseline", ""))
    with results_folder(out):
        told, command = [*notes, *result.warnings], quote_command(["yolo", "report", *args])
        write_report(result.results, result.comparisons, told, out, command)
    for line in result.list_lines():
        say(line)
    say(f"The report is {out / PAGE}")


def check_is_no_run(folder: Path) -> None:
    """Raise ArgumentError if a folder is that of a training, or holds trainings that were not evaluated."""
    if (folder / "ablation.json").is_file():
        return
    if (folder / ARGS).is_file():
        runs, out, what = [str(folder), "OTHER_RUN"], folder.parent, "is a training, whose results.csv has its epochs"
    elif not (folder / RESULTS).is_file() and (found := sorted(folder.glob(f"*/{ARGS}"))):
        runs, out, what = [str(path.parent) for path in found], folder, "has trainings, and no rows of them to compare"
    else:
        return
    evaluate = quote_command(["yolo", "evaluate", *runs[:3]]) + " …" * (len(runs) > 3)
    raise ArgumentError(f"{folder} {what}: first {evaluate}, then {quote_command(['yolo', 'report', str(out)])}")


def is_report(folder: Path) -> bool:
    """Return whether a folder has the page of a report, which a new one may replace."""
    try:
        return OWN_PAGE in (folder / PAGE).read_bytes()
    except OSError:
        return False


def format_report_usage() -> str:
    """Return how the verb is used."""
    return (
        "yolo report FOLDER [FOLDER ...] [baseline=LOSS] [out=FOLDER]\n\n"
        "FOLDER is what 'yolo ablate' or 'yolo evaluate' wrote to. Of several folders there is one report:\n"
        "index.html, tables and pictures.\n\n" + format_arguments(REPORT_ARGUMENTS)
    )


def write_report(
    results: Results, comparisons: Sequence[Comparison], told: Sequence[str], out: Path, command: str
) -> None:
    """Write all files of a report, or, if anything fails, none.

    Pictures, and tables that not every report has, go that are of an earlier report and not of this one.

    Args:
        results: The runs.
        comparisons: The variants against their baselines.
        told: The warnings.
        out: The folder, which is there.
        command: The command that makes the report.

    Raises:
        ArgumentError: If a folder in `out` has the name of a file, or it has such files and no report.
    """
    with atomic_file_set(out) as part:
        _write_files(results, comparisons, told, part, command)
        written = {path.name for path in part.iterdir()}
        if not is_report(out):
            check_not_overwritten(out, sorted(name for name in written if not (out / name).is_dir()))
    named = (*PICTURE_NAMES, *(f"over_{argument}" for argument in results.arguments))
    pictures = [f"{name}.{ending}" for name in named for ending in ENDINGS]
    tables = [f"{name}.{ending}" for name in (*PUBLISHED_NAMES, *SOMETIMES) for ending in ("md", "tex")]
    for name in {*pictures, *tables} - written:
        (out / name).unlink(missing_ok=True)


def _write_files(
    results: Results, comparisons: Sequence[Comparison], told: Sequence[str], out: Path, command: str
) -> None:
    """Write all files."""
    tables = {
        table.name: table
        for table in (
            make_paper_table(results, comparisons),
            make_comparison_table(comparisons),
            make_task_table(comparisons),
            make_fit_table(comparisons),
        )
        if table is not None
    }
    label = "-".join(re.sub("[^A-Za-z0-9]+", "-", folder.resolve().name).strip("-") for folder in results.folders)
    narrow = {"comparison": make_comparison_table(comparisons, ON_PAPER)}
    published = make_published_tables(comparisons)
    for table in (*tables.values(), *published):
        file = FILES.get(table.name, table.name)
        write_text(out / f"{file}.md", render_markdown(table))
        write_text(out / f"{file}.tex", render_latex(narrow.get(table.name, table), label))
    write_csv(out / "table.csv", make_spreadsheet_rows(comparisons))
    write_csv(out / "summary.csv", make_summary_rows(comparisons))
    images = []
    for picture in make_pictures(results, comparisons):
        for ending in ENDINGS:
            save_figure(picture.figure, out / f"{picture.name}.{ending}")
        images.append(embed_picture(picture))
    try:
        strip = make_detection_strip(results, comparisons)
    except DataError as error:  # of one run that is not in any number here
        strip, told = None, [*told, f"No detections are shown: {error}"]
    write_text(out / PAGE, render_page(results, comparisons, tables, published, images, strip, told, command))
