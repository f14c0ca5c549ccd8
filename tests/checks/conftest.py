"""A folder for files of losses, and torch as it was before a loss that changes it."""

import pytest
import torch


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def torch_as_it_is(monkeypatch):
    """Puts back what a planted loss replaces."""
    monkeypatch.setattr(torch.nn.functional, "huber_loss", torch.nn.functional.huber_loss)
