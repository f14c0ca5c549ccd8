"""A detector as PyTorch Lightning trains it: steps, optimizer, learning rates, and the proof of the box loss."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pytorch_lightning as lightning
import torch
from torch import Tensor, nn
from torch.optim.lr_scheduler import LambdaLR

from yolo_feiou.detectors.seam import find_box_terms
from yolo_feiou.errors import DataError, LossNotAppliedError
from yolo_feiou.lightning.arguments import Schedule
from yolo_feiou.losses.build import STOCK

#: The learning rate of the warm-up, and the shares of the training after which it is a tenth of what it was, as the
#: paper has them: 60,000 and 80,000 of 90,000 steps.
WARMUP, MILESTONES, DECAY = 1 / 3, (2 / 3, 8 / 9), 0.1
#: The longest warm-up, as a share of the training.
LONGEST_WARMUP = 0.1


class DetectorModule(lightning.LightningModule):
    """A detector of `build_detector`, and how it trains.

    What is drawn in a step (the regions that an R-CNN samples) follows from seed, step and rank, so that a resumed
    training draws what the unbroken one does.

    Args:
        model: The detector.
        arguments: All those of the training.
        schedule: How long it is.
        epoch_steps: Steps in which all images are seen once.
        kept: What its checkpoints hold of it, plain numbers and words.

    Attributes:
        sums: The losses of the steps since the last call of `take_means`, summed, by name.
        steps: How many steps those are.
    """

    def __init__(
        self,
        model: nn.Module,
        arguments: Mapping[str, Any],
        schedule: Schedule,
        epoch_steps: float,
        kept: Mapping[str, Any],
    ) -> None:
        super().__init__()
        self.model, self.arguments, self.schedule = model, arguments, schedule
        self.epoch_steps, self.kept = epoch_steps, dict(kept)
        self.box_terms = find_box_terms(model)
        self.sums: dict[str, Tensor] = {}
        self.steps = 0

    def on_train_batch_start(self, batch: Any, batch_idx: int) -> None:
        """Set what a step draws, and what is scheduled over the training."""
        seeds = np.random.SeedSequence((self.arguments["seed"], self.global_step, self.global_rank))
        torch.manual_seed(int(seeds.generate_state(1)[0]))
        last = max(1, round(self.schedule.iterations / self.epoch_steps) - 1)
        progress = min(1.0, int(self.global_step / self.epoch_steps) / last)
        for term in self.box_terms:
            term.box_loss.set_progress(progress)

    def training_step(self, batch: tuple[list[Tensor], list[dict[str, Any]]], batch_idx: int) -> Tensor:
        """Return the sum of the detector's losses.

        Raises:
            DataError: If it isn't finite.
            LossNotAppliedError: If a box term wasn't computed, or twice.
        """
        images, targets = batch
        calls = [term.calls for term in self.box_terms]
        losses: dict[str, Tensor] = self.model(images, targets)
        self.prove(calls)  # before the step can be in a checkpoint
        total = torch.stack([value.float() for value in losses.values()]).sum()
        if not total.isfinite():
            told = ", ".join(f"{name} {value.item():.4g}" for name, value in losses.items())
            raise DataError(
                f"the loss is {total.item()} at step {self.global_step + 1} ({told}): lower lr0, set clip=10, or "
                "amp=false. The last checkpoint is from before."
            )
        for name, value in losses.items():
            self.sums[name] = self.sums.get(name, 0) + value.detach()
        self.steps += 1
        return total

    def prove(self, calls: list[int]) -> None:
        """Check that each box term was computed once since it had been computed so many times.

        Raises:
            LossNotAppliedError: If one was not.
        """
        for term, before in zip(self.box_terms, calls, strict=True):
            if term.calls != before + 1:
                raise LossNotAppliedError(
                    f"{type(self.model).__name__} computed {self.arguments['loss']} {term.calls - before} times in "
                    f"step {self.global_step + 1}, expected once: its box loss came from elsewhere. Training stops "
                    "here."
                )

    def take_means(self) -> dict[str, float]:
        """Return the mean losses of the steps since the last call: that of the box, and all others by name."""
        means = {name: value.item() / self.steps for name, value in self.sums.items()}
        names = getattr(self.model, "box_loss_names", ())
        box = {"train/box_loss": sum(means[name] for name in names if name in means)}
        self.sums, self.steps = {}, 0
        return box | {f"train/{name}": value for name, value in means.items() if name not in names}

    def configure_optimizers(self) -> Any:
        """Return SGD and its learning rates: biases with twice the rate and without decay, a step at each milestone."""
        rate, decay = self.arguments["lr0"], self.arguments["weight_decay"]
        trained = [(name, weight) for name, weight in self.model.named_parameters() if weight.requires_grad]
        biases = [weight for name, weight in trained if name.rpartition(".")[2] == "bias"]
        others = [weight for name, weight in trained if name.rpartition(".")[2] != "bias"]
        groups = [
            {"params": others, "lr": rate, "weight_decay": decay},
            {"params": biases, "lr": 2 * rate, "weight_decay": 0.0},
        ]
        optimizer = torch.optim.SGD(groups, lr=rate, momentum=self.arguments["momentum"])
        scheduler = LambdaLR(optimizer, self.find_rate)
        return {"optimizer": optimizer, "lr_scheduler": {"scheduler": scheduler, "interval": "step"}}

    def find_rate(self, step: int) -> float:
        """Return the learning rate of a step, as a share of lr0."""
        iterations = self.schedule.iterations
        warmup = min(self.arguments["warmup_iterations"], int(LONGEST_WARMUP * iterations))
        passed = sum(step >= int(share * iterations) for share in MILESTONES)
        return DECAY**passed * (WARMUP if step < warmup else 1)

    def on_save_checkpoint(self, checkpoint: dict[str, Any]) -> None:
        """Keep what a checkpoint says of the training."""
        checkpoint.update(self.kept)


def describe_loss(module: DetectorModule, title: str, rank: int = 0) -> str:
    """Return the line that says which box loss trains, in how many heads, and with which gain."""
    terms, loss = module.box_terms, module.arguments["loss"]
    if not terms:
        gain = module.arguments["box"]
        return f"Box loss: {STOCK}, {title}'s own of torchvision's{'' if gain == 'auto' else f', box={gain:g}'}"
    heads = f"{len(terms)} head{'s' if len(terms) > 1 else ''}"
    name = f"{STOCK}, which is giou" if loss == STOCK else terms[0].box_loss.description
    return f"Box loss: {name}, in {heads} of {title}, box={terms[0].box:g}, rank {rank}"
