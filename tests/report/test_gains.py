"""What is said of gains and gradients, and that nothing is said without reason."""

import pytest

from tests.report.factories import row
from tests.report.test_warnings import grid, told
from yolo_feiou.report.captions import describe_conditions
from yolo_feiou.report.read import Results
from yolo_feiou.report.variants import Variant


def test_gains_that_differ_are_named():
    rows = [*grid(), *grid(*((place, {"gain": "matched"}) for place in range(6)))]
    (line,) = told(rows)
    assert line.startswith("The gain of the box loss is same (6 runs) and matched (6 runs): ")
    rows = grid(*((place, {"gain": "matched", "box": 5 if place == 4 else 6}) for place in range(6)))
    assert told(rows) == ["The seeds of eiou have different gains: box=6 and 5."]


@pytest.mark.parametrize(("ratio", "says"), [(2.1, "2.10"), (0.4, "0.40"), (2.0, ""), (0.5, ""), (None, "")])
def test_gradients_of_another_size_are_named(ratio, says):
    preflight = [{"loss": "eiou", "gradient_ratio": ratio}, {"loss": "elsewhere", "gradient_ratio": 9.0}]
    lines = told(grid(), preflight=preflight)
    assert len(lines) == bool(says)
    assert not says or lines[0].startswith(f"At the same gain the gradient of eiou is {says} times CIoU's in size: ")
    assert told(grid(*((place, {"gain": "matched"}) for place in range(6))), preflight=preflight) == []


def test_of_gradients_that_were_measured_twice_it_is_told_where():
    preflight = [
        {"folder": "a", "data": "there/d.yaml", "imgsz": imgsz, "loss": "eiou", "gradient_ratio": ratio}
        for imgsz, ratio in ((160.0, 2.1), (320.0, 1.9), (640.0, 2.2))
    ]
    lines = told(grid(), preflight=preflight)
    assert [line.partition(": ")[0] for line in lines] == [
        "At the same gain the gradient of eiou is 2.10 times CIoU's in size with imgsz=160",
        "At the same gain the gradient of eiou is 2.20 times CIoU's in size with imgsz=640",
    ]
    (line, _) = told(grid(), preflight=[preflight[0], {**preflight[0], "data": "here/e.yaml", "imgsz": 320.0}])
    assert "in size with data=d.yaml and imgsz=160: " in line


def test_gradients_that_were_not_measured_are_named():
    assert told(grid(), preflight=()) == [
        "How large the gradients of eiou are beside CIoU's was not measured: a difference may come from the gain alone."
    ]


def automatic(stock=2.0, eiou=2.5, **changes):
    """ATSS with stock and eiou, three seeds each, at the gains of box=auto."""
    cells = {"model": "atss.yaml", "box": "auto", **changes}
    own = [(place, {**cells, "loss": "stock", "box_used": stock, "run": f"stock_{place}"}) for place in range(3)]
    return grid(*own, *((place, {**cells, "box_used": eiou}) for place in range(3, 6)))


def sizes(stock=1.0, eiou=1.5):
    """The gradients of both losses beside CIoU's, at the same gain."""
    about = {"model": "there/atss.yaml", "data": "d.yaml", "imgsz": 64.0}
    return [{"loss": k, "gradient_ratio": v, **about} for k, v in (("ciou", 1.0), ("stock", stock), ("eiou", eiou))]


def test_gains_that_box_auto_sets_are_named_where_they_differ():
    (line,) = told(automatic(), preflight=sizes())
    assert line == (
        "The gain of the box loss is not the same, since box=auto sets it in atss.yaml: 2 for stock and 2.5 for eiou. "
        "A difference may come from that; one number, as box=2.5, trains all losses alike."
    )
    assert told(automatic(2.5), preflight=sizes()) == []
    assert told(automatic(None, None), preflight=sizes()) == [], "rows of earlier versions don't say it"


def test_gradients_are_compared_by_ratio_times_gain_where_gains_differ():
    """1.5 · 2.5 is 2.34 times 0.8 · 2; 2.1 · 1 beside 1 · 2 is nothing to speak of."""
    lines = told(automatic(), preflight=sizes(stock=0.8))
    assert lines[1:] == [
        "With the gains that trained (2.5, and 2 for stock) the gradient of eiou is 2.34 times stock's in size: a "
        "difference may come from that, and not from the shape of the loss (gain=matched box=2.5 takes it out)."
    ]
    assert len(told(automatic(eiou=1.0), preflight=sizes(eiou=2.1))) == 1
    (same,) = told(automatic(2.5), preflight=sizes(eiou=2.1))
    assert same.startswith("At the same gain the gradient of eiou is 2.10 times CIoU's")


def test_the_gains_of_box_auto_stand_in_the_conditions():
    """Before, they said 'same' of gains of 2 and 2.5."""

    def conditions(*rows):
        variants = [Variant({"loss": one["loss"]}, {0: one}) for one in rows]
        return describe_conditions(Results((), list(rows)), variants)

    stock, eiou = row("stock", box="auto", box_used=2.0), row("eiou", box="auto", box_used=2.5)
    assert "box gain auto: 2 and 2.5" in conditions(eiou, stock) and "same" not in conditions(eiou, stock)
    assert "box gain same/auto: 2.5" in conditions(row(), eiou)
    assert "box gain same" in conditions(row("stock", box="auto"), row("eiou", box="auto"))


def of_rtdetr(**cells):
    """RT-DETR's losses with the gain of its criterion."""
    return grid(*((place, {"model": "last.pt", "box_used": None, **cells}) for place in range(6)))


def test_for_rtdetr_the_reference_is_giou_and_a_factor_of_the_loss_is_what_helps():
    """`gain=matched` is refused there; 1 / 2.31 = 0.43."""
    measured = [{"loss": "eiou", "gradient_ratio": 2.31, "model": "there/last.pt", "reference": "giou"}]
    (line,) = told(of_rtdetr(), preflight=[{**measured[0], "loss": "ciou", "gradient_ratio": 1.0}, *measured])
    assert line == (
        "At the same gain the gradient of eiou is 2.31 times GIoU's in size: a difference may come from that, and not "
        "from the shape of the loss (losses=eiou:weight=0.43 takes it out)."
    )
    (line,) = told(of_rtdetr(), preflight=())
    assert line.startswith("How large the gradients of ciou and eiou are beside GIoU's was not measured")


def test_gains_of_box_auto_are_matched_with_a_number():
    """`gain=matched` alone is refused with box=auto."""
    (line,) = told(automatic(2.5), preflight=sizes(eiou=2.1))
    assert line.endswith("(gain=matched box=2.5 takes it out).")
