"""The tables of a report: which numbers, which are bold, which are marked."""

import math

import pytest

from tests.report.factories import row
from tests.report.test_captions import boxes, sequential
from tests.report.test_comparison import against, variant
from yolo_feiou.report.baseline import Baseline
from yolo_feiou.report.comparison import compare_variants
from yolo_feiou.report.read import Results
from yolo_feiou.report.tables import (
    COMPARISON_COLUMNS,
    make_comparison_table,
    make_fit_table,
    make_paper_table,
    make_ranked_table,
    make_spreadsheet_rows,
    make_summary_rows,
    merge_names,
)
from yolo_feiou.report.variants import Variant
from yolo_feiou.results.schema import METRICS
from yolo_feiou.storage.tables import read_csv, write_csv

NOTHING = Results((), [])
UP, NEAR = variant("up", 0.410, 0.421, 0.432), variant("near", 0.4, 0.43, 0.4)


def texts(table):
    """The rows of a table, with ** around what is bold, and † after what is marked."""
    return [
        ["**" * cell.bold + cell.text + "**" * cell.bold + "†" * cell.mark for cell in one]
        for group in table.groups
        for one in group
    ]


def test_the_table_has_the_layout_of_the_paper():
    """Means and standard deviations of .40, .41, .42 and the others; what was not measured is missing, and no 0."""
    table = make_paper_table(NOTHING, against(UP, NEAR))
    assert table.columns == ["Method", "AP", "AP50", "AP75", "AP_S", "AP_M", "AP_L"]
    assert table.numeric == [False, *[True] * 6]
    assert texts(table) == [
        ["ciou", "41.0 ± 1.0", *"–––––"],
        ["up", "**42.1 ± 1.1**", *"–––––"],
        ["near", "41.0 ± 1.7†", *"–––––"],
    ]
    assert len(table.notes) == 2 and table.notes[1].startswith("† AP not shown to differ from the baseline’s")
    assert table.caption.startswith("AP in per cent, mean ± standard deviation (n − 1) over 3 seeds.")


def test_without_a_mark_there_is_no_note_on_it():
    assert len(make_paper_table(NOTHING, against(UP)).notes) == 1


def test_where_nothing_was_learned_no_mean_is_the_best():
    table = make_paper_table(NOTHING, against(variant("up", 0.0, 0.0), variant("near", 0.0, 0.0004), base=(0.0, 0.0)))
    assert [line[1] for line in texts(table)] == ["0.0 ± 0.0†"[: 9 + (n > 0)] for n in range(3)]


def test_the_best_of_each_group_is_bold():
    """As it is shown: .4104 and .4101 are the same. Alone in its group nothing is best."""
    groups = boxes((0.40, 0.41, 0.42), (0.30, 0.31, 0.32))
    table = make_paper_table(NOTHING, compare_variants(groups, Baseline({"loss": "ciou"})))
    assert [line[:3] for line in texts(table)] == [
        ["5", "ciou", "41.0 ± 1.0"],
        ["5", "eiou", "**42.1 ± 1.1**"],
        ["7.5", "ciou", "31.0 ± 1.0"],
        ["7.5", "eiou", "**32.1 ± 1.1**"],
    ]
    assert [len(group) for group in table.groups] == [2, 2]
    assert "with the same values of the other swept arguments" in table.notes[0]
    (one, other, third) = texts(
        make_paper_table(NOTHING, against(variant("a", 0.4104), variant("b", 0.4101), base=(0.40,)))
    )
    assert (one[1], other[1], third[1]) == ("40.0", "**41.0**†", "**41.0**†")
    (one, other) = texts(make_paper_table(NOTHING, against(variant("a", 0.101), base=(0.099,))))
    assert (one[1], other[1]) == ("9.9", "**10.1**†")
    assert texts(make_paper_table(NOTHING, against(base=(0.4, 0.4))))[0][1] == "40.0 ± 0.0"


def test_titles_where_the_loss_is_not_swept():
    variants = [Variant({"box": box}, {0: row()}) for box in (5.0, 7.5)]
    table = make_paper_table(NOTHING, compare_variants(variants, Baseline({"box": 5.0})))
    assert table.columns[:2] == ["box", "AP"] and [line[:2] for line in texts(table)] == [
        ["5", "40.0"],
        ["7.5", "40.0†"],
    ]
    alone = make_paper_table(NOTHING, compare_variants([Variant({}, {0: row()})], Baseline({})))
    assert texts(alone)[0][:2] == ["ciou", "40.0"]


def test_the_fit_is_in_per_cent_and_missing_where_not_measured():
    of = Variant({"loss": "ciou"}, {0: row(AR=0.5, matched_iou=0.8, matched_75=0.7, found_90=0.25)})
    (line,) = texts(make_fit_table(compare_variants([of], Baseline({"loss": "ciou"}))))
    assert line == ["ciou", "50.0", "80.0", "70.0", "–", "–", "–", "25.0"]


def test_the_comparison_has_the_statistics_of_each_variant():
    """Of `up` the differences are .010, .011, .012; of one seed there is a difference and nothing else."""
    table = make_comparison_table(against(UP, variant("x", 0.45)))
    assert table.columns == ["Method", "result", *COMPARISON_COLUMNS]
    base, up, alone = texts(table)
    assert base == ["ciou", "baseline", "41.0 ± 1.0", *["–"] * 7]
    assert up[:5] == ["up", "**better**", "42.1 ± 1.1", "3", "+1.10"]
    half = 4.302653 * 0.001 / math.sqrt(3)
    assert up[5:7] == [f"+{1.1 - 100 * half:.2f} to +{1.1 + 100 * half:.2f}", "–"]
    assert up[7:] == ["0.003", "0.003", "3"]
    assert alone == ["x", "one seed can't tell", "45.0", "1", "+5.00", *["–"] * 5]
    assert [cell.value for cell in table.groups[0][1]][4] == pytest.approx(0.011)
    assert make_comparison_table(against(UP), ["ΔAP"]).columns == ["Method", "result", "ΔAP"]


def test_without_a_baseline_the_cells_are_empty():
    alone = Variant({"loss": "eiou", "box": 5.0}, {0: row("eiou")})
    other = Variant({"loss": "ciou", "box": 7.5}, {0: row()})
    table = make_comparison_table(compare_variants([alone, other], Baseline({"loss": "ciou"})))
    assert texts(table)[0] == ["5", "eiou", "–", "40.0", *["–"] * 7]


def test_the_summary_is_read_back(tmp_path):
    write_csv(tmp_path / "a.csv", make_summary_rows(against(UP, variant("x", 0.45))))
    base, up, alone = read_csv(tmp_path / "a.csv")
    assert (up["loss"], up["runs"], up["seeds"], up["baseline"], up["verdict"]) == ("up", 3, "0 1 2", "ciou", "better")
    assert (up["AP_mean"], up["AP_sd"], up["AP_n"]) == (pytest.approx(0.421), pytest.approx(0.011), 3)
    assert (up["pairs"], up["difference"], up["difference_sd"]) == (3, 0.011, 0.001)
    assert (up["bootstrap_low"], up["bootstrap_high"]) == ("", ""), "of three seeds"
    assert up["interval_low"] == pytest.approx(0.011 - 4.302653 * 0.001 / math.sqrt(3))
    assert up["p"] == up["p_holm"] == pytest.approx(1 - 11 * math.sqrt(3) / math.sqrt(2 + 363))
    assert up["seeds_needed"] == 3
    assert base["verdict"] == "baseline" and base["baseline"] == "ciou"
    assert {base[name] for name in ("difference", "pairs", "p", "seeds_needed", "AP50_mean")} == {""}
    assert (alone["AP_sd"], alone["p"], alone["interval_low"]) == ("", "", "") and alone["difference"] == 0.05
    assert {f"{metric}_{part}" for metric in METRICS for part in ("mean", "sd", "n")} < set(base)


def test_a_spreadsheet_has_numbers_alone():
    _, up = make_spreadsheet_rows(against(UP))
    assert (up["Method"], up["seeds"], up["AP"], up["AP sd"], up["AP50"]) == ("up", 3, "42.1", "1.1", "")


def test_sequential_comparisons_have_no_bootstrap():
    """Where all are, there is no column of it; where some are, they have none. The interval is no plain t interval."""
    up = variant("up", *(0.41 + 0.01 * n + 0.001 * n * n for n in range(5)))
    base = tuple(0.40 + 0.01 * n for n in range(5))
    whole = make_comparison_table(against(sequential(up), base=base))
    kept = [name.replace(", t", "") for name in COMPARISON_COLUMNS if name != "95 %, bootstrap"]
    assert whole.columns == ["Method", "result", *kept]
    assert "repeated confidence interval" in whole.notes[0]
    fixed = variant("fixed", *(0.42 + 0.01 * n + 0.001 * n * n for n in range(5)))
    mixed = make_comparison_table(against(sequential(up), fixed, base=base))
    place = mixed.columns.index("95 %, bootstrap")
    assert mixed.columns[place - 1] == "95 %"
    assert [line[place] != "–" for line in texts(mixed)] == [False, False, True]
    assert texts(mixed)[1][place - 1] == texts(whole)[1][place - 1] != "–"


def test_the_summary_says_how_many_seeds_there_might_be(tmp_path):
    assert "max_seeds" not in make_summary_rows(against(UP))[0]
    base, up, near = make_summary_rows(against(sequential(UP), NEAR))
    assert (base["max_seeds"], up["max_seeds"], near["max_seeds"]) == (None, 20, None)
    beside = compare_variants([sequential(variant("ciou", 0.4, 0.41, 0.42)), UP], Baseline({"loss": "ciou"}))
    assert [one["max_seeds"] for one in make_summary_rows(beside)] == [20, 20], "its baseline got seeds so"
    names = list(up)
    assert names[names.index("pairs") + 1] == "max_seeds"
    assert up["bootstrap_low"] is None and up["interval_low"] < 0.011 - 4.302653 * 0.001 / math.sqrt(3)


def test_the_page_ranks_variants_by_their_difference():
    """Of both gains together; a baseline is where 0 is, and words stand in the place that is asked for."""
    compared = compare_variants(boxes((0.40, 0.41), (0.42, 0.43)), Baseline({"loss": "ciou"}))
    table = make_ranked_table(compared)
    assert table.columns[:5] == ["Method", "ΔAP", "95 %, t", "p, Holm", "result"] and table.descending == 1
    assert list(table.numeric) == [False, True, True, True, False, True, True, True, True, True][: len(table.columns)]
    (rows,) = table.groups
    differences = {c.variant.label: c.difference and 100 * c.difference.mean for c in compared}
    shown = {row[0].text: row[1].value for row in rows}
    assert {*shown} == {*differences} and list(shown.values()) == sorted(shown.values(), reverse=True)
    assert all(100 * shown[label] == pytest.approx(value or 0) for label, value in differences.items())
    assert {row[1].text for row in rows if row[4].text == "baseline"} == {"–"}


@pytest.mark.parametrize(
    ("values", "title", "name"),
    [
        ({"loss": "eiou"}, "Method", "eiou"),
        ({"loss": "eiou", "box": 7.5, "lr0": 0.01}, "Method", "eiou box=7.5 lr0=0.01"),
        ({"box": 7.5}, "box", "7.5"),
        ({"box": 7.5, "lr0": 0.01}, "Variant", "box=7.5 lr0=0.01"),
    ],
)
def test_a_name_in_one_cell_is_the_variants_label(values, title, name):
    one = Variant(values, {0: row("eiou", AP=0.4)})
    table = make_paper_table(NOTHING, compare_variants([one], Baseline({})))
    merged = merge_names(table, one)
    assert (merged.columns[0], merged.groups[0][0][0].text) == (title, name)
    assert merged.columns[1:] == table.columns[len(values) :] and len(merged.numeric) == len(merged.columns)
    assert merged.groups[0][0][1:] == table.groups[0][0][len(values) :]
