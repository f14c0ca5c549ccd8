"""How large losses and their gradients are beside a reference, on the first batches of a training.

`python -m yolo_feiou.yolo.gradient_norms REQUEST.json RESULT.json` measures in a process of its own: a request holds
the arguments of `measure_gradient_norms`, a result its rows.
"""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from copy import deepcopy
from functools import partial
from itertools import chain, islice, repeat
from math import isfinite
from pathlib import Path
from typing import Any, NamedTuple, NoReturn, cast

import numpy as np
import torch
from torch import Tensor
from ultralytics.utils.torch_utils import autocast

from yolo_feiou.errors import ArgumentError, DataError, exit_on_error
from yolo_feiou.losses.box_loss import BoxLoss
from yolo_feiou.losses.build import STOCK, loss_to_train
from yolo_feiou.losses.families import TASK_FAMILIES
from yolo_feiou.storage.tables import Row, read_json, write_json
from yolo_feiou.yolo.bbox_loss import Positives, Swapped
from yolo_feiou.yolo.criterion import find_heads, get_criterion
from yolo_feiou.yolo.families import check_trainer
from yolo_feiou.yolo.host import TrainerHost
from yolo_feiou.yolo.loss_state import measure_mean_side
from yolo_feiou.yolo.model import YOLO
from yolo_feiou.yolo.proof import unwrap_model

#: Training arguments that have no bearing on the first batches, or that are given here.
EXCLUDED_ARGUMENTS = (
    *("project", "name", "exist_ok", "save_dir", "resume", "mode", "save", "val", "time"),
    *("loss", "box_stats", "check", "compile", "plots", "device"),
)


class GradientNorm(NamedTuple):
    """The box term, and the norm of its gradient."""

    value: float
    gradient: float


class Batch(NamedTuple):
    """The number of positives of a batch, and the size of each loss on them."""

    pairs: int
    sizes: dict[str, GradientNorm]


class MeasuredError(Exception):
    """Ends a training when all is measured: it has no weights to continue with, which Ultralytics would miss."""


class Measuring(TrainerHost):
    """A trainer's part: in the place of epochs come a few batches on which losses are measured.

    Args:
        losses: The losses to measure, by name.
        batches: The number of batches that are measured, of a shorter training fewer, see `plan_batches`.
        every: Which of the batches that is: the last of so many.
        tick: Called after each batch.
        *args: As for the trainer.
        **kwargs: As for the trainer.
    """

    def __init__(
        self,
        *args: Any,
        losses: Mapping[str, BoxLoss],
        batches: int,
        every: int,
        tick: Callable[[], object],
        **kwargs: Any,
    ) -> None:
        self.losses, self.batches, self.every, self.tick = losses, batches, every, tick
        self.measured: list[Batch] = []
        self._copies: list[dict[str, BoxLoss]] = []
        super().__init__(*args, **kwargs)

    def run_callbacks(self, event: str) -> None:
        """Call what Ultralytics' trainers set up that way, texts and their encoder, and nobody else.

        Loggers would begin a run of theirs.
        """
        for callback in self.callbacks.get(event, ()):
            if str(getattr(callback, "__module__", "")).startswith("ultralytics.models."):
                callback(self)

    def _do_train(self, *world_size: int) -> NoReturn:
        self._setup_train(*world_size)
        self._model_train()
        self.epoch = self.start_epoch  # which Ultralytics' loop counts
        self.batches, self.every = plan_batches(self.batches, self.every, len(self.train_loader) * self.epochs)
        loader = chain.from_iterable(repeat(self.train_loader))
        for number, batch in enumerate(islice(loader, self.batches * self.every), 1):
            self._step(batch, measured=number % self.every == 0)
            self.tick()
        raise MeasuredError

    def _step(self, batch: dict[str, Any], measured: bool) -> None:
        """Train on a batch as Ultralytics does, and measure on it before that if it is to be measured."""
        seen: list[tuple[float, dict[str, BoxLoss], Positives]] = []
        heads = find_heads(get_criterion(unwrap_model(self.model)))
        if not self._copies:  # each head has its own, as in a training
            self._copies = [{name: self._prepared(loss) for name, loss in self.losses.items()} for _ in heads]
        for (share, bbox_loss), losses in zip(heads, self._copies, strict=True):
            watch = partial(lambda share, losses, positives: seen.append((share, losses, positives)), share, losses)
            cast(Swapped, bbox_loss).on_positives = watch
        with autocast(torch.bfloat16 if self.args.amp == "bf16" else self.amp, device=self.device.type):
            batch = self.preprocess_batch(batch)
            total, _ = self.model(batch)
        for _, losses, positives in seen:
            for loss in losses.values():
                loss.observe(positives.pred, positives.target)
        if measured:
            self._measure(seen, len(batch["img"]))
        self.scaler.scale(total.sum()).backward()
        self.optimizer_step()

    def _prepared(self, loss: BoxLoss) -> BoxLoss:
        """Return a copy of a loss for a head, as the training would begin with it; its state is updated by hand."""
        copy = deepcopy(loss).eval()
        side = measure_mean_side(self.train_loader.dataset, self.args.imgsz) if loss.needs_mean_side else None
        copy.prepare(len(self.train_loader), self.epochs, side)
        return copy

    def _measure(self, seen: Sequence[tuple[float, dict[str, BoxLoss], Positives]], images: int) -> None:
        """Measure each loss on the positives that each head saw, by the share that its loss has in the total."""
        pairs = sum(len(positives.pred) for *_, positives in seen)
        # As large as training makes it, so that half precision holds the gradients on their way.
        scale = self.scaler.get_scale() * images
        sizes = {}
        for name in self.losses:
            terms = [share * positives.mean(losses[name]) for share, losses, positives in seen]
            sizes[name] = self._size(torch.stack(terms).sum(), scale) if terms else GradientNorm(0.0, 0.0)
        self.measured.append(Batch(pairs, sizes))

    def _size(self, term: Tensor, scale: float) -> GradientNorm:
        weights = [weight for weight in self.model.parameters() if weight.requires_grad]
        gradients = torch.autograd.grad(term * scale, weights, retain_graph=True, allow_unused=True)
        norms = [gradient.norm() for gradient in gradients if gradient is not None]
        return GradientNorm(term.item(), torch.stack(norms).norm().item() / scale)


def measure_gradient_norms(
    arguments: Mapping[str, Any],
    losses: Sequence[str],
    batches: int = 8,
    reference: str = "",
    every: int = 1,
    tick: Callable[[], object] = lambda: None,
) -> list[Row]:
    """Measure the box term of each loss, and its gradient, on the same predictions, and return a row a loss.

    A training is set up as its arguments say, and takes steps with the reference loss at its full learning rate, so
    that a model from scratch leaves the state in which no boxes overlap. Before a step, every loss is computed on the
    batch's positives. Where a model trains two heads, a loss is the sum of both, as the criterion weighs them. Of
    RT-DETR it is that of the main output, of its last decoder layer.

    | column         | value                                                                                       |
    |----------------|---------------------------------------------------------------------------------------------|
    | loss           | its spec; 'stock' is measured as what it is: ciou, giou of RT-DETR, probiou of rotated boxes|
    | batches, pairs | number of batches that had positives, and number of those                                   |
    | loss_value     | the box term, without the gain `box`, or RT-DETR's own                                      |
    | gradient_norm  | Euclidean norm of its gradient with respect to all weights that train                       |
    | loss_ratio, …  | the two, as multiples of the reference's in the same batch                                  |
    | reference      | spec of the loss that the others are compared to                                            |
    | first_batches  | number of the training's batches up to the last one that is measured                        |
    | training_share | their share of all batches of the training                                                  |

    Values are medians over the batches; each batch's sums are weighed by the assigner's scores, as in a training, and
    a scheduled number has its value at the start. The folder of the training goes afterwards.

    Args:
        arguments: Training arguments, among them `model` and `data`. Of several devices, the first is used.
        losses: Specs.
        batches: Number of batches that are measured; fewer where the training has fewer, see `plan_batches`.
        every: Of so many batches the last one is measured, and the others only train. The ratios change during a
            training, and most at its start.
        reference: Spec of the loss that the others are compared to, by default the model's own: 'ciou', 'giou' of
            RT-DETR, 'probiou' for rotated boxes; its row is there even if it is not listed.
        tick: Called after each batch, measured or not.

    Raises:
        LossSpecError: If a loss is wrong.
        ArgumentError: If there are several data sets.
        UnsupportedModelError: If the model trains without a box term.
        DataError: If the data can't be read, or has no objects.
    """
    given = {key: value for key, value in arguments.items() if key not in EXCLUDED_ARGUMENTS}
    if isinstance(given.get("data"), (list, tuple)):
        raise ArgumentError(f"got data={given['data']}: losses are measured on one data set at a time.")
    model = YOLO(given.pop("model"))
    own, trainer = model.find_trainer(), None
    stock = own.stock_spec if own else ""
    reference = reference or stock.partition(":")[0] or "ciou"
    names = dict.fromkeys(losses if reference in losses else [reference, *losses])
    family = TASK_FAMILIES.get(model.task)
    built = {name: cast(BoxLoss, loss_to_train(stock if name == STOCK else name, family)) for name in names}
    for box_loss in built.values():
        check_trainer(own, model.task, box_loss)
    if own:
        kind = type("MeasuringTrainer", (Measuring, own), {})
        trainer = partial(kind, losses=built, batches=batches, every=every, tick=tick)
    device = get_first_device(arguments.get("device"))
    with tempfile.TemporaryDirectory() as folder, suppress(MeasuredError):
        model.train(trainer=trainer, **given, loss=reference, device=device, project=folder, plots=False)
    used = model.trainer
    about = describe_batches(used.batches * used.every, len(used.train_loader) * used.epochs)
    return [{**row, "reference": reference, **about} for row in make_rows(used.measured, reference)]


def plan_batches(batches: int, every: int, training: int) -> tuple[int, int]:
    """Return how many batches to measure, and of how many each is to be the last, in a training of `training` batches.

    As asked for, where the training is long enough; in a shorter one they lie closer, and are no more than it has.
    """
    measured = min(batches, training)
    return measured, min(every, training // measured)


def describe_batches(first: int, training: int) -> Row:
    """Return the columns of a row on the batches up to the last one measured, `first` of the training's."""
    return {"first_batches": first, "training_share": first / training}


def get_first_device(device: Any) -> Any:
    """Return the first of the devices in Ultralytics' argument of that name."""
    devices = device if isinstance(device, (list, tuple)) else str("" if device is None else device).split(",")
    return None if devices[0] == "" else devices[0]


def make_rows(measured: Sequence[Batch], reference: str) -> list[Row]:
    """Return a row for each loss of the batches, see `measure_gradient_norms`.

    Batches on which the reference has no gradient, or one that half precision couldn't hold, are not used.

    Raises:
        DataError: If there is no other.
    """
    used = [batch for batch in measured if all(isfinite(size) and size > 0 for size in batch.sizes[reference])]
    if not used:
        raise DataError(
            f"in {len(measured)} batches of training, {reference} had nothing to measure: are there objects in the "
            "training images, and is it other than 0 on them?"
        )
    table = []
    for name in used[0].sizes:
        sizes = np.array([batch.sizes[name] for batch in used])
        ratios = sizes / np.array([batch.sizes[reference] for batch in used])
        value, gradient = map(float, np.median(sizes, axis=0))
        loss_ratio, gradient_ratio = map(float, np.median(ratios, axis=0))
        table.append(
            {
                "loss": name,
                "batches": len(used),
                "pairs": sum(batch.pairs for batch in used),
                "loss_value": value,
                "gradient_norm": gradient,
                "loss_ratio": loss_ratio,
                "gradient_ratio": gradient_ratio,
            }
        )
    return table


def answer_request(measure: Callable[..., list[Row]], args: Sequence[str]) -> None:
    """Measure what a request asks for, and write the result; a user's mistake is one line and exit status 2.

    Args:
        measure: `measure_gradient_norms`, that of a framework.
        args: The files of the request and of the result. The file `progress` of a request gets a byte after each batch.
    """
    with exit_on_error():
        request, result = map(Path, args)
        asked = read_json(request)
        if progress := asked.pop("progress", ""):
            asked["tick"] = partial(_add_byte, Path(progress))
        write_json(result, {"rows": measure(**asked)})


def _add_byte(path: Path) -> None:
    with path.open("ab") as file:
        file.write(b".")


def main(args: Sequence[str]) -> None:
    """Measure as Ultralytics trains, see `answer_request`."""
    answer_request(measure_gradient_norms, args)


if __name__ == "__main__":
    main(sys.argv[1:])
