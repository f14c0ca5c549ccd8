"""The CSV files of an ablation."""

import shutil

import pytest

from tests.ablation.factories import MEASURED, SESSION, TASK, run, trained
from yolo_feiou.ablation.collect import collect_results
from yolo_feiou.ablation.rows import make_finished_row
from yolo_feiou.ablation.run_folder import RunFolder
from yolo_feiou.report.read import read_results
from yolo_feiou.report.variants import find_swept_arguments, make_variants
from yolo_feiou.results.run_record import RunRecord
from yolo_feiou.storage.tables import read_csv, write_csv, write_json


def finished(path, run):
    folder = trained(path, run)
    folder.write_row(make_finished_row(folder, run, TASK, MEASURED))
    return folder


def test_what_differs_is_swept_whatever_it_was_called(tmp_path):
    """Two grids in one folder, of which the second gives box: the first one's runs had 7.5, as their files say."""
    finished(tmp_path / "a", run())
    finished(tmp_path / "b", run(seed=1))
    finished(tmp_path / "c", run(loss="giou", box=5))
    collect_results(tmp_path)
    rows = read_csv(tmp_path / "results.csv")
    assert [row["axes"] for row in rows] == ["loss box seed"] * 3
    assert [row["box"] for row in rows] == [7.5, 7.5, 5]
    assert [row["loss"] for row in rows] == ["eiou", "eiou", "giou"]


def test_an_argument_that_was_not_given_is_what_the_run_recorded_and_never_what_is_the_default_today(tmp_path):
    """mosaic was 0.5 by default in the day of `a`; what `b` had is not recorded; workers have no effect."""
    a, b = finished(tmp_path / "a", run(imgsz=64)), finished(tmp_path / "b", run(seed=1))
    RunRecord(
        "a", arguments={"mosaic": 0.5, "imgsz": 64, "batch": 16}, set_to={"workers": 0}, sessions=[SESSION]
    ).write(a.train)
    (b.train / "args.yaml").unlink()
    finished(tmp_path / "c", run(mosaic=0.25))
    collect_results(tmp_path)
    rows = {row["run"]: row for row in read_csv(tmp_path / "results.csv")}
    assert [rows[name]["mosaic"] for name in "abc"] == [0.5, "", 0.25]
    assert [rows[name]["imgsz"] for name in "abc"] == [64, 640, 640], "b's row said so when it was done"
    assert rows["a"]["axes"] == "loss imgsz mosaic seed".replace("loss ", "")
    recorded = {row["run"]: row for row in read_csv(tmp_path / "arguments.csv")}
    assert recorded["a"]["mosaic"] == 0.5 and recorded["a"]["imgsz"] == 64 and "b" not in recorded


def test_rows_are_in_the_order_of_their_axes(tmp_path):
    """Numbers by size, and a loss before its other forms, whatever the folders are called."""
    grid = [run(loss=loss, seed=seed) for loss in ("focal_eiou", "focal_eiou:norm=tal") for seed in (2, 10)]
    for number, one in enumerate(reversed(grid)):
        finished(tmp_path / f"{number}", one)
    collect_results(tmp_path)
    rows = read_csv(tmp_path / "results.csv")
    assert [(row["loss"], row["seed"]) for row in rows] == [(r.arguments["loss"], r.arguments["seed"]) for r in grid]


def test_a_run_that_failed_has_a_row_and_one_that_is_not_finished_too(tmp_path):
    RunFolder(tmp_path / "a").write_run(run(seed=0))
    RunFolder(tmp_path / "a").write_failure({"time": "now", "reason": "no memory"})
    finished(tmp_path / "b", run(seed=1))
    RunFolder(tmp_path / "c").write_run(run(seed=2))
    (tmp_path / "train" / "c").mkdir(parents=True)
    (tmp_path / "train" / "c" / "box_stats.csv").write_text("epoch,positives\n1,2\n")
    assert collect_results(tmp_path) == []
    assert not (tmp_path / "box_stats.csv").exists(), "what there is of an unfinished run is no result"
    rows = read_csv(tmp_path / "results.csv")
    assert [(row["run"], row["status"], row["reason"], row["AP"]) for row in rows] == [
        ("a", "failed", "no memory", ""),
        ("b", "done", "", 0.25),
        ("c", "unfinished", "", ""),
    ]
    assert rows[1]["AP_S"] == "", "missing, not 0"
    columns = list(rows[0])
    assert columns[:8] == ["run", "key", "status", "reason", "axes", "loss", "seed", "gain"]
    assert columns[8 : columns.index("device")] == ["batch", "box", "data", "epochs", "imgsz"], (
        "the report takes these for arguments"
    )


def test_curves_and_sizes_are_gathered(tmp_path):
    folder = finished(tmp_path / "a", run())
    write_csv(folder.train / "box_stats.csv", [{"epoch": 1, "iou_mean": 0.5}])
    (tmp_path / "preflight").mkdir()
    write_json(tmp_path / "preflight" / "x.json", {"rows": [{"loss": "eiou", "gradient_ratio": 1.5}]})
    collect_results(tmp_path)
    curves = read_csv(tmp_path / "curves.csv")
    assert [(row["run"], row["epoch"], row["metrics/mAP50-95(B)"]) for row in curves] == [
        ("a", 1, 0.1),
        ("a", 2, 0.2),
        ("a", 3, 0.3),
    ]
    assert read_csv(tmp_path / "box_stats.csv") == [{"run": "a", "epoch": 1, "iou_mean": 0.5}]
    assert read_csv(tmp_path / "preflight.csv") == [{"loss": "eiou", "gradient_ratio": 1.5}]


def test_a_damaged_run_is_named_and_left_out(tmp_path):
    finished(tmp_path / "a", run())
    (finished(tmp_path / "b", run(seed=1)).path / "row.json").write_text("{")
    (note,) = collect_results(tmp_path)
    assert "row.json is not a complete JSON file" in note and note.endswith("The run is left out.")
    assert [row["run"] for row in read_csv(tmp_path / "results.csv")] == ["a"]


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("failed.json", {}),
        ("failed.json", {"reason": "why"}),
        ("row.json", {}),
        ("row.json", {"AP": 0.9}),
        ("row.json", {"status": "done", "AP": "0.9"}),
        ("sessions.json", [{}]),
        ("run.json", {"arguments": {}}),
    ],
)
def test_a_record_of_another_form_is_named_and_its_run_left_out(tmp_path, name, content):
    finished(tmp_path / "a", run())
    write_json(finished(tmp_path / "b", run(seed=1)).path / name, content)
    (note,) = collect_results(tmp_path)
    assert f"b/{name} is not as it was written" in note and note.endswith("The run is left out.")
    assert [row["run"] for row in read_csv(tmp_path / "results.csv")] == ["a"]


@pytest.mark.parametrize("content", [{}, [], {"rows": {}}, {"rows": [1]}, {"rows": [{"loss": "eiou"}]}])
def test_sizes_of_another_form_are_named_and_left_out(tmp_path, content):
    finished(tmp_path / "a", run())
    (tmp_path / "preflight").mkdir()
    write_json(tmp_path / "preflight" / "x.json", content)
    (note,) = collect_results(tmp_path)
    assert "preflight/x.json is not as it was written" in note and "left out" in note
    assert not (tmp_path / "preflight.csv").exists() and (tmp_path / "results.csv").exists()


def test_a_damaged_table_of_a_run_is_named_and_left_out(tmp_path):
    """Ultralytics' results.csv or our box_stats.csv of one run: the others keep their rows."""
    _, torn, cut = (finished(tmp_path / name, run(seed=seed)) for seed, name in enumerate(("a", "b", "c")))
    for folder in (torn, cut):
        folder.train.mkdir(exist_ok=True)
    torn.results.write_text("run,AP\n")
    (cut.train / "box_stats.csv").write_text("epoch,positives\n1\n")
    notes = collect_results(tmp_path)
    assert [note.endswith("The run is left out.") for note in notes] == [True, True]
    assert "has no column epoch" in notes[0] and "row 1 has 1 cells and the header 2" in notes[1]
    assert [row["run"] for row in read_csv(tmp_path / "results.csv")] == ["a"]


def test_what_is_not_there_any_more_leaves_no_file(tmp_path):
    finished(tmp_path / "a", run())
    collect_results(tmp_path)
    assert (tmp_path / "curves.csv").exists()
    shutil.rmtree(tmp_path / "a")
    assert collect_results(tmp_path) == []
    assert not list(tmp_path.glob("*.csv"))


def test_damaged_arguments_of_a_training_are_named_and_its_run_left_out(tmp_path):
    """Without a record, args.yaml tells."""
    finished(tmp_path / "a", run())
    (finished(tmp_path / "b", run(seed=1)).train / "args.yaml").write_text("loss: [eiou\n\tbox")
    for folder in (tmp_path / "a", tmp_path / "b"):
        (RunFolder(folder).train / "provenance.json").unlink(missing_ok=True)
    (note,) = collect_results(tmp_path)
    assert "args.yaml is damaged" in note and note.endswith("The run is left out.")
    assert [row["run"] for row in read_csv(tmp_path / "results.csv")] == ["a"]


def test_rows_say_how_seeds_were_added_and_that_is_no_argument_that_was_swept(tmp_path):
    """Failed ones too; where seeds were fixed there are no such columns. The report reads the number of seeds."""
    finished(tmp_path / "a", run(loss="ciou"))
    finished(tmp_path / "b", run())
    failed = RunFolder(tmp_path / "c")
    failed.write_run(run(loss="giou"))
    failed.write_failure({"reason": "why", "time": "2026-01-01T00:00:00+00:00"})
    collect_results(tmp_path)
    assert not {"until", "max_seeds", "race"} & read_csv(tmp_path / "results.csv")[0].keys()
    sequential = {"until": 0.5, "max_seeds": 20, "race": False, "seeds": [0, 1]}
    write_json(tmp_path / "ablation.json", {"commands": [], "sequential": sequential})
    collect_results(tmp_path)
    rows = read_csv(tmp_path / "results.csv")
    assert [(row["until"], row["max_seeds"], row["race"]) for row in rows] == [(0.5, 20, "False")] * 3
    assert list(rows[0])[5:12] == ["loss", "seed", "gain", "until", "max_seeds", "race", "batch"]
    results = read_results([tmp_path])
    assert find_swept_arguments(results) == ("loss",)
    ours, theirs = make_variants(results, ["loss"])
    assert ours.most_seeds == 20 and ours.difference(theirs, "AP").most == 20
