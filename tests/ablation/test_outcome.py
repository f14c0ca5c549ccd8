"""The one rule by which the runner and the tables tell finished runs from failed ones."""

import pytest

from tests.ablation.factories import row, run
from tests.ablation.test_runner import Played
from yolo_feiou.ablation.collect import collect_results
from yolo_feiou.ablation.outcome import DONE, FAILED, UNDONE, RequestedEvaluation, find_outcome
from yolo_feiou.ablation.runner import Runner
from yolo_feiou.ablation.schedule import FixedGrid
from yolo_feiou.ablation.store import Store
from yolo_feiou.storage.tables import read_csv

VAL, TEST = RequestedEvaluation({"eval_split": "val"}), RequestedEvaluation({"eval_split": "test"})


@pytest.fixture
def folder(tmp_path):
    return Store(tmp_path / "out", "").prepare(run())[0]


def open_with(folder, requested):
    """The folder of the ablation, opened by a command that wants this evaluation."""
    return Store(folder.path.parent, "yolo ablate …", requested.record)


def table(folder):
    collect_results(folder.path.parent)
    path = folder.path.parent / "results.csv"
    return [(row["status"], row.get("reason", "")) for row in read_csv(path)] if path.exists() else []


@pytest.mark.parametrize(
    ("split", "failed", "requested", "expected"),
    [
        (None, False, VAL, UNDONE),
        (None, True, VAL, FAILED),
        ("val", False, VAL, DONE),
        ("val", True, VAL, DONE),  # the failure is that of another evaluation, or older
        ("val", False, TEST, UNDONE),
        ("val", True, TEST, FAILED),
    ],
)
def test_runner_and_table_agree_in_each_state(folder, split, failed, requested, expected):
    if split:
        folder.write_row(row(folder, eval_split=split))
    if failed:
        folder.write_failure({"reason": "killed by SIGKILL", "time": "2026-01-01T00:00:00+00:00"})
    open_with(folder, requested)
    assert find_outcome(folder, requested) == expected
    assert Runner(FixedGrid([folder]), Played({}), requested).is_done(folder) is (expected == DONE)
    said = {
        DONE: [("done", "")],
        FAILED: [("failed", "killed by SIGKILL")],
        UNDONE: [("done" if split else "unfinished", "")],
    }
    assert table(folder) == said[expected]


def test_a_finished_run_whose_reevaluation_was_killed_is_back_in_the_table_once_it_is_wanted_as_it_was(folder):
    folder.write_row(row(folder, eval_split="val"))
    open_with(folder, TEST)
    folder.write_failure({"reason": "killed by SIGKILL", "time": "2026-01-01T00:00:00+00:00"})
    assert table(folder) == [("failed", "killed by SIGKILL")]
    open_with(folder, VAL)
    assert Runner(FixedGrid([folder]), Played({}), VAL).is_done(folder) and table(folder) == [("done", "")]


def test_a_process_that_is_killed_between_its_row_and_its_old_failure_has_not_failed(folder):
    folder.write_failure({"reason": "killed by SIGKILL", "time": "2026-01-01T00:00:00+00:00"})
    failure = (folder.path / "failed.json").read_text()
    folder.write_row(row(folder, eval_split="val"))
    (folder.path / "failed.json").write_text(failure)
    open_with(folder, VAL)
    assert table(folder) == [("done", "")]


def test_ground_truths_of_the_data_of_other_commands_stay_known(folder):
    """A command on other data says nothing of what this one is evaluated on."""
    ours, others = (
        RequestedEvaluation({}, {"d.yaml": {"ground_truth": "val.json"}}),
        RequestedEvaluation({}, {"e.yaml": {"ground_truth": "x"}}),
    )
    folder.write_row(row(folder, ground_truth="labels"))
    folder.write_failure({"reason": "killed by SIGKILL", "time": "2026-01-01T00:00:00+00:00"})
    open_with(folder, ours)
    open_with(folder, others)
    assert table(folder) == [("failed", "killed by SIGKILL")]


def test_a_row_that_is_damaged_while_the_runner_runs_is_not_done(folder):
    folder.write_row(row(folder))
    (folder.path / "row.json").write_text("{}")
    assert not Runner(FixedGrid([folder]), Played({})).is_done(folder)


def test_a_damaged_mark_is_named_by_the_table(folder):
    (folder.path.parent / "ablation.json").write_text('{"commands": "yolo ablate"}')
    (note,) = collect_results(folder.path.parent)
    assert "ablation.json is not as it was written" in note and "passed over" in note
