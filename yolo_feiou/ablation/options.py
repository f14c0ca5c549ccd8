"""What `yolo ablate` is told: a grid of training arguments, and how it is to be done."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
import yaml

from yolo_feiou.ablation.design import Study, make_design, make_study
from yolo_feiou.ablation.grid import (
    ALIASES,
    Run,
    count_variants,
    describe_lists,
    describe_spellings,
    digest_settings,
    expand_grid,
    make_name_part,
)
from yolo_feiou.ablation.worker import Task
from yolo_feiou.errors import ArgumentError
from yolo_feiou.escape import quote_command
from yolo_feiou.evaluation.options import EVALUATION_OPTIONS
from yolo_feiou.framework import Framework
from yolo_feiou.parameters import Choice, Flag, Float, Folder, Hours, Int, Text, read_arguments

#: The seeds that each variant gets first where seeds are added, if the command names none.
FIRST_SEEDS = "0,1"
#: How a command compares.
COMPARES = "losses=ciou,eiou compares two losses, and box=5,7.5 two values of any other argument"
ABLATION_OPTIONS = (
    Folder(
        "out", "", meaning="the folder of the ablation; by default runs/ablate/NAME, which all losses and seeds share"
    ),
    Int("jobs", 0, 1, 4096, "runs at a time; by default one for each device"),
    Text("device", "", "devices like 0,1,2 or cpu; 0+1 is two for one run"),
    Int("per_device", 1, 1, 64, "runs at a time on each device"),
    Choice("engine", "local", ("local", "ray"), "where the runs are: on this machine, or on a Ray cluster"),
    Text("address", "", "the address of a Ray cluster, or auto"),
    Int("cpus", 1, 1, 1024, "cores that a run takes of a Ray cluster"),
    Int("retries", 1, 0, 100, "how often a run that failed is tried again"),
    Hours("timeout", 0.0, 8760.0, "how long a run may take; 0 for as long as it does"),
    Choice(
        "gain",
        "same",
        ("same", "matched"),
        "matched sets box= for each loss, so that the gradients of all are as large as CIoU's",
    ),
    Flag("preflight", True, meaning="whether the gradients of the losses are measured before the first run"),
    *EVALUATION_OPTIONS,
    Float(
        "until",
        0.0,
        0.0,
        100.0,
        "adds seeds until each difference is shown, or known to plus or minus so many AP points; 0 for the seeds named",
    ),
    Int("max_seeds", 20, 2, 100, "with until=, the most seeds of a variant"),
    Flag("race", False, meaning="with until=, whether what is shown not to be the best gets no more seeds"),
    Hours("budget", 0.0, 8760.0, "with until=, how long all runs together may take; 0 for any time"),
    Text("baseline", "", "with until=, what is compared with, as in yolo report baseline=ciou"),
    Text("only", "", "the number or the key of a run, the only one to do, see plan=True"),
    Flag("plan", False, meaning="whether the runs are listed and nothing is done"),
)


@dataclass(frozen=True)
class AblationOptions:
    """The values of `ABLATION_OPTIONS`, by their names."""

    out: str
    jobs: int
    device: str
    per_device: int
    engine: str
    address: str
    cpus: int
    retries: int
    timeout: float
    gain: str
    preflight: bool
    split: str
    weights: str
    evaluator: str
    annotations: str
    until: float
    max_seeds: int
    race: bool
    budget: float
    baseline: str
    only: str
    plan: bool


@dataclass(frozen=True)
class AblationRequest:
    """What a command asks for.

    Attributes:
        runs: The grid.
        options: The values of `ABLATION_OPTIONS`.
        command: The command, as it can be typed again.
        framework: What trains the runs.
        folder: The folder of the ablation.
        devices: One entry for each run at a time: its device, as the framework takes it.
        chosen: The runs that are to be done; of a study, those of its first seeds.
        study: What is compared where seeds are added until that is answered; None for a fixed grid.
        is_most_given: Whether the command names `max_seeds`.
        losses: The losses as the command lists them, '' if it names none.
    """

    runs: list[Run]
    options: AblationOptions
    command: str
    framework: Framework
    folder: Path
    devices: list[str]
    chosen: list[Run]
    study: Study | None = None
    is_most_given: bool = False
    losses: str = ""

    @property
    def notes(self) -> list[str]:
        """Lines on what was made of the command, where a user may have meant something else."""
        lines = [*describe_lists(self.runs), *describe_spellings(self.losses)]
        if count_variants(self.runs) == 1:
            lines.append(f"there is one variant, so nothing is compared: {COMPARES}.")
        return lines

    def task(self, cores: int = os.cpu_count() or 1) -> Task:
        """Return what each process is told.

        Args:
            cores: Those of the CPU, which runs side by side on it share.
        """
        options, on_cpu = self.options, set(self.devices) == {"cpu"}
        return Task(
            threads=max(1, cores // len(self.devices)) if on_cpu and len(self.devices) > 1 else 0,
            command=self.command,
            framework=self.framework.module,
            split=options.split,
            weights=options.weights,
            evaluator=options.evaluator,
            annotations=options.annotations,
            timeout=options.timeout,
        )


def find_folder(named: str, run: Run, framework: Framework) -> Path:
    """Return the folder of an ablation: the named one, or one among the framework's that losses and seeds share.

    Args:
        named: The argument `out`.
        run: One of its runs.
        framework: What trains them.
    """
    if named:
        return Path(named)
    varied = {"loss", "seed", *run.swept}
    fixed = {key: value for key, value in run.settings.items() if key not in varied}
    files = {key: Path(str(run.arguments[key])) for key in ("data", "model")}
    places = {key: str(path.absolute()) for key, path in files.items() if path.is_file()}  # two projects' data.yaml
    parts = [files[key].stem for key in files if key not in varied]
    parts = [make_name_part(part, " ._=-+,()[]{}@~^#&") for part in parts]  # none that Ultralytics can't take
    return framework.runs_folder / "ablate" / "-".join([*parts, digest_settings({**fixed, **places})[:6]])


def assign_devices(options: AblationOptions) -> list[str]:
    """Return the device of each run at a time.

    Raises:
        ArgumentError: If there are more jobs than the devices have room for.
    """
    jobs, each = options.jobs, options.per_device
    named = [device.strip().replace("+", ",") for device in options.device.strip("[]").split(",")]
    if named == [""]:  # as the framework chooses, and as many GPUs as there are for several runs
        named = ["cpu"] if not torch.cuda.is_available() else [str(n) for n in range(torch.cuda.device_count())]
        named = named[: jobs or 1]
    if len(named) == 1 and each == 1:
        each = jobs or 1
    slots = [device for _ in range(each) for device in named]  # all devices before any gets a second run
    if jobs > len(slots):
        raise ArgumentError(
            f"jobs={jobs}: device= and per_device= have room for {len(slots)} runs at a time: give fewer jobs, or "
            "a larger per_device."
        )
    return slots[: jobs or None]


def choose_runs(runs: list[Run], only: str) -> list[Run]:
    """Return the runs that are to be done: all, or the one that `only` names.

    Raises:
        ArgumentError: If there is none of that number or key.
    """
    if not only:
        return runs
    found = [run for number, run in enumerate(runs, 1) if only in (str(number), run.key)]
    if not found:
        raise ArgumentError(f"only={only}: no run of the {len(runs)} has that number or key, see plan=True.")
    return found[:1]


def read_ablation_request(args: Sequence[str], framework: Framework) -> AblationRequest:
    """Return what the arguments of `yolo ablate` ask for.

    Args:
        args: Each `key=value`; `cfg=` names a YAML with the same keys, which the command line overrides.
        framework: What trains the runs.

    Raises:
        ArgumentError: If an argument is no `key=value`, is unknown, given twice or wrong, the devices have no room for
            all jobs, `only` names none of the runs, or the options of a study don't fit.
        LossSpecError: If a loss is wrong.
    """
    given = split_arguments(args)
    settings = {**read_grid(given.pop("cfg"), framework), **given} if "cfg" in given else given
    names = {option.name for option in ABLATION_OPTIONS}
    own = [f"{key}={value}" for key, value in settings.items() if key in names]
    values: dict[str, Any] = {option.name: option.default for option in ABLATION_OPTIONS}
    options = AblationOptions(**values | read_arguments("yolo ablate", own, ABLATION_OPTIONS))
    grid = {key: value for key, value in settings.items() if key not in names}
    if "data" not in grid:
        raise ArgumentError("no data= is given: name a data YAML, or data=shapes.yaml to try things out.")
    grid.setdefault("model", "yolov8n.yaml")
    if options.until:
        grid.setdefault("seed", FIRST_SEEDS)
    check_study_options(options)
    runs = expand_grid(grid, framework, options.gain)
    return AblationRequest(
        runs,
        options,
        quote_command(["yolo", "ablate", *args]),
        framework,
        find_folder(options.out, runs[0], framework),
        assign_devices(options),
        choose_runs(runs, options.only),
        read_study(runs, options),
        "max_seeds" in settings,
        settings.get("loss", ""),
    )


def check_is_comparison(request: AblationRequest) -> None:
    """Raise ArgumentError for a command with nothing to compare, which neither several seeds nor `only` ask for."""
    if count_variants(request.runs) > 1 or request.options.only:
        return
    if not request.losses:
        raise ArgumentError(f"there is nothing to compare: {COMPARES}.")
    if len(request.runs) == 1:  # a loss with several seeds shows how much chance does
        raise ArgumentError(
            f"losses={request.losses} is one run, and there is nothing to compare: {COMPARES}; only=1 does this run."
        )


def check_study_options(options: AblationOptions) -> None:
    """Raise ArgumentError for options that make sense only with others."""
    if options.until and options.only:
        raise ArgumentError(
            f"only={options.only} with until={options.until:g}: which runs there are follows from what comes out of "
            "others. Leave only= out; the same command on several nodes shares the work, in a folder that all share."
        )
    if options.until and options.budget and options.engine == "ray" and not options.jobs:
        raise ArgumentError(
            "budget= on a Ray cluster needs jobs=, the number of runs at a time by which it is counted."
        )
    given = {name: getattr(options, name) for name in ("max_seeds", "race", "budget", "baseline")}
    for option in ABLATION_OPTIONS:
        if not options.until and option.name in given and given[option.name] != option.default:
            raise ArgumentError(
                f"{option.name}= is for an ablation that adds seeds until comparisons are answered: give until=0.5 "
                "too, half of the width of an interval in AP points, or leave it out."
            )


def read_study(runs: list[Run], options: AblationOptions) -> Study | None:
    """Return what is compared where seeds are added, None for a fixed grid."""
    if not options.until:
        return None
    seeds = list(dict.fromkeys(int(run.arguments["seed"]) for run in runs))
    return make_study(runs, make_design(seeds, options.until, options.max_seeds, options.race), options.baseline)


def split_arguments(args: Sequence[str]) -> dict[str, str]:
    """Return `key=value` arguments as a dictionary, with one name for each argument."""
    values: dict[str, str] = {}
    for arg in args:
        check_unicode(arg)
        key, equals, text = arg.lstrip("-").partition("=")
        if not equals:
            raise ArgumentError(f"'yolo ablate' takes arguments like losses=ciou,eiou, got '{arg}'.")
        if key == "seeds" and text.isdecimal() and int(text) > 0:
            first = ",".join(map(str, range(min(int(text), 3)))) + ",…" * (int(text) > 3)
            raise ArgumentError(
                f"seeds={text} may mean how many or which one: give seeds={first} for {text} of them, seed={text} for "
                "that one."
            )
        key = ALIASES.get(key, key)
        if key in values:
            raise ArgumentError(f"'yolo ablate' got {key}= twice: give it once, several values as {key}=a,b.")
        values[key] = text
    return values


def check_unicode(text: str) -> None:
    """Raise ArgumentError for bytes that are not UTF-8: no record could hold them."""
    try:
        text.encode()
    except UnicodeEncodeError:
        readable = text.encode("utf-8", "surrogateescape").decode("utf-8", "replace")
        raise ArgumentError(f"'{readable}' has bytes that are not UTF-8: rename what it names.") from None


def read_grid(name: str, framework: Framework) -> dict[str, str]:
    """Return the arguments in the YAML of an ablation as text: a list is several values, comma-separated.

    Raises:
        ArgumentError: If there is no such file, or it is not a YAML of `key: value` lines.
    """
    content = framework.read_grid(name)
    names = {key: ALIASES.get(key, key) if isinstance(value, list) else key for key, value in content.items()}
    return split_arguments([f"{names[key]}={_word(value)}" for key, value in content.items()])


def _word(value: object) -> str:
    """Return a value of a YAML as it is typed; a list within a list is one value."""
    if isinstance(value, list):
        return ",".join(
            yaml.safe_dump(one, default_flow_style=True).strip() if isinstance(one, list) else str(one) for one in value
        )
    return str(value)
