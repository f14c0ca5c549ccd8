"""Synthetic rows of the paper's five detectors."""

from tests.report.factories import row

DETECTORS = ("faster_rcnn", "mask_rcnn", "retinanet", "atss", "paa")
SMALL = {"backbone": "resnet18", "backbone_weights": "none", "data": "shapes.yaml", "iterations": 40.0}
SMALL |= {"imgsz": 128.0, "batch": 4.0}
PAPERS = {"backbone": "resnet50", "backbone_weights": "IMAGENET1K_V1 sha256:0676ba61", "data": "coco.yaml"}
PAPERS |= {"ground_truth": "instances_val2017.json", "iterations": 90000.0, "imgsz": 800.0, "batch": 16.0}
METRICS = ("AP50", "AP75", "AP_S", "AP_M", "AP_L")


def detector_row(detector, loss, seed, ap, **changes):
    """A finished run of a detector; its other metrics follow from AP."""
    cells = {
        **{"run": f"{detector}_{loss}_{seed}", "axes": "loss model seed", "model": f"{detector}_r18.yaml"},
        **{"detector": detector, "box": "auto", "device": "cpu", "AP": ap, **SMALL},
        **{metric: round(ap + 0.01 * i, 6) for i, metric in enumerate(METRICS, 1)},
        **{"eval_conf": 0.05, "eval_iou": 0.6 if detector in ("atss", "paa") else 0.5, "eval_max_det": 100.0},
    }
    return row(loss, float(seed), **{**cells, **changes})


def table_3(seeds=2, gain=0.02, **changes):
    """Table 3: five detectors, two losses; with the i-th seed focal_eiou is better by `gain` + 0.001 i."""
    return [
        detector_row(
            detector, loss, seed, round(0.3 + 0.01 * i + 0.002 * seed + gain * star + 0.001 * seed * star, 6), **changes
        )
        for i, detector in enumerate(DETECTORS)
        for star, loss in enumerate(("stock", "focal_eiou"))
        for seed in range(seeds)
    ]
