"""What begins next, with an engine that only plays: the schedule, the runner and the folders together."""

from contextlib import ExitStack

import numpy as np
import pytest

from tests.ablation.factories import row
from tests.ablation.studies import make
from tests.ablation.test_runner import Played, Seen
from yolo_feiou.ablation.run_folder import RunFolder
from yolo_feiou.ablation.runner import Runner
from yolo_feiou.ablation.schedule import FixedGrid, SequentialSeeds
from yolo_feiou.ablation.sequential import BEATEN, NARROW, OPEN
from yolo_feiou.ablation.store import Store, run_folders
from yolo_feiou.storage.locks import hold_lock

LOSSES = "ciou,eiou,giou,diou"
#: Each loss beside CIoU, in points: GIoU better by 3, DIoU far worse.
EFFECTS = {"ciou": 0.0, "eiou": 0.0, "giou": 3.0, "diou": -8.0}
#: How a command wants its runs evaluated, if it says nothing of it.
USUAL = {"eval_split": "val", "eval_weights": "best", "evaluator": "faster-coco-eval", "annotations": None}


def measure(run):
    """The AP of a run: the loss's, and noise of .3 points of its own."""
    loss, seed = run.arguments["loss"], run.arguments["seed"]
    noise = np.random.default_rng([seed, list(EFFECTS).index(loss)]).normal(0, 0.3)
    return (40 + EFFECTS[loss] + noise) / 100


class Measured(Played):
    """An engine whose runs end at once, those that are told with another status than 0; stops after so many."""

    def __init__(self, plans=None, places=1, last=10**6):
        super().__init__(plans or {}, places)
        self.last = last

    def start(self, folder):
        if len(self.begun) == self.last:
            raise KeyboardInterrupt
        super().start(folder)

    def finished(self):
        over, self.now = self.now, []
        ended = []
        for folder in over:
            run = folder.run()
            name = f"{run.arguments['loss']}{run.arguments['seed']}"
            status = self.plans.get(name, [0]).pop(0) if self.plans.get(name) else 0
            if status == 0:
                folder.write_row(row(folder, AP=measure(run), seed=run.arguments["seed"], minutes=60.0, **USUAL))
            ended.append((folder, status))
        return ended


def do(path, study, engine=None, **options):
    """Go on with a study in a folder, as the command does, and return its schedule, engine and runner."""
    store, engine = Store(path, "yolo ablate …"), engine or Measured()
    keys = {folder.key for folder in run_folders(path)}
    found = {cell: study.make_run(cell) for cell in study.cells}
    rows = {cell: store.prepare(run)[0].row() for cell, run in found.items() if run.key in keys}
    schedule = SequentialSeeds(
        study, lambda run: store.prepare(run)[0], {cell: row for cell, row in rows.items() if row}, **options
    )
    runner = Runner(schedule, engine, sleep=lambda seconds: None)
    runner.run(Seen())
    return schedule, engine, runner


def test_a_fixed_grid_is_done_in_its_order(tmp_path):
    folders = [RunFolder(tmp_path / name) for name in "bac"]
    grid = FixedGrid(folders)
    assert grid.record_end(folders[0], None) is None
    assert [grid.take() for _ in range(4)] == [*folders, None]


def test_seeds_are_added_until_all_is_answered_and_no_folder_is_made_beforehand(tmp_path):
    study = make(LOSSES, until=1, race=True)
    schedule, engine, _ = do(tmp_path, study)
    assert OPEN not in {one.reason for one in schedule.standings}
    reasons = {study.variants[one.place].loss: one.reason for one in schedule.standings}
    assert reasons["diou"] == BEATEN and reasons["giou"] != BEATEN
    assert 8 < len(engine.begun) < 80 and schedule.count_most() == len(engine.begun)
    assert sorted(folder.path.name for folder in run_folders(tmp_path)) == sorted(engine.begun)
    assert all("_seed" in name for name in engine.begun)


@pytest.mark.parametrize("places", [1, 3])
def test_the_same_command_goes_on_where_an_interrupted_one_stood(tmp_path, places):
    """Ctrl-C when the tenth run is to begin: with one run at a time the rest is the rest of one that wasn't."""
    study = make(LOSSES, until=1, race=True)
    whole, at_once, _ = do(tmp_path / "whole", study, Measured(places=places))
    with pytest.raises(KeyboardInterrupt):
        do(tmp_path / "parts", study, Measured(places=places, last=9))
    parts, rest, _ = do(tmp_path / "parts", study, Measured(places=places))
    ended = [[(one.place, one.reason, one.leader) for one in each.standings] for each in (whole, parts)]
    assert ended[0] == ended[1]
    assert set(rest.begun) <= set(at_once.begun)
    if places == 1:
        assert rest.begun == at_once.begun[9:]


def test_what_is_done_is_not_begun_again_and_nothing_begins_when_all_is_answered(tmp_path):
    study = make(LOSSES, until=1)
    do(tmp_path, study)
    _, engine, _ = do(tmp_path, study)
    assert engine.begun == [] and engine.stopped


def test_a_narrower_interval_goes_on_from_there(tmp_path):
    first, _, _ = do(tmp_path, make(LOSSES, until=1))
    _, engine, _ = do(tmp_path, make(LOSSES, until=0.4))
    assert {one.reason for one in first.standings} >= {NARROW} and engine.begun
    assert not {name for name in engine.begun if name.startswith("eiou_seed0")}


def test_a_run_that_failed_leaves_its_pair_out_and_is_repeated_by_the_next_command_alone(tmp_path):
    study = make(LOSSES, until=1)
    schedule, engine, runner = do(tmp_path, study, Measured({"eiou1": [1, 1], "ciou2": [-9, 1]}))
    assert sum(name.startswith("eiou_seed1-") for name in engine.begun) == 1
    assert sum(name.startswith("ciou_seed2-") for name in engine.begun) == 2, "a signal: it is taken up once"
    assert {name.partition("-")[0] for name in runner.failures} == {"eiou_seed1", "ciou_seed2"}
    assert not any("_seed2" in name for name in engine.begun if not name.startswith("ciou"))
    assert OPEN not in {one.reason for one in schedule.standings}
    _, engine, runner = do(tmp_path, study)
    assert any(name.startswith("eiou_seed1-") for name in engine.begun) and runner.failures == {}


def test_a_variant_that_fails_again_and_again_ends(tmp_path):
    plans = {f"eiou{seed}": [1] for seed in range(20)}
    schedule, engine, _ = do(tmp_path, make(LOSSES, until=1), Measured(plans))
    assert sum(name.startswith("eiou") for name in engine.begun) == 2
    assert OPEN not in {one.reason for one in schedule.standings}


def test_a_budget_ends_it_and_says_what_is_open(tmp_path):
    """An hour each: after nine a tenth ends at 10 hours. Two at a time, 18 are 9 hours, and one more fits."""
    study = make(LOSSES, until=0.001)
    for jobs, runs in ((1, 10), (2, 19)):
        schedule, engine, _ = do(tmp_path / str(jobs), study, hours=10, jobs=jobs)
        assert len(engine.begun) == runs and schedule.is_over_budget
    schedule, engine, _ = do(tmp_path / "1", study, hours=12)
    assert len(engine.begun) == 2, "the same command with more goes on"


def test_a_run_of_another_runner_is_waited_for(tmp_path):
    """It has CIoU's second seed, and lets it go when the others are done; no pair of it is judged before."""
    study = make("ciou,eiou", until=50)
    store = Store(tmp_path, "")
    theirs, _ = store.prepare(study.make_run((0, 1)))
    looks = []

    def sleep(_):
        looks.append(schedule.standings[0].reason)
        if len(looks) == 8:
            theirs.write_row(row(theirs, AP=0.4, seed=1))
            other.close()

    schedule = SequentialSeeds(study, lambda run: store.prepare(run)[0], {})
    engine = Measured(places=2)
    with ExitStack() as other:
        other.enter_context(hold_lock(theirs.lock))
        Runner(schedule, engine, sleep=sleep).run(Seen())
    assert set(looks[:8]) == {OPEN} and schedule.standings[0].reason == NARROW
    assert theirs.path.name not in engine.begun and len(engine.begun) == 3
