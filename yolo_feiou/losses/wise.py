"""The weights of Wise-IoU, and the running mean that they compare each pair with."""

from __future__ import annotations

import torch
from torch import Tensor, distributed, nn

from yolo_feiou.losses.boxes import Pair
from yolo_feiou.parameters import Schedule


def wise_weight(pair: Pair, mean: Tensor, version: str, alpha: float, delta: float, gamma: float) -> Tensor:
    """How much a pair counts by its outlier degree β = (1 − IoU)/mean. Detached.

    Version 2: β^γ, high-IoU pairs count less. Version 3: r = β/(δ α^(β − δ)), which is 0 at β = 0, 1 at β = δ and
    largest at β = 1/ln α, so that outliers count less too. Tong et al., Wise-IoU (2023), arXiv:2301.10051, Eq. 8 to 11.

    Args:
        pair: The boxes; the plain IoU counts, whatever the loss makes of it.
        mean: The running mean of 1 − IoU, a scalar; see `RunningMean`.
        version: '2' or '3'.
        alpha: α of version 3.
        delta: δ of version 3.
        gamma: γ of version 2.
    """
    degree = (1 - pair.iou.detach()) / mean.clamp(min=1e-4)
    if version == "2":
        return degree**gamma
    return degree / delta * alpha ** (delta - degree)


class RunningMean(nn.Module):
    """The running mean m̄ of 1 − IoU over training batches: m̄ ← (1 − m) m̄ + m · mean of the batch, from 1.

    Args:
        momentum: m, or a schedule of it; 'auto' is the paper's rule, 1 − 0.05^(1/(t n)) for n batches an epoch and t
            epochs, after which 5 % of the initial 1 is left. t is where AP rises more slowly, here a third of all
            epochs. A constant that is copied from a long training, such as 1e-4, keeps the mean of a short one at 1.

    Attributes:
        value: m̄, a scalar float32 buffer.
    """

    value: Tensor

    def __init__(self, momentum: float | Schedule | str = "auto") -> None:
        super().__init__()
        self.momentum = momentum
        self.register_buffer("value", torch.ones(()))
        self.set_progress(0)

    def prepare(self, batches: int, epochs: int) -> bool:
        """Set the momentum by the paper's rule, unless one was given, and return whether it was; see the class."""
        if self.momentum != "auto":
            return False
        self.momentum = self._now = 1 - 0.05 ** (3 / (batches * epochs))
        return True

    def set_progress(self, progress: float) -> None:
        """Take the momentum that a schedule has at a progress from 0, the first epoch, to 1, the last."""
        self._now = self.momentum.at(progress) if isinstance(self.momentum, Schedule) else self.momentum

    def update(self, losses: Tensor) -> None:
        """Take in 1 − IoU of the pairs of a batch, shape (N,); of those of all processes of a group together.

        Each process must call it once a batch, with N = 0 where it has no pairs. Without pairs at all nothing changes,
        nor with one that is NaN.

        Raises:
            ValueError: If the momentum isn't known yet.
        """
        if isinstance(self._now, str):
            raise ValueError(
                "momentum=auto follows from the length of the training: call prepare(batches=…, epochs=…) before the "
                "first batch, or give momentum=, or call eval() to keep the running mean as it is"
            )
        sums = torch.stack((losses.detach().sum(), torch.ones_like(losses).sum())).to(self.value.dtype)
        if distributed.is_available() and distributed.is_initialized():
            distributed.all_reduce(sums)
        total, count = sums.unbind()
        mean = torch.lerp(self.value, total / count.clamp(min=1), self._now)
        self.value.copy_(torch.where((count > 0) & mean.isfinite(), mean, self.value))
