"""Files of the commands are read by the names of what they measured."""

import pytest

from tests.paper.factories import evidence, last_steps, results
from yolo_feiou.simulation.claims import CLAIMS


def test_readings_are_counted(tmp_path):
    evidence = results(tmp_path, lambda run, loss: 1)
    assert evidence.readings(CLAIMS[0]) == (3, 3)  # claim 1: rows 1, 1 and 1
    assert evidence.readings(CLAIMS[1]) == (1, 3)  # claim 2: rows 0, 0 and 1
    assert evidence["some.fact"] == 0.5


def test_a_course_and_an_end_are_of_one_loss(tmp_path):
    boxes = [{"loss": loss, "step": step, "w": w} for loss, step, w in (("giou", 0, 1), ("giou", 1, 2), ("eiou", 0, 3))]
    found = evidence(tmp_path, setup1__steps=last_steps(iou=20, giou=19), figure1__figure1=boxes)
    assert [row["error"] for row in found.course("setup1", "giou").steps] == [30, 19]
    assert found.end("giou")["w"] == 2 and found.end("eiou")["w"] == 3


@pytest.mark.parametrize(("beta", "nearest"), [(0.8, 0.8), (0.79, 0.8), (1 / 2.7182818, 0.3678794), (2, 1)])
def test_a_curve_is_that_of_the_nearest_beta(tmp_path, beta, nearest):
    rows = [{"beta": b, "x": x, "gradient": b + x} for b in (0.3678794, 0.8, 1) for x in (0.1, 0.2)]
    curve = evidence(tmp_path, figure2__figure2=rows).curve(beta)
    assert [(row["beta"], row["x"]) for row in curve] == [(nearest, 0.1), (nearest, 0.2)]


def test_a_sweep_is_of_one_loss_in_one_setup(tmp_path):
    rows = [
        {"setup": setup, "loss": loss, "value": value, "error": setup + value}
        for setup in (1, 2)
        for loss in ("focal_l1", "focal_eiou")
        for value in (0.5, 1)
    ]
    found = evidence(tmp_path, figure4__figure4=rows)
    for setup in (1, 2):
        swept = found.swept(setup, "focal_l1")
        assert {value: row["error"] for value, row in swept.items()} == {0.5: setup + 0.5, 1: setup + 1}


def test_a_file_is_read_once(tmp_path):
    found = evidence(tmp_path, {"eiou.gap": 0.5})
    (tmp_path / "facts.csv").unlink()
    assert found["eiou.gap"] == 0.5 and found.table("facts.csv")[-1]["name"] == "eiou.gap"
