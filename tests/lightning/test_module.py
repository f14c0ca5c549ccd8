"""Learning rates, groups of the optimizer, and the proof that the box loss is the one that trains."""

from types import SimpleNamespace

import pytest
import torch
from torch import nn

from tests.lightning.trainings import DETECTORS, SHORT, write_model
from yolo_feiou.detectors.build import build_detector
from yolo_feiou.detectors.config import DetectorConfig, read_detector_config
from yolo_feiou.detectors.seam import BoxTerm, Positives
from yolo_feiou.errors import DataError, LossNotAppliedError
from yolo_feiou.lightning.arguments import Schedule, complete_arguments
from yolo_feiou.lightning.module import DetectorModule, describe_loss
from yolo_feiou.losses.build import build_loss

BOXES = torch.tensor([[0.0, 0, 10, 10]])


class Model(nn.Module):
    """A detector that computes its box term as often as it is told, and has another loss beside it."""

    box_loss_names = ("bbox_regression",)

    def __init__(self, spec="focal_eiou", times=1, other=0.5):
        super().__init__()
        self.weight, self.times, self.other = nn.Parameter(torch.ones(())), times, other
        self.term = BoxTerm(spec, build_loss(spec))

    def forward(self, images, targets):
        positives = Positives(self.weight * BOXES, BOXES + 3, BOXES)
        box = sum(self.term(positives) for _ in range(self.times))
        return {"bbox_regression": self.weight + box, "classification": self.weight * self.other}


def module(model=None, iterations=18, epoch_steps=6.0, step=0, **given):
    made = DetectorModule(
        nn.Linear(2, 2) if model is None else model,
        complete_arguments({"loss": "focal_eiou", **given}),
        Schedule(iterations, 3, 3),
        epoch_steps,
        {},
    )
    made._trainer = SimpleNamespace(global_step=step, global_rank=0)
    return made


def rates(iterations, **given):
    """The learning rates of all steps, of weights and of biases."""
    configured = module(iterations=iterations, **given).configure_optimizers()
    optimizer, scheduler = configured["optimizer"], configured["lr_scheduler"]["scheduler"]
    assert configured["lr_scheduler"]["interval"] == "step"
    found = []
    for _ in range(iterations):
        found.append([group["lr"] for group in optimizer.param_groups])
        optimizer.step()
        scheduler.step()
    return torch.tensor(found, dtype=torch.float64).T


def test_the_learning_rates_of_a_short_training():
    """18 steps: a tenth of them, 1, at a third; from 12 on a tenth, from 16 on a hundredth; biases twice as much."""
    expected = torch.tensor([1 / 3] + [1.0] * 11 + [0.1] * 4 + [0.01] * 2, dtype=torch.float64) * 0.02
    weights, biases = rates(18, lr0=0.02)
    torch.testing.assert_close(weights, expected, rtol=1e-12, atol=0)
    torch.testing.assert_close(biases, 2 * expected, rtol=1e-12, atol=0)


def test_the_learning_rates_of_the_paper():
    """500 steps of warm-up; divided at 60,000 and 80,000 of 90,000."""
    paper = module(iterations=90_000)
    steps = {0: 1 / 3, 499: 1 / 3, 500: 1, 59_999: 1, 60_000: 0.1, 79_999: 0.1, 80_000: 0.01, 89_999: 0.01}
    assert {step: pytest.approx(paper.find_rate(step)) for step in steps} == steps


def test_the_warm_up_is_as_long_as_asked_for_but_a_tenth_at_most():
    assert [module(iterations=100, warmup_iterations=4).find_rate(step) for step in (3, 4)] == [1 / 3, 1]
    assert [module(iterations=100, warmup_iterations=50).find_rate(step) for step in (9, 10)] == [1 / 3, 1]
    assert module(iterations=100, warmup_iterations=0).find_rate(0) == 1
    assert module(iterations=5).find_rate(0) == 1


@pytest.mark.parametrize("detector", DETECTORS)
def test_biases_have_twice_the_rate_and_no_decay(detector, tmp_path):
    """And all that is trained is in one group: norms with the weights, what is frozen in none."""
    config = DetectorConfig.from_dict({"detector": detector, "backbone": "resnet18", "weights": "imagenet"})
    model = build_detector(config, 2, loss="eiou", load_weights=False)
    one = module(model, lr0=0.1, momentum=0.8, weight_decay=0.01)
    others, biases = one.configure_optimizers()["optimizer"].param_groups
    assert (others["weight_decay"], others["momentum"], others["initial_lr"]) == (0.01, 0.8, 0.1)
    assert (biases["weight_decay"], biases["momentum"], biases["initial_lr"]) == (0, 0.8, 0.2)
    names = {id(weight): name for name, weight in model.named_parameters()}
    in_biases, in_others = ({names[id(weight)] for weight in group["params"]} for group in (biases, others))
    trained = {name for name, weight in model.named_parameters() if weight.requires_grad}
    assert in_biases == {name for name in trained if name.endswith(".bias")} and in_biases
    assert in_others == trained - in_biases
    frozen = {name for name in names.values() if name.startswith("backbone.body.layer1")}
    assert frozen and not frozen & trained


def test_a_step_is_the_sum_of_the_losses_and_computes_the_box_term_once():
    """1 and 0.5, and 2.5 · v1's loss of boxes 10 wide that are 3 apart."""
    one = module(Model())
    total = one.training_step(([], []), 0)
    expected = 1.5 + 2.5 * build_loss("focal_eiou").mean(BOXES, BOXES + 3)
    torch.testing.assert_close(total, expected)
    assert one.model.term.calls == 1 and total.requires_grad


@pytest.mark.parametrize("times", [0, 2])
def test_a_box_term_that_is_not_computed_once_stops_the_training(times):
    with pytest.raises(LossNotAppliedError, match=f"Model computed focal_eiou {times} times in step 5, expected once"):
        module(Model(times=times), step=4).training_step(([], []), 0)


def test_each_of_two_box_terms_must_be_computed():
    model = Model()
    model.second = BoxTerm("eiou", build_loss("eiou"))
    with pytest.raises(LossNotAppliedError, match="0 times"):
        module(model).training_step(([], []), 0)


@pytest.mark.parametrize("value", [float("nan"), float("inf"), -float("inf")])
def test_a_loss_that_is_not_finite_stops_the_training(value):
    one = module(Model(other=value), step=6)
    with pytest.raises(DataError, match=rf"the loss is {value} at step 7 \(.*classification {value}\): lower lr0"):
        one.training_step(([], []), 0)
    assert one.steps == 0


def test_the_mean_losses_of_the_steps_since_they_were_taken():
    """1.5 and 0.5 of the weights 1 and 3: means of 2 and 1; the box loss is all that has the loss in it."""
    one = module(Model("iou"))
    box = [one.training_step(([], []), 0).item() - 1.5]
    one.model.weight.data.fill_(3)
    box.append(one.training_step(([], []), 0).item() - 4.5)
    means = one.take_means()
    assert list(means) == ["train/box_loss", "train/classification"]
    assert means["train/classification"] == 1 and means["train/box_loss"] == pytest.approx(2 + sum(box) / 2)
    one.training_step(([], []), 0)
    assert one.take_means()["train/classification"] == 1.5, "of the last step alone"


def test_what_a_step_draws_follows_from_seed_step_and_rank():
    def draw(seed=0, step=0, rank=0):
        one = module(seed=seed, step=step)
        one._trainer.global_rank = rank
        torch.manual_seed(99)
        one.on_train_batch_start(None, 0)
        return torch.rand(()).item()

    assert draw() == draw()
    assert len({draw(), draw(seed=1), draw(step=1), draw(rank=1), draw(seed=1, step=1)}) == 5


def test_a_scheduled_number_changes_from_epoch_to_epoch():
    """γ from 0 to 0.6 in 9 steps, two an epoch: 0 in the first, 0.6 from the fourth of 4.5 on, and linear between."""

    def gamma(step):
        one = module(Model("focal_eiou:gamma=0..0.6"), iterations=9, epoch_steps=2.0, step=step)
        one.on_train_batch_start(None, 0)
        (term,) = one.model.term.box_loss
        return term.weight.current["gamma"]

    assert [round(gamma(step), 6) for step in range(9)] == [0, 0, 0.2, 0.2, 0.4, 0.4, 0.6, 0.6, 0.6]


def test_a_scheduled_number_of_a_training_below_an_epoch_stays_at_its_start():
    one = module(Model("focal_eiou:gamma=0..0.6"), iterations=9, epoch_steps=100.0, step=8)
    one.on_train_batch_start(None, 0)
    (term,) = one.model.term.box_loss
    assert term.weight.current["gamma"] == 0


def line(folder, detector, loss="stock", **options):
    config = read_detector_config(write_model(folder, detector))
    options = {"box": "auto", "imgsz": 64, **options}
    model = build_detector(config, 2, loss=loss, **options)
    arguments = complete_arguments({**SHORT, "loss": loss, "box": options["box"]})
    return describe_loss(DetectorModule(model, arguments, Schedule(6, 1, 3), 2.0, {}), config.title)


def test_the_line_on_torchvisions_own_loss(tmp_path):
    assert line(tmp_path, "retinanet") == "Box loss: stock, RetinaNet's own of torchvision's"
    assert line(tmp_path, "faster_rcnn", box=2.0) == "Box loss: stock, Faster R-CNN's own of torchvision's, box=2"


def test_the_line_on_the_own_loss_of_atss_and_paa(tmp_path):
    assert line(tmp_path, "atss") == "Box loss: stock, which is giou, in 1 head of ATSS, box=2, rank 0"
    assert line(tmp_path, "paa") == "Box loss: stock, which is giou, in 1 head of PAA, box=1.3, rank 0"
    assert line(tmp_path, "paa", box=2.5) == "Box loss: stock, which is giou, in 1 head of PAA, box=2.5, rank 0"


def test_the_line_on_a_loss_of_ours(tmp_path):
    ours = "focal_eiou (gamma=0.5, norm=paper, detach=true)"
    assert line(tmp_path, "mask_rcnn", "focal_eiou") == f"Box loss: {ours}, in 1 head of Mask R-CNN, box=2.5, rank 0"
    assert (
        line(tmp_path, "faster_rcnn", "giou", rpn=True) == "Box loss: giou, in 2 heads of Faster R-CNN, box=2.5, rank 0"
    )
    assert ", in 1 head of RetinaNet, box=1, rank 0" in line(tmp_path, "retinanet", "smooth_l1")


def test_a_checkpoint_keeps_what_is_said_of_the_training():
    one, checkpoint = module(), {"state_dict": {}}
    one.kept.update({"part": 2, "names": ["cat"]})
    one.on_save_checkpoint(checkpoint)
    assert checkpoint == {"state_dict": {}, "part": 2, "names": ["cat"]}
