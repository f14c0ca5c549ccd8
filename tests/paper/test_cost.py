"""The estimate, and that the grids of the paper say it and train the paper's rows."""

import re
from pathlib import Path

import pytest
import yaml

from yolo_feiou.ablation.options import ABLATION_OPTIONS
from yolo_feiou.losses.build import shorten_spec
from yolo_feiou.paper.cost import STEP_SECONDS, describe_assumptions, estimate_hours
from yolo_feiou.results.published import BASELINE_LOSSES, PAPER_SETUP, PUBLISHED_TABLES
from yolo_feiou.results.schema import ARGUMENT_COLUMNS

GRIDS = Path(__file__).parents[2] / "cfg" / "paper"


def read(name):
    """A grid with its lists as lists, and the detectors of its runs of one seed."""
    grid = yaml.safe_load((GRIDS / name).read_text(encoding="utf-8"))
    models = grid["model"] if isinstance(grid["model"], list) else [grid["model"]]
    boxes = grid["box"] if isinstance(grid["box"], list) else [grid["box"]]
    return grid, [Path(model).stem for model in models for _ in grid["losses"] for _ in boxes]


def test_hours_are_steps_times_seconds_times_gpus():
    """RetinaNet: 90,000 × 0.2 s = 5 h on each of four GPUs."""
    assert estimate_hours(["retinanet"]) == pytest.approx(20)
    assert estimate_hours(["retinanet", "retinanet"], 45_000) == pytest.approx(20)
    assert all(20 <= estimate_hours([detector]) <= 30 for detector in STEP_SECONDS)
    assert "estimate and no measurement" in describe_assumptions() and "paa 0.30" in describe_assumptions()


def test_every_detector_of_the_paper_has_an_estimate():
    assert {row.detector for table in PUBLISHED_TABLES for row in table.rows} == set(STEP_SECONDS)


@pytest.mark.parametrize("table", PUBLISHED_TABLES, ids=lambda table: table.grid)
def test_a_grid_trains_all_rows_of_its_table_and_baselines(table):
    grid, detectors = read(table.grid)
    trained = {(detector, loss) for detector in detectors for loss in grid["losses"]}
    assert trained >= {(row.detector, row.losses[0]) for row in table.rows}
    others = {loss for _, loss in trained} - {row.losses[0] for row in table.rows}
    assert others <= set(BASELINE_LOSSES)


@pytest.mark.parametrize("path", sorted(GRIDS.glob("*.yaml")), ids=lambda path: path.name)
def test_a_grid_has_the_papers_set_up_and_says_its_cost(path):
    grid, detectors = read(path.name)
    found = {**grid, "backbone": PAPER_SETUP["backbone"], "data": Path(grid["data"]).stem}  # the models are of R-50
    assert {name: found[name] for name in PAPER_SETUP} == dict(PAPER_SETUP) and grid["lr0"] == 0.01
    assert grid["box"] == "auto" or 2.5 in grid["box"]
    known = {*ARGUMENT_COLUMNS, "losses", "seeds", *(option.name for option in ABLATION_OPTIONS)}
    assert grid.keys() <= known
    assert [shorten_spec(loss) for loss in grid["losses"]] == grid["losses"]
    text = re.sub(r"\n#\s*", " ", path.read_text(encoding="utf-8"))
    assert f"yolo ablate cfg={path.name} " in text
    assert f"First: yolo prepare coco out={Path(grid['data']).parent}. " in text
    assert f"Cost: {len(detectors)} runs a seed, about {estimate_hours(detectors):.0f} A100-hours a seed" in text
    assert max(map(len, path.read_text(encoding="utf-8").splitlines())) <= 120


def test_figure_4_has_the_four_losses_of_its_panels():
    grid, _ = read("figure4.yaml")
    for loss in ("focal_l1", "focal_eiou_v1", "focal_eiou", "focal_eiou_star"):
        assert len([spec for spec in grid["losses"] if spec.partition(":")[0] == loss]) == 4
    assert {"stock", "eiou", "focal_eiou:gamma=2"} <= set(grid["losses"])
