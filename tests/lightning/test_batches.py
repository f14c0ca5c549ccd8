"""Batches are full and of one group, each image comes once an epoch, and any step is found without those before."""

import itertools
import pickle
import time
from collections import Counter

import numpy as np
import pytest

from yolo_feiou.errors import ArgumentError, DataError
from yolo_feiou.lightning.batches import Batches

WIDE, HIGH, SQUARE = (480, 640), (640, 480), (64, 64)
#: 13 that are at least as wide as high, 7 that are not.
SHAPES = np.array([WIDE, SQUARE, HIGH, WIDE, HIGH] * 3 + [WIDE, WIDE, WIDE, WIDE, HIGH])


def images(batches):
    """The images of each batch, once it is checked that its steps are right."""
    found = list(batches)
    assert [{step for step, _ in pairs} for pairs in found] == [{n} for n in range(batches.first, batches.last)]
    return [[image for _, image in pairs] for pairs in found]


def simulate(shapes, batch, seed, epochs):
    """The batches of some epochs, written down as the definition says: images wait in their group until it is full."""
    waiting, found = {True: [], False: []}, []
    for epoch in range(epochs):
        for image in np.random.default_rng((seed, epoch)).permutation(len(shapes)).tolist():
            height, width = shapes[image]
            group = waiting[bool(width >= height)]
            group.append(image)
            if len(group) == batch:
                found.append((epoch, [*group]))
                group.clear()
    return found


@pytest.mark.parametrize("batch", [1, 2, 4, 7, 8, 16, 50])
def test_batches_are_those_of_queues_that_fill(batch):
    """Also where a group, of 7, is smaller than a batch, and where all images are."""
    expected = simulate(SHAPES, batch, 3, 30)
    batches = Batches(SHAPES, batch, 3, 0, len(expected))
    assert images(batches) == [members for _, members in expected]
    assert [batches.epoch_of(step) for step in range(len(expected))] == [epoch for epoch, _ in expected]
    counts = Counter(epoch for epoch, _ in expected)
    assert [batches.count_steps(n) for n in range(31)] == [0, *itertools.accumulate(counts[n] for n in range(30))]


def test_a_batch_is_of_one_group():
    for members in images(Batches(SHAPES, 4, 0, 0, 50)):
        assert len({bool(SHAPES[i][1] >= SHAPES[i][0]) for i in members}) == 1 and len(members) == 4


def test_each_image_comes_once_an_epoch():
    """In the first n · 20 images of 20 epochs' batches of one, each of the 20 is there n times."""
    batches = Batches(SHAPES, 1, 0, 0, 100)
    assert set(Counter(itertools.chain(*images(batches))).values()) == {5}
    assert len({tuple(map(tuple, images(batches)[n : n + 20])) for n in range(0, 100, 20)}) == 5


def test_seeds_give_different_batches_and_one_seed_the_same():
    first, same, other = (images(Batches(SHAPES, 4, seed, 0, 20)) for seed in (0, 0, 1))
    assert first == same != other


@pytest.mark.parametrize("start", [0, 1, 3, 7, 8, 21, 59])
@pytest.mark.parametrize("batch", [4, 16])
def test_a_resumed_stream_is_the_rest_of_the_unbroken_one(start, batch):
    unbroken = list(Batches(SHAPES, batch, 0, 0, 60))
    assert list(Batches(SHAPES, batch, 0, start, 60)) == unbroken[start:]


def test_a_batch_is_shared_by_processes():
    """Two of them have every other image of the batch that one alone has."""
    alone = list(Batches(SHAPES, 4, 0, 2, 30))
    shares = [list(Batches(SHAPES, 4, 0, 2, 30, rank, 2)) for rank in (0, 1)]
    assert shares == [[pairs[rank::2] for pairs in alone] for rank in (0, 1)]


def test_images_that_are_not_chosen_are_not_drawn():
    chosen = np.arange(20) % 3 > 0
    found = images(Batches(SHAPES, 4, 0, 0, 40, chosen=chosen))
    assert set(itertools.chain(*found)) == set(np.flatnonzero(chosen).tolist())


def test_a_late_step_of_coco_is_found_at_once():
    """117,266 images, step 90,000: the unbroken stream would draw 12 permutations and 1.4 million images."""
    shapes = np.where(np.random.default_rng(0).random((117_266, 1)) < 0.27, HIGH, WIDE)
    begin = time.process_time()
    batches = Batches(shapes, 16, 0, 90_000, 90_001)
    (members,) = images(batches)
    assert time.process_time() - begin < 2
    assert len(members) == 16 and batches.epoch_of(90_000) == 12  # 90,000 · 16 / 117,266 = 12.28


def test_it_has_a_length_and_can_be_sent_to_a_process():
    batches = Batches(SHAPES, 4, 0, 5, 30)
    found = list(batches)
    assert len(batches) == 25 and list(pickle.loads(pickle.dumps(batches))) == found == list(batches)


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (
            {"batch": 6, "world": 4},
            r"batch=6 can't be shared by 4 processes: expected a multiple of 4, such as batch=8",
        ),
        ({"batch": 1, "world": 2}, "such as batch=2"),
        ({"batch": 0}, "batch=0 can't be shared by 1 processes"),
        ({"rank": 2, "world": 2}, "rank 2 of 2 processes: expected 0 to 1"),
        ({"seed": -1}, "seed=-1"),
        ({"first": 11}, "steps 11 to 10"),
    ],
)
def test_arguments_that_do_not_fit_are_refused(arguments, told):
    with pytest.raises(ArgumentError, match=told):
        Batches(SHAPES, **{"batch": 4, "seed": 0, "last": 10, **arguments})


def test_a_set_without_objects_is_refused():
    with pytest.raises(DataError, match="none of 20 images has an object"):
        Batches(SHAPES, 4, 0, 0, 1, chosen=np.zeros(20, bool))
