"""What the process of a run is told."""

import pytest

from yolo_feiou.ablation.worker import Task, parse_gpus


@pytest.mark.parametrize(
    ("device", "seen", "visible", "inside"),
    [
        ("2", None, "2", {"device": "0"}),
        ("2,3", None, "2,3", {"device": "0,1"}),
        ("1", "4,6", "6", {"device": "0"}),  # of those that the cluster gave
        ("0", "GPU-abc", "GPU-abc", {"device": "0"}),
        ("cpu", "4,6", "4,6", {"device": "cpu"}),
        ("", None, None, {}),
    ],
)
def test_a_process_sees_its_own_gpus_alone(monkeypatch, device, seen, visible, inside):
    monkeypatch.delenv("CUDA_VISIBLE_DEVICES", raising=False)
    if seen:
        monkeypatch.setenv("CUDA_VISIBLE_DEVICES", seen)
    task = Task(device=device)
    assert task.environment.get("CUDA_VISIBLE_DEVICES") == visible
    assert task.own_device == inside


def test_gpus_are_numbered_as_their_device_names_them():
    assert [parse_gpus(device) for device in ("0", "0,1", "cpu", "mps", "", "npu:0")] == [[0], [0, 1], [], [], [], []]


def test_the_environment_of_a_process_has_its_threads():
    assert Task(threads=3).environment["OMP_NUM_THREADS"] == "3"
    assert Task(device="0", threads=0).environment["PYTHONUNBUFFERED"] == "1"
