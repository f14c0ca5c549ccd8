"""Several processes: two real ones over gloo, started by torchrun and by Ultralytics' own launcher."""

import json
import re
import subprocess
import sys
import time
from dataclasses import replace
from types import SimpleNamespace

import psutil
import pytest
import torch

from tests.distributed.test_launch import LAUNCH
from tests.runs import SHORT, overrides, results, short
from yolo_feiou.distributed import group
from yolo_feiou.distributed.resume import UnfinishedRun, lock_run
from yolo_feiou.errors import FinishedError
from yolo_feiou.results.run_record import read_run_record, tell_workers
from yolo_feiou.yolo import distributed
from yolo_feiou.yolo.distributed import RANKS_SINCE, Ranks

TORCHRUN = ("-m", "torch.distributed.run", "--standalone", "--nproc-per-node=2")
SCRIPT = """
import hashlib, json, sys
from ultralytics.utils import RANK
from yolo_feiou import YOLO

def report(trainer):
    state = trainer.model.module.named_parameters()
    digest = hashlib.sha256(b"".join(p.detach().numpy().tobytes() for _, p in state)).hexdigest()
    print(f"rank {RANK} of {trainer.world_size} weights {digest} folder {trainer.save_dir}", flush=True)

model = YOLO("yolov8n.yaml")
model.add_callback("teardown", report)
model.train(**json.loads(sys.argv[1]))
"""


def reports(text):
    return sorted(re.findall(r"rank (\d) of (\d) weights (\w+) folder (\S+)", text))


def run_ranks(folder, *arguments):
    return subprocess.run(
        [sys.executable, *TORCHRUN, *arguments], cwd=folder, capture_output=True, text=True, timeout=300, check=False
    )


@pytest.mark.slow
def test_two_ranks_train_with_the_loss_and_end_with_equal_weights(data, tmp_path, release):
    release(RANKS_SINCE)
    (tmp_path / "script.py").write_text(SCRIPT)
    (tmp_path / "runs" / "run").mkdir(parents=True)  # so that this run's name must be counted up, once
    arguments = {
        **SHORT,
        "data": data,
        "project": str(tmp_path / "runs"),
        "name": "run",
        "loss": "focal_eiou",
        "epochs": 2,
    }
    done = run_ranks(tmp_path, "script.py", json.dumps(arguments))
    assert done.returncode == 0, done.stderr[-2000:]
    (rank0, size, weights0, folder0), (rank1, _, weights1, folder1) = reports(done.stdout)
    assert (rank0, rank1, size) == ("0", "1", "2")
    assert weights0 == weights1
    assert folder0 == folder1
    for rank in "01":
        assert re.search(
            rf"Box loss: focal_eiou .*criteria swapped: 1 of the model, 1 of the EMA, rank {rank}", done.stdout
        )
    assert sorted(path.name for path in (tmp_path / "runs").iterdir()) == ["run", folder0.rsplit("/", 1)[1]]
    assert not any((tmp_path / "runs" / "run").iterdir())  # only rank 0 writes, and into the one new folder
    assert len(results(folder0)) == 2
    assert torch.load(f"{folder0}/weights/best.pt", weights_only=False)["epoch"] == -1  # stripped: the run is finished


@pytest.mark.slow
def test_ultralytics_launcher_rebuilds_our_trainer_in_its_workers(data, tmp_path, release):
    """`device=0,1` pickles the trainer into a script for torchrun; here that very script runs on two CPU ranks."""
    release(RANKS_SINCE)
    from ultralytics.utils.dist import ddp_cleanup, generate_ddp_file

    from yolo_feiou import DetectionTrainer

    trainer = DetectionTrainer(overrides=overrides(data, tmp_path))
    file = generate_ddp_file(trainer)
    try:
        with tell_workers(trainer.asked):
            done = run_ranks(tmp_path, file)
    finally:
        ddp_cleanup(trainer, file)
    assert done.returncode == 0, done.stderr[-2000:]
    assert sorted(re.findall(r"Box loss: eiou, .* rank (\d)", done.stdout)) == ["0", "1"]
    assert len(results(tmp_path / "run")) == 1
    record = read_run_record(tmp_path / "run")
    assert record.asked == {key: value for key, value in overrides(data, tmp_path).items() if value is not None}
    assert (record.processes, record.loss, record.arguments["data"]) == (2, "eiou", data)
    assert [session["first_epoch"] for session in record.sessions] == [1], "rank 0 alone writes it"


@pytest.mark.slow
def test_a_wrong_loss_on_two_ranks_ends_both(tmp_path, data):
    done = run_ranks(
        tmp_path, "-m", "yolo_feiou", "train", "model=yolov8n.yaml", f"data={data}", "device=cpu", "loss=eoiu"
    )
    assert done.returncode != 0
    assert "did you mean 'eiou'" in done.stderr
    assert not (tmp_path / "runs").exists()


@pytest.mark.slow
def test_a_batch_that_has_no_equal_parts_is_refused(tmp_path, data, release):
    release(RANKS_SINCE)
    done = run_ranks(tmp_path, "-m", "yolo_feiou", "train", "model=yolov8n.yaml", *short(data=data, batch=7))
    assert done.returncode != 0
    assert "batch=7 is the total, and 2 processes can't have equal parts of it: give a multiple of 2" in done.stderr


@pytest.mark.slow
def test_a_job_that_was_requeued_resumes_its_run(tmp_path, data, release):
    """Killed as a whole after its last epoch but one, and started again with the same id: in one process as in two."""
    release(RANKS_SINCE)
    words = ["-m", "yolo_feiou", "train", "model=yolov8n.yaml"]
    words += short(data=data, project=tmp_path / "runs", name="run", exist_ok=True, loss="eiou", epochs=3)
    torchrun = [sys.executable, "-m", "torch.distributed.run", "--rdzv-backend=c10d", "--rdzv-endpoint=localhost:0"]
    with subprocess.Popen([*torchrun, "--rdzv-id=77", *words], cwd=tmp_path, stdout=subprocess.DEVNULL) as job:
        file = tmp_path / "runs" / "run" / "weights" / "last.pt"
        deadline = time.monotonic() + 100
        while not file.exists() and time.monotonic() < deadline:
            time.sleep(0.02)
        for process in (*psutil.Process(job.pid).children(recursive=True), job):
            process.kill()
    done = len(results(tmp_path / "runs" / "run"))
    again = [*torchrun, "--rdzv-id=77", "--nproc-per-node=2", *words]
    again = subprocess.run(again, cwd=tmp_path, capture_output=True, text=True, timeout=200, check=False)
    assert again.returncode == 0, again.stderr[-2000:]
    assert 1 <= done < 3 and re.search(rf"Resuming training \S+ from epoch [{done}{done + 1}]", again.stdout)
    assert [row["epoch"] for row in results(tmp_path / "runs" / "run")] == ["1", "2", "3"]
    record = read_run_record(tmp_path / "runs" / "run")
    assert (record.launcher, record.processes, record.asked["loss"]) == ("torchrun", 1, "eiou")
    assert record.sessions[0]["first_epoch"] == 1 and len(record.sessions) == 2


@pytest.mark.slow
def test_a_run_that_is_being_trained_is_not_touched(tmp_path, data, release):
    """Another command is to train in the same folder, while this process holds it."""
    release(RANKS_SINCE)
    folder = tmp_path / "runs" / "run"
    (folder / "weights").mkdir(parents=True)
    (folder / "args.yaml").write_text("of the other")
    words = short(data=data, project=tmp_path / "runs", name="run", exist_ok=True, loss="eiou")
    with lock_run(folder, LAUNCH):
        done = run_ranks(tmp_path, "-m", "yolo_feiou", "train", "model=yolov8n.yaml", *words)
    assert done.returncode != 0 and "run is being trained by another process" in done.stderr
    assert (folder / "args.yaml").read_text() == "of the other"


class Stock:
    """What stands for Ultralytics' trainer: 32 images a batch on GPUs, joined as some releases do it."""

    def __init__(self, cfg, overrides, _callbacks):
        self.args, self.overrides, self.callbacks = SimpleNamespace(batch=32), overrides, []
        self.device, self.world_size, self.save_dir = torch.device("cuda:0"), 8, overrides.get("save_dir")

    def add_callback(self, event, callback):
        self.callbacks.append(event)

    def run_callbacks(self, event):
        self.seen = [*getattr(self, "seen", []), self.tloss.tolist()]

    def _setup_ddp(self):
        self.device = torch.device("cuda", LAUNCH.rank)
        torch.distributed.init_process_group("nccl", world_size=self.world_size)


class Trainer(Ranks, Stock):
    """Our part on it."""


@pytest.fixture
def gpus(monkeypatch, tmp_path, release):
    """Rank 9 of 16, on the second of two nodes with 8 GPUs; returns what the group was told."""
    release(RANKS_SINCE)
    told = []
    monkeypatch.setattr(distributed, "read_launch", lambda: LAUNCH)
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 8)
    monkeypatch.setattr(torch.distributed, "init_process_group", lambda *words, **_: told.append(words))
    monkeypatch.setattr(torch.distributed, "new_group", lambda ranks, timeout: "leaders")
    monkeypatch.setattr(torch.cuda, "set_device", told.append)
    monkeypatch.setattr(group, "gather_from_all", lambda value: [0, 3])  # local ranks, and restarts
    monkeypatch.setattr(
        group, "broadcast_from_first", lambda value: UnfinishedRun(tmp_path / "run")
    )  # what rank 0 found
    monkeypatch.setenv("TORCH_NCCL_BLOCKING_WAIT", "0")
    return told


def test_a_rank_takes_the_gpus_of_its_node(gpus, tmp_path):
    trainer = Trainer({"device": None}, {}, None)
    assert gpus == [torch.device("cuda", 1), ("nccl",)]  # the second process of its node
    assert trainer.overrides == {"device": "0,1,2,3,4,5,6,7", "save_dir": str(tmp_path / "run")}
    assert trainer.world_size == 16 and trainer.launch.restarts == 3
    trainer._setup_ddp()
    assert trainer.device == torch.device("cuda", 1), "not the one with the number of the rank"
    assert len(gpus) == 2, "Ultralytics joined nothing itself"


def test_ultralytics_launcher_on_gpus_of_one_node_is_left_alone(gpus, monkeypatch):
    monkeypatch.setattr(distributed, "read_launch", lambda: replace(LAUNCH, size=8, nodes=1))
    trainer = Trainer({"device": None}, {"device": "0,1,2,3,4,5,6,7", "save_dir": "run"}, None)
    assert trainer.world_size == 8 and not trainer.callbacks and not gpus
    trainer._setup_ddp()
    assert gpus == [("nccl",)]


def test_a_finished_run_is_not_trained(gpus, monkeypatch, tmp_path):
    monkeypatch.setattr(group, "broadcast_from_first", lambda value: UnfinishedRun(tmp_path / "run", finished=True))
    with pytest.raises(FinishedError, match="run is what this command trained, and finished"):
        Trainer({"device": None}, {}, None)


def test_the_losses_are_averaged_before_callbacks_see_them_and_clearing_those_changes_nothing(gpus, monkeypatch):
    """Rank 9 of 16 has 1.0, the others 3.0: 46 / 16."""
    trainer = Trainer({"device": None}, {}, None)
    assert trainer.callbacks == [], "there is none of ours to clear"
    monkeypatch.setattr(torch.distributed, "all_reduce", lambda total: total.add_(15 * 3.0))
    trainer.tloss = torch.tensor([1.0])
    trainer.run_callbacks("on_train_batch_end")
    assert trainer.tloss.tolist() == [1.0] and trainer.seen == [[1.0]]
    trainer.run_callbacks("on_train_epoch_end")
    assert trainer.tloss.tolist() == [2.875] and trainer.seen == [[1.0], [2.875]]
