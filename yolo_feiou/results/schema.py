"""The columns of `results.csv`, a row a run: what they are called and mean, and what a report does with them.

This table is the only place where a column is declared; what other modules need to know of columns is derived from it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Literal

from yolo_feiou.results.arguments import DETECTOR_ARGUMENTS, NUMERIC_ARGUMENTS, OTHER_ARGUMENTS

#: 'text' is never read as a number, though it may look like one; 'fraction' is a number from 0 to 1; a 'setting' is a
#: number, a switch, a list or text.
Kind = Literal["text", "count", "number", "fraction", "setting"]

IOU_PERCENTS = tuple(range(50, 100, 5))  # IoU thresholds of AP, and lower ends of the bins of matched IoU, in per cent


@dataclass(frozen=True)
class Column:
    """A column of `results.csv`.

    Attributes:
        name: What it is called.
        kind: What its cells hold, if they hold anything.
        meaning: What it says.
        unit: The unit of its numbers, '' for none.
        must_agree: Whether a report warns if runs to compare differ in it.
        follows: Arguments that change it when they are varied: then it need not agree.
        words: What it may say instead of a number.
        caption: What it is called in the caption of a table, '' if it isn't there.
        caption_place: Its place in the caption.
        list_place: Its place in the list of all runs, 0 if it isn't there; swept arguments come after the third.
    """

    name: str
    kind: Kind
    meaning: str
    unit: str = ""
    must_agree: bool = False
    follows: tuple[str, ...] = ()
    words: tuple[str, ...] = ()
    caption: str = ""
    caption_place: int = 0
    list_place: int = 0


_RUN = (
    Column("run", "text", "what the run is called: its folder's name", list_place=1),
    Column("key", "text", "stands for all its settings: two runs with one key are the same run"),
    Column("status", "text", "done, failed or unfinished", list_place=2),
    Column("reason", "text", "why it failed, or is unfinished", list_place=22),
    Column("axes", "text", "the arguments in which the runs of the folder differ"),
    Column("loss", "text", "the spec of its box loss, `stock` for the detector's own", list_place=3),
    Column("seed", "count", "the seed of its training", list_place=4),
    Column(
        "gain",
        "text",
        "same if `box` is what was asked for, matched if it was set so that gradients agree in size",
        caption="box gain",
        caption_place=7,
        list_place=5,
    ),
    Column(
        "until",
        "number",
        "half of the width of the interval at which a comparison got no more seeds; empty where seeds were fixed",
        "percentage points",
    ),
    Column("max_seeds", "count", "the most seeds that a variant could get; empty where seeds were fixed"),
    Column("race", "setting", "whether a variant that was shown not to be the best got no more seeds"),
)
#: What is said of arguments that have a column of their own in captions or lists, or that only detectors beside YOLO
#: have; the others are Ultralytics' own.
_ARGUMENTS: Mapping[str, Column] = {
    column.name: column
    for column in (
        Column("model", "text", "what the training started from", caption="model", caption_place=8),
        Column("data", "text", "the data YAML", caption="data", caption_place=9),
        Column("epochs", "number", "epochs asked for", follows=("iterations",), caption="epochs", caption_place=10),
        Column("imgsz", "number", "image size as it trained", "px", caption="imgsz", caption_place=11),
        Column("batch", "number", "images a batch, over all processes", caption="batch", caption_place=12),
        Column(
            "box",
            "number",
            "the gain of the box loss; auto, for detectors beside YOLO: 1 for ℓn losses, 2.5 for those on overlap, and "
            "the detector's own for `stock`",
            words=("auto",),
            list_place=6,
        ),
        Column(
            "iterations",
            "number",
            "training steps of a detector beside YOLO, as given or as its epochs make them",
            follows=("epochs", "batch", "data", "fraction"),
            caption="iterations",
            caption_place=13,
        ),
        Column("warmup_iterations", "number", "steps at the beginning at a third of the learning rate"),
        Column("rpn", "setting", "whether the proposals of an R-CNN are trained by the box loss too"),
        Column(
            "encode", "text", "weights of x, y, w and h in the errors of ℓn losses, which are relative to the anchor"
        ),
        Column("scoring", "text", "the box loss by which PAA scores anchors"),
        Column("clip", "number", "the norm that gradients are clipped to, 0 for no clipping"),
        Column("intervals", "number", "into how many parts a training is divided: each ends with a validation"),
    )
}
_MADE_BY = (
    Column("device", "text", "the device, as Ultralytics takes it", list_place=19),
    Column("threads", "setting", "threads of torch on the CPU"),
    Column(
        "machine",
        "text",
        "GPU, or CPU, the vector instructions that PyTorch uses, and cores",
        must_agree=True,
        list_place=20,
    ),
    Column("python", "text", "version of Python", must_agree=True),
    Column("torch", "text", "version of torch", must_agree=True),
    Column("ultralytics", "text", "version of Ultralytics", must_agree=True),
    Column("yolo_feiou", "text", "version of this package", must_agree=True),
    Column("git_commit", "text", "commit of this package's checkout, + if files differ from it", must_agree=True),
)
_TRAINING = (
    Column(
        "detector",
        "text",
        "retinanet, faster_rcnn, mask_rcnn, atss or paa; empty for YOLO",
        must_agree=True,
        follows=("model",),
        caption="detector",
        caption_place=14,
    ),
    Column(
        "backbone",
        "text",
        "the network below that detector, as resnet50",
        must_agree=True,
        follows=("model",),
        caption="backbone",
        caption_place=15,
    ),
    Column(
        "backbone_weights",
        "text",
        "the weights it started from, with the beginning of their checksum, or none",
        must_agree=True,
        follows=("model",),
        caption="backbone weights",
        caption_place=16,
    ),
    Column("loss_holds", "text", "content hash of the loss, if it is a function of the user's"),
    Column("data_holds", "text", "content hash of the data YAML, if it is the user's"),
    Column("model_holds", "text", "content hash of the model, if it is a file of the user's"),
    Column("pretrained_holds", "text", "content hash of `pretrained`, if it is a file of the user's"),
    Column(
        "box_used",
        "number",
        "what the box loss was multiplied by: `box`, or what auto made of it; empty for RT-DETR, whose gain is its own",
        list_place=7,
    ),
    Column(
        "epochs_done",
        "number",
        "epochs that were trained; of detectors beside YOLO steps × batch / images, as in `epochs`",
    ),
    Column("minutes", "number", "time of those epochs, over all sessions", "min", list_place=18),
    Column("resumed", "text", "how many times it was resumed", list_place=21),
    Column("command", "text", "the command that made it"),
    Column("started", "text", "when the training was first started", "UTC"),
    Column("finished", "text", "when the row was made, or the run failed", "UTC"),
)
_EVALUATION = (
    Column("eval_split", "text", "the split that was evaluated", must_agree=True, caption="split", caption_place=1),
    Column("eval_conf", "number", "score below which detections are dropped", must_agree=True),
    Column("eval_iou", "number", "IoU threshold of the NMS, empty without NMS", must_agree=True),
    Column("eval_max_det", "number", "detections an image at most", must_agree=True),
    Column("eval_imgsz", "number", "image size", "px", must_agree=True, follows=("imgsz",)),
    Column("eval_batch", "number", "images a batch", must_agree=True, follows=("batch",)),
    Column("eval_weights", "text", "best or last", must_agree=True, caption="weights", caption_place=4),
    Column("annotations", "text", "the COCO JSON that the command named"),
    Column(
        "ground_truth",
        "text",
        "name of the COCO JSON, or labels",
        must_agree=True,
        follows=("data",),
        caption="ground truth",
        caption_place=5,
    ),
    Column("ground_truth_holds", "text", "content hash of the ground truth", must_agree=True, follows=("data",)),
    Column("images", "count", "images evaluated", must_agree=True, follows=("data",)),
    Column("unread", "count", "images or labels that could not be read"),
    Column("unlisted", "count", "images that the JSON doesn't list"),
    Column("objects", "count", "objects without crowds", must_agree=True, follows=("data",)),
    Column("objects_S", "count", "objects with an area of 32² px at most"),
    Column("objects_M", "count", "objects with an area from 32² to 96² px"),
    Column("objects_L", "count", "objects with an area of 96² px or more"),
    Column("detections", "count", "detections above `eval_conf`"),
    Column("ignored_categories", "text", "categories that the model doesn't have, which don't count"),
    Column("truth_scale", "number", "factor from the JSON's images to the files"),
    Column(
        "area_source",
        "text",
        "json, box or mixed: where the areas come from, which decide on S, M and L",
        must_agree=True,
        follows=("data",),
        caption="areas from",
        caption_place=6,
    ),
    Column("areas_replaced", "count", "areas of the JSON that are impossible, replaced by the box's"),
    Column("evaluator", "text", "the evaluator", must_agree=True, caption="evaluator", caption_place=2),
    Column("evaluator_version", "text", "its version", must_agree=True, caption="version", caption_place=3),
    Column("metric", "text", "the column that is compared, `mAP_obb` for oriented boxes; empty for `AP`"),
)
_PAPER = (
    Column("AP", "fraction", "COCO's AP, mean over IoU thresholds of .5 to .95", list_place=8),
    Column("AP50", "fraction", "AP at an IoU of .5", list_place=9),
    Column("AP75", "fraction", "AP at an IoU of .75", list_place=10),
    Column("AP_S", "fraction", "AP of small objects, with an area of 32² px at most", list_place=11),
    Column("AP_M", "fraction", "AP of medium objects", list_place=12),
    Column("AP_L", "fraction", "AP of large objects, with an area of 96² px or more", list_place=13),
)
_METRICS = (
    *_PAPER,
    Column("AR", "fraction", "COCO's average recall with 100 detections"),
    *(Column(f"AP{n}", "fraction", f"AP at an IoU of .{n}") for n in IOU_PERCENTS if n not in (50, 75)),
)
_MATCHED = (
    Column(
        "matched", "count", "predictions matched to an object as COCO does it at an IoU of .5, whatever their score"
    ),
    Column("matched_iou", "fraction", "mean IoU of the matched predictions", list_place=14),
    Column("matched_50", "number", "share of matched predictions with an IoU of .5 or more: 1 by definition"),
    *(
        Column(f"matched_{n}", "fraction", f"share of matched predictions with an IoU of .{n} or more")
        for n in (75, 90)
    ),
    *(Column(f"found_{n}", "fraction", f"recall at an IoU of .{n}: share of objects so matched") for n in (50, 75, 90)),
    *(
        Column(f"iou_{n}", "count", f"matched predictions with an IoU from .{n}, in a bin .05 wide")
        for n in IOU_PERCENTS
    ),
)
_TASK = (
    Column("mAP_mask", "fraction", "Ultralytics' own mAP50-95 of masks, metrics/mAP50-95(M)", list_place=15),
    Column("mAP50_mask", "fraction", "Ultralytics' own mAP50 of masks, metrics/mAP50(M)"),
    Column("mAP_pose", "fraction", "Ultralytics' own mAP50-95 of key points, metrics/mAP50-95(P)", list_place=16),
    Column("mAP50_pose", "fraction", "Ultralytics' own mAP50 of key points, metrics/mAP50(P)"),
    Column(
        "mAP_obb",
        "fraction",
        "Ultralytics' own mAP50-95 of oriented boxes, metrics/mAP50-95(B), whose IoU is ProbIoU; it is not COCO's AP",
        list_place=17,
    ),
    Column("mAP50_obb", "fraction", "Ultralytics' own mAP50 of oriented boxes, metrics/mAP50(B)"),
)
_EXPORT = (Column("weights_sha256", "text", "checksum of the exported weights"),)

_ALL_ARGUMENTS = (
    *(_ARGUMENTS.get(name, Column(name, "number", "as Ultralytics defines it")) for name in NUMERIC_ARGUMENTS),
    *(_ARGUMENTS.get(name, Column(name, "setting", "as Ultralytics defines it")) for name in OTHER_ARGUMENTS),
    *(_ARGUMENTS[name] for name in DETECTOR_ARGUMENTS),
)
#: The columns in the order of the file, by what they are about.
COLUMN_SECTIONS: Mapping[str, tuple[Column, ...]] = {
    "The run": _RUN,
    "Arguments of its training": _ALL_ARGUMENTS,
    "What trained it": _MADE_BY,
    "Its training": _TRAINING,
    "Its evaluation": _EVALUATION,
    "COCO's metrics": _METRICS,
    "Fit of matched predictions": _MATCHED,
    "Ultralytics' own metrics, of models for other tasks than detection": _TASK,
    "Its export": _EXPORT,
}
COLUMNS: Mapping[str, Column] = {column.name: column for section in COLUMN_SECTIONS.values() for column in section}


def _names(columns: Iterable[Column]) -> tuple[str, ...]:
    return tuple(column.name for column in columns)


#: Columns without which a file is no table of runs.
REQUIRED = ("run", "status", "loss", "seed")
#: The columns in front, before the arguments; `PROVENANCE` follows the arguments.
FIRST = _names(_RUN)
#: What of a session stands in the row of its run.
PROVENANCE = _names(_MADE_BY)
#: Settings of an evaluation, which have the names of training arguments: in the row they have the prefix `eval_`.
EVALUATION_SETTINGS = tuple(
    name.removeprefix("eval_") for name in _names(_EVALUATION) if name.startswith("eval_") and name != "eval_weights"
)
#: The arguments of a training that are known by name; `arguments.csv` may name others.
ARGUMENT_COLUMNS = _names(_ALL_ARGUMENTS)
#: Columns with a meaning of their own, which are never taken for an argument to compare by.
RESERVED = ("run", "loss", "seed", "device", "until", "max_seeds", "race")
#: Columns that are text even where they look like a number, as version 3.10 or a commit 12e4567.
TEXT = _names(column for column in COLUMNS.values() if column.kind == "text")
#: Columns that hold numbers; an argument with a number as its default may be a list or a switch too.
NUMERIC = _names(column for column in COLUMNS.values() if column.kind in ("count", "number"))
#: Ultralytics' own metrics of masks, key points and oriented boxes.
TASK_METRICS = _names(_TASK)
#: All metrics of upright boxes, fractions from 0 to 1: those of the paper's tables first.
METRICS = _names(column for column in COLUMNS.values() if column.kind == "fraction" and column not in _TASK)
PAPER_METRICS = _names(_PAPER)
#: AP by IoU threshold, in the order of `IOU_PERCENTS`.
AP_CURVE = tuple(f"AP{threshold}" for threshold in IOU_PERCENTS)
#: What runs must have in common to be compared.
MUST_AGREE = _names(column for column in COLUMNS.values() if column.must_agree)
#: How columns are called in the caption of a table.
CAPTIONS = {
    column.name: column.caption
    for column in sorted(COLUMNS.values(), key=lambda column: column.caption_place)
    if column.caption
}
_LISTED = sorted((column for column in COLUMNS.values() if column.list_place), key=lambda column: column.list_place)
#: Columns of the list of all runs, before and after those that were swept.
LISTED_FIRST, LISTED_LAST = _names(_LISTED[:3]), _names(_LISTED[3:])


def find_dependent(swept: Iterable[str]) -> set[str]:
    """Return the columns that change by themselves where these arguments are swept.

    They need not agree, and count as no arguments that were varied.
    """
    swept = set(swept)
    return {column.name for column in COLUMNS.values() if swept & set(column.follows)}


def describe_columns() -> str:
    """Return all columns as Markdown: a table a section, in the order of the file."""
    return "\n".join(_describe()).strip()


def _describe() -> Iterator[str]:
    for title, section in COLUMN_SECTIONS.items():
        yield from (f"### {title}", "", "| column | holds | must agree | meaning |", "|:--|:--|:--|:--|")
        for column in _ARGUMENTS.values() if section is _ALL_ARGUMENTS else section:
            agree = "yes" if column.must_agree else ""
            if column.must_agree and column.follows:
                agree += f", unless {' or '.join(f'`{name}`' for name in column.follows)} is swept"
            holds = f"{column.kind}, {column.unit}" if column.unit else column.kind
            yield f"| `{column.name}` | {holds} | {agree} | {column.meaning} |"
        if section is _ALL_ARGUMENTS:
            yield from ("", "Every other argument that a run was given, or in which runs differ, has a column too.")
        yield ""


#: The columns of `preflight.csv` on a loss, see `gradient_norms.measure_gradient_norms`; all others say in which
#: training it was measured.
SIZES = (
    *("loss", "code", "batches", "pairs", "loss_value", "gradient_norm", "loss_ratio", "gradient_ratio", "reference"),
    *("first_batches", "training_share"),
)
