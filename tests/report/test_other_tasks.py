"""Reports of runs with masks, key points or oriented boxes: what stands beside AP, or in its place."""

import pytest

from tests.report.factories import row
from tests.report.test_tables import texts
from yolo_feiou.errors import DataError
from yolo_feiou.report.baseline import find_baseline
from yolo_feiou.report.captions import describe_findings, describe_seed_variance
from yolo_feiou.report.command import report
from yolo_feiou.report.comparison import compare_variants, name_compared
from yolo_feiou.report.listings import make_runs_table
from yolo_feiou.report.pictures import make_pictures
from yolo_feiou.report.read import read_results
from yolo_feiou.report.result import compare
from yolo_feiou.report.series import choose_shown
from yolo_feiou.report.tables import (
    make_comparison_table,
    make_fit_table,
    make_paper_table,
    make_spreadsheet_rows,
    make_summary_rows,
    make_task_table,
)
from yolo_feiou.report.variants import find_swept_arguments, group_variants, make_variants
from yolo_feiou.storage.tables import read_csv, write_csv


def oriented(loss, seed, value, **changes):
    """A finished run of an OBB model, with another AP50 than mAP."""
    own = {"metric": "mAP_obb", "AP": None, "mAP_obb": value, "mAP50_obb": value + 0.2, "model": "obb.yaml"}
    return row(loss, seed, **{**own, **changes})


def upright(loss, seed, value, **changes):
    """A finished run of a detection model."""
    return row(loss, seed, **{"AP": value, "model": "n.yaml", **changes})


def write(folder, *rows):
    """A folder of results."""
    folder.mkdir(parents=True, exist_ok=True)
    names = list(dict.fromkeys(name for one in rows for name in one))
    write_csv(folder / "results.csv", [{name: one.get(name) for name in names} for one in rows])
    return folder


OBB = [oriented(loss, seed, ap + 0.01 * seed) for loss, ap in (("stock", 0.4), ("kld", 0.45)) for seed in range(3)]
#: In per cent, means of .41 and .461, whose differences over the seeds are .050, .051 and .052.
OBB_SHIFTED = [{**one, "mAP_obb": one["mAP_obb"] + 0.001 * one["seed"] * (one["loss"] == "kld")} for one in OBB]
BOTH = [*OBB_SHIFTED, *(upright(loss, seed, 0.3 + 0.01 * seed) for loss in ("stock", "eiou") for seed in range(3))]


def test_oriented_boxes_are_compared_by_map(tmp_path):
    """The columns say so wherever they stand, and nothing is called AP."""
    result = compare(write(tmp_path, *OBB_SHIFTED))
    losses, differences = (
        make_paper_table(result.results, result.comparisons),
        make_comparison_table(result.comparisons),
    )
    assert losses.columns == ["Method", "mAP", "mAP50"]
    assert texts(losses) == [["stock", "41.0 ± 1.0", "61.0 ± 1.0"], ["kld", "**46.1 ± 1.1**", "**66.0 ± 1.0**"]]
    assert losses.caption.startswith("mAP in per cent") and "It is not COCO’s AP" in losses.notes[-1]
    assert differences.columns[:5] == ["Method", "result", "mAP", "common seeds", "ΔmAP"]
    assert texts(differences)[1][:5] == ["kld", "**better**", "46.1 ± 1.1", "3", "+5.10"]
    assert differences.caption.startswith("Difference to the baseline in mAP,")
    assert make_fit_table(result.comparisons) is make_task_table(result.comparisons) is None
    assert describe_findings(result.comparisons) == "Against stock, kld is better in mAP (Holm-adjusted p < .05)."
    assert describe_seed_variance(result.comparisons).startswith(
        "Seed variance: over 3 seeds the mAP of stock is 41.00"
    )
    (sheet, _), (summary, _) = make_spreadsheet_rows(result.comparisons), make_summary_rows(result.comparisons)
    assert (sheet["mAP"], sheet["mAP50 sd"]) == ("41.0", "1.0") and "AP" not in sheet
    assert (summary["metric"], summary["AP_mean"]) == ("mAP_obb", None)
    assert summary["mAP_obb_mean"] == pytest.approx(0.41)
    assert [picture.title for picture in make_pictures(result.results, result.comparisons)] == [
        "Difference to the baseline in mAP",
        "mAP of each seed",
    ]


def test_a_mark_says_what_it_is_of(tmp_path):
    result = compare(write(tmp_path, *(oriented(loss, 0, 0.4) for loss in ("stock", "kld"))))
    table = make_paper_table(result.results, result.comparisons)
    assert texts(table)[1] == ["kld", "**40.0**†", "**60.0**"] and table.notes[1].startswith(
        "† mAP not shown to differ"
    )


def test_the_list_of_runs_has_them_in_per_cent(tmp_path):
    table = make_runs_table(read_results([write(tmp_path, *OBB[:1])]), ["loss"])
    assert dict(zip(table.columns, texts(table)[0], strict=True))["mAP_obb"] == "40.0"


def test_two_metrics_stand_side_by_side_and_are_never_compared(tmp_path):
    """Each model has a baseline of its own; the table says which number is which."""
    result = compare(write(tmp_path, *BOTH))
    assert name_compared(result.comparisons) == "AP or mAP"
    table = make_comparison_table(result.comparisons)
    assert table.columns[:7] == ["model", "Method", "metric", "result", "AP or mAP", "common seeds", "Δ"]
    assert [line[:4] for line in texts(table)] == [
        ["obb.yaml", "stock", "mAP", "baseline"],
        ["obb.yaml", "kld", "mAP", "**better**"],
        ["n.yaml", "stock", "AP", "baseline"],
        ["n.yaml", "eiou", "AP", "identical in all 3 seeds"],
    ]
    losses = make_paper_table(result.results, result.comparisons)
    assert losses.columns == ["model", "Method", "AP", "AP50", "AP75", "AP_S", "AP_M", "AP_L", "mAP", "mAP50"]
    assert [line[2] for line in texts(losses)] == ["–", "–", "**31.0 ± 1.0**", "**31.0 ± 1.0**†"]
    told = [warning for warning in result.warnings if "two metrics" in warning]
    assert told == [
        "6 runs of 12 have Ultralytics' own mAP of oriented boxes, the others COCO's AP of upright ones: two metrics, "
        "and no run with one of them is compared with a run with the other."
    ]
    assert len({variant.metric for variant in choose_shown(result.comparisons).variants}) == 1
    assert len(texts(make_fit_table(result.comparisons))) == 2


def test_a_baseline_of_the_other_metric_is_none(tmp_path):
    """Though it was asked for: kld of the OBB model has nothing to be compared with."""
    found = read_results([write(tmp_path, *BOTH)])
    variants = make_variants(found, find_swept_arguments(found))
    baseline = find_baseline("stock@model=n.yaml", variants)
    compared = {(c.variant.loss, c.variant.metric): c for c in compare_variants(variants, baseline)}
    assert compared["kld", "mAP_obb"].baseline is compared["stock", "mAP_obb"].baseline is None
    assert compared["eiou", "AP"].baseline.metric == "AP"


def test_runs_of_two_metrics_are_two_variants_whatever_else_they_share(tmp_path):
    found = read_results([write(tmp_path, oriented("stock", 0, 0.5, model="n.yaml"), upright("stock", 0, 0.4))])
    variants = make_variants(found, find_swept_arguments(found))
    assert [variant.metric for variant in variants] == ["mAP_obb", "AP"]
    assert [len(group) for group in group_variants(variants)] == [1, 1]
    assert len(choose_shown(compare_variants(variants, find_baseline("", variants))).variants) == 1


def test_masks_and_key_points_stand_beside_ap_and_are_not_tested(tmp_path):
    """AP is what is compared, and what else was measured has a table of its own, of the runs that have it."""
    masks = {"mAP_mask": 0.3, "mAP50_mask": 0.5, "model": "seg.yaml"}
    points = {"mAP_pose": 0.2, "model": "pose.yaml"}
    rows = [
        upright(loss, seed, 0.4, **own) for own in (masks, points, {}) for loss in ("ciou", "eiou") for seed in (0, 1)
    ]
    rows[3]["mAP_mask"] = 0.4  # eiou, seed 1
    result = compare(write(tmp_path, *rows))
    table = make_task_table(result.comparisons)
    assert table.columns == ["model", "Method", "mask mAP", "mask mAP50", "key-point mAP"]
    assert texts(table) == [
        ["seg.yaml", "ciou", "30.0 ± 0.0", "**50.0 ± 0.0**", "–"],
        ["seg.yaml", "eiou", "**35.0 ± 7.1**", "**50.0 ± 0.0**", "–"],
        ["pose.yaml", "ciou", "–", "–", "**20.0 ± 0.0**"],
        ["pose.yaml", "eiou", "–", "–", "**20.0 ± 0.0**"],
    ]
    assert make_comparison_table(result.comparisons).columns[2:5] == ["result", "AP", "common seeds"]
    assert make_spreadsheet_rows(result.comparisons)[1]["mask mAP sd"] == "7.1"
    assert make_summary_rows(result.comparisons)[1]["mAP_mask_n"] == 2
    assert "metric" not in make_summary_rows(result.comparisons)[0]


def test_a_report_has_the_tables_that_its_runs_have_and_none_of_an_earlier_one(tmp_path):
    masks = [upright(loss, 0, 0.4, mAP_mask=0.25) for loss in ("ciou", "eiou")]
    report([str(write(tmp_path, *masks))])
    page = (tmp_path / "report" / "index.html").read_text()
    assert "<h2>Masks and key points</h2>" in page and "<h2>How well boxes fit</h2>" in page and "<h2>AP</h2>" in page
    assert "25.0" in (tmp_path / "report" / "task.md").read_text()
    report([str(write(tmp_path, *OBB_SHIFTED))])
    page = (tmp_path / "report" / "index.html").read_text()
    assert "<h2>mAP</h2>" in page and "How well boxes fit" not in page and "Masks and" not in page
    assert "paired t test on mAP, two-sided" in page
    assert not {"task.md", "task.tex", "fit.md", "fit.tex"} & {path.name for path in (tmp_path / "report").iterdir()}
    assert "mAP" in read_csv(tmp_path / "report" / "table.csv")[0]


def test_runs_that_find_nothing_oriented_are_named_by_their_metric(tmp_path):
    rows = [oriented("stock", seed, 0.0, detections=5) for seed in range(3)]
    result = compare(write(tmp_path, *rows, oriented("kld", 0, 0.0, mAP_obb=None)))
    assert any("Their mAP of 0 compares nothing." in warning for warning in result.warnings)
    assert "1 run done but without mAP: kld_0." in result.warnings


def test_all_seeds_of_one_map_are_told(tmp_path):
    result = compare(write(tmp_path, *(oriented("stock", seed, 0.5) for seed in range(3))))
    assert "All 3 seeds of stock have the same mAP: does the seed have an effect?" in result.warnings


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"metric": "mAP_cuboid"}, "metric=mAP_cuboid, expected AP or mAP_obb: it is of a later version"),
        ({"mAP_obb": 1.5}, "mAP_obb=1.5, expected a fraction from 0 to 1"),
    ],
)
def test_a_metric_that_is_none_is_refused(tmp_path, changes, message):

    with pytest.raises(DataError, match=message):
        read_results([write(tmp_path, oriented("stock", 0, 0.5, **changes))])
