"""What the README says is what the code and the CSVs say."""

import csv
import re
from pathlib import Path

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


def test_tested_range_is_doctors():
    assert f"Ultralytics {TESTED[0]} to {TESTED[1]} " in README
    assert f'"ultralytics>={TESTED[0]},' in (ROOT / "pyproject.toml").read_text(encoding="utf-8")
