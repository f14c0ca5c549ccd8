"""Numbers about the losses that need no simulation, by which statements of the paper are judged."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from itertools import product

import torch
from torch import Tensor
from torchvision.ops import box_convert, generalized_box_iou_loss

from yolo_feiou.losses.boxes import Pair
from yolo_feiou.losses.build import build_loss
from yolo_feiou.simulation.setups import SETUPS, Reading
from yolo_feiou.storage.tables import Row

OVERLAP_LOSSES = ("iou", "giou", "diou", "ciou", "eiou")
UNIT_BOX = (0.0, 0.0, 1.0, 1.0)  # centre and sides of the usual target


def compute_facts(stock_ciou: Callable[[Tensor, Tensor], Tensor]) -> list[Row]:
    """Return all facts, as rows of a name, a value and its meaning.

    Args:
        stock_ciou: Ultralytics' CIoU of boxes and targets, both xyxy of shape (N, 4): values of shape (N,).
    """
    sources = (
        compute_definition_facts,
        compute_iou_facts,
        compute_giou_facts,
        partial(compute_ciou_facts, stock_ciou),
        compute_eiou_facts,
        compute_focal_weight_facts,
        compute_gradient_facts,
        compute_focal_v1_facts,
    )
    return [
        {"name": name, "value": float(value), "meaning": meaning}
        for source in sources
        for name, value, meaning in source()
    ]


Fact = tuple[str, float | Tensor, str]


def to_corners(*boxes: tuple[float, float, float, float]) -> Tensor:
    """Return boxes given as centre and sides, as corners, float64."""
    return box_convert(torch.tensor(boxes, dtype=torch.float64), "cxcywh", "xyxy")


def sample_pairs(count: int = 20_000, seed: int = 0, spread: float = 1.5) -> tuple[Tensor, Tensor]:
    """Return random boxes and targets as centre and sides: sides from 1/4 to 4, centres up to `spread` apart."""
    random = torch.Generator().manual_seed(seed)
    uniform = torch.rand(2, count, 4, generator=random, dtype=torch.float64) * 2 - 1
    boxes = torch.cat((uniform[..., :2] * spread / 2, (uniform[..., 2:] * 2).exp2()), -1)
    return boxes[0], boxes[1]


def step_down(spec: str, boxes: Tensor, target: Tensor) -> Tensor:
    """Return the downhill direction of each pair's loss, in centre and sides; boxes likewise."""
    boxes = boxes.detach().requires_grad_()
    loss = build_loss(spec)(box_convert(boxes, "cxcywh", "xyxy"), box_convert(target, "cxcywh", "xyxy"))
    return -torch.autograd.grad(loss.sum(), boxes)[0]


def compute_losses(spec: str, boxes: Tensor, target: Tensor) -> Tensor:
    """Return each pair's loss; boxes as centre and sides."""
    return build_loss(spec)(box_convert(boxes, "cxcywh", "xyxy"), box_convert(target, "cxcywh", "xyxy"))


def compute_ious(boxes: Tensor, target: Tensor) -> Tensor:
    """Return each pair's IoU; boxes as centre and sides."""
    return 1 - compute_losses("iou", boxes, target)


def measure_share(chosen: Tensor) -> Tensor:
    """Return the share of True."""
    return chosen.double().mean()


def compute_definition_facts() -> Iterator[Fact]:
    """Equations 1 and 2, and scale."""
    x = torch.linspace(0, 3, 301, dtype=torch.float64)
    shifted = torch.stack((x, torch.zeros_like(x), torch.ones_like(x), torch.ones_like(x)), 1)
    unit = torch.tensor([UNIT_BOX], dtype=torch.float64).expand_as(shifted)
    ours = compute_losses("smooth_l1:beta=1", shifted, unit)
    yield (
        "smooth_l1.gap",
        (ours - torch.where(x < 1, x**2 / 2, x - 0.5)).abs().max(),
        "largest difference from Eq. 1, β = 1",
    )
    far = torch.tensor([[2.0, 0, 1, 1]], dtype=torch.float64)
    for spec in ("smooth_l1", "balanced_l1", "focal_l1"):
        slope = -step_down(spec, far, torch.tensor([UNIT_BOX], dtype=torch.float64))[0, 0]
        yield f"{spec}.slope_far", slope, f"gradient of {spec} at an error of 2"
    boxes, target = sample_pairs()
    penalties = torch.stack(
        [compute_losses(spec, boxes, target) - compute_losses("iou", boxes, target) for spec in OVERLAP_LOSSES]
    )
    yield "penalty.least", penalties.min(), "smallest penalty R of GIoU, DIoU, CIoU and EIoU over 20,000 pairs"
    gaps = [
        (compute_losses(s, 10 * boxes, 10 * target) - compute_losses(s, boxes, target)).abs().max()
        for s in OVERLAP_LOSSES
    ]
    yield "scale.gap", max(gaps), "largest change of an IoU-based loss when both boxes grow tenfold"
    yield (
        "l1.scale",
        compute_losses("l1", 10 * boxes, 10 * target).sum() / compute_losses("l1", boxes, target).sum(),
        "ℓ1 of tenfold boxes, relative, in our scale-free encoding",
    )
    yield (
        "l1.scale_pixels",
        (10 * boxes - 10 * target).abs().sum() / (boxes - target).abs().sum(),
        "the same of unnormalised differences",
    )


def compute_iou_facts() -> Iterator[Fact]:
    """The IoU loss as a metric, and without overlap."""
    random = torch.Generator().manual_seed(1)
    sides = (torch.rand(3, 20_000, 2, generator=random, dtype=torch.float64) * 4 - 2).exp2()
    centres = torch.rand(3, 20_000, 2, generator=random, dtype=torch.float64) * 2
    a, b, c = torch.cat((centres, sides), -1)
    yield "iou.least", compute_losses("iou", a, b).min(), "smallest IoU loss over 20,000 pairs"
    yield (
        "iou.symmetry_gap",
        (compute_losses("iou", a, b) - compute_losses("iou", b, a)).abs().max(),
        "largest |L(A, B) − L(B, A)|",
    )
    detour = compute_losses("iou", a, b) + compute_losses("iou", b, c) - compute_losses("iou", a, c)
    yield "iou.triangle_least", detour.min(), "smallest L(A, B) + L(B, C) − L(A, C) over 20,000 triples"
    apart = torch.tensor([[3.0, 0, 1, 1], [9.0, 2, 2, 1]], dtype=torch.float64)
    unit = torch.tensor([UNIT_BOX], dtype=torch.float64).expand_as(apart)
    yield "iou.apart", compute_losses("iou", apart, unit).mean(), "the IoU loss of boxes that don't overlap"
    yield "iou.apart_step", step_down("iou", apart, unit).abs().max(), "its gradient there"


def compute_giou_facts() -> Iterator[Fact]:
    """GIoU without overlap, with overlap, and contained."""
    boxes, target = sample_pairs(spread=8)
    apart = compute_ious(boxes, target) == 0
    for spec in OVERLAP_LOSSES[1:]:
        direction = step_down(spec, boxes[apart], target[apart])
        growth = direction[:, 2] * boxes[apart, 3] + direction[:, 3] * boxes[apart, 2]
        yield (
            f"{spec}.apart_grows",
            measure_share(growth > 0),
            f"share of pairs without overlap whose area a step of {spec} increases",
        )
    boxes, target = sample_pairs()
    penalty = compute_losses("giou", boxes, target) - compute_losses("iou", boxes, target)
    for percent in (0, 30, 50, 70):
        met = compute_ious(boxes, target) > percent / 100
        yield f"giou.penalty_{percent}", penalty[met].median(), f"median penalty of GIoU, IoU > {percent / 100:g}"
    reference = generalized_box_iou_loss(box_convert(boxes, "cxcywh", "xyxy"), box_convert(target, "cxcywh", "xyxy"))
    yield (
        "giou.gap",
        (compute_losses("giou", boxes, target) - reference).abs().max(),
        "largest difference from torchvision's",
    )
    smaller = torch.cat((target[:, :2], target[:, 2:] * 0.6), 1)
    gap = compute_losses("giou", smaller, target) - compute_losses("iou", smaller, target)
    yield "giou.contained_penalty", gap.abs().max(), "largest penalty of GIoU of a box in its target"


def compute_ciou_facts(stock_ciou: Callable[[Tensor, Tensor], Tensor]) -> Iterator[Fact]:
    """The aspect term of CIoU, from the loss itself: CIoU − DIoU = αv with α = v/(1 − IoU + v)."""
    anchor = torch.tensor([[0.0, 0, 1, 2.4]], dtype=torch.float64)
    unit = torch.tensor([UNIT_BOX], dtype=torch.float64)
    term = (compute_losses("ciou", anchor, unit) - compute_losses("diou", anchor, unit)).item()
    iou_loss = compute_losses("iou", anchor, unit).item()
    v = (term + (term**2 + 4 * term * iou_loss) ** 0.5) / 2  # αv = v²/(1 − IoU + v)
    alpha = term / v
    slope = (step_down("diou", anchor, unit) - step_down("ciou", anchor, unit))[0] / alpha  # α is outside the graph
    pairs = [box_convert(b, "cxcywh", "xyxy") for b in sample_pairs()]
    stock = 1 - stock_ciou(*pairs)
    yield "ciou.stock_gap", (build_loss("ciou")(*pairs) - stock).abs().max(), "largest difference from stock's CIoU"
    yield "v.slope_w", slope[2], "∂v/∂w at w = 1, h = 2.4 against a square"
    yield "v.slope_ratio", slope[2] / slope[3], "∂v/∂w over ∂v/∂h there; −h/w = −2.4"
    boxes, target = sample_pairs()
    same_ratio = torch.cat((boxes[:, :2], target[:, 2:] * boxes[:, 2:3]), 1)
    aspect = compute_losses("ciou", same_ratio, target) - compute_losses("diou", same_ratio, target)
    yield "v.same_ratio", aspect.abs().max(), "largest αv of boxes with their target's aspect ratio"
    met = compute_ious(boxes, target) > 0
    small, large = (boxes[:, 2:] < target[:, 2:]).all(1), (boxes[:, 2:] > target[:, 2:]).all(1)
    cases = {"small": small & met, "large": large & met, "apart": small & ~met}
    for spec, (case, chosen) in product(("diou", "ciou", "eiou"), cases.items()):
        sides = step_down(spec, boxes[chosen], target[chosen])[:, 2:]
        meaning = f"share of pairs whose sides {spec} moves in opposite directions: both too {case}"
        yield f"{spec}.opposite_{case}", measure_share(sides.prod(1) < 0), meaning


def compute_eiou_facts() -> Iterator[Fact]:
    """The range of EIoU, and what it does to the sides."""
    extreme = sample_pairs(spread=64)
    yield (
        "eiou.largest",
        max(compute_losses("eiou", *extreme).max(), compute_losses("eiou", *sample_pairs()).max()),
        "largest EIoU over 40,000 pairs; bound 3.25",
    )
    yield "eiou.least", compute_losses("eiou", *sample_pairs()).min(), "smallest EIoU over 20,000 pairs"
    boxes, target = sample_pairs()
    written = eiou_as_written(boxes, target)
    yield (
        "eiou.gap",
        (compute_losses("eiou", boxes, target) - written).abs().max(),
        "largest difference from Eq. 7 as written",
    )
    boxes, target = sample_pairs(spread=4)
    for spec in OVERLAP_LOSSES[1:]:
        centre = step_down(spec, boxes, target)[:, :2] * (target - boxes)[:, :2]
        yield (
            f"{spec}.recedes",
            measure_share(centre.sum(1) < 0),
            f"share of pairs whose centres a step of {spec} moves apart",
        )
        sides = step_down(spec, boxes, target)[:, 2:] * (target - boxes)[:, 2:]
        yield (
            f"{spec}.sides",
            measure_share((sides > 0).all(1)),
            f"share of pairs both of whose sides a step of {spec} brings nearer to the target's",
        )


def eiou_as_written(boxes: Tensor, target: Tensor) -> Tensor:
    """Return Eq. 7 term by term; boxes as centre and sides."""
    low = torch.minimum(boxes[:, :2] - boxes[:, 2:] / 2, target[:, :2] - target[:, 2:] / 2)
    high = torch.maximum(boxes[:, :2] + boxes[:, 2:] / 2, target[:, :2] + target[:, 2:] / 2)
    enclosing, d = (high - low) ** 2, (boxes - target) ** 2
    return compute_losses("iou", boxes, target) + d[:, :2].sum(1) / enclosing.sum(1) + (d[:, 2:] / enclosing).sum(1)


def compute_focal_weight_facts() -> Iterator[Fact]:
    """The weight of Focal-EIoU outside and inside the graph, and Eq. 11 without any weight."""
    boxes, target = sample_pairs()
    met = compute_ious(boxes, target) > 0.01
    boxes, target = boxes[met], target[met]
    before = compute_ious(boxes, target)
    for name, spec in (("detached", "focal_eiou"), ("attached", "focal_eiou:detach=false"), ("eiou", "eiou")):
        after = compute_ious(boxes + 1e-5 * step_down(spec, boxes, target), target)
        yield (
            f"{name}.loses",
            measure_share(after < before),
            f"share of overlapping pairs that lose IoU by a small step, {name}",
        )
    shift = torch.linspace(0.001, 0.999, 9981, dtype=torch.float64)
    squares = torch.stack((shift, torch.zeros_like(shift), torch.ones_like(shift), torch.ones_like(shift)), 1)
    unit = torch.tensor([UNIT_BOX], dtype=torch.float64).expand_as(squares)
    for gamma in ("0.25", "0.5", "1", "2"):
        pushed = step_down(f"focal_eiou:gamma={gamma},detach=false", squares, unit)[:, 0] > 0
        yield (
            f"attached.limit_{gamma}",
            compute_ious(squares, unit)[pushed].max(),
            f"IoU of shifted squares below which an attached weight pushes them apart, γ = {gamma}",
        )
    apart = squares + torch.tensor([2.0, 0, 0, 0], dtype=torch.float64)
    focal, plain = (
        build_loss(s).mean(box_convert(apart, "cxcywh", "xyxy"), to_corners(UNIT_BOX).expand_as(apart))
        for s in ("focal_eiou", "eiou")
    )
    yield "eq11.empty_gap", (focal - plain).abs(), "Eq. 11 of a batch without overlap against the plain mean of EIoU"


def compute_gradient_facts() -> Iterator[Fact]:
    """How large the gradients of good and bad examples are, among the anchors of setup 1."""
    anchors, targets = (boxes.flatten(0, 1) for boxes in SETUPS[1].pairs(100, Reading()))
    boxes, target = (box_convert(b, "xyxy", "cxcywh") for b in (anchors, targets))
    good = Pair(anchors, targets).iou > 0.5
    yield "setup1.good", measure_share(good), "share of setup 1's pairs with an IoU above 0.5 at the start"
    for spec in ("smooth_l1", "iou", "ciou", "eiou", "focal_eiou", "focal_l1"):
        size = step_down(spec, boxes, target).norm(dim=1)
        yield (
            f"{spec}.bad_gradient",
            size[~good].mean() / size[good].mean(),
            f"mean gradient of pairs with IoU ≤ 0.5 over that of the others, {spec}",
        )
        yield (
            f"{spec}.bad_share",
            size[~good].sum() / size.sum(),
            f"share of the sum of gradients that comes from pairs with IoU ≤ 0.5, {spec}",
        )


def compute_focal_v1_facts() -> Iterator[Fact]:
    """Gradients near the optimum, of shifted unit squares with a given IoU."""
    for percent in (10, 50, 90, 99):
        iou = percent / 100
        square = torch.tensor([[(1 - iou) / (1 + iou), 0, 1, 1]], dtype=torch.float64)
        for spec in ("eiou", "focal_eiou_v1", "focal_eiou"):
            slope = step_down(spec, square, torch.tensor([UNIT_BOX], dtype=torch.float64))[0, 0].abs()
            yield (
                f"{spec}.slope_{percent}",
                slope,
                f"gradient of {spec} by the offset, unit squares with an IoU of {iou:g}",
            )
