"""The proof that a model computes the box loss asked for, by what it holds and by what is called."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, NoReturn

from torch import nn
from ultralytics.utils import LOGGER

from yolo_feiou.errors import LossNotAppliedError
from yolo_feiou.losses.box_loss import BoxLoss
from yolo_feiou.yolo.bbox_loss import Swapped
from yolo_feiou.yolo.criterion import check_swapped_losses, share_arguments
from yolo_feiou.yolo.host import TrainerHost

try:
    from ultralytics.utils.torch_utils import unwrap_model
except ImportError:  # its name in older releases
    from ultralytics.utils.torch_utils import de_parallel as unwrap_model  # pyright: ignore[reportAttributeAccessIssue]


class Proof:
    """Counts over some batches, those of an epoch or of a validation, whether each head's box loss was computed.

    A batch with labels is one in which each head has to pick positives, or to compute its loss; and a head that has
    positives has to compute its loss, RT-DETR for each layer of its decoder and for what it denoises. Stock's own code
    passes: it leaves out the box loss of a batch without positives, if anything.

    Args:
        name: What the model is called in messages.
        box_loss: The loss asked for.
    """

    def __init__(self, name: str, box_loss: BoxLoss) -> None:
        self.name, self.box_loss = name, box_loss
        self.batches = self.labelled = self.labels = 0
        self._losses: list[Swapped] = []

    def begin(self, model: nn.Module) -> None:
        """Begin to count, for a model whose criterion is as it must be.

        Raises:
            LossNotAppliedError: If it isn't.
        """
        self._losses = check_swapped_losses(model, self.box_loss)
        for loss in self._losses:
            loss.reset()
        self.batches = self.labelled = self.labels = 0

    def note(self, batch: Mapping[str, Any]) -> None:
        """Count a batch that is about to be computed, and its labels, and tell the losses the size of its images."""
        boxes, images = batch.get("bboxes"), batch.get("img")
        count = 0 if boxes is None else len(boxes)
        self.batches, self.labels, self.labelled = self.batches + 1, self.labels + count, self.labelled + (count > 0)
        for loss in self._losses:
            loss.image = None if images is None or images.ndim != 4 else (images.shape[2], images.shape[3])

    def check_batch(self, model: nn.Module) -> None:
        """Check after a batch what can be told without waiting for the device, so that a loss is not missed for long.

        Raises:
            LossNotAppliedError: If a head had nothing to do with a batch that has labels, or didn't compute its loss
                as often as it had to.
        """
        for loss in self._losses:
            owed = loss.owed if isinstance(loss.owed, int) else 0
            if loss.counts_positives and (loss.batches < self.labelled or loss.calls < owed):
                self._stop(model, loss)

    def check(self, model: nn.Module) -> None:
        """Check the criterion, and all that was counted.

        Raises:
            LossNotAppliedError: If a box loss is not the one asked for, or one was not computed where it had to be.
        """
        self._losses = check_swapped_losses(model, self.box_loss)
        self.check_batch(model)
        for loss in self._losses:
            owed = int(loss.owed) if loss.counts_positives else min(self.labelled, 1)
            if loss.calls < owed:
                self._stop(model, loss)

    @property
    def calls(self) -> int:
        """How often all box losses together were computed."""
        return sum(loss.calls for loss in self._losses)

    @property
    def trains(self) -> bool:
        """Whether a weight that trains had a part in any of the boxes for which they were."""
        return any(loss.trains for loss in self._losses)

    def _stop(self, model: nn.Module, loss: Swapped) -> NoReturn:
        raise LossNotAppliedError(
            f"the criterion of the {self.name}, {type(model.criterion).__name__}, computed {self.box_loss.description} "
            f"{loss.calls} times in {self.labelled} batches with labels, its box loss came from elsewhere. Was the "
            "criterion replaced, or the model's loss()? Training stops here."
        )


class Proving(TrainerHost):
    """A trainer's part: the proof of the loss, for the model in each epoch and for its EMA copy in each validation.

    No callback can remove it, and each of its checks comes after the callbacks of its event. What fails it stops the
    training before the epoch is written to results.csv or to a checkpoint.

    A loss that is computed as it must be, and changes nothing, is told once: where no label has positives, and where no
    weight trains that the boxes come from.

    Attributes:
        proofs: By name of the model; empty where nothing was swapped.
    """

    proofs: Mapping[str, Proof] = MappingProxyType({})
    _has_trained = False  # whether a batch with positives was looked at
    _was_computed = True  # in all epochs so far

    def prove(self, box_loss: BoxLoss) -> None:
        """Prove from here on that all models compute `box_loss`."""
        self.proofs = {name: Proof(name, box_loss) for name in self._models()}
        self._begin(*self.proofs)
        preprocess = self.validator.preprocess

        def note(batch: dict[str, Any]) -> dict[str, Any]:
            if "EMA" in self.proofs:
                self.proofs["EMA"].note(batch)
            return preprocess(batch)

        self.validator.preprocess = note

    def _models(self) -> dict[str, nn.Module]:
        """The models that compute losses: the one that trains, and its EMA copy, which validates."""
        models = {"model": unwrap_model(self.model)}
        return {**models, "EMA": unwrap_model(self.ema.ema)} if self.ema else models

    def run_callbacks(self, event: str) -> None:
        """Run the callbacks of an event, then the checks that are due."""
        super().run_callbacks(event)
        if not self.proofs:
            return
        model, proof = self._models()["model"], self.proofs["model"]
        if event == "on_train_epoch_start":
            self._begin(*self.proofs)
        elif event == "on_train_batch_end":
            proof.check_batch(model)
            if proof.labelled == 1:  # an early answer
                proof.check(model)
            self._tell_if_frozen(proof)
        elif event == "on_train_epoch_end":
            proof.check(model)
            self._tell_if_not_computed(proof)

    def preprocess_batch(self, batch: dict[str, Any]) -> dict[str, Any]:
        """Preprocess a batch of the training as Ultralytics does, and count it."""
        batch = super().preprocess_batch(batch)  # which may resize its images
        if self.proofs:
            self.proofs["model"].note(batch)
        return batch

    def validate(self) -> tuple[dict[str, float] | None, float | None]:
        """Validate as Ultralytics does, with the proof of the model that is validated."""
        if "EMA" not in self.proofs:
            return super().validate()
        models = self._models()
        share_arguments(*(getattr(model, "criterion", None) for model in models.values()))
        self._begin("EMA")
        results = super().validate()
        self.proofs["EMA"].check(self._models()["EMA"])
        return results

    def save_metrics(self, *args: Any, **kwargs: Any) -> None:
        """Write an epoch's line as Ultralytics does, once nothing of the criteria was replaced at its very end."""
        self._check_losses()
        super().save_metrics(*args, **kwargs)

    def final_eval(self) -> None:
        """End as Ultralytics does, if the criteria are what they were."""
        self._check_losses()
        super().final_eval()

    def _tell_if_frozen(self, proof: Proof) -> None:
        """Say after the first batch with positives if no weight trains that the boxes come from."""
        if self._has_trained or not proof.calls:
            return
        self._has_trained = True
        if not proof.trains:
            LOGGER.warning(
                f"freeze={self.args.freeze}: none of the weights that train has a part in the boxes, so that the box "
                f"loss {proof.box_loss.description} changes nothing. Freeze fewer layers to train with it."
            )

    def _tell_if_not_computed(self, proof: Proof) -> None:
        """Say at the end of the first epoch of which that is so if there are labels, and none had positives."""
        if not self._was_computed or proof.calls:
            return
        known = count_labels(self.train_loader.dataset)
        if not (proof.labels or known):
            return
        self._was_computed = False
        left = f"with {proof.labels} labels, of which none had positives"
        if not proof.labels:
            left = f"without labels: Ultralytics' augmentation left none of the {known} of the training set"
        LOGGER.warning(
            f"epoch {self.epoch + 1}: {proof.box_loss.description} was computed 0 times in {proof.batches} batches "
            f"{left}. Ultralytics leaves out boxes without area, or with a side under 2 pixels at "
            f"imgsz={self.args.imgsz}. Look at the labels, or give a larger imgsz=."
        )

    def _begin(self, *names: str) -> None:
        for name, model in self._models().items():
            if name in names:
                self.proofs[name].begin(model)

    def _check_losses(self) -> None:
        for name, model in self._models().items() if self.proofs else ():
            check_swapped_losses(model, self.proofs[name].box_loss)


def count_labels(dataset: Any) -> int:
    """Return the number of labelled objects in a data set, or in those that it is made of."""
    parts = getattr(dataset, "datasets", [dataset])
    return sum(len(label["cls"]) for part in parts for label in getattr(part, "labels", ()))
