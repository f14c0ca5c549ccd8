"""Runs on a real Ray cluster: two nodes on this machine, of which one is lost in the middle."""

import os
import threading
import time

import pytest

ray = pytest.importorskip("ray", reason="Ray is not installed: pip install 'yolo-feiou[ray]'")

from tests.ablation.factories import run  # noqa: E402
from tests.runs import SHORT  # noqa: E402
from yolo_feiou.ablation.on_ray import OnRay  # noqa: E402
from yolo_feiou.ablation.progress import AblationProgress, Lines  # noqa: E402
from yolo_feiou.ablation.runner import Runner  # noqa: E402
from yolo_feiou.ablation.schedule import FixedGrid  # noqa: E402
from yolo_feiou.ablation.store import Store  # noqa: E402
from yolo_feiou.ablation.worker import Task  # noqa: E402
from yolo_feiou.errors import ArgumentError  # noqa: E402
from yolo_feiou.yolo.framework import FRAMEWORK as ULTRALYTICS  # noqa: E402

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def cluster():
    """A head without room for runs, and a node with room for one."""
    from ray.cluster_utils import Cluster

    made = Cluster(initialize_head=True, head_node_args={"num_cpus": 0, "include_dashboard": False})
    made.add_node(num_cpus=1)
    ray.init(address=made.address, log_to_driver=False)
    yield made
    ray.shutdown()
    made.shutdown()


def prepared(tmp_path, data, count, epochs):
    store = Store(tmp_path / "out", "yolo ablate …")
    arguments = {**SHORT, "data": data, "model": "yolov8n.yaml", "imgsz": 32, "epochs": epochs}
    del arguments["device"], arguments["seed"]
    return [store.prepare(run(seed=seed, **arguments))[0] for seed in range(count)]


def node_of(folder):
    """The id of the node on which a run's process was started last."""
    lines = folder.log.read_text().splitlines() if folder.log.exists() else []
    return next((line.split()[2] for line in reversed(lines) if line.startswith("Ray node ")), None)


def test_a_run_whose_node_fails_resumes_on_another(tmp_path, data, cluster):
    """A run on each of two nodes. Once the one on the second has a checkpoint, that node fails: its run resumes on the
    first, when that has room, and both are done once."""
    folders = prepared(tmp_path, data, 2, epochs=6)
    second, lost = cluster.add_node(num_cpus=1), {}

    def lose():
        while not lost:
            for folder in folders:
                if node_of(folder) == second.node_id and folder.last.exists() and not folder.row():
                    lost["run"] = folder
                    break
            time.sleep(0.05)
        cluster.remove_node(second, allow_graceful=False)

    thread = threading.Thread(target=lose, daemon=True)
    thread.start()
    engine = OnRay(Task(device="cpu", command="yolo ablate …"), "", jobs=0, per_device=1, cpus=1, retries=2)
    runner = Runner(FixedGrid(folders), engine)
    runner.run(Lines(AblationProgress(folders, [], ULTRALYTICS.count_rows)))
    thread.join(30)
    assert runner.failures == {}
    rows = {folder: folder.row() for folder in folders}
    assert all(row["status"] == "done" and row["epochs_done"] == 6 for row in rows.values())
    assert rows[lost["run"]]["resumed"] >= 1


def test_a_run_that_hangs_ends_by_the_limit(tmp_path, data, cluster):
    """1.8 s from its start on the node, not from when it was handed over: the second run waits for the first."""
    folders = prepared(tmp_path, data, 2, epochs=1)
    task = Task(device="cpu", timeout=0.0005)  # importing torch alone takes longer
    runner = Runner(FixedGrid(folders), OnRay(task, "", jobs=0, per_device=1, cpus=1, retries=0))
    runner.run(Lines(AblationProgress(folders, [], ULTRALYTICS.count_rows)))
    assert len(runner.failures) == 2
    for folder in folders:
        assert folder.failure()["reason"].startswith("took longer than timeout= allows, and was ended; the last")
        assert not folder.busy and folder.row() is None


def test_a_device_that_the_cluster_does_not_have_is_refused(tmp_path, data, cluster):
    """It would train on CPUs, without a word."""
    with pytest.raises(ArgumentError, match=r"device=7: the Ray cluster has no GPU"):
        OnRay(Task(device="7"), "", jobs=1, per_device=1, cpus=1, retries=0)


def test_a_run_whose_folder_its_node_does_not_have_fails_with_what_to_do(tmp_path, data, cluster, monkeypatch):
    """The run fails, with a reason that says what to do, and is recorded."""
    (folder,) = prepared(tmp_path, data, 1, epochs=1)
    engine = OnRay(Task(device="cpu"), "", jobs=1, per_device=1, cpus=1, retries=0)
    away = tmp_path / "away"
    os.rename(folder.path, away)
    engine.start(folder)
    while not (ready := engine.refs and ray.wait(list(engine.refs), timeout=0.1)[0]):
        pass
    os.rename(away, folder.path)
    assert ready and engine.finished() == [(folder, 1)]
    assert "out= must be a folder that all nodes share" in folder.log.read_text()


def test_an_address_without_a_cluster_is_refused():
    with pytest.raises(ArgumentError, match="address=127.0.0.1:1: there is no Ray cluster"):
        OnRay(Task(), "127.0.0.1:1", jobs=0, per_device=1, cpus=1, retries=0)
