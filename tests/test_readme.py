"""What the README says is what the code and the CSVs say."""

import csv
import re
from collections import defaultdict
from pathlib import Path
from statistics import fmean

import pytest

from yolo_feiou import LOSSES
from yolo_feiou.doctor import TESTED
from yolo_feiou.spec import spell

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")


def rows(name):
    with open(ROOT / "benchmarks" / name, newline="") as file:
        return list(csv.DictReader(file))


def test_table_of_losses_is_the_table():
    listed = {name: cell.strip() for name, cell in re.findall(r"^\| `(\w+)` \|([^|]*)\|", README, re.MULTILINE)}
    assert list(listed) == [*LOSSES, "stock"]
    for name, info in LOSSES.items():
        assert listed[name] == " ".join(f"`{p.name}={spell(p.default)}`" for p in info.parameters)


def test_speed_table_is_the_csv():
    measured = {(row["loss"], row["N"]): row["ratio"] for row in rows("box_loss.csv")}
    header, *lines = re.findall(r"^\| (.*) \|$", README[README.index("## Speed") :], re.MULTILINE)
    counts = [cell.removeprefix("N = ") for cell in header.split(" | ")[1:]]
    table = [line.split(" | ") for line in lines]
    assert len(table) == 8
    for loss, *cells in table:
        assert cells == [measured[loss, count] for count in counts]


def test_step_ratios_are_the_csv():
    measured = {row["loss"]: row["ratio"] for row in rows("train_step.csv")}
    said = re.search(r"`loss=focal_eiou` takes\s+([\d.]+)\s+of\s+stock's, .*?, is\s+([\d.]+)", README, re.DOTALL)
    assert said.groups() == (measured["focal_eiou"], measured["stock again"])


def test_costs_of_a_comparison_are_the_csvs():
    one, two = rows("ablation.csv")
    assert f"takes {one['runner_alone']} s, once, which is {one['ratio']} of them" in README
    assert f"takes {two['to_jobs_1']} of the time of `jobs=1`" in README
    row = next(row for row in rows("evaluation.csv") if row["what"] == "the whole row")
    assert f"takes {row['ratio_to_pycocotools']} of pycocotools' time" in README
    assert f"`yolo report` on 100 runs {rows('report.csv')[0]['seconds']} s" in README


def test_costs_of_coco_are_the_csvs():
    prepared = next(row for row in rows("prepare_coco.csv") if "as prepared" in row["what"])
    assert f"of COCO's size in {prepared['seconds']} s on two cores, {prepared['times_faster']} times as fast" in README
    assert f"memory grows by {prepared['memory_ratio']} times" in README
    ratios = {row["step"]: row["ratio"] for row in rows("ranks.csv")}
    said = re.search(r"takes\s+([\d.]+) of stock DDP's, where stock against itself takes\s+([\d.]+)", README)
    assert said.groups() == (ratios["focal_eiou"], ratios["stock again"])


#: Columns of the tables in docs/scaling.md, in order.
SCALING = {
    "scaling.csv": ("what", "value", "unit"),
    "ranks.csv": ("step", "milliseconds", "ratio"),
    "prepare_coco.csv": ("what", "seconds", "times_faster", "memory_ratio", "bytes_per_annotation"),
    "scaling_model.csv": (
        *("gpus", "total_batch", "compute_ms", "data_ms", "communication_ms", "exposed_ms", "step_ms", "epoch_min"),
        *("validation_s", "hours_500_epochs", "efficiency"),
    ),
}


@pytest.mark.parametrize("name", SCALING)
def test_tables_on_scaling_are_the_csvs(name):
    text = (ROOT / "docs" / "scaling.md").read_text(encoding="utf-8")
    table = re.search(r"\n\n((?:\|.*\n)+)", text[text.index(f"benchmarks/{name}") :])[1].splitlines()
    expected = [[row[column] or "–" for column in SCALING[name]] for row in rows(name)]
    assert [line.strip("| ").split(" | ") for line in table[2:]] == expected


def test_figures_on_scaling_are_the_csvs():
    text = (ROOT / "docs" / "scaling.md").read_text(encoding="utf-8")
    values = {row["what"]: row["value"] for row in rows("scaling.csv")}
    assert f"{values['memory of the labels, for an image']} bytes an image" in text
    assert f"{rows('scaling_model.csv')[1]['labels_gb_a_machine_10m_images']} GB a machine" in text


def test_tested_range_is_doctors():
    assert f"Ultralytics {TESTED[0]} to {TESTED[1]} " in README
    assert f'"ultralytics>={TESTED[0]},' in (ROOT / "pyproject.toml").read_text(encoding="utf-8")


def test_the_table_of_the_comparison_is_that_of_the_report():
    report = (ROOT / "results" / "bccd" / "report" / "comparison.md").read_text(encoding="utf-8")
    table = [line for line in report.splitlines() if line.startswith("|")]
    assert len(table) == 2 + 13, "seven losses at the usual gain, three at two others"
    assert "\n".join(table) in README


def test_shares_of_the_gradient_are_those_of_the_runs():
    """Bins .8 and .9 of the last three of 30 epochs, mean over the runs at box=7.5."""
    with open(ROOT / "results" / "bccd" / "results.csv", newline="") as file:
        losses = {row["run"]: row["loss"] for row in csv.DictReader(file) if float(row["box"]) == 7.5}
    shares = defaultdict(list)
    with open(ROOT / "results" / "bccd" / "box_stats.csv", newline="") as file:
        for row in csv.DictReader(file):
            if int(float(row["epoch"])) > 27 and row["run"] in losses:
                shares[losses[row["run"]]].append(float(row["grad_80"]) + float(row["grad_90"]))
    header, values = re.search(r"at `box=7.5`:\n\n\| (.*) \|\n.*\n\| (.*) \|\n", README).groups()
    said = dict(zip(header.split(" | "), values.split(" | "), strict=True))
    assert said == {loss: f"{100 * fmean(values):.0f} %" for loss, values in shares.items()}


def test_nothing_in_the_results_names_a_machine():
    for path in (ROOT / "results").rglob("*"):
        if path.suffix in (".csv", ".html", ".md", ".tex"):
            assert not re.search(r"/(tmp|home|root|work|Users)/", path.read_text(encoding="utf-8")), path
