"""That all runs get done, with an engine that only plays."""

import os
import signal
from contextlib import ExitStack

import pytest

from tests.ablation.factories import row, run
from yolo_feiou.ablation.outcome import RequestedEvaluation
from yolo_feiou.ablation.run_folder import RunFolder
from yolo_feiou.ablation.runner import Runner, describe_failure
from yolo_feiou.ablation.schedule import FixedGrid
from yolo_feiou.ablation.signs import Signs
from yolo_feiou.ablation.store import Store
from yolo_feiou.ablation.worker import BUSY
from yolo_feiou.storage.locks import hold_lock


class Seen:
    """A view that remembers."""

    def __init__(self):
        self.lines = []

    def started(self, folder):
        self.lines.append(f"started {folder.path.name}")

    def done(self, folder, row):
        self.lines.append(f"done {folder.path.name}")

    def failed(self, folder, reason):
        self.lines.append(f"failed {folder.path.name}: {reason}")

    def elsewhere(self, folder):
        self.lines.append(f"elsewhere {folder.path.name}")

    def silent(self, folder, seconds):
        self.lines.append(f"silent {folder.path.name} {seconds:.0f}")

    def tick(self, running):
        pass


class Played:
    """An engine whose runs end at once, each time with the next of the statuses planned for them; 0 leaves a row."""

    def __init__(self, plans, places=2):
        self.plans, self.places, self.begun, self.most, self.stopped = plans, places, [], 0, False
        self.now = []

    @property
    def has_room(self):
        return len(self.now) < self.places

    def start(self, folder):
        self.begun.append(folder.path.name)
        folder.log.write_text("Traceback\nValueError: no such thing\n")
        self.now.append(folder)
        self.most = max(self.most, len(self.now))

    def finished(self):
        over = [(folder, self.plans.get(folder.path.name, [0]).pop(0)) for folder in self.now]
        self.now = []
        for folder, status in over:
            if status == 0:
                folder.write_row(row(folder, eval_split="val"))
        return over

    def stop(self):
        self.stopped = True


@pytest.fixture
def folders(tmp_path):
    store = Store(tmp_path, "")
    found = []
    for seed in range(4):
        folder = RunFolder(store.path / f"r{seed}")
        folder.write_run(run(seed=seed))
        found.append(folder)
    return found


def do(folders, plans=None, sleep=lambda seconds: None, engine=None, **options):
    engine, view = engine or Played(plans or {}), Seen()
    runner = Runner(FixedGrid(folders), engine, sleep=sleep, **options)
    runner.run(view)
    return runner, engine, view


def test_all_are_done_as_many_at_a_time_as_there_is_room_for(folders):
    runner, engine, view = do(folders)
    assert sorted(engine.begun) == ["r0", "r1", "r2", "r3"] and engine.most == 2 and engine.stopped
    assert runner.failures == {} and len([line for line in view.lines if line.startswith("done")]) == 4


def test_what_is_done_is_not_done_again(folders):
    folders[1].write_row(row(folders[1], AP=0.4))
    _, engine, _ = do(folders)
    assert sorted(engine.begun) == ["r0", "r2", "r3"]
    assert folders[1].row()["AP"] == 0.4


def test_another_evaluation_is_done_anew(folders):
    """The row is of the split val; on test it is to be made again, from the weights that are there."""
    for folder in folders:
        folder.write_row(row(folder, eval_split="test"))
    folders[2].write_row(row(folders[2], eval_split="val"))
    _, engine, _ = do(folders, requested=RequestedEvaluation({"eval_split": "val"}))
    assert sorted(engine.begun) == ["r0", "r1", "r3"]


@pytest.mark.parametrize(
    ("columns", "requested", "again"),
    [
        ({"ground_truth": "labels", "ground_truth_holds": None}, ("labels", None), False),
        ({"ground_truth": "labels", "ground_truth_holds": None}, ("val.json", "0123456789"), True),
        ({"ground_truth": "val.json", "ground_truth_holds": "0123456789"}, ("val.json", "0123456789"), False),
        ({"ground_truth": "val.json", "ground_truth_holds": "9876543210"}, ("val.json", "0123456789"), True),
        ({"annotations": None}, ("labels", None), False),  # rows of earlier versions
        ({"annotations": None}, ("val.json", "0123456789"), True),
        ({"annotations": "there/val.json"}, ("val.json", "0123456789"), False),
    ],
)
def test_another_ground_truth_is_evaluated_on_anew(folders, columns, requested, again):
    """The data YAML names a JSON meanwhile, or the JSON holds something else."""
    truth = dict(zip(("ground_truth", "ground_truth_holds"), requested, strict=True))
    folders[0].write_row(row(folders[0], **columns))
    runner = Runner(FixedGrid(folders[:1]), Played({}), requested=RequestedEvaluation({}, {"d.yaml": truth}))
    assert runner.is_done(folders[0]) is not again
    assert Runner(FixedGrid(folders[:1]), Played({}), requested=RequestedEvaluation({}, {"other.yaml": truth})).is_done(
        folders[0]
    )


def test_a_run_that_raises_is_recorded_and_the_others_go_on(folders):
    runner, engine, _ = do(folders, {"r1": [1]})
    assert list(runner.failures) == ["r1"]
    assert folders[1].failure()["reason"].startswith("ValueError: no such thing (exit status 1; ")
    assert engine.begun.count("r1") == 1, "it would raise again"
    assert all(folder.row() for folder in folders if folder != folders[1])


def test_a_run_that_is_killed_is_begun_again(folders):
    runner, engine, _ = do(folders, {"r1": [-9, 0]})
    assert engine.begun.count("r1") == 2 and runner.failures == {} and folders[1].row()


def test_a_run_that_is_killed_again_and_again_has_failed(folders):
    runner, engine, _ = do(folders, {"r1": [-9, -9, -9]}, retries=1)
    assert engine.begun.count("r1") == 2
    assert runner.failures == {"r1": "killed by SIGKILL, maybe out of memory"}


def test_a_failed_run_is_tried_again_by_the_next_command(folders):
    do(folders, {"r1": [1]})
    runner, engine, _ = do(folders)
    assert engine.begun == ["r1"] and runner.failures == {} and folders[1].failure() is None


def test_a_process_that_ends_well_without_a_row_has_failed(folders):
    class Rowless(Played):
        def finished(self):
            over, self.now = [(folder, 0) for folder in self.now], []
            return over

    runner, _, _ = do(folders[:1], engine=Rowless({}))
    assert list(runner.failures) == ["r0"]


@pytest.fixture
def release_at(folders):
    """Another runner executes r1; a function returns what sleeps until it lets r1 go, at the third look."""
    with ExitStack() as other:
        other.enter_context(hold_lock(folders[1].lock))

        def at_the_third_look(does):
            looks = []

            def sleep(seconds):
                looks.append(seconds)
                if len(looks) == 3:
                    does()
                    other.close()

            return sleep

        yield at_the_third_look


def test_a_run_that_another_runner_executes_is_waited_for(folders, release_at):
    """r1 is held at first; the other runner finishes it. It is shown as done and not begun here."""
    runner, engine, view = do(folders, sleep=release_at(lambda: folders[1].write_row(row(folders[1], AP=0.3))))
    assert "r1" not in engine.begun and "done r1" in view.lines and runner.failures == {}


@pytest.mark.parametrize("time", ["2000-01-01T00:00:00+00:00", "2999-01-01T00:00:00+00:00"])
def test_a_run_that_another_runner_left_failed_has_failed_only_if_it_did_since_we_began(folders, release_at, time):
    """If the other runner saw it fail since we began it has failed; an older failure is history and it is begun."""
    runner, engine, _ = do(
        folders, sleep=release_at(lambda: folders[1].write_failure({"time": time, "reason": "theirs"}))
    )
    if time.startswith("2999"):
        assert runner.failures == {"r1": "theirs"} and "r1" not in engine.begun
    else:
        assert "r1" in engine.begun and runner.failures == {}


def test_a_process_that_finds_another_at_work_has_not_failed(folders):
    runner, engine, _ = do(folders, {"r1": [BUSY, 0]})
    assert runner.failures == {} and engine.begun.count("r1") == 2 and folders[1].row()


def test_a_failure_that_cannot_be_recorded_is_told(folders):
    (folders[1].path / "failed.json").mkdir()
    runner, _, view = do(folders, {"r1": [1]})
    assert "r1" in runner.failures
    assert any("can't be recorded: Is a directory" in line for line in view.lines)
    assert len([line for line in view.lines if line.startswith("done")]) == 3


def test_a_signal_to_end_stops_all_runs_and_means_afterwards_what_it_meant(folders):
    def mine(*_):
        pytest.fail("the runner's own handler is gone while it runs")

    engine = Played({})
    engine.finished = lambda: os.kill(os.getpid(), signal.SIGTERM) or []
    before = signal.signal(signal.SIGTERM, mine)
    try:
        with pytest.raises(KeyboardInterrupt):
            do(folders, engine=engine)
        assert engine.stopped and signal.getsignal(signal.SIGTERM) == mine
    finally:
        signal.signal(signal.SIGTERM, before)


def test_a_reason_is_the_last_line_printed(tmp_path):
    folder = RunFolder(tmp_path)
    folder.log.write_bytes(b"epoch 1\nRuntimeError: \xff out of memory\n\n")
    assert describe_failure(folder, 1).startswith("RuntimeError: � out of memory (exit status 1; ")
    assert describe_failure(folder, -15) == "killed by SIGTERM"
    folder.log.unlink()
    assert describe_failure(folder, 1).startswith("nothing printed (exit status 1; ")


def test_a_reason_has_no_colours_and_no_control_characters(tmp_path):
    """Ultralytics colours what it logs, and clears lines; a table would carry that to each terminal."""
    folder = RunFolder(tmp_path)
    folder.log.write_bytes(b"\x1b[31m\x1b[1mValueError:\x1b[0m no\tsuch\x07 \x1b[Kfile\r\x1b[K\n\x1b[0m\n")
    assert describe_failure(folder, 1).startswith("ValueError: no such  file (exit status 1; ")


def test_a_run_that_another_has_done_meanwhile_is_not_begun(folders):
    """r1 is done by another while r0 is under way, the only place."""

    class AndAnother(Played):
        def start(self, folder):
            folders[1].write_row(row(folders[1], AP=0.3))
            super().start(folder)

    _, engine, view = do(folders, engine=AndAnother({}, places=1))
    assert engine.begun == ["r0", "r2", "r3"] and "done r1" in view.lines


def test_a_run_that_shows_no_sign_of_life_is_told_once(folders, tmp_path):
    """Each look at the clock takes 100 s; the run ends after 40 looks, and is silent from 1,800 s on."""
    clock = iter(range(0, 10**6, 100))
    engine, view = Played({}, places=1), Seen()
    ends = engine.finished
    looks = iter(range(40))
    engine.finished = lambda: [] if next(looks, None) is not None else ends()
    Runner(FixedGrid(folders[:1]), engine, signs=Signs(lambda: float(next(clock))), sleep=lambda seconds: None).run(
        view
    )
    assert [line for line in view.lines if line.startswith("silent")] == ["silent r0 1800"]
