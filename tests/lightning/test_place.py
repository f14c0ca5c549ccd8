"""Where a process trains, by what it is told and by torchrun."""

import pytest
import torch

from yolo_feiou.distributed.launch import Launch
from yolo_feiou.errors import ArgumentError
from yolo_feiou.lightning.place import Place, find_place

LAUNCH = Launch(rank=1, local_rank=1, size=2, local_size=2, nodes=1, restarts=0, run_id="7")


@pytest.mark.parametrize("device", ["cpu", " cpu ", ["cpu"]])
def test_the_place_of_a_single_process(device):
    place = find_place(device, None)
    assert place == Place(None, "cpu") and (place.rank, place.world) == (0, 1)


def test_the_place_of_one_of_several_processes():
    place = find_place("cpu", LAUNCH)
    assert (place.device, place.rank, place.world) == ("cpu", 1, 2)


def test_without_a_device_it_is_a_gpu_if_there_is_one(monkeypatch):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    assert find_place(None, None).device == find_place("", None).device == "cpu"


def test_a_device_that_is_not_there_is_refused(monkeypatch):
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 1)
    with pytest.raises(ArgumentError):
        find_place("7", None)
    with pytest.raises(ArgumentError):
        find_place([0, 7], LAUNCH)
