"""Runs are compared by AP, unless their row names another metric."""

import pytest

from yolo_feiou.results.main_metric import MAIN_METRICS, find_main_metric, get_score, name_main_metric, name_metrics
from yolo_feiou.results.schema import METRICS, TASK_METRICS


@pytest.mark.parametrize(
    ("row", "expected"),
    [({"AP": 0.5}, "AP"), ({"metric": None}, "AP"), ({"metric": ""}, "AP"), ({"metric": "mAP_obb"}, "mAP_obb")],
)
def test_the_row_says_what_is_compared(row, expected):
    assert find_main_metric(row) == expected


def test_a_run_has_one_score_and_its_name():
    oriented, upright = {"metric": "mAP_obb", "AP": None, "mAP_obb": 0.25}, {"AP": 0.5}
    assert (get_score(oriented), name_main_metric(oriented)) == (0.25, "mAP")
    assert (get_score(upright), name_main_metric(upright)) == (0.5, "AP")


def test_mixed_metrics_have_both_names_in_one_order():
    assert name_metrics(["AP", "AP"]) == name_metrics([]) == "AP"
    assert name_metrics(["mAP_obb"]) == "mAP"
    assert name_metrics(["mAP_obb", "AP"]) == name_metrics(["AP", "mAP_obb"]) == "AP or mAP"


def test_what_is_compared_is_a_column():
    assert set(MAIN_METRICS) <= {*METRICS, *TASK_METRICS}
