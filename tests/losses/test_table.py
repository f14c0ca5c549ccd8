"""The table of losses is data: its weights fit the losses that name them."""

from __future__ import annotations

import pytest

from yolo_feiou.losses.build import build_loss
from yolo_feiou.losses.table import LOSSES, TABLE, WEIGHTS

NEUTRAL = ("focal_eiou:gamma=0", "ciou:focal=0", "wiou:version=1", "ciou:wise=false")
#: −ln IoU is left of the second, and a schedule ends elsewhere than it begins.
WEIGHTED = ("focal_eiou:gamma=0.1", "focal_eiou_star:gamma=0", "ciou:focal=0..1", "wiou", "ciou:wise=true")


def test_names_are_unique() -> None:
    assert len({info.name for info in TABLE}) == len(TABLE)


@pytest.mark.parametrize("info", [info for info in LOSSES.values() if info.weight], ids=lambda info: info.name)
def test_a_weighted_loss_takes_the_parameters_of_its_weight_and_a_norm(info) -> None:
    assert {*WEIGHTS[info.weight].parameters} <= {*info.parameters}
    assert ("norm" in [parameter.name for parameter in info.parameters]) == (info.weight != "wise")


@pytest.mark.parametrize("info", [info for info in LOSSES.values() if not info.weight], ids=lambda info: info.name)
def test_a_norm_is_for_weighted_losses_alone(info) -> None:
    assert "norm" not in [parameter.name for parameter in info.parameters]


def test_a_weight_that_is_neutral_is_left_out() -> None:
    weights = {spec: [term.weight for term in build_loss(spec)] for spec in (*NEUTRAL, *WEIGHTED)}
    assert all(weights[spec] == [None] for spec in NEUTRAL)
    assert all(None not in weights[spec] for spec in WEIGHTED)
