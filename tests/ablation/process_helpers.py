"""What a test sees of an ablation that is under way."""

import subprocess
import time

from yolo_feiou.ablation.store import run_folders


def until(true, seconds=120):
    """Wait until something is so."""
    end = time.monotonic() + seconds
    while not (value := true()):
        assert time.monotonic() < end, "it never came"
        time.sleep(0.05)
    return value


def epochs_done(folder):
    """How many epochs have a checkpoint."""
    results = folder.results
    return len(results.read_text().splitlines()) - 1 if folder.last.exists() and results.exists() else 0


def worker(folder):
    """The process that works on a run."""
    found = subprocess.run(
        ["pgrep", "-f", f"ablation.worker {folder.path}"], capture_output=True, text=True, check=False
    )
    return int(found.stdout.split()[0]) if found.stdout.split() else None


def the_run(tmp_path):
    return until(lambda: next(iter(run_folders(tmp_path / "out")), None))


def assert_whole(folder, epochs, resumed):
    """A run is done, has each epoch once, and a whole row."""
    row = folder.row()
    assert row["status"] == "done" and row["resumed"] == resumed and row["epochs_done"] == epochs
    assert row["AP"] is not None and row["images"] == 8
    assert folder.failure() is None
