"""Runs that differ by their seed alone, taken together."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from yolo_feiou.errors import DataError
from yolo_feiou.parameters import format_value
from yolo_feiou.report.read import Results
from yolo_feiou.report.statistics import Difference, Spread, paired_difference, spread
from yolo_feiou.results.arguments import NEUTRAL_ARGUMENTS
from yolo_feiou.results.main_metric import find_main_metric
from yolo_feiou.results.own_loss import find_own_loss
from yolo_feiou.results.schema import find_dependent
from yolo_feiou.storage.tables import Row

Value = float | str | None
MATCHED = "matched"  # the `gain` of runs whose box gain was set so that gradients agree in size


@dataclass(frozen=True)
class Variant:
    """Runs that differ by their seed alone.

    Attributes:
        values: The value of each swept argument.
        runs: Their rows, by seed.
    """

    values: Mapping[str, Value]
    runs: Mapping[int, Row]

    @property
    def loss(self) -> str:
        """The spec of its loss."""
        return str(next(iter(self.runs.values()))["loss"])

    @property
    def detector(self) -> str:
        """The detector that it is, '' for YOLO."""
        return str(next(iter(self.runs.values())).get("detector") or "")

    @property
    def own_loss(self) -> str:
        """The loss that its model has of its own, see `find_own_loss`."""
        return find_own_loss(next(iter(self.runs.values())))

    @property
    def metric(self) -> str:
        """The column that is compared: AP, or Ultralytics' own mAP of oriented boxes."""
        return find_main_metric(next(iter(self.runs.values())))

    @property
    def most_seeds(self) -> int | None:
        """The largest `max_seeds` of its rows, if its ablation was to end when it had said enough; None if not."""
        return max((int(row["max_seeds"]) for row in self.runs.values() if row.get("max_seeds")), default=None)

    @property
    def others(self) -> dict[str, Value]:
        """The values of all swept arguments but the loss."""
        return {name: value for name, value in self.values.items() if name != "loss"}

    @property
    def label(self) -> str:
        """Its name for people: its loss, if that is swept, and the values of the other swept arguments."""
        loss = [self.loss] if "loss" in self.values or not self.values else []
        return " ".join([*loss, *show_values(self.others)])

    def get_by_seed(self, metric: str) -> dict[int, float]:
        """Return a metric by seed, of those runs that have it."""
        return {seed: row[metric] for seed, row in self.runs.items() if row.get(metric) is not None}

    def spread(self, metric: str) -> Spread:
        """Return the spread of a metric over the seeds."""
        return spread([*self.get_by_seed(metric).values()])

    def difference(self, baseline: Variant, metric: str) -> Difference:
        """Return the difference of a metric to a baseline's, over the seeds that both have.

        It is that of a sequential comparison where either was to get seeds until enough was said.
        """
        ours, theirs = self.get_by_seed(metric), baseline.get_by_seed(metric)
        seeds = sorted(ours.keys() & theirs.keys())
        most = find_most_seeds(self, baseline)
        return paired_difference([ours[seed] for seed in seeds], [theirs[seed] for seed in seeds], most)

    def has_values(self, values: Mapping[str, Value]) -> bool:
        """Return whether it has these values of swept arguments."""
        return all(self.values[name] == value for name, value in values.items())


def find_most_seeds(*variants: Variant) -> int | None:
    """Return the largest number of seeds that variants might get until enough was said; None if that was fixed."""
    return max((most for variant in variants if (most := variant.most_seeds) is not None), default=None)


def show_values(values: Mapping[str, Value]) -> list[str]:
    """Return values of swept arguments as one would type them: box=7.5."""
    return [f"{name}={show_value(value)}" for name, value in values.items()]


def show_value(value: Value) -> str:
    """Return a value as one would type it, – for none."""
    return "–" if value is None else format_value(value)


def find_swept_arguments(results: Results) -> tuple[str, ...]:
    """Return the names of what is compared: the arguments that an ablation varied, without the seed, the loss first.

    Arguments in which runs differ although no ablation varied them, as of two folders, count too, for what differs is
    never averaged over. The gain `box` doesn't where it was matched, since it follows from the loss; nor what follows
    from a varied argument, as iterations from epochs. Of runs of YOLO and of other detectors in one report, which have
    arguments and defaults of their own, what differs within either counts, and the model, which parts them.
    """
    listed = [name for row in results.rows for name in str(row.get("axes") or "").split()]
    sides = split_by_trainer(results.done)
    differing = [n for n in (*results.arguments, "loss", "gain") if any(_differs(side, n) for side in sides)]
    if len(sides) > 1:
        differing.append("model" if not _shares_value(sides, "model") else "detector")
    found = [name for name in differing if name not in NEUTRAL_ARGUMENTS and name not in find_dependent(listed)]
    swept = dict.fromkeys([*listed, *found])
    return tuple(sorted((name for name in swept if name != "seed"), key=lambda name: name != "loss"))


def split_by_trainer(rows: Sequence[Row]) -> list[list[Row]]:
    """Return the runs of YOLO, and those of other detectors; one list where there is one kind."""
    sides = ([row for row in rows if bool(row.get("detector")) is other] for other in (False, True))
    return [side for side in sides if side]


def describe_twice(one: Row, other: Row) -> str:
    """Return the message on two runs of a variant with one seed: with the older one, where the loss's code differs."""
    both = f"runs {one['run']} and {other['run']} are the same variant with the same seed {int(one['seed'])}"
    if one.get("loss_holds") != other.get("loss_holds"):
        older = min((one, other), key=lambda row: str(row.get("started") or ""))
        return (
            f"{both}, and the code of {one['loss']} was another then. Move the runs with the code that no longer "
            f"counts to another folder; {older['run']} is the older one."
        )
    return f"{both}: take one of them out, or report their folders apart."


def make_variants(results: Results, swept: Sequence[str]) -> list[Variant]:
    """Return the variants that have a finished run; those that share all swept arguments but the loss stand together.

    Groups are in the order of these values where they are numbers, otherwise in that of the rows, and so are the
    variants of a group.

    Raises:
        DataError: If a seed of a variant is there twice.
    """
    found: dict[tuple[tuple[Value, ...], str], dict[int, Row]] = {}
    for row in results.done:
        runs = found.setdefault((tuple(_value(row, name) for name in swept), find_main_metric(row)), {})
        seed = int(row["seed"])
        if seed in runs:
            raise DataError(describe_twice(runs[seed], row))
        runs[seed] = row
    variants = [
        Variant(dict(zip(swept, values, strict=True)), dict(sorted(runs.items())))
        for (values, _), runs in found.items()
    ]
    rank = {
        name: {value: place for place, value in enumerate(_ordered(v.values[name] for v in variants))} for name in swept
    }
    last = sorted(swept, key=lambda name: name == "loss")
    return sorted(variants, key=lambda variant: [rank[name][variant.values[name]] for name in last])


def group_variants(variants: Iterable[Variant]) -> list[list[Variant]]:
    """Return the variants by the values of all swept arguments but the loss, and by what is compared."""
    found: dict[tuple[Value, ...], list[Variant]] = {}
    for variant in variants:
        found.setdefault((*variant.others.values(), variant.metric), []).append(variant)
    return list(found.values())


def _value(row: Row, name: str) -> Value:
    """Return a run's value of a swept argument; a gain that was matched to the loss is the same for all losses."""
    return MATCHED if name == "box" and row.get("gain") == MATCHED else row.get(name)


def _ordered(values: Iterable[Value]) -> list[Value]:
    """Return each value once: numbers by size, otherwise as they come."""
    once = list(dict.fromkeys(values))
    numbers = [value for value in once if isinstance(value, float)]
    return [*sorted(numbers)] if len(numbers) == len(once) else once


def _shares_value(sides: Sequence[Sequence[Row]], name: str) -> bool:
    """Return whether runs of both kinds have the same value of an argument."""
    return bool(set.intersection(*({row.get(name) for row in side} for side in sides)))


def _differs(rows: Sequence[Row], name: str) -> bool:
    """Return whether runs differ in an argument; the gain `box` of matched runs doesn't count."""
    return len({row.get(name) for row in rows if not (name == "box" and row.get("gain") == MATCHED)}) > 1
