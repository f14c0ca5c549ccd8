"""What limits training on many GPUs and large data sets: measured here where it can be, and a model of the rest.

    python benchmarks/scaling.py [gpu=IMAGES_A_SECOND] [network=GBIT_A_SECOND]

Writes benchmarks/scaling.csv, measurements on this machine, and benchmarks/scaling_model.csv, what the model in
docs/scaling.md makes of them for 1, 8 and 64 GPUs. What GPUs and networks do is assumed, the two numbers above first of
all: put your own in their place. All else is measured.
"""

from __future__ import annotations

import io
import math
import sys
import tempfile
import time
import tracemalloc
from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import torch
from timing import save
from ultralytics.cfg import get_cfg
from ultralytics.data.dataset import YOLODataset
from ultralytics.nn.tasks import DetectionModel
from ultralytics.utils.metrics import ap_per_class

GPU, NETWORK = 250.0, 100.0  # images a second of yolov8s at 640 px with AMP; Gbit/s between nodes
NVLINK, LATENCY = 150e9, 20e-6  # bytes/s between the GPUs of a node; s a hop
OVERLAP = 0.5  # share of a step during which gradients travel while others are still computed
FLOOR = 0.04  # s: a step's kernels have to be started, however few images there are
TRAIN, VAL, GPUS_A_NODE, WORKERS = 118_287, 5_000, 8, 8
SETUPS = ((1, 16), (8, 128), (64, 1024), (64, 128))  # GPUs, total batch
IMAGES, OBJECTS = 2_000, 7.27  # of the synthetic set; objects an image in COCO


def seconds(call: Callable[[], object], rounds: int = 3) -> float:
    """Return the shortest time of a call."""
    times = []
    for _ in range(rounds):
        start = time.perf_counter()
        call()
        times.append(time.perf_counter() - start)
    return min(times)


def photo(random: np.random.Generator) -> np.ndarray:
    """Return an image of 640 × 480 px that compresses about as COCO's photographs do, to some 160 kB."""
    coarse = random.integers(0, 256, (60, 80, 3), dtype=np.uint8)
    noise = random.normal(0, 9, (480, 640, 3))
    return np.clip(cv2.resize(coarse, (640, 480), interpolation=cv2.INTER_CUBIC) + noise, 0, 255).astype(np.uint8)


def make_synthetic(root: Path, count: int) -> YOLODataset:
    """Return a data set of `count` images with COCO's number of objects; a few photographs serve for all."""
    random = np.random.default_rng(0)
    (root / "images").mkdir(), (root / "labels").mkdir()
    photos = [cv2.imencode(".jpg", photo(random), [cv2.IMWRITE_JPEG_QUALITY, 92])[1].tobytes() for _ in range(20)]
    for index in range(count):
        (root / "images" / f"{index:012}.jpg").write_bytes(photos[index % len(photos)])
        side = random.uniform(0.05, 0.4, (random.poisson(OBJECTS), 2))
        boxes = np.hstack((side / 2 + random.uniform(size=side.shape) * (1 - side), side))
        lines = (f"{index % 80} {' '.join(f'{v:.6f}' for v in box)}" for box in boxes)
        (root / "labels" / f"{index:012}.txt").write_text("\n".join(lines))
    names = {index: str(index) for index in range(80)}
    data = {"names": names, "nc": 80, "channels": 3, "path": str(root)}
    return YOLODataset(img_path=str(root / "images"), data=data, imgsz=640, augment=True, hyp=get_cfg(), task="detect")


def measure() -> dict[str, tuple[float, str]]:
    """Return what was measured, each with its unit."""
    with tempfile.TemporaryDirectory() as scratch:
        dataset = make_synthetic(Path(scratch), IMAGES)
        torch.set_num_threads(1), cv2.setNumThreads(0)
        loading = seconds(lambda: [dataset[index] for index in range(200)]) / 200
        read = np.load(next(Path(scratch).glob("*.cache")), allow_pickle=True)
        whole = read.item()
        buffer = io.BytesIO()
        np.save(buffer, whole, allow_pickle=True)
        tracemalloc.start()
        labels = np.load(io.BytesIO(buffer.getvalue()), allow_pickle=True).item()
        memory = tracemalloc.get_traced_memory()[0]
        tracemalloc.stop()
        found = len(labels["labels"])
    model = DetectionModel("yolov8s.yaml", verbose=False)
    random = np.random.default_rng(0)
    count = VAL * 300
    tp = random.random((count, 10)) < 0.02
    conf, pred, target = random.random(count), random.integers(0, 80, count), random.integers(0, 80, 36_335)
    metrics = seconds(lambda: ap_per_class(tp, conf, pred, target), 2)
    checkpoint = seconds(lambda: torch.save({"ema": model.half(), "optimizer": model.float()}, io.BytesIO()))
    return {
        "load and augment an image, mosaic, 640 px, one core": (loading * 1e3, "ms"),
        "memory of the labels, for an image": (memory / found, "bytes"),
        "label cache on disk, for an image": (len(buffer.getvalue()) / found, "bytes"),
        "gradients of yolov8s": (sum(p.numel() for p in model.parameters()) * 4 / 1e6, "MB"),
        "metrics of 5,000 images with 300 detections each, rank 0 alone": (metrics, "s"),
        "serialise a checkpoint of yolov8s": (checkpoint, "s"),
    }


def predict(
    measured: dict[str, tuple[float, str]], gpus: int, batch: int, gpu: float, network: float
) -> dict[str, object]:
    """Return the model's times for a number of GPUs, in nodes of 8, and a total batch."""
    load, memory, _, gradients, metrics, _ = [value for value, _ in measured.values()]
    nodes = math.ceil(gpus / GPUS_A_NODE)
    compute = max(batch / gpus / gpu, FLOOR)
    data = batch / gpus * load / 1e3 / WORKERS
    width = network / 8 * 1e9 if nodes > 1 else NVLINK  # a ring crosses each node's cable once
    ring = 2 * (gpus - 1) / gpus * gradients * 1e6 / width + 2 * (gpus - 1) * LATENCY if gpus > 1 else 0.0
    exposed = max(0.0, ring - OVERLAP * compute)
    step = max(compute, data) + exposed
    steps = math.ceil(TRAIN / batch)
    validation = VAL / gpus / (3 * gpu) + metrics  # without a backward pass; metrics on rank 0
    return {
        "gpus": gpus,
        "total_batch": batch,
        "compute_ms": f"{compute * 1e3:.0f}",
        "data_ms": f"{data * 1e3:.0f}",
        "communication_ms": f"{ring * 1e3:.1f}",
        "exposed_ms": f"{exposed * 1e3:.1f}",
        "step_ms": f"{step * 1e3:.0f}",
        "limit": "data" if data > compute else "compute",
        "epoch_min": f"{steps * step / 60:.1f}",
        "validation_s": f"{validation:.0f}",
        "hours_500_epochs": f"{500 * (steps * step + validation) / 3600:.0f}",
        "efficiency": f"{TRAIN / (steps * step) / gpus / gpu:.2f}",
        "labels_gb_a_machine_10m_images": f"{10e6 * memory * min(gpus, GPUS_A_NODE) / 1e9:.0f}",
    }


def main() -> None:
    """Measure, predict, print and save."""
    given = dict(word.split("=") for word in sys.argv[1:])
    gpu, network = float(given.get("gpu", GPU)), float(given.get("network", NETWORK))
    measured = measure()
    rows = [{"what": what, "value": f"{value:.4g}", "unit": unit} for what, (value, unit) in measured.items()]
    for row in rows:
        print(f"{row['what']:64} {row['value']:>8} {row['unit']}")
    save(rows, "scaling")
    assumed = {"assumed_images_a_second": gpu, "assumed_gbit_a_second": network}
    predicted = [{**predict(measured, *setup, gpu, network), **assumed} for setup in SETUPS]
    for row in predicted:
        print(row)
    save(predicted, "scaling_model")


if __name__ == "__main__":
    main()
