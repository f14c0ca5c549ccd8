"""How far a training got, whatever killed it."""

import pytest
import torch

from yolo_feiou.ablation.checkpoints import HALF, NEW, TRAINED, clear, progress
from yolo_feiou.ablation.store import RunFolder


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "weights").mkdir()
    return RunFolder(tmp_path)


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


def test_nothing_yet(folder):
    assert progress(folder) == (NEW, 0, "")


def test_half_done(folder):
    """Epochs count from 0 in a checkpoint: after epoch 3, four are done."""
    save(folder.last, 3)
    save(folder.best, 1)
    assert progress(folder) == (HALF, 4, "")


def test_killed_after_the_last_epoch(folder):
    save(folder.last, 9)
    save(folder.best, 1)
    assert progress(folder) == (TRAINED, 10, "")


@pytest.mark.parametrize("best_stripped", [True, False])
def test_killed_between_stripping_one_and_the_other(folder, best_stripped):
    save(folder.last, -1, None, optimizer=False)
    save(folder.best, *((-1, None, False) if best_stripped else (4,)))
    assert progress(folder) == (TRAINED, 10, "")


@pytest.mark.parametrize("which", ["last", "best"])
def test_a_torn_checkpoint_is_named(folder, which):
    for path in (folder.last, folder.best):
        save(path, 3)
    torn = getattr(folder, which)
    content = torn.read_bytes()
    torn.write_bytes(content[: len(content) // 2])
    assert progress(folder) == (NEW, 0, f"{torn} is torn: the training begins anew.")
    torn.write_bytes(b"")
    assert progress(folder)[0] == NEW


def test_a_best_that_was_left_behind_is_mended(folder):
    """last.pt says that its own epoch is the best so far, and best.pt is from before it."""
    save(folder.best, 2, 0.4)
    save(folder.last, 5, 0.6)
    stage, epochs, note = progress(folder)
    assert (stage, epochs) == (HALF, 6) and note.endswith("mended.")
    assert folder.best.read_bytes() == folder.last.read_bytes()
    assert progress(folder) == (HALF, 6, "")


def test_a_missing_best_is_mended(folder):
    save(folder.last, 0)
    assert progress(folder)[:2] == (HALF, 1)
    assert folder.best.exists()


def test_what_the_ablation_wrote_stays_when_a_training_begins_anew(folder):
    for name in ("run.json", "log.txt", "lock", "results.csv", "args.yaml", "sessions.json", "box_stats.csv"):
        (folder.path / name).write_text("")
    (folder.path / "evaluation").mkdir()
    clear(folder)
    assert sorted(path.name for path in folder.path.iterdir()) == ["lock", "log.txt", "run.json"]
