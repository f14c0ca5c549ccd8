"""Two nodes with two processes each: one training, which equals that of one process, and outlives a failed worker."""

import json
import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest
import torch

from tests.distributed.nodes import cluster
from tests.export.conftest import LEARNS
from tests.export.factories import coco_form
from tests.runs import SHORT, results, short
from yolo_feiou import YOLO
from yolo_feiou.yolo.distributed import RANKS_SINCE

pytestmark = pytest.mark.slow

EQUAL = Path(__file__).with_name("ddp_equivalence_worker.py")


@pytest.fixture
def two_nodes(release):
    release(RANKS_SINCE)
    with cluster() as two:
        yield two


def test_two_nodes_train_as_one_process_does(two_nodes, data, tmp_path):
    """24 images in batches of 12: two steps an epoch, 3 images for each of 4 ranks, two epochs."""
    arguments = {**SHORT, "data": data, "project": str(tmp_path / "runs"), "loss": "focal_eiou", "out": str(tmp_path)}
    arguments |= {"optimizer": "SGD", "lr0": 0.01, "epochs": 2, "nbs": 12}
    texts = two_nodes.run(tmp_path, "equal", EQUAL, json.dumps({**arguments, "batch": 12, "name": "four"}))
    alone = [sys.executable, str(EQUAL), json.dumps({**arguments, "batch": 3, "ranks": 4, "seed": 1, "name": "one"})]
    subprocess.run(alone, check=True, capture_output=True)
    one, *ranks = [json.loads((tmp_path / f"rank{rank}.json").read_text()) for rank in (-1, 0, 1, 2, 3)]

    assert {(rank["size"], rank["folder"]) for rank in ranks} == {(4, str(tmp_path / "runs" / "four"))}
    for rank, text in zip("0123", [texts[0], texts[0], texts[1], texts[1]], strict=True):
        assert len(re.findall(rf"Box loss: focal_eiou .* rank {rank}\n", text)) == 1

    for epoch in (0, 1):  # each image once
        seen = [batch["images"] for rank in ranks for batch in rank["seen"] if batch["epoch"] == epoch]
        assert len(seen) == 8 and len({name for images in seen for name in images}) == 24

    parts = [batch for step in zip(*(rank["seen"] for rank in ranks), strict=True) for batch in step]
    for part, expected in zip(parts, one["seen"], strict=True):
        assert part["images"] == expected["images"]
        assert part["losses"] == pytest.approx(expected["losses"], rel=1e-3)
    weights = {rank: torch.load(tmp_path / f"weights{rank}.pt") for rank in (-1, 0, 3)}
    for name, value in weights[-1].items():
        assert torch.equal(weights[0][name], weights[3][name])
        torch.testing.assert_close(weights[0][name], value, rtol=1e-4, atol=1e-4)

    metrics = ranks[0]["metrics"]
    assert metrics["metrics/mAP50-95(B)"] > 0.1  # of planted detections
    for name in ("precision", "recall", "mAP50", "mAP50-95"):
        assert metrics[f"metrics/{name}(B)"] == pytest.approx(one["metrics"][f"metrics/{name}(B)"], abs=1e-5)
    for row, expected in zip(results(tmp_path / "runs" / "four"), results(tmp_path / "runs" / "one"), strict=True):
        for loss in ("box", "cls", "dfl"):
            assert float(row[f"train/{loss}_loss"]) == pytest.approx(float(expected[f"train/{loss}_loss"]), rel=1e-3)
            # batch norm's running statistics are of rank 0's part alone, as in any DDP
            assert float(row[f"val/{loss}_loss"]) == pytest.approx(float(expected[f"val/{loss}_loss"]), rel=0.03)


def test_four_ranks_find_what_one_process_finds(two_nodes, train, tmp_path):
    """A model that has learnt something, and doesn't learn any more: its AP on 8 images, two for each rank."""
    data = coco_form(tmp_path / "squares", {"train": 24, "val": 8, "test": 4})
    trained = train(**{**LEARNS, "data": str(data), "loss": "eiou", "name": "trained"})
    still = {**SHORT, **LEARNS, "lr0": 0, "warmup_epochs": 0, "epochs": 1, "optimizer": "SGD", "batch": 8}
    still |= {"model": str(trained.best), "data": str(data), "loss": "eiou"}
    still |= {"project": tmp_path / "runs", "name": "four"}
    texts = two_nodes.run(tmp_path, "find", "-m", "yolo_feiou", "train", *(f"{k}={v}" for k, v in still.items()))
    best = tmp_path / "runs" / "four" / "weights" / "best.pt"
    # a validation batch is twice a rank's own
    alone = YOLO(best).val(data=str(data), imgsz=96, batch=4, device="cpu", plots=False, workers=0)
    assert alone.box.map > 0.01
    printed = re.findall(r"^ +all +8 +\d+ +(\S+) +(\S+) +(\S+) +(\S+)", texts[0], re.MULTILINE)[-1]
    assert [float(value) for value in printed] == pytest.approx(alone.box.mean_results(), abs=2e-3)


def until(condition, agents, seconds=120):
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline and all(agent.poll() is None for agent in agents), "it didn't come to that"
        time.sleep(0.05)


def epochs_done(folder):
    return len(results(folder)) if (folder / "results.csv").exists() else 0


def test_a_failed_worker_costs_an_epoch_at_most(two_nodes, data, tmp_path):
    words = short(data=data, project=tmp_path / "runs", name="run", loss="focal_eiou:gamma=0.25", epochs=6)
    agents = two_nodes.torchrun(tmp_path, "fail", "-m", "yolo_feiou", "train", "model=yolov8n.yaml", *words, restarts=2)
    folder = tmp_path / "runs" / "run"
    until(lambda: epochs_done(folder) >= 2, agents)
    saved = torch.load(folder / "weights" / "last.pt", weights_only=False)["epoch"] + 1
    killed = next(one for one in psutil.Process(agents[1].pid).children() if "yolo_feiou" in one.cmdline())
    os.kill(killed.pid, signal.SIGKILL)
    texts = two_nodes.wait(tmp_path, agents)
    assert f"Resuming {folder}, which" in texts[0] and re.search(r"Resuming training \S+ from epoch (\d)", texts[0])
    assert int(re.search(r"from epoch (\d)", texts[0])[1]) > saved, "no epoch that was saved is done again"
    for rank, text in zip("0123", [texts[0], texts[0], texts[1], texts[1]], strict=True):
        assert len(re.findall(rf"Box loss: focal_eiou \(gamma=0.25, .* rank {rank}\n", text)) == 2
    assert [row["epoch"] for row in results(folder)] == list("123456")
    assert [path.name for path in (tmp_path / "runs").iterdir()] == ["run"]
    best = torch.load(folder / "weights" / "best.pt", weights_only=False)
    assert best["epoch"] == -1 and best["model"].yolo_feiou["loss"] == "focal_eiou:gamma=0.25"
