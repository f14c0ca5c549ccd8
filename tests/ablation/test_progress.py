"""What the user sees."""

import io

import pytest

from tests.ablation.factories import HEADER, row, run
from tests.pseudo_terminal import show_in_terminal
from yolo_feiou.ablation.progress import AblationProgress, Lines, describe_outcome, format_duration
from yolo_feiou.ablation.run_folder import RunFolder
from yolo_feiou.yolo.framework import FRAMEWORK as ULTRALYTICS


@pytest.fixture
def folders(tmp_path):
    found = [RunFolder(tmp_path / f"r{seed}") for seed in range(4)]
    for seed, folder in enumerate(found):
        folder.write_run(run(seed=seed, epochs=10))
        folder.train.mkdir(parents=True)
    return found


def epochs(folder, count):
    lines = "".join(f"{epoch},{epoch},0.5,0.{epoch}\n" for epoch in range(1, count + 1))
    folder.results.write_text(HEADER + lines)


def test_the_time_left_follows_from_the_share_that_is_done(folders):
    """One of four was done before, one stood at epoch 4 of 10. After 60 s that one is at 9, and a third is done:
    1.5 runs in 60 s, 0.1 + 1 left, so 44 s."""
    clock = [100.0]
    progress = AblationProgress(folders, folders[:1], ULTRALYTICS.count_rows, lambda: clock[0])
    assert progress.share == 0.25 and progress.seconds_left is None
    epochs(folders[1], 4)
    progress.look(folders[1:2])
    assert progress.seconds_left is None
    clock[0] = 160.0
    epochs(folders[1], 9)
    assert progress.look(folders[1:2]) == [("r1", 9, 10, 0.9)]
    progress.finished(folders[2], {"AP": 0.3, "minutes": 1})
    assert progress.share == pytest.approx(2.9 / 4)
    assert progress.seconds_left == pytest.approx(60 * 1.1 / 1.5)
    assert progress.summary() == "2 of 4 done, about 44 s left, best so far AP 30.0 (r2)"


def test_the_best_is_the_highest_and_missing_ones_are_none(folders):
    folders[0].write_row(row(folders[0], AP=0.2))
    progress = AblationProgress(folders, folders[:1], ULTRALYTICS.count_rows)
    progress.finished(folders[1], {"AP": None})
    progress.finished(folders[2], {"AP": 0.1})
    assert progress.best == {"AP": (0.2, "r0")}


def test_runs_of_oriented_boxes_have_a_best_of_their_own(folders):
    """Their mAP of 0.9 is no better than an AP of 0.2; without a record there is no time."""
    progress = AblationProgress(folders, [], ULTRALYTICS.count_rows)
    oriented = {"metric": "mAP_obb", "AP": None, "minutes": None}
    progress.finished(folders[0], {"AP": 0.2})
    progress.finished(folders[1], {**oriented, "mAP_obb": 0.9})
    progress.finished(folders[2], {**oriented, "mAP_obb": 0.7})
    assert progress.summary().endswith(", best so far AP 20.0 (r0), best so far mAP 90.0 (r1)")
    assert describe_outcome({**oriented, "mAP_obb": 0.7}) == "done, mAP 70.0"
    assert describe_outcome(oriented) == "done, no mAP"


def test_without_a_terminal_progress_is_told_in_lines(folders):
    """One of four runs took 10 s, so three take 30."""
    clock = [100.0]
    out = io.StringIO()
    with Lines(AblationProgress(folders, [], ULTRALYTICS.count_rows, lambda: clock[0]), out) as view:
        view.started(folders[0])
        view.tick(folders[:1])
        view.elsewhere(folders[1])
        clock[0] = 110.0
        view.done(folders[0], {"AP": 0.25, "minutes": 2})
        view.failed(folders[1], "no memory")
    assert out.getvalue().splitlines() == [
        "r0: started",
        "r1: another runner is executing it: waiting for that",
        "r0: done, AP 25.0, 2 min; 1 of 4 done, about 30 s left, best so far AP 25.0 (r0)",
        "r1: FAILED: no memory",
    ]


SHOW = """
import sys, time
from pathlib import Path
from yolo_feiou.ablation import progress
from yolo_feiou.ablation.run_folder import RunFolder
folders = [RunFolder(path) for path in sorted(Path(sys.argv[1]).glob("r*"))]
with progress.choose_view(progress.AblationProgress(folders, folders[:1], lambda _: 10)) as view:
    view.started(folders[1])
    view.tick(folders[1:2])
    time.sleep(0.7)
    view.done(folders[1], {"AP": 0.25, "minutes": 2})
print(type(view).__name__)
"""


def in_terminal(folder):
    """What a terminal gets of the runs in a folder, the second of which is under way."""
    return show_in_terminal(SHOW, folder, columns=100, stderr=None)[0]


def test_a_terminal_shows_a_bar_for_each_run(folders, tmp_path):
    epochs(folders[1], 4)
    text = in_terminal(tmp_path)
    assert "Panel" in text and "4/10" in text and "mAP50-95 40.0" in text and "1 of 4 done" in text
    assert "r1: done, AP 25.0, 2 min" in text


def test_durations_and_outcomes_are_told_in_short():
    assert [format_duration(seconds) for seconds in (45, 89.4, 90, 5399, 5400)] == [
        "45 s",
        "89 s",
        "2 min",
        "90 min",
        "1.5 h",
    ]
    assert describe_outcome({"AP": None, "minutes": 0.5}) == "done, no AP, 30 s"


def test_a_name_is_no_markup_and_no_command_of_a_terminal(tmp_path):
    """In the bars, above them and in the summary; a bracket would be rich's markup, and \x1b a terminal's."""
    name = "r[bold]x :smile: \x1b[31m"
    for other in ("r0", name):
        folder = RunFolder(tmp_path / other)
        folder.write_run(run(epochs=10))
        folder.train.mkdir(parents=True)
        epochs(folder, 4)
    text = in_terminal(tmp_path)
    assert text.count("r[bold]x :smile: \\x1b[31m") >= 3
    assert "\x1b[31m" not in text


def test_lines_have_no_control_characters(tmp_path):
    folder = RunFolder(tmp_path / "a\nb\x1b[1m")
    folder.write_run(run(epochs=10))
    out = io.StringIO()
    Lines(AblationProgress([folder], [], ULTRALYTICS.count_rows), out).failed(folder, "a\x07bell")
    assert out.getvalue() == "a\\nb\\x1b[1m: FAILED: a\\x07bell\n"


def test_a_run_that_may_hang_gets_a_line_that_says_what_to_do(folders):
    out = io.StringIO()
    Lines(AblationProgress(folders, [], ULTRALYTICS.count_rows), out).silent(folders[0], 1900)
    (line,) = out.getvalue().splitlines()
    assert line.startswith("r0: no sign of life for 32 min: log.txt, results.csv and checkpoints are as they were.")
    assert "timeout=HOURS" in line and str(folders[0].log) in line


def test_epochs_that_are_none_are_the_default(tmp_path):
    """`epochs=None`, which Ultralytics takes for 100."""
    folder = RunFolder(tmp_path / "r")
    folder.write_run(run(epochs=None))
    assert AblationProgress([folder], [], ULTRALYTICS.count_rows).epochs == {"r": 100}


@pytest.mark.parametrize(("value", "best"), [(0.0, ""), (0.0004, ""), (0.0006, ", best so far AP 0.1 (r0)")])
def test_of_runs_that_detected_nothing_none_is_the_best(folders, value, best):
    progress = AblationProgress(folders, [], ULTRALYTICS.count_rows)
    progress.finished(folders[0], {"AP": value})
    assert progress.summary().startswith("1 of 4 done") and progress.summary().partition(" left")[2] == best


def test_where_runs_are_added_the_most_that_there_may_be_is_told(folders):
    """Of 8 at most one was done before; a second takes 10 s, so the other six take a minute at most."""
    clock, most = [100.0], [8]
    progress = AblationProgress(folders[:1], folders[:1], ULTRALYTICS.count_rows, lambda: clock[0], lambda: most[0])
    out = io.StringIO()
    with Lines(progress, out) as view:
        view.started(folders[1])
        epochs(folders[1], 5)
        assert progress.look(folders[1:2]) == [("r1", 5, 10, 0.5)]
        progress.shares.clear()
        progress.at_start.clear()
        clock[0] = 110.0
        view.done(folders[1], {"AP": 0.25, "minutes": 2})
        most[0] = 3
        assert progress.summary().startswith("2 done, 3 at most, at most about 10 s left")
    assert "r1: done, AP 25.0, 2 min; 2 done, 8 at most, at most about 60 s left, best" in out.getvalue()
