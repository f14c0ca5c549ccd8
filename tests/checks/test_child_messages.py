"""Whatever a process sends is read as data: a check with its finding, or the finding that it interferes."""

import json
import signal
from dataclasses import asdict

import pytest

from yolo_feiou.checks.catalogue import list_checks
from yolo_feiou.checks.child import MAX_TEXT_LENGTH
from yolo_feiou.checks.child_messages import (
    CheckStopped,
    ProcessEnding,
    clean_text,
    read_family,
    read_message,
    read_result,
    stopped_by_changes,
)
from yolo_feiou.checks.finding import Finding

CHECKS = list_checks("aligned")
FINDING = Finding("it is wrong", "1", "2", "mend it", ([0, 0, 1, 1], [0, 0, 2, 2.5]))


@pytest.mark.parametrize("finding", [FINDING, Finding("it is wrong", "1", "2", "mend it"), None])
def test_a_result_is_read_as_it_was_sent(finding):
    sent = {"check": CHECKS[3].name, "finding": finding and asdict(finding)}
    assert read_result(read_message(json.dumps(sent).encode()), "aligned", 3) == (CHECKS[3], finding)


@pytest.mark.parametrize("line", [b"", b"[1]", b"7", b"{", b"\xff", b"[" * 100_000])
def test_a_line_that_is_no_object_interferes(line):
    with pytest.raises(CheckStopped) as stopped:
        read_message(line)
    finding = stopped.value.finding
    assert (finding.message, finding.came) == ("it interferes with the check", "an invalid message")


@pytest.mark.parametrize(
    ("message", "place"),
    [
        ({}, 0),
        ({"check": CHECKS[1].name, "finding": None}, 0),  # another check than it is the turn of
        ({"check": CHECKS[-1].name, "finding": None}, len(CHECKS)),
        ({"check": CHECKS[0].name, "finding": 7}, 0),
        ({"check": CHECKS[0].name, "finding": {"message": "x"}}, 0),
        ({"check": CHECKS[0].name, "finding": {**asdict(FINDING), "pair": [1, 2]}}, 0),
        ({"check": CHECKS[0].name, "finding": {**asdict(FINDING), "pair": [["a"], [1]]}}, 0),
    ],
)
def test_a_result_of_another_form_interferes(message, place):
    with pytest.raises(CheckStopped, match="it interferes with the check"):
        read_result(message, "aligned", place)


def test_a_result_is_that_of_the_checks_of_the_boxes():
    last = list_checks("rotated")[-1]
    sent = {"check": last.name, "finding": {**asdict(FINDING), "pair": [[0, 0, 1, 1, 0.5]] * 2}}
    assert read_result(sent, "rotated", len(list_checks("rotated")) - 1)[0] == last
    with pytest.raises(CheckStopped):
        read_result({"check": "turn", "finding": None}, "aligned", 8)


@pytest.mark.parametrize("message", [{}, {"loaded": True}, {"loaded": "round"}, {"loaded": ["aligned"]}])
def test_boxes_of_no_family_interfere(message):
    assert [read_family({"loaded": family}) for family in ("aligned", "rotated")] == ["aligned", "rotated"]
    with pytest.raises(CheckStopped, match="it interferes with the check"):
        read_family(message)


def test_texts_are_a_line_without_control_characters_and_end_somewhere():
    assert clean_text(" a\x1b[31m\nb\x07 ") == "a [31m b"
    assert clean_text("x" * 10**6) == "x" * MAX_TEXT_LENGTH and clean_text(7) == "7"
    sent = {"check": CHECKS[0].name, "finding": {**asdict(FINDING), "came": "1\n2"}}
    assert read_result(sent, "aligned", 0)[1].came == "1 2"


@pytest.mark.parametrize(
    ("code", "told"),
    [
        (None, "its end"),
        (0, "exit status 0"),
        (3, "exit status 3"),
        (-signal.SIGSEGV, "signal SIGSEGV"),
        (-signal.SIGKILL, "signal SIGKILL, perhaps since memory was exhausted"),
        (-250, "signal 250"),
    ],
)
def test_how_a_process_ended(code, told):
    assert ProcessEnding(code).told == told


def test_a_loss_that_changes_what_the_checks_need_is_told_by_what_it_changes():
    stopped = stopped_by_changes({"broke": "TypeError: None", "changes": "torch.Tensor.clone"})
    assert (str(stopped), stopped.finding.came) == (
        *("it breaks the check: it changes torch.Tensor.clone", "TypeError: None"),
    )
    assert str(stopped_by_changes({"broke": "x"})) == "it raises an error that stops the check"
