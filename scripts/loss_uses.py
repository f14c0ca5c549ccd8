"""When to use each loss, for its page: what it was made for, and what results here say of it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path

from make_docs import compare_repeats
from markdown_tables import read_rows
from study_tables import CASES, CONFIRM, SUMMARY, describe_difference, judge, show

from yolo_feiou.losses.spec import split_spec, split_sum
from yolo_feiou.losses.table import LossInfo

#: What each was made for, by its source; no word of how well it does that.
USES: Mapping[str, str] = {
    "iou": "As the plainest loss to compare with: boxes that don't overlap get no gradient.",
    "giou": "Where boxes may lie apart, and nothing more is asked for. It is RT-DETR's own.",
    "diou": "To see what the distance of the centres adds to the IoU; CIoU and EIoU begin with it.",
    "ciou": "To begin with: Ultralytics trains with it, and all others are compared with it here.",
    "eiou": "Where width and height shall be pulled each by itself, which CIoU's aspect ratio doesn't do.",
    "focal_eiou": "For the paper's method: good boxes count more. A batch's gradient exceeds CIoU's: match the gain.",
    "focal_eiou_star": "To repeat the paper's ablation: bad boxes count more.",
    "focal_eiou_v1": "To repeat the paper's ablation: it was rejected there.",
    "siou": "To try a distance that depends on the angle between the centres.",
    "wiou": "Where labels are of mixed quality: boxes far worse than the mean count less.",
    "mpdiou": "Where objects are large in the image; for small ones it is the plain IoU.",
    "shapeiou": "Where targets are long or flat: with `scale=` above 0 offsets count by the target's aspect ratio.",
    "piou": "Where boxes grow on the way to their target: its distance is in sides of the target alone.",
    "piou2": "As `piou`, with most weight on boxes of middling distance.",
    "interpiou": "Where boxes lie apart and shall be pulled by an IoU, without a penalty of the geometry.",
    "dinterpiou": "As `interpiou`, with a share of the way that follows the IoU.",
    "uiou": "For a training that turns from low-IoU boxes to high-IoU ones, by its schedule.",
    "nwd": "For objects of a few pixels, whose IoU jumps with each: in a sum with CIoU, and with `c=auto`.",
    "gcd": "For small objects, as `nwd`, but scale-free.",
    "extended_iou": "To repeat what MMDetection trains as EIoU.",
    "focal_l1": "To repeat the paper's ablation, and where rough boxes are enough.",
    "l1": "In detectors that regress deltas, as those of the R-CNN family do.",
    "smooth_l1": "In detectors that regress deltas, as those of the R-CNN family do, and where rough boxes are enough.",
    "balanced_l1": "As `smooth_l1`, where small errors shall count more.",
    "probiou": "To begin with, for oriented boxes: Ultralytics trains with it.",
    "kld": "Where the angle of long objects matters: it counts the more, the longer the target is.",
    "gwd": "To compare with `kld`: its distance is in pixels, so that large boxes count otherwise than small ones.",
    "bd": "To compare with ProbIoU: the same distance under another curve.",
    "kfiou": "Where the overlap of rotated shapes shall be approximated with a gradient everywhere.",
}


def describe_use(info: LossInfo, root: Path) -> Iterator[str]:
    """Yield when to use a loss, and what results here say of it, as paragraphs."""
    yield "## When to use it"
    yield USES[info.name]
    if info.name not in ("ciou", "probiou"):
        base = "CIoU" if info.family == "aligned" else "ProbIoU"
        yield " ".join(list_evidence(info.name, root)) or f"Nothing here tells whether it trains better than {base}."


def list_evidence(name: str, root: Path) -> Iterator[str]:
    """Yield what the trainings on BCCD, and the study, say of a loss beside CIoU.

    Of the study it is the confirmation, of a loss that was not confirmed the screening.
    """
    if repeats := compare_repeats(root).get(name):
        before, now, mean, interval = repeats
        number = len(f"{before} {now}".split())
        yield (
            f"On [BCCD](../compare.md#what-it-says-on-real-data), at CIoU's gain: {mean} AP beside CIoU "
            f"(95 %: {interval}), {number} trainings of each."
        )
    summary = read_rows(root / "results" / "study" / SUMMARY)
    of = [row for row in summary if [split_spec(term)[0] for term in split_sum(row["loss"])] == [name]]
    if confirmed := sorted((row for row in of if row["stage"] in CONFIRM), key=lambda row: CONFIRM.index(row["stage"])):
        told = "; ".join(f"{CASES[row['stage']]}, {describe_difference(row)}" for row in confirmed)
        verdicts = {f"{CASES[row['stage']]} on `{row['data']}`": judge(row) for row in confirmed}
        shown = "; ".join(f"{verdict} {case}" for case, verdict in verdicts.items() if verdict)
        yield (
            f"In [the study](../study.md), beside the tuned CIoU, in AP: {told}. "
            f"Shown, once all comparisons are counted: {shown or 'nothing'}."
        )
    elif screened := [row for row in of if (row["stage"], row["loss"]) == ("screen", name)]:
        told = ", ".join(
            f"{show(row, 'difference')} AP on `{row['data']}` ({len(row['differences'].split())} of each)"
            for row in screened
        )
        yield f"In [the study](../study.md), at a gradient as large as the tuned CIoU's: {told}; not tested."
    elif explaining := [row for row in of if row["stage"] == "mechanism"]:
        told = "; ".join(map(describe_difference, explaining))
        yield f"In [the study](../study.md), to explain EIoU, beside the tuned CIoU, in AP: {told}; not tested."
