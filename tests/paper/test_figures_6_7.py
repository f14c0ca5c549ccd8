"""Statements on figures 6 and 7 under each condition, on small results whose result is known."""

import pytest

from tests.paper.factories import ERRORS, RUNS, results
from yolo_feiou.paper.figures_6_7 import count_results, format_matrix, judge_claim
from yolo_feiou.paper.page import RESULT_MARKS
from yolo_feiou.paper.statement import FAILS, HOLDS, PARTLY
from yolo_feiou.simulation.claims import CLAIMS

_, EIOU_LOWER, FOCAL_LARGER, *_ = CLAIMS


@pytest.mark.parametrize(
    ("error", "word"),
    [
        (lambda run, loss: ERRORS.get(loss, 16), HOLDS),
        (lambda run, loss: 19.5 if loss == "eiou" else ERRORS.get(loss, 16), FAILS),  # GIoU is lower
        (lambda run, loss: 19.5 if (run, loss) == (RUNS[0], "eiou") else ERRORS.get(loss, 16), PARTLY),
    ],
)
def test_a_statement_on_eiou_is_judged_over_its_simulations(tmp_path, error, word):
    assert judge_claim(results(tmp_path, error), EIOU_LOWER) == word


def test_a_statement_that_holds_in_part_says_where(tmp_path):
    def error(run, loss):  # Focal-EIoU is above EIoU with its weight attached alone
        return 18 if loss == "focal_eiou:detach=false" else ERRORS.get(loss, 16)

    evidence = results(tmp_path, error)
    judged, figures = evidence.judge(FOCAL_LARGER)
    assert judge_claim(evidence, FOCAL_LARGER) == PARTLY
    assert [name for name, holds in judged.items() if holds] == [
        "literal, attached weight",
        "2 − IoU, attached weight",
    ]
    assert figures == "error after the last step: focal_eiou 16, eiou 17"
    row = format_matrix(evidence, RESULT_MARKS)[2 + CLAIMS.index(FOCAL_LARGER)]
    assert row.split(" | ")[2:12] == ["🔶 holds under conditions", *"❌✅❌❌✅❌❌❌", "3 / 3"]
    assert count_results(evidence).total() == len(CLAIMS)
