"""Verdicts on small results whose verdict is known."""

import pytest

from yolo_feiou.paper.evidence import CONDITIONS, Evidence
from yolo_feiou.paper.figures_6_7 import count_results, format_matrix, judge_claim
from yolo_feiou.paper.page import RESULT_MARKS
from yolo_feiou.paper.statement import FAILS, HOLDS, PARTLY, UNTESTED, judge_once, judge_under, untested
from yolo_feiou.simulation.claims import CLAIMS
from yolo_feiou.storage.tables import write_csv

RUNS = sorted({run for _, run, _ in CONDITIONS})
LOSSES = ["iou", "giou", "ciou", "eiou", *dict.fromkeys(focal for _, _, focal in CONDITIONS)]
OTHERS = ("iou_mean", "iou_best", "iou_05", "iou_50", "share_90")
EIOU_FASTER, EIOU_LOWER, FOCAL_LARGER, *_ = CLAIMS


def results(folder, error):
    """Write simulations whose last error is `error(run, loss)`; what else is recorded is 0."""
    for run in RUNS:
        for setup in (1, 2):
            rows = [
                {"loss": loss, "step": step, "error": value, **dict.fromkeys(OTHERS, 0.0)}
                for loss in LOSSES
                for step, value in enumerate((30.0, 25.0, float(error(run, loss))))
            ]
            (folder / run.format(setup)).mkdir()
            write_csv(folder / run.format(setup) / "steps.csv", rows)
    write_csv(folder / "facts.csv", [{"name": "some.fact", "value": 0.5, "meaning": ""}])
    (folder / "readings").mkdir()
    write_csv(
        folder / "readings" / "readings.csv",
        [{**{f"claim_{i}": i % 2 for i, _ in enumerate(CLAIMS, 1)}, "holds": 6}] * 2
        + [{**{f"claim_{i}": 1 for i, _ in enumerate(CLAIMS, 1)}, "holds": 11}],
    )
    return Evidence(folder)


ERRORS = {"iou": 20, "giou": 19, "ciou": 18, "eiou": 17}


@pytest.mark.parametrize(
    ("error", "word"),
    [
        (lambda run, loss: ERRORS.get(loss, 16), HOLDS),
        (lambda run, loss: 19.5 if loss == "eiou" else ERRORS.get(loss, 16), FAILS),  # GIoU is lower
        (lambda run, loss: 19.5 if (run, loss) == (RUNS[0], "eiou") else ERRORS.get(loss, 16), PARTLY),
    ],
)
def test_statement_on_eiou(tmp_path, error, word):
    assert judge_claim(results(tmp_path, error), EIOU_LOWER) == word


def test_a_statement_that_holds_in_part_says_where(tmp_path):
    def error(run, loss):  # Focal-EIoU is above EIoU with its weight in the graph alone
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


def test_readings_are_counted(tmp_path):
    evidence = results(tmp_path, lambda run, loss: 1)
    assert evidence.readings(CLAIMS[0]) == (3, 3)  # claim 1: rows 1, 1 and 1
    assert evidence.readings(CLAIMS[1]) == (1, 3)  # claim 2: rows 0, 0 and 1
    assert evidence["some.fact"] == 0.5


def test_words():
    assert judge_once(True, "x").word == HOLDS
    assert judge_once(False, "x").word == FAILS
    assert judge_under({"a": True, "b": True}, "x").word == HOLDS
    assert judge_under({"a": False, "b": False}, "x").word == FAILS
    assert judge_under({"a": False, "b": True}, "x").ours == "for b; not for a. x"
    assert untested("why")(None).word == UNTESTED
