"""The list of losses that an experiment takes."""

import pytest

from yolo_feiou.errors import LossSpecError
from yolo_feiou.simulation.command import EXPERIMENTS
from yolo_feiou.simulation.experiment import get_losses, make_losses_argument


def test_losses_are_those_that_are_listed_or_else_the_experiments():
    assert get_losses({}, "iou", "eiou") == ("iou", "eiou")
    assert get_losses({"losses": "ciou,focal_eiou:gamma=1|2"}, "iou", "eiou") == (
        *("ciou", "focal_eiou:gamma=1", "focal_eiou:gamma=2"),
    )
    with pytest.raises(LossSpecError, match="has 'iou' twice"):
        get_losses({"losses": "iou,iou"})
    with pytest.raises(
        LossSpecError, match="'kld' is of rotated boxes, and the paper's simulations have axis-aligned boxes"
    ):
        get_losses({"losses": "iou,kld"})


def test_the_default_of_the_argument_is_read_as_the_losses_themselves():
    argument = make_losses_argument("iou", "focal_eiou:gamma=1")
    assert (argument.name, argument.default) == ("losses", "iou,focal_eiou:gamma=1")
    assert get_losses({"losses": argument.default}) == ("iou", "focal_eiou:gamma=1")


@pytest.mark.parametrize("experiment", EXPERIMENTS.values(), ids=EXPERIMENTS)
def test_an_experiment_has_each_argument_and_file_once(experiment):
    names = [argument.name for argument in experiment.arguments]
    assert len(names) == len(set(names)) and "out" not in names
    assert len(experiment.files) == len(set(experiment.files)) > 0
