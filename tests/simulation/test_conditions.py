"""What a simulated loss is told, said in the output, and where it counts."""

import pytest
import torch

from yolo_feiou.errors import ArgumentError, LossSpecError
from yolo_feiou.losses.build import build_loss
from yolo_feiou.parameters import read_arguments
from yolo_feiou.simulation.conditions import Conditions, conditions_arguments, get_conditions

PAIRS = torch.tensor([[0.1, 0, 1, 1.2]], dtype=torch.float64), torch.tensor([[0.0, 0, 1, 1]], dtype=torch.float64)


def read(*words):
    return get_conditions(read_arguments("yolo simulate", words, conditions_arguments()))


def test_the_defaults_are_those_of_the_arguments():
    assert read() == Conditions() == Conditions((640, 640), 32, 0)
    assert read("image=480,640", "side=16", "t=0.5") == Conditions((480, 640), 16, 0.5)


@pytest.mark.parametrize("image", ["480", "1,2,3"])
def test_an_image_has_two_sides(image):
    with pytest.raises(ArgumentError, match=f"image={image}: expected height and width, as in image=480,640"):
        read(f"image={image}")


def test_a_unit_is_a_side_of_the_targets_by_their_area():
    """Targets of area 100 have sides of 10 units: 32 pixels are 3.2 a unit."""
    assert Conditions().units(100) == {"image": (640, 640), "pixels": 3.2}
    assert Conditions((480, 640), 16).units() == {"image": (480, 640), "pixels": 16}


def test_scheduled_numbers_are_those_at_t():
    """Of 2..0.5 the value at 0 is 2, at 1 it is 0.5, and half-way 1.25."""
    for t, ratio in ((0, 2), (0.5, 1.25), (1, 0.5)):
        expected = build_loss(f"uiou:ratio={ratio}")(*PAIRS)
        assert torch.equal(Conditions(t=t).build("uiou")(*PAIRS), expected)


def test_a_running_mean_stays():
    loss = Conditions().build("wiou:momentum=0.5")
    loss.mean(*PAIRS)
    assert [mean.value.item() for mean in loss.running_means] == [1]


def test_a_loss_of_rotated_boxes_is_refused():
    with pytest.raises(
        LossSpecError, match="'gwd' is of rotated boxes, and the paper's simulations have axis-aligned boxes"
    ):
        Conditions().build("gwd:tau=0")


def test_a_loss_that_is_built_is_prepared_whatever_its_boxes():
    loss = build_loss("kld:tau=1..2")
    assert Conditions(t=1).prepare(loss, "kld:tau=1..2") is loss and not loss.training
    pairs = torch.tensor([[0, 0, 4, 1, 0.3]]), torch.tensor([[0.0, 0, 4, 1, 0]])
    assert torch.equal(loss(*pairs), build_loss("kld:tau=2")(*pairs))
    assert list(Conditions().tell(["gwd", "kld:tau=1..2"])) == ["kld:tau=1..2: as it is at t=0 of a training (t=)"]


def test_what_follows_from_a_training_set_is_refused():
    with pytest.raises(ArgumentError, match="c=auto is the mean size of a training set's objects; there is none here"):
        Conditions().build("nwd:c=auto")


def test_each_loss_that_depends_on_them_is_told():
    specs = ["eiou", "mpdiou", "nwd:weight=0.5+iou", "wiou", "uiou", "focal_eiou:gamma=0..0.5", "iou+l1:weight=1..0"]
    assert list(Conditions((480, 640), 16, 0.5).tell(specs)) == [
        "mpdiou: in an image of 480 × 640 pixels, with targets of 16 × 16 pixels (image=, side=)",
        "nwd:weight=0.5+iou: in an image of 480 × 640 pixels, with targets of 16 × 16 pixels (image=, side=)",
        "wiou: its running mean stays at 1",
        "uiou: as it is at t=0.5 of a training (t=)",
        "focal_eiou:gamma=0..0.5: as it is at t=0.5 of a training (t=)",
        "iou+l1:weight=1..0: as it is at t=0.5 of a training (t=)",
    ]
