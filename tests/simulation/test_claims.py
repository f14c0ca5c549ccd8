"""The paper's statements, each on a table of numbers once true and once false."""

import pytest

from yolo_feiou.simulation.claims import CLAIMS, LossCurve, check_claims

LOSSES = ("iou", "giou", "ciou", "eiou", "focal_eiou")
COLUMNS = ("error", "iou_mean", "iou_05", "iou_50", "iou_best", "share_90")
FIGURE_6 = [
    ("EIoU converges faster than IoU, GIoU and CIoU", "error", "average", "eiou", -1, LOSSES[:3]),
    ("EIoU regresses more accurately than IoU, GIoU and CIoU", "error", "last", "eiou", -1, LOSSES[:3]),
    ("the error of Focal-EIoU is larger than that of EIoU", "error", "last", "focal_eiou", 1, ("eiou",)),
    (
        "Focal-EIoU has far more high-quality examples than the other four",
        "share_90",
        "last",
        "focal_eiou",
        1,
        LOSSES[:4],
    ),
    ("its high-quality examples are far better", "iou_best", "average", "focal_eiou", 1, LOSSES[:4]),
]
FIGURE_7 = [
    ("Focal-EIoU converges fastest", "error", "average", "focal_eiou", -1, LOSSES[:4]),
    ("Focal-EIoU has the lowest error", "error", "last", "focal_eiou", -1, LOSSES[:4]),
    (
        "it improves high-quality examples much faster than the others",
        "iou_best",
        "average",
        "focal_eiou",
        1,
        LOSSES[:4],
    ),
    ("it has a longer tail than EIoU", "iou_50", "last", "focal_eiou", 1, ("eiou",)),
    ("its mean IoU is much higher than EIoU's", "iou_mean", "last", "focal_eiou", 1, ("eiou",)),
    ("it has many more high-quality anchors than EIoU", "share_90", "last", "focal_eiou", 1, ("eiou",)),
]
STATEMENTS = [(6, *statement) for statement in FIGURE_6] + [(7, *statement) for statement in FIGURE_7]


def table(losses=LOSSES, **changed):
    """Rows of steps 0 to 2 in which all losses are alike, 0.5 everywhere, but for `loss__column=(step 0, 1, 2)`."""
    rows = [{"loss": loss, "step": step, **dict.fromkeys(COLUMNS, 0.5)} for loss in losses for step in range(3)]
    for key, values in changed.items():
        loss, column = key.split("__")
        for row in rows:
            if row["loss"] == loss:
                row[column] = values[row["step"]]
    return rows


def results(rows, setup):
    """Which statements on a setup's figure hold, by what they say."""
    lines = check_claims(rows, setup)
    assert all(line.startswith(("holds  ", "fails  ")) for line in lines)
    return {line[7 : line.rindex(" (")]: line.startswith("holds") for line in lines}


def test_the_claims_are_these_statements_and_none_holds_among_equals():
    assert [(claim.figure, claim.says) for claim in CLAIMS] == [(figure, says) for figure, says, *_ in STATEMENTS]
    assert [results(table(), setup) for setup in (1, 2)] == [
        dict.fromkeys([says for says, *_ in figure], False) for figure in (FIGURE_6, FIGURE_7)
    ]  # among equals nobody is better


@pytest.mark.parametrize(("figure", "says", "column", "over", "loss", "sign", "others"), STATEMENTS)
def test_a_statement_holds_by_its_own_measure(figure, says, column, over, loss, sign, others):
    """Where ours is better by a tenth, after the last step or on average over the steps, and not by the start."""
    late, early, start = (0.5, 0.5, 0.5 + sign * 0.1), (0.5, 0.5 + sign * 0.1, 0.5), (0.5 + sign * 0.1, 0.5, 0.5)
    for values, holds in ((late, True), (early, over == "average"), (start, False)):
        assert results(table(**{f"{loss}__{column}": values}), figure - 5)[says] is holds


@pytest.mark.parametrize(("figure", "says", "column", "over", "loss", "sign", "others"), STATEMENTS)
def test_a_statement_fails_where_one_of_the_others_is_as_good(figure, says, column, over, loss, sign, others):
    better = (0.5, 0.5, 0.5 + sign * 0.1)
    for other in LOSSES:
        rows = table(**{f"{loss}__{column}": better, f"{other}__{column}": better})
        assert results(rows, figure - 5)[says] is (other not in (*others, loss) or other == loss)


def test_an_average_leaves_the_start_out():
    """(.4 + .8)/2 = .6 > .5: worse on average, though better after one step, and by the start."""
    says = "EIoU converges faster than IoU, GIoU and CIoU"
    assert results(table(eiou__error=(0.1, 0.4, 0.8)), 1)[says] is False
    assert results(table(eiou__error=(0.9, 0.4, 0.5)), 1)[says] is True
    assert LossCurve(table(eiou__error=(0.9, 0.4, 0.8))[9:12]).average("error") == pytest.approx(0.6)


def test_a_tail_is_as_long_as_its_two_ends_are_apart():
    """.9 − .5 is as long as .9 − .5, shorter than .9 − .1, longer than .9 − .6."""
    says = "it has a longer tail than EIoU"
    even, ends = {"eiou__iou_50": (0, 0, 0.9)}, {"focal_eiou__iou_50": (0, 0, 0.9)}
    assert results(table(**even, **ends), 2)[says] is False
    assert results(table(**even, **ends, focal_eiou__iou_05=(0, 0, 0.1)), 2)[says] is True
    assert results(table(**even, **ends, focal_eiou__iou_05=(0, 0, 0.6)), 2)[says] is False


def test_a_line_has_the_result_the_statement_and_the_nearest_rival():
    """Of .5, .35 and .7 the error nearest to .4 from above is GIoU's; of shares, the largest."""
    rows = table(
        eiou__error=(9, 9, 0.4), giou__error=(9, 9, 0.35), iou__error=(9, 9, 0.7), ciou__share_90=(0, 0, 0.51234)
    )
    lines = check_claims(rows, 1)
    assert lines[1] == (
        "fails  EIoU regresses more accurately than IoU, GIoU and CIoU (error after the last step: eiou 0.4, giou 0.35)"
    )
    assert lines[3].endswith("(share of IoU > 0.9: focal_eiou 0.5, ciou 0.5123)")


def test_what_cannot_be_judged_is_left_out():
    """Without GIoU, what compares with EIoU alone is left; without EIoU nothing."""
    four = table(("iou", "ciou", "eiou", "focal_eiou"))
    assert list(results(four, 1)) == ["the error of Focal-EIoU is larger than that of EIoU"]
    assert list(results(four, 2)) == [says for says, *_, others in FIGURE_7 if others == ("eiou",)]
    assert check_claims(table(("iou", "giou", "ciou", "focal_eiou")), 2) == []
    assert check_claims(table(("focal_eiou",)), 1) == []


def test_any_form_of_focal_eiou_stands_for_it():
    """Its parameters are for the user to choose; its siblings are other losses."""
    rows = table(
        (*LOSSES[:4], "focal_eiou:gamma=1,detach=false"),
        **{"focal_eiou:gamma=1,detach=false__iou_mean": (0, 0, 0.6)},
    )
    assert results(rows, 2)["its mean IoU is much higher than EIoU's"] is True
    assert len(check_claims(rows, 1)) == 5 and len(check_claims(rows, 2)) == 6
    assert check_claims(table((*LOSSES[:4], "focal_eiou_star", "focal_eiou_v1")), 2) == []


def test_each_form_of_focal_eiou_is_judged():
    """The one by its own numbers, the other by its own."""
    rows = table((*LOSSES, "focal_eiou:gamma=1"), **{"focal_eiou:gamma=1__iou_mean": (0, 0, 0.6)})
    lines = [line for line in check_claims(rows, 2) if "mean IoU is much higher" in line]
    assert [line[:5] for line in lines] == ["fails", "holds"]


def test_several_forms_have_their_own_lines_and_eiou_alone_has_its_once():
    """Two statements of figure 6 are on EIoU alone, three on Focal-EIoU: 2 + 2 · 3 lines, or 2 without it."""
    forms = ("focal_eiou", "focal_eiou:detach=false")
    lines = check_claims(table((*LOSSES[:4], *forms)), 1)
    assert len(lines) == 8
    assert [sum(line.endswith(f"[{form}]") for line in lines) for form in forms] == [3, 3]
    assert len(check_claims(table(LOSSES[:4]), 1)) == 2
