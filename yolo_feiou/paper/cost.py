"""What a training as in the paper costs: an estimate, from published step times and stated assumptions."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from yolo_feiou.results.published import PAPER_SETUP

#: GPUs that share the paper's batch of 16.
GPUS, GPU = 4, "A100"
#: Seconds a step of 16 images of 800 px on them. Published are, on 8 V100: RetinaNet .200, Faster R-CNN .210 and Mask
#: R-CNN .261 (detectron2's MODEL_ZOO.md), and ATSS .48 on a machine that isn't named (sfzhang15/ATSS#24). Assumed is
#: that an A100 with TF32 or fp16 does the work of two V100, and that ATSS and PAA cost half as much again as RetinaNet.
STEP_SECONDS: Mapping[str, float] = {
    "retinanet": 0.20,
    "faster_rcnn": 0.21,
    "mask_rcnn": 0.26,
    "atss": 0.30,
    "paa": 0.30,
}


def estimate_hours(detectors: Iterable[str], iterations: int = PAPER_SETUP["iterations"]) -> float:
    """Return the GPU-hours of a training of each of these detectors: steps × seconds × GPUs / 3600.

    Evaluation, five minutes of one GPU for the 5,000 images of val2017, is left out.
    """
    return sum(iterations * STEP_SECONDS[detector] * GPUS / 3600 for detector in detectors)


def describe_assumptions() -> str:
    """Return in a sentence or two what the estimate rests on."""
    steps = ", ".join(f"{detector} {seconds:.2f}" for detector, seconds in STEP_SECONDS.items())
    return (
        "Each row needs COCO, from `yolo prepare coco out=datasets/coco`, and takes `device=0+1+2+3` too, for four "
        f"GPUs. Hours are {GPU}-hours of one seed, an estimate and no measurement: "
        f"{PAPER_SETUP['iterations']:,} steps of {PAPER_SETUP['batch']} images on {GPUS} {GPU}, at these "
        f"seconds a step, from step times that others published for V100, if one {GPU} does the work of two: {steps}."
    )
