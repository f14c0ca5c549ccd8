"""Whether a device is there."""

import os

import pytest
import torch

from yolo_feiou.errors import ArgumentError
from yolo_feiou.yolo.devices import check_device


@pytest.fixture
def gpus(monkeypatch):
    """A function that lets torch see so many GPUs, with CUDA_VISIBLE_DEVICES as given."""

    def see(count, shown=None):
        monkeypatch.setattr(torch.cuda, "device_count", lambda: count)
        monkeypatch.setattr(torch.cuda, "is_available", lambda: count > 0)
        monkeypatch.delenv("CUDA_VISIBLE_DEVICES", raising=False)
        if shown is not None:
            monkeypatch.setenv("CUDA_VISIBLE_DEVICES", shown)

    return see


@pytest.mark.parametrize("device", ["", "cpu", "CPU", "None", "[cpu]"])
def test_a_cpu_is_always_there(gpus, device):
    gpus(0)
    check_device(device)


@pytest.mark.parametrize("device", ["7", "0", "cuda", "cuda:0", "0,1", "[0, 1]", "-1"])
def test_without_a_gpu_none_is_there(gpus, device):
    gpus(0)
    with pytest.raises(ArgumentError) as error:
        check_device(device)
    assert str(error.value).startswith(f"device={device}: there is no GPU ") and "torch sees no GPU" in str(error.value)


@pytest.mark.parametrize("device", ["0", "1", "cuda", "cuda:1", "0,1", "(0, 1)", "-1"])
def test_gpus_that_are_there_are_taken(gpus, device):
    gpus(2)
    check_device(device)


@pytest.mark.parametrize("device", ["2", "cuda:2", "0,1,2"])
def test_a_gpu_beyond_those_that_are_there_is_refused(gpus, device):
    gpus(2)
    with pytest.raises(ArgumentError, match="there is no GPU 2 here. torch sees GPUs 0 to 1; device=cpu is always"):
        check_device(device)


def test_where_only_some_are_shown_either_number_is_there(gpus):
    """A process gets GPU 6 by its number among those shown, 1, or by its own, see `Task.environment`."""
    gpus(2, "4,6")
    check_device("1")
    check_device("6")
    with pytest.raises(ArgumentError, match=r"there is no GPU 7 here. .*CUDA_VISIBLE_DEVICES=4,6"):
        check_device("7")


def test_a_metal_gpu_that_is_not_there_is_refused(monkeypatch):
    """Ultralytics would train on the CPU, without a word."""
    monkeypatch.setattr(torch.backends.mps, "is_available", lambda: False)
    with pytest.raises(ArgumentError, match=r"device=mps: there is no Metal GPU"):
        check_device("mps")
    monkeypatch.setattr(torch.backends.mps, "is_available", lambda: True)
    check_device("mps")


@pytest.mark.parametrize("device", ["gpu", "cup", "npu:0"])
def test_what_is_no_device_is_refused_and_the_environment_stays(gpus, device):
    gpus(0, "")
    with pytest.raises(ArgumentError, match=rf"device={device} can't be used here: .*device=cpu is always there"):
        check_device(device)
    assert os.environ["CUDA_VISIBLE_DEVICES"] == ""
