"""The options of an evaluation, as commands take them."""

from __future__ import annotations

from yolo_feiou.parameters import Choice, Text

EVALUATION_OPTIONS = (
    Text("split", "val", "a split of the data, such as val or test"),
    Choice("weights", "best", ("best", "last"), meaning="which checkpoint of a run is evaluated"),
    Choice(
        "evaluator",
        "faster-coco-eval",
        ("faster-coco-eval", "pycocotools"),
        meaning="what computes COCO's metrics: the same figures, one fast, one the original",
    ),
    Text("annotations", "", "a COCO JSON of the split, in the place of that of the data YAML or of its labels"),
)
