"""What a report lists as it is: the runs, the preflight, and the settings."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from yolo_feiou.report.format import MISSING, format_count, format_percent
from yolo_feiou.report.read import Results
from yolo_feiou.report.render import Cell, Table
from yolo_feiou.report.variants import show_value
from yolo_feiou.results.schema import LISTED_FIRST, LISTED_LAST, METRICS, MUST_AGREE, TASK_METRICS
from yolo_feiou.storage.tables import Row


def make_runs_table(results: Results, swept: Sequence[str]) -> Table:
    """Return a row a run, failed ones too, with the columns in which there is something."""
    columns = dict.fromkeys((*LISTED_FIRST, *swept, *LISTED_LAST))
    return _table("runs", "All runs; metrics in per cent.", results.rows, list(columns))


def make_preflight_table(results: Results) -> Table | None:
    """Return what was measured of each loss before the runs; None if nothing was."""
    if not results.preflight:
        return None
    columns = list(dict.fromkeys(key for row in results.preflight for key in row))
    return _table(
        "preflight",
        "The size of each loss on batches of a training, measured before the runs.",
        results.preflight,
        columns,
    )


def list_settings(results: Results) -> list[tuple[str, str]]:
    """Return each argument, version and setting of the evaluation with its value, or values and their numbers."""
    found = []
    own = ("gain", "until", "max_seeds", "race", "box_used", "device", "threads")
    for name in dict.fromkeys((*results.arguments, *own, *MUST_AGREE)):
        counts = Counter(show_value(row[name]) for row in results.done if row.get(name) is not None)
        if len(counts) == 1 and counts.total() == len(results.done):
            found.append((name, next(iter(counts))))
        elif counts:
            found.append((name, ", ".join(f"{value} ({format_count(n, 'run')})" for value, n in counts.items())))
    return found


def list_commands(results: Results) -> list[str]:
    """Return the commands that made the runs, each once."""
    return list(dict.fromkeys(row["command"] for row in results.rows if row.get("command")))


def _table(name: str, caption: str, rows: Sequence[Row], columns: Sequence[str]) -> Table:
    there = [column for column in columns if any(row.get(column) is not None for row in rows)]
    numeric = [all(isinstance(row.get(column), float | None) for row in rows) for column in there]
    return Table(
        name, caption, there, numeric, [[[_cell(row.get(column), column) for column in there] for row in rows]]
    )


def _cell(value: object, column: str) -> Cell:
    if value is None:
        return Cell(MISSING)
    if not isinstance(value, float):
        return Cell(str(value))
    return Cell(format_percent(value) if column in (*METRICS, *TASK_METRICS) else f"{value:.4g}", value=value)
