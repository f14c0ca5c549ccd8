"""Synthetic results of an ablation."""

from itertools import product

import numpy as np

from yolo_feiou.storage.tables import write_csv

LEVELS = range(50, 100, 5)
EFFECTS = (0, -4, 0.5, 2.5, 1.5, -1)  # on AP, in tenths of a percentage point
LOSSES = ("ciou", "iou", "eiou", "focal_eiou:gamma=0.5,norm=tal", "focal_eiou:gamma=1", "focal_l1")


def row(loss="ciou", seed=0, **changes):
    """A finished run with the columns that the report needs; `changes` replace or add cells."""
    found = {
        **{"run": f"{loss}_{seed}", "status": "done", "reason": None, "axes": "loss seed", "loss": loss, "seed": seed},
        **{"gain": "same", "box": 7.5, "device": "0", "AP": 0.4},
    }
    return {**found, **changes}


def full(loss, seed, rank, rng, swept, **arguments):
    """A finished run with all columns; its AP grows with `rank`, most at high thresholds."""
    start = np.random.default_rng(seed).normal(0, 0.002)  # what a seed does to all losses alike
    ap = {
        level: max(
            0.0, 0.56 * (1 - ((level - 45) / 52) ** 3) + start + rank * (level - 40) / 40 + rng.normal(0, 0.0015)
        )
        for level in LEVELS
    }
    mean = float(np.mean(list(ap.values())))
    weights = np.linspace(1, 2 + 40 * rank, 10) ** 2
    counts = rng.multinomial(3000, weights / weights.sum())
    matched = int(counts.sum())
    shares = {level: float(counts[(level - 50) // 5 :].sum()) / matched for level in (50, 75, 90)}
    return {
        **{"run": f"{loss.replace(':', '-')}_{seed}_{'_'.join(map(str, arguments.values()))}", "key": f"{seed:010}"},
        **{"status": "done", "reason": None, "command": f"yolo train loss={loss} seed={seed}", "axes": swept},
        **{"loss": loss, "seed": seed, "gain": "same", "box": 7.5, "model": "yolov8n.yaml", "data": "bccd.yaml"},
        **{"epochs": 50, "imgsz": 640, "batch": 16, "workers": 8, "lr0": 0.01, **arguments},
        **{"device": "0", "threads": 8, "minutes": 31.5 + seed, "resumed": False, "machine": "x86_64"},
        **{"python": "3.10", "torch": "2.9.0", "ultralytics": "8.4.190", "yolo_feiou": "0.1.0"},
        **{"git_commit": "12e4567", "finished": "2026-11-03T12:00:00", "eval_split": "test", "eval_weights": "best"},
        **{"eval_conf": 0.001, "eval_iou": 0.7, "eval_max_det": 300, "eval_imgsz": 640, "eval_batch": 16},
        **{"images": 72, "unread": 0, "objects": 970, "detections": 21000, "area_source": "box"},
        **{"evaluator": "faster-coco-eval", "evaluator_version": "1.10", "AP": mean, "AP50": ap[50], "AP75": ap[75]},
        **{"AP_S": None, "AP_M": mean * 0.9, "AP_L": mean * 1.2, "AR": min(1.0, mean + 0.15)},
        **{f"AP{level}": value for level, value in ap.items()},
        **{"matched": matched, "matched_iou": 0.8 + rank / 2, **{f"matched_{s}": v for s, v in shares.items()}},
        **{f"found_{s}": 0.9 * v for s, v in shares.items()},
        **{f"iou_{level}": int(n) for level, n in zip(LEVELS, counts, strict=True)},
    }


def failed(run):
    """The row that a run leaves which failed."""
    kept = ("run", "key", "command", "axes", "loss", "seed", "gain", "box", "model", "data", "epochs")
    return {**dict.fromkeys(run), **{k: run[k] for k in kept}, "status": "failed", "reason": "CUDA out of memory <b>"}


def curves(run, rng, epochs=50):
    """The validation of a run over its epochs."""
    values = run["AP"] * (1 - np.exp(-np.arange(1, epochs + 1) / 9)) + rng.normal(0, 0.0015, epochs)
    return [
        {"run": run["run"], "epoch": epoch, "train/box_loss": 1 / epoch, "metrics/mAP50-95(B)": float(value)}
        for epoch, value in enumerate(values, 1)
    ]


def box_stats(run, rank, rng, epochs=50):
    """The positives of a run over its epochs; the gradient turns to good ones with the rank."""
    rows = []
    for epoch in range(1, epochs + 1):
        fit = 0.85 - 0.35 * np.exp(-epoch / 10) + rank
        pos = np.exp(-(((np.arange(10) + 0.5) / 10 - fit) ** 2) / 0.03)
        pull = pos * (0.3 + rank * 40 * np.arange(10))
        pos, pull = pos / pos.sum(), pull / pull.sum()
        noise = rng.normal(0, 0.003)
        rows.append(
            {
                **{"run": run["run"], "epoch": epoch, "positives": 10**5, "iou_mean": float(fit - 0.02 + noise)},
                **{"share_75": float(pos[7:].sum() + noise), "share_90": float(abs(pos[9] + noise))},
                **{f"pos_{10 * i:02}": float(share) for i, share in enumerate(pos)},
                **{f"grad_{10 * i:02}": float(share) for i, share in enumerate(pull)},
            }
        )
    return rows


def preflight(losses):
    """The sizes of losses before training; the third one's gradient is far from CIoU's."""
    return [
        {
            **{"loss": loss, "batches": 4, "pairs": 5123, "loss_value": 0.5 + i / 10, "gradient_norm": 0.25},
            **{"loss_ratio": 1 + i / 10, "gradient_ratio": 2.75 if i == 2 else 1 + i / 20},
        }
        for i, loss in enumerate(losses)
    ]


def write(folder, losses=LOSSES, seeds=range(5), change=lambda rows: rows, **swept):
    """Write all files of an ablation, with the values of further arguments; `change` is done to the rows before."""
    rng = np.random.default_rng(0)
    names = " ".join(["loss", *swept, "seed"])
    rows, epochs, stats = [], [], []
    for values in product(*swept.values()):
        for rank, loss in enumerate(losses):
            for seed in seeds:
                moved = 0.001 * EFFECTS[rank % 6] - 0.003 * sum(
                    abs(np.log2(v / 7.5)) for v in values if isinstance(v, float)
                )
                run = full(loss, seed, moved, rng, names, **dict(zip(swept, values, strict=True)))
                rows.append(run)
                epochs += curves(run, rng)
                stats += box_stats(run, 0.01 * rank, rng)
    folder.mkdir(parents=True, exist_ok=True)
    write_csv(folder / "results.csv", change(rows))
    write_csv(folder / "curves.csv", epochs)
    write_csv(folder / "box_stats.csv", stats)
    write_csv(folder / "preflight.csv", preflight(losses))
    return folder
