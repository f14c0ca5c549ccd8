"""The gradient norms of a grid's losses beside a reference's, measured before the runs, and gains that match them."""

from __future__ import annotations

import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from functools import partial
from math import isfinite
from pathlib import Path
from typing import Any

from yolo_feiou.ablation.grid import Run, digest_settings
from yolo_feiou.ablation.records import Preflight
from yolo_feiou.ablation.run_folder import set_aside
from yolo_feiou.errors import ArgumentError, DataError, YoloFeiouError
from yolo_feiou.framework import Framework
from yolo_feiou.losses.build import read_spec
from yolo_feiou.parameters import Schedule
from yolo_feiou.progress_bar import show_progress
from yolo_feiou.results.arguments import MAX_GRADIENT_RATIO
from yolo_feiou.results.own_loss import find_gradient_reference, name_gradient_reference, spell_factor
from yolo_feiou.storage.locks import hold_lock
from yolo_feiou.storage.tables import Row, read_record, write_json
from yolo_feiou.terminal import say

#: Settings in which the runs that are measured together may differ: the gain follows from the loss, and one seed
#: stands for all.
FREE_IN_GROUP = ("loss", "loss holds", "seed", "box", "gain")
#: Batches that are measured, each the last of so many: at the very start of a training from scratch, where few boxes
#: overlap, the ratios are others than soon after. A training that has fewer is measured on its own.
BATCHES, EVERY_BATCHES = 8, 5
#: Seconds between two looks at how far a measurement is, and between two lines on it where no bar is shown.
LOOK, PERIOD = 0.5, 60.0


@dataclass(frozen=True)
class GradientNorms:
    """The gradient norms of the losses, measured once for each group of runs with the same data and model.

    Attributes:
        rows: By group, a row a loss, see `yolo.gradient_norms.measure_gradient_norms`.
        notes: What had to be set aside and was measured again.
        gains: By group, for each value of `box` the gain that each loss trains with, the reference's too; without any
            where `box` does nothing.
    """

    rows: dict[str, list[Row]]
    notes: tuple[str, ...] = ()
    gains: Mapping[str, Sequence[Mapping[str, float]]] = field(default_factory=dict)

    @property
    def lines(self) -> list[str]:
        """What to tell the user: the gradient norms of each group, and warnings."""
        lines = [*self.notes]
        for name, rows in self.rows.items():
            ratios = ", ".join(f"{row['loss']} {row['gradient_ratio']:.2f}" for row in rows)
            seen = f"{rows[0].get('batches', BATCHES)} of {_tell_batches([rows])}"
            reference = name_gradient_reference(rows)
            lines.append(f"Gradient norm against {reference} at the same gain ({seen}): {ratios}")
            told = [compare_at_gains(rows, gains) or warn_far_apart(rows, gains) for gains in self.gains.get(name, ())]
            lines += dict.fromkeys(line for several in told for line in several)
            lines += [
                f"{row['loss']} changes over a training, and is measured as it begins."
                for row in rows
                if is_scheduled(row["loss"])
            ]
        return lines


def _tell_batches(groups: Iterable[Sequence[Row]]) -> str:
    """Return of which batches of a training some were measured; of several trainings the shortest counts.

    An older version didn't measure how many a training has.
    """
    shares = [(share, rows[0]) for rows in groups if (share := rows[0].get("training_share")) is not None]
    share, row = max(shares, key=lambda one: one[0], default=(None, {}))
    seen = row.get("first_batches", BATCHES * EVERY_BATCHES)
    if share is None:
        return f"the first {seen} batches"
    if share >= 1:
        return f"the first {seen} batches, which is all of a training{'' if 'first_batches' in row else ' or more'}"
    return f"the first {seen} of {round(seen / share)} batches"


def is_scheduled(loss: str) -> bool:
    """Return whether a loss has a number that changes over a training."""
    try:
        terms = read_spec(loss)
    except YoloFeiouError:  # stock
        return False
    return any(
        isinstance(value, Schedule) for term in terms for value in (*term.values.values(), *term.modifiers.values())
    )


def tell_stage(measured: GradientNorms) -> str:
    """Return a sentence on the stage of training at which matched gains agree."""
    return (
        f"gain=matched: gradients agree over {_tell_batches(measured.rows.values())}, at its start; later their ratios "
        "are others."
    )


def tell_gains(runs: Sequence[Run]) -> list[str]:
    """Return the matched gain of each loss, a line for each group of runs that are measured together."""
    groups: dict[str, list[Run]] = {}
    for run in runs:
        groups.setdefault(make_group_key(run), []).append(run)
    lines = []
    for members in groups.values():
        boxes = {run.arguments["loss"]: run.arguments["box"] for run in members}
        told = ", ".join(f"box={box:g} for {loss}" for loss, box in boxes.items())
        about = [f", {name}={members[0].arguments[name]}" for name in members[0].swept if name not in FREE_IN_GROUP]
        lines.append(f"gain=matched{''.join(about)}: {told}")
    return lines


def measure_grid(
    runs: Sequence[Run], framework: Framework, folder: Path, device: str, seconds: float | None = None
) -> GradientNorms:
    """Measure the losses of each group of runs in a process of its own, or read what was measured before.

    What is measured lies in `folder/preflight/`; a second command reads it, so that the gains stay what they were.

    Args:
        runs: The runs.
        framework: What trains them.
        folder: That of the ablation.
        device: As the framework takes it, '' for its own choice.
        seconds: How long each measurement may take; None for as long as it needs.

    Raises:
        ArgumentError: If the runs can't even begin, for what their own process says, or measuring takes too long.
        DataError: If what was measured before is damaged.
    """
    groups: dict[str, list[Run]] = {}
    for run in runs:
        groups.setdefault(make_group_key(run), []).append(run)
    (folder / "preflight").mkdir(exist_ok=True)
    with hold_lock(folder / "preflight" / "lock"):  # of several runners, one measures
        notes: list[str] = []
        measure = partial(_measure, framework, seconds=seconds)
        rows = {}
        for number, (name, members) in enumerate(groups.items(), 1):
            place = f", {number} of {len(groups)} trainings" if len(groups) > 1 else ""
            rows[name] = _measured(name, members, folder, device, notes, measure, place)
        gains = {
            name: find_gains(members, find_gradient_reference(rows[name]), framework)
            for name, members in groups.items()
        }
        return GradientNorms(rows, tuple(notes), gains)


def match_gains(runs: Sequence[Run], measured: GradientNorms) -> list[Run]:
    """Return the runs with `box` set so that their gradients are as large as that of the rows' reference."""
    return [
        replace(run, arguments={**run.arguments, "box": _box(run, measured.rows[make_group_key(run)])}) for run in runs
    ]


def match_box(rows: Sequence[Row], box: float) -> dict[str, float]:
    """Return the gain `box` for each loss with which its gradient is as large as the reference's is with `box`.

    Args:
        rows: A row a loss, with its `gradient_ratio`.
        box: The gain of the reference.

    Returns:
        By loss, with 4 significant digits.

    Raises:
        DataError: If a loss has no gradient, or none that can be told.
    """
    for row in rows:
        if not (isfinite(row["gradient_ratio"]) and row["gradient_ratio"] > 0):
            raise DataError(
                f"the gradient of {row['loss']} measured {row['gradient_ratio']:g} times the reference's, and no gain "
                "makes up for that: leave this loss out, or train all with one gain (gain=same)."
            )
    return {row["loss"]: float(f"{box / row['gradient_ratio']:.4g}") for row in rows}


def warn_far_apart(rows: Sequence[Row], gains: Mapping[str, float]) -> list[str]:
    """Return a sentence for each loss whose gradient is more than twice, or less than half, the reference's.

    Args:
        rows: A row a loss, with its `gradient_ratio`.
        gains: By loss, the reference's too, all the same; none where `box` does nothing.
    """
    far = {
        row["loss"]: ratio
        for row in rows
        if not 1 / MAX_GRADIENT_RATIO <= (ratio := row["gradient_ratio"]) <= MAX_GRADIENT_RATIO
    }
    return [
        f"{loss} pulls {ratio:.3g} times as hard on the weights as the reference at the same gain"
        f"{' box' if gains else ''}: a comparison at one gain compares the gain too ({_advise(loss, ratio, gains)})."
        for loss, ratio in far.items()
    ]


def _advise(loss: str, ratio: float, gains: Mapping[str, float]) -> str:
    """Return what makes up for a gradient of another size: `box`, or a factor of the loss where that does nothing."""
    if not (isfinite(ratio) and ratio > 0):
        return "nothing makes up for it: leave this loss out"
    if gains:
        return f"gain=matched box={next(iter(gains.values())):g} makes up for it"
    return f"{spell_factor(loss, ratio)} makes up for it, where box= does nothing"


def compare_at_gains(rows: Sequence[Row], gains: Mapping[str, float]) -> list[str]:
    """Return how large gradients are at the gains that train, and a warning for each that is far from the reference's.

    Args:
        rows: A row a loss, with its `gradient_ratio`.
        gains: By loss, the reference's too.

    Returns:
        No line where all gains are the same.
    """
    name = name_gradient_reference(rows)
    own = gains.get(find_gradient_reference(rows))
    if own is None or len(set(gains.values())) < 2:
        return []
    sizes = {row["loss"]: row["gradient_ratio"] * gains[row["loss"]] / own for row in rows if row["loss"] in gains}
    listed = ", ".join(f"{loss} {size:.2f} (box={gains[loss]:g})" for loss, size in sizes.items())
    lines = [f"The gains differ, as box=auto sets them. Gradient norm against {name} with box={own:g}: {listed}"]
    return lines + [
        f"{loss} pulls {size:.3g} times as hard on the weights as {name} with the gains that train: a comparison "
        f"compares the gains too (gain=matched box={own:g} makes up for it)."
        for loss, size in sizes.items()
        if not 1 / MAX_GRADIENT_RATIO <= size <= MAX_GRADIENT_RATIO
    ]


def find_gains(runs: Sequence[Run], reference: str, framework: Framework) -> list[dict[str, float]]:
    """Return the gain of each loss of a group of runs, and the reference's, for each value of `box`.

    There is none where gains are to be matched, or where `box` does nothing.
    """
    found = []
    given = [run.arguments for run in runs if run.gain != "matched"]
    for box in dict.fromkeys(arguments.get("box") for arguments in given):
        own = [arguments for arguments in given if arguments.get("box") == box]
        losses = dict.fromkeys([reference, *(arguments["loss"] for arguments in own)])
        gains = {loss: framework.find_gain({**own[0], "loss": loss}) for loss in losses}
        found.append({loss: gain for loss, gain in gains.items() if gain is not None})
    return found


def make_group_key(run: Run) -> str:
    """Return what stands for the runs that are measured together."""
    return digest_settings(_find_shared(run))


def _find_shared(run: Run) -> dict[str, Any]:
    """Return the settings that are the same in all runs that are measured with one."""
    return {key: value for key, value in run.settings.items() if key not in FREE_IN_GROUP}


def _box(run: Run, rows: list[Row]) -> float:
    return match_box(rows, float(run.arguments.get("box", run.defaults["box"])))[run.arguments["loss"]]


def _measured(
    name: str,
    runs: list[Run],
    folder: Path,
    device: str,
    notes: list[str],
    measure: Callable[..., list[Row]],
    place: str,
) -> list[Row]:
    """Return the gradient norms of the losses of a group, from its file as far as they are in there."""
    path = folder / "preflight" / f"{name}.json"
    first = runs[0]
    about = {key: first.arguments.get(key, first.defaults.get(key)) for key in ("data", "imgsz", "model")}
    about = {key: value for key, value in {**about, **_find_shared(first)}.items() if value is not None}
    rows = [{**row, **about} for row in _read(path, first.gain == "matched", folder, notes)]
    known = {_identify(row) for row in rows}
    codes = {run.arguments["loss"]: run.contents.get("loss") for run in runs}
    missing = [loss for loss, code in codes.items() if (loss, code) not in known]
    if missing:
        arguments = {**first.arguments, "seed": 0, **({"device": device} if device else {})}
        say(_announce(missing, first, place))
        measured = measure(arguments, missing, find_gradient_reference(rows) if rows else "")
        new = [{**about, **({"code": code} if (code := codes.get(row["loss"])) else {}), **row} for row in measured]
        rows += [row for row in new if _identify(row) not in known]
        write_json(path, {"rows": rows})
    wanted = {*codes.items(), (find_gradient_reference(rows), None)}
    return [row for row in rows if _identify(row) in wanted]


def _identify(row: Row) -> tuple[str, str | None]:
    """Return what of a training's losses a row is of: one of the user's own is another one with other code."""
    return row["loss"], row.get("code")


def _announce(losses: Sequence[str], run: Run, place: str) -> str:
    """Return what is said before losses are measured, which may take minutes."""
    leave = "" if run.gain == "matched" else "; preflight=False leaves it out"
    return (
        f"Measuring the gradients of {', '.join(losses)} on up to {BATCHES * EVERY_BATCHES} batches with "
        f"model={run.arguments['model']}{place}, before the first run{leave}."
    )


def _read(path: Path, matched: bool, folder: Path, notes: list[str]) -> list[Row]:
    """Return the rows of a file, none if it isn't there, or had to be set aside, which adds a note.

    Raises:
        DataError: If it is damaged and gains are matched by it: what is measured again may differ in the last digit,
            and make other runs.
    """
    try:
        return read_record(path, Preflight)["rows"] if path.exists() else []
    except DataError as error:
        if matched:
            raise DataError(
                f"{error} The gains of these runs are matched by it: remove it to measure the losses again, which "
                "may make other runs."
            ) from None
        notes.append(f"{error} It is set aside in {set_aside(folder, path)}; the losses are measured again.")
        return []


def _measure(
    framework: Framework, arguments: dict[str, Any], losses: list[str], reference: str, seconds: float | None = None
) -> list[Row]:
    """Return what a process of its own measures, which leaves this one without a model in memory.

    It is beside `reference`, with which the first losses were measured; before that, '', beside the framework's choice.
    """
    with tempfile.TemporaryDirectory() as scratch:
        request, result, progress = (Path(scratch, name) for name in ("request.json", "result.json", "progress"))
        asked = {"arguments": arguments, "losses": losses, "batches": BATCHES, "every": EVERY_BATCHES}
        asked |= {"progress": str(progress), **({"reference": reference} if reference else {})}
        write_json(request, asked)
        try:
            process = _run(framework.gradient_norms_command(request, result), progress, seconds)
        except subprocess.TimeoutExpired as error:
            raise ArgumentError(
                f"the runs can't begin: measuring the losses took longer than timeout={error.timeout / 3600:.4g} "
                "hours. Does reading the data hang? preflight=False leaves the measurement out."
            ) from None
        if process.returncode:
            said = [line for line in process.stderr.splitlines() if line.strip()] or ["nothing"]
            if "Traceback (most recent call last):" in said:  # a fault of the program's, or of code of the user's
                print(process.stderr, file=sys.stderr, flush=True)
                raise ArgumentError(
                    f"the runs can't begin, since measuring the losses failed: {said[-1]}. Its traceback stands above; "
                    "preflight=False leaves the measurement out."
                )
            raise ArgumentError(f"the runs can't begin: {said[-1].removeprefix('error: ')}")
        return read_record(result, Preflight)["rows"]


def _run(command: list[str], progress: Path, seconds: float | None) -> subprocess.CompletedProcess[str]:
    """Run a measurement, and show how many batches it has done: a bar in a terminal, elsewhere a line a minute.

    Args:
        command: Its command.
        progress: The file to which it adds a byte for each batch.
        seconds: How long it may take; None for as long as it needs.

    Raises:
        TimeoutExpired: If it takes longer.
    """
    began = said = time.monotonic()
    done, most = 0, BATCHES * EVERY_BATCHES
    pipe = subprocess.PIPE
    with (
        show_progress("gradients", most) as advance,
        subprocess.Popen(command, stdout=pipe, stderr=pipe, text=True) as process,
    ):
        try:
            while True:
                with suppress(subprocess.TimeoutExpired):
                    out, err = process.communicate(timeout=LOOK)
                    return subprocess.CompletedProcess(command, process.returncode, out, err)
                now, before = time.monotonic(), done
                done = progress.stat().st_size if progress.exists() else 0
                if done > before:
                    advance(done - before)
                if now - said >= PERIOD and not sys.stderr.isatty():
                    said = now
                    say(f"{done} of up to {most} batches after {(now - began) / 60:.0f} min")
                if seconds is not None and now - began > seconds:
                    raise subprocess.TimeoutExpired(command, seconds)
        except BaseException:  # Ctrl-C too: nothing is left behind
            process.kill()
            raise
