"""PAA's assigner and its score voting against plain ones, and by hand."""

import numpy as np
import pytest
import torch
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from torchvision.models.detection._utils import Matcher
from torchvision.ops import box_iou

from tests.detectors import reference
from tests.detectors.scenes import SCENES, box, boxes_of, scenes, tensors
from tests.detectors.test_mixture import fit_by_scikit_learn
from yolo_feiou.detectors import paa


def draw_losses(count, seed, ties=False):
    """Losses that are exact in single precision, in two heaps."""
    rng = np.random.default_rng(seed)
    values = np.where(rng.random(count) < 0.3, rng.normal(0.6, 0.2, count), rng.normal(2, 0.5, count))
    return (np.round(values * 8) / 8 if ties else values.astype(np.float32)).astype(float).tolist()


def count_anchors(levels):
    return sum(map(len, levels))


@pytest.mark.parametrize("dtype", [torch.float64, torch.float32])
@pytest.mark.parametrize("name", SCENES)
def test_a_scene_is_assigned_as_by_the_reference(name, dtype):
    levels, objects, per_location = SCENES[name]
    losses = draw_losses(count_anchors(levels), seed=len(name))
    assigned = paa.assign(*tensors(levels, objects, dtype), torch.tensor(losses, dtype=dtype), per_location)
    assert assigned.dtype == torch.int64
    assert assigned.tolist() == reference.paa(levels, objects, losses, per_location)


def fit_without_ties(values):
    """Two low losses alone are equally likely, as far from their mean: rounding decides; such a scene is left out."""
    components, likelihoods = reference.fit(values)
    low = sorted(value for value, component in zip(likelihoods, components, strict=True) if component == 0)
    assume(len(low) < 2 or low[-1] - low[-2] > 1e-9)
    return components, likelihoods


@settings(deadline=None, max_examples=60)
@given(scenes(), st.integers(0, 2**32 - 1))
def test_a_random_scene_is_assigned_as_by_the_reference(scene, seed):
    levels, objects, per_location = scene
    losses = draw_losses(count_anchors(levels), seed)
    assigned = paa.assign(*tensors(levels, objects), torch.tensor(losses, dtype=torch.float64), per_location)
    assert assigned.tolist() == reference.paa(levels, objects, losses, per_location, fit_without_ties)


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
@pytest.mark.parametrize("name", ["one object", "overlapping", "concentric", "three anchors a location"])
@pytest.mark.parametrize("ties", [False, True])
def test_a_scene_is_assigned_as_with_scikit_learns_mixture(name, ties):
    pytest.importorskip("sklearn", reason="scikit-learn is the oracle, and isn't installed")
    levels, objects, per_location = SCENES[name]

    def fit(values):
        return [some.tolist() for some in fit_by_scikit_learn(np.array(values))[:2]]

    for seed in range(5):
        losses = draw_losses(count_anchors(levels), seed, ties)
        assigned = paa.assign(*tensors(levels, objects), torch.tensor(losses, dtype=torch.float64), per_location)
        assert assigned.tolist() == reference.paa(levels, objects, losses, per_location, fit)


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
@pytest.mark.parametrize("count", [2, 3, 4, 5, 9, 27])
def test_as_many_are_positive_as_with_scikit_learn(monkeypatch, count):
    """Of few losses often two are the low component: there, too, the last digits decide as in scikit-learn."""
    pytest.importorskip("sklearn", reason="scikit-learn is the oracle, and isn't installed")
    values = [np.array(sorted(draw_losses(count, seed))) for seed in range(30)]
    ours = [paa.count_positives(losses) for losses in values]
    monkeypatch.setattr(paa, "fit_two_gaussians", lambda losses: fit_by_scikit_learn(losses)[:2])
    assert ours == [paa.count_positives(losses) for losses in values]


@settings(deadline=None, max_examples=40)
@given(scenes())
def test_matching_is_that_of_torchvision(scene):
    levels, objects, _ = scene
    anchors, boxes = torch.cat(tensors(levels, objects)[0]), boxes_of(objects)
    if not len(boxes) or not len(anchors):
        expected = torch.full((len(anchors),), -1)
    else:
        expected = Matcher(0.1, 0.1, allow_low_quality_matches=True)(box_iou(boxes, anchors))
    assert paa.match(anchors, boxes).tolist() == expected.tolist()


OBJECT = (0, 0, 100, 100)


def assign_one(levels, losses, per_location=1, objects=(OBJECT,)):
    assigned = paa.assign(*tensors(levels, list(objects)), torch.tensor(losses), per_location).tolist()
    return [place for place, number in enumerate(assigned) if number >= 0]


def test_two_heaps_by_hand():
    """Low losses 0, 1, 1, 2 and high ones 9, 10, 10, 11: the densest of the low component is 1, its mean.

    Figure 3 (c): positive are the losses up to the first 1 in the order of the losses, not those after it, nor the 2.
    """
    losses = [10.0, 1, 9, 0, 11, 2, 10, 1]
    assert assign_one([[OBJECT] * 8], losses) == [1, 3]


def test_a_single_candidate_is_positive_without_a_fit():
    assert assign_one([[OBJECT, (300, 300, 310, 310)]], [7.0, 0.0]) == [0]


def test_two_candidates():
    """Each is its own component, as far apart as they are: the lower loss is positive."""
    assert assign_one([[OBJECT, OBJECT]], [3.0, 1.0]) == [1]


def test_all_are_positive_if_none_is_in_the_low_component(monkeypatch):
    monkeypatch.setattr(paa, "fit_two_gaussians", lambda values: (np.ones(len(values), int), np.zeros(len(values))))
    assert assign_one([[OBJECT] * 3], [3.0, 1, 2]) == [0, 1, 2]


def test_the_boundary_is_the_likelihood_of_the_mixture_among_the_low(monkeypatch):
    """The third of four, by rising loss, has the highest likelihood, but is of the high component."""
    fitted = np.array([0, 0, 1, 0]), np.array([1.0, 2, 9, 0])
    monkeypatch.setattr(paa, "fit_two_gaussians", lambda values: fitted)
    assert assign_one([[OBJECT] * 4], [4.0, 3, 2, 1]) == [2, 3]  # losses 1 and 2


@pytest.mark.parametrize(("per_location", "most"), [(1, 9), (3, 27)])
def test_candidates_are_the_lowest_nine_of_each_level_and_anchor_of_a_location(monkeypatch, per_location, most):
    """All candidates made positive: on the first level the last ones, of lowest loss; on the second all five."""
    monkeypatch.setattr(paa, "count_positives", len)
    losses = [float(40 - place) for place in range(40)] + [100.0] * 5
    found = assign_one([[OBJECT] * 40, [OBJECT] * 5], losses, per_location)
    assert found == [*range(40 - most, 40), *range(40, 45)]


def test_of_equal_losses_the_first_are_candidates(monkeypatch):
    monkeypatch.setattr(paa, "count_positives", len)
    assert assign_one([[OBJECT] * 40], [1.0] * 40) == list(range(9))
    assert assign_one([[OBJECT] * 40], [2.0] * 20 + [1.0] * 5 + [2.0] * 15) == [0, 1, 2, 3, 20, 21, 22, 23, 24]


def test_equal_losses_have_one_positive():
    """All are of the first component and equally likely; the first of them ends the positives, as in official code."""
    assert assign_one([[OBJECT] * 5], [1.0] * 5) == [0]


@pytest.mark.parametrize("bad", [float("nan"), float("inf")])
def test_a_loss_that_is_not_finite_makes_no_candidate(bad):
    assert assign_one([[OBJECT] * 8], [10.0, bad, 9, 0, 11, 2, 10, 1]) == [3, 7]
    assert assign_one([[OBJECT] * 2], [bad, bad]) == []


def test_matching_by_hand():
    """IoU 0.1 exactly, and just less; an object all of whose IoUs are below has its best, with ties."""
    ten, nine = (0, 0, 100, 10), (0, 0, 100, 9)
    assert paa.match(boxes_of([ten, OBJECT]), boxes_of([OBJECT])).tolist() == [0, 0]
    assert paa.match(boxes_of([nine, OBJECT]), boxes_of([OBJECT])).tolist() == [-1, 0]
    assert paa.match(boxes_of([nine, nine, (0, 0, 100, 5)]), boxes_of([OBJECT])).tolist() == [0, 0, -1]


def test_an_object_is_robbed_of_its_best_anchor():
    """The one anchor that touches the small object overlaps the large one more, and goes there."""
    levels, objects, _ = SCENES["robbed of its best anchor"]
    assert paa.match(boxes_of(levels[0]), boxes_of(objects)).tolist() == [0, -1]
    assert paa.assign(*tensors(levels, objects), torch.tensor([1.0, 1.0])).tolist() == [0, -1]


def test_losses_with_a_graph_and_of_half_precision():
    losses = torch.tensor([10.0, 1, 9, 0, 11, 2, 10, 1])
    anchors, boxes = tensors([[OBJECT] * 8], [OBJECT])
    expected = [-1, 0, -1, 0, -1, -1, -1, -1]
    assert paa.assign(anchors, boxes, losses.clone().requires_grad_()).tolist() == expected
    assert paa.assign(anchors, boxes, losses.half()).tolist() == expected


def test_losses_that_do_not_fit_say_so():
    with pytest.raises(ValueError, match=r"got losses of shape \(3, 1\) for 3 anchors: expected one each, \(3,\)"):
        paa.assign(*tensors([[OBJECT] * 3], [OBJECT]), torch.zeros(3, 1))


@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a CUDA device")
@pytest.mark.parametrize("name", SCENES)
def test_a_gpu_assigns_as_the_cpu(name):
    levels, objects, per_location = SCENES[name]
    anchors, boxes = tensors(levels, objects, torch.float32)
    losses = torch.tensor(draw_losses(count_anchors(levels), 0))
    there = paa.assign([level.cuda() for level in anchors], boxes.cuda(), losses.cuda(), per_location)
    assert there.is_cuda
    assert there.tolist() == paa.assign(anchors, boxes, losses, per_location).tolist()


@settings(deadline=None, max_examples=60)
@given(st.lists(box(80), max_size=4), st.lists(st.tuples(box(80), st.integers(0, 64)), max_size=12))
def test_votes_are_counted_as_by_the_reference(kept, candidates):
    boxes, scores = [candidate for candidate, _ in candidates] + kept, [score / 64 for _, score in candidates]
    scores += [0.5] * len(kept)  # what is kept is a candidate too
    voted = paa.vote(boxes_of(kept), boxes_of(boxes), torch.tensor(scores, dtype=torch.float64))
    assert voted.tolist() == [pytest.approx(side, abs=1e-9) for side in reference.vote(kept, boxes, scores)]


def test_votes_by_hand():
    """Kept (0, 0, 10, 10) of score .8; (0, 0, 10, 8) has IoU .8 and score .4, the third doesn't touch it.

    p = .8 and .4·e^(−.04/.025) = .4·e^(−1.6) = .0807586: y2 = (.8·10 + .0807586·8)/.8807586 = 9.816616.
    """
    boxes = boxes_of([(0, 0, 10, 10), (0, 0, 10, 8), (20, 20, 30, 30)])
    voted = paa.vote(boxes[:1], boxes, torch.tensor([0.8, 0.4, 0.9]))
    assert voted.tolist() == [pytest.approx([0, 0, 10, 9.816616], abs=1e-6)]


@pytest.mark.parametrize(("height", "votes"), [(1.0, False), (1.5, True)])
def test_a_vote_needs_an_iou_above_a_hundredth(height, votes):
    """A strip of height h in a box of 100 × 100 has IoU h/100; its score makes up for its weight of e^(−39.2)."""
    boxes = boxes_of([OBJECT, (0, 0, 100, height)])
    voted = paa.vote(boxes[:1], boxes, torch.tensor([1.0, 1e16], dtype=torch.float64))
    assert (voted[0, 3] < 99).item() == votes


def test_a_kept_box_without_votes_stays():
    kept = boxes_of([OBJECT])
    assert paa.vote(kept, kept + 500, torch.ones(1)).tolist() == [list(OBJECT)]
    assert paa.vote(kept, kept, torch.zeros(1)).tolist() == [list(OBJECT)]
    assert paa.vote(kept, kept[:0], torch.zeros(0)).tolist() == [list(OBJECT)]
    assert paa.vote(kept[:0], kept, torch.ones(1)).shape == (0, 4)


def test_votes_of_half_precision_are_counted_in_single():
    """At 1200 px half precision is exact to a pixel only."""
    boxes = torch.tensor([[1200.0, 1200, 1300, 1300], [1200, 1200, 1300, 1280]])
    voted = paa.vote(boxes[:1].half(), boxes.half(), torch.tensor([1.0, 1.0]).half())
    assert voted.dtype == torch.float32
    assert voted.tolist() == paa.vote(boxes[:1], boxes, torch.ones(2)).tolist()
    assert voted[0, 3].item() % 1 != 0
    finer = boxes + 0.25
    assert (
        paa.vote(boxes[:1].half(), finer, torch.ones(2)).tolist() == paa.vote(boxes[:1], finer, torch.ones(2)).tolist()
    )


def test_votes_under_autocast_keep_their_digits():
    boxes = torch.tensor([[1200.0, 1200, 1300, 1300], [1200, 1200, 1300, 1280]])
    with torch.autocast("cpu", torch.bfloat16):
        voted = paa.vote(boxes[:1], boxes, torch.ones(2))
    assert voted.tolist() == paa.vote(boxes[:1], boxes, torch.ones(2)).tolist()


def test_scores_that_do_not_fit_say_so():
    with pytest.raises(ValueError, match=r"got scores of shape \(1,\) for 2 boxes: expected one each, \(2,\)"):
        paa.vote(boxes_of([OBJECT]), boxes_of([OBJECT] * 2), torch.ones(1))
    with pytest.raises(ValueError, match=r"got kept of shape \(4,\)"):
        paa.vote(boxes_of([OBJECT])[0], boxes_of([OBJECT]), torch.ones(1))
