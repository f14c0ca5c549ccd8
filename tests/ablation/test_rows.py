"""The row of a run."""

from dataclasses import replace

import pytest

from tests.ablation.factories import MEASURED, SESSION, TASK, run, trained, write_sessions
from yolo_feiou.ablation.rows import make_finished_row
from yolo_feiou.errors import DataError
from yolo_feiou.results.run_record import RunRecord
from yolo_feiou.storage.tables import write_json


def test_a_row_says_what_it_was_and_what_came_out(tmp_path):
    folder = trained(tmp_path / "r", run(box=5, imgsz=64))
    row = make_finished_row(folder, folder.run(), TASK, MEASURED)
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
        make_finished_row(folder, folder.run(), TASK, MEASURED)


def test_a_number_is_the_same_however_it_is_recorded(tmp_path):
    folder = trained(tmp_path / "r", run(box=2), recorded={"box": 2.0})
    assert make_finished_row(folder, folder.run(), TASK, MEASURED)["box"] == 2


def test_a_row_says_the_gain_that_was_used(tmp_path):
    folder = trained(tmp_path / "r", run(box="auto"), recorded={"box": "auto"})
    row = make_finished_row(folder, folder.run(), TASK, MEASURED, 2.5)
    assert (row["box"], row["box_used"]) == ("auto", 2.5)


def test_a_batch_that_ultralytics_halved_is_no_fair_run(tmp_path):
    folder = trained(tmp_path / "r", run(batch=16), batch=8)
    with pytest.raises(DataError, match="batch=16, Ultralytics went down to 8"):
        make_finished_row(folder, folder.run(), TASK, MEASURED)
    folder = trained(tmp_path / "usual", run(), batch=8)  # 16 is Ultralytics' default
    with pytest.raises(DataError, match="batch=16, Ultralytics went down to 8"):
        make_finished_row(folder, folder.run(), TASK, MEASURED)
    folder = trained(tmp_path / "auto", run(batch=-1), batch=8)  # where Ultralytics was asked to choose, it may
    assert make_finished_row(folder, folder.run(), TASK, MEASURED)["batch"] == 8


def test_a_run_that_was_resumed_elsewhere_says_so(tmp_path):
    folder = trained(tmp_path / "r", run())
    write_sessions(folder, SESSION, {**SESSION, "first_epoch": 2, "torch": "2.1", "machine": "n"})
    row = make_finished_row(folder, folder.run(), TASK, MEASURED)
    assert (row["torch"], row["machine"], row["python"], row["resumed"]) == ("2.0 → 2.1", "m → n", "3.11", 1)


def test_what_ultralytics_set_by_itself_is_what_the_row_says(tmp_path):
    """Weights that were trained at 1280 train at 1280, and 100 becomes 128, a multiple of the stride."""
    folder = trained(tmp_path / "r", run(imgsz=100), recorded={"imgsz": 128})
    row = make_finished_row(folder, folder.run(), TASK, MEASURED)
    assert (row["imgsz"], row["epochs"]) == (128, 3)


def test_sessions_of_an_older_version_come_first(tmp_path):
    """0.1.0 kept them in sessions.json; what it began and is resumed now has the later ones in its record."""
    folder = trained(tmp_path / "r", run())
    write_json(folder.path / "sessions.json", [{**SESSION, "yolo_feiou": "0.1.0"}])
    write_sessions(folder, {**SESSION, "first_epoch": 2, "yolo_feiou": "0.2"})
    row = make_finished_row(folder, folder.run(), TASK, MEASURED)
    assert (row["resumed"], row["yolo_feiou"]) == (1, "0.1.0 → 0.2")
    (folder.train / "provenance.json").unlink()
    row = make_finished_row(folder, folder.run(), TASK, MEASURED)
    assert (row["resumed"], row["yolo_feiou"], row["minutes"]) == (0, "0.1.0", 0.1)


def test_without_any_sessions_they_are_not_recorded(tmp_path):
    folder = trained(tmp_path / "r", run())
    (folder.train / "provenance.json").unlink()
    row = make_finished_row(folder, folder.run(), TASK, MEASURED)
    assert [row[name] for name in ("resumed", "minutes", "started", "torch", "machine")] == [None] * 5


def test_a_batch_is_measured_by_the_default_of_its_day(tmp_path):
    """The record says that 32 was the default; today's is 16."""
    folder = trained(tmp_path / "r", run(), batch=32)
    record = RunRecord("x", arguments={"loss": "eiou", "seed": 0, "batch": 32, "imgsz": 640, "epochs": 3})
    replace(record, sessions=[SESSION]).write(folder.train)
    assert make_finished_row(folder, folder.run(), TASK, MEASURED)["batch"] == 32


def test_the_record_goes_before_an_args_yaml_that_a_resume_wrote_anew(tmp_path):
    folder = trained(tmp_path / "r", run(seed=0), recorded={"seed": 3})
    record = RunRecord("x", arguments={"loss": "eiou", "seed": 0, "batch": 16, "imgsz": 640, "epochs": 3})
    replace(record, sessions=[SESSION]).write(folder.train)
    assert make_finished_row(folder, folder.run(), TASK, MEASURED)["seed"] == 0
    replace(record, arguments={**record.arguments, "loss": "ciou"}, sessions=[SESSION]).write(folder.train)
    with pytest.raises(DataError, match=r"was to train with loss=eiou, its provenance\.json says ciou"):
        make_finished_row(folder, folder.run(), TASK, MEASURED)
