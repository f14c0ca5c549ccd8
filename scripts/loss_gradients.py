"""Measure how large each loss and its gradient are beside CIoU's, by the IoU of the boxes.

python scripts/loss_gradients.py     writes yolo_feiou/losses/gradients.csv, which 'yolo losses NAME' shows
"""

from __future__ import annotations

import csv

from yolo_feiou.losses.gradients import BINS, PATH, compare_with_ciou
from yolo_feiou.losses.table import LOSSES


def main() -> None:
    """Measure all losses, and write the table."""
    columns = [f"{what}_{low:g}" for low, _ in BINS for what in ("loss", "gradient")]
    with open(PATH, "w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(["loss", *columns])
        for name in LOSSES:
            writer.writerow([name, *(f"{ratio:.2f}" for pair in compare_with_ciou(name) for ratio in pair)])


if __name__ == "__main__":
    main()
