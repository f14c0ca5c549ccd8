"""Make the tables of README.md, data/README.md and docs/*.md from the code, the recipes and the CSV files.

It writes yolo_feiou/ops.pyi too: the signatures of the functions that are made from the table of losses.

python scripts/make_docs.py

A table stands on its page between `<!-- generated: NAME -->` and `<!-- end -->`. A new one is a function below that
returns Markdown, and its line in TABLES; docs/paper.md is made by scripts/paper.py, docs/losses/ by
scripts/loss_pages.py.
"""

from __future__ import annotations

import re
import subprocess
from collections import defaultdict
from collections.abc import Callable
from contextlib import redirect_stdout, suppress
from functools import cache
from inspect import Parameter
from io import StringIO
from pathlib import Path
from statistics import fmean
from textwrap import dedent

import yaml
from markdown_tables import MISSING, Row, format_csv, format_table, join_pair, read_rows
from study_tables import list_advice, list_confirmation, list_gains, list_mechanism, list_repeats, list_screening

from yolo_feiou.cli import HELP, VERBS
from yolo_feiou.datasets.coco.catalogue import ANNOTATIONS, COCO_2017, TEST, TEST_DEV, TEST_INFO, URL, Archive
from yolo_feiou.datasets.command import KINDS as PREPARED_KINDS
from yolo_feiou.detectors.build import STOCK_GAINS
from yolo_feiou.detectors.config_keys import DETECTORS
from yolo_feiou.errors import ArgumentError, did_you_mean
from yolo_feiou.escape import escape_markdown
from yolo_feiou.export.options import EXPORT
from yolo_feiou.lightning.arguments import DEFAULTS, MEANINGS, PARAMETERS
from yolo_feiou.lightning.gradient_norms import OWN_LOSSES
from yolo_feiou.losses.build import STOCK
from yolo_feiou.losses.functions import make_signature, write_docstring
from yolo_feiou.losses.gradients import BINS, read_gradients
from yolo_feiou.losses.listing import STOCK_MEANING, spell_published
from yolo_feiou.losses.names import PREFIXES, SPELLINGS, UNBUILT
from yolo_feiou.losses.table import DEPENDENT_MODIFIERS, LOSSES, MODIFIER_MEANINGS, MODIFIERS, LossInfo
from yolo_feiou.parameters import format_value
from yolo_feiou.report.format import format_difference
from yolo_feiou.report.statistics import paired_difference
from yolo_feiou.results.file_names import RESULTS
from yolo_feiou.results.schema import describe_columns
from yolo_feiou.storage.tables import write_text
from yolo_feiou.yolo.mode_help import MODE_HELP, iter_own_lines

ROOT = Path(__file__).resolve().parents[1]
#: The scripts that are commands of the installed package, as pyproject.toml has them.
COMMANDS = ("train_coco.sh", "train_coco.slurm", "ablate_slurm.sh")
#: Beside the results on BCCD, those of the same losses and seeds as they were trained before.
FIRST_RUNS = "first_runs.csv"
BLOCK = re.compile(r"(?P<begin><!-- generated: (?P<name>\S+) -->\n)(?P<table>.*?)(?P<end>\n<!-- end -->)", re.DOTALL)
MARKER = re.compile(r"<!-- (?:generated\b|end -->)")
#: What a loss is called, by its form in the table of losses.
KINDS = {
    "penalty": "1 − IoU + penalty",
    "overlap": "another function of the overlap",
    "errors": "ℓn errors of centre and sides",
    "rotated": "of rotated boxes, `task=obb`",
}


def main(root: Path = ROOT) -> None:
    """Write all pages of a repository anew, and the stubs, and name those that change."""
    for path in [*find_pages(root), root / "yolo_feiou" / "ops.pyi"]:
        before = path.read_text(encoding="utf-8")
        name = path.relative_to(root).as_posix()
        after = fill_tables(before, name, root) if path.suffix == ".md" else format_stubs()
        if after != before:
            write_text(path, after)
            print(f"updated {name}")


def find_pages(root: Path) -> list[Path]:
    """Return the pages that may have generated tables."""
    return [root / "README.md", root / "data" / "README.md", *sorted((root / "docs").glob("*.md"))]


def fill_tables(page: str, name: str, root: Path) -> str:
    """Return a page with each generated table as its source has it now.

    Args:
        page: The text of the page.
        name: The name of the page, for messages.
        root: The folder of the repository.

    Raises:
        ArgumentError: If a table is unknown, or a marker has no other one.
    """
    if lost := MARKER.search(BLOCK.sub("", page)):
        line = page[lost.start() :].partition("\n")[0]
        raise ArgumentError(
            f"{name}: the marker '{line}' stands alone: a table begins with '<!-- generated: NAME -->' and ends with "
            "'<!-- end -->', each in a line of its own."
        )

    def fill(block: re.Match[str]) -> str:
        if block["name"] not in TABLES:
            raise ArgumentError(
                f"{name}: unknown table '{block['name']}'{did_you_mean(block['name'], TABLES)} "
                f"There are {', '.join(TABLES)}."
            )
        return f"{block['begin']}\n{TABLES[block['name']](root)}{block['end']}"

    return BLOCK.sub(fill, page)


def list_losses() -> str:
    """Return the table of losses."""
    rows = [
        (f"[`{info.name}`](losses/{info.name}.md)", escape_markdown(info.meaning), format_source(info))
        for info in LOSSES.values()
    ]
    titles = ("name", "for each pair of boxes", "source")
    return format_table(titles, "lll", [*rows, (f"`{STOCK}`", STOCK_MEANING.replace("loss=", "`loss=`"), "")])


def list_kinds() -> str:
    """Return a table of the names of all losses, by kind."""
    kinds: dict[str, list[str]] = {title: [] for title in KINDS.values()}
    for info in LOSSES.values():
        kinds[KINDS[info.form]].append(f"`{info.name}`")
    return format_table(("kind", "`loss=`"), "ll", ((title, ", ".join(names)) for title, names in kinds.items()))


def format_source(info: LossInfo) -> str:
    """Return the authors and the year of a loss, linked to the paper, and where it is defined there."""
    found = re.fullmatch(r"(?P<authors>.*?), .*?, (?P<year>\d{4}), (?P<kind>arXiv|doi):(?P<number>\S+)", info.paper)
    if not found:
        return escape_markdown(f"{info.paper}, {info.equation}")
    address = "https://arxiv.org/abs/" if found["kind"] == "arXiv" else "https://doi.org/"
    link = f"[{found['authors']}, {found['year']}]({address}{found['number']})"
    comma = "" if info.equation.startswith("(") else ","
    return f"{link}{comma} {escape_markdown(info.equation)}"


def list_parameters() -> str:
    """Return a table of the parameters of all losses: default, range and meaning of each."""
    rows = [
        (
            f"`{info.name}`",
            f"`{parameter.name}={format_value(parameter.default)}`",
            parameter.expected,
            escape_markdown(info.meanings[parameter.name]),
        )
        for info in LOSSES.values()
        for parameter in info.parameters
    ]
    return format_table(("loss", "parameter (default)", "allowed", "what it does"), "llll", rows)


def compare_modifiers() -> str:
    """Return a table of which loss takes which modifier."""
    shown = [key for key in MODIFIERS if key not in DEPENDENT_MODIFIERS]
    rows = ((f"`{info.name}`", *("yes" if key in info.modifiers else "" for key in shown)) for info in LOSSES.values())
    return format_table(("loss", *(f"`{key}=`" for key in shown)), "l" * (len(shown) + 1), rows)


def list_modifiers() -> str:
    """Return a table of the modifiers: allowed values and meaning of each."""
    rows = [
        (f"`{key}=`", parameter.expected, escape_markdown(MODIFIER_MEANINGS[key]))
        for key, parameter in MODIFIERS.items()
    ]
    return format_table(("modifier", "allowed", "what it does"), "lll", rows)


def list_published() -> str:
    """Return a table of names of the literature, and the spec that each stands for."""
    names = defaultdict(list)
    for name in [*SPELLINGS, *(f"{prefix}_ciou" for prefix in PREFIXES)]:
        names[spell_published(name)].append(f"`{name}`")
    return format_table(("name", "spec"), "ll", ((", ".join(those), f"`{spec}`") for spec, those in names.items()))


def list_unbuilt() -> str:
    """Return a table of the losses that aren't built, with their source and the reason."""
    names = defaultdict(list)
    for name, unbuilt in UNBUILT.items():
        names[unbuilt].append(f"`{name}`")
    rows = (
        (", ".join(those), escape_markdown(unbuilt.source), escape_markdown(unbuilt.reason))
        for unbuilt, those in names.items()
    )
    return format_table(("name", "source", "why"), "lll", rows)


def format_stubs() -> str:
    """Return the stub file of `yolo_feiou.ops`: each function with its signature and docstring."""
    blocks = [
        '"""Signatures of the losses as functions, made from their table by \'make docs\'; not to be edited."""\n\n'
        "from collections.abc import Sequence\nfrom typing import Literal\n\nfrom torch import Tensor\n"
    ]
    for info in LOSSES.values():
        signature = make_signature(info)
        lines, keyword = [f"def {info.name}_loss("], False
        for parameter in signature.parameters.values():
            if parameter.kind is parameter.KEYWORD_ONLY and not keyword:
                lines.append("    *,")
                keyword = True
            lines.append(f"    {format_parameter(parameter)},")
        docstring = write_docstring(info, signature).replace("\n", "\n    ").replace("\n    \n", "\n\n")
        blocks.append("\n".join([*lines, ") -> Tensor:", f'    """{docstring}\n    """\n']))
    return "\n".join(blocks)


def format_parameter(parameter: Parameter) -> str:
    """Return a parameter of a signature as Python has it."""
    default = "" if parameter.default is parameter.empty else f" = {spell_default(parameter.default)}"
    return f"{parameter.name}: {parameter.annotation}{default}"


def spell_default(default: object) -> str:
    """Return a default as Python has it, text in double quotes."""
    return f'"{default}"' if isinstance(default, str) else repr(default)


def list_detector_arguments() -> str:
    """Return a table of the training arguments of detectors beside YOLO."""
    rows = []
    for name, meaning in MEANINGS.items():
        expected = PARAMETERS[name].expected if name in PARAMETERS else ""
        default = "" if DEFAULTS[name] is None else f"`{format_value(DEFAULTS[name])}`"
        rows.append((f"`{name}=`", default, escape_markdown(f"{meaning}; {expected}" if expected else meaning)))
    return format_table(("argument", "default", "meaning"), "lll", rows)


def list_own_losses() -> str:
    """Return a table of the box losses that detectors beside YOLO have of their own, and of the gains of these."""
    words = {"l1": "ℓ1", "giou": "GIoU", "smooth_l1:beta=0.1111": "smooth ℓ1, β = 1/9"}
    rows = [(DETECTORS[name], words[loss], f"`{loss}`", f"{STOCK_GAINS[name]:g}") for name, loss in OWN_LOSSES.items()]
    return format_table(("detector", "its own box loss", "the nearest `loss=`", "its own gain"), "lllr", rows)


def list_learning(root: Path) -> str:
    """Return a table of the trainings on `shapes` that were run to their end, see scripts/learn_shapes.py."""
    last: dict[tuple[str, str], Row] = {}
    for row in read_rows(root / "docs" / "detectors" / "learning.csv"):
        last[row["detector"], row["loss"]] = row
    rows = []
    for row in last.values():
        minutes, best = f"{float(row['minutes']):.1f}", [f"{100 * float(row[name]):.1f}" for name in ("AP50", "AP")]
        rows.append((DETECTORS[row["detector"]], f"`{row['loss']}`", row["iteration"], minutes, row["machine"], *best))
    return format_table(("detector", "loss", "steps", "minutes", "on", "AP50", "AP"), "llrrlrr", rows)


def list_families(root: Path) -> str:
    """Return a table of the families of models and what a loss was swapped into, see scripts/train_families.py."""
    families: dict[tuple[str, ...], list[str]] = defaultdict(list)
    for row in read_rows(root / "docs" / "families.csv"):
        key = (row["family"], f"`{row['model']}`", row["place"], row["swapped"])
        families[key].append(f"{row['kind']}: `{row['loss']}`")
    rows = [(*key, "; ".join(trained)) for key, trained in families.items()]
    return format_table(("models", "trained", "a loss takes the place of", "swapped", "by kind"), "lllll", rows)


def list_oriented(root: Path) -> str:
    """Return a table of the trainings on `shapes-obb`, see scripts/learn_oriented.py.

    Their minutes stay in the CSV: they are those of a shared machine, and `benchmarks/family_step.csv` compares steps.
    """
    last, reached = {}, {}
    for row in read_rows(root / "docs" / "oriented.csv"):
        last[row["loss"]] = row
        if float(row["mAP50"]) >= 0.5:
            reached.setdefault(row["loss"], row["epoch"])
    rows = [
        (
            f"`{loss}`",
            row["epoch"],
            reached.get(loss, MISSING),
            *(f"{100 * float(row[name]):.1f}" for name in ("mAP50", "mAP")),
        )
        for loss, row in last.items()
    ]
    columns = ("loss", "epochs", "epoch of mAP50 ≥ 50", "mAP50, %", "mAP, %")
    return format_table(columns, "lrrrr", rows)


def list_recipes(root: Path) -> str:
    """Return a table of all recipes: the command that takes each, the first line of its comment, and its losses."""
    rows = []
    for path in sorted((root / "cfg").rglob("*.yaml"), key=lambda path: (path.parent.name != "cfg", path.as_posix())):
        text = path.read_text(encoding="utf-8")
        recipe = yaml.safe_load(text)
        folder = path.relative_to(root / "cfg").parent.as_posix()
        if folder in ("datasets", "detectors"):
            continue
        verb, name = ("ablate", path.name) if folder in ("ablation", "paper") else ("train", f"{folder}/{path.name}")
        words = f"yolo {verb}{' …' * (verb == 'train')} cfg={name.removeprefix('./')}"
        command = f"[`{words}`](../{path.relative_to(root).as_posix()})"
        losses = [recipe["loss"]] if "loss" in recipe else recipe.get("losses", ())
        meaning = text.partition("\n")[0].removeprefix("# ")
        rows.append((command, escape_markdown(meaning), ", ".join(f"`{loss}`" for loss in losses) or "any"))
    return format_table(("recipe", "what it is", "loss"), "lll", rows)


def compare_coco_settings(root: Path) -> str:
    """Return a table of what the two recipes for COCO set: one row for each setting that differs, one for the rest."""
    recipes = [yaml.safe_load((root / "cfg" / "coco" / name).read_text()) for name in ("yolov8.yaml", "1x.yaml")]
    spelled = [{key: spell_setting(value) for key, value in recipe.items()} for recipe in recipes]
    keys = dict.fromkeys(key for recipe in spelled for key in recipe)
    differing = [key for key in keys if len({recipe.get(key) for recipe in spelled}) > 1]
    rows = [(f"`{key}`", *(recipe.get(key, MISSING) for recipe in spelled)) for key in differing]
    others = " ".join(f"`{key}={spelled[0][key]}`" for key in keys if key not in differing)
    titles = ("setting", "[`coco/yolov8.yaml`](../cfg/coco/yolov8.yaml)", "[`coco/1x.yaml`](../cfg/coco/1x.yaml)")
    return format_table(titles, "lll", [*rows, ("all others", others, "the same")])


def spell_setting(value: object) -> str:
    """Return a setting as YAML has it."""
    return str(value).lower() if isinstance(value, bool) else str(value)


def list_coco_files() -> str:
    """Return a table of what is downloaded for COCO 2017."""
    val, train = COCO_2017
    annotations = " and ".join(f"{published.counts[1]:,}" for published in (train, val))
    holds: tuple[tuple[Archive, str, str], ...] = (
        (train.images, "", f"{train.counts[0]:,} images"),
        (val.images, "", f"{val.counts[0]:,} images"),
        (ANNOTATIONS, "", f"{annotations} annotations"),
        (TEST, ", with `test=True`", f"{TEST_DEV.counts[0]:,} images of test-dev, and others"),
        (TEST_INFO, ", with `test=True`", "the list of them"),
    )
    rows = (
        (f"`{archive.path}`{when}", f"{archive.size:,}" if archive.size else "not published", archive.md5, content)
        for archive, when, content in holds
    )
    return format_table((f"file, below {URL}", "bytes", "MD5", "content"), "lrll", rows)


def copy_comparison(root: Path) -> str:
    """Return the table of the comparison as the report on BCCD has it."""
    report = (root / "results" / "bccd" / "report" / "comparison.md").read_text(encoding="utf-8")
    return "".join(f"{line}\n" for line in report.splitlines() if line.startswith("|"))


def repeat_comparison(root: Path) -> str:
    """Return the table of the differences to CIoU on BCCD by seed, in both trainings of the same losses and seeds."""
    rows = [(escape_markdown(loss), *cells) for loss, cells in compare_repeats(root).items()]
    titles = ("loss", "ΔAP by seed, before", "ΔAP by seed, now", "mean of all", "95 %, t")
    return format_table(titles, "lrrrr", rows)


@cache
def compare_repeats(root: Path) -> dict[str, tuple[str, str, str, str]]:
    """Return by loss its differences to CIoU in the trainings before and in those now, their mean, and its interval."""
    first, again = (
        {(row["loss"], row["seed"]): float(row["AP"]) for row in read_rows(root / "results" / "bccd" / name)}
        for name in (FIRST_RUNS, RESULTS)
    )
    seeds = sorted({seed for _, seed in again})
    found = {}
    for loss in dict.fromkeys(loss for loss, _ in again if loss != "ciou"):
        before, now = ([runs[loss, seed] - runs["ciou", seed] for seed in seeds] for runs in (first, again))
        both = paired_difference([*before, *now], [0.0] * 2 * len(seeds))
        low, high = both.interval or (None, None)
        by_seed = (" ".join(format_difference(one, 1) for one in of) for of in (before, now))
        interval = f"{format_difference(low, 1)} to {format_difference(high, 1)}"
        found[loss] = (*by_seed, format_difference(both.mean, 1), interval)
    return found


def share_gradient(root: Path) -> str:
    """Return a table of the share of the box gradient that comes from positives of an IoU of .8 or more.

    Of the last three epochs, as the mean over the runs, by loss; the largest first.
    """
    losses = {row["run"]: row["loss"] for row in read_rows(root / "results" / "bccd" / "results.csv")}
    epochs = read_rows(root / "results" / "bccd" / "box_stats.csv")
    last = max(float(row["epoch"]) for row in epochs)
    shares = defaultdict(list)
    for row in epochs:
        if float(row["epoch"]) > last - 3:
            shares[losses[row["run"]]].append(float(row["grad_80"]) + float(row["grad_90"]))
    means = sorted(((loss, fmean(values)) for loss, values in shares.items()), key=lambda item: -item[1])
    titles = [escape_markdown(loss) for loss, _ in means]
    return format_table(titles, "r" * len(means), [[f"{100 * share:.0f} %" for _, share in means]])


def list_commands() -> str:
    """Return what the commands print of their arguments."""
    train = "\n".join(iter_own_lines(MODE_HELP["train"]))  # Ultralytics' own differ from release to release
    helps = {"yolo help": dedent(HELP).strip("\n"), "yolo train --help": f"{train}\n    ..."}
    verbs = [[verb] for verb in VERBS if verb != EXPORT]  # which is the same as evaluate
    for verb, *more in (*verbs, *(["prepare", kind] for kind in PREPARED_KINDS)):
        with redirect_stdout(StringIO()) as printed, suppress(SystemExit):
            VERBS[verb]([*more, "--help"])
        helps[" ".join(("yolo", verb, *more, "--help"))] = printed.getvalue().strip("\n")
    for name in COMMANDS:
        done = subprocess.run([ROOT / "scripts" / name, "--help"], capture_output=True, encoding="utf-8", check=True)
        helps[f"{name} --help"] = done.stdout.strip("\n")
    return "\n".join(f"## `{command}`\n\n```\n{text}\n```\n" for command, text in helps.items())


def compare_speed(root: Path) -> str:
    """Return a table of the time that a loss takes beside that of Ultralytics' own."""
    rows = read_rows(root / "benchmarks" / "box_loss.csv")
    ratios = {(row["loss"], row["N"]): row["ratio"] for row in rows}
    counts = list(dict.fromkeys(row["N"] for row in rows))
    eager = ("ciou", "eiou", "focal_eiou", "siou", "wiou", "mpdiou", "shapeiou", "piou2", "nwd", "uiou", "focal_l1")
    compiled = ("focal_eiou compiled", "siou compiled", "nwd compiled", "floor, pred·target compiled")
    shown = ("stock CIoU", "torchvision CIoU", *eager, "ciou:inner=0.75", *compiled)
    lines = [[loss, *(ratios[loss, count] for count in counts)] for loss in shown]
    return format_table(["loss", *(f"N = {count}" for count in counts)], "l" + "r" * len(counts), lines)


def compare_gradients(root: Path) -> str:
    """Return a table of the loss and of the gradient of each loss beside CIoU's, by the IoU of the boxes."""
    ratios = read_gradients()
    titles = ["loss", *(f"IoU {low:g} to {high:g}" for low, high in BINS)]
    return format_table(titles, "l" + "r" * len(BINS), ([f"`{name}`", *cells] for name, cells in ratios.items()))


def compare_resumed(root: Path) -> str:
    """Return a table of what a training came to, uncut, resumed with its state and from last.pt alone."""
    names = {
        "whole": "without a cut",
        "resumed": "killed and resumed {} times",
        "from last.pt alone": "the same, the state removed before each resume",
    }
    rows = {row["what"]: row for row in read_rows(root / "benchmarks" / "resume.csv")}
    lines = []
    for what, name in names.items():
        equal = f"{rows[what]['equal']} of {rows[what]['tensors']}" if what != "whole" else ""
        lines.append((name.format(rows[what]["kills"]), ", ".join(rows[what]["percent"].split()), equal))
    titles = ("", "mAP50-95 after each epoch, in per cent", "equal tensors of the model and its EMA")
    return format_table(titles, "llr", lines)


def compare_stopping(root: Path) -> str:
    """Return a table of simulated ablations that end by themselves, without a race / with one.

    Those of ten variants and at most 20 seeds: see scripts/simulate_stopping.py.
    """
    studies: dict[tuple[str, ...], list[Row]] = defaultdict(list)
    for row in read_rows(root / "docs" / "stopping.csv"):
        if (row["variants"], row["max_seeds"]) == ("10", "20"):
            studies[row["differences"], row["sd"], row["noise"].replace("normal", "")].append(row)
    rows = []
    for (differences, sd, noise), pair in studies.items():
        cells = {name: [row[name] for row in pair] for name in pair[0]}
        best = cells["ratio_width"] if cells["ratio_width"][0] else cells["ratio_best"]
        rows.append(
            (
                f"{differences}{f', {noise}' if noise else ''}",
                sd,
                *(join_pair(cells["runs"], 1, 0), join_pair(cells["family_error"]), join_pair(cells["coverage"])),
                *(join_pair(cells["best_lost"][1:]), join_pair(cells["power_best"]), join_pair(best, 1, 2)),
                *(join_pair(cells["power_all"]), join_pair(cells["ratio_all"], 1, 2)),
            )
        )
    titles = ("true differences", "sd of a run", "runs", "a false one shown, %", "covered, %", "best lost, %")
    found = ("best found, %", "runs / fixed grid’s", "differences shown, %", "runs / fixed grid’s for these")
    return format_table((*titles, *found), "l" + "r" * 9, rows)


#: What makes each table, from the folder of the repository.
TABLES: dict[str, Callable[[Path], str]] = {
    "losses": lambda root: list_losses(),
    "loss-kinds": lambda root: list_kinds(),
    "detector_arguments": lambda root: list_detector_arguments(),
    "own_losses": lambda root: list_own_losses(),
    "learning": list_learning,
    "families": list_families,
    "oriented": list_oriented,
    "loss-parameters": lambda root: list_parameters(),
    "loss-modifiers": lambda root: compare_modifiers(),
    "modifiers": lambda root: list_modifiers(),
    "published-names": lambda root: list_published(),
    "unbuilt": lambda root: list_unbuilt(),
    "loss-gradients": compare_gradients,
    "recipes": list_recipes,
    "coco-settings": compare_coco_settings,
    "coco-files": lambda root: list_coco_files(),
    "bccd-comparison": copy_comparison,
    "bccd-repeats": repeat_comparison,
    "bccd-gradient": share_gradient,
    "speed": compare_speed,
    "resume": compare_resumed,
    "stopping": compare_stopping,
    "study-gains": list_gains,
    "study-screening": list_screening,
    "study-repeats": list_repeats,
    "study-confirmation": list_confirmation,
    "study-mechanism": list_mechanism,
    "study-advice": list_advice,
    "columns": lambda root: describe_columns(),
    "commands": lambda root: list_commands(),
    "scaling": lambda root: format_csv(root / "benchmarks/scaling.csv", "lrl", what="what", value="value", unit="unit"),
    "ranks": lambda root: format_csv(root / "benchmarks/ranks.csv", "lr", step="step", ratio="time, stock's = 1"),
    "prepare": lambda root: format_csv(
        root / "benchmarks/prepare_coco.csv",
        "lrrrr",
        what="what",
        seconds="seconds",
        times_faster="times faster",
        memory_ratio="memory, in sizes of the JSON",
        bytes_per_annotation="bytes an annotation",
    ),
    "scaling-model": lambda root: format_csv(
        root / "benchmarks/scaling_model.csv",
        "r" * 11,
        gpus="GPUs",
        total_batch="total batch",
        compute_ms="compute, ms",
        data_ms="data, ms",
        communication_ms="ring, ms",
        exposed_ms="not hidden, ms",
        step_ms="step, ms",
        epoch_min="epoch, min",
        validation_s="validation, s",
        hours_500_epochs="500 epochs, h",
        efficiency="efficiency",
    ),
}

if __name__ == "__main__":
    main()
