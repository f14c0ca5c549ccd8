"""The row of a run."""

import pytest

from tests.ablation.made_up import HEADER, MEASURED, SESSION, TASK, run, trained
from yolo_feiou.ablation.rows import curve, finished_row, minutes, read_results
from yolo_feiou.errors import DataError


def test_a_row_says_what_it_was_and_what_came_out(tmp_path):
    folder = trained(tmp_path / "r", run(box=5, imgsz=64))
    row = finished_row(folder, folder.run(), TASK, MEASURED)
    assert row["run"] == "r" and row["key"] == folder.run().key and row["status"] == "done"
    assert (row["loss"], row["seed"], row["box"], row["gain"], row["data"]) == ("eiou", 0, 5, "same", "d.yaml")
    assert (row["imgsz"], row["eval_imgsz"], row["eval_iou"], row["eval_weights"]) == (64, 64, 0.7, "best")
    assert row["AP"] == 0.25 and row["AP_S"] is None
    assert (row["epochs_done"], row["minutes"], row["resumed"], row["torch"]) == (3, 0.1, 0, "2.0")
    assert "model" not in row and "iou" not in row, "those of the evaluation: best.pt, and the IoU of the NMS"


@pytest.mark.parametrize(
    ("asked", "recorded"),
    [({"loss": "eiou"}, {"loss": "ciou"}), ({"seed": 1}, {"seed": 0}), ({"box": 5}, {"box": 7.5})],
)
def test_a_run_that_trained_with_something_else_has_no_row(tmp_path, asked, recorded):
    folder = trained(tmp_path / "r", run(**asked), recorded=recorded)
    ((key, value),) = recorded.items()
    with pytest.raises(DataError, match=rf"was to train with {key}={asked[key]}, its args.yaml says {value}"):
        finished_row(folder, folder.run(), TASK, MEASURED)


def test_a_batch_that_ultralytics_halved_is_no_fair_run(tmp_path):
    folder = trained(tmp_path / "r", run(batch=16), batch=8)
    with pytest.raises(DataError, match="batch=16, Ultralytics went down to 8"):
        finished_row(folder, folder.run(), TASK, MEASURED)
    trained(tmp_path / "auto", run(batch=-1), batch=8)  # where Ultralytics was asked to choose, it may
    finished_row(folder := trained(tmp_path / "none", run(), batch=8), folder.run(), TASK, MEASURED)


def test_an_epoch_that_was_done_twice_counts_once_as_it_went_last(tmp_path):
    """Killed after results.csv got its line and before the checkpoint: epoch 2 is done again."""
    folder = trained(tmp_path / "r", run(), ("1,10,.5,.1", "2,20,.4,.2", "2,9,.45,.25", "3,19,.3,.3"))
    assert [(row["epoch"], row["time"]) for row in curve(folder)] == [(1, 10), (2, 9), (3, 19)]
    sessions = [SESSION, {**SESSION, "first_epoch": 2}]
    assert minutes(curve(folder), sessions) == pytest.approx((10 + 19) / 60)


def test_a_line_that_was_cut_off_is_no_epoch(tmp_path):
    (tmp_path / "results.csv").write_text(HEADER + "1,2,0.5,0.1\n2,4,0.")
    assert [row["epoch"] for row in read_results(tmp_path / "results.csv")] == [1]
    assert read_results(tmp_path / "none.csv") == []
