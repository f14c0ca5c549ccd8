"""The options of an evaluation, as commands take them."""

from __future__ import annotations

from yolo_feiou.parameters import Choice, Text

EVALUATION_OPTIONS = (
    Text("split", "val", "a split of the data, such as val or test"),
    Choice("weights", "best", ("best", "last")),
    Choice("evaluator", "faster-coco-eval", ("faster-coco-eval", "pycocotools")),
    Text("annotations", "", "a COCO JSON"),
)
