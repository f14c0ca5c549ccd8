"""How far a training got, whatever killed it."""

import pytest
import torch

from yolo_feiou.ablation.run_folder import RunFolder
from yolo_feiou.framework import HALF, NEW, TRAINED
from yolo_feiou.yolo.checkpoints import find_progress


@pytest.fixture
def folder(tmp_path):
    folder = RunFolder(tmp_path / "r")
    folder.last.parent.mkdir(parents=True)
    return folder


def save(path, epoch, best_fitness=0.5, optimizer=True, epochs=10):
    """Write what counts of a checkpoint of Ultralytics'."""
    torch.save(
        {
            "epoch": epoch,
            "best_fitness": best_fitness,
            "optimizer": {"state": 1} if optimizer else None,
            "train_args": {"epochs": epochs},
        },
        path,
    )


def test_without_checkpoints_a_training_is_new(folder):
    assert find_progress(folder.train) == (NEW, 0, "")


def test_a_training_in_the_middle_has_its_epochs(folder):
    """Epochs count from 0 in a checkpoint: after epoch 3, four are done."""
    save(folder.last, 3)
    save(folder.best, 1)
    assert find_progress(folder.train) == (HALF, 4, "")


def test_a_training_killed_after_its_last_epoch_is_trained(folder):
    save(folder.last, 9)
    save(folder.best, 1)
    assert find_progress(folder.train) == (TRAINED, 10, "")


@pytest.mark.parametrize("best_stripped", [True, False])
def test_a_training_killed_while_stripping_is_trained(folder, best_stripped):
    save(folder.last, -1, None, optimizer=False)
    save(folder.best, *((-1, None, False) if best_stripped else (4,)))
    assert find_progress(folder.train) == (TRAINED, 10, "")


def tear(path):
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])


def test_a_torn_best_is_what_last_is(folder):
    save(folder.last, 3)
    save(folder.best, 3)
    tear(folder.best)
    stage, epochs, note = find_progress(folder.train)
    assert (stage, epochs) == (HALF, 4) and note.startswith(f"{folder.best} was missing, torn or left behind")
    assert folder.best.read_bytes() == folder.last.read_bytes()


def test_with_a_torn_last_the_training_resumes_from_best(folder):
    save(folder.last, 7)
    save(folder.best, 3)
    tear(folder.last)
    assert find_progress(folder.train)[:2] == (HALF, 4)
    assert folder.last.read_bytes() == folder.best.read_bytes()


def test_two_torn_ones_are_nothing(folder):
    for path in (folder.last, folder.best):
        save(path, 3)
        tear(path)
    assert find_progress(folder.train) == (NEW, 0, f"{folder.last} is torn: the training starts over.")
    folder.best.write_bytes(b"")
    folder.last.unlink()
    assert find_progress(folder.train) == (NEW, 0, f"{folder.best} is torn: the training starts over.")


def test_a_best_that_was_torn_when_it_was_stripped_is_lost(folder):
    """last.pt is stripped already, and no copy of the best epoch is left."""
    save(folder.last, -1, None, optimizer=False)
    save(folder.best, 3)
    tear(folder.best)
    assert find_progress(folder.train) == (NEW, 0, f"{folder.best} is torn: the training starts over.")


def test_a_best_that_was_left_behind_is_mended(folder):
    """last.pt says that its own epoch is the best so far, and best.pt is from before it."""
    save(folder.best, 2, 0.4)
    save(folder.last, 5, 0.6)
    stage, epochs, note = find_progress(folder.train)
    assert (stage, epochs) == (HALF, 6) and note.endswith("replaced by last.pt.")
    assert folder.best.read_bytes() == folder.last.read_bytes()
    assert find_progress(folder.train) == (HALF, 6, "")


def test_a_missing_best_is_mended(folder):
    save(folder.last, 0)
    assert find_progress(folder.train)[:2] == (HALF, 1)
    assert folder.best.exists()
