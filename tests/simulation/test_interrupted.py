"""What is finished stays, and nothing else does, when a simulation is interrupted or fails."""

import json
from pathlib import Path

import pytest

from tests.simulation.quick import QUICK, names
from yolo_feiou.errors import Interrupted
from yolo_feiou.simulation import run
from yolo_feiou.simulation.command import simulate
from yolo_feiou.storage.tables import atomic_file, read_csv


@pytest.fixture
def interrupt(monkeypatch):
    """A function that has Ctrl-C come at the n-th measurement; there are three a loss with `QUICK`."""

    def at(n):
        calls, plain = [], run.measure_boxes

        def stop(boxes, target):
            calls.append(1)
            if len(calls) == n:
                raise KeyboardInterrupt
            return plain(boxes, target)

        monkeypatch.setattr(run, "measure_boxes", stop)

    return at


def test_ctrl_c_keeps_what_is_finished(yolo, interrupt, tmp_path):
    """The eighth measurement is in the third loss."""
    interrupt(8)
    assert yolo("simulate", "setup=2", *QUICK, "out=deep/results") == (
        f"interrupted; finished, in {Path('deep/results')}: settings.json, steps.csv"
    )
    assert names("deep/results") == ["settings.json", "steps.csv"]
    rows = read_csv(tmp_path / "deep" / "results" / "steps.csv")
    assert [(row["loss"], row["step"]) for row in rows] == [(loss, i) for loss in ("iou", "giou") for i in range(3)]
    assert json.loads((tmp_path / "deep" / "results" / "settings.json").read_text())["losses"] == ["iou", "giou"]


@pytest.mark.parametrize("n", [1, 3])
@pytest.mark.parametrize("out", [["out=deep/down"], []])
def test_ctrl_c_before_the_first_loss_is_finished_leaves_nothing(yolo, interrupt, tmp_path, n, out):
    interrupt(n)
    assert yolo("simulate", "setup=2", *QUICK, *out) == "interrupted; nothing is kept"
    assert names(tmp_path) == []


def test_ctrl_c_leaves_a_folder_that_was_there(yolo, interrupt, tmp_path):
    (tmp_path / "mine").mkdir()
    interrupt(1)
    assert yolo("simulate", "setup=2", *QUICK, "out=mine") == "interrupted; nothing is kept"
    assert names(tmp_path) == ["mine"] and names("mine") == []


def test_ctrl_c_while_a_picture_is_drawn_leaves_none(yolo, monkeypatch):
    """The table is finished; the picture is not there, nor half of it."""

    def stop(figure, path):
        with atomic_file(path) as part:
            part.write_bytes(b"half a picture")
            raise KeyboardInterrupt

    monkeypatch.setattr("yolo_feiou.simulation.figures_6_7.save_figure", stop)
    assert yolo("simulate", "setup=2", *QUICK, "losses=iou", "out=results").startswith("interrupted; finished, in")
    assert names("results") == ["settings.json", "steps.csv"]


@pytest.mark.parametrize("error", [MemoryError, RuntimeError])
def test_a_failure_leaves_no_empty_folder(monkeypatch, tmp_path, error):
    def fail(boxes, target):
        raise error

    monkeypatch.setattr(run, "measure_boxes", fail)
    with pytest.raises(error):
        simulate(["setup=2", *QUICK, f"out={tmp_path / 'deep' / 'results'}"])
    assert names(tmp_path) == []


@pytest.mark.parametrize("subject", ["figure=4", "readings=all"])
def test_an_interrupted_table_keeps_its_finished_rows(subject, tmp_path, monkeypatch, capsys):
    """The third run is interrupted: two rows are there, and nothing of the file that lay there before."""
    from yolo_feiou.simulation import figure4, readings

    def rows(*arguments, **options):
        yield from [{"row": 1.0}, {"row": 2.0}]
        raise KeyboardInterrupt

    monkeypatch.setattr(figure4, "run_sweep", rows)
    monkeypatch.setattr(readings, "judge_readings", rows)
    (tmp_path / "old.png").write_text("of another simulation")
    with pytest.raises(Interrupted) as stop:
        simulate([subject, f"out={tmp_path}"])
    (table,) = tmp_path.glob("*.csv")
    assert table.read_text() == "row\n1\n2\n"
    assert str(stop.value) == f"interrupted; finished, in {tmp_path}: {table.name}"
