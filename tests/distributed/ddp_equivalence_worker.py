"""A training that writes down what each rank saw and computed, and what one process makes of the same batches.

    torchrun … tests/distributed/ddp_equivalence_worker.py {…}   or, in a single process, with ranks=N in its arguments

The single process trains on the very parts that N ranks have, one after another, and adds their gradients up before
each step: a loss is normalised by its own part and batch norm sees its own part, in DDP as here. The seeds of the ranks
and of the single process are chosen so that both begin with the same weights.
"""

import json
import sys
from copy import copy
from itertools import islice
from pathlib import Path

import torch
from torch.utils.data import DistributedSampler, Sampler
from ultralytics.data.build import InfiniteDataLoader
from ultralytics.utils import RANK
from ultralytics.utils.ops import xywh2xyxy

from yolo_feiou import YOLO, DetectionTrainer

PLAIN = dict.fromkeys(
    ("mosaic", "hsv_h", "hsv_s", "hsv_v", "translate", "scale", "fliplr", "erasing", "warmup_epochs"), 0
)


class Parts(Sampler):
    """The indices that N ranks have, step by step, the part of rank 0 first."""

    def __init__(self, dataset, ranks, batch):
        self.samplers = [DistributedSampler(dataset, ranks, rank, shuffle=True, seed=0) for rank in range(ranks)]
        self.batch, self.epoch = batch, 0

    def __len__(self):
        return sum(map(len, self.samplers))

    def __iter__(self):
        for sampler in self.samplers:
            sampler.set_epoch(self.epoch)
        parts = list(map(iter, self.samplers))
        while step := [index for part in parts for index in islice(part, self.batch)]:
            yield from step


class Planted:
    """Mixed into a validator: detects the objects there are, each shifted and scored by its own size."""

    def update_metrics(self, preds, batch):
        planted = []
        for index in range(len(batch["im_file"])):
            mine = batch["batch_idx"] == index
            boxes = xywh2xyxy(batch["bboxes"][mine] * batch["img"].shape[-1])
            size = (batch["bboxes"][mine][:, 2:].prod(1) * 997) % 1
            found = size > 0.2
            boxes = (boxes + 10 * size[:, None] ** 2)[found]
            planted.append({"bboxes": boxes, "conf": size[found], "cls": batch["cls"][mine].view(-1)[found]})
        super().update_metrics(planted, batch)


class Recorder(DetectionTrainer):
    """Keeps the images and the losses of each batch."""

    ranks = 0

    def get_dataloader(self, dataset_path, batch_size=16, rank=0, mode="train"):
        loader = super().get_dataloader(dataset_path, batch_size, rank, mode)
        if mode == "train" and self.ranks:
            dataset = loader.dataset
            parts = Parts(dataset, self.ranks, batch_size)
            loader = InfiniteDataLoader(dataset, batch_size=batch_size, sampler=parts, collate_fn=dataset.collate_fn)
            self.add_callback("on_train_epoch_start", lambda trainer: setattr(parts, "epoch", trainer.epoch))
        return loader

    def get_validator(self):
        validator = super().get_validator()
        return type("Planted", (Planted, type(validator)), {})(
            self.test_loader, save_dir=self.save_dir, args=copy(validator.args), _callbacks=self.callbacks
        )

    def preprocess_batch(self, batch):
        self.seen.append({"epoch": self.epoch, "images": [Path(file).name for file in batch["im_file"]]})
        return super().preprocess_batch(batch)

    def note(self):
        items = self.loss_items
        values = items.values() if isinstance(items, dict) else items
        self.seen[-1]["losses"] = [float(value) for value in values]


def main():
    arguments = json.loads(sys.argv[1])
    Recorder.ranks, out = arguments.pop("ranks", 0), Path(arguments.pop("out"))
    Recorder.seen = []
    model = YOLO("yolov8n.yaml")
    model.add_callback("on_train_batch_end", Recorder.note)
    model.train(trainer=Recorder, **{**PLAIN, **arguments})
    trainer = model.trainer
    weights = {name: value.detach().clone() for name, value in trainer.model.named_parameters()}
    ema = {name: value.detach().clone() for name, value in trainer.ema.ema.named_parameters()}
    torch.save({name.removeprefix("module."): value for name, value in weights.items()}, out / f"weights{RANK}.pt")
    torch.save(ema, out / f"ema{RANK}.pt")
    metrics = trainer.metrics if RANK in (-1, 0) else None
    found = {"size": trainer.world_size, "folder": str(trainer.save_dir), "seen": trainer.seen, "metrics": metrics}
    (out / f"rank{RANK}.json").write_text(json.dumps(found, default=float))


if __name__ == "__main__":
    main()
