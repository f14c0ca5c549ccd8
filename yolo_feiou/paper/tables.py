"""The paper's tables on COCO val2017, and the recipes that would fill ours beside them."""

from __future__ import annotations

from yolo_feiou.results.schema import PAPER_METRICS as METRICS

#: For each table: its title, and rows of a name, the paper's figures and our recipe ('' where there is none).
COCO_TABLES = {
    "Table 1": (
        "FocalL1 against other ℓn losses",
        (
            ("Baseline (smooth ℓ1)", (35.9, 55.5, 38.4, 21.2, 39.5, 48.4), "smooth_l1.yaml"),
            ("BalancedL1", (36.3, 55.3, 38.8, 20.5, 39.3, 48.5), "balanced_l1.yaml"),
            ("FocalL1", (36.5, 55.8, 38.9, 21.2, 39.8, 48.8), "focal_l1.yaml"),
        ),
    ),
    "Table 2": (
        "All losses, RetinaNet",
        (
            ("Baseline (smooth ℓ1)", (35.9, 55.2, 38.4, 21.2, 39.5, 48.4), "smooth_l1.yaml"),
            ("IOU", (36.5, 55.6, 38.9, 20.9, 40.1, 48.0), "iou.yaml"),
            ("GIOU", (36.5, 55.6, 39.0, 20.7, 40.2, 48.2), "giou.yaml"),
            ("CIOU", (36.7, 55.7, 39.2, 20.6, 40.4, 49.0), "ciou.yaml"),
            ("FocalL1", (36.5, 55.8, 38.9, 21.2, 39.8, 48.8), "focal_l1.yaml"),
            ("EIOU", (37.0, 55.7, 39.5, 20.7, 40.5, 49.5), "eiou.yaml"),
            ("Focal-EIOU (v1)", (36.8, 55.4, 39.5, 20.9, 40.0, 49.1), "focal_eiou_v1.yaml"),
            ("Focal-EIOU", (37.5, 56.1, 40.0, 21.1, 40.9, 49.8), "focal_eiou.yaml"),
        ),
    ),
    "Table 3": (
        "Focal-EIoU (*) in other detectors",
        (
            ("Faster R-CNN", (37.3, 58.2, 40.3, 21.3, 40.9, 48.0), ""),
            ("Faster R-CNN*", (38.9, 59.1, 42.4, 21.2, 41.1, 50.2), ""),
            ("Mask R-CNN", (38.2, 58.8, 41.4, 21.9, 40.9, 49.5), ""),
            ("Mask R-CNN*", (39.6, 59.3, 41.7, 22.4, 41.5, 51.1), ""),
            ("RetinaNet", (35.9, 55.2, 38.4, 21.2, 39.5, 48.4), ""),
            ("RetinaNet*", (37.5, 56.1, 40.0, 21.3, 40.9, 49.8), ""),
            ("ATSS", (39.1, 57.6, 42.1, 22.9, 42.8, 51.1), ""),
            ("ATSS*", (39.7, 57.9, 45.7, 22.6, 43.2, 51.8), ""),
            ("PAA", (40.3, 57.6, 43.9, 23.0, 44.9, 54.0), ""),
            ("PAA*", (40.8, 57.9, 44.7, 22.9, 45.3, 54.9), ""),
            ("YOLOv8 with its own CIoU", None, "ciou.yaml"),
            ("YOLOv8*", None, "focal_eiou.yaml"),
        ),
    ),
}
TABLE_NOTES = {
    "Table 2": "The baseline's AP50 is 55.5 in Table 1 and 55.2 here: one of them is a slip.",
    "Table 3": "RetinaNet* has an AP_S of 21.3 here and of 21.1 in Table 2. "
    "The AP75 of ATSS*, 45.7 at an AP of 39.7, can't be right. Ultralytics has none of these detectors; the "
    "last two rows are what this package can train in their place.",
}


def format_table(name: str) -> list[str]:
    """Return a table as Markdown lines, with a column for the recipe that would give our row."""
    title, rows = COCO_TABLES[name]
    lines = [f"**{name}** ({title}), COCO val2017, the paper's figures:", ""]
    lines += [f"| {' | '.join(('row', *METRICS, 'ours, with'))} |", f"|{'---|' * (len(METRICS) + 2)}"]
    for row, figures, recipe in rows:
        cells = [f"{figure:.1f}" for figure in figures] if figures else ["–"] * len(METRICS)
        ours = f"not run: [`cfg={recipe}`](../cfg/{recipe})" if recipe else "no such detector"
        lines.append(f"| {row} | {' | '.join(cells)} | {ours} |")
    return [*lines, "", *([TABLE_NOTES[name], ""] if name in TABLE_NOTES else [])]
