"""The row of a run agrees with what was asked for, whatever wrote it."""

import pytest

from tests.ablation.factories import MEASURED, SESSION, TASK, run
from yolo_feiou.evaluation.source import Source
from yolo_feiou.results.row import TrainingSummary, make_results_row, matches_request, merge_values


@pytest.mark.parametrize(
    ("values", "merged"),
    [
        ((), None),
        (("2.0", "2.0"), "2.0"),
        (("2.0", "2.1", "2.0"), "2.0 → 2.1"),
        ((1, 2), "1 → 2"),
        ((None, None), None),
    ],
)
def test_sessions_give_one_value_or_all_in_their_order(values, merged):
    assert merge_values(values) == merged


def make(sessions=(SESSION,), set_to=(), **arguments):
    """The row of a training of three epochs of 2 s."""
    curve = [{"epoch": epoch, "time": 2.0 * epoch} for epoch in (1, 2, 3)]
    trained = TrainingSummary("r", "k", run(**arguments), dict(set_to), curve, sessions)
    return make_results_row(trained, TASK, {**MEASURED, **Source(None, "x").row})


def test_what_trained_goes_before_what_was_asked_for():
    row = make(set_to={"imgsz": 128}, imgsz=100)
    assert (row["imgsz"], row["eval_imgsz"], row["epochs_done"], row["minutes"]) == (128, 64, 3, 0.1)


def test_the_gain_that_was_used_stands_beside_the_one_that_was_asked_for():
    trained = TrainingSummary("r", "k", run(box="auto"), {}, [], [SESSION], 2.5)
    row = make_results_row(trained, TASK, {**MEASURED, **Source(None, "x").row})
    assert (row["box"], row["box_used"]) == ("auto", 2.5)
    assert make()["box_used"] is None


def test_epochs_of_a_detector_are_not_its_intervals():
    """Three intervals of 60 of 180 steps, which make 1.52 epochs."""
    curve = [{"epoch": part, "time": 2.0 * part, "iteration": 60.0 * part} for part in (1, 2, 3)]
    trained = TrainingSummary("r", "k", run(), {"epochs": 1.52}, curve, [SESSION])
    row = make_results_row(trained, TASK, {**MEASURED, "iterations": 180})
    assert (row["epochs"], row["epochs_done"]) == (1.52, 1.52)


def test_columns_of_the_evaluation_that_the_training_has_too_are_the_trainings():
    row = make(data="d.yaml")
    assert row["data"] == "d.yaml" and not {"model", "single_cls", "conf", "split"} & row.keys()
    assert (row["eval_conf"], row["eval_split"], row["AP"]) == (0.001, "val", 0.25)


def test_a_training_whose_sessions_are_unknown_has_no_time():
    row = make(sessions=())
    assert [row[name] for name in ("minutes", "resumed", "started", "torch")] == [None] * 4


@pytest.mark.parametrize(
    ("row", "asked", "matches"),
    [
        ({"ground_truth": "a.json", "ground_truth_holds": "x"}, {"ground_truth": "a.json"}, True),
        ({"ground_truth": "a.json", "ground_truth_holds": "x"}, {"ground_truth_holds": "y"}, False),
        ({"eval_split": "val"}, {"eval_split": "test"}, False),
        ({}, {"evaluator": "pycocotools"}, False),
        ({"evaluator": "ultralytics", "metric": "mAP_obb"}, {"evaluator": "pycocotools"}, True),  # it has no say there
        ({"evaluator": "ultralytics", "metric": "mAP_obb", "eval_split": "val"}, {"eval_split": "test"}, False),
        # Rows of earlier versions: the JSON that was named, or labels, whatever was in them.
        ({"annotations": "/here/a.json"}, {"ground_truth": "a.json", "ground_truth_holds": "x"}, True),
        ({"annotations": None}, {"ground_truth": "labels", "ground_truth_holds": "x"}, True),
        ({"annotations": None}, {"ground_truth": "a.json"}, False),
    ],
)
def test_a_row_is_of_the_evaluation_that_is_asked_for_if_all_agrees(row, asked, matches):
    assert matches_request(row, asked) is matches
