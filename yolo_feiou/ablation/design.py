"""What is decided before the runs of a sequential ablation: which seeds it may take, and what is compared."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

from yolo_feiou.ablation.grid import Run
from yolo_feiou.errors import ArgumentError
from yolo_feiou.report.baseline import Baseline, find_baseline
from yolo_feiou.report.read import Results, shorten_paths
from yolo_feiou.report.variants import Value, Variant, make_variants
from yolo_feiou.results.arguments import DETECTOR_ARGUMENTS
from yolo_feiou.results.tables import make_value_key
from yolo_feiou.storage.tables import Row

#: A run of a study: the place of its variant in the grid, and its seed.
Cell = tuple[int, int]
#: Variants that differ in one of these can't replace each other, so they don't race against each other.
RACED_APART = ("data", "model", "imgsz")


@dataclass(frozen=True)
class Design:
    """How seeds are added.

    Attributes:
        until: Half of the width, in percentage points, that the interval of a difference may have at most.
        seeds: All seeds that may be taken, in their order, which is ascending.
        first: How many of them each variant gets before anything is judged, 2 at least.
        race: Whether a variant that is shown not to be the best gets no more seeds.
    """

    until: float
    seeds: tuple[int, ...]
    first: int = 2
    race: bool = False

    @property
    def half_width(self) -> float:
        """Half of the width of an interval that is narrow enough, as a fraction."""
        return self.until / 100

    @property
    def most(self) -> int:
        """The largest number of seeds of a variant."""
        return len(self.seeds)

    @property
    def record(self) -> Row:
        """What the folder of the ablation keeps of it, see `records.Sequential`."""
        return {"until": self.until, "max_seeds": self.most, "race": self.race, "seeds": list(self.seeds[: self.first])}


@dataclass(frozen=True)
class Study:
    """The variants of a grid, and what each is compared with.

    Attributes:
        design: How seeds are added.
        runs: Of each variant, in the order of the grid, one of its runs.
        variants: The same as the report sees them, without results.
        baseline: What makes a variant the baseline.
        baselines: The place of the baseline of each variant, its own if it is one.
    """

    design: Design
    runs: tuple[Run, ...]
    variants: tuple[Variant, ...]
    baseline: Baseline
    baselines: tuple[int, ...]

    @cached_property
    def compared(self) -> tuple[int, ...]:
        """The places of the variants that are compared with another one."""
        return tuple(place for place, baseline in enumerate(self.baselines) if baseline != place)

    @cached_property
    def groups(self) -> list[list[int]]:
        """The places of the variants that race against each other; one model has one main metric."""
        found: dict[tuple[str, ...], list[int]] = {}
        for place, run in enumerate(self.runs):
            found.setdefault(tuple(str(run.arguments.get(name)) for name in RACED_APART), []).append(place)
        return list(found.values())

    def make_run(self, cell: Cell) -> Run:
        """Return the run of a variant with a seed."""
        place, seed = cell
        run = self.runs[place]
        swept = (*(name for name in run.swept if name != "seed"), "seed")
        return replace(run, arguments={**run.arguments, "seed": seed}, swept=swept)

    @property
    def cells(self) -> list[Cell]:
        """All runs that there may be."""
        return [(place, seed) for seed in self.design.seeds for place in range(len(self.runs))]


def make_design(first: Sequence[int], until: float, max_seeds: int, race: bool) -> Design:
    """Return a design.

    Args:
        first: The seeds that the command names; the next whole numbers follow. A single one counts as two.
        until: See `Design`.
        max_seeds: The largest number of seeds of a variant.
        race: See `Design`.

    Raises:
        ArgumentError: If more seeds are named than there may be.
    """
    if len(first) > max_seeds:
        raise ArgumentError(
            f"max_seeds={max_seeds}: seeds= names {len(first)} already. Give fewer seeds, or a larger max_seeds."
        )
    named = sorted(first)
    further = range(named[-1] + 1, named[-1] + 1 + max_seeds - len(named))
    return Design(until, (*named, *further), max(2, len(named)), race)


def join_design(design: Design, record: Mapping[str, Any] | None, given_most: bool) -> tuple[Design, list[str]]:
    """Return the design of a command in a folder that may have had one before, and lines for the user.

    The largest number of seeds is that of all commands: with fewer, the error rates of what was seen would not hold.

    Args:
        design: What the command asks for.
        record: What the folder has, see `records.Sequential`; None if it wasn't sequential.
        given_most: Whether the command names the number of seeds.

    Raises:
        ArgumentError: If the seeds would be others than before.
    """
    if record is None:
        return design, []
    before, named = int(record["max_seeds"]), design.seeds[: design.first]
    told = [int(seed) for seed in record["seeds"]]
    most = max(before, design.most if given_most else 0, len(named), len(told))
    joined, earlier = (make_design(seeds, design.until, most, design.race) for seeds in (named, told))
    if joined.seeds != earlier.seeds:
        raise ArgumentError(
            f"this ablation takes the seeds {_list(earlier.seeds)} and the command {_list(joined.seeds)}: give "
            f"seeds={','.join(map(str, told))}, or another folder with out=."
        )
    if most > before:
        note = f"max_seeds={most}, and {before} before: the error rates of a comparison hold for the number that was "
        return joined, [f"{note}chosen before the first run."]
    if given_most and design.most < before:
        return joined, [f"max_seeds={before} as before: it can't be made smaller once it was chosen."]
    return joined, []


def _list(seeds: Sequence[int]) -> str:
    return f"{', '.join(map(str, seeds[:3]))}, …"


def make_study(runs: Sequence[Run], design: Design, baseline: str = "") -> Study:
    """Return the study of a grid.

    Args:
        runs: Those of the grid, of any seeds.
        design: How seeds are added.
        baseline: As `yolo report baseline=` takes it.

    Raises:
        ArgumentError: If there is nothing to compare, or no such baseline.
    """
    swept = [name for name in runs[0].swept if name != "seed"]
    once: dict[tuple[Value, ...], Run] = {}
    for run in runs:
        once.setdefault(tuple(_read_value(run, name) for name in swept), run)
    if len(once) < 2:
        raise ArgumentError("until= adds seeds to comparisons, and there is one variant: list several losses.")
    rows = [_make_row(run, place, swept) for place, run in enumerate(once.values())]
    rows.sort(key=lambda row: [make_value_key(row[name]) for name in swept])  # as in results.csv
    shorten_paths(rows)
    found = make_variants(Results((), rows), swept)
    chosen = find_baseline(baseline, found)
    variants = tuple(sorted(found, key=lambda variant: variant.runs[0]["place"]))
    others = [chosen.find_for(variant, variants) for variant in variants]
    places = tuple(next(n for n, variant in enumerate(variants) if variant is other) for other in others)
    return Study(design, tuple(once.values()), variants, chosen, places)


def _make_row(run: Run, place: int, swept: Sequence[str]) -> Row:
    """Return a row of a run without results, as the report would read it."""
    beside = all(name in run.defaults for name in DETECTOR_ARGUMENTS)
    values = {name: _read_value(run, name) for name in swept}
    about = {"status": "done", "seed": 0, "place": place, "gain": run.gain, "loss": run.arguments["loss"]}
    return {**about, "detector": "beside YOLO" if beside else None, **values}


def _read_value(run: Run, name: str) -> Value:
    """Return the value of an argument as a table of results has it: numbers are floats, all else is text."""
    value = run.arguments.get(name)
    if isinstance(value, int | float) and not isinstance(value, bool):
        return float(value)
    return None if value is None else str(value)
