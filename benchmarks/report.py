"""`yolo report` on 100 runs: ten losses with ten seeds each, 100 epochs, and the statistics of their positives.

    python benchmarks/report.py [rounds]      prints a table, writes benchmarks/report.csv

The results are synthetic and seeded. Timed is the whole command, from the start of Python to the written page, as the
clock sees it and in seconds of a processor, which a busy machine doesn't stretch; the shortest of the rounds counts.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
from timing import save

from yolo_feiou.storage.tables import Row, write_csv

LOSSES = (
    *("ciou", "iou", "giou", "diou", "eiou", "focal_eiou", "focal_eiou:gamma=1", "focal_eiou_star"),
    *("focal_l1", "smooth_l1"),
)
SEEDS, EPOCHS = 10, 100
LEVELS, TENS = range(50, 100, 5), range(0, 100, 10)


def result(loss: str, seed: int, better: float, rng: np.random.Generator) -> Row:
    """The row of a run."""
    ap = {level: 0.55 * (1 - ((level - 40) / 62) ** 2.5) + better + rng.normal(0, 0.002) for level in LEVELS}
    mean = float(np.mean([*ap.values()]))
    counts = rng.multinomial(30_000, np.arange(1, 11) / 55)
    return {
        **{"run": f"{loss}_seed{seed}", "key": f"{seed:010}", "status": "done", "reason": None},
        **{"command": "yolo ablate losses=… seeds=0,1,2,3,4,5,6,7,8,9 data=coco.yaml", "axes": "loss seed"},
        **{"loss": loss, "seed": seed, "gain": "same", "box": 7.5, "model": "yolov8n.yaml", "data": "coco.yaml"},
        **{"epochs": EPOCHS, "imgsz": 640, "batch": 16, "device": "0", "threads": 8, "minutes": 300.0},
        **{"resumed": False, "machine": "x86_64", "python": "3.11", "torch": "2.9", "ultralytics": "8.4.190"},
        **{"eval_split": "val", "eval_weights": "best", "images": 5000, "unread": 0, "objects": 36335},
        **{"area_source": "json", "evaluator": "faster-coco-eval", "evaluator_version": "1.8.2", "AP": mean},
        **{"AP_S": mean / 2, "AP_M": mean * 1.1, "AP_L": mean * 1.3, "AR": mean + 0.2},
        **{f"AP{level}": value for level, value in ap.items()},
        **{"matched_iou": 0.8, "matched_75": 0.7, "matched_90": 0.4, "found_50": 0.8, "found_75": 0.6, "found_90": 0.3},
        **{f"iou_{level}": int(n) for level, n in zip(LEVELS, counts, strict=True)},
    }


def curves(run: Row, rng: np.random.Generator) -> list[Row]:
    """The epochs of a run, with as many columns as Ultralytics has."""
    ap = run["AP"] * (1 - np.exp(-np.arange(1, EPOCHS + 1) / 15)) + rng.normal(0, 0.001, EPOCHS)
    losses = {f"{part}/{name}_loss": 1.0 for part in ("train", "val") for name in ("box", "cls", "dfl")}
    others = {"time": 1.0, **losses, **{f"metrics/{name}(B)": 0.5 for name in ("precision", "recall", "mAP50")}}
    rates = {f"lr/pg{group}": 0.01 for group in range(3)}
    return [
        {"run": run["run"], "epoch": epoch, **others, "metrics/mAP50-95(B)": float(value), **rates}
        for epoch, value in enumerate(ap, 1)
    ]


def box_stats(run: Row, rng: np.random.Generator) -> list[Row]:
    """The statistics of positives, an epoch a row."""
    rows: list[Row] = []
    for epoch in range(1, EPOCHS + 1):
        pos, grad = rng.dirichlet(np.arange(1, 11) * 20), rng.dirichlet(np.arange(1, 11)[::-1] * 20)
        fit = 0.8 - 0.3 * np.exp(-epoch / 20)
        rows.append(
            {
                **{"run": run["run"], "epoch": epoch, "positives": 10**6, "iou_mean": float(fit)},
                **{"share_75": float(fit - 0.2), "share_90": float(pos[-1])},
                **{f"pos_{low:02}": float(share) for low, share in zip(TENS, pos, strict=True)},
                **{f"grad_{low:02}": float(share) for low, share in zip(TENS, grad, strict=True)},
            }
        )
    return rows


def make(folder: Path) -> int:
    """Write the results, and return the number of runs."""
    rng = np.random.default_rng(0)
    seeds = rng.normal(0, 0.002, SEEDS)
    rows = [result(loss, seed, 0.001 * i + seeds[seed], rng) for i, loss in enumerate(LOSSES) for seed in range(SEEDS)]
    write_csv(folder / "results.csv", rows)
    write_csv(folder / "curves.csv", [epoch for row in rows for epoch in curves(row, rng)])
    write_csv(folder / "box_stats.csv", [epoch for row in rows for epoch in box_stats(row, rng)])
    return len(rows)


def timed(folder: Path) -> tuple[float, float]:
    """Return the seconds that the command takes, by the clock and of a processor (POSIX alone)."""
    before, start = os.times(), time.perf_counter()
    subprocess.run([sys.executable, "-m", "yolo_feiou", "report", folder], check=True, stdout=subprocess.DEVNULL)
    after = os.times()
    processor = sum(getattr(after, part) - getattr(before, part) for part in ("children_user", "children_system"))
    return time.perf_counter() - start, processor


def main() -> None:
    """Make synthetic results, time the command, print the seconds, and save them."""
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else 3
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        runs = make(folder)
        seconds = [timed(folder) for _ in range(rounds)]
        size = (folder / "report" / "index.html").stat().st_size
    row: dict[str, object] = {
        "runs": runs,
        "epochs": EPOCHS,
        "seconds": f"{min(clock for clock, _ in seconds):.1f}",
        "processor_seconds": f"{min(processor for _, processor in seconds):.1f}",
        "page_megabytes": f"{size / 1e6:.1f}",
        "cores": os.cpu_count(),
    }
    print(*(f"{key} {value}" for key, value in row.items()), sep="  ")
    save([row], "report")


if __name__ == "__main__":
    main()
