"""Which images make the batch of each step: a function of seed and step, so that a training resumes anywhere."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from torch.utils.data import Sampler

from yolo_feiou.errors import ArgumentError, DataError

#: Orders of epochs that are kept: the present one, and that before it for what it left.
KEPT_ORDERS = 4


class Batches(Sampler[list[tuple[int, int]]]):
    """The batches of steps `first` to `last` − 1, for the `batch_sampler` of a DataLoader.

    Each epoch is a permutation of all images, and the epochs are one endless stream. Images wait in two groups, those
    at least as wide as high and the others, so that the images of a batch are padded little; a batch is emitted when a
    group has enough images. So each batch is full and of one group, and what an epoch leaves in a group goes first in
    the next one. A group smaller than a batch fills over several epochs, and then has images in a batch repeatedly.

    The n-th batch of a group is emitted where its last image stands in the stream. How many batches end before an epoch
    follows from the sizes of the groups, so any step is found without the ones before it.

    Args:
        shapes: Height and width of each image in pixels, shape (I, 2).
        batch: Images in a batch, over all processes.
        seed: Of the permutations, not negative.
        first: The first step; steps count from 0.
        last: The step after the last one.
        rank: Of this process; its images are every `world`-th of each batch from `rank` on.
        world: The number of processes.
        chosen: Which images are drawn, shape (I,) of bool, such as those with objects; None for all.

    Raises:
        ArgumentError: If the batch is not a positive multiple of `world`, or seed, rank or a step is negative or too
            large.
        DataError: If no image is drawn.
    """

    def __init__(
        self,
        shapes: np.ndarray,
        batch: int,
        seed: int,
        first: int = 0,
        last: int = 0,
        rank: int = 0,
        world: int = 1,
        chosen: np.ndarray | None = None,
    ) -> None:
        shapes = np.asarray(shapes).reshape(-1, 2)
        if world < 1 or not 0 <= rank < world:
            raise ArgumentError(f"rank {rank} of {world} processes: expected 0 to {world - 1}.")
        if batch < 1 or batch % world:
            raise ArgumentError(
                f"batch={batch} can't be shared by {world} processes: expected a multiple of {world}, such as "
                f"batch={max(1, round(batch / world)) * world}."
            )
        if seed < 0 or not 0 <= first <= last:
            raise ArgumentError(f"seed={seed}, steps {first} to {last}: expected numbers from 0 on, in this order.")
        drawn = np.arange(len(shapes)) if chosen is None else np.flatnonzero(chosen)
        if not drawn.size:
            raise DataError(
                f"none of {len(shapes):,} images has an object to train on: expected label files in a folder 'labels' "
                "beside 'images'."
            )
        self.batch, self.seed, self.first, self.last, self.rank, self.world = batch, seed, first, last, rank, world
        self._drawn = drawn
        self._wide = shapes[drawn, 1] >= shapes[drawn, 0]
        self._sizes = tuple(int((self._wide == wide).sum()) for wide in (False, True))
        self._orders: dict[int, tuple[np.ndarray, tuple[np.ndarray, np.ndarray]]] = {}

    def __len__(self) -> int:
        """Return the number of steps from the first to the last."""
        return self.last - self.first

    def __iter__(self) -> Iterator[list[tuple[int, int]]]:
        """Yield for each step what this process reads: pairs of the step and the index of an image."""
        step, epoch = self.first, self.epoch_of(self.first)
        while step < self.last:
            for group, number in self._ends(epoch)[step - self.count_steps(epoch) :]:
                if step == self.last:
                    return
                yield [(step, image) for image in self._members(group, number)[self.rank :: self.world]]
                step += 1
            epoch += 1

    def count_steps(self, epochs: int) -> int:
        """Return the number of batches that are emitted in the first epochs: at least `epochs` · I / batch − 2."""
        return sum(epochs * size // self.batch for size in self._sizes)

    def epoch_of(self, step: int) -> int:
        """Return the epoch, from 0, in which the batch of a step is emitted: the one that its last image is of."""
        epoch = step * self.batch // len(self._drawn)  # not before that: count_steps(e) ≤ e · I / batch
        while self.count_steps(epoch + 1) <= step:
            epoch += 1
        return epoch

    def _order(self, epoch: int) -> tuple[np.ndarray, tuple[np.ndarray, np.ndarray]]:
        """Return the permutation of an epoch, as positions among the drawn images, and where each group's stand."""
        if epoch not in self._orders:
            if len(self._orders) == KEPT_ORDERS:
                self._orders.pop(next(iter(self._orders)))
            order = np.random.default_rng((self.seed, epoch)).permutation(len(self._drawn))
            wide = self._wide[order]
            self._orders[epoch] = order, (np.flatnonzero(~wide), np.flatnonzero(wide))
        return self._orders[epoch]

    def _ends(self, epoch: int) -> list[tuple[int, int]]:
        """Return group and number, within it, of the batches that an epoch emits, in order."""
        found = []
        for group, places in enumerate(self._order(epoch)[1]):
            seen, size = epoch * self._sizes[group], self._sizes[group]
            for number in range(seen // self.batch, (seen + size) // self.batch):
                found.append((places[(number + 1) * self.batch - 1 - seen], group, number))
        return [(group, number) for _, group, number in sorted(found)]

    def _members(self, group: int, number: int) -> list[int]:
        """Return the images of a group's batch."""
        images = []
        for place in range(number * self.batch, (number + 1) * self.batch):
            epoch, rest = divmod(place, self._sizes[group])
            order, places = self._order(epoch)
            images.append(int(self._drawn[order[places[group][rest]]]))
        return images
