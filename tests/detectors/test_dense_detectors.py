"""ATSS and PAA: their losses and detections against plain ones, written from the papers."""

import pytest
import torch
from torch.nn.functional import binary_cross_entropy
from torchvision.ops import box_iou, generalized_box_iou_loss, nms

from tests.detectors.models import SIZE, assert_positives_have_the_size_of_their_image, batch, dense, losses_of, term
from yolo_feiou.detectors import atss, paa
from yolo_feiou.detectors.dense_detectors import ATSS, PAA

KINDS = [ATSS, PAA]


def batch_from_0(**arguments):
    """Labels of dense detectors begin at 0."""
    images, targets = batch(**arguments)
    return images, [{**target, "labels": (target["boxes"][:, 0] > 20).long()} for target in targets]


def seen(model, images, targets):
    """What `compute_loss` is given, and the losses of a batch."""
    given = []
    stock = model.compute_loss
    model.compute_loss = lambda *arguments: given.append(arguments) or stock(*arguments)
    losses, _ = losses_of(model, images, targets)
    del model.compute_loss
    return given[0], losses


def plain_focal(logits, classes):
    """−α(1 − p)² ln p of the class, −(1 − α)p² ln(1 − p) of the others, α = 0.25."""
    p = logits.sigmoid()
    return -(0.25 * classes * (1 - p) ** 2 * p.log() + 0.75 * (1 - classes) * p**2 * (1 - p).log())


@pytest.mark.parametrize("kind", KINDS)
def test_losses_are_those_of_the_paper(kind):
    """Image by image and sum by sum; the box loss is GIoU's, with the gain of the authors' code."""
    torch.manual_seed(0)
    gain = 2.0 if kind is ATSS else 1.3
    model = dense(kind, "giou", gain)
    (targets, outputs, anchors, sizes), losses = seen(model, *batch_from_0())
    sums, count, weight = dict.fromkeys(("focal", "box", "quality"), 0.0), 0, 0.0
    for number, target in enumerate(targets):
        logits, deltas, quality = (
            outputs[key][number].double() for key in ("cls_logits", "bbox_regression", "bbox_ctrness")
        )
        boxes, bases = target["boxes"].double(), anchors[number].double()
        side, centre = bases[:, 2:] - bases[:, :2], (bases[:, 2:] + bases[:, :2]) / 2
        moved, sized = centre + deltas[:, :2] / 10 * side, (deltas[:, 2:] / 5).exp() * side
        decoded = torch.cat((moved - sized / 2, moved + sized / 2), 1)
        if kind is ATSS:
            index = atss.assign(bases.split(sizes), boxes)
        else:
            matched = paa.match(anchors[number], target["boxes"])
            own = matched.clamp(min=0)
            classes = torch.nn.functional.one_hot(target["labels"][own], 2).double()
            scores = plain_focal(logits, classes).sum(1) + generalized_box_iou_loss(decoded, boxes[own])
            index = paa.assign(bases.split(sizes), boxes, scores.detach())
        classes = torch.zeros_like(logits)
        for place in (index >= 0).nonzero().flatten().tolist():
            obj = int(index[place])
            classes[place, target["labels"][obj]] = 1
            left, top = centre[place] - boxes[obj, :2]
            right, bottom = boxes[obj, 2:] - centre[place]
            if kind is ATSS:
                shares = min(left, right) / max(left, right) * (min(top, bottom) / max(top, bottom))
                of = shares.sqrt()
            else:
                of = box_iou(decoded[place][None], boxes[obj][None])[0, 0].detach()
            sums["box"] = sums["box"] + of * generalized_box_iou_loss(decoded[place], boxes[obj])
            sums["quality"] = sums["quality"] + binary_cross_entropy(quality[place, 0].sigmoid(), of)
            count, weight = count + 1, weight + of
        sums["focal"] = sums["focal"] + plain_focal(logits, classes).sum()
    assert count > 4
    expected = {
        "classification": sums["focal"] / count,
        "bbox_regression": gain * sums["box"] / weight,
        "bbox_ctrness": (1.0 if kind is ATSS else 0.5) * sums["quality"] / count,
    }
    for key, value in expected.items():
        torch.testing.assert_close(losses[key].double(), value, rtol=1e-5, atol=1e-6)


@pytest.mark.slow
@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("spec", ["focal_eiou", "wiou:momentum=0.1", "focal_l1"])
def test_another_loss_trains_and_a_batch_without_objects_has_no_box_loss(kind, spec):
    model = dense(kind, spec, None)
    losses, grads = losses_of(model, *batch_from_0())
    assert losses["bbox_regression"] > 0 and model.box_term.calls == 1
    assert all(grad is not None and grad.isfinite().all() for grad in grads.values())
    losses, grads = losses_of(model, *batch_from_0(objects=(0, 0)))
    assert losses["bbox_regression"] == losses["bbox_ctrness"] == 0 < losses["classification"]
    assert all(grad is not None and grad.isfinite().all() for grad in grads.values())


def test_the_box_loss_does_not_change_the_positives_of_paa():
    torch.manual_seed(0)
    found = []
    for spec in ("giou", "focal_eiou"):
        torch.manual_seed(0)
        model = dense(PAA, spec)
        (targets, outputs, anchors, sizes), _ = seen(model, *batch_from_0())
        image = (outputs["cls_logits"][0].detach(), outputs["bbox_regression"][0].detach())
        found.append(model.assign_image(targets[0], *image, anchors[0], sizes))
    assert torch.equal(*found) and (found[0] >= 0).any()


@pytest.mark.parametrize("kind", KINDS)
def test_detections_are_those_of_a_plain_search(kind):
    """σ(class) above 0.05, √(σ(class) · σ(quality)) as score, NMS at 0.6 of each class, PAA's votes."""
    torch.manual_seed(0)
    model = dense(kind).eval()
    anchors = torch.tensor([[0.0, 0, 64, 64], [8, 0, 72, 64], [40, 40, 104, 104], [0, 0, 64, 60], [16, 16, 80, 80]])
    logits, deltas, quality = torch.randn(5, 2), 0.2 * torch.randn(5, 4), torch.randn(5, 1)
    logits[4] = -3.0  # σ(−3) = 0.047
    outputs = {"cls_logits": logits, "bbox_regression": deltas, "bbox_ctrness": quality}
    split = {key: [value[None, :3], value[None, 3:]] for key, value in outputs.items()}
    (found,) = model.postprocess_detections(split, [[anchors[:3], anchors[3:]]], [(96, 96)])
    decoded = model.box_coder.decode(deltas, anchors).clamp(0, 96)
    rows = []
    for label in (0, 1):
        of_class = logits[:, label].sigmoid()
        places = (of_class > 0.05).nonzero().flatten()
        scores = (of_class * quality[:, 0].sigmoid()).sqrt()[places]
        keep = nms(decoded[places], scores, 0.6)
        kept = decoded[places][keep]
        if kind is PAA:
            kept = paa.vote(kept, decoded[places], scores)
        rows += [(scores[i].item(), label, box.tolist()) for i, box in zip(keep, kept, strict=True)]
    rows.sort(reverse=True)
    assert 4 not in places and 3 <= len(rows) < 8
    assert found["labels"].tolist() == [label for _, label, _ in rows]
    torch.testing.assert_close(found["scores"], torch.tensor([score for score, _, _ in rows]))
    torch.testing.assert_close(found["boxes"], torch.tensor([box for _, _, box in rows]))


@pytest.mark.parametrize("kind", KINDS)
def test_an_image_goes_through(kind):
    (found,) = dense(kind).eval()([torch.rand(3, 70, 96)])
    assert found["boxes"].shape[1] == 4 and found["labels"].dtype == torch.int64


@pytest.mark.parametrize("kind", KINDS)
def test_positives_have_the_size_of_their_image(kind):
    model = dense(kind, "mpdiou")
    assert_positives_have_the_size_of_their_image(model, model.box_term)


@pytest.mark.parametrize("spec", ["focal_eiou", "mpdiou", "nwd:c=32", "focal_l1"])
def test_paa_scores_by_the_loss_without_its_weights_if_asked(spec, monkeypatch):
    """Its own score beside the class' is what the box loss measures of each matched anchor, and no gain or weight."""
    torch.manual_seed(0)
    model = dense(PAA, spec, 7.0)
    (targets, outputs, anchors, sizes), _ = seen(model, *batch_from_0())
    image = (targets[0], outputs["cls_logits"][0].detach(), outputs["bbox_regression"][0].detach(), anchors[0], sizes)
    scores = []
    monkeypatch.setattr(paa, "assign", lambda levels, boxes, losses: scores.append(losses) or losses.long())
    model.assign_image(*image)
    model.scores_by_loss = True
    model.assign_image(*image)
    matched = paa.match(anchors[0], targets[0]["boxes"])
    index = (matched >= 0).nonzero().squeeze(1)
    pairs = model.box_coder.decode(image[2][index], anchors[0][index]), targets[0]["boxes"][matched[index]]
    plain = term(spec.replace("focal_eiou", "eiou")).box_loss
    more = {"image": (SIZE, SIZE), "reference": anchors[0][index], "error_weights": (10, 10, 5, 5)}
    of_box = plain(*pairs, **more) - generalized_box_iou_loss(*pairs)
    torch.testing.assert_close((scores[1] - scores[0])[index], of_box, rtol=1e-4, atol=1e-5)
    assert of_box.abs().max() > 0.1 and model.box_term.calls == 1


@pytest.mark.parametrize("scale", [4, 8])
def test_anchors_have_the_scale_that_is_asked_for(scale):
    model = ATSS(dense(ATSS).backbone, 2, term("giou"), anchor_scale=scale, min_size=SIZE, max_size=SIZE)
    (_, _, (anchors, _), _), _ = seen(model, *batch_from_0())
    assert (anchors[0, 2:] - anchors[0, :2]).tolist() == [8 * scale, 8 * scale]


def test_thresholds_are_those_that_are_asked_for():
    """Of two overlapping anchors of IoU 0.7: one stays at 0.6, two at 0.8; a class score of σ(0) is none above 0.5."""
    model, outputs = dense(ATSS).eval(), {"bbox_regression": torch.zeros(1, 2, 4), "bbox_ctrness": torch.zeros(1, 2, 1)}
    outputs["cls_logits"] = torch.tensor([[[0.0, -9], [1, -9]]])
    anchors = torch.tensor([[0.0, 0, 70, 70], [0, 0, 70, 49]])
    counts = {}
    for score, overlap in ((0.05, 0.6), (0.05, 0.8), (0.5, 0.8)):
        model = ATSS(model.backbone, 2, term("giou"), score_thresh=score, nms_thresh=overlap)
        (found,) = model.postprocess_detections(
            {key: [value] for key, value in outputs.items()}, [[anchors]], [(96, 96)]
        )
        counts[score, overlap] = len(found["boxes"])
    assert counts == {(0.05, 0.6): 1, (0.05, 0.8): 2, (0.5, 0.8): 1}
