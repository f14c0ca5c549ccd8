"""What is read of the CSV files, and what is refused."""

import csv
import io

import pytest

from tests.report.factories import failed, row, write
from yolo_feiou.errors import ArgumentError, DataError
from yolo_feiou.evaluation.matched import IOU_BINS, RECALL_LEVELS
from yolo_feiou.evaluation.metrics import COCO_STATS, CURVE_LEVELS
from yolo_feiou.report.read import read_results
from yolo_feiou.results.schema import AP_CURVE, IOU_PERCENTS, METRICS, TEXT
from yolo_feiou.storage.spreadsheets import read_rows
from yolo_feiou.storage.tables import read_csv, write_csv


def results(folder, *rows):
    """The folder, with these rows as its results."""
    folder.mkdir(exist_ok=True)
    write_csv(folder / "results.csv", rows)
    return folder


def test_the_metrics_are_those_of_the_evaluation():
    """All that it measures as a fraction; `matched_50` is 1 by definition."""
    shares = {f"{kind}_{share}" for kind in ("matched", "found") for share in RECALL_LEVELS} - {"matched_50"}
    assert {*COCO_STATS, *(f"AP{level}" for level in CURVE_LEVELS), "matched_iou", *shares} == set(METRICS)
    assert len(set(METRICS)) == len(METRICS)
    assert IOU_PERCENTS == tuple(CURVE_LEVELS) == tuple(IOU_BINS)
    assert tuple(f"AP{level}" for level in CURVE_LEVELS) == AP_CURVE


def test_all_files_are_read(tmp_path):
    read = read_results([write(tmp_path, losses=("ciou", "eiou"), seeds=range(2))])
    assert len(read.rows) == len(read.done) == 4
    assert len(read.curves) == len(read.box_stats) == 4 * 50 and len(read.preflight) == 2
    assert read.arguments == ("box", "model", "data", "epochs", "imgsz", "batch", "workers", "lr0")
    assert {row["run"] for row in read.curves} == {row["run"] for row in read.rows}


def test_only_the_results_are_needed(tmp_path):
    read = read_results([results(tmp_path, row())])
    assert [*read.curves, *read.box_stats, *read.preflight] == []
    assert read.arguments == ("box",)


def test_values_are_read_as_what_they_are(tmp_path):
    """A version 3.10 is not 3.1, a commit 12e4567 not infinite; what is empty or no number is missing."""
    first = row(
        python="3.10", git_commit="12e4567", device="0", AP_S=None, AP_M="nan", lr0=0.01, evaluator_version="1.0"
    )
    (read,) = read_results([results(tmp_path, first)]).rows
    assert (read["python"], read["git_commit"], read["device"], read["evaluator_version"]) == (
        *("3.10", "12e4567", "0"),
        "1.0",
    )
    assert read["AP_S"] is read["AP_M"] is None
    assert (read["lr0"], read["seed"], read["AP"]) == (0.01, 0.0, 0.4)


def test_columns_are_told_by_their_names(tmp_path):
    """Arguments from metrics and from whatever else there is, in any order; what was not given is not recorded."""
    first = {**row(lr0=None, cos_lr=None, started="now", epochs=50), "optimizer": None}
    read = read_results([results(tmp_path, first, {**first, "seed": 1, "lr0": 0.02, "epochs": None})])
    assert read.arguments == ("box", "lr0", "cos_lr", "epochs", "optimizer")
    assert [[one[name] for name in read.arguments] for one in read.rows] == [
        [7.5, None, None, 50, None],
        [7.5, 0.02, None, None, None],
    ]


def test_a_failed_run_needs_no_metrics(tmp_path):
    write(tmp_path, losses=("ciou",), seeds=range(2), change=lambda rows: [rows[0], failed(rows[1])])
    read = read_results([tmp_path])
    assert [len(read.rows), len(read.done)] == [2, 1]
    assert read.rows[1]["reason"] == "CUDA out of memory <b>" and read.rows[1]["AP"] is None


def test_several_folders_keep_their_runs_apart(tmp_path):
    one, other = (write(tmp_path / name, losses=("ciou",), seeds=range(1)) for name in ("one", "other"))
    read = read_results([one, other])
    names = [f"{folder}/ciou_0_" for folder in (one, other)]
    assert [row["run"] for row in read.rows] == names
    assert {row["run"] for row in read.curves} == {row["run"] for row in read.box_stats} == set(names)
    assert [row["folder"] for row in read.preflight] == [str(one), str(other)]


def test_what_one_folder_varies_the_other_has_recorded(tmp_path):
    """Today's default of lr0 is 0.01; a name that Ultralytics has no more is an argument where a record has it."""
    one, older = results(tmp_path / "one", row()), results(tmp_path / "older", row(seed=1))
    other = results(tmp_path / "other", row(lr0=0.02, fl_gamma=1.5))
    for folder, lr0, gamma in ((one, 0.003, 0.0), (other, 0.02, 1.5)):
        write_csv(folder / "arguments.csv", [{"run": "ciou_0", "lr0": lr0, "fl_gamma": gamma}])
    read = read_results([one, older, other])
    assert read.arguments == ("box", "lr0", "fl_gamma")
    assert [row["lr0"] for row in read.rows] == [0.003, None, 0.02]
    assert [row["fl_gamma"] for row in read.rows] == [0.0, None, 1.5]


def test_paths_are_shortened_where_that_tells_them_apart(tmp_path):
    read = read_results([results(tmp_path, row(data="/home/a/x.yaml"), row(seed=1, data="/home/b/y.yaml"))])
    assert [row["data"] for row in read.rows] == ["x.yaml", "y.yaml"]
    read = read_results([results(tmp_path, row(data="/home/a/x.yaml"), row(seed=1, data="/home/b/x.yaml"))])
    assert [row["data"] for row in read.rows] == ["/home/a/x.yaml", "/home/b/x.yaml"]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"seed": None, "run": "a"}, "run a has seed=, expected a whole number."),
        ({"loss": None, "run": "a"}, "run a has no loss."),
        ({"seed": 0.5, "run": "a"}, "run a has seed=0.5, expected a whole number."),
        ({"AP": 40.1}, "run ciou_0 has AP=40.1, expected a fraction from 0 to 1."),
        ({"AP": "high"}, "run ciou_0 has AP=high, expected a fraction from 0 to 1."),
        ({"matched_iou": -0.1}, "run ciou_0 has matched_iou=-0.1, expected a fraction"),
        ({"status": "failed", "reason": "no GPU"}, "no run is done of 1; the first one failed with: no GPU."),
    ],
)
def test_rows_that_cannot_be_are_refused(tmp_path, change, message):
    with pytest.raises(DataError) as error:
        read_results([results(tmp_path, row(**change))])
    assert message in str(error.value) and "results.csv" in str(error.value) and "\n" not in str(error.value)


def test_files_that_cannot_be_are_refused(tmp_path):
    with pytest.raises(ArgumentError, match="nowhere is not a folder: expected one that 'yolo ablate' or 'yolo eval"):
        read_results([tmp_path / "nowhere"])
    with pytest.raises(ArgumentError, match=r"has no results\.csv: give a folder"):
        read_results([tmp_path])
    (tmp_path / "ablation.json").write_text("{}")
    with pytest.raises(DataError, match="no run is done or has failed yet, so there is nothing to report"):
        read_results([tmp_path])
    path = tmp_path / "results.csv"
    for content, message in (
        ("", "has no rows: it is not what 'yolo ablate' or 'yolo evaluate' writes."),
        ("x\n", "has no rows: it is not what"),
        (
            "run,status,loss\na,done,ciou\n",
            "has no column seed: it is not what 'yolo ablate' or 'yolo eval",
        ),
        ("run,status,loss,seed\na,done,ciou\n", "row 1 has 3 cells and the header 4"),
        ("run,status,loss,seed\na,done,ciou,0,1\n", "row 1 has 5 cells and the header 4"),
    ):
        path.write_text(content)
        with pytest.raises(DataError) as error:
            read_results([tmp_path])
        assert message in str(error.value)
    path.write_bytes(b"\xff,\x00")
    with pytest.raises(DataError, match="is not a CSV in UTF-8"):
        read_results([tmp_path])


@pytest.mark.parametrize(
    ("name", "column", "value"),
    [
        ("results", "box", "7. May"),
        ("results", "objects", "Jan 70"),
        ("results", "lr0", "1.Jan"),
        ("curves", "metrics/mAP50-95(B)", "1. Mar"),
        ("box_stats", "grad_80", "May 12"),
    ],
)
def test_a_number_that_a_spreadsheet_took_for_a_date_is_named(tmp_path, name, column, value):
    """7.5 becomes 7 May where a day comes first; as a word it would be swept, or be left out of a picture."""
    write(tmp_path, losses=("ciou", "eiou"), seeds=range(2))
    rows = read_csv(tmp_path / f"{name}.csv", TEXT)
    rows[0][column] = value
    write_csv(tmp_path / f"{name}.csv", rows)
    with pytest.raises(DataError) as error:
        read_results([tmp_path])
    assert f"{name}.csv: r" in str(error.value) and f"has {column}={value!r}, expected a number." in str(error.value)


@pytest.mark.parametrize("value", [None, "True", "[640, 480]", "(0.5, 1.5)"])
def test_an_argument_may_be_a_switch_a_list_or_nothing(tmp_path, value):
    assert read_results([results(tmp_path, row(imgsz=value))]).done


def test_results_saved_by_a_spreadsheet_give_the_same_report(tmp_path):
    """All three files, with a mark, semicolons, decimal commas and other ends of lines."""
    write(tmp_path / "a", losses=("ciou", "eiou"), seeds=range(2))
    (tmp_path / "b").mkdir()
    for path in (tmp_path / "a").iterdir():
        header, rows = read_rows(path)
        text = io.StringIO()
        table = csv.writer(text, delimiter=";", lineterminator="\r\n")
        table.writerow(header)
        for cells in rows:
            pairs = zip(header, cells, strict=True)
            table.writerow([cell if name in TEXT else cell.replace(".", ",") for name, cell in pairs])
        (tmp_path / "b" / path.name).write_bytes(text.getvalue().encode("utf-8-sig"))
    one, other = read_results([tmp_path / "a"]), read_results([tmp_path / "b"])
    assert one.rows == other.rows and one.curves == other.curves and one.box_stats == other.box_stats
    assert one.preflight == other.preflight


def test_a_gain_may_be_auto_and_no_other_word(tmp_path):
    write(tmp_path, losses=("stock", "eiou"), seeds=range(2), change=lambda rows: [{**r, "box": "auto"} for r in rows])
    assert {row["box"] for row in read_results([tmp_path]).rows} == {"auto"}
    write(tmp_path, losses=("stock", "eiou"), seeds=range(2), change=lambda rows: [{**r, "lr0": "auto"} for r in rows])
    with pytest.raises(DataError, match="has lr0='auto', expected a number"):
        read_results([tmp_path])


def test_how_an_ablation_ended_is_read_and_is_no_argument(tmp_path):
    rows = [
        row("ciou", 0, until=0.5, max_seeds=20, race=True),
        row("eiou", 0, until=None, max_seeds=None, race=None),
    ]
    folder = results(tmp_path, *rows)
    write_csv(folder / "arguments.csv", [{"run": one["run"], "race": True, "until": 0.5} for one in rows])
    read = read_results([folder])
    assert [one["max_seeds"] for one in read.rows] == [20.0, None]
    assert read.arguments == ("box",)
    results(tmp_path, {**rows[0], "max_seeds": "many"})
    with pytest.raises(DataError, match="has max_seeds='many', expected a number"):
        read_results([tmp_path])
