"""The paper's tables have its figures, and its set-up is told from others."""

import re
from pathlib import Path

import pytest

from yolo_feiou.losses.build import shorten_spec
from yolo_feiou.results.published import COCO_TRUTH, PUBLISHED_TABLES, describe_setup_differences, spell_loss
from yolo_feiou.results.schema import PAPER_METRICS

PAPERS = {
    "backbone": "resnet50",
    "data": "/d/coco.yaml",
    "ground_truth": COCO_TRUTH,
    "iterations": 90000.0,
    "imgsz": 800.0,
    "batch": 16.0,
}


def test_tables_have_the_papers_figures_and_names_in_its_order():
    """Table 2 comes first in the text; there smooth ℓ1 is called Baseline, and references follow some names."""
    source = Path(__file__).parents[3] / "shared" / "paper.txt"
    if not source.is_file():
        pytest.skip("needs the paper's text beside the project")
    text = source.read_text(encoding="utf-8").replace("39 .6", "39.6")
    found = re.findall(r"^([^\t\n]+?)(?: \[\d+\])?(?:\tResNet-50-FPN)?((?:\t[\d.]+){6})$", text, re.MULTILINE)
    ours = [
        (row.name.removesuffix(" (smooth ℓ1)"), row.figures)
        for table in (PUBLISHED_TABLES[1], PUBLISHED_TABLES[0], PUBLISHED_TABLES[2])
        for row in table.rows
    ]
    assert [(name, tuple(map(float, figures.split()))) for name, figures in found] == ours and len(ours) == 21


def test_the_papers_set_up_is_in_its_text():
    source = Path(__file__).parents[3] / "shared" / "paper.txt"
    if not source.is_file():
        pytest.skip("needs the paper's text beside the project")
    text = source.read_text(encoding="utf-8")
    assert re.search(r"90[kK]|90,?000", text) and "ResNet-50" in text and "COCO" in text


def test_every_row_has_a_baseline_six_figures_and_losses_as_we_spell_them():
    for table in PUBLISHED_TABLES:
        for row in table.rows:
            assert len(row.figures) == len(PAPER_METRICS) and all(20 < figure < 60 for figure in row.figures)
            assert table.find_baseline(row).detector == row.detector and table.find_baseline(row).is_baseline
            assert [shorten_spec(loss) for loss in row.losses] == list(row.losses)
        assert len({(row.detector, row.losses) for row in table.rows}) == len(table.rows)


@pytest.mark.parametrize(
    ("spec", "spelled"),
    [
        *(("focal_eiou:gamma=0.5", "focal_eiou"), ("eiou:focal=0.5", "focal_eiou"), ("stock", "stock")),
        *(("eiou:nothing=1", "eiou:nothing=1"), ("there/is_none.py:f", "there/is_none.py:f")),
    ],
)
def test_a_loss_has_one_spelling_and_what_we_do_not_know_stays(spec, spelled):
    assert spell_loss(spec) == spelled


def test_a_run_stands_beside_the_row_of_its_detector_and_loss():
    (star,) = [row for row in PUBLISHED_TABLES[2].rows if row.name == "ATSS*"]
    assert star.matches({"detector": "atss", "loss": "focal_eiou:gamma=0.5"})
    assert not star.matches({"detector": "paa", "loss": "focal_eiou"})
    assert not star.matches({"detector": "atss", "loss": "focal_eiou:gamma=1"})
    assert not star.matches({"loss": "focal_eiou"}), "of YOLO"


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({}, []),
        ({"backbone": "resnet18"}, ["resnet18"]),
        ({"data": "my/shapes.yaml", "iterations": 40.0}, ["shapes.yaml", "40 iterations"]),
        ({"imgsz": 640.0, "batch": 4.0}, ["imgsz=640", "batch=4"]),
        ({"backbone_weights": "none"}, ["from scratch"]),
        ({"backbone_weights": "IMAGENET1K_V1 sha256:0676ba61"}, []),
        ({"iterations": None}, ["iterations unknown"]),
        ({"ground_truth": "labels"}, ["COCO evaluated on labels"]),
        ({"ground_truth": None}, ["COCO evaluated on unknown ground truth"]),
        ({"data": "shapes.yaml", "ground_truth": "labels"}, ["shapes.yaml"]),
    ],
)
def test_what_differs_from_the_papers_set_up_is_told(changes, told):
    assert describe_setup_differences([PAPERS, {**PAPERS, **changes}]) == told


def test_a_table_is_for_runs_that_fill_it_are_on_coco_or_came_from_its_grid():
    table = PUBLISHED_TABLES[2]
    ten = [{"detector": one.detector, "loss": one.losses[0], "data": "shapes.yaml"} for one in table.rows]
    assert table.is_laid_out_for(ten) and not table.is_laid_out_for(ten[1:]) and not table.is_laid_out_for([])
    for cells in (
        {"data": "there/coco.yaml"},
        {"ground_truth": "instances_val2017.json"},
        {"command": "yolo ablate cfg=table3.yaml data=shapes.yaml"},
        {"command": "yolo ablate 'cfg=/there/cfg/paper/table3.yaml'"},
    ):
        assert table.is_laid_out_for([{**ten[0], **cells}]), cells
    for cells in (
        {"data": "coco8.yaml"},
        {"command": "yolo ablate cfg=table2.yaml"},
        {"command": "yolo ablate out=cfg=table3.yaml"},
        {"data": "coco.yaml", "detector": None},
    ):
        assert not table.is_laid_out_for([{**ten[0], **cells}]), cells
