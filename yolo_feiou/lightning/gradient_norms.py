"""How large losses and their gradients are beside a reference, on the first batches of a detector's training.

`python -m yolo_feiou.lightning.gradient_norms REQUEST.json RESULT.json` measures in a process of its own, as
`yolo/gradient_norms.py` does.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import torch
from torch import Tensor, nn

from yolo_feiou.detectors.build import build_detector
from yolo_feiou.detectors.seam import BoxTerm, Positives, find_box_terms
from yolo_feiou.errors import DataError
from yolo_feiou.lightning.arguments import complete_arguments, make_schedule
from yolo_feiou.lightning.data import measure_mean_side, read_training_data
from yolo_feiou.lightning.detect import choose_device
from yolo_feiou.lightning.module import DetectorModule
from yolo_feiou.lightning.training import find_config
from yolo_feiou.losses.build import STOCK, build_loss
from yolo_feiou.storage.tables import Row
from yolo_feiou.yolo.gradient_norms import (
    Batch,
    GradientNorm,
    answer_request,
    describe_batches,
    get_first_device,
    make_rows,
    plan_batches,
)

#: The box losses that detectors have of their own.
OWN_LOSSES: Mapping[str, str] = {
    "retinanet": "l1",
    "faster_rcnn": "smooth_l1:beta=0.1111",
    "mask_rcnn": "smooth_l1:beta=0.1111",
    "atss": "giou",
    "paa": "giou",
}


def measure_gradient_norms(
    arguments: Mapping[str, Any],
    losses: Sequence[str],
    batches: int = 8,
    reference: str = "ciou",
    every: int = 1,
    tick: Callable[[], object] = lambda: None,
) -> list[Row]:
    """Measure the box term of each loss, and its gradient, on the same positives, and return a row a loss.

    A training is set up as its arguments say, and takes steps with the reference loss at its full learning rate. Before
    a step, every loss is computed on the batch's positives, at a gain of 1: whatever `box` is, the ratios are of the
    losses. Where a detector trains two heads with it, a loss is the sum of both. The rows are those of
    `yolo.gradient_norms.measure_gradient_norms`; 'stock' is measured as what it is in the detector.

    Args:
        arguments: Training arguments, among them `model` and `data`. Of several devices, the first is used.
        losses: Specs.
        batches: Number of batches that are measured; fewer where the training has fewer, see `plan_batches`.
        every: Of so many batches the last one is measured, and the others only train.
        reference: Spec of the loss that the others are compared to; its row is there even if it is not listed.
        tick: Called after each batch, measured or not.

    Raises:
        LossSpecError: If a loss is wrong.
        ArgumentError: If an argument is.
        DataError: If the data can't be read, or the reference's loss becomes infinite.
    """
    whole = {**complete_arguments({**arguments, "loss": reference, "box": None}), "val": False}
    device = choose_device(str(get_first_device(whole["device"]) or ""))
    config, _ = find_config(str(whole["model"]))
    data = read_training_data(whole, config)
    schedule = make_schedule(whole, data.count)
    batches, every = plan_batches(batches, every, schedule.iterations)
    torch.manual_seed(whole["seed"])
    options = {key: whole[key] for key in ("loss", "imgsz", "rpn", "encode", "scoring")}
    model = build_detector(config, len(data.names), **options).to(device).train()
    module = DetectorModule(model, whole, schedule, data.count / whole["batch"], {})
    optimizer = module.configure_optimizers()["optimizer"]
    terms = find_box_terms(model)
    side = measure_mean_side(data.images, whole["imgsz"])
    names = dict.fromkeys(losses if reference in losses else [reference, *losses])
    measured = {
        name: [
            _make_term(OWN_LOSSES[config.detector] if name == STOCK else name, term, schedule.iterations, side)
            for term in terms
        ]
        for name in names
    }
    seen: list[Positives] = []
    for term in terms:
        term.register_forward_pre_hook(lambda _, inputs: seen.append(inputs[0]))
    found: list[Batch] = []
    loader = data.make_loader(whole, 0, batches * every, 0, 1)
    for number, (images, targets) in enumerate(loader, 1):
        seen.clear()
        moved = [{key: _move(value, device) for key, value in target.items()} for target in targets]
        total = torch.stack([*model([image.to(device) for image in images], moved).values()]).sum()
        if not total.isfinite():
            raise DataError(f"the loss is {total.item()} at step {number} with {reference}: lower lr0, or set clip=10.")
        sums = {name: sum(term(one) for term, one in zip(own, seen, strict=True)) for name, own in measured.items()}
        if number % every == 0:
            sizes = {name: measure_size(model, value) for name, value in sums.items() if isinstance(value, Tensor)}
            found.append(Batch(sum(len(one.pred) for one in seen), sizes))
        optimizer.zero_grad()
        total.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), whole["clip"] or float("inf"))
        optimizer.step()
        tick()
    about = describe_batches(batches * every, schedule.iterations)
    return [{**row, "reference": reference, **about} for row in make_rows(found, reference)]


def measure_size(model: nn.Module, term: Tensor) -> GradientNorm:
    """Return a box term, and the norm of its gradient in all weights that train."""
    weights = [weight for weight in model.parameters() if weight.requires_grad]
    gradients = torch.autograd.grad(term, weights, retain_graph=True, allow_unused=True)
    norms = [gradient.norm() for gradient in gradients if gradient is not None]
    return GradientNorm(term.item(), torch.stack(norms).norm().item())


def _make_term(spec: str, term: BoxTerm, iterations: int, side: float) -> BoxTerm:
    """Return a box term like another one, with another loss and a gain of 1, as a training begins with it."""
    loss = build_loss(spec)
    loss.prepare(iterations, 1, side)
    return BoxTerm(spec, loss, 1.0, term.error_weights).to(next(term.parameters(), torch.empty(0)).device).train()


def _move(value: Any, device: torch.device) -> Any:
    return value.to(device) if isinstance(value, Tensor) else value


def main(args: Sequence[str]) -> None:
    """Measure as detectors train, see `answer_request`."""
    answer_request(measure_gradient_norms, args)


if __name__ == "__main__":
    main(sys.argv[1:])
