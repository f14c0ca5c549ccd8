"""Ultralytics' results.csv is read whatever became of it."""

import pytest

from tests.ablation.factories import HEADER
from yolo_feiou.errors import DataError
from yolo_feiou.results.epochs import count_epochs, count_minutes, drop_partial_line, read_curve, read_epochs


def test_an_epoch_that_was_done_twice_counts_once_as_it_went_last(tmp_path):
    """Killed after results.csv got its line and before the checkpoint: epoch 2 is done again."""
    path = tmp_path / "results.csv"
    path.write_text(HEADER + "1,10,.5,.1\n2,20,.4,.2\n2,9,.45,.25\n3,19,.3,.3\n")
    curve = read_curve(path)
    assert [(row["epoch"], row["time"]) for row in curve] == [(1, 10), (2, 9), (3, 19)]
    assert count_minutes(curve, [{"first_epoch": 1}, {"first_epoch": 2}]) == pytest.approx((10 + 19) / 60)


def test_an_epoch_counts_for_the_session_that_did_it(tmp_path):
    """Resumed at epoch 3, whose clock starts anew: 20 s for two epochs, and 30 s for the third, which was slow."""
    rows = [{"epoch": epoch, "time": time} for epoch, time in ((1, 10), (2, 20), (3, 30))]
    assert count_minutes(rows, [{"first_epoch": 1}, {"first_epoch": 3}]) == pytest.approx(50 / 60)


def test_intervals_are_counted_as_the_epochs_that_their_steps_make():
    """180 steps of four images of 475 are 1.52 epochs; after the third of six intervals, 90 steps, half of that."""
    rows = [{"epoch": float(part), "iteration": 30.0 * part} for part in range(1, 7)]
    assert count_epochs(rows, 180, 1.52) == 1.52 and count_epochs(rows[:3], 180, 1.52) == 0.76
    assert count_epochs([], 180, 1.52) == 0 and count_epochs(rows) == 6
    assert count_epochs([{"epoch": 1.0}, {"epoch": 2.0}]) == 2


def test_a_line_that_was_cut_off_is_no_epoch(tmp_path):
    path = tmp_path / "results.csv"
    path.write_text(HEADER + "1,2,0.5,0.1\n\0\0,\0,\0,\0\n2,4,0.")
    assert [row["epoch"] for row in read_epochs(path)] == [1]
    drop_partial_line(path)
    path.write_text(path.read_text() + "2,4,0.4,0.2\n")  # as the epoch is done again
    assert [row["epoch"] for row in read_epochs(path)] == [1, 2]
    drop_partial_line(path)
    assert [row["epoch"] for row in read_epochs(path)] == [1, 2]
    assert read_epochs(tmp_path / "none.csv") == []


def test_a_spreadsheet_may_have_saved_an_ultralytics_results_csv(tmp_path):
    """With semicolons and decimal commas; what is no such file is told, and not taken for one without epochs."""
    path = tmp_path / "results.csv"
    path.write_text(HEADER + "1,2,0.5,0.1\n2,4,0.25,0.2\n")
    plain = read_epochs(path)
    path.write_bytes(path.read_text().replace(",", ";").replace(".", ",").encode("utf-8-sig"))
    assert read_epochs(path) == plain and [row["epoch"] for row in plain] == [1, 2]
    path.write_text("run,AP\na,0.5\n")
    with pytest.raises(DataError, match="has no column epoch, so it is not what Ultralytics writes"):
        read_epochs(path)
