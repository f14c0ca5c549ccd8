"""The run that torchrun's processes train: begun once, found again, locked, and told to all ranks."""

from dataclasses import replace

import pytest
import torch

from tests.distributed.test_launch import LAUNCH
from yolo_feiou.distributed import group, resume
from yolo_feiou.distributed.launch import FORGETS
from yolo_feiou.distributed.resume import UnfinishedRun, lock_run
from yolo_feiou.errors import ArgumentError
from yolo_feiou.lightning.checkpoints import CONFIG
from yolo_feiou.lightning.launched import enter_on_first, join_launch, open_run
from yolo_feiou.storage.locks import is_locked

FIRST = replace(LAUNCH, rank=0)
ASKED = {"model": "retinanet.yaml", "loss": "eiou", "device": "0"}


def begin(runs, asked=ASKED, launch=FIRST, **arguments):
    """Open a run and leave it as if it were killed; returns what it was, and whether it was locked."""
    with open_run(arguments, asked, runs, launch) as run:
        (run.folder / "args.yaml").touch()
        return run, is_locked(run.folder / resume.LOCK_FILE)


def save(folder, *, part, states=True, name="last.pt"):
    """Write a checkpoint of a training of three parts."""
    (folder / "weights").mkdir(exist_ok=True)
    content = {CONFIG: {}, "part": part, "parts": 3, "best_part": part}
    torch.save({**content, **({"optimizer_states": [{}]} if states else {})}, folder / "weights" / name)
    return folder / "weights" / name


def test_the_same_command_finds_its_run_and_another_begins_one(tmp_path):
    assert begin(tmp_path) == (UnfinishedRun(tmp_path / "train"), True)
    assert begin(tmp_path) == (UnfinishedRun(tmp_path / "train"), True), "without a checkpoint it begins again"
    last = save(tmp_path / "train", part=1)
    assert begin(tmp_path) == (UnfinishedRun(tmp_path / "train", last), True)
    assert begin(tmp_path, {**ASKED, "device": "cpu"})[0].last == last, "a harmless change"
    assert begin(tmp_path, {**ASKED, "loss": "ciou"}) == (UnfinishedRun(tmp_path / "train2"), True)
    assert begin(tmp_path, launch=replace(FIRST, run_id="other"))[0].folder == tmp_path / "train3"
    assert begin(tmp_path, project=tmp_path / "a", name="b/c")[0].folder == tmp_path / "a" / "b" / "c"
    assert begin(tmp_path, project=tmp_path / "a", name="b/c")[0].folder == tmp_path / "a" / "b" / "c"


def test_a_finished_run_is_told_and_not_locked(tmp_path):
    begin(tmp_path)
    save(tmp_path / "train", part=3, states=False)
    with lock_run(tmp_path / "train", FIRST):
        assert begin(tmp_path)[0] == UnfinishedRun(tmp_path / "train", finished=True)


def test_a_run_that_was_killed_after_its_last_step_is_finished(tmp_path):
    """Of both checkpoints only what a resume needs is taken."""
    begin(tmp_path)
    last = save(tmp_path / "train", part=3)
    save(tmp_path / "train", part=3, name="best.pt")
    assert begin(tmp_path)[0] == UnfinishedRun(tmp_path / "train", last, finished=True)
    for path in (last, last.with_name("best.pt")):
        assert torch.load(path).keys() == {CONFIG, "part", "parts", "best_part"}


def test_a_run_that_goes_on_is_told_and_its_checkpoints_are_mended(tmp_path, capsys):
    """It was killed between the writing of the two."""
    begin(tmp_path)
    assert "Resuming" not in capsys.readouterr().out
    last = save(tmp_path / "train", part=2)
    save(tmp_path / "train", part=1, name="best.pt")
    begin(tmp_path)
    out = capsys.readouterr().out
    assert f"Resuming {tmp_path / 'train'}, which this command began and didn't finish." in out
    assert "replaced by last.pt" in out and torch.load(last.with_name("best.pt"))["part"] == 2


def test_a_run_that_is_being_trained_is_refused(tmp_path):
    begin(tmp_path)
    with (
        lock_run(tmp_path / "train", FIRST),
        pytest.raises(ArgumentError, match="train is being trained by another process: wait for its end"),
    ):
        begin(tmp_path)


def test_a_run_that_does_not_begin_leaves_nothing(tmp_path):
    with pytest.raises(KeyboardInterrupt), open_run({}, ASKED, tmp_path / "runs", FIRST):
        raise KeyboardInterrupt
    assert not [*tmp_path.iterdir()]


@pytest.fixture
def told(monkeypatch):
    """What rank 0 tells the others; what they hear is what it told last."""
    sent = []

    def broadcast(value):
        sent.append(value)
        return sent[0]

    monkeypatch.setattr(group, "broadcast_from_first", broadcast)
    return sent


def test_all_ranks_get_the_value_of_the_first_which_alone_holds_the_lock(tmp_path, told):
    def locked():
        return is_locked(tmp_path / resume.LOCK_FILE)

    with enter_on_first(lock_run(tmp_path, FIRST), FIRST):
        assert locked()
    assert not locked() and told == [(None, None)]
    told[:] = [(5, None)]
    with enter_on_first(lock_run(tmp_path, LAUNCH), LAUNCH) as value:
        assert value == 5 and not locked()


def test_all_ranks_get_the_error_of_the_first(tmp_path, told):
    """So that none waits for it."""
    with lock_run(tmp_path, FIRST):
        for launch in (FIRST, LAUNCH):
            with (
                pytest.raises(ArgumentError, match="is being trained by another process"),
                enter_on_first(lock_run(tmp_path, launch), launch),
            ):
                pass
    assert len(told) == 2


def test_the_restarts_of_any_node_count(monkeypatch, capsys):
    """On them depends how long the lock of a run is waited for."""
    monkeypatch.setattr(group, "join_group", lambda launch, device: None)
    monkeypatch.setattr(group, "gather_from_all", lambda value: [value, 3, 1])
    monkeypatch.delenv("TORCHELASTIC_USE_AGENT_STORE", raising=False)
    assert join_launch(FIRST, "cpu") == replace(FIRST, restarts=3)
    assert not capsys.readouterr().out
    monkeypatch.setenv("TORCHELASTIC_USE_AGENT_STORE", "True")
    monkeypatch.setenv("TORCHELASTIC_MAX_RESTARTS", "3")
    join_launch(LAUNCH, "cpu")
    assert not capsys.readouterr().out, "rank 0 alone says it"
    join_launch(FIRST, "cpu")
    assert capsys.readouterr().out.strip() == FORGETS
