"""What `yolo ablate` costs beside its runs, and what `jobs=2` gains: real runs on `shapes`, on CPU, one thread each.

    python benchmarks/ablation.py [epochs]      prints a table, writes benchmarks/ablation.csv; keep the machine quiet

The same four runs one after another and two at a time, each in a new folder. The runner's cost is the time in which it
is alive and none of its runs is: its own start, reading the data, and what lies between two runs. `ratio` is that
beside the time of the runs; `cpu` is the runner's own processor time beside it, which runs under way have to share.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import psutil
from timing import save

from yolo_feiou.yolo.splits import read_split

RUNS = ("losses=ciou,eiou", "seeds=0,1", "data=shapes.yaml", "model=yolov8n.yaml", "imgsz=128", "batch=16")
ALIKE = ("workers=0", "device=cpu", "plots=False", "preflight=False")


def watched(jobs: int, epochs: int) -> dict[str, float]:
    """Run an ablation, and return its seconds: in all, with a run under way, and of the runner's own processor time."""
    with tempfile.TemporaryDirectory() as folder:
        args = [*RUNS, *ALIKE, f"epochs={epochs}", f"jobs={jobs}", f"out={Path(folder, 'out')}"]
        line = [sys.executable, "-m", "yolo_feiou", "ablate", *args]
        began = time.perf_counter()
        runner = subprocess.Popen(line, stdout=subprocess.DEVNULL, env={**os.environ, "YOLO_OFFLINE": "true"})
        process = psutil.Process(runner.pid)
        under_way = own = 0.0
        before = time.perf_counter()
        while runner.poll() is None:
            time.sleep(0.02)
            now = time.perf_counter()
            alive = [child for child in process.children() if "yolo_feiou.ablation.worker" in " ".join(words_of(child))]
            under_way += now - before if alive else 0
            before = now
            own = own_seconds(process) or own
        if runner.returncode:
            sys.exit(f"error: the ablation ended with status {runner.returncode}")
        return {"wall": time.perf_counter() - began, "runs": under_way, "cpu": own}


def words_of(process: psutil.Process) -> list[str]:
    """Return a process's command line, nothing if it has ended."""
    try:
        return [] if process.status() == psutil.STATUS_ZOMBIE else process.cmdline()
    except psutil.Error:
        return []


def own_seconds(process: psutil.Process) -> float:
    """Return the processor time of a process without its children, 0 if it has ended."""
    try:
        times = process.cpu_times()
    except psutil.Error:
        return 0.0
    return times.user + times.system


def main(epochs: int = 6) -> None:
    """Measure, print and save."""
    read_split("shapes.yaml", "train")  # makes the images, if need be
    rows = []
    for jobs in (1, 2):
        seconds = watched(jobs, epochs)
        rows.append(
            {
                **{"what": f"jobs={jobs}", "runs": 4, "epochs": epochs, "seconds": f"{seconds['wall']:.1f}"},
                "runner_alone": f"{seconds['wall'] - seconds['runs']:.2f}",
                "ratio": f"{(seconds['wall'] - seconds['runs']) / seconds['runs']:.4f}",
                "cpu": f"{seconds['cpu'] / seconds['runs']:.4f}",
                "to_jobs_1": f"{seconds['wall'] / float(rows[0]['seconds'] if rows else seconds['wall']):.3f}",
            }
        )
        print(rows[-1], flush=True)
    save(rows, "ablation")


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
