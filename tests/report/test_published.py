"""The paper's tables with ours beside them: which rows, which numbers, and what is said to be missing."""

import math

import pytest

from tests.report.detector_rows import DETECTORS, PAPERS, detector_row, table_3
from tests.report.factories import row
from tests.report.test_tables import texts
from yolo_feiou.report.baseline import find_baseline
from yolo_feiou.report.command import report
from yolo_feiou.report.comparison import compare_variants
from yolo_feiou.report.published import PUBLISHED_NAMES, make_published_tables
from yolo_feiou.report.read import Results
from yolo_feiou.report.variants import find_swept_arguments, make_variants
from yolo_feiou.storage.tables import write_csv

ARGUMENTS = ("model", "data", "imgsz", "batch", "iterations", "box", "scoring")


def on_coco(rows):
    """The same runs, on COCO."""
    return [{**one, "data": "coco.yaml"} for one in rows]


def tables(rows, baseline=""):
    """The paper's tables of rows, by their names."""
    results = Results((), rows, ARGUMENTS)
    variants = make_variants(results, find_swept_arguments(results))
    found = make_published_tables(compare_variants(variants, find_baseline(baseline, variants)))
    return {table.name: table for table in found}


def line(table, method):
    """The only line of a method, by column."""
    (found,) = [one for one in texts(table) if one[0] == method]
    return dict(zip(table.columns, found, strict=True))


def test_table_3_has_the_papers_ten_rows_in_its_order():
    table = tables(table_3())["paper_table3"]
    methods = ("Faster R-CNN", "Mask R-CNN", "RetinaNet", "ATSS", "PAA")
    assert [one[0] for one in texts(table)] == [f"{name}{star}" for name in methods for star in ("", "*")]
    assert [len(group) for group in table.groups] == [2] * 5
    assert not [note for note in table.notes if "No run" in note]


def test_the_essential_columns_come_first():
    table = tables(table_3())["paper_table3"]
    assert table.columns[:8] == [
        *("Method", "loss", "AP, paper", "AP, ours", "seeds", "ΔAP, paper", "ΔAP, ours", "95 %, t")
    ]
    assert table.columns[8::2] == [f"{name}, paper" for name in ("AP50", "AP75", "AP_S", "AP_M", "AP_L")]
    assert all(len(one) == len(table.columns) == len(table.numeric) for one in texts(table))


def test_ours_stand_beside_the_papers_figures():
    """ATSS*: seeds .35 and .353, so .3515 ± .003/√2; its own loss .33 and .332, so +.02 and +.021."""
    found = line(tables(table_3())["paper_table3"], "ATSS*")
    assert [found[f"{name}, paper"] for name in ("AP", "AP50", "AP75", "AP_S", "AP_M", "AP_L")] == [
        *("39.7", "57.9", "45.7", "22.6", "43.2", "51.8")
    ]
    assert (found["loss"], found["AP, ours"], found["AP50, ours"]) == ("focal_eiou", "35.1 ± 0.2", "36.1 ± 0.2")
    assert (found["seeds"], found["ΔAP, paper"], found["ΔAP, ours"]) == ("2", "+0.6", "+2.05")
    half = 12.706205 * 0.05  # t of 1 degree of freedom; the standard error of 2.0 and 2.1 is .05
    assert found["95 %, t"] == f"+{2.05 - half:.2f} to +{2.05 + half:.2f}"
    base = line(tables(table_3())["paper_table3"], "ATSS")
    assert (base["AP, ours"], base["ΔAP, paper"], base["ΔAP, ours"], base["95 %, t"]) == ("33.1 ± 0.1", "–", "–", "–")


def test_rows_without_a_run_are_said_to_be_missing():
    rows = [one for one in table_3() if one["detector"] != "paa" and one["loss"] == "focal_eiou"]
    table = tables(on_coco(rows))["paper_table3"]
    assert line(table, "PAA*")["AP, ours"] == line(table, "ATSS")["AP, ours"] == "no run"
    assert line(table, "PAA*")["AP, paper"] == "40.8" and line(table, "PAA*")["seeds"] == "–"
    assert line(table, "ATSS*")["ΔAP, ours"] == "–", "its own loss was not trained"
    assert "No run of Faster R-CNN, Mask R-CNN, RetinaNet, ATSS, PAA and PAA*." in table.notes


def test_what_differs_from_the_papers_set_up_is_said_in_the_caption():
    assert tables(table_3())["paper_table3"].caption.endswith(
        "over 2 seeds. Not the paper’s set-up: resnet18, shapes.yaml, 40 iterations, imgsz=128, batch=4, from scratch; "
        "its figures are there for the layout alone."
    )
    assert tables(table_3(**PAPERS))["paper_table3"].caption.endswith(
        "over 2 seeds. Backbone, data, ground truth, iterations, image size and batch are the paper’s."
    )
    shorter = tables(table_3(**{**PAPERS, "iterations": 45000.0}))["paper_table3"].caption
    assert "Not the paper’s set-up: 45000 iterations; its" in shorter


def test_a_table_is_there_if_a_row_is_and_not_for_a_baseline_alone():
    """Focal-EIoU of RetinaNet is in tables 2 and 3; of the first there is the baseline alone."""
    assert list(tables(on_coco(table_3()))) == ["paper_table2", "paper_table3"]
    assert list(tables(on_coco(one for one in table_3() if one["detector"] == "atss"))) == ["paper_table3"]
    ell = on_coco(detector_row("retinanet", loss, 0, 0.3) for loss in ("stock", "focal_l1", "balanced_l1"))
    assert list(tables(ell)) == ["paper_table1", "paper_table2"]
    assert list(tables(ell[:1])) == [*PUBLISHED_NAMES]
    assert tables(on_coco([detector_row("retinanet", "wiou", 0, 0.3)])) == {}
    assert tables([row("focal_eiou"), row("ciou")]) == {}, "of YOLO"


def test_on_other_data_a_table_is_there_if_the_runs_fill_it_or_came_from_its_grid():
    """Ten rows of Table 3 on shapes fill it; two of ATSS don't, unless its grid was asked for."""
    assert list(tables(table_3())) == ["paper_table3"]
    atss = [one for one in table_3() if one["detector"] == "atss"]
    assert tables(atss) == {}
    asked = [{**one, "command": "yolo ablate cfg=table3.yaml model=atss_r18.yaml data=shapes.yaml"} for one in atss]
    assert list(tables(asked)) == ["paper_table3"]
    assert tables([{**one, "command": "yolo ablate cfg=table2.yaml data=shapes.yaml"} for one in atss]) == {}


def test_a_loss_counts_in_every_spelling():
    losses = ("stock", "eiou:focal=0.5", "my_loss.py:f")
    found = tables(on_coco(detector_row("atss", loss, 0, 0.3) for loss in losses))
    assert line(found["paper_table3"], "ATSS*")["loss"] == "eiou:focal=0.5"


def test_two_baselines_have_a_line_each_and_the_detectors_own_is_what_counts():
    rows = [
        detector_row("retinanet", loss, 0, ap)
        for loss, ap in (("smooth_l1:beta=0.11", 0.31), ("stock", 0.3), ("eiou", 0.32))
    ]
    rows = on_coco(rows)
    table = tables(rows)["paper_table2"]
    first, second = [one for one in texts(table) if one[0] == "Baseline (smooth ℓ1)"]
    assert (first[1], second[1]) == ("stock", "smooth_l1:beta=0.11")
    assert line(table, "EIOU")["ΔAP, ours"] == "+2.00"
    assert line(tables(rows, "smooth_l1:beta=0.11")["paper_table2"], "EIOU")["ΔAP, ours"] == "+2.00"


def test_variants_of_one_row_are_told_apart_by_what_was_swept():
    """Each is compared with the baseline of its own values; a weight belongs to its loss."""
    rows = [
        detector_row("atss", loss, 0, ap, box=box, scoring=scoring)
        for loss, box, scoring, ap in (
            *(("stock", 2.0, "a", 0.30), ("stock", 2.5, "a", 0.31)),
            *(("focal_eiou", 2.0, "a", 0.31), ("focal_eiou", 2.5, "a", 0.33)),
            *(("stock", 2.0, "b", 0.20), ("focal_eiou", 2.5, "b", 0.25)),
        )
    ]
    table = tables(on_coco(rows))["paper_table3"]
    assert table.columns[2:4] == ["box", "scoring"]
    stars = [dict(zip(table.columns, one, strict=True)) for one in texts(table) if one[0] == "ATSS*"]
    assert [(one["box"], one["scoring"], one["ΔAP, ours"]) for one in stars] == [
        *(("2", "a", "+1.00"), ("2.5", "a", "+2.00"), ("2.5", "b", "+5.00"))
    ]


@pytest.fixture
def folder(tmp_path):
    """A report of ten rows, two seeds each."""
    write_csv(tmp_path / "results.csv", on_coco(table_3()))
    report([str(tmp_path)])
    return tmp_path


def test_the_report_has_them_as_files_and_on_its_page(folder):
    out = folder / "report"
    assert sorted(path.name for path in out.glob("paper_*")) == [
        f"paper_table{i}.{ending}" for i in (2, 3) for ending in ("md", "tex")
    ]
    lines = (out / "paper_table3.md").read_text(encoding="utf-8").splitlines()
    assert len([one for one in lines if one.startswith(("| Faster", "| Mask", "| Retina", "| ATSS", "| PAA"))]) == 10
    assert "AP$_{75}$, paper" in (out / "paper_table3.tex").read_text(encoding="utf-8")
    page = (out / "index.html").read_text(encoding="utf-8")
    assert "<h2>The paper’s tables</h2>" in page and 'id="paper_table3"' in page and 'id="paper_table1"' not in page
    assert all(f"{math.floor(ap)}." in page for ap in (37.3, 40.8)) and len(DETECTORS) == 5


def test_tables_of_an_earlier_report_go(folder):
    write_csv(folder / "results.csv", on_coco(one for one in table_3() if one["detector"] == "atss"))
    report([str(folder)])
    assert sorted(path.name for path in (folder / "report").glob("paper_*")) == ["paper_table3.md", "paper_table3.tex"]
    write_csv(folder / "results.csv", [row("ciou"), row("eiou", AP=0.41)])
    report([str(folder)])
    assert not list((folder / "report").glob("paper_*"))
    assert "The paper’s tables" not in (folder / "report" / "index.html").read_text(encoding="utf-8")


def test_the_note_says_where_seeds_were_added_until_a_comparison_was_answered():
    """The interval of two differences of 2.0 and 2.1 is wider by the looks to come."""
    fixed = tables(table_3())["paper_table3"]
    table = tables([{**one, "max_seeds": 20.0} for one in table_3()])["paper_table3"]
    assert "95 %" in table.columns and "95 %, t" not in table.columns
    assert "answered or given up, at the level of all looks up to 20, not adjusted" in table.notes[0]
    assert "looks" not in fixed.notes[0]
    low, _, _ = line(table, "ATSS*")["95 %"].partition(" to ")
    assert float(low.replace("−", "-")) < 2.05 - 12.706205 * 0.05
