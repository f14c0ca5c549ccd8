"""Measure how large each loss and its gradient are beside CIoU's, by the IoU of the boxes.

python scripts/loss_gradients.py     writes yolo_feiou/losses/gradients.csv, which 'yolo losses NAME' shows

Those of rotated boxes go beside ProbIoU's into rotated_gradients.csv.
"""

from __future__ import annotations

import csv

from yolo_feiou.losses.families import FAMILY_LOSSES
from yolo_feiou.losses.gradients import BINS, PATHS, compare_with_baseline


def main() -> None:
    """Measure all losses, and write the tables."""
    columns = [f"{what}_{low:g}" for low, _ in BINS for what in ("loss", "gradient")]
    for family, path in PATHS.items():
        with open(path, "w", newline="", encoding="utf-8") as file:
            writer = csv.writer(file, lineterminator="\n")
            writer.writerow(["loss", *columns])
            for name in FAMILY_LOSSES[family]:
                writer.writerow([name, *(f"{ratio:.2f}" for pair in compare_with_baseline(name) for ratio in pair)])


if __name__ == "__main__":
    main()
