"""Random numbers continue where they were, from a file that runs no code."""

import random

import numpy as np
import pytest
import torch

from yolo_feiou.yolo.random_state import get_random_state, set_random_state, to_plain_number


def test_random_numbers_continue_where_they_were():
    def draw():
        return random.random(), random.gauss(0, 1), np.random.rand(), np.random.randn(), torch.rand(1).item()

    for generator in (random, np.random):
        generator.gauss(0, 1) if generator is random else generator.randn()  # so that one number is kept for later
    saved, expected = get_random_state(torch.device("cpu")), draw()
    assert draw() != expected
    set_random_state(saved, torch.device("cpu"))
    assert draw() == expected


def test_a_state_loads_without_running_code(tmp_path):
    torch.save({"random": [get_random_state(torch.device("cpu"))]}, tmp_path / "epoch1.state")
    saved = torch.load(tmp_path / "epoch1.state", weights_only=True)["random"][0]
    expected = random.random(), np.random.rand()
    set_random_state(saved, torch.device("cpu"))
    assert (random.random(), np.random.rand()) == expected


@pytest.mark.parametrize(("value", "plain"), [(np.float64(0.5), 0.5), (np.int64(3), 3), (0.5, 0.5), (None, None)])
def test_numbers_of_numpy_become_pythons(value, plain):
    assert to_plain_number(value) == plain and not isinstance(to_plain_number(value), np.generic)
