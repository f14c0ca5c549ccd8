"""The report, letter by letter."""

from tests.checks import faulty_losses, faulty_rotated_losses
from yolo_feiou.checks.catalogue import list_checks, run_checks
from yolo_feiou.checks.checked_loss import CheckedLoss
from yolo_feiou.checks.report import format_report

OK = [f"ok    {check.name}: {check.checked}" for check in list_checks("aligned")]


def test_a_sound_loss_has_a_line_for_each_check():
    """One line a check, after the formula."""
    lines = format_report(run_checks(CheckedLoss("my_loss.py:eiou", faulty_losses.eiou))).splitlines()
    assert lines == [
        "my_loss.py:eiou",
        "boxes: axis-aligned, xyxy",
        "recognised: 1 − IoU + ρ²/c² + Δw²/C_w² + Δh²/C_h²; that is EIoU: loss=eiou",
        "",
        *OK,
        "",
        "0 faults, 0 notes in my_loss.py:eiou",
    ]


def test_a_loss_of_rotated_boxes_has_the_checks_of_these_and_no_formula():
    loss = CheckedLoss("my.py:f", faulty_rotated_losses.sound, family="rotated")
    assert format_report(run_checks(loss)).splitlines() == [
        *("my.py:f", "boxes: rotated, xywhr", ""),
        *(f"ok    {check.name}: {check.checked}" for check in list_checks("rotated")),
        *("", "0 faults, 0 notes in my.py:f"),
    ]


def test_a_fault_has_its_details_below_it_and_a_note_its_line():
    """EIoU of concentric 2×2 and 4×4 is 1.25, times IoU = 1/4; the centre's offset leaves 0.75/4."""
    lines = format_report(run_checks(CheckedLoss("my.py:f", faulty_losses.focal_centre_offset))).splitlines()
    fault = next(i for i, line in enumerate(lines) if line.startswith("FAULT"))
    wrong = "IoU · (1 − IoU + ρ²/c² + Δx²/C_w² + Δy²/C_h²)"
    assert lines[2] == f"recognised: {wrong}"
    assert lines[fault : fault + 5] == [
        f"FAULT offset: the offset of the centres is in place of the differences of the sides: {wrong}",
        "        pred (1, 1, 3, 3), target (0, 0, 4, 4)",
        "        got 0.1875, as if the sides were equal",
        "        expected 0.3125, by IoU · (1 − IoU + ρ²/c² + Δw²/C_w² + Δh²/C_h²) (arXiv:2101.08158, Eq. 7)",
        "        fix: (w − w_t)²/C_w² + (h − h_t)²/C_h² with the widths and heights, next to ρ²/c² of the centres",
    ]
    assert any(line.startswith("note  zero-gradient: 100.0% of the boxes without overlap") for line in lines)
    assert lines[-1] == "1 fault, 1 note in my.py:f"


def test_after_a_gate_the_checks_that_were_not_made_are_named():
    lines = format_report(run_checks(CheckedLoss("my.py:f", faulty_losses.mean))).splitlines()
    assert lines[:5] == ["my.py:f", "boxes: axis-aligned, xyxy", "recognised: unknown formula", "", OK[0]]
    assert lines[5] == "FAULT shape: not one value a pair, for N = 5"
    left = [check.name for check in list_checks("aligned")[2:]]
    assert lines[10] == f"not checked until that is fixed: {', '.join(left)}"
    assert lines[-1] == "1 fault, 0 notes in my.py:f"


def test_what_only_a_formula_can_show_is_not_called_ok():
    lines = format_report(
        run_checks(CheckedLoss("my.py:f", lambda pred, target: faulty_losses.eiou(pred, target).log1p()))
    ).splitlines()
    assert lines[2] == "recognised: unknown formula"
    for name in ("reversed", "offset"):
        assert f"-     {name}: not checked, since the formula is not recognised" in lines
    assert lines[-1].startswith("0 faults")


def test_words_of_a_user_can_not_act_on_the_terminal():
    """What a function raises, and what its file is called, stand in one line each."""

    def raises(pred, target):
        raise ValueError("first\nok    shape: forged\x1b[2J")

    lines = format_report(run_checks(CheckedLoss("my\x1b[31m.py:f", raises))).splitlines()
    assert lines[0] == "my\\x1b[31m.py:f"
    assert not any("\x1b" in line for line in lines) and "ok    shape: forged" not in lines
